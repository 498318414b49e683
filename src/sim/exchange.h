/*
 * exchange.h - the simulated exchange: accounts, orders, brackets, net positions, fills, money.
 *
 * Pure: no I/O, no clock (time comes in with each call and never goes back), chance only from the given seed.  It answers with the
 * gateway's own codes and texts (gateway.md 1.4, 1.5) and queues what the user hub and market hub would say, in the captured order.
 *
 * Invariants: a position's size is the sum of its lots; balance = start + P&L - fees - commissions of all trades that are not voided; a
 * closed position's slot stays with size 0.  Closing a position leaves every other order working unless auto_cancel is set
 * (gateway.md 2.10).  Lots are closed first in, first out, so that the gross P&L of every half-turn is a whole number of tick values.
 */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "base/instant.h"
#include "sim/chance.h"
#include "sim/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXCHANGE_TAG_MAX 96 /* With "-SL" and "-TP"; the gateway's own limit is unknown (gateway.md 2.7). */
#define EXCHANGE_NAME_MAX 64
#define EXCHANGE_MESSAGE_MAX 160
#define EXCHANGE_LAG_MAX SPAN_SECONDS(10) /* How far back exchange_*_seen() can look. */

/* The gateway's numbers (gateway.md 6). */
enum exchange_side { EXCHANGE_BUY = 0, EXCHANGE_SELL = 1 };
enum exchange_type {
    EXCHANGE_LIMIT = 1,
    EXCHANGE_MARKET = 2,
    EXCHANGE_STOP_LIMIT = 3,
    EXCHANGE_STOP = 4,
    EXCHANGE_TRAILING_STOP = 5,
    EXCHANGE_JOIN_BID = 6,
    EXCHANGE_JOIN_ASK = 7
};
enum exchange_status {
    EXCHANGE_OPEN = 1,
    EXCHANGE_FILLED = 2,
    EXCHANGE_CANCELLED = 3,
    EXCHANGE_EXPIRED = 4,
    EXCHANGE_REJECTED = 5,
    EXCHANGE_PENDING = 6,
    EXCHANGE_PENDING_CANCEL = 7,
    EXCHANGE_SUSPENDED = 8
};

/** Prices in nanos; 0 = has none. */
struct exchange_order {
    int64_t id;
    int64_t account_id;
    const struct listing *listing;
    struct instant created;
    struct instant updated;
    enum exchange_status status;
    enum exchange_type type;
    enum exchange_side side;
    int64_t size;
    int64_t limit;
    int64_t stop;
    int64_t fill_volume;
    int64_t filled_price;
    int64_t trail_ticks; /* trailDistance; 0 = not a trailing stop. */
    int64_t parent_id;   /* 0 = none. */
    int64_t linked_id;   /* Of a take profit: its stop loss; 0 = none. */
    char tag[EXCHANGE_TAG_MAX]; /* "" = null. */
};

struct exchange_position {
    int64_t id;
    int64_t account_id;
    const struct listing *listing;
    struct instant created;
    int64_t net;     /* Contracts, negative = short. */
    int64_t average; /* Of the lots held; after the close that of the last ones held (gateway.md 5). */
};

struct exchange_trade {
    int64_t id;
    int64_t account_id;
    const struct listing *listing;
    struct instant created;
    int64_t price;
    bool closing; /* Has a P&L. */
    int64_t pnl_micros;
    int64_t fees_micros;
    int64_t commissions_micros;
    enum exchange_side side;
    int64_t size;
    bool voided;
    int64_t order_id;
    char *row; /* As REST lists it, kept because it is asked for again and again; NULL: not yet.  The exchange's. */
};

/** What clients had executed by REST (order_endpoints.c counts): the proof that nothing was done twice. */
struct exchange_counts {
    int64_t places, modifies, cancels, closes, partial_closes, refused;
};

struct exchange_account {
    int64_t id;
    char name[EXCHANGE_NAME_MAX];
    int64_t balance_micros;
    bool can_trade;
    bool follower;          /* Copy trading: place 10, cancel 6, close 8, partial close 9 (gateway.md 1.5, 8). */
    bool live;              /* Not simulated: cancel 6, partial close 9. */
    bool position_brackets; /* Brackets of orders are refused (gateway.md 2.8). */
    struct exchange_counts counts;
};

struct exchange_quote {
    const struct listing *listing;
    int64_t last, bid, ask;
    int64_t open, high, low, volume;
    struct instant updated;
    int64_t print_size; /* > 0: also a print at `last`. */
    enum exchange_side aggressor;
};

enum exchange_event_kind {
    EXCHANGE_EVENT_ORDER,
    EXCHANGE_EVENT_POSITION,
    EXCHANGE_EVENT_TRADE,
    EXCHANGE_EVENT_ACCOUNT,
    EXCHANGE_EVENT_QUOTE
};

struct exchange_event {
    enum exchange_event_kind kind;
    struct instant at;
    int64_t account_id; /* 0 for quotes. */
    union {
        struct exchange_order order;
        struct exchange_position position;
        struct exchange_trade trade;
        struct exchange_account account;
        struct exchange_quote quote;
    } u;
};

/** May be changed at any time between two calls. */
struct exchange_settings {
    struct span fill_delay;   /* Market order 6 to 2; captured: 8 ms (gateway.md 2.8). */
    struct span child_delay;  /* Entry's fill to working bracket; captured: about 20 ms. */
    struct span cancel_delay; /* Status 7 before 3; 0: at once. */
    int64_t spread_ticks;     /* bid = last, ask = last + spread. */
    int fill_pieces;          /* Market orders fill in so many trades. */
    bool auto_cancel;         /* A contract gone flat loses its working orders. */
    bool single_row_reversal; /* One trade row for a fill through zero, not two (gateway.md 13.12 is open). */
    bool market_closed;
};

/* ---- What a client may ask.  Codes are those of the endpoint's own enum (gateway.md 1.4). ---- */

struct exchange_bracket {
    bool present;
    int64_t ticks;
    int type;
};

struct exchange_place {
    int64_t account_id;
    const char *contract_id;
    int type, side;
    int64_t size;
    int64_t limit, stop, trail; /* 0 = none. */
    const char *tag;            /* NULL or "" = none. */
    struct exchange_bracket stop_loss, take_profit;
};

struct exchange_modify {
    int64_t account_id, order_id;
    int64_t size, limit, stop, trail; /* 0 = as it is. */
};

struct exchange_reply {
    int code;
    int64_t order_id; /* 0 = null.  A refused order may have one (gateway.md 2.7). */
    char message[EXCHANGE_MESSAGE_MAX]; /* "" = null. */
};

struct exchange;

/** @seed decides ids and the walk.  Every contract of the listing, no account.  Aborts without memory. */
struct exchange *exchange_new(uint64_t seed, struct instant now);
void exchange_free(struct exchange *exchange);
struct exchange_settings *exchange_settings(struct exchange *exchange);

/** Simulated, tradable, nothing held.  False if the id is taken or not positive. */
bool exchange_add_account(struct exchange *exchange, int64_t id, const char *name, int64_t balance_micros);
size_t exchange_accounts_count(const struct exchange *exchange);
/** Flags may be set directly; a change of can_trade goes through exchange_set_can_trade(). */
struct exchange_account *exchange_account_at(const struct exchange *exchange, size_t index);
struct exchange_account *exchange_account_find(const struct exchange *exchange, int64_t id);
void exchange_set_can_trade(struct exchange *exchange, struct instant now, struct exchange_account *account, bool can_trade);

struct exchange_reply exchange_place(struct exchange *exchange, struct instant now, const struct exchange_place *place);
struct exchange_reply exchange_modify(struct exchange *exchange, struct instant now, const struct exchange_modify *modify);
struct exchange_reply exchange_cancel(struct exchange *exchange, struct instant now, int64_t account_id, int64_t order_id);
struct exchange_reply exchange_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id);
struct exchange_reply exchange_partial_close(struct exchange *exchange, struct instant now, int64_t account_id,
    const char *contract_id, int64_t size);

/* ---- What only the simulation may do. ---- */

/** Trade at @price: quotes, then whatever that triggers.  False: no such contract, or not on a tick. */
bool exchange_set_price(struct exchange *exchange, struct instant now, const char *contract_id, int64_t price);
/** One random step of every active contract. */
void exchange_walk(struct exchange *exchange, struct instant now);
/** Fill @size of a working order at @price, whatever the market is.  False: no such working order, or size out of range. */
bool exchange_fill(struct exchange *exchange, struct instant now, int64_t order_id, int64_t size, int64_t price);
/** Mark a trade voided, take its money back, say so.  False: unknown or voided already. */
bool exchange_void(struct exchange *exchange, struct instant now, int64_t trade_id);
/** Do what is due until @now; each thing at its own instant. */
void exchange_advance(struct exchange *exchange, struct instant now);
/** When the next thing is due, or INSTANT_NEVER. */
struct instant exchange_next_due(const struct exchange *exchange);
/** Oldest event not taken yet. */
bool exchange_take_event(struct exchange *exchange, struct exchange_event *ret_event);

/* ---- Looking. ---- */

/** Quote of a contract by id or symbol id; NULL if not listed. */
const struct exchange_quote *exchange_quote(const struct exchange *exchange, const char *contract_id);
size_t exchange_orders_count(const struct exchange *exchange);
/** Order by index, in order of ids, as it was at @cutoff (INSTANT_NEVER: now).  False: it did not exist then. */
bool exchange_order_seen(const struct exchange *exchange, size_t index, struct instant cutoff, struct exchange_order *ret_order);
bool exchange_order_find(const struct exchange *exchange, int64_t id, struct instant cutoff, struct exchange_order *ret_order);
size_t exchange_positions_count(const struct exchange *exchange);
/** Likewise; a flat one has net 0. */
bool exchange_position_seen(const struct exchange *exchange, size_t index, struct instant cutoff,
    struct exchange_position *ret_position);
int64_t exchange_net(const struct exchange *exchange, int64_t account_id, const char *contract_id);
size_t exchange_trades_count(const struct exchange *exchange);
const struct exchange_trade *exchange_trade_at(const struct exchange *exchange, size_t index);
/** Keep @row with a trade; it becomes the exchange's, and goes when the trade changes. */
void exchange_keep_row(struct exchange *exchange, size_t index, char *row);
/** No position and no order that may execute (status 1, 6, 7 or 8). */
bool exchange_is_flat(const struct exchange *exchange, int64_t account_id);
bool exchange_may_execute(enum exchange_status status);
/** Orders by id: of those that may execute, or have ended within EXCHANGE_LAG_MAX: all that a list of working ones may show at any cutoff. */
size_t exchange_recent_count(const struct exchange *exchange);
bool exchange_recent_seen(const struct exchange *exchange, size_t index, struct instant cutoff, struct exchange_order *ret_order);
/** Orders that may execute, by id. */
size_t exchange_live_count(const struct exchange *exchange);
void exchange_live_at(const struct exchange *exchange, size_t index, struct exchange_order *ret_order);
/** Does anybody hold it, or have an order in it that may execute? */
bool exchange_in_play(const struct exchange *exchange, const struct listing *listing);
/** Forget orders that ended, and trades, before @before; tags of forgotten orders may come again. */
void exchange_forget(struct exchange *exchange, struct instant before);

#endif /* SIM_EXCHANGE_H */
