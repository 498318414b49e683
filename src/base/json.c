/*
 * json.c - see json.h.
 *
 * jsmn finds the tokens; it is lenient about what stands between them.  So the second pass here walks the tokens in order and
 * checks every gap (white space and exactly the separator that belongs there), every primitive against JSON's grammar and every
 * string's escapes and UTF-8, and turns jsmn's tokens into ours, which know how many tokens to skip:
 *
 *     {  "a"  :  [ 1 , 2 ]  ,  "b"  :  null }      tokens   { a [ 1 2 b null
 *     .kkkkkgg.gg.gpgggpgg.ggggkkkkkgg.ggppppg.    skip     7 1 3 1 1 1 1
 *
 * Invariant: every byte of the text was looked at exactly once by that pass, as gap, string, primitive or bracket; walk->at says
 * how far it is and never goes back.  So what is accepted does not depend on which mistakes jsmn finds.
 *
 * What jsmn cannot do: a root that is a bare number or literal (lonely_read), and deep nesting in linear time (too_deep).
 */
#include "base/json.h"

#include "base/json_token.h"

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
#define SMALL_TEXT 1024   /* jsmn is quadratic in the depth; in a text this short that does not matter. */


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
    return separator == 0 && walk->at == end;
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

int32_t
json_escape_point(const char *s, size_t n, size_t *ret_used)
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

/* Escapes, UTF-8 and no control characters; says whether there is any escape. */
static bool
string_is_json(const char *s, size_t n, bool *ret_escaped)
{
    *ret_escaped = false;
    for (size_t i = 0, step; i < n; i += step) {
        unsigned char c = (unsigned char)s[i];
        step = 1;
        if (c >= 0x20 && c < 0x80 && c != '\\')
            continue;
        if (c < 0x20)
            return false;
        if (c == '\\') {
            *ret_escaped = true;
            step = 2;
            if (i + 1 >= n || s[i + 1] == 0 || strchr("\"\\/bfnrtu", s[i + 1]) == NULL)
                return false;
            if (s[i + 1] == 'u' && json_escape_point(s + i, n - i, &step) < 0)
                return false;
        } else {
            step = text_utf8_length(s + i, n - i);
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
        bool escaped;
        if (from->size != (key ? 1 : 0) || !string_is_json(s, n, &escaped))
            return false;
        to->kind = (uint8_t)(JSON_STRING | (key ? JSON_TOKEN_KEY : 0) | (escaped ? JSON_TOKEN_ESCAPED : 0));
        walk->at = (size_t)from->end + 1;
        return true;
    }
    to->kind = primitive_kind(s, n);
    if (to->kind == JSON_ABSENT)
        return false;
    walk->at = (size_t)from->end;
    return true;
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

/* RFC 8259 allows any value as a text, jsmn's strict mode no bare number or literal. */
static enum status
lonely_read(const char *text, size_t length, struct json_token *token, struct json *ret_json, struct error *err)
{
    struct walk walk = { .text = text, .length = length };
    size_t start, end = length;

    (void)gap(&walk, length, 0);
    for (start = walk.at; end > start && strchr(" \t\n\r", text[end - 1]) != NULL && text[end - 1] != 0; end--)
        ;
    *token = (struct json_token){ (uint32_t)start, (uint32_t)end, 0, 1, primitive_kind(text + start, end - start) };
    if (token->kind == JSON_ABSENT)
        return error_set(err, STATUS_CORRUPT, "JSON: broken at byte %zu", start);
    *ret_json = (struct json){ text, length, token, 1 };
    return OK;
}

/* More brackets open at once than JSON_DEPTH_MAX.  Text that is not JSON may get either answer. */
static bool
too_deep(const char *text, size_t length)
{
    int depth = 0;

    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '"':
            for (i++; i < length && text[i] != '"'; i++)
                i += text[i] == '\\' ? 1 : 0;
            break;
        case '[':
        case '{':
            if (++depth > JSON_DEPTH_MAX)
                return true;
            break;
        case ']':
        case '}':
            depth--;
            break;
        default:
            break;
        }
    }
    return false;
}

static enum status
read_into(jsmntok_t *raw, const char *text, size_t length, struct json_token *tokens, size_t capacity, struct json *ret_json,
    struct error *err)
{
    jsmn_parser parser;

    jsmn_init(&parser);
    int count = jsmn_parse(&parser, text, length, raw, (unsigned)capacity);
    if (count == JSMN_ERROR_NOMEM)
        return error_set(err, STATUS_LIMIT, "JSON: more than %zu tokens", capacity);
    if (count <= 0)
        return error_set(err, STATUS_CORRUPT, "JSON: broken at byte %u", parser.pos);

    struct walk walk;
    walk.text = text;
    walk.length = length;
    walk.in = raw;
    walk.out = tokens;
    walk.depth = 0;
    walk.at = 0;
    if (!convert(&walk, (uint32_t)count))
        return error_set(err, STATUS_CORRUPT, "JSON: broken at byte %zu", walk.at);
    *ret_json = (struct json){ text, length, tokens, count };
    return OK;
}

/* The first byte that is no white space begins a container or a string. */
static bool
begins_structured(const char *text, size_t length)
{
    size_t i = 0;

    while (i < length && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r'))
        i++;
    return i < length && (text[i] == '{' || text[i] == '[' || text[i] == '"');
}

enum status
json_read(const char *text, size_t length, struct json_token *tokens, size_t capacity, struct json *ret_json, struct error *err)
{
    jsmntok_t on_stack[STACK_TOKENS];

    if (length > INT32_MAX || capacity == 0)
        return error_set(err, STATUS_LIMIT, "JSON: %zu bytes, room for %zu tokens", length, capacity);
    if (!begins_structured(text, length))
        return lonely_read(text, length, &tokens[0], ret_json, err);
    if (length > SMALL_TEXT && too_deep(text, length))
        return error_set(err, STATUS_CORRUPT, "JSON: nested deeper than %d", JSON_DEPTH_MAX);
    if (capacity > length) /* No text has more tokens than bytes. */
        capacity = length;
    if (capacity <= STACK_TOKENS)
        return read_into(on_stack, text, length, tokens, capacity, ret_json, err);

    jsmntok_t *raw = malloc(capacity * sizeof *raw);
    if (raw == NULL)
        return error_set(err, STATUS_LIMIT, "JSON: no memory for %zu tokens", capacity);
    enum status status = read_into(raw, text, length, tokens, capacity, ret_json, err);
    free(raw);
    return status;
}
