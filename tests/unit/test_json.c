/*
 * test_json.c - which texts are JSON (a case list in the manner of JSONTestSuite, RFC 8259) and what is seen in them.
 *
 * Every text is read from a heap block of exactly its size, so the address sanitizer sees a step beyond.  What was accepted is written
 * out again by the accessors alone: strings decoded in '', keys before a colon, containers with their size.
 */
#include "base/json.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKENS 512
#define SEEN_MAX 1024

struct json_case {
    const char *text;
    size_t length;
    const char *seen; /* NULL: refused. */
};

#define GOOD(text, seen) { text, sizeof(text) - 1, seen }
#define BAD(text) { text, sizeof(text) - 1, NULL }

static const struct json_case structures[] = {
    GOOD("{}", "{0}"),
    GOOD("[]", "[0]"),
    GOOD(" \t\r\n[ \t\r\n] \t\r\n", "[0]"),
    GOOD("[[]]", "[1[0]]"),
    GOOD("[1,[2,[3],4],5]", "[3 1 [3 2 [1 3] 4] 5]"),
    GOOD("{\"a\":1}", "{1 'a':1}"),
    GOOD("{ \"a\" : 1 , \"b\" : [ ] }", "{2 'a':1 'b':[0]}"),
    GOOD("{\"a\":{\"b\":{\"c\":null}},\"d\":2}", "{2 'a':{1 'b':{1 'c':null}} 'd':2}"),
    GOOD("{\"\":0}", "{1 '':0}"),
    GOOD("{\"a\":1,\"a\":2}", "{2 'a':1 'a':2}"),
    GOOD("[{\"a\":[{}]},{}]", "[2 {1 'a':[1{0}]} {0}]"),
    GOOD("[true,false,null]", "[3 true false null]"),
    GOOD("\"lonely\"", "'lonely'"),
    GOOD(" \"\" ", "''"),
    GOOD("42", "42"),
    GOOD("-0.5e-3", "-0.5e-3"),
    GOOD(" null\n", "null"),
    GOOD("true", "true"),
    GOOD("false ", "false"),
    BAD(""),
    BAD(" "),
    BAD("\xef\xbb\xbf{}"), /* A byte order mark. */
    BAD("["),
    BAD("]"),
    BAD("{"),
    BAD("}"),
    BAD("[[]"),
    BAD("[]]"),
    BAD("[}"),
    BAD("{]"),
    BAD("[1}"),
    BAD("{\"a\":1]"),
    BAD("[{]}"),
    BAD("[1,]"),
    BAD("[,1]"),
    BAD("[1,,2]"),
    BAD("[,]"),
    BAD("[1 2]"),
    BAD("[1\t2]"),
    BAD("[\"a\" \"b\"]"),
    BAD("[\"a\"\"b\"]"),
    BAD("[[] []]"),
    BAD("[[][]]"),
    BAD("[{}{}]"),
    BAD("[1:2]"),
    BAD("[\"a\":1]"),
    BAD("[\"a\",:1]"),
    BAD("[:]"),
    BAD("{\"a\"}"),
    BAD("{\"a\":}"),
    BAD("{\"a\",1}"),
    BAD("{\"a\" 1}"),
    BAD("{\"a\"::1}"),
    BAD("{\"a\":1:2}"),
    BAD("{\"a\":\"b\":1}"),
    BAD("{\"a\":1,}"),
    BAD("{,\"a\":1}"),
    BAD("{\"a\":1,,\"b\":2}"),
    BAD("{\"a\":1 \"b\":2}"),
    BAD("{\"a\":1 2}"),
    BAD("{\"a\":\"b\" \"c\"}"),
    BAD("{\"a\":\"b\",\"c\"}"),
    BAD("{\"a\":[] []}"),
    BAD("{\"a\":{}\"b\":1}"),
    BAD("{:1}"),
    BAD("{1:2}"),
    BAD("{a:1}"),
    BAD("{'a':1}"),
    BAD("{null:1}"),
    BAD("{[]:1}"),
    BAD("{{}:1}"),
    BAD("{\"a\",\"b\":1}"),
    BAD("[\"a\",1 :]"),
    BAD("{}{}"),
    BAD("[]1"),
    BAD("[] x"),
    BAD("{}#"),
    BAD("{}\0"),
    BAD("[1]\0 "),
    BAD("[1\0]"),
    BAD("\0"),
    BAD("\"a\"\"b\""),
    BAD("\"a\" 1"),
    BAD("\"a\":1"),
    BAD("\"a\","),
    BAD("\"a\"]"),
    BAD("1,"),
    BAD("1]"),
    BAD("1 2"),
    BAD("nullnull"),
    BAD("[]\f"),
    BAD("[\v]"),
    BAD("[\xc2\xa0]"),     /* A no-break space is no white space. */
    BAD("[\xe2\x81\xa0]"), /* Word joiner. */
    BAD("[1/* */]"),
    BAD("// x\n1"),
    BAD("<html>"), /* A proxy's error page. */
    BAD("*"),
    BAD("'a'"),
    BAD("[\"a\",\n1,\n1"),
};

static const struct json_case primitives[] = {
    GOOD("[0]", "[1 0]"),
    GOOD("[-0]", "[1 -0]"),
    GOOD("[10,-1]", "[2 10 -1]"),
    GOOD("[0.0,1.50,-0.0]", "[3 0.0 1.50 -0.0]"),
    GOOD("[1e2,1E2,1e+2,1e-2,0e1,1.5E+10]", "[6 1e2 1E2 1e+2 1e-2 0e1 1.5E+10]"),
    GOOD("[123456789012345678901234567890]", "[1 123456789012345678901234567890]"),
    GOOD("[1e999,-1e-999]", "[2 1e999 -1e-999]"),
    BAD("[-]"),
    BAD("[+1]"),
    BAD("[01]"),
    BAD("[-01]"),
    BAD("[00]"),
    BAD("[1.]"),
    BAD("[.5]"),
    BAD("[-.5]"),
    BAD("[1.e1]"),
    BAD("[1e]"),
    BAD("[1e+]"),
    BAD("[1e-]"),
    BAD("[1E1.5]"),
    BAD("[1e1e1]"),
    BAD("[1.2.3]"),
    BAD("[1-2]"),
    BAD("[--1]"),
    BAD("[- 1]"),
    BAD("[1 000]"),
    BAD("[1_000]"),
    BAD("[0x1F]"),
    BAD("[1a]"),
    BAD("[NaN]"),
    BAD("[nan]"),
    BAD("[Infinity]"),
    BAD("[-Infinity]"),
    BAD("[infinity]"),
    BAD("[True]"),
    BAD("[tru]"),
    BAD("[truee]"),
    BAD("[fals]"),
    BAD("[nul]"),
    BAD("[nulL]"),
    BAD("[null\x7f]"),
    BAD("[t]"),
    BAD("[n]"),
    BAD("[1\xe5]"),
    BAD("[\xef\xbc\x91]"), /* A full-width 1. */
    BAD("-"),
    BAD("01"),
    BAD("1."),
    BAD("nul"),
    BAD("1\0"),
    BAD("{\"a\":tru}"),
};

static const struct json_case strings[] = {
    GOOD("[\"\"]", "[1 '']"),
    GOOD("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[1 '\"\\/\b\f\n\r\t']"),
    GOOD("[\"\\u0041\\u00e9\\u20AC\\uFFFF\"]", "[1 'A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf']"),
    GOOD("[\"\\ud83d\\ude00\"]", "[1 '\xf0\x9f\x98\x80']"),
    GOOD("[\"\\uD800\\uDC00\\udbff\\udfff\"]", "[1 '\xf0\x90\x80\x80\xf4\x8f\xbf\xbf']"),
    GOOD("[\"2026-08-19T14:16:01\\u002B00:00\"]", "[1 '2026-08-19T14:16:01+00:00']"), /* As .NET escapes. */
    GOOD("[\"\\u005c\\u0022\"]", "[1 '\\\"']"),
    GOOD("[\"\x7f\"]", "[1 '\x7f']"),
    GOOD("[\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]",
        "[1 '\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf']"),
    GOOD("[\"\xe2\x80\xa8\"]", "[1 '\xe2\x80\xa8']"),
    GOOD("{\"\\u0061\":1}", "{1 'a':1}"),
    GOOD("[\"[{,:}]\"]", "[1 '[{,:}]']"),
    GOOD("[\"\\u0000\"]", "[1 NUL]"),
    BAD("[\""),
    BAD("\""),
    BAD("[\"a]"),
    BAD("[\"\\\"]"),
    BAD("[\"\\"),
    BAD("[\"\\x00\"]"),
    BAD("[\"\\a\"]"),
    BAD("[\"\\v\"]"),
    BAD("[\"\\'\"]"),
    BAD("[\"\\0\"]"),
    BAD("[\"\\\0\"]"),
    BAD("[\"\\ \"]"),
    BAD("[\"\\U0041\"]"),
    BAD("[\"\\u\"]"),
    BAD("[\"\\u00\"]"),
    BAD("[\"\\u004\"]"),
    BAD("[\"\\u004g\"]"),
    BAD("[\"\\u+041\"]"),
    BAD("[\"\\u 041\"]"),
    BAD("[\"\\u"),
    BAD("[\"\\u00"),
    BAD("[\"\\ud800\"]"),
    BAD("[\"\\ud800a\"]"),
    BAD("[\"\\udc00\"]"),
    BAD("[\"\\udc00\\ud800\"]"),
    BAD("[\"\\udc00\\udc00\"]"),
    BAD("[\"\\ud800\\ud800\"]"),
    BAD("[\"\\ud800\\u0041\"]"),
    BAD("[\"\\ud800\\ue000\"]"),
    BAD("[\"\\ud800\\\\dc00\"]"),
    BAD("[\"\\ud800\\n\"]"),
    BAD("[\"\\ud800\\udc0\"]"),
    BAD("[\"\\ud800\\udc0x\"]"),
    BAD("[\"\n\"]"),
    BAD("[\"\t\"]"),
    BAD("[\"\x1f\"]"),
    BAD("[\"\x01\"]"),
    BAD("[\"a\0b\"]"),
    BAD("[\"\x80\"]"),
    BAD("[\"\xbf\"]"),
    BAD("[\"\xc3\"]"),
    BAD("[\"\xc3(\"]"),
    BAD("[\"\xc0\xaf\"]"),
    BAD("[\"\xc1\xbf\"]"),
    BAD("[\"\xe0\x9f\xbf\"]"),
    BAD("[\"\xe2\x82\"]"),
    BAD("[\"\xe2\x28\xa1\"]"),
    BAD("[\"\xe2\x82\x28\"]"),
    BAD("[\"\xed\xa0\x80\"]"),
    BAD("[\"\xed\xbf\xbf\"]"),
    BAD("[\"\xf0\x8f\xbf\xbf\"]"),
    BAD("[\"\xf0\x9f\x98\"]"),
    BAD("[\"\xf4\x90\x80\x80\"]"),
    BAD("[\"\xf5\x80\x80\x80\"]"),
    BAD("[\"\xff\"]"),
    BAD("[\"\xfe\"]"),
    BAD("{\"\xff\":1}"),
    BAD("{\"\\q\":1}"),
    BAD("{\"\\ud800\":1}"),
};

/* What the accessors say of a node and everything below it. */
static void
see(const struct json *json, int node, struct text *seen)
{
    enum json_kind kind = json_kind(json, node);
    char string[256];
    size_t length;

    if (kind == JSON_STRING) {
        if (json_string(json, node, string, sizeof string))
            text_addf(seen, "'%s'", string);
        else
            text_add(seen, "NUL");
        return;
    }
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
        const char *raw = json_raw(json, node, &length);
        text_add_bytes(seen, raw, length);
        return;
    }
    text_addf(seen, "%c%zu", kind == JSON_ARRAY ? '[' : '{', json_size(json, node));
    int child = json_first(json, node);
    for (size_t left = json_size(json, node); left > 0; left--, child = json_next(json, child)) {
        bool nested = kind == JSON_ARRAY && json_size(json, node) == 1 && json_kind(json, child) >= JSON_ARRAY;
        text_add(seen, nested ? "" : " ");
        see(json, child, seen);
        if (kind == JSON_OBJECT) {
            text_add(seen, ":");
            see(json, json_value(json, child), seen);
        }
    }
    text_add(seen, kind == JSON_ARRAY ? "]" : "}");
}

static enum status
read_exact(const char *text, size_t length, char **ret_copy, struct json_token *tokens, size_t capacity, struct json *ret_json)
{
    struct error err;
    enum status status;

    *ret_copy = malloc(length > 0 ? length : 1);
    assert_non_null(*ret_copy);
    memcpy(*ret_copy, text, length);
    status = json_read(*ret_copy, length, tokens, capacity, ret_json, &err);
    if (status != OK)
        assert_int_equal(err.status, status);
    return status;
}

static void
check_cases(const struct json_case *cases, size_t count)
{
    static struct json_token tokens[TOKENS];

    for (size_t i = 0; i < count; i++) {
        const struct json_case *c = &cases[i];
        char buffer[SEEN_MAX], *copy;
        struct text seen = text_on(buffer, sizeof buffer);
        struct json json;
        enum status status = read_exact(c->text, c->length, &copy, tokens, TOKENS, &json);
        if (c->seen == NULL) {
            if (status != STATUS_CORRUPT)
                fail_msg("accepted: %s", c->text);
        } else if (status != OK) {
            fail_msg("refused: %s", c->text);
        } else {
            see(&json, 0, &seen);
            assert_string_equal(buffer, c->seen);
        }
        free(copy);
    }
}

static void
test_structures(void **state)
{
    (void)state;
    check_cases(structures, COUNT_OF(structures));
}

static void
test_primitives(void **state)
{
    (void)state;
    check_cases(primitives, COUNT_OF(primitives));
}

static void
test_strings(void **state)
{
    (void)state;
    check_cases(strings, COUNT_OF(strings));
}

/* Every prefix of a message is refused, so a cut one is never half understood. */
static void
test_prefixes(void **state)
{
    static const char text[] = "{\"type\":1,\"target\":\"GatewayUserTrade\",\"arguments\":[{\"action\":0,\"data\":{\"id\":2904567812,"
                               "\"price\":29398.250000000,\"fees\":null,\"tag\":\"\\u00e9\\ud83d\\ude00\xc3\xa9\"}}]}";
    struct json_token tokens[64];
    struct json json;
    char *copy;

    (void)state;
    for (size_t length = 0; length <= sizeof text - 1; length++) {
        enum status expected = length == sizeof text - 1 ? OK : STATUS_CORRUPT;
        assert_int_equal(read_exact(text, length, &copy, tokens, COUNT_OF(tokens), &json), expected);
        free(copy);
    }
}

static enum status
read_nested(size_t depth, char open, char close, size_t padding)
{
    static struct json_token tokens[8192];
    static char text[8192];
    struct json json;
    size_t n = 0;

    for (size_t i = 0; i < depth; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, open == '{' ? "{\"a\":" : "[");
    text[n++] = '1';
    memset(text + n, close, depth);
    memset(text + n + depth, ' ', padding);
    return json_read(text, n + depth + padding, tokens, COUNT_OF(tokens), &json, NULL);
}

/* JSON_DEPTH_MAX on both ways through the reader: short texts and long ones. */
static void
test_depth(void **state)
{
    static const size_t paddings[] = { 0, 2000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paddings); i++) {
        assert_int_equal(read_nested(JSON_DEPTH_MAX - 1, '[', ']', paddings[i]), OK);
        assert_int_equal(read_nested(JSON_DEPTH_MAX, '[', ']', paddings[i]), OK);
        assert_int_equal(read_nested(JSON_DEPTH_MAX, '{', '}', paddings[i]), OK);
        assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, '[', ']', paddings[i]), STATUS_CORRUPT);
        assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, '{', '}', paddings[i]), STATUS_CORRUPT);
    }
    /* Brackets in strings, escaped quotes before them, and many brackets side by side are not depth. */
    char text[4096];
    struct json_token tokens[1100];
    struct json json;
    struct text out = text_on(text, sizeof text);
    text_add(&out, "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"");
    for (int i = 0; i < 1000; i++)
        text_add(&out, ",[]");
    text_add(&out, "]");
    assert_int_equal(json_read(text, out.length, tokens, COUNT_OF(tokens), &json, NULL), OK);
    assert_int_equal(json_size(&json, 0), 1001);
}

/* Room for exactly the tokens there are is enough, one less is STATUS_LIMIT; also with more than the stack's worth. */
static void
test_capacity(void **state)
{
    static struct json_token tokens[4000];
    static char text[8000];
    struct text out = text_on(text, sizeof text);
    struct json json;

    (void)state;
    assert_int_equal(json_read("[1,{\"a\":2}]", 11, tokens, 5, &json, NULL), OK);
    assert_int_equal(json.count, 5);
    assert_int_equal(json_read("[1,{\"a\":2}]", 11, tokens, 4, &json, NULL), STATUS_LIMIT);
    assert_int_equal(json_read("[1,{\"a\":2}]", 11, tokens, 1, &json, NULL), STATUS_LIMIT);
    assert_int_equal(json_read("[1,{\"a\":2}]", 11, tokens, 0, &json, NULL), STATUS_LIMIT);
    assert_int_equal(json_read("1", 1, tokens, 1, &json, NULL), OK);
    for (int i = 0; i < 3000; i++)
        text_add(&out, i == 0 ? "[0" : ",1");
    text_add(&out, "]");
    assert_int_equal(json_read(text, out.length, tokens, 3001, &json, NULL), OK);
    assert_int_equal(json_size(&json, 0), 3000);
    assert_int_equal(json_read(text, out.length, tokens, 3000, &json, NULL), STATUS_LIMIT);
}

/* A refused text leaves the caller's struct as it was, and says where. */
static void
test_error_text(void **state)
{
    struct json_token tokens[16];
    struct json json = { .count = 77 };
    struct error err;

    (void)state;
    assert_int_equal(json_read("{\"a\":1,,}", 9, tokens, 16, &json, &err), STATUS_CORRUPT);
    assert_int_equal(json.count, 77);
    assert_string_equal(err.text, "JSON: broken at byte 7");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_primitives),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_error_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
