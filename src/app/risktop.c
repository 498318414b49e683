/*
 * risktop.c - the dashboard's command line.
 */
#include "app/dashboard.h"
#include "app/version.h"
#include "base/text.h"
#include "os/os.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT 8765
#define ONCE_HEIGHT 24
#define ONCE_WIDTH 80

static const char usage[] =
    "usage: risktop [--port N] [--db FILE] [--account ID] [--tab NAME] [--ascii] [--color auto|none|16|256|true]\n"
    "       risktop --once [--tab NAME] [--size WIDTHxHEIGHT] [--ascii]     print one picture and end\n"
    "       risktop --json                                                  print the state as JSON and end\n"
    "       risktop --version | --help\n"
    "\n"
    "Watches the daemon at ws://127.0.0.1:8765 (--address, --port).  While it is not there, FILE is shown (--db, or RISKTOP_DB).\n"
    "Clock notes are kept in --notes FILE (default: .risktop-clock in the home directory).  NO_COLOR is honoured.  Tabs: overview,\n"
    "p&l, positions, rules, connections, calendar, lockouts, history.\n"
    "\n"
    "exit status: 0 live (or quit), 1 nothing to show, 2 the command line is wrong, 3 with --once, --json: shown from the database\n";

static int
wrong(const char *what)
{
    fprintf(stderr, "risktop: %s\n%s", what, usage);
    return DASHBOARD_USAGE;
}

static bool
parse_colors(const char *word, enum terminal_colors *ret_colors)
{
    static const char *const words[] = { "auto", "none", "16", "256", "true" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            *ret_colors = (enum terminal_colors)i;
            return true;
        }
    }
    return false;
}

static bool
parse_size(const char *text, struct dashboard_options *options)
{
    char rest;

    return sscanf(text, "%4dx%4d%c", &options->width, &options->height, &rest) == 2 && options->width > 0 && options->height > 0;
}

static bool
parse_number(const char *text, int64_t max, int64_t *ret_value)
{
    return text_to_int64(text, strlen(text), ret_value) && *ret_value > 0 && *ret_value <= max;
}

/* An option with a value.  False: unknown, or a value it cannot have. */
static bool
take_value(struct dashboard_options *options, const char *name, const char *value)
{
    int64_t number;

    if (strcmp(name, "--port") == 0 && parse_number(value, UINT16_MAX, &number))
        options->port = (uint16_t)number;
    else if (strcmp(name, "--account") == 0 && parse_number(value, INT64_MAX, &number))
        options->account_id = number;
    else if (strcmp(name, "--address") == 0)
        options->address = value;
    else if (strcmp(name, "--db") == 0)
        options->db = value;
    else if (strcmp(name, "--notes") == 0)
        options->notes = value;
    else if (strcmp(name, "--tab") == 0)
        return ui_tab_parse(value, &options->tab);
    else if (strcmp(name, "--size") == 0)
        return parse_size(value, options);
    else if (strcmp(name, "--color") == 0)
        return parse_colors(value, &options->colors);
    else
        return false;
    return true;
}

static bool
take_flag(struct dashboard_options *options, const char *name)
{
    if (strcmp(name, "--once") == 0)
        options->once = true;
    else if (strcmp(name, "--json") == 0)
        options->json = true;
    else if (strcmp(name, "--ascii") == 0)
        options->ascii = true;
    else if (strcmp(name, "--stats") == 0)
        options->stats = true;
    else
        return false;
    return true;
}

int
main(int argc, char **argv)
{
    static char notes[1024];
    const char *home = getenv("HOME"), *no_color = getenv("NO_COLOR");
    struct dashboard_options options = { .port = PORT, .db = getenv("RISKTOP_DB"), .height = ONCE_HEIGHT, .width = ONCE_WIDTH };

    os_begin();
    if (no_color != NULL && no_color[0] != '\0')
        options.colors = COLORS_NONE;
    if (home != NULL && snprintf(notes, sizeof notes, "%s/.risktop-clock", home) < (int)sizeof notes)
        options.notes = notes;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(usage, stdout) < 0;
        if (strcmp(argv[i], "--version") == 0)
            return puts("risktop " APP_VERSION) < 0;
        if (take_flag(&options, argv[i]))
            continue;
        if (i + 1 >= argc || !take_value(&options, argv[i], argv[i + 1]))
            return wrong(argv[i]);
        i++;
    }
    return dashboard_run(&options);
}
