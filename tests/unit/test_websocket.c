/*
 * test_websocket.c - the codec against a case list in the manner of the Autobahn test suite (its section numbers are in the names).
 *
 * Every case is fed in both roles, whole, byte by byte and split in two at every position; what comes out must be the same each time.
 * A trace is one word per event: text:Hello binary: ping:x pong: close:1000:bye error:1002; long uniform payloads read *x65536.
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
#define PARTS_MAX 10
#define SPLITS_MAX 700 /* Longer inputs are split at their first and last so many bytes. */

enum form { FORM_SHORTEST, FORM_16, FORM_64, FORM_64_TOP, FORM_WRONG_MASK };

/* One frame: @first as on the wire, @repeat times @payload. */
struct part {
    uint8_t first;
    const char *payload;
    size_t length, repeat;
    enum form form;
};

struct frames_case {
    const char *name;
    struct part parts[PARTS_MAX];
    const char *expected;
};

#define F(first, payload) { first, payload, sizeof(payload) - 1, 1, FORM_SHORTEST }
#define MANY(first, payload, times) { first, payload, sizeof(payload) - 1, times, FORM_SHORTEST }
#define ODD(first, payload, form) { first, payload, sizeof(payload) - 1, 1, form }

static const struct frames_case cases[] = {
    { "1.1.1 empty text", { F(0x81, "") }, "text:" },
    { "1.1.2 text of 125", { MANY(0x81, "*", 125) }, "text:*x125" },
    { "1.1.3 text of 126", { MANY(0x81, "*", 126) }, "text:*x126" },
    { "1.1.4 text of 127", { MANY(0x81, "*", 127) }, "text:*x127" },
    { "1.1.5 text of 128", { MANY(0x81, "*", 128) }, "text:*x128" },
    { "1.1.6 text of 65535", { MANY(0x81, "*", 65535) }, "text:*x65535" },
    { "1.1.7 text of 65536", { MANY(0x81, "*", 65536) }, "text:*x65536" },
    { "1.2.1 empty binary", { F(0x82, "") }, "binary:" },
    { "1.2.2 binary of 125", { MANY(0x82, "\xfe", 125) }, "binary:\xfex125" },
    { "1.2.3 binary of 126", { MANY(0x82, "\xfe", 126) }, "binary:\xfex126" },
    { "1.2.6 binary of 65535", { MANY(0x82, "\xfe", 65535) }, "binary:\xfex65535" },
    { "1.2.7 binary of 65536", { MANY(0x82, "\xfe", 65536) }, "binary:\xfex65536" },
    { "1.3 two messages", { F(0x81, "one"), F(0x82, "two") }, "text:one binary:two" },
    { "1.4 16-bit length for 5", { ODD(0x81, "Hello", FORM_16) }, "error:1002" },
    { "1.4 64-bit length for 5", { ODD(0x82, "Hello", FORM_64) }, "error:1002" },
    { "1.4 64-bit length for 126", { { 0x81, "*", 1, 126, FORM_64 } }, "error:1002" },
    { "1.4 64-bit length for 65535", { { 0x81, "*", 1, 65535, FORM_64 } }, "error:1002" },
    { "1.4 16-bit length for 125", { { 0x81, "*", 1, 125, FORM_16 } }, "error:1002" },
    { "1.4 length with the top bit", { ODD(0x81, "Hello", FORM_64_TOP) }, "error:1002" },
    { "1.5 mask against the role", { ODD(0x81, "Hello", FORM_WRONG_MASK) }, "error:1002" },
    { "1.5 ping with the mask against the role", { F(0x81, "a"), ODD(0x89, "", FORM_WRONG_MASK) }, "text:a error:1002" },

    { "2.1 ping without payload", { F(0x89, "") }, "ping:" },
    { "2.2 ping with text", { F(0x89, "Hello, world!") }, "ping:Hello, world!" },
    { "2.3 ping with bytes", { F(0x89, "\x00\xff\xfe") }, "ping:.\xff\xfe" },
    { "2.4 ping of 125", { MANY(0x89, "\xfe", 125) }, "ping:\xfex125" },
    { "2.5 ping of 126", { MANY(0x89, "\xfe", 126) }, "error:1002" },
    { "2.7 unasked pong", { F(0x8A, "") }, "pong:" },
    { "2.8 unasked pong with payload", { F(0x8A, "unsolicited") }, "pong:unsolicited" },
    { "2.9 pong, then ping", { F(0x8A, "a"), F(0x89, "b") }, "pong:a ping:b" },
    { "2.10 ten pings", { F(0x89, "0"), F(0x89, "1"), F(0x89, "2"), F(0x89, "3"), F(0x89, "4"), F(0x89, "5"), F(0x89, "6"),
        F(0x89, "7"), F(0x89, "8"), F(0x89, "9") },
        "ping:0 ping:1 ping:2 ping:3 ping:4 ping:5 ping:6 ping:7 ping:8 ping:9" },

    { "3.1 RSV 1", { F(0x91, "x") }, "error:1002" },
    { "3.1 RSV 1, as compression would set it", { F(0xC1, "x") }, "error:1002" },
    { "3.2 good, then RSV 2", { F(0x81, "good"), F(0xA1, "x"), F(0x89, "") }, "text:good error:1002" },
    { "3.5 binary with RSV", { F(0xD2, "x") }, "error:1002" },
    { "3.6 ping with RSV", { F(0xE9, "x") }, "error:1002" },
    { "3.7 close with RSV", { F(0xF8, "") }, "error:1002" },
    { "3.8 RSV inside a fragmented message", { F(0x01, "a"), F(0xC0, "b") }, "error:1002" },

    { "4.1.1 opcode 3", { F(0x83, "") }, "error:1002" },
    { "4.1.2 opcode 4", { F(0x84, "x") }, "error:1002" },
    { "4.1.3 good, then opcode 5", { F(0x81, "good"), F(0x85, "") }, "text:good error:1002" },
    { "4.1.4 opcode 6", { F(0x86, "x") }, "error:1002" },
    { "4.1.5 opcode 7", { F(0x87, "x") }, "error:1002" },
    { "4.2.1 opcode 11", { F(0x8B, "") }, "error:1002" },
    { "4.2.2 opcode 12", { F(0x8C, "x") }, "error:1002" },
    { "4.2.3 good, then opcode 13", { F(0x81, "good"), F(0x8D, "") }, "text:good error:1002" },
    { "4.2.4 opcode 14", { F(0x8E, "x") }, "error:1002" },
    { "4.2.5 opcode 15", { F(0x8F, "x") }, "error:1002" },

    { "5.1 ping in two fragments", { F(0x09, "a"), F(0x80, "b") }, "error:1002" },
    { "5.2 pong in two fragments", { F(0x0A, "a"), F(0x80, "b") }, "error:1002" },
    { "5.2 close in two fragments", { F(0x08, "a"), F(0x80, "b") }, "error:1002" },
    { "5.3 text in two", { F(0x01, "frag"), F(0x80, "ment") }, "text:fragment" },
    { "5.6 ping between", { F(0x01, "frag"), F(0x89, "ping"), F(0x80, "ment") }, "ping:ping text:fragment" },
    { "5.7 pong between", { F(0x01, "frag"), F(0x8A, ""), F(0x80, "ment") }, "pong: text:fragment" },
    { "5.9 continuation of nothing", { F(0x80, "x"), F(0x81, "Hello") }, "error:1002" },
    { "5.10 unfinished continuation of nothing", { F(0x00, "x"), F(0x81, "Hello") }, "error:1002" },
    { "5.12 continuation after the end", { F(0x01, "a"), F(0x80, "b"), F(0x80, "c") }, "text:ab error:1002" },
    { "5.15 the same, unfinished", { F(0x01, "a"), F(0x80, "b"), F(0x00, "c"), F(0x81, "d") }, "text:ab error:1002" },
    { "5.16 three binary fragments", { F(0x02, "a"), F(0x00, "b"), F(0x80, "c") }, "binary:abc" },
    { "5.18 text inside a fragmented text", { F(0x01, "a"), F(0x81, "b") }, "error:1002" },
    { "5.18 binary inside a fragmented text", { F(0x01, "a"), F(0x02, "b") }, "error:1002" },
    { "5.19 five fragments, pings between",
        { F(0x01, "1"), F(0x00, "2"), F(0x89, "p1"), F(0x00, "3"), F(0x00, "4"), F(0x89, "p2"), F(0x80, "5") },
        "ping:p1 ping:p2 text:12345" },
    { "5.20 empty fragments", { F(0x01, ""), F(0x00, ""), F(0x00, "mid"), F(0x00, ""), F(0x80, "") }, "text:mid" },
    { "5.21 close between", { F(0x01, "a"), F(0x88, "\x03\xe8"), F(0x80, "b") }, "close:1000:" },
    { "5.22 large fragments, ping between", { MANY(0x02, "z", 30000), F(0x89, ""), MANY(0x80, "z", 40000) },
        "ping: binary:zx70000" },
    { "5.23 fragmented, then single, then fragmented",
        { F(0x01, "a"), F(0x80, "b"), F(0x81, "c"), F(0x02, "d"), F(0x80, "e") }, "text:ab text:c binary:de" },

    { "6.2 character split over fragments", { F(0x01, "\xce"), F(0x80, "\xba") }, "text:\xce\xba" },
    { "6.2 ping inside a split character", { F(0x01, "\xf0\x9f"), F(0x89, ""), F(0x80, "\x98\x80") },
        "ping: text:\xf0\x9f\x98\x80" },
    { "6.4 bad text in the second fragment", { F(0x01, "ok"), F(0x00, "\xed\xa0"), F(0x80, "rest") }, "error:1007" },
    { "6.4 text ends inside a character", { F(0x01, "ok"), F(0x80, "\xe2\x82") }, "error:1007" },
    { "6.4 binary is not checked", { F(0x82, "\xff\xc0\x80") }, "binary:\xff\xc0\x80" },
    { "6.4 state is fresh for the next text", { F(0x82, "\xf0"), F(0x81, "ok") }, "binary:\xf0 text:ok" },

    { "7.1.1 message, then close", { F(0x81, "Hello"), F(0x88, "\x03\xe8") }, "text:Hello close:1000:" },
    { "7.1.2 two closes", { F(0x88, "\x03\xe8"), F(0x88, "\x03\xe8") }, "close:1000:" },
    { "7.1.3 ping after close", { F(0x88, "\x03\xe8"), F(0x89, "") }, "close:1000:" },
    { "7.1.4 text after close", { F(0x88, ""), F(0x81, "late") }, "close:1005:" },
    { "7.1.5 rubbish after close", { F(0x88, ""), F(0xFF, "late") }, "close:1005:" },
    { "7.3.1 close without payload", { F(0x88, "") }, "close:1005:" },
    { "7.3.2 close of one byte", { F(0x88, "a") }, "error:1002" },
    { "7.3.2 close of one byte, what follows is not its second", { F(0x88, "\x03"), F(0xE9, "") }, "error:1002" },
    { "7.3.3 code alone", { F(0x88, "\x03\xe9") }, "close:1001:" },
    { "7.3.4 code and reason", { F(0x88, "\x03\xe8Hello World!") }, "close:1000:Hello World!" },
    { "7.3.5 longest reason", { MANY(0x88, "\x0f", 125) }, "close:3855:\x0fx123" },
    { "7.3.6 payload of 126", { MANY(0x88, "*", 126) }, "error:1002" },
    { "7.5.1 reason is not UTF-8", { F(0x88, "\x03\xe8\xce\xba\xed\xa0\x80") }, "error:1007" },
    { "7.5.1 reason ends inside a character", { F(0x88, "\x03\xe8\xce") }, "error:1007" },
    { "7.13 code and reason before the code is judged", { F(0x88, "\x00\x00\xff") }, "error:1002" },

    { "9.1 exactly the bound", { MANY(0x81, "*", MESSAGE_MAX) }, "text:*x70000" },
    { "9.1 one beyond", { MANY(0x81, "*", MESSAGE_MAX + 1) }, "error:1009" },
    { "9.3 bound reached by fragments", { MANY(0x02, "*", 69999), F(0x00, "*"), F(0x80, "") }, "binary:*x70000" },
    { "9.3 one beyond by fragments", { MANY(0x02, "*", 69999), F(0x00, "*"), F(0x80, "*") }, "error:1009" },
    { "9.3 a control frame does not count", { MANY(0x02, "*", 70000), F(0x89, "ping"), F(0x80, "") },
        "ping:ping binary:*x70000" },
};

/* ---- Building input ---- */

struct bytes {
    uint8_t *data;
    size_t length;
};

static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static size_t
put_header(uint8_t *out, const struct part *part, size_t length, bool masked)
{
    static const size_t widths[] = { [FORM_16] = 2, [FORM_64] = 8, [FORM_64_TOP] = 8, [FORM_WRONG_MASK] = 0 };
    size_t width = widths[part->form];

    if (width == 0)
        width = length < 126 ? 0 : length < 65536 ? 2 : 8;
    out[0] = part->first;
    out[1] = (uint8_t)((masked ? 0x80 : 0) | (width == 0 ? (int)length : width == 2 ? 126 : 127));
    for (size_t i = 0; i < width; i++)
        out[2 + i] = (uint8_t)((uint64_t)length >> 8 * (width - 1 - i));
    if (part->form == FORM_64_TOP)
        out[2] = 0x80;
    return 2 + width;
}

/* The frames as the other side of @role sends them.  Free .data. */
static struct bytes
build(const struct part *parts, enum websocket_role role)
{
    struct bytes bytes = { 0 };
    size_t size = 0;

    for (int i = 0; i < PARTS_MAX; i++)
        size += parts[i].length * parts[i].repeat + WEBSOCKET_HEADER_MAX;
    bytes.data = malloc(size);
    for (const struct part *part = parts; part < parts + PARTS_MAX && part->payload != NULL; part++) {
        size_t length = part->length * part->repeat;
        bool masked = (role == WEBSOCKET_SERVER) != (part->form == FORM_WRONG_MASK);
        bytes.length += put_header(bytes.data + bytes.length, part, length, masked);
        if (masked) {
            memcpy(bytes.data + bytes.length, mask, 4);
            bytes.length += 4;
        }
        for (size_t i = 0; i < length; i++)
            bytes.data[bytes.length++] = (uint8_t)(part->payload[i % part->length] ^ (masked ? mask[i % 4] : 0));
    }
    return bytes;
}

/* ---- Reading events ---- */

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

static bool
is_uniform(const uint8_t *data, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        if (data[i] != data[0])
            return false;
    }
    return true;
}

static void
trace_add(char *trace, size_t size, const struct websocket_event *event)
{
    static const char *const words[] = { [WEBSOCKET_TEXT] = "text", [WEBSOCKET_BINARY] = "binary", [WEBSOCKET_PING] = "ping",
        [WEBSOCKET_PONG] = "pong", [WEBSOCKET_CLOSE] = "close", [WEBSOCKET_ERROR] = "error" };
    size_t used = strlen(trace);

    used += (size_t)snprintf(trace + used, size - used, "%s%s:", used > 0 ? " " : "", words[event->kind]);
    if (event->kind == WEBSOCKET_ERROR) {
        assert_non_null(event->why);
        snprintf(trace + used, size - used, "%u", event->code);
        return;
    }
    if (event->kind == WEBSOCKET_CLOSE)
        used += (size_t)snprintf(trace + used, size - used, "%u:", event->code);
    if (event->length > 100 && is_uniform(event->data, event->length)) {
        snprintf(trace + used, size - used, "%cx%zu", event->data[0], event->length);
        return;
    }
    for (size_t i = 0; i < event->length && used < size - 1; i++)
        trace[used++] = event->data[i] == 0 ? '.' : (char)event->data[i];
    trace[used] = '\0';
}

static void
feed(struct websocket *websocket, const uint8_t *data, size_t length, char *trace, size_t size)
{
    struct websocket_event event;

    while (length > 0) {
        size_t piece = length < WEBSOCKET_FEED_MAX ? length : WEBSOCKET_FEED_MAX;
        /* A copy of exactly that size, so that the sanitizer sees a read beyond it. */
        uint8_t *copy = malloc(piece);
        memcpy(copy, data, piece);
        assert_int_equal(websocket_feed(websocket, copy, piece, NULL), OK);
        free(copy);
        while (websocket_next(websocket, &event) != WEBSOCKET_NONE)
            trace_add(trace, size, &event);
        data += piece;
        length -= piece;
    }
}

static void
check(const struct frames_case *frames, enum websocket_role role, const struct bytes *input, size_t split, bool single)
{
    struct websocket websocket;
    char trace[512] = "";

    init_open(&websocket, role);
    if (single) {
        for (size_t i = 0; i < input->length; i++)
            feed(&websocket, input->data + i, 1, trace, sizeof trace);
    } else {
        feed(&websocket, input->data, split, trace, sizeof trace);
        feed(&websocket, input->data + split, input->length - split, trace, sizeof trace);
    }
    websocket_fini(&websocket);
    if (strcmp(trace, frames->expected) != 0)
        fail_msg("%s, role %d, split %zu: \"%s\" instead of \"%s\"", frames->name, role, single ? (size_t)-1 : split, trace,
            frames->expected);
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (enum websocket_role role = WEBSOCKET_CLIENT; role <= WEBSOCKET_SERVER; role++) {
            struct bytes input = build(cases[i].parts, role);
            bool large = input.length > SPLITS_MAX;
            check(&cases[i], role, &input, input.length, false);
            check(&cases[i], role, &input, 0, true);
            for (size_t split = 1; split < (large ? 20 : input.length); split++)
                check(&cases[i], role, &input, split, false);
            for (size_t split = 1; large && split < 10; split++)
                check(&cases[i], role, &input, input.length - split, false);
            free(input.data);
        }
    }
}

/* ---- 6: UTF-8 ---- */

/* @bad_at: index of the byte no text can have there; the length: the text breaks off; -1: fine. */
struct utf8_case {
    const char *text;
    int bad_at;
};

static const struct utf8_case utf8_cases[] = {
    { "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!", -1 },
    { "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", -1 },
    { "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80" "edited", 12 }, /* A surrogate. */
    { "\xce\xba\xf4\x90\x80\x80" "edited", 3 }, /* Beyond U+10FFFF. */
    { "\x01", -1 }, { "\x7f", -1 }, { "\xc2\x80", -1 }, { "\xdf\xbf", -1 }, { "\xe0\xa0\x80", -1 }, { "\xef\xbf\xbf", -1 },
    { "\xf0\x90\x80\x80", -1 }, { "\xf4\x8f\xbf\xbf", -1 },          /* First and last of each length. */
    { "\xed\x9f\xbf", -1 }, { "\xee\x80\x80", -1 }, { "\xef\xbf\xbd", -1 }, { "\xef\xbf\xbe", -1 }, { "\xf0\x9f\xbf\xbf", -1 },
    { "\xf4\x90\x80\x80", 1 }, { "\xf7\xbf\xbf\xbf", 0 }, { "\xf8\x88\x80\x80\x80", 0 }, { "\xfb\xbf\xbf\xbf\xbf", 0 },
    { "\xfc\x84\x80\x80\x80\x80", 0 }, { "\xfd\xbf\xbf\xbf\xbf\xbf", 0 },
    { "\x80", 0 }, { "\xbf", 0 }, { "\x80\xbf", 0 }, { "a\x80", 1 }, { "\xc2\x80\x80", 2 },          /* Lone continuations. */
    { "\xc2 ", 1 }, { "\xdf ", 1 }, { "\xe0 ", 1 }, { "\xef\xbf ", 2 }, { "\xf0\x90\x80 ", 3 },        /* Broken off by ASCII. */
    { "\xc2", 1 }, { "\xdf", 1 }, { "\xe0", 1 }, { "\xe0\xa0", 2 }, { "\xef\xbf", 2 }, { "\xf0", 1 }, { "\xf0\x90", 2 },
    { "\xf4\x8f\xbf", 3 },                                                                             /* Broken off by the end. */
    { "\xc2\xc2\x80", 1 }, { "\xe1\x80\xe1\x80\x80", 2 }, { "\xf1\x80\x80\xc3\xa4", 3 },              /* By another lead byte. */
    { "\xfe", 0 }, { "\xff", 0 }, { "\xfe\xfe\xff\xff", 0 },                                           /* Never. */
    { "\xc0\xaf", 0 }, { "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x80\xaf", 1 }, { "\xe0\x9f\xbf", 1 },
    { "\xf0\x80\x80\xaf", 1 }, { "\xf0\x8f\xbf\xbf", 1 },                                              /* Overlong. */
    { "\xed\xa0\x80", 1 }, { "\xed\xad\xbf", 1 }, { "\xed\xae\x80", 1 }, { "\xed\xaf\xbf", 1 }, { "\xed\xb0\x80", 1 },
    { "\xed\xbe\x80", 1 }, { "\xed\xbf\xbf", 1 }, { "\xed\xa0\x80\xed\xb0\x80", 1 },                  /* Surrogates. */
    { "\xf5\x80\x80\x80", 0 },
};

/* The error comes with the very byte, although the frame promises more (6.4.1, fail fast). */
static void
check_fail_fast(const struct utf8_case *utf8, enum websocket_role role)
{
    size_t length = strlen(utf8->text);
    struct part parts[PARTS_MAX] = { { 0x81, utf8->text, length, 1, FORM_SHORTEST } };
    struct bytes input = build(parts, role);
    struct websocket websocket;
    char trace[512] = "";
    size_t header = input.length - length;

    init_open(&websocket, role);
    for (size_t i = 0; i < input.length; i++) {
        assert_string_equal(trace, "");
        feed(&websocket, input.data + i, 1, trace, sizeof trace);
        bool at_bad = utf8->bad_at >= 0 && i == header + (size_t)utf8->bad_at;
        bool broken_off = utf8->bad_at == (int)length && i == input.length - 1;
        if (at_bad || broken_off) {
            assert_string_equal(trace, "error:1007");
            break;
        }
    }
    if (utf8->bad_at < 0)
        assert_memory_equal(trace, "text:", 5);
    else
        assert_string_equal(trace, "error:1007");
    websocket_fini(&websocket);
    free(input.data);
}

/* The same text in one-byte fragments with a ping before each. */
static void
check_fragments(const struct utf8_case *utf8, enum websocket_role role)
{
    struct websocket websocket;
    char trace[2048] = "";
    size_t length = strlen(utf8->text);

    init_open(&websocket, role);
    for (size_t i = 0; i < length; i++) {
        uint8_t first = (uint8_t)((i == 0 ? 1 : 0) | (i == length - 1 ? 0x80 : 0));
        struct part parts[PARTS_MAX] = { F(0x89, ""), { first, utf8->text + i, 1, 1, FORM_SHORTEST } };
        struct bytes input = build(parts, role);
        feed(&websocket, input.data, input.length, trace, sizeof trace);
        free(input.data);
    }
    assert_non_null(strstr(trace, utf8->bad_at < 0 ? "text:" : "error:1007"));
    assert_null(strstr(trace, utf8->bad_at < 0 ? "error" : "text"));
    websocket_fini(&websocket);
}

static void
test_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(utf8_cases); i++) {
        for (enum websocket_role role = WEBSOCKET_CLIENT; role <= WEBSOCKET_SERVER; role++) {
            check_fail_fast(&utf8_cases[i], role);
            check_fragments(&utf8_cases[i], role);
        }
    }
}

/* ---- 7.7, 7.9: close codes ---- */

static void
test_every_close_code(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        bool valid = code == 1000 || code == 1001 || code == 1002 || code == 1003 || code == 1007 || code == 1008 ||
            code == 1009 || code == 1010 || code == 1011 || code == 1012 || code == 1013 || code == 1014 ||
            (code >= 3000 && code < 5000);
        char payload[2] = { (char)(code >> 8), (char)code };
        struct part parts[PARTS_MAX] = { { 0x88, payload, 2, 1, FORM_SHORTEST } };
        struct bytes input = build(parts, WEBSOCKET_SERVER);
        struct websocket websocket;
        char trace[64] = "", expected[64];
        init_open(&websocket, WEBSOCKET_SERVER);
        feed(&websocket, input.data, input.length, trace, sizeof trace);
        snprintf(expected, sizeof expected, "close:%u:", code);
        assert_string_equal(trace, valid ? expected : "error:1002");
        assert_int_equal(websocket_code_is_valid((uint16_t)code), valid);
        websocket_fini(&websocket);
        free(input.data);
    }
}

/* ---- Limits ---- */

/* Too big is known from the header alone: nothing of the payload need come, nothing is stored. */
static void
test_too_big_fails_at_the_header(void **state)
{
    static const uint8_t header[] = { 0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    struct websocket websocket;
    char trace[64] = "";

    (void)state;
    init_open(&websocket, WEBSOCKET_SERVER);
    feed(&websocket, header, sizeof header, trace, sizeof trace);
    assert_string_equal(trace, "error:1009");
    assert_true(websocket.size <= 16384);
    websocket_fini(&websocket);
}

/* Who feeds without reading is stopped; a large buffer goes back once it is empty. */
static void
test_buffer_is_bounded(void **state)
{
    static uint8_t rubbish[WEBSOCKET_FEED_MAX];
    struct websocket websocket;
    struct websocket_event event;
    enum status status = OK;
    size_t fed = 0;

    (void)state;
    memset(rubbish, 0x8A, sizeof rubbish);
    init_open(&websocket, WEBSOCKET_CLIENT);
    assert_int_equal(websocket_feed(&websocket, rubbish, sizeof rubbish + 1, NULL), STATUS_LIMIT);
    while (status == OK && fed < 100 * sizeof rubbish) {
        status = websocket_feed(&websocket, rubbish, sizeof rubbish, NULL);
        fed += sizeof rubbish;
    }
    assert_int_equal(status, STATUS_LIMIT);
    assert_true(websocket.size <= MESSAGE_MAX + WEBSOCKET_FEED_MAX + 1024);
    websocket_fini(&websocket);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_NONE);

    websocket_init(&websocket, &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = 1 << 20 });
    websocket_assume_open(&websocket);
    struct part parts[PARTS_MAX] = { MANY(0x82, "x", 1 << 20), F(0x81, "small") };
    struct bytes input = build(parts, WEBSOCKET_SERVER);
    char trace[64] = "";
    feed(&websocket, input.data, input.length - 2, trace, sizeof trace);
    assert_true(websocket.size >= 1 << 20);
    feed(&websocket, input.data + input.length - 2, 2, trace, sizeof trace);
    feed(&websocket, (const uint8_t *)"\x89\x80\x00\x00\x00\x00", 6, trace, sizeof trace);
    assert_string_equal(trace, "binary:xx1048576 text:small ping:");
    assert_true(websocket.size <= 16384);
    websocket_fini(&websocket);
    free(input.data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_every_close_code),
        cmocka_unit_test(test_too_big_fails_at_the_header),
        cmocka_unit_test(test_buffer_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
