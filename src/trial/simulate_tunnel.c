/*
 * simulate_tunnel.c - the hubs' connections of the simulated network.
 *
 *     client bytes --latency--> WebSocket (server) -> stream.c -> frames --latency--> client bytes
 *
 * A tunnel lives until both ends and every job on its way are done with it.
 */
#include "trial/simulate_tunnel.h"

#include "base/assert.h"
#include "net/websocket.h"
#include "sim/negotiate.h"
#include "sim/stream.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define MS INT64_C(1000000)
#define PATH_SIZE 128
#define MESSAGE_MAX 65536

struct wire_tunnel {
    struct wire_tunnel *next, *prev;
    struct simulate_wire *wire;
    struct tunnel_handlers handlers;
    void *user;
    bool client_open;   /* tunnel_close() has not been called. */
    bool connected;
    bool lost;          /* Was in a hole: nothing goes through any more. */
    bool told;          /* Of its end. */
    int users;          /* Jobs on their way. */
    struct websocket websocket;
    struct stream *stream;
    int64_t last_up_ns, last_down_ns;
};

/* A few bytes of a tunnel on their way. */
struct wire_bytes {
    struct wire_tunnel *tunnel;
    size_t length;
    unsigned char bytes[];
};

static void
release(struct wire_tunnel *tunnel)
{
    struct simulate_wire *wire = tunnel->wire;

    ASSERT(tunnel->users >= 0);
    if (tunnel->users > 0 || tunnel->client_open || tunnel->stream != NULL)
        return;
    DL_DELETE(wire->tunnels, tunnel);
    websocket_fini(&tunnel->websocket);
    free(tunnel);
}

/* A job's use of the tunnel ends with the job: a handler may have closed it. */
static void
job_done(struct wire_tunnel *tunnel)
{
    tunnel->users--;
    release(tunnel);
}

static void
end_stream(struct wire_tunnel *tunnel)
{
    stream_close(tunnel->wire->sim, tunnel->stream);
    tunnel->stream = NULL;
}

static void
tell_closed(void *context, void *data)
{
    struct wire_tunnel *tunnel = data;

    (void)context;
    if (tunnel->client_open && !tunnel->told) {
        tunnel->told = true;
        tunnel->handlers.closed(tunnel->user, "connection reset by peer");
    }
    job_done(tunnel);
}

static void
close_at(struct wire_tunnel *tunnel, int64_t at_ns)
{
    tunnel->users++;
    simulate_jobs_add(tunnel->wire->jobs, at_ns, tell_closed, tunnel->wire, tunnel);
}

static void
deliver_down(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_bytes *bytes = data;
    struct wire_tunnel *tunnel = bytes->tunnel;

    if (wire->hole)
        tunnel->lost = true;
    if (tunnel->client_open && !tunnel->told && !tunnel->lost && !wire->down) {
        simulate_story_mix(wire->story, bytes->bytes, bytes->length);
        tunnel->handlers.received(tunnel->user, bytes->bytes, bytes->length);
    }
    free(bytes);
    job_done(tunnel);
}

/* Bytes of one connection stay in order. */
static void
send_along(struct wire_tunnel *tunnel, const void *data, size_t length, int64_t *last_ns, void (*run)(void *context, void *data))
{
    struct wire_bytes *bytes = malloc(sizeof *bytes + length);
    int64_t at_ns = simulate_wire_one_way(tunnel->wire);

    ASSERT(bytes != NULL);
    bytes->tunnel = tunnel;
    bytes->length = length;
    memcpy(bytes->bytes, data, length);
    *last_ns = at_ns > *last_ns ? at_ns : *last_ns;
    tunnel->users++;
    simulate_jobs_add(tunnel->wire->jobs, *last_ns, run, tunnel->wire, bytes);
}

static void
send_frame(struct wire_tunnel *tunnel, const struct websocket_frame *frame)
{
    size_t size = websocket_frame_size(frame->length);
    uint8_t *out = malloc(size);

    ASSERT(out != NULL);
    size_t length = websocket_write(&tunnel->websocket, frame, out, size);
    if (length > 0)
        send_along(tunnel, out, length, &tunnel->last_down_ns, deliver_down);
    free(out);
}

/* "/hubs/user?access_token=..." */
static void
upgrade(struct wire_tunnel *tunnel, const struct websocket_event *event)
{
    struct simulate_wire *wire = tunnel->wire;
    char target[TOKEN_TEXT_MAX + PATH_SIZE], out[512], *query;
    struct text text = text_on(out, sizeof out);
    const char *token = "";
    enum stream_hub hub;

    (void)text_copy_bytes(target, sizeof target, event->request.target.data, event->request.target.length);
    query = strchr(target, '?');
    if (query != NULL) {
        *query = '\0';
        token = strstr(query + 1, "access_token=");
        token = token == NULL ? "" : token + strlen("access_token=");
    }
    int status = negotiate_admit(wire->sim, target, token, "");
    if (status == 101)
        status = websocket_accept(&tunnel->websocket, &event->request, &text);
    if (status == 0) {
        close_at(tunnel, simulate_wire_one_way(wire));
        return;
    }
    if (status != 101)
        text_addf(&text, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n", status);
    send_along(tunnel, text.data, text.length, &tunnel->last_down_ns, deliver_down);
    if (status == 101 && negotiate_is_hub(target, &hub)) {
        tunnel->stream = stream_open(wire->sim, hub, "");
        stream_set_owner(tunnel->stream, tunnel);
    }
}

static void
deliver_up(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_bytes *bytes = data;
    struct wire_tunnel *tunnel = bytes->tunnel;
    struct websocket_event event;

    if (wire->hole)
        tunnel->lost = true;
    if (!tunnel->lost && !wire->down) {
        sim_advance(wire->sim, wire->now);
        ASSERT(websocket_feed(&tunnel->websocket, bytes->bytes, bytes->length, NULL) == OK);
        while (websocket_next(&tunnel->websocket, &event) != WEBSOCKET_NONE) {
            if (event.kind == WEBSOCKET_REQUEST)
                upgrade(tunnel, &event);
            else if (event.kind == WEBSOCKET_TEXT && tunnel->stream != NULL)
                stream_receive(wire->sim, tunnel->stream, (const char *)event.data, event.length);
            else if (event.kind == WEBSOCKET_CLOSE)
                end_stream(tunnel);
            ASSERT(event.kind != WEBSOCKET_ERROR); /* Our own client broke the protocol. */
        }
    }
    free(bytes);
    job_done(tunnel);
    simulate_wire_flush(wire);
}

static void
tell_opened(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_tunnel *tunnel = data;

    if (tunnel->client_open && (wire->down || wire->hole)) {
        tunnel->told = true;
        tunnel->handlers.closed(tunnel->user, "cannot connect");
    } else if (tunnel->client_open) {
        tunnel->connected = true;
        tunnel->handlers.opened(tunnel->user);
    }
    job_done(tunnel);
}

enum status
simulate_tunnel_open(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
    void **ret_tunnel, struct error *err)
{
    struct simulate_wire *wire = context;
    struct wire_tunnel *tunnel = calloc(1, sizeof *tunnel);

    (void)origin;
    (void)err;
    ASSERT(tunnel != NULL);
    *tunnel = (struct wire_tunnel){ .wire = wire, .handlers = *handlers, .user = user, .client_open = true, .users = 1 };
    websocket_init(&tunnel->websocket, &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = MESSAGE_MAX });
    DL_APPEND(wire->tunnels, tunnel);
    wire->connects++;
    int64_t at_ns = wire->hole ? wire->now.ns + connect_timeout_ms * MS : simulate_wire_one_way(wire) + wire->latency_ns;
    simulate_jobs_add(wire->jobs, at_ns, tell_opened, wire, tunnel);
    *ret_tunnel = tunnel;
    return OK;
}

enum status
simulate_tunnel_send(void *context, void *data, const void *bytes, size_t length, struct error *err)
{
    struct wire_tunnel *tunnel = data;

    (void)context;
    if (tunnel->told || !tunnel->connected)
        return error_set(err, STATUS_RECONNECT, "not open");
    send_along(tunnel, bytes, length, &tunnel->last_up_ns, deliver_up);
    return OK;
}

void
simulate_tunnel_close(void *context, void *data)
{
    struct wire_tunnel *tunnel = data;

    (void)context;
    if (tunnel == NULL)
        return;
    tunnel->client_open = false;
    if (tunnel->stream != NULL)
        end_stream(tunnel);
    release(tunnel);
}

/* ---- The hubs' side ---- */

static void
flush_tunnel(struct wire_tunnel *tunnel)
{
    struct simulate_wire *wire = tunnel->wire;
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_TEXT };
    size_t length;
    char *text;

    while ((text = stream_take(wire->sim, tunnel->stream, &length)) != NULL) {
        size_t first = wire->sim->modes.fragment && length > 1 ? length / 2 : length;
        frame = (struct websocket_frame){ .opcode = WEBSOCKET_OP_TEXT, .more = first < length, .data = text, .length = first };
        send_frame(tunnel, &frame);
        if (first < length) {
            frame = (struct websocket_frame){ .opcode = WEBSOCKET_OP_CONTINUATION, .data = text + first, .length = length - first };
            send_frame(tunnel, &frame);
        }
        free(text);
    }
    enum stream_end ending = stream_ending(tunnel->stream);
    if (ending == STREAM_GOES_ON)
        return;
    end_stream(tunnel);
    int64_t at_ns = simulate_wire_one_way(wire);
    close_at(tunnel, at_ns > tunnel->last_down_ns ? at_ns : tunnel->last_down_ns);
}

void
simulate_wire_flush(struct simulate_wire *wire)
{
    struct wire_tunnel *tunnel, *next;

    DL_FOREACH_SAFE (wire->tunnels, tunnel, next)
        if (tunnel->stream != NULL)
            flush_tunnel(tunnel);
}

void
simulate_wire_break(struct simulate_wire *wire)
{
    struct wire_tunnel *tunnel, *next;

    DL_FOREACH_SAFE (wire->tunnels, tunnel, next) {
        if (tunnel->stream != NULL)
            end_stream(tunnel);
        if (wire->hole)
            tunnel->lost = true;
        else if (tunnel->connected)
            close_at(tunnel, wire->now.ns);
    }
}

/* ---- Ends ---- */

void
simulate_tunnel_forsake(struct simulate_wire *wire)
{
    struct wire_tunnel *tunnel, *next;

    DL_FOREACH_SAFE (wire->tunnels, tunnel, next) {
        tunnel->client_open = false;
        if (tunnel->stream != NULL)
            end_stream(tunnel);
        release(tunnel);
    }
}

bool
simulate_tunnel_owns(const struct simulate_job *job)
{
    return job->run == deliver_down || job->run == deliver_up;
}

void
simulate_tunnel_fini(struct simulate_wire *wire)
{
    struct wire_tunnel *tunnel, *next;

    DL_FOREACH_SAFE (wire->tunnels, tunnel, next) {
        if (tunnel->stream != NULL)
            end_stream(tunnel);
        websocket_fini(&tunnel->websocket);
        free(tunnel);
    }
    wire->tunnels = NULL;
}
