/*
 * open_result.c - see open_result.h.
 */
#include "rules/open_result.h"

#include "base/assert.h"
#include "base/money.h"

const struct choice open_result_scopes[] = { { "total", SCOPE_TOTAL }, { "per_position", SCOPE_PER_POSITION }, { NULL, 0 } };
const struct choice open_result_marks[] = { { "last", MARK_LAST }, { "exit", MARK_EXIT }, { NULL, 0 } };

void
open_result_note_missing(const struct view *view, enum mark mark, struct verdict *verdict)
{
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        struct instant stale_at = instant_add(p->contract->quoted_at, view->config->stale_after);

        if (!p->priced[mark]) {
            verdict->missing = "a price or the tick value of a position";
            return;
        }
        if (instant_before(view->now, stale_at))
            verdict_wake(verdict, stale_at);
        else
            verdict->missing = "a recent price of a position; the last known one counts";
    }
}

void
open_result_be_quiet(const struct view *view, enum mark mark, int sign, struct verdict *verdict)
{
    const int32_t percents[] = { view->config->warn_percent, view->config->alert_percent, 100 };
    struct band observed = { INT64_MIN, verdict->limit };

    if (verdict->missing != NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        int64_t level = (verdict->limit * percents[i] + 99) / 100; /* The least observed value that has it, as the gauge counts. */
        if (verdict->observed >= level)
            observed.low = level - 1 > observed.low ? level - 1 : observed.low;
        else
            observed.high = level < observed.high ? level : observed.high;
    }
    verdict_quiet(verdict);
    if (sign > 0)
        verdict_quiet_open(verdict, mark, observed);
    else
        verdict_quiet_open(verdict, mark, (struct band){ -observed.high, observed.low == INT64_MIN ? INT64_MAX : -observed.low });
}
