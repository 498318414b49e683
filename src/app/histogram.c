/*
 * histogram.c - durations counted in fixed buckets.
 */
#include "app/histogram.h"

#include <inttypes.h>

static const struct {
    int64_t ns;
    const char *seconds; /* As a label: written once, so that a series never changes its name. */
} bounds[HISTOGRAM_BOUNDS] = {
    { 50000, "5e-05" }, { 100000, "0.0001" }, { 250000, "0.00025" }, { 500000, "0.0005" }, { 1000000, "0.001" }, { 2500000, "0.0025" },
    { 5000000, "0.005" }, { 10000000, "0.01" }, { 25000000, "0.025" }, { 50000000, "0.05" }, { 100000000, "0.1" },
    { 250000000, "0.25" }, { 500000000, "0.5" }, { 1000000000, "1" }, { 2500000000, "2.5" }, { 5000000000, "5" },
    { 10000000000, "10" }, { 30000000000, "30" }, { 60000000000, "60" },
};

void
histogram_add(struct histogram *histogram, struct span took)
{
    int64_t ns = took.ns > 0 ? took.ns : 0;
    int i = 0;

    while (i < HISTOGRAM_BOUNDS && ns > bounds[i].ns)
        i++;
    histogram->counts[i]++;
    histogram->count++;
    histogram->sum_ns += ns;
}

void
histogram_write(const struct histogram *histogram, const char *name, const char *labels, struct text *out)
{
    const char *comma = labels[0] != '\0' ? "," : "";
    const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
    uint64_t below = 0;

    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        below += histogram->counts[i];
        text_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma, bounds[i].seconds, below);
    }
    text_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, histogram->count);
    text_addf(out, "%s_sum%s%s%s %" PRId64 ".%09" PRId64 "\n", name, open, labels, close, histogram->sum_ns / 1000000000,
        histogram->sum_ns % 1000000000);
    text_addf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, histogram->count);
}
