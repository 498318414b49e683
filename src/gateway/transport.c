/*
 * transport.c - the gateway's transport on libcurl and libuv.
 *
 * The wake-up is one libuv timer.  libuv's timers count the loop's cached time in whole milliseconds: the delay is taken from now, rounded up, so
 * the gateway is never woken early.
 */
#include "gateway/transport.h"

#include "base/assert.h"

#include <stdlib.h>
#include <uv.h>

/* Reads: four NORMAL ones at once, and room for enforcement's (rest.c).  Mutations: two are kept warm, a burst may open more. */
#define CONNECTIONS_READS 8
#define CONNECTIONS_MUTATIONS 8

struct context {
    uv_loop_t *uv;
    struct http *http;
    struct tunnels *tunnels;
    uv_timer_t timer;
    void (*woken)(void *user);
    void *user;
};

static struct instant
utc(void *context)
{
    uv_timeval64_t now;
    int failed = uv_gettimeofday(&now);

    (void)context;
    ASSERT(failed == 0);
    return (struct instant){ now.tv_sec * 1000000000 + now.tv_usec * INT64_C(1000) };
}

static int64_t
monotonic(void *context)
{
    (void)context;
    return (int64_t)uv_hrtime();
}

static void
fill_random(void *context, void *out, size_t size)
{
    struct context *c = context;
    int result = uv_random(c->uv, NULL, out, size, 0, NULL);

    ASSERT(result == 0); /* No such system is supported: see uv_random. */
}

static enum status
request(void *context, const struct http_request *http_request, http_done *done, void *user, struct error *err)
{
    struct context *c = context;

    return http_send(c->http, http_request, done, user, err);
}

static void
drop(void *context)
{
    struct context *c = context;

    http_drop(c->http);
}

static enum status
open_tunnel(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
    void **ret_tunnel, struct error *err)
{
    struct context *c = context;
    struct tunnel *tunnel;
    enum status status = tunnel_open(c->tunnels, origin, connect_timeout_ms, handlers, user, &tunnel, err);

    if (status == OK)
        *ret_tunnel = tunnel;
    return status;
}

static enum status
send_bytes(void *context, void *tunnel, const void *bytes, size_t length, struct error *err)
{
    (void)context;
    return tunnel_send(tunnel, bytes, length, err);
}

static void
close_tunnel(void *context, void *tunnel)
{
    (void)context;
    tunnel_close(tunnel);
}

static void
on_wake(void *context, void (*woken)(void *user), void *user)
{
    struct context *c = context;

    c->woken = woken;
    c->user = user;
}

static void
on_timer(uv_timer_t *timer)
{
    struct context *c = timer->data;

    c->woken(c->user);
}

static void
wake(void *context, int64_t at_ns)
{
    struct context *c = context;
    int64_t left_ns = at_ns - (int64_t)uv_hrtime();

    if (at_ns == INT64_MAX) {
        uv_timer_stop(&c->timer);
        return;
    }
    uv_update_time(c->uv);
    uv_timer_start(&c->timer, on_timer, left_ns > 0 ? (uint64_t)(left_ns / 1000000 + 1) : 0, 0);
}

static void
free_context(uv_handle_t *handle)
{
    free(handle->data);
}

static void
transport_free(void *context)
{
    struct context *c = context;

    if (c == NULL)
        return;
    http_free(c->http);
    tunnels_free(c->tunnels);
    uv_close((uv_handle_t *)&c->timer, free_context);
}

const struct transport transport_uv = {
    .utc = utc,
    .monotonic = monotonic,
    .random = fill_random,
    .request = request,
    .drop = drop,
    .open = open_tunnel,
    .send = send_bytes,
    .close = close_tunnel,
    .on_wake = on_wake,
    .wake = wake,
    .free = transport_free,
};

enum status
transport_uv_new(struct uv_loop_s *uv, const struct transport_uv_settings *settings, void **ret_context, struct error *err)
{
    struct http_settings http_settings = {
        .ca_file = settings->ca_file,
        .connect_timeout_ms = settings->connect_timeout_ms,
        .connections = { [HTTP_READS] = CONNECTIONS_READS, [HTTP_MUTATIONS] = CONNECTIONS_MUTATIONS },
    };
    struct context *c = calloc(1, sizeof *c);

    if (c == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    c->uv = uv;
    uv_timer_init(uv, &c->timer);
    c->timer.data = c;
    enum status status = tunnels_new(uv, settings->ca_file, &c->tunnels, err);
    http_settings.tunnels = c->tunnels;
    if (status == OK)
        status = http_new(uv, &http_settings, &c->http, err);
    if (status != OK) {
        transport_free(c);
        return status;
    }
    *ret_context = c;
    return OK;
}
