/*
 * test_pause.c - when upkeep rests (CB-02 to CB-06), by itself; in the gateway: test_gateway_retry.c.
 */
#include "gateway/pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)

static struct pause
paused(void)
{
    struct pause pause;

    pause_init(&pause, 5, 30 * SECOND, 300 * SECOND);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pause_failed(&pause, NOW), i == 4);
    return pause;
}

/* Five failures in a row, no four and no interrupted five. */
static void
pause_opens(void **state)
{
    struct pause pause;

    (void)state;
    pause_init(&pause, 5, 30 * SECOND, 300 * SECOND);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            assert_false(pause_failed(&pause, NOW));
        assert_false(pause_is_on(&pause));
        assert_false(pause_succeeded(&pause));
    }
    pause = paused();
    assert_true(pause_is_on(&pause));
    assert_true(pause.probe_ns == NOW + 30 * SECOND);
    assert_false(pause_failed(&pause, NOW + SECOND)); /* More of it moves nothing. */
    assert_true(pause.probe_ns == NOW + 30 * SECOND);
}

/* One probe at a time; a success, of whatever call, ends it (CB-03). */
static void
pause_probe(void **state)
{
    struct pause pause = paused();

    (void)state;
    pause_probing(&pause);
    assert_true(pause.probe_ns == INT64_MAX);
    assert_true(pause_is_on(&pause));
    assert_true(pause_succeeded(&pause));
    assert_false(pause_is_on(&pause));
    assert_false(pause_succeeded(&pause));
    pause_probe_failed(&pause, NOW); /* Its answer comes after that of another call. */
    assert_false(pause_is_on(&pause));
}

static void
pause_backoff(void **state)
{
    static const int64_t waits_s[] = { 60, 120, 240, 300, 300 };
    struct pause pause = paused();
    int64_t now = pause.probe_ns;

    (void)state;
    for (size_t i = 0; i < sizeof waits_s / sizeof waits_s[0]; i++) {
        pause_probing(&pause);
        pause_probe_failed(&pause, now);
        assert_true(pause.probe_ns == now + waits_s[i] * SECOND);
        pause_probe_failed(&pause, now + SECOND); /* Said once. */
        assert_true(pause.probe_ns == now + waits_s[i] * SECOND);
        now = pause.probe_ns;
    }
    assert_true(pause_succeeded(&pause));
    pause = paused();
    assert_true(pause.probe_ns == NOW + 30 * SECOND); /* The next one begins anew. */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pause_opens),
        cmocka_unit_test(pause_probe),
        cmocka_unit_test(pause_backoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
