/*
 * test_text.c - bounded text, comparison, whole numbers, suggestions, UTF-8, wiping; and base/error.h, which is made of it.
 */
#include "base/text.h"

#include "base/assert.h"

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_adding(void **state)
{
    char buffer[11];
    struct text text = text_on(buffer, sizeof buffer);

    (void)state;
    assert_string_equal(buffer, "");
    text_add(&text, "abc");
    text_add_bytes(&text, "defg", 2);
    text_add_bytes(&text, NULL, 0);
    text_addf(&text, "-%d", 42);
    assert_string_equal(buffer, "abcde-42");
    assert_int_equal(text.length, 8);
    text_add(&text, "xy"); /* Fits exactly. */
    assert_false(text.truncated);
    assert_string_equal(buffer, "abcde-42xy");
    text_add(&text, "");
    assert_false(text.truncated);
    text_add(&text, "z");
    assert_true(text.truncated);
    assert_string_equal(buffer, "abcde-42xy");
    assert_int_equal(text.length, 10);
}

/* What is formatted here and what is left to the C library read alike, in any order, cut or whole. */
#define SAME_AS_PRINTF(...) \
    do { \
        for (size_t size = 1; size <= sizeof expected; size++) { \
            struct text text = text_on(buffer, size); \
            int length = snprintf(expected, size, __VA_ARGS__); \
            text_addf(&text, __VA_ARGS__); \
            assert_string_equal(buffer, expected); \
            assert_int_equal(text.length, strlen(expected)); \
            assert_int_equal(text.truncated, (size_t)length >= size); \
        } \
    } while (0)

static void
test_formatting(void **state)
{
    char buffer[120], expected[120];
    const char *volatile nothing = NULL; /* Or the compiler warns of what is meant. */

    (void)state;
    SAME_AS_PRINTF("plain");
    SAME_AS_PRINTF("%s", "");
    SAME_AS_PRINTF("%s and %s%s", "one", "two", "three");
    SAME_AS_PRINTF("100%% of %d", 7);
    SAME_AS_PRINTF("%d %d %d %d", 0, -1, INT_MIN, INT_MAX);
    SAME_AS_PRINTF("%ld %lld %lld", LONG_MIN, LLONG_MIN, LLONG_MAX);
    SAME_AS_PRINTF("%" PRId64 " %" PRId32, INT64_MIN, INT32_MAX);
    SAME_AS_PRINTF("%d of %lld, then %02d:%02d and %s %.3s", 1, 2LL, 3, 4, "five", "sixth");
    SAME_AS_PRINTF("%s %zu %llu %x %c %-4d| %u %lu", "a", (size_t)9, 18446744073709551615ULL, 255U, 'c', 5, 6U, 7UL);
    SAME_AS_PRINTF("%s %.*s %+d", "a", 2, "bcd", 3);
    SAME_AS_PRINTF("[%s]", nothing);
}

/* Every buffer size from 1 up, on a heap block of exactly that size. */
static void
test_truncation(void **state)
{
    static const char whole[] = "abc123def";

    (void)state;
    for (size_t size = 1; size <= sizeof whole + 1; size++) {
        char *exact = malloc(size);
        assert_non_null(exact);
        struct text text = text_on(exact, size);
        text_add(&text, "abc");
        text_addf(&text, "%d", 123);
        text_add_bytes(&text, "defg", 3);
        assert_int_equal(text.truncated, size < sizeof whole);
        assert_int_equal(text.length, size < sizeof whole ? size - 1 : sizeof whole - 1);
        assert_memory_equal(exact, whole, text.length);
        assert_int_equal(exact[text.length], 0);
        assert_int_equal(text_copy(exact, size, whole), size >= sizeof whole);
        assert_int_equal(strlen(exact), size < sizeof whole ? size - 1 : sizeof whole - 1);
        assert_int_equal(text_copy_bytes(exact, size, whole, 3), size > 3);
        assert_int_equal(strlen(exact), size > 3 ? 3 : size - 1);
        free(exact);
    }
}

static void
test_same(void **state)
{
    (void)state;
    assert_true(text_same("GatewayUserTrade", "gatewayUSERtrade"));
    assert_true(text_same("", ""));
    assert_false(text_same("abc", "abcd"));
    assert_false(text_same("abcd", "abc"));
    assert_false(text_same("a@", "a`")); /* Differ by the bit that letters differ by. */
    assert_false(text_same("[", "{"));
    assert_false(text_same("\xc3\x89", "\xc3\xa9")); /* ASCII only. */
    assert_true(text_same("\xc3\xa9", "\xc3\xa9"));
    assert_true(text_same_bytes("abc", "ABCD", 3));
    assert_false(text_same_bytes("abc", "ABCD", 4));
    assert_false(text_same_bytes("abc", "AB", 2));
    assert_false(text_same_bytes("a", "a\0b", 3));
    assert_true(text_same_bytes("", "x", 0));
    assert_true(text_starts("prefix", "pre"));
    assert_true(text_starts("pre", "pre"));
    assert_true(text_starts("pre", ""));
    assert_false(text_starts("pr", "pre"));
    assert_false(text_starts("Pre", "pre"));
}

static void
test_to_int64(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "007", true, 7 },
        { "-42", true, -42 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775807", true, -INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "9223372036854775810", false, 0 },
        { "18446744073709551616", false, 0 },
        { "18446744073709551621", false, 0 },
        { "99999999999999999999999", false, 0 },
        { "", false, 0 },
        { "-", false, 0 },
        { "+1", false, 0 },
        { "--1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "0x1", false, 0 },
        { "1-", false, 0 },
        { "\xd9\xa1", false, 0 }, /* An Arabic-Indic digit. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t value = -77;
        bool good = text_to_int64(cases[i].text, strlen(cases[i].text), &value);
        if (good != cases[i].good || value != (good ? cases[i].value : -77))
            fail_msg("%s: %d, %lld", cases[i].text, good, (long long)value);
    }
    int64_t value;
    assert_true(text_to_int64("123", 2, &value));
    assert_int_equal(value, 12);
    assert_false(text_to_int64("1\0", 2, &value));
}

static void
test_distance(void **state)
{
    static const char long63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char long64[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        { "", "", 0 },
        { "abc", "abc", 0 },
        { "abc", "ABC", 0 },
        { "abc", "abd", 1 },
        { "abc", "abcd", 1 },
        { "abc", "bc", 1 },
        { "kitten", "sitting", 3 },
        { "", "abc", 3 },
        { "flaw", "lawn", 2 },
        { "ab", "ba", 2 },
        { long63, long63, 0 },
        { long63, "", 63 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(text_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(text_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
    assert_true(text_distance(long64, long63) > 63);
    assert_true(text_distance("a", long64) > 63);
}

static void
test_suggest(void **state)
{
    static const char *const names[] = { "max_contracts", "daily_loss", "api", "daily_less" };

    (void)state;
    assert_string_equal(text_suggest("max_contract", names, COUNT_OF(names)), "max_contracts");
    assert_string_equal(text_suggest("MAX-CONTRACTS", names, COUNT_OF(names)), "max_contracts");
    assert_string_equal(text_suggest("daily_lxss", names, COUNT_OF(names)), "daily_loss"); /* The first of equals. */
    assert_string_equal(text_suggest("dailyless", names, COUNT_OF(names)), "daily_less");
    assert_string_equal(text_suggest("mxcontrcts", names, COUNT_OF(names)), "max_contracts"); /* Distance 3. */
    assert_null(text_suggest("mxcontrct", names, COUNT_OF(names)));                           /* Distance 4. */
    assert_string_equal(text_suggest("apy", names, COUNT_OF(names)), "api");
    assert_null(text_suggest("xyz", names, COUNT_OF(names))); /* Nothing in common, though the distance is 3. */
    assert_null(text_suggest("", names, COUNT_OF(names)));
    assert_null(text_suggest("api", names, 0));
}

static void
test_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t length, expected;
    } cases[] = {
        { "a", 1, 1 },
        { "", 0, 0 },
        { "\0", 1, 1 },
        { "\x7f", 1, 1 },
        { "\xc2\x80", 2, 2 },
        { "\xdf\xbf", 2, 2 },
        { "\xe0\xa0\x80", 3, 3 },
        { "\xed\x9f\xbf", 3, 3 },
        { "\xef\xbf\xbf", 3, 3 },
        { "\xf0\x90\x80\x80", 4, 4 },
        { "\xf4\x8f\xbf\xbf", 4, 4 },
        { "\xc3\xa9x", 3, 2 },
        { "\x80", 1, 0 },
        { "\xc2", 1, 0 },
        { "\xc0\x80", 2, 0 },
        { "\xc1\xbf", 2, 0 },
        { "\xc2\xc0", 2, 0 },
        { "\xe0\x9f\xbf", 3, 0 },
        { "\xe2\x82\xac", 2, 0 },
        { "\xe2\x82\x41", 3, 0 },
        { "\xed\xa0\x80", 3, 0 },
        { "\xf0\x8f\xbf\xbf", 4, 0 },
        { "\xf0\x9f\x98\x80", 3, 0 },
        { "\xf0\x9f\x98\xc0", 4, 0 },
        { "\xf4\x90\x80\x80", 4, 0 },
        { "\xf5\x80\x80\x80", 4, 0 },
        { "\xff\xff\xff\xff", 4, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(text_utf8_length(cases[i].text, cases[i].length), cases[i].expected);
}

static void
test_wipe(void **state)
{
    char secret[] = "correct horse";
    static const char zeros[sizeof secret];

    (void)state;
    secret_wipe(secret, sizeof secret - 1);
    assert_memory_equal(secret, zeros, sizeof secret);
    secret_wipe(NULL, 0);
}

static void
test_error(void **state)
{
    struct error err = { 0 };
    char long_text[ERROR_TEXT_MAX * 2];

    (void)state;
    assert_int_equal(error_set(&err, STATUS_CONFIG, "line %d", 9), STATUS_CONFIG);
    assert_int_equal(err.status, STATUS_CONFIG);
    assert_string_equal(err.text, "line 9");
    assert_int_equal(error_prefix(&err, "%s:%d", "a.yaml", 14), STATUS_CONFIG);
    assert_string_equal(err.text, "a.yaml:14: line 9");
    assert_int_equal(error_set(&err, STATUS_RETRY, "again: %s", err.text), STATUS_RETRY); /* May quote itself. */
    assert_string_equal(err.text, "again: a.yaml:14: line 9");
    assert_int_equal(error_set(NULL, STATUS_LIMIT, "x"), STATUS_LIMIT);
    (void)error_prefix(NULL, "x");

    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    (void)error_prefix(&err, "%s", long_text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    (void)error_set(&err, STATUS_CORRUPT, "%s", long_text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    (void)error_prefix(&err, "why");
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    assert_memory_equal(err.text, "why: aaa", 8);
}

static void
test_status_names(void **state)
{
    (void)state;
    assert_string_equal(status_name(OK), "OK");
    assert_string_equal(status_name(STATUS_RETRY), "RETRY");
    assert_string_equal(status_name(STATUS_RECONNECT), "RECONNECT");
    assert_string_equal(status_name(STATUS_REFUSED), "REFUSED");
    assert_string_equal(status_name(STATUS_CORRUPT), "CORRUPT");
    assert_string_equal(status_name(STATUS_CONFIG), "CONFIG");
    assert_string_equal(status_name(STATUS_LIMIT), "LIMIT");
    assert_string_equal(status_name(STATUS_INTERNAL), "INTERNAL");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_formatting),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_to_int64),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_suggest),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_status_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
