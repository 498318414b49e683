/*
 * open_result.c - see open_result.h.
 */
#include "rules/open_result.h"

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
