/*
 * test_rule_no_stop_loss_grace.c - RULE-008 (R-008-1 to R-008-4).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct contract *mnq;
static struct position *position;

static void
set_up(struct fixture *f, int32_t size)
{
    fixture_init(f, &rule_no_stop_loss_grace);
    assert_int_equal(fixture_check(f, NULL), OK);
    f->view.memory_offset = 16; /* Not the only rule. */
    f->view.now = fixture_at("2025-01-17T18:59:00Z");
    (void)fixture_ask(f, EVENT_SNAPSHOT); /* A complete, empty one. */
    mnq = fixture_contract(f, "MNQ", "U25");
    f->view.now = fixture_at("2025-01-17T19:00:00Z");
    position = fixture_position(f, mnq, size, "21000");
    (void)fixture_ask(f, EVENT_POSITION);
}

static bool
closes_at(struct fixture *f, const char *now)
{
    f->view.now = fixture_at(now);
    (void)fixture_ask(f, EVENT_CLOCK);
    assert_int_equal(f->verdict.locks_count, 0); /* R-008-1: no lockout. */
    return fixture_wanted(f, position) == 0;
}

/* grace - 1, grace, grace + 1; it wakes itself: for the warnings of R-ALL-15 and on the second. */
static void
test_grace(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, 1);
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_true(instant_equal(f.verdict.wake_at, fixture_at("2025-01-17T19:00:21Z")));
    assert_false(closes_at(&f, "2025-01-17T19:00:21Z"));
    assert_int_equal(f.verdict.observed, 21);
    assert_int_equal(f.verdict.limit, 30);
    assert_true(instant_equal(f.verdict.wake_at, fixture_at("2025-01-17T19:00:27Z")));
    assert_false(closes_at(&f, "2025-01-17T19:00:27Z"));
    assert_true(instant_equal(f.verdict.wake_at, fixture_at("2025-01-17T19:00:30Z")));
    assert_false(closes_at(&f, "2025-01-17T19:00:29.999999999Z"));
    assert_true(closes_at(&f, "2025-01-17T19:00:30Z"));
    assert_int_equal(f.verdict.action, ACTION_CLOSE_POSITION);
    assert_string_equal(f.verdict.why, "No stop-loss: MNQ has been without a sufficient stop for 30 s of 30 s.");
    assert_true(closes_at(&f, "2025-01-17T19:00:35Z"));
    fixture_fini(&f);
}

/* R-008-2, R-008-3: what protects a position of 2. */
static void
test_protection(void **state)
{
    static const struct {
        int32_t position, type, side, status, size, filled;
        const char *coverage;
        bool protects;
    } rows[] = {
        { 2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 2, 0, "full", true },
        { 2, ORDER_STOP_LIMIT, SIDE_SELL, ORDER_OPEN, 2, 0, "full", true },
        { 2, ORDER_TRAILING_STOP, SIDE_SELL, ORDER_OPEN, 2, 0, "full", true },
        { 2, ORDER_LIMIT, SIDE_SELL, ORDER_OPEN, 2, 0, "full", false },
        { 2, ORDER_MARKET, SIDE_SELL, ORDER_OPEN, 2, 0, "full", false },
        { 2, ORDER_STOP, SIDE_BUY, ORDER_OPEN, 2, 0, "full", false },
        { -2, ORDER_STOP, SIDE_BUY, ORDER_OPEN, 2, 0, "full", true },
        { -2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 2, 0, "full", false },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_SUSPENDED, 2, 0, "full", false },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_REJECTED, 2, 0, "full", false },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_EXPIRED, 2, 0, "full", false },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 1, 0, "full", false },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 1, 0, "any", true },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 3, 0, "full", true },
        { 2, ORDER_STOP, SIDE_SELL, ORDER_OPEN, 3, 2, "full", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct order *order;

        set_up(&f, rows[i].position);
        fixture_set(&f, "coverage", rows[i].coverage);
        order = fixture_order(&f, mnq, rows[i].type, rows[i].side, rows[i].size, NULL);
        order->status = rows[i].status;
        order->filled = rows[i].filled;
        if (closes_at(&f, "2025-01-17T19:00:31Z") == rows[i].protects)
            print_message("row %zu\n", i);
        assert_int_equal(closes_at(&f, "2025-01-17T19:00:31Z"), !rows[i].protects);
        fixture_fini(&f);
    }
}

/* Two stops add up; a stop of another contract does not; a stop beyond the entry is still one. */
static void
test_several_stops(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, 2);
    (void)fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 1, "21050");
    (void)fixture_order(&f, fixture_contract(&f, "MNQ", "Z25"), ORDER_STOP, SIDE_SELL, 1, "20990");
    assert_true(closes_at(&f, "2025-01-17T19:00:31Z"));
    (void)fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 1, "20990");
    assert_false(closes_at(&f, "2025-01-17T19:00:32Z"));
    fixture_fini(&f);
}

/* R-008-1: the clock stops with protection, starts anew when it is lost, and runs on through scaling. */
static void
test_clock(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, 1);
    assert_false(closes_at(&f, "2025-01-17T19:00:05Z"));
    stop = fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 1, "20990");
    assert_false(closes_at(&f, "2025-01-17T19:00:05Z"));
    assert_true(instant_is_never(f.verdict.wake_at));
    assert_false(closes_at(&f, "2025-01-17T19:00:31Z"));
    stop->status = ORDER_CANCELLED;
    f.view.now = fixture_at("2025-01-17T19:01:00Z");
    (void)fixture_ask(&f, EVENT_ORDER);
    assert_false(closes_at(&f, "2025-01-17T19:01:29.999Z"));
    position->size = 3; /* Scaling does not restart it. */
    assert_true(closes_at(&f, "2025-01-17T19:01:30Z"));
    stop->status = ORDER_OPEN;
    stop->size = 3;
    assert_false(closes_at(&f, "2025-01-17T19:01:31Z"));
    position->size = 4; /* Too small after scaling in: from now. */
    f.view.now = fixture_at("2025-01-17T19:02:00Z");
    (void)fixture_ask(&f, EVENT_SNAPSHOT); /* A poll that finds it lost: the moment is not known, but it was protected. */
    assert_false(closes_at(&f, "2025-01-17T19:02:29Z"));
    assert_true(closes_at(&f, "2025-01-17T19:02:30Z"));
    fixture_fini(&f);
}

/* R-008-4: found at start, from the creation; never before positions and orders have been seen. */
static void
test_restart(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_no_stop_loss_grace);
    mnq = fixture_contract(&f, "MNQ", "U25");
    f.view.now = fixture_at("2025-01-17T19:00:00Z");
    position = fixture_position(&f, mnq, 1, "21000");
    f.view.now = fixture_at("2025-01-17T19:00:25Z");
    f.view.orders_known = false;
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    assert_false(closes_at(&f, "2025-01-17T19:00:40Z"));
    f.view.orders_known = true;
    f.view.positions_known = false;
    assert_false(closes_at(&f, "2025-01-17T19:00:41Z"));
    f.view.positions_known = true;
    assert_true(closes_at(&f, "2025-01-17T19:00:42Z"));
    assert_int_equal(f.verdict.observed, 42);
    fixture_fini(&f);

    /* It was protected before the restart, and no stop is found now: since its creation. */
    set_up(&f, 1);
    struct order *stop = fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 1, "20990");
    assert_false(closes_at(&f, "2025-01-17T19:10:00Z"));
    f.account.remembers = 0;
    stop->status = ORDER_CANCELLED;
    assert_true(closes_at(&f, "2025-01-17T19:20:00Z"));
    fixture_fini(&f);

    /* A clock that ran before the restart runs on. */
    set_up(&f, 1);
    position->created_at = fixture_at("2025-01-17T12:00:00Z");
    f.account.remembers = 0;
    assert_false(closes_at(&f, "2025-01-17T19:00:29Z"));
    assert_true(closes_at(&f, "2025-01-17T19:00:30Z"));
    fixture_fini(&f);

    /* Heard of by an event, though created a while ago: it is seen happening now. */
    set_up(&f, 1);
    struct position *heard = fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    heard->created_at = fixture_at("2025-01-17T18:50:00Z");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(fixture_wanted(&f, heard), -1);
    (void)fixture_ask(&f, EVENT_SNAPSHOT); /* Within the same instant: the clock runs already. */
    assert_int_equal(fixture_wanted(&f, heard), -1);
    assert_true(closes_at(&f, "2025-01-17T19:00:30Z"));
    assert_int_equal(fixture_wanted(&f, heard), 0);
    fixture_fini(&f);

    /* Found by a reconnect: from the creation; created in the future by a wrong clock: from now. */
    set_up(&f, 1);
    struct position *found = fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    struct position *skewed = fixture_position(&f, fixture_contract(&f, "NQ", "U25"), 1, "21000");
    found->created_at = fixture_at("2025-01-17T18:50:00Z");
    skewed->created_at = fixture_at("2025-01-17T19:50:00Z");
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    assert_int_equal(fixture_wanted(&f, found), 0);
    assert_int_equal(fixture_wanted(&f, skewed), -1);
    assert_true(closes_at(&f, "2025-01-17T19:00:30Z"));
    assert_int_equal(fixture_wanted(&f, skewed), 0);
    fixture_fini(&f);
}

/* R-008-4: until both have been seen, whatever shows up was there before: since its creation, or since now where that is not known. */
static void
test_before_all_is_known(void **state)
{
    struct fixture f;
    struct position *undated;

    (void)state;
    fixture_init(&f, &rule_no_stop_loss_grace);
    f.view.now = fixture_at("2025-01-17T19:00:00Z");
    f.view.orders_known = false;
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    position = fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 1, "21000");
    position->created_at = fixture_at("2025-01-17T18:50:00Z");
    undated = fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    undated->created_at = INSTANT_NONE;
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.sizes_count, 0);
    f.view.orders_known = true;
    assert_true(closes_at(&f, "2025-01-17T19:00:01Z"));
    assert_int_equal(fixture_wanted(&f, undated), -1);
    assert_true(closes_at(&f, "2025-01-17T19:00:30Z"));
    assert_int_equal(fixture_wanted(&f, undated), 0);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grace),
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_several_stops),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_before_all_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
