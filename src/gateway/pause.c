/*
 * pause.c - see pause.h.
 */
#include "gateway/pause.h"

void
pause_init(struct pause *pause, int32_t failures_max, int64_t first_ns, int64_t longest_ns)
{
    *pause = (struct pause){ .failures_max = failures_max, .first_ns = first_ns, .longest_ns = longest_ns, .probe_ns = INT64_MAX };
}

bool
pause_is_on(const struct pause *pause)
{
    return pause->wait_ns > 0;
}

bool
pause_failed(struct pause *pause, int64_t now_ns)
{
    if (pause_is_on(pause) || ++pause->failures < pause->failures_max)
        return false;
    pause->wait_ns = pause->first_ns;
    pause->probe_ns = now_ns + pause->wait_ns;
    return true;
}

bool
pause_succeeded(struct pause *pause)
{
    bool was_on = pause_is_on(pause);

    pause->failures = 0;
    pause->wait_ns = 0;
    pause->probe_ns = INT64_MAX;
    return was_on;
}

void
pause_probing(struct pause *pause)
{
    pause->probe_ns = INT64_MAX;
}

void
pause_probe_failed(struct pause *pause, int64_t now_ns)
{
    if (!pause_is_on(pause) || pause->probe_ns != INT64_MAX)
        return; /* A success in between, or a call that was not the probe. */
    pause->wait_ns = pause->wait_ns < pause->longest_ns / 2 ? pause->wait_ns * 2 : pause->longest_ns;
    pause->probe_ns = now_ns + pause->wait_ns;
}
