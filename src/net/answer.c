/*
 * answer.c - see answer.h.
 *
 * A Retry-After that is a date (RFC 9110 10.2.3) is measured from the Date field, which servers send first: our own clock may be wrong.
 */
#include "net/answer.h"

#include "base/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

void
answer_init(struct answer *answer)
{
    *answer = (struct answer){ .date = INSTANT_NONE, .retry_after_s = -1 };
}

void
answer_fini(struct answer *answer)
{
    if (answer->body != NULL)
        secret_wipe(answer->body, answer->length);
    free(answer->body);
    answer_init(answer);
}

/* Value of a line if it is @name's, without blanks and line end. */
static bool
value_of(const char *line, size_t length, const char *name, char *out, size_t out_size)
{
    size_t n = strlen(name);

    if (length <= n || line[n] != ':' || !text_same_bytes(name, line, n))
        return false;
    line += n + 1;
    length -= n + 1;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n' || line[length - 1] == ' '))
        length--;
    return text_copy_bytes(out, out_size, line, length);
}

void
answer_take_field(struct answer *answer, const char *line, size_t length)
{
    char value[64];
    int64_t seconds;

    if (value_of(line, length, "Date", value, sizeof value)) {
        time_t at = curl_getdate(value, NULL);
        if (at > 0)
            answer->date = (struct instant){ (int64_t)at * 1000000000 };
    } else if (value_of(line, length, "Retry-After", value, sizeof value)) {
        if (text_to_int64(value, strlen(value), &seconds) && seconds >= 0) {
            answer->retry_after_s = seconds;
        } else {
            time_t at = curl_getdate(value, NULL);
            int64_t now = answer->date.ns / 1000000000;
            if (at > 0 && now > 0)
                answer->retry_after_s = (int64_t)at > now ? (int64_t)at - now : 0;
        }
    }
}

bool
answer_take_body(struct answer *answer, const char *bytes, size_t length)
{
    size_t wanted = answer->length + length;

    if (wanted > HTTP_BODY_MAX) {
        answer->too_large = true;
        return false;
    }
    if (wanted + 1 > answer->size) {
        size_t size = (wanted + 1) * 2;
        char *grown = realloc(answer->body, size);

        if (grown == NULL)
            return false;
        answer->body = grown;
        answer->size = size;
    }
    memcpy(answer->body + answer->length, bytes, length);
    answer->length = wanted;
    answer->body[wanted] = '\0';
    return true;
}

void
answer_give(const struct answer *answer, struct http_answer *ret_answer)
{
    ret_answer->body = answer->body != NULL ? answer->body : "";
    ret_answer->length = answer->length;
    ret_answer->date = answer->date;
    ret_answer->retry_after_s = answer->retry_after_s;
}
