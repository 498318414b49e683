/*
 * simulate_rules.h - the risk configuration of a seed, and what the judges need to know of it.
 */
#ifndef APP_SIMULATE_RULES_H
#define APP_SIMULATE_RULES_H

#include "sim/chance.h"

#include <stdbool.h>
#include <stdint.h>

#define SIMULATE_LISTINGS 7 /* As listing_count(). */
#define SIMULATE_RULES_TEXT 4096
#define SIMULATE_BLOCKED 5  /* RTY, by index of the listing. */

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
    int32_t audit_ms;           /* sync.audit_s: what the stream loses is found by then. */
    char json[SIMULATE_RULES_TEXT];
};

void simulate_rules_make(struct simulate_rules *rules, struct chance *chance);

#endif /* APP_SIMULATE_RULES_H */
