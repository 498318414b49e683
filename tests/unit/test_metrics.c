/*
 * test_metrics.c - figures in Prometheus' text format (S-26).
 */
#include "app/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static char out[65536];

/* A duration on a bound is in its bucket; buckets add up; the sum is exact. */
static void
test_histogram(void **state)
{
    struct histogram histogram = { 0 };
    struct text text = text_on(out, sizeof out);

    (void)state;
    histogram_add(&histogram, (struct span){ -5 });
    histogram_add(&histogram, (struct span){ 50000 });
    histogram_add(&histogram, (struct span){ 50001 });
    histogram_add(&histogram, SPAN_SECONDS(60));
    histogram_add(&histogram, SPAN_SECONDS(61));
    histogram_write(&histogram, "x_seconds", "a=\"b\"", &text);
    assert_non_null(strstr(out, "x_seconds_bucket{a=\"b\",le=\"5e-05\"} 2\n"));
    assert_non_null(strstr(out, "x_seconds_bucket{a=\"b\",le=\"0.0001\"} 3\n"));
    assert_non_null(strstr(out, "x_seconds_bucket{a=\"b\",le=\"30\"} 3\n"));
    assert_non_null(strstr(out, "x_seconds_bucket{a=\"b\",le=\"60\"} 4\n"));
    assert_non_null(strstr(out, "x_seconds_bucket{a=\"b\",le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(out, "x_seconds_sum{a=\"b\"} 121.000100001\n"));
    assert_non_null(strstr(out, "x_seconds_count{a=\"b\"} 5\n"));
    text = text_on(out, sizeof out);
    histogram_write(&histogram, "x", "", &text);
    assert_non_null(strstr(out, "x_bucket{le=\"+Inf\"} 5\nx_sum 121.000100001\nx_count 5\n"));
}

/* A call without an answer is lost, not refused; more endpoints than expected do no harm. */
static void
test_calls(void **state)
{
    static struct metrics metrics;
    char name[16] = "/x0";

    (void)state;
    metrics_call(&metrics, "/a", 200, SPAN_MS(1));
    metrics_call(&metrics, "/a", 503, SPAN_MS(1));
    metrics_call(&metrics, "/a", 0, SPAN_ZERO);
    assert_int_equal(metrics.endpoints_count, 1);
    for (int result = 0; result < METRICS_RESULTS; result++)
        assert_int_equal(metrics.endpoints[0].results[result], 1);
    for (int i = 0; i < 2 * METRICS_ENDPOINTS; i++) {
        name[2] = (char)('0' + i);
        metrics_call(&metrics, name, 200, SPAN_ZERO);
    }
    assert_int_equal(metrics.endpoints_count, METRICS_ENDPOINTS);
}

/* Only what answers a frame has a decision latency. */
static void
test_answers(void **state)
{
    static struct metrics metrics;
    const struct command command = { .kind = COMMAND_CANCEL };

    (void)state;
    metrics_answer(&metrics, &command, OUTCOME_GONE, SPAN_ZERO);
    metrics_answer(&metrics, &command, OUTCOME_GONE, SPAN_MS(1));
    assert_int_equal(metrics.actions[COMMAND_CANCEL][OUTCOME_GONE], 2);
    assert_int_equal(metrics.decision.count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
