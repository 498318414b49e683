/*
 * test_signalr.c - the hub protocol: records out of bytes however they are split, and what they say (spec/gateway.md 4.2, ES-05).
 */
#include "gateway/signalr.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RS "\x1e"

static struct signalr_message
read_message(const char *text)
{
    struct json_token tokens[64];
    struct json json;
    struct signalr_message message;

    assert_int_equal(json_read(text, strlen(text), tokens, COUNT_OF(tokens), &json, NULL), OK);
    assert_true(signalr_read(&json, &message));
    return message;
}

/* hub_framing: the handshake's answer with the first event in one message, a record over two, several in one. */
static void
test_records(void **state)
{
    const char all[] = "{}" RS "{\"type\":6}" RS "{\"type\":1,\"target\":\"X\",\"arguments\":[]}" RS;
    const char *const records[] = { "{}", "{\"type\":6}", "{\"type\":1,\"target\":\"X\",\"arguments\":[]}" };

    (void)state;
    for (size_t step = 1; step < sizeof all; step++) {
        struct signalr signalr = { 0 };
        const char *text;
        size_t length, found = 0;

        for (size_t at = 0; at < sizeof all - 1; at += step) {
            size_t left = sizeof all - 1 - at;

            assert_int_equal(signalr_feed(&signalr, all + at, left < step ? left : step, NULL), OK);
            while (signalr_next(&signalr, &text, &length)) {
                assert_int_equal(length, strlen(records[found]));
                assert_memory_equal(text, records[found], length);
                found++;
            }
        }
        assert_int_equal(found, COUNT_OF(records));
        signalr_fini(&signalr);
    }
}

static void
test_no_separator_is_bounded(void **state)
{
    static char block[65536];
    struct signalr signalr = { 0 };
    size_t taken = 0;
    const char *text;
    size_t length;

    (void)state;
    memset(block, 'x', sizeof block);
    while (signalr_feed(&signalr, block, sizeof block, NULL) == OK)
        taken += sizeof block;
    assert_int_equal(taken, SIGNALR_RECORD_MAX);
    assert_false(signalr_next(&signalr, &text, &length));
    signalr_fini(&signalr);
}

static void
test_types(void **state)
{
    (void)state;
    struct signalr_message m = read_message("{}");
    assert_int_equal(m.type, SIGNALR_HANDSHAKE);
    assert_false(m.has_error);
    m = read_message("{\"type\":0}"); /* As @fakehost/signalr has it. */
    assert_int_equal(m.type, SIGNALR_HANDSHAKE);
    m = read_message("{\"error\":\"no\"}");
    assert_int_equal(m.type, SIGNALR_HANDSHAKE);
    assert_true(m.has_error);
    assert_string_equal(m.error, "no");
    m = read_message("{\"type\":3,\"invocationId\":\"7\",\"result\":null}");
    assert_int_equal(m.type, SIGNALR_COMPLETION);
    assert_int_equal(m.invocation_id, 7);
    assert_false(m.has_error);
    m = read_message("{\"type\":3,\"invocationId\":\"8\",\"error\":\"Failed to invoke 'X' due to an error on the server.\"}");
    assert_true(m.has_error);
    m = read_message("{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}");
    assert_int_equal(m.type, SIGNALR_CLOSE);
    assert_true(m.allow_reconnect);
    m = read_message("{\"type\":7,\"allowReconnect\":false}");
    assert_false(m.allow_reconnect);
    assert_false(m.has_error);
    m = read_message("{\"type\":6}");
    assert_int_equal(m.type, SIGNALR_PING);
    m = read_message("{\"type\":9,\"sequenceId\":1}");
    assert_int_equal(m.type, SIGNALR_OTHER);
    m = read_message("{\"type\":1,\"target\":\"GatewayUserOrder\",\"arguments\":[1,2]}");
    assert_int_equal(m.type, SIGNALR_INVOCATION);
    assert_string_equal(m.target, "GatewayUserOrder");
    assert_true(m.arguments != JSON_NONE);
}

static void
test_refused_shapes(void **state)
{
    static const char *const bad[] = { "[]", "{\"type\":\"x\"}", "{\"type\":1,\"arguments\":[]}", "{\"type\":1,\"target\":5}" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct json_token tokens[16];
        struct json json;
        struct signalr_message message;

        assert_int_equal(json_read(bad[i], strlen(bad[i]), tokens, COUNT_OF(tokens), &json, NULL), OK);
        assert_false(signalr_read(&json, &message));
    }
}

static void
test_writing(void **state)
{
    char buffer[200];
    struct text text = text_on(buffer, sizeof buffer);

    (void)state;
    signalr_write_handshake(&text);
    assert_string_equal(buffer, "{\"protocol\":\"json\",\"version\":1}" RS);
    text = text_on(buffer, sizeof buffer);
    signalr_write_ping(&text);
    assert_string_equal(buffer, "{\"type\":6}" RS);
    text = text_on(buffer, sizeof buffer);
    signalr_write_invocation(&text, 1, "SubscribeOrders", "123");
    assert_string_equal(buffer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"SubscribeOrders\",\"arguments\":[123]}" RS);
    text = text_on(buffer, sizeof buffer);
    signalr_write_invocation(&text, 12, "SubscribeAccounts", NULL);
    assert_string_equal(buffer, "{\"type\":1,\"invocationId\":\"12\",\"target\":\"SubscribeAccounts\",\"arguments\":[]}" RS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_no_separator_is_bounded),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_refused_shapes),
        cmocka_unit_test(test_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
