/*
 * fuzz_signalr.c - hub bytes: however they are split, the same records come out, and reading them touches nothing outside.
 *
 * The first byte chooses the splitting.
 */
#include "base/assert.h"
#include "gateway/signalr.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 4096

static struct json_token tokens[TOKENS_MAX];

/* Feed in pieces of a pseudo-random size up to @most; returns a hash of all records. */
static uint64_t
digest(const uint8_t *data, size_t size, size_t most, uint32_t seed)
{
    struct signalr signalr = { 0 };
    uint64_t hash = 14695981039346656037u;
    const char *text;
    size_t length;

    for (size_t at = 0; at < size;) {
        seed = seed * 1664525 + 1013904223;
        size_t piece = 1 + (seed >> 8) % most;
        piece = piece < size - at ? piece : size - at;
        if (signalr_feed(&signalr, data + at, piece, NULL) != OK)
            break;
        at += piece;
        while (signalr_next(&signalr, &text, &length)) {
            struct json json;
            struct signalr_message message;

            for (size_t i = 0; i < length; i++)
                hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
            hash = (hash ^ 0x1e) * 1099511628211u;
            if (json_read(text, length, tokens, TOKENS_MAX, &json, NULL) == OK && signalr_read(&json, &message))
                ASSERT(strlen(message.target) < sizeof message.target && strlen(message.error) < sizeof message.error);
        }
    }
    signalr_fini(&signalr);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint64_t whole = digest(data + 1, size - 1, 100000, 1);
    ASSERT(digest(data + 1, size - 1, 1 + data[0], data[0]) == whole);
    ASSERT(digest(data + 1, size - 1, 1, 1) == whole);
    return 0;
}
