/*
 * errors.h - what an answer means: (endpoint, HTTP status, errorCode) -> outcome and hold (EC-02 to EC-12, RT-08, EP-07).
 *
 * The integers are not portable between endpoints (spec/gateway.md 1.4): each has a table of its own here.
 */
#ifndef GATEWAY_ERRORS_H
#define GATEWAY_ERRORS_H

#include "core/event.h"
#include "net/http.h"

enum endpoint {
    ENDPOINT_LOGIN,
    ENDPOINT_VALIDATE,
    ENDPOINT_PING,
    ENDPOINT_ACCOUNTS,
    ENDPOINT_CONTRACT,       /* searchById */
    ENDPOINT_POSITIONS,      /* searchOpen */
    ENDPOINT_ORDERS,         /* v2/query */
    ENDPOINT_OPEN_ORDERS,    /* searchOpen */
    ENDPOINT_ORDER,          /* searchById */
    ENDPOINT_ORDER_HISTORY,  /* search: all statuses, by time of creation */
    ENDPOINT_TRADES,
    ENDPOINT_PLACE,
    ENDPOINT_MODIFY,
    ENDPOINT_CANCEL,
    ENDPOINT_CLOSE,          /* closeContract */
    ENDPOINT_REDUCE,         /* partialCloseContract */
    ENDPOINTS,
};

/* What came back, before judgement. */
struct reply_facts {
    enum http_fate fate;
    int32_t http_status;
    bool has_envelope; /* JSON object with a boolean success and an integer errorCode. */
    bool success;
    int32_t code;
};

struct judgement {
    enum outcome outcome;
    bool uncontrollable; /* EC-12. */
    int32_t level;       /* Alarm: 0 none, 1 warn, 2 critical. */
    struct span hold;
    const char *text;    /* One sentence for an operator; static. */
};

const char *endpoint_path(enum endpoint endpoint);
/** May it change something at the broker? */
bool endpoint_mutates(enum endpoint endpoint);

/**
 * Judge.  For reads: ACCEPTED, GONE (no such order, contract, account), NOT_SENT or REFUSED, never AMBIGUOUS.
 */
struct judgement errors_judge(enum endpoint endpoint, const struct reply_facts *facts);

/** May the same read work if tried again soon (RT-02, RT-08)? */
bool errors_read_is_transient(const struct reply_facts *facts);

/** EC-08.  Credentials or subscription: somebody has to act. */
bool errors_login_is_permanent(int32_t code);
const char *errors_login_text(int32_t code);

#endif /* GATEWAY_ERRORS_H */
