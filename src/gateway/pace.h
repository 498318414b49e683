/*
 * pace.h - how many requests may leave (spec/gateway.md 3; RL-01 to RL-05).  Pure: time is given, monotonic nanoseconds.
 */
#ifndef GATEWAY_PACE_H
#define GATEWAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_GENERAL_MAX 200 /* In any 60 s, login and ping included: the broker's limits, and the most of ours. */
#define PACE_HISTORY_MAX 50  /* History/retrieveBars in any 30 s. */

/* What this process may send of it, where others use the same key.  0: the default. */
struct pace_limits {
    int32_t general, general_s; /* 200 in 60 s */
    int32_t history, history_s; /* 50 in 30 s */
    int32_t normal_permille;    /* 750: upkeep's share of what is general (RL-03) ... */
    int32_t enforce_permille;   /* 950: ... and enforcement's. */
};

enum pace_class {
    PACE_NORMAL,      /* Polls, audits, look-ups: up to 150. */
    PACE_PROOF,       /* Reads that prove an enforcement: up to 170, half way, so that they never use up what a close needs. */
    PACE_ENFORCEMENT, /* What reduces risk: up to 190. */
    PACE_LOGIN,       /* Token: the last ten too. */
    PACE_CLASSES,
};

enum pace_window_kind { PACE_GENERAL, PACE_HISTORY, PACE_WINDOWS };

/* A rolling window: exact times of what was sent. */
struct pace_window {
    int64_t sent_ns[PACE_GENERAL_MAX];
    int32_t first, count;
};

struct pace_bounds {
    int32_t most[PACE_CLASSES];
    int64_t length_ns;
};

struct pace {
    struct pace_bounds bounds[PACE_WINDOWS];
    struct pace_window windows[PACE_WINDOWS];
    int64_t normal_frozen_until_ns, enforcement_frozen_until_ns;
    int32_t normal_refusals, enforcement_refusals; /* 429s in a row. */
};

/**
 * @now_ns is the process's start: half of each window counts as used for its length (RL-08), the last process may have sent it; unless it is
 * known that none has (@rested).
 */
void pace_init(struct pace *pace, const struct pace_limits *limits, int64_t now_ns, bool rested);

/** When may the next request of the class leave?  @now_ns if at once, else when to ask again. */
int64_t pace_ask(const struct pace *pace, enum pace_class class, enum pace_window_kind window, int64_t now_ns);

/** It leaves now, whatever becomes of it (RL-02). */
void pace_take(struct pace *pace, enum pace_window_kind window, int64_t now_ns);

/** A 429 came.  @retry_after_s -1: not given.  Returns how long the class has to wait, ns (RL-05). */
int64_t pace_refused(struct pace *pace, enum pace_class class, int64_t retry_after_s, int64_t now_ns);

/** An answer that was no 429. */
void pace_answered(struct pace *pace, enum pace_class class);

/** Requests that may be in the window, by anybody. */
int32_t pace_max(const struct pace *pace, enum pace_window_kind window);

/** Requests in the window now. */
int32_t pace_used(const struct pace *pace, enum pace_window_kind window, int64_t now_ns);

#endif /* GATEWAY_PACE_H */
