/*
 * test_json_node.c - json.h's accessors and the writer: values exact, wrong nodes absent, what is written reads back.
 */
#include "base/json.h"

#include "base/assert.h"
#include "base/money.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKENS 256
#define NO INT64_C(-77) /* Stays when an accessor says no. */

static struct json_token tokens[TOKENS];

static struct json
read_good(const char *text)
{
    struct json json;
    struct error err;

    if (json_read(text, strlen(text), tokens, TOKENS, &json, &err) != OK)
        fail_msg("%s: %s", text, err.text);
    return json;
}

struct value_case {
    const char *text;
    bool good;
    int64_t expected;
};

static void
check_values(const struct value_case *cases, size_t count, bool (*accessor)(const struct json *, int, int64_t *))
{
    for (size_t i = 0; i < count; i++) {
        struct json json = read_good(cases[i].text);
        int64_t value = NO;
        bool good = accessor(&json, 0, &value);
        if (good != cases[i].good || value != (good ? cases[i].expected : NO))
            fail_msg("%s: %d, %lld", cases[i].text, good, (long long)value);
    }
}

/* Ids are beyond 2^53 one day and strings sometimes (gateway.md 2.5, 4.5). */
static void
test_int64(void **state)
{
    static const struct value_case cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "3408995737", true, INT64_C(3408995737) },
        { "9007199254740993", true, INT64_C(9007199254740993) },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "99999999999999999999", false, 0 },
        { "1.0", true, 1 },
        { "-12.000", true, -12 },
        { "1.5", false, 0 },
        { "1.01", false, 0 },
        { "1.0e1", false, 0 },
        { "1e3", false, 0 },
        { "\"9007199254740993\"", true, INT64_C(9007199254740993) },
        { "\"-5\"", true, -5 },
        { "\"\"", false, 0 },
        { "\"-\"", false, 0 },
        { "\" 5\"", false, 0 },
        { "\"5 \"", false, 0 },
        { "\"5.0\"", false, 0 },
        { "\"0x5\"", false, 0 },
        { "\"5a\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
        { "[5]", false, 0 },
        { "{}", false, 0 },
    };

    (void)state;
    check_values(cases, COUNT_OF(cases), json_int64);
}

static void
test_money_and_price(void **state)
{
    static const struct value_case money[] = {
        { "-12.5", true, -12500000 },
        { "6335.250000000", true, INT64_C(6335250000) },
        { "0.37", true, 370000 },
        { "0.1", true, 100000 },
        { "1e-05", true, 10 },
        { "5E2", true, 500000000 },
        { "1000000000", true, MONEY_MAX },
        { "1000000000.000001", false, 0 },
        { "1e999", false, 0 },
        { "\"12.5\"", true, 12500000 },
        { "\"12.5x\"", false, 0 },
        { "\"\"", false, 0 },
        { "null", false, 0 },
        { "false", false, 0 },
    };
    static const struct value_case price[] = {
        { "29398.500000000", true, INT64_C(29398500000000) },
        { "0.0000005", true, 500 },
        { "-37.63", true, INT64_C(-37630000000) },
        { "1000000000", true, PRICE_MAX },
        { "1000000000.1", false, 0 },
        { "\"1\"", true, INT64_C(1000000000) },
        { "\"one\"", false, 0 },
        { "[]", false, 0 },
    };

    (void)state;
    check_values(money, COUNT_OF(money), json_money);
    check_values(price, COUNT_OF(price), json_price);
}

static void
test_bool(void **state)
{
    struct json json = read_good("[true,false,null,\"true\",1]");
    bool value = false;

    (void)state;
    assert_true(json_bool(&json, 1, &value));
    assert_true(value);
    assert_true(json_bool(&json, 2, &value));
    assert_false(value);
    for (int node = 3; node <= 6; node++)
        assert_false(json_bool(&json, node, &value));
}

static int64_t
int_of(const struct json *json, int node)
{
    int64_t value = NO;

    (void)json_int64(json, node, &value);
    return value;
}

static void
test_get(void **state)
{
    struct json json = read_good("{\"id\":1,\"Id\":2,\"\\u0069d\":3,\"i\\u0064x\":4,\"n\":{\"id\":5},\"\":6,\"a\\/b\":7,\"\\u00e9\":8,\"z\\u0000\":9}");

    (void)state;
    assert_int_equal(int_of(&json, json_get(&json, 0, "id")), 3); /* The last of duplicates, escapes decoded. */
    assert_int_equal(int_of(&json, json_get(&json, 0, "Id")), 2);
    assert_int_equal(int_of(&json, json_get_any_case(&json, 0, "ID")), 3);
    assert_int_equal(int_of(&json, json_get(&json, 0, "idx")), 4);
    assert_int_equal(int_of(&json, json_get_any_case(&json, 0, "IDX")), 4);
    assert_int_equal(int_of(&json, json_get(&json, json_get(&json, 0, "n"), "id")), 5);
    assert_int_equal(int_of(&json, json_get(&json, 0, "")), 6);
    assert_int_equal(int_of(&json, json_get(&json, 0, "a/b")), 7);
    assert_int_equal(int_of(&json, json_get(&json, 0, "\xc3\xa9")), 8);
    static const char *const missing[] = { "ID", "i", "idxx", "id ", "a\\/b", "\\u0069d", "z", "\xc3", "\xc3\xa8" };
    for (size_t i = 0; i < COUNT_OF(missing); i++)
        assert_int_equal(json_get(&json, 0, missing[i]), JSON_NONE);
    assert_int_equal(json_get(&json, 1, "id"), JSON_NONE);  /* A key is no object. */
    assert_int_equal(json_get(&json, -1, "id"), JSON_NONE);
}

/* As json_get() for each key: the last of duplicates, escapes decoded, absent ones and other nodes' keys not found. */
static void
test_pick(void **state)
{
    static const struct json_key keys[] = { JSON_KEY("id"), JSON_KEY("idx"), JSON_KEY("no"), JSON_KEY("n"), JSON_KEY("") };
    struct json json = read_good("{\"id\":1,\"n\":{\"id\":5,\"no\":5},\"\\u0069d\":3,\"Id\":2,\"i\\u0064x\":4,\"\":6}");
    int at[COUNT_OF(keys)];

    (void)state;
    json_pick(&json, 0, keys, COUNT_OF(keys), at);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_int_equal(at[i], json_get(&json, 0, keys[i].name));
    assert_int_equal(int_of(&json, at[0]), 3);
    assert_int_equal(int_of(&json, at[1]), 4);
    assert_int_equal(at[2], JSON_NONE);
    json_pick(&json, at[3], keys, COUNT_OF(keys), at);
    assert_int_equal(int_of(&json, at[0]), 5);
    json_pick(&json, at[0], keys, COUNT_OF(keys), at); /* No object. */
    assert_int_equal(at[0], JSON_NONE);
    json_pick(&json, INT_MAX, keys, COUNT_OF(keys), at);
    assert_int_equal(at[0], JSON_NONE);
}

/* Siblings are one step apart, however large they are. */
static void
test_iteration(void **state)
{
    struct json json = read_good("[[1,[2]],{\"a\":[3,4],\"b\":{}},5]");
    int first = json_first(&json, 0), second = json_next(&json, first), third = json_next(&json, second);

    (void)state;
    assert_int_equal(json_kind(&json, first), JSON_ARRAY);
    assert_int_equal(json_kind(&json, second), JSON_OBJECT);
    assert_int_equal(int_of(&json, third), 5);
    assert_int_equal(json_kind(&json, json_next(&json, third)), JSON_ABSENT);
    int key = json_first(&json, second);
    assert_true(json_string_is(&json, key, "a"));
    assert_int_equal(json_size(&json, json_value(&json, key)), 2);
    assert_true(json_string_is(&json, json_next(&json, key), "b"));
    assert_int_equal(json_value(&json, third), JSON_NONE); /* Not a key. */
    assert_int_equal(json_first(&json, third), JSON_NONE);
}

/* Any index may come from data; it is answered, never followed. */
static void
test_wrong_nodes(void **state)
{
    static const int wrong[] = { JSON_NONE, -2, INT_MIN, 3, 4, 1000, INT_MAX };
    struct json json = read_good("[1,\"a\"]"), empty = { 0 };
    const struct json *const both[] = { &json, &empty };
    char out[8];
    size_t length = 9;
    int64_t value = NO;
    bool flag;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong) * 2; i++) {
        const struct json *j = both[i % 2];
        int node = wrong[i / 2];
        assert_int_equal(json_kind(j, node), JSON_ABSENT);
        assert_int_equal(json_size(j, node), 0);
        assert_int_equal(json_get(j, node, "a"), JSON_NONE);
        assert_int_equal(json_get_any_case(j, node, "a"), JSON_NONE);
        assert_int_equal(json_first(j, node), JSON_NONE);
        assert_int_equal(json_next(j, node), JSON_NONE);
        assert_int_equal(json_value(j, node), JSON_NONE);
        assert_string_equal(json_raw(j, node, &length), "");
        assert_int_equal(length, 0);
        assert_false(json_string(j, node, out, sizeof out));
        assert_false(json_string_is(j, node, ""));
        assert_false(json_int64(j, node, &value) || json_money(j, node, &value) || json_price(j, node, &value));
        assert_false(json_bool(j, node, &flag));
    }
}

static void
test_string(void **state)
{
    struct json json = read_good("[\"abcd\",\"a\\u20acb\",\"\\u0000\",\"x\\u0000y\",12,\"\"]");
    char out[8];

    (void)state;
    assert_true(json_string(&json, 1, out, 5)); /* Exactly its size and the NUL. */
    assert_string_equal(out, "abcd");
    assert_false(json_string(&json, 1, out, 4));
    assert_false(json_string(&json, 1, out, 0));
    assert_true(json_string(&json, 2, out, 6));
    assert_string_equal(out, "a\xe2\x82\xac" "b");
    assert_false(json_string(&json, 2, out, 5));
    assert_false(json_string(&json, 3, out, sizeof out)); /* A NUL would cut it short unseen. */
    assert_false(json_string(&json, 4, out, sizeof out));
    assert_false(json_string(&json, 5, out, sizeof out));
    assert_true(json_string(&json, 6, out, 1));
    assert_string_equal(out, "");

    assert_true(json_string_is(&json, 1, "abcd"));
    assert_false(json_string_is(&json, 1, "abc"));
    assert_false(json_string_is(&json, 1, "abcde"));
    assert_false(json_string_is(&json, 1, "abcD"));
    assert_true(json_string_is(&json, 2, "a\xe2\x82\xac" "b"));
    assert_false(json_string_is(&json, 2, "a\\u20acb"));
    assert_false(json_string_is(&json, 3, ""));
    assert_false(json_string_is(&json, 4, "x"));
    assert_false(json_string_is(&json, 5, "12"));
    assert_true(json_string_is(&json, 6, ""));
}

static void
write_all(struct text *text)
{
    struct json_writer writer = json_writer_on(text);

    json_open(&writer, NULL, '{');
    json_add_int(&writer, "id", INT64_MIN);
    json_add_string(&writer, "na\"me", "a\"\\/\n\t\x01\x7f\xc3\xa9");
    json_add_string(&writer, "none", NULL);
    json_open(&writer, "list", '[');
    json_add_bool(&writer, NULL, true);
    json_add_bool(&writer, NULL, false);
    json_open(&writer, NULL, '{');
    json_close(&writer, '}');
    json_open(&writer, NULL, '[');
    json_add_null(&writer, NULL);
    json_close(&writer, ']');
    json_close(&writer, ']');
    json_add_money(&writer, "money", -121500000);
    json_add_price(&writer, "price", 500);
    json_add_raw(&writer, "raw", "{\"x\":[1,2]}");
    json_close(&writer, '}');
}

static void
test_writer(void **state)
{
    char buffer[512], decoded[64];
    struct text text = text_on(buffer, sizeof buffer);
    int64_t value;

    (void)state;
    write_all(&text);
    assert_string_equal(buffer,
        "{\"id\":-9223372036854775808,\"na\\\"me\":\"a\\\"\\\\/\\n\\u0009\\u0001\x7f\xc3\xa9\",\"none\":null,"
        "\"list\":[true,false,{},[null]],\"money\":-121.5,\"price\":0.0000005,\"raw\":{\"x\":[1,2]}}");
    struct json json = read_good(buffer);
    assert_true(json_string(&json, json_get(&json, 0, "na\"me"), decoded, sizeof decoded));
    assert_string_equal(decoded, "a\"\\/\n\t\x01\x7f\xc3\xa9");
    assert_true(json_int64(&json, json_get(&json, 0, "id"), &value) && value == INT64_MIN);
    assert_true(json_money(&json, json_get(&json, 0, "money"), &value) && value == -121500000);
    assert_true(json_price(&json, json_get(&json, 0, "price"), &value) && value == 500);
}

/* A short buffer cuts and says so; it is never overrun. */
static void
test_writer_truncates(void **state)
{
    char whole[512], cut[512];
    struct text all = text_on(whole, sizeof whole);

    (void)state;
    write_all(&all);
    for (size_t size = 1; size <= all.length + 1; size++) {
        char *exact = malloc(size);
        assert_non_null(exact);
        struct text text = text_on(exact, size);
        write_all(&text);
        assert_int_equal(text.truncated, size <= all.length);
        assert_int_equal(text.length, size - 1);
        assert_memory_equal(exact, whole, size - 1);
        (void)text_copy_bytes(cut, sizeof cut, exact, text.length);
        free(exact);
        struct json json;
        if (text.truncated)
            assert_int_not_equal(json_read(cut, text.length, tokens, TOKENS, &json, NULL), OK);
    }
}

/* RFC 6455 8.1: one bad byte in a text frame costs the connection. */
static void
test_writer_repairs_utf8(void **state)
{
    static const struct {
        const char *value, *expected;
    } cases[] = {
        { "a\xc3", "\"a\xef\xbf\xbd\"" },
        { "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xff" "b\"", "\"\xef\xbf\xbd" "b\\\"\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xf0\x9f\x98\x80\xc3\xa9", "\"\xf0\x9f\x98\x80\xc3\xa9\"" },
        { "", "\"\"" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char buffer[64];
        struct text text = text_on(buffer, sizeof buffer);
        struct json_writer writer = json_writer_on(&text);
        json_add_string(&writer, NULL, cases[i].value);
        assert_string_equal(buffer, cases[i].expected);
        (void)read_good(buffer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int64),
        cmocka_unit_test(test_money_and_price),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_iteration),
        cmocka_unit_test(test_wrong_nodes),
        cmocka_unit_test(test_string),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writer_truncates),
        cmocka_unit_test(test_writer_repairs_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
