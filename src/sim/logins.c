/*
 * logins.c - see logins.h.
 */
#include "sim/logins.h"

#include "base/text.h"
#include "sim/sim.h"

#include <string.h>

bool
logins_add(struct logins *logins, const char *user, const char *key, const char *ids)
{
    struct login *login = &logins->list[logins->count];

    if (logins->count == LOGINS_MAX)
        return false;
    *login = (struct login){ .accounts_count = 0 };
    bool good = text_copy(login->user, sizeof login->user, user) && text_copy(login->key, sizeof login->key, key);
    while (good && *ids != '\0') {
        size_t length = strcspn(ids, ",");

        good = login->accounts_count < LOGINS_ACCOUNTS_MAX && text_to_int64(ids, length, &login->accounts[login->accounts_count]);
        login->accounts_count++;
        ids += length + (ids[length] == ',');
    }
    logins->count += good;
    return good;
}

static const struct login *
find(const struct logins *logins, const char *user)
{
    for (size_t i = 0; i < logins->count; i++)
        if (strcmp(logins->list[i].user, user) == 0)
            return &logins->list[i];
    return NULL;
}

bool
logins_welcome(const struct logins *logins, const char *user, const char *key)
{
    const struct login *login = find(logins, user);

    return login != NULL && strcmp(login->key, key) == 0;
}

bool
logins_may(const struct sim *sim, const char *token, int64_t account_id)
{
    return logins_has(&sim->logins, tokens_user(&sim->tokens, token), account_id);
}

bool
logins_has(const struct logins *logins, const char *user, int64_t account_id)
{
    const struct login *login = find(logins, user);

    if (logins->count == 0)
        return true;
    for (size_t i = 0; login != NULL && i < login->accounts_count; i++)
        if (login->accounts[i] == account_id)
            return true;
    return false;
}
