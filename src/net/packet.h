/*
 * packet.h - bytes for the wire, made once and shared by every client they go to.
 *
 * Counted references, for one thread: the loop's.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct packet {
    int references;
    size_t length;
    uint8_t bytes[];
};

/** Room for @length bytes, to be filled by the caller, who holds the one reference.  NULL without memory. */
struct packet *packet_new(size_t length);

/** A server's whole text frame around UTF-8 text.  NULL without memory. */
struct packet *packet_new_text(const char *text, size_t length);

/** Returns @packet. */
struct packet *packet_ref(struct packet *packet);
/** NULL is fine. */
void packet_unref(struct packet *packet);

#endif /* NET_PACKET_H */
