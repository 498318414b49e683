/*
 * account_edit.c - accounts.yaml as lines; a single value by config/edit.c.
 *
 * An account begins at a line "  -" and ends before the next one of the same indentation, or where the text ends or goes left of it.
 */
#include "ctl/account_edit.h"

#include "config/edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 512

/* Bytes [start, end) of the text. */
struct block {
    const char *start, *end;
    size_t indent; /* Of the dash. */
};

static const char *
next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end != NULL ? end + 1 : line + strlen(line);
}

static size_t
indent_of(const char *line)
{
    return strspn(line, " ");
}

static bool
is_blank(const char *line)
{
    size_t indent = indent_of(line);

    return line[indent] == '\n' || line[indent] == '\r' || line[indent] == '\0' || line[indent] == '#';
}

static bool
is_item(const char *line)
{
    size_t indent = indent_of(line);

    return line[indent] == '-' && (line[indent + 1] == ' ' || line[indent + 1] == '\n');
}

/* Where @key's value begins in this line, or NULL; "- key:" counts. */
static const char *
value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    line += indent_of(line);
    if (*line == '-')
        line += 1 + strspn(line + 1, " ");
    if (strncmp(line, key, length) != 0 || line[length] != ':')
        return NULL;
    return line + length + 1 + strspn(line + length + 1, " ");
}

static const char *
find_key(const struct block *block, const char *key)
{
    for (const char *line = block->start; line < block->end; line = next_line(line)) {
        const char *value = is_blank(line) ? NULL : value_of(line, key);
        if (value != NULL)
            return value;
    }
    return NULL;
}

/* The item that begins at or after @line; comments above the next item are the next one's. */
static bool
next_block(const char *line, struct block *ret_block)
{
    while (*line != '\0' && (is_blank(line) || !is_item(line)))
        line = next_line(line);
    if (*line == '\0')
        return false;
    *ret_block = (struct block){ .start = line, .indent = indent_of(line) };
    for (line = next_line(line), ret_block->end = line; *line != '\0'; line = next_line(line)) {
        if (is_blank(line))
            continue;
        if (indent_of(line) <= ret_block->indent)
            break;
        ret_block->end = next_line(line);
    }
    return true;
}

static bool
find_account(const char *text, int64_t account_id, struct block *ret_block)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, account_id);

    for (const char *line = text; next_block(line, ret_block); line = ret_block->end) {
        const char *value = find_key(ret_block, "account_id");
        if (value == NULL)
            value = find_key(ret_block, "id");
        if (value != NULL && strncmp(value, digits, (size_t)length) == 0 && strchr(" \r\n#", value[length]) != NULL)
            return true;
    }
    return false;
}

/* A value as YAML that means these characters and nothing else; true and false stay words. */
static enum status
quote(const char *value, char *out, struct error *err)
{
    if (strpbrk(value, "\"\\\r\n\t") != NULL || strlen(value) + 3 > VALUE_MAX)
        return error_set(err, STATUS_CONFIG, "%.40s: quotes, backslashes and line ends cannot be in it", value);
    bool word = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    (void)snprintf(out, VALUE_MAX, word ? "%s" : "\"%s\"", value);
    return OK;
}

static enum status
finish(const struct text *out, struct error *err)
{
    return out->truncated ? error_set(err, STATUS_LIMIT, "accounts.yaml is too long to be changed here") : OK;
}

enum status
account_edit_add(const char *text, const struct account_edit *edit, struct text *out, struct error *err)
{
    const struct {
        const char *key, *value;
    } keys[] = { { "enabled", edit->enabled != NULL ? edit->enabled : "true" }, { "nickname", edit->nickname },
        { "username", edit->username }, { "api_key_file", edit->api_key_file }, { "profile", edit->profile } };
    struct block block = { .indent = 2 };
    char value[VALUE_MAX];

    if (find_account(text, edit->account_id, &block))
        return error_set(err, STATUS_REFUSED, "account %" PRId64 " is there already", edit->account_id);
    const char *last = text;
    for (const char *line = text; next_block(line, &block); line = block.end)
        last = block.end;
    if (last == text) { /* No item yet: after "accounts:". */
        const char *list = strstr(text, "accounts:\n");
        if (list == NULL)
            return error_set(err, STATUS_REFUSED, "accounts.yaml has no list to add to");
        last = list + strlen("accounts:\n");
    }
    text_add_bytes(out, text, (size_t)(last - text));
    if (last > text && last[-1] != '\n')
        text_add(out, "\n");
    text_addf(out, "%*s- account_id: %" PRId64 "\n", (int)block.indent, "", edit->account_id);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].value == NULL)
            continue;
        enum status status = quote(keys[i].value, value, err);
        if (status != OK)
            return status;
        text_addf(out, "%*s  %s: %s\n", (int)block.indent, "", keys[i].key, value);
    }
    text_add(out, last);
    return finish(out, err);
}

enum status
account_edit_set(const char *text, int64_t account_id, const char *key, const char *given, struct text *out, struct error *err)
{
    const struct edit_path path = { .account_id = account_id, .count = 1, .keys = { key } };
    char value[VALUE_MAX];
    enum status status = quote(given, value, err);

    return status == OK ? edit_set(text, &path, value, out, err) : status;
}

enum status
account_edit_remove(const char *text, int64_t account_id, struct text *out, struct error *err)
{
    struct block block;

    if (!find_account(text, account_id, &block))
        return error_set(err, STATUS_REFUSED, "account %" PRId64 " is not in accounts.yaml", account_id);
    text_add_bytes(out, text, (size_t)(block.start - text));
    text_add(out, block.end);
    return finish(out, err);
}
