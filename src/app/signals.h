/*
 * signals.h - what riskd is told from outside while it runs, brought to the loop: signals, and the service manager's notices (S-1, S-2, S-21).
 */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include "os/service.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

struct signals_options {
    uv_loop_t *loop;
    void *context;
    void (*stop)(void *context, const char *why);
    void (*reload)(void *context);
    void (*notice)(void *context, enum service_notice notice); /* Of the machine; never a stop. */
};

/* The memory must live until the loop has closed its handles. */
struct signals {
    struct signals_options options;
    uv_signal_t handles[3];
    uv_async_t async;
    atomic_uint waiting; /* A bit for each notice that has come and is not told yet. */
    bool started;
};

/** From here on all are told, on the loop thread. */
void signals_start(struct signals *signals, const struct signals_options *options);
/** Nothing comes any more; the handles are closing.  Does nothing if never started. */
void signals_stop(struct signals *signals);

#endif /* APP_SIGNALS_H */
