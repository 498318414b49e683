/*
 * simulate_wire.c - the gateway's transport in virtual time: clocks, wake-ups, requests.  Tunnels are in simulate_tunnel.c.
 *
 *     client --latency--> [watch] hold? endpoints_answer, events out --latency--> answer | time-out | lost
 *
 * A call lives until its answer was given or dropped.
 */
#include "trial/simulate_tunnel.h"

#include "base/assert.h"
#include "sim/endpoints.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
#define PATH_SIZE 128
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

int64_t
simulate_wire_ns(const struct simulate_wire *wire)
{
    return wire->now.ns;
}

int64_t
simulate_wire_one_way(struct simulate_wire *wire)
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
    int64_t at_ns = simulate_wire_one_way(wire) + answer->delay_ms * MS;

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
        fail_at(call, simulate_wire_one_way(wire), HTTP_UNKNOWN, "connection reset");
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
        simulate_jobs_add(wire->jobs, simulate_wire_one_way(wire), arrive, wire, call);
    return OK;
}

/* Each request here goes its own way: none is kept. */
static void
drop(void *context)
{
    (void)context;
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

    wire->life++;
    wire->wake_ns = INT64_MAX;
    wire->woken = NULL;
    simulate_tunnel_forsake(wire);
}

void
simulate_wire_fini(struct simulate_wire *wire)
{
    for (size_t i = 0; i < wire->jobs->count; i++) {
        const struct simulate_job *job = &wire->jobs->heap[i];
        if (job->run == give_answer || job->run == perform || job->run == arrive)
            free_call(job->data);
        else if (simulate_tunnel_owns(job))
            free(job->data);
    }
    simulate_tunnel_fini(wire);
}

const struct transport simulate_wire_transport = {
    .utc = utc,
    .monotonic = monotonic,
    .random = fill_random,
    .request = request,
    .drop = drop,
    .open = simulate_tunnel_open,
    .send = simulate_tunnel_send,
    .close = simulate_tunnel_close,
    .on_wake = on_wake,
    .wake = wake,
    .free = end_life,
};
