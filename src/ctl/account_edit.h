/*
 * account_edit.h - accounts.yaml as lines: add, change and remove one account, everything else to the byte (S-18, 2).
 *
 * Knows the layout of the template and of riskctl init (one key a line); a file of another layout is refused, and the caller reads the result
 * as the daemon will before he writes it.
 */
#ifndef CTL_ACCOUNT_EDIT_H
#define CTL_ACCOUNT_EDIT_H

#include "base/text.h"

#include <stdint.h>

struct account_edit {
    int64_t account_id;
    /* NULL: not written. */
    const char *enabled, *username, *api_key_file, *nickname, *profile;
};

/** STATUS_REFUSED: there is one with this number.  STATUS_LIMIT: @out is too small.  In all: @out is of no use on failure. */
MUST_USE enum status account_edit_add(const char *text, const struct account_edit *edit, struct text *out, struct error *err);
/** One value in its line; a comment behind it stays.  STATUS_REFUSED: there is none, or not in a layout that can be changed. */
MUST_USE enum status account_edit_set(const char *text, int64_t account_id, const char *key, const char *value, struct text *out,
    struct error *err);
MUST_USE enum status account_edit_remove(const char *text, int64_t account_id, struct text *out, struct error *err);

#endif /* CTL_ACCOUNT_EDIT_H */
