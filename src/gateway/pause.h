/*
 * pause.h - when upkeep rests because the gateway's host fails (CB-02 to CB-06).  Pure: time is given, monotonic nanoseconds.
 *
 *     RUN --5 failures in a row--> PAUSED --30 s--> PROBE --ok--> RUN
 *                                     ^                |
 *                                     +-- 60, 120, 240, 300 s after each failed probe
 *
 * Any success of any call ends it at once.  It is asked by upkeep only: enforcement, log-in, reads of positions and orders never look at
 * it (CB-01), and it is not stored (CB-05): a new process begins with RUN.
 */
#ifndef GATEWAY_PAUSE_H
#define GATEWAY_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct pause {
    int32_t failures_max; /* 5 */
    int64_t first_ns, longest_ns; /* 30 s, 300 s */
    int32_t failures;     /* In a row. */
    int64_t wait_ns;      /* Of the pause under way; 0: there is none. */
    int64_t probe_ns;     /* When to probe; INT64_MAX: no pause, or the probe is out. */
};

void pause_init(struct pause *pause, int32_t failures_max, int64_t first_ns, int64_t longest_ns);
bool pause_is_on(const struct pause *pause);

/** A call of upkeep failed: no answer, or HTTP 5xx or 408.  Refusals, other 4xx and 429 are answers (CB-04).  True: a pause begins. */
bool pause_failed(struct pause *pause, int64_t now_ns);
/** Any call succeeded.  True: a pause ends. */
bool pause_succeeded(struct pause *pause);

/** The one probe leaves. */
void pause_probing(struct pause *pause);
/** It failed: the next one waits twice as long. */
void pause_probe_failed(struct pause *pause, int64_t now_ns);

#endif /* GATEWAY_PAUSE_H */
