/*
 * riskctl_account.c - riskctl account.
 *
 * The new text is read as the daemon will read it before it takes the old one's place; comments and layout stay.  Which accounts are watched
 * changes by a restart only (CF-07).  An account that is locked or not flat is neither paused nor removed: that would be the way out (CF-06).
 * One that is in force is paused before it is removed: its login must stay in the files as long as riskd holds it back (pending.h).
 */
#include "ctl/riskctl_account.h"

#include "app/configure.h"
#include "app/pending.h"
#include "base/json.h"
#include "ctl/account_edit.h"
#include "ctl/tool.h"
#include "os/identity.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_MAX ((size_t)512 << 10)
#define TOKENS_MAX 65536
#define PROBLEMS_BYTES ((size_t)16 << 10)

static const char usage[] =
    "usage: riskctl account show [--json]\n"
    "       riskctl account add ID --username NAME --api-key-file FILE [--nickname TEXT] [--profile NAME]\n"
    "       riskctl account edit ID [--username NAME] [--api-key-file FILE] [--nickname TEXT] [--profile NAME]\n"
    "       riskctl account pause|resume|remove ID\n"
    "Needs the password; takes effect with the next restart.  Also: --config DIR, --password-file FILE, --yes, --json.\n";

struct request {
    struct tool tool;
    struct account_edit edit;
    const char *verb;
    bool pauses; /* What was to be removed is in force: paused first. */
};

/* ---- show ---- */

static int
show(const struct tool *tool, const struct loaded_config *config)
{
    char bytes[1024];

    if (tool->json)
        fputs("{\"accounts\":[", stdout);
    for (int32_t i = 0; i < config->accounts_count; i++) {
        const struct account_settings *account = &config->accounts[i];
        const char *user = account->user >= 0 ? config->users[account->user].username : "";
        if (!tool->json) {
            printf("%-12" PRId64 " %-8s %-20s %s\n", account->id, account->enabled ? "watched" : "paused", account->nickname, user);
            continue;
        }
        struct text text = text_on(bytes, sizeof bytes);
        struct json_writer json = json_writer_on(&text);
        json_open(&json, NULL, '{');
        json_add_int(&json, "account_id", account->id);
        json_add_string(&json, "nickname", account->nickname);
        json_add_bool(&json, "enabled", account->enabled);
        json_add_string(&json, "username", user);
        json_add_string(&json, "profile", account->profile);
        json_close(&json, '}');
        printf("%s%s", i > 0 ? "," : "", bytes);
    }
    if (tool->json)
        puts("],\"ok\":true,\"exit\":0}");
    return TOOL_DONE;
}

/* ---- What stands against it ---- */

/* Blocked symbols are locked as long as the rules name them: that alone keeps no account watched. */
static bool
has_lockout(const struct json *json, int lockouts)
{
    int node = json_first(json, lockouts);

    for (size_t i = 0; i < json_size(json, lockouts); i++, node = json_next(json, node)) {
        if (json_string_is(json, json_get(json, node, "root"), "") || !json_string_is(json, json_get(json, node, "end"), "cleared"))
            return true;
    }
    return false;
}

/* Has the account something to lose by being watched no more? */
static bool
is_at_stake(const char *page, size_t length, int64_t account_id)
{
    struct json_token *tokens = calloc(TOKENS_MAX, sizeof *tokens);
    struct json json;
    bool stake = true; /* Unless it is seen not to be. */

    if (tokens == NULL || page == NULL || json_read(page, length, tokens, TOKENS_MAX, &json, NULL) != OK) {
        free(tokens);
        return true;
    }
    int accounts = json_get(&json, json_get(&json, 0, "page"), "accounts");
    int node = json_first(&json, accounts);
    bool found = false;
    for (size_t i = 0; i < json_size(&json, accounts); i++, node = json_next(&json, node)) {
        int64_t id = 0;
        bool flat = false, locked = true;
        if (!json_int64(&json, json_get(&json, node, "account_id"), &id) || id != account_id)
            continue;
        found = true;
        (void)json_bool(&json, json_get(&json, node, "proven_flat"), &flat);
        (void)json_bool(&json, json_get(&json, node, "locked"), &locked);
        stake = !flat || locked || has_lockout(&json, json_get(&json, node, "lockouts"));
    }
    free(tokens);
    return found && stake; /* One that is not watched has nothing to lose. */
}

static int
may_leave(const struct request *request, const struct loaded_config *config)
{
    struct control_answer answer;

    if (!tool_is_running(config))
        return TOOL_DONE; /* The lockout waits in the database; the ledger tells of the change. */
    int code = tool_ask(&request->tool, config, &(struct control_request){ .command = CONTROL_STATUS }, &answer);
    if (code != TOOL_DONE)
        return code;
    if (answer.code != CONTROL_DONE || is_at_stake(answer.status, answer.status_length, request->edit.account_id))
        code = tool_fail(&request->tool, TOOL_FAILED, "account %" PRId64 " is locked or not flat: it stays watched", request->edit.account_id);
    control_client_fini(&answer);
    return code;
}

/* ---- Changing the file ---- */

static enum status
change(const struct request *request, const char *text, struct text *out, struct error *err)
{
    const struct account_edit *edit = &request->edit;
    const struct {
        const char *key, *value;
    } keys[] = { { "enabled", edit->enabled }, { "nickname", edit->nickname }, { "username", edit->username },
        { "api_key_file", edit->api_key_file }, { "profile", edit->profile } };
    enum status status = error_set(err, STATUS_REFUSED, "nothing to change");

    if (strcmp(request->verb, "add") == 0)
        return account_edit_add(text, edit, out, err);
    if (strcmp(request->verb, "remove") == 0 && !request->pauses)
        return account_edit_remove(text, edit->account_id, out, err);
    char *step = malloc(FILE_MAX);
    if (step == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    (void)text_copy(step, FILE_MAX, text);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (keys[i].value == NULL)
            continue;
        *out = text_on(out->data, out->size);
        status = account_edit_set(step, edit->account_id, keys[i].key, keys[i].value, out, err);
        if (status != OK)
            break;
        (void)text_copy(step, FILE_MAX, out->data);
    }
    free(step);
    return status;
}

/* As the owner of the files. */
static enum status
rewrite(const struct request *request, char *old, char *new_one, struct error *err)
{
    static char problems[PROBLEMS_BYTES];
    struct text text = text_on(new_one, FILE_MAX), complaint = text_on(problems, sizeof problems);
    char path[CONFIGURE_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/accounts.yaml", request->tool.directory);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return error_set(err, STATUS_CONFIG, "%s: cannot be read", path);
    size_t length = fread(old, 1, FILE_MAX - 1, file);
    (void)fclose(file);
    old[length] = '\0';
    if (strlen(old) != length || length == FILE_MAX - 1)
        return error_set(err, STATUS_CONFIG, "%s: too long, or no text", path);
    enum status status = change(request, old, &text, err);
    if (status != OK)
        return status;
    if (configure_try_accounts(request->tool.directory, new_one, &complaint) != OK)
        return error_set(err, STATUS_CONFIG, "nothing was changed: %.400s", problems);
    return os_write_private_file(path, new_one, text.length, err);
}

static bool
is_enabled(const struct loaded_config *config, int64_t account_id)
{
    for (int32_t i = 0; i < config->accounts_count; i++)
        if (config->accounts[i].id == account_id)
            return config->accounts[i].enabled;
    return false;
}

/* A removal of what is in force becomes a pause, or waits for its end. */
static int
pause_first(struct request *request, const struct loaded_config *config)
{
    struct account_edit *edit = &request->edit;
    struct error err = { 0 };

    if (strcmp(request->verb, "remove") != 0)
        return TOOL_DONE;
    if (identity_assume_owner_of(request->tool.directory, &err) != OK)
        return tool_fail(&request->tool, TOOL_FAILED, "%s", err.text);
    request->pauses = pending_watches(config->daemon.db.path, edit->account_id);
    identity_resume();
    if (!request->pauses)
        return TOOL_DONE;
    if (!is_enabled(config, edit->account_id))
        return tool_fail(&request->tool, TOOL_FAILED, "account %" PRId64 " is paused and still watched; remove it when it is not (riskctl rules pending)",
            edit->account_id);
    edit->enabled = "false";
    return TOOL_DONE;
}

static int
carry_out(struct request *request, const struct loaded_config *config)
{
    const struct tool *tool = &request->tool;
    char purpose[96];
    struct error err = { 0 };
    int code = pause_first(request, config);

    if (code != TOOL_DONE)
        return code;
    if (strcmp(request->verb, "pause") == 0 || strcmp(request->verb, "remove") == 0)
        code = may_leave(request, config);
    (void)snprintf(purpose, sizeof purpose, "account %s %" PRId64, request->verb, request->edit.account_id);
    if (code == TOOL_DONE)
        code = tool_authorize(tool, config, purpose);
    if (code != TOOL_DONE)
        return code;
    char *old = malloc(FILE_MAX), *new_one = malloc(FILE_MAX);
    enum status status = old == NULL || new_one == NULL ? error_set(&err, STATUS_LIMIT, "no memory")
                                                        : identity_assume_owner_of(tool->directory, &err);
    if (status == OK)
        status = rewrite(request, old, new_one, &err);
    identity_resume();
    free(old);
    free(new_one);
    if (status != OK)
        return tool_fail(tool, status == STATUS_CONFIG ? TOOL_USAGE : TOOL_FAILED, "%s", err.text);
    if (request->pauses)
        return tool_done(tool, "paused first: it is watched until the next trading day (global.loosen); remove it after a restart then");
    return tool_done(tool, "done; riskctl service restart puts it into force");
}

int
riskctl_account(int argc, char **argv)
{
    static const char *const verbs[] = { "add", "edit", "pause", "resume", "remove" };
    struct request request = { 0 };
    struct loaded_config *config = NULL;
    struct account_edit *edit = &request.edit;
    const struct tool_option options[] = { { .name = "--username", .value = &edit->username },
        { .name = "--api-key-file", .value = &edit->api_key_file }, { .name = "--nickname", .value = &edit->nickname },
        { .name = "--profile", .value = &edit->profile } };
    bool known = false;

    if (!tool_parse(&request.tool, argc, argv, options, COUNT_OF(options), usage))
        return TOOL_USAGE;
    const struct tool *tool = &request.tool;
    request.verb = tool->words_count > 0 ? tool->words[0] : "";
    bool shows = strcmp(request.verb, "show") == 0 && tool->words_count == 1;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        known = known || strcmp(request.verb, verbs[i]) == 0;
    if (!shows && (!known || tool->words_count != 2 ||
        !text_to_int64(tool->words[1], strlen(tool->words[1]), &edit->account_id) || edit->account_id <= 0))
        return tool_fail(tool, TOOL_USAGE, "account: show, or add, edit, pause, resume, remove and the account's number");
    if (strcmp(request.verb, "pause") == 0 || strcmp(request.verb, "resume") == 0)
        edit->enabled = request.verb[0] == 'p' ? "false" : "true";
    int code = tool_load(tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = shows ? show(tool, config) : carry_out(&request, config);
    loaded_config_free(config);
    return code;
}
