/* test_base.c - money, instants, text and errors at their edges. */
#include "base/assert.h"
#include "base/error.h"
#include "base/instant.h"
#include "base/money.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* R-ALL-4: exact, rounded half away from zero. */
static void
decimals(void **state)
{
    static const struct { const char *text; int digits; bool good; int64_t value; } rows[] = {
        { "0", 6, true, 0 }, { "-0", 6, true, 0 }, { "-121.50", 6, true, -121500000 }, { "0.0000005", 6, true, 1 },
        { "0.00000049", 6, true, 0 }, { "-0.0000005", 6, true, -1 }, { "1e-05", 6, true, 10 }, { "5E2", 6, true, 500000000 },
        { "1e+2", 6, true, 100000000 }, { "6335.250000000", 9, true, INT64_C(6335250000000) }, { "0.0000005", 9, true, 500 },
        { "1000000000", 6, true, MONEY_MAX }, { "1000000000.000001", 6, false, 0 }, { "-1000000000.000001", 6, false, 0 },
        { "1e400", 6, false, 0 }, { "1e-400", 6, true, 0 }, { "0e999999", 6, true, 0 }, { "", 6, false, 0 }, { "-", 6, false, 0 },
        { "1.", 6, false, 0 }, { ".5", 6, false, 0 }, { "01", 6, false, 0 }, { "+1", 6, false, 0 }, { "1e", 6, false, 0 }, { "1e+-5", 6, false, 0 },
        { "0x10", 6, false, 0 }, { "1 ", 6, false, 0 }, { "nan", 6, false, 0 },
        { "123456789012345678901234567890123456789012345678901234567890", 6, false, 0 },
        { "0.123456789012345678901234567890123456789012345678901234567890", 6, true, 123457 } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t value = -7;
        bool good = decimal_parse(rows[i].text, strlen(rows[i].text), rows[i].digits, MONEY_MAX * (rows[i].digits == 9 ? 1000 : 1), &value);
        if (good != rows[i].good || (good && value != rows[i].value))
            fail_msg("\"%s\": %d %lld", rows[i].text, good, (long long)value);
    }
}

static void
arithmetic(void **state)
{
    (void)state;
    assert_int_equal(money_add(INT64_MAX, 1), INT64_MAX);
    assert_int_equal(money_add(-INT64_MAX, -5), -INT64_MAX);
    assert_int_equal(money_add(-7, 3), -4);
    assert_int_equal(money_scale(5, 1, 2), 3);
    assert_int_equal(money_scale(-5, 1, 2), -3);
    assert_int_equal(money_scale(7, 1, 5), 1);
    assert_int_equal(money_scale(8, 1, 5), 2);
    assert_int_equal(money_scale(INT64_MAX, 3, 1), INT64_MAX);
    assert_int_equal(money_scale(-75000000000, 500000, 250000000), -150000000); /* 75 points of MNQ. */
}

static void
formats(void **state)
{
    static const struct { int64_t micros; const char *text; } rows[] = { { 0, "$0.00" }, { -1234500000, "-$1,234.50" },
        { 550000000, "$550.00" }, { 1, "$0.000001" }, { 1000000000000000, "$1,000,000,000.00" }, { -10000, "-$0.01" } };
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)money_format(rows[i].micros, out, sizeof out);
        assert_string_equal(out, rows[i].text);
    }
    (void)decimal_format(INT64_C(29398500000000), 9, out, sizeof out);
    assert_string_equal(out, "29398.5");
    (void)decimal_format(-500, 9, out, sizeof out);
    assert_string_equal(out, "-0.0000005");
    (void)decimal_format(5000000, 6, out, sizeof out);
    assert_string_equal(out, "5");
    (void)decimal_format(10000000, 6, out, sizeof out);
    assert_string_equal(out, "10");
    (void)decimal_format(0, 9, out, sizeof out);
    assert_string_equal(out, "0");
}

/* gateway.md 5, Timestamps. */
static void
instants(void **state)
{
    static const struct { const char *text; bool good; int64_t ns; } rows[] = { { "1970-01-01T00:00:00Z", true, 0 },
        { "2026-08-19T14:16:01.4061289+00:00", true, INT64_C(1787148961406128900) }, { "2026-08-19T14:16:01", true, INT64_C(1787148961000000000) },
        { "2026-08-19T14:16:01.4Z", true, INT64_C(1787148961400000000) }, { "2026-08-19T09:16:01-05:00", true, INT64_C(1787148961000000000) },
        { "2026-08-19T19:46:01+05:30", true, INT64_C(1787148961000000000) }, { "2024-02-29T00:00:00Z", true, INT64_C(1709164800000000000) },
        { "2026-02-29T00:00:00Z", false, 0 }, { "2100-02-29T00:00:00Z", false, 0 }, { "0001-01-01T00:00:00", false, 0 }, { "1969-12-31T23:59:59Z", false, 0 },
        { "2026-13-01T00:00:00Z", false, 0 }, { "2026-01-32T00:00:00Z", false, 0 }, { "2026-01-01T24:00:00Z", false, 0 }, { "2026-01-01T00:60:00Z", false, 0 },
        { "2026-01-01T00:00:00.Z", false, 0 }, { "2026-01-01T00:00:00.1234567890Z", false, 0 }, { "2026-01-01T00:00:00X", false, 0 },
        { "2026-01-01", false, 0 }, { "2026-01-01T00:00:00+5:00", false, 0 }, { "9999-01-01T00:00:00Z", false, 0 }, { "", false, 0 } };
    char out[INSTANT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct instant at = { -7 };
        bool good = instant_parse(rows[i].text, strlen(rows[i].text), &at);
        if (good != rows[i].good || (good && at.ns != rows[i].ns))
            fail_msg("\"%s\": %d %lld", rows[i].text, good, (long long)at.ns);
    }
    (void)instant_format((struct instant){ INT64_C(1787148961406128900) }, out, sizeof out);
    assert_string_equal(out, "2026-08-19T14:16:01.4061289Z");
    (void)instant_format((struct instant){ 0 }, out, sizeof out);
    assert_string_equal(out, "1970-01-01T00:00:00Z");
    for (int64_t day = -1000000; day < 1000000; day += 137) {
        int y, m, d;
        civil_from_days(day, &y, &m, &d);
        assert_int_equal(civil_to_days(y, m, d), day);
    }
    assert_int_equal(civil_weekday(0), 4);
    assert_int_equal(civil_weekday(-5), 6);
    assert_true(instant_is_never(instant_add(INSTANT_NEVER, SPAN_SECONDS(-5))));
    assert_true(instant_is_never(instant_add((struct instant){ INT64_MAX - 5 }, SPAN_SECONDS(1))));
}

static void
texts(void **state)
{
    static const char *const words[] = { "limit", "enabled", "close_all" };
    char out[8];
    struct text text = text_on(out, sizeof out);
    struct error err;
    int64_t value;

    (void)state;
    text_addf(&text, "%d", 12345);
    assert_false(text.truncated);
    text_add(&text, "6789");
    assert_true(text.truncated);
    assert_string_equal(out, "1234567");
    assert_string_equal(text_suggest("limt", words, COUNT_OF(words)), "limit");
    assert_null(text_suggest("something", words, COUNT_OF(words)));
    assert_true(text_to_int64("-9223372036854775808", 20, &value) && value == INT64_MIN);
    assert_true(text_to_int64("9223372036854775807", 19, &value) && value == INT64_MAX);
    assert_false(text_to_int64("9223372036854775808", 19, &value));
    assert_false(text_to_int64("-", 1, &value));
    assert_true(text_same("ES", "es") && !text_same("ES", "MES") && !text_same("MES", "ME"));
    assert_int_equal(error_set(&err, STATUS_CONFIG, "empty"), STATUS_CONFIG);
    (void)error_prefix(&err, "accounts.yaml:%d", 14);
    assert_string_equal(err.text, "accounts.yaml:14: empty");
    assert_int_equal(error_set(NULL, STATUS_RETRY, "x"), STATUS_RETRY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(decimals), cmocka_unit_test(arithmetic), cmocka_unit_test(formats),
        cmocka_unit_test(instants), cmocka_unit_test(texts) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
