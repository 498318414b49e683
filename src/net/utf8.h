/*
 * utf8.h - is a stream of bytes UTF-8 (RFC 3629)?  Answered byte by byte, so a wrong one is found where it stands.
 */
#ifndef NET_UTF8_H
#define NET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: at a character's start. */
struct utf8 {
    uint8_t missing;   /* Continuation bytes still owed. */
    uint8_t low, high; /* What the next of them may be. */
};

/** Take @length more bytes.  False at the first that no valid text could have there; @utf8 is then spent. */
bool utf8_add(struct utf8 *utf8, const uint8_t *bytes, size_t length);

/** Did the text end between two characters? */
bool utf8_complete(const struct utf8 *utf8);

/** Make it UTF-8: every byte that belongs to no character becomes '?'. */
void utf8_scrub(uint8_t *bytes, size_t length);

#endif /* NET_UTF8_H */
