/*
 * test_money.c - decimal text to integers and back: exact, rounded half away from zero, saturating at the ends.
 */
#include "base/money.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO INT64_C(-77) /* Stays when a parser says no. */

struct decimal_case {
    const char *text;
    int64_t expected;
};

/* From a block of exactly the text's size, so that a step beyond it is seen. */
static bool
parse_exact(const char *text, int digits, int64_t max, int64_t *ret_value)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    bool good = decimal_parse(copy, length, digits, max, ret_value);
    free(copy);
    return good;
}

static void
test_money_values(void **state)
{
    static const struct decimal_case cases[] = {
        { "0", 0 },
        { "-0", 0 },
        { "0.00", 0 },
        { "1", 1000000 },
        { "-121.50", -121500000 },
        { "0.37", 370000 },
        { "0.1", 100000 },
        { "2.675", 2675000 },
        { "6335.250000000", INT64_C(6335250000) }, /* gateway.md 2: decimals carry trailing zeros. */
        { "149999.99", INT64_C(149999990000) },
        { "1e-05", 10 },
        { "1E-6", 1 },
        { "5E2", 500000000 },
        { "5e+2", 500000000 },
        { "1.25e1", 12500000 },
        { "-1.5e-3", -1500 },
        { "100e-8", 1 },
        { "0e99999999999999999999", 0 },
        { "0.0e-99999999999999999999", 0 },
        { "1e-99999999999999999999", 0 },
        { "0.000000000000000000000000000000000000000001e42", 1000000 },
        { "1000000000000000000000000000000000000000000e-42", 1000000 },
        { "12345678901234567890123456789012345678901234567890e-44", INT64_C(123456789012) },
        /* Half away from zero, decided by the first digit beyond the sixth. */
        { "0.0000004", 0 },
        { "0.00000049999999999999999999999999999999999999999", 0 },
        { "0.0000005", 1 },
        { "-0.0000005", -1 },
        { "-0.0000004", 0 },
        { "0.0000014", 1 },
        { "0.0000015", 2 },
        { "-0.0000015", -2 },
        { "0.0000025", 3 },
        { "0.9999995", 1000000 },
        { "5e-7", 1 },
        { "4.9e-7", 0 },
        { "5e-8", 0 },
        /* The bounds. */
        { "1000000000", MONEY_MAX },
        { "-1000000000", -MONEY_MAX },
        { "1e9", MONEY_MAX },
        { "999999999.999999", MONEY_MAX - 1 },
        { "1000000000.0000004", MONEY_MAX },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t value = NO;
        if (!parse_exact(cases[i].text, 6, MONEY_MAX, &value) || value != cases[i].expected)
            fail_msg("%s: %lld", cases[i].text, (long long)value);
        value = NO;
        assert_true(money_parse(cases[i].text, strlen(cases[i].text), &value));
        assert_int_equal(value, cases[i].expected);
    }
}

static void
test_refused(void **state)
{
    static const char *const texts[] = {
        "", "-", "+1", ".", ".5", "-.5", "1.", "-1.", "1.e1", "01", "-01", "00", "00.5", "1e", "1e+", "1e-", "1e+-5", "1e--5", "1e5.0",
        "e5", "1..2", "1.2.3", "1,000", "1 ", " 1", "1\n", "--1", "0x10", "1a", "NaN", "nan", "Infinity", "-inf", "$5", "1e5e5",
        /* JSON numbers, but out of range. */
        "1000000000.0000005", "1000000000.000001", "-1000000000.000001", "1000000001", "9223372036854775808", "1e10", "1e308", "-1e308",
        "1e99999999999999999999", "99999999999999999999999999999999999999999999999999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        int64_t value = NO;
        if (parse_exact(texts[i], 6, MONEY_MAX, &value) || value != NO)
            fail_msg("accepted: %s", texts[i]);
    }
    int64_t value;
    assert_false(money_parse("1\0", 2, &value));
    assert_true(money_parse("12x", 2, &value)); /* Exactly @length is read. */
    assert_int_equal(value, 12000000);
}

static void
test_prices(void **state)
{
    static const struct decimal_case cases[] = {
        { "29398.500000000", INT64_C(29398500000000) },
        { "0.0000005", 500 }, /* 6J's tick. */
        { "0.00000125", 1250 },
        { "-37.63", INT64_C(-37630000000) }, /* CL, 2020-04-20. */
        { "0.0000000005", 1 },
        { "0.00000000049", 0 },
        { "1000000000", PRICE_MAX },
        { "-1e9", -PRICE_MAX },
    };
    int64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(price_parse(cases[i].text, strlen(cases[i].text), &value));
        assert_int_equal(value, cases[i].expected);
    }
    assert_false(price_parse("1000000000.000000001", 20, &value));
    assert_true(decimal_parse("9223372036854775807", 19, 0, INT64_MAX, &value));
    assert_int_equal(value, INT64_MAX);
    assert_true(decimal_parse("-9223372036854775807.4", 22, 0, INT64_MAX, &value));
    assert_int_equal(value, -INT64_MAX);
    assert_false(decimal_parse("9223372036854775807.5", 21, 0, INT64_MAX, &value));
    assert_false(decimal_parse("-9223372036854775808", 20, 0, INT64_MAX, &value));
    assert_true(decimal_parse("1.5", 3, 18, INT64_MAX, &value));
    assert_int_equal(value, INT64_C(1500000000000000000));
}

static void
test_add(void **state)
{
    static const struct {
        int64_t a, b, sum;
    } cases[] = {
        { 1, 2, 3 },
        { -5, 3, -2 },
        { INT64_MAX, 0, INT64_MAX },
        { INT64_MAX - 1, 1, INT64_MAX },
        { INT64_MAX, 1, INT64_MAX },
        { INT64_MAX, INT64_MAX, INT64_MAX },
        { -INT64_MAX, -1, -INT64_MAX },
        { -INT64_MAX + 1, -1, -INT64_MAX },
        { -INT64_MAX, -INT64_MAX, -INT64_MAX },
        { INT64_MIN, 0, -INT64_MAX }, /* Always has a negative. */
        { INT64_MIN, INT64_MIN, -INT64_MAX },
        { INT64_MAX, -INT64_MAX, 0 },
        { INT64_MAX, INT64_MIN, -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(money_add(cases[i].a, cases[i].b), cases[i].sum);
        assert_int_equal(money_add(cases[i].b, cases[i].a), cases[i].sum);
    }
}

static void
test_scale(void **state)
{
    static const struct {
        int64_t value, numerator, denominator, expected;
    } cases[] = {
        { 10, 3, 1, 30 },
        { 1, 1, 3, 0 },
        { 2, 1, 3, 1 },
        { -1, 1, 3, 0 },
        { -2, 1, 3, -1 },
        { 1, 1, 2, 1 },
        { -1, 1, 2, -1 },
        { 1, -1, 2, -1 },
        { 3, 1, 2, 2 },
        { 5, 1, 10, 1 },
        { 4, 1, 10, 0 },
        { 2, 1, 5, 0 },
        { 3, 1, 5, 1 },
        { 0, INT64_MAX, 7, 0 },
        { 1, 1, INT64_MAX, 0 },
        /* A 17-point move of MNQ: 17e9 nanos / tick 0.25e9 x 0.50 dollars. */
        { INT64_C(17000000000), 500000, 250000000, 34000000 },
        { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
        { INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX },
        { INT64_MAX, 2, 1, INT64_MAX },
        { INT64_MAX, -2, 1, -INT64_MAX },
        { INT64_MIN, 1, 1, -INT64_MAX },
        { INT64_MAX, INT64_MAX, 1, INT64_MAX },
        { INT64_MIN, INT64_MAX, 1, -INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(money_scale(cases[i].value, cases[i].numerator, cases[i].denominator), cases[i].expected);
}

/* Against the definition, for every small combination. */
static void
test_scale_rounding(void **state)
{
    (void)state;
    for (int64_t product = -60; product <= 60; product++) {
        for (int64_t denominator = 1; denominator <= 12; denominator++) {
            int64_t magnitude = product < 0 ? -product : product;
            int64_t rounded = (2 * magnitude + denominator) / (2 * denominator);
            assert_int_equal(money_scale(product, 1, denominator), product < 0 ? -rounded : rounded);
        }
    }
}

static void
test_money_format(void **state)
{
    static const struct {
        int64_t micros;
        const char *expected;
    } cases[] = {
        { 0, "$0.00" },
        { 10000, "$0.01" },
        { -10000, "-$0.01" },
        { 1234500000, "$1,234.50" },
        { -1234500000, "-$1,234.50" },
        { 999990000, "$999.99" },
        { 1000000000, "$1,000.00" },
        { INT64_C(1000000000000), "$1,000,000.00" },
        { INT64_C(1000001010000), "$1,000,001.01" },
        { INT64_C(12345678000000), "$12,345,678.00" },
        { MONEY_MAX, "$1,000,000,000.00" },
        { 1, "$0.000001" },
        { -1, "-$0.000001" },
        { 375000, "$0.375" },
        { 1000100, "$1.0001" },
        { 123456, "$0.123456" },
        { INT64_MAX, "$9,223,372,036,854.775807" },
        { INT64_MIN, "-$9,223,372,036,854.775808" },
    };
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(money_format(cases[i].micros, out, sizeof out), strlen(cases[i].expected));
        assert_string_equal(out, cases[i].expected);
    }
    assert_int_equal(money_format(1234500000, out, 5), 4);
    assert_string_equal(out, "$1,2");
}

static void
test_decimal_format(void **state)
{
    static const struct {
        int64_t value;
        int digits;
        const char *expected;
    } cases[] = {
        { 0, 9, "0" },
        { 0, 0, "0" },
        { 7, 0, "7" },
        { -120, 0, "-120" },
        { INT64_C(29398500000000), 9, "29398.5" },
        { -500, 9, "-0.0000005" },
        { 1, 9, "0.000000001" },
        { INT64_C(100000000000), 9, "100" },
        { INT64_C(10000000001), 9, "10.000000001" },
        { -121500000, 6, "-121.5" },
        { PRICE_MAX, 9, "1000000000" },
        { INT64_MAX, 9, "9223372036.854775807" },
        { INT64_MIN, 9, "-9223372036.854775808" },
        { INT64_MIN, 18, "-9.223372036854775808" },
        { INT64_MAX, 0, "9223372036854775807" },
    };
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(decimal_format(cases[i].value, cases[i].digits, out, sizeof out), strlen(cases[i].expected));
        assert_string_equal(out, cases[i].expected);
    }
}

/* What is written reads back the same, for values of every length. */
static void
test_round_trip(void **state)
{
    uint64_t x = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t value = (int64_t)(x >> (1 + i % 60)) * (i % 2 == 0 ? 1 : -1), back = NO;
        char out[MONEY_TEXT_MAX];
        size_t length = decimal_format(value, 9, out, sizeof out);
        assert_true(decimal_parse(out, length, 9, INT64_MAX, &back));
        assert_int_equal(back, value);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_scale_rounding),
        cmocka_unit_test(test_money_format),
        cmocka_unit_test(test_decimal_format),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
