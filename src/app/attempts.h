/*
 * attempts.h - how long to wait after wrong passwords; survives restarts (S-17).
 *
 *     wrong so far   1  2  3    4    5    ...  10 and more
 *     wait           0  0  30 s 60 s 120 s     1 h
 *
 * An attempt counts as wrong before it is checked: killing whoever checks gains nothing.  The right password clears the count.
 */
#ifndef APP_ATTEMPTS_H
#define APP_ATTEMPTS_H

#include "base/error.h"
#include "base/instant.h"

#include <stdint.h>

#define ATTEMPTS_SUFFIX ".attempts" /* Added to the database's path. */

struct attempts {
    int32_t wrong;
    struct instant last_at;
};

/** How long nobody may try; zero: now.  A clock that went back starts the wait anew. */
struct span attempts_wait(const struct attempts *attempts, struct instant now);

/** One more; attempts_save() it before looking at the password. */
void attempts_count(struct attempts *attempts, struct instant now);

/** A file that is missing says none; one that cannot be understood says the worst, just now. */
void attempts_load(const char *path, struct instant now, struct attempts *ret_attempts);
MUST_USE enum status attempts_save(const char *path, const struct attempts *attempts, struct error *err);

#endif /* APP_ATTEMPTS_H */
