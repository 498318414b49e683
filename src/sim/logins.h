/*
 * logins.h - who may log in, and which accounts each of them has: several users of one gateway (issue 4, "several users and accounts in one daemon").
 */
#ifndef SIM_LOGINS_H
#define SIM_LOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGINS_MAX 8
#define LOGINS_ACCOUNTS_MAX 16
#define LOGINS_TEXT_MAX 256

struct sim;

/* One user: his key, and the accounts he has; nobody else's exist for him. */
struct login {
    char user[LOGINS_TEXT_MAX], key[LOGINS_TEXT_MAX];
    int64_t accounts[LOGINS_ACCOUNTS_MAX];
    size_t accounts_count;
};

/* Zeroed: the one pair of struct sim_options, or anybody, has all accounts. */
struct logins {
    struct login list[LOGINS_MAX];
    size_t count;
};

/** @ids: "ID[,ID...]".  False: not of that form, or one too many. */
bool logins_add(struct logins *logins, const char *user, const char *key, const char *ids);
/** Is the pair one of them? */
bool logins_welcome(const struct logins *logins, const char *user, const char *key);
bool logins_has(const struct logins *logins, const char *user, int64_t account_id);
/** Does whoever holds the token have the account? */
bool logins_may(const struct sim *sim, const char *token, int64_t account_id);

#endif /* SIM_LOGINS_H */
