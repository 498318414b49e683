/*
 * day.h - the calendar: trading days and sessions as pure functions of the instant (R-RST-1, R-009-1).
 */
#ifndef CORE_DAY_H
#define CORE_DAY_H

#include "core/config.h"

/** The trading day that contains @at: [starts, ends).  @ret_date: of the end in the zone, days since 1970. */
void day_of(const struct zone *zone, int32_t reset_second, struct instant at, struct instant *ret_starts,
    struct instant *ret_ends, int32_t *ret_date);

#define WEEKDAY_ANY (-1)
#define BREAKS_MAX 4

/* "09:30" or "sun 17:00". */
struct session_time {
    int32_t weekday; /* 0 Sunday .. 6, or WEEKDAY_ANY. */
    int32_t second;  /* Of the day. */
};

struct session {
    struct symbol symbol;            /* "" for the global one. */
    struct session_time start, end;  /* Both with a weekday (one weekly span) or both without. */
    const struct zone *zone;
    int32_t days;                    /* Bit per weekday of the start day, 1 << 0 Sunday; daily sessions only. */
    int32_t break_start, break_end;  /* Second of day, -1: none. */
};

struct session_state {
    bool open;
    struct instant ends;        /* Open: first instant after now that is outside (break, early close, end). */
    struct instant next_start;  /* First start after now, holidays skipped (R-009-3); NEVER if none within 400 days. */
};

/** @calendar and @dates may be NULL.  Start inclusive, end exclusive, daylight saving by zone.c's gap and overlap rules. */
struct session_state session_at(const struct session *session, const struct calendar *calendar, const struct dates *dates,
    struct instant at);

/**
 * Is the exchange open: Sunday 17:00 to Friday 16:00 of its zone, but for the halt 16:00 to 17:00 and the calendar's days (rules.md, R-009-3)?
 * @ret_opens: when it does next; set when it is closed.
 */
bool day_market_is_open(const struct config *config, struct instant at, struct instant *ret_opens);

/** Do quotes have to come (HM-02)?  While the exchange is open, and has been for a minute. */
bool day_quotes_are_due(const struct config *config, struct instant at);

/** Since when trades are to be known: the trading day so far, and the hour that rolling windows of RULE-006 reach back over its start (SR-03). */
struct instant day_trades_since(const struct config *config, struct instant at);

/** Parse "09:30", "09:30:15" or "sun 17:00" (day names in any case, three letters or whole). */
bool session_time_parse(const char *text, struct session_time *ret_time);

/** "mon", "Monday": 0 Sunday .. 6. */
bool session_weekday_parse(const char *text, size_t length, int32_t *ret_weekday);

/** "16:00" or "16:00:30", to second of day; "24:00" is the end of the day. */
bool session_clock_parse(const char *text, int32_t *ret_second);

#endif /* CORE_DAY_H */
