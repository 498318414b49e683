/*
 * gateway.h - the client of one user's broker gateway: commands in, events out (spec/gateway.md, resilience.md).
 *
 * It owns the token, both hubs, the rate windows, reconciliation and polling.  It never gives up and never blocks.  Several users are several
 * gateways.  One thread: that of the libuv loop.
 *
 *     gateway_new -> gateway_start -> events ... gateway_carry_out ... -> gateway_stop -> gateway_free
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/error.h"
#include "core/event.h"
#include "core/update.h"
#include "gateway/pace.h"

#include <stdbool.h>
#include <stdint.h>

struct gateway;
struct transport;
struct uv_loop_s;

#define GATEWAY_WAITS_MAX 12
#define GATEWAY_NO_JITTER (-1)

/* Waits between attempts to connect a hub, ascending (BO-01); a count of 0 means the default. */
struct gateway_waits {
    int32_t count;
    int32_t steps_ms[GATEWAY_WAITS_MAX];
};

/* Milliseconds; 0 means the default (resilience.md 4). */
struct gateway_times {
    int32_t connect_ms;          /* 3000 */
    int32_t read_ms;             /* 10000 */
    int32_t mutation_ms;         /* 5000 */
    int32_t hub_connect_ms;      /* 10000 */
    int32_t hub_handshake_ms;    /* 15000 */
    int32_t hub_subscribe_ms;    /* 10000 */
    int32_t hub_ping_ms;         /* 15000 */
    int32_t hub_silence_ms;      /* 30000 */
    int32_t sync_request_ms;     /* 5000 */
    int32_t sync_ms;             /* 15000 */
    int32_t audit_ms;            /* 60000 */
    int32_t poll_positions_ms;   /* 5000, positions and orders */
    int32_t poll_trades_ms;      /* 10000 */
    int32_t poll_account_ms;     /* 30000 */
    int32_t quotes_silence_ms;   /* 30000: resubscribe; twice that: reconnect (HM-02). */
    int32_t pause_failures;      /* 5, a count: failures in a row after which upkeep rests (CB-02) ... */
    int32_t pause_first_ms;      /* 30000: ... for so long ... */
    int32_t pause_longest_ms;    /* 300000: ... and at most so long, doubled with each failed probe. */
    struct gateway_waits hub_waits; /* 500, 2000, 5000, 10000, 30000, 60000 */
    int32_t hub_jitter_permille; /* 200; GATEWAY_NO_JITTER: none. */
    int32_t hub_stable_ms;       /* 60000 LIVE: the next wait is the first again (BO-02). */
    int32_t hub_renew_ms;        /* 3600000 before the token expires (LO-02). */
    int32_t token_refresh_ms;    /* 7200000 before it expires (TR-02). */
    int32_t token_retry_ms;      /* 60000 */
    int32_t token_critical_ms;   /* 1800000 */
    int32_t read_tries;          /* 3, a count (RT-02) ... */
    int32_t read_base_ms;        /* 1000 */
    int32_t read_cap_ms;         /* 10000 */
    int32_t read_jitter_permille; /* 200 */
    int32_t sync_gap_ms;         /* 5000 (SR-12) */
    int32_t sync_buffer;         /* 1000, a count of events (SR-13). */
};

/* Texts are copied. */
struct gateway_settings {
    const char *rest_url;        /* "https://api.topstepx.com" */
    const char *user_hub_url;    /* "wss://rtc.topstepx.com/hubs/user" */
    const char *market_hub_url;
    const char *ca_file;         /* PEM; NULL or "": the system's. */
    const char *user_name;
    const char *api_key;         /* Secret; the copy is wiped by gateway_free(). */
    const int64_t *accounts;     /* Pinned ids; all others are ignored. */
    uint32_t accounts_count;
    /* Trades are asked for since then: the smaller of the trading day's start and the last one seen less 60 s (SR-03). */
    struct instant (*trades_since)(void *context, int64_t account_id, struct instant now);
    /* Do quotes have to come at this time (HM-02)?  NULL: silence of the market hub means nothing. */
    bool (*in_session)(void *context, struct instant now);
    /* Is it the daily halt?  Then token and hubs are renewed, well before they have to be (TR-09).  NULL: only when they have to be. */
    bool (*in_halt)(void *context, struct instant now);
    /*
     * Tick size of a contract in nanos, 0: unknown.  For what nobody told this gateway: an earlier process or another user's gateway was told (FV-09).
     * NULL: nobody knows more.
     */
    int64_t (*tick_nanos)(void *context, const char *contract);
    void *context;
    struct gateway_times times;
    struct pace_limits limits;   /* RL-01 */
    bool rested;                 /* No process of ours has sent anything for a minute: the rate windows are empty (RL-08). */
    uint64_t seed;               /* Of the jitter. */
    const struct transport *transport; /* NULL: libcurl on libuv. */
    void *transport_context;     /* Taken over: freed by gateway_free(). */
};

enum { GATEWAY_WARN = 1, GATEWAY_CRITICAL = 2 };

/* Called on the loop thread.  event may call gateway_carry_out() and gateway_stop(), nothing may call gateway_free(). */
struct gateway_sink {
    void *context;
    void (*event)(void *context, const struct event *event);
    void (*alarm)(void *context, int level, const char *text);
    /* One line per request, answer and hub transition, secrets masked.  May be NULL. */
    void (*wire)(void *context, const char *line);
    /* For the ledger: each transition of a hub (RC-09), each token and pair of credentials (SI-05); @what "hub", "session".  May be NULL. */
    void (*note)(void *context, const char *what, const char *text);
    /* A REST call ended: its path, 0 when no answer came, from its first byte out to the whole answer (0: it never left).  May be NULL. */
    void (*called)(void *context, const char *endpoint, int32_t http_status, struct span took);
};

/** STATUS_CONFIG: an address is not https/wss, or there is no account.  Nothing is sent yet.  @ret_gateway on success only. */
MUST_USE enum status gateway_new(struct uv_loop_s *uv, const struct gateway_settings *settings, struct gateway_sink sink,
    struct gateway **ret_gateway, struct error *err);

/** Log in, connect, and keep at it. */
void gateway_start(struct gateway *gateway);

/**
 * Carry out one command.  Mutations leave in this call if a token is there and the rate allows; each is answered by exactly one EVENT_ANSWER,
 * later.  READ is answered by EVENT_SNAPSHOT, LOOK_UP_ORDER by EVENT_ORDER, LOOK_UP_CONTRACT by EVENT_CONTRACT, and all three by
 * EVENT_ANSWER with the outcome when they fail.
 */
void gateway_carry_out(struct gateway *gateway, const struct command *command);

/**
 * AK-05: log in with another pair; if that works it replaces the old one, if not the old one stays and a warning is raised.  Both are copied.
 * The pair in force: nothing happens, but that another one on trial is forgotten.
 */
void gateway_change_key(struct gateway *gateway, const char *user_name, const char *api_key);

/**
 * The machine slept, or nothing of us ran for long, and the clocks need not show it (Windows): connections are made anew, all accounts reconciled
 * (SR-11).  Told more than once it is done once.
 */
void gateway_woke(struct gateway *gateway);

/** Something outside is off (a handler failed): reconcile the account, 0: all (SR-11). */
void gateway_distrust(struct gateway *gateway, int64_t account_id);

/** Close the hubs, let mutations in flight end (at most their time-out), then call @done (never from within this call). */
void gateway_stop(struct gateway *gateway, void (*done)(void *context), void *context);

/** Not from within a sink's function.  Run the loop once more before closing it.  NULL is fine. */
void gateway_free(struct gateway *gateway);

/** Monotonic time (uv_hrtime) at which the frame being delivered arrived; for the latency figure. */
int64_t gateway_frame_ns(const struct gateway *gateway);
/** Monotonic time at which the request just answered began to leave; valid inside EVENT_ANSWER, 0: it never left. */
int64_t gateway_first_byte_ns(const struct gateway *gateway);

struct gateway_hub_status {
    char state[16];           /* "LIVE", "DOWN", ... */
    char why[120];            /* Of the last drop. */
    uint32_t connects;        /* Since start. */
    int64_t live_for_ms;      /* 0: not live. */
    int64_t frame_age_ms;     /* -1: none yet. */
};

struct gateway_status {
    enum mode mode;
    struct gateway_hub_status user, market;
    bool has_token;
    int64_t token_left_s, token_age_s;
    int32_t rate_used, rate_max;       /* RL-09: everything but bars, in the last 60 s. */
    int32_t history_used, history_max; /* Bars, in the last 30 s. */
    uint32_t rate_refusals;            /* Answers 429 since start. */
    bool upkeep_paused;                /* CB-02. */
    int32_t requests_waiting;
    int64_t rest_success_age_ms; /* -1: none yet. */
    uint64_t requests, mutations, logouts, unknown_targets, foreign_rows, unusable_rows, syncs;
    int64_t clock_skew_ms;       /* Server's clock less ours ... */
    int64_t clock_skew_error_ms; /* ... give or take; 0 with 0: unknown. */
};

void gateway_status(const struct gateway *gateway, struct gateway_status *ret_status);

#endif /* GATEWAY_GATEWAY_H */
