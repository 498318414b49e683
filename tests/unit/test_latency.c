/*
 * test_latency.c - the histogram behind "decision latency p50 and p99" (S-7, SV-09).
 */
#include "app/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static void
test_percentiles(void **state)
{
    struct latency latency = { 0 };

    (void)state;
    assert_int_equal(latency_at(&latency, 500).ns, 0);
    for (int i = 1; i <= 1000; i++)
        latency_add(&latency, (struct span){ i * 1000 });
    assert_int_equal(latency.count, 1000);
    assert_in_range(latency_at(&latency, 500).ns, 500000, 500000 + 500000 / 16);
    assert_in_range(latency_at(&latency, 990).ns, 990000, 1000000);
    assert_int_equal(latency_at(&latency, 1000).ns, 1000000);
    assert_in_range(latency_at(&latency, 1).ns, 1000, 1063);
}

/* Never too low, at most 1/16 too high, over the whole range. */
static void
test_error_bound(void **state)
{
    (void)state;
    for (int shift = 0; shift < 62; shift++) {
        for (int64_t offset = -1; offset <= 1; offset++) {
            struct latency latency = { 0 };
            int64_t ns = ((int64_t)1 << shift) + offset;
            latency_add(&latency, (struct span){ ns });
            latency_add(&latency, (struct span){ INT64_MAX });
            int64_t got = latency_at(&latency, 500).ns;
            assert_true(got >= ns);
            assert_true(got - ns <= ns / 16);
        }
    }
}

static void
test_odd_values(void **state)
{
    struct latency latency = { 0 };

    (void)state;
    latency_add(&latency, (struct span){ -5 });
    assert_int_equal(latency_at(&latency, 990).ns, 0);
    latency_add(&latency, (struct span){ INT64_MAX });
    assert_int_equal(latency_at(&latency, 1000).ns, INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_error_bound),
        cmocka_unit_test(test_odd_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
