/* json_writer.c - the writing half of json.h. */
#include "base/json.h"
#include "base/money.h"

struct json_writer
json_writer_on(struct text *text)
{
    return (struct json_writer){ .text = text };
}

static void
add_quoted(struct text *text, const char *value)
{
    text_add(text, "\"");
    for (const char *p = value; *p != 0; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            text_addf(text, "\\%c", c);
        else if (c == '\n')
            text_add(text, "\\n");
        else if (c < 0x20)
            text_addf(text, "\\u%04x", c);
        else
            text_add_bytes(text, p, 1);
    }
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
    text_addf(writer->text, "%lld", (long long)value);
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
