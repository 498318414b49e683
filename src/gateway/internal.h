/*
 * internal.h - the gateway's own state, shared by the files of gateway/ only.
 *
 *     session.c  the token            rest.c   calls: queue, pace, replay, retry
 *     health.c   is REST alive        spent.c  what the rate windows hold back
 *     hub.c      two connections      fetch.c  several reads -> one snapshot
 *     hubtell.c  what is told of them
 *     sync.c     when to fetch        outbound.c  what may be sent
 *     gateway.c  events out, mode, commands in, the one wake-up
 *
 * Times are monotonic nanoseconds unless they are a struct instant.  Each part has a due_ns; gateway.c wakes at the least of them and lets every
 * part look at the clock.  Events are emitted from transport callbacks only, never from within gateway_carry_out().
 */
#ifndef GATEWAY_INTERNAL_H
#define GATEWAY_INTERNAL_H

#include "gateway/decode.h"
#include "gateway/errors.h"
#include "gateway/gateway.h"
#include "gateway/pace.h"
#include "gateway/pause.h"
#include "gateway/signalr.h"
#include "gateway/skew.h"
#include "gateway/transport.h"
#include "net/websocket.h"

#define NEVER INT64_MAX
#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

#define TOKEN_MAX 8192          /* A JWT of some 600 bytes as seen. */
#define CALL_BODY_MAX 512       /* The largest request has an account, a tag and two prices. */
#define REPLY_TEXT_MAX 512      /* EC-10 */
#define JITTER_PERMILLE 200
#define SUBSCRIPTION_ARGUMENT_MAX (CONTRACT_ID_MAX + 2) /* An id in quotes. */
#define ROWS_MAX 100000         /* Of one part of a snapshot; a 4 MiB answer holds some 14000. */

/* ---- session.c ---- */

enum session_flight { FLIGHT_NONE, FLIGHT_LOGIN, FLIGHT_VALIDATE };

struct session {
    char *token;                /* NULL: none. */
    uint64_t generation;        /* Of the token; 0: there was none yet. */
    int64_t expires_ns;
    bool proven;                /* Some answer was not 401. */
    enum session_flight flight;
    int32_t failures;           /* Of login or validate in a row. */
    int64_t login_ns;           /* Of the last login sent. */
    int64_t due_ns;
    int64_t alarm_ns;           /* Not before. */
    int64_t token_ns;           /* When the token came. */
    char *new_user, *new_key;   /* A pair on trial (AK-05); NULL: none. */
};

void session_start(struct gateway *gateway);
void session_fini(struct session *session);
void session_tick(struct gateway *gateway, int64_t now);
/** The token to use now, or NULL. */
const char *session_token(const struct gateway *gateway);
/** The server refused the token of that generation: get another, once for all who say so. */
void session_refused(struct gateway *gateway, uint64_t generation);
/** Log in anew, keeping the token until then (CC-07, RO-02). */
void session_renew(struct gateway *gateway);
/** HTTP 403: the token is kept, another one is fetched, at most once a minute (RT-07).  False: too soon. */
bool session_forbidden(struct gateway *gateway);
/** Log in with another pair; it replaces the old one when that succeeds (AK-05). */
void session_try_key(struct gateway *gateway, const char *user_name, const char *api_key);
/** The clock of tokens goes on while the machine sleeps, ours may not have. */
void session_slept(struct gateway *gateway, int64_t slept_ns);
/** An answer shows that the token works. */
void session_proven(struct gateway *gateway, uint64_t generation);
/** Expiry of a token by its "exp", if that is believable, else 24 h (TR-01). */
struct span session_token_life(const char *token, struct instant now);

/* ---- rest.c ---- */

struct reply {
    struct reply_facts facts;
    struct judgement judgement;
    const struct json *json;    /* NULL: no JSON. */
    const struct http_answer *http; /* NULL: it never got so far. */
    int64_t hold_ns;            /* After a 429. */
    char message[REPLY_TEXT_MAX]; /* errorMessage or our words. */
};

struct call;
typedef void call_done(struct gateway *gateway, struct call *call, const struct reply *reply);

struct call {
    struct call *next, *previous; /* All calls. */
    struct call *next_waiting;
    struct gateway *gateway;
    enum endpoint endpoint;
    enum pace_class class;
    bool warm;                  /* A ping on the mutations' connections. */
    bool replayed;
    bool probe;                 /* The one ping of a pause. */
    bool counted;               /* Held back by the rate, and that was told. */
    int32_t tries, tries_max;
    int32_t timeout_ms;
    uint64_t generation;
    int64_t queued_ns, not_before_ns;
    struct instant sent_at;
    call_done *done;
    struct command command;     /* What it serves, if a command. */
    struct fetch *fetch;
    unsigned part;
    int64_t offset;
    size_t length;
    char body[CALL_BODY_MAX];
};

struct rest {
    struct call *all;
    struct call *spare;         /* The last one done with: a close's is at hand. */
    struct call *waiting[2];    /* By class: NORMAL, the others; oldest first. */
    int32_t normal_in_flight, mutations_in_flight;
    int64_t due_ns;
    int64_t success_ns;         /* -1: never. */
    int64_t untold_ns;          /* Since when nobody answers with what was asked for, pings aside; -1: it is answered. */
    int64_t failing_since_ns;   /* -1: not failing. */
    int64_t ping_ns;            /* When to ping next. */
    bool cold;                  /* Then on all connections at once: none may be open. */
    int64_t skew_checked_ns;
    struct skew skew;
    int64_t first_byte_ns;
    uint64_t requests, mutations;
    struct pause pause;
    int64_t spent_alarm_ns;     /* Of the rate window, not before. */
    int64_t held_alarm_ns[2];   /* Of what it holds back, not before: upkeep, what enforces. */
    uint32_t refusals;          /* 429s. */
};

/** A call to fill in and submit. */
struct call *rest_call(struct gateway *gateway, enum endpoint endpoint, enum pace_class class, call_done *done);
/** Where to write the call's body. */
struct text rest_body(struct call *call);
/** Send now if token and pace allow, else queue.  @done comes later in any case.  Takes the call over. */
void rest_submit(struct gateway *gateway, struct call *call);
void rest_tick(struct gateway *gateway, int64_t now);
void rest_fini(struct rest *rest);
int32_t rest_waiting(const struct rest *rest);
/** Tell the sink how a call ended. */
void rest_called(const struct gateway *gateway, enum endpoint endpoint, const struct http_answer *answer);
/** One ping on the mutations' connections. */
void rest_ping(struct gateway *gateway, bool probe);

/* ---- health.c ---- */

/** Has the gateway told what it was asked for?  A log-in that fails counts too: without a token nothing is asked. */
void health_told(struct gateway *gateway, bool told);
/** Every answer, and every request that got none: mode, pause, token, clock. */
void health_note(struct gateway *gateway, const struct call *call, const struct reply *reply);
/** @sent_at: when the request left. */
void health_check_clock(struct gateway *gateway, struct instant sent_at, const struct http_answer *answer);
/** From when on we are blind, because there is neither stream nor answer.  NEVER: one of them is there, or nothing is asked. */
int64_t health_unseen_from(const struct gateway *gateway);
/** Keep connections warm, or probe. */
void health_tick(struct gateway *gateway, int64_t now);
/** None may be open: all of them are opened at the next wake-up. */
void health_warm(struct gateway *gateway, int64_t now);
int64_t health_due(const struct gateway *gateway);
/** Is this a call that rests in a pause (CB-01, CB-02)? */
bool health_rests(const struct gateway *gateway, const struct call *call);

/* ---- spent.c ---- */

/** A request leaves now (RL-02). */
void spent_take(struct gateway *gateway);
/** A call that proves or enforces cannot leave before @at because of the rate. */
void spent_held(struct gateway *gateway, struct call *call, int64_t at, int64_t now);

/* ---- fetch.c ---- */

struct fetch;
typedef void fetch_done(struct gateway *gateway, struct fetch *fetch);

struct fetch {
    struct fetch *next, *previous;
    int64_t account_id;
    unsigned wanted, got;       /* PART_... */
    int32_t pending;
    bool left;                  /* Some request of it. */
    enum pace_class class;
    uint64_t command_id;
    fetch_done *done;
    struct instant asked_at;
    int32_t restarts;
    int64_t orders_total;
    struct account_row account;
    struct position_row *positions;
    struct order_row *orders;
    struct trade_row *trades;
    uint32_t positions_count, orders_count, trades_count;
    uint32_t positions_size, orders_size, trades_size;
    struct judgement judgement; /* Of the last failure. */
    char why[160];
};

/** Read the parts, in parallel; emits one EVENT_SNAPSHOT of what succeeded, then calls @done.  @command_id 0: nobody's. */
void fetch_start(struct gateway *gateway, int64_t account_id, unsigned parts, enum pace_class class, uint64_t command_id,
    fetch_done *done);
void fetch_fini(struct gateway *gateway);
/** A read for a command: joins one of the account that has not left yet, so that a full rate window does not fill a queue. */
void fetch_read(struct gateway *gateway, int64_t account_id, uint64_t command_id, fetch_done *done);
/** Wanted parts that did not come; open orders stand in for orders. */
unsigned fetch_missing(const struct fetch *fetch);

/* ---- sync.c ---- */

struct sync_account {
    int64_t id;
    int32_t running;            /* Fetches out ... */
    bool urgent;                /* ... for a wave. */
    bool again;
    bool wave;                  /* The user hub waits for it ... */
    bool base;                  /* ... and has its positions and orders by now. */
    bool failed;                /* Something of the current round. */
    bool ok;                    /* Last round was complete. */
    bool audit;                 /* next_ns is an audit's: nobody asked for it. */
    int32_t failures;           /* Rounds in a row. */
    int64_t started_ns, next_ns;
    int64_t poll_positions_ns, poll_trades_ns, poll_account_ns;
    int32_t polling;            /* Polls out. */
};

struct sync {
    struct sync_account *accounts;
    uint32_t count;
    uint32_t turn;              /* The account that is looked at first. */
    bool wave;
    int64_t due_ns;
    uint64_t rounds;
};

MUST_USE enum status sync_init(struct gateway *gateway, const int64_t *accounts, uint32_t count, struct error *err);
void sync_fini(struct sync *sync);
void sync_tick(struct gateway *gateway, int64_t now);
/** Reconcile soon; account 0: all. */
void sync_want(struct gateway *gateway, int64_t account_id);
/** The user hub's subscriptions stand: reconcile all accounts, then hub_synced(). */
void sync_wave(struct gateway *gateway);
struct sync_account *sync_find(const struct gateway *gateway, int64_t account_id);
bool sync_all_ok(const struct gateway *gateway);

/* ---- hub.c ---- */

enum hub_kind { HUB_USER, HUB_MARKET, HUBS };
enum hub_state { HUB_OFF, HUB_DOWN, HUB_CONNECTING, HUB_HANDSHAKE, HUB_SUBSCRIBING, HUB_SYNCING, HUB_LIVE };

struct subscription {
    const char *method;         /* "SubscribeOrders"; static. */
    char argument[SUBSCRIPTION_ARGUMENT_MAX]; /* JSON text, or "". */
    bool acked;
    int32_t tries;
    int64_t invocation;         /* 0: not sent. */
    int64_t due_ns;             /* Answer or next try. */
};

struct hub {
    struct gateway *gateway;
    enum hub_kind kind;
    enum hub_state state;
    char origin[160], host[128], path[128]; /* "https://host:port", "host:port", "/hubs/user" */
    void *tunnel;
    bool socket_ready;
    struct websocket websocket;
    struct signalr signalr;
    struct subscription *subscriptions;
    uint32_t count, size;
    int64_t next_invocation;
    bool broken;                /* Sending failed; dropped at the next wake-up. */
    int32_t step;               /* Of the back-off. */
    int64_t at_ns;              /* State's time-out, or when to connect. */
    int64_t sent_ns, received_ns, state_ns, live_ns;
    int64_t quote_ns;           /* Last quote, or when they began to be due. */
    bool resubscribed;
    uint64_t token_generation;
    int64_t token_expires_ns;   /* Of the token it was connected with. */
    uint32_t connects;
    int64_t logouts_ns[4];      /* Ring: when GatewayLogout came; the fifth within two minutes is one too many. */
    uint32_t logouts_count;
    struct event *buffer;       /* User hub until it is LIVE. */
    uint32_t buffered;
    bool overflowed;
    bool released;              /* Positions and orders are there: events need not wait any longer. */
    int64_t dead_since_ns;      /* Not LIVE since. */
    int64_t streamed_ns;        /* When events could last come, or the start. */
    int64_t alarm_ns;           /* Of that, next. */
    char why[120];
};

MUST_USE enum status hub_init(struct gateway *gateway, enum hub_kind kind, const char *url, struct error *err);
void hub_fini(struct hub *hub);
void hub_start(struct hub *hub);
void hub_stop(struct hub *hub);
void hub_tick(struct hub *hub, int64_t now);
/** When hub_tick() has something to do. */
int64_t hub_due(const struct hub *hub, int64_t now);
/** A token is there: connect if that is what it waited for. */
void hub_token(struct hub *hub);
/** User hub: every account's positions and orders were read; what was buffered goes out. */
void hub_release(struct hub *hub);
/** User hub: reconciliation is done. */
void hub_synced(struct hub *hub);
/** Drop and connect again, after the usual back-off. */
void hub_drop(struct hub *hub, const char *why);
/** GatewayLogout on either hub (CC-07): both go down and come back after @delay_ns. */
void hub_log_out(struct hub *hub, int64_t delay_ns);
/** Break and make while the old token still works (LO-02). */
void hub_renew(struct hub *hub);
/** The machine slept so long: the connection is dead and its token that much older. */
void hub_slept(struct hub *hub, int64_t slept_ns);
void hub_subscribe(struct hub *hub, const char *contract);
void hub_unsubscribe(struct hub *hub, const char *contract);
const char *hub_state_name(enum hub_state state);
bool hub_is_live(const struct hub *hub);

/* hubtell.c: what is told of it. */
const char *hubtell_name(const struct hub *hub);
/** It goes from hub->state to @state: why, how long the one before lasted, and at the end how much was missed. */
void hubtell_transition(struct hub *hub, enum hub_state state, int64_t now);
/** It is not LIVE from now on. */
void hubtell_watch(struct hub *hub, int64_t now);
void hubtell_alarm(struct hub *hub, int64_t now);

/* hubset.c: what it shall be subscribed to. */
bool hubset_add_user(struct hub *hub);
/** NULL: it is there already, or no memory (alarmed). */
struct subscription *hubset_add_contract(struct hub *hub, const char *contract);
/** False: it was not there.  @ret_argument holds SUBSCRIPTION_ARGUMENT_MAX bytes. */
bool hubset_remove_contract(struct hub *hub, const char *contract, char *ret_argument);
bool hubset_is_acked(const struct hub *hub);
/** A new connection: nothing has been asked for yet. */
void hubset_reset(struct hub *hub);

/* hubframe.c: the protocol inside a connected tunnel. */
void hubframe_open(struct hub *hub);
void hubframe_received(struct hub *hub, const void *bytes, size_t length);
void hubframe_subscribe(struct hub *hub, struct subscription *subscription);
void hubframe_unsubscribe(struct hub *hub, const char *contract);
void hubframe_ping(struct hub *hub);
void hubframe_close(struct hub *hub);
/* hub.c, for hubframe.c */
void hub_enter(struct hub *hub, enum hub_state state);
void hub_logged_out(struct hub *hub, const char *text);
void hub_acked(struct hub *hub, int64_t invocation, bool failed, const char *error);
void hub_event(struct hub *hub, const struct event *event);

/* ---- outbound.c ---- */

struct held {
    int64_t account_id;
    struct contract_id contract;
    int32_t size;
};

struct tick {
    struct contract_id contract;
    int64_t size_nanos;
};

/* What is needed to check an order before it leaves. */
struct outbound {
    struct held *held;
    struct tick *ticks;
    uint32_t held_count, held_size, ticks_count, ticks_size;
};

void outbound_fini(struct outbound *outbound);
/** Remember positions and tick sizes of events going out to the shell. */
void outbound_note(struct outbound *outbound, const struct event *event);
/** Is something held of the command's account and contract? */
bool outbound_holds(const struct outbound *outbound, const struct command *command);
/**
 * FV-09.  NULL if it may leave, else what is wrong; @ret_history: the position has changed since it was asked for (it waited for the disk,
 * ID-01), nobody was wrong.
 */
const char *outbound_check(const struct gateway *gateway, const struct command *command, bool *ret_history);

/* ---- gateway.c ---- */

/* An answer to be given at the next wake-up, because gateway_carry_out() must not emit. */
struct later {
    struct later *next;
    struct event event;
};

struct gateway {
    struct gateway_settings settings; /* Texts are our own. */
    struct gateway_times times;
    struct gateway_sink sink;
    const struct transport *transport;
    void *transport_context;
    uint64_t chance;
    struct pace pace;
    struct session session;
    struct rest rest;
    struct fetch *fetches;
    struct sync sync;
    struct hub hubs[HUBS];
    struct outbound outbound;
    struct later *later;
    struct json_token *tokens;
    size_t tokens_size;
    enum mode mode;
    bool user_live, market_live; /* As last told. */
    int64_t started_ns;
    bool stopping, stopped;
    void (*stop_done)(void *context);
    void *stop_context;
    int64_t stop_ns;
    int64_t wake_ns;
    int64_t frame_ns;
    int64_t woke_ns;    /* When connections were last dropped because of a sleep; 0: never. */
    int64_t offset_ns;  /* Wall clock less monotonic, when last looked: it jumps when the machine has slept. */
    uint64_t logouts, unknown_targets, foreign_rows, unusable_rows;
};

int64_t gateway_now(const struct gateway *gateway);
struct instant gateway_utc(const struct gateway *gateway);
/** @base_ns, more or less by up to @permille, seeded (RT-10, BO-01). */
int64_t gateway_jitter(struct gateway *gateway, int64_t base_ns, int32_t permille);
/** Sets event->at. */
void gateway_emit(struct gateway *gateway, struct event *event);
void gateway_emit_later(struct gateway *gateway, const struct event *event);
void gateway_alarm(struct gateway *gateway, int level, const char *format, ...) PRINTF_LIKE(3, 4);
void gateway_wire(struct gateway *gateway, const char *format, ...) PRINTF_LIKE(2, 3);
/** For the log and the ledger. */
void gateway_note(struct gateway *gateway, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);
/** Parse with the shared tokens, grown as needed; valid until the next call. */
MUST_USE enum status gateway_parse(struct gateway *gateway, const char *text, size_t length, struct json *ret_json,
    struct error *err);
/** Zeroed copy, NULL without memory; give back with gateway_free_secret(), which wipes it first. */
char *gateway_copy_text(const char *text);
void gateway_free_secret(const char *text);
/** TR-09. */
bool gateway_in_halt(const struct gateway *gateway);
bool gateway_is_pinned(const struct gateway *gateway, int64_t account_id);
/** Hub or REST health may have changed. */
void gateway_judge_mode(struct gateway *gateway, const char *reason);
/** End of every transport callback: set the wake-up. */
void gateway_rearm(struct gateway *gateway);

#endif /* GATEWAY_INTERNAL_H */
