/*
 * simulate_wire.c - the gateway's transport in virtual time.
 *
 *     request:  client --latency--> [watch] hold? endpoints_answer, events out --latency--> answer | time-out | lost
 *     tunnel:   client bytes --latency--> WebSocket (server) -> stream.c -> frames --latency--> client bytes
 *
 * Ownership: a call lives until its answer was given or dropped, a tunnel until both ends are done with it.
 */
#include "app/simulate_wire.h"

#include "base/assert.h"
#include "net/websocket.h"
#include "sim/endpoints.h"
#include "sim/negotiate.h"
#include "sim/stream.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define MS INT64_C(1000000)
#define PATH_SIZE 128
#define MESSAGE_MAX 65536
#define HOLE_REFUSED_MS 3000 /* A new connection into a hole fails at the connect time-out: nothing has left. */

struct wire_call {
    struct simulate_wire *wire;
    uint64_t life;
    http_done *done;
    void *user;
    char path[PATH_SIZE];
    bool post;
    char *token, *body;
    size_t length;
    int64_t timeout_at_ns, first_byte_ns;
    struct http_answer answer; /* Its body is ours. */
    char *answer_body;
};

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

int64_t
simulate_wire_ns(const struct simulate_wire *wire)
{
    return wire->now.ns;
}

static int64_t
one_way(struct simulate_wire *wire)
{
    return wire->now.ns + wire->latency_ns + (wire->jitter_ns > 0 ? chance_below(&wire->chance, wire->jitter_ns) : 0);
}

/* ---- Clocks, chance, wake-ups ---- */

static struct instant
utc(void *context)
{
    const struct simulate_wire *wire = context;

    return wire->now;
}

static int64_t
monotonic(void *context)
{
    return simulate_wire_ns(context);
}

static void
fill_random(void *context, void *out, size_t size)
{
    struct simulate_wire *wire = context;
    unsigned char *p = out;

    for (size_t i = 0; i < size; i++)
        p[i] = (unsigned char)chance_next(&wire->chance);
}

static void
on_wake(void *context, void (*woken)(void *user), void *user)
{
    struct simulate_wire *wire = context;

    wire->woken = woken;
    wire->woken_user = user;
}

static void
wake(void *context, int64_t at_ns)
{
    struct simulate_wire *wire = context;

    wire->wake_ns = at_ns;
}

/* ---- Requests ---- */

static void
free_call(struct wire_call *call)
{
    free(call->token);
    free(call->body);
    free(call->answer_body);
    free(call);
}

static void
give_answer(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_call *call = data;

    if (call->life == wire->life)
        call->done(call->user, &call->answer);
    free_call(call);
}

/* The client hears of it at @at_ns, or of its own time-out if that is earlier. */
static void
answer_at(struct wire_call *call, int64_t at_ns)
{
    struct http_answer *answer = &call->answer;

    if (at_ns >= call->timeout_at_ns) {
        *answer = (struct http_answer){ .fate = HTTP_UNKNOWN, .first_byte_ns = call->first_byte_ns };
        (void)text_copy(answer->why, sizeof answer->why, "no answer in time");
        at_ns = call->timeout_at_ns;
    }
    answer->retry_after_s = answer->retry_after_s == 0 ? -1 : answer->retry_after_s;
    answer->body = call->answer_body != NULL && answer->fate == HTTP_ANSWERED ? call->answer_body : "";
    answer->length = strlen(answer->body);
    if (answer->fate == HTTP_UNKNOWN)
        call->wire->answers_lost++;
    simulate_jobs_add(call->wire->jobs, at_ns, give_answer, call->wire, call);
}

static void
fail_at(struct wire_call *call, int64_t at_ns, enum http_fate fate, const char *why)
{
    call->answer = (struct http_answer){ .fate = fate, .first_byte_ns = fate == HTTP_NEVER_LEFT ? 0 : call->first_byte_ns };
    (void)text_copy(call->answer.why, sizeof call->answer.why, why);
    answer_at(call, at_ns);
}

static void
take_answer(struct wire_call *call, struct answer *answer)
{
    struct simulate_wire *wire = call->wire;
    int64_t at_ns = one_way(wire) + answer->delay_ms * MS;

    if (answer->fate == ANSWER_CUT || answer->fate == ANSWER_CUT_HALF) {
        fail_at(call, at_ns, HTTP_UNKNOWN, "connection reset");
    } else if (answer->fate == ANSWER_NEVER || wire->down || wire->hole) {
        fail_at(call, INT64_MAX, HTTP_UNKNOWN, "");
    } else {
        call->answer_body = malloc(answer->length + 1);
        ASSERT(call->answer_body != NULL);
        memcpy(call->answer_body, answer->body == NULL ? "" : answer->body, answer->length);
        call->answer_body[answer->length] = '\0';
        call->answer = (struct http_answer){ .fate = HTTP_ANSWERED, .status = answer->status, .first_byte_ns = call->first_byte_ns,
            .retry_after_s = answer->retry_after_s, .date = { wire->now.ns / 1000000000 * 1000000000 } };
        answer_at(call, at_ns);
    }
    endpoints_answer_fini(answer);
}

static void
perform(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_call *call = data;
    struct answer answer;
    struct request request = { .path = call->path, .post = call->post, .token = call->token, .body = call->body,
        .length = call->length, .reused = true };

    sim_advance(wire->sim, wire->now);
    simulate_story_mix(wire->story, call->path, strlen(call->path));
    simulate_story_mix(wire->story, call->body, call->length);
    simulate_story_mix(wire->story, &wire->now, sizeof wire->now);
    if (wire->watch != NULL && call->post)
        wire->watch(wire->watch_context, call->path, call->body);
    endpoints_answer(wire->sim, &request, &answer);
    sim_publish(wire->sim);
    take_answer(call, &answer);
    simulate_wire_flush(wire);
}

static void
arrive(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_call *call = data;
    bool reset;

    if (wire->down || wire->hole) {
        fail_at(call, INT64_MAX, HTTP_UNKNOWN, "");
        return;
    }
    if (endpoints_dies_at_head(wire->sim, call->path, true, &reset)) {
        fail_at(call, one_way(wire), HTTP_UNKNOWN, "connection reset");
        return;
    }
    int64_t hold_ms = endpoints_hold_ms(wire->sim, call->path);
    if (hold_ms > 0)
        simulate_jobs_add(wire->jobs, wire->now.ns + hold_ms * MS, perform, wire, call);
    else
        perform(wire, call);
}

static char *
copy(const char *bytes, size_t length)
{
    char *text = malloc(length + 1);

    ASSERT(text != NULL);
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

static enum status
request(void *context, const struct http_request *http, http_done *done, void *user, struct error *err)
{
    struct simulate_wire *wire = context;
    struct wire_call *call = calloc(1, sizeof *call);
    const char *host = strstr(http->url, "://"), *path = host == NULL ? NULL : strchr(host + 3, '/');

    (void)err;
    ASSERT(call != NULL && path != NULL);
    *call = (struct wire_call){ .wire = wire, .life = wire->life, .done = done, .user = user, .post = http->body != NULL,
        .timeout_at_ns = wire->now.ns + http->timeout_ms * MS, .first_byte_ns = wire->now.ns };
    ASSERT(text_copy(call->path, sizeof call->path, path));
    call->token = copy(http->bearer == NULL ? "" : http->bearer, http->bearer == NULL ? 0 : strlen(http->bearer));
    call->body = copy(http->body == NULL ? "" : http->body, http->body == NULL ? 0 : http->length);
    call->length = http->body == NULL ? 0 : http->length;
    wire->recent_ns[wire->requests++ % WIRE_RECENT] = wire->now.ns;
    wire->mutations += http->lane == HTTP_MUTATIONS && call->post;
    if (wire->down)
        fail_at(call, wire->now.ns + MS, HTTP_NEVER_LEFT, "no route to host");
    else if (wire->hole && chance_below(&wire->chance, 2) == 0)
        fail_at(call, wire->now.ns + HOLE_REFUSED_MS * MS, HTTP_NEVER_LEFT, "connect timed out");
    else
        simulate_jobs_add(wire->jobs, one_way(wire), arrive, wire, call);
    return OK;
}

/* ---- Tunnels ---- */

static void
release(struct wire_tunnel *tunnel)
{
    struct simulate_wire *wire = tunnel->wire;

    if (tunnel->users > 0 || tunnel->client_open || tunnel->stream != NULL)
        return;
    DL_DELETE(wire->tunnels, tunnel);
    websocket_fini(&tunnel->websocket);
    free(tunnel);
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
    tunnel->users--;
    if (tunnel->client_open && !tunnel->told) {
        tunnel->told = true;
        tunnel->handlers.closed(tunnel->user, "connection reset by peer");
    }
    release(tunnel);
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

    tunnel->users--;
    if (wire->hole)
        tunnel->lost = true;
    if (tunnel->client_open && !tunnel->told && !tunnel->lost && !wire->down) {
        simulate_story_mix(wire->story, bytes->bytes, bytes->length);
        tunnel->handlers.received(tunnel->user, bytes->bytes, bytes->length);
    }
    free(bytes);
    release(tunnel);
}

/* Bytes of one connection stay in order. */
static void
send_along(struct wire_tunnel *tunnel, const void *data, size_t length, int64_t *last_ns, void (*run)(void *context, void *data))
{
    struct wire_bytes *bytes = malloc(sizeof *bytes + length);
    int64_t at_ns = one_way(tunnel->wire);

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
        close_at(tunnel, one_way(wire));
        return;
    }
    if (status != 101)
        text_addf(&text, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n", status);
    send_along(tunnel, text.data, text.length, &tunnel->last_down_ns, deliver_down);
    if (status == 101 && negotiate_is_hub(target, &hub)) {
        tunnel->stream = stream_open(wire->sim, hub);
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

    tunnel->users--;
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
    release(tunnel);
    simulate_wire_flush(wire);
}

static void
tell_opened(void *context, void *data)
{
    struct simulate_wire *wire = context;
    struct wire_tunnel *tunnel = data;

    tunnel->users--;
    if (!tunnel->client_open) {
        release(tunnel);
    } else if (wire->down || wire->hole) {
        tunnel->told = true;
        tunnel->handlers.closed(tunnel->user, "cannot connect");
    } else {
        tunnel->connected = true;
        tunnel->handlers.opened(tunnel->user);
    }
}

static enum status
open_tunnel(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
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
    int64_t at_ns = wire->hole ? wire->now.ns + connect_timeout_ms * MS : one_way(wire) + wire->latency_ns;
    simulate_jobs_add(wire->jobs, at_ns, tell_opened, wire, tunnel);
    *ret_tunnel = tunnel;
    return OK;
}

static enum status
send_bytes(void *context, void *data, const void *bytes, size_t length, struct error *err)
{
    struct wire_tunnel *tunnel = data;

    (void)context;
    if (tunnel->told || !tunnel->connected)
        return error_set(err, STATUS_RECONNECT, "not open");
    send_along(tunnel, bytes, length, &tunnel->last_up_ns, deliver_up);
    return OK;
}

static void
close_tunnel(void *context, void *data)
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
    int64_t at_ns = one_way(wire);
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

int
simulate_wire_minute(const struct simulate_wire *wire)
{
    uint64_t kept = wire->requests < WIRE_RECENT ? wire->requests : WIRE_RECENT;
    int count = 0;

    for (uint64_t i = 1; i <= kept; i++, count++)
        if (wire->recent_ns[(wire->requests - i) % WIRE_RECENT] <= wire->now.ns - 60 * 1000 * MS)
            break;
    return count;
}

/* ---- Life ---- */

static void
end_life(void *context)
{
    struct simulate_wire *wire = context;
    struct wire_tunnel *tunnel, *next;

    wire->life++;
    wire->wake_ns = INT64_MAX;
    wire->woken = NULL;
    DL_FOREACH_SAFE (wire->tunnels, tunnel, next) {
        tunnel->client_open = false;
        if (tunnel->stream != NULL)
            end_stream(tunnel);
        release(tunnel);
    }
}

void
simulate_wire_fini(struct simulate_wire *wire)
{
    struct wire_tunnel *tunnel, *next;

    for (size_t i = 0; i < wire->jobs->count; i++) {
        const struct simulate_job *job = &wire->jobs->heap[i];
        if (job->run == give_answer || job->run == perform || job->run == arrive)
            free_call(job->data);
        else if (job->run == deliver_down || job->run == deliver_up)
            free(job->data);
    }
    DL_FOREACH_SAFE (wire->tunnels, tunnel, next) {
        if (tunnel->stream != NULL)
            end_stream(tunnel);
        websocket_fini(&tunnel->websocket);
        free(tunnel);
    }
    wire->tunnels = NULL;
}

const struct transport simulate_wire_transport = {
    .utc = utc,
    .monotonic = monotonic,
    .random = fill_random,
    .request = request,
    .open = open_tunnel,
    .send = send_bytes,
    .close = close_tunnel,
    .on_wake = on_wake,
    .wake = wake,
    .free = end_life,
};
