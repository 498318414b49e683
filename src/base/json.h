/*
 * json.h - strict JSON (RFC 8259): a bounds-checked reader and a small writer.
 *
 * The reader copies nothing and allocates nothing: a struct json is the caller's text plus the caller's token array.
 * Numbers stay text until asked for as int64, money or price, so ids above 2^53 and cents stay exact.  What is not JSON to the last
 * byte, or nested deeper than JSON_DEPTH_MAX, is refused whole.  Every accessor takes any node index and answers "absent" for a
 * wrong one: data from outside never trips an assertion.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32
#define JSON_NONE (-1)

/** One node; layout is private to json.c. */
struct json_token {
    uint32_t start;
    uint32_t end;
    uint32_t count; /* Children of an object (pairs) or array. */
    uint32_t skip;  /* Tokens of the whole subtree, this one included. */
    uint8_t kind;
};

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    const char *text;
    size_t length;
    struct json_token *tokens;
    int count;
};

/**
 * Read one whole value.  @tokens is the caller's, @capacity long, and lives as long as @ret_json; node 0 is the root.
 * STATUS_CORRUPT with the byte offset, or STATUS_LIMIT when the tokens do not fit.
 */
MUST_USE enum status json_read(const char *text, size_t length, struct json_token *tokens, size_t capacity,
    struct json *ret_json, struct error *err);

enum json_kind json_kind(const struct json *json, int node);
/** Value of a key in an object (exact, escapes decoded; the last of duplicates), or JSON_NONE. */
int json_get(const struct json *json, int object, const char *key);
/** Same, key compared without regard to ASCII case. */
int json_get_any_case(const struct json *json, int object, const char *key);
/** A key for json_pick(): struct json_key keys[] = { JSON_KEY("id"), ... }.  Names lie side by side: a scattered one is a miss of the cache each. */
struct json_key {
    uint8_t length;
    char name[23];
};
#define JSON_KEY(literal) { sizeof(literal) - 1, literal }
/** json_get() of @count keys in one pass over the object: @ret_nodes[i] is the value of keys[i], or JSON_NONE.  Fastest in the order they come in. */
void json_pick(const struct json *json, int object, const struct json_key *keys, size_t count, int *ret_nodes);
size_t json_size(const struct json *json, int node);
/**
 * Children: int n = json_first(j, parent), then n = json_next(j, n) for json_size() steps.  In an object these are the keys;
 * json_value(j, key) is the key's value.
 */
int json_first(const struct json *json, int node);
int json_next(const struct json *json, int node);
int json_value(const struct json *json, int key);

/**
 * Raw text of a node as it stands (strings without quotes, escapes kept; not NUL-terminated).  Absent: "" and 0.  To look into a
 * string use json_string(): .NET may write any character as an escape.
 */
const char *json_raw(const struct json *json, int node, size_t *ret_length);
/** String with escapes decoded, NUL-terminated; false if absent, not a string, does not fit, or holds a NUL. */
bool json_string(const struct json *json, int node, char *out, size_t out_size);
/** Is a string and, escapes decoded, exactly @expected. */
bool json_string_is(const struct json *json, int node, const char *expected);
/** Integer, or a string of digits (gateway.md 4.5: ids are sometimes strings).  A fraction ".0..." is accepted as whole. */
bool json_int64(const struct json *json, int node, int64_t *ret_value);
bool json_bool(const struct json *json, int node, bool *ret_value);
/** A decimal number, or a string of one: what sends ids as strings may send figures so too. */
bool json_money(const struct json *json, int node, int64_t *ret_micros);
bool json_price(const struct json *json, int node, int64_t *ret_nanos);

/**
 * Writer into a struct text: commas and quotes are its business.  json_write_* with key NULL inside an array.
 *     struct json_writer w = json_writer_on(&text);
 *     json_open(&w, NULL, '{'); json_add_int(&w, "a", 1); json_close(&w, '}');
 */
struct json_writer {
    struct text *text;
    bool comma;
};

struct json_writer json_writer_on(struct text *text);
void json_open(struct json_writer *writer, const char *key, char bracket);
void json_close(struct json_writer *writer, char bracket);
/** NULL writes null; bytes that are no UTF-8 become U+FFFD. */
void json_add_string(struct json_writer *writer, const char *key, const char *value);
void json_add_int(struct json_writer *writer, const char *key, int64_t value);
void json_add_bool(struct json_writer *writer, const char *key, bool value);
void json_add_null(struct json_writer *writer, const char *key);
void json_add_money(struct json_writer *writer, const char *key, int64_t micros);
void json_add_price(struct json_writer *writer, const char *key, int64_t nanos);
/** Text that is JSON already. */
void json_add_raw(struct json_writer *writer, const char *key, const char *json);

#endif /* BASE_JSON_H */
