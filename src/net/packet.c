/*
 * packet.c - shared bytes for the wire: a hundred clients of the feed get one frame, made once.
 */
#include "net/packet.h"

#include "base/assert.h"
#include "net/websocket.h"

#include <stdlib.h>

struct packet *
packet_new(size_t length)
{
    if (length > SIZE_MAX - sizeof(struct packet))
        return NULL;
    struct packet *packet = malloc(sizeof *packet + length);
    if (packet == NULL)
        return NULL;
    packet->references = 1;
    packet->length = length;
    return packet;
}

struct packet *
packet_new_text(const char *text, size_t length)
{
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_TEXT, .data = text, .length = length };
    struct packet *packet = packet_new(websocket_frame_size(length));

    if (packet != NULL)
        packet->length = websocket_encode(&frame, NULL, packet->bytes, packet->length);
    return packet;
}

struct packet *
packet_ref(struct packet *packet)
{
    ASSERT(packet->references > 0);
    packet->references++;
    return packet;
}

void
packet_unref(struct packet *packet)
{
    if (packet == NULL)
        return;
    ASSERT(packet->references > 0);
    if (--packet->references == 0)
        free(packet);
}
