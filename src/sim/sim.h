/*
 * sim.h - the simulated gateway without its sockets: exchange, tokens, hubs, faults, traders, books of requests.
 *
 *     gateway_server.c (libwebsockets)          or, later, a transport in virtual time
 *         |  request            |  bytes of a hub connection
 *         v                     v
 *     endpoints.c, control.c  stream.c   --->  exchange.c, traders.c   --->  events  --->  stream.c  --->  frames to send
 *
 * Pure like the exchange: time and chance come from outside.  One thread.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "sim/crowd.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/shapes.h"
#include "sim/logins.h"
#include "sim/tokens.h"
#include "sim/traders.h"

#define SIM_RATE_GENERAL 200 /* In any 60 s (gateway.md 3). */
#define SIM_RATE_HISTORY 50  /* In any 30 s. */
#define SIM_NOTES_MAX 20000  /* Requests remembered. */
#define SIM_CREDENTIAL_MAX 256

/** One request as it came, for the tests' proofs. */
struct sim_note {
    struct instant at;
    char path[48];
    int64_t account_id; /* 0 = none in the body. */
    int64_t order_id;   /* Asked for, or made. */
    int status;         /* HTTP; 0 = none was sent. */
    int code;           /* errorCode; -1 = not judged. */
    bool executed;      /* Judged by the exchange. */
    int fault;          /* enum fault_kind, or -1. */
};

/** A rolling window: at most `limit` instants within `length`. */
struct sim_window {
    struct instant *times;
    size_t limit, next;
    struct span length;
};

struct sim_options {
    uint64_t seed;
    const char *user, *api_key; /* NULL: any is welcome. */
    const struct logins *logins; /* Instead; NULL or none: no. */
    bool walk;
    struct span walk_period;
    struct span token_life;
};

enum sim_logout { SIM_LOGOUT_NEVER, SIM_LOGOUT_SECOND_LOGIN, SIM_LOGOUT_SECOND_HUB };

struct sim {
    struct exchange *exchange;
    struct chance chance;
    char user[SIM_CREDENTIAL_MAX], api_key[SIM_CREDENTIAL_MAX];
    bool any_credentials;
    struct logins logins;
    struct tokens tokens;
    struct faults faults;
    struct stream_modes modes;
    struct stream *streams;
    struct traders traders;
    struct crowd crowd;
    struct script *script; /* NULL: none.  Owned. */
    struct sim_window general, history;
    bool rate_limited;
    bool rest_commissions, rows_commissions; /* As asked for; as the rows kept were made. */
    struct span rest_lag; /* Lists trail by this much (gateway.md 9.13) ... */
    bool orders_on_time;  /* ... but those of orders: nothing says that all trail alike. */
    enum sim_logout logout;
    bool walk;
    struct span walk_period;
    struct instant next_walk;
    struct instant now;
    struct sim_note *notes; /* A ring. */
    int64_t notes_total;
    /* Every event of the exchange, before the hubs say it; NULL: nobody looks. */
    void (*watch)(void *context, const struct exchange_event *event);
    void *watch_context;
};

/** Aborts without memory.  @options' strings are copied. */
struct sim *sim_new(const struct sim_options *options, struct instant now);
void sim_free(struct sim *sim);

/** Time passes: what is due at the exchange, the walk, the trader, hub pings and time-outs; then sim_publish(). */
void sim_advance(struct sim *sim, struct instant now);
/** When sim_advance() next has something to do, or INSTANT_NEVER. */
struct instant sim_next_due(const struct sim *sim);
/** Hands the exchange's events to traders and hubs. */
void sim_publish(struct sim *sim);

/** True if one more request fits into the window; it is then in it. */
bool sim_window_admits(struct sim_window *window, struct instant now);
/** The note is the caller's to fill until the next call. */
struct sim_note *sim_note(struct sim *sim, struct instant now, const char *path);
/** By age, 0 = the oldest remembered; NULL past the end. */
const struct sim_note *sim_note_at(const struct sim *sim, int64_t index);
/** What the lists show now: everything before this instant. */
struct instant sim_cutoff(const struct sim *sim);

#endif /* SIM_SIM_H */
