/*
 * raw_client.h - a client of the local server for tests: raw bytes, or a WebSocket whose events are written down as words.
 *
 * The trace: "text:Hello ping: close:1001:bye " and, for HTTP answers, the bytes as they came.
 */
#ifndef TESTS_LIB_RAW_CLIENT_H
#define TESTS_LIB_RAW_CLIENT_H

#include "net/websocket.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct raw_client {
    uv_loop_t *loop;
    uv_tcp_t tcp;
    uv_connect_t connecting;
    struct websocket websocket;
    bool is_websocket, silent; /* Silent: answers no pings. */
    bool connected, opened, eof, closed;
    int http_status; /* Of a refused upgrade. */
    int texts, pings;
    void (*on_text)(void *context, const char *text, size_t length); /* Set after opening: texts go here, not into the trace. */
    void *context;
    char *trace;
    size_t length, size;
};

/** Connect to 127.0.0.1 (::1 if @ipv6) and wait until it stands. */
void raw_client_connect(struct raw_client *client, uv_loop_t *loop, int port, bool ipv6);
/** Ask for an upgrade of @path; raw_client_wait_open() then waits for the answer. */
void raw_client_upgrade(struct raw_client *client, int port, const char *path);
void raw_client_open(struct raw_client *client, uv_loop_t *loop, int port, const char *path);
void raw_client_send(struct raw_client *client, const void *bytes, size_t length);
void raw_client_send_text(struct raw_client *client, const char *text);
void raw_client_frame(struct raw_client *client, enum websocket_opcode opcode, const void *data, size_t length);
/** Stop and go on reading. */
void raw_client_pause(struct raw_client *client);
void raw_client_resume(struct raw_client *client);
/** Close our side and wait until the handle is gone; frees the trace.  Twice is fine. */
void raw_client_close(struct raw_client *client);

/** Turn the loop until @done says so; fails the test after a minute. */
void run_until(uv_loop_t *loop, bool (*done)(void *context), void *context);
/** So many turns without waiting. */
void run_turns(uv_loop_t *loop, int turns);

bool raw_client_is_done(void *client); /* EOF or reset. */
bool raw_client_is_open(void *client); /* Upgraded or refused. */

#endif /* TESTS_LIB_RAW_CLIENT_H */
