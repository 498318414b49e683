/*
 * json_token.h - what json.c writes into a struct json_token and json_node.c reads; for these two only.
 */
#ifndef BASE_JSON_TOKEN_H
#define BASE_JSON_TOKEN_H

#include <stddef.h>
#include <stdint.h>

/* json_token.kind: enum json_kind and flags above it. */
#define JSON_TOKEN_KIND 0x0f
#define JSON_TOKEN_ESCAPED 0x40 /* A string that holds at least one escape. */
#define JSON_TOKEN_KEY 0x80     /* A key; its value is the next token. */

/**
 * Code point of the \u escape at @s (which holds the backslash and the u), or of the pair of them that a character beyond
 * U+FFFF takes.  @ret_used is 6 or 12.  -1: no hexadecimal digits, cut off by @n, or half a pair.
 */
int32_t json_escape_point(const char *s, size_t n, size_t *ret_used);

#endif /* BASE_JSON_TOKEN_H */
