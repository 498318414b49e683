/*
 * pace.c - two rolling rate windows with exact times, and what follows from a 429.
 *
 *     0 ------------- NORMAL ------------- 150 -- PROOF -- 170 -- ENFORCEMENT -- 190 - LOGIN - 200
 *
 * The server's kind of window is unpublished; a rolling one is safe under all of them.  A reserve instead of a safety margin (RL-03): a close
 * never waits for polls.
 */
#include "gateway/pace.h"

#include "base/assert.h"

#define SECOND INT64_C(1000000000)

static int32_t
or_default(int32_t value, int32_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* A limit of a few requests still lets one of each class leave. */
static int32_t
share_of(int32_t most, int32_t permille)
{
    return most * permille >= 1000 ? most * permille / 1000 : 1;
}

static struct pace_bounds
bounds_of(int32_t most, int32_t seconds, int32_t normal_permille, int32_t enforce_permille)
{
    return (struct pace_bounds){ .most = { share_of(most, normal_permille), share_of(most, (normal_permille + enforce_permille) / 2),
                                     share_of(most, enforce_permille), most }, .length_ns = seconds * SECOND };
}

static void
push(struct pace_window *window, int64_t now_ns)
{
    if (window->count == PACE_GENERAL_MAX) { /* Only when somebody did not ask: forget the oldest. */
        window->first = (window->first + 1) % PACE_GENERAL_MAX;
        window->count--;
    }
    window->sent_ns[(window->first + window->count) % PACE_GENERAL_MAX] = now_ns;
    window->count++;
}

static int32_t
expired(const struct pace_window *window, int64_t length_ns, int64_t now_ns)
{
    int32_t n = 0;

    while (n < window->count && now_ns - window->sent_ns[(window->first + n) % PACE_GENERAL_MAX] > length_ns)
        n++;
    return n;
}

void
pace_init(struct pace *pace, const struct pace_limits *limits, int64_t now_ns, bool rested)
{
    int32_t normal = or_default(limits->normal_permille, 750), enforce = or_default(limits->enforce_permille, 950);

    *pace = (struct pace){ .normal_frozen_until_ns = INT64_MIN, .enforcement_frozen_until_ns = INT64_MIN };
    pace->bounds[PACE_GENERAL] = bounds_of(or_default(limits->general, PACE_GENERAL_MAX), or_default(limits->general_s, 60), normal, enforce);
    pace->bounds[PACE_HISTORY] = bounds_of(or_default(limits->history, PACE_HISTORY_MAX), or_default(limits->history_s, 30), 900, 950); /* RL-03: 45 */
    for (int w = 0; w < PACE_WINDOWS && !rested; w++)
        for (int32_t i = 0; i < pace_max(pace, (enum pace_window_kind)w) / 2; i++)
            push(&pace->windows[w], now_ns);
}

int32_t
pace_max(const struct pace *pace, enum pace_window_kind window)
{
    return pace->bounds[window].most[PACE_LOGIN];
}

int32_t
pace_used(const struct pace *pace, enum pace_window_kind window, int64_t now_ns)
{
    return pace->windows[window].count - expired(&pace->windows[window], pace->bounds[window].length_ns, now_ns);
}

int64_t
pace_ask(const struct pace *pace, enum pace_class class, enum pace_window_kind window, int64_t now_ns)
{
    const struct pace_window *w = &pace->windows[window];
    int32_t used = pace_used(pace, window, now_ns);
    int32_t most = pace->bounds[window].most[class];
    int64_t frozen = class == PACE_NORMAL ? pace->normal_frozen_until_ns
        : class == PACE_LOGIN             ? INT64_MIN
                                          : pace->enforcement_frozen_until_ns;

    if (frozen > now_ns)
        return frozen;
    if (used < most)
        return now_ns;
    /* So many of the oldest have to leave the window first. */
    int32_t leaving = w->count - most;
    return w->sent_ns[(w->first + leaving) % PACE_GENERAL_MAX] + pace->bounds[window].length_ns + 1;
}

void
pace_take(struct pace *pace, enum pace_window_kind window, int64_t now_ns)
{
    struct pace_window *w = &pace->windows[window];
    int32_t gone = expired(w, pace->bounds[window].length_ns, now_ns);

    w->first = (w->first + gone) % PACE_GENERAL_MAX;
    w->count -= gone;
    push(w, now_ns);
}

int64_t
pace_refused(struct pace *pace, enum pace_class class, int64_t retry_after_s, int64_t now_ns)
{
    static const int64_t enforcement_s[] = { 1, 2, 4, 5 };
    int64_t wait_ns;

    if (class == PACE_ENFORCEMENT || class == PACE_PROOF) {
        int32_t step = pace->enforcement_refusals;
        int32_t last = (int32_t)COUNT_OF(enforcement_s) - 1;

        wait_ns = enforcement_s[step < last ? step : last] * SECOND;
        pace->enforcement_refusals++;
        if (now_ns + wait_ns > pace->enforcement_frozen_until_ns)
            pace->enforcement_frozen_until_ns = now_ns + wait_ns;
        return wait_ns;
    }
    int64_t seconds = 5;
    for (int32_t i = 0; i < pace->normal_refusals && seconds < 60; i++)
        seconds *= 2;
    if (seconds > 60)
        seconds = 60;
    if (retry_after_s >= 0)
        seconds = retry_after_s < 3600 ? retry_after_s : 3600;
    pace->normal_refusals++;
    wait_ns = seconds * SECOND;
    if (now_ns + wait_ns > pace->normal_frozen_until_ns)
        pace->normal_frozen_until_ns = now_ns + wait_ns;
    return wait_ns;
}

void
pace_answered(struct pace *pace, enum pace_class class)
{
    if (class == PACE_ENFORCEMENT || class == PACE_PROOF)
        pace->enforcement_refusals = 0;
    else
        pace->normal_refusals = 0;
}
