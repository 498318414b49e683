/*
 * outbox.c - queue of shared packets in front of a libuv stream.
 *
 *     first -> packet -> packet -> packet -> packet -> last
 *             |--- writing ---|
 *
 * While one write is under way more packets pile up and leave together in the next: one system call for a burst of messages.
 */
#include "net/outbox.h"

#include "base/assert.h"

#include <limits.h>
#include <stdlib.h>

#define WRITE_PACKETS_MAX 64

struct outbox_node {
    struct packet *packet;
    struct outbox_node *next;
};

bool
outbox_add(struct outbox *outbox, struct packet *packet)
{
    struct outbox_node *node = malloc(sizeof *node);

    if (node == NULL)
        return false;
    *node = (struct outbox_node){ .packet = packet_ref(packet) };
    if (outbox->first == NULL)
        outbox->first = node;
    else
        outbox->last->next = node;
    outbox->last = node;
    outbox->queued += packet->length;
    return true;
}

static void
drop_first(struct outbox *outbox)
{
    struct outbox_node *node = outbox->first;

    ASSERT(node != NULL && outbox->queued >= node->packet->length);
    outbox->queued -= node->packet->length;
    outbox->first = node->next;
    packet_unref(node->packet);
    free(node);
}

static void
on_written(uv_write_t *request, int status)
{
    struct outbox *outbox = request->data;

    for (; outbox->writing > 0; outbox->writing--)
        drop_first(outbox);
    outbox->written(outbox->context, status);
}

int
outbox_flush(struct outbox *outbox)
{
    uv_buf_t buffers[WRITE_PACKETS_MAX];
    unsigned count = 0;

    if (outbox->writing > 0 || outbox->first == NULL)
        return 0;
    for (struct outbox_node *node = outbox->first; node != NULL && count < WRITE_PACKETS_MAX; node = node->next) {
        ASSERT(node->packet->length <= UINT_MAX);
        buffers[count++] = uv_buf_init((char *)node->packet->bytes, (unsigned)node->packet->length);
    }
    outbox->request.data = outbox;
    int result = uv_write(&outbox->request, outbox->stream, buffers, count, on_written);
    if (result == 0)
        outbox->writing = count;
    return result;
}

bool
outbox_is_empty(const struct outbox *outbox)
{
    return outbox->first == NULL;
}

void
outbox_fini(struct outbox *outbox)
{
    ASSERT(outbox->writing == 0);
    while (outbox->first != NULL)
        drop_first(outbox);
}
