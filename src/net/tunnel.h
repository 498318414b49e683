/*
 * tunnel.h - a TLS connection to a host, as a pipe of bytes (under the hubs' WebSocket).
 *
 * libcurl resolves, connects, checks the certificate and then steps aside (CONNECT_ONLY); the same stack as http.c, on every platform.
 * A broken connection is closed(), and must not end the process: os_ignore_hangups().
 */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TUNNEL_BACKLOG_MAX ((size_t)1 << 20) /* Bytes waiting for a slow peer; we send a few hundred at a time. */

struct uv_loop_s;
struct tunnel;
struct tunnels;

/* Of the tunnels that have bytes in one turn of the loop: an answer or an end first, then what may be a breach, then prices. */
enum tunnel_order { TUNNEL_AT_ONCE, TUNNEL_SOON, TUNNEL_LAST, TUNNEL_ORDERS };

/* Called from the libuv loop only, never from within the functions below.  After closed nothing more comes. */
struct tunnel_handlers {
    enum tunnel_order order;
    void (*opened)(void *context);
    void (*received)(void *context, const void *bytes, size_t length);
    void (*closed)(void *context, const char *why);
};

/** What connections of one kind share.  @ca_file as in http.h, copied. */
MUST_USE enum status tunnels_new(struct uv_loop_s *uv, const char *ca_file, struct tunnels **ret_tunnels, struct error *err);
/** Closes those still open; run the libuv loop once more before closing it.  NULL is fine. */
void tunnels_free(struct tunnels *tunnels);

/**
 * Connect to @origin ("https://host:port").  @handlers is copied.  The tunnel is valid until tunnel_close(), also after closed.
 */
MUST_USE enum status tunnel_open(struct tunnels *tunnels, const char *origin, int connect_timeout_ms,
    const struct tunnel_handlers *handlers, void *context, struct tunnel **ret_tunnel, struct error *err);

/** Send, or queue what the socket does not take.  STATUS_RECONNECT when it is not open or the backlog is full. */
MUST_USE enum status tunnel_send(struct tunnel *tunnel, const void *bytes, size_t length, struct error *err);

/**
 * Is it open, and has the other side neither said nor closed anything that no handler was told yet?  One system call.  If not, what it said may be
 * lost: close it.
 */
bool tunnel_is_quiet(struct tunnel *tunnel);

/** Close and forget; no handler is called any more.  Fine inside a handler.  NULL is fine. */
void tunnel_close(struct tunnel *tunnel);

#endif /* NET_TUNNEL_H */
