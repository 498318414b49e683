/*
 * reply.c - see reply.h.
 */
#include "sim/reply.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 2048

void
reply_begin(struct reply *reply)
{
    char *data = malloc(FIRST_ROOM);

    ASSERT(data != NULL);
    reply->text = text_on(data, FIRST_ROOM);
    reply->writer = json_writer_on(&reply->text);
    reply->code = 0;
    json_open(&reply->writer, NULL, '{');
}

void
reply_room(struct reply *reply, size_t bytes)
{
    size_t wanted = reply->text.length + bytes + 1, size = reply->text.size;

    if (wanted <= size)
        return;
    while (size < wanted)
        size *= 2;
    reply->text.data = realloc(reply->text.data, size);
    ASSERT(reply->text.data != NULL);
    reply->text.size = size;
    reply->writer.text = &reply->text;
}

void
reply_end(struct reply *reply, int code, const char *message)
{
    reply->writer.text = &reply->text;
    reply_room(reply, 512);
    json_add_bool(&reply->writer, "success", code == 0);
    json_add_int(&reply->writer, "errorCode", code);
    json_add_string(&reply->writer, "errorMessage", message == NULL || message[0] == '\0' ? NULL : message);
    json_close(&reply->writer, '}');
    reply->code = code;
}

void
reply_problem(struct reply *reply, int status, const char *title, const char *detail)
{
    free(reply->text.data);
    reply_begin(reply);
    json_add_string(&reply->writer, "type", "https://tools.ietf.org/html/rfc9110#section-15.5.1");
    json_add_string(&reply->writer, "title", title);
    json_add_int(&reply->writer, "status", status);
    json_open(&reply->writer, "errors", '{');
    json_open(&reply->writer, "$", '[');
    json_add_string(&reply->writer, NULL, detail);
    json_close(&reply->writer, ']');
    json_close(&reply->writer, '}');
    json_add_string(&reply->writer, "traceId", "00-00000000000000000000000000000000-0000000000000000-00");
    json_close(&reply->writer, '}');
    reply->code = -1;
}

/* ---- Reading ---- */

bool
reply_read(struct call *call)
{
    static const char empty[] = "{}";
    const char *text = call->request->length == 0 ? empty : call->request->body;
    size_t length = call->request->length == 0 ? sizeof empty - 1 : call->request->length;

    call->root = 0;
    return json_read(text, length, call->tokens, REPLY_TOKENS, &call->json, NULL) == OK &&
           json_kind(&call->json, 0) == JSON_OBJECT;
}

static void
remember_missing(struct call *call, const char *key)
{
    size_t length = strlen(call->missing);

    (void)snprintf(call->missing + length, sizeof call->missing - length, "%s%s", length > 0 ? ", " : "", key);
}

int64_t
reply_int(struct call *call, const char *key)
{
    int node = json_get(&call->json, call->root, key);
    int64_t value = 0;

    if (json_kind(&call->json, node) != JSON_NUMBER || !json_int64(&call->json, node, &value))
        remember_missing(call, key);
    return value;
}

void
reply_string(struct call *call, const char *key, char *out, size_t out_size)
{
    out[0] = '\0';
    if (!json_string(&call->json, json_get(&call->json, call->root, key), out, out_size))
        remember_missing(call, key);
}

struct instant
reply_instant(struct call *call, const char *key)
{
    struct instant at = reply_instant_or(call, call->root, key, INSTANT_NEVER);

    if (instant_is_never(at))
        remember_missing(call, key);
    return at;
}

int64_t
reply_int_or(const struct call *call, int object, const char *key, int64_t otherwise)
{
    int64_t value;

    return json_int64(&call->json, json_get(&call->json, object, key), &value) ? value : otherwise;
}

int64_t
reply_price_or(const struct call *call, int object, const char *key, int64_t otherwise)
{
    int64_t value;

    return json_price(&call->json, json_get(&call->json, object, key), &value) ? value : otherwise;
}

bool
reply_bool_or(const struct call *call, int object, const char *key, bool otherwise)
{
    bool value;

    return json_bool(&call->json, json_get(&call->json, object, key), &value) ? value : otherwise;
}

void
reply_string_or(const struct call *call, int object, const char *key, char *out, size_t out_size, const char *otherwise)
{
    if (!json_string(&call->json, json_get(&call->json, object, key), out, out_size))
        (void)text_copy(out, out_size, otherwise);
}

struct instant
reply_instant_or(const struct call *call, int object, const char *key, struct instant otherwise)
{
    char text[64];
    struct instant at;

    if (!json_string(&call->json, json_get(&call->json, object, key), text, sizeof text) ||
        !instant_parse(text, strlen(text), &at))
        return otherwise;
    return at;
}
