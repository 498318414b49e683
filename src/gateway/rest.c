/*
 * rest.c - calls: queue, pace, send, replay after a 401, retry of reads, judgement.
 *
 *     rest_submit -> [waiting: token, pace, retry] -> transport -> on_answer -> judged -> done
 *                          ^                                           |
 *                          +--- 401 once; reads: transient, twice -----+
 *
 * A mutation is sent at most once, but for a 401, which proves that it was not executed.  One that finds no way out within its time-out is answered
 * NOT_SENT: what it was decided on is history by then, and the engine decides anew (P2).
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NORMAL_IN_FLIGHT_MAX 4      /* Leaves connections of the lane to enforcement's reads. */
#define PING_TIMEOUT_MS 5000
#define FORBIDDEN_WAIT_NS (2 * SECOND) /* For the new token. */
#define MUTATION_WAITS_NS (5 * SECOND) /* At most, before it leaves: the engine takes a request for lost after 10 s, and decides anew (ID-04). */
#define HELD_LOOK_NS (2 * SECOND)    /* Of a proof that waits for the rate: look again, somebody may have to hear of it. */

static void on_answer(void *user, const struct http_answer *answer);

/* ---- Making a call ---- */

struct call *
rest_call(struct gateway *gateway, enum endpoint endpoint, enum pace_class class, call_done *done)
{
    struct rest *rest = &gateway->rest;
    struct call *call = rest->spare != NULL ? rest->spare : malloc(sizeof *call);

    ASSERT(call != NULL); /* Without a kilobyte nothing can be protected; a new process may have it. */
    rest->spare = NULL;
    memset(call, 0, offsetof(struct call, body));
    call->body[0] = '\0';
    call->gateway = gateway;
    call->endpoint = endpoint;
    call->class = class;
    call->done = done;
    call->tries_max = endpoint_mutates(endpoint) ? 1 : gateway->times.read_tries; /* RT-02, RT-03 */
    call->timeout_ms = endpoint_mutates(endpoint) ? gateway->times.mutation_ms : gateway->times.read_ms;
    call->next = rest->all;
    if (call->next != NULL)
        call->next->previous = call;
    rest->all = call;
    return call;
}

struct text
rest_body(struct call *call)
{
    return text_on(call->body, sizeof call->body);
}

static void
call_free(struct rest *rest, struct call *call)
{
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        rest->all = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    if (rest->spare == NULL)
        rest->spare = call;
    else
        free(call);
}

void
rest_fini(struct rest *rest)
{
    while (rest->all != NULL)
        call_free(rest, rest->all);
    free(rest->spare);
    rest->spare = NULL;
}

static struct call **
queue_of(struct rest *rest, const struct call *call)
{
    return &rest->waiting[call->class == PACE_NORMAL ? 0 : 1];
}

static void
enqueue(struct gateway *gateway, struct call *call)
{
    struct call **last = queue_of(&gateway->rest, call);

    while (*last != NULL)
        last = &(*last)->next_waiting;
    call->next_waiting = NULL;
    *last = call;
    if (call->not_before_ns < gateway->rest.due_ns)
        gateway->rest.due_ns = call->not_before_ns;
}

int32_t
rest_waiting(const struct rest *rest)
{
    int32_t n = 0;

    for (int i = 0; i < 2; i++)
        for (const struct call *c = rest->waiting[i]; c != NULL; c = c->next_waiting)
            n++;
    return n;
}

/* ---- Giving the answer ---- */

static void
deliver(struct gateway *gateway, struct call *call, struct reply *reply)
{
    gateway->rest.first_byte_ns = reply->http != NULL ? reply->http->first_byte_ns : 0;
    reply->judgement = errors_judge(call->endpoint, &reply->facts);
    if (reply->hold_ns > reply->judgement.hold.ns)
        reply->judgement.hold.ns = reply->hold_ns;
    call->done(gateway, call, reply);
    call_free(&gateway->rest, call);
}

/* It never got as far as a socket. */
static void
deliver_unsent(struct gateway *gateway, struct call *call, const char *why)
{
    struct reply reply = { .facts = { .fate = HTTP_NEVER_LEFT, .code = -1 } };

    text_copy(reply.message, sizeof reply.message, why);
    deliver(gateway, call, &reply);
}

/* ---- Sending ---- */

static void
count_in_flight(struct rest *rest, const struct call *call, int32_t by)
{
    if (endpoint_mutates(call->endpoint))
        rest->mutations_in_flight += by;
    else if (call->class == PACE_NORMAL)
        rest->normal_in_flight += by;
}

static enum status
send_call(struct gateway *gateway, struct call *call, struct error *err)
{
    char url_buffer[256];
    struct text url = text_on(url_buffer, sizeof url_buffer);
    struct http_request request = {
        .lane = endpoint_mutates(call->endpoint) || call->warm ? HTTP_MUTATIONS : HTTP_READS,
        .url = url_buffer,
        .timeout_ms = call->timeout_ms,
    };
    bool is_ping = call->endpoint == ENDPOINT_PING;

    text_add(&url, gateway->settings.rest_url);
    text_add(&url, endpoint_path(call->endpoint));
    if (!is_ping) {
        request.bearer = session_token(gateway);
        request.body = call->body;
        request.length = call->length;
    }
    call->generation = gateway->session.generation;
    call->sent_at = gateway_utc(gateway);
    call->tries++;
    if (call->fetch != NULL)
        call->fetch->left = true;
    enum status status = gateway->transport->request(gateway->transport_context, &request, on_answer, call, err);
    if (status == OK)
        count_in_flight(&gateway->rest, call, 1);
    if (endpoint_mutates(call->endpoint))
        gateway->rest.mutations++;
    spent_take(gateway);
    if (!is_ping) /* After sending: the log must not delay a close. */
        gateway_wire(gateway, "> POST %s %.*s", endpoint_path(call->endpoint), (int)call->length, call->body);
    return status;
}

/* When may it leave?  @now if at once. */
static int64_t
ask(const struct gateway *gateway, const struct call *call, int64_t now)
{
    if (call->not_before_ns > now)
        return call->not_before_ns;
    if (call->endpoint != ENDPOINT_PING && session_token(gateway) == NULL)
        return NEVER; /* The session wakes us. */
    if (health_rests(gateway, call))
        return NEVER; /* The end of the pause wakes us. */
    if (call->class == PACE_NORMAL && gateway->rest.normal_in_flight >= NORMAL_IN_FLIGHT_MAX)
        return NEVER; /* An answer wakes us. */
    return pace_ask(&gateway->pace, call->class, PACE_GENERAL, now);
}

static int64_t
gives_up_at(const struct call *call)
{
    int64_t patience = (int64_t)call->timeout_ms * MS;

    if (!endpoint_mutates(call->endpoint))
        return NEVER;
    return call->queued_ns + (patience < MUTATION_WAITS_NS ? patience : MUTATION_WAITS_NS);
}

/* It waits, and for nothing but the rate. */
static bool
waits_for_rate(const struct gateway *gateway, const struct call *call, int64_t now)
{
    return call->class != PACE_NORMAL && call->not_before_ns <= now && session_token(gateway) != NULL;
}

/* Send what may leave of one queue; returns when to look again. */
static int64_t
pump(struct gateway *gateway, struct call **queue, int64_t now)
{
    struct error err;
    int64_t due = NEVER;

    while (*queue != NULL) {
        struct call *call = *queue;
        int64_t at = ask(gateway, call, now), end = gives_up_at(call);
        bool rests = call->fetch != NULL && health_rests(gateway, call); /* Its round is asked for again; only look-ups wait. */

        if (at > now && waits_for_rate(gateway, call, now)) {
            spent_held(gateway, call, at, now);
            if (!call->counted && now + HELD_LOOK_NS < at)
                at = now + HELD_LOOK_NS;
        }
        if (at > now && end > now && !rests) {
            at = at < end ? at : end;
            due = at < due ? at : due;
            queue = &call->next_waiting;
            continue;
        }
        *queue = call->next_waiting;
        if (at > now)
            deliver_unsent(gateway, call, rests ? "upkeep rests: the gateway fails" : "no token or no room in the rate window in time");
        else if (send_call(gateway, call, &err) != OK)
            deliver_unsent(gateway, call, err.text);
    }
    return due;
}

static void
pump_all(struct gateway *gateway, int64_t now)
{
    struct rest *rest = &gateway->rest;
    rest->due_ns = NEVER; /* What is asked for while answers are given from within lowers it. */
    int64_t enforcement = pump(gateway, &rest->waiting[1], now); /* RL-04: first. */
    int64_t normal = pump(gateway, &rest->waiting[0], now);
    int64_t due = enforcement < normal ? enforcement : normal;

    if (due < rest->due_ns)
        rest->due_ns = due;
    if (!gateway->stopping && health_due(gateway) < rest->due_ns)
        rest->due_ns = health_due(gateway);
}

void
rest_submit(struct gateway *gateway, struct call *call)
{
    int64_t now = gateway_now(gateway);
    struct error err;

    call->length = strlen(call->body);
    call->queued_ns = now;
    bool first = endpoint_mutates(call->endpoint) || *queue_of(&gateway->rest, call) == NULL;
    if (first && ask(gateway, call, now) <= now) {
        if (send_call(gateway, call, &err) == OK)
            return;
        call->not_before_ns = now; /* Its answer must not come from within here. */
        gateway_alarm(gateway, GATEWAY_CRITICAL, "cannot send: %s", err.text);
    }
    enqueue(gateway, call);
    gateway->rest.due_ns = now;
}

/* ---- Answers ---- */

/* EC-10: cut if it is long. */
static void
read_message(const struct json *json, char *out)
{
    int node = json_get(json, 0, "errorMessage");
    size_t length;

    out[0] = '\0';
    if (json_kind(json, node) != JSON_STRING || json_string(json, node, out, REPLY_TEXT_MAX))
        return;
    const char *raw = json_raw(json, node, &length);
    text_copy_bytes(out, REPLY_TEXT_MAX, raw, length);
}

static void
read_reply(struct gateway *gateway, const struct call *call, const struct http_answer *answer, struct json *json,
    struct reply *reply)
{
    int64_t code = -1;
    struct error err;

    *reply = (struct reply){ .http = answer, .facts = { .fate = answer->fate, .http_status = answer->status, .code = -1 } };
    if (answer->fate != HTTP_ANSWERED) {
        text_copy(reply->message, sizeof reply->message, answer->why);
        return;
    }
    if (call->endpoint == ENDPOINT_PING) { /* Plain text. */
        reply->facts.has_envelope = reply->facts.success = answer->status == 200;
        reply->facts.code = answer->status == 200 ? 0 : -1;
        return;
    }
    if (gateway_parse(gateway, answer->body, answer->length, json, &err) != OK) {
        text_copy(reply->message, sizeof reply->message, "not JSON");
        return;
    }
    reply->json = json;
    if (json_bool(json, json_get(json, 0, "success"), &reply->facts.success) &&
        json_int64(json, json_get(json, 0, "errorCode"), &code) && code >= INT32_MIN && code <= INT32_MAX) {
        reply->facts.has_envelope = true;
        reply->facts.code = (int32_t)code;
    }
    read_message(json, reply->message);
}

static bool
is_unauthorized(const struct reply *reply)
{
    return reply->facts.fate == HTTP_ANSWERED && (reply->facts.http_status == 401 || reply->facts.http_status == 403);
}

/*
 * RT-07: once, also mutations; the server has not executed it.  401 says that the token is worthless.  403 does not, so the token is kept, and a
 * new one is fetched at most once a minute.  A mutation's wait began when it was decided on, not now: a partial close that left late would meet
 * the one the engine has sent in its place.
 */
static bool
replays(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    int64_t now = gateway_now(gateway);

    if (reply->facts.http_status == 401)
        session_refused(gateway, call->generation);
    else if (!session_forbidden(gateway))
        return false;
    else
        call->not_before_ns = now + FORBIDDEN_WAIT_NS;
    call->replayed = true;
    call->tries--;
    enqueue(gateway, call);
    return true;
}

/* A read that may work on another try is queued again. */
static bool
tries_again(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    const struct gateway_times *t = &gateway->times;
    int64_t now = gateway_now(gateway), delay = t->read_base_ms * MS, cap = t->read_cap_ms * MS;

    if (gateway->stopping)
        return false;
    if (is_unauthorized(reply) && !call->replayed && replays(gateway, call, reply))
        return true;
    if (is_unauthorized(reply)) {
        gateway_alarm(gateway, GATEWAY_CRITICAL, "%s: HTTP %d, also after a new log-in", endpoint_path(call->endpoint),
            (int)reply->facts.http_status);
        return false;
    }
    if (endpoint_mutates(call->endpoint) || call->tries >= call->tries_max || !errors_read_is_transient(&reply->facts))
        return false;
    for (int32_t i = 1; i < call->tries && delay < cap; i++)
        delay *= 2;
    delay = gateway_jitter(gateway, delay < cap ? delay : cap, t->read_jitter_permille);
    call->not_before_ns = now + (delay < cap ? delay : cap);
    gateway_wire(gateway, "= %s again in %lld ms, try %d of %d: %s", endpoint_path(call->endpoint),
        (long long)((call->not_before_ns - now) / MS), (int)call->tries + 1, (int)call->tries_max, reply->message); /* RT-12 */
    enqueue(gateway, call);
    return true;
}

static void
log_answer(struct gateway *gateway, const struct call *call, const struct reply *reply)
{
    if (call->endpoint == ENDPOINT_PING && reply->facts.fate == HTTP_ANSWERED)
        return;
    gateway_wire(gateway, "< %s HTTP %d code %d %s", endpoint_path(call->endpoint), (int)reply->facts.http_status,
        (int)reply->facts.code, reply->message);
}

void
rest_called(const struct gateway *gateway, enum endpoint endpoint, const struct http_answer *answer)
{
    struct span took = { answer->first_byte_ns > 0 ? gateway_now(gateway) - answer->first_byte_ns : 0 };

    if (gateway->sink.called != NULL)
        gateway->sink.called(gateway->sink.context, endpoint_path(endpoint), answer->fate == HTTP_ANSWERED ? answer->status : 0, took);
}

static void
on_answer(void *user, const struct http_answer *answer)
{
    struct call *call = user;
    struct gateway *gateway = call->gateway;
    struct json json;
    struct reply reply;

    count_in_flight(&gateway->rest, call, -1);
    read_reply(gateway, call, answer, &json, &reply);
    log_answer(gateway, call, &reply);
    if (answer->fate == HTTP_ANSWERED) {
        health_check_clock(gateway, call->sent_at, answer);
        gateway->rest.refusals += answer->status == 429 ? 1 : 0;
        if (answer->status == 429)
            reply.hold_ns = pace_refused(&gateway->pace, call->class, answer->retry_after_s, gateway_now(gateway));
        else
            pace_answered(&gateway->pace, call->class);
    }
    rest_called(gateway, call->endpoint, answer);
    if (!tries_again(gateway, call, &reply)) {
        bool is_dead = gateway->stopped;
        struct call copy = *call; /* Its health counts after its answer: a close's answer must not wait for a mode's. */

        if (is_dead)
            call_free(&gateway->rest, call);
        else
            deliver(gateway, call, &reply);
        health_note(gateway, &copy, &reply);
    } else {
        health_note(gateway, call, &reply);
    }
    pump_all(gateway, gateway_now(gateway));
    gateway_rearm(gateway);
}

/* ---- Upkeep ---- */

static void
on_ping(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    (void)gateway;
    (void)call;
    (void)reply; /* Whatever it says was counted as health. */
}

void
rest_ping(struct gateway *gateway, bool probe)
{
    struct call *call = rest_call(gateway, ENDPOINT_PING, PACE_NORMAL, on_ping);

    call->warm = true;
    call->probe = probe;
    call->tries_max = 1;
    call->timeout_ms = PING_TIMEOUT_MS;
    rest_submit(gateway, call);
}

void
rest_tick(struct gateway *gateway, int64_t now)
{
    health_tick(gateway, now);
    pump_all(gateway, now);
}
