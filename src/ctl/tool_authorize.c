/*
 * tool_authorize.c - is the admin there?  riskd is asked; while it is off, the same is done here: same hash, same count of wrong
 * passwords, same ledger, whose lock keeps a starting riskd out meanwhile (S-17).
 */
#include "ctl/tool.h"

#include "app/attempts.h"
#include "app/configure.h"
#include "app/version.h"
#include "os/identity.h"
#include "os/os.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum status
write_down(struct store *store, const char *what, const char *purpose, const char *result)
{
    struct record record = { .kind = RECORD_SERVICE, .at = os_utc_now() };
    struct error err = { 0 };

    (void)text_copy(record.u.service.what, sizeof record.u.service.what, what);
    (void)snprintf(record.u.service.text, sizeof record.u.service.text, "%s, riskd being off: %s", result, purpose);
    return store_save(store, &record, 1, &err);
}

/* The password against the hash, counted before it is looked at. */
static int
check(const struct tool *tool, struct store *store, const char *attempts_file, const char *hash, const char *purpose)
{
    char password[PASSWORD_MAX] = "";
    struct instant now = os_utc_now();
    struct attempts attempts;
    struct error err = { 0 };

    attempts_load(attempts_file, now, &attempts);
    int64_t wait_s = (attempts_wait(&attempts, now).ns + 999999999) / 1000000000;
    if (wait_s > 0) {
        (void)write_down(store, "admin", purpose, "too early after wrong passwords");
        return tool_fail(tool, TOOL_PASSWORD, "too early after wrong passwords; the next attempt counts in %" PRId64 " s", wait_s);
    }
    if (!tool_password(tool, "Admin password: ", password))
        return TOOL_PASSWORD;
    attempts_count(&attempts, now);
    if (attempts_save(attempts_file, &attempts, &err) != OK) {
        secret_wipe(password, sizeof password);
        return tool_fail(tool, TOOL_FAILED, "%s", err.text);
    }
    bool matches = password_matches(password, hash);
    secret_wipe(password, sizeof password);
    if (!matches) {
        (void)write_down(store, "admin", purpose, "wrong password");
        return tool_fail(tool, TOOL_PASSWORD, "wrong password (%" PRId32 " in a row)", attempts.wrong);
    }
    if (attempts_save(attempts_file, &(struct attempts){ 0 }, &err) != OK)
        return tool_fail(tool, TOOL_FAILED, "%s", err.text);
    if (write_down(store, "admin", purpose, "password right") != OK)
        return tool_fail(tool, TOOL_FAILED, "the ledger cannot be written");
    return TOOL_DONE;
}

/* riskd is off: we are the owner of its files from here on. */
static int
authorize_here(const struct tool *tool, const struct loaded_config *config, const char *hash, const char *purpose)
{
    const struct store_options options = { .path = config->daemon.db.path, .version = APP_VERSION, .now = os_utc_now() };
    char attempts_file[CONFIGURE_PATH_MAX];
    struct store *store = NULL;
    struct error err = { 0 };

    (void)snprintf(attempts_file, sizeof attempts_file, "%s" ATTEMPTS_SUFFIX, config->daemon.db.path);
    if (store_open(&options, &store, &err) != OK)
        return tool_fail(tool, TOOL_FAILED, "%s", err.text);
    int code = check(tool, store, attempts_file, hash, purpose);
    store_close(store);
    return code;
}

static int
authorize_there(const struct tool *tool, const struct loaded_config *config, const char *purpose, bool there_is_one)
{
    struct control_request request = { .command = CONTROL_AUTH };
    struct control_answer answer;

    (void)text_copy(request.reason, sizeof request.reason, purpose);
    if ((there_is_one ? tool_can_ask(tool) : tool->password_file != NULL) && !tool_password(tool, "Admin password: ", request.password))
        return TOOL_PASSWORD;
    int code = tool_ask(tool, config, &request, &answer);
    secret_wipe(&request, sizeof request);
    if (code != TOOL_DONE)
        return code;
    if (answer.code != CONTROL_DONE)
        code = tool_fail(tool, tool_exit_of(answer.code), "%s", answer.text);
    control_client_fini(&answer);
    return code;
}

int
tool_authorize(const struct tool *tool, const struct loaded_config *config, const char *purpose)
{
    char path[CONFIGURE_PATH_MAX], hash[PASSWORD_HASH_MAX];
    struct error err = { 0 };

    if (!tool_may_administer(tool))
        return TOOL_FORBIDDEN;
    if (identity_assume_owner_of(tool->directory, &err) != OK)
        return tool_fail(tool, TOOL_FAILED, "%s", err.text);
    configure_password_file(tool->directory, &config->daemon, path);
    enum status status = password_load(path, hash, &err);
    int code = TOOL_DONE; /* Nothing to prove before the first password is set; a running riskd knows whether there was one. */
    if ((status == OK || status == STATUS_REFUSED) && tool_is_running(config))
        code = authorize_there(tool, config, purpose, status == OK);
    else if (status == OK)
        code = authorize_here(tool, config, hash, purpose);
    else if (status != STATUS_REFUSED)
        code = tool_fail(tool, TOOL_PASSWORD, "%s", err.text);
    identity_resume();
    return code;
}
