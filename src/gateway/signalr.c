/*
 * signalr.c - SignalR's JSON hub protocol: cutting bytes into records, reading and writing them.
 */
#include "gateway/signalr.h"

#include <stdlib.h>
#include <string.h>

void
signalr_fini(struct signalr *signalr)
{
    free(signalr->data);
    *signalr = (struct signalr){ 0 };
}

enum status
signalr_feed(struct signalr *signalr, const void *bytes, size_t length, struct error *err)
{
    size_t held = signalr->end - signalr->start;

    if (held + length > SIGNALR_RECORD_MAX)
        return error_set(err, STATUS_LIMIT, "hub record over %zu bytes", SIGNALR_RECORD_MAX);
    if (signalr->start > 0) {
        memmove(signalr->data, signalr->data + signalr->start, held);
        signalr->start = 0;
        signalr->end = held;
    }
    if (held + length > signalr->size) {
        size_t size = (held + length) * 2;
        char *grown = realloc(signalr->data, size);

        if (grown == NULL)
            return error_set(err, STATUS_LIMIT, "no memory for a hub record");
        signalr->data = grown;
        signalr->size = size;
    }
    if (length > 0)
        memcpy(signalr->data + held, bytes, length);
    signalr->end = held + length;
    return OK;
}

bool
signalr_next(struct signalr *signalr, const char **ret_text, size_t *ret_length)
{
    if (signalr->end == signalr->start)
        return false;
    const char *text = signalr->data + signalr->start;
    const char *end = memchr(text, SIGNALR_SEPARATOR, signalr->end - signalr->start);
    if (end == NULL)
        return false;
    *ret_text = text;
    *ret_length = (size_t)(end - text);
    signalr->start += *ret_length + 1;
    return true;
}

static enum signalr_type
type_of(int64_t number)
{
    switch (number) {
    case SIGNALR_INVOCATION:
    case SIGNALR_STREAM_ITEM:
    case SIGNALR_COMPLETION:
    case SIGNALR_PING:
    case SIGNALR_CLOSE:
        return (enum signalr_type)number;
    default:
        return SIGNALR_OTHER;
    }
}

bool
signalr_read(const struct json *json, struct signalr_message *ret_message)
{
    enum { TYPE, TARGET, ARGUMENTS, INVOCATION_ID, ERROR, ALLOW_RECONNECT, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("type"), JSON_KEY("target"), JSON_KEY("arguments"),
        JSON_KEY("invocationId"), JSON_KEY("error"), JSON_KEY("allowReconnect") };
    struct signalr_message m = { .arguments = JSON_NONE, .invocation_id = -1, .allow_reconnect = true };
    int64_t number = 0;
    int at[KEYS];

    if (json_kind(json, 0) != JSON_OBJECT)
        return false;
    json_pick(json, 0, keys, KEYS, at);
    if (at[TYPE] != JSON_NONE && !json_int64(json, at[TYPE], &number))
        return false;
    m.type = number == 0 ? SIGNALR_HANDSHAKE : type_of(number); /* Some servers write its type, 0; Microsoft's client takes that. */
    if (json_kind(json, at[ERROR]) != JSON_ABSENT && json_kind(json, at[ERROR]) != JSON_NULL) {
        m.has_error = true;
        if (!json_string(json, at[ERROR], m.error, sizeof m.error))
            text_copy(m.error, sizeof m.error, "(unreadable)");
    }
    (void)json_int64(json, at[INVOCATION_ID], &m.invocation_id);
    if (m.type == SIGNALR_CLOSE)
        (void)json_bool(json, at[ALLOW_RECONNECT], &m.allow_reconnect);
    if (m.type == SIGNALR_INVOCATION) {
        if (!json_string(json, at[TARGET], m.target, sizeof m.target))
            return false;
        if (json_kind(json, at[ARGUMENTS]) == JSON_ARRAY)
            m.arguments = at[ARGUMENTS];
    }
    *ret_message = m;
    return true;
}

static void
separate(struct text *out)
{
    const char separator = SIGNALR_SEPARATOR;

    text_add_bytes(out, &separator, 1);
}

void
signalr_write_handshake(struct text *out)
{
    text_add(out, "{\"protocol\":\"json\",\"version\":1}");
    separate(out);
}

void
signalr_write_ping(struct text *out)
{
    text_add(out, "{\"type\":6}");
    separate(out);
}

void
signalr_write_invocation(struct text *out, int64_t invocation_id, const char *target, const char *argument)
{
    char id[24];
    struct text id_text = text_on(id, sizeof id);
    struct json_writer w = json_writer_on(out);

    text_addf(&id_text, "%lld", (long long)invocation_id);
    json_open(&w, NULL, '{');
    json_add_int(&w, "type", SIGNALR_INVOCATION);
    json_add_string(&w, "invocationId", id);
    json_add_string(&w, "target", target);
    json_open(&w, "arguments", '[');
    if (argument != NULL)
        json_add_raw(&w, NULL, argument);
    json_close(&w, ']');
    json_close(&w, '}');
    separate(out);
}
