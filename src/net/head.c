/*
 * head.c - reads the head of an HTTP/1.1 message: a first line, then fields, each ended by CR LF.
 *
 * Strict on purpose: what two parsers could read in two ways (folded lines, a bare LF, blanks before the colon, a doubled Host) is refused,
 * so that the check of Host and Origin in server.c judges the same request a browser sent.
 */
#include "net/head.h"

#include "base/text.h"

#include <string.h>

struct lines {
    const char *at, *end;
};

struct field {
    struct head_slice name, value;
};

bool
head_slice_is(struct head_slice slice, const char *text)
{
    return slice.data != NULL && strlen(text) == slice.length && memcmp(slice.data, text, slice.length) == 0;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
head_slice_same(struct head_slice slice, const char *text)
{
    if (slice.data == NULL || strlen(text) != slice.length)
        return false;
    for (size_t i = 0; i < slice.length; i++) {
        if (lower(slice.data[i]) != lower(text[i]))
            return false;
    }
    return true;
}

size_t
head_length(const char *text, size_t length)
{
    for (size_t i = 3; i < length; i++) {
        if (text[i] == '\n' && memcmp(text + i - 3, "\r\n\r\n", 4) == 0)
            return i + 1;
    }
    return 0;
}

/* The next line without its CR LF; false at the empty line.  A control character in it spoils it. */
static bool
next_line(struct lines *lines, struct head_slice *ret_line, enum status *ret_status)
{
    const char *start = lines->at;
    const char *p = start;

    while (p < lines->end && *p != '\r') {
        unsigned char c = (unsigned char)*p;
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            *ret_status = STATUS_CORRUPT;
            return false;
        }
        p++;
    }
    if (lines->end - p < 2 || p[1] != '\n') {
        *ret_status = STATUS_CORRUPT;
        return false;
    }
    *ret_line = (struct head_slice){ start, (size_t)(p - start) };
    lines->at = p + 2;
    return ret_line->length > 0;
}

static bool
is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct head_slice
trimmed(struct head_slice slice)
{
    while (slice.length > 0 && (slice.data[0] == ' ' || slice.data[0] == '\t')) {
        slice.data++;
        slice.length--;
    }
    while (slice.length > 0 && (slice.data[slice.length - 1] == ' ' || slice.data[slice.length - 1] == '\t'))
        slice.length--;
    return slice;
}

static bool
split_field(struct head_slice line, struct field *ret_field)
{
    size_t name = 0;

    while (name < line.length && is_token_char(line.data[name]))
        name++;
    if (name == 0 || name == line.length || line.data[name] != ':')
        return false; /* Also a folded line, which begins with a blank. */
    ret_field->name = (struct head_slice){ line.data, name };
    ret_field->value = trimmed((struct head_slice){ line.data + name + 1, line.length - name - 1 });
    return true;
}

/* Is @word one of the comma-separated elements? */
static bool
has_element(struct head_slice list, const char *word)
{
    size_t start = 0;

    for (size_t i = 0; i <= list.length; i++) {
        if (i < list.length && list.data[i] != ',')
            continue;
        if (head_slice_same(trimmed((struct head_slice){ list.data + start, i - start }), word))
            return true;
        start = i + 1;
    }
    return false;
}

static bool
digits(struct head_slice slice, int64_t *ret_value)
{
    if (slice.length == 0 || slice.length > 9)
        return false;
    *ret_value = 0;
    for (size_t i = 0; i < slice.length; i++) {
        if (slice.data[i] < '0' || slice.data[i] > '9')
            return false;
        *ret_value = *ret_value * 10 + (slice.data[i] - '0');
    }
    return true;
}

/* A field that may come once only. */
static bool
set_once(struct head_slice *slot, struct head_slice value)
{
    if (slot->data != NULL)
        return false;
    *slot = value;
    return true;
}

static bool
add_request_field(struct head_request *request, const struct field *field)
{
    int64_t number;

    if (head_slice_same(field->name, "Host"))
        return set_once(&request->host, field->value);
    if (head_slice_same(field->name, "Origin"))
        return set_once(&request->origin, field->value);
    if (head_slice_same(field->name, "Sec-WebSocket-Key"))
        return set_once(&request->key, field->value);
    if (head_slice_same(field->name, "Sec-WebSocket-Version"))
        request->version = digits(field->value, &number) ? (int32_t)number : 0;
    else if (head_slice_same(field->name, "Upgrade"))
        request->upgrade_websocket = request->upgrade_websocket || has_element(field->value, "websocket");
    else if (head_slice_same(field->name, "Connection"))
        request->connection_upgrade = request->connection_upgrade || has_element(field->value, "upgrade");
    else if (head_slice_same(field->name, "Content-Length"))
        request->has_body = request->has_body || !head_slice_is(field->value, "0");
    else if (head_slice_same(field->name, "Transfer-Encoding"))
        request->has_body = true;
    return true;
}

static bool
add_answer_field(struct head_answer *answer, const struct field *field)
{
    int64_t number;

    if (head_slice_same(field->name, "Sec-WebSocket-Accept"))
        return set_once(&answer->accept, field->value);
    if (head_slice_same(field->name, "Upgrade"))
        answer->upgrade_websocket = answer->upgrade_websocket || has_element(field->value, "websocket");
    else if (head_slice_same(field->name, "Connection"))
        answer->connection_upgrade = answer->connection_upgrade || has_element(field->value, "upgrade");
    else if (head_slice_same(field->name, "Sec-WebSocket-Extensions"))
        answer->has_extensions = true;
    else if (head_slice_same(field->name, "Sec-WebSocket-Protocol"))
        answer->has_protocol = true;
    else if (head_slice_same(field->name, "Retry-After") && digits(field->value, &number))
        answer->retry_after_s = number;
    return true;
}

/* Read the fields into the one of @request and @answer that is not NULL. */
static enum status
read_fields(struct lines *lines, struct head_request *request, struct head_answer *answer, struct error *err)
{
    struct head_slice line;
    struct field field;
    enum status status = OK;
    int count = 0;

    while (next_line(lines, &line, &status)) {
        if (++count > HEAD_FIELDS_MAX)
            return error_set(err, STATUS_LIMIT, "more than %d header fields", HEAD_FIELDS_MAX);
        if (!split_field(line, &field))
            return error_set(err, STATUS_CORRUPT, "header field %d is malformed", count);
        if (request != NULL ? !add_request_field(request, &field) : !add_answer_field(answer, &field))
            return error_set(err, STATUS_CORRUPT, "header field %d stands twice", count);
    }
    if (status != OK || lines->at != lines->end)
        return error_set(err, STATUS_CORRUPT, "header line %d is malformed", count + 1);
    return OK;
}

/* "GET /feed HTTP/1.1" */
static bool
split_request_line(struct head_slice line, struct head_request *request)
{
    const char *first = memchr(line.data, ' ', line.length);
    if (first == NULL)
        return false;
    size_t rest = line.length - (size_t)(first + 1 - line.data);
    const char *second = memchr(first + 1, ' ', rest);
    if (second == NULL)
        return false;
    struct head_slice version = { second + 1, line.length - (size_t)(second + 1 - line.data) };

    request->method = (struct head_slice){ line.data, (size_t)(first - line.data) };
    request->target = (struct head_slice){ first + 1, (size_t)(second - first - 1) };
    request->http_1_1 = head_slice_is(version, "HTTP/1.1");
    for (size_t i = 0; i < request->method.length; i++) {
        if (!is_token_char(request->method.data[i]))
            return false;
    }
    return request->method.length > 0 && request->target.length > 0 &&
        (request->http_1_1 || head_slice_is(version, "HTTP/1.0"));
}

enum status
head_read_request(const char *text, size_t length, struct head_request *ret_request, struct error *err)
{
    struct lines lines = { text, text + length };
    struct head_request request = { 0 };
    struct head_slice line;
    enum status status = OK;

    if (!next_line(&lines, &line, &status) || !split_request_line(line, &request))
        return error_set(err, STATUS_CORRUPT, "not an HTTP request");
    status = read_fields(&lines, &request, NULL, err);
    if (status == OK)
        *ret_request = request;
    return status;
}

/* "HTTP/1.1 101 Switching Protocols"; the words may be missing. */
static bool
split_status_line(struct head_slice line, struct head_answer *answer)
{
    int64_t number;

    if (line.length < 12 || memcmp(line.data, "HTTP/1.", 7) != 0 || (line.data[7] != '0' && line.data[7] != '1') ||
        line.data[8] != ' ' || (line.length > 12 && line.data[12] != ' '))
        return false;
    if (!digits((struct head_slice){ line.data + 9, 3 }, &number) || number < 100 || (number == 101 && line.data[7] == '0'))
        return false; /* RFC 9110 7.8: HTTP/1.0 knows no upgrade; an old proxy may repeat one. */
    answer->status = (int32_t)number;
    return true;
}

enum status
head_read_answer(const char *text, size_t length, struct head_answer *ret_answer, struct error *err)
{
    struct lines lines = { text, text + length };
    struct head_answer answer = { .retry_after_s = -1 };
    struct head_slice line;
    enum status status = OK;

    if (!next_line(&lines, &line, &status) || !split_status_line(line, &answer))
        return error_set(err, STATUS_CORRUPT, "not an HTTP answer");
    status = read_fields(&lines, NULL, &answer, err);
    if (status == OK)
        *ret_answer = answer;
    return status;
}
