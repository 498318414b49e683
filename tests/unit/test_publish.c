/*
 * test_publish.c - a real engine's events and books through the feed to a client: which message each becomes, and that all of it is JSON.
 */
#include "feed/publish.h"

#include "base/assert.h"
#include "base/json.h"
#include "base/zone.h"
#include "lib/raw_client.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCOUNT 1002
#define TRADES 600 /* More than a snapshot shows. */
#define TOKENS 20000

struct fixture {
    uv_loop_t loop;
    struct zone *zone;
    struct config config;
    struct account_config account;
    struct engine *engine;
    struct overview overview;
    struct feed *feed;
    struct raw_client client;
    struct instant now;
    char *last; /* The last message. */
    struct json json;
};

static struct json_token tokens[TOKENS];
static struct trade_row trades[TRADES];

static void
write_snapshot(void *context, struct text *out, struct instant *ret_now)
{
    struct fixture *f = context;

    *ret_now = f->now;
    overview_write(out, &f->overview, "{\"mode\":\"NORMAL\"}");
}

static void
on_text(void *context, const char *text, size_t length)
{
    struct fixture *f = context;
    struct error err = { 0 };

    free(f->last);
    f->last = malloc(length + 1);
    memcpy(f->last, text, length);
    f->last[length] = '\0';
    if (json_read(f->last, length, tokens, TOKENS, &f->json, &err) != OK)
        fail_msg("%s", err.text);
}

/* Step an event and publish it as the shell does. */
static void
step(struct fixture *f, struct event event)
{
    struct update update;

    f->now = event.at = instant_add(f->now, SPAN_SECONDS(1));
    engine_step(f->engine, &event, &update);
    if (f->feed != NULL)
        publish_event(f->feed, &f->overview, &event);
}

static struct event
snapshot_event(const struct fixture *f, const struct position_row *positions, uint32_t trades_count)
{
    static const struct account_row account = { .id = ACCOUNT, .name = "PRAC-1", .can_trade = ANSWER_YES };

    return (struct event){ .kind = EVENT_SNAPSHOT,
        .u.snapshot = { .account_id = ACCOUNT, .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES, .asked_at = f->now,
            .account = &account, .positions = positions, .positions_count = 1, .trades = trades, .trades_count = trades_count } };
}

static const struct position_row position = { .id = 9, .account_id = ACCOUNT, .contract = { "CON.F.US.EP.Z25" }, .size = 2,
    .average_price_nanos = INT64_C(6335250000000), .created_at = { INT64_C(1763726400000000000) } };

static void
start(struct fixture *f, uint32_t trades_count)
{
    struct error err = { 0 };

    *f = (struct fixture){ .now = { INT64_C(1763726400000000000) } };
    assert_int_equal(zone_load(NULL, "America/Chicago", &f->zone, &err), OK);
    f->account = (struct account_config){ .id = ACCOUNT, .nickname = "night" };
    f->config = (struct config){ .day_zone = f->zone, .reset_second = 61200, .warn_percent = 60, .alert_percent = 80,
        .alarm_after = SPAN_SECONDS(5), .stale_after = SPAN_SECONDS(10), .accounts_count = 1, .accounts = &f->account };
    if (engine_new(&f->config, rules_table, &f->engine, &err) != OK)
        fail_msg("%s", err.text);
    f->overview = (struct overview){ .engine = f->engine, .config = &f->config, .rules = rules_table };
    for (int i = 0; i < TRADES; i++)
        trades[i] = (struct trade_row){ .id = i + 1, .account_id = ACCOUNT, .order_id = 1, .contract = { "CON.F.US.EP.Z25" },
            .at = instant_sub(f->now, SPAN_SECONDS(TRADES - i)), .price_nanos = 1, .size = 1 };
    step(f, (struct event){ .kind = EVENT_RESTORE, .u.restore = { .next_command_id = 1, .next_incident = 1 } });
    step(f, (struct event){ .kind = EVENT_CONTRACT, .u.contract = { .id = { "CON.F.US.EP.Z25" }, .name = "ESZ5", .active = true,
                                                          .tick_size_nanos = 250000000, .tick_value_micros = 12500000 } });
    step(f, snapshot_event(f, &position, trades_count));

    uv_loop_init(&f->loop);
    const struct feed_options options = { .loop = &f->loop, .snapshot = write_snapshot, .context = f };
    assert_int_equal(feed_new(&options, &f->feed, &err), OK);
    raw_client_connect(&f->client, &f->loop, feed_port(f->feed), false);
    raw_client_upgrade(&f->client, feed_port(f->feed), "/");
    f->client.on_text = on_text;
    f->client.context = f;
}

static void
stop(struct fixture *f)
{
    raw_client_close(&f->client);
    feed_free(f->feed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    engine_free(f->engine);
    zone_free(f->zone);
    free(f->last);
}

static bool
has_message(void *context)
{
    return ((struct fixture *)context)->last != NULL;
}

/* Wait for the next message and check its head; returns the node of its data. */
static int
next(struct fixture *f, const char *type, int64_t account_id)
{
    int64_t id = 0;

    run_until(&f->loop, has_message, f);
    assert_true(json_string_is(&f->json, json_get(&f->json, 0, "type"), type));
    assert_int_equal(json_int64(&f->json, json_get(&f->json, 0, "account_id"), &id), account_id != 0);
    assert_int_equal(id, account_id);
    return json_get(&f->json, 0, "data");
}

/* The message was looked at; what comes from now on is the next. */
static void
forget(struct fixture *f)
{
    free(f->last);
    f->last = NULL;
}

static int64_t
number(const struct fixture *f, int object, const char *key)
{
    int64_t value = -1;

    assert_true(json_int64(&f->json, json_get(&f->json, object, key), &value));
    return value;
}

/* The only element of a list. */
static int
only(const struct fixture *f, int object, const char *key)
{
    int list = json_get(&f->json, object, key);

    assert_int_equal(json_size(&f->json, list), 1);
    return json_first(&f->json, list);
}

static void
test_snapshot_at_connect(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, TRADES);
    int data = next(&f, "snapshot", 0);
    assert_true(json_string_is(&f.json, json_get(&f.json, json_get(&f.json, data, "daemon"), "mode"), "NORMAL"));
    assert_int_equal(number(&f, data, "warn_percent"), 60);
    assert_int_equal(number(&f, data, "alert_percent"), 80);
    assert_int_equal(json_size(&f.json, json_get(&f.json, data, "rules")), 12);
    int account = only(&f, data, "accounts");
    assert_int_equal(number(&f, account, "account_id"), ACCOUNT);
    assert_true(json_string_is(&f.json, json_get(&f.json, account, "name"), "PRAC-1"));
    assert_true(json_string_is(&f.json, json_get(&f.json, account, "nickname"), "night"));
    int row = only(&f, account, "positions");
    assert_true(json_string_is(&f.json, json_get(&f.json, row, "root"), "ES"));
    assert_int_equal(number(&f, row, "size"), 2);
    assert_int_equal(json_kind(&f.json, json_get(&f.json, row, "open_pnl")), JSON_NULL);
    int list = json_get(&f.json, account, "trades");
    assert_int_equal(json_size(&f.json, list), 500);
    assert_int_equal(number(&f, json_first(&f.json, list), "id"), 101); /* The newest, oldest first. */
    assert_int_equal(number(&f, json_get(&f.json, account, "day"), "trades"), TRADES);
    stop(&f);
}

/* Each row the broker sends, as it comes and with what the engine knows of its contract. */
static void
test_rows(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 0);
    next(&f, "snapshot", 0);
    forget(&f);

    step(&f, (struct event){ .kind = EVENT_QUOTE, .u.quote = { .contract = { "CON.F.US.EP.Z25" }, .has_last = true,
                                                       .last_nanos = INT64_C(6335500000000) } });
    int data = next(&f, "MarketQuote", 0);
    assert_true(json_string_is(&f.json, json_get(&f.json, data, "root"), "ES"));
    forget(&f);
    /* Sparse quotes are told whole (FV-08). */
    step(&f, (struct event){ .kind = EVENT_QUOTE, .u.quote = { .contract = { "CON.F.US.EP.Z25" }, .has_bid = true,
                                                       .bid_nanos = INT64_C(6335250000000) } });
    data = next(&f, "MarketQuote", 0);
    int64_t price = 0;
    assert_true(json_price(&f.json, json_get(&f.json, data, "last"), &price));
    assert_int_equal(price, INT64_C(6335500000000));
    assert_true(json_price(&f.json, json_get(&f.json, data, "bid"), &price));
    forget(&f);

    step(&f, (struct event){ .kind = EVENT_POSITION, .u.position = position });
    data = next(&f, "GatewayUserPosition", ACCOUNT);
    assert_true(json_string_is(&f.json, json_get(&f.json, data, "root"), "ES"));
    assert_int_equal(number(&f, data, "id"), 9);
    forget(&f);

    step(&f, (struct event){ .kind = EVENT_ORDER, .u.order = { .id = 5, .account_id = ACCOUNT, .contract = { "CON.F.US.EP.Z25" },
                                                       .status = ORDER_OPEN, .type = ORDER_LIMIT, .size = 1 } });
    assert_int_equal(number(&f, next(&f, "GatewayUserOrder", ACCOUNT), "id"), 5);
    forget(&f);
    step(&f, (struct event){ .kind = EVENT_TRADE, .u.trade = trades[0] });
    assert_int_equal(number(&f, next(&f, "GatewayUserTrade", ACCOUNT), "id"), 1);
    forget(&f);
    step(&f, (struct event){ .kind = EVENT_ACCOUNT, .u.account = { .id = ACCOUNT, .name = "PRAC-1" } });
    assert_int_equal(number(&f, next(&f, "GatewayUserAccount", ACCOUNT), "id"), ACCOUNT);
    stop(&f);
}

/* An account read anew is told whole; a contract the engine has no room for is not quoted; an unknown account is not told. */
static void
test_account_snapshot(void **state)
{
    struct fixture f;
    struct event event;

    (void)state;
    start(&f, 0);
    next(&f, "snapshot", 0);
    forget(&f);
    publish_event(f.feed, &f.overview, &(struct event){ .kind = EVENT_QUOTE, .u.quote = { .contract = { "CON.F.US.ZZZ.Z25" } } });
    event = snapshot_event(&f, &position, 0);
    event.u.snapshot.account_id = 77;
    publish_event(f.feed, &f.overview, &event);
    step(&f, snapshot_event(&f, &position, 3));
    int data = next(&f, "snapshot", ACCOUNT);
    assert_int_equal(json_size(&f.json, data), 1);
    assert_int_equal(f.client.texts, 2);
    int account = only(&f, data, "accounts");
    assert_int_equal(json_size(&f.json, json_get(&f.json, account, "trades")), 3);
    stop(&f);
}

static void
test_notices(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 0);
    next(&f, "snapshot", 0);
    forget(&f);
    publish_notice(f.feed, &(struct notice){ .kind = NOTICE_MODE, .at = f.now }); /* Not ours to tell. */
    publish_notice(f.feed, &(struct notice){ .kind = NOTICE_PNL, .at = f.now, .account_id = ACCOUNT, .u.pnl = { .unpriced = 2 } });
    assert_int_equal(number(&f, next(&f, "pnl", ACCOUNT), "unpriced"), 2);
    assert_int_equal(number(&f, 0, "seq"), 1);
    forget(&f);

    /* A crossing is a gauge's move as well. */
    publish_notice(f.feed, &(struct notice){ .kind = NOTICE_WARNING, .at = f.now, .account_id = ACCOUNT, .rule = 3, .level = 1,
                               .unit = UNIT_TRADES, .observed = 7, .limit = 10 });
    next(&f, "warning", ACCOUNT); /* The later of two that came together. */
    assert_int_equal(number(&f, 0, "seq"), 3);
    assert_int_equal(f.client.texts, 4);
    forget(&f);
    publish_notice(f.feed, &(struct notice){ .kind = NOTICE_WARNING, .at = f.now, .account_id = ACCOUNT, .rule = 4, .level = 1 });
    next(&f, "warning", ACCOUNT);
    assert_int_equal(number(&f, 0, "seq"), 4);
    forget(&f);
    publish_daemon_status(f.feed, "{\"mode\":\"BLIND\"}", f.now);
    int data = next(&f, "daemon_status", 0);
    assert_true(json_string_is(&f.json, json_get(&f.json, data, "mode"), "BLIND"));
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot_at_connect),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_account_snapshot),
        cmocka_unit_test(test_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
