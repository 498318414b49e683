/*
 * verdict.c - filling in a rule's answer.
 *
 * A verdict is bounded.  What does not fit is left out: rules are level-triggered (R-ALL-5), so what is left over is asked for
 * again once the first part is true at the broker.  The arrays are not cleared, only their counts: a verdict is made for
 * every rule on every quote.
 */
#include "core/rule.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

void
verdict_clear(struct verdict *verdict)
{
    verdict->observed = verdict->limit = 0;
    verdict->unit = UNIT_NONE;
    verdict->action = ACTION_NONE;
    verdict->why[0] = 0;
    verdict->record_only = false;
    verdict->close_all = false;
    verdict->wake_at = INSTANT_NEVER;
    verdict->missing = NULL;
    verdict->quiet = false;
    verdict->bands_count = 0;
    verdict->sizes_count = verdict->cancels_count = verdict->locks_count = 0;
    verdict->releases_count = verdict->stops_count = verdict->warnings_count = 0;
}

void
verdict_breach(struct verdict *verdict, enum action action, const char *format, ...)
{
    size_t length = strlen(verdict->why);
    va_list arguments;

    if (action > verdict->action)
        verdict->action = action;
    if (length > 0 && length + 1 < sizeof verdict->why)
        verdict->why[length++] = ' ';
    struct text why = { .data = verdict->why, .size = sizeof verdict->why, .length = length };
    va_start(arguments, format);
    text_addv(&why, format, arguments);
    va_end(arguments);
}

/* The smaller of two wishes for one position holds. */
static struct want_size *
find_size(struct verdict *verdict, const struct position *position)
{
    for (int32_t i = 0; i < verdict->sizes_count; i++) {
        if (verdict->sizes[i].position == position)
            return &verdict->sizes[i];
    }
    return NULL;
}

void
verdict_reduce_to(struct verdict *verdict, const struct position *position, int32_t size)
{
    struct want_size *known = find_size(verdict, position);

    if (known != NULL)
        known->size = size < known->size ? size : known->size;
    else if (verdict->sizes_count < VERDICT_SIZES_MAX)
        verdict->sizes[verdict->sizes_count++] = (struct want_size){ .position = position, .size = size };
}

void
verdict_close(struct verdict *verdict, const struct position *position)
{
    verdict_reduce_to(verdict, position, 0);
}

void
verdict_cancel(struct verdict *verdict, const struct order *order)
{
    for (int32_t i = 0; i < verdict->cancels_count; i++) {
        if (verdict->cancels[i] == order)
            return;
    }
    if (verdict->cancels_count < VERDICT_CANCELS_MAX)
        verdict->cancels[verdict->cancels_count++] = order;
}

void
verdict_lock(struct verdict *verdict, struct want_lock lock)
{
    for (int32_t i = 0; i < verdict->locks_count; i++) {
        if (strcmp(verdict->locks[i].root, lock.root) == 0)
            return; /* One per (rule, scope), R-ALL-9; a rule names a scope with one meaning. */
    }
    if (verdict->locks_count < VERDICT_LOCKS_MAX)
        verdict->locks[verdict->locks_count++] = lock;
}

void
verdict_release(struct verdict *verdict, const char *root)
{
    if (verdict->releases_count < VERDICT_LOCKS_MAX)
        (void)text_copy(verdict->releases[verdict->releases_count++].text, ROOT_MAX, root);
}

void
verdict_stop(struct verdict *verdict, struct want_stop stop)
{
    if (verdict->stops_count < VERDICT_STOPS_MAX)
        verdict->stops[verdict->stops_count++] = stop;
}

void
verdict_wake(struct verdict *verdict, struct instant at)
{
    verdict->wake_at = instant_min(verdict->wake_at, at);
}

void
verdict_warn(struct verdict *verdict, const char *text)
{
    for (int32_t i = 0; i < verdict->warnings_count; i++) {
        if (strcmp(verdict->warnings[i], text) == 0)
            return;
    }
    if (verdict->warnings_count < VERDICT_WARNINGS_MAX)
        verdict->warnings[verdict->warnings_count++] = text;
}

void
verdict_quiet(struct verdict *verdict)
{
    verdict->quiet = true;
    for (int m = 0; m < MARKS; m++)
        verdict->open_micros[m] = BAND_ALL;
}

void
verdict_quiet_open(struct verdict *verdict, enum mark mark, struct band open_micros)
{
    verdict->open_micros[mark] = open_micros;
}

void
verdict_quiet_last(struct verdict *verdict, const struct position *position, struct band last_nanos)
{
    if (verdict->bands_count < VERDICT_SIZES_MAX)
        verdict->bands[verdict->bands_count++] = (struct want_band){ .position = position, .last_nanos = last_nanos };
    else
        verdict->quiet = false;
}

void
verdict_close_all_and_lock(struct verdict *verdict, enum lock_end end)
{
    verdict->close_all = true;
    if (verdict->action < ACTION_LOCK)
        verdict->action = ACTION_LOCK;
    verdict_lock(verdict, (struct want_lock){ .kind = LOCK_FLAT, .end = end, .until = INSTANT_NEVER });
}
