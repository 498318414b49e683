/*
 * configure.c - the four configuration files of a directory, read as one set.
 */
#include "app/configure.h"

#include "os/identity.h"
#include "os/os.h"
#include "os/path.h"
#include "os/pipe.h"
#include "rules/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_SUFFIX ".control" /* Added to the database's path. */

static const char *
path_in(const char *directory, const char *name, char *out)
{
    (void)snprintf(out, CONFIGURE_PATH_MAX, "%s/%s", directory, name);
    return identity_exists(out) ? out : NULL;
}

/* @text: instead of what is in the file @name; NULL: what is there. */
static enum status
load(const char *directory, bool keep_text, const char *(*environment)(const char *name), const char *name, const char *text,
    struct loaded_config **ret_loaded, struct text *problems)
{
    char daemon[CONFIGURE_PATH_MAX], accounts[CONFIGURE_PATH_MAX], rules[CONFIGURE_PATH_MAX], holidays[CONFIGURE_PATH_MAX];
    struct config_errors errors = { 0 };
    struct config_sources sources = { .rules_table = rules_table, .is_private = os_file_is_private,
        .environment = environment, .keep_text = keep_text };

    (void)path_in(directory, "daemon.yaml", daemon);
    sources.daemon.path = daemon; /* Missing, it is named in the problem. */
    sources.accounts.path = path_in(directory, "accounts.yaml", accounts);
    sources.rules.path = path_in(directory, "risk_config.yaml", rules);
    sources.holidays.path = path_in(directory, "holidays.yaml", holidays);
    struct {
        const char *name, *path;
        struct config_source *source;
    } files[] = { { "daemon.yaml", daemon, &sources.daemon }, { "accounts.yaml", accounts, &sources.accounts },
        { "risk_config.yaml", rules, &sources.rules } };
    for (size_t i = 0; text != NULL && i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0)
            *files[i].source = (struct config_source){ .path = files[i].path, .text = text, .length = strlen(text) };
    enum status status = config_load(&sources, ret_loaded, &errors);
    if (status != OK)
        config_errors_print(&errors, problems);
    config_errors_fini(&errors);
    return status;
}

enum status
configure_load(const char *directory, bool keep_text, struct loaded_config **ret_loaded, struct text *problems)
{
    return load(directory, keep_text, NULL, NULL, NULL, ret_loaded, problems);
}

static const char *
environment_or_stand_in(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "known-to-the-service-only";
}

enum status
configure_load_for_tools(const char *directory, struct loaded_config **ret_loaded, struct text *problems)
{
    return load(directory, true, environment_or_stand_in, NULL, NULL, ret_loaded, problems);
}

enum status
configure_try_accounts(const char *directory, const char *accounts_text, struct text *problems)
{
    return configure_try(directory, "accounts.yaml", accounts_text, problems);
}

enum status
configure_try(const char *directory, const char *name, const char *text, struct text *problems)
{
    struct loaded_config *config = NULL;
    enum status status = load(directory, false, environment_or_stand_in, name, text, &config, problems);

    loaded_config_free(config);
    return status;
}

static int32_t
user_of(const struct loaded_config *loaded, int64_t id)
{
    for (int32_t i = 0; i < loaded->accounts_count; i++)
        if (loaded->accounts[i].id == id)
            return loaded->accounts[i].user;
    return -1;
}

/* Gateways are numbered as the users were at the start: another name or key for one is fine (AK-05), another place is not (CF-07). */
static enum status
same_users(const struct loaded_config *old, const struct loaded_config *new_one, struct error *err)
{
    if (new_one->users_count < old->users_count)
        return error_set(err, STATUS_CONFIG, "accounts.yaml: a user less: needs a restart");
    for (int32_t i = 0; i < old->config.accounts_count; i++) {
        int64_t id = old->config.accounts[i].id;
        if (user_of(old, id) != user_of(new_one, id))
            return error_set(err, STATUS_CONFIG, "accounts.yaml: account %" PRId64 " has moved or changed its user: needs a restart", id);
    }
    return OK;
}

enum status
configure_same_accounts(const struct loaded_config *old, const struct loaded_config *new_one, struct error *err)
{
    const struct config *a = &old->config, *b = &new_one->config;

    if (a->accounts_count != b->accounts_count)
        return error_set(err, STATUS_CONFIG, "accounts: %" PRId32 " now, %" PRId32 " in the files: needs a restart",
            a->accounts_count, b->accounts_count);
    for (int32_t i = 0; i < a->accounts_count; i++)
        if (a->accounts[i].id != b->accounts[i].id)
            return error_set(err, STATUS_CONFIG, "accounts: %" PRId64 " became %" PRId64 ": needs a restart",
                a->accounts[i].id, b->accounts[i].id);
    return same_users(old, new_one, err);
}

enum status
configure_same_hosts(const struct loaded_config *old, const struct loaded_config *new_one, struct error *err)
{
    const struct daemon_settings *a = &old->daemon, *b = &new_one->daemon;
    const struct {
        const char *key, *old, *new_one;
    } texts[] = {
        { "api.base_url", a->api.base_url, b->api.base_url },
        { "api.ca_file", a->api.ca_file, b->api.ca_file },
        { "hub.user_url", a->hub.user_url, b->hub.user_url },
        { "hub.market_url", a->hub.market_url, b->hub.market_url },
        { "db.path", a->db.path, b->db.path },
        { "credentials.file", a->credentials.file, b->credentials.file },
        { "day.time_zone", zone_name(old->config.day_zone), zone_name(new_one->config.day_zone) },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].old, texts[i].new_one) != 0)
            return error_set(err, STATUS_CONFIG, "%s: %s became %s: needs a restart", texts[i].key, texts[i].old,
                texts[i].new_one);
    return OK;
}

#define PART(name, member) { name, &a->member, &b->member, sizeof a->member }

void
configure_tell_restart(const struct daemon_settings *started, const struct daemon_settings *new_one, struct text *out)
{
    const struct daemon_settings *a = started, *b = new_one;
    const struct {
        const char *name;
        const void *old, *new_one;
        size_t size;
    } parts[] = {
        PART("hub", hub), PART("rest", rest), PART("retry", retry_read), PART("rate", rate), PART("background_pause", background_pause),
        PART("token", token), PART("quotes.silence_s", quotes.silence_s), PART("sync", sync), PART("poll", poll),
        PART("db.synchronous", db.synchronous), PART("db.busy_timeout_ms", db.busy_timeout_ms), PART("log", log), PART("feed", feed),
        PART("metrics", metrics), PART("control", control),
    };
    bool any = false;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (memcmp(parts[i].old, parts[i].new_one, parts[i].size) == 0) /* Padding too: both were zeroed and filled alike. */
            continue;
        text_addf(out, "%s%s", any ? ", " : "the new rules are in force; of daemon.yaml, after a restart only: ", parts[i].name);
        any = true;
    }
}

void
configure_socket(const struct daemon_settings *settings, char *ret_path)
{
    char path[CONFIGURE_PATH_MAX];

    if (settings->control.socket[0] != '\0')
        (void)text_copy(path, sizeof path, settings->control.socket);
    else
        (void)snprintf(path, sizeof path, "%s" SOCKET_SUFFIX, settings->db.path);
    pipe_name(path, ret_path, CONFIGURE_PATH_MAX);
}

void
configure_password_file(const char *directory, const struct daemon_settings *settings, char *ret_path)
{
    const char *file = settings->control.password_file;

    if (path_is_absolute(file))
        (void)text_copy(ret_path, CONFIGURE_PATH_MAX, file);
    else
        (void)snprintf(ret_path, CONFIGURE_PATH_MAX, "%s/%s", directory, file);
}
