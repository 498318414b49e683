/*
 * guard_tick.c - what riskd looks at once a second, whatever comes or does not come: the loop's lag, the clock's honesty, the log's losses.
 *
 * Nothing here decides about an account: it tells a person, and has everything read anew when what is known may be old.
 */
#include "app/guard.h"

#include "app/ledger.h"
#include "os/os.h"

#include <inttypes.h>

#define HEAD_TICKS 60                  /* The ledger's head is written down that often. */
#define LAG_WARN_MS 250                /* HM-05. */
#define LAG_CRITICAL_MS 1000
#define LAG_ASLEEP_MS 10000
#define ASKED_SINCE SPAN_SECONDS(90)   /* The audit asks each 60 s, so an answer is younger than the step by then. */

/* Has the broker, asked since the step, the same time as the wall clock?  Then the wall clock is right and we were wrong. */
static bool
broker_agrees(const struct guard *guard)
{
    struct gateway_status status;

    for (int32_t i = 0; i < guard->users_count; i++) {
        if (guard->users[i].gateway == NULL)
            continue;
        gateway_status(guard->users[i].gateway, &status);
        int64_t skew_ms = status.clock_skew_ms < 0 ? -status.clock_skew_ms : status.clock_skew_ms;
        if (status.rest_success_age_ms >= 0 && status.rest_success_age_ms < ASKED_SINCE.ns / 1000000 &&
            skew_ms <= CLOCK_STEP_MAX.ns / 1000000)
            return true;
    }
    return false;
}

/* S-21: a step is told once, and followed only on the broker's word. */
static void
check_clock(struct guard *guard)
{
    int64_t now_ns = os_monotonic_ns();

    (void)guard_now(guard);
    if (guard->clock.stepped.ns == 0) {
        guard->stepped_ns = 0;
    } else if (guard->stepped_ns == 0) {
        guard->stepped_ns = now_ns;
        guard_alarm(guard, 2, "the wall clock stepped by %" PRId64 " s and is not followed",
            guard->clock.stepped.ns / 1000000000);
    } else if (now_ns - guard->stepped_ns > ASKED_SINCE.ns && broker_agrees(guard)) {
        clock_confirm(&guard->clock, os_utc_now(), now_ns);
        guard_alarm(guard, 1, "the wall clock is followed again: the broker has the same time");
    }
}

static void
check_log(struct guard *guard)
{
    struct log_stats stats = log_stats(guard->log);

    if (stats.failed > 0 && guard->failed_told == 0)
        guard_alarm(guard, 1, "log: lines cannot be written (disk full?)"); /* LG-08: go on. */
    guard->failed_told = stats.failed;
}

static void
wake_all(struct guard *guard)
{
    for (int32_t i = 0; i < guard->users_count; i++)
        if (guard->users[i].gateway != NULL)
            gateway_woke(guard->users[i].gateway);
}

/* HM-05: late by a little, by much, or asleep (SR-11: then nothing known can be trusted). */
static void
check_lag(struct guard *guard)
{
    int64_t now_ns = os_monotonic_ns();
    int64_t late_ms = guard->ticked_ns == 0 ? 0 : (now_ns - guard->ticked_ns) / 1000000 - GUARD_TICK_MS;

    guard->ticked_ns = now_ns;
    if (late_ms > guard->metrics.loop_lag_max_ms)
        guard->metrics.loop_lag_max_ms = late_ms;
    if (late_ms > LAG_ASLEEP_MS) {
        guard_alarm(guard, 1, "nothing ran for %" PRId64 " s (machine asleep?): reading everything anew", late_ms / 1000);
        wake_all(guard);
    } else if (late_ms > LAG_CRITICAL_MS) {
        guard_alarm(guard, 2, "the event loop is %" PRId64 " ms late", late_ms);
    } else if (late_ms > LAG_WARN_MS) {
        log_say(guard->log, LOG_LEVEL_WARN, "loop", "%" PRId64 " ms late", late_ms);
    }
}

void
guard_tick(struct guard *guard)
{
    check_lag(guard);
    check_clock(guard);
    check_log(guard);
    if (guard->ticks % HEAD_TICKS == 0)
        space_check(guard);
    if (++guard->ticks % HEAD_TICKS == 0) {
        guard_note_store(guard);
        ledger_write_head(guard->log, guard->board.ledger_rows, guard->board.ledger_head, &guard->head_told);
    }
    writer_beat(guard->writer, guard_now(guard));
}

void
guard_notice(struct guard *guard, enum service_notice notice)
{
    switch (notice) {
    case SERVICE_NOTICE_SLEEP:
        guard_alarm(guard, 1, "the machine goes to sleep: nothing is protected until it is back");
        break;
    case SERVICE_NOTICE_WAKE:
        guard_alarm(guard, 1, "the machine is awake: reading everything anew");
        guard->ticked_ns = 0; /* The tick need not find it out again. */
        wake_all(guard);
        break;
    case SERVICE_NOTICE_CLOCK:
        check_clock(guard);
        break;
    case SERVICE_NOTICE_STOP:
        break; /* daemon.c's. */
    }
}
