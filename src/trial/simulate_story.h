/*
 * simulate_story.h - what happened in a simulated run, as lines a person can follow, and as one number that two runs of a seed must share.
 *
 *     2026-08-17 14:03:05.120  account 3  trader   scalper buys 2 MNQU6 at market
 *     2026-08-17 14:03:05.141  account 3  breach   RULE-001 Max contracts: 6 of 5.
 *
 * The last lines are kept for a run that fails; all of them can be written as they come.
 */
#ifndef TRIAL_SIMULATE_STORY_H
#define TRIAL_SIMULATE_STORY_H

#include "base/error.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define STORY_LINES 240
#define STORY_LINE_MAX 360

struct simulate_story {
    FILE *out;           /* Every line; NULL: nobody listens.  Borrowed. */
    struct instant now;  /* Kept by the world. */
    uint64_t hash;       /* Of all lines and all that was mixed in. */
    uint64_t lines;
    char kept[STORY_LINES][STORY_LINE_MAX];
};

void simulate_story_init(struct simulate_story *story, FILE *out);
/** One line; @account_id 0: of no account. */
void simulate_story_tell(struct simulate_story *story, int64_t account_id, const char *who, const char *format, ...) PRINTF_LIKE(4, 5);
/** Bytes that belong to the trace but not to the story: requests, frames. */
void simulate_story_mix(struct simulate_story *story, const void *bytes, size_t length);
/** The lines kept, oldest first. */
void simulate_story_print(const struct simulate_story *story, FILE *out);

#endif /* TRIAL_SIMULATE_STORY_H */
