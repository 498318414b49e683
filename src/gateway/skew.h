/*
 * skew.h - how far the gateway's clock is ahead of ours, by the Date fields of its answers (HM-06).  Pure: times are given.
 */
#ifndef GATEWAY_SKEW_H
#define GATEWAY_SKEW_H

#include "base/instant.h"

#include <stdbool.h>
#include <stdint.h>

/* What the server's clock may be ahead of ours, negative: behind.  Zeroed: nothing is known. */
struct skew {
    bool known;
    int64_t least_ns, most_ns;
    int64_t noted_ns; /* Monotonic. */
};

/**
 * An answer with @date, whole seconds, to a request sent at @sent and here at @received, both by our wall clock.
 * @now_ns is monotonic.
 */
void skew_note(struct skew *skew, struct instant date, struct instant sent, struct instant received, int64_t now_ns);

/** The middle of what is possible, and how far off that may be; 0 and 0 when nothing is known. */
int64_t skew_ms(const struct skew *skew);
int64_t skew_error_ms(const struct skew *skew);

/** The least that it is off, in either direction. */
int64_t skew_certain_ms(const struct skew *skew);

#endif /* GATEWAY_SKEW_H */
