/*
 * sha1.c - SHA-1 over a short text (FIPS 180-4, sections 5.1.1 and 6.1.2).
 *
 * Our own sixty lines: OpenSSL is not there on every platform (net/tls_none.c), and libcurl shows nobody its own.
 */
#include "net/sha1.h"

#include "base/assert.h"

#include <string.h>

#define BLOCK_SIZE 64
#define LENGTH_SIZE 8

static uint32_t
rotate(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

static uint32_t
mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + 0x5A827999;
    if (round < 40)
        return (b ^ c ^ d) + 0x6ED9EBA1;
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
    return (b ^ c ^ d) + 0xCA62C1D6;
}

static void
add_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t w[80];
    uint32_t v[5];

    for (int i = 0; i < 16; i++, block += 4)
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 80; i++) {
        uint32_t next = rotate(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + w[i];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (int i = 0; i < 5; i++)
        state[i] += v[i];
}

void
sha1_hash(const void *data, size_t length, uint8_t ret_hash[SHA1_SIZE])
{
    uint32_t state[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 };
    uint8_t padded[2 * BLOCK_SIZE] = { 0 };

    ASSERT(length <= SHA1_INPUT_MAX);
    size_t size = length + 1 + LENGTH_SIZE <= BLOCK_SIZE ? BLOCK_SIZE : 2 * BLOCK_SIZE;
    if (length > 0)
        memcpy(padded, data, length);
    padded[length] = 0x80;
    padded[size - 2] = (uint8_t)(length * 8 >> 8); /* The length in bits, big-endian; two bytes are enough here. */
    padded[size - 1] = (uint8_t)(length * 8);
    for (size_t at = 0; at < size; at += BLOCK_SIZE)
        add_block(state, padded + at);
    for (int i = 0; i < SHA1_SIZE; i++)
        ret_hash[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
