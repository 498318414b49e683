/*
 * shapes.c - see shapes.h.  The order of the keys is that of the captures.
 */
#include "sim/shapes.h"

#include "base/money.h"

#include <string.h>

#define SEPARATOR "\x1e"

/* ---- Values ---- */

void
shapes_timestamp(struct json_writer *writer, const char *key, struct instant at, enum shape shape)
{
    char out[INSTANT_TEXT_MAX + 8];
    int64_t grain = shape == SHAPE_REST ? 1000 : 100; /* Nanoseconds of the last digit. */
    struct instant cut = { at.ns - ((at.ns % grain) + grain) % grain };
    size_t length = instant_format(cut, out, sizeof out);

    if (length > 0 && out[length - 1] == 'Z')
        memcpy(out + length - 1, "+00:00", sizeof "+00:00");
    json_add_string(writer, key, out);
}

static void
add_id(struct json_writer *writer, const char *key, int64_t id, bool as_string)
{
    char digits[24];

    (void)decimal_format(id, 0, digits, sizeof digits);
    if (as_string)
        json_add_string(writer, key, digits);
    else
        json_add_int(writer, key, id);
}

static void
add_optional_price(struct json_writer *writer, const char *key, int64_t price, enum shape shape)
{
    if (price != 0)
        json_add_price(writer, key, price);
    else if (shape == SHAPE_REST)
        json_add_null(writer, key);
}

/* ---- Objects ---- */

void
shapes_order(struct json_writer *writer, const char *key, const struct exchange_order *order, enum shape shape, bool string_ids)
{
    json_open(writer, key, '{');
    add_id(writer, "id", order->id, string_ids);
    add_id(writer, "accountId", order->account_id, string_ids);
    json_add_string(writer, "contractId", order->listing->id);
    json_add_string(writer, "symbolId", order->listing->symbol_id);
    shapes_timestamp(writer, "creationTimestamp", order->created, shape);
    shapes_timestamp(writer, "updateTimestamp", order->updated, shape);
    json_add_int(writer, "status", order->status);
    json_add_int(writer, "type", order->type);
    json_add_int(writer, "side", order->side);
    json_add_int(writer, "size", order->size);
    add_optional_price(writer, "limitPrice", order->limit, shape);
    add_optional_price(writer, "stopPrice", order->stop, shape);
    json_add_int(writer, "fillVolume", order->fill_volume);
    add_optional_price(writer, "filledPrice", order->filled_price, shape);
    if (order->tag[0] != '\0' || shape == SHAPE_REST)
        json_add_string(writer, "customTag", order->tag[0] != '\0' ? order->tag : NULL);
    if (order->trail_ticks != 0) {
        json_add_int(writer, "trailDistance", order->trail_ticks);
        json_add_price(writer, "trailPrice", order->trail_ticks * order->listing->tick_nanos);
    }
    if (order->parent_id != 0)
        add_id(writer, "parentOrderId", order->parent_id, string_ids);
    if (order->linked_id != 0)
        add_id(writer, "linkedOrderId", order->linked_id, string_ids);
    json_close(writer, '}');
}

void
shapes_position(struct json_writer *writer, const char *key, const struct exchange_position *position, enum shape shape,
    bool string_ids)
{
    json_open(writer, key, '{');
    add_id(writer, "id", position->id, string_ids);
    add_id(writer, "accountId", position->account_id, string_ids);
    json_add_string(writer, "contractId", position->listing->id);
    json_add_string(writer, "contractDisplayName", position->listing->display);
    shapes_timestamp(writer, "creationTimestamp", position->created, shape);
    json_add_int(writer, "type", position->net == 0 ? 0 : position->net > 0 ? 1 : 2);
    json_add_int(writer, "size", position->net < 0 ? -position->net : position->net);
    json_add_price(writer, "averagePrice", position->average);
    json_close(writer, '}');
}

void
shapes_trade(struct json_writer *writer, const char *key, const struct exchange_trade *trade, enum shape shape,
    bool string_ids, bool commissions)
{
    json_open(writer, key, '{');
    add_id(writer, "id", trade->id, string_ids);
    add_id(writer, "accountId", trade->account_id, string_ids);
    json_add_string(writer, "contractId", trade->listing->id);
    shapes_timestamp(writer, "creationTimestamp", trade->created, shape);
    json_add_price(writer, "price", trade->price);
    if (trade->closing)
        json_add_money(writer, "profitAndLoss", trade->pnl_micros);
    else if (shape == SHAPE_REST)
        json_add_null(writer, "profitAndLoss");
    json_add_money(writer, "fees", trade->fees_micros);
    if (commissions)
        json_add_money(writer, "commissions", trade->commissions_micros);
    json_add_int(writer, "side", trade->side);
    json_add_int(writer, "size", trade->size);
    json_add_bool(writer, "voided", trade->voided);
    add_id(writer, "orderId", trade->order_id, string_ids);
    json_close(writer, '}');
}

void
shapes_account(struct json_writer *writer, const char *key, const struct exchange_account *account, bool string_ids)
{
    json_open(writer, key, '{');
    add_id(writer, "id", account->id, string_ids);
    json_add_string(writer, "name", account->name);
    json_add_money(writer, "balance", account->balance_micros);
    json_add_bool(writer, "canTrade", account->can_trade);
    json_add_bool(writer, "isVisible", true);
    json_add_bool(writer, "simulated", !account->live);
    json_close(writer, '}');
}

void
shapes_contract(struct json_writer *writer, const char *key, const struct listing *listing)
{
    json_open(writer, key, '{');
    json_add_string(writer, "id", listing->id);
    json_add_string(writer, "name", listing->name);
    json_add_string(writer, "description", listing->description);
    json_add_price(writer, "tickSize", listing->tick_nanos);
    json_add_money(writer, "tickValue", listing->tick_value_micros);
    json_add_bool(writer, "activeContract", listing->active);
    json_add_string(writer, "symbolId", listing->symbol_id);
    json_close(writer, '}');
}

/* ---- Events ---- */

static struct json_writer
begin_event(struct text *text, const char *target)
{
    struct json_writer writer = json_writer_on(text);

    json_open(&writer, NULL, '{');
    json_add_int(&writer, "type", 1);
    json_add_string(&writer, "target", target);
    json_open(&writer, "arguments", '[');
    return writer;
}

static void
end_event(struct json_writer *writer)
{
    json_close(writer, ']');
    json_close(writer, '}');
    text_add(writer->text, SEPARATOR);
}

static const char *
target_of(const struct exchange_event *event)
{
    switch (event->kind) {
    case EXCHANGE_EVENT_ORDER:
        return "GatewayUserOrder";
    case EXCHANGE_EVENT_POSITION:
        return "GatewayUserPosition";
    case EXCHANGE_EVENT_TRADE:
        return "GatewayUserTrade";
    default:
        return "GatewayUserAccount";
    }
}

/* As captured: 0 trade, 1 account, order, open position, 2 position closed (gateway.md 4.5). */
static int
action_of(const struct exchange_event *event)
{
    if (event->kind == EXCHANGE_EVENT_TRADE)
        return 0;
    return event->kind == EXCHANGE_EVENT_POSITION && event->u.position.net == 0 ? 2 : 1;
}

void
shapes_user_event(struct text *text, const struct exchange_event *event, const struct stream_modes *modes)
{
    struct json_writer writer = begin_event(text, target_of(event));
    const char *key = modes->bare ? NULL : "data";

    if (!modes->bare) {
        json_open(&writer, NULL, '{');
        json_add_int(&writer, "action", action_of(event));
    }
    if (event->kind == EXCHANGE_EVENT_ORDER)
        shapes_order(&writer, key, &event->u.order, SHAPE_STREAM, modes->string_ids);
    else if (event->kind == EXCHANGE_EVENT_POSITION)
        shapes_position(&writer, key, &event->u.position, SHAPE_STREAM, modes->string_ids);
    else if (event->kind == EXCHANGE_EVENT_TRADE)
        shapes_trade(&writer, key, &event->u.trade, SHAPE_STREAM, modes->string_ids, true);
    else
        shapes_account(&writer, key, &event->u.account, modes->string_ids);
    if (!modes->bare)
        json_close(&writer, '}');
    end_event(&writer);
}

void
shapes_quote_event(struct text *text, const struct exchange_quote *quote, bool full)
{
    struct json_writer writer = begin_event(text, "GatewayQuote");

    json_add_string(&writer, NULL, quote->listing->id);
    json_open(&writer, NULL, '{');
    json_add_string(&writer, "symbol", quote->listing->symbol_id);
    if (full)
        json_add_string(&writer, "symbolName", quote->listing->name);
    json_add_price(&writer, "lastPrice", quote->last);
    json_add_price(&writer, "bestBid", quote->bid);
    json_add_price(&writer, "bestAsk", quote->ask);
    if (full) {
        json_add_price(&writer, "change", quote->last - quote->open);
        json_add_price(&writer, "changePercent", money_scale(quote->last - quote->open, NANOS_PER_UNIT, quote->open));
        json_add_price(&writer, "open", quote->open);
        json_add_price(&writer, "high", quote->high);
        json_add_price(&writer, "low", quote->low);
        json_add_int(&writer, "volume", quote->volume);
    }
    shapes_timestamp(&writer, "lastUpdated", quote->updated, SHAPE_STREAM);
    shapes_timestamp(&writer, "timestamp", (struct instant){ quote->updated.ns / 1000000 * 1000000 }, SHAPE_STREAM);
    json_close(&writer, '}');
    end_event(&writer);
}

void
shapes_print_event(struct text *text, const struct exchange_quote *quote, const struct stream_modes *modes)
{
    struct json_writer writer = begin_event(text, "GatewayTrade");

    json_add_string(&writer, NULL, quote->listing->id);
    json_open(&writer, NULL, '[');
    if (modes->nulls)
        json_add_null(&writer, NULL);
    json_open(&writer, NULL, '{');
    json_add_string(&writer, "symbolId", quote->listing->symbol_id);
    json_add_price(&writer, "price", quote->last);
    shapes_timestamp(&writer, "timestamp", (struct instant){ quote->updated.ns / 1000000 * 1000000 }, SHAPE_STREAM);
    json_add_int(&writer, "type", quote->aggressor);
    json_add_int(&writer, "volume", quote->print_size);
    json_close(&writer, '}');
    json_close(&writer, ']');
    end_event(&writer);
}

static void
add_level(struct json_writer *writer, const struct exchange_quote *quote, int type, int64_t price)
{
    json_open(writer, NULL, '{');
    shapes_timestamp(writer, "timestamp", quote->updated, SHAPE_STREAM);
    json_add_int(writer, "type", type);
    json_add_price(writer, "price", price);
    json_add_int(writer, "volume", 2);
    json_add_int(writer, "currentVolume", 0);
    json_close(writer, '}');
}

void
shapes_depth_event(struct text *text, const struct exchange_quote *quote, const struct stream_modes *modes)
{
    struct json_writer writer = begin_event(text, "GatewayDepth");

    json_add_string(&writer, NULL, quote->listing->id);
    json_open(&writer, NULL, '[');
    if (modes->nulls)
        json_add_null(&writer, NULL);
    add_level(&writer, quote, 4, quote->bid); /* DomType BestBid, BestAsk (gateway.md 6). */
    add_level(&writer, quote, 3, quote->ask);
    json_close(&writer, ']');
    end_event(&writer);
}
