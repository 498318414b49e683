/*
 * control.h - the REST by which tests and demos steer and read the simulation: /sim/... without authentication.
 *
 * The server listens on loopback only.  Nothing here is subject to faults, windows or the log of requests.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim/endpoints.h"

#include <stdio.h>

bool control_has(const char *path);
/** ... and one of those a POST goes to. */
bool control_acts(const char *path);
/** Always an answer: 200, 400 with what is wrong, 404 or 405. */
void control_answer(struct sim *sim, const struct request *request, struct answer *ret_answer);
/** The table of paths, for --help. */
void control_help(FILE *out);

#endif /* SIM_CONTROL_H */
