/*
 * sha256.h - SHA-256 (FIPS 180-4), for the chain of the enforcement log and the hash of a configuration.
 *
 * Our own because no library the daemon links already exports one.
 */
#ifndef STORE_SHA256_H
#define STORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_HEX_MAX 65

struct sha256 {
    uint32_t state[8];
    uint64_t length;    /* Bytes taken in. */
    uint8_t block[64];  /* The first length % 64 bytes are waiting. */
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t size);
/** Ends the calculation; init before using it again. */
void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_SIZE]);
/** 64 lower-case digits. */
void sha256_hex(const uint8_t digest[SHA256_SIZE], char ret_text[SHA256_HEX_MAX]);

#endif /* STORE_SHA256_H */
