/*
 * books.c - the lists of the simulated exchange and what stood in them a moment ago.
 *
 * Nothing leaves the lists: orders end, positions go flat.  Before a change the old state is put on the entry's past, newest first, for
 * clients that are shown the books late (gateway.md 9.13); what is older than EXCHANGE_LAG_MAX is forgotten.
 */
#include "base/assert.h"
#include "sim/exchange_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

void *
books_room(void *array, size_t count, size_t *size, size_t element)
{
    if (count < *size)
        return array;
    *size = *size == 0 ? 16 : *size * 2;
    void *grown = realloc(array, *size * element);
    ASSERT(grown != NULL);
    return grown;
}

void *
books_fresh(size_t size)
{
    void *memory = calloc(1, size);

    ASSERT(memory != NULL);
    return memory;
}

void
books_forget_order(struct past_order *past)
{
    while (past != NULL) {
        struct past_order *older = past->older;
        free(past);
        past = older;
    }
}

void
books_forget_position(struct past_position *past)
{
    while (past != NULL) {
        struct past_position *older = past->older;
        free(past);
        past = older;
    }
}

/* ---- What was true a moment ago ---- */

void
books_touch_order(struct book_order *order, struct instant now)
{
    struct instant horizon = instant_sub(now, EXCHANGE_LAG_MAX);
    struct past_order *past = books_fresh(sizeof *past);

    *past = (struct past_order){ .order = order->now, .until = now, .older = order->past };
    order->past = past;
    for (; past != NULL; past = past->older)
        if (past->older != NULL && instant_before(past->older->until, horizon)) {
            books_forget_order(past->older);
            past->older = NULL;
        }
}

void
books_touch_position(struct book_position *position, struct instant now)
{
    struct instant horizon = instant_sub(now, EXCHANGE_LAG_MAX);
    struct past_position *past = books_fresh(sizeof *past);

    *past = (struct past_position){ .position = position->now, .until = now, .older = position->past };
    position->past = past;
    for (; past != NULL; past = past->older)
        if (past->older != NULL && instant_before(past->older->until, horizon)) {
            books_forget_position(past->older);
            past->older = NULL;
        }
}

/* ---- Lists ---- */

struct book_order *
books_enter_order(struct exchange *exchange, const struct exchange_order *order)
{
    struct book_order *entered = books_fresh(sizeof *entered);

    entered->now = *order;
    exchange->orders =
        books_room(exchange->orders, exchange->orders_count, &exchange->orders_size, sizeof *exchange->orders);
    exchange->orders[exchange->orders_count++] = entered;
    exchange->recent =
        books_room(exchange->recent, exchange->recent_count, &exchange->recent_size, sizeof *exchange->recent);
    exchange->recent[exchange->recent_count++] = entered;
    if (exchange_may_execute(order->status)) {
        exchange->live =
            books_room(exchange->live, exchange->live_count, &exchange->live_size, sizeof *exchange->live);
        exchange->live[exchange->live_count++] = entered;
    }
    return entered;
}

void
books_age(struct exchange *exchange)
{
    struct instant horizon = instant_sub(exchange->now, EXCHANGE_LAG_MAX);
    size_t kept = 0;

    for (size_t i = 0; i < exchange->recent_count; i++) {
        struct book_order *order = exchange->recent[i];
        struct instant changed = order->past == NULL ? order->now.created : order->past->until;
        if (exchange_may_execute(order->now.status) || !instant_before(changed, horizon))
            exchange->recent[kept++] = order;
    }
    exchange->recent_count = kept;
}

size_t
books_order_index(const struct exchange *exchange, int64_t id)
{
    size_t low = 0, high = exchange->orders_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (exchange->orders[middle]->now.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct book_order *
books_order(const struct exchange *exchange, int64_t id)
{
    size_t index = books_order_index(exchange, id);

    return index < exchange->orders_count && exchange->orders[index]->now.id == id ? exchange->orders[index] : NULL;
}

struct book_position *
books_position(const struct exchange *exchange, int64_t account_id, const struct listing *listing)
{
    for (size_t i = 0; i < exchange->positions_count; i++) {
        struct book_position *position = exchange->positions[i];
        if (position->now.account_id == account_id && position->now.listing == listing)
            return position;
    }
    return NULL;
}

struct book_position *
books_enter_position(struct exchange *exchange, int64_t account_id, const struct listing *listing)
{
    struct book_position *position = books_fresh(sizeof *position);

    position->now = (struct exchange_position){ .account_id = account_id, .listing = listing };
    exchange->positions = books_room(exchange->positions, exchange->positions_count, &exchange->positions_size,
        sizeof *exchange->positions);
    exchange->positions[exchange->positions_count++] = position;
    return position;
}

const struct listing *
books_listing(const char *contract_id)
{
    for (size_t i = 0; i < listing_count(); i++)
        if (strcmp(listing_at(i)->id, contract_id) == 0)
            return listing_at(i);
    return NULL;
}

struct exchange_quote *
books_quote(const struct exchange *exchange, const struct listing *listing)
{
    for (size_t i = 0; i < listing_count(); i++)
        if (exchange->quotes[i].listing == listing)
            return &exchange->quotes[i];
    return NULL;
}

size_t
exchange_live_count(const struct exchange *exchange)
{
    return exchange->live_count;
}

void
exchange_live_at(const struct exchange *exchange, size_t index, struct exchange_order *ret_order)
{
    *ret_order = exchange->live[index]->now;
}

bool
exchange_in_play(const struct exchange *exchange, const struct listing *listing)
{
    for (size_t i = 0; i < exchange->positions_count; i++)
        if (exchange->positions[i]->now.listing == listing && exchange->positions[i]->now.net != 0)
            return true;
    for (size_t i = 0; i < exchange->live_count; i++)
        if (exchange->live[i]->now.listing == listing)
            return true;
    return false;
}

/* An order is needed while it may execute, or while something that may execute hangs on it. */
static bool
may_go(const struct exchange *exchange, const struct book_order *order, struct instant before)
{
    if (exchange_may_execute(order->now.status) || !instant_before(order->now.updated, before) ||
        !instant_before(order->now.created, before))
        return false;
    for (size_t i = 0; i < exchange->live_count; i++) {
        const struct book_order *live = exchange->live[i];
        if (live->now.parent_id == order->now.id || live->sibling_id == order->now.id || live->children[0] == order->now.id ||
            live->children[1] == order->now.id)
            return false;
    }
    return true;
}

void
exchange_forget(struct exchange *exchange, struct instant before)
{
    size_t orders = 0, trades = 0;

    books_age(exchange);
    for (size_t i = 0; i < exchange->orders_count; i++) {
        struct book_order *order = exchange->orders[i];
        if (may_go(exchange, order, before)) {
            books_forget_order(order->past);
            free(order);
        } else {
            exchange->orders[orders++] = order;
        }
    }
    exchange->orders_count = orders;
    for (size_t i = 0; i < exchange->trades_count; i++) {
        if (instant_before(exchange->trades[i].created, before))
            free(exchange->trades[i].row);
        else
            exchange->trades[trades++] = exchange->trades[i];
    }
    exchange->trades_count = trades;
}
