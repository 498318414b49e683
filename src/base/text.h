/*
 * text.h - building and comparing bounded text.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A caller's buffer being filled; always NUL-terminated; what does not fit is cut and remembered. */
struct text {
    char *data;
    size_t size;
    size_t length;
    bool truncated;
};

struct text text_on(char *buffer, size_t size);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_int(struct text *text, int64_t value);
void text_addf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_addv(struct text *text, const char *format, va_list args) PRINTF_LIKE(2, 0);

/** Copy, always terminated; returns false if it had to cut. */
bool text_copy(char *out, size_t out_size, const char *string);
bool text_copy_bytes(char *out, size_t out_size, const char *bytes, size_t length);

/** ASCII case-insensitive equality. */
bool text_same(const char *a, const char *b);
bool text_same_bytes(const char *a, const char *b, size_t b_length);
bool text_starts(const char *string, const char *prefix);

/** Decimal integer text, whole and in range, or false. */
bool text_to_int64(const char *text, size_t length, int64_t *ret_value);

/** Bytes (1 to 4) of the well-formed UTF-8 sequence @text begins with (RFC 3629), or 0: none, or it is cut off by @length. */
size_t text_utf8_length(const char *text, size_t length);

/** Edit distance, for "did you mean" (both at most 63 characters; longer ones give a large number). */
int text_distance(const char *a, const char *b);

/** Candidate nearest to @word within distance 3 and less than the word's length, or NULL; the first of several equal ones. */
const char *text_suggest(const char *word, const char *const *candidates, size_t count);

/** Overwrite memory so that the compiler cannot drop it. */
void secret_wipe(void *data, size_t size);

#endif /* BASE_TEXT_H */
