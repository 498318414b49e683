/*
 * report.c - see report.h.
 */
#include "sim/report.h"

#include "base/text.h"
#include "sim/stream.h"

#include <string.h>

#define NS_PER_MS INT64_C(1000000)

static void
finish(struct call *call)
{
    reply_room(&call->reply, 64);
    json_add_bool(&call->reply.writer, "success", true);
    json_close(&call->reply.writer, '}');
}

/* ---- Books ---- */

static void
add_counts(struct json_writer *writer, const struct exchange_counts *counts)
{
    json_open(writer, "executed", '{');
    json_add_int(writer, "places", counts->places);
    json_add_int(writer, "modifies", counts->modifies);
    json_add_int(writer, "cancels", counts->cancels);
    json_add_int(writer, "closes", counts->closes);
    json_add_int(writer, "partialCloses", counts->partial_closes);
    json_close(writer, '}');
    json_add_int(writer, "refused", counts->refused);
}

static void
add_positions(struct call *call, int64_t account_id)
{
    const struct exchange *exchange = call->sim->exchange;
    struct exchange_position position;

    json_open(&call->reply.writer, "positions", '[');
    for (size_t i = 0; i < exchange_positions_count(exchange); i++) {
        if (!exchange_position_seen(exchange, i, INSTANT_NEVER, &position) || position.account_id != account_id ||
            position.net == 0)
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_position(&call->reply.writer, NULL, &position, SHAPE_REST, false);
    }
    json_close(&call->reply.writer, ']');
}

static void
add_orders(struct call *call, int64_t account_id)
{
    const struct exchange *exchange = call->sim->exchange;
    struct exchange_order order;

    json_open(&call->reply.writer, "orders", '[');
    for (size_t i = 0; i < exchange_orders_count(exchange); i++) {
        if (!exchange_order_seen(exchange, i, INSTANT_NEVER, &order) || order.account_id != account_id)
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_order(&call->reply.writer, NULL, &order, SHAPE_REST, false);
    }
    json_close(&call->reply.writer, ']');
}

/* Sums of the account's trades that are not voided. */
static void
add_trades(struct call *call, int64_t account_id)
{
    const struct exchange *exchange = call->sim->exchange;
    int64_t gross = 0, fees = 0, commissions = 0;

    json_open(&call->reply.writer, "trades", '[');
    for (size_t i = 0; i < exchange_trades_count(exchange); i++) {
        const struct exchange_trade *trade = exchange_trade_at(exchange, i);
        if (trade->account_id != account_id)
            continue;
        gross += trade->voided ? 0 : trade->pnl_micros;
        fees += trade->voided ? 0 : trade->fees_micros;
        commissions += trade->voided ? 0 : trade->commissions_micros;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_trade(&call->reply.writer, NULL, trade, SHAPE_REST, false, true);
    }
    json_close(&call->reply.writer, ']');
    reply_room(&call->reply, SHAPES_ROW_MAX);
    json_add_money(&call->reply.writer, "grossPnl", gross);
    json_add_money(&call->reply.writer, "fees", fees);
    json_add_money(&call->reply.writer, "commissions", commissions);
    json_add_money(&call->reply.writer, "netPnl", gross - fees - commissions);
}

static void
add_note(struct call *call, const struct sim_note *note)
{
    struct json_writer *writer = &call->reply.writer;

    reply_room(&call->reply, SHAPES_ROW_MAX);
    json_open(writer, NULL, '{');
    json_add_int(writer, "atMs", note->at.ns / NS_PER_MS);
    json_add_string(writer, "path", note->path);
    if (note->account_id != 0)
        json_add_int(writer, "accountId", note->account_id);
    if (note->order_id != 0)
        json_add_int(writer, "orderId", note->order_id);
    json_add_int(writer, "status", note->status);
    json_add_int(writer, "errorCode", note->code);
    json_add_bool(writer, "executed", note->executed);
    if (note->fault >= 0)
        json_add_string(writer, "fault", faults_kind_name((enum fault_kind)note->fault));
    json_close(writer, '}');
}

static bool
is_mutation(const struct sim_note *note)
{
    static const char *const paths[] = { "/api/Order/place", "/api/Order/modify", "/api/Order/cancel",
        "/api/Position/closeContract", "/api/Position/partialCloseContract" };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (text_same(note->path, paths[i]))
            return true;
    return false;
}

static void
add_notes(struct call *call, bool mutations_only)
{
    const struct sim_note *note;

    json_open(&call->reply.writer, "requests", '[');
    for (int64_t i = 0; (note = sim_note_at(call->sim, i)) != NULL; i++)
        if (!mutations_only || is_mutation(note))
            add_note(call, note);
    json_close(&call->reply.writer, ']');
}

void
report_books(struct call *call)
{
    const struct exchange *exchange = call->sim->exchange;
    struct json_writer *writer = &call->reply.writer;

    json_add_int(writer, "nowNs", call->sim->now.ns);
    json_open(writer, "accounts", '[');
    for (size_t i = 0; i < exchange_accounts_count(exchange); i++) {
        const struct exchange_account *account = exchange_account_at(exchange, i);
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_open(writer, NULL, '{');
        json_add_int(writer, "id", account->id);
        json_add_string(writer, "name", account->name);
        json_add_money(writer, "balance", account->balance_micros);
        json_add_bool(writer, "canTrade", account->can_trade);
        json_add_bool(writer, "flat", exchange_is_flat(exchange, account->id));
        add_counts(writer, &account->counts);
        add_positions(call, account->id);
        add_orders(call, account->id);
        add_trades(call, account->id);
        json_close(writer, '}');
    }
    json_close(writer, ']');
    reply_room(&call->reply, SHAPES_ROW_MAX);
    add_notes(call, true);
    finish(call);
}

void
report_requests(struct call *call)
{
    json_add_int(&call->reply.writer, "total", call->sim->notes_total);
    add_notes(call, false);
    finish(call);
}

/* ---- Flat ---- */

void
report_flat(struct call *call)
{
    const struct exchange *exchange = call->sim->exchange;
    struct json_writer *writer = &call->reply.writer;
    bool all = true;

    json_open(writer, "accounts", '[');
    for (size_t i = 0; i < exchange_accounts_count(exchange); i++) {
        int64_t id = exchange_account_at(exchange, i)->id, may_execute = 0;
        struct exchange_order order;
        bool flat = exchange_is_flat(exchange, id);

        for (size_t k = 0; k < exchange_orders_count(exchange); k++)
            may_execute += exchange_order_seen(exchange, k, INSTANT_NEVER, &order) && order.account_id == id &&
                           exchange_may_execute(order.status);
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_open(writer, NULL, '{');
        json_add_int(writer, "id", id);
        json_add_bool(writer, "flat", flat);
        json_add_int(writer, "mayExecute", may_execute);
        add_positions(call, id);
        json_close(writer, '}');
        all = all && flat;
    }
    json_close(writer, ']');
    reply_room(&call->reply, 64);
    json_add_bool(writer, "flat", all);
    finish(call);
}

/* ---- Breaches ---- */

static void
add_instant(struct json_writer *writer, const char *key, struct instant at)
{
    if (at.ns == 0)
        json_add_null(writer, key);
    else
        json_add_int(writer, key, at.ns);
}

void
report_breaches(struct call *call)
{
    const struct traders *traders = &call->sim->traders;
    struct json_writer *writer = &call->reply.writer;
    bool all = true;

    json_open(writer, "breaches", '[');
    for (size_t i = 0; i < traders->breaches_count; i++) {
        const struct trader_breach *breach = &traders->breaches[i];
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_open(writer, NULL, '{');
        json_add_string(writer, "rule", breach->rule);
        json_add_int(writer, "accountId", breach->account_id);
        add_instant(writer, "startedNs", breach->started);
        add_instant(writer, "committedNs", breach->committed);
        add_instant(writer, "flatNs", breach->flat);
        if (breach->flat.ns != 0)
            json_add_int(writer, "timeToFlatNs", instant_since(breach->flat, breach->committed).ns);
        json_add_int(writer, "closes", breach->closes);
        json_close(writer, '}');
        all = all && (breach->committed.ns == 0 || breach->flat.ns != 0);
    }
    json_close(writer, ']');
    reply_room(&call->reply, 64);
    json_add_bool(writer, "allFlat", all);
    finish(call);
}

/* ---- Hubs ---- */

void
report_hubs(struct call *call)
{
    const struct sim *sim = call->sim;
    struct json_writer *writer = &call->reply.writer;

    json_open(writer, "connections", '[');
    for (const struct stream *stream = stream_next(sim, NULL); stream != NULL; stream = stream_next(sim, stream)) {
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_open(writer, NULL, '{');
        json_add_string(writer, "hub", stream_hub(stream) == STREAM_USER ? "user" : "market");
        json_open(writer, "accounts", '[');
        for (size_t i = 0; i < exchange_accounts_count(sim->exchange); i++) {
            int64_t id = exchange_account_at(sim->exchange, i)->id;
            reply_room(&call->reply, SHAPES_ROW_MAX);
            if (subscriptions_cover(stream, id))
                json_add_int(writer, NULL, id);
        }
        json_close(writer, ']');
        json_close(writer, '}');
    }
    json_close(writer, ']');
    finish(call);
}
