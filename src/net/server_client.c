/*
 * server_client.c - one connection: bytes in through the codec, packets out through the outbox, and how it ends.
 *
 * One timer a client, with a meaning a state: handshake timeout, ping, close timeout.  ENDING flushes, shuts down our side and waits for
 * the peer's EOF: closing at once would reset the connection and could take the answer from it.
 * on_close is called from libuv's close callback only, so whoever sends in a loop over clients never sees one vanish under its feet.
 */
#include "net/server_client.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define FLUSHES_PER_TURN 16 /* About 5 us each: what one turn of the loop spends on clients at most. */
#define PINGS_MISSED_MAX 2
#define FRAME_COST 256 /* Bytes that take as long as a frame's answer. */
#define HEAD_SIZE 1024

static uint64_t
milliseconds(struct span span)
{
    return (uint64_t)((span.ns + 999999) / 1000000);
}

/* ---- The end of a client ---- */

static void
on_client_closed(uv_handle_t *handle)
{
    struct server_client *client = handle->data;
    struct server *server = client->server;
    const struct server_handlers *handlers = &server->options.handlers;

    if (--client->handles > 0)
        return;
    if (client->was_open && handlers->on_close != NULL && !server->freed)
        handlers->on_close(handlers->context, client, client->why);
    outbox_fini(&client->outbox);
    websocket_fini(&client->websocket);
    DL_DELETE(server->clients, client);
    free(client);
    server->connections--;
    server->handles--;
    server->client_gone(server);
}

static void
not_open_any_more(struct server_client *client, const char *why)
{
    if (client->state == CLIENT_OPEN)
        client->server->sockets--;
    if (client->why == NULL)
        client->why = why;
}

static void
clean(struct server_client *client)
{
    if (!client->dirty)
        return;
    client->dirty = false;
    DL_DELETE2(client->server->dirty, client, dirty_prev, dirty_next);
}

void
server_client_cut(struct server_client *client, const char *why)
{
    if (client->state == CLIENT_GONE)
        return;
    not_open_any_more(client, why);
    client->state = CLIENT_GONE;
    clean(client);
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
    uv_close((uv_handle_t *)&client->timer, on_client_closed);
}

static void
on_timer(uv_timer_t *timer);

static void
arm(struct server_client *client, struct span after)
{
    int result = uv_timer_start(&client->timer, on_timer, milliseconds(after), 0);
    ASSERT(result == 0); /* Fails only on a closing handle or without a callback. */
}

/* ---- Output ---- */

static void
on_shutdown(uv_shutdown_t *request, int status)
{
    struct server_client *client = request->data;

    client->flushed = true;
    if (status != 0 || client->peer_done)
        server_client_cut(client, "connection lost");
}

/* Everything is written: the other side reads EOF after it and hangs up, or the timer does. */
static void
shut_down(struct server_client *client)
{
    if (client->shut)
        return;
    client->shut = true;
    client->shutdown.data = client;
    if (uv_shutdown(&client->shutdown, (uv_stream_t *)&client->tcp, on_shutdown) != 0)
        server_client_cut(client, "connection lost");
}

static void
flush(struct server_client *client)
{
    clean(client);
    if (outbox_flush(&client->outbox) != 0)
        server_client_cut(client, "connection lost");
    else if (client->state == CLIENT_ENDING && outbox_is_empty(&client->outbox))
        shut_down(client);
}

static void
on_flush(uv_idle_t *idle)
{
    struct server *server = idle->data;

    for (int i = 0; i < FLUSHES_PER_TURN && server->dirty != NULL; i++)
        flush(server->dirty);
    if (server->dirty == NULL)
        uv_idle_stop(idle);
}

static void
mark_dirty(struct server_client *client)
{
    struct server *server = client->server;

    if (client->dirty || client->state == CLIENT_GONE)
        return;
    client->dirty = true;
    DL_APPEND2(server->dirty, client, dirty_prev, dirty_next);
    uv_idle_start(&server->flusher, on_flush);
}

static void
on_written(void *context, int status)
{
    struct server_client *client = context;
    const struct server_handlers *handlers = &client->server->options.handlers;

    if (client->state == CLIENT_GONE)
        return;
    if (status != 0) {
        server_client_cut(client, "connection lost");
        return;
    }
    if (!outbox_is_empty(&client->outbox) || client->state == CLIENT_ENDING) {
        mark_dirty(client);
        return;
    }
    client->allowed = 0;
    if (client->state == CLIENT_OPEN && handlers->on_drained != NULL)
        handlers->on_drained(handlers->context, client);
}

bool
server_client_has_room(const struct server_client *client, size_t length)
{
    return client->outbox.queued + length <= client->server->options.queue_max + client->allowed;
}

bool
server_client_queue(struct server_client *client, struct packet *packet)
{
    bool added = packet != NULL && outbox_add(&client->outbox, packet);

    packet_unref(packet);
    if (added)
        mark_dirty(client);
    else
        server_client_cut(client, "out of memory");
    return added;
}

bool
server_client_queue_text(struct server_client *client, const struct text *text)
{
    struct packet *packet = packet_new(text->length);

    if (packet != NULL)
        memcpy(packet->bytes, text->data, text->length);
    return server_client_queue(client, packet);
}

/* Like server_send(), for a frame of our own. */
static void
queue_frame(struct server_client *client, const uint8_t *frame, size_t length)
{
    struct text text = { .data = (char *)frame, .length = length };

    if (length == 0)
        return;
    if (!server_client_has_room(client, length))
        server_client_cut(client, "too slow");
    else
        server_client_queue_text(client, &text);
}

static void
queue_control(struct server_client *client, enum websocket_opcode opcode, const uint8_t *data, size_t length)
{
    uint8_t out[WEBSOCKET_CONTROL_MAX + WEBSOCKET_HEADER_MAX];
    struct websocket_frame frame = { .opcode = opcode, .data = data, .length = length };

    queue_frame(client, out, websocket_write(&client->websocket, &frame, out, sizeof out));
}

static void
queue_close(struct server_client *client, uint16_t code, const char *why)
{
    uint8_t out[WEBSOCKET_CONTROL_MAX + WEBSOCKET_HEADER_MAX];

    queue_frame(client, out, websocket_write_close(&client->websocket, code, why, out, sizeof out));
}

void
server_client_close(struct server_client *client, uint16_t code, const char *why)
{
    queue_close(client, code, why);
    if (client->state == CLIENT_GONE)
        return;
    not_open_any_more(client, why);
    client->state = CLIENT_CLOSING;
    arm(client, client->server->options.close_timeout);
}

void
server_client_end(struct server_client *client, const char *why)
{
    if (client->state == CLIENT_GONE)
        return;
    not_open_any_more(client, why);
    client->state = CLIENT_ENDING;
    arm(client, client->server->options.close_timeout);
    mark_dirty(client);
}

void
server_client_refuse(struct server_client *client, int status)
{
    char head[HEAD_SIZE];
    struct text text = text_on(head, sizeof head);

    handshake_write_error(&text, status);
    server_client_queue_text(client, &text);
    server_client_end(client, "refused");
}

/* ---- Input ---- */

static void
handle(struct server_client *client, const struct websocket_event *event)
{
    const struct server_handlers *handlers = &client->server->options.handlers;
    bool open = client->state == CLIENT_OPEN;

    switch (event->kind) {
    case WEBSOCKET_REQUEST:
        client->server->route(client, &event->request);
        break;
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        if (open && handlers->on_message != NULL)
            handlers->on_message(handlers->context, client, event->data, event->length, event->kind == WEBSOCKET_TEXT);
        break;
    case WEBSOCKET_PING:
        queue_control(client, WEBSOCKET_OP_PONG, event->data, event->length);
        break;
    case WEBSOCKET_CLOSE:
        queue_close(client, event->code, NULL);
        server_client_end(client, "closed by the client");
        break;
    case WEBSOCKET_ERROR:
        if (client->state == CLIENT_HANDSHAKE) {
            server_client_refuse(client, event->http_status);
        } else {
            queue_close(client, event->code, event->why);
            server_client_end(client, event->why);
        }
        break;
    default: /* A pong is a sign of life, counted by on_read().  The rest is a client's. */
        break;
    }
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct server_client *client = stream->data;
    struct websocket_event event;

    if (count == 0 || client->state == CLIENT_GONE)
        return;
    if (count == UV_EOF && client->state == CLIENT_ENDING && !client->flushed) {
        client->peer_done = true; /* It only wrote its last word; it may still be reading ours. */
        return;
    }
    if (count < 0) {
        server_client_cut(client, count == UV_EOF ? "client hung up" : "connection lost");
        return;
    }
    if (client->state == CLIENT_ENDING)
        return;
    client->pings_missed = 0;
    client->heard += (size_t)count;
    if (websocket_feed(&client->websocket, buffer->base, (size_t)count, NULL) != OK) {
        server_client_cut(client, "client sends too much");
        return;
    }
    while (client->state < CLIENT_ENDING && client->heard <= client->server->options.heard_max &&
        websocket_next(&client->websocket, &event) != WEBSOCKET_NONE) {
        client->heard += FRAME_COST;
        handle(client, &event);
    }
    if (client->state < CLIENT_ENDING && client->heard > client->server->options.heard_max)
        server_client_cut(client, "client sends too much");
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct server_client *client = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(client->server->read_buffer, sizeof client->server->read_buffer);
}

static void
on_timer(uv_timer_t *timer)
{
    struct server_client *client = timer->data;

    if (client->state == CLIENT_HANDSHAKE) {
        server_client_cut(client, "handshake too slow");
    } else if (client->state != CLIENT_OPEN) {
        server_client_cut(client, "close timed out");
    } else if (client->pings_missed >= PINGS_MISSED_MAX) {
        server_client_cut(client, "no answer to pings");
    } else {
        client->pings_missed++;
        client->heard = 0;
        arm(client, client->server->options.ping_every);
        queue_control(client, WEBSOCKET_OP_PING, NULL, 0);
    }
}

/* ---- The beginning ---- */

struct server_client *
server_client_new(struct server *server)
{
    struct server_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    if (uv_tcp_init(server->options.loop, &client->tcp) != 0) {
        free(client);
        return NULL;
    }
    int result = uv_timer_init(server->options.loop, &client->timer);
    ASSERT(result == 0); /* uv_timer_init() cannot fail. */
    client->server = server;
    client->handles = 2;
    client->tcp.data = client->timer.data = client;
    client->outbox = (struct outbox){ .stream = (uv_stream_t *)&client->tcp, .written = on_written, .context = client };
    websocket_init(&client->websocket,
        &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = server->options.message_max });
    DL_APPEND(server->clients, client);
    server->connections++;
    server->handles++;
    return client;
}

bool
server_client_start(struct server_client *client)
{
    if (uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
        return false;
    uv_tcp_nodelay(&client->tcp, 1); /* A refusal costs latency, nothing else. */
    arm(client, client->server->options.handshake_timeout);
    return true;
}

void
server_client_open(struct server_client *client)
{
    client->state = CLIENT_OPEN;
    client->was_open = true;
    client->server->sockets++;
    arm(client, client->server->options.ping_every);
}
