/*
 * test_server.c - the local server over real loopback sockets: who gets in, what is refused, and how clients are lost (S-13, S-14).
 */
#include "net/server.h"

#include "base/assert.h"
#include "lib/raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 100

struct fixture {
    uv_loop_t loop;
    struct server *server;
    struct server_client *last;
    int opened, closed, drained, messages;
    const char *why;
    char message[64];
    struct server_client *clients[CLIENTS + 1];
};

static void
on_open(void *context, struct server_client *client)
{
    struct fixture *f = context;

    if (f->opened < CLIENTS)
        f->clients[f->opened] = client;
    server_client_set_data(client, f);
    f->last = client;
    f->opened++;
}

static void
on_message(void *context, struct server_client *client, const uint8_t *data, size_t length, bool text)
{
    struct fixture *f = context;

    assert_ptr_equal(server_client_data(client), f);
    snprintf(f->message, sizeof f->message, "%s:%.*s", text ? "text" : "binary", (int)length, (const char *)data);
    f->messages++;
}

static void
on_drained(void *context, struct server_client *client)
{
    struct fixture *f = context;

    assert_int_equal(server_client_queued(client), 0);
    f->drained++;
}

static void
on_close(void *context, struct server_client *client, const char *why)
{
    struct fixture *f = context;

    assert_ptr_equal(server_client_data(client), f);
    for (int i = 0; i < CLIENTS; i++) {
        if (f->clients[i] == client)
            f->clients[i] = NULL;
    }
    f->closed++;
    f->why = why;
}

#define LARGE (8 << 20)

static void
on_get(void *context, struct server_client *client, const char *path)
{
    (void)context;
    if (strcmp(path, "/large") == 0) {
        char *body = calloc(1, LARGE);
        server_answer(client, 200, "text/plain", body, LARGE);
        free(body);
    }
    if (strcmp(path, "/metrics") == 0)
        server_answer(client, 200, "text/plain", "up 1\n", 5);
}

static void
start(struct fixture *f, struct server_options options)
{
    struct error err = { 0 };

    *f = (struct fixture){ 0 };
    assert_int_equal(uv_loop_init(&f->loop), 0);
    options.loop = &f->loop;
    options.socket_path = "/";
    options.handlers = (struct server_handlers){ f, on_open, on_message, on_drained, on_close, on_get };
    if (server_new(&options, &f->server, &err) != OK)
        fail_msg("%s", err.text);
    assert_true(server_port(f->server) > 0);
}

/* Nothing may be left: the loop closes. */
static void
stop(struct fixture *f)
{
    server_free(f->server);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static bool
has_closed(void *context)
{
    return ((struct fixture *)context)->closed > 0;
}

static bool
has_message(void *context)
{
    return ((struct fixture *)context)->messages > 0;
}

/* ---- Requests ---- */

#define LINES "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UPGRADE LINES "Sec-WebSocket-Version: 13\r\n"

/* "@" stands for the port. */
static const struct request_case {
    const char *request;
    int expected;
} request_cases[] = {
    { "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 200 },
    { "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost:@\r\nOrigin: http://localhost:3000\r\n\r\n", 200 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\n" UPGRADE "\r\n", 101 },
    { "GET / HTTP/1.1\r\nHost: [::1]:@\r\nOrigin: http://127.0.0.1\r\n" UPGRADE "\r\n", 101 },
    { "GET / HTTP/1.1\r\nHost: evil.example:@\r\n" UPGRADE "\r\n", 403 },  /* DNS rebinding. */
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" UPGRADE "\r\n", 403 },
    { "GET / HTTP/1.1\r\n" UPGRADE "\r\n", 403 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\nOrigin: https://evil.example\r\n" UPGRADE "\r\n", 403 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\nOrigin: null\r\n" UPGRADE "\r\n", 403 },
    { "GET /metrics HTTP/1.1\r\nHost: evil.example:@\r\n\r\n", 403 },
    { "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:@\r\nOrigin: https://evil.example\r\n\r\n", 403 },
    { "POST /nowhere HTTP/1.1\r\nHost: evil.example:@\r\n\r\n", 403 },
    { "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 405 },
    { "OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 405 },
    { "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:@\r\nContent-Length: 4\r\n\r\nbody", 400 },
    { "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 404 },
    { "GET /metrics/../secret HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 404 },
    { "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:@\r\n" UPGRADE "\r\n", 404 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", 426 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\n" LINES "Sec-WebSocket-Version: 12\r\n\r\n", 426 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:@\r\nHost: evil.example\r\n\r\n", 400 },
    { "\x16\x03\x01\x02\r\n\r\n", 400 },
};

static void
send_request(struct raw_client *client, const char *request, int port)
{
    char text[1024];
    struct text out = text_on(text, sizeof text);

    for (; *request != '\0'; request++) {
        if (*request == '@')
            text_addf(&out, "%d", port);
        else
            text_add_bytes(&out, request, 1);
    }
    raw_client_send(client, text, out.length);
}

static bool
has_head(void *context)
{
    struct raw_client *client = context;
    return client->eof || strstr(client->trace, "\r\n\r\n") != NULL;
}

static void
test_requests(void **state)
{
    struct fixture f;
    struct raw_client client;
    char expected[32];

    (void)state;
    start(&f, (struct server_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(request_cases); i++) {
        const struct request_case *row = &request_cases[i];
        raw_client_connect(&client, &f.loop, server_port(f.server), false);
        send_request(&client, row->request, server_port(f.server));
        run_until(&f.loop, row->expected == 101 ? has_head : raw_client_is_done, &client);
        snprintf(expected, sizeof expected, "HTTP/1.1 %d ", row->expected);
        if (strncmp(client.trace, expected, strlen(expected)) != 0)
            fail_msg("request %zu: %s", i, client.trace);
        if (row->expected == 200)
            assert_non_null(strstr(client.trace, "Content-Length: 5\r\n"));
        if (row->expected == 200)
            assert_string_equal(strstr(client.trace, "\r\n\r\n"), "\r\n\r\nup 1\n");
        raw_client_close(&client);
    }
    assert_int_equal(f.opened, 2);
    stop(&f);
}

/* One who shuts down its side after the question still gets the answer, also when it is more than the kernel takes at once. */
static void
on_half_closed(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

static void
test_half_close(void **state)
{
    struct fixture f;
    struct raw_client client;
    uv_shutdown_t shutdown;

    (void)state;
    start(&f, (struct server_options){ 0 });
    raw_client_connect(&client, &f.loop, server_port(f.server), false);
    send_request(&client, "GET /large HTTP/1.1\r\nHost: 127.0.0.1:@\r\n\r\n", server_port(f.server));
    uv_shutdown(&shutdown, (uv_stream_t *)&client.tcp, on_half_closed);
    run_until(&f.loop, raw_client_is_done, &client);
    assert_true(client.length > LARGE);
    raw_client_close(&client);
    stop(&f);
}

static void
test_head_too_large(void **state)
{
    static char rubbish[HEAD_MAX + 100];
    struct fixture f;
    struct raw_client client;

    (void)state;
    memset(rubbish, 'a', sizeof rubbish);
    start(&f, (struct server_options){ 0 });
    raw_client_connect(&client, &f.loop, server_port(f.server), false);
    raw_client_send(&client, rubbish, sizeof rubbish);
    run_until(&f.loop, raw_client_is_done, &client);
    assert_memory_equal(client.trace, "HTTP/1.1 431 ", 13);
    raw_client_close(&client);
    stop(&f);
}

/* Who connects and says nothing, or half a request, is cut; who hangs up early is forgotten. */
static void
test_half_open(void **state)
{
    struct fixture f;
    struct raw_client silent, half, gone;

    (void)state;
    start(&f, (struct server_options){ .handshake_timeout = SPAN_MS(30) });
    raw_client_connect(&silent, &f.loop, server_port(f.server), false);
    raw_client_connect(&half, &f.loop, server_port(f.server), false);
    raw_client_connect(&gone, &f.loop, server_port(f.server), false);
    raw_client_send_text(&half, "GET / HTTP/1.1\r\nHost: ");
    raw_client_close(&gone);
    run_until(&f.loop, raw_client_is_done, &silent);
    run_until(&f.loop, raw_client_is_done, &half);
    assert_string_equal(silent.trace, "");
    assert_int_equal(server_connections_count(f.server), 0);
    assert_int_equal(f.opened + f.closed, 0);
    raw_client_close(&silent);
    raw_client_close(&half);
    stop(&f);
}

/* ---- WebSocket ---- */

static void
test_messages_both_ways(void **state)
{
    struct fixture f;
    struct raw_client client;

    (void)state;
    start(&f, (struct server_options){ 0 });
    raw_client_open(&client, &f.loop, server_port(f.server), "/?token=x");
    assert_int_equal(server_sockets_count(f.server), 1);
    raw_client_frame(&client, WEBSOCKET_OP_PING, "are you there", 13);
    raw_client_frame(&client, WEBSOCKET_OP_TEXT, "hello", 5);
    run_until(&f.loop, has_message, &f);
    assert_string_equal(f.message, "text:hello");

    struct packet *packet = packet_new_text("news", 4);
    assert_int_equal(server_send(f.last, packet), OK);
    assert_true(server_client_queued(f.last) > 0);
    packet_unref(packet);
    raw_client_frame(&client, WEBSOCKET_OP_CLOSE, "\x0f\xa0", 2);
    run_until(&f.loop, raw_client_is_done, &client);
    assert_string_equal(client.trace, "opened: pong:are you there text:news close:4000: ");
    raw_client_close(&client);
    run_until(&f.loop, has_closed, &f);
    assert_string_equal(f.why, "closed by the client");
    assert_int_equal(server_sockets_count(f.server), 0);
    assert_true(f.drained > 0);
    stop(&f);
}

static const struct offence {
    const char *bytes;
    size_t length;
    const char *expected;
} offences[] = {
    { "\x81\x05Hello", 7, "opened: close:1002:unmasked frame from a client " },
    { "\x81\xfe\x10\x01....", 8, "opened: close:1009:message too big " },
    { "\x81\x81....\xd1", 7, "opened: close:1007:text is not UTF-8 " }, /* 0xff masked by '.'. */
    { "\x91\x80....", 6, "opened: close:1002:reserved bit set " },
    { "\x88\x82....\x2d\xc2", 8, "opened: close:1002:close code that must not be sent " }, /* 1004. */
};

static void
test_offences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(offences); i++) {
        struct fixture f;
        struct raw_client client;
        start(&f, (struct server_options){ .message_max = 4096 });
        raw_client_open(&client, &f.loop, server_port(f.server), "/");
        raw_client_send(&client, offences[i].bytes, offences[i].length);
        run_until(&f.loop, raw_client_is_done, &client);
        assert_string_equal(client.trace, offences[i].expected);
        raw_client_close(&client);
        run_until(&f.loop, has_closed, &f);
        assert_int_equal(f.messages, 0);
        stop(&f);
    }
}

static bool
has_pings(void *client)
{
    return ((struct raw_client *)client)->pings >= 6;
}

/* The one that answers stays; the one that does not is dropped after two. */
static void
test_pings(void **state)
{
    struct fixture f;
    struct raw_client lively, silent;

    (void)state;
    start(&f, (struct server_options){ .ping_every = SPAN_MS(50) });
    raw_client_open(&lively, &f.loop, server_port(f.server), "/");
    raw_client_open(&silent, &f.loop, server_port(f.server), "/");
    silent.silent = true;
    run_until(&f.loop, raw_client_is_done, &silent);
    run_until(&f.loop, has_pings, &lively);
    assert_string_equal(silent.trace, "opened: ping: ping: ");
    assert_int_equal(f.closed, 1);
    assert_string_equal(f.why, "no answer to pings");
    assert_false(lively.eof);
    raw_client_close(&silent);
    raw_client_close(&lively);
    stop(&f);
}

/* ---- Slow clients and many of them ---- */

static bool
has_500(void *client)
{
    return ((struct raw_client *)client)->texts >= 500;
}

/* One that does not read is dropped at the bound; the other gets everything. */
static void
test_slow_client(void **state)
{
    static char text[20000];
    struct fixture f;
    struct raw_client slow, quick;
    enum status status = OK;
    size_t most = 0;

    (void)state;
    memset(text, 'x', sizeof text);
    start(&f, (struct server_options){ .queue_max = 1 << 18 });
    raw_client_open(&slow, &f.loop, server_port(f.server), "/");
    struct server_client *slow_client = f.last;
    raw_client_open(&quick, &f.loop, server_port(f.server), "/");
    struct server_client *quick_client = f.last;
    raw_client_pause(&slow);
    struct packet *packet = packet_new_text(text, sizeof text);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(server_send(quick_client, packet), OK);
        if (status == OK) {
            status = server_send(slow_client, packet);
            most = status == OK && server_client_queued(slow_client) > most ? server_client_queued(slow_client) : most;
        }
        while (server_client_queued(quick_client) > 1 << 17)
            uv_run(&f.loop, UV_RUN_ONCE);
    }
    packet_unref(packet);
    assert_int_equal(status, STATUS_LIMIT);
    assert_in_range(most, (1 << 18) - sizeof text, 1 << 18);
    run_until(&f.loop, has_500, &quick);
    assert_int_equal(f.closed, 1);
    assert_string_equal(f.why, "too slow");
    raw_client_close(&slow);
    raw_client_close(&quick);
    stop(&f);
}

struct crowd {
    struct raw_client clients[CLIENTS];
    int texts;
};

static bool
all_have(void *context)
{
    const struct crowd *crowd = context;
    for (int i = 0; i < CLIENTS; i++) {
        if (crowd->clients[i].texts < crowd->texts)
            return false;
    }
    return true;
}

static void
test_hundred_clients(void **state)
{
    static struct crowd crowd;
    struct fixture f;
    struct raw_client extra;
    char expected[2000] = "opened: ";

    (void)state;
    start(&f, (struct server_options){ 0 });
    for (int i = 0; i < CLIENTS; i++)
        raw_client_open(&crowd.clients[i], &f.loop, server_port(f.server), "/");
    assert_int_equal(server_sockets_count(f.server), CLIENTS);
    raw_client_open(&extra, &f.loop, server_port(f.server), "/");
    assert_int_equal(extra.http_status, 503);
    raw_client_close(&extra);
    for (crowd.texts = 0; crowd.texts < 50; crowd.texts++) {
        char text[32];
        snprintf(text, sizeof text, "message %d", crowd.texts);
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "text:%s ", text);
        struct packet *packet = packet_new_text(text, strlen(text));
        for (int i = 0; i < CLIENTS; i++)
            assert_int_equal(server_send(f.clients[i], packet), OK);
        assert_int_equal(packet->references, 1 + CLIENTS); /* Shared, not copied; and nothing was written meanwhile. */
        packet_unref(packet);
        run_turns(&f.loop, crowd.texts % 3 == 0 ? 20 : 0);
        if (crowd.texts % 3 != 0)
            run_until(&f.loop, all_have, &crowd);
    }
    run_until(&f.loop, all_have, &crowd);
    for (int i = 0; i < CLIENTS; i++)
        assert_string_equal(crowd.clients[i].trace, expected);
    for (int i = 0; i < CLIENTS; i++)
        raw_client_close(&crowd.clients[i]);
    stop(&f);
}

static bool
has_last_word(void *client)
{
    return strstr(((struct raw_client *)client)->trace, "close:") != NULL;
}

static void
test_stop(void **state)
{
    struct fixture f;
    struct raw_client client, mute;

    (void)state;
    start(&f, (struct server_options){ .close_timeout = SPAN_MS(30) });
    raw_client_open(&client, &f.loop, server_port(f.server), "/");
    raw_client_open(&mute, &f.loop, server_port(f.server), "/");
    server_stop(f.server);
    assert_int_equal(server_sockets_count(f.server), 0);
    struct packet *packet = packet_new_text("late", 4);
    assert_int_equal(server_send(f.last, packet), STATUS_REFUSED);
    packet_unref(packet);
    run_until(&f.loop, has_last_word, &client);
    assert_string_equal(client.trace, "opened: close:1001:the daemon stops ");
    raw_client_frame(&client, WEBSOCKET_OP_CLOSE, "\x03\xe9", 2);
    run_until(&f.loop, raw_client_is_done, &client);
    run_until(&f.loop, raw_client_is_done, &mute); /* Does not answer: the timer. */
    run_until(&f.loop, has_closed, &f);
    raw_client_close(&client);
    raw_client_close(&mute);
    assert_int_equal(server_connections_count(f.server), 0);
    stop(&f);
}

static void
test_port_taken(void **state)
{
    struct fixture f;
    struct server *second = NULL;
    struct error err;

    (void)state;
    start(&f, (struct server_options){ 0 });
    struct server_options options = { .loop = &f.loop, .port = server_port(f.server) };
    assert_int_equal(server_new(&options, &second, &err), STATUS_CONFIG);
    assert_null(second);
    assert_non_null(strstr(err.text, "cannot listen on 127.0.0.1:"));
    stop(&f);
}

static bool
machine_has_ipv6(void)
{
    uv_interface_address_t *list;
    int count = 0;
    bool found = false;

    uv_interface_addresses(&list, &count);
    for (int i = 0; i < count; i++)
        found = found || (list[i].is_internal && list[i].address.address4.sin_family == AF_INET6);
    uv_free_interface_addresses(list, count);
    return found;
}

static void
test_ipv6(void **state)
{
    struct fixture f;
    struct raw_client client;

    (void)state;
    if (!machine_has_ipv6())
        skip();
    start(&f, (struct server_options){ .ipv6 = true });
    raw_client_connect(&client, &f.loop, server_port(f.server), true);
    send_request(&client, "GET /metrics HTTP/1.1\r\nHost: [::1]:@\r\n\r\n", server_port(f.server));
    run_until(&f.loop, raw_client_is_done, &client);
    assert_non_null(strstr(client.trace, "up 1"));
    raw_client_close(&client);
    stop(&f);
}

/* Freed with clients in every state: no callback, no leak. */
static void
test_free_with_clients(void **state)
{
    struct fixture f;
    struct raw_client open, idle;

    (void)state;
    start(&f, (struct server_options){ 0 });
    raw_client_open(&open, &f.loop, server_port(f.server), "/");
    raw_client_connect(&idle, &f.loop, server_port(f.server), false);
    struct packet *packet = packet_new_text("never sent", 10);
    server_send(f.last, packet);
    packet_unref(packet);
    server_free(f.server);
    run_until(&f.loop, raw_client_is_done, &open);
    assert_int_equal(f.closed, 0);
    raw_client_close(&open);
    raw_client_close(&idle);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    server_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_head_too_large),
        cmocka_unit_test(test_half_open),
        cmocka_unit_test(test_messages_both_ways),
        cmocka_unit_test(test_offences),
        cmocka_unit_test(test_pings),
        cmocka_unit_test(test_slow_client),
        cmocka_unit_test(test_hundred_clients),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_port_taken),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_free_with_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
