/*
 * flight.c - commands that have left and are not answered yet.
 */
#include "app/flight.h"

void
flight_add(struct flight *flight, const struct command *command, int64_t frame_ns)
{
    uint32_t slot = flight->next++ % FLIGHT_MAX;

    flight->slots[slot].command = *command;
    flight->slots[slot].frame_ns = frame_ns;
}

bool
flight_take(struct flight *flight, uint64_t command_id, struct command *ret_command, int64_t *ret_frame_ns)
{
    for (uint32_t i = 0; i < FLIGHT_MAX; i++) {
        if (flight->slots[i].command.id != command_id || command_id == 0)
            continue;
        *ret_command = flight->slots[i].command;
        *ret_frame_ns = flight->slots[i].frame_ns;
        flight->slots[i].command.id = 0;
        return true;
    }
    return false;
}
