/*
 * metrics.h - the daemon's figures in Prometheus' text format (S-26, HM-07).
 *
 * Counted on the loop thread as things happen, rendered when somebody asks.  A label is never a user name, a key or free text: accounts do not
 * appear, users are numbered in the order of accounts.yaml.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "app/alerts.h"
#include "app/histogram.h"
#include "app/latency.h"
#include "app/log.h"
#include "app/status.h"
#include "gateway/gateway.h"
#include "store/writer.h"

#define METRICS_ENDPOINTS 24 /* Kinds of REST calls; the gateway has 18. */
#define METRICS_COMMANDS 16
#define METRICS_OUTCOMES 8

enum { METRICS_ANSWERED, METRICS_REFUSED, METRICS_LOST, METRICS_RESULTS }; /* 2xx; another status; no answer. */

struct metrics_endpoint {
    char name[64];
    uint64_t results[METRICS_RESULTS];
    struct histogram took;
    struct latency latency;    /* Of those that were answered: percentiles of this process. */
};

/* Zeroed is fresh; large, so not for the stack. */
struct metrics {
    struct histogram step;     /* One event through state, rules and commands. */
    struct histogram decision; /* Frame in to the request's first byte out. */
    struct histogram flat;     /* Breach to proof. */
    uint64_t actions[METRICS_COMMANDS][METRICS_OUTCOMES];
    uint32_t endpoints_count;
    struct metrics_endpoint endpoints[METRICS_ENDPOINTS];
    int64_t loop_lag_max_ms;
};

/** A REST call ended: @http_status 0 when no answer came. */
void metrics_call(struct metrics *metrics, const char *endpoint, int32_t http_status, struct span took);
/** A command of an enforcement was answered.  @decision zero: it answers no frame. */
void metrics_answer(struct metrics *metrics, const struct command *command, enum outcome outcome, struct span decision);

/* What else a page shows; all borrowed. */
struct metrics_view {
    const struct status_board *board;
    const struct engine *engine;
    struct writer_status store;
    struct log_stats log;
    uint32_t notices_waiting;            /* For the disk. */
    int32_t feed_clients;                /* -1: no feed. */
    uint64_t feed_dropped;               /* Clients that were too slow. */
    const struct gateway_status *users;
    int32_t users_count;
    struct instant now;
    bool ready;
    struct alerts_stats alerts;
};

void metrics_write(const struct metrics *metrics, const struct metrics_view *view, struct text *out);

#endif /* APP_METRICS_H */
