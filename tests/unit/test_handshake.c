/*
 * test_handshake.c - the opening handshake both ways (RFC 6455 section 4), the strictness of HTTP heads, and who is loopback (S-13).
 */
#include "net/handshake.h"
#include "net/loopback.h"
#include "net/sha1.h"
#include "net/websocket.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RFC_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define RFC_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* The nonce of RFC 6455 1.3. */
static void
rfc_nonce(void *context, void *out, size_t size)
{
    (void)context;
    memcpy(out, "the sample nonce", size);
}

static void
test_sha1(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        { "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
        { "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
        { "1234567890123456789012345678901234567890123456789012345", "827a683fdfdbef225a2421078b7789b134c7eafa" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t hash[SHA1_SIZE];
        char hex[2 * SHA1_SIZE + 1];
        sha1_hash(rows[i].text, strlen(rows[i].text), hash);
        for (size_t k = 0; k < SHA1_SIZE; k++)
            snprintf(hex + 2 * k, 3, "%02x", hash[k]);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void
test_rfc_example(void **state)
{
    char key[HANDSHAKE_KEY_SIZE], accept[HANDSHAKE_ACCEPT_SIZE];

    (void)state;
    handshake_key((const uint8_t *)"the sample nonce", key);
    assert_string_equal(key, RFC_KEY);
    handshake_accept(key, accept);
    assert_string_equal(accept, RFC_ACCEPT);
}

/* ---- Client ---- */

static void
init_client(struct websocket *websocket, char *request, size_t size)
{
    struct text text = text_on(request, size);

    websocket_init(websocket,
        &(struct websocket_options){ .role = WEBSOCKET_CLIENT, .message_max = 4 << 20, .random = rfc_nonce });
    assert_int_equal(
        websocket_connect(websocket, "127.0.0.1:8765", "/hub?id=a", "Authorization: Bearer x\r\n", &text, NULL), OK);
}

static void
test_client_request(void **state)
{
    struct websocket websocket;
    char request[1024];
    struct error err;

    (void)state;
    init_client(&websocket, request, sizeof request);
    assert_string_equal(request,
        "GET /hub?id=a HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: " RFC_KEY "\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer x\r\n\r\n");
    /* Nothing may write lines of its own; a request that does not fit is not sent in part. */
    static const char *const bad[][2] = { { "a\r\nX: y", "/" }, { "a b", "/" }, { "", "/" }, { "a", "/ HTTP/1.1\r\nX: y" },
        { "a", "x" }, { "a", "" }, { "a", "/\x7f" }, { "a", "/\xc3\xa4" } };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct text text = text_on(request, sizeof request);
        assert_int_equal(websocket_connect(&websocket, bad[i][0], bad[i][1], NULL, &text, &err), STATUS_CONFIG);
    }
    struct text text = text_on(request, 100);
    assert_int_equal(websocket_connect(&websocket, "a", "/", NULL, &text, &err), STATUS_CONFIG);
    websocket_fini(&websocket);
}

#define GOOD "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: " RFC_ACCEPT "\r\n"

static const struct answer_case {
    const char *answer;
    enum websocket_event_kind expected;
    int32_t http_status;
    int64_t retry_after_s;
} answer_cases[] = {
    { GOOD UPGRADE CONNECTION ACCEPT "\r\n", WEBSOCKET_OPENED, 0, -1 },
    { "HTTP/1.1 101\r\nuPGRADE:WebSocket\r\nCONNECTION:keep-alive,  upgrade \r\nsec-websocket-accept:\t" RFC_ACCEPT "\t\r\n\r\n",
        WEBSOCKET_OPENED, 0, -1 },
    { GOOD CONNECTION ACCEPT "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE ACCEPT "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE CONNECTION "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE CONNECTION "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE CONNECTION ACCEPT ACCEPT "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: json\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { GOOD "Upgrade: h2c\r\n" CONNECTION ACCEPT "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", WEBSOCKET_REFUSED, 401, -1 },
    { "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\n\r\n", WEBSOCKET_REFUSED, 429, 30 },
    { "HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", WEBSOCKET_REFUSED, 503, -1 },
    { "HTTP/1.0 200 OK\r\n\r\n", WEBSOCKET_REFUSED, 200, -1 },
    { "HTTP/1.1 1010 x\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { "HTTP/1.1 099 x\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { "HTTP/2 101 x\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
    { "HTTP/1.0 101 x\r\n" UPGRADE CONNECTION ACCEPT "\r\n", WEBSOCKET_ERROR, 0, -1 },
    { "rubbish\r\n\r\n", WEBSOCKET_ERROR, 0, -1 },
};

static void
test_client_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answer_cases); i++) {
        const struct answer_case *row = &answer_cases[i];
        size_t length = strlen(row->answer);
        for (size_t split = 0; split < length; split++) {
            struct websocket websocket;
            struct websocket_event event;
            char request[1024];
            init_client(&websocket, request, sizeof request);
            assert_int_equal(websocket_feed(&websocket, row->answer, split, NULL), OK);
            assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_NONE);
            assert_int_equal(websocket_feed(&websocket, row->answer + split, length - split, NULL), OK);
            if (websocket_next(&websocket, &event) != row->expected)
                fail_msg("answer %zu, split %zu: %d, %s", i, split, event.kind, event.why == NULL ? "" : event.why);
            assert_int_equal(event.http_status, row->http_status);
            assert_int_equal(event.retry_after_s, row->retry_after_s);
            assert_int_equal(event.code, 0);
            websocket_fini(&websocket);
        }
    }
}

/* Frames that come in one piece with the 101 are not lost. */
static void
test_client_frames_after_101(void **state)
{
    static const char bytes[] = GOOD UPGRADE CONNECTION ACCEPT "\r\n\x81\x02hi\x89\x00";
    struct websocket websocket;
    struct websocket_event event;
    char request[1024];

    (void)state;
    init_client(&websocket, request, sizeof request);
    assert_int_equal(websocket_feed(&websocket, bytes, sizeof bytes - 1, NULL), OK);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_OPENED);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_TEXT);
    assert_memory_equal(event.data, "hi", 2);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_PING);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_NONE);
    websocket_fini(&websocket);
}

/* ---- Server ---- */

#define GET "GET /feed HTTP/1.1\r\nHost: localhost:8765\r\n"
#define KEY "Sec-WebSocket-Key: " RFC_KEY "\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static const struct request_case {
    const char *request;
    int expected; /* What websocket_accept() says; 0: ERROR with 400. */
} request_cases[] = {
    { GET UPGRADE CONNECTION KEY VERSION "\r\n", 101 },
    { GET "upgrade: foo, WebSocket\r\nconnection: Keep-Alive, Upgrade\r\n" KEY VERSION "X: y\r\n\r\n", 101 },
    { GET UPGRADE CONNECTION VERSION "\r\n", 400 },
    { GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: short\r\n\r\n", 400 },
    { GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n", 400 }, /* Not what base64 gives. */
    { GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZ!Bub25jZQ==\r\n\r\n", 400 },
    { GET UPGRADE CONNECTION KEY "\r\n", 426 },
    { GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
    { GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: x\r\n\r\n", 426 },
    { GET UPGRADE KEY VERSION "\r\n", 426 },
    { GET CONNECTION KEY VERSION "\r\n", 426 },
    { "GET / HTTP/1.1\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 400 }, /* No Host. */
    { "GET / HTTP/1.0\r\nHost: x\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 400 },
    { "POST / HTTP/1.1\r\nHost: x\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 405 },
    { GET UPGRADE CONNECTION KEY VERSION "Content-Length: 1\r\n\r\n", 400 },
    { GET UPGRADE CONNECTION KEY VERSION "Content-Length: 0\r\n\r\n", 101 },
    { GET UPGRADE CONNECTION KEY VERSION "Transfer-Encoding: chunked\r\n\r\n", 400 },
    { GET UPGRADE CONNECTION KEY KEY VERSION "\r\n", 0 },
    { GET "Host: evil.example\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 0 },
    { GET "Origin: a\r\nOrigin: b\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 0 },
    { GET "Host : x\r\n\r\n", 0 },
    { GET " folded\r\n\r\n", 0 },
    { GET "X: a\rb\r\n\r\n", 0 },
    { GET "X: a\nb\r\n\r\n", 0 },
    { GET "X: \x01\r\n\r\n", 0 },
    { GET "X: \x7f\r\n\r\n", 0 },
    { GET ": x\r\n\r\n", 0 },
    { GET "no colon\r\n\r\n", 0 },
    { "GET /\r\n\r\n", 0 },
    { "GET / HTTP/1.2\r\n\r\n", 0 },
    { "GET  / HTTP/1.1\r\n\r\n", 0 },
    { "GET / x HTTP/1.1\r\n\r\n", 0 },
    { "G\"T / HTTP/1.1\r\n\r\n", 0 },
    { " / HTTP/1.1\r\n\r\n", 0 },
    { "\r\n\r\n", 0 },
    { "\x16\x03\x01\x02\r\n\r\n", 0 }, /* A TLS hello. */
};

static void
check_request(size_t row, size_t split)
{
    struct websocket websocket;
    struct websocket_event event;
    const char *request = request_cases[row].request;
    char answer[512];
    struct text text = text_on(answer, sizeof answer);
    int status = 0;

    websocket_init(&websocket, &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = 1000 });
    assert_int_equal(websocket_feed(&websocket, request, split, NULL), OK);
    assert_int_equal(websocket_next(&websocket, &event), WEBSOCKET_NONE);
    assert_int_equal(websocket_feed(&websocket, request + split, strlen(request) - split, NULL), OK);
    if (websocket_next(&websocket, &event) == WEBSOCKET_REQUEST)
        status = websocket_accept(&websocket, &event.request, &text);
    else
        assert_int_equal(event.http_status, 400);
    if (status != request_cases[row].expected)
        fail_msg("request %zu, split %zu: %d", row, split, status);
    assert_string_equal(answer, status == 101 ? GOOD UPGRADE CONNECTION ACCEPT "\r\n" : "");
    websocket_fini(&websocket);
}

static void
test_server_requests(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(request_cases); row++) {
        for (size_t split = 0; split < strlen(request_cases[row].request); split++)
            check_request(row, split);
    }
}

static void
test_request_fields(void **state)
{
    static const char text[] = "GET /a?b HTTP/1.1\r\nhOST:  127.0.0.1:1\t\r\nOrigin: null\r\nX:\r\n\r\n";
    struct head_request request;

    (void)state;
    assert_int_equal(head_length(text, sizeof text - 2), 0);
    assert_int_equal(head_length(text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(head_read_request(text, sizeof text - 1, &request, NULL), OK);
    assert_true(head_slice_is(request.method, "GET"));
    assert_true(head_slice_is(request.target, "/a?b"));
    assert_true(head_slice_is(request.host, "127.0.0.1:1"));
    assert_true(head_slice_is(request.origin, "null"));
    assert_null(request.key.data);
    assert_false(request.has_body || request.upgrade_websocket || request.connection_upgrade);
}

/* A head as large as allowed, one byte more, and one field too many. */
static void
test_head_limits(void **state)
{
    static char head[HEAD_MAX + 2];
    static const char start[] = "GET / HTTP/1.1\r\nX: ";
    struct websocket websocket;
    struct websocket_event event;
    struct head_request request;

    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        size_t length = HEAD_MAX + extra;
        memset(head, 'a', sizeof head);
        memcpy(head, start, sizeof start - 1);
        memcpy(head + length - 4, "\r\n\r\n", 4);
        websocket_init(&websocket, &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = 1 });
        assert_int_equal(websocket_feed(&websocket, head, length, NULL), OK);
        assert_int_equal(websocket_next(&websocket, &event), extra == 0 ? WEBSOCKET_REQUEST : WEBSOCKET_ERROR);
        assert_int_equal(event.http_status, extra == 0 ? 0 : 431);
        websocket_fini(&websocket);
    }
    for (int fields = HEAD_FIELDS_MAX; fields <= HEAD_FIELDS_MAX + 1; fields++) {
        struct text text = text_on(head, sizeof head);
        text_add(&text, "GET / HTTP/1.1\r\n");
        for (int i = 0; i < fields; i++)
            text_add(&text, "X: y\r\n");
        text_add(&text, "\r\n");
        assert_int_equal(head_read_request(head, text.length, &request, NULL), fields == HEAD_FIELDS_MAX ? OK : STATUS_LIMIT);
    }
}

/* ---- Loopback ---- */

static struct head_slice
slice(const char *text)
{
    return (struct head_slice){ text, text == NULL ? 0 : strlen(text) };
}

static void
test_hosts(void **state)
{
    static const char *const ours[] = { "127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765" };
    static const char *const foreign[] = { NULL, "", "127.0.0.1", "127.0.0.1:8766", "127.0.0.1:87650", "evil.example:8765",
        "localhost.evil.example:8765", "localhost:8765.evil.example", "127.0.0.1:8765@evil.example", "::1:8765", "127.0.0.2:8765",
        "0.0.0.0:8765", "127.0.0.1:08765", "localhost.:8765" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        assert_true(loopback_is_host(slice(ours[i]), 8765));
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        assert_false(loopback_is_host(slice(foreign[i]), 8765));
}

static void
test_origins(void **state)
{
    static const char *const ours[] = { NULL, "http://localhost", "https://localhost:3000", "http://127.0.0.1:8765", "http://[::1]",
        "http://[::1]:1", "HTTP://LocalHost:65535" };
    static const char *const foreign[] = { "", "null", "http://", "http://evil.example", "http://localhost.evil.example",
        "http://localhost:80.evil.example", "http://localhost:", "http://localhost:123456", "http://localhost@evil.example",
        "http://localhost/", "ftp://localhost", "file://", "localhost", "http://127.0.0.11", "http://[::1]x", "http://localhost:8a" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        assert_true(loopback_is_origin(slice(ours[i])));
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        assert_false(loopback_is_origin(slice(foreign[i])));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha1),
        cmocka_unit_test(test_rfc_example),
        cmocka_unit_test(test_client_request),
        cmocka_unit_test(test_client_answers),
        cmocka_unit_test(test_client_frames_after_101),
        cmocka_unit_test(test_server_requests),
        cmocka_unit_test(test_request_fields),
        cmocka_unit_test(test_head_limits),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
