/*
 * json_node.c - looking at what json_read() made; see json.h.
 *
 * The text and its tokens were checked as a whole, so nothing here can run over their ends: every escape is complete, every key
 * is followed by its value, token->skip stays within the array.  What is left to check is the caller's node index and what the
 * caller expects the node to be; both come from data, so a wrong one is an answer ("absent", false), not an assertion.
 */
#include "base/json.h"

#include "base/json_token.h"
#include "base/money.h"

#include <string.h>

static const struct json_token *
at(const struct json *json, int node)
{
    return node >= 0 && node < json->count ? &json->tokens[node] : NULL;
}

enum json_kind
json_kind(const struct json *json, int node)
{
    const struct json_token *token = at(json, node);

    return token == NULL ? JSON_ABSENT : (enum json_kind)(token->kind & JSON_TOKEN_KIND);
}

size_t
json_size(const struct json *json, int node)
{
    enum json_kind kind = json_kind(json, node);

    return kind == JSON_OBJECT || kind == JSON_ARRAY ? json->tokens[node].count : 0;
}

int
json_first(const struct json *json, int node)
{
    return json_size(json, node) > 0 ? node + 1 : JSON_NONE;
}

int
json_value(const struct json *json, int key)
{
    const struct json_token *token = at(json, key);

    return token != NULL && (token->kind & JSON_TOKEN_KEY) != 0 ? key + 1 : JSON_NONE;
}

int
json_next(const struct json *json, int node)
{
    const struct json_token *token = at(json, node);
    int value = json_value(json, node);

    if (token == NULL)
        return JSON_NONE;
    if (value != JSON_NONE) {
        node = value;
        token = at(json, node);
    }
    return token == NULL ? JSON_NONE : node + (int)token->skip;
}

const char *
json_raw(const struct json *json, int node, size_t *ret_length)
{
    const struct json_token *token = at(json, node);

    *ret_length = token == NULL ? 0 : token->end - token->start;
    return token == NULL ? "" : json->text + token->start;
}

/* Append a code point as UTF-8. */
static size_t
put_point(int32_t point, char out[4])
{
    uint32_t p = (uint32_t)point;

    if (p < 0x80) {
        out[0] = (char)p;
        return 1;
    }
    size_t length = p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, p >>= 6)
        out[i] = (char)(0x80 | (p & 0x3f));
    out[0] = (char)((length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0) | p);
    return length;
}

/* The next character of a string that was checked: 1 to 4 bytes to @out, and how much of the raw text they were. */
static size_t
decode_step(const char *s, size_t n, char out[4], size_t *ret_used)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    *ret_used = 1;
    out[0] = s[0];
    if (s[0] != '\\')
        return 1;
    if (s[1] == 'u')
        return put_point(json_escape_point(s, n, ret_used), out);
    *ret_used = 2;
    out[0] = to[strchr(from, s[1]) - from];
    return 1;
}

static char
folded(char c, bool any_case)
{
    return any_case && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The string, decoded, is exactly the @length bytes of @expected. */
static bool
token_is(const struct json *json, const struct json_token *token, const char *expected, size_t length, bool any_case)
{
    const char *s = json->text + token->start;
    size_t n = token->end - token->start, matched = 0;
    char bytes[4];

    if ((token->kind & JSON_TOKEN_ESCAPED) == 0)
        return n == length && (any_case ? text_same_bytes(expected, s, n) : memcmp(s, expected, n) == 0);
    for (size_t i = 0, used; i < n; i += used) {
        size_t got = decode_step(s + i, n - i, bytes, &used);
        if (got > length - matched)
            return false;
        for (size_t k = 0; k < got; k++) {
            if (folded(bytes[k], any_case) != folded(expected[matched + k], any_case))
                return false;
        }
        matched += got;
    }
    return matched == length;
}

/* The next key of an object, given that of one. */
static int
after(const struct json *json, int key)
{
    return key + 1 + (int)json->tokens[key + 1].skip;
}

static int
get(const struct json *json, int object, const char *key, bool any_case)
{
    size_t length = strlen(key), left = json_kind(json, object) == JSON_OBJECT ? json_size(json, object) : 0;
    int found = JSON_NONE;

    for (int child = json_first(json, object); left > 0; left--, child = after(json, child)) {
        if (token_is(json, &json->tokens[child], key, length, any_case))
            found = child + 1;
    }
    return found;
}

int
json_get(const struct json *json, int object, const char *key)
{
    return get(json, object, key, false);
}

int
json_get_any_case(const struct json *json, int object, const char *key)
{
    return get(json, object, key, true);
}

void
json_pick(const struct json *json, int object, const struct json_key *keys, size_t count, int *ret_nodes)
{
    size_t left = json_kind(json, object) == JSON_OBJECT ? json_size(json, object) : 0, expected = 0;

    for (size_t i = 0; i < count; i++)
        ret_nodes[i] = JSON_NONE;
    for (int child = json_first(json, object); left > 0; left--, child = after(json, child)) {
        const struct json_token *token = &json->tokens[child];
        bool escaped = (token->kind & JSON_TOKEN_ESCAPED) != 0;
        for (size_t tried = 0, i = expected; tried < count; tried++, i = i + 1 < count ? i + 1 : 0) {
            if ((!escaped && token->end - token->start != keys[i].length) ||
                !token_is(json, token, keys[i].name, keys[i].length, false))
                continue;
            ret_nodes[i] = child + 1;
            expected = i + 1 < count ? i + 1 : 0;
            break;
        }
    }
}

bool
json_string(const struct json *json, int node, char *out, size_t out_size)
{
    size_t n, used = 0;
    const char *s = json_raw(json, node, &n);
    char bytes[4];

    if (json_kind(json, node) != JSON_STRING || out_size == 0)
        return false;
    if ((json->tokens[node].kind & JSON_TOKEN_ESCAPED) == 0)
        return n < out_size && text_copy_bytes(out, out_size, s, n);
    for (size_t i = 0, step; i < n; i += step) {
        size_t got = decode_step(s + i, n - i, bytes, &step);
        if (used + got >= out_size || bytes[0] == 0)
            return false;
        memcpy(out + used, bytes, got);
        used += got;
    }
    out[used] = 0;
    return true;
}

bool
json_string_is(const struct json *json, int node, const char *expected)
{
    return json_kind(json, node) == JSON_STRING && token_is(json, &json->tokens[node], expected, strlen(expected), false);
}

bool
json_int64(const struct json *json, int node, int64_t *ret_value)
{
    size_t n;
    const char *s = json_raw(json, node, &n);
    enum json_kind kind = json_kind(json, node);
    const char *dot;

    if (kind != JSON_NUMBER && kind != JSON_STRING)
        return false;
    dot = kind == JSON_NUMBER ? memchr(s, '.', n) : NULL;
    if (dot != NULL) {
        for (const char *p = dot + 1; p < s + n; p++) {
            if (*p != '0')
                return false;
        }
        n = (size_t)(dot - s);
    }
    return text_to_int64(s, n, ret_value);
}

bool
json_bool(const struct json *json, int node, bool *ret_value)
{
    enum json_kind kind = json_kind(json, node);

    if (kind != JSON_TRUE && kind != JSON_FALSE)
        return false;
    *ret_value = kind == JSON_TRUE;
    return true;
}

static bool
is_figure(const struct json *json, int node)
{
    enum json_kind kind = json_kind(json, node);

    return kind == JSON_NUMBER || kind == JSON_STRING;
}

bool
json_money(const struct json *json, int node, int64_t *ret_micros)
{
    size_t n;
    const char *s = json_raw(json, node, &n);

    return is_figure(json, node) && money_parse(s, n, ret_micros);
}

bool
json_price(const struct json *json, int node, int64_t *ret_nanos)
{
    size_t n;
    const char *s = json_raw(json, node, &n);

    return is_figure(json, node) && price_parse(s, n, ret_nanos);
}
