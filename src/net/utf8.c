/*
 * utf8.c - incremental check of UTF-8 (RFC 3629, table of section 4).
 *
 * The lead byte says how many bytes follow and narrows the first of them: that is what keeps out overlong forms (E0 80, F0 80),
 * surrogates (ED A0) and what lies beyond U+10FFFF (F4 90).  RFC 6455 8.1 wants a connection failed on the first such byte.
 */
#include "net/utf8.h"

#include <string.h>

#define CONTINUATION_LOW 0x80
#define CONTINUATION_HIGH 0xBF

static bool
lead(struct utf8 *utf8, uint8_t byte)
{
    *utf8 = (struct utf8){ .low = CONTINUATION_LOW, .high = CONTINUATION_HIGH };
    if (byte < 0x80)
        return true;
    if (byte < 0xC2 || byte > 0xF4) /* C0 and C1 could only be overlong. */
        return false;
    utf8->missing = (uint8_t)(byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3);
    if (byte == 0xE0)
        utf8->low = 0xA0;
    else if (byte == 0xED)
        utf8->high = 0x9F;
    else if (byte == 0xF0)
        utf8->low = 0x90;
    else if (byte == 0xF4)
        utf8->high = 0x8F;
    return true;
}

/* Characters of one byte, eight at a time: hubs send hardly anything else. */
static size_t
ascii_length(const uint8_t *bytes, size_t length)
{
    size_t i = 0;
    uint64_t word;

    for (; length - i >= sizeof word; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (i < length && bytes[i] < 0x80)
        i++;
    return i;
}

bool
utf8_add(struct utf8 *utf8, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (utf8->missing == 0) {
            i += ascii_length(bytes + i, length - i);
            if (i < length && !lead(utf8, bytes[i]))
                return false;
        } else {
            if (bytes[i] < utf8->low || bytes[i] > utf8->high)
                return false;
            utf8->missing--;
            utf8->low = CONTINUATION_LOW;
            utf8->high = CONTINUATION_HIGH;
        }
    }
    return true;
}

bool
utf8_complete(const struct utf8 *utf8)
{
    return utf8->missing == 0;
}

void
utf8_scrub(uint8_t *bytes, size_t length)
{
    struct utf8 utf8 = { 0 };
    size_t start = 0; /* Of the character being read. */

    for (size_t i = 0; i <= length; i++) {
        if (utf8.missing == 0)
            start = i;
        if (i < length && utf8_add(&utf8, bytes + i, 1))
            continue;
        for (size_t k = start; k < i; k++)
            bytes[k] = '?';
        utf8 = (struct utf8){ 0 };
        if (i < length && !utf8_add(&utf8, bytes + i, 1)) {
            bytes[i] = '?';
            utf8 = (struct utf8){ 0 };
        }
        start = i;
    }
}
