/*
 * test_server_flood.c - a local program that talks to the feed without end must not keep the loop from an event (S-14, S-7).
 */
#include "net/server.h"

#include "base/assert.h"
#include "lib/raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct server *server;
    struct raw_client client;
    int messages;
    const char *why; /* Closed. */
};

static void
on_message(void *context, struct server_client *client, const uint8_t *data, size_t length, bool text)
{
    (void)client;
    (void)data;
    (void)length;
    (void)text;
    ((struct fixture *)context)->messages++;
}

static void
on_close(void *context, struct server_client *client, const char *why)
{
    (void)client;
    ((struct fixture *)context)->why = why;
}

static void
start(struct fixture *f, struct span ping_every)
{
    *f = (struct fixture){ 0 };
    assert_int_equal(uv_loop_init(&f->loop), 0);
    const struct server_options options = { .loop = &f->loop, .socket_path = "/", .ping_every = ping_every,
        .handlers = { .context = f, .on_message = on_message, .on_close = on_close } };
    assert_int_equal(server_new(&options, &f->server, NULL), OK);
    raw_client_open(&f->client, &f->loop, server_port(f->server), "/");
}

static void
stop(struct fixture *f)
{
    raw_client_close(&f->client);
    server_free(f->server);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static bool
has_closed(void *fixture)
{
    return ((struct fixture *)fixture)->why != NULL;
}

/* It is dropped, and takes the loop for no longer than what it may say does. */
static void
test_floods(void **state)
{
    static const struct {
        enum websocket_opcode opcode;
        size_t length;
        int count;
    } floods[] = { { WEBSOCKET_OP_PING, 0, 20000 }, { WEBSOCKET_OP_TEXT, 0, 20000 }, { WEBSOCKET_OP_TEXT, 60000, 4 },
        { WEBSOCKET_OP_PONG, 125, 20000 } };
    static char zeros[60000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(floods); i++) {
        struct fixture f;
        size_t size = (floods[i].length + WEBSOCKET_HEADER_MAX) * (size_t)floods[i].count, used = 0;
        uint8_t *bytes = malloc(size);
        const struct websocket_frame frame = { .opcode = floods[i].opcode, .data = zeros, .length = floods[i].length };

        start(&f, SPAN_ZERO);
        for (int k = 0; k < floods[i].count; k++)
            used += websocket_encode(&frame, (const uint8_t *)"mask", bytes + used, size - used);
        raw_client_send(&f.client, bytes, used);
        run_until(&f.loop, has_closed, &f);
        assert_string_equal(f.why, "client sends too much");
        assert_true(f.messages <= 800);
        free(bytes);
        stop(&f);
    }
}

static bool
has_said_much(void *fixture)
{
    return ((struct fixture *)fixture)->messages >= 1600 || has_closed(fixture);
}

static bool
has_two_pings(void *fixture)
{
    return ((struct fixture *)fixture)->client.pings >= 2 || has_closed(fixture);
}

/* What it may say it may say again after each ping. */
static void
test_much_over_time(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, SPAN_MS(10));
    for (int round = 0; round < 4 && !has_closed(&f); round++) {
        f.client.pings = 0;
        for (int i = 0; i < 400; i++)
            raw_client_frame(&f.client, WEBSOCKET_OP_TEXT, "hello", 5);
        run_until(&f.loop, has_two_pings, &f);
    }
    run_until(&f.loop, has_said_much, &f);
    assert_null(f.why);
    assert_int_equal(f.messages, 1600);
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_floods), cmocka_unit_test(test_much_over_time) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
