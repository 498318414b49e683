/*
 * clock.c - the time lockouts are judged by.
 *
 *     trusted = anchor + monotonic since then;  small differences to the wall clock are taken over once a minute
 */
#include "app/clock.h"

void
clock_init(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns)
{
    *clock = (struct trusted_clock){ .anchor = wall, .anchor_ns = monotonic_ns };
}

struct instant
clock_read(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns)
{
    struct span passed = { monotonic_ns - clock->anchor_ns };
    struct instant trusted = instant_add(clock->anchor, passed);
    struct span ahead = instant_since(wall, trusted);

    if (ahead.ns > CLOCK_STEP_MAX.ns || ahead.ns < -CLOCK_STEP_MAX.ns) {
        clock->stepped = ahead;
        return trusted;
    }
    clock->stepped = SPAN_ZERO;
    if (passed.ns >= CLOCK_FOLLOW_EVERY.ns) {
        clock_init(clock, wall, monotonic_ns);
        return wall;
    }
    return trusted;
}

void
clock_confirm(struct trusted_clock *clock, struct instant wall, int64_t monotonic_ns)
{
    clock_init(clock, wall, monotonic_ns);
}
