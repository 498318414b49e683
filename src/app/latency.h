/*
 * latency.h - a histogram of durations with bounded error and fixed memory.
 *
 * 16 buckets for each power of two: a percentile is at most 1/16 too high, never too low.
 */
#ifndef APP_LATENCY_H
#define APP_LATENCY_H

#include "base/instant.h"

#define LATENCY_BUCKETS 976 /* 16 exact ones, then 16 for each of the 60 powers an int64 has left. */

/* Zeroed is empty. */
struct latency {
    uint64_t count;
    struct span max;
    uint32_t buckets[LATENCY_BUCKETS]; /* Full at 4 thousand million: 10 years of 10 a second. */
};

/** Negative durations count as zero. */
void latency_add(struct latency *latency, struct span took);
/** The duration that @permille of those added do not exceed; zero when there are none. */
struct span latency_at(const struct latency *latency, int permille);

#endif /* APP_LATENCY_H */
