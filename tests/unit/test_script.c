/*
 * test_script.c - trouble by the clock: sim/script.c.
 */
#include "sim/script.h"

#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START ((struct instant){ INT64_C(1787000000000000000) })

static struct sim *
simulation(const char *line)
{
    struct sim *sim = sim_new(&(struct sim_options){ .seed = 1, .token_life = SPAN_SECONDS(3600) }, START);

    sim->script = script_new(START);
    assert_int_equal(script_add(sim->script, line, NULL), OK);
    return sim;
}

static void
advance(struct sim *sim, int64_t seconds)
{
    sim_advance(sim, instant_add(START, SPAN_SECONDS(seconds)));
}

static void
it_acts_at_its_time_and_again(void **state)
{
    struct sim *sim = simulation("{\"at\":10,\"every\":5,\"times\":2,\"path\":\"/sim/fault\",\"body\":{\"kind\":\"status\",\"status\":502}}");

    (void)state;
    assert_int_equal(sim_next_due(sim).ns, instant_add(START, SPAN_SECONDS(10)).ns);
    advance(sim, 9);
    assert_int_equal(sim->faults.count, 0);
    advance(sim, 10);
    assert_int_equal(sim->faults.count, 1);
    assert_int_equal(sim->faults.armed[0].status, 502);
    advance(sim, 15);
    assert_int_equal(sim->faults.count, 2);
    advance(sim, 60);
    assert_int_equal(sim->faults.count, 2);
    sim_free(sim);
}

static void
chance_is_asked_each_time(void **state)
{
    struct sim *sim = simulation("{\"at\":1,\"every\":1,\"permille\":500,\"path\":\"/sim/fault\",\"body\":{\"kind\":\"hang\"}}");

    (void)state;
    for (int64_t i = 1; i <= 60; i++)
        advance(sim, i);
    assert_in_range(sim->faults.count, 10, 50);
    sim_free(sim);
}

static void
wrong_lines_are_refused(void **state)
{
    static const char *const lines[] = { "[]", "{", "{\"at\":1}", "{\"path\":\"/sim/faults\"}", "{\"path\":\"/sim/books\"}", "{\"path\":\"/api/Order/place\"}", "{\"at\":-1,\"path\":\"/sim/fault\"}",
        "{\"permille\":1001,\"path\":\"/sim/fault\"}", "{\"path\":\"/sim/fault\",\"body\":7}" };
    struct script *script = script_new(START);

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(script_add(script, lines[i], NULL), STATUS_CONFIG);
    assert_int_equal(script_add(script, "  # a remark\n", NULL), OK);
    assert_int_equal(script_add(script, "\n", NULL), OK);
    assert_true(instant_is_never(script_next_due(script)));
    script_free(script);
}

/* Nobody trades and nothing walks: with a position open the price stays where it was put. */
static void
prices_stay_without_a_walk(void **state)
{
    struct sim *sim = simulation("{\"at\":1,\"path\":\"/sim/order\",\"body\":{\"accountId\":1,\"contractId\":\"CON.F.US.MNQ.U26\",\"type\":2,\"side\":0,\"size\":1}}");

    (void)state;
    assert_true(exchange_add_account(sim->exchange, 1, "ONE", INT64_C(50000000000)));
    int64_t last = exchange_quote(sim->exchange, "CON.F.US.MNQ.U26")->last;
    for (int64_t i = 1; i <= 60; i++)
        advance(sim, i);
    assert_int_equal(exchange_net(sim->exchange, 1, "CON.F.US.MNQ.U26"), 1);
    assert_true(exchange_quote(sim->exchange, "CON.F.US.MNQ.U26")->last == last);
    sim_free(sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_acts_at_its_time_and_again),
        cmocka_unit_test(chance_is_asked_each_time),
        cmocka_unit_test(wrong_lines_are_refused),
        cmocka_unit_test(prices_stay_without_a_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
