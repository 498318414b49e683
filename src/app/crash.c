/*
 * crash.c - dying on purpose at a named point.
 */
#include "app/crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static const char *wanted;

void
crash_init(void)
{
    wanted = getenv("RISKD_TEST_KILL_AT");
}

void
crash_at(const char *point)
{
    if (wanted != NULL && strcmp(wanted, point) == 0)
        (void)uv_kill(uv_os_getpid(), SIGKILL);
}
