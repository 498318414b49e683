/*
 * test_gateway_hub.c - the hubs' life in virtual time: subscriptions, buffering, silence, back-off, GatewayLogout (resilience.md 1.18 to 1.22).
 */
#include "gateway/internal.h"
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORDER_EVENT(account, id) \
    "{\"type\":1,\"target\":\"GatewayUserOrder\",\"arguments\":[{\"action\":1,\"data\":{\"id\":" #id ",\"accountId\":" #account \
    ",\"contractId\":\"C\",\"side\":0,\"size\":1,\"status\":1,\"type\":1}}]}"

static const char *
hub_state(const struct fake *fake, bool user)
{
    static struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return user ? status.user.state : status.market.state;
}

/* hub_resubscribe, ES-01, ES-03: all four for each account, on each connection. */
static void
hub_resubscribe(void **state)
{
    static const char *const wanted[] = { "SubscribeAccounts []\n", "SubscribeOrders [1]\n", "SubscribePositions [1]\n",
        "SubscribeTrades [1]\n", "SubscribeOrders [2]\n", "SubscribePositions [2]\n", "SubscribeTrades [2]\n" };
    struct fake *fake = fake_new(2);

    (void)state;
    for (int round = 0; round < 3; round++) {
        fake_go_live(fake);
        for (size_t i = 0; i < COUNT_OF(wanted); i++)
            if (strstr(fake_hub(fake, true)->heard, wanted[i]) == NULL)
                fail_msg("round %d: %s not in\n%s", round, wanted[i], fake_hub(fake, true)->heard);
        fake_cut(fake_hub(fake, true));
    }
    fake_free(fake);
}

static void
test_quotes(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_command(fake, (struct command){ .kind = COMMAND_SUBSCRIBE, .contract = { "CON.F.US.MNQ.U26" } });
    fake_command(fake, (struct command){ .kind = COMMAND_SUBSCRIBE, .contract = { "CON.F.US.MNQ.U26" } });
    assert_string_equal(fake_hub(fake, false)->heard, "SubscribeContractQuotes [\"CON.F.US.MNQ.U26\"]\n");
    int before = fake->events_count;
    fake_say(fake_hub(fake, false),
        "{\"type\":1,\"target\":\"GatewayQuote\",\"arguments\":[\"CON.F.US.MNQ.U26\",{\"bestBid\":1.5}]}");
    fake_run(fake, FAKE_SECOND);
    assert_true(fake_find_event(fake, EVENT_QUOTE, before)->event.u.quote.bid_nanos == 1500000000);
    fake_cut(fake_hub(fake, false));
    assert_int_equal(fake_mode(fake), MODE_DEGRADED); /* Quotes are needed. */
    assert_string_equal(hub_state(fake, true), "LIVE"); /* RC-03 */
    fake_go_live(fake);
    assert_string_equal(fake_hub(fake, false)->heard, "SubscribeContractQuotes [\"CON.F.US.MNQ.U26\"]\n");
    fake_command(fake, (struct command){ .kind = COMMAND_UNSUBSCRIBE, .contract = { "CON.F.US.MNQ.U26" } });
    assert_non_null(strstr(fake_hub(fake, false)->heard, "UnsubscribeContractQuotes [\"CON.F.US.MNQ.U26\"]\n"));
    fake_cut(fake_hub(fake, false));
    assert_int_equal(fake_mode(fake), MODE_NORMAL); /* Nobody misses it. */
    fake_free(fake);
}

/* hub_lifecycle: a missing ack never shows LIVE; one that fails is asked for again, then the connection goes. */
static void
hub_lifecycle(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->holds_acks = true;
    for (int i = 0; i < 600; i++) {
        fake_run(fake, FAKE_SECOND / 10);
        assert_string_not_equal(hub_state(fake, true), "LIVE");
        assert_string_not_equal(hub_state(fake, true), "SYNCING");
    }
    assert_in_range(fake->connects, 4, 12);
    fake->holds_acks = false;
    fake->fails_acks = true;
    for (int i = 0; i < 600; i++) {
        fake_run(fake, FAKE_SECOND / 10);
        assert_string_not_equal(hub_state(fake, true), "LIVE");
    }
    fake->fails_acks = false;
    fake_run(fake, 80 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    fake_free(fake);
}

static bool
slow_reads(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Position/searchOpen") == NULL)
        return false;
    answer->fate = HTTP_UNKNOWN;
    return true;
}

/* An event between the acks and LIVE is delivered once, after the snapshot asked for since.  Every step there is: replies/sync_event_races. */
static void
test_event_while_syncing(void **state)
{
    (void)state;
    for (int step = 0; step < 30; step++) {
        struct fake *fake = fake_new(1);
        int orders = 0, snapshot_at = -1, order_at = -1, acked;

        fake->latency_ns = 50 * FAKE_MS;
        while (fake_hub(fake, true) == NULL || strstr(fake_hub(fake, true)->heard, "SubscribeTrades") == NULL)
            fake_run(fake, FAKE_MS);
        while (strcmp(hub_state(fake, true), "SYNCING") != 0 && step > 0)
            fake_run(fake, FAKE_MS);
        acked = fake->events_count;
        fake_run(fake, step * 5 * FAKE_MS);
        fake_say(fake_hub(fake, true), ORDER_EVENT(1, 5));
        fake_go_live(fake);
        fake_run(fake, FAKE_SECOND);
        for (int i = 0; i < fake->events_count; i++) {
            const struct fake_event *e = &fake->events[i];

            if (e->kind == EVENT_ORDER) {
                orders++;
                order_at = i;
            }
            if (e->kind == EVENT_SNAPSHOT && (e->event.u.snapshot.parts & PART_ACCOUNT) != 0 && i >= acked && snapshot_at < 0)
                snapshot_at = i;
        }
        assert_int_equal(orders, 1);
        assert_true(snapshot_at >= 0 && order_at > snapshot_at);
        fake_free(fake);
    }
}

/* SR-02: a round that was asked before the subscriptions stood proves nothing about the gap. */
static void
test_round_from_before(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 10 * FAKE_SECOND);
    fake->latency_ns = 4 * FAKE_SECOND;
    fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
    fake_run(fake, FAKE_MS);
    fake->latency_ns = 20 * FAKE_MS;
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 2 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "SYNCING");
    int before = fake->requests_count;
    while (strcmp(hub_state(fake, true), "SYNCING") == 0)
        fake_run(fake, FAKE_MS);
    assert_string_equal(hub_state(fake, true), "LIVE");
    assert_int_equal(fake_count(fake, "Position/searchOpen", before), 1);
    assert_int_equal(fake_count(fake, "Trade/search", before), 1);
    fake_free(fake);
}

/* The snapshot is being read, slowly, and an order's event has come. */
static struct fake *
told_while_reading(void)
{
    struct fake *fake = fake_new(1);

    fake->hook = slow_reads;
    while (strcmp(hub_state(fake, true), "SYNCING") != 0)
        fake_run(fake, FAKE_MS);
    fake_say(fake_hub(fake, true), ORDER_EVENT(1, 5));
    return fake;
}

/* The connection ends before the snapshot: what it brought is delivered all the same (P3). */
static void
test_buffer_is_not_lost(void **state)
{
    struct fake *fake = told_while_reading();

    (void)state;
    fake_run(fake, 500 * FAKE_MS);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 0);
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 10 * FAKE_MS);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 1);
    fake_free(fake);
}

/* P1: with forty accounts the snapshot may wait for the rate window; what a locked account does must be seen long before. */
static void
test_events_wait_a_second_at_most(void **state)
{
    struct fake *fake = told_while_reading();

    (void)state;
    fake_run(fake, 900 * FAKE_MS);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 0);
    fake_run(fake, 100 * FAKE_MS);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 1);
    fake_run(fake, 15 * FAKE_SECOND); /* sync_ms: it is alarmed, and nothing comes twice. */
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 1);
    fake_free(fake);
}

static bool
fail_trades(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Trade/search") == NULL)
        return false;
    answer->status = 500;
    return true;
}

/* P1: events wait for positions and orders, not for slow trades; LIVE waits for all (RC-01, RC-08), and somebody hears of it (SR-10, SV-06). */
static void
test_trades_fail(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->hook = fail_trades;
    while (strcmp(hub_state(fake, true), "SYNCING") != 0)
        fake_run(fake, FAKE_MS);
    fake_run(fake, FAKE_SECOND);
    fake_say(fake_hub(fake, true), ORDER_EVENT(1, 5));
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 1);
    for (int i = 0; i < 70; i++) {
        fake_run(fake, FAKE_SECOND);
        assert_string_equal(hub_state(fake, true), "SYNCING"); /* A new connection would begin all over again. */
    }
    assert_true(fake->alarms[2] >= 2);
    fake->hook = NULL;
    fake_go_live(fake);
    fake_free(fake);
}

/* sync_buffer_overflow: dropped, said, reconciled again. */
static void
sync_buffer_overflow(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->hook = slow_reads;
    while (strcmp(hub_state(fake, true), "SYNCING") != 0)
        fake_run(fake, FAKE_MS);
    for (int i = 0; i < 1001; i++)
        fake_say(fake_hub(fake, true), ORDER_EVENT(1, 5));
    fake_run(fake, FAKE_SECOND);
    fake->hook = NULL;
    fake_run(fake, 30 * FAKE_SECOND);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), 0);
    assert_int_equal(fake_count_events(fake, EVENT_OVERFLOW, 0), 1);
    fake_free(fake);
}

/* ES-07: what cannot be handled marks the account, and the stream goes on; unknown and foreign things are counted (ES-06, FV-01). */
static void
hub_handler_fault(void **state)
{
    struct fake *fake = fake_new(1);
    struct gateway_status status;

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 10 * FAKE_SECOND);
    int before = fake->events_count, requests = fake->requests_count;
    fake_say(fake_hub(fake, true), ORDER_EVENT(99, 5));
    fake_say(fake_hub(fake, true), "{\"type\":1,\"target\":\"GatewayUserSurprise\",\"arguments\":[]}");
    fake_run(fake, FAKE_SECOND);
    gateway_status(fake->gateway, &status);
    assert_int_equal(status.foreign_rows, 1);
    assert_int_equal(status.unknown_targets, 1);
    assert_int_equal(fake->events_count, before);
    assert_int_equal(fake_count(fake, "Position/searchOpen", requests), 0);
    fake_say(fake_hub(fake, true), "{\"type\":1,\"target\":\"GatewayUserOrder\",\"arguments\":[{\"id\":1}]}");
    fake_say(fake_hub(fake, true), "this is no JSON");
    fake_say(fake_hub(fake, true), ORDER_EVENT(1, 5));
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, before), 1); /* The stream goes on ... */
    assert_true(fake_count(fake, "Position/searchOpen", requests) >= 1); /* ... and the account is reconciled. */
    assert_string_equal(hub_state(fake, true), "LIVE");
    fake_free(fake);
}

/* hub_zombie_market: pings but no quotes in session: subscribed again after 30 s, connected again after 60 s. */
static void
hub_zombie_market(void **state)
{
    struct fake *fake = fake_new(1);
    int connects;

    (void)state;
    fake_go_live(fake);
    fake_command(fake, (struct command){ .kind = COMMAND_SUBSCRIBE, .contract = { "C" } });
    connects = fake->connects;
    for (int i = 0; i < 7; i++) {
        if (i == 5)
            assert_string_equal(fake_hub(fake, false)->heard, "SubscribeContractQuotes [\"C\"]\n");
        fake_run(fake, 5 * FAKE_SECOND);
    }
    assert_string_equal(fake_hub(fake, false)->heard, "SubscribeContractQuotes [\"C\"]\nSubscribeContractQuotes [\"C\"]\n");
    assert_int_equal(fake->connects, connects);
    fake_run(fake, 30 * FAKE_SECOND);
    assert_int_equal(fake->connects, connects + 1);
    fake_free(fake);
}

/* JW-01: what means something else in a query is escaped. */
static void
test_token_in_query(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_tail = "a+b/c=&d%e.f-_~";
    fake_go_live(fake);
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(fake_hub(fake, i == 0)->target, "?access_token=token1a%2Bb%2Fc%3D%26d%25e.f-_~"));
    fake_free(fake);
}

/* hub_backoff: 0.5, 2, 5, 10, 30, 60, 60 s, +-20 %, the 5 s floor from the third on. */
static void
hub_backoff(void **state)
{
    static const int64_t steps_ms[] = { 500, 2000, 5000, 10000, 30000, 60000, 60000 };
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, FAKE_SECOND);
    fake->hubs_down = true;
    fake_cut(fake_hub(fake, true));
    fake->latency_ns = 0;
    for (size_t i = 0; i < COUNT_OF(steps_ms); i++) {
        int64_t from = fake->now_ns;
        int connects = fake->connects;

        while (fake->connects == connects)
            fake_run(fake, 10 * FAKE_MS);
        fake_run(fake, 0);
        int64_t waited_ms = (fake->now_ns - from) / FAKE_MS;
        int64_t least = i >= 2 && steps_ms[i] * 8 / 10 < 5000 ? 5000 : steps_ms[i] * 8 / 10;
        if (waited_ms < least - 20 || waited_ms > steps_ms[i] * 12 / 10 + 20)
            fail_msg("step %zu: %lld ms", i, (long long)waited_ms);
    }
    fake_free(fake);
}

/* BO-04: the operator's own waits and no others; without jitter to the moment. */
static void
test_own_waits(void **state)
{
    static const int64_t waits_ms[] = { 7000, 9000, 9000 };
    struct fake *fake = fake_new(1);

    (void)state;
    fake->gateway->times.hub_waits = (struct gateway_waits){ 2, { 7000, 9000 } };
    fake->gateway->times.hub_jitter_permille = GATEWAY_NO_JITTER;
    fake->gateway->times.hub_stable_ms = 1000000;
    fake_go_live(fake);
    fake_run(fake, 120 * FAKE_SECOND);
    fake->hubs_down = true;
    fake->latency_ns = 0;
    fake_cut(fake_hub(fake, true));
    for (size_t i = 0; i < COUNT_OF(waits_ms); i++) {
        int64_t from = fake->now_ns;
        int connects = fake->connects;

        while (fake->connects == connects)
            fake_run(fake, 10 * FAKE_MS);
        assert_in_range((fake->now_ns - from) / FAKE_MS, waits_ms[i] - 20, waits_ms[i] + 20);
    }
    fake_free(fake);
}

/* hub_flapping: connections of 5 s never reset the step (BO-02). */
static void
hub_flapping(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    int64_t start = fake->now_ns;
    int cuts = 0;
    while (fake->now_ns - start < 600 * FAKE_SECOND) {
        if (strcmp(hub_state(fake, true), "LIVE") == 0) {
            fake_run(fake, 5 * FAKE_SECOND);
            fake_cut(fake_hub(fake, true));
            cuts++;
        }
        fake_run(fake, FAKE_SECOND);
    }
    assert_in_range(cuts, 8, 16);
    fake_free(fake);
}

/* hub_forever: a day's outage, LIVE within the longest step of its end. */
static void
hub_forever(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hubs_down = true;
    fake_cut(fake_hub(fake, true));
    fake_cut(fake_hub(fake, false));
    fake_run(fake, 3600 * FAKE_SECOND);
    assert_string_not_equal(hub_state(fake, true), "LIVE");
    fake->hubs_down = false;
    fake_run(fake, 75 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    assert_string_equal(hub_state(fake, false), "LIVE");
    fake_free(fake);
}

/* hub_401_upgrade (RC-05, JW-01, JW-03, TR-08): another token, and it is the one in the URL. */
static void
hub_401_upgrade(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    assert_non_null(strstr(fake_hub(fake, true)->target, "/hubs/user?access_token=token1"));
    fake->upgrade_status = 401;
    fake_cut(fake_hub(fake, true));
    fake_run(fake, FAKE_SECOND);
    fake->upgrade_status = 0;
    fake_run(fake, 10 * FAKE_SECOND);
    fake_go_live(fake);
    assert_int_equal(fake->logins, 2);
    assert_non_null(strstr(fake_hub(fake, true)->target, "access_token=token2"));
    fake_free(fake);
}

/* hub_close_frames: type 7, with and without allowReconnect. */
static void
hub_close_frames(void **state)
{
    struct fake *fake = fake_new(1);
    struct gateway_status status;

    (void)state;
    fake_go_live(fake);
    fake_say(fake_hub(fake, true), "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}");
    fake_run(fake, 100 * FAKE_MS);
    gateway_status(fake->gateway, &status);
    assert_string_equal(status.user.why, "Connection closed with an error.");
    fake_run(fake, 5 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    fake_say(fake_hub(fake, true), "{\"type\":7,\"allowReconnect\":false}");
    fake_run(fake, 40 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "DOWN");
    fake_run(fake, 40 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    fake_free(fake);
}

/* hub_gateway_logout (SI-04): once is a reconnect with a fresh token; a storm pauses, polls and alarms (CC-07). */
static void
hub_gateway_logout(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    int logins = fake->logins;
    fake_say(fake_hub(fake, true), "{\"type\":1,\"target\":\"GatewayLogout\",\"arguments\":[\"Multiple sessions detected\"]}");
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    assert_string_equal(hub_state(fake, true), "DOWN");
    assert_string_equal(hub_state(fake, false), "DOWN");
    assert_int_equal(fake->logins, logins + 1);
    fake_run(fake, 8 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    assert_string_equal(hub_state(fake, false), "LIVE");
    assert_int_equal(fake->alarms[2], 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fake->alarms[2], 0);
        fake_say(fake_hub(fake, true), "{\"type\":1,\"target\":\"GatewayLogout\",\"arguments\":[]}");
        fake_run(fake, 9 * FAKE_SECOND);
    }
    assert_int_equal(fake->alarms[2], 1); /* The fifth. */
    assert_int_equal(fake->logins, logins + 4); /* A log-in may be what logs the other one out. */
    assert_string_equal(hub_state(fake, true), "DOWN");
    int requests = fake->requests_count;
    fake_run(fake, 200 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "DOWN");
    assert_true(fake_count(fake, "Position/searchOpen", requests) > 30);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_string_equal(hub_state(fake, true), "LIVE");
    fake_free(fake);
}

/* hub_100_cycles: dropped in three ways, and nothing is left behind (RC-10; the sanitizers say so). */
static void
hub_100_cycles(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    for (int i = 0; i < 100; i++) {
        for (int k = 0; k < 200 && strcmp(hub_state(fake, true), "LIVE") != 0; k++)
            fake_run(fake, FAKE_SECOND);
        assert_string_equal(hub_state(fake, true), "LIVE");
        if (i % 3 == 0)
            fake_say(fake_hub(fake, true), "{\"type\":7}");
        else if (i % 3 == 1)
            fake_cut(fake_hub(fake, true));
        else
            fake->hubs_silent = true;
        fake_run(fake, 45 * FAKE_SECOND);
        fake->hubs_silent = false;
    }
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hub_resubscribe),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(hub_lifecycle),
        cmocka_unit_test(test_event_while_syncing),
        cmocka_unit_test(test_round_from_before),
        cmocka_unit_test(test_buffer_is_not_lost),
        cmocka_unit_test(test_events_wait_a_second_at_most),
        cmocka_unit_test(test_trades_fail),
        cmocka_unit_test(sync_buffer_overflow),
        cmocka_unit_test(hub_handler_fault),
        cmocka_unit_test(hub_zombie_market),
        cmocka_unit_test(test_token_in_query),
        cmocka_unit_test(hub_backoff),
        cmocka_unit_test(test_own_waits),
        cmocka_unit_test(hub_flapping),
        cmocka_unit_test(hub_forever),
        cmocka_unit_test(hub_401_upgrade),
        cmocka_unit_test(hub_close_frames),
        cmocka_unit_test(hub_gateway_logout),
        cmocka_unit_test(hub_100_cycles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
