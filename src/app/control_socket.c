/*
 * control_socket.c - riskd's local socket for orders.
 *
 *     accept -> credentials -> read a line -> credentials, where they come late -> request ... control_socket_answer -> write -> close
 *
 * A call lives until both its handles are closed and its answer, if it was asked for, is given.
 */
#include "app/control_socket.h"

#include "base/assert.h"
#include "os/pipe.h"

#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 8
#define BACKLOG 8
#define PATIENCE_MS 10000 /* For the whole request, and again for taking the answer. */
#define REPLY_MAX ((size_t)1 << 20)
#define HANDLES 2

struct control_call {
    struct control_socket *control; /* NULL once the daemon is done with the socket. */
    struct control_call *next;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct identity peer;
    char *reply;
    size_t length;
    int open;      /* Handles not closed yet. */
    bool asked;    /* With the daemon: control_socket_answer() is still to come. */
    bool answered;
    char line[CONTROL_REQUEST_MAX];
};

struct control_socket {
    struct control_socket_options options;
    uv_pipe_t pipe;
    struct control_call *calls;
    int calls_count;
};

static void
release(struct control_call *call)
{
    if (call->open > 0 || call->asked)
        return;
    secret_wipe(call->line, sizeof call->line);
    free(call->reply);
    free(call);
}

static void
on_closed(uv_handle_t *handle)
{
    struct control_call *call = handle->data;

    call->open--;
    release(call);
}

static void
end(struct control_call *call)
{
    if (uv_is_closing((uv_handle_t *)&call->pipe))
        return;
    if (call->control != NULL) {
        struct control_call **place = &call->control->calls;
        while (*place != call)
            place = &(*place)->next;
        *place = call->next;
        call->control->calls_count--;
    }
    uv_close((uv_handle_t *)&call->pipe, on_closed);
    uv_close((uv_handle_t *)&call->timer, on_closed);
}

static void
on_late(uv_timer_t *timer)
{
    end(timer->data);
}

static void
on_written(uv_write_t *write, int status)
{
    (void)status;
    end(write->data);
}

const struct identity *
control_socket_peer(const struct control_call *call)
{
    return &call->peer;
}

static void
send_reply(struct control_call *call, const struct control_reply *reply)
{
    char *bytes = malloc(REPLY_MAX);

    if (bytes == NULL) {
        end(call);
        return;
    }
    struct text text = text_on(bytes, REPLY_MAX);
    control_reply_write(reply, &text);
    if (text.truncated) {
        text = text_on(bytes, REPLY_MAX);
        control_reply_write(&(struct control_reply){ .code = CONTROL_FAILED, .text = "the answer is too long" }, &text);
    }
    call->reply = bytes;
    call->answered = true;
    call->write.data = call;
    uv_buf_t buffer = uv_buf_init(bytes, (unsigned)text.length);
    uv_timer_start(&call->timer, on_late, PATIENCE_MS, 0);
    if (uv_write(&call->write, (uv_stream_t *)&call->pipe, &buffer, 1, on_written) != 0)
        end(call);
}

void
control_socket_answer(struct control_call *call, const struct control_reply *reply)
{
    ASSERT(call->asked);
    call->asked = false;
    if (uv_is_closing((uv_handle_t *)&call->pipe))
        release(call); /* The peer has not waited. */
    else
        send_reply(call, reply);
}

/* ---- Who ---- */

/* @enough: what must be known of him by now. */
static bool
may_order(struct control_call *call, enum identity_found enough)
{
    uv_os_fd_t socket;
    enum identity_found found = uv_fileno((uv_handle_t *)&call->pipe, &socket) != 0 ? IDENTITY_UNKNOWN
                                                                                : identity_of_peer((intptr_t)socket, &call->peer);

    return found >= enough && (found != IDENTITY_KNOWN || identity_may_order(&call->peer));
}

static void
refuse(struct control_call *call)
{
    call->control->options.intruder(call->control->options.context, &call->peer);
    send_reply(call, &(struct control_reply){ .code = CONTROL_FORBIDDEN, .text = "only an administrator may give orders" });
}

/* ---- Reading ---- */

static void
ask(struct control_call *call, size_t length)
{
    struct control_request request;
    struct error err = { 0 };
    struct control_socket *control = call->control;

    (void)uv_read_stop((uv_stream_t *)&call->pipe);
    (void)uv_timer_stop(&call->timer); /* The daemon answers in its own time. */
    if (!may_order(call, IDENTITY_KNOWN)) {
        secret_wipe(call->line, sizeof call->line);
        refuse(call);
        return;
    }
    enum status status = control_request_read(call->line, length, &request, &err);
    secret_wipe(call->line, sizeof call->line);
    if (status != OK) {
        send_reply(call, &(struct control_reply){ .code = CONTROL_BAD_REQUEST, .text = err.text });
        return;
    }
    call->asked = true;
    control->options.request(control->options.context, call, &request);
    secret_wipe(&request, sizeof request);
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct control_call *call = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(call->line + call->length, (unsigned)(sizeof call->line - call->length));
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct control_call *call = stream->data;

    if (count == UV_ENOBUFS) {
        send_reply(call, &(struct control_reply){ .code = CONTROL_BAD_REQUEST, .text = "the request is too long" });
        (void)uv_read_stop(stream);
        return;
    }
    if (count < 0) {
        end(call);
        return;
    }
    const char *stop = count > 0 ? memchr(buffer->base, '\n', (size_t)count) : NULL;
    call->length += (size_t)count;
    if (stop != NULL)
        ask(call, (size_t)(stop - call->line));
}

/* ---- Accepting ---- */

static void
greet(struct control_socket *control, struct control_call *call)
{
    if (!may_order(call, IDENTITY_LATER)) {
        refuse(call);
    } else if (control->calls_count > CALLS_MAX) {
        send_reply(call, &(struct control_reply){ .code = CONTROL_BUSY, .text = "too many at once" });
    } else {
        uv_timer_start(&call->timer, on_late, PATIENCE_MS, 0);
        (void)uv_read_start((uv_stream_t *)&call->pipe, give_room, on_read);
    }
}

static void
on_connection(uv_stream_t *server, int status)
{
    struct control_socket *control = server->data;
    struct control_call *call = status == 0 ? calloc(1, sizeof *call) : NULL;

    if (call == NULL)
        return;
    call->control = control;
    call->open = HANDLES;
    uv_pipe_init(control->options.loop, &call->pipe, 0);
    uv_timer_init(control->options.loop, &call->timer);
    call->pipe.data = call->timer.data = call;
    call->peer.user = -1;
    call->next = control->calls;
    control->calls = call;
    control->calls_count++;
    if (uv_accept(server, (uv_stream_t *)&call->pipe) == 0)
        greet(control, call);
    else
        end(call);
}

/* ---- Life ---- */

static void
on_server_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static enum status
listen_at(struct control_socket *control, const char *path, struct error *err)
{
    uv_os_fd_t pipe;

    pipe_clear(path);
    int failed = uv_pipe_bind(&control->pipe, path);
    if (failed == 0)
        failed = uv_fileno((uv_handle_t *)&control->pipe, &pipe);
    if (failed == 0 && pipe_close_to_others(path, (intptr_t)pipe, err) != OK) /* Before anybody can connect: not listening yet. */
        return err->status;
    if (failed == 0)
        failed = uv_listen((uv_stream_t *)&control->pipe, BACKLOG, on_connection);
    return failed == 0 ? OK : error_set(err, STATUS_CONFIG, "%s", uv_strerror(failed));
}

enum status
control_socket_new(const struct control_socket_options *options, struct control_socket **ret_control, struct error *err)
{
    struct control_socket *control = calloc(1, sizeof *control);

    if (control == NULL)
        return error_set(err, STATUS_LIMIT, "control socket: no memory");
    control->options = *options;
    uv_pipe_init(options->loop, &control->pipe, 0);
    control->pipe.data = control;
    struct error why = { 0 };
    if (listen_at(control, options->path, &why) != OK) {
        uv_close((uv_handle_t *)&control->pipe, on_server_closed);
        return error_set(err, STATUS_CONFIG, "control.socket: %s: %s", options->path, why.text);
    }
    *ret_control = control;
    return OK;
}

void
control_socket_free(struct control_socket *control)
{
    if (control == NULL)
        return;
    while (control->calls != NULL) {
        struct control_call *call = control->calls;
        end(call);
        call->control = NULL;
    }
    uv_close((uv_handle_t *)&control->pipe, on_server_closed);
}
