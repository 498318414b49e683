/*
 * fuzz_json.c - json_read() accepts exactly the grammar of RFC 8259, and what it accepted can be walked, asked and written again.
 *
 * The oracle is a recursive descent parser that follows the RFC's productions and shares no code with json.c.
 */
#include "base/assert.h"
#include "base/json.h"
#include "base/money.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 4096
#define TEXT_MAX (64 * 1024)

static struct json_token tokens[TOKENS_MAX], tokens_again[TOKENS_MAX];

/* ---- The oracle: each returns the byte after the production at @p, or NULL. ---- */

static const char *value(const char *p, const char *end, int depth);

static const char *
space(const char *p, const char *end)
{
    while (p < end && (*p == 0x20 || *p == 0x09 || *p == 0x0a || *p == 0x0d))
        p++;
    return p;
}

static const char *
digit_run(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p > start ? p : NULL;
}

static const char *
number(const char *p, const char *end)
{
    if (p < end && *p == '-')
        p++;
    p = p < end && *p == '0' ? p + 1 : digit_run(p, end);
    if (p != NULL && p < end && *p == '.')
        p = digit_run(p + 1, end);
    if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p = digit_run(p < end && (*p == '+' || *p == '-') ? p + 1 : p, end);
    }
    return p;
}

static long
unit(const char *p, const char *end)
{
    char hex[5] = { 0 }, *stop;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || strspn(memcpy(hex, p + 2, 4), "0123456789abcdefABCDEF") != 4)
        return -1;
    return strtol(hex, &stop, 16);
}

static const char *
escape(const char *p, const char *end)
{
    long first = unit(p, end);

    if (first < 0)
        return end - p >= 2 && p[1] != 0 && strchr("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;
    if (first < 0xd800 || first > 0xdfff)
        return p + 6;
    long second = unit(p + 6, end);
    return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff ? p + 12 : NULL;
}

/* By decoding and asking whether the shortest form is as long. */
static const char *
character(const char *p, const char *end)
{
    unsigned first = (unsigned char)*p;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    unsigned long point = first & (more == 3 ? 0x07 : more == 2 ? 0x0f : 0x1f);

    if (first < 0x80)
        return p + 1;
    if (first < 0xc0 || first > 0xf7 || end - p <= more)
        return NULL;
    for (int i = 1; i <= more; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return NULL;
        point = point << 6 | ((unsigned char)p[i] & 0x3f);
    }
    int needed = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    return needed == more && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? p + more + 1 : NULL;
}

static const char *
string(const char *p, const char *end)
{
    if (p >= end || *p++ != '"')
        return NULL;
    while (p != NULL && p < end && *p != '"') {
        if ((unsigned char)*p < 0x20)
            return NULL;
        p = *p == '\\' ? escape(p, end) : character(p, end);
    }
    return p != NULL && p < end ? p + 1 : NULL;
}

static const char *
member(const char *p, const char *end, int depth)
{
    p = string(p, end);
    p = p != NULL ? space(p, end) : p;
    return p != NULL && p < end && *p == ':' ? value(space(p + 1, end), end, depth) : NULL;
}

static const char *
container(const char *p, const char *end, int depth)
{
    char close = *p == '{' ? '}' : ']';

    if (depth == JSON_DEPTH_MAX)
        return NULL;
    p = space(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        p = close == '}' ? member(p, end, depth + 1) : value(p, end, depth + 1);
        if (p == NULL)
            return NULL;
        p = space(p, end);
        if (p < end && *p == close)
            return p + 1;
        if (p >= end || *p != ',')
            return NULL;
        p = space(p + 1, end);
    }
}

static const char *
value(const char *p, const char *end, int depth)
{
    static const char *const words[] = { "null", "true", "false" };

    if (p >= end)
        return NULL;
    if (*p == '{' || *p == '[')
        return container(p, end, depth);
    if (*p == '"')
        return string(p, end);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(end - p) >= length && memcmp(p, words[i], length) == 0)
            return p + length;
    }
    return number(p, end);
}

static bool
oracle(const char *text, size_t length)
{
    const char *end = text + length, *p = value(space(text, end), end, 0);

    return p != NULL && space(p, end) == end;
}

/* ---- What was accepted ---- */

static void
ask(const struct json *json, int node)
{
    char out[64], small[2];
    int64_t number_value = 0;
    bool flag;
    size_t length;
    const char *raw = json_raw(json, node, &length);

    ASSERT(raw >= json->text && raw + length <= json->text + json->length);
    if (json_string(json, node, out, sizeof out)) {
        ASSERT(strlen(out) < sizeof out && json_string_is(json, node, out));
        ASSERT(json_kind(json, node) == JSON_STRING);
        if (json_value(json, node) != JSON_NONE)
            ASSERT(json_get(json, 0, out) != JSON_NONE || json_kind(json, 0) != JSON_OBJECT || node > 1);
    }
    (void)json_string(json, node, small, sizeof small);
    (void)json_int64(json, node, &number_value);
    if (json_money(json, node, &number_value))
        ASSERT(number_value <= MONEY_MAX && number_value >= -MONEY_MAX);
    if (json_price(json, node, &number_value))
        ASSERT(number_value <= PRICE_MAX && number_value >= -PRICE_MAX);
    (void)json_bool(json, node, &flag);
    (void)json_get_any_case(json, node, "ID");
}

/* Write a subtree again, and count its nodes: every token is reached exactly once. */
static int
copy_node(const struct json *json, int node, const char *key, struct json_writer *writer)
{
    char string_value[TEXT_MAX], name[TEXT_MAX];
    enum json_kind kind = json_kind(json, node);
    size_t length;
    int seen = 1;

    ASSERT(kind != JSON_ABSENT);
    if (kind == JSON_STRING) {
        json_add_string(writer, key, json_string(json, node, string_value, sizeof string_value) ? string_value : "NUL");
        return 1;
    }
    if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
        const char *raw = json_raw(json, node, &length);
        (void)text_copy_bytes(string_value, sizeof string_value, raw, length);
        json_add_raw(writer, key, string_value);
        return 1;
    }
    json_open(writer, key, kind == JSON_OBJECT ? '{' : '[');
    int child = json_first(json, node);
    for (size_t left = json_size(json, node); left > 0; left--, child = json_next(json, child)) {
        bool pair = kind == JSON_OBJECT;
        if (pair && !json_string(json, child, name, sizeof name))
            (void)text_copy(name, sizeof name, "NUL");
        seen += (pair ? 1 : 0) + copy_node(json, pair ? json_value(json, child) : child, pair ? name : NULL, writer);
    }
    json_close(writer, kind == JSON_OBJECT ? '}' : ']');
    return seen;
}

static void
write_again(const struct json *json)
{
    static char first[4 * TEXT_MAX], second[4 * TEXT_MAX];
    struct text text = text_on(first, sizeof first), again = text_on(second, sizeof second);
    struct json_writer writer = json_writer_on(&text), writer_again = json_writer_on(&again);
    struct json copy;
    struct error err;

    ASSERT(copy_node(json, 0, NULL, &writer) == json->count);
    ASSERT(!text.truncated);
    ASSERT(json_read(first, text.length, tokens_again, TOKENS_MAX, &copy, &err) == OK);
    ASSERT(copy.count == json->count);
    ASSERT(copy_node(&copy, 0, NULL, &writer_again) == copy.count);
    ASSERT(strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json json;
    struct error err;
    char *copy = malloc(size > 0 ? size : 1); /* Exact size: a read beyond the end is found. */

    if (copy == NULL || size > TEXT_MAX / 2) {
        free(copy);
        return 0;
    }
    if (size > 0)
        memcpy(copy, data, size);
    enum status status = json_read(copy, size, tokens, TOKENS_MAX, &json, &err);
    ASSERT(status == OK || status == err.status);
    if (status != STATUS_LIMIT)
        ASSERT((status == OK) == oracle(copy, size));
    if (status == OK) {
        for (int node = -1; node <= json.count; node++) {
            if (node >= 0 && node < json.count)
                ask(&json, node);
            else
                ASSERT(json_kind(&json, node) == JSON_ABSENT);
        }
        write_again(&json);
    }
    free(copy);
    return 0;
}
