/*
 * riskctl_rules_set.c - one value of the rules' file changed (S-18, 3).
 *
 * The new text is read as the daemon will read it before anything is written; it is written whole or not at all, as the files' owner, after
 * the admin has been asked for and the ledger told.
 */
#include "ctl/riskctl_rules_set.h"

#include "app/configure.h"
#include "config/edit.h"
#include "config/keys.h"
#include "ctl/riskctl_order.h"
#include "os/identity.h"
#include "os/os.h"
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define PROBLEMS_BYTES 4096
#define KEY_MAX 160

struct change {
    const struct tool *tool;
    const struct rule *rule;
    const char *key, *value;
    int64_t account_id;
    const char *file;
    char keys[KEY_MAX]; /* The path holds parts of it. */
    struct edit_path path;
};

static enum status
read_file(const char *directory, const char *name, char *out, struct error *err)
{
    char path[CONFIGURE_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return error_set(err, STATUS_CONFIG, "%s: cannot be read", path);
    size_t length = fread(out, 1, FILE_MAX - 1, file);
    (void)fclose(file);
    out[length] = '\0';
    return strlen(out) == length && length < FILE_MAX - 1 ? OK : error_set(err, STATUS_CONFIG, "%s: too long, or no text", path);
}

/* The rules may stand in daemon.yaml, an account's own below rules: or overrides:. */
static enum status
find_file(struct change *change, char *text, struct error *err)
{
    static const struct edit_path in_daemon = { .count = 1, .keys = { "risk_rules" } };
    static const struct edit_path single = { .count = 1, .keys = { "account" } };
    const char *directory = change->tool->directory;
    struct edit_path own = { .account_id = change->account_id, .count = 1, .keys = { "overrides" } };
    enum status status = read_file(directory, "daemon.yaml", text, err);

    if (status != OK)
        return status;
    change->file = "daemon.yaml";
    if (change->account_id == 0 && edit_has(text, &in_daemon)) {
        change->path = in_daemon;
        return OK;
    }
    if (change->account_id != 0 && edit_has(text, &single))
        return error_set(err, STATUS_REFUSED, "with one account in daemon.yaml its rules are the shared ones: leave --account out");
    change->file = change->account_id != 0 ? "accounts.yaml" : "risk_config.yaml";
    status = read_file(directory, change->file, text, err);
    if (change->account_id == 0 || !edit_has(text, &own))
        own.keys[0] = "rules";
    change->path = own;
    return status;
}

static bool
push(struct edit_path *path, char *keys)
{
    for (char *at = keys; at != NULL && *at != '\0';) {
        char *dot = strchr(at, '.');
        if (path->count == EDIT_DEPTH_MAX)
            return false;
        path->keys[path->count++] = at;
        if (dot != NULL)
            *dot++ = '\0';
        at = dot;
    }
    return true;
}

/* The spelling that is used in the file already, else the one that was given. */
static bool
find_key(struct change *change, const char *text)
{
    const struct param *param = keys_find(change->rule->params, change->rule->params_count, change->key);
    struct edit_path base = change->path;
    struct spellings spellings = { 0 };

    base.keys[base.count++] = change->rule->name;
    if (param != NULL)
        keys_spellings(param->keys, &spellings);
    for (int i = 0; i < spellings.count; i++) {
        change->path = base;
        if (text_copy(change->keys, sizeof change->keys, spellings.items[i]) && push(&change->path, change->keys) &&
            edit_has(text, &change->path))
            return true;
    }
    change->path = base;
    return text_copy(change->keys, sizeof change->keys, change->key) && push(&change->path, change->keys);
}

/* @ret_new: the file's text afterwards, which riskd would accept. */
static enum status
prepare(struct change *change, char *old, struct text *ret_new, struct error *err)
{
    static char problems[PROBLEMS_BYTES];
    struct text complaint = text_on(problems, sizeof problems);
    enum status status = find_file(change, old, err);

    if (status == OK && !find_key(change, old))
        status = error_set(err, STATUS_CONFIG, "%.60s: no key of a rule", change->key);
    if (status == OK)
        status = edit_set(old, &change->path, change->value, ret_new, err);
    if (status == OK && configure_try(change->tool->directory, change->file, ret_new->data, &complaint) != OK)
        status = error_set(err, STATUS_CONFIG, "nothing was changed: %.400s", problems);
    return status;
}

static enum status
write_file(const struct change *change, const struct text *text, struct error *err)
{
    char path[CONFIGURE_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", change->tool->directory, change->file);
    return os_write_private_file(path, text->data, text->length, err);
}

static int
offer_reload(const struct change *change, const struct loaded_config *config)
{
    const struct tool *tool = change->tool;
    char reload[] = "reload", option[] = "--config", secret[] = "--password-file", directory[CONFIGURE_PATH_MAX], file[CONFIGURE_PATH_MAX];
    char *argv[] = { option, directory, secret, file, reload };

    if (tool->json || !tool_is_running(config) || !tool_confirm(tool, "Reload the rules now?", false) ||
        !text_copy(directory, sizeof directory, tool->directory) ||
        !text_copy(file, sizeof file, tool->password_file != NULL ? tool->password_file : ""))
        return tool_done(tool, "%s: %s.%s is %s; riskctl reload puts it into force", change->file, change->rule->name, change->key,
            change->value);
    printf("%s: %s.%s is %s\n", change->file, change->rule->name, change->key, change->value);
    return riskctl_order_reload(tool->password_file != NULL ? 4 : 2, argv);
}

static int
carry_out(struct change *change, const struct loaded_config *config)
{
    const struct tool *tool = change->tool;
    char purpose[200];
    struct error err = { 0 };
    char *old = malloc(FILE_MAX), *bytes = malloc(FILE_MAX);
    struct text text = text_on(bytes, bytes != NULL ? FILE_MAX : 0);
    int code = TOOL_DONE;
    enum status status = OK;

    if (old == NULL || bytes == NULL)
        status = error_set(&err, STATUS_LIMIT, "no memory");
    if (status == OK)
        status = identity_assume_owner_of(tool->directory, &err);
    if (status == OK)
        status = prepare(change, old, &text, &err);
    identity_resume();
    (void)snprintf(purpose, sizeof purpose, "rules set %s.%.60s %.60s, account %lld", change->rule->name, change->key, change->value,
        (long long)change->account_id);
    if (status == OK)
        code = tool_authorize(tool, config, purpose);
    if (status == OK && code == TOOL_DONE) {
        status = identity_assume_owner_of(tool->directory, &err);
        if (status == OK)
            status = write_file(change, &text, &err);
        identity_resume();
    }
    free(old);
    free(bytes);
    if (status != OK)
        return tool_fail(tool, status == STATUS_CONFIG ? TOOL_USAGE : TOOL_FAILED, "%s", err.text);
    return code == TOOL_DONE ? offer_reload(change, config) : code;
}

/* "max_contracts.limit" into rule and key. */
static bool
take_words(struct change *change)
{
    const struct tool *tool = change->tool;
    bool set = tool->words_count == 3 && strcmp(tool->words[0], "set") == 0;
    bool on = tool->words_count == 2 && strcmp(tool->words[0], "enable") == 0;
    bool off = tool->words_count == 2 && strcmp(tool->words[0], "disable") == 0;
    char name[KEY_MAX];

    if (!set && !on && !off)
        return false;
    const char *word = tool->words[1], *dot = strchr(word, '.');
    if (set != (dot != NULL) || !text_copy_bytes(name, sizeof name, word, dot != NULL ? (size_t)(dot - word) : strlen(word)))
        return false;
    change->rule = rules_find(name);
    change->key = set ? dot + 1 : "enabled";
    change->value = set ? tool->words[2] : on ? "true" : "false";
    return true;
}

/* "RULE-003": that is its number, not its name in the files. */
static const struct rule *
numbered(const char *word)
{
    size_t skip = text_starts(word, "RULE-") || text_starts(word, "rule-") ? 5 : 0;
    int64_t number = 0;

    if (!text_to_int64(word + skip, strcspn(word + skip, "."), &number))
        return NULL;
    for (int i = 0; rules_table[i] != NULL; i++)
        if (rules_table[i]->number == number)
            return rules_table[i];
    return NULL;
}

static int
refuse_name(const struct tool *tool)
{
    const char *word = tool->words[1];
    const struct rule *rule = numbered(word);

    if (rule != NULL)
        return tool_fail(tool, TOOL_USAGE, "%.60s: rules have names in the files, this one is %s%s", word, rule->name, word + strcspn(word, "."));
    return tool_fail(tool, TOOL_USAGE, "%.60s: there is no such rule; riskctl rules show lists them", word);
}

int
riskctl_rules_set(const struct tool *tool, int64_t account_id)
{
    struct change change = { .tool = tool, .account_id = account_id };
    struct loaded_config *config = NULL;

    if (!take_words(&change))
        return tool_fail(tool, TOOL_USAGE, "rules: show, set RULE.KEY VALUE, enable RULE, disable RULE, pending or cancel");
    if (change.rule == NULL)
        return refuse_name(tool);
    int code = tool_load(tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = carry_out(&change, config);
    loaded_config_free(config);
    return code;
}
