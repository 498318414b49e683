/*
 * test_websocket_write.c - what the codec writes, and long streams through its buffer; the case list is test_websocket.c's.
 */
#include "net/websocket.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE_MAX 70000

static void
random_bytes(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 0x5a, size);
}

static void
init_open(struct websocket *websocket, enum websocket_role role)
{
    websocket_init(websocket,
        &(struct websocket_options){ .role = role, .message_max = MESSAGE_MAX, .random = random_bytes });
    websocket_assume_open(websocket);
}

/* What one role writes, the other reads; and the length is in its shortest form. */
static void
check_round_trip(enum websocket_role role, size_t length)
{
    struct websocket writer, reader;
    struct websocket_event event;
    uint8_t *payload = malloc(length + 1);
    uint8_t *out = malloc(websocket_frame_size(length));

    for (size_t i = 0; i < length; i++)
        payload[i] = (uint8_t)(i * 7);
    init_open(&writer, role);
    init_open(&reader, role == WEBSOCKET_CLIENT ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT);
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_BINARY, .data = payload, .length = length };
    size_t size = websocket_write(&writer, &frame, out, websocket_frame_size(length));
    size_t header = (role == WEBSOCKET_CLIENT ? 6u : 2u) + (length < 126 ? 0u : length < 65536 ? 2u : 8u);
    assert_int_equal(size, header + length);
    assert_int_equal(websocket_write(&writer, &frame, out, size - 1), 0);
    for (size_t at = 0; at < size; at += WEBSOCKET_FEED_MAX) {
        size_t piece = size - at < WEBSOCKET_FEED_MAX ? size - at : WEBSOCKET_FEED_MAX;
        assert_int_equal(websocket_feed(&reader, out + at, piece, NULL), OK);
        enum websocket_event_kind kind = websocket_next(&reader, &event);
        assert_int_equal(kind, at + piece == size ? WEBSOCKET_BINARY : WEBSOCKET_NONE);
    }
    assert_int_equal(event.length, length);
    if (length > 0)
        assert_memory_equal(event.data, payload, length);
    websocket_fini(&writer);
    websocket_fini(&reader);
    free(payload);
    free(out);
}

static void
test_round_trip(void **state)
{
    static const size_t lengths[] = { 0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, MESSAGE_MAX };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        check_round_trip(WEBSOCKET_CLIENT, lengths[i]);
        check_round_trip(WEBSOCKET_SERVER, lengths[i]);
    }
}

static void
test_close_is_written_once(void **state)
{
    struct websocket websocket;
    uint8_t out[256];
    char reason[200];
    struct websocket_frame ping = { .opcode = WEBSOCKET_OP_PING };

    (void)state;
    init_open(&websocket, WEBSOCKET_SERVER);
    /* The reason is cut at 123 bytes, in front of the two-byte character that would be halved. */
    memset(reason, 'a', 122);
    strcpy(reason + 122, "\xc3\xa4 and more");
    assert_int_equal(websocket_write_close(&websocket, WEBSOCKET_NORMAL, reason, out, sizeof out), 2 + 2 + 122);
    assert_memory_equal(out, "\x88\x7c\x03\xe8" "aaa", 7);
    assert_int_equal(websocket_write_close(&websocket, WEBSOCKET_NORMAL, NULL, out, sizeof out), 0);
    assert_int_equal(websocket_write(&websocket, &ping, out, sizeof out), 0); /* 5.5.1 */
    websocket_fini(&websocket);

    init_open(&websocket, WEBSOCKET_SERVER);
    assert_int_equal(websocket_write_close(&websocket, WEBSOCKET_NO_CODE, NULL, out, 1), 0);
    assert_int_equal(websocket_write_close(&websocket, WEBSOCKET_NO_CODE, NULL, out, sizeof out), 2);
    assert_memory_equal(out, "\x88\x00", 2);
    websocket_fini(&websocket);
}

/* A long stream in pieces of every size: what is left of one feed is whole in the next, wherever the buffer ends. */
static void
check_stream(size_t piece)
{
    enum { MESSAGES = 600 };
    struct websocket websocket;
    struct websocket_event event;
    uint8_t *stream = malloc(MESSAGES * (MESSAGES + WEBSOCKET_HEADER_MAX));
    uint8_t payload[MESSAGES];
    size_t length = 0, seen = 0;

    for (size_t i = 0; i < MESSAGES; i++) {
        memset(payload, (int)(i % 251), i);
        struct websocket_frame frame = { .opcode = WEBSOCKET_OP_BINARY, .data = payload, .length = i };
        length += websocket_encode(&frame, (const uint8_t *)"\x37\xfa\x21\x3d", stream + length, websocket_frame_size(i));
    }
    init_open(&websocket, WEBSOCKET_SERVER);
    for (size_t at = 0; at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        assert_int_equal(websocket_feed(&websocket, stream + at, size, NULL), OK);
        while (websocket_next(&websocket, &event) != WEBSOCKET_NONE) {
            memset(payload, (int)(seen % 251), seen);
            assert_int_equal(event.kind, WEBSOCKET_BINARY);
            assert_int_equal(event.length, seen);
            if (seen > 0)
                assert_memory_equal(event.data, payload, seen);
            seen++;
        }
    }
    assert_int_equal(seen, MESSAGES);
    websocket_fini(&websocket);
    free(stream);
}

static void
test_stream(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 1100; piece += 7)
        check_stream(piece);
}

/* Every code point, encoded by the definition, is taken; every surrogate is not. */
static void
test_utf8_all_code_points(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x110000; c++) {
        uint8_t out[4];
        size_t n = 0;
        if (c < 0x80) {
            out[n++] = (uint8_t)c;
        } else if (c < 0x800) {
            out[n++] = (uint8_t)(0xC0 | c >> 6);
        } else if (c < 0x10000) {
            out[n++] = (uint8_t)(0xE0 | c >> 12);
            out[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
        } else {
            out[n++] = (uint8_t)(0xF0 | c >> 18);
            out[n++] = (uint8_t)(0x80 | (c >> 12 & 63));
            out[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
        }
        if (c >= 0x80)
            out[n++] = (uint8_t)(0x80 | (c & 63));
        struct utf8 utf8 = { 0 };
        bool expected = (c < 0xD800 || c > 0xDFFF) && c <= 0x10FFFF;
        if ((utf8_add(&utf8, out, n) && utf8_complete(&utf8)) != expected)
            fail_msg("U+%04X", c);
    }
}

/* Plain bytes are taken eight at a time: what is none of them is found at every place, however the text was cut. */
static void
test_utf8_runs(void **state)
{
    uint8_t text[41];

    (void)state;
    for (size_t at = 0; at + 2 <= sizeof text; at++) {
        for (size_t cut = 0; cut <= sizeof text; cut++) {
            struct utf8 good = { 0 }, bad = { 0 }, lone = { 0 };

            memset(text, 'a', sizeof text);
            text[at] = 0xC3;
            text[at + 1] = 0xA9;
            assert_true(utf8_add(&good, text, cut) && utf8_add(&good, text + cut, sizeof text - cut) && utf8_complete(&good));
            text[at + 1] = 'a';
            assert_false(utf8_add(&bad, text, cut) && utf8_add(&bad, text + cut, sizeof text - cut));
            text[at] = 0x80;
            assert_false(utf8_add(&lone, text, cut) && utf8_add(&lone, text + cut, sizeof text - cut));
        }
    }
}

static void
test_utf8_scrub(void **state)
{
    static const char *const rows[][2] = { { "", "" }, { "plain", "plain" }, { "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
        { "cut \xe2\x82", "cut ??" }, { "\xff" "a", "?a" }, { "\xe2\x82" "a", "??a" }, { "\xe2\xc3\xa4", "?\xc3\xa4" },
        { "\xf0\x9f\xff\x80z", "????z" }, { "\xed\xa0\x80", "???" }, { "\xc3", "?" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[32];
        strcpy(text, rows[i][0]);
        utf8_scrub((uint8_t *)text, strlen(text));
        assert_string_equal(text, rows[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_close_is_written_once),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_utf8_all_code_points),
        cmocka_unit_test(test_utf8_runs),
        cmocka_unit_test(test_utf8_scrub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
