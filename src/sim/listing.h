/*
 * listing.h - the contracts traded at the simulated exchange: what the gateway says about them and what a fill costs.
 *
 * Ids, names, ticks and tick values as captured (captures/contract_available.json, August 2026).
 */
#ifndef SIM_LISTING_H
#define SIM_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing {
    const char *id;
    const char *name;
    const char *display; /* contractDisplayName of positions: two digits of the year (gateway.md 2.10). */
    const char *description;
    const char *symbol_id;
    int64_t tick_nanos;
    int64_t tick_value_micros;
    int64_t fees_micros;        /* For each contract of a half-turn. */
    int64_t commissions_micros; /* Likewise, and separate from the fees (gateway.md 2.11). */
    int64_t first_price_nanos;
    bool active;
};

size_t listing_count(void);
/** Lives as long as the program; @index < listing_count(). */
const struct listing *listing_at(size_t index);

#endif /* SIM_LISTING_H */
