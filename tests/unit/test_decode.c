/*
 * test_decode.c - every file of captures/ into typed rows with its figures, and every shape the wire has been seen in (parse_shapes; spec/gateway.md 5).
 */
#include "gateway/decode.h"

#include "base/assert.h"
#include "base/money.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKENS_MAX 16384
#define EVENTS_MAX 16
#define ARRIVAL ((struct instant){ INT64_C(1800000000000000000) })

static struct json_token tokens[TOKENS_MAX], inner_tokens[TOKENS_MAX];

struct got {
    struct event events[EVENTS_MAX];
    int count;
    char text[SIGNALR_ERROR_MAX];
};

static void
take(void *context, const struct event *event)
{
    struct got *got = context;

    assert_true(got->count < EVENTS_MAX);
    got->events[got->count++] = *event;
}

static enum decode_result
decode_text(const char *text, size_t length, struct got *got)
{
    struct json json;
    struct signalr_message message;

    memset(got, 0, sizeof *got);
    assert_int_equal(json_read(text, length, inner_tokens, TOKENS_MAX, &json, NULL), OK);
    assert_true(signalr_read(&json, &message));
    return decode_invocation(&json, &message, ARRIVAL, take, got, got->text, sizeof got->text);
}

/* An invocation of @target with @arguments, a JSON array. */
static enum decode_result
decode_arguments(const char *target, const char *arguments, struct got *got)
{
    char buffer[4096];
    int length = snprintf(buffer, sizeof buffer, "{\"type\":1,\"target\":\"%s\",\"arguments\":%s}", target, arguments);

    return decode_text(buffer, (size_t)length, got);
}

static char *
load(const char *name, struct json *json)
{
    char path[512];
    long length;

    snprintf(path, sizeof path, SHARED_DIR "/captures/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    char *text = malloc((size_t)length);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)length, file), length);
    fclose(file);
    assert_int_equal(json_read(text, (size_t)length, tokens, TOKENS_MAX, json, NULL), OK);
    return text;
}

static struct instant
at(const char *text)
{
    struct instant instant;

    assert_true(instant_parse(text, strlen(text), &instant));
    return instant;
}

/* ---- The captures ---- */

static void
test_trades(void **state)
{
    struct json json;
    char *text = load("trade_search_24h.json", &json);
    int64_t gross = 0, fees = 0, commissions = 0, prices = 0, sizes = 0, sells = 0;
    int closing = 0, child = json_first(&json, 0);

    (void)state;
    assert_int_equal(json_size(&json, 0), 40);
    for (size_t i = 0; i < json_size(&json, 0); i++, child = json_next(&json, child)) {
        struct trade_row row;

        assert_true(decode_trade(&json, child, ARRIVAL, &row));
        assert_int_equal(row.account_id, 1002);
        assert_false(row.voided);
        assert_true(row.order_id > INT32_MAX);
        assert_true(instant_before(row.at, ARRIVAL));
        gross += row.pnl_micros;
        fees += row.fees_micros;
        commissions += row.commissions_micros;
        prices += row.price_nanos;
        sizes += row.size;
        sells += row.side;
        closing += row.has_pnl ? 1 : 0;
        assert_true(row.has_pnl || row.pnl_micros == 0);
    }
    assert_int_equal(gross, -121500000); /* -121.50 */
    assert_int_equal(fees, 14700000);    /* 14.70 */
    assert_int_equal(gross - fees - commissions, -136200000);
    assert_int_equal(closing, 20);
    assert_int_equal(sizes, 40);
    assert_int_equal(sells, 20);
    assert_true(prices == INT64_C(1088806190000000));
    struct trade_row newest;
    assert_true(decode_trade(&json, json_first(&json, 0), ARRIVAL, &newest));
    assert_true(newest.id == 3005729833 && newest.order_id == 3424798599);
    assert_string_equal(newest.contract.text, "CON.F.US.MNQ.U26");
    assert_true(instant_equal(newest.at, at("2026-08-19T17:51:07.965787+00:00")));
    assert_int_equal(newest.pnl_micros, 6500000);
    assert_int_equal(newest.fees_micros, 360000);
    free(text);
}

static void
test_orders(void **state)
{
    struct json json;
    char *text = load("order_search_24h.json", &json);
    int by_status[9] = { 0 }, by_type[6] = { 0 }, parents = 0, links = 0, limits = 0, stops = 0, tags = 0, filled = 0;
    int64_t limit_sum = 0, stop_sum = 0, ids = 0;
    int child = json_first(&json, 0);

    (void)state;
    assert_int_equal(json_size(&json, 0), 82);
    for (size_t i = 0; i < json_size(&json, 0); i++, child = json_next(&json, child)) {
        struct order_row row;

        assert_true(decode_order(&json, child, &row));
        assert_in_range(row.status, 0, 8);
        assert_in_range(row.type, 0, 5);
        by_status[row.status]++;
        by_type[row.type]++;
        parents += row.parent_id != 0 ? 1 : 0;
        links += row.linked_id != 0 ? 1 : 0;
        limits += row.has_limit_price ? 1 : 0;
        stops += row.has_stop_price ? 1 : 0;
        tags += row.tag[0] != '\0' ? 1 : 0;
        filled += row.filled;
        limit_sum += row.limit_price_nanos;
        stop_sum += row.stop_price_nanos;
        ids += row.id;
    }
    assert_int_equal(by_status[ORDER_FILLED], 40);
    assert_int_equal(by_status[ORDER_CANCELLED], 40);
    assert_int_equal(by_status[ORDER_REJECTED], 2);
    assert_int_equal(by_type[ORDER_MARKET], 38);
    assert_int_equal(by_type[ORDER_STOP], 22);
    assert_int_equal(by_type[ORDER_LIMIT], 22);
    assert_int_equal(parents, 40);
    assert_int_equal(links, 20);
    assert_int_equal(limits, 22);
    assert_int_equal(stops, 22);
    assert_int_equal(tags, 66);
    assert_int_equal(filled, 40);
    assert_true(limit_sum == INT64_C(604565940000000));
    assert_true(stop_sum == INT64_C(603815450000000));
    assert_true(ids == INT64_C(280438359886));
    free(text);
}

static void
test_accounts(void **state)
{
    struct json json;
    char *text = load("account_search.json", &json);
    struct account_row row;

    (void)state;
    assert_int_equal(json_size(&json, 0), 2);
    assert_true(decode_account(&json, json_first(&json, 0), &row));
    assert_int_equal(row.id, 1001);
    assert_string_equal(row.name, "50KTC-V2-DLL-000001-00000001");
    assert_true(row.has_balance);
    assert_true(row.balance_micros == INT64_C(49989340000));
    assert_int_equal(row.can_trade, ANSWER_YES);
    assert_int_equal(row.simulated, ANSWER_YES);
    free(text);
}

static void
test_contracts(void **state)
{
    struct json json;
    char *text = load("contract_available.json", &json);
    int64_t sizes = 0, values = 0;
    int child = json_first(&json, 0);

    (void)state;
    assert_int_equal(json_size(&json, 0), 51);
    for (size_t i = 0; i < json_size(&json, 0); i++, child = json_next(&json, child)) {
        struct contract_row row;

        assert_true(decode_contract(&json, child, &row));
        assert_true(row.active);
        assert_true(row.tick_size_nanos > 0 && row.tick_value_micros > 0);
        assert_true(row.name[0] != '\0');
        sizes += row.tick_size_nanos;
        values += row.tick_value_micros;
    }
    assert_true(sizes == 15079429250);
    assert_true(values == 407950000);
    free(text);
}

/* The rows there have no account: they come with it here. */
static void
test_bracket(void **state)
{
    struct json json;
    char *text = load("bracket_lifecycle_long.json", &json);
    int orders = json_get(&json, json_get(&json, 0, "immediate_after_exit_b"), "open_orders");
    int child = json_first(&json, orders);
    struct order_row rows[2];

    (void)state;
    assert_int_equal(json_size(&json, orders), 2);
    for (size_t i = 0; i < 2; i++, child = json_next(&json, child)) {
        size_t length;
        char whole[1024];
        struct json inner;
        const char *raw = json_raw(&json, child, &length);

        int written = snprintf(whole, sizeof whole, "{\"accountId\":1002,\"contractId\":\"CON.F.US.MNQ.U26\",%.*s", (int)length - 1,
            raw + 1);
        assert_int_equal(json_read(whole, (size_t)written, inner_tokens, TOKENS_MAX, &inner, NULL), OK);
        assert_true(decode_order(&inner, 0, &rows[i]));
    }
    assert_int_equal(rows[0].type, ORDER_STOP);
    assert_true(rows[0].id == 3425903080);
    assert_int_equal(rows[0].status, ORDER_OPEN);
    assert_true(rows[0].has_stop_price && !rows[0].has_limit_price);
    assert_true(rows[0].stop_price_nanos == INT64_C(29531750000000));
    assert_string_equal(rows[0].tag, "tag-a97534b0-SL");
    assert_int_equal(rows[1].type, ORDER_LIMIT);
    assert_true(rows[1].limit_price_nanos == INT64_C(29731750000000));
    free(text);
}

static void
check_captured_event(const struct got *got)
{
    const struct event *e = &got->events[0];

    switch (e->kind) {
    case EVENT_ACCOUNT:
        assert_int_equal(e->u.account.id, 1002);
        assert_true(e->u.account.balance_micros == INT64_C(149848640000));
        break;
    case EVENT_ORDER:
        assert_true(e->u.order.id == 3425270858);
        assert_int_equal(e->u.order.status, ORDER_REJECTED);
        assert_int_equal(e->u.order.side, SIDE_SELL);
        assert_false(e->u.order.has_limit_price || e->u.order.has_stop_price);
        assert_true(instant_equal(e->u.order.updated_at, at("2026-08-19T20:49:25.3962105Z")));
        break;
    case EVENT_POSITION: /* FV-06: the close message. */
        assert_true(e->u.position.id == 825245547);
        assert_int_equal(e->u.position.size, 0);
        assert_true(e->u.position.average_price_nanos == INT64_C(29398500000000));
        break;
    case EVENT_TRADE:
        assert_true(e->u.trade.id == 3004518356);
        assert_true(e->u.trade.has_pnl);
        assert_int_equal(e->u.trade.pnl_micros, -49000000);
        assert_int_equal(e->u.trade.fees_micros, 360000);
        assert_int_equal(e->u.trade.commissions_micros, 250000);
        break;
    case EVENT_QUOTE:
        assert_string_equal(e->u.quote.contract.text, "CON.F.US.MNQ.U26");
        assert_false(e->u.quote.has_last);
        assert_true(e->u.quote.has_bid && e->u.quote.bid_nanos == INT64_C(29547000000000));
        assert_true(e->u.quote.has_ask && e->u.quote.ask_nanos == INT64_C(29547500000000));
        break;
    default:
        fail_msg("kind %d", (int)e->kind);
    }
}

static void
test_hub_events(void **state)
{
    struct json json;
    char *text = load("hub_events.json", &json);
    unsigned kinds = 0;
    int child = json_first(&json, 0), ignored = 0;

    (void)state;
    assert_int_equal(json_size(&json, 0), 7);
    for (size_t i = 0; i < 7; i++, child = json_next(&json, child)) {
        size_t length;
        struct got got;
        const char *raw = json_raw(&json, child, &length);
        enum decode_result result = decode_text(raw, length, &got);

        if (result == DECODE_IGNORED) { /* GatewayTrade, GatewayDepth. */
            ignored++;
            continue;
        }
        assert_int_equal(result, DECODE_OK);
        assert_int_equal(got.count, 1);
        kinds |= EVENT_BIT(got.events[0].kind);
        check_captured_event(&got);
    }
    assert_int_equal(ignored, 2);
    assert_int_equal(kinds, EVENT_BIT(EVENT_ACCOUNT) | EVENT_BIT(EVENT_ORDER) | EVENT_BIT(EVENT_POSITION) |
            EVENT_BIT(EVENT_TRADE) | EVENT_BIT(EVENT_QUOTE));
    free(text);
}

/* ---- Shapes ---- */

#define TRADE "\"accountId\":7,\"contractId\":\"C\",\"creationTimestamp\":\"2026-08-19T14:16:01Z\",\"price\":1,\"fees\":0.36,\"side\":0,\"size\":1"

/* parse_shapes: envelope, bare, id first, arrays, any case; all mean the same trade. */
static void
parse_shapes(void **state)
{
    static const char *const arguments[] = {
        "[{\"action\":0,\"data\":{\"id\":5," TRADE "}}]",
        "[{\"id\":5," TRADE "}]",
        "[7,{\"id\":5," TRADE "}]",
        "[7,{\"action\":1,\"data\":{\"id\":5," TRADE "}}]",
        "[[{\"id\":5," TRADE "}]]",
        "[{\"action\":1,\"data\":[{\"id\":5," TRADE "}]}]",
        "[{\"Action\":1,\"Data\":{\"id\":5," TRADE "}}]",
        "[{\"id\":\"5\"," TRADE "}]",
        "[{\"id\":5,\"data\":null," TRADE "}]",
    };
    static const char *const targets[] = { "GatewayUserTrade", "gatewayusertrade", "GATEWAYUSERTRADE" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(arguments); i++) {
        for (size_t k = 0; k < COUNT_OF(targets); k++) {
            struct got got;

            if (decode_arguments(targets[k], arguments[i], &got) != DECODE_OK || got.count != 1)
                fail_msg("%s %s", targets[k], arguments[i]);
            assert_int_equal(got.events[0].kind, EVENT_TRADE);
            assert_int_equal(got.events[0].u.trade.id, 5);
            assert_int_equal(got.events[0].u.trade.fees_micros, 360000);
            assert_false(got.events[0].u.trade.has_pnl);
        }
    }
}

static void
test_positions(void **state)
{
    static const struct {
        const char *row;
        bool good;
        int32_t size;
    } table[] = {
        { "\"type\":1,\"size\":2,\"averagePrice\":10.25", true, 2 },
        { "\"type\":2,\"size\":2,\"averagePrice\":10.25", true, -2 },
        { "\"type\":0,\"size\":0,\"averagePrice\":10.25", true, 0 },
        { "\"size\":0", true, 0 },                       /* Type missing on flat. */
        { "\"type\":9,\"size\":0", true, 0 },
        { "\"type\":\"2\",\"size\":\"3\"", true, -3 },
        { "\"type\":1,\"size\":1,\"averagePrice\":-37.63", true, 1 }, /* Crude was there. */
        { "\"type\":1,\"size\":1,\"averagePrice\":null", true, 1 },
        { "\"type\":0,\"size\":1", false, 0 },           /* A position without direction: reconcile. */
        { "\"size\":1", false, 0 },
        { "\"type\":1", false, 0 },
        { "\"type\":1,\"size\":-1", false, 0 },
        { "\"type\":1,\"size\":1.5", false, 0 },
        { "\"type\":1,\"size\":99999999999", false, 0 },
        { "\"type\":1,\"size\":1,\"averagePrice\":10000000", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char arguments[300];
        struct got got;

        snprintf(arguments, sizeof arguments, "[{\"id\":1,\"accountId\":7,\"contractId\":\"C\",%s}]", table[i].row);
        enum decode_result result = decode_arguments("GatewayUserPosition", arguments, &got);
        if (result != (table[i].good ? DECODE_OK : DECODE_UNUSABLE))
            fail_msg("%s", table[i].row);
        if (table[i].good)
            assert_int_equal(got.events[0].u.position.size, table[i].size);
    }
}

#define ORDER "\"id\":9007199254740993,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3"

/* OL-05: 7, 8, 99 are kept; OL-02: cancelled with fills; nulls are omitted or written. */
static void
test_order_shapes(void **state)
{
    static const int32_t statuses[] = { 0, 1, 6, 7, 8, 99, -4 };
    struct got got;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        char arguments[300];

        snprintf(arguments, sizeof arguments, "[{\"action\":1,\"data\":{" ORDER ",\"status\":%d,\"type\":%d}}]", (int)statuses[i],
            (int)statuses[i]);
        assert_int_equal(decode_arguments("GatewayUserOrder", arguments, &got), DECODE_OK);
        assert_int_equal(got.events[0].u.order.status, statuses[i]);
        assert_int_equal(got.events[0].u.order.type, statuses[i]);
        assert_true(got.events[0].u.order.id == INT64_C(9007199254740993)); /* Above 2^53. */
        assert_true(order_may_execute(got.events[0].u.order.status));
    }
    assert_int_equal(decode_arguments("GatewayUserOrder",
                         "[{" ORDER ",\"status\":3,\"type\":4,\"fillVolume\":1,\"limitPrice\":null,\"stopPrice\":6335.250000000,"
                         "\"customTag\":null,\"parentOrderId\":\"12\",\"updateTimestamp\":null}]",
                         &got),
        DECODE_OK);
    const struct order_row *row = &got.events[0].u.order;
    assert_int_equal(row->filled, 1);
    assert_false(row->has_limit_price);
    assert_true(row->has_stop_price && row->stop_price_nanos == INT64_C(6335250000000));
    assert_string_equal(row->tag, "");
    assert_int_equal(row->parent_id, 12);
    assert_true(instant_equal(row->updated_at, INSTANT_NONE));
}

/* ID-03: an order is ours by its tag, in whatever process it was placed. */
static void
test_our_tag(void **state)
{
    static const struct { const char *tag; bool ours; } rows[] = { { "\"rm1\"", true }, { "\"rm18446744073709551615\"", true },
        { "\"r\\u006d12\"", true }, { "\"rm\"", false }, { "\"rm1-SL\"", false }, { "\"RM1\"", false }, { "\"arm1\"", false },
        { "\"\"", false }, { "null", false }, { "1", false } };
    struct got got;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char arguments[300];
        snprintf(arguments, sizeof arguments, "[{" ORDER ",\"status\":1,\"type\":4,\"customTag\":%s}]", rows[i].tag);
        assert_int_equal(decode_arguments("GatewayUserOrder", arguments, &got), DECODE_OK);
        if (got.events[0].u.order.ours != rows[i].ours)
            fail_msg("%s", rows[i].tag);
    }
}

static void
test_order_refusals(void **state)
{
    static const char *const bad[] = {
        "{\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3}",
        "{\"id\":0,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3}",
        "{\"id\":1,\"contractId\":\"C\",\"side\":1,\"size\":3}",
        "{\"id\":1,\"accountId\":7,\"side\":1,\"size\":3}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"\",\"side\":1,\"size\":3}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"size\":3}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":2,\"size\":3}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3,\"fillVolume\":-1}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3,\"status\":\"open\"}",
        "{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3,\"stopPrice\":\"abc\"}",
        "{\"id\":1e300,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":3}",
    };
    struct got got;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char arguments[300];

        snprintf(arguments, sizeof arguments, "[%s]", bad[i]);
        if (decode_arguments("GatewayUserOrder", arguments, &got) != DECODE_UNUSABLE)
            fail_msg("%s", bad[i]);
        assert_int_equal(got.count, 0);
    }
    assert_int_equal(decode_arguments("GatewayUserOrder", "[]", &got), DECODE_UNUSABLE);
    assert_int_equal(decode_arguments("GatewayUserOrder", "[5,\"x\",null]", &got), DECODE_UNUSABLE);
}

/* FV-08: sparse, EP-05: the contract is the first argument. */
static void
test_quotes(void **state)
{
    struct got got;

    (void)state;
    assert_int_equal(decode_arguments("GatewayQuote", "[\"C1\",{\"symbol\":\"F.US.X\",\"lastPrice\":0.0000005}]", &got), DECODE_OK);
    assert_string_equal(got.events[0].u.quote.contract.text, "C1");
    assert_true(got.events[0].u.quote.has_last && got.events[0].u.quote.last_nanos == 500);
    assert_false(got.events[0].u.quote.has_bid || got.events[0].u.quote.has_ask);
    assert_int_equal(decode_arguments("GatewayQuote", "[\"C1\",{\"bestBid\":null,\"timestamp\":\"0001-01-01T00:00:00\"}]", &got), DECODE_OK);
    assert_false(got.events[0].u.quote.has_bid);
    assert_int_equal(decode_arguments("GatewayQuote", "[\"C1\",[{\"bestBid\":1},null,{\"bestAsk\":2}]]", &got), DECODE_OK);
    assert_int_equal(got.count, 2);
    assert_int_equal(decode_arguments("GatewayQuote", "[{\"bestBid\":1}]", &got), DECODE_UNUSABLE); /* Of what? */
}

/* PF-01: no event of a fill is known; half-turns and orders tell of it. */
static void
test_targets(void **state)
{
    struct got got;

    (void)state;
    assert_int_equal(decode_arguments("GatewayUserFill", "[{\"id\":1,\"accountId\":1002,\"orderId\":2,\"size\":1}]", &got), DECODE_UNKNOWN);
    assert_int_equal(decode_arguments("GatewayUserOrders", "[{}]", &got), DECODE_UNKNOWN);
    assert_int_equal(decode_arguments("GatewayTrade", "[\"C\",[null,{}]]", &got), DECODE_IGNORED);
    assert_int_equal(decode_arguments("GatewayDepth", "[\"C\",[null,{}]]", &got), DECODE_IGNORED);
    /* Nobody has seen its argument (spec/gateway.md 4.7). */
    assert_int_equal(decode_arguments("GatewayLogout", "[]", &got), DECODE_LOGOUT);
    assert_string_equal(got.text, "");
    assert_int_equal(decode_arguments("gatewaylogout", "[\"Multiple sessions detected\"]", &got), DECODE_LOGOUT);
    assert_string_equal(got.text, "Multiple sessions detected");
    assert_int_equal(decode_arguments("GatewayLogout", "[{\"Reason\":\"r\"}]", &got), DECODE_LOGOUT);
    assert_string_equal(got.text, "r");
    assert_int_equal(decode_arguments("GatewayLogout", "[{\"message\":\"m\"}]", &got), DECODE_LOGOUT);
    assert_string_equal(got.text, "m");
}

/* trade_null_pnl_and_void; FV-02: a timestamp that is none means arrival. */
static void
test_trade_details(void **state)
{
    struct got got;

    (void)state;
    assert_int_equal(decode_arguments("GatewayUserTrade",
                         "[{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":1,\"profitAndLoss\":null,\"voided\":true}]", &got),
        DECODE_OK);
    assert_false(got.events[0].u.trade.has_pnl);
    assert_true(got.events[0].u.trade.voided);
    assert_true(instant_equal(got.events[0].u.trade.at, ARRIVAL));
    assert_int_equal(decode_arguments("GatewayUserTrade",
                         "[{\"id\":1,\"accountId\":7,\"contractId\":\"C\",\"side\":1,\"size\":1,\"profitAndLoss\":0,"
                         "\"creationTimestamp\":\"2026-08-19T14:16:01.4061289+00:00\"}]",
                         &got),
        DECODE_OK);
    assert_true(got.events[0].u.trade.has_pnl); /* A closing half-turn at break-even. */
    assert_true(instant_equal(got.events[0].u.trade.at, at("2026-08-19T14:16:01.4061289Z")));
}

/* R-010-2: missing is not "no". */
static void
test_account_details(void **state)
{
    struct got got;

    (void)state;
    assert_int_equal(decode_arguments("GatewayUserAccount", "[{\"action\":1,\"data\":{\"id\":7}}]", &got), DECODE_OK);
    assert_int_equal(got.events[0].u.account.can_trade, ANSWER_UNKNOWN);
    assert_false(got.events[0].u.account.has_balance);
    assert_int_equal(decode_arguments("GatewayUserAccount", "[{\"id\":7,\"canTrade\":false,\"balance\":-0.005}]", &got), DECODE_OK);
    assert_int_equal(got.events[0].u.account.can_trade, ANSWER_NO);
    assert_true(got.events[0].u.account.has_balance && got.events[0].u.account.balance_micros == -5000);
    assert_int_equal(decode_account_of(&got.events[0]), 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_contracts),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_hub_events),
        cmocka_unit_test(parse_shapes),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_order_shapes),
        cmocka_unit_test(test_order_refusals),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_our_tag),
        cmocka_unit_test(test_trade_details),
        cmocka_unit_test(test_account_details),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
