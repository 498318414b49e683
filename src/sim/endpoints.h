/*
 * endpoints.h - the REST side of the simulated gateway: a request in, an answer out (gateway.md 1, 2).
 *
 * Pure: what the socket does with the answer (send, cut, wait) is said in it and done by the server.
 */
#ifndef SIM_ENDPOINTS_H
#define SIM_ENDPOINTS_H

#include "base/json.h"
#include "sim/sim.h"

struct request {
    const char *path; /* "/api/Order/place" */
    bool post;
    const char *token; /* Bearer, "" = none. */
    const char *body;
    size_t length;
    bool reused; /* Not the first request of its connection. */
};

enum answer_fate { ANSWER_SEND, ANSWER_CUT, ANSWER_CUT_HALF, ANSWER_NEVER };

struct answer {
    int status;
    const char *content_type;
    char *body; /* malloc'd; endpoints_answer_fini(). */
    size_t length;
    enum answer_fate fate;
    bool reset; /* A cut sends RST. */
    int64_t delay_ms;
    int64_t retry_after_s; /* 0 = no header. */
};

/** Is this the gateway's (and not /sim)? */
bool endpoints_have(const char *path);
/** A connection that served before must die now, unheard (fault cut_reused). */
bool endpoints_dies_at_head(struct sim *sim, const char *path, bool reused, bool *ret_reset);
/** Milliseconds to wait before endpoints_answer() (fault hold). */
int64_t endpoints_hold_ms(struct sim *sim, const char *path);
/** Always an answer.  Call sim_publish() after it: the events belong before or behind the reply, as the server likes. */
void endpoints_answer(struct sim *sim, const struct request *request, struct answer *ret_answer);
void endpoints_answer_fini(struct answer *answer);

#endif /* SIM_ENDPOINTS_H */
