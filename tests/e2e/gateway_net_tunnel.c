/*
 * gateway_net_tunnel.c - a tunnel whose other side takes its time: all bytes arrive, once and in order, both ways.
 */
#include "gateway_net.h"

#include "net/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES ((size_t)900 * 1024) /* More than a socket holds, less than TUNNEL_BACKLOG_MAX. */
#define PARTS 7                    /* Sent one by one while the first still waits. */

struct mirror {
    struct tunnel *tunnel;
    uint8_t *bytes;
    size_t length; /* Of what came back. */
    int wrong, closed;
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
    for (size_t part = 0, at = 0; part < PARTS; part++) {
        size_t size = part == PARTS - 1 ? BYTES - at : BYTES / PARTS;

        assert_int_equal(tunnel_send(mirror->tunnel, mirror->bytes + at, size, NULL), OK);
        at += size;
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
    assert_int_equal(tunnel_open(tunnels, origin, 3000, &handlers, &mirror, &mirror.tunnel, NULL), OK);
    while (mirror.closed == 0)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
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
