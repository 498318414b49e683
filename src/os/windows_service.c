/*
 * windows_service.c - service.h on Windows, started by hand: nobody is told.
 */
#include "os/service.h"

int
service_main(int (*program)(const void *options), const void *options)
{
    return program(options);
}

void
service_listen(void (*told)(void *context, enum service_notice notice), void *context)
{
    (void)told;
    (void)context;
}

void
service_failed(const char *text)
{
    (void)text;
}

bool
service_hangup_reloads(void)
{
    return false;
}

void
service_ready(void)
{
}

void
service_stopping(void)
{
}

void
service_alive(void)
{
}

void
service_says(const char *line)
{
    (void)line;
}

int64_t
service_watchdog_ms(void)
{
    return 0;
}
