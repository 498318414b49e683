/*
 * flight.h - commands that have left and are not answered yet, with the time of the frame that caused them.
 *
 * For the latency figure and the log only; what is owed for an answer is the engine's to know.
 */
#ifndef APP_FLIGHT_H
#define APP_FLIGHT_H

#include "core/update.h"

#include <stdbool.h>

#define FLIGHT_MAX 256 /* The oldest is forgotten beyond it: an account's worth of cancels in one turn. */

/* Zeroed is empty. */
struct flight {
    uint32_t next;
    struct {
        struct command command;
        int64_t frame_ns; /* Monotonic; 0: no frame caused it (a timer, a retry, a snapshot). */
    } slots[FLIGHT_MAX];
};

void flight_add(struct flight *flight, const struct command *command, int64_t frame_ns);

/** Take a command out.  False: unknown. */
bool flight_take(struct flight *flight, uint64_t command_id, struct command *ret_command, int64_t *ret_frame_ns);

#endif /* APP_FLIGHT_H */
