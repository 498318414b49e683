/*
 * test_pace.c - the rate windows: exact bounds, the reserve of enforcement, 429 (RL-01 to RL-05, RL-08).
 */
#include "gateway/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define START (1000 * SECOND)
#define WARM (START + 61 * SECOND) /* The half that counts as used has left the window. */

static const struct pace_limits usual = { 0 };

static int32_t
send_all(struct pace *pace, enum pace_class class, enum pace_window_kind window, int64_t now)
{
    int32_t n = 0;

    while (n < 1000 && pace_ask(pace, class, window, now) <= now) {
        pace_take(pace, window, now);
        n++;
    }
    return n;
}

/* rate_window_exact: each class to its share, the last ten for log-ins (RL-03). */
static void
rate_window_exact(void **state)
{
    struct pace pace;

    (void)state;
    pace_init(&pace, &usual, START, false);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, WARM), 150);
    assert_int_equal(send_all(&pace, PACE_ENFORCEMENT, PACE_GENERAL, WARM), 40);
    assert_int_equal(send_all(&pace, PACE_LOGIN, PACE_GENERAL, WARM), 10);
    assert_int_equal(pace_used(&pace, PACE_GENERAL, WARM), 200);
}

/* rate_history_window (RL-03) */
static void
rate_history_window(void **state)
{
    struct pace pace;

    (void)state;
    pace_init(&pace, &usual, START, false);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_HISTORY, WARM), 45);
    assert_true(pace_ask(&pace, PACE_NORMAL, PACE_HISTORY, WARM) > WARM + 30 * SECOND);
    assert_true(pace_ask(&pace, PACE_NORMAL, PACE_GENERAL, WARM) == WARM);
}

/* The time it names is the first at which one may leave. */
static void
test_when(void **state)
{
    struct pace pace;

    (void)state;
    pace_init(&pace, &usual, START, false);
    for (int i = 0; i < 150; i++)
        pace_take(&pace, PACE_GENERAL, WARM + i * SECOND / 10);
    int64_t now = WARM + 15 * SECOND, at = pace_ask(&pace, PACE_NORMAL, PACE_GENERAL, now);
    assert_true(at == WARM + 60 * SECOND + 1);
    assert_true(pace_ask(&pace, PACE_NORMAL, PACE_GENERAL, at - 1) > at - 1);
    assert_true(pace_ask(&pace, PACE_NORMAL, PACE_GENERAL, at) == at);
    assert_true(pace_ask(&pace, PACE_ENFORCEMENT, PACE_GENERAL, now) == now);
}

/* rate_restart: half of the window counts as used for its length. */
static void
rate_restart(void **state)
{
    struct pace pace;

    (void)state;
    pace_init(&pace, &usual, START, false);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, START), 50);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, START + 60 * SECOND), 0);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, START + 60 * SECOND + 1), 150);
    pace_init(&pace, &usual, START, true);
    assert_int_equal(pace_used(&pace, PACE_GENERAL, START), 0);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, START), 150);
}

/* Property: whatever is asked for, no 60 s hold more than 200. */
static void
test_never_more(void **state)
{
    static int64_t sent[100000];
    struct pace pace;
    uint32_t seed = 1;
    int count = 0;
    int64_t now = WARM;

    (void)state;
    pace_init(&pace, &usual, START, false);
    for (int i = 0; i < 100000; i++) {
        seed = seed * 1664525 + 1013904223;
        now += (int64_t)(seed >> 8) % (seed % 7 == 0 ? 5 * SECOND : SECOND / 50);
        if (pace_ask(&pace, (enum pace_class)(seed >> 30) % 3, PACE_GENERAL, now) > now)
            continue;
        pace_take(&pace, PACE_GENERAL, now);
        sent[count++] = now;
    }
    assert_true(count > 1000);
    for (int i = 200; i < count; i++)
        assert_true(sent[i] - sent[i - 200] > 60 * SECOND);
}

/* rate_429_policy */
static void
test_freezing(void **state)
{
    static const int64_t normal[] = { 5, 10, 20, 40, 60, 60 }, enforcement[] = { 1, 2, 4, 5, 5 };
    struct pace pace;
    int64_t now = WARM;

    (void)state;
    pace_init(&pace, &usual, START, false);
    for (size_t i = 0; i < sizeof normal / sizeof normal[0]; i++) {
        assert_true(pace_refused(&pace, PACE_NORMAL, -1, now) == normal[i] * SECOND);
        assert_true(pace_ask(&pace, PACE_NORMAL, PACE_GENERAL, now) == now + normal[i] * SECOND);
        assert_true(pace_ask(&pace, PACE_ENFORCEMENT, PACE_GENERAL, now) == now);
        now += normal[i] * SECOND;
    }
    pace_answered(&pace, PACE_NORMAL);
    assert_true(pace_refused(&pace, PACE_NORMAL, 17, now) == 17 * SECOND); /* Retry-After. */
    for (size_t i = 0; i < sizeof enforcement / sizeof enforcement[0]; i++) {
        assert_true(pace_refused(&pace, PACE_ENFORCEMENT, 30, now) == enforcement[i] * SECOND);
        assert_true(pace_ask(&pace, PACE_ENFORCEMENT, PACE_GENERAL, now) == now + enforcement[i] * SECOND);
        assert_true(pace_ask(&pace, PACE_LOGIN, PACE_GENERAL, now) == now);
        now += enforcement[i] * SECOND;
    }
    pace_answered(&pace, PACE_ENFORCEMENT);
    assert_true(pace_refused(&pace, PACE_ENFORCEMENT, -1, now) == SECOND);
}

/* RL-01, RL-03: where others use the same key, less is ours; and every class has its part of a small limit. */
static void
test_own_limits(void **state)
{
    static const struct pace_limits limits = { .general = 100, .general_s = 120, .history = 10, .history_s = 60, .normal_permille = 500,
        .enforce_permille = 900 };
    struct pace pace;

    (void)state;
    pace_init(&pace, &limits, START, true);
    assert_int_equal(pace_max(&pace, PACE_GENERAL), 100);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, WARM), 50);
    assert_int_equal(send_all(&pace, PACE_PROOF, PACE_GENERAL, WARM), 20);
    assert_int_equal(send_all(&pace, PACE_ENFORCEMENT, PACE_GENERAL, WARM), 20);
    assert_int_equal(send_all(&pace, PACE_LOGIN, PACE_GENERAL, WARM), 10);
    assert_true(pace_ask(&pace, PACE_LOGIN, PACE_GENERAL, WARM) == WARM + 120 * SECOND + 1);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_HISTORY, WARM), 9);
    pace_init(&pace, &limits, START, false); /* RL-08: half of what is ours. */
    assert_int_equal(pace_used(&pace, PACE_GENERAL, START), 50);
    pace_init(&pace, &(struct pace_limits){ .general = 10, .normal_permille = 1 }, START, true);
    assert_int_equal(send_all(&pace, PACE_NORMAL, PACE_GENERAL, START), 1);
    assert_int_equal(send_all(&pace, PACE_ENFORCEMENT, PACE_GENERAL, START), 8);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_limits), cmocka_unit_test(rate_window_exact),
        cmocka_unit_test(rate_history_window),
        cmocka_unit_test(test_when),
        cmocka_unit_test(rate_restart),
        cmocka_unit_test(test_never_more),
        cmocka_unit_test(test_freezing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
