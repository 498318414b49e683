/*
 * courier.h - requests that may not wait: over two connections kept open, the bytes leave within the call.
 *
 * From "send this" to the first byte libcurl needs some 70 us with cold caches: it builds a transfer, looks for a connection and formats the
 * head byte by byte (docs/performance.md).  Here the connection is libcurl's too (tunnel.h), but a request is one copy and one
 * write, and Debian's http-parser reads the answer.  What finds no free connection here goes libcurl's way (http.c).
 */
#ifndef NET_COURIER_H
#define NET_COURIER_H

#include "net/http.h"
#include "net/tunnel.h"

#define COURIER_LINES 2 /* SV-09: two are reserved for enforcement. */

struct courier;

/** @tunnels is borrowed and outlives the courier. */
MUST_USE enum status courier_new(struct uv_loop_s *uv, struct tunnels *tunnels, int connect_timeout_ms, struct courier **ret_courier,
    struct error *err);

/** Drop everything, callbacks included; run the libuv loop once more before closing it.  NULL is fine. */
void courier_free(struct courier *courier);

/**
 * Send on a free connection; all of @request is copied, @done comes later from a libuv callback, as http_send()'s.  A request with a body (a mutation) takes
 * a connection that is open, or none; one without (a ping, which is there to keep connections) opens what is missing and waits for it.
 * False: no connection for it; nothing has left and @done is not called.
 */
MUST_USE bool courier_send(struct courier *courier, const struct http_request *request, http_done *done, void *context);

/**
 * Both connections may be dead without anybody having said so (the machine slept): idle ones are closed, a ping opens them again; what is out is given up
 * on the next turn of the loop, as if it were late.
 */
void courier_drop(struct courier *courier);

#endif /* NET_COURIER_H */
