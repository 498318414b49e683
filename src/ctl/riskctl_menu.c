/*
 * riskctl_menu.c - riskctl for a person at a terminal.
 *
 * Tables: a menu is a list of items, an item a command line with questions for what is missing in it.  The commands are the same ones a script
 * runs, so nothing can be done here that is not checked there.  Plain ANSI, line by line, in 80x24.
 */
#include "ctl/riskctl_menu.h"

#include "app/version.h"
#include "ctl/riskctl_commands.h"
#include "ctl/tool.h"
#include "os/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 56 /* Of the box. */
#define WORDS_MAX 24
#define ANSWER_MAX 256
#define ITEMS_MAX 10
#define QUESTIONS_MAX 5

struct question {
    const char *option; /* NULL: a word of its own. */
    const char *text;   /* NULL: no more questions. */
    bool may_be_empty;
};

struct item {
    char key;
    const char *label;
    const char *words[4]; /* NULL: a menu of its own, see below. */
    struct question questions[QUESTIONS_MAX];
    const struct menu *menu;
};

struct menu {
    const char *title;
    struct item items[ITEMS_MAX];
};

#define ACCOUNT { NULL, "Account number:", false }

static const struct menu authentication = { "1  Authentication", {
    { '1', "Test the login", { "test" }, { { 0 } }, NULL },
    { '2', "Set or change the admin password", { "password" }, { { 0 } }, NULL },
    { '3', "First run: user name, API key, account", { "init" }, { { 0 } }, NULL },
} };

static const struct menu accounts = { "2  Accounts", {
    { '1', "Show", { "account", "show" }, { { 0 } }, NULL },
    { '2', "Add", { "account", "add" }, { ACCOUNT, { "--username", "User name:", false },
        { "--api-key-file", "File with the API key:", false }, { "--nickname", "Nickname (or nothing):", true } }, NULL },
    { '3', "Edit", { "account", "edit" }, { ACCOUNT, { "--username", "New user name (or nothing):", true },
        { "--api-key-file", "New file with the API key (or nothing):", true }, { "--nickname", "New nickname (or nothing):", true } }, NULL },
    { '4', "Pause", { "account", "pause" }, { ACCOUNT }, NULL },
    { '5', "Resume", { "account", "resume" }, { ACCOUNT }, NULL },
    { '6', "Remove", { "account", "remove" }, { ACCOUNT }, NULL },
} };

static const struct menu rules = { "3  Rules", {
    { '1', "Show all", { "rules", "show" }, { { 0 } }, NULL },
    { '2', "Show one", { "rules", "show" }, { { NULL, "Rule (max_contracts ...):", false } }, NULL },
    { '3', "Set a value", { "rules", "set" }, { { NULL, "Key (max_contracts.limit ...):", false }, { NULL, "New value:", false } }, NULL },
    { '4', "Reload: put the files into force", { "reload" }, { { 0 } }, NULL },
    { '5', "Switch a rule on", { "rules", "enable" }, { { NULL, "Rule (max_contracts ...):", false } }, NULL },
    { '6', "Switch a rule off", { "rules", "disable" }, { { NULL, "Rule (max_contracts ...):", false } }, NULL },
    { '7', "What gives more room and waits", { "rules", "pending" }, { { 0 } }, NULL },
    { '8', "Cancel that", { "rules", "cancel" }, { { 0 } }, NULL },
} };

static const struct menu service = { "4  Service", {
    { '1', "Status", { "service", "status" }, { { 0 } }, NULL },
    { '2', "Start", { "service", "start" }, { { 0 } }, NULL },
    { '3', "Stop", { "service", "stop" }, { { 0 } }, NULL },
    { '4', "Restart", { "service", "restart" }, { { 0 } }, NULL },
    { '5', "Install: start with the machine", { "service", "install" }, { { 0 } }, NULL },
    { '6', "Uninstall", { "service", "uninstall" }, { { 0 } }, NULL },
} };

static const struct menu ledger = { "9  Ledger and backup", {
    { '1', "Show the newest rows", { "audit", "show", "--count", "20" }, { { 0 } }, NULL },
    { '2', "Verify", { "audit", "verify" }, { { 0 } }, NULL },
    { '3', "Back the database up", { "backup" }, { { 0 } }, NULL },
} };

static const struct menu top = { "riskctl " APP_VERSION, {
    { '1', "Authentication", { NULL }, { { 0 } }, &authentication },
    { '2', "Accounts", { NULL }, { { 0 } }, &accounts },
    { '3', "Rules", { NULL }, { { 0 } }, &rules },
    { '4', "Service", { NULL }, { { 0 } }, &service },
    { '5', "Test the connection", { "test" }, { { 0 } }, NULL },
    { '6', "Daemon status", { "status" }, { { 0 } }, NULL },
    { '7', "Unlock an account", { "unlock" }, { { "--account", "Account number:", false }, { "--reason", "Reason:", false },
        { "--rule", "Only of rule number (or nothing):", true } }, NULL },
    { '8', "Flatten an account now", { "flatten" }, { { "--account", "Account number:", false } }, NULL },
    { '9', "Ledger and backup", { NULL }, { { 0 } }, &ledger },
} };

/* ---- The screen ---- */

static bool
is_coloured(void)
{
    const char *terminal = getenv("TERM");

    return getenv("NO_COLOR") == NULL && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static void
print_centred(const char *style, const char *text)
{
    int columns, rows;

    terminal_size(&columns, &rows);
    int margin = columns > WIDTH ? (columns - WIDTH) / 2 : 0;
    printf("%*s%s%s%s\n", margin, "", is_coloured() ? style : "", text, is_coloured() ? "\033[0m" : "");
}

static void
draw(const struct menu *menu, bool is_top)
{
    char line[WIDTH * 2], rule[WIDTH + 1];

    memset(rule, '-', WIDTH);
    rule[WIDTH] = '\0';
    fputs("\033[2J\033[H\n", stdout);
    print_centred("\033[1;36m", menu->title);
    print_centred("\033[36m", rule);
    for (int i = 0; i < ITEMS_MAX && menu->items[i].label != NULL; i++) {
        (void)snprintf(line, sizeof line, "  %c  %s", menu->items[i].key, menu->items[i].label);
        print_centred("", line);
    }
    print_centred("\033[36m", rule);
    print_centred("\033[2m", is_top ? "  q  Quit" : "  q  Back");
    putchar('\n');
}

static bool
ask(const char *text, char *out, size_t size)
{
    int columns, rows;

    terminal_size(&columns, &rows);
    printf("%*s%s ", columns > WIDTH ? (columns - WIDTH) / 2 : 0, "", text);
    (void)fflush(stdout);
    if (fgets(out, (int)size, stdin) == NULL)
        return false;
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

/* ---- Commands ---- */

struct command_line {
    char words[WORDS_MAX][ANSWER_MAX];
    char *arguments[WORDS_MAX + 1];
    int count;
};

static void
push(struct command_line *line, const char *word)
{
    if (line->count == WORDS_MAX)
        return;
    (void)text_copy(line->words[line->count], ANSWER_MAX, word);
    line->arguments[line->count] = line->words[line->count];
    line->count++;
}

/* False: a question that must be answered was not. */
static bool
put_together(const struct item *item, const char *directory, struct command_line *line)
{
    char answer[ANSWER_MAX];

    push(line, "riskctl");
    for (int i = 0; i < 4 && item->words[i] != NULL; i++)
        push(line, item->words[i]);
    for (int i = 0; i < QUESTIONS_MAX && item->questions[i].text != NULL; i++) {
        const struct question *question = &item->questions[i];
        if (!ask(question->text, answer, sizeof answer))
            return false;
        if (answer[0] == '\0' && !question->may_be_empty)
            return false;
        if (answer[0] == '\0')
            continue;
        if (question->option != NULL)
            push(line, question->option);
        push(line, answer);
    }
    push(line, "--config");
    push(line, directory);
    return true;
}

static void
run(const struct item *item, const char *directory)
{
    static struct command_line line;
    char answer[ANSWER_MAX], words[64];
    int code = TOOL_USAGE;

    line.count = 0;
    if (!put_together(item, directory, &line))
        return;
    line.arguments[line.count] = NULL;
    putchar('\n');
    (void)riskctl_commands_run(line.count, line.arguments, &code);
    (void)fflush(stdout);
    (void)snprintf(words, sizeof words, "\n%s; Enter goes on", code == TOOL_DONE ? "Done" : "Not done");
    fputs(words, stdout);
    (void)fflush(stdout);
    (void)ask("", answer, sizeof answer);
}

static const struct item *
choose(const struct menu *menu, const char *answer)
{
    for (int i = 0; i < ITEMS_MAX && menu->items[i].label != NULL; i++)
        if (answer[0] == menu->items[i].key && answer[1] == '\0')
            return &menu->items[i];
    return NULL;
}

/* Menus are two deep: the loop is written once for both. */
int
riskctl_menu(const char *directory)
{
    const struct menu *menu = &top;
    char answer[ANSWER_MAX];

    if (!terminal_is_there()) {
        fputs("riskctl: no command, and no terminal for the menu; riskctl --help\n", stderr);
        return TOOL_USAGE;
    }
    if (directory == NULL)
        directory = tool_default_directory();
    for (;;) {
        draw(menu, menu == &top);
        if (!ask("Your choice:", answer, sizeof answer))
            return TOOL_DONE;
        const struct item *item = choose(menu, answer);
        bool leaves = strcmp(answer, "q") == 0;
        if (leaves && menu == &top)
            return TOOL_DONE;
        if (leaves)
            menu = &top;
        else if (item != NULL && item->menu != NULL)
            menu = item->menu;
        else if (item != NULL)
            run(item, directory);
    }
}
