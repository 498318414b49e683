/*
 * test_rule_trade_management.c - RULE-012 (R-012-1 to R-012-4): where the stop is wanted.  What is asked for and when, and whose
 * orders these are: test_rule_trade_management_requests.c.
 */
#include "managed_stop.h"

/* R-012-1: from the average price, rounded to the tick away from the market. */
static void
test_stop_loss(void **state)
{
    static const struct {
        int32_t size;
        const char *average, *stop_price;
    } rows[] = {
        { 1, "5800", "5797.5" },       { -3, "5800", "5802.5" },      { 1, "5800.10", "5797.5" },
        { 1, "5800.24", "5797.5" },    { 1, "5799.99", "5797.25" },   { -1, "5800.10", "5802.75" },
        { -1, "5800.01", "5802.75" },  { -1, "5799.99", "5802.5" },   { 1, "-37.63", "-40.25" }, /* Prices may be negative. */
        { -1, "-37.63", "-35" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f, "s", rows[i].size, rows[i].average);
        assert_places(step(&f, NULL), rows[i].stop_price, rows[i].size < 0 ? -rows[i].size : rows[i].size);
        fixture_fini(&f);
    }
}

/* A trader's stop, whatever kind, is a stop; a limit order or the wrong side is not. */
static void
test_existing_stops(void **state)
{
    static const struct {
        int32_t type, side;
        const char *stop_price;
        bool places;
    } rows[] = {
        { ORDER_STOP, SIDE_SELL, "5700", false },     { ORDER_STOP_LIMIT, SIDE_SELL, "5700", false },
        { ORDER_TRAILING_STOP, SIDE_SELL, NULL, false }, { ORDER_LIMIT, SIDE_SELL, NULL, true },
        { ORDER_STOP, SIDE_BUY, "5900", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f, "sbt", 1, "5800");
        (void)fixture_order(&f, es, rows[i].type, rows[i].side, 1, rows[i].stop_price);
        assert_int_equal(step(&f, NULL) != NULL, rows[i].places);
        fixture_fini(&f);
    }
}

/* The platform's bracket arrives within milliseconds: wait for it, but not for ever. */
static void
test_bracket(void **state)
{
    struct fixture f;
    struct order *child;

    (void)state;
    set_up(&f, "s", 1, "5800");
    child = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    child->status = ORDER_SUSPENDED;
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.stops_count, 0);
    assert_int_equal(f.verdict.wake_at.ns, instant_add(position->created_at, SPAN_SECONDS(2)).ns);
    assert_places(step(&f, NULL), "5797.5", 1);
    fixture_fini(&f);
}

/* Nothing else is worth waiting for. */
static void
test_what_is_no_bracket(void **state)
{
    static const struct {
        const char *expiry;
        int32_t type, side, status;
        bool waits;
    } rows[] = {
        { "U25", ORDER_STOP, SIDE_SELL, ORDER_PENDING, true },    { "U25", ORDER_TRAILING_STOP, SIDE_SELL, ORDER_SUSPENDED, true },
        { "U25", ORDER_STOP_LIMIT, SIDE_SELL, ORDER_SUSPENDED, true }, { "U25", ORDER_LIMIT, SIDE_SELL, ORDER_SUSPENDED, false },
        { "U25", ORDER_STOP, SIDE_BUY, ORDER_SUSPENDED, false },  { "U25", ORDER_STOP, SIDE_SELL, ORDER_REJECTED, false },
        { "Z25", ORDER_STOP, SIDE_SELL, ORDER_SUSPENDED, false }, { "Z25", ORDER_STOP, SIDE_SELL, ORDER_REJECTED, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f, "s", 1, "5800");
        struct contract *contract = strcmp(rows[i].expiry, "U25") == 0 ? es : fixture_contract(&f, "ES", rows[i].expiry);
        fixture_order(&f, contract, rows[i].type, rows[i].side, 1, "5790")->status = rows[i].status;
        assert_int_equal(fixture_ask(&f, EVENT_POSITION)->stops_count, rows[i].waits ? 0 : 1);
        fixture_fini(&f);
    }
}

/* R-012-2: trigger - 1 tick, trigger; long and short; placed or moved; once. */
static void
test_breakeven(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "b", 2, "5800");
    assert_null(step(&f, "5802.25"));
    assert_places(step(&f, "5802.5"), "5800", 2);
    fixture_fini(&f);

    set_up(&f, "b", -1, "5800");
    fixture_set(&f, "auto_breakeven.offset_ticks", "2");
    assert_null(step(&f, "5797.75"));
    assert_places(step(&f, "5797.5"), "5799.5", 1);
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800.10");
    fixture_set(&f, "offset_ticks", "-1");
    assert_null(step(&f, "5802.5"));
    assert_places(step(&f, "5802.75"), "5799.75", 1);
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800");
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_null(step(&f, "5802.25"));
    assert_moves(step(&f, "5802.5"), stop, "5800", 0);
    stop->stop_price_nanos = fixture_price("5800");
    assert_null(step(&f, "5803"));
    stop->stop_price_nanos = fixture_price("5795"); /* The trader loosens it: once is once. */
    assert_null(step(&f, "5804"));
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* Armed, the price falls back before the request could go: still moved. */
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_moves(step(&f, "5802.5"), stop, "5800", 0);
    fixture_fini(&f);
}

/* R-012-3: the rulebook's case and its mirror. */
static void
test_trailing(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "t", 1, "5800");
    assert_null(step(&f, "5804.75"));
    assert_places(step(&f, "5805"), "5802.5", 1);
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5802.5");
    assert_moves(step(&f, "5810"), stop, "5807.5", 0);
    stop->stop_price_nanos = fixture_price("5807.5");
    assert_null(step(&f, "5807.75"));
    assert_null(step(&f, "5810"));
    assert_moves(step(&f, "5810.25"), stop, "5807.75", 0);
    fixture_fini(&f);

    set_up(&f, "t", -1, "5800");
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_BUY, 1, "5810");
    assert_null(step(&f, "5795.25"));
    assert_moves(step(&f, "5795"), stop, "5797.5", 0);
    stop->stop_price_nanos = fixture_price("5797.5");
    assert_null(step(&f, "5796"));
    assert_moves(step(&f, "5790"), stop, "5792.5", 0);
    fixture_fini(&f);
}

/* R-012-4: the tightest stop is managed, a tighter one respected, targets and other contracts left alone. */
static void
test_tightest(void **state)
{
    struct fixture f;
    struct order *tight;

    (void)state;
    set_up(&f, "b", 1, "5800");
    (void)fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5780");
    tight = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    (void)fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5770");
    (void)fixture_order(&f, es, ORDER_LIMIT, SIDE_SELL, 1, NULL);
    (void)fixture_order(&f, fixture_contract(&f, "ES", "Z25"), ORDER_STOP, SIDE_SELL, 1, "5799");
    assert_moves(step(&f, "5802.5"), tight, "5800", 0);
    fixture_fini(&f);

    set_up(&f, "bt", 1, "5800");
    (void)fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5802");
    assert_null(step(&f, "5802.5"));
    fixture_fini(&f);

    set_up(&f, "t", 1, "5800");
    (void)fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5809");
    assert_null(step(&f, "5810"));
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* A trailing stop order moves by itself. */
    (void)fixture_order(&f, es, ORDER_TRAILING_STOP, SIDE_SELL, 1, "5790");
    assert_null(step(&f, "5802.5"));
    fixture_fini(&f);
}

/* R-012-4: the managed stop's size follows the position's; a stop we never touched keeps its own. */
static void
test_size_follows(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "b", 1, "5800");
    assert_places(step(&f, "5802.5"), "5800", 1);
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    assert_null(step(&f, "5802.5"));
    position->size = 2;
    assert_moves(step(&f, NULL), stop, "0", 2);
    assert_null(step(&f, NULL)); /* On its way. */
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(3));
    assert_moves(step(&f, NULL), stop, "0", 2); /* Not done: asked again. */
    stop->size = 2;
    assert_null(step(&f, NULL));
    stop->filled = 1; /* Half of it filled: one is left to cover. */
    position->size = 1;
    assert_null(step(&f, NULL));
    position->size = 3;
    assert_moves(step(&f, NULL), stop, "0", 4);
    fixture_fini(&f);

    set_up(&f, "sb", 2, "5800");
    (void)fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_null(step(&f, "5801"));
    fixture_fini(&f);

    set_up(&f, "b", 2, "5800"); /* Two halves of the trader's: moved, but not covering twice. */
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    struct order *other = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5780");
    position->size = 3;
    assert_null(step(&f, "5801"));
    assert_moves(step(&f, "5802.5"), stop, "5800", 0);
    stop->stop_price_nanos = fixture_price("5800");
    assert_null(step(&f, "5802.5"));
    stop->size = 5;
    assert_moves(step(&f, "5802.5"), stop, "0", 3);
    other->status = ORDER_CANCELLED;
    stop->size = 1;
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(5));
    assert_moves(step(&f, "5802.5"), stop, "0", 3);
    fixture_fini(&f);
}

/* All three together: the tightest wish holds; and what is off stays off. */
static void
test_together(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "sbt", 2, "5800");
    assert_places(step(&f, "5800"), "5797.5", 2);
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 2, "5797.5");
    assert_moves(step(&f, "5802.5"), stop, "5800", 0);
    stop->stop_price_nanos = fixture_price("5800");
    assert_moves(step(&f, "5805"), stop, "5802.5", 0);
    stop->stop_price_nanos = fixture_price("5802.5");
    stop->status = ORDER_CANCELLED; /* By the trader: placed again, by the tightest of what holds. */
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(5));
    assert_places(step(&f, "5804"), "5802.5", 2);
    fixture_fini(&f);

    set_up(&f, "", 2, "5800");
    assert_null(step(&f, "5900"));
    fixture_fini(&f);
}

/* R-ALL-6: without a tick nothing can be placed. */
static void
test_without_tick(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "s", 1, "5800");
    es->tick_size_nanos = 0;
    assert_null(step(&f, "5900"));
    assert_non_null(f.verdict.missing);
    es->tick_size_nanos = 1; /* The finest there is. */
    assert_non_null(step(&f, "5900"));
    assert_null(f.verdict.missing);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_loss),
        cmocka_unit_test(test_existing_stops),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_what_is_no_bracket),
        cmocka_unit_test(test_breakeven),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_tightest),
        cmocka_unit_test(test_size_follows),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_without_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
