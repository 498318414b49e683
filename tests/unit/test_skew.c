/*
 * test_skew.c - the server's clock by Date fields cut to the second (HM-06; resilience.md 7: clock_skew).
 */
#include "gateway/skew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define START (INT64_C(1787000000) * SECOND)

/* A request at @at_ns with 20 ms there and 30 ms back, answered by a server whose clock is @ahead_ms ahead. */
static void
ask(struct skew *skew, int64_t at_ns, int64_t ahead_ms)
{
    int64_t there = at_ns + 20 * MS + ahead_ms * MS;
    struct instant date = { there - there % SECOND };

    skew_note(skew, date, (struct instant){ at_ns }, (struct instant){ at_ns + 50 * MS }, at_ns - START);
}

/* The truth is never outside, and soon the doubt is that of a round trip: 0.7 to 0.9 s were shown for none before. */
static void
test_narrows_to_the_round_trip(void **state)
{
    static const int64_t truths_ms[] = { 0, 7, -7, 999, -1500, 2300, -86400000 };

    (void)state;
    for (size_t t = 0; t < sizeof truths_ms / sizeof truths_ms[0]; t++) {
        struct skew skew = { 0 };

        for (int i = 0; i < 60; i++) {
            ask(&skew, START + i * 1037 * MS, truths_ms[t]);
            assert_true(llabs(skew_ms(&skew) - truths_ms[t]) <= skew_error_ms(&skew) + 1);
        }
        assert_in_range(skew_error_ms(&skew), 1, 60);
    }
}

static void
test_one_answer(void **state)
{
    struct skew skew = { 0 };

    (void)state;
    assert_int_equal(skew_ms(&skew), 0);
    assert_int_equal(skew_error_ms(&skew), 0);
    ask(&skew, START + 900 * MS, 0);
    assert_int_equal(skew_certain_ms(&skew), 0);
    assert_in_range(skew_error_ms(&skew), 500, 530);
    skew = (struct skew){ 0 };
    ask(&skew, START + 500 * MS, 3000);
    assert_in_range(skew_certain_ms(&skew), 2000, 3000);
    skew = (struct skew){ 0 };
    ask(&skew, START + 500 * MS, -3000);
    assert_in_range(-skew_certain_ms(&skew), 2000, 3000);
}

/* A clock was stepped: the old answers are no help; drift alone never looks like that. */
static void
test_step_and_drift(void **state)
{
    struct skew skew = { 0 };

    (void)state;
    for (int i = 0; i < 60; i++)
        ask(&skew, START + i * 1037 * MS, 0);
    ask(&skew, START + 100 * SECOND, 5000);
    assert_in_range(skew_ms(&skew), 4400, 5600);
    skew = (struct skew){ 0 };
    for (int i = 0; i < 20000; i++) { /* 50 millionths, for 14 days. */
        int64_t at = START + i * 60037 * MS;

        ask(&skew, at, (at - START) / MS / 20000);
        assert_true(llabs(skew_ms(&skew) - (at - START) / MS / 20000) <= skew_error_ms(&skew) + 1);
    }
    assert_in_range(skew_error_ms(&skew), 1, 150);
}

/* Our own clock went back between request and answer. */
static void
test_answer_before_request(void **state)
{
    struct skew skew = { 0 };

    (void)state;
    skew_note(&skew, (struct instant){ START }, (struct instant){ START + 10 * SECOND }, (struct instant){ START }, 5);
    assert_int_equal(skew_error_ms(&skew), 0);
    assert_int_equal(skew_ms(&skew), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrows_to_the_round_trip),
        cmocka_unit_test(test_one_answer),
        cmocka_unit_test(test_step_and_drift),
        cmocka_unit_test(test_answer_before_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
