/*
 * password.h - the admin password: bcrypt ($2b$, cost 12) in a private file (S-17).
 *
 * A hash takes a quarter of a second: riskd asks in a worker thread (control_socket.c), riskctl just waits.
 */
#ifndef APP_PASSWORD_H
#define APP_PASSWORD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_LENGTH_MIN 8
#define PASSWORD_LENGTH_MAX 72 /* bcrypt looks at no more: longer ones are refused, not cut. */
#define PASSWORD_MAX (PASSWORD_LENGTH_MAX + 2) /* A buffer in which a longer one is seen to be longer. */
#define PASSWORD_HASH_MAX 64
#define PASSWORD_COST 12

/** May this become the password?  STATUS_CONFIG with the reason. */
MUST_USE enum status password_check(const char *password, struct error *err);

/** Hash under a salt from the system's random numbers.  @ret_hash holds PASSWORD_HASH_MAX.  @cost PASSWORD_COST; tests take 4. */
MUST_USE enum status password_hash(const char *password, int cost, char *ret_hash, struct error *err);

/** Any thread.  A hash that is none matches nothing, nor does a password longer than 72 bytes. */
bool password_matches(const char *password, const char *hash);

/**
 * Read the hash from its file.  STATUS_REFUSED: there is none yet.  STATUS_CONFIG: others may read or write it, or it holds no bcrypt hash.
 */
MUST_USE enum status password_load(const char *path, char *ret_hash, struct error *err);
MUST_USE enum status password_save(const char *path, const char *hash, struct error *err);

#endif /* APP_PASSWORD_H */
