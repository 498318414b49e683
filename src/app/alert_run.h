/*
 * alert_run.h - a program run for one alert: notify-send, or the user's own.
 */
#ifndef APP_ALERT_RUN_H
#define APP_ALERT_RUN_H

#include "app/alert.h"

#include <uv.h>

#define ALERT_RUN_MS 10000 /* Then it is killed. */

/* Zeroed is idle. */
struct alert_run {
    uv_process_t process;
    bool busy;         /* Its process is running, or not yet forgotten by the loop. */
    bool ended;        /* The result is there. */
    int64_t exit_code; /* -1: ended by a signal. */
    uint64_t started_ms;
};

/** notify-send: the session's notification service.  STATUS_RETRY: it cannot be started. */
MUST_USE enum status alert_run_desktop(struct alert_run *run, uv_loop_t *loop, const struct alert *alert, struct error *err);
/** PROGRAM KIND LEVEL TITLE TEXT. */
MUST_USE enum status alert_run_command(struct alert_run *run, uv_loop_t *loop, const char *program, const struct alert *alert, struct error *err);
/** Kill it if it is late. */
void alert_run_watch(struct alert_run *run, uint64_t now_ms);

#endif /* APP_ALERT_RUN_H */
