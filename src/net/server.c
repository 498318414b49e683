/*
 * server.c - HTTP and WebSocket on loopback with libuv: listening, and who may have what.  Connections are server_client.c's.
 *
 * A request is judged in this order: Host and Origin (403), method (405), body (400), path (404), upgrade (426), room (503).
 */
#include "net/server.h"

#include "base/assert.h"
#include "net/loopback.h"
#include "net/server_client.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define BACKLOG 128
#define SPARE_CONNECTIONS 32 /* For GETs and half-open handshakes beside the sockets. */
#define PATH_SIZE 256
#define HEAD_SIZE 1024

/* ---- Requests ---- */

static void
open_socket(struct server_client *client, const struct head_request *request)
{
    struct server *server = client->server;
    const struct server_handlers *handlers = &server->options.handlers;
    char head[HEAD_SIZE];
    struct text text = text_on(head, sizeof head);

    if (server->sockets >= server->options.sockets_max) {
        server_client_refuse(client, 503);
        return;
    }
    int status = websocket_accept(&client->websocket, request, &text);
    if (status != 101) {
        server_client_refuse(client, status);
        return;
    }
    if (!server_client_queue_text(client, &text))
        return;
    server_client_open(client);
    if (handlers->on_open != NULL)
        handlers->on_open(handlers->context, client);
}

static void
get(struct server_client *client, const char *path)
{
    const struct server_handlers *handlers = &client->server->options.handlers;

    if (handlers->on_get != NULL)
        handlers->on_get(handlers->context, client, path);
    if (client->state == CLIENT_HANDSHAKE) {
        const char *socket_path = client->server->options.socket_path;
        server_client_refuse(client, socket_path != NULL && strcmp(path, socket_path) == 0 ? 426 : 404);
    }
}

/* Who asks comes first: a foreign page learns nothing, not even which paths exist. */
static void
route(struct server_client *client, const struct head_request *request)
{
    const char *socket_path = client->server->options.socket_path;
    char path[PATH_SIZE];
    const char *query = memchr(request->target.data, '?', request->target.length);
    size_t length = query == NULL ? request->target.length : (size_t)(query - request->target.data);

    if (!loopback_is_host(request->host, client->server->port) || !loopback_is_origin(request->origin))
        server_client_refuse(client, 403);
    else if (!head_slice_is(request->method, "GET"))
        server_client_refuse(client, 405);
    else if (request->has_body)
        server_client_refuse(client, 400);
    else if (!text_copy_bytes(path, sizeof path, request->target.data, length))
        server_client_refuse(client, 404);
    else if (!request->upgrade_websocket)
        get(client, path);
    else if (socket_path == NULL || strcmp(path, socket_path) != 0)
        server_client_refuse(client, 404);
    else
        open_socket(client, request);
}

static void
on_connection(uv_stream_t *listener, int status)
{
    struct server *server = listener->data;
    struct server_client *client = status == 0 ? server_client_new(server) : NULL;

    if (client == NULL)
        return;
    if (uv_accept(listener, (uv_stream_t *)&client->tcp) != 0 ||
        server->connections > server->options.sockets_max + SPARE_CONNECTIONS ||
        !server_client_start(client))
        server_client_cut(client, "not accepted");
}

/* ---- The server ---- */

static void
release_server(struct server *server)
{
    if (server->freed && server->handles == 0)
        free(server);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct server *server = handle->data;

    server->handles--;
    release_server(server);
}

static int
listen_on(struct server *server, int index, const struct sockaddr *address)
{
    uv_tcp_t *listener = &server->listeners[index];

    int result = uv_tcp_init(server->options.loop, listener);
    if (result != 0)
        return result;
    listener->data = server;
    server->handles++;
    server->listening[index] = true;
    result = uv_tcp_bind(listener, address, address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
    if (result == 0)
        result = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    return result;
}

static void
stop_listening(struct server *server)
{
    for (int i = 0; i < SERVER_LISTENERS; i++) {
        if (server->listening[i])
            uv_close((uv_handle_t *)&server->listeners[i], on_handle_closed);
        server->listening[i] = false;
    }
}

static int
start(struct server *server)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    int length = sizeof ipv4;

    int result = uv_ip4_addr("127.0.0.1", server->options.port, &ipv4);
    if (result == 0)
        result = listen_on(server, 0, (const struct sockaddr *)&ipv4);
    if (result == 0)
        result = uv_tcp_getsockname(&server->listeners[0], (struct sockaddr *)&ipv4, &length);
    if (result != 0)
        return result;
    server->port = (uint16_t)((unsigned)((const uint8_t *)&ipv4.sin_port)[0] << 8 | ((const uint8_t *)&ipv4.sin_port)[1]);
    if (server->options.ipv6 && uv_ip6_addr("::1", server->port, &ipv6) == 0)
        (void)listen_on(server, 1, (const struct sockaddr *)&ipv6); /* Without IPv6 the other address is enough. */
    return 0;
}

static void
set_defaults(struct server_options *options)
{
    if (options->sockets_max == 0)
        options->sockets_max = 100;
    if (options->message_max == 0)
        options->message_max = 65536;
    if (options->heard_max == 0)
        options->heard_max = 3 * options->message_max;
    if (options->queue_max == 0)
        options->queue_max = 1 << 20;
    if (options->handshake_timeout.ns == 0)
        options->handshake_timeout = SPAN_SECONDS(5);
    if (options->ping_every.ns == 0)
        options->ping_every = SPAN_SECONDS(20);
    if (options->close_timeout.ns == 0)
        options->close_timeout = SPAN_SECONDS(2);
}

enum status
server_new(const struct server_options *options, struct server **ret_server, struct error *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return error_set(err, STATUS_LIMIT, "no memory for the local server");
    server->options = *options;
    server->route = route;
    server->client_gone = release_server;
    set_defaults(&server->options);
    uv_idle_init(options->loop, &server->flusher); /* Cannot fail. */
    server->flusher.data = server;
    server->handles = 1;
    int result = start(server);
    if (result != 0) {
        server_free(server);
        return error_set(err, STATUS_CONFIG, "cannot listen on 127.0.0.1:%u: %s", (unsigned)options->port, uv_strerror(result));
    }
    *ret_server = server;
    return OK;
}

void
server_stop(struct server *server)
{
    struct server_client *client;

    stop_listening(server);
    DL_FOREACH(server->clients, client) {
        if (client->state == CLIENT_OPEN)
            server_drop(client, WEBSOCKET_GOING_AWAY, "the daemon stops");
        else if (client->state == CLIENT_HANDSHAKE)
            server_client_cut(client, "the daemon stops");
    }
}

void
server_free(struct server *server)
{
    struct server_client *client;

    if (server == NULL)
        return;
    ASSERT(!server->freed);
    server->freed = true;
    stop_listening(server);
    DL_FOREACH(server->clients, client)
        server_client_cut(client, "the daemon stops");
    uv_close((uv_handle_t *)&server->flusher, on_handle_closed);
}

uint16_t
server_port(const struct server *server)
{
    return server->port;
}

int32_t
server_sockets_count(const struct server *server)
{
    return server->sockets;
}

int32_t
server_connections_count(const struct server *server)
{
    return server->connections;
}

enum status
server_send(struct server_client *client, struct packet *packet)
{
    if (client->state != CLIENT_OPEN)
        return STATUS_REFUSED;
    if (!server_client_has_room(client, packet->length)) {
        server_client_cut(client, "too slow");
        return STATUS_LIMIT;
    }
    return server_client_queue(client, packet_ref(packet)) ? OK : STATUS_LIMIT;
}

void
server_client_allow(struct server_client *client, size_t bytes)
{
    client->allowed += bytes;
}

size_t
server_client_queued(const struct server_client *client)
{
    return client->outbox.queued;
}

void
server_client_set_data(struct server_client *client, void *data)
{
    client->data = data;
}

void *
server_client_data(const struct server_client *client)
{
    return client->data;
}

void
server_drop(struct server_client *client, uint16_t code, const char *why)
{
    if (code == 0 || client->state == CLIENT_HANDSHAKE) {
        server_client_cut(client, why);
        return;
    }
    if (client->state == CLIENT_OPEN)
        server_client_close(client, code, why);
}

void
server_answer(struct server_client *client, int status, const char *content_type, const char *body, size_t length)
{
    char head[HEAD_SIZE];
    struct text text = text_on(head, sizeof head);

    if (client->state != CLIENT_HANDSHAKE)
        return;
    text_addf(&text,
        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        status, handshake_status_text(status), content_type, length);
    struct packet *packet = packet_new(text.length + length);
    if (packet != NULL) {
        memcpy(packet->bytes, head, text.length);
        if (length > 0)
            memcpy(packet->bytes + text.length, body, length);
    }
    server_client_queue(client, packet);
    server_client_end(client, "answered");
}
