/*
 * answer.h - an HTTP answer being gathered, whoever reads it off the wire (http.c by libcurl, courier.c by http-parser).
 */
#ifndef NET_ANSWER_H
#define NET_ANSWER_H

#include "net/http.h"

struct answer {
    struct instant date;    /* INSTANT_NONE: no Date field. */
    int64_t retry_after_s;  /* -1: no Retry-After. */
    char *body;             /* NUL-terminated; NULL: none yet. */
    size_t length, size;
    bool too_large;
};

/** Nothing came yet. */
void answer_init(struct answer *answer);

/** Wiped: it may be a log-in's token. */
void answer_fini(struct answer *answer);

/** Take a line of the head, "Name: value" with or without its line end, if it is Date or Retry-After. */
void answer_take_field(struct answer *answer, const char *line, size_t length);

/** More of the body.  False: over HTTP_BODY_MAX (too_large), or no memory. */
MUST_USE bool answer_take_body(struct answer *answer, const char *bytes, size_t length);

/** What was gathered, for the one who asked; borrowed from @answer. */
void answer_give(const struct answer *answer, struct http_answer *ret_answer);

#endif /* NET_ANSWER_H */
