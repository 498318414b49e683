/*
 * server.h - a small HTTP/1.1 and WebSocket server on this machine's loopback addresses: the feed, later metrics.
 *
 * Read-only by construction: GET without a body, or an upgrade.  Every request's Host and Origin are checked (net/loopback.h).  One answer a
 * connection.  A client's output is bounded; who is too slow for the bound is dropped.  So is its input: nobody has much to say to us, and reading a flood
 * would keep the loop from an event.  Sending costs the caller no system call: queues are
 * written a few clients at a time in the turns of the loop that follow, so a hundred clients never delay an event.
 *
 * All on the loop's thread.  Callbacks may call anything here but server_free().
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/error.h"
#include "base/instant.h"
#include "net/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct server;
struct server_client;

/* Each may be NULL. */
struct server_handlers {
    void *context;
    /* A WebSocket is open. */
    void (*on_open)(void *context, struct server_client *client);
    /* A whole message; @data borrowed for the call.  @text: UTF-8, else binary. */
    void (*on_message)(void *context, struct server_client *client, const uint8_t *data, size_t length, bool text);
    /* The queue of an open WebSocket is empty again. */
    void (*on_drained)(void *context, struct server_client *client);
    /* After on_open, once: the last use of @client.  Never from inside server_send() or server_drop().  @why: static text. */
    void (*on_close)(void *context, struct server_client *client, const char *why);
    /* A plain GET; answer with server_answer() before returning, or it is 404.  @path without query. */
    void (*on_get)(void *context, struct server_client *client, const char *path);
};

/* Zero: the default in brackets. */
struct server_options {
    struct uv_loop_s *loop;   /* Borrowed. */
    uint16_t port;            /* 0: any free one, see server_port(). */
    bool ipv6;                /* Listen on ::1 too, if the machine has it. */
    const char *socket_path;  /* Where upgrades are taken ("/"); NULL: nowhere.  Borrowed, static. */
    int32_t sockets_max;      /* Open WebSockets (100), one more gets 503; as many and 32 connections in all. */
    size_t message_max;       /* Bytes of a client's message (65536); more: close 1009. */
    size_t heard_max;         /* Bytes a client may send in ping_every, a frame counted as 256 at least (thrice message_max); more: dropped. */
    size_t queue_max;         /* Bytes waiting for one client (1 MiB); more: dropped. */
    struct span handshake_timeout; /* From connect to the request's end (5 s). */
    struct span ping_every;   /* (20 s); dropped when two in a row bring no sign of life. */
    struct span close_timeout; /* For the other side's part of an end (2 s). */
    struct server_handlers handlers;
};

/** Bind and listen.  STATUS_CONFIG: the port is taken or forbidden.  @ret_server is set on success only. */
MUST_USE enum status server_new(const struct server_options *options, struct server **ret_server, struct error *err);

/** Listen no more and say goodbye to all clients (close 1001); they end within close_timeout. */
void server_stop(struct server *server);

/** Cut what is left; no callback comes after it; the memory goes when libuv has run its close callbacks.  NULL is fine. */
void server_free(struct server *server);

uint16_t server_port(const struct server *server);
/** Open WebSockets. */
int32_t server_sockets_count(const struct server *server);
/** Connections of any kind not yet gone. */
int32_t server_connections_count(const struct server *server);

/**
 * Queue a packet (packet_new_text()) for an open WebSocket; takes its own reference.  STATUS_LIMIT: beyond queue_max or without memory, the
 * client is being dropped.  STATUS_REFUSED: not open any more.
 */
enum status server_send(struct server_client *client, struct packet *packet);

/** Raise this client's queue_max by so many bytes until its queue is empty: for a first packet that may be large. */
void server_client_allow(struct server_client *client, size_t bytes);

/** Bytes waiting for this client. */
size_t server_client_queued(const struct server_client *client);

/** Caller's pointer, NULL at first. */
void server_client_set_data(struct server_client *client, void *data);
void *server_client_data(const struct server_client *client);

/** End a connection: politely with a close code, or at once with code 0.  @why: static text for on_close. */
void server_drop(struct server_client *client, uint16_t code, const char *why);

/** From on_get: answer and hang up.  The body is copied. */
void server_answer(struct server_client *client, int status, const char *content_type, const char *body, size_t length);

#endif /* NET_SERVER_H */
