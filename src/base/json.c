/*
 * json.c - see json.h.
 *
 * One pass over the text, a token for each value, and nothing else decides what is accepted: every byte is looked at once, as white
 * space, separator, bracket, string or primitive, by RFC 8259's grammar.  A token knows how many tokens to skip to get past it:
 *
 *     {  "a"  :  [ 1 , 2 ]  ,  "b"  :  null }      tokens   { a [ 1 2 b null
 *                                                  skip     7 1 3 1 1 1 1
 *
 * There is no library below: jsmn, which stood here first, finds where tokens begin and end but accepts much that is no JSON, so
 * each byte was checked again behind it; that second look is now the only one (docs/performance.md).
 *
 * Invariants: reader->at only goes forward and stands at the first byte not yet accepted, which is the place an error names; the stack
 * holds the containers that are open, so depth and memory are bounded whatever the text is.
 */
#include "base/json.h"

#include "base/json_token.h"

#include <string.h>

struct reader {
    const char *text, *at, *end;
    struct json_token *tokens;
    uint32_t count, capacity;
    uint32_t open[JSON_DEPTH_MAX]; /* Tokens of the containers around reader->at. */
    int depth;
    bool full; /* Out of tokens, not out of grammar. */
};

/* Bytes a string may hold as they are: not '"', not '\\', no control character, ASCII. */
static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
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

/* Eight bytes, the first lowest whatever the machine's order; compilers make one load of it. */
static uint64_t
load8(const char *s)
{
    const unsigned char *b = (const unsigned char *)s;

    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
        (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

/* The end of the string's plain bytes from @s on: eight at a time, as most strings are nothing else. */
static const char *
skip_plain(const char *s, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

    for (; end - s >= 8; s += 8) {
        /*
         * A byte's high bit is set where it is not ASCII, below 0x20, or zero after the exclusive or with what is looked for.  A borrow may
         * set it falsely behind such a byte, never before the first: the lowest bit tells the truth.
         */
        uint64_t word = load8(s), quote = word ^ ones * '"', escape = word ^ ones * '\\';
        uint64_t found = (word | (word - ones * 0x20) | (quote - ones) | (escape - ones)) & highs;
        if (found != 0)
            return s + ((((found & (0 - found)) - 1) & ones) * ones >> 56) - 1; /* Bytes begun below that bit, less its own. */
    }
    while (s < end && is_plain((unsigned char)*s))
        s++;
    return s;
}

/* What follows is an escape or a character beyond ASCII; its length, or 0. */
static size_t
special_length(const char *s, size_t n)
{
    size_t length = 2;

    if (s[0] != '\\')
        return (unsigned char)s[0] < 0x80 ? 0 : text_utf8_length(s, n);
    if (n < 2 || s[1] == 0 || strchr("\"\\/bfnrtu", s[1]) == NULL)
        return 0;
    if (s[1] == 'u' && json_escape_point(s, n, &length) < 0)
        return 0;
    return length;
}

static void
skip_space(struct reader *reader)
{
    /* Nearly always there is none: one comparison. */
    while (reader->at < reader->end && (unsigned char)*reader->at <= ' ' &&
        (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* The next byte that is no white space is @c: take it. */
static bool
take(struct reader *reader, char c)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static struct json_token *
add_token(struct reader *reader, const char *start, const char *end, unsigned kind)
{
    if (reader->count == reader->capacity) {
        reader->full = true;
        return NULL;
    }
    struct json_token *token = &reader->tokens[reader->count++];
    token->start = (uint32_t)(start - reader->text);
    token->end = (uint32_t)(end - reader->text);
    token->count = 0;
    token->skip = 1;
    token->kind = (uint8_t)kind;
    return token;
}

/* reader->at is behind the opening quote. */
static bool
read_string(struct reader *reader, unsigned flags)
{
    const char *s = skip_plain(reader->at, reader->end);

    while (s < reader->end && *s != '"') {
        size_t length = special_length(s, (size_t)(reader->end - s));
        if (length == 0) {
            reader->at = s;
            return false;
        }
        flags |= *s == '\\' ? JSON_TOKEN_ESCAPED : 0;
        s = skip_plain(s + length, reader->end);
    }
    if (s == reader->end || add_token(reader, reader->at, s, JSON_STRING | flags) == NULL)
        return false;
    reader->at = s + 1;
    return true;
}

static const char *
skip_digits(const char *s, const char *end)
{
    while (s < end && *s >= '0' && *s <= '9')
        s++;
    return s;
}

/* The end of the number at @s, or NULL. */
static const char *
number_end(const char *s, const char *end)
{
    const char *digits = *s == '-' ? s + 1 : s;

    s = skip_digits(digits, end);
    if (s == digits || (*digits == '0' && s > digits + 1))
        return NULL;
    if (s < end && *s == '.') {
        digits = s + 1;
        s = skip_digits(digits, end);
        if (s == digits)
            return NULL;
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        s++;
        digits = s < end && (*s == '+' || *s == '-') ? s + 1 : s;
        s = skip_digits(digits, end);
        if (s == digits)
            return NULL;
    }
    return s;
}

static bool
read_word(struct reader *reader, const char *word, enum json_kind kind)
{
    size_t length = strlen(word);
    const char *s = reader->at;

    if ((size_t)(reader->end - s) < length || memcmp(s, word, length) != 0 || add_token(reader, s, s + length, kind) == NULL)
        return false;
    reader->at += length;
    return true;
}

static bool
read_number(struct reader *reader)
{
    const char *end = number_end(reader->at, reader->end);

    if (end == NULL || add_token(reader, reader->at, end, JSON_NUMBER) == NULL)
        return false;
    reader->at = end;
    return true;
}

/* reader->at is the opening bracket. */
static bool
open_container(struct reader *reader, enum json_kind kind)
{
    if (reader->depth == JSON_DEPTH_MAX || add_token(reader, reader->at, reader->at, kind) == NULL)
        return false;
    reader->open[reader->depth++] = reader->count - 1;
    reader->at++;
    return true;
}

static void
close_container(struct reader *reader)
{
    uint32_t at = reader->open[--reader->depth];
    struct json_token *token = &reader->tokens[at];

    reader->at++;
    token->end = (uint32_t)(reader->at - reader->text);
    token->skip = reader->count - at;
}

/* A value that is no container. */
static bool
read_leaf(struct reader *reader)
{
    switch (*reader->at) {
    case '"':
        reader->at++;
        return read_string(reader, 0);
    case 'n':
        return read_word(reader, "null", JSON_NULL);
    case 't':
        return read_word(reader, "true", JSON_TRUE);
    case 'f':
        return read_word(reader, "false", JSON_FALSE);
    default:
        return read_number(reader);
    }
}

/* What stands before a container's next value: nothing or a comma, and in an object its key. */
static bool
begin_child(struct reader *reader)
{
    struct json_token *container = &reader->tokens[reader->open[reader->depth - 1]];

    container->count++;
    if ((container->kind & JSON_TOKEN_KIND) == JSON_OBJECT &&
        (!take(reader, '"') || !read_string(reader, JSON_TOKEN_KEY) || !take(reader, ':')))
        return false;
    skip_space(reader);
    return reader->at < reader->end;
}

/* Behind a value: close what ends here.  True: another value begins, or the whole is read (depth 0). */
static bool
end_value(struct reader *reader)
{
    while (reader->depth > 0) {
        const struct json_token *container = &reader->tokens[reader->open[reader->depth - 1]];
        char bracket = container->kind == JSON_OBJECT ? '}' : ']';

        skip_space(reader);
        if (reader->at == reader->end)
            return false;
        if (*reader->at == ',') {
            reader->at++;
            return begin_child(reader);
        }
        if (*reader->at != bracket)
            return false;
        close_container(reader);
    }
    return true;
}

static bool
read_all(struct reader *reader)
{
    skip_space(reader);
    if (reader->at == reader->end)
        return false;
    do {
        char c = *reader->at;
        if (c != '{' && c != '[') {
            if (!read_leaf(reader))
                return false;
        } else {
            if (!open_container(reader, c == '{' ? JSON_OBJECT : JSON_ARRAY))
                return false;
            skip_space(reader);
            bool empty = reader->at < reader->end && *reader->at == (c == '{' ? '}' : ']');
            if (!empty) {
                if (!begin_child(reader))
                    return false;
                continue;
            }
            close_container(reader);
        }
        if (!end_value(reader))
            return false;
    } while (reader->depth > 0);
    skip_space(reader);
    return reader->at == reader->end;
}

enum status
json_read(const char *text, size_t length, struct json_token *tokens, size_t capacity, struct json *ret_json, struct error *err)
{
    struct reader reader;

    if (length > INT32_MAX || capacity == 0)
        return error_set(err, STATUS_LIMIT, "JSON: %zu bytes, room for %zu tokens", length, capacity);
    reader.text = reader.at = text;
    reader.end = text + length;
    reader.tokens = tokens;
    reader.count = 0;
    reader.capacity = capacity < INT32_MAX ? (uint32_t)capacity : INT32_MAX;
    reader.depth = 0;
    reader.full = false;
    if (!read_all(&reader)) {
        if (reader.full)
            return error_set(err, STATUS_LIMIT, "JSON: more than %zu tokens", capacity);
        return error_set(err, STATUS_CORRUPT, "JSON: broken at byte %zu", (size_t)(reader.at - text));
    }
    *ret_json = (struct json){ text, length, tokens, (int)reader.count };
    return OK;
}
