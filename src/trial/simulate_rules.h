/*
 * simulate_rules.h - the risk configuration of a seed, and what the judges need to know of it.
 *
 * The same rules can be written again with all limits tighter or looser by a percentage, as somebody does who edits the files.
 */
#ifndef TRIAL_SIMULATE_RULES_H
#define TRIAL_SIMULATE_RULES_H

#include "base/instant.h"
#include "sim/chance.h"

#include <stdbool.h>
#include <stdint.h>

#define SIMULATE_LISTINGS 7 /* As listing_count(). */
#define SIMULATE_RULES_TEXT 4096
#define SIMULATE_BLOCKED 5  /* RTY, by index of the listing. */
#define SIMULATE_NEXT_DAY (-1)

/* What the exchange's books alone can tell to be a breach. */
struct simulate_rules {
    bool total;                 /* RULE-001 */
    int64_t total_limit;
    bool each;                  /* RULE-002 */
    int64_t each_limit[SIMULATE_LISTINGS];
    bool loss;                  /* RULE-003 */
    int64_t loss_micros;
    bool blocked;               /* RULE-011 */
    bool stops;                 /* RULE-012 places orders. */
    int32_t tilt;               /* Percent of the seed's own limits: more is looser. */
    int64_t loosen_s;           /* global.loosen: how long what is looser waits; SIMULATE_NEXT_DAY. */
    int64_t holiday;            /* Days since 1970 of a day without trade, or with less; 0: none. */
    int32_t holiday_close;      /* Second of that day at which trade ends, -1: there is none. */
    int32_t audit_ms;           /* sync.audit_s: what the stream loses is found by then. */
    struct chance chance;       /* As it was before: writes the same again. */
    struct instant start;
    char json[SIMULATE_RULES_TEXT];
};

/** @start: of the run; a holiday is that day or the next. */
void simulate_rules_make(struct simulate_rules *rules, struct chance *chance, struct instant start);
/** The same rules with limits of @percent of the first ones. */
void simulate_rules_tilt(struct simulate_rules *rules, int32_t percent);

#endif /* TRIAL_SIMULATE_RULES_H */
