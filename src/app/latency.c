/*
 * latency.c - a histogram of durations.
 *
 *     0..15 ns: one bucket each;  2^e..2^(e+1): 16 of equal width
 */
#include "app/latency.h"

#include "base/assert.h"

#define SUB_BITS 4
#define SUB (1 << SUB_BITS)

static uint32_t
bucket_of(uint64_t ns)
{
    uint32_t exponent = SUB_BITS;

    if (ns < SUB)
        return (uint32_t)ns;
    while (ns >> exponent >= 2)
        exponent++;
    return (exponent - SUB_BITS + 1) * SUB + (uint32_t)((ns >> (exponent - SUB_BITS)) & (SUB - 1));
}

/* Largest duration of a bucket. */
static int64_t
top_of(uint32_t bucket)
{
    uint32_t exponent = bucket / SUB + SUB_BITS - 1;

    if (bucket < SUB)
        return bucket;
    return (int64_t)(((uint64_t)(SUB + bucket % SUB + 1) << (exponent - SUB_BITS)) - 1);
}

void
latency_add(struct latency *latency, struct span took)
{
    uint64_t ns = took.ns > 0 ? (uint64_t)took.ns : 0;
    uint32_t bucket = bucket_of(ns);

    ASSERT(bucket < LATENCY_BUCKETS);
    if (latency->buckets[bucket] == UINT32_MAX)
        return;
    latency->buckets[bucket]++;
    latency->count++;
    if (took.ns > latency->max.ns)
        latency->max = took;
}

struct span
latency_at(const struct latency *latency, int permille)
{
    uint64_t wanted = (latency->count * (uint64_t)permille + 999) / 1000;
    uint64_t seen = 0;

    for (uint32_t i = 0; i < LATENCY_BUCKETS && latency->count > 0; i++) {
        seen += latency->buckets[i];
        if (seen >= wanted && seen > 0)
            return top_of(i) < latency->max.ns ? (struct span){ top_of(i) } : latency->max;
    }
    return latency->max;
}
