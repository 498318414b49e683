/*
 * negotiate.h - the way into a hub: the negotiate request and the judgement of an upgrade (gateway.md 4.1).
 */
#ifndef SIM_NEGOTIATE_H
#define SIM_NEGOTIATE_H

#include "sim/endpoints.h"
#include "sim/stream.h"

/** "/hubs/user", "/hubs/market". */
bool negotiate_is_hub(const char *path, enum stream_hub *ret_hub);
/** ... with "/negotiate" behind it. */
bool negotiate_has(const char *path);
void negotiate_answer(struct sim *sim, const struct request *request, struct answer *ret_answer);

/**
 * May this upgrade go on?  101, or the HTTP status to refuse it with; 0 = cut the connection.
 *
 * @id  The connectionToken of a negotiation, or "" (skipNegotiation).
 */
int negotiate_admit(struct sim *sim, const char *path, const char *token, const char *id);

#endif /* SIM_NEGOTIATE_H */
