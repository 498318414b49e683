/*
 * tool.c - what riskctl's commands have in common.
 */
#include "ctl/tool.h"

#include "app/configure.h"
#include "base/json.h"
#include "os/identity.h"
#include "os/path.h"
#include "os/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX ((int)(sizeof((struct tool *)0)->words / sizeof((struct tool *)0)->words[0]))
#define PROBLEMS_BYTES ((size_t)64 << 10)
#define SAY_BYTES 2048

/* ---- The command line ---- */

const char *
tool_default_directory(void)
{
    const char *installed = path_installed(PATH_CONFIGURATION);

    return identity_exists(installed) ? installed : "config";
}

static const struct tool_option *
find(const char *name, const struct tool_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, options[i].name) == 0)
            return &options[i];
    return NULL;
}

/* One option at argv[0]; how many words it took, 0: it is wrong. */
static int
take(const struct tool_option *option, int argc, char **argv)
{
    if (option->flag != NULL) {
        *option->flag = true;
        return 1;
    }
    if (argc < 2)
        return 0;
    if (option->value != NULL)
        *option->value = argv[1];
    else if (!text_to_int64(argv[1], strlen(argv[1]), option->number) || *option->number < 0)
        return 0;
    return 2;
}

/* --json may stand behind the mistake. */
static void
refuse(struct tool *tool, const char *what, int argc, char **argv, const char *usage)
{
    for (int i = 0; i < argc; i++)
        tool->json = tool->json || strcmp(argv[i], "--json") == 0;
    if (!tool->json)
        fputs(usage, stderr);
    (void)tool_fail(tool, TOOL_USAGE, "%s: not understood", what);
}

bool
tool_parse(struct tool *tool, int argc, char **argv, const struct tool_option *options, size_t count, const char *usage)
{
    const struct tool_option common[] = { { .name = "--config", .value = &tool->directory },
        { .name = "--password-file", .value = &tool->password_file }, { .name = "--json", .flag = &tool->json },
        { .name = "--yes", .flag = &tool->yes } };

    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        fputs(usage, stdout);
        return false;
    }
    for (int i = 0, took = 0; i < argc; i += took) {
        const struct tool_option *option = find(argv[i], options, count);
        if (option == NULL)
            option = find(argv[i], common, sizeof common / sizeof common[0]);
        took = option != NULL ? take(option, argc - i, argv + i) : 1;
        bool number = argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9'; /* -500, a limit. */
        bool word = option == NULL && (argv[i][0] != '-' || number) && tool->words_count < WORDS_MAX;
        if (word)
            tool->words[tool->words_count++] = argv[i];
        if ((option == NULL && !word) || took == 0) {
            refuse(tool, argv[i], argc, argv, usage);
            return false;
        }
    }
    if (tool->directory == NULL)
        tool->directory = tool_default_directory();
    return true;
}

/* ---- Words ---- */

static void
say(const struct tool *tool, bool ok, enum tool_exit code, const char *text)
{
    char bytes[SAY_BYTES * 2];
    struct text out = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&out);

    if (!tool->json) {
        size_t length = strlen(text); /* A list of mistakes or of changes ends with its last line's end. */
        fprintf(ok ? stdout : stderr, "%s%s%s", ok ? "" : "riskctl: ", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
        return;
    }
    json_open(&json, NULL, '{');
    json_add_bool(&json, "ok", ok);
    json_add_int(&json, "exit", code);
    json_add_string(&json, "text", text);
    json_close(&json, '}');
    puts(bytes);
}

int
tool_done(const struct tool *tool, const char *format, ...)
{
    char text[SAY_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(tool, true, TOOL_DONE, text);
    return TOOL_DONE;
}

int
tool_fail(const struct tool *tool, enum tool_exit code, const char *format, ...)
{
    char text[SAY_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(tool, false, code, text);
    return (int)code;
}

bool
tool_confirm(const struct tool *tool, const char *question, bool fallback)
{
    char line[16];

    if (tool->yes)
        return true;
    if (!terminal_is_there())
        return false;
    printf("%s [%s] ", question, fallback ? "Y/n" : "y/N");
    (void)fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    return line[0] == '\n' ? fallback : line[0] == 'y' || line[0] == 'Y';
}

/* ---- Who and with what ---- */

bool
tool_may_administer(const struct tool *tool)
{
    if (identity_is_administrator() || identity_owns(tool->directory))
        return true;
    (void)tool_fail(tool, TOOL_FORBIDDEN, "%s: only an administrator may do that; %s", tool->directory, identity_how_to_be_administrator());
    return false;
}

int
tool_load(const struct tool *tool, struct loaded_config **ret_config)
{
    static char problems[PROBLEMS_BYTES];
    struct text text = text_on(problems, sizeof problems);
    struct error err = { 0 };

    if (!tool_may_administer(tool))
        return TOOL_FORBIDDEN;
    if (identity_assume_owner_of(tool->directory, &err) != OK)
        return tool_fail(tool, TOOL_USAGE, "%s", err.text);
    enum status status = configure_load_for_tools(tool->directory, ret_config, &text);
    identity_resume();
    return status == OK ? TOOL_DONE : tool_fail(tool, TOOL_USAGE, "%s", problems);
}

static bool
read_first_line(const char *path, char *out)
{
    FILE *file = fopen(path, "rb");
    char line[PASSWORD_MAX + 1] = "";

    bool read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    read = read && text_copy(out, PASSWORD_MAX, line);
    secret_wipe(line, sizeof line);
    return read;
}

bool
tool_can_ask(const struct tool *tool)
{
    return tool->password_file != NULL || terminal_is_there();
}

bool
tool_password(const struct tool *tool, const char *prompt, char *ret_password)
{
    bool read = tool->password_file != NULL ? read_first_line(tool->password_file, ret_password)
                                            : terminal_ask_secret(prompt, ret_password, PASSWORD_MAX);
    if (!read && tool->password_file != NULL)
        (void)tool_fail(tool, TOOL_PASSWORD, "%s: no password in it", tool->password_file);
    else if (!read)
        (void)tool_fail(tool, TOOL_PASSWORD, "no terminal to ask for the password; use --password-file");
    return read;
}

/* ---- Orders ---- */

enum tool_exit
tool_exit_of(enum control_code code)
{
    switch (code) {
    case CONTROL_DONE: return TOOL_DONE;
    case CONTROL_PASSWORD: return TOOL_PASSWORD;
    case CONTROL_FORBIDDEN: return TOOL_FORBIDDEN;
    default: return TOOL_FAILED;
    }
}

static void
spin(void *context)
{
    int *turn = context;

    fprintf(stderr, "\r%c ", "|/-\\"[(*turn)++ & 3]);
    (void)fflush(stderr);
}

int
tool_ask(const struct tool *tool, const struct loaded_config *config, const struct control_request *request,
    struct control_answer *ret_answer)
{
    char path[CONFIGURE_PATH_MAX];
    struct error err = { 0 };
    bool spins = terminal_is_there() && !tool->json;
    int turn = 0;

    configure_socket(&config->daemon, path);
    enum status status = control_client_ask(path, request, spins ? spin : NULL, &turn, ret_answer, &err);
    if (turn > 0)
        fputs("\r  \r", stderr);
    if (status == OK)
        return TOOL_DONE;
    return tool_fail(tool, status == STATUS_RETRY ? TOOL_NO_DAEMON : status == STATUS_REFUSED ? TOOL_FORBIDDEN : TOOL_FAILED, "%s",
        err.text);
}

bool
tool_is_running(const struct loaded_config *config)
{
    char path[CONFIGURE_PATH_MAX];
    struct control_answer answer;
    struct error err = { 0 };

    configure_socket(&config->daemon, path);
    if (control_client_ask(path, &(struct control_request){ .command = CONTROL_STATUS }, NULL, NULL, &answer, &err) != OK)
        return err.status != STATUS_RETRY;
    control_client_fini(&answer);
    return true;
}
