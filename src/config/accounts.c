/*
 * accounts.c - accounts, and the logins they share (S-4, S-22, AK-01 to AK-04).
 *
 * A key comes from the account's own block (written there, in a file of its own, or in a systemd credential), from another account
 * of the same user, from the credentials file, or from the environment, in this order.  ${VAR} is expanded in user names
 * and keys only (CF-08).  Every copy lives in memory that is wiped: the trees, the scratch arena, and one in users[].
 */
#include "base/assert.h"
#include "config/build.h"
#include "config/keys.h"
#include "config/unknown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One login as written somewhere. */
struct login {
    char username[USERNAME_MAX];
    char api_key[API_KEY_MAX];
    char api_key_file[SETTING_TEXT_MAX];
    char api_key_credential[NAME_MAX_LENGTH];
    int32_t created_day;
};

struct entry {
    int64_t id;
    char nickname[NAME_MAX_LENGTH];
    char profile[NAME_MAX_LENGTH];
    struct login login;
};

/* Logins of the credentials file. */
struct logins {
    int32_t count;
    struct login *items;
};

static bool
copy_line(const char *text, char *out, size_t out_size)
{
    return strpbrk(text, "\r\n") == NULL && text_copy(out, out_size, text);
}

static enum status
parse_name(const char *text, void *field, struct error *err)
{
    if (!copy_line(text, field, NAME_MAX_LENGTH))
        return error_set(err, STATUS_CONFIG, "expected a name of at most 63 bytes, not \"%s\"", text);
    return OK;
}

static enum status
parse_username(const char *text, void *field, struct error *err)
{
    if (text[0] == 0 || !copy_line(text, field, USERNAME_MAX))
        return error_set(err, STATUS_CONFIG, "expected the platform's user name, not \"%s\"", text);
    return OK;
}

static enum status
parse_path(const char *text, void *field, struct error *err)
{
    if (text[0] == 0 || !copy_line(text, field, SETTING_TEXT_MAX))
        return error_set(err, STATUS_CONFIG, "expected a file's path, not \"%s\"", text);
    return OK;
}

/* The name of a file below $CREDENTIALS_DIRECTORY, nothing above it. */
static enum status
parse_credential(const char *text, void *field, struct error *err)
{
    if (text[0] == 0 || text[0] == '.' || strpbrk(text, "/\\") != NULL || !copy_line(text, field, NAME_MAX_LENGTH))
        return error_set(err, STATUS_CONFIG, "expected the name of a systemd credential, not \"%s\"", text);
    return OK;
}

static enum status
parse_created(const char *text, void *field, struct error *err)
{
    if (!value_date(text, field))
        return error_set(err, STATUS_CONFIG, "expected a date such as 2026-12-25, not \"%s\"", text);
    return OK;
}

#define LOGIN_PARAMS(type, login)                                                                                                  \
    { .keys = "username|user_name", .help = "The platform's login name, not the e-mail address; ${VAR} is expanded.",              \
        .kind = PARAM_TEXT, .looser = LOOSER_NEITHER, .offset = offsetof(type, login username), .optional = true,                  \
        .parse = parse_username },                                                                                                 \
    { .keys = "api_key", .help = "The key from the platform's settings; better as ${VAR} or in a file.", .kind = PARAM_TEXT,       \
        .looser = LOOSER_NEITHER, .offset = offsetof(type, login api_key), .optional = true, .parse = settings_parse_key },        \
    { .keys = "api_key_file", .help = "File whose first line is the key; mode 0600.", .kind = PARAM_TEXT,                          \
        .looser = LOOSER_NEITHER, .offset = offsetof(type, login api_key_file), .optional = true, .parse = parse_path },           \
    { .keys = "api_key_credential", .help = "Name of a systemd credential that holds the key.", .kind = PARAM_TEXT,                \
        .looser = LOOSER_NEITHER, .offset = offsetof(type, login api_key_credential), .optional = true, .parse = parse_credential },\
    { .keys = "created", .help = "When the key was made; after 90 days you are reminded.", .kind = PARAM_TEXT,                     \
        .looser = LOOSER_NEITHER, .offset = offsetof(type, login created_day), .optional = true, .parse = parse_created }

const struct param accounts_params[] = {
    { .keys = "account_id|id", .help = "The account's number at the gateway.", .kind = PARAM_INT, .offset = offsetof(struct entry, id),
        .looser = LOOSER_LOWER, .min = 1, .max = INT64_MAX },
    { .keys = "nickname", .help = "What the screens call it.", .kind = PARAM_TEXT, .offset = offsetof(struct entry, nickname),
        .looser = LOOSER_NEITHER, .value = "\"\"", .parse = parse_name },
    { .keys = "profile", .help = "A profile of risk_config.yaml, whose values replace the shared ones.", .kind = PARAM_TEXT,
        .offset = offsetof(struct entry, profile), .looser = LOOSER_NEITHER, .value = "\"\"", .parse = parse_name },
    LOGIN_PARAMS(struct entry, login.),
};
const size_t accounts_params_count = COUNT_OF(accounts_params);

const struct param accounts_credential_params[] = {
    LOGIN_PARAMS(struct login, ),
};
const size_t accounts_credential_params_count = COUNT_OF(accounts_credential_params);

static const char *
environment(const struct build *build, const char *name)
{
    return build->sources->environment != NULL ? build->sources->environment(name) : getenv(name);
}

static bool
is_variable(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!(name[i] >= 'A' && name[i] <= 'Z') && !(name[i] >= 'a' && name[i] <= 'z') && name[i] != '_' &&
            !(i > 0 && name[i] >= '0' && name[i] <= '9'))
            return false;
    return length > 0 && length < NAME_MAX_LENGTH;
}

static bool
refuse_variable(struct build *build, const struct yaml_node *at, const char *path, const char *name, const char *what)
{
    char found[CONFIG_FOUND_MAX];

    (void)snprintf(found, sizeof found, "${%.60s}, %s", name, what);
    bind_problem(&build->bind, at, path, found, "a variable that is set in the service's environment");
    return false;
}

/* Replace every ${VAR} of @text in place. */
static bool
expand(struct build *build, const struct yaml_node *at, const char *path, char *text, size_t text_size)
{
    char result[API_KEY_MAX] = { 0 };
    struct text out = text_on(result, text_size < sizeof result ? text_size : sizeof result);
    const char *from = text;

    for (const char *start = strstr(from, "${"); start != NULL; start = strstr(from, "${")) {
        const char *end = strchr(start, '}');
        size_t length = end != NULL ? (size_t)(end - start) - 2 : strlen(start + 2);
        char name[NAME_MAX_LENGTH];
        (void)text_copy_bytes(name, sizeof name, start + 2, length);
        if (end == NULL || !is_variable(start + 2, length))
            return refuse_variable(build, at, path, end == NULL ? "..." : name, "which is no variable's name");
        const char *value = environment(build, name);
        if (value == NULL || value[0] == 0)
            return refuse_variable(build, at, path, name, value == NULL ? "which is not set" : "which is empty");
        text_add_bytes(&out, from, (size_t)(start - from));
        text_add(&out, value);
        from = end + 1;
    }
    text_add(&out, from);
    bool fits = !out.truncated;
    (void)text_copy(text, text_size, result);
    secret_wipe(result, sizeof result);
    if (!fits)
        bind_problem(&build->bind, at, path, "a value that is too long once expanded", "at most 256 bytes");
    return fits;
}

/* AK-04. */
static bool
is_good_key(const char *key)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < length; i++)
        if (key[i] < ' ' || key[i] > '~')
            return false;
    return length > 0 && key[0] != ' ' && key[length - 1] != ' ';
}

static bool
check_key(struct build *build, const struct yaml_node *at, const char *path, char *key)
{
    if (is_good_key(key))
        return true;
    bind_problem(&build->bind, at, path, "a key that is empty or has odd characters (not shown)",
        "1 to 256 printable characters without space around them");
    secret_wipe(key, API_KEY_MAX);
    return false;
}

/* The key from a file or a systemd credential into login->api_key. */
static void
fetch_key(struct build *build, const struct yaml_node *node, const char *path, struct login *login)
{
    bool credential = login->api_key_credential[0] != 0;
    const char *key = credential ? "api_key_credential" : "api_key_file";
    const struct yaml_node *at = keys_at(node, key);
    char key_path[CONFIG_KEY_MAX], file[2 * SETTING_TEXT_MAX];

    keys_join(key_path, sizeof key_path, path, key);
    (void)text_copy(file, sizeof file, login->api_key_file);
    if (credential) {
        const char *directory = environment(build, "CREDENTIALS_DIRECTORY");
        if (directory == NULL) {
            bind_problem(&build->bind, at, key_path, "no CREDENTIALS_DIRECTORY", "to be started by systemd with LoadCredential=");
            return;
        }
        (void)snprintf(file, sizeof file, "%.300s/%s", directory, login->api_key_credential);
    }
    if (!build_read_secret(build, at, key_path, file, login->api_key, sizeof login->api_key))
        return;
    build_check_private(build, at, key_path, file);
    (void)check_key(build, at, key_path, login->api_key);
}

/* Variables, files and checks of a login that stands in a block. */
static void
complete(struct build *build, const struct yaml_node *node, const char *path, struct login *login)
{
    const struct yaml_node *key = keys_at(node, "api_key"), *user = keys_at(node, "username");
    int ways = (login->api_key[0] != 0) + (login->api_key_file[0] != 0) + (login->api_key_credential[0] != 0);
    char key_path[CONFIG_KEY_MAX];

    if (user == NULL)
        user = keys_at(node, "user_name");
    keys_join(key_path, sizeof key_path, path, "username");
    if (user != NULL && !expand(build, user, key_path, login->username, sizeof login->username))
        secret_wipe(login->username, sizeof login->username);
    keys_join(key_path, sizeof key_path, path, "api_key");
    if (ways > 1) {
        bind_problem(&build->bind, node, key_path, "several of api_key, api_key_file and api_key_credential", "one of them");
        return;
    }
    if (login->api_key[0] == 0) {
        if (ways == 1)
            fetch_key(build, node, path, login);
        return;
    }
    bool literal = strstr(login->api_key, "${") == NULL;
    if (!expand(build, key, key_path, login->api_key, sizeof login->api_key)) {
        secret_wipe(login->api_key, sizeof login->api_key);
        return;
    }
    if (check_key(build, key, key_path, login->api_key) && literal)
        build_check_private(build, key, key_path, yaml_tree_file(key->tree));
}

/* credentials.file: a list of logins, or `users:` with one. */
static void
read_credentials(struct build *build, struct logins *logins)
{
    static const char *const known[] = { "users", NULL };
    const char *path = build->loaded->daemon.credentials.file;
    struct config_source source = { .path = path };
    const struct yaml_node *list;
    bool exists;
    int32_t index = 0;

    if (path[0] == 0)
        return;
    list = build_read_source(build, &source, &exists);
    if (!exists)
        build_file_problem(build, path, "", "no such file", "the file named by credentials.file");
    if (list == NULL)
        return;
    build_check_private(build, list, "", path);
    if (list->kind == NODE_MAP) {
        unknown_among(&build->bind, &(struct bind_layer){ list, "" }, known);
        list = keys_at(list, "users");
    }
    if (list == NULL || list->kind != NODE_LIST) {
        build_file_problem(build, path, "users", "no list of users", "users: [{username: ..., api_key: ...}]");
        return;
    }
    logins->items = build_take(build, &build->scratch, ((size_t)list->count + 1) * sizeof *logins->items);
    for (const struct yaml_node *node = list->first; node != NULL && logins->items != NULL; node = node->next, index++) {
        struct login *login = &logins->items[logins->count];
        char item_path[CONFIG_KEY_MAX];
        struct bind_layers layers = { .count = 1, .items = { { node, item_path } } };
        struct bind_target target = { .params = accounts_credential_params, .count = accounts_credential_params_count, .out = login,
            .path = "credentials" };
        (void)snprintf(item_path, sizeof item_path, "users[%d]", (int)index);
        if (!bind_params(&build->bind, &target, &layers))
            continue;
        complete(build, node, item_path, login);
        logins->count++;
    }
}

static int32_t
find_user(const struct loaded_config *loaded, const char *username)
{
    for (int32_t i = 0; i < loaded->users_count; i++)
        if (text_same(loaded->users[i].username, username))
            return i;
    return -1;
}

/* A user's key may be told by any of its accounts, but only one key. */
static void
take_user(struct build *build, struct account_draft *draft, const struct login *login)
{
    struct loaded_config *loaded = build->loaded;
    int32_t at = find_user(loaded, login->username);
    char path[CONFIG_KEY_MAX];

    if (at < 0) {
        at = loaded->users_count++;
        (void)text_copy(loaded->users[at].username, sizeof loaded->users[at].username, login->username);
    }
    struct user_settings *user = &loaded->users[at];
    if (user->api_key[0] == 0) {
        (void)text_copy(user->api_key, sizeof user->api_key, login->api_key);
        user->created_day = login->created_day;
    } else if (login->api_key[0] != 0 && strcmp(user->api_key, login->api_key) != 0) {
        keys_join(path, sizeof path, draft->path, "api_key");
        bind_problem(&build->bind, draft->node, path, "another key than an earlier account of the same user", "one key a user");
    }
    draft->settings.user = at;
}

/* Accounts that name no user belong to the only one there is, or to the environment's (AK-02). */
static void
find_username(struct build *build, const struct logins *logins, const struct account_draft *draft, struct login *login)
{
    const char *name = environment(build, "TOPSTEPX_USERNAME");
    char path[CONFIG_KEY_MAX];

    if (login->username[0] != 0)
        return;
    if (logins->count == 1)
        (void)text_copy(login->username, sizeof login->username, logins->items[0].username);
    else if (name != NULL && name[0] != 0)
        (void)text_copy(login->username, sizeof login->username, name);
    if (login->username[0] != 0 || keys_at(draft->node, "username") != NULL)
        return;
    keys_join(path, sizeof path, draft->path, "username");
    bind_problem(&build->bind, draft->node, path, "nothing", "the platform's user name (or TOPSTEPX_USERNAME in the environment)");
}

/* Keys for users whose accounts brought none. */
static void
find_keys(struct build *build, const struct logins *logins)
{
    struct loaded_config *loaded = build->loaded;
    const char *key = environment(build, "TOPSTEPX_API_KEY");

    for (int32_t i = 0; i < loaded->users_count; i++) {
        struct user_settings *user = &loaded->users[i];
        for (int32_t j = 0; j < logins->count && user->api_key[0] == 0; j++) {
            if (!text_same(logins->items[j].username, user->username))
                continue;
            (void)text_copy(user->api_key, sizeof user->api_key, logins->items[j].api_key);
            user->created_day = logins->items[j].created_day;
        }
        if (user->api_key[0] == 0 && key != NULL && strlen(key) < API_KEY_MAX && is_good_key(key))
            (void)text_copy(user->api_key, sizeof user->api_key, key);
    }
}

static void
check_keys(struct build *build)
{
    for (int32_t i = 0; i < build->drafts_count; i++) {
        const struct account_draft *draft = &build->drafts[i];
        char path[CONFIG_KEY_MAX];
        bool tried = keys_at(draft->node, "api_key") != NULL || keys_at(draft->node, "api_key_file") != NULL ||
            keys_at(draft->node, "api_key_credential") != NULL;
        if (draft->settings.user < 0 || build->loaded->users[draft->settings.user].api_key[0] != 0 || tried)
            continue; /* What was tried and failed is told already. */
        keys_join(path, sizeof path, draft->path, "api_key");
        bind_problem(&build->bind, draft->node, path, "nothing",
            "api_key, api_key_file, api_key_credential, credentials.file or TOPSTEPX_API_KEY in the environment");
    }
}

static bool
is_repeated(const struct build *build, int64_t id)
{
    for (int32_t i = 0; i < build->drafts_count; i++)
        if (build->drafts[i].settings.id == id)
            return true;
    return false;
}

static void
refuse_repeated(struct build *build, const struct yaml_node *node, const char *path)
{
    char id_path[CONFIG_KEY_MAX];
    const struct yaml_node *id = keys_at(node, "account_id");

    keys_join(id_path, sizeof id_path, path, "account_id");
    (void)bind_refuse(&build->bind, id != NULL ? id : keys_at(node, "id"), id_path, NULL, "each account once");
}

/* `rules` holds the account's own values; `overrides` is the same key. */
static void
find_rules(struct build *build, struct account_draft *draft)
{
    const struct yaml_node *rules = keys_at(draft->node, "rules"), *overrides = keys_at(draft->node, "overrides");
    char path[CONFIG_KEY_MAX];

    keys_join(path, sizeof path, draft->path, "overrides");
    if (rules != NULL && overrides != NULL)
        bind_problem(&build->bind, overrides, path, "rules as well", "one of the two: they mean the same");
    draft->rules = rules != NULL ? rules : overrides;
    keys_join(draft->rules_path, sizeof draft->rules_path, draft->path, rules != NULL ? "rules" : "overrides");
}

static void
record_account(struct build *build, const struct account_draft *draft, const struct login *login)
{
    char path[CONFIG_KEY_MAX];
    int length = snprintf(path, sizeof path, "accounts.%lld", (long long)draft->settings.id);
    struct text text = { .data = path, .size = sizeof path, .length = (size_t)length };

    text_add(&text, ".enabled");
    effective_add(build->effective, path, draft->settings.enabled ? "true" : "false", draft->node);
    text.length = (size_t)length;
    text_add(&text, ".nickname");
    effective_add(build->effective, path, draft->settings.nickname, draft->node);
    text.length = (size_t)length;
    text_add(&text, ".profile");
    effective_add(build->effective, path, draft->settings.profile, draft->node);
    text.length = (size_t)length;
    text_add(&text, ".username");
    effective_add(build->effective, path, login->username, draft->node);
    text.length = (size_t)length;
    text_add(&text, ".api_key");
    effective_add(build->effective, path, "********", draft->node);
}

/* For as long as the configuration lives; most accounts have none, which costs nothing. */
static const char *
keep(struct build *build, const char *text)
{
    const char *copy = text[0] != 0 ? arena_copy(build->arena, text, strlen(text)) : "";

    build->short_of_memory = build->short_of_memory || copy == NULL;
    return copy != NULL ? copy : "";
}

static void
read_account(struct build *build, const struct logins *logins, const struct yaml_node *node, const char *path)
{
    static const char *const known[] = { "rules", "overrides", NULL };
    struct account_draft *draft = &build->drafts[build->drafts_count];
    struct entry *entry = build_take(build, &build->scratch, sizeof *entry);
    struct bind_layers layers = { .count = 1, .items = { { node, draft->path } } };
    struct bind_target target = { .params = accounts_params, .count = accounts_params_count, .out = entry, .path = "", .known = known };
    void (*record)(void *, const struct bind_value *) = build->bind.record;

    if (entry == NULL)
        return;
    draft->node = node;
    draft->settings.user = -1;
    (void)text_copy(draft->path, sizeof draft->path, path);
    build->bind.record = NULL; /* Recorded by id below. */
    bool fine = bind_params(&build->bind, &target, &layers);
    draft->settings.enabled = node->kind != NODE_MAP || bind_enabled(&build->bind, &layers, NULL, true);
    build->bind.record = record;
    if (node->kind != NODE_MAP)
        return;
    if (entry->id != 0 && is_repeated(build, entry->id)) {
        refuse_repeated(build, node, path);
        return;
    }
    draft->settings.id = entry->id;
    draft->settings.nickname = keep(build, entry->nickname);
    draft->settings.profile = keep(build, entry->profile);
    find_rules(build, draft);
    build->drafts_count++; /* Also one with problems: its rules may have more. */
    if (!fine)
        return;
    complete(build, node, path, &entry->login);
    find_username(build, logins, draft, &entry->login);
    if (entry->login.username[0] != 0)
        take_user(build, draft, &entry->login);
    record_account(build, draft, &entry->login);
}

static const struct yaml_node *
account_list(struct build *build, const char **ret_path)
{
    static const char *const known[] = { "accounts", NULL };
    const struct yaml_node *root = build->accounts_root;

    *ret_path = "accounts";
    if (root == NULL || root->kind != NODE_MAP)
        return root;
    unknown_among(&build->bind, &(struct bind_layer){ root, "" }, known);
    return keys_at(root, "accounts");
}

/* drafts become what the caller sees; users are already there. */
static void
publish(struct build *build)
{
    struct loaded_config *loaded = build->loaded;

    loaded->accounts = build_take(build, build->arena, ((size_t)build->drafts_count + 1) * sizeof *loaded->accounts);
    if (loaded->accounts == NULL)
        return;
    for (int32_t i = 0; i < build->drafts_count; i++)
        loaded->accounts[i] = build->drafts[i].settings;
    loaded->accounts_count = build->drafts_count;
}

void
accounts_read(struct build *build)
{
    const char *list_path;
    const struct yaml_node *list = account_list(build, &list_path);
    const struct yaml_node *single = keys_at(build->daemon_root, "account");
    struct logins logins = { 0 };
    int32_t index = 0;
    size_t room = (list != NULL && list->count < CONFIG_ACCOUNTS_MAX ? (size_t)list->count : CONFIG_ACCOUNTS_MAX) + 1; /* One by itself. */

    build->drafts = build_take(build, &build->scratch, room * sizeof *build->drafts);
    build->loaded->users = build_take(build, build->arena, room * sizeof *build->loaded->users);
    if (build->drafts == NULL || build->loaded->users == NULL)
        return;
    read_credentials(build, &logins);
    if (single != NULL)
        read_account(build, &logins, single, "account");
    if (list != NULL && list->kind != NODE_LIST) {
        (void)bind_refuse(&build->bind, list, list_path, NULL, "a list of accounts");
        return;
    }
    for (const struct yaml_node *node = list != NULL ? list->first : NULL; node != NULL; node = node->next, index++) {
        char path[CONFIG_KEY_MAX];
        (void)snprintf(path, sizeof path, "%s[%d]", list_path, (int)index);
        if (build->drafts_count >= CONFIG_ACCOUNTS_MAX) {
            (void)bind_refuse(&build->bind, node, path, NULL, "at most 1024 accounts");
            break;
        }
        read_account(build, &logins, node, path);
    }
    find_keys(build, &logins);
    check_keys(build);
    publish(build);
}
