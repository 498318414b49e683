/*
 * test_gateway.c - the gateway client's life in virtual time: reads, reconciliation, degraded mode, stop (resilience.md 1.1, 1.2, 1.22, 1.23).
 *
 * Mutations, the hubs and the token: test_gateway_commands.c, test_gateway_hub.c, test_session.c.
 */
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct command close_command = { .kind = COMMAND_CLOSE, .incident = 1, .contract = { "CON.F.US.MNQ.U26" } };

/* start_order: nothing is NORMAL before every part of the snapshot was given. */
static void
test_start(void **state)
{
    struct fake *fake = fake_new(2);
    unsigned parts = 0;

    (void)state;
    fake_go_live(fake);
    for (int i = 0; i < fake->events_count; i++) {
        const struct fake_event *e = &fake->events[i];

        if (e->kind == EVENT_SNAPSHOT && e->event.u.snapshot.account_id == 1)
            parts |= e->event.u.snapshot.parts;
        if (e->kind == EVENT_MODE && e->event.u.mode.mode == MODE_NORMAL)
            assert_int_equal(parts, PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES);
    }
    assert_int_equal(fake->logins, 1);
    assert_int_equal(fake->alarms[2], 0);
    assert_int_equal(fake->connects, 2);
    fake_free(fake);
}

/* 250 orders by row offset (SR-03). */
static void
sync_paging(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->orders = 250;
    fake_go_live(fake);
    int before = fake->events_count, requests = fake->requests_count;
    fake_command(fake, (struct command){ .kind = COMMAND_READ, .incident = 1 });
    fake_run(fake, FAKE_SECOND);
    const struct fake_event *e = fake_find_event(fake, EVENT_SNAPSHOT, before);
    assert_non_null(e);
    assert_int_equal(e->event.u.snapshot.parts, PART_POSITIONS | PART_ORDERS);
    assert_int_equal(e->event.u.snapshot.orders_count, 250);
    assert_int_equal(e->first_order.id, 1);
    assert_int_equal(e->last_order.id, 250);
    assert_int_equal(fake_count(fake, "v2/query", requests), 3);
    assert_non_null(strstr(fake->requests[requests + 1].body, "\"filter\":{\"accountId\":1,\"statuses\":[1,6,7,8]}"));
    fake_free(fake);
}

static bool
without_query(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "v2/query") == NULL && strstr(request->path, "Order/searchById") == NULL)
        return false;
    answer->status = 404;
    return true;
}

/* searchOpen stands in for v2/query and says so; what it does not show is no proof (the engine's half: test_orders.c). */
static void
sync_incomplete_is_said(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hook = without_query;
    fake->orders = 5;
    int before = fake->events_count;
    fake_command(fake, (struct command){ .kind = COMMAND_READ, .incident = 1 });
    fake_run(fake, FAKE_SECOND);
    const struct fake_event *e = fake_find_event(fake, EVENT_SNAPSHOT, before);
    assert_int_equal(e->event.u.snapshot.parts, PART_POSITIONS | PART_OPEN_ORDERS);
    assert_int_equal(e->event.u.snapshot.orders_count, 5);
    fake_free(fake);
}

/* OV-03: without searchById the history tells; an order that is not in it is not proven gone. */
static void
test_history_stands_in(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hook = without_query;
    fake->orders = 5;
    int before = fake->events_count;
    fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_ORDER, .incident = 1, .order_id = 3 });
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_find_event(fake, EVENT_ORDER, before)->event.u.order.id, 3);
    uint64_t id = fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_ORDER, .incident = 1, .order_id = 77 });
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED);
    fake_free(fake);
}

static bool
fail_orders(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Order/") == NULL)
        return false;
    answer->status = 500;
    return true;
}

/* sync_partial: what was read is delivered; the mode stays DEGRADED until all parts succeed. */
static void
sync_partial(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hook = fail_orders;
    int before = fake->events_count;
    fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
    fake_run(fake, 10 * FAKE_SECOND);
    const struct fake_event *e = fake_find_event(fake, EVENT_SNAPSHOT, before);
    assert_non_null(e);
    bool state_seen = false;
    for (int i = before; i < fake->events_count; i++)
        if (fake->events[i].kind == EVENT_SNAPSHOT && (fake->events[i].event.u.snapshot.parts & PART_POSITIONS) != 0) {
            assert_int_equal(fake->events[i].event.u.snapshot.parts, PART_ACCOUNT | PART_POSITIONS);
            state_seen = true;
        }
    assert_true(state_seen);
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    before = fake->events_count;
    uint64_t id = fake_command(fake, (struct command){ .kind = COMMAND_READ, .incident = 1 });
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED); /* The reader hears of the missing half. */
    fake->hook = NULL;
    fake_run(fake, 30 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

/* A row without direction cannot be left out: that would say "flat" (P3, FV-01). */
static void
test_unusable_position(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"size\":1}]";
    int before = fake->events_count;
    fake_command(fake, (struct command){ .kind = COMMAND_READ });
    fake_run(fake, FAKE_SECOND);
    const struct fake_event *e = fake_find_event(fake, EVENT_SNAPSHOT, before);
    assert_int_equal(e->event.u.snapshot.parts, PART_ORDERS);
    fake_free(fake);
}

/* SR-08: oldest trade first. */
static void
test_trades_in_order(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->trades = "[{\"id\":9,\"accountId\":1,\"contractId\":\"C\",\"side\":0,\"size\":1,\"creationTimestamp\":\"2026-08-19T17:51:07Z\"},"
                   "{\"id\":8,\"accountId\":1,\"contractId\":\"C\",\"side\":0,\"size\":1,\"creationTimestamp\":\"2026-08-19T17:50:07Z\"},"
                   "{\"id\":7,\"accountId\":99,\"contractId\":\"C\",\"side\":0,\"size\":1,\"creationTimestamp\":\"2026-08-19T17:49:07Z\"}]";
    fake_go_live(fake);
    for (int i = 0; i < fake->events_count; i++) {
        const struct fake_event *e = &fake->events[i];

        if (e->kind != EVENT_SNAPSHOT || (e->event.u.snapshot.parts & PART_TRADES) == 0)
            continue;
        assert_int_equal(e->event.u.snapshot.trades_count, 2); /* The foreign account's is not ours. */
        assert_int_equal(e->first_trade.id, 8);
        assert_int_equal(e->last_trade.id, 9);
    }
    fake_free(fake);
}

/* sync_audit, SR-12. */
static void
sync_audit(void **state)
{
    struct fake *fake = fake_new(1);
    int before;

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 10 * FAKE_SECOND);
    before = fake->requests_count;
    fake_run(fake, 180 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Trade/search", before), 3);
    before = fake->requests_count;
    fake_run(fake, 20 * FAKE_SECOND);
    int quiet = fake_count(fake, "Trade/search", before);
    for (int i = 0; i < 100; i++)
        fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
    fake_run(fake, 12 * FAKE_SECOND);
    assert_in_range(fake_count(fake, "Trade/search", before) - quiet, 1, 3);
    fake_free(fake);
}

/* poll_start_stop (DG-03): within 2 s of the loss; positions each 5 s, trades each 10 s, account each 30 s; until LIVE, also after failed ones. */
static void
poll_start_stop(void **state)
{
    struct fake *fake = fake_new(1);
    int before;

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 61 * FAKE_SECOND);
    before = fake->requests_count;
    fake->hubs_down = true;
    fake_cut(fake_hub(fake, true));
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    fake_run(fake, 2 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Position/searchOpen", before), 1);
    before = fake->requests_count;
    fake_run(fake, 60 * FAKE_SECOND);
    assert_in_range(fake_count(fake, "Position/searchOpen", before), 12, 14);
    assert_in_range(fake_count(fake, "Trade/search", before), 6, 8);
    assert_in_range(fake_count(fake, "Account/search", before), 2, 4);
    fake->is_down = true;
    fake_run(fake, 30 * FAKE_SECOND);
    fake->is_down = false;
    fake_run(fake, 20 * FAKE_SECOND);
    before = fake->requests_count;
    fake_run(fake, 60 * FAKE_SECOND);
    assert_in_range(fake_count(fake, "Position/searchOpen", before), 12, 14);
    fake->hubs_down = false;
    fake_run(fake, 75 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    before = fake->requests_count;
    fake_run(fake, 30 * FAKE_SECOND);
    assert_in_range(fake_count(fake, "Position/searchOpen", before), 0, 1);
    fake_free(fake);
}

/* rate_poll_scaling: 20 accounts stay within 120 a minute, and no minute ever holds more than 190. */
static void
rate_poll_scaling(void **state)
{
    struct fake *fake = fake_new(20);

    (void)state;
    fake_run(fake, 120 * FAKE_SECOND);
    fake->hubs_down = true;
    for (int i = 0; i < 2; i++)
        if (fake_hub(fake, i == 0) != NULL)
            fake_cut(fake_hub(fake, i == 0));
    fake_run(fake, 300 * FAKE_SECOND);
    int before = fake->requests_count;
    fake_run(fake, 300 * FAKE_SECOND);
    assert_in_range(fake->requests_count - before, 50, 600);
    for (int i = 190; i < fake->requests_count; i++)
        assert_true(fake->requests[i].at_ns - fake->requests[i - 190].at_ns > 60 * FAKE_SECOND);
    fake_free(fake);
}

/* HM-04, CB-09, DG-05: BLIND after 15 s without REST; recovery begins with the truth. */
static void
blind_recovery(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 61 * FAKE_SECOND);
    fake->is_down = true;
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 14 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    fake_run(fake, 3 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_BLIND);
    fake_run(fake, 600 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_BLIND);
    int before = fake->events_count;
    fake->is_down = false;
    fake_run(fake, 12 * FAKE_SECOND);
    assert_int_not_equal(fake_mode(fake), MODE_BLIND);
    assert_true(fake_count_events(fake, EVENT_SNAPSHOT, before) >= 2);
    fake_run(fake, 70 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

static int stopped;

static void
on_stopped(void *context)
{
    (void)context;
    stopped++;
}

/* hub_stop (RC-07), stop_graceful: an answer in flight is waited for; then nothing more. */
static void
hub_stop(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    stopped = 0;
    fake_go_live(fake);
    uint64_t id = fake_command(fake, close_command);
    gateway_stop(fake->gateway, on_stopped, NULL);
    assert_int_equal(stopped, 0);
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(stopped, 1);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_ACCEPTED);
    assert_null(fake_hub(fake, true));
    int before = fake->requests_count, connects = fake->connects;
    fake_run(fake, 3600 * FAKE_SECOND);
    assert_int_equal(fake->requests_count, before);
    assert_int_equal(fake->connects, connects);
    assert_int_equal(stopped, 1);
    fake_free(fake);
}

/* log_redaction: neither key nor token nor the hubs' URL query in what is logged. */
static void
test_wire_holds_no_secret(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 30 * FAKE_SECOND);
    assert_true(strlen(fake->wire) > 500);
    assert_null(strstr(fake->wire, "secret-key"));
    assert_null(strstr(fake->wire, "eyJh"));
    assert_null(strstr(fake->wire, "access_token"));
    fake_free(fake);
}

static int64_t ahead_ms; /* The server's clock. */

static bool
tell_the_date(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    int64_t now_ns = INT64_C(1787000000000000000) + fake->now_ns + ahead_ms * FAKE_MS;

    (void)request;
    (void)body;
    (void)size;
    answer->date = (struct instant){ now_ns - now_ns % FAKE_SECOND };
    return false;
}

/* HM-06, clock_skew: told when it is off for certain, not because the Date field has no fractions. */
static void
test_clock_of_the_server(void **state)
{
    static const struct {
        int64_t ahead_ms;
        int level; /* 0: no alarm. */
    } rows[] = { { 0, 0 }, { 1900, 0 }, { -1900, 0 }, { 3500, 1 }, { -3500, 1 }, { 29000, 1 }, { -32000, 2 }, { 32000, 2 } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake *fake = fake_new(1);
        struct gateway_status status;

        ahead_ms = rows[i].ahead_ms;
        fake->hook = tell_the_date;
        fake_go_live(fake);
        fake_run(fake, 600 * FAKE_SECOND);
        gateway_status(fake->gateway, &status);
        assert_true(llabs(status.clock_skew_ms - rows[i].ahead_ms) <= status.clock_skew_error_ms + 1);
        assert_in_range(status.clock_skew_error_ms, 1, 510);
        assert_int_equal(fake->alarms[1], rows[i].level == 1 ? 1 : 0);
        assert_int_equal(fake->alarms[2], rows[i].level == 2 ? 1 : 0);
        fake_run(fake, 3100 * FAKE_SECOND);
        assert_int_equal(fake->alarms[1] + fake->alarms[2], rows[i].level > 0 ? 2 : 0); /* Once an hour. */
        fake_free(fake);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_of_the_server),
        cmocka_unit_test(test_start),
        cmocka_unit_test(sync_paging),
        cmocka_unit_test(sync_incomplete_is_said),
        cmocka_unit_test(test_history_stands_in),
        cmocka_unit_test(sync_partial),
        cmocka_unit_test(test_unusable_position),
        cmocka_unit_test(test_trades_in_order),
        cmocka_unit_test(sync_audit),
        cmocka_unit_test(poll_start_stop),
        cmocka_unit_test(rate_poll_scaling),
        cmocka_unit_test(blind_recovery),
        cmocka_unit_test(hub_stop),
        cmocka_unit_test(test_wire_holds_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
