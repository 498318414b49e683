/*
 * service.c - service.h by systemd's own library.
 */
#include "os/service.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

int
service_main(int (*program)(const void *options), const void *options)
{
    return program(options);
}

void
service_listen(void (*told)(void *context, enum service_notice notice), void *context)
{
    (void)told; /* Signals tell it all. */
    (void)context;
}

void
service_failed(const char *text)
{
    (void)text; /* The journal has standard error. */
}

bool
service_hangup_reloads(void)
{
    return true;
}

void
service_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void
service_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

void
service_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

void
service_says(const char *line)
{
    char state[256];

    (void)snprintf(state, sizeof state, "STATUS=%s", line);
    (void)sd_notify(0, state);
}

int64_t
service_watchdog_ms(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 1000) : 0;
}
