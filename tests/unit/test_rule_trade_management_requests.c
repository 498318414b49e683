/*
 * test_rule_trade_management_requests.c - RULE-012 (R-012-3 to R-012-5): how often it asks, what is asked again, and which stops are
 * its own.
 */
#include "managed_stop.h"

/* R-012-4: no orphan may open a new position. */
static void
test_orphans(void **state)
{
    struct fixture f;
    struct order *ours, *theirs;

    (void)state;
    set_up(&f, "b", 1, "5800");
    assert_places(step(&f, "5802.5"), "5800", 1);
    ours = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    theirs = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5750");
    assert_null(step(&f, NULL));
    assert_int_equal(f.verdict.cancels_count, 0);
    position->size = 0;
    memset(position->memory, 0, sizeof position->memory);
    (void)step(&f, NULL);
    assert_true(fixture_cancels(&f, ours));
    assert_false(fixture_cancels(&f, theirs));
    ours->status = ORDER_CANCELLED;
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.cancels_count, 0);
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* Reversed: the old stop would add to the new position. */
    assert_places(step(&f, "5802.5"), "5800", 1);
    ours = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    position->size = -1;
    memset(position->memory, 0, sizeof position->memory);
    (void)step(&f, NULL);
    assert_true(fixture_cancels(&f, ours));
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* It shows up only after the position is gone. */
    assert_places(step(&f, "5802.5"), "5800", 1);
    position->size = 0;
    memset(position->memory, 0, sizeof position->memory);
    (void)step(&f, NULL);
    ours = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    (void)step(&f, NULL);
    assert_true(fixture_cancels(&f, ours));
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* What never came is forgotten after a minute: that price is the trader's then. */
    assert_places(step(&f, "5802.5"), "5800", 1);
    position->size = 0;
    struct instant given_up = instant_add(f.view.now, SPAN_SECONDS(60));
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.wake_at.ns, given_up.ns);
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(61));
    (void)step(&f, NULL);
    theirs = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    (void)step(&f, NULL);
    assert_false(fixture_cancels(&f, theirs));
    fixture_fini(&f);

    set_up(&f, "b", 1, "5800"); /* A restart: the position's memory is stored, the account's is not. */
    assert_places(step(&f, "5802.5"), "5800", 1);
    ours = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    f.account.remembers = 0;
    assert_null(step(&f, NULL));
    position->size = 0;
    (void)step(&f, NULL);
    assert_true(fixture_cancels(&f, ours));
    fixture_fini(&f);
}

/* R-012-3: at most one request a second, the latest value wins. */
static void
test_pace(void **state)
{
    struct fixture f;
    struct order *stop;
    struct instant asked_at;

    (void)state;
    set_up(&f, "t", 1, "5800");
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_moves(step(&f, "5805"), stop, "5802.5", 0);
    asked_at = f.view.now;
    stop->stop_price_nanos = fixture_price("5802.5");
    fixture_quote(&f, es, "5805.5"); /* In the same instant, too. */
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->stops_count, 0);
    f.view.now = instant_add(asked_at, SPAN_MS(400));
    fixture_quote(&f, es, "5806");
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->stops_count, 0);
    assert_int_equal(f.verdict.wake_at.ns, instant_add(asked_at, SPAN_SECONDS(1)).ns);
    f.view.now = instant_add(asked_at, SPAN_MS(999));
    fixture_quote(&f, es, "5807");
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->stops_count, 0);
    f.view.now = instant_add(asked_at, SPAN_MS(1000));
    (void)fixture_ask(&f, EVENT_CLOCK);
    assert_int_equal(f.verdict.stops_count, 1);
    assert_moves(&f.verdict.stops[0], stop, "5804.5", 0);
    stop->stop_price_nanos = fixture_price("5804.5");
    f.view.now = instant_sub(f.view.now, SPAN_SECONDS(3600)); /* A clock corrected: nothing has been asked this second. */
    assert_moves(step(&f, "5808"), stop, "5805.5", 0);
    fixture_fini(&f);

    set_up(&f, "t", 1, "5800");
    fixture_set(&f, "trailing_stop.update_frequency", "5");
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_moves(step(&f, "5805"), stop, "5802.5", 0);
    assert_null(step(&f, "5806"));
    assert_null(step(&f, "5806"));
    assert_moves(step(&f, "5806"), stop, "5803.5", 0);
    fixture_fini(&f);
}

/* R-012-5: refused, so the stop has not moved: again on the next favourable move, not before. */
static void
test_refused(void **state)
{
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "b", 1, "5800");
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    assert_moves(step(&f, "5802.5"), stop, "5800", 0);
    assert_null(step(&f, "5802.5"));
    assert_null(step(&f, "5802.25"));
    assert_moves(step(&f, "5802.75"), stop, "5800", 0);
    fixture_fini(&f);

    set_up(&f, "s", 1, "5800"); /* Without any stop it is asked for again in any case. */
    assert_places(step(&f, "5800"), "5797.5", 1);
    assert_null(step(&f, "5799"));
    assert_int_equal(f.verdict.wake_at.ns, instant_add(f.view.now, SPAN_SECONDS(3)).ns);
    assert_null(step(&f, "5799"));
    assert_places(step(&f, "5799"), "5797.5", 1);
    fixture_fini(&f);
}

/* Where the stop, or its size, is missing the same request comes again by itself, more and more rarely (R-012-5); an answer ends that. */
static void
test_more_and_more_rarely(void **state)
{
    static const int64_t waits[] = { 5, 10, 20, 40, 60, 60, 60 };
    struct fixture f;
    struct order *stop;

    (void)state;
    set_up(&f, "s", 1, "5800");
    fixture_quote(&f, es, "5800");
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->stops_count, 1);
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        struct instant due = instant_add(f.view.now, SPAN_SECONDS(waits[i]));
        assert_false(instant_before(due, f.verdict.wake_at)); /* By then at the latest. */
        f.view.now = instant_sub(due, SPAN_MS(1));
        assert_int_equal(fixture_ask(&f, EVENT_CLOCK)->stops_count, 0);
        f.view.now = due;
        assert_int_equal(fixture_ask(&f, EVENT_CLOCK)->stops_count, 1);
    }
    stop = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5797.5");
    assert_null(step(&f, "5800"));
    stop->status = ORDER_CANCELLED; /* Once more, and no longer as rarely. */
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(60));
    assert_places(step(&f, "5800"), "5797.5", 1);
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(8));
    assert_places(step(&f, "5800"), "5797.5", 1);
    fixture_fini(&f);
}

/* A refused size, too, comes again with the next favourable move, short or long. */
static void
test_refused_size(void **state)
{
    static const struct {
        int32_t size;
        const char *armed, *better;
    } rows[] = { { 1, "5802.5", "5803" }, { -1, "5797.5", "5797" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int32_t side = rows[i].size > 0 ? SIDE_SELL : SIDE_BUY;
        struct fixture f;
        struct order *stop;

        set_up(&f, "b", rows[i].size, "5800");
        assert_places(step(&f, rows[i].armed), "5800", 1);
        stop = fixture_order(&f, es, ORDER_STOP, side, 1, "5800");
        position->size = 2 * rows[i].size;
        assert_moves(step(&f, rows[i].armed), stop, "0", 2);
        assert_null(step(&f, rows[i].armed));
        assert_moves(step(&f, rows[i].better), stop, "0", 2);
        fixture_fini(&f);
    }
}

/* R-012-4: our stop is ours under its own id, also where the trader moves it at once, and as long as it works however often we look. */
static void
test_our_stop_is_remembered(void **state)
{
    struct fixture f;
    struct order *ours;
    struct contract *nq;
    struct position *held;

    (void)state;
    set_up(&f, "b", 1, "5800");
    assert_places(step(&f, "5802.5"), "5800", 1);
    assert_false(instant_is_never(f.verdict.wake_at));
    ours = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5801");
    assert_null(step(&f, NULL));
    assert_null(step(&f, NULL));
    assert_true(instant_is_never(f.verdict.wake_at)); /* No longer waited for by its price. */
    position->size = 0;
    memset(position->memory, 0, sizeof position->memory);
    nq = fixture_contract(&f, "NQ", "U25");
    held = fixture_position(&f, nq, 1, "21000");
    fixture_quote(&f, nq, "21002.5");
    f.view.now = instant_add(f.view.now, SPAN_SECONDS(2));
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->stops_count, 1);
    (void)fixture_order(&f, nq, ORDER_STOP, SIDE_SELL, 1, "21000");
    for (int i = 0; i < 20; i++) { /* Its cancel is wanted until it is done. */
        (void)step(&f, NULL);
        assert_true(fixture_cancels(&f, ours));
    }
    assert_int_equal(held->size, 1);
    fixture_fini(&f);
}

/* Known at the broker as ours, by a process before: an orphan too, once positions are known. */
static void
test_orphan_of_before(void **state)
{
    struct fixture f;
    struct order *with, *against;

    (void)state;
    set_up(&f, "", 1, "5800");
    with = fixture_order(&f, es, ORDER_STOP, SIDE_BUY, 1, "5810");
    against = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5790");
    with->ours = against->ours = true;
    f.view.positions_known = false;
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.cancels_count, 0);
    f.view.positions_known = true;
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.cancels_count, 1);
    assert_true(fixture_cancels(&f, with));
    position->size = -1;
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.cancels_count, 1);
    assert_true(fixture_cancels(&f, against));
    position->size = 0;
    (void)step(&f, NULL);
    assert_int_equal(f.verdict.cancels_count, 2);
    fixture_fini(&f);
}

/* A tighter stop of the trader's, managed from now on, does not make us forget the first. */
static void
test_two_of_one_contract(void **state)
{
    struct fixture f;
    struct order *first, *second;

    (void)state;
    set_up(&f, "b", 1, "5800");
    assert_places(step(&f, "5802.5"), "5800", 1);
    first = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5800");
    assert_null(step(&f, NULL));
    second = fixture_order(&f, es, ORDER_STOP, SIDE_SELL, 1, "5801");
    assert_null(step(&f, NULL));
    position->size = 0;
    (void)step(&f, NULL);
    assert_true(fixture_cancels(&f, first));
    assert_true(fixture_cancels(&f, second));
    fixture_fini(&f);
}

/* A position opens, gets its stop, and is closed; its stop works on. */
static struct order *
leave_a_stop(struct fixture *f, struct contract *contract)
{
    struct position *held = fixture_position(f, contract, 1, "5800");
    struct order *stop;

    f->view.now = instant_add(f->view.now, SPAN_SECONDS(3));
    assert_int_equal(fixture_ask(f, EVENT_POSITION)->stops_count, 1);
    stop = fixture_order(f, contract, ORDER_STOP, SIDE_SELL, 1, "5797.5");
    f->view.now = instant_add(f->view.now, SPAN_SECONDS(1));
    assert_int_equal(fixture_ask(f, EVENT_ORDER)->stops_count, 0);
    held->size = 0;
    (void)fixture_ask(f, EVENT_POSITION);
    return stop;
}

/* Eight stops of ours can be remembered; of more the oldest is forgotten. */
static void
test_many_stops(void **state)
{
    static const char *const expiries[] = { "A", "B", "C", "D", "E", "F", "G", "H", "I" };
    struct fixture f;
    struct contract *contracts[9];
    struct order *stops[9];

    (void)state;
    fixture_init(&f, &rule_trade_management);
    fixture_set(&f, "auto_stop_loss.enabled", "true");
    for (size_t i = 0; i < COUNT_OF(stops); i++)
        contracts[i] = fixture_contract(&f, "ES", expiries[i]);
    for (size_t i = 0; i < 8; i++)
        stops[i] = leave_a_stop(&f, contracts[i]);
    assert_int_equal(fixture_ask(&f, EVENT_SNAPSHOT)->cancels_count, 8);
    stops[0]->status = ORDER_CANCELLED; /* Its place is free; the next there is the newest. */
    assert_int_equal(fixture_ask(&f, EVENT_ORDER)->cancels_count, 7);
    stops[0] = leave_a_stop(&f, contracts[0]);
    stops[8] = leave_a_stop(&f, contracts[8]);
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    for (size_t i = 0; i < COUNT_OF(stops); i++)
        assert_int_equal(fixture_cancels(&f, stops[i]), i != 1);
    fixture_fini(&f);
}

/* While nothing is wanted the rule tells at which last price it would see something new; both ends are outside. */
static void
test_quiet_band(void **state)
{
    static const struct {
        const char *parts;
        int32_t size;
        const char *last, *low, *high; /* NULL: any. */
    } rows[] = {
        { "b", 1, "5801", NULL, "5802.5" },  { "t", 1, "5801", NULL, "5805" },   { "bt", 1, "5801", NULL, "5802.5" },
        { "b", -1, "5799", "5797.5", NULL }, { "t", -1, "5799", "5795", NULL },  { "bt", -1, "5799", "5797.5", NULL },
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up(&f, rows[i].parts, rows[i].size, "5800");
        assert_null(step(&f, NULL));
        assert_false(f.verdict.quiet); /* The first price is news. */
        assert_null(step(&f, rows[i].last));
        assert_true(f.verdict.quiet);
        assert_int_equal(f.verdict.bands_count, 1);
        assert_ptr_equal(f.verdict.bands[0].position, position);
        if (rows[i].low != NULL)
            assert_int_equal(f.verdict.bands[0].last_nanos.low, fixture_price(rows[i].low));
        if (rows[i].high != NULL)
            assert_int_equal(f.verdict.bands[0].last_nanos.high, fixture_price(rows[i].high));
        fixture_fini(&f);
    }
    for (int32_t size = -1; size <= 1; size += 2) { /* It trails: any better price is new. */
        const char *const best = size > 0 ? "5805" : "5795";
        set_up(&f, "t", size, "5800");
        assert_non_null(step(&f, best));
        assert_false(f.verdict.quiet);
        (void)fixture_order(&f, es, ORDER_STOP, size > 0 ? SIDE_SELL : SIDE_BUY, 1, size > 0 ? "5802.5" : "5797.5");
        assert_null(step(&f, best));
        assert_true(f.verdict.quiet);
        struct band band = f.verdict.bands[0].last_nanos;
        assert_int_equal(size > 0 ? band.high : band.low, fixture_price(best) + size);
        fixture_fini(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_more_and_more_rarely),
        cmocka_unit_test(test_refused_size),
        cmocka_unit_test(test_our_stop_is_remembered),
        cmocka_unit_test(test_orphan_of_before),
        cmocka_unit_test(test_two_of_one_contract),
        cmocka_unit_test(test_many_stops),
        cmocka_unit_test(test_quiet_band),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
