/*
 * fuzz_decode.c - payloads and REST bodies: what comes out of the decoders is within its bounds, whatever goes in.
 */
#include "base/assert.h"
#include "base/money.h"
#include "gateway/decode.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 4096
#define NOW ((struct instant){ INT64_C(1800000000000000000) })

static struct json_token tokens[TOKENS_MAX];

static void
check_text(const char *text, size_t size)
{
    ASSERT(memchr(text, '\0', size) != NULL);
}

static void
check_price(int64_t nanos)
{
    ASSERT(nanos < INT64_C(10000000) * NANOS_PER_UNIT && nanos > -INT64_C(10000000) * NANOS_PER_UNIT);
}

static void
check_order(const struct order_row *row)
{
    ASSERT(row->id > 0 && row->account_id > 0 && row->size >= 0 && row->filled >= 0);
    ASSERT(row->side == SIDE_BUY || row->side == SIDE_SELL);
    check_text(row->contract.text, sizeof row->contract.text);
    check_text(row->tag, sizeof row->tag);
    check_price(row->limit_price_nanos);
    check_price(row->stop_price_nanos);
}

static void
check_trade(const struct trade_row *row)
{
    ASSERT(row->id > 0 && row->account_id > 0 && row->size >= 0);
    ASSERT(row->pnl_micros <= MONEY_MAX && row->pnl_micros >= -MONEY_MAX);
    ASSERT(row->has_pnl || row->pnl_micros == 0);
    ASSERT(row->at.ns != 0);
    check_price(row->price_nanos);
}

static void
check_event(void *context, const struct event *event)
{
    (void)context;
    switch (event->kind) {
    case EVENT_ORDER:
        check_order(&event->u.order);
        break;
    case EVENT_TRADE:
        check_trade(&event->u.trade);
        break;
    case EVENT_POSITION:
        ASSERT(event->u.position.account_id > 0);
        check_text(event->u.position.contract.text, sizeof event->u.position.contract.text);
        check_price(event->u.position.average_price_nanos);
        break;
    case EVENT_QUOTE:
        check_text(event->u.quote.contract.text, sizeof event->u.quote.contract.text);
        check_price(event->u.quote.last_nanos);
        break;
    case EVENT_ACCOUNT:
        ASSERT(event->u.account.id > 0);
        check_text(event->u.account.name, sizeof event->u.account.name);
        break;
    default:
        ASSERT(event->kind == EVENT_KINDS); /* A kind the decoder does not make. */
    }
}

/* Every object in it as every kind of row. */
static void
decode_rows(const struct json *json)
{
    for (int node = 0; node < json->count; node++) {
        struct order_row order;
        struct trade_row trade;
        struct position_row position;
        struct account_row account;
        struct contract_row contract;

        if (json_kind(json, node) != JSON_OBJECT)
            continue;
        if (decode_order(json, node, &order))
            check_order(&order);
        if (decode_trade(json, node, NOW, &trade))
            check_trade(&trade);
        (void)decode_position(json, node, &position);
        (void)decode_account(json, node, &account);
        if (decode_contract(json, node, &contract))
            ASSERT(contract.tick_size_nanos >= 0 && contract.tick_value_micros >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json json;
    struct signalr_message message;
    char text[SIGNALR_ERROR_MAX];
    char *copy = malloc(size + 1); /* Exact size: a read beyond the end is found. */

    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    if (json_read(copy, size, tokens, TOKENS_MAX, &json, NULL) == OK) {
        decode_rows(&json);
        if (signalr_read(&json, &message))
            (void)decode_invocation(&json, &message, NOW, check_event, NULL, text, sizeof text);
    }
    free(copy);
    return 0;
}
