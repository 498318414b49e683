/*
 * fuzz_websocket.c - the codec on anything, in both roles: whatever the splits, the same events come out, none beyond the bound and no text
 * that is not UTF-8.
 *
 * First byte: bit 0 the role, bit 1 with handshake.  Second byte: seed of the splits.  The rest is what the other side sent.
 */
#include "net/websocket.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of RFC 6455 1.3, so that its answer in the corpus is right. */
static void
sample_nonce(void *context, void *out, size_t size)
{
    (void)context;
    memcpy(out, "the sample nonce", size);
}

static void
begin(struct websocket *websocket, uint8_t flags)
{
    char request[256];
    struct text text = text_on(request, sizeof request);

    websocket_init(websocket, &(struct websocket_options){ .role = (flags & 1) != 0 ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT,
                                  .message_max = MESSAGE_MAX, .random = sample_nonce });
    if ((flags & 2) == 0)
        websocket_assume_open(websocket);
    else if ((flags & 1) == 0 && websocket_connect(websocket, "localhost", "/", NULL, &text, NULL) != OK)
        abort();
}

static void
check(const struct websocket_event *event)
{
    struct utf8 utf8 = { 0 };

    if (event->length > MESSAGE_MAX)
        abort();
    if (event->kind == WEBSOCKET_TEXT || event->kind == WEBSOCKET_CLOSE) {
        if (!utf8_add(&utf8, event->data, event->length) || !utf8_complete(&utf8))
            abort();
    }
    if (event->kind == WEBSOCKET_CLOSE && event->code != WEBSOCKET_NO_CODE && !websocket_code_is_valid(event->code))
        abort();
    if (event->kind == WEBSOCKET_ERROR && (event->why == NULL || (event->code != 0 && !websocket_code_is_valid(event->code))))
        abort();
}

static uint64_t
mix(uint64_t hash, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Feed in pieces of pseudo-random sizes (@seed 0: as large as they go); a hash of all events. */
static uint64_t
run(uint8_t flags, uint32_t seed, const uint8_t *data, size_t size)
{
    struct websocket websocket;
    struct websocket_event event;
    uint64_t hash = 1;
    char head[512];

    begin(&websocket, flags);
    while (size > 0) {
        size_t piece = WEBSOCKET_FEED_MAX;
        if (seed != 0) {
            seed = seed * 1664525 + 1013904223;
            piece = 1 + (seed >> 24) % 9 * ((seed >> 16) % 40);
        }
        piece = piece < size ? piece : size;
        if (websocket_feed(&websocket, data, piece, NULL) != OK)
            abort();
        while (websocket_next(&websocket, &event) != WEBSOCKET_NONE) {
            struct text text = text_on(head, sizeof head);
            check(&event);
            hash = mix(hash, &event.kind, sizeof event.kind);
            hash = mix(hash, &event.code, sizeof event.code);
            hash = mix(hash, &event.http_status, sizeof event.http_status);
            hash = mix(hash, event.data, event.length);
            if (event.kind == WEBSOCKET_REQUEST)
                hash += (uint64_t)websocket_accept(&websocket, &event.request, &text);
        }
        data += piece;
        size -= piece;
    }
    websocket_fini(&websocket);
    return hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint64_t whole = run(data[0], 0, data + 2, size - 2);
    if (run(data[0], data[1] + 1u, data + 2, size - 2) != whole)
        abort();
    return 0;
}
