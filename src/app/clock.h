/*
 * clock.h - the time lockouts are judged by: UTC, but nobody ends one early by setting the clock (S-21).
 *
 * The wall clock is followed as long as it runs beside the monotonic clock.  A step of more than CLOCK_STEP_MAX is reported
 * and not followed until the broker's clock agrees with it.
 */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include "base/instant.h"

#include <stdbool.h>

#define CLOCK_STEP_MAX SPAN_SECONDS(2)      /* HM-06: more is a warning. */
#define CLOCK_FOLLOW_EVERY SPAN_SECONDS(60) /* So small steps cannot add up to a large one quickly. */

struct trusted_clock {
    struct instant anchor;   /* Trusted time at anchor_ns. */
    int64_t anchor_ns;       /* Monotonic, going on while the machine sleeps. */
    struct span stepped;     /* Wall clock less trusted time, when that is a step; else zero. */
};

void clock_init(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns);

/** Trusted time for these two readings. */
struct instant clock_read(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns);

/** Somebody else's clock (the broker's) says that @wall is right: follow it. */
void clock_confirm(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns);

#endif /* APP_CLOCK_H */
