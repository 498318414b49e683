/*
 * gateway_net_tunnel.c - a tunnel whose other side takes its time: all bytes arrive, once and in order, both ways; which of several is served first; and
 * that libcurl leaves them alone.
 */
#include "gateway_net.h"

#include "net/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES ((size_t)8 << 20) /* More than a socket and a backlog hold. */
#define PART ((size_t)100000)   /* Others still wait when one is added. */

struct mirror {
    struct tunnel *tunnel;
    uint8_t *bytes;
    size_t sent, length; /* What came back. */
    bool open;
    int refused, wrong, closed;
    char why[64];
};

static uint8_t
byte_at(size_t i)
{
    return (uint8_t)(i * 131 ^ i >> 9);
}

static void
on_opened(void *context)
{
    struct mirror *mirror = context;
    char head[80];

    int length = snprintf(head, sizeof head, "POST /mirror HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", BYTES);
    assert_int_equal(tunnel_send(mirror->tunnel, head, (size_t)length, NULL), OK);
    mirror->open = true;
}

/* As much as the tunnel takes. */
static void
send_on(struct mirror *mirror)
{
    while (mirror->open && mirror->sent < BYTES) {
        size_t size = BYTES - mirror->sent < PART ? BYTES - mirror->sent : PART;

        if (tunnel_send(mirror->tunnel, mirror->bytes + mirror->sent, size, NULL) != OK) {
            mirror->refused++;
            return;
        }
        mirror->sent += size;
    }
}

static void
on_received(void *context, const void *bytes, size_t length)
{
    struct mirror *mirror = context;

    for (size_t i = 0; i < length; i++)
        mirror->wrong += ((const uint8_t *)bytes)[i] != byte_at(mirror->length + i);
    mirror->length += length;
}

static void
on_closed(void *context, const char *why)
{
    struct mirror *mirror = context;

    mirror->closed++;
    (void)snprintf(mirror->why, sizeof mirror->why, "%s", why);
}

void
net_test_tunnel(void **state)
{
    const struct tunnel_handlers handlers = { .opened = on_opened, .received = on_received, .closed = on_closed };
    struct mirror mirror = { .bytes = malloc(BYTES) };
    struct tunnels *tunnels;
    char origin[64];

    (void)state;
    assert_non_null(mirror.bytes);
    for (size_t i = 0; i < BYTES; i++)
        mirror.bytes[i] = byte_at(i);
    (void)snprintf(origin, sizeof origin, "https://localhost:%d", net_port);
    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    assert_int_equal(tunnel_open(tunnels, origin, NET_PATIENCE_MS, &handlers, &mirror, &mirror.tunnel, NULL), OK);
    while (mirror.closed == 0) {
        (void)uv_run(&net_loop, UV_RUN_ONCE);
        send_on(&mirror);
    }
    assert_true(mirror.refused > 0); /* It was full. */
    assert_int_equal(mirror.length, BYTES);
    assert_int_equal(mirror.wrong, 0);
    assert_string_equal(mirror.why, "closed by the other side");
    assert_int_equal(tunnel_send(mirror.tunnel, "x", 1, NULL), STATUS_RECONNECT);
    tunnel_close(mirror.tunnel);
    tunnels_free(tunnels);
    for (int i = 0; i < 3; i++)
        (void)uv_run(&net_loop, UV_RUN_NOWAIT);
    free(mirror.bytes);
}

/* ---- Whose turn it is ---- */

struct waiter {
    struct tunnel *tunnel;
    enum tunnel_order order;
    enum tunnel_order *heard; /* Of all waiters, as they were served. */
    int *count;
    int closed;
};

static void
ask_to_wait(void *context)
{
    struct waiter *waiter = context;

    assert_int_equal(tunnel_send(waiter->tunnel, "GET /wait HTTP/1.1\r\n\r\n", 22, NULL), OK);
}

static void
on_word(void *context, const void *bytes, size_t length)
{
    struct waiter *waiter = context;

    assert_int_equal(length, 2); /* Two records, both of them there. */
    assert_memory_equal(bytes, "?!", 2);
    waiter->heard[(*waiter->count)++] = waiter->order;
}

static void
on_end(void *context, const char *why)
{
    struct waiter *waiter = context;

    assert_string_equal(why, "closed by the other side");
    waiter->closed++;
}

/* One that the server knows of: then there are @waiting. */
static void
wait_with(struct waiter *waiter, struct tunnels *tunnels, struct http *client, int waiting)
{
    const struct tunnel_handlers handlers = { .order = waiter->order, .opened = ask_to_wait, .received = on_word, .closed = on_end };
    char origin[64];

    (void)snprintf(origin, sizeof origin, "https://localhost:%d", net_port);
    assert_int_equal(tunnel_open(tunnels, origin, NET_PATIENCE_MS, &handlers, waiter, &waiter->tunnel, NULL), OK);
    while (net_ask(client, "/waiting") < waiting)
        continue;
}

/* All have bytes when the loop gets to its sockets, those that matter least were there first. */
void
net_test_turn(void **state)
{
    enum tunnel_order heard[TUNNEL_ORDERS];
    struct waiter waiters[TUNNEL_ORDERS];
    struct http *client = net_client(net_ca_file);
    struct tunnels *tunnels;
    int count = 0;

    (void)state;
    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    for (int i = TUNNEL_ORDERS - 1; i >= 0; i--) {
        waiters[i] = (struct waiter){ .order = (enum tunnel_order)i, .heard = heard, .count = &count };
        wait_with(&waiters[i], tunnels, client, TUNNEL_ORDERS - i);
    }
    net_tell("speak"); /* The loop is busy. */
    while (count < TUNNEL_ORDERS)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    for (int i = 0; i < TUNNEL_ORDERS; i++) {
        assert_int_equal(heard[i], i);
        assert_int_equal(waiters[i].closed, 0);
    }
    for (int i = 0; i < TUNNEL_ORDERS; i++)
        net_tell("forsake");
    tunnels_free(tunnels);
    net_drop(client);
}

/*
 * libcurl looks at the connections it calls idle, once a second, when it makes another: one that the server has left it closes at once, and
 * gives its number to the next.
 */
void
net_test_claim(void **state)
{
    enum tunnel_order heard[3];
    struct waiter waiters[3];
    struct http *client = net_client(net_ca_file);
    struct tunnels *tunnels;
    int count = 0;

    (void)state;
    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    for (int i = 0; i < 3; i++)
        waiters[i] = (struct waiter){ .order = TUNNEL_SOON, .heard = heard, .count = &count };
    wait_with(&waiters[0], tunnels, client, 1);
    wait_with(&waiters[1], tunnels, client, 2);
    net_tell("forsake");
    uv_sleep(1500); /* libcurl's second.  The loop is busy: nobody has heard yet. */
    wait_with(&waiters[2], tunnels, client, 2);
    while (waiters[0].closed == 0)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    net_tell("speak");
    while (count < 2)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    assert_int_equal(waiters[0].closed, 1);
    assert_int_equal(waiters[1].closed + waiters[2].closed, 0);
    tunnels_free(tunnels);
    net_drop(client);
}

/* ---- More than a turn takes ---- */

#define SHOUT 16800 /* A little more than is read in one turn: the rest waits where no socket tells of it. */

static void
on_shout(void *context, const void *bytes, size_t length)
{
    int *left = context;

    (void)bytes;
    *left -= (int)length;
}

static void
on_shout_opened(void *context)
{
    (void)context;
}

static void
on_shout_end(void *context, const char *why)
{
    (void)context;
    fail_msg("closed: %s", why);
}

/* What TLS holds no socket tells of: the loop may not sleep over it, as it would here for ever. */
void
net_test_flood(void **state)
{
    const struct tunnel_handlers handlers = { .order = TUNNEL_SOON, .opened = on_shout_opened, .received = on_shout, .closed = on_shout_end };
    struct http *client = net_client(net_ca_file);
    struct tunnels *tunnels;
    struct tunnel *tunnel;
    char origin[64];
    int left = SHOUT, waiting = net_ask(client, "/waiting");

    (void)state;
    (void)snprintf(origin, sizeof origin, "https://localhost:%d", net_port);
    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    assert_int_equal(tunnel_open(tunnels, origin, NET_PATIENCE_MS, &handlers, &left, &tunnel, NULL), OK);
    while (tunnel_send(tunnel, "GET /wait HTTP/1.1\r\n\r\n", 22, NULL) != OK)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    while (net_ask(client, "/waiting") == waiting)
        continue;
    net_tell("shout"); /* The loop is busy: all is there when it looks. */
    while (left > 0)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    assert_int_equal(left, 0);
    tunnels_free(tunnels);
    net_drop(client);
}

/* ---- A last word ---- */

/* The kernel tells of the reset together with the bytes before it. */
void
net_test_reset(void **state)
{
    struct tunnels *tunnels;
    char origin[64];

    (void)state;
    (void)snprintf(origin, sizeof origin, "https://localhost:%d", net_port);
    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    for (int i = 0; i < TUNNEL_ORDERS; i++) {
        const struct tunnel_handlers handlers = { .order = (enum tunnel_order)i, .opened = on_shout_opened, .received = on_received,
            .closed = on_closed };
        struct mirror mirror = { 0 };

        assert_int_equal(tunnel_open(tunnels, origin, NET_PATIENCE_MS, &handlers, &mirror, &mirror.tunnel, NULL), OK);
        while (tunnel_send(mirror.tunnel, "GET /reset HTTP/1.1\r\n\r\n", 23, NULL) != OK)
            (void)uv_run(&net_loop, UV_RUN_ONCE);
        uv_sleep(400); /* The loop is busy. */
        while (mirror.closed == 0)
            (void)uv_run(&net_loop, UV_RUN_ONCE);
        assert_int_equal(mirror.length, 700);
        assert_int_equal(mirror.closed, 1);
        tunnel_close(mirror.tunnel);
    }
    tunnels_free(tunnels);
    for (int i = 0; i < 3; i++)
        (void)uv_run(&net_loop, UV_RUN_NOWAIT);
}
