/*
 * control_client.h - riskctl's end of the control socket: one order, one answer.
 */
#ifndef CTL_CONTROL_CLIENT_H
#define CTL_CONTROL_CLIENT_H

#include "app/control_message.h"

struct control_answer {
    enum control_code code;
    int64_t wait_s;
    char text[CONTROL_TEXT_MAX];
    char *status;      /* JSON, or NULL. */
    size_t status_length;
    char *bytes;       /* Private: what status points into. */
};

/**
 * Ask and wait, at most 30 s.  @idle, unless NULL, is called a few times a second meanwhile (a spinner).
 * STATUS_RETRY: nobody listens there.  STATUS_REFUSED: the system does not let this user through.  STATUS_CORRUPT: no answer, or none that
 * can be understood.  @ret_answer on success only; control_client_fini().
 */
MUST_USE enum status control_client_ask(const char *path, const struct control_request *request, void (*idle)(void *context),
    void *context, struct control_answer *ret_answer, struct error *err);

void control_client_fini(struct control_answer *answer);

#endif /* CTL_CONTROL_CLIENT_H */
