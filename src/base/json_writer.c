/*
 * json_writer.c - the writing half of json.h.
 *
 * What it writes is always valid UTF-8 and, unless the text was cut (text->truncated), what json_read() accepts: a string that was
 * cut in the middle of a character elsewhere gets U+FFFD for its remains, for a WebSocket closes on worse (RFC 6455, 8.1).
 */
#include "base/json.h"
#include "base/money.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct json_writer
json_writer_on(struct text *text)
{
    return (struct json_writer){ .text = text };
}

static void
add_escaped(struct text *text, unsigned char c)
{
    if (c == '"' || c == '\\')
        text_addf(text, "\\%c", c);
    else if (c == '\n')
        text_add(text, "\\n");
    else
        text_addf(text, "\\u%04x", c);
}

static void
add_quoted(struct text *text, const char *value)
{
    size_t length = strlen(value), plain = 0; /* [plain, i) needs no change and is not written yet. */

    text_add(text, "\"");
    for (size_t i = 0, step; i < length; i += step) {
        unsigned char c = (unsigned char)value[i];
        step = c < 0x80 ? 1 : text_utf8_length(value + i, length - i);
        if (step > 0 && c >= 0x20 && c != '"' && c != '\\')
            continue;
        text_add_bytes(text, value + plain, i - plain);
        if (step == 0)
            text_add(text, REPLACEMENT);
        else
            add_escaped(text, c);
        step = 1;
        plain = i + 1;
    }
    text_add_bytes(text, value + plain, length - plain);
    text_add(text, "\"");
}

static void
begin(struct json_writer *writer, const char *key)
{
    if (writer->comma)
        text_add(writer->text, ",");
    writer->comma = true;
    if (key != NULL) {
        add_quoted(writer->text, key);
        text_add(writer->text, ":");
    }
}

void
json_open(struct json_writer *writer, const char *key, char bracket)
{
    begin(writer, key);
    text_add_bytes(writer->text, &bracket, 1);
    writer->comma = false;
}

void
json_close(struct json_writer *writer, char bracket)
{
    text_add_bytes(writer->text, &bracket, 1);
    writer->comma = true;
}

void
json_add_string(struct json_writer *writer, const char *key, const char *value)
{
    begin(writer, key);
    if (value == NULL)
        text_add(writer->text, "null");
    else
        add_quoted(writer->text, value);
}

void
json_add_int(struct json_writer *writer, const char *key, int64_t value)
{
    begin(writer, key);
    text_add_int(writer->text, value);
}

void
json_add_bool(struct json_writer *writer, const char *key, bool value)
{
    begin(writer, key);
    text_add(writer->text, value ? "true" : "false");
}

void
json_add_null(struct json_writer *writer, const char *key)
{
    json_add_string(writer, key, NULL);
}

static void
add_decimal(struct json_writer *writer, const char *key, int64_t value, int digits)
{
    char number[MONEY_TEXT_MAX];

    begin(writer, key);
    (void)decimal_format(value, digits, number, sizeof number);
    text_add(writer->text, number);
}

void
json_add_money(struct json_writer *writer, const char *key, int64_t micros)
{
    add_decimal(writer, key, micros, 6);
}

void
json_add_price(struct json_writer *writer, const char *key, int64_t nanos)
{
    add_decimal(writer, key, nanos, 9);
}

void
json_add_raw(struct json_writer *writer, const char *key, const char *json)
{
    begin(writer, key);
    text_add(writer->text, json);
}
