/*
 * control_socket.h - riskd's local socket for orders: who is there, one line in, one line out (S-19).
 *
 * Apart from the feed, which nobody can give orders through.  The socket is 0600 in a private directory; should that ever be opened, the peer's
 * credentials, asked of the kernel, are the second lock: an administrator or the daemon's own user, nobody else.
 * All on the loop thread; a peer that is slow, silent or gone costs one of a few places for a few seconds and nothing else.
 */
#ifndef APP_CONTROL_SOCKET_H
#define APP_CONTROL_SOCKET_H

#include "app/control_message.h"
#include "os/identity.h"

#include <uv.h>

struct control_socket;
struct control_call; /* A request waiting for its answer. */

struct control_socket_options {
    uv_loop_t *loop;
    const char *path;  /* Of the socket; what is there is replaced (the database's lock says that nobody uses it). */
    void *context;
    /* Answer with control_socket_answer(), now or later, exactly once.  @request is wiped after the call. */
    void (*request)(void *context, struct control_call *call, const struct control_request *request);
    /* Somebody who may not give orders knocked, and was told so. */
    void (*intruder)(void *context, const struct identity *peer);
};

/** STATUS_CONFIG: it cannot listen there. */
MUST_USE enum status control_socket_new(const struct control_socket_options *options, struct control_socket **ret_control, struct error *err);

/** Who asks. */
const struct identity *control_socket_peer(const struct control_call *call);

/** The last use of @call.  The peer may have gone meanwhile. */
void control_socket_answer(struct control_call *call, const struct control_reply *reply);

/** No call may wait any more.  Closes; the memory goes when libuv has run its close callbacks.  NULL is fine. */
void control_socket_free(struct control_socket *control);

#endif /* APP_CONTROL_SOCKET_H */
