/*
 * model.h - everything the dashboard knows, filled from the feed's messages (docs/feed-protocol.md).
 *
 * The same whether the messages come from the daemon or are made from the database (app/offline.c).  All arrays are bounded; what does not fit is
 * dropped, oldest first where there is an order.  Nothing here knows a terminal, a clock or a socket.
 */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include "base/error.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ACCOUNTS 64
#define MODEL_POSITIONS 48
#define MODEL_ORDERS 96
#define MODEL_TRADES 500   /* As many as a snapshot has. */
#define MODEL_LOCKOUTS 48
#define MODEL_RULES 16
#define MODEL_POINTS 480   /* The snapshot's 240, and as many live ones until they are thinned. */
#define MODEL_QUOTES 128
#define MODEL_INCIDENTS 96
#define MODEL_PENDING 6
#define MODEL_STEPS 14     /* Of one incident; more are counted. */
#define MODEL_ENDED 64
#define MODEL_ALARMS 32
#define MODEL_SESSIONS 34
#define MODEL_HOLIDAYS 64
#define MODEL_USERS 8
#define MODEL_TEXT 160
#define MODEL_NAME 64

struct model_position {
    char contract[MODEL_NAME], root[16];
    int64_t id, size, average_nanos, tick_size_nanos, tick_value_micros, told_open_micros;
    bool open_told; /* The snapshot's own figure; without a quote it is all there is. */
    struct instant created_at;
};

struct model_order {
    char contract[MODEL_NAME], root[16], status[16], type[16];
    int64_t id, size, filled, limit_nanos, stop_nanos;
    bool buy, has_limit, has_stop;
    struct instant created_at;
};

struct model_trade {
    char contract[MODEL_NAME], root[16];
    int64_t id, size, pnl_micros, fees_micros, price_nanos;
    bool buy, has_pnl, has_price, voided;
    struct instant at;
};

struct model_lockout {
    char root[16], kind[12], end[12], why[MODEL_TEXT], reason[MODEL_TEXT];
    int64_t account_id;
    int rule;
    struct instant since, until, ended_at;
};

/* A rule's gauge and what it is set to. */
struct model_gauge {
    int rule;
    bool enabled, asked; /* asked: observed, limit and level mean something. */
    int level;           /* 0 green, 1 yellow, 2 red. */
    int64_t observed_micros, limit_micros; /* Any unit, times a million. */
    char unit[12], then[MODEL_TEXT];
};

struct model_point {
    struct instant at;
    int64_t realized_micros, open_micros;
};

struct model_day {
    char date[12];
    struct instant starts_at, ends_at;
    int64_t gross_micros, fees_micros, realized_micros, trades, round_turns;
    int64_t open_low, open_high, realized_low, realized_high; /* Micros. */
};

struct model_account {
    int64_t id;
    char name[MODEL_NAME], nickname[MODEL_NAME];
    bool locked, enforcing, uncontrollable, proven_flat;
    int can_trade; /* 1 yes, 0 no, -1 not known. */
    int64_t realized_micros, open_micros, unpriced;
    struct model_day day;
    int positions_count, orders_count, trades_count, lockouts_count, gauges_count, points_count;
    struct span point_step;
    struct model_position positions[MODEL_POSITIONS];
    struct model_order orders[MODEL_ORDERS];
    struct model_trade trades[MODEL_TRADES]; /* Oldest first. */
    struct model_lockout lockouts[MODEL_LOCKOUTS];
    struct model_gauge gauges[MODEL_RULES];
    struct model_point points[MODEL_POINTS];
};

struct model_quote {
    char contract[MODEL_NAME];
    bool has_last, has_bid, has_ask;
    int64_t last_nanos, bid_nanos, ask_nanos;
    struct instant quoted_at;
};

struct model_step {
    char what[40]; /* "sent close CON..." without the contract's first part. */
    int64_t order_id;
    struct instant at;
};

struct model_incident {
    int64_t id, account_id;
    int rule;
    char why[MODEL_TEXT], action[20];
    struct instant at;
    int64_t proven_us; /* -1: not proven. */
    int steps_count;   /* All; the first MODEL_STEPS are kept. */
    struct model_step steps[MODEL_STEPS];
};

struct model_alarm {
    int64_t account_id;
    int level; /* 1, 2. */
    char text[MODEL_TEXT];
    struct instant at;
};

struct model_latency {
    int64_t count, p50, p99, max; /* Microseconds. */
};

struct model_hub {
    char state[16], why[MODEL_TEXT];
    int64_t connects, live_for_ms, frame_age_ms; /* frame_age -1: none yet. */
};

struct model_user {
    struct model_hub user, market;
    bool has_token;
    int64_t token_left_s, budget_used, budget_max, waiting, rest_age_ms, requests, mutations, syncs, skew_ms;
};

/* Looser rules that wait for their time. */
struct model_pending {
    bool cancelled;
    struct instant until;
    int count; /* All; the first MODEL_PENDING are kept.  0: nothing waits. */
    char changes[MODEL_PENDING][MODEL_TEXT];
};

struct model_daemon {
    char version[24], mode[12], reason[MODEL_TEXT];
    struct instant started_at, told_at;
    int64_t uptime_ms, protected_ms, events, commands, breaches, alarms, undecodable, ledger_rows;
    struct model_latency decision, flat;
    struct model_pending pending;
    int users_count;
    struct model_user users[MODEL_USERS];
    bool has_store, store_failing, has_connections;
    int64_t store_waiting, store_spilled, blind_ms, degraded_ms, feed_clients, feed_dropped, feed_skipped;
};

struct model_session {
    char root[16], hours[32], zone[MODEL_NAME];
    bool open;
    struct instant ends_at, next_start;
};

struct model_holiday {
    char date[12], name[40], early_close[8];
};

struct model_calendar {
    char zone_name[MODEL_NAME], trading_day[12];
    struct zone *zone; /* NULL: UTC. */
    struct instant next_reset;
    int sessions_count, holidays_count;
    struct model_session sessions[MODEL_SESSIONS];
    struct model_holiday holidays[MODEL_HOLIDAYS];
};

struct model_rule {
    int number;
    char title[40];
};

struct model {
    bool filled;          /* A snapshot has come. */
    int64_t seq;
    struct instant at;    /* Of the newest message. */
    struct instant flash; /* Of the last enforcement. */
    uint64_t messages, unreadable;
    int warn_percent, alert_percent;
    struct model_daemon daemon;
    struct model_calendar calendar;
    int rules_count, accounts_count, quotes_count, accounts_dropped;
    struct model_rule rules[MODEL_RULES];
    struct model_quote quotes[MODEL_QUOTES];
    /* Rings: item i of the newest is [(count - 1 - i) % size]. */
    uint64_t incidents_count, ended_count, alarms_count;
    struct model_incident incidents[MODEL_INCIDENTS];
    struct model_lockout ended[MODEL_ENDED];
    struct model_alarm alarms[MODEL_ALARMS];
    struct model_account accounts[MODEL_ACCOUNTS]; /* Last: large, and touched only as far as used. */
};

/** NULL without memory. */
struct model *model_new(void);
void model_free(struct model *model);

/** Take one message of the feed.  STATUS_CORRUPT, STATUS_LIMIT: it says nothing we can read; the model is as before. */
MUST_USE enum status model_message(struct model *model, const char *text, size_t length, struct error *err);

/** NULL: there is none. */
struct model_account *model_account(struct model *model, int64_t account_id);
const struct model_quote *model_quote(const struct model *model, const char *contract);
const struct model_gauge *model_gauge(const struct model_account *account, int rule);
const char *model_rule_title(const struct model *model, int rule);
/** Nickname, else name, else the number. */
const char *model_account_title(const struct model_account *account);

/** Open P&L by the last quote, else as told.  False: not priced. */
bool model_open_pnl(const struct model *model, const struct model_position *position, int64_t *ret_micros);
/** The working order that protects a position: opposite side, a stop.  NULL: none. */
const struct model_order *model_stop_of(const struct model_account *account, const struct model_position *position);
/** Of an account lockout or cooldown that has not ended; the one that lasts longest.  NULL: none. */
const struct model_lockout *model_locked_by(const struct model_account *account, struct instant now);

/* ---- model_rows.c: one JSON object into its struct ---- */
void model_read_position(const struct json *json, int node, struct model_position *out);
/** False: it cannot trade any more. */
bool model_read_order(const struct json *json, int node, struct model_order *out);
void model_read_trade(const struct json *json, int node, struct model_trade *out);
void model_read_lockout(const struct json *json, int node, struct model_lockout *out);
void model_read_gauge(const struct json *json, int node, struct model_gauge *out);
void model_read_day(const struct json *json, int node, struct model_day *out);
void model_read_quote(const struct json *json, int node, struct model_quote *out);
void model_read_daemon(const struct json *json, int node, struct model_daemon *out);
/** Keeps the loaded zone if its name is the same. */
void model_read_calendar(const struct json *json, int node, struct model_calendar *out);

int64_t model_int(const struct json *json, int object, const char *key);
bool model_bool(const struct json *json, int object, const char *key);
int64_t model_money(const struct json *json, int object, const char *key);
struct instant model_instant(const struct json *json, int object, const char *key);
void model_string(const struct json *json, int object, const char *key, char *out, size_t size);

/* ---- model_curve.c ---- */
/** Of a snapshot; the account's trades and day are read already. */
void model_read_curve(const struct json *json, int node, struct model_account *account);
void model_add_point(struct model_account *account, struct model_point point);

/* ---- model_history.c ---- */
void model_take_enforcement(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at);
void model_take_ended(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at);
void model_take_alarm(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at);

#endif /* TUI_MODEL_H */
