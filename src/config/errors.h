/*
 * errors.h - everything that is wrong with a configuration, not only the first thing (S-23, CF-02).
 *
 * Each problem says where (file:line:column, key path), what was found and what was expected, in two separate texts: a form
 * can show them beside the field, a log can print them as one line.  Secrets never get here; see bind.c.
 */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include "base/text.h"

#include <stdint.h>

#define CONFIG_ERRORS_MAX 100 /* More are counted, not kept: nobody reads the 101st before mending the first. */
#define CONFIG_KEY_MAX 160
#define CONFIG_FOUND_MAX 128
#define CONFIG_EXPECTED_MAX 400

struct config_problem {
    char file[160];
    int32_t line, column; /* From 1; columns count characters, not bytes.  0: the file as a whole. */
    char key[CONFIG_KEY_MAX];     /* "rules.max_contracts.limit"; "" when the file cannot be read at all. */
    char found[CONFIG_FOUND_MAX];
    char expected[CONFIG_EXPECTED_MAX];
};

/* Zeroed is empty.  Owned by the caller; config_errors_fini() frees. */
struct config_errors {
    int32_t count;
    int32_t dropped;
    struct config_problem *items;
};

void config_errors_fini(struct config_errors *errors);

/** Copies the problem, unless the same is there already; what does not fit is cut or, past the bound, only counted. */
void config_errors_add(struct config_errors *errors, const struct config_problem *problem);

/** By file in order of first mention, then line and column, so that a person works from top to bottom. */
void config_errors_sort(struct config_errors *errors);

/** "file:line:column: key: found X, expected Y". */
void config_errors_format(const struct config_problem *problem, struct text *text);

/** One line each, and how many are not shown. */
void config_errors_print(const struct config_errors *errors, struct text *text);

#endif /* CONFIG_ERRORS_H */
