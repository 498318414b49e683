/*
 * service.c - service.h by systemd's own library.
 */
#include "os/service.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

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
