/*
 * exchange_parts.h - what exchange.c, books.c, orders.c and fills.c share and nobody else may see.
 *
 *     orders.c   checks what is asked, makes orders          fills.c   executes them: positions, trades, money, brackets
 *     exchange.c the clockwork, the events, prices             books.c   the lists, and what was true a moment ago
 *
 * Rule for all: books_touch_order() or books_touch_position() before changing a book entry that clients have seen.
 */
#ifndef SIM_EXCHANGE_PARTS_H
#define SIM_EXCHANGE_PARTS_H

#include "sim/exchange.h"

enum due { DUE_NOTHING, DUE_FILL, DUE_ACTIVATE, DUE_CANCEL };

/* What an order was before `until`. */
struct past_order {
    struct exchange_order order;
    struct instant until;
    struct past_order *older;
};

struct past_position {
    struct exchange_position position;
    struct instant until;
    struct past_position *older;
};

struct book_order {
    struct exchange_order now;
    struct past_order *past;
    enum due due;
    struct instant due_at;
    int64_t first_fill;    /* Price brackets are measured from; 0 before. */
    int64_t bracket_ticks; /* Of a bracket's child. */
    int64_t children[2];   /* Stop loss, take profit; 0 = none. */
    int64_t sibling_id;    /* One cancels the other. */
};

struct lot {
    int64_t size;
    int64_t price;
};

struct book_position {
    struct exchange_position now;
    struct past_position *past;
    struct lot *lots; /* Oldest first, all of the sign of now.net. */
    size_t lots_count, lots_size;
};

struct exchange {
    struct exchange_settings settings;
    struct chance chance;
    struct instant now;
    int64_t next_order_id, next_trade_id, next_position_id;
    struct exchange_quote *quotes; /* One for each listing, in its order. */
    struct exchange_account **accounts;
    size_t accounts_count, accounts_size;
    struct book_order **orders; /* By id. */
    size_t orders_count, orders_size;
    struct book_order **live; /* Those that may execute, by id; ended ones leave at the end of a call. */
    size_t live_count, live_size;
    struct book_order **recent; /* Those, and what ended within EXCHANGE_LAG_MAX, by id. */
    size_t recent_count, recent_size;
    struct book_position **positions;
    size_t positions_count, positions_size;
    struct exchange_trade *trades;
    size_t trades_count, trades_size;
    struct exchange_event *events; /* [events_taken, events_count) wait. */
    size_t events_taken, events_count, events_size;
};

/* exchange.c */

void exchange_tell_order(struct exchange *exchange, struct instant at, const struct book_order *order);
void exchange_tell_position(struct exchange *exchange, struct instant at, const struct book_position *position);
void exchange_tell_trade(struct exchange *exchange, struct instant at, const struct exchange_trade *trade);
void exchange_tell_account(struct exchange *exchange, struct instant at, const struct exchange_account *account);

/* books.c */

/** Zeroed; aborts without memory. */
void *books_fresh(size_t size);
/** Room for one more of @element bytes in a growing array; aborts without memory. */
void *books_room(void *array, size_t count, size_t *size, size_t element);
void books_touch_order(struct book_order *order, struct instant now);
void books_touch_position(struct book_position *position, struct instant now);
void books_forget_order(struct past_order *past);
void books_forget_position(struct past_position *past);
/** What ended too long ago leaves the recent ones. */
void books_age(struct exchange *exchange);
/** Enters all lists; id and times are set by the caller.  The books own it. */
struct book_order *books_enter_order(struct exchange *exchange, const struct exchange_order *order);
/** Index of the first order whose id is not below @id. */
size_t books_order_index(const struct exchange *exchange, int64_t id);
struct book_order *books_order(const struct exchange *exchange, int64_t id);
struct book_position *books_position(const struct exchange *exchange, int64_t account_id, const struct listing *listing);
struct book_position *books_enter_position(struct exchange *exchange, int64_t account_id, const struct listing *listing);
const struct listing *books_listing(const char *contract_id);
struct exchange_quote *books_quote(const struct exchange *exchange, const struct listing *listing);

/* orders.c */

struct exchange_reply orders_place(struct exchange *exchange, struct instant now, const struct exchange_place *place);
struct exchange_reply orders_modify(struct exchange *exchange, struct instant now, const struct exchange_modify *modify);
struct exchange_reply orders_cancel(struct exchange *exchange, struct instant now, int64_t account_id, int64_t order_id);
struct exchange_reply orders_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id);
struct exchange_reply orders_partial_close(struct exchange *exchange, struct instant now, int64_t account_id,
    const char *contract_id, int64_t size);
/** Ends an order that may execute, and the suspended children of an entry that never filled. */
void orders_end(struct exchange *exchange, struct instant now, struct book_order *order, enum exchange_status status);

/* fills.c */

/** One fill of a working order, with all that follows from it.  @size is at most what is left. */
void fills_take(struct exchange *exchange, struct instant now, struct book_order *order, int64_t size, int64_t price);
/** A market order at the price of now, in settings.fill_pieces. */
void fills_market(struct exchange *exchange, struct instant now, struct book_order *order);
/** A bracket's child begins to work. */
void fills_activate(struct exchange *exchange, struct instant now, struct book_order *child);
/** Working orders of @listing that the price reached.  @resting: they stood in the book before it came. */
void fills_check(struct exchange *exchange, struct instant now, const struct listing *listing, bool resting);

#endif /* SIM_EXCHANGE_PARTS_H */
