/*
 * web.h - the daemon's read-only HTTP page for programs: /status, /metrics, /healthz, /readyz (S-26).  Loopback only.
 */
#ifndef APP_WEB_H
#define APP_WEB_H

#include "base/text.h"

#include <uv.h>

struct web;

struct web_options {
    uv_loop_t *loop;
    uint16_t port;                                  /* 0: any free one. */
    void *context;
    void (*status)(void *context, struct text *text); /* The body of /status, JSON. */
    void (*metrics)(void *context, struct text *text); /* The body of /metrics, Prometheus' text. */
    bool (*ready)(void *context);                   /* Protecting: both hubs live, first snapshot in (S-1). */
};

/** STATUS_CONFIG: the port is taken.  @ret_web on success only. */
MUST_USE enum status web_new(const struct web_options *options, struct web **ret_web, struct error *err);
/** Run the loop once more before closing it.  NULL is fine. */
void web_free(struct web *web);
uint16_t web_port(const struct web *web);

#endif /* APP_WEB_H */
