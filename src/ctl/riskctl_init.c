/*
 * riskctl_init.c - riskctl init.
 *
 * Asks only what nobody can guess: user name, API key, account, the largest loss of a day, the admin password.  Everything else is the
 * templates', every key commented.  The key goes into a file of its own; all files are the service's user's, 0600, before a secret is in them.
 * What is there already is never written over.
 */
#include "ctl/riskctl_init.h"

#include "base/money.h"
#include "ctl/riskctl_password.h"
#include "ctl/riskctl_test.h"
#include "ctl/tool.h"
#include "os/identity.h"
#include "os/os.h"
#include "os/path.h"
#include "os/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SERVICE_USER "risk-manager"
#define FILE_MAX ((size_t)64 << 10)
#define LOSS_DEFAULT "500"
#define ASK_TRIES 3

static const char usage[] =
    "usage: riskctl init [--username NAME] [--api-key-file FILE] [--account ID] [--daily-loss DOLLARS]\n"
    "                    [--new-password-file FILE] [--gateway URL] [--ca-file FILE] [--templates DIR] [--no-test] [--config DIR]\n"
    "Writes daemon.yaml, accounts.yaml, risk_config.yaml and holidays.yaml; asks for what is not on the command line.\n";

static const char checklist[] =
    "\n"
    "Before you trust it, on a practice account (ten minutes):\n"
    "  1. riskctl test                      every line says ok\n"
    "  2. riskctl service start             and riskctl status says NORMAL\n"
    "  3. risktop                           shows the account and its rules\n"
    "  4. buy more contracts than max_contracts allows: they are closed at once\n"
    "  5. riskctl audit show                tells it, riskctl audit verify says intact\n"
    "  6. stop the network for a minute     status says DEGRADED, then NORMAL again\n"
    "  7. restart the machine               the daemon is back, a lockout still stands\n"
    "  8. riskctl unlock ...                asks for the password\n"
    "Give the admin password to somebody else, or write it down and lock it away: it protects you from yourself.\n";

struct answers {
    struct tool tool;
    const char *username, *key_file, *loss, *new_password_file, *gateway, *ca_file, *templates;
    int64_t account;
    bool no_test;
    char written_directory[TOOL_PATH_MAX], written_ca_file[TOOL_PATH_MAX];
    char typed_name[USERNAME_MAX], typed_loss[32], key[API_KEY_MAX];
};

/* ---- Asking ---- */

static bool
ask(const char *question, char *out, size_t size)
{
    if (!terminal_is_there())
        return false;
    printf("%s ", question);
    (void)fflush(stdout);
    if (fgets(out, (int)size, stdin) == NULL)
        return false;
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

static bool
read_key(const char *path, char *out)
{
    FILE *file = fopen(path, "rb");
    bool read = file != NULL && fgets(out, API_KEY_MAX, file) != NULL;

    if (file != NULL)
        (void)fclose(file);
    out[strcspn(out, "\r\n")] = '\0';
    return read && out[0] != '\0';
}

/* A slip of the finger does not end a first run whose key was typed already. */
static void
ask_account(struct answers *answers)
{
    char number[32];

    for (int i = 0; answers->account <= 0 && i < ASK_TRIES; i++) {
        if (!ask("Account number (a whole number, from the platform):", number, sizeof number))
            return;
        if (!text_to_int64(number, strlen(number), &answers->account))
            answers->account = 0;
    }
}

static bool
is_loss(const char *loss, char limit[48])
{
    int64_t micros;

    (void)snprintf(limit, 48, "-%s", loss[0] == '-' ? loss + 1 : loss);
    return money_parse(limit, strlen(limit), &micros) && micros < 0;
}

static void
ask_loss(struct answers *answers)
{
    char limit[48];
    bool right = false;

    for (int i = 0; !right && i < ASK_TRIES; i++) {
        if (!ask("Largest loss of a day in dollars [" LOSS_DEFAULT "]:", answers->typed_loss, sizeof answers->typed_loss))
            return;
        answers->loss = answers->typed_loss;
        right = answers->loss[0] == '\0' || is_loss(answers->loss, limit);
    }
}

static int
ask_all(struct answers *answers)
{
    const struct tool *tool = &answers->tool;

    if (answers->username == NULL && ask("TopstepX user name:", answers->typed_name, sizeof answers->typed_name))
        answers->username = answers->typed_name;
    if (answers->username == NULL || answers->username[0] == '\0')
        return tool_fail(tool, TOOL_USAGE, "init: --username is needed");
    bool key = answers->key_file != NULL ? read_key(answers->key_file, answers->key)
                                         : terminal_ask_secret("API key (not shown): ", answers->key, sizeof answers->key);
    if (!key || answers->key[0] == '\0')
        return tool_fail(tool, TOOL_USAGE, "init: an API key is needed (--api-key-file)");
    ask_account(answers);
    if (answers->account <= 0)
        return tool_fail(tool, TOOL_USAGE, "init: --account is needed, a whole number");
    if (answers->loss == NULL)
        ask_loss(answers);
    if (answers->loss == NULL || answers->loss[0] == '\0')
        answers->loss = LOSS_DEFAULT;
    return TOOL_DONE;
}

/* ---- Writing ---- */

static void
path_of(const struct answers *answers, const char *name, char out[TOOL_PATH_MAX])
{
    (void)snprintf(out, TOOL_PATH_MAX, "%s/%s", answers->tool.directory, name);
}

static enum status
write_file(const struct answers *answers, const char *name, const char *bytes, struct error *err)
{
    char path[TOOL_PATH_MAX];

    path_of(answers, name, path);
    return os_write_private_file(path, bytes, strlen(bytes), err);
}

static char *
read_template(const struct answers *answers, const char *name, struct error *err)
{
    char path[TOOL_PATH_MAX];
    char *bytes = calloc(1, FILE_MAX);

    (void)snprintf(path, sizeof path, "%s/%s", answers->templates, name);
    FILE *file = bytes != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        free(bytes);
        (void)error_set(err, STATUS_CONFIG, "%s: no such template; --templates DIR names their folder (config in the sources)", path);
        return NULL;
    }
    bytes[fread(bytes, 1, FILE_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return bytes;
}

/* The first "KEY: ..." line after @block gets @value; the rest stays to the byte. */
static bool
set_line(char *bytes, const char *block, const char *key, const char *value)
{
    char *at = strstr(bytes, block), *tail;
    char line[TOOL_PATH_MAX + 64], begin[64];

    (void)snprintf(begin, sizeof begin, " %s: ", key);
    at = at != NULL ? strstr(at, begin) : NULL;
    if (at == NULL)
        return false;
    char *end = at + strcspn(at, "\n");
    int length = snprintf(line, sizeof line, "%s%s", begin, value);
    size_t rest = strlen(end);
    if (length < 0 || (size_t)length >= sizeof line || (size_t)(at - bytes) + (size_t)length + rest >= FILE_MAX)
        return false;
    tail = at + length;
    memmove(tail, end, rest + 1);
    memcpy(at, line, (size_t)length);
    return true;
}

static bool
set_text(char *bytes, const char *block, const char *key, const char *value)
{
    char quoted[TOOL_PATH_MAX + 32];

    (void)snprintf(quoted, sizeof quoted, "\"%s\"", value);
    return strpbrk(value, "\"\\\n") == NULL && set_line(bytes, block, key, quoted);
}

static bool
is_installed(const struct answers *answers)
{
    return strcmp(answers->tool.directory, path_installed(PATH_CONFIGURATION)) == 0;
}

static bool
set_gateway(const struct answers *answers, char *bytes)
{
    const char *host = strstr(answers->gateway, "://");
    char user_hub[TOOL_PATH_MAX], market_hub[TOOL_PATH_MAX];

    if (host == NULL)
        return false;
    (void)snprintf(user_hub, sizeof user_hub, "wss%s/hubs/user", host);
    (void)snprintf(market_hub, sizeof market_hub, "wss%s/hubs/market", host);
    return set_text(bytes, "\napi:", "base_url", answers->gateway) && set_text(bytes, "\nhub:", "user_url", user_hub) &&
        set_text(bytes, "\nhub:", "market_url", market_hub);
}

static enum status
write_daemon(const struct answers *answers, struct error *err)
{
    char database[TOOL_PATH_MAX + 16], logs[TOOL_PATH_MAX + 16];
    char *bytes = read_template(answers, "daemon.yaml", err);

    if (bytes == NULL)
        return STATUS_CONFIG;
    bool installed = is_installed(answers);
    (void)snprintf(database, sizeof database, "%s/state.db", installed ? path_installed(PATH_DATA) : answers->tool.directory);
    (void)snprintf(logs, sizeof logs, "%s%s", installed ? path_installed(PATH_LOGS) : answers->tool.directory, installed ? "" : "/logs");
    bool set = set_text(bytes, "\ndb:", "path", database) && set_text(bytes, "\nlog:", "directory", logs) &&
        (answers->gateway == NULL || set_gateway(answers, bytes)) &&
        (answers->ca_file == NULL || set_text(bytes, "\napi:", "ca_file", answers->ca_file));
    enum status status = set ? write_file(answers, "daemon.yaml", bytes, err)
                             : error_set(err, STATUS_CONFIG, "daemon.yaml: the template or --gateway is not as it must be");
    free(bytes);
    return status;
}

static enum status
write_rules(const struct answers *answers, struct error *err)
{
    char limit[48];

    if (!is_loss(answers->loss, limit))
        return error_set(err, STATUS_CONFIG, "%s: no amount in dollars", answers->loss);
    char *bytes = read_template(answers, "risk_config.yaml", err);
    if (bytes == NULL)
        return STATUS_CONFIG;
    bool set = set_line(bytes, "\n  daily_realized_loss:", "limit", limit);
    enum status status = set ? write_file(answers, "risk_config.yaml", bytes, err)
                             : error_set(err, STATUS_CONFIG, "risk_config.yaml: the template is not as it must be");
    free(bytes);
    return status;
}

static enum status
write_accounts(const struct answers *answers, struct error *err)
{
    char bytes[TOOL_PATH_MAX + 1024];
    int length = snprintf(bytes, sizeof bytes,
        "# accounts.yaml - the accounts to protect, and who logs in for them.  All keys: docs/configuration.md, accounts.yaml in the templates.\n"
        "accounts:\n"
        "  - account_id: %" PRId64 "\n"
        "    enabled: true\n"
        "    username: \"%s\"\n"
        "    api_key_file: \"%s/api_key\"\n",
        answers->account, answers->username, answers->tool.directory);

    if (length < 0 || (size_t)length >= sizeof bytes || strpbrk(answers->username, "\"\\") != NULL)
        return error_set(err, STATUS_CONFIG, "the user name cannot be like that");
    return write_file(answers, "accounts.yaml", bytes, err);
}

static enum status
write_all(const struct answers *answers, struct error *err)
{
    char key[API_KEY_MAX + 1];
    char *holidays = read_template(answers, "holidays.yaml", err);
    enum status status = holidays != NULL ? write_file(answers, "holidays.yaml", holidays, err) : STATUS_CONFIG;

    free(holidays);
    (void)snprintf(key, sizeof key, "%s\n", answers->key);
    if (status == OK)
        status = write_file(answers, "api_key", key, err);
    secret_wipe(key, sizeof key);
    if (status == OK)
        status = write_rules(answers, err);
    if (status == OK)
        status = write_daemon(answers, err);
    return status == OK ? write_accounts(answers, err) : status; /* Last: its presence says that all of it is there. */
}

/* Directories nobody else can look into; the service's, where it is installed. */
static enum status
make_directories(const struct answers *answers, struct error *err)
{
    const char *const installed[] = { path_installed(PATH_CONFIGURATION), path_installed(PATH_DATA), path_installed(PATH_LOGS) };
    size_t count = is_installed(answers) ? COUNT_OF(installed) : 1;
    enum status status = OK;

    for (size_t i = 0; i < count && status == OK; i++) {
        const char *path = count == 1 ? answers->tool.directory : installed[i];
        status = os_make_private_directory(path, err);
        if (status == OK && count > 1 && identity_is_administrator())
            status = identity_give_to(path, SERVICE_USER, err);
    }
    return status;
}

/* They go into files. */
static bool
write_portably(const char **path, char written[TOOL_PATH_MAX])
{
    if (*path == NULL)
        return true;
    bool fits = text_copy(written, TOOL_PATH_MAX, *path);
    path_write_portably(written);
    *path = written;
    return fits;
}

static int
set_up(const struct answers *answers)
{
    const struct tool *tool = &answers->tool;
    struct loaded_config *config = NULL;
    struct error err = { 0 };
    enum status status = make_directories(answers, &err);

    if (status == OK)
        status = identity_assume_owner_of(tool->directory, &err);
    if (status == OK)
        status = write_all(answers, &err);
    identity_resume();
    if (status != OK)
        return tool_fail(tool, status == STATUS_CONFIG ? TOOL_USAGE : TOOL_FAILED, "%s", err.text);
    int code = tool_load(tool, &config);
    if (code == TOOL_DONE)
        code = riskctl_password_set(tool, config, answers->new_password_file);
    loaded_config_free(config);
    return code;
}

static int
finish(const struct answers *answers)
{
    char *arguments[] = { "--config", NULL };
    char directory[TOOL_PATH_MAX];

    (void)text_copy(directory, sizeof directory, answers->tool.directory);
    arguments[1] = directory;
    if (!answers->no_test && !answers->tool.json && riskctl_test(2, arguments) != TOOL_DONE)
        puts("\nThe files are written, but the connection does not work yet: mend what FAILs above, then riskctl test.");
    if (!answers->tool.json)
        fputs(checklist, stdout);
    return tool_done(&answers->tool, "set up in %s: account %" PRId64 ", at most %s dollars of loss a day", answers->tool.directory,
        answers->account, answers->loss);
}

int
riskctl_init(int argc, char **argv)
{
    struct answers answers = { 0 };
    char accounts[TOOL_PATH_MAX];
    const struct tool_option options[] = { { .name = "--username", .value = &answers.username },
        { .name = "--api-key-file", .value = &answers.key_file }, { .name = "--account", .number = &answers.account },
        { .name = "--daily-loss", .value = &answers.loss }, { .name = "--new-password-file", .value = &answers.new_password_file },
        { .name = "--gateway", .value = &answers.gateway }, { .name = "--ca-file", .value = &answers.ca_file },
        { .name = "--templates", .value = &answers.templates }, { .name = "--no-test", .flag = &answers.no_test } };

    if (!tool_parse(&answers.tool, argc, argv, options, COUNT_OF(options), usage))
        return TOOL_USAGE;
    if (answers.templates == NULL)
        answers.templates = identity_exists(path_installed(PATH_TEMPLATES)) ? path_installed(PATH_TEMPLATES) : "config";
    if (!write_portably(&answers.tool.directory, answers.written_directory) || !write_portably(&answers.ca_file, answers.written_ca_file))
        return tool_fail(&answers.tool, TOOL_USAGE, "init: a path is too long");
    path_of(&answers, "accounts.yaml", accounts);
    if (identity_exists(answers.tool.directory) && !tool_may_administer(&answers.tool))
        return TOOL_FORBIDDEN;
    if (identity_exists(accounts))
        return tool_fail(&answers.tool, TOOL_USAGE, "%s is there already; riskctl account and riskctl rules change it", accounts);
    int code = ask_all(&answers);
    if (code == TOOL_DONE)
        code = set_up(&answers);
    secret_wipe(answers.key, sizeof answers.key);
    return code == TOOL_DONE ? finish(&answers) : code;
}
