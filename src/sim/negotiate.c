/*
 * negotiate.c - see negotiate.h.
 */
#include "sim/negotiate.h"

#include "base/text.h"
#include "sim/reply.h"

#include <stdlib.h>
#include <string.h>

#define NEGOTIATE "/negotiate"

bool
negotiate_is_hub(const char *path, enum stream_hub *ret_hub)
{
    if (text_same(path, "/hubs/user"))
        *ret_hub = STREAM_USER;
    else if (text_same(path, "/hubs/market"))
        *ret_hub = STREAM_MARKET;
    else
        return false;
    return true;
}

bool
negotiate_has(const char *path)
{
    char hub[64];
    enum stream_hub which;
    size_t length = strlen(path), end = strlen(NEGOTIATE);

    return length > end && strcmp(path + length - end, NEGOTIATE) == 0 &&
           text_copy_bytes(hub, sizeof hub, path, length - end) && negotiate_is_hub(hub, &which);
}

void
negotiate_answer(struct sim *sim, const struct request *request, struct answer *ret_answer)
{
    struct sim_note *note = sim_note(sim, sim->now, request->path);
    struct reply reply;
    struct fault fault;

    *ret_answer = (struct answer){ .fate = ANSWER_SEND, .content_type = "application/json", .status = 401 };
    if (faults_goes_off(&sim->faults, FAULT_STAGE_BODY, request->path, &sim->chance, &fault)) {
        note->fault = (int)fault.kind;
        ret_answer->fate = fault.kind == FAULT_CUT_BEFORE ? ANSWER_CUT : ANSWER_SEND;
        ret_answer->status = fault.status;
    } else if (tokens_check(&sim->tokens, request->token, sim->now) == TOKEN_VALID) {
        const char *connection = tokens_negotiate(&sim->tokens, &sim->chance);
        reply_begin(&reply);
        json_add_int(&reply.writer, "negotiateVersion", 1);
        json_add_string(&reply.writer, "connectionId", connection);
        json_add_string(&reply.writer, "connectionToken", connection);
        json_add_raw(&reply.writer, "availableTransports",
            "[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\",\"Binary\"]}]");
        json_close(&reply.writer, '}');
        ret_answer->status = 200;
        ret_answer->body = reply.text.data;
        ret_answer->length = reply.text.length;
    }
    note->status = ret_answer->status;
}

int
negotiate_admit(struct sim *sim, const char *path, const char *token, const char *id)
{
    struct sim_note *note = sim_note(sim, sim->now, path);
    struct fault fault;
    enum stream_hub hub;

    note->status = 101;
    if (!negotiate_is_hub(path, &hub)) {
        note->status = 404;
    } else if (faults_goes_off(&sim->faults, FAULT_STAGE_BODY, path, &sim->chance, &fault)) {
        note->fault = (int)fault.kind;
        note->status = fault.kind == FAULT_CUT_BEFORE ? 0 : fault.status;
    } else if (tokens_check(&sim->tokens, token, sim->now) != TOKEN_VALID) {
        note->status = 401;
    } else if (id[0] != '\0' && !tokens_connect(&sim->tokens, id)) {
        note->status = 404;
    }
    return note->status;
}
