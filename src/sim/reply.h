/*
 * reply.h - building the body of an answer and reading the fields of a request.
 *
 * A reply grows: reply_room() before each row.  A field that is required and missing is remembered; reply_bad_request() makes the 400
 * of it (gateway.md 1.3).
 */
#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include "base/json.h"
#include "sim/endpoints.h"

#define REPLY_TOKENS 512 /* Of a request. */

struct reply {
    struct text text;
    struct json_writer writer;
    int code;
};

/** One call being served. */
struct call {
    struct sim *sim;
    const struct request *request;
    struct json_token tokens[REPLY_TOKENS];
    struct json json;
    int root;
    char missing[160]; /* "accountId, size"; "" = none. */
    struct sim_note *note;
    struct reply reply;
};

void reply_begin(struct reply *reply);
/** Room for @bytes more; aborts without memory. */
void reply_room(struct reply *reply, size_t bytes);
/** Ends the envelope: success, errorCode, errorMessage (NULL or "" = null). */
void reply_end(struct reply *reply, int code, const char *message);
/** Throws away what was built and makes a ProblemDetails. */
void reply_problem(struct reply *reply, int status, const char *title, const char *detail);

/** The body as an object; empty text is an empty object.  False: not JSON or not an object. */
bool reply_read(struct call *call);
/** Required.  Missing, null or of another kind: remembered in call->missing and 0. */
int64_t reply_int(struct call *call, const char *key);
void reply_string(struct call *call, const char *key, char *out, size_t out_size);
struct instant reply_instant(struct call *call, const char *key);
/** Optional: @otherwise if missing or null. */
int64_t reply_int_or(const struct call *call, int object, const char *key, int64_t otherwise);
int64_t reply_price_or(const struct call *call, int object, const char *key, int64_t otherwise);
bool reply_bool_or(const struct call *call, int object, const char *key, bool otherwise);
void reply_string_or(const struct call *call, int object, const char *key, char *out, size_t out_size, const char *otherwise);
struct instant reply_instant_or(const struct call *call, int object, const char *key, struct instant otherwise);

#endif /* SIM_REPLY_H */
