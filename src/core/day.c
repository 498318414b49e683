/*
 * day.c - see day.h.
 *
 * A trading day is the span between two reset instants, one each calendar day (R-RST-1).
 *
 * A session is a set of instants: spans from its start to its end, less the daily break, less holidays (whole local dates), less what
 * follows an early close.  All of them are intervals between local wall-clock times, turned into instants by zone_from_local(), so
 * daylight saving has one meaning: a time inside the skipped hour is the instant of the change, a time that comes twice is the
 * first of the two.
 *
 *     sun 17:00 ======mon 16:00  17:00=======tue 16:00 ... ======fri 16:00
 *               open      | break |   open       | break         | end
 *
 * To find when a session ends or next starts, the instants at which anything can change are tried one after the other, a local date at
 * a time.
 */
#include "core/day.h"

#include "base/assert.h"
#include "base/text.h"

#include <string.h>

#define SECONDS_PER_DAY 86400
#define DAYS_PER_WEEK 7
#define SEARCH_DAYS 400 /* Longer than any run of holidays. */
#define OPENED_LATELY SPAN_SECONDS(60) /* No quotes are missed before. */
#define TRADES_BACK SPAN_SECONDS(3600)

void
day_of(const struct zone *zone, int32_t reset_second, struct instant at, struct instant *ret_starts, struct instant *ret_ends,
    int32_t *ret_date)
{
    int64_t date;
    int second;

    zone_to_local(zone, at, &date, &second);
    /* Local time may run twice over the reset: the instants decide, not the wall clock. */
    if (!instant_before(at, zone_from_local(zone, date, reset_second)))
        date++;
    else if (instant_before(at, zone_from_local(zone, date - 1, reset_second)))
        date--;
    *ret_starts = zone_from_local(zone, date - 1, reset_second);
    *ret_ends = zone_from_local(zone, date, reset_second);
    *ret_date = (int32_t)date;
    ASSERT(!instant_before(at, *ret_starts));
    ASSERT(instant_before(at, *ret_ends));
}

/* What a session is judged against. */
struct almanac {
    const struct session *session;
    const struct calendar *calendar;
    const struct dates *dates;
};

static struct instant
local(const struct almanac *a, int64_t date, int32_t second)
{
    return zone_from_local(a->session->zone, date, second);
}

static bool
within(struct instant at, struct instant from, struct instant to)
{
    return !instant_before(at, from) && instant_before(at, to);
}

static bool
is_weekly(const struct session *session)
{
    return session->start.weekday != WEEKDAY_ANY;
}

static bool
has_break(const struct session *session)
{
    return session->break_start >= 0 && session->break_end >= 0;
}

/* Days from the start's date to the end's. */
static int64_t
length_days(const struct session *session)
{
    int64_t days;

    if (!is_weekly(session))
        return session->start.second < session->end.second ? 0 : 1; /* R-009-1: start > end spans midnight. */
    days = (session->end.weekday - session->start.weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    return days == 0 && session->end.second <= session->start.second ? DAYS_PER_WEEK : days;
}

static bool
starts_on(const struct session *session, int64_t date)
{
    int weekday = civil_weekday(date);

    return is_weekly(session) ? weekday == session->start.weekday : (session->days & (1 << weekday)) != 0;
}

static const struct holiday *
holiday_on(const struct almanac *a, int64_t date)
{
    for (int32_t i = 0; a->calendar != NULL && i < a->calendar->count; i++) {
        if (a->calendar->holidays[i].day == date)
            return &a->calendar->holidays[i];
    }
    return NULL;
}

/* R-009-3: a holiday without early close has no session. */
static bool
is_closed_on(const struct almanac *a, int64_t date)
{
    const struct holiday *holiday = holiday_on(a, date);

    for (int32_t i = 0; a->dates != NULL && i < a->dates->count; i++) {
        if (a->dates->days[i] == date)
            return true;
    }
    return holiday != NULL && holiday->early_close < 0;
}

/* Second of the date at which it closes early, or -1. */
static int32_t
early_close_on(const struct almanac *a, int64_t date)
{
    const struct holiday *holiday = holiday_on(a, date);

    return holiday != NULL ? holiday->early_close : -1;
}

/* When trade resumes after an early close: at the next regular start of that date, else with the next date. */
static struct instant
resumes_after(const struct almanac *a, int64_t date, int32_t early_close)
{
    const struct session *s = a->session;
    int32_t second = SECONDS_PER_DAY;

    if (starts_on(s, date) && length_days(s) > 0 && s->start.second > early_close)
        second = s->start.second;
    if (has_break(s) && s->break_end > early_close && s->break_end < second)
        second = s->break_end;
    return second < SECONDS_PER_DAY ? local(a, date, second) : local(a, date + 1, 0);
}

static bool
in_span(const struct almanac *a, struct instant at, int64_t date)
{
    int64_t length = length_days(a->session);

    for (int64_t d = date - length; d <= date; d++) {
        if (starts_on(a->session, d) &&
            within(at, local(a, d, a->session->start.second), local(a, d + length, a->session->end.second)))
            return true;
    }
    return false;
}

static bool
in_break(const struct almanac *a, struct instant at, int64_t date)
{
    const struct session *s = a->session;
    int64_t over_midnight = s->break_end <= s->break_start ? 1 : 0;

    if (!has_break(s))
        return false;
    for (int64_t d = date - over_midnight; d <= date; d++) {
        if (within(at, local(a, d, s->break_start), local(a, d + over_midnight, s->break_end)))
            return true;
    }
    return false;
}

static bool
is_open(const struct almanac *a, struct instant at)
{
    int64_t date;
    int second;
    int32_t early;

    zone_to_local(a->session->zone, at, &date, &second);
    if (!in_span(a, at, date) || in_break(a, at, date) || is_closed_on(a, date))
        return false;
    early = early_close_on(a, date);
    return early < 0 || !within(at, local(a, date, early), resumes_after(a, date, early));
}

#define CHANGES_MAX 6

/* The instants of a local date at which the session may open or close, in order. */
static size_t
changes_on(const struct almanac *a, int64_t date, struct instant ret_at[CHANGES_MAX])
{
    const struct session *s = a->session;
    int32_t seconds[CHANGES_MAX] = { 0, s->start.second, s->end.second, s->break_start, s->break_end, early_close_on(a, date) };
    size_t count = 0;

    for (size_t i = 0; i < CHANGES_MAX; i++) {
        size_t place = count;
        if (seconds[i] < 0)
            continue;
        struct instant at = local(a, date, seconds[i]);
        while (place > 0 && instant_before(at, ret_at[place - 1])) {
            ret_at[place] = ret_at[place - 1];
            place--;
        }
        ret_at[place] = at;
        count++;
    }
    return count;
}

struct session_state
session_at(const struct session *session, const struct calendar *calendar, const struct dates *dates, struct instant at)
{
    struct almanac a = { .session = session, .calendar = calendar, .dates = dates };
    struct session_state state = { .open = is_open(&a, at), .ends = at, .next_start = INSTANT_NEVER };
    struct instant changes[CHANGES_MAX];
    bool open = state.open;
    int64_t date;
    int second;

    if (state.open)
        state.ends = INSTANT_NEVER;
    zone_to_local(session->zone, at, &date, &second);
    for (int64_t d = date; d <= date + SEARCH_DAYS; d++) {
        size_t count = changes_on(&a, d, changes);
        for (size_t i = 0; i < count; i++) {
            if (!instant_before(at, changes[i]) || is_open(&a, changes[i]) == open)
                continue;
            open = !open;
            if (open) {
                state.next_start = changes[i];
                return state;
            }
            state.ends = changes[i];
        }
    }
    return state;
}

static const char *const weekdays[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

bool
session_weekday_parse(const char *text, size_t length, int32_t *ret_weekday)
{
    for (size_t i = 0; i < COUNT_OF(weekdays); i++) {
        if ((length == 3 || length == strlen(weekdays[i])) && length <= strlen(weekdays[i])) {
            char name[16];
            (void)text_copy_bytes(name, sizeof name, weekdays[i], length);
            if (text_same_bytes(name, text, length)) {
                *ret_weekday = (int32_t)i;
                return true;
            }
        }
    }
    return false;
}

bool
session_clock_parse(const char *text, int32_t *ret_second)
{
    int32_t parts[3] = { 0, 0, 0 };
    size_t count = 0;
    const char *at = text;

    while (count < COUNT_OF(parts)) {
        size_t digits = 0;
        while (at[digits] >= '0' && at[digits] <= '9' && digits < 2) {
            parts[count] = parts[count] * 10 + (at[digits] - '0');
            digits++;
        }
        if (digits == 0 || (count > 0 && digits != 2))
            return false;
        at += digits;
        count++;
        if (*at != ':')
            break;
        at++;
    }
    if (*at != 0 || at[-1] == ':' || count < 2 || parts[1] > 59 || parts[2] > 59)
        return false;
    *ret_second = parts[0] * 3600 + parts[1] * 60 + parts[2];
    return *ret_second <= SECONDS_PER_DAY && parts[0] <= 24;
}

bool
session_time_parse(const char *text, struct session_time *ret_time)
{
    const char *space = strchr(text, ' ');
    struct session_time time = { .weekday = WEEKDAY_ANY };

    if (space != NULL) {
        if (!session_weekday_parse(text, (size_t)(space - text), &time.weekday))
            return false;
        text = space + strspn(space, " ");
    }
    if (!session_clock_parse(text, &time.second))
        return false;
    *ret_time = time;
    return true;
}

bool
day_market_is_open(const struct config *config, struct instant at, struct instant *ret_opens)
{
    const struct session hours = { .start = { 0, 17 * 3600 }, .end = { 5, 16 * 3600 }, .zone = config->exchange_zone,
        .break_start = 16 * 3600, .break_end = 17 * 3600 };

    if (config->exchange_zone == NULL)
        return true;
    struct session_state state = session_at(&hours, &config->calendar, NULL, at);
    *ret_opens = state.next_start;
    return state.open;
}

bool
day_quotes_are_due(const struct config *config, struct instant at)
{
    struct instant opens;

    return day_market_is_open(config, at, &opens) && day_market_is_open(config, instant_sub(at, OPENED_LATELY), &opens);
}

struct instant
day_trades_since(const struct config *config, struct instant at)
{
    struct instant starts, ends;
    int32_t date;

    day_of(config->day_zone, config->reset_second, at, &starts, &ends, &date);
    return instant_min(starts, instant_sub(at, TRADES_BACK));
}
