/*
 * stream.c - see stream.h: connection, framing, handshake, what is sent when.  Methods and subscriptions are in subscriptions.c.
 */
#include "sim/stream.h"

#include "base/assert.h"
#include "base/text.h"
#include "sim/stream_parts.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define HANDSHAKE_MAX SPAN_SECONDS(15)
#define PING_AFTER SPAN_SECONDS(15)
#define SILENCE_MAX SPAN_SECONDS(30)
#define MESSAGE_MAX 32768 /* ASP.NET's default for what a client may send. */
#define TOKENS 256
#define DEFAULT_LOGOUT "[\"Multiple sessions detected\"]"

/* ---- Connections ---- */

struct stream *
stream_open(struct sim *sim, enum stream_hub hub, const char *user)
{
    struct stream *stream = calloc(1, sizeof *stream);

    ASSERT(stream != NULL);
    stream->hub = hub;
    (void)text_copy(stream->user, sizeof stream->user, user);
    stream->heard = stream->spoke = stream->opened = sim->now;
    LL_APPEND(sim->streams, stream);
    if (sim->logout == SIM_LOGOUT_SECOND_HUB && stream_next(sim, NULL) != stream)
        stream_logout(sim, (int)hub, NULL);
    return stream;
}

void
stream_close(struct sim *sim, struct stream *stream)
{
    struct frame *frame, *next;

    if (stream == NULL)
        return;
    LL_DELETE(sim->streams, stream);
    LL_FOREACH_SAFE (stream->frames, frame, next) {
        free(frame->text);
        free(frame);
    }
    free(stream->accounts);
    free(stream->in);
    free(stream);
}

void
stream_set_owner(struct stream *stream, void *owner)
{
    stream->owner = owner;
}

void *
stream_owner(const struct stream *stream)
{
    return stream->owner;
}

struct stream *
stream_next(const struct sim *sim, const struct stream *stream)
{
    return stream == NULL ? sim->streams : stream->next;
}

enum stream_hub
stream_hub(const struct stream *stream)
{
    return stream->hub;
}

enum stream_end
stream_ending(const struct stream *stream)
{
    return stream->ending == STREAM_CLOSE && stream->frames != NULL ? STREAM_GOES_ON : stream->ending;
}

/* ---- Out ---- */

static void
queue(struct sim *sim, struct stream *stream, const char *text, size_t length, struct instant due)
{
    struct frame *frame = calloc(1, sizeof *frame);

    ASSERT(frame != NULL);
    frame->text = malloc(length);
    ASSERT(frame->text != NULL);
    memcpy(frame->text, text, length);
    frame->length = length;
    frame->due = due;
    LL_APPEND(stream->frames, frame);
    stream->spoke = sim->now;
}

void
stream_send(struct sim *sim, struct stream *stream, const struct text *text)
{
    if (!sim->modes.freeze_all)
        queue(sim, stream, text->data, text->length, sim->now);
}

void
stream_send_event(struct sim *sim, struct stream *stream, enum exchange_event_kind kind, const struct text *text)
{
    int64_t delay = sim->modes.delay_ms;

    if (sim->modes.freeze_all || sim->modes.freeze_data || stream->ending != STREAM_GOES_ON)
        return;
    for (int i = 0; i < (sim->modes.duplicate ? 2 : 1); i++) {
        if (sim->modes.jitter_ms > 0)
            delay = sim->modes.delay_ms + chance_below(&sim->chance, sim->modes.jitter_ms + 1);
        stream->last_due[kind] = instant_max(stream->last_due[kind], instant_add(sim->now, SPAN_MS(delay)));
        queue(sim, stream, text->data, text->length, stream->last_due[kind]);
    }
}

/* The earliest frame; of equal ones the first. */
static struct frame *
first_frame(const struct stream *stream)
{
    struct frame *first = stream->frames, *frame;

    LL_FOREACH (stream->frames, frame)
        if (instant_before(frame->due, first->due))
            first = frame;
    return first;
}

bool
stream_has_due(const struct sim *sim, const struct stream *stream)
{
    const struct frame *frame = first_frame(stream);

    return frame != NULL && !instant_before(sim->now, frame->due);
}

static char *
take_one(struct stream *stream, size_t *ret_length)
{
    struct frame *frame = first_frame(stream);
    char *text = frame->text;

    *ret_length = frame->length;
    LL_DELETE(stream->frames, frame);
    free(frame);
    return text;
}

char *
stream_take(struct sim *sim, struct stream *stream, size_t *ret_length)
{
    if (!stream_has_due(sim, stream))
        return NULL;
    char *text = take_one(stream, ret_length);
    while (sim->modes.coalesce && stream_has_due(sim, stream)) {
        size_t length;
        char *more = take_one(stream, &length), *joined = realloc(text, *ret_length + length);
        ASSERT(joined != NULL);
        text = joined;
        memcpy(text + *ret_length, more, length);
        *ret_length += length;
        free(more);
    }
    return text;
}

static void
end(struct sim *sim, struct stream *stream, enum stream_end how, const char *error, bool allow_reconnect)
{
    char buffer[512];
    struct text text = text_on(buffer, sizeof buffer);
    struct json_writer writer = json_writer_on(&text);

    if (stream->ending != STREAM_GOES_ON)
        return;
    if (how == STREAM_CLOSE) {
        json_open(&writer, NULL, '{');
        json_add_int(&writer, "type", 7);
        if (error != NULL)
            json_add_string(&writer, "error", error);
        if (allow_reconnect)
            json_add_bool(&writer, "allowReconnect", true);
        json_close(&writer, '}');
        text_add(&text, "\x1e");
        stream_send(sim, stream, &text);
    }
    stream->ending = how;
}

void
stream_drop(struct sim *sim, int hub, enum stream_end how, const char *error, bool allow_reconnect)
{
    struct stream *stream;

    LL_FOREACH (sim->streams, stream)
        if (hub < 0 || hub == (int)stream->hub)
            end(sim, stream, how, error, allow_reconnect);
}

void
stream_logout(struct sim *sim, int hub, const char *payload)
{
    char buffer[2048];
    struct stream *stream;

    LL_FOREACH (sim->streams, stream) {
        struct text text = text_on(buffer, sizeof buffer);
        struct json_writer writer = json_writer_on(&text);
        if ((hub >= 0 && hub != (int)stream->hub) || !stream->handshaken)
            continue;
        json_open(&writer, NULL, '{');
        json_add_int(&writer, "type", 1);
        json_add_string(&writer, "target", "GatewayLogout");
        json_add_raw(&writer, "arguments", payload == NULL ? DEFAULT_LOGOUT : payload);
        json_close(&writer, '}');
        text_add(&text, "\x1e");
        if (!text.truncated)
            stream_send(sim, stream, &text);
    }
}

/* ---- In ---- */

static void
shake_hands(struct sim *sim, struct stream *stream, const struct json *json)
{
    char buffer[256];
    struct text text = text_on(buffer, sizeof buffer);
    int64_t version = 0;
    bool fine = json_string_is(json, json_get(json, 0, "protocol"), "json") &&
                json_int64(json, json_get(json, 0, "version"), &version) && version == 1;

    text_add(&text, fine ? "{}\x1e" : "{\"error\":\"The protocol is not supported.\"}\x1e");
    stream_send(sim, stream, &text);
    stream->handshaken = fine;
    if (!fine)
        stream->ending = STREAM_CLOSE;
}

static void
message(struct sim *sim, struct stream *stream, const char *bytes, size_t length)
{
    struct json_token tokens[TOKENS];
    struct json json;
    int64_t type = 0;

    if (json_read(bytes, length, tokens, TOKENS, &json, NULL) != OK || json_kind(&json, 0) != JSON_OBJECT) {
        end(sim, stream, STREAM_CLOSE, "Connection closed with an error.", false);
        return;
    }
    if (!stream->handshaken) {
        shake_hands(sim, stream, &json);
        return;
    }
    if (!json_int64(&json, json_get(&json, 0, "type"), &type))
        end(sim, stream, STREAM_CLOSE, "Connection closed with an error.", false);
    else if (type == 1)
        subscriptions_invoke(sim, stream, &json);
    else if (type == 7)
        stream->ending = STREAM_CLOSE;
}

static bool
keep(struct stream *stream, const char *bytes, size_t length)
{
    if (stream->in_length + length > MESSAGE_MAX)
        return false;
    char *grown = realloc(stream->in, stream->in_length + length + 1);
    ASSERT(grown != NULL);
    stream->in = grown;
    memcpy(stream->in + stream->in_length, bytes, length);
    stream->in_length += length;
    return true;
}

void
stream_receive(struct sim *sim, struct stream *stream, const char *bytes, size_t length)
{
    size_t done = 0;

    stream->heard = sim->now;
    if (stream->ending != STREAM_GOES_ON)
        return;
    if (!keep(stream, bytes, length)) {
        end(sim, stream, STREAM_CLOSE, "Connection closed with an error.", false);
        return;
    }
    for (size_t i = 0; i < stream->in_length; i++)
        if (stream->in[i] == '\x1e') {
            if (stream->ending == STREAM_GOES_ON)
                message(sim, stream, stream->in + done, i - done);
            done = i + 1;
        }
    memmove(stream->in, stream->in + done, stream->in_length - done);
    stream->in_length -= done;
}

/* ---- Time ---- */

static struct instant
silence_ends(const struct stream *stream)
{
    return stream->handshaken ? instant_add(stream->heard, SILENCE_MAX) : instant_add(stream->opened, HANDSHAKE_MAX);
}

void
stream_advance(struct sim *sim)
{
    char ping[] = "{\"type\":6}\x1e";
    struct text text = { .data = ping, .size = sizeof ping, .length = sizeof ping - 1 };
    struct stream *stream;

    LL_FOREACH (sim->streams, stream) {
        if (stream->ending != STREAM_GOES_ON)
            continue;
        if (!instant_before(sim->now, silence_ends(stream)))
            end(sim, stream, STREAM_CLOSE, NULL, false);
        else if (stream->handshaken && !instant_before(sim->now, instant_add(stream->spoke, PING_AFTER))) {
            stream->spoke = sim->now; /* Also when a frozen hub says nothing. */
            stream_send(sim, stream, &text);
        }
    }
}

struct instant
stream_next_due(const struct sim *sim)
{
    struct instant due = INSTANT_NEVER;
    const struct stream *stream;

    LL_FOREACH (sim->streams, stream) {
        const struct frame *frame = first_frame(stream);
        if (frame != NULL)
            due = instant_min(due, frame->due);
        if (stream->ending != STREAM_GOES_ON)
            continue;
        due = instant_min(due, silence_ends(stream));
        if (stream->handshaken)
            due = instant_min(due, instant_add(stream->spoke, PING_AFTER));
    }
    return due;
}
