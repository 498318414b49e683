/* test_json.c - the strict reader against a case list in the manner of JSONTestSuite, and the writer. */
#include "base/json.h"
#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static bool
reads(const char *text, size_t length)
{
    struct json_token tokens[256];
    struct json json;

    return json_read(text, length, tokens, COUNT_OF(tokens), &json, NULL) == OK;
}

static void
accepts(void **state)
{
    static const char *const good[] = { "0", "-0", "1", "-1.5e+10", "1E5", "0.5", "true", "false", "null", "\"\"", "[]", "{}", " [ ] ",
        "[1,2]", "[[]]", "{\"a\":1}", "{\"a\":{\"b\":[1,{\"c\":null}]},\"d\":\"x\"}", "\"\\u00e9\\n\\/\\\\\"", "\"\\ud83d\\ude00\"",
        "\"\xc3\xa9\"", "\"\xf0\x9f\x98\x80\"", "{\"a\":1,\"a\":2}", "{\"\":0}", "\t[\r\n1 , 2 ]\n", "9007199254740993", "[\"a\",1,null]" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!reads(good[i], strlen(good[i])))
            fail_msg("refused: %s", good[i]);
    }
}

static void
refuses(void **state)
{
    static const char *const bad[] = { "", " ", "[", "]", "{", "}", "[1", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1:2]", "[\"a\":1]", "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1:2}", "{\"a\",1}", "{a:1}", "01", "-", "+1",
        "1.", ".5", "1e", "1e+", "0x1", "1a", "NaN", "Infinity", "-Infinity", "nul", "nulll", "True", "truefalse", "'a'", "\"a", "a\"", "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\t\"", "\"\n\"", "\"\xff\"", "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"", "\"\xe2\x82\"", "\"\xf5\x80\x80\x80\"", "[1]x", "{}{}", "1 2", "[1]]", "[}", "{]", "[1}", "{\"a\":1]", "[\"\\\"]",
        "/**/1", "[1//\n]", "\xef\xbb\xbf[]", "{\"a\":1}}", "{\"a\":\"b\":\"c\"}", "[{]}", "\"a\"\"b\"", ",", ":", "[:]", "{:}", "[1,2", "{\"a\":[}" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (reads(bad[i], strlen(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    }
    assert_false(reads("[1,\0]", 5));
    assert_false(reads("\"a\0b\"", 5));
}

static void
bounds(void **state)
{
    char deep[2 * JSON_DEPTH_MAX + 4];
    struct json_token tokens[4];
    struct json json;
    struct error err;

    (void)state;
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_true(reads(deep, 2 * JSON_DEPTH_MAX));
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_false(reads(deep, 2 * JSON_DEPTH_MAX + 2));
    assert_int_equal(json_read("[1,2,3,4]", 9, tokens, COUNT_OF(tokens), &json, &err), STATUS_LIMIT);
    assert_int_equal(json_read("[1,2,3]", 7, tokens, COUNT_OF(tokens), &json, &err), OK);
}

static void
values(void **state)
{
    static const char text[] = "{\"id\":9007199254740993,\"text\":\"123\",\"pnl\":-37.10,\"price\":6335.250000000,\"whole\":5.00,\"half\":5.5,"
                               "\"s\":\"a\\u00e9\\n\",\"list\":[1,[2,3],{\"x\":4}],\"ID2\":7,\"b\":true,\"n\":null,\"dup\":1,\"dup\":2,\"e\\u0073c\":8}";
    struct json_token tokens[64];
    struct json j;
    int64_t value = 0;
    bool flag = false;
    char out[16];

    (void)state;
    assert_int_equal(json_read(text, strlen(text), tokens, COUNT_OF(tokens), &j, NULL), OK);
    assert_true(json_int64(&j, json_get(&j, 0, "id"), &value) && value == INT64_C(9007199254740993));
    assert_true(json_int64(&j, json_get(&j, 0, "text"), &value) && value == 123);
    assert_true(json_money(&j, json_get(&j, 0, "pnl"), &value) && value == -37100000);
    assert_true(json_price(&j, json_get(&j, 0, "price"), &value) && value == INT64_C(6335250000000));
    assert_true(json_int64(&j, json_get(&j, 0, "whole"), &value) && value == 5);
    assert_false(json_int64(&j, json_get(&j, 0, "half"), &value));
    assert_true(json_string(&j, json_get(&j, 0, "s"), out, sizeof out));
    assert_string_equal(out, "a\xc3\xa9\n");
    assert_false(json_string(&j, json_get(&j, 0, "s"), out, 4));
    int list = json_get(&j, 0, "list");
    assert_int_equal(json_size(&j, list), 3);
    int second = json_next(&j, json_first(&j, list));
    assert_int_equal(json_kind(&j, second), JSON_ARRAY);
    assert_true(json_int64(&j, json_get(&j, json_next(&j, second), "x"), &value) && value == 4);
    assert_int_equal(json_get(&j, 0, "id2"), JSON_NONE);
    assert_true(json_int64(&j, json_get_any_case(&j, 0, "id2"), &value) && value == 7);
    assert_true(json_bool(&j, json_get(&j, 0, "b"), &flag) && flag);
    assert_int_equal(json_kind(&j, json_get(&j, 0, "n")), JSON_NULL);
    assert_true(json_int64(&j, json_get(&j, 0, "dup"), &value) && value == 2);
    assert_true(json_int64(&j, json_get(&j, 0, "esc"), &value) && value == 8);
    assert_int_equal(json_kind(&j, 999), JSON_ABSENT);
    assert_int_equal(json_get(&j, JSON_NONE, "id"), JSON_NONE);
    assert_int_equal(json_next(&j, -5), JSON_NONE);
}

static void
writes(void **state)
{
    char buffer[256];
    struct text text = text_on(buffer, sizeof buffer);
    struct json_writer w = json_writer_on(&text);

    (void)state;
    json_open(&w, NULL, '{');
    json_add_string(&w, "a", "x\"\\\n\x01");
    json_open(&w, "b", '[');
    json_add_int(&w, NULL, -5);
    json_add_money(&w, NULL, -121500000);
    json_add_price(&w, NULL, 500);
    json_close(&w, ']');
    json_add_null(&w, "c");
    json_add_bool(&w, "d", true);
    json_close(&w, '}');
    assert_string_equal(buffer, "{\"a\":\"x\\\"\\\\\\n\\u0001\",\"b\":[-5,-121.5,0.0000005],\"c\":null,\"d\":true}");
    assert_true(reads(buffer, text.length));
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(accepts), cmocka_unit_test(refuses), cmocka_unit_test(bounds),
        cmocka_unit_test(values), cmocka_unit_test(writes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
