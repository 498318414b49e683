/*
 * json.c - see json.h.
 *
 * jsmn finds the tokens; it is lenient about what stands between them.  So the second pass here walks the tokens in order and
 * checks every gap (white space and exactly the separator that belongs there), every primitive against JSON's grammar and every
 * string's escapes and UTF-8, and turns jsmn's tokens into ours, which know how many tokens to skip.
 */
#include "base/json.h"

#include "base/money.h"

#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <jsmn.h>
#pragma GCC diagnostic pop

#define STACK_TOKENS 1024 /* Hub messages need about 40; longer lists take memory from the heap. */
#define KEY_FLAG 0x80
#define KEY_MAX 256

struct frame {
    uint32_t token;
    uint32_t left; /* Children still to come. */
};

struct walk {
    const char *text;
    size_t length;
    const jsmntok_t *in;
    struct json_token *out;
    struct frame stack[JSON_DEPTH_MAX];
    int depth;
    size_t at; /* End of what has been checked. */
};

/* White space only, plus exactly one @separator unless it is 0. */
static bool
gap(struct walk *walk, size_t end, char separator)
{
    for (; walk->at < end; walk->at++) {
        char c = walk->text[walk->at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        if (c != separator || separator == 0)
            return false;
        separator = 0;
    }
    return separator == 0;
}

static bool
number_is_json(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-' ? 1 : 0, start = i;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    if (i == start || (s[start] == '0' && i > start + 1))
        return false;
    if (i < n && s[i] == '.') {
        start = ++i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == start)
            return false;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        start = i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == start)
            return false;
    }
    return i == n;
}

static uint8_t
primitive_kind(const char *s, size_t n)
{
    if (n == 4 && memcmp(s, "null", 4) == 0)
        return JSON_NULL;
    if (n == 4 && memcmp(s, "true", 4) == 0)
        return JSON_TRUE;
    if (n == 5 && memcmp(s, "false", 5) == 0)
        return JSON_FALSE;
    return number_is_json(s, n) ? JSON_NUMBER : JSON_ABSENT;
}

static int
hex4(const char *s)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Code point of the \u escape (or pair) at s[0] == '\\'; length used in @ret_used; -1 if it is none. */
static int32_t
escape_point(const char *s, size_t n, size_t *ret_used)
{
    int high = n >= 6 ? hex4(s + 2) : -1;

    *ret_used = 6;
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || n < 12 || s[6] != '\\' || s[7] != 'u')
        return -1;
    int low = hex4(s + 8);
    *ret_used = 12;
    return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00) : -1;
}

/* Length of the well-formed UTF-8 sequence at s, 0 if there is none (RFC 3629). */
static size_t
utf8_length(const unsigned char *s, size_t n)
{
    unsigned lowest = 0x80, highest = 0xbf;
    size_t length;

    if (s[0] < 0x80)
        return 1;
    length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (length == 0 || length > n)
        return 0;
    lowest = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : lowest;
    highest = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : highest;
    if (s[1] < lowest || s[1] > highest)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

static bool
string_is_json(const char *s, size_t n)
{
    for (size_t i = 0, step; i < n; i += step) {
        unsigned char c = (unsigned char)s[i];
        step = 1;
        if (c >= 0x20 && c < 0x80 && c != '\\')
            continue;
        if (c < 0x20)
            return false;
        if (c == '\\') {
            step = 2;
            if (i + 1 >= n || strchr("\"\\/bfnrtu", s[i + 1]) == NULL || s[i + 1] == 0)
                return false;
            if (s[i + 1] == 'u' && escape_point(s + i, n - i, &step) < 0)
                return false;
        } else {
            step = utf8_length((const unsigned char *)s + i, n - i);
            if (step == 0)
                return false;
        }
    }
    return true;
}

/* Close every container whose children are all there. */
static bool
close_full(struct walk *walk, uint32_t next)
{
    while (walk->depth > 0 && walk->stack[walk->depth - 1].left == 0) {
        struct frame *top = &walk->stack[walk->depth - 1];
        struct json_token *token = &walk->out[top->token];
        if (!gap(walk, (size_t)walk->in[top->token].end - 1, 0))
            return false;
        walk->at++;
        token->skip = next - top->token;
        walk->depth--;
    }
    return true;
}

/* The token may stand here: the gap before it holds what belongs there.  Says whether it is a key. */
static bool
enter(struct walk *walk, uint32_t i, bool after_key, bool *ret_key)
{
    const jsmntok_t *token = &walk->in[i];
    size_t start = (size_t)token->start - (token->type == JSMN_STRING ? 1 : 0);

    *ret_key = false;
    if (after_key)
        return gap(walk, start, ':');
    if (walk->depth == 0)
        return i == 0 && gap(walk, start, 0);
    struct frame *top = &walk->stack[walk->depth - 1];
    const jsmntok_t *parent = &walk->in[top->token];
    bool first = top->left == (uint32_t)parent->size;
    *ret_key = parent->type == JSMN_OBJECT;
    if (*ret_key && token->type != JSMN_STRING)
        return false;
    top->left--;
    return gap(walk, start, first ? 0 : ',');
}

static bool
leaf(struct walk *walk, const jsmntok_t *from, struct json_token *to, bool key)
{
    const char *s = walk->text + from->start;
    size_t n = (size_t)(from->end - from->start);

    if (from->type == JSMN_STRING) {
        to->kind = (uint8_t)(JSON_STRING | (key ? KEY_FLAG : 0));
        walk->at = (size_t)from->end + 1;
        return from->size == (key ? 1 : 0) && string_is_json(s, n);
    }
    to->kind = primitive_kind(s, n);
    walk->at = (size_t)from->end;
    return from->size == 0 && to->kind != JSON_ABSENT;
}

/* Check and convert all tokens; false at walk->at. */
static bool
convert(struct walk *walk, uint32_t count)
{
    bool after_key = false;

    for (uint32_t i = 0; i < count; i++) {
        const jsmntok_t *from = &walk->in[i];
        struct json_token *to = &walk->out[i];
        bool key;

        if (!enter(walk, i, after_key, &key))
            return false;
        *to = (struct json_token){ (uint32_t)from->start, (uint32_t)from->end, (uint32_t)from->size, 1, JSON_ABSENT };
        after_key = key;
        if (from->type == JSMN_OBJECT || from->type == JSMN_ARRAY) {
            to->kind = from->type == JSMN_OBJECT ? JSON_OBJECT : JSON_ARRAY;
            if (walk->depth == JSON_DEPTH_MAX)
                return false;
            walk->stack[walk->depth++] = (struct frame){ i, (uint32_t)from->size };
            walk->at = (size_t)from->start + 1;
        } else if (!leaf(walk, from, to, key)) {
            return false;
        }
        if (!key && !close_full(walk, i + 1))
            return false;
    }
    return walk->depth == 0 && !after_key && gap(walk, walk->length, 0);
}

enum status
json_read(const char *text, size_t length, struct json_token *tokens, size_t capacity, struct json *ret_json, struct error *err)
{
    jsmntok_t on_stack[STACK_TOKENS];
    jsmntok_t *raw = on_stack;
    jsmn_parser parser;
    enum status status = OK;

    if (length == 0 || length > INT32_MAX || capacity == 0)
        return error_set(err, STATUS_CORRUPT, "JSON: no text");
    if (capacity > STACK_TOKENS && (raw = malloc(capacity * sizeof *raw)) == NULL)
        return error_set(err, STATUS_LIMIT, "JSON: no memory for %zu tokens", capacity);
    jsmn_init(&parser);
    int count = jsmn_parse(&parser, text, length, raw, (unsigned)(capacity > INT32_MAX ? INT32_MAX : capacity));
    if (count == JSMN_ERROR_NOMEM) {
        status = error_set(err, STATUS_LIMIT, "JSON: more than %zu tokens", capacity);
    } else if (count <= 0) {
        status = error_set(err, STATUS_CORRUPT, "JSON: broken at byte %u", parser.pos);
    } else {
        struct walk walk = { .text = text, .length = length, .in = raw, .out = tokens };
        if (convert(&walk, (uint32_t)count))
            *ret_json = (struct json){ text, length, tokens, count };
        else
            status = error_set(err, STATUS_CORRUPT, "JSON: broken at byte %zu", walk.at);
    }
    if (raw != on_stack)
        free(raw);
    return status;
}

static const struct json_token *
at(const struct json *json, int node)
{
    return node >= 0 && node < json->count ? &json->tokens[node] : NULL;
}

enum json_kind
json_kind(const struct json *json, int node)
{
    const struct json_token *token = at(json, node);

    return token == NULL ? JSON_ABSENT : (enum json_kind)(token->kind & ~KEY_FLAG);
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

    return token != NULL && (token->kind & KEY_FLAG) != 0 ? key + 1 : JSON_NONE;
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

static int
get(const struct json *json, int object, const char *key, bool any_case)
{
    size_t wanted = strlen(key), n;
    int found = JSON_NONE, child = json_first(json, object);
    char decoded[KEY_MAX];

    if (json_kind(json, object) != JSON_OBJECT)
        return JSON_NONE;
    for (size_t left = json_size(json, object); left > 0; left--, child = json_next(json, child)) {
        const char *raw = json_raw(json, child, &n);
        if (memchr(raw, '\\', n) != NULL) {
            if (!json_string(json, child, decoded, sizeof decoded))
                continue;
            raw = decoded;
            n = strlen(decoded);
        }
        if (n == wanted && (any_case ? text_same_bytes(key, raw, n) : memcmp(raw, key, n) == 0))
            found = json_value(json, child);
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

bool
json_string(const struct json *json, int node, char *out, size_t out_size)
{
    size_t n, used = 0;
    const char *s = json_raw(json, node, &n);

    if (json_kind(json, node) != JSON_STRING || out_size == 0)
        return false;
    for (size_t i = 0, step; i < n; i += step) {
        char bytes[4] = { s[i] };
        size_t length = 1;
        step = 1;
        if (s[i] == '\\' && s[i + 1] == 'u') {
            length = put_point(escape_point(s + i, n - i, &step), bytes);
        } else if (s[i] == '\\') {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            bytes[0] = to[strchr(from, s[i + 1]) - from];
            step = 2;
        }
        if (used + length >= out_size || (length == 1 && bytes[0] == 0))
            return false;
        memcpy(out + used, bytes, length);
        used += length;
    }
    out[used] = 0;
    return true;
}

bool
json_string_is(const struct json *json, int node, const char *expected)
{
    size_t n;
    const char *s = json_raw(json, node, &n);

    return json_kind(json, node) == JSON_STRING && n == strlen(expected) && memcmp(s, expected, n) == 0;
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

bool
json_money(const struct json *json, int node, int64_t *ret_micros)
{
    size_t n;
    const char *s = json_raw(json, node, &n);

    return json_kind(json, node) == JSON_NUMBER && money_parse(s, n, ret_micros);
}

bool
json_price(const struct json *json, int node, int64_t *ret_nanos)
{
    size_t n;
    const char *s = json_raw(json, node, &n);

    return json_kind(json, node) == JSON_NUMBER && price_parse(s, n, ret_nanos);
}
