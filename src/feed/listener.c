/*
 * listener.c - libuv's socket under net/websocket.c's client role.
 *
 * Each attempt has a socket of its own (struct attempt), so that a late callback of an old one cannot meet the new one.  The daemon pings every
 * 20 s; a connection silent for longer than two of them is dead and is given up.
 */
#include "feed/listener.h"

#include "base/text.h"
#include "net/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MESSAGE_MAX ((size_t)16 << 20) /* A snapshot of many accounts. */
#define SILENCE_MS 50000
#define CONNECT_MS 5000
#define UPGRADE_MAX 512
#define WHY_SIZE 160

struct attempt {
    struct listener *listener; /* NULL: given up, only waiting for its close callback. */
    uv_tcp_t tcp;
    uv_connect_t connecting;
    struct websocket websocket;
    char head[UPGRADE_MAX];
    char buffer[WEBSOCKET_FEED_MAX];
};

/* What is being written; freed when it is. */
struct sending {
    uv_write_t request;
    size_t length;
    uint8_t bytes[];
};

struct listener {
    struct listener_options options;
    struct sockaddr_storage address;
    uv_timer_t timer; /* The next attempt, or the end of patience with this one. */
    struct attempt *attempt;
    bool open;
    int failures;
};

static void start(struct listener *listener);

/* ---- The end of an attempt ---- */

static void
on_attempt_closed(uv_handle_t *handle)
{
    struct attempt *attempt = handle->data;

    websocket_fini(&attempt->websocket);
    free(attempt);
}

static void
drop(struct listener *listener)
{
    struct attempt *attempt = listener->attempt;

    listener->attempt = NULL;
    listener->open = false;
    if (attempt == NULL)
        return;
    attempt->listener = NULL;
    uv_close((uv_handle_t *)&attempt->tcp, on_attempt_closed);
}

static void
on_retry(uv_timer_t *timer)
{
    start(timer->data);
}

static void
lose(struct listener *listener, const char *why)
{
    static const int64_t waits_ms[] = { 1000, 2000, 4000, 8000, 10000 }; /* S-16. */
    int last = (int)(sizeof waits_ms / sizeof waits_ms[0]) - 1;
    int64_t wait_ms = waits_ms[listener->failures < last ? listener->failures : last];
    char text[WHY_SIZE];

    (void)text_copy(text, sizeof text, why); /* It may live in what is dropped. */
    drop(listener);
    listener->failures++;
    uv_timer_start(&listener->timer, on_retry, (uint64_t)wait_ms, 0);
    listener->options.lost(listener->options.context, text, wait_ms);
}

static void
on_silence(uv_timer_t *timer)
{
    struct listener *listener = timer->data;

    lose(listener, listener->open ? "the daemon is silent" : "no answer");
}

/* ---- Sending: pongs and the goodbye only ---- */

static void
on_sent(uv_write_t *request, int status)
{
    (void)status; /* Reading tells of a broken connection. */
    free(request->data);
}

static void
send_bytes(struct attempt *attempt, const void *bytes, size_t length)
{
    struct sending *sending = malloc(sizeof *sending + length);

    if (sending == NULL)
        return; /* Without pongs the daemon hangs up, and we connect again. */
    memcpy(sending->bytes, bytes, length);
    sending->request.data = sending;
    uv_buf_t buffer = uv_buf_init((char *)sending->bytes, (unsigned)length);
    if (uv_write(&sending->request, (uv_stream_t *)&attempt->tcp, &buffer, 1, on_sent) != 0)
        free(sending);
}

static void
send_pong(struct attempt *attempt, const struct websocket_event *event)
{
    uint8_t frame[WEBSOCKET_HEADER_MAX + WEBSOCKET_CONTROL_MAX];
    const struct websocket_frame pong = { .opcode = WEBSOCKET_OP_PONG, .data = event->data, .length = event->length };
    size_t length = websocket_write(&attempt->websocket, &pong, frame, sizeof frame);

    if (length > 0)
        send_bytes(attempt, frame, length);
}

/* ---- Receiving ---- */

/* False: the attempt is over. */
static bool
take(struct listener *listener, struct attempt *attempt, const struct websocket_event *event)
{
    char why[WHY_SIZE];

    switch (event->kind) {
    case WEBSOCKET_OPENED:
        listener->open = true;
        listener->failures = 0;
        listener->options.opened(listener->options.context);
        return true;
    case WEBSOCKET_TEXT:
        listener->options.message(listener->options.context, (const char *)event->data, event->length);
        return true;
    case WEBSOCKET_PING:
        send_pong(attempt, event);
        return true;
    case WEBSOCKET_REFUSED:
        (void)snprintf(why, sizeof why, "refused with HTTP %d", (int)event->http_status);
        lose(listener, why);
        return false;
    case WEBSOCKET_CLOSE:
        lose(listener, event->code == WEBSOCKET_GOING_AWAY ? "the daemon has stopped" : "the daemon hung up");
        return false;
    case WEBSOCKET_ERROR:
        lose(listener, event->why);
        return false;
    case WEBSOCKET_NONE:
    case WEBSOCKET_REQUEST:
    case WEBSOCKET_BINARY:
    case WEBSOCKET_PONG:
        break;
    }
    return true;
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct attempt *attempt = stream->data;
    struct listener *listener = attempt->listener;
    struct websocket_event event;
    struct error err = { 0 };

    if (listener == NULL || count == 0)
        return;
    if (count < 0) {
        lose(listener, count == UV_EOF ? "the daemon hung up" : uv_strerror((int)count));
        return;
    }
    uv_timer_start(&listener->timer, on_silence, SILENCE_MS, 0);
    if (websocket_feed(&attempt->websocket, buffer->base, (size_t)count, &err) != OK) {
        lose(listener, err.text);
        return;
    }
    while (websocket_next(&attempt->websocket, &event) != WEBSOCKET_NONE)
        if (!take(listener, attempt, &event))
            return;
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct attempt *attempt = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(attempt->buffer, sizeof attempt->buffer);
}

/* ---- Connecting ---- */

static void
fill_random(void *context, void *out, size_t size)
{
    const struct listener *listener = context;

    listener->options.random(out, size);
}

static void
on_connected(uv_connect_t *request, int status)
{
    struct attempt *attempt = request->data;
    struct listener *listener = attempt->listener;
    struct text head = text_on(attempt->head, sizeof attempt->head);
    struct error err = { 0 };
    char host[64];

    if (listener == NULL)
        return;
    if (status != 0) {
        lose(listener, uv_strerror(status));
        return;
    }
    bool six = listener->address.ss_family == AF_INET6;
    (void)snprintf(host, sizeof host, "%s:%u", six ? "[::1]" : "127.0.0.1", (unsigned)listener->options.port);
    if (websocket_connect(&attempt->websocket, host, "/", NULL, &head, &err) != OK || uv_read_start(request->handle, on_alloc, on_read) != 0) {
        lose(listener, err.text);
        return;
    }
    send_bytes(attempt, head.data, head.length);
}

static void
start(struct listener *listener)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    const struct websocket_options options = { .role = WEBSOCKET_CLIENT, .message_max = MESSAGE_MAX, .random = fill_random,
        .random_context = listener };

    if (attempt == NULL || uv_tcp_init(listener->options.loop, &attempt->tcp) != 0) {
        free(attempt);
        lose(listener, "no memory");
        return;
    }
    attempt->listener = listener;
    attempt->tcp.data = attempt->connecting.data = attempt;
    websocket_init(&attempt->websocket, &options);
    listener->attempt = attempt;
    uv_timer_start(&listener->timer, on_silence, CONNECT_MS, 0);
    int failed = uv_tcp_connect(&attempt->connecting, &attempt->tcp, (const struct sockaddr *)&listener->address, on_connected);
    if (failed != 0)
        lose(listener, uv_strerror(failed));
}

static void
on_first(uv_timer_t *timer)
{
    start(timer->data);
}

enum status
listener_new(const struct listener_options *options, struct listener **ret_listener, struct error *err)
{
    const char *address = options->address == NULL ? "127.0.0.1" : options->address;
    struct listener *listener = calloc(1, sizeof *listener);

    if (listener == NULL)
        return error_set(err, STATUS_LIMIT, "feed: no memory");
    listener->options = *options;
    if (uv_ip4_addr(address, options->port, (struct sockaddr_in *)(void *)&listener->address) != 0 &&
        uv_ip6_addr(address, options->port, (struct sockaddr_in6 *)(void *)&listener->address) != 0) {
        free(listener);
        return error_set(err, STATUS_CONFIG, "%s is no address", address);
    }
    (void)uv_timer_init(options->loop, &listener->timer);
    listener->timer.data = listener;
    uv_timer_start(&listener->timer, on_first, 0, 0); /* Not from within this call. */
    *ret_listener = listener;
    return OK;
}

static void
on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void
listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    drop(listener);
    uv_close((uv_handle_t *)&listener->timer, on_timer_closed);
}

bool
listener_is_open(const struct listener *listener)
{
    return listener->open;
}
