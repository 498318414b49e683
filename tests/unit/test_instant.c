/*
 * test_instant.c - timestamps as the gateway writes them (gateway.md 5, Timestamps), saturating arithmetic and the calendar.
 */
#include "base/instant.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO INT64_C(-77) /* Stays when the parser says no. */
#define BASE INT64_C(1787148961) /* 2026-08-19T14:16:01Z */
#define NS INT64_C(1000000000)

struct parse_case {
    const char *text;
    int64_t ns;
};

static bool
parse_exact(const char *text, struct instant *ret_at)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    bool good = instant_parse(copy, length, ret_at);
    free(copy);
    return good;
}

static void
test_parse(void **state)
{
    static const struct parse_case cases[] = {
        /* 0 to 9 fraction digits. */
        { "2026-08-19T14:16:01Z", BASE * NS },
        { "2026-08-19T14:16:01.4Z", BASE * NS + 400000000 },
        { "2026-08-19T14:16:01.40Z", BASE * NS + 400000000 },
        { "2026-08-19T14:16:01.406Z", BASE * NS + 406000000 },
        { "2026-08-19T14:16:01.4061Z", BASE * NS + 406100000 },
        { "2026-08-19T14:16:01.40612Z", BASE * NS + 406120000 },
        { "2026-08-19T14:16:01.406128Z", BASE * NS + 406128000 },
        { "2026-08-19T14:16:01.4061289+00:00", BASE * NS + 406128900 },
        { "2026-08-19T14:16:01.40612890Z", BASE * NS + 406128900 },
        { "2026-08-19T14:16:01.406128999Z", BASE * NS + 406128999 },
        { "2026-08-19T14:16:01.000000001Z", BASE * NS + 1 },
        { "2026-08-19T14:16:01.0Z", BASE * NS },
        /* Offsets; without one it is UTC. */
        { "2026-08-19T14:16:01+00:00", BASE * NS },
        { "2026-08-19T14:16:01-00:00", BASE * NS },
        { "2026-08-19T14:16:01", BASE * NS },
        { "2026-08-19T14:16:01.5", BASE * NS + 500000000 },
        { "2026-08-19T09:16:01-05:00", BASE * NS },
        { "2026-08-19T19:46:01+05:30", BASE * NS },
        { "2026-08-20T04:16:01+14:00", BASE * NS },
        { "2026-08-18T14:17:01-23:59", BASE * NS },
        { "2026-08-20T14:15:01+23:59", BASE * NS },
        { "2026-08-19t14:16:01z", BASE * NS },
        { "2026-08-19 14:16:01Z", BASE * NS },
        /* The calendar's edges. */
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01T05:00:00+05:00", 0 },
        { "2000-02-29T00:00:00Z", INT64_C(951782400) * NS },
        { "2024-02-29T23:59:59.999999999Z", INT64_C(1709251199) * NS + 999999999 },
        { "2026-12-31T23:59:59Z", INT64_C(1798761599) * NS },
        { "2016-12-31T23:59:60Z", INT64_C(1483228800) * NS }, /* A leap second is the next second. */
        { "2261-12-31T23:59:60.999999999-23:59", INT64_C(9214732740) * NS + 999999999 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct instant at = { NO };
        if (!parse_exact(cases[i].text, &at) || at.ns != cases[i].ns)
            fail_msg("%s: %lld", cases[i].text, (long long)at.ns);
    }
}

static void
test_refused(void **state)
{
    static const char *const texts[] = {
        "0001-01-01T00:00:00", /* .NET's "no time". */
        "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "2262-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "0000-00-00T00:00:00Z",
        "", "2", "2026", "2026-08", "2026-08-19", "2026-08-19T", "2026-08-19T14", "2026-08-19T14:16", "2026-08-19T14:16Z", "2026-08-19T14:16:0",
        "2026-08-19T14:16:0Z", "2026-8-19T14:16:01Z", "26-08-19T14:16:01Z", "2026-08-19T4:16:01Z", "02026-08-19T14:16:01Z",
        "2026/08/19T14:16:01Z", "2026-08-19X14:16:01Z", "2026-08-19T14.16.01Z", "20260819T141601Z", "2026-08-19T14:16:01,5Z",
        "2026-00-19T14:16:01Z", "2026-13-19T14:16:01Z", "2026-08-00T14:16:01Z", "2026-08-32T14:16:01Z", "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "1900-02-28T00:00:00Z",
        "2026-08-19T24:00:00Z", "2026-08-19T23:60:00Z", "2026-08-19T23:59:61Z", "2026-08-19T-1:00:00Z",
        "2026-08-19T14:16:01.Z", "2026-08-19T14:16:01.", "2026-08-19T14:16:01.+00:00", "2026-08-19T14:16:01.1234567890Z", "2026-08-19T14:16:01.4a",
        "2026-08-19T14:16:01ZZ", "2026-08-19T14:16:01Z ", " 2026-08-19T14:16:01Z", "2026-08-19T14:16:01Z+00:00", "2026-08-19T14:16:01+",
        "2026-08-19T14:16:01+0", "2026-08-19T14:16:01+00", "2026-08-19T14:16:01+00:", "2026-08-19T14:16:01+00:0", "2026-08-19T14:16:01+00:000",
        "2026-08-19T14:16:01+24:00", "2026-08-19T14:16:01+00:60", "2026-08-19T14:16:01*00:00", "2026-08-19T14:16:01+-5:00", "2026-08-19T14:16:01CST",
        "not a time at all, really", "null", "1787148961", "-026-08-19T14:16:01Z",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct instant at = { NO };
        if (parse_exact(texts[i], &at) || at.ns != NO)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void
test_format(void **state)
{
    static const struct {
        int64_t ns;
        const char *expected;
    } cases[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { BASE * NS + 406128900, "2026-08-19T14:16:01.4061289Z" },
        { BASE * NS + 400000000, "2026-08-19T14:16:01.4Z" },
        { BASE * NS + 1, "2026-08-19T14:16:01.000000001Z" },
        { BASE * NS, "2026-08-19T14:16:01Z" },
        { -1, "1969-12-31T23:59:59.999999999Z" },
        { -NS, "1969-12-31T23:59:59Z" },
        { -86400 * NS, "1969-12-31T00:00:00Z" },
        { INT64_C(951782400) * NS, "2000-02-29T00:00:00Z" },
        { INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
        { INT64_MIN, "1677-09-21T00:12:43.145224192Z" },
    };
    char out[INSTANT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct instant back;
        assert_int_equal(instant_format((struct instant){ cases[i].ns }, out, sizeof out), strlen(cases[i].expected));
        assert_string_equal(out, cases[i].expected);
        if (cases[i].ns >= 0 && cases[i].ns != INT64_MAX) {
            assert_true(instant_parse(out, strlen(out), &back));
            assert_int_equal(back.ns, cases[i].ns);
        }
    }
    assert_int_equal(instant_format((struct instant){ 0 }, out, 8), 7);
    assert_string_equal(out, "1970-01");
}

static void
test_arithmetic(void **state)
{
    static const struct {
        int64_t at, by, sum;
    } sums[] = {
        { 10, 5, 15 },
        { 10, -15, -5 },
        { INT64_MAX - 1, 1, INT64_MAX },
        { INT64_MAX - 1, 2, INT64_MAX },
        { INT64_MAX - 1, INT64_MAX, INT64_MAX },
        { INT64_MAX, -1000, INT64_MAX }, /* Never stays never. */
        { INT64_MIN + 1, -5, INT64_MIN },
        { INT64_MIN, INT64_MIN, INT64_MIN },
    };
    static const struct {
        int64_t later, earlier, span;
    } differences[] = {
        { 15, 10, 5 },
        { 10, 15, -5 },
        { INT64_MAX, 0, INT64_MAX },
        { INT64_MAX, -1, INT64_MAX },
        { INT64_MIN, 1, INT64_MIN },
        { 0, INT64_MIN, INT64_MAX },
        { -1, INT64_MIN, INT64_MAX },
        { -5, INT64_MIN, INT64_MAX - 4 },
        { INT64_MIN, INT64_MIN, 0 },
        { INT64_MAX, INT64_MIN, INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sums); i++) {
        struct instant at = { sums[i].at };
        assert_int_equal(instant_add(at, (struct span){ sums[i].by }).ns, sums[i].sum);
        if (sums[i].by != INT64_MIN)
            assert_int_equal(instant_sub(at, (struct span){ -sums[i].by }).ns, sums[i].sum);
    }
    assert_int_equal(instant_sub((struct instant){ 0 }, (struct span){ INT64_MIN }).ns, INT64_MAX);
    for (size_t i = 0; i < COUNT_OF(differences); i++) {
        struct instant later = { differences[i].later }, earlier = { differences[i].earlier };
        assert_int_equal(instant_since(later, earlier).ns, differences[i].span);
    }
    assert_int_equal(SPAN_MS(1500).ns, 1500000000);
    assert_int_equal(SPAN_SECONDS(-2).ns, -2 * NS);
}

static void
test_comparison(void **state)
{
    struct instant early = { -1 }, late = { 1 };

    (void)state;
    assert_true(instant_before(early, late));
    assert_false(instant_before(late, early));
    assert_false(instant_before(late, late));
    assert_true(instant_equal(late, late));
    assert_false(instant_equal(late, early));
    assert_int_equal(instant_min(early, late).ns, -1);
    assert_int_equal(instant_min(late, early).ns, -1);
    assert_int_equal(instant_max(early, late).ns, 1);
    assert_int_equal(instant_max(late, INSTANT_NEVER).ns, INT64_MAX);
    assert_true(instant_is_never(INSTANT_NEVER));
    assert_false(instant_is_never(INSTANT_NONE));
}

/* Every day of 800 years against counting them one by one. */
static void
test_calendar(void **state)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t days = civil_to_days(1600, 1, 1);
    int weekday = civil_weekday(days);

    (void)state;
    assert_int_equal(days, -135140);
    assert_int_equal(civil_weekday(0), 4);      /* Thursday. */
    assert_int_equal(civil_weekday(20684), 3);  /* 2026-08-19, a Wednesday. */
    assert_int_equal(civil_to_days(2026, 8, 19), 20684);
    assert_int_equal(civil_to_days(1, 1, 1), -719162);
    assert_int_equal(civil_to_days(0, 1, 1), -719528); /* The era before the first. */
    assert_int_equal(civil_to_days(-400, 3, 1), civil_to_days(0, 3, 1) - 146097);
    for (int year = 1600; year < 2400; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= lengths[month - 1] + (leap && month == 2 ? 1 : 0); day++, days++) {
                int y, m, d;
                civil_from_days(days, &y, &m, &d);
                assert_true(y == year && m == month && d == day);
                assert_int_equal(civil_to_days(year, month, day), days);
                assert_int_equal(civil_weekday(days), weekday);
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_comparison),
        cmocka_unit_test(test_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
