/*
 * histogram.h - durations counted in fixed buckets, for Prometheus (S-26).
 *
 * latency.h answers percentiles of one process; these buckets can be added up over time and processes.  From 50 us (a decision) to
 * 60 s (a flat market seldom takes longer).
 */
#ifndef APP_HISTOGRAM_H
#define APP_HISTOGRAM_H

#include "base/text.h"
#include "base/instant.h"

#define HISTOGRAM_BOUNDS 19

/* Zeroed is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* Up to each bound; the last: above all. */
    uint64_t count;
    int64_t sum_ns;
};

/** Negative durations count as zero. */
void histogram_add(struct histogram *histogram, struct span took);

/**
 * Append the samples of @name in Prometheus text.  @labels: "endpoint=\"x\"" or "".  The caller writes HELP and TYPE.
 */
void histogram_write(const struct histogram *histogram, const char *name, const char *labels, struct text *out);

#endif /* APP_HISTOGRAM_H */
