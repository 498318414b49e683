/*
 * fake_hub.c - the fake broker's hubs: a WebSocket server of net/websocket.c that speaks SignalR as it was told to.
 */
#include "lib/fake_parts.h"

#include "base/assert.h"
#include "gateway/signalr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RS "\x1e"

static void
deliver(struct fake *fake, struct fake_job *job)
{
    (void)fake;
    if (job->hub->is_open)
        job->hub->handlers->received(job->hub->user, job->bytes, job->length);
}

static void
send_to_client(struct fake_hub *hub, const void *bytes, size_t length)
{
    struct fake_job *job = fake_job_at(hub->fake, hub->fake->now_ns + hub->fake->latency_ns, deliver);

    job->hub = hub;
    job->length = length;
    job->bytes = malloc(length);
    memcpy(job->bytes, bytes, length);
}

void
fake_say(struct fake_hub *hub, const char *json)
{
    char text[4096];
    uint8_t out[5000];
    int length = snprintf(text, sizeof text, "%s" RS, json);
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_TEXT, .data = text, .length = (size_t)length };

    send_to_client(hub, out, websocket_write(&hub->websocket, &frame, out, sizeof out));
}

void
fake_say_frame(struct fake_hub *hub, enum websocket_opcode opcode, bool more, const void *bytes, size_t length)
{
    uint8_t out[70000];
    struct websocket_frame frame = { .opcode = opcode, .more = more, .data = bytes, .length = length };

    send_to_client(hub, out, websocket_write(&hub->websocket, &frame, out, sizeof out));
}

static void
ping_client(struct fake *fake, struct fake_job *job)
{
    struct fake_hub *hub = job->hub;

    if (!hub->is_open || fake->no_pings)
        return;
    if (!fake->hubs_silent)
        fake_say(hub, "{\"type\":6}");
    fake_job_at(fake, fake->now_ns + 15 * FAKE_SECOND, ping_client)->hub = hub;
}

static void
note_invocation(struct fake_hub *hub, const char *record, size_t length)
{
    char answer[200], id[24] = "";
    struct fake *fake = hub->fake;
    struct json_token tokens[64];
    struct json json;
    struct text heard = { .data = hub->heard, .size = sizeof hub->heard, .length = strlen(hub->heard) };
    size_t raw_length;

    assert_int_equal(json_read(record, length, tokens, COUNT_OF(tokens), &json, NULL), OK);
    const char *raw = json_raw(&json, json_get(&json, 0, "target"), &raw_length);
    text_add_bytes(&heard, raw, raw_length);
    text_add(&heard, " ");
    raw = json_raw(&json, json_get(&json, 0, "arguments"), &raw_length);
    text_add_bytes(&heard, raw, raw_length);
    text_add(&heard, "\n");
    assert_true(json_string(&json, json_get(&json, 0, "invocationId"), id, sizeof id));
    if (fake->holds_acks)
        return;
    snprintf(answer, sizeof answer, "{\"type\":3,\"invocationId\":\"%s\",%s}", id,
        fake->fails_acks ? "\"error\":\"Failed to invoke\"" : "\"result\":null");
    fake_say(hub, answer);
}

static void
take_message(struct fake_hub *hub, const char *text, size_t length)
{
    while (length > 0) {
        const char *end = memchr(text, SIGNALR_SEPARATOR, length);
        size_t n;

        assert_non_null(end);
        n = (size_t)(end - text);
        if (n > 11 && memcmp(text, "{\"protocol\"", 11) == 0) {
            fake_say(hub, "{}");
        } else if (n == 10 && memcmp(text, "{\"type\":6}", 10) == 0) {
            hub->pings++;
            hub->last_ping_ns = hub->fake->now_ns;
        } else {
            note_invocation(hub, text, n);
        }
        text += n + 1;
        length -= n + 1;
    }
}

static void
upgrade(struct fake_hub *hub, const struct websocket_event *event)
{
    char buffer[512];
    struct text out = text_on(buffer, sizeof buffer);

    text_copy_bytes(hub->target, sizeof hub->target, event->request.target.data, event->request.target.length);
    if (hub->fake->upgrade_status != 0) {
        text_addf(&out, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n", hub->fake->upgrade_status);
    } else {
        assert_int_equal(websocket_accept(&hub->websocket, &event->request, &out), 101);
        hub->upgraded = true;
        fake_job_at(hub->fake, hub->fake->now_ns + 15 * FAKE_SECOND, ping_client)->hub = hub;
    }
    send_to_client(hub, out.data, out.length);
}

static void
note_pong(struct fake_hub *hub, const struct websocket_event *event)
{
    hub->pongs++;
    (void)snprintf(hub->last_pong, sizeof hub->last_pong, "%.*s", (int)event->length, (const char *)event->data);
}

enum status
fake_send(void *context, void *tunnel, const void *bytes, size_t length, struct error *err)
{
    struct fake_hub *hub = tunnel;
    struct websocket_event event;

    (void)context;
    if (!hub->is_open)
        return error_set(err, STATUS_RECONNECT, "closed");
    assert_int_equal(websocket_feed(&hub->websocket, bytes, length, NULL), OK);
    while (websocket_next(&hub->websocket, &event) != WEBSOCKET_NONE) {
        if (event.kind == WEBSOCKET_REQUEST)
            upgrade(hub, &event);
        else if (event.kind == WEBSOCKET_TEXT && !hub->fake->hubs_silent)
            take_message(hub, (const char *)event.data, event.length);
        else if (event.kind == WEBSOCKET_PONG)
            note_pong(hub, &event);
        else if (event.kind == WEBSOCKET_ERROR)
            fail_msg("%s", event.why);
    }
    return OK;
}

static void
open_hub(struct fake *fake, struct fake_job *job)
{
    if (!job->hub->is_open || job->hub->upgraded)
        return;
    if (fake->is_down || fake->hubs_down) {
        job->hub->is_open = false;
        job->hub->handlers->closed(job->hub->user, "connection refused");
        return;
    }
    job->hub->handlers->opened(job->hub->user);
}

enum status
fake_open(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
    void **ret_tunnel, struct error *err)
{
    struct fake *fake = context;
    struct fake_hub *hub = NULL;

    (void)connect_timeout_ms;
    (void)err;
    for (int i = 0; i < FAKE_HUBS_MAX && hub == NULL; i++)
        if (fake->hubs[i].handlers == NULL)
            hub = &fake->hubs[i];
    assert_non_null(hub); /* More than both hubs, each once closed, leave connections behind. */
    *hub = (struct fake_hub){ .fake = fake, .handlers = handlers, .user = user, .is_open = true,
        .is_user = strstr(origin, "user") != NULL };
    websocket_init(&hub->websocket,
        &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = 65536, .random = fake_random });
    fake->connects++;
    fake_job_at(fake, fake->now_ns + fake->latency_ns, open_hub)->hub = hub;
    *ret_tunnel = hub;
    return OK;
}

static void
forget(struct fake *fake, const struct fake_hub *hub)
{
    struct fake_job **place = &fake->jobs;

    while (*place != NULL) {
        struct fake_job *job = *place;

        if (job->hub != hub) {
            place = &job->next;
            continue;
        }
        *place = job->next;
        fake_job_free(job);
    }
}

void
fake_close(void *context, void *tunnel)
{
    struct fake_hub *hub = tunnel;

    forget(context, hub);
    websocket_fini(&hub->websocket);
    *hub = (struct fake_hub){ 0 };
}

void
fake_cut(struct fake_hub *hub)
{
    const struct tunnel_handlers *handlers = hub->handlers;

    hub->is_open = false;
    handlers->closed(hub->user, "connection reset");
}
