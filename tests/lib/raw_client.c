/*
 * raw_client.c - see raw_client.h.  Everything runs on the test's own loop, beside the server under test.
 */
#include "lib/raw_client.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

struct sending {
    uv_write_t request;
    char bytes[];
};

static void
on_patience(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void
on_timer_closed(uv_handle_t *handle)
{
    handle->data = NULL;
}

void
run_until(uv_loop_t *loop, bool (*done)(void *context), void *context)
{
    bool too_late = false;
    uv_timer_t timer;

    uv_timer_init(loop, &timer);
    timer.data = &too_late;
    uv_timer_start(&timer, on_patience, PATIENCE_MS, 0);
    while (!done(context) && !too_late)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, on_timer_closed);
    while (timer.data != NULL) /* It is on our stack: stay until libuv is done with it. */
        uv_run(loop, UV_RUN_NOWAIT);
    if (too_late)
        fail_msg("waited in vain");
}

void
run_turns(uv_loop_t *loop, int turns)
{
    for (int i = 0; i < turns; i++)
        uv_run(loop, UV_RUN_NOWAIT);
}

static void
trace_add(struct raw_client *client, const char *bytes, size_t length)
{
    if (client->length + length + 1 > client->size) {
        client->size = (client->length + length + 1) * 2;
        client->trace = realloc(client->trace, client->size);
        ASSERT(client->trace != NULL);
    }
    if (length > 0)
        memcpy(client->trace + client->length, bytes, length);
    client->length += length;
    client->trace[client->length] = '\0';
}

static void
random_bytes(void *context, void *out, size_t size)
{
    (void)context;
    uv_random(NULL, NULL, out, size, 0, NULL);
}

static void
on_sent(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

void
raw_client_send(struct raw_client *client, const void *bytes, size_t length)
{
    struct sending *sending = malloc(sizeof *sending + length);
    ASSERT(sending != NULL);
    memcpy(sending->bytes, bytes, length);
    uv_buf_t buffer = uv_buf_init(sending->bytes, (unsigned)length);
    if (uv_write(&sending->request, (uv_stream_t *)&client->tcp, &buffer, 1, on_sent) != 0)
        free(sending);
}

void
raw_client_send_text(struct raw_client *client, const char *text)
{
    raw_client_send(client, text, strlen(text));
}

void
raw_client_frame(struct raw_client *client, enum websocket_opcode opcode, const void *data, size_t length)
{
    struct websocket_frame frame = { .opcode = opcode, .data = data, .length = length };
    uint8_t *out = malloc(websocket_frame_size(length));

    raw_client_send(client, out, websocket_write(&client->websocket, &frame, out, websocket_frame_size(length)));
    free(out);
}

static void
on_event(struct raw_client *client, const struct websocket_event *event)
{
    static const char *const words[] = { [WEBSOCKET_OPENED] = "opened", [WEBSOCKET_REFUSED] = "refused",
        [WEBSOCKET_TEXT] = "text", [WEBSOCKET_BINARY] = "binary", [WEBSOCKET_PING] = "ping", [WEBSOCKET_PONG] = "pong",
        [WEBSOCKET_CLOSE] = "close", [WEBSOCKET_ERROR] = "error" };
    char head[64];

    client->opened = client->opened || event->kind == WEBSOCKET_OPENED;
    client->http_status = event->kind == WEBSOCKET_REFUSED ? event->http_status : client->http_status;
    client->texts += event->kind == WEBSOCKET_TEXT;
    client->pings += event->kind == WEBSOCKET_PING;
    if (event->kind == WEBSOCKET_TEXT && client->on_text != NULL) {
        client->on_text(client->context, (const char *)event->data, event->length);
        return;
    }
    if (event->kind == WEBSOCKET_CLOSE)
        snprintf(head, sizeof head, "close:%u:", event->code);
    else
        snprintf(head, sizeof head, "%s:", words[event->kind]);
    trace_add(client, head, strlen(head));
    trace_add(client, (const char *)event->data, event->length);
    trace_add(client, " ", 1);
    if (event->kind == WEBSOCKET_PING && !client->silent)
        raw_client_frame(client, WEBSOCKET_OP_PONG, event->data, event->length);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    (void)handle;
    (void)suggested;
    *ret_buffer = uv_buf_init(malloc(WEBSOCKET_FEED_MAX), WEBSOCKET_FEED_MAX);
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct raw_client *client = stream->data;
    struct websocket_event event;

    if (count < 0) {
        client->eof = true;
        uv_read_stop(stream);
    } else if (!client->is_websocket) {
        trace_add(client, buffer->base, (size_t)count);
    } else {
        assert_int_equal(websocket_feed(&client->websocket, buffer->base, (size_t)count, NULL), OK);
        while (websocket_next(&client->websocket, &event) != WEBSOCKET_NONE)
            on_event(client, &event);
    }
    free(buffer->base);
}

static void
on_connected(uv_connect_t *request, int status)
{
    struct raw_client *client = request->data;

    assert_int_equal(status, 0);
    client->connected = true;
    raw_client_resume(client);
}

static bool
is_connected(void *client)
{
    return ((struct raw_client *)client)->connected;
}

void
raw_client_connect(struct raw_client *client, uv_loop_t *loop, int port, bool ipv6)
{
    struct sockaddr_storage address;

    *client = (struct raw_client){ .loop = loop };
    trace_add(client, "", 0);
    uv_tcp_init(loop, &client->tcp);
    client->tcp.data = client->connecting.data = client;
    if (ipv6)
        uv_ip6_addr("::1", port, (struct sockaddr_in6 *)&address);
    else
        uv_ip4_addr("127.0.0.1", port, (struct sockaddr_in *)&address);
    assert_int_equal(
        uv_tcp_connect(&client->connecting, &client->tcp, (const struct sockaddr *)&address, on_connected), 0);
    run_until(loop, is_connected, client);
}

void
raw_client_upgrade(struct raw_client *client, int port, const char *path)
{
    char request[1024], host[64];
    struct text text = text_on(request, sizeof request);

    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    client->is_websocket = true;
    websocket_init(&client->websocket,
        &(struct websocket_options){ .role = WEBSOCKET_CLIENT, .message_max = 4 << 20, .random = random_bytes });
    assert_int_equal(websocket_connect(&client->websocket, host, path, NULL, &text, NULL), OK);
    raw_client_send(client, request, text.length);
}

bool
raw_client_is_open(void *context)
{
    struct raw_client *client = context;
    return client->opened || client->http_status != 0 || client->eof;
}

bool
raw_client_is_done(void *client)
{
    return ((struct raw_client *)client)->eof;
}

void
raw_client_open(struct raw_client *client, uv_loop_t *loop, int port, const char *path)
{
    raw_client_connect(client, loop, port, false);
    raw_client_upgrade(client, port, path);
    run_until(loop, raw_client_is_open, client);
}

void
raw_client_pause(struct raw_client *client)
{
    uv_read_stop((uv_stream_t *)&client->tcp);
}

void
raw_client_resume(struct raw_client *client)
{
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
}

static void
on_closed(uv_handle_t *handle)
{
    ((struct raw_client *)handle->data)->closed = true;
}

static bool
has_closed(void *client)
{
    return ((struct raw_client *)client)->closed;
}

void
raw_client_close(struct raw_client *client)
{
    if (client->loop == NULL || client->closed)
        return;
    uv_close((uv_handle_t *)&client->tcp, on_closed);
    run_until(client->loop, has_closed, client);
    websocket_fini(&client->websocket);
    free(client->trace);
    client->trace = NULL;
}
