/*
 * loopback.c - the Host and Origin a local server answers to: compared whole, never searched in, so that
 * "localhost.evil.example" and "127.0.0.1@evil.example" are foreign.
 */
#include "net/loopback.h"

#include "base/assert.h"
#include "base/text.h"

static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };

bool
loopback_is_host(struct head_slice host, uint16_t port)
{
    char expected[32];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct text text = text_on(expected, sizeof expected);
        text_addf(&text, "%s:%u", names[i], (unsigned)port);
        if (head_slice_same(host, expected))
            return true;
    }
    return false;
}

/* "http://localhost:3000" without @prefix; the rest of it. */
static bool
skip(struct head_slice *slice, const char *prefix)
{
    size_t length = 0;

    while (prefix[length] != '\0')
        length++;
    if (slice->length < length || !head_slice_same((struct head_slice){ slice->data, length }, prefix))
        return false;
    slice->data += length;
    slice->length -= length;
    return true;
}

static bool
is_port(struct head_slice slice)
{
    if (slice.length < 2 || slice.length > 6 || slice.data[0] != ':')
        return false;
    for (size_t i = 1; i < slice.length; i++) {
        if (slice.data[i] < '0' || slice.data[i] > '9')
            return false;
    }
    return true;
}

bool
loopback_is_origin(struct head_slice origin)
{
    if (origin.data == NULL)
        return true;
    if (!skip(&origin, "http://") && !skip(&origin, "https://"))
        return false;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct head_slice rest = origin;
        if (skip(&rest, names[i]) && (rest.length == 0 || is_port(rest)))
            return true;
    }
    return false;
}
