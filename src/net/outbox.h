/*
 * outbox.h - what waits to be written to one stream: packets in order, one uv_write() of many at a time.
 *
 * Our own queue, because libuv's is unbounded and tells nobody when it is empty.
 */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include "net/packet.h"

#include <stdbool.h>
#include <uv.h>

struct outbox_node;

/* Fields are outbox.c's own but for the first three, set by the owner on a zeroed struct. */
struct outbox {
    uv_stream_t *stream;
    /* A write ended: @status 0, or libuv's error: the stream is spent.  Not called during outbox_flush(). */
    void (*written)(void *context, int status);
    void *context;
    uv_write_t request;
    struct outbox_node *first, *last;
    size_t queued;  /* Bytes not known to be in the kernel yet. */
    size_t writing; /* Packets of the write under way. */
};

/** Queue; takes a reference of its own.  False without memory. */
bool outbox_add(struct outbox *outbox, struct packet *packet);

/** Start writing unless a write is under way or nothing waits.  Returns 0 or libuv's error. */
int outbox_flush(struct outbox *outbox);

bool outbox_is_empty(const struct outbox *outbox);

/** Drop all that waits.  Only once the stream is closed: libuv reads the bytes of a write under way. */
void outbox_fini(struct outbox *outbox);

#endif /* NET_OUTBOX_H */
