/*
 * order_endpoints.c - see order_endpoints.h.
 *
 * Lists show the books as they were at sim_cutoff(): REST may trail the hubs (gateway.md 9.13).  A search of orders hides suspended ones,
 * searchOpen shows status 1 only; v2/query shows all, takes at most 100 rows from a row offset and ignores contractId (gateway.md 2.6).
 */
#include "sim/order_endpoints.h"

#include "base/assert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_ROWS_MAX 100
#define CONTRACT_ID_SIZE 64

enum { ACCOUNT_NOT_FOUND = 1, ORDER_NOT_FOUND = 1 };

/* ---- Mutations ---- */

static struct exchange_bracket
read_bracket(const struct call *call, const char *key)
{
    int object = json_get(&call->json, call->root, key);

    if (json_kind(&call->json, object) != JSON_OBJECT)
        return (struct exchange_bracket){ 0 };
    return (struct exchange_bracket){ .present = true, .ticks = reply_int_or(call, object, "ticks", 0),
        .type = (int)reply_int_or(call, object, "type", 0) };
}

/* What the trader does by /sim is not counted: @counter is the daemon's, by its offset in struct exchange_counts. */
static void
end_mutation(struct call *call, const struct exchange_reply *reply, size_t counter)
{
    struct exchange_account *account = exchange_account_find(call->sim->exchange, call->note->account_id);

    if (reply->code != 0)
        counter = offsetof(struct exchange_counts, refused);
    if (account != NULL && endpoints_have(call->request->path))
        ++*(int64_t *)(void *)((char *)&account->counts + counter);
    call->note->executed = true;
    reply_end(&call->reply, reply->code, reply->message);
}

void
order_endpoints_place(struct call *call)
{
    char contract[CONTRACT_ID_SIZE], tag[EXCHANGE_TAG_MAX];
    struct exchange_place place = { .account_id = reply_int(call, "accountId"), .contract_id = contract, .tag = tag };

    reply_string(call, "contractId", contract, sizeof contract);
    place.type = (int)reply_int(call, "type");
    place.side = (int)reply_int(call, "side");
    place.size = reply_int(call, "size");
    place.limit = reply_price_or(call, call->root, "limitPrice", 0);
    place.stop = reply_price_or(call, call->root, "stopPrice", 0);
    place.trail = reply_price_or(call, call->root, "trailPrice", 0);
    reply_string_or(call, call->root, "customTag", tag, sizeof tag, "");
    place.stop_loss = read_bracket(call, "stopLossBracket");
    place.take_profit = read_bracket(call, "takeProfitBracket");
    if (call->missing[0] != '\0')
        return;
    struct exchange_reply reply = exchange_place(call->sim->exchange, call->sim->now, &place);
    call->note->order_id = reply.order_id;
    if (reply.order_id != 0)
        json_add_int(&call->reply.writer, "orderId", reply.order_id);
    else
        json_add_null(&call->reply.writer, "orderId");
    end_mutation(call, &reply, offsetof(struct exchange_counts, places));
}

void
order_endpoints_modify(struct call *call)
{
    struct exchange_modify modify = { .account_id = reply_int(call, "accountId"), .order_id = reply_int(call, "orderId"),
        .size = reply_int_or(call, call->root, "size", 0), .limit = reply_price_or(call, call->root, "limitPrice", 0),
        .stop = reply_price_or(call, call->root, "stopPrice", 0), .trail = reply_price_or(call, call->root, "trailPrice", 0) };

    if (call->missing[0] != '\0')
        return;
    struct exchange_reply reply = exchange_modify(call->sim->exchange, call->sim->now, &modify);
    end_mutation(call, &reply, offsetof(struct exchange_counts, modifies));
}

void
order_endpoints_cancel(struct call *call)
{
    int64_t account_id = reply_int(call, "accountId"), order_id = reply_int(call, "orderId");

    if (call->missing[0] != '\0')
        return;
    struct exchange_reply reply = exchange_cancel(call->sim->exchange, call->sim->now, account_id, order_id);
    end_mutation(call, &reply, offsetof(struct exchange_counts, cancels));
}

void
order_endpoints_close(struct call *call)
{
    char contract[CONTRACT_ID_SIZE];
    int64_t account_id = reply_int(call, "accountId");

    reply_string(call, "contractId", contract, sizeof contract);
    if (call->missing[0] != '\0')
        return;
    struct exchange_reply reply = exchange_close(call->sim->exchange, call->sim->now, account_id, contract);
    end_mutation(call, &reply, offsetof(struct exchange_counts, closes));
}

void
order_endpoints_partial_close(struct call *call)
{
    char contract[CONTRACT_ID_SIZE];
    int64_t account_id = reply_int(call, "accountId"), size = reply_int(call, "size");

    reply_string(call, "contractId", contract, sizeof contract);
    if (call->missing[0] != '\0')
        return;
    struct exchange_reply reply = exchange_partial_close(call->sim->exchange, call->sim->now, account_id, contract, size);
    end_mutation(call, &reply, offsetof(struct exchange_counts, partial_closes));
}

/* ---- Orders ---- */

/* False: answered, or to be answered with 400. */
static bool
account_exists(struct call *call, int64_t account_id, const char *list)
{
    if (call->missing[0] != '\0')
        return false;
    if (exchange_account_find(call->sim->exchange, account_id) != NULL)
        return true;
    json_open(&call->reply.writer, list, '[');
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, ACCOUNT_NOT_FOUND, NULL);
    return false;
}

struct wanted {
    int64_t account_id;
    uint32_t statuses; /* By bits. */
    struct instant from, to;
};

static bool
is_wanted(const struct wanted *wanted, const struct exchange_order *order)
{
    return order->account_id == wanted->account_id && (wanted->statuses >> order->status & 1) != 0 &&
           !instant_before(order->created, wanted->from) && !instant_before(wanted->to, order->created);
}

static void
add_order(struct call *call, const struct exchange_order *order)
{
    reply_room(&call->reply, SHAPES_ROW_MAX);
    shapes_order(&call->reply.writer, NULL, order, SHAPE_REST, false);
}

/* A list of none but working orders need not look at all that ever were. */
#define WORKING (UINT32_C(1) << EXCHANGE_OPEN | UINT32_C(1) << EXCHANGE_PENDING | UINT32_C(1) << EXCHANGE_PENDING_CANCEL | \
    UINT32_C(1) << EXCHANGE_SUSPENDED)

static struct instant
orders_cutoff(const struct sim *sim)
{
    return sim->orders_on_time ? INSTANT_NEVER : sim_cutoff(sim);
}

static size_t
rows_count(const struct exchange *exchange, const struct wanted *wanted)
{
    return (wanted->statuses & ~WORKING) == 0 ? exchange_recent_count(exchange) : exchange_orders_count(exchange);
}

static bool
row_at(const struct call *call, const struct wanted *wanted, size_t index, struct exchange_order *ret_order)
{
    const struct exchange *exchange = call->sim->exchange;
    struct instant cutoff = orders_cutoff(call->sim);

    return ((wanted->statuses & ~WORKING) == 0 ? exchange_recent_seen(exchange, index, cutoff, ret_order)
                                               : exchange_order_seen(exchange, index, cutoff, ret_order)) &&
        is_wanted(wanted, ret_order);
}

static void
list_orders(struct call *call, const struct wanted *wanted)
{
    const struct exchange *exchange = call->sim->exchange;
    struct exchange_order order;

    json_open(&call->reply.writer, "orders", '[');
    for (size_t i = 0; i < rows_count(exchange, wanted); i++)
        if (row_at(call, wanted, i, &order))
            add_order(call, &order);
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, 0, NULL);
}

void
order_endpoints_search(struct call *call)
{
    struct wanted wanted = { .account_id = reply_int(call, "accountId"), .statuses = ~(UINT32_C(1) << EXCHANGE_SUSPENDED),
        .from = reply_instant(call, "startTimestamp") };

    wanted.to = reply_instant_or(call, call->root, "endTimestamp", INSTANT_NEVER);
    if (account_exists(call, wanted.account_id, "orders"))
        list_orders(call, &wanted);
}

void
order_endpoints_search_open(struct call *call)
{
    struct wanted wanted = { .account_id = reply_int(call, "accountId"), .statuses = UINT32_C(1) << EXCHANGE_OPEN,
        .to = INSTANT_NEVER };

    if (account_exists(call, wanted.account_id, "orders"))
        list_orders(call, &wanted);
}

void
order_endpoints_find(struct call *call)
{
    int64_t account_id = reply_int(call, "accountId"), order_id = reply_int(call, "orderId");
    struct exchange_order order;

    if (call->missing[0] != '\0')
        return;
    if (!exchange_order_find(call->sim->exchange, order_id, orders_cutoff(call->sim), &order) || order.account_id != account_id) {
        json_add_null(&call->reply.writer, "order");
        reply_end(&call->reply, ORDER_NOT_FOUND, NULL);
        return;
    }
    reply_room(&call->reply, SHAPES_ROW_MAX);
    shapes_order(&call->reply.writer, "order", &order, SHAPE_REST, false);
    reply_end(&call->reply, 0, NULL);
}

static uint32_t
read_statuses(const struct call *call, int filter)
{
    int list = json_get(&call->json, filter, "statuses");
    uint32_t statuses = 0;
    int64_t status;

    if (json_kind(&call->json, list) != JSON_ARRAY || json_size(&call->json, list) == 0)
        return UINT32_MAX;
    int node = json_first(&call->json, list);
    for (size_t i = 0; i < json_size(&call->json, list); i++, node = json_next(&call->json, node))
        if (json_int64(&call->json, node, &status) && status >= 0 && status < 32)
            statuses |= UINT32_C(1) << status;
    return statuses;
}

/* Rows [offset, offset + size) of those wanted, in the order asked for: creation and id ascend together. */
static void
list_page(struct call *call, const struct wanted *wanted, int64_t offset, int64_t size, bool descending)
{
    const struct exchange *exchange = call->sim->exchange;
    size_t count = rows_count(exchange, wanted);
    struct exchange_order order;
    int64_t total = 0;

    json_open(&call->reply.writer, "orders", '[');
    for (size_t i = 0; i < count; i++) {
        size_t index = descending ? count - 1 - i : i;
        if (!row_at(call, wanted, index, &order))
            continue;
        if (total >= offset && total < offset + size)
            add_order(call, &order);
        total++;
    }
    json_close(&call->reply.writer, ']');
    json_add_int(&call->reply.writer, "totalCount", total);
    reply_end(&call->reply, 0, NULL);
}

void
order_endpoints_query(struct call *call)
{
    int filter = json_get(&call->json, call->root, "filter");
    int64_t size = reply_int_or(call, call->root, "pageSize", QUERY_ROWS_MAX);
    int64_t offset = reply_int_or(call, call->root, "pageOffset", 0);

    if (json_kind(&call->json, filter) != JSON_OBJECT) {
        (void)text_copy(call->missing, sizeof call->missing, "filter");
        return;
    }
    call->root = filter;
    struct wanted wanted = { .account_id = reply_int(call, "accountId"), .statuses = read_statuses(call, filter),
        .from = reply_instant_or(call, filter, "createdAfter", INSTANT_NONE),
        .to = reply_instant_or(call, filter, "createdBefore", INSTANT_NEVER) };
    call->root = 0;
    call->note->account_id = wanted.account_id;
    if (account_exists(call, wanted.account_id, "orders"))
        list_page(call, &wanted, offset < 0 ? 0 : offset, size < 1 || size > QUERY_ROWS_MAX ? QUERY_ROWS_MAX : size,
            reply_int_or(call, call->root, "sortDirection", 0) == 1);
}

/* ---- Positions and trades ---- */

void
order_endpoints_positions(struct call *call)
{
    const struct exchange *exchange = call->sim->exchange;
    int64_t account_id = reply_int(call, "accountId");
    struct exchange_position position;

    if (!account_exists(call, account_id, "positions"))
        return;
    json_open(&call->reply.writer, "positions", '[');
    for (size_t i = 0; i < exchange_positions_count(exchange); i++) {
        if (!exchange_position_seen(exchange, i, sim_cutoff(call->sim), &position) || position.account_id != account_id ||
            position.net == 0)
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_position(&call->reply.writer, NULL, &position, SHAPE_REST, false);
    }
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, 0, NULL);
}

/* As shapes_trade() writes it, made once: a day's trades are asked for every minute. */
static const char *
trade_row(struct sim *sim, size_t index)
{
    const struct exchange_trade *trade = exchange_trade_at(sim->exchange, index);
    char bytes[SHAPES_ROW_MAX];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer writer = json_writer_on(&text);

    if (sim->rows_commissions != sim->rest_commissions) {
        for (size_t i = 0; i < exchange_trades_count(sim->exchange); i++)
            exchange_keep_row(sim->exchange, i, NULL);
        sim->rows_commissions = sim->rest_commissions;
    }
    if (trade->row != NULL)
        return trade->row;
    shapes_trade(&writer, NULL, trade, SHAPE_REST, false, sim->rest_commissions);
    char *row = malloc(text.length + 1);
    ASSERT(row != NULL);
    memcpy(row, text.data, text.length + 1);
    exchange_keep_row(sim->exchange, index, row);
    return row;
}

void
order_endpoints_trades(struct call *call)
{
    const struct exchange *exchange = call->sim->exchange;
    int64_t account_id = reply_int(call, "accountId");
    struct instant from = reply_instant_or(call, call->root, "startTimestamp", INSTANT_NONE);
    struct instant to = reply_instant_or(call, call->root, "endTimestamp", INSTANT_NEVER);

    if (!account_exists(call, account_id, "trades"))
        return;
    json_open(&call->reply.writer, "trades", '[');
    for (size_t i = exchange_trades_count(exchange); i-- > 0;) { /* Newest first (gateway.md 2.11). */
        const struct exchange_trade *trade = exchange_trade_at(exchange, i);
        if (instant_before(trade->created, from))
            break; /* By time. */
        if (trade->account_id != account_id || instant_before(to, trade->created) ||
            instant_before(sim_cutoff(call->sim), trade->created))
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_add_raw(&call->reply.writer, NULL, trade_row(call->sim, i));
    }
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, 0, NULL);
}
