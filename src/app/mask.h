/*
 * mask.h - secrets leave no trace in what is written for people (resilience.md LG-03, LG-04, JW-05; S-22).
 *
 * One place masks, the log's sink, so no caller can forget it.
 */
#ifndef APP_MASK_H
#define APP_MASK_H

#include "base/text.h"

#define MASK_WORD "[REDACTED]"
#define MASK_SECRETS_MAX 1100 /* The ids of 1,024 accounts (log.mask_accounts), the keys of their users. */
#define MASK_SECRET_LENGTH_MAX 256 /* AK-04: keys are at most 256 bytes. */

/* Exact secrets known to the process (API keys).  Zeroed is empty.  Large, so not for the stack. */
struct mask {
    size_t count;
    size_t oldest; /* Of a full one: the next to go. */
    char secrets[MASK_SECRETS_MAX][MASK_SECRET_LENGTH_MAX + 1];
};

/**
 * Remember one more; shorter than 4 bytes or beyond the bound is not kept (every "a" would be masked).  One that is known takes no room; when there
 * is none left the oldest goes, for the newest key is the one in use.
 */
void mask_learn(struct mask *mask, const char *secret);
/** @to becomes @from.  Memory beyond the secrets there are is not touched. */
void mask_copy(struct mask *to, const struct mask *from);
void mask_fini(struct mask *mask);

/**
 * Append @line to @out with secrets replaced by MASK_WORD: what follows a telling key (token, api_key, password,
 * Authorization, access_token=, ... as JSON, as key=value, or escaped inside a JSON string), "Bearer ...", anything
 * of JWT shape, and the known secrets.
 */
void mask_add(const struct mask *mask, struct text *out, const char *line, size_t length);

#endif /* APP_MASK_H */
