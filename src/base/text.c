/*
 * text.c - see text.h.  Case is ASCII's and never the locale's: what is compared are names, codes and header fields.
 */
#include "base/text.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63
#define SUGGEST_WITHIN 3

struct text
text_on(char *buffer, size_t size)
{
    ASSERT(size > 0);
    buffer[0] = 0;
    return (struct text){ .data = buffer, .size = size };
}

void
text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    size_t room = text->size - 1 - text->length;

    if (length > room) {
        length = room;
        text->truncated = true;
    }
    if (length > 0) /* memcpy() wants a pointer even for nothing. */
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = 0;
}

void
text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void
text_add_int(struct text *text, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        digits[--at] = '-';
    text_add_bytes(text, digits + at, sizeof digits - at);
}

/* One of the conversions nearly all of our texts get by with, or a percent sign; how many bytes of @format it is, 0: none of them. */
static size_t
add_plain(struct text *text, const char *format, va_list *args)
{
    const char *string;

    switch (format[1]) {
    case '%':
        text_add(text, "%");
        return 2;
    case 's':
        string = va_arg(*args, const char *);
        text_add(text, string != NULL ? string : "(null)");
        return 2;
    case 'd':
        text_add_int(text, va_arg(*args, int));
        return 2;
    case 'l':
        if (format[2] == 'd') {
            text_add_int(text, va_arg(*args, long));
            return 3;
        }
        if (format[2] == 'l' && format[3] == 'd') {
            text_add_int(text, va_arg(*args, long long));
            return 4;
        }
        return 0;
    default:
        return 0;
    }
}

/* The C library's way: whatever there is in @format. */
static void
add_printed(struct text *text, const char *format, va_list *args)
{
    size_t room = text->size - text->length;
    int length = vsnprintf(text->data + text->length, room, format, *args);

    if (length < 0)
        return;
    if ((size_t)length >= room) {
        text->truncated = true;
        length = (int)(room - 1);
    }
    text->length += (size_t)length;
}

/*
 * A breach is worded before its close leaves, and vsnprintf() would be met cold: its code and tables are a dozen pages (docs/performance.md).  So it
 * is called for the first conversion that is none of the plain ones, with all that follows.
 */
static void
add_format(struct text *text, const char *format, va_list *args)
{
    for (;;) {
        size_t literal = strcspn(format, "%");

        text_add_bytes(text, format, literal);
        format += literal;
        if (*format == 0)
            return;
        size_t taken = add_plain(text, format, args);
        if (taken == 0) {
            add_printed(text, format, args);
            return;
        }
        format += taken;
    }
}

void
text_addv(struct text *text, const char *format, va_list args)
{
    va_list copy; /* A parameter may be an array in disguise: only of this one there is a pointer to a va_list. */

    va_copy(copy, args);
    add_format(text, format, &copy);
    va_end(copy);
}

void
text_addf(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_format(text, format, &args);
    va_end(args);
}

bool
text_copy_bytes(char *out, size_t out_size, const char *bytes, size_t length)
{
    bool fits = length < out_size;

    ASSERT(out_size > 0);
    if (!fits)
        length = out_size - 1;
    if (length > 0)
        memcpy(out, bytes, length);
    out[length] = 0;
    return fits;
}

bool
text_copy(char *out, size_t out_size, const char *string)
{
    return text_copy_bytes(out, out_size, string, strlen(string));
}

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static bool
same(char a, char b)
{
    return a == b || lower(a) == lower(b);
}

bool
text_same_bytes(const char *a, const char *b, size_t b_length)
{
    for (size_t i = 0; i < b_length; i++) {
        if (a[i] == 0 || !same(a[i], b[i]))
            return false;
    }
    return a[b_length] == 0;
}

bool
text_same(const char *a, const char *b)
{
    for (size_t i = 0; same(a[i], b[i]); i++) {
        if (a[i] == 0)
            return true;
    }
    return false; /* Mostly at the first letter: lists of symbols are asked for each order. */
}

bool
text_starts(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool
text_to_int64(const char *text, size_t length, int64_t *ret_value)
{
    bool negative = length > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    uint64_t value = 0;
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;

    if (i == length)
        return false;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

size_t
text_utf8_length(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned lowest = 0x80, highest = 0xbf;

    if (length == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t wanted = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (wanted == 0 || wanted > length)
        return 0;
    /* The second byte keeps out overlong forms (E0, F0), surrogates (ED) and what lies beyond U+10FFFF (F4). */
    lowest = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : lowest;
    highest = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : highest;
    if (s[1] < lowest || s[1] > highest)
        return 0;
    for (size_t i = 2; i < wanted; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return wanted;
}

int
text_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int row[WORD_MAX + 1];

    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[m];
}

const char *
text_suggest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    int best_distance = SUGGEST_WITHIN + 1, length = (int)strlen(word);

    for (size_t i = 0; i < count; i++) {
        int distance = text_distance(word, candidates[i]);
        if (distance < best_distance && distance < length) { /* Every three letters are within 3 of each other. */
            best_distance = distance;
            best = candidates[i];
        }
    }
    return best;
}

void
secret_wipe(void *data, size_t size)
{
    /* A call through a volatile pointer cannot be dropped as a dead store. */
    static void *(*volatile wipe)(void *, int, size_t) = memset;

    if (data != NULL)
        (void)wipe(data, 0, size);
}
