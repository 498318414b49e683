/*
 * server_client.h - one connection of net/server.c: its states, its output, its end.  For server.c alone.
 *
 *     HANDSHAKE --upgrade--> OPEN --drop--> CLOSING --peer's close--> ENDING --EOF--> GONE
 *         |                    `---------peer's close, error-----------^ |
 *         `--GET, refusal, malformed-----------------------------------' `-- any state: I/O error, timer, cut --> GONE
 */
#ifndef NET_SERVER_CLIENT_H
#define NET_SERVER_CLIENT_H

#include "net/outbox.h"
#include "net/server.h"
#include "net/websocket.h"

#include <uv.h>

#define SERVER_LISTENERS 2

enum server_client_state { CLIENT_HANDSHAKE, CLIENT_OPEN, CLIENT_CLOSING, CLIENT_ENDING, CLIENT_GONE };

struct server_client {
    struct server *server;
    struct server_client *prev, *next;             /* All of the server's. */
    struct server_client *dirty_prev, *dirty_next; /* Those with something to flush. */
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_shutdown_t shutdown;
    struct outbox outbox;
    struct websocket websocket;
    enum server_client_state state;
    bool was_open, dirty;
    bool shut, flushed, peer_done; /* ENDING: shutdown asked for, done; EOF seen. */
    int handles; /* libuv's, not closed yet. */
    int pings_missed;
    size_t heard;   /* Of heard_max, since the last ping of ours. */
    size_t allowed; /* Beyond queue_max, until the queue is empty. */
    const char *why;
    void *data;
};

struct server {
    struct server_options options;
    uv_tcp_t listeners[SERVER_LISTENERS];
    bool listening[SERVER_LISTENERS];
    uv_idle_t flusher;
    struct server_client *clients, *dirty;
    int32_t sockets, connections;
    int handles; /* libuv's and clients, not closed yet. */
    uint16_t port;
    bool freed;
    void (*route)(struct server_client *client, const struct head_request *request); /* server.c's part of a request. */
    void (*client_gone)(struct server *server); /* After a client's memory went. */
    char read_buffer[WEBSOCKET_FEED_MAX]; /* libuv asks for it and hands it back in one go, so one serves all. */
};

/** A client in the server's list, not connected yet; NULL without memory. */
struct server_client *server_client_new(struct server *server);

/** Connected: read, with a deadline for the request.  False: cut it. */
bool server_client_start(struct server_client *client);

/** The upgrade was answered. */
void server_client_open(struct server_client *client);

/** May so many more bytes wait for it? */
bool server_client_has_room(const struct server_client *client, size_t length);

/** Queue a packet and take the caller's reference.  False: no memory (NULL too), the client was cut. */
bool server_client_queue(struct server_client *client, struct packet *packet);
bool server_client_queue_text(struct server_client *client, const struct text *text);

/** Send a close frame and wait for the other side's. */
void server_client_close(struct server_client *client, uint16_t code, const char *why);

/** Flush, shut down, wait for EOF. */
void server_client_end(struct server_client *client, const char *why);

/** Answer with an HTTP error and end. */
void server_client_refuse(struct server_client *client, int status);

/** Close at once; memory and on_close follow from libuv's close callback. */
void server_client_cut(struct server_client *client, const char *why);

#endif /* NET_SERVER_CLIENT_H */
