/*
 * skew.c - see skew.h.
 *
 * The Date field is cut to the second: the server's clock read something in [date, date + 1 s) at some moment between sending and receiving.
 *
 *     sent -------- the server writes Date -------- received            date - received <= skew < date + 1 s - sent
 *
 * One answer leaves a second and the round trip of doubt.  Answers fall on different parts of the second, so what all of them allow soon is not
 * much wider than a round trip.  Clocks drift: what is remembered widens with its age.  When nothing satisfies both what is remembered and the
 * new answer, a clock was stepped, and only the new one counts.
 */
#include "gateway/skew.h"

#define SECOND INT64_C(1000000000)
#define DRIFT_PER_MILLION 100 /* Of a PC's crystal, both together. */

void
skew_note(struct skew *skew, struct instant date, struct instant sent, struct instant received, int64_t now_ns)
{
    int64_t least = instant_since(date, received).ns, most = instant_since(date, sent).ns + SECOND;
    int64_t drift = skew->known ? (now_ns - skew->noted_ns) / 1000000 * DRIFT_PER_MILLION : 0;

    skew->noted_ns = now_ns;
    if (least > most) /* Our clock was stepped meanwhile. */
        return;
    int64_t old_least = skew->least_ns - drift, old_most = skew->most_ns + drift;
    if (!skew->known || least > old_most || most < old_least) {
        skew->least_ns = least;
        skew->most_ns = most;
    } else {
        skew->least_ns = least > old_least ? least : old_least;
        skew->most_ns = most < old_most ? most : old_most;
    }
    skew->known = true;
}

int64_t
skew_ms(const struct skew *skew)
{
    return (skew->least_ns / 2 + skew->most_ns / 2) / 1000000;
}

int64_t
skew_error_ms(const struct skew *skew)
{
    return (skew->most_ns - skew->least_ns + 1999999) / 2000000;
}

int64_t
skew_certain_ms(const struct skew *skew)
{
    if (skew->least_ns > 0)
        return skew->least_ns / 1000000;
    return skew->most_ns < 0 ? skew->most_ns / 1000000 : 0;
}
