/*
 * test_clock.c - a step of the wall clock does not end a lockout early (S-21; resilience.md 7: clock_skew).
 */
#include "app/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define T0 (1700000000 * SECOND)

static struct instant
at(int64_t seconds)
{
    return (struct instant){ T0 + seconds * SECOND };
}

static void
test_runs_beside_the_wall_clock(void **state)
{
    struct trusted_clock clock;

    (void)state;
    clock_init(&clock, at(0), 5 * SECOND);
    assert_int_equal(clock_read(&clock, at(10), 15 * SECOND).ns, at(10).ns);
    /* A second of drift is not taken over before a minute has passed, then it is. */
    assert_int_equal(clock_read(&clock, at(21), 25 * SECOND).ns, at(20).ns);
    assert_int_equal(clock_read(&clock, at(62), 66 * SECOND).ns, at(62).ns);
    assert_int_equal(clock_read(&clock, at(63), 67 * SECOND).ns, at(63).ns);
    assert_int_equal(clock.stepped.ns, 0);
}

static void
test_step_is_not_followed(void **state)
{
    struct trusted_clock clock;

    (void)state;
    clock_init(&clock, at(0), 0);
    assert_int_equal(clock_read(&clock, at(3600 + 10), 10 * SECOND).ns, at(10).ns);
    assert_int_equal(clock.stepped.ns, 3600 * SECOND);
    assert_int_equal(clock_read(&clock, at(3600 + 900), 900 * SECOND).ns, at(900).ns);
    /* Set back to what it was: all is well again. */
    assert_int_equal(clock_read(&clock, at(901), 901 * SECOND).ns, at(901).ns);
    assert_int_equal(clock.stepped.ns, 0);
    /* Backwards likewise. */
    assert_int_equal(clock_read(&clock, at(-3600), 1000 * SECOND).ns, at(1000).ns);
    assert_int_equal(clock.stepped.ns, -4600 * SECOND);
}

static void
test_edges_of_a_step(void **state)
{
    struct trusted_clock clock;

    (void)state;
    clock_init(&clock, at(0), 0);
    (void)clock_read(&clock, (struct instant){ at(12).ns }, 10 * SECOND);
    assert_int_equal(clock.stepped.ns, 0);
    (void)clock_read(&clock, (struct instant){ at(12).ns + 1 }, 10 * SECOND);
    assert_int_equal(clock.stepped.ns, 2 * SECOND + 1);
    (void)clock_read(&clock, (struct instant){ at(8).ns - 1 }, 10 * SECOND);
    assert_int_equal(clock.stepped.ns, -2 * SECOND - 1);
}

static void
test_broker_confirms(void **state)
{
    struct trusted_clock clock;

    (void)state;
    clock_init(&clock, at(0), 0);
    (void)clock_read(&clock, at(7200), 10 * SECOND);
    clock_confirm(&clock, at(7300), 110 * SECOND);
    assert_int_equal(clock_read(&clock, at(7301), 111 * SECOND).ns, at(7301).ns);
    assert_int_equal(clock.stepped.ns, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_beside_the_wall_clock),
        cmocka_unit_test(test_step_is_not_followed),
        cmocka_unit_test(test_edges_of_a_step),
        cmocka_unit_test(test_broker_confirms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
