/*
 * sole.c - one riskd for an account (CC-06).
 */
#include "app/sole.h"

#include "app/log.h"
#include "base/text.h"
#include "os/os.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <uv.h>

#define FOLDER_MAX 512
#define NAME_ROOM 128

/* The gateway is part of the name: numbers of accounts are its own (simulated ones are the same on each machine). */
static void
add_gateway(struct text *name, const char *url)
{
    const char *host = strstr(url, "://");

    for (const char *c = host != NULL ? host + 3 : url; *c != '\0'; c++)
        text_addf(name, "%c", isalnum((unsigned char)*c) || *c == '.' ? *c : '-');
}

static enum status
take_one(struct sole *sole, const char *folder, const struct loaded_config *config, int64_t account_id, struct error *err)
{
    char path[FOLDER_MAX + NAME_ROOM + SETTING_TEXT_MAX];
    struct text name = text_on(path, sizeof path);
    struct error found = { 0 };

    text_addf(&name, "%s/simple-risk-manager-", folder);
    add_gateway(&name, config->daemon.api.base_url);
    text_addf(&name, "-%" PRId64 ".lock", account_id);
    enum status status = os_lock_file(path, &sole->locks[sole->count], &found);
    if (status == OK)
        sole->count++;
    else if (status == STATUS_REFUSED)
        (void)error_set(err, status, "account %" PRId64 " is guarded by another riskd already: %s", account_id, found.text);
    else
        (void)error_set(err, status, "%s", found.text);
    return status;
}

enum status
sole_take(struct sole *sole, const struct loaded_config *config, struct log *log, struct error *err)
{
    char folder[FOLDER_MAX];
    size_t size = sizeof folder;

    int failed = uv_os_tmpdir(folder, &size);
    if (failed != 0) {
        log_say(log, LOG_LEVEL_WARN, "start", "cannot tell whether another riskd guards these accounts: the folder of temporary files: %s", uv_strerror(failed));
        return OK;
    }
    for (int32_t i = 0; i < config->config.accounts_count && sole->count < SOLE_ACCOUNTS_MAX; i++) {
        struct error problem = { 0 };
        enum status status = take_one(sole, folder, config, config->config.accounts[i].id, &problem);
        if (status == STATUS_REFUSED) {
            sole_release(sole);
            *err = problem;
            return status;
        }
        if (status != OK)
            log_say(log, LOG_LEVEL_WARN, "start", "cannot tell whether another riskd guards this account: %s", problem.text);
    }
    return OK;
}

void
sole_release(struct sole *sole)
{
    while (sole->count > 0)
        os_unlock(sole->locks[--sole->count]);
}
