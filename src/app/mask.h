/*
 * mask.h - secrets leave no trace in what is written for people (resilience.md LG-03, LG-04; S-22).
 *
 * One place masks, the log's sink, so no caller can forget it.
 */
#ifndef APP_MASK_H
#define APP_MASK_H

#include "base/text.h"

#define MASK_WORD "[REDACTED]"
#define MASK_SECRETS_MAX 32
#define MASK_SECRET_LENGTH_MAX 256 /* AK-04: keys are at most 256 bytes. */

/* Exact secrets known to the process (API keys).  Zeroed is empty. */
struct mask {
    size_t count;
    char secrets[MASK_SECRETS_MAX][MASK_SECRET_LENGTH_MAX + 1];
};

/** Remember one more; shorter than 4 bytes or beyond the bound is not kept (every "a" would be masked). */
void mask_learn(struct mask *mask, const char *secret);
void mask_fini(struct mask *mask);

/**
 * Append @line to @out with secrets replaced by MASK_WORD: what follows a telling key (token, api_key, password,
 * Authorization, access_token=, ... as JSON, as key=value, or escaped inside a JSON string), "Bearer ...", anything
 * of JWT shape, and the known secrets.
 */
void mask_add(const struct mask *mask, struct text *out, const char *line, size_t length);

#endif /* APP_MASK_H */
