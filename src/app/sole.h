/*
 * sole.h - one riskd for an account (CC-06): two would close the same position twice and turn it round.
 *
 * A lock for each account and gateway among the running user's temporary files, beside the database's own lock (S-28): a second riskd with another
 * database is refused too.  Riskds of different users, or a service's with temporary files of its own, do not see each other.
 */
#ifndef APP_SOLE_H
#define APP_SOLE_H

#include "base/error.h"
#include "config/load.h"

#define SOLE_ACCOUNTS_MAX 64 /* More accounts than that are nobody's by mistake twice: the first ones are enough. */

struct log;
struct os_lock;

/* Zeroed holds nothing. */
struct sole {
    struct os_lock *locks[SOLE_ACCOUNTS_MAX];
    int32_t count;
};

/**
 * Take the locks of @config's accounts.  One that cannot be made is told in @log and does without: not to start would disarm.
 *
 * STATUS_REFUSED: another riskd guards an account; the text names both.  What was taken is given back.
 */
MUST_USE enum status sole_take(struct sole *sole, const struct loaded_config *config, struct log *log, struct error *err);

void sole_release(struct sole *sole);

#endif /* APP_SOLE_H */
