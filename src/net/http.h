/*
 * http.h - HTTPS requests (HTTP/1.1) on a libuv loop, over several warm connections.
 *
 * Two lanes with connections of their own: reads, and mutations, so that a close never queues behind a history query.  What matters to the
 * caller of a mutation is whether the server may have seen it: see enum http_fate.  libcurl re-sends a POST by itself when a
 * reused connection dies (design/dependencies.md 0.2); mutations are built so that it cannot.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/error.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX ((size_t)4 << 20) /* EC-09: the largest list answers fit. */

struct uv_loop_s;
struct tunnels;
struct http;

enum http_lane { HTTP_READS, HTTP_MUTATIONS, HTTP_LANES };

enum http_fate {
    HTTP_ANSWERED,   /* Whole answer in hand. */
    HTTP_NEVER_LEFT, /* The body certainly never left: nothing can have been executed. */
    HTTP_UNKNOWN,    /* It may have been executed: cut, timed out, reset, or too large an answer. */
};

struct http_request {
    enum http_lane lane;
    const char *url;    /* https://... */
    const char *bearer; /* Token for the Authorization header, or NULL. */
    const char *body;   /* JSON to POST, or NULL for a GET. */
    size_t length;
    int timeout_ms;     /* Of the whole exchange. */
};

struct http_answer {
    enum http_fate fate;
    int status;             /* 0: none came. */
    const char *body;       /* NUL-terminated; borrowed for the callback. */
    size_t length;
    struct instant date;    /* The server's clock by its Date header; INSTANT_NONE: none. */
    int64_t retry_after_s;  /* -1: none. */
    int64_t first_byte_ns;  /* Monotonic (uv_hrtime) time just before the first byte was written; 0: never. */
    char why[160];          /* fate != HTTP_ANSWERED: for a person. */
};

/* Never called from within http_send(). */
typedef void http_done(void *context, const struct http_answer *answer);

struct http_settings {
    const char *ca_file;    /* PEM, copied; NULL or "": the system's. */
    int connect_timeout_ms;
    int connections[HTTP_LANES]; /* At most, by libcurl. */
    struct tunnels *tunnels; /* For mutations that may not wait (courier.h), borrowed; NULL: all go libcurl's way. */
};

MUST_USE enum status http_new(struct uv_loop_s *uv, const struct http_settings *settings, struct http **ret_http,
    struct error *err);

/** Drop everything, callbacks included; run the libuv loop once more before closing it.  NULL is fine. */
void http_free(struct http *http);

/**
 * Send.  All of @request is copied.  On a warm connection the bytes have left on return, except when libcurl has to carry it and this is called from a
 * @done of the same lane: then they leave on the next turn of the loop.  On failure @done is never called.
 */
MUST_USE enum status http_send(struct http *http, const struct http_request *request, http_done *done, void *context,
    struct error *err);

/**
 * No connection of before is used for a request from now on: they may be dead without anybody having said so (the machine slept, and a NAT forgot
 * them), and a close would meet its end there, of unknown fate.
 */
void http_drop(struct http *http);

#endif /* NET_HTTP_H */
