/*
 * log_text.c - a log line for people (riskd --log-format text).
 *
 * Made from the masked JSON line, on the log's thread: there is one form of a line and one place that masks.
 */
#include "app/log_text.h"

#include "base/json.h"

#include <string.h>

#define TOKENS_MAX 96
#define VALUE_BYTES 4096
#define CLOCK_START 11 /* Of "2026-11-21T10:48:17.708Z": who reads along knows the date. */
#define CLOCK_LENGTH 12

static bool
is_head(const struct json *json, int key)
{
    static const char *const heads[] = { "ts", "level", "component", "msg", "pid", "version" };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (json_string_is(json, key, heads[i]))
            return true;
    return false;
}

/* Control characters would let a broker's text move the cursor. */
static void
add_plain(struct text *out, const char *value)
{
    for (; *value != '\0'; value++)
        text_add_bytes(out, (unsigned char)*value < ' ' || *value == 0x7f ? " " : value, 1);
}

static void
add_rest(struct text *out, const struct json *json)
{
    int key = json_first(json, 0);

    for (size_t i = 0; i < json_size(json, 0); i++, key = json_next(json, key)) {
        size_t name_length, value_length;
        const char *name = json_raw(json, key, &name_length);
        const char *value = json_raw(json, json_value(json, key), &value_length);
        if (is_head(json, key))
            continue;
        text_add(out, "  ");
        text_add_bytes(out, name, name_length);
        text_add(out, "=");
        text_add_bytes(out, value, value_length);
    }
}

void
log_text_add(struct text *out, const char *line, size_t length)
{
    static const char *const words[][2] = { { "debug", "DEBUG " }, { "info", "      " }, { "warn", "WARN  " }, { "error", "ERROR " } };
    struct json_token tokens[TOKENS_MAX];
    struct json json;
    char value[VALUE_BYTES];

    if (json_read(line, length, tokens, TOKENS_MAX, &json, NULL) != OK ||
        !json_string(&json, json_get(&json, 0, "ts"), value, sizeof value) || strlen(value) < CLOCK_START + CLOCK_LENGTH) {
        text_add_bytes(out, line, length);
        return;
    }
    text_add_bytes(out, value + CLOCK_START, CLOCK_LENGTH);
    text_add(out, " ");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (json_string_is(&json, json_get(&json, 0, "level"), words[i][0]))
            text_add(out, words[i][1]);
    if (json_string(&json, json_get(&json, 0, "component"), value, sizeof value))
        text_addf(out, "%-9s ", value);
    if (json_string(&json, json_get(&json, 0, "msg"), value, sizeof value))
        add_plain(out, value);
    add_rest(out, &json);
}
