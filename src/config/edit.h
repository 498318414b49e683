/*
 * edit.h - one value of a YAML file changed, everything else to the byte (S-18, 3).
 *
 * The text is read by yaml.c, which says where each value stands; only those bytes are replaced, or a line or an entry added.  What the
 * value means is not known here: the caller reads the result as the daemon will before he writes it.
 */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

#define EDIT_DEPTH_MAX 8

/* From the file's root: keys; in a list of accounts the account with @account_id is taken first ("accounts" by name or a bare list). */
struct edit_path {
    int64_t account_id; /* 0: the path starts at the root. */
    int count;
    const char *keys[EDIT_DEPTH_MAX];
};

/** Is there a value at @path?  False too when @text cannot be read. */
bool edit_has(const char *text, const struct edit_path *path);

/**
 * Write @text with the value at @path replaced by @value into @out; a key or block that is missing is added after its neighbours.
 *
 * @value  YAML of one line: a word, a number, "[a, b]", "{ES: 1}".  Quotes that stand around the old value are kept.
 *
 * STATUS_CONFIG: @text or @value is not YAML that is taken (anchors among it).  STATUS_REFUSED: the layout there cannot be changed (a list of
 * several lines, a text with | or >), or the account is not there.  STATUS_LIMIT: @out is too small.  @out is of no use on failure.
 */
MUST_USE enum status edit_set(const char *text, const struct edit_path *path, const char *value, struct text *out, struct error *err);

#endif /* CONFIG_EDIT_H */
