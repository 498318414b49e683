/*
 * test_day.c - trading days and sessions over daylight saving, holidays, early closes and leap days (R-RST-1, R-009-1, R-009-3).
 */
#include "core/day.h"

#include "base/assert.h"
#include "base/text.h"
#include "lib/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct zone *chicago, *new_york;

static struct instant
at(const char *text)
{
    struct instant instant;

    assert_true(instant_parse(text, strlen(text), &instant));
    return instant;
}

static void
assert_at(struct instant instant, const char *expected)
{
    char text[INSTANT_TEXT_MAX];

    (void)instant_format(instant, text, sizeof text);
    assert_string_equal(instant_is_never(instant) ? "never" : text, expected);
}

static int
load_zones(void **state)
{
    struct error err;

    (void)state;
    return zone_load(NULL, "America/Chicago", &chicago, &err) != OK || zone_load(NULL, "America/New_York", &new_york, &err) != OK;
}

static int
free_zones(void **state)
{
    (void)state;
    zone_free(chicago);
    zone_free(new_york);
    return 0;
}

/* The reset instant belongs to the new day; days of a change have 23 and 25 hours. */
static void
test_trading_day(void **state)
{
    static const struct {
        const char *zone, *at, *starts, *ends, *date;
    } rows[] = {
        { "C", "2025-01-17T22:59:59.999999999Z", "2025-01-16T23:00:00Z", "2025-01-17T23:00:00Z", "2025-01-17" },
        { "C", "2025-01-17T23:00:00Z", "2025-01-17T23:00:00Z", "2025-01-18T23:00:00Z", "2025-01-18" },
        { "C", "2025-01-17T23:00:00.000000001Z", "2025-01-17T23:00:00Z", "2025-01-18T23:00:00Z", "2025-01-18" },
        { "N", "2025-01-17T19:30:00Z", "2025-01-16T22:00:00Z", "2025-01-17T22:00:00Z", "2025-01-17" },
        /* A Saturday: one reset every calendar day. */
        { "C", "2025-01-19T05:00:00Z", "2025-01-18T23:00:00Z", "2025-01-19T23:00:00Z", "2025-01-19" },
        /* Spring forward 2025, 2026, 2027: 23 hours. */
        { "C", "2025-03-09T21:59:59Z", "2025-03-08T23:00:00Z", "2025-03-09T22:00:00Z", "2025-03-09" },
        { "C", "2025-03-09T22:00:00Z", "2025-03-09T22:00:00Z", "2025-03-10T22:00:00Z", "2025-03-10" },
        { "N", "2025-03-09T22:30:00Z", "2025-03-09T21:00:00Z", "2025-03-10T21:00:00Z", "2025-03-10" },
        { "C", "2026-03-08T12:00:00Z", "2026-03-07T23:00:00Z", "2026-03-08T22:00:00Z", "2026-03-08" },
        { "C", "2027-03-14T12:00:00Z", "2027-03-13T23:00:00Z", "2027-03-14T22:00:00Z", "2027-03-14" },
        /* Fall back: 25 hours. */
        { "C", "2025-11-02T22:59:59Z", "2025-11-01T22:00:00Z", "2025-11-02T23:00:00Z", "2025-11-02" },
        { "C", "2025-11-02T23:00:00Z", "2025-11-02T23:00:00Z", "2025-11-03T23:00:00Z", "2025-11-03" },
        { "C", "2026-11-01T12:00:00Z", "2026-10-31T22:00:00Z", "2026-11-01T23:00:00Z", "2026-11-01" },
        { "C", "2027-11-07T12:00:00Z", "2027-11-06T22:00:00Z", "2027-11-07T23:00:00Z", "2027-11-07" },
        /* Leap day and year's end. */
        { "C", "2028-02-29T12:00:00Z", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z", "2028-02-29" },
        { "C", "2028-02-29T23:00:00Z", "2028-02-29T23:00:00Z", "2028-03-01T23:00:00Z", "2028-03-01" },
        { "C", "2025-12-31T23:00:00Z", "2025-12-31T23:00:00Z", "2026-01-01T23:00:00Z", "2026-01-01" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct instant starts, ends;
        int32_t date;
        int year, month, day;
        char text[32];

        day_of(rows[i].zone[0] == 'C' ? chicago : new_york, 61200, at(rows[i].at), &starts, &ends, &date);
        assert_at(starts, rows[i].starts);
        assert_at(ends, rows[i].ends);
        civil_from_days(date, &year, &month, &day);
        (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
        assert_string_equal(text, rows[i].date);
    }
}

/* Every hour of three years lies in exactly one day, and days join without a gap, also with a reset inside the skipped and doubled hour. */
static void
test_trading_days_join(void **state)
{
    static const int32_t resets[] = { 0, 2 * 3600 + 1800, 3600 + 1800, 61200, 86399 };

    (void)state;
    for (size_t r = 0; r < COUNT_OF(resets); r++) {
        struct instant starts, ends, now = at("2025-01-01T00:10:00Z"), last = INSTANT_NONE;
        int32_t date, last_date = 0;

        for (int hour = 0; hour < 3 * 366 * 24; hour++) {
            day_of(chicago, resets[r], now, &starts, &ends, &date);
            assert_true(!instant_before(now, starts) && instant_before(now, ends));
            if (last.ns != 0 && !instant_equal(starts, last)) {
                assert_int_equal(date, last_date + 1);
            }
            assert_true(instant_since(ends, starts).ns >= SPAN_SECONDS(23 * 3600).ns);
            assert_true(instant_since(ends, starts).ns <= SPAN_SECONDS(25 * 3600).ns);
            last = starts;
            last_date = date;
            now = instant_add(now, SPAN_SECONDS(3600));
        }
    }
}

/* ---- sessions ---- */

#define WEEKDAYS 0x3e

static struct session
session_of(const char *start, const char *end, const struct zone *zone, int32_t break_start, int32_t break_end)
{
    struct session session = { .zone = zone, .days = WEEKDAYS, .break_start = break_start, .break_end = break_end };

    assert_true(session_time_parse(start, &session.start));
    assert_true(session_time_parse(end, &session.end));
    return session;
}

static struct calendar
calendar_2025(void)
{
    struct calendar calendar = { .count = 3 };

    calendar.holidays[0] = (struct holiday){ (int32_t)civil_to_days(2025, 12, 25), -1, "Christmas" };
    calendar.holidays[1] = (struct holiday){ (int32_t)civil_to_days(2025, 11, 28), 13 * 3600, "After Thanksgiving" };
    calendar.holidays[2] = (struct holiday){ (int32_t)civil_to_days(2025, 12, 26), -1, "Bridge" };
    return calendar;
}

struct row {
    const char *at;
    bool open;
    const char *ends, *next_start; /* "": not looked at. */
};

static void
check_rows(const struct session *session, const struct calendar *calendar, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct session_state state = session_at(session, calendar, NULL, at(rows[i].at));

        if (state.open != rows[i].open)
            print_message("row at %s\n", rows[i].at);
        assert_int_equal(state.open, rows[i].open);
        if (rows[i].open && rows[i].ends[0] != 0)
            assert_at(state.ends, rows[i].ends);
        if (rows[i].next_start[0] != 0)
            assert_at(state.next_start, rows[i].next_start);
    }
}

static void
test_daily_session(void **state)
{
    struct session s = session_of("09:30", "16:00", new_york, -1, -1);
    struct calendar calendar = calendar_2025();
    static const struct row rows[] = {
        { "2025-01-16T14:29:59.999999999Z", false, "", "2025-01-16T14:30:00Z" },
        { "2025-01-16T14:30:00Z", true, "2025-01-16T21:00:00Z", "2025-01-17T14:30:00Z" },
        { "2025-01-16T20:59:59.999999999Z", true, "2025-01-16T21:00:00Z", "" },
        { "2025-01-16T21:00:00Z", false, "", "2025-01-17T14:30:00Z" },
        { "2025-01-17T22:00:00Z", false, "", "2025-01-20T14:30:00Z" },  /* Over the weekend. */
        { "2025-01-18T16:00:00Z", false, "", "2025-01-20T14:30:00Z" },  /* Saturday 11:00. */
        { "2025-03-07T22:00:00Z", false, "", "2025-03-10T13:30:00Z" },  /* Over spring forward. */
        { "2025-10-31T21:00:00Z", false, "", "2025-11-03T14:30:00Z" },  /* Over fall back. */
        { "2026-03-09T13:29:59Z", false, "", "2026-03-09T13:30:00Z" },
        { "2027-11-08T14:29:59Z", false, "", "2027-11-08T14:30:00Z" },
        { "2028-02-29T15:00:00Z", true, "2028-02-29T21:00:00Z", "2028-03-01T14:30:00Z" },
        { "2025-12-25T15:00:00Z", false, "", "2025-12-29T14:30:00Z" },  /* Two holidays and a weekend (R-009-3). */
        { "2025-12-24T21:00:00Z", false, "", "2025-12-29T14:30:00Z" },
        { "2025-11-28T17:59:59Z", true, "2025-11-28T18:00:00Z", "2025-12-01T14:30:00Z" }, /* Early close 13:00. */
        { "2025-11-28T18:00:00Z", false, "", "2025-12-01T14:30:00Z" },
    };

    (void)state;
    check_rows(&s, &calendar, rows, COUNT_OF(rows));
    assert_true(session_at(&s, NULL, NULL, at("2025-12-25T15:00:00Z")).open); /* respect_holidays: false. */
}

static void
test_over_midnight(void **state)
{
    struct session s = session_of("18:00", "17:00", chicago, -1, -1);
    static const struct row rows[] = {
        { "2025-01-15T08:00:00Z", true, "2025-01-15T23:00:00Z", "2025-01-16T00:00:00Z" }, /* Wednesday 02:00. */
        { "2025-01-15T23:00:00Z", false, "", "2025-01-16T00:00:00Z" },
        { "2025-01-18T08:00:00Z", true, "2025-01-18T23:00:00Z", "2025-01-21T00:00:00Z" }, /* Friday's runs into Saturday. */
        { "2025-01-19T08:00:00Z", false, "", "2025-01-21T00:00:00Z" },                   /* Sunday names no start. */
        { "2025-03-09T02:00:00Z", false, "", "2025-03-10T23:00:00Z" },
    };

    (void)state;
    check_rows(&s, NULL, rows, COUNT_OF(rows));
}

static void
test_weekly_session(void **state)
{
    struct session s = session_of("sun 17:00", "fri 16:00", chicago, 16 * 3600, 17 * 3600);
    struct calendar calendar = calendar_2025();
    static const struct row rows[] = {
        { "2025-01-12T22:59:59Z", false, "", "2025-01-12T23:00:00Z" },
        { "2025-01-12T23:00:00Z", true, "2025-01-13T22:00:00Z", "2025-01-13T23:00:00Z" },
        { "2025-01-13T22:00:00Z", false, "", "2025-01-13T23:00:00Z" }, /* The end of a break is a session start. */
        { "2025-01-13T22:59:59Z", false, "", "2025-01-13T23:00:00Z" },
        { "2025-01-17T21:59:59Z", true, "2025-01-17T22:00:00Z", "2025-01-19T23:00:00Z" },
        { "2025-01-17T22:00:00Z", false, "", "2025-01-19T23:00:00Z" },
        { "2025-01-18T12:00:00Z", false, "", "2025-01-19T23:00:00Z" },
        { "2025-03-07T22:00:00Z", false, "", "2025-03-09T22:00:00Z" }, /* Spring forward on that Sunday. */
        { "2025-11-02T22:59:59Z", false, "", "2025-11-02T23:00:00Z" }, /* Fall back on that Sunday. */
        { "2025-12-25T16:00:00Z", false, "", "2025-12-28T23:00:00Z" }, /* Christmas and the day after, then the weekend. */
        { "2025-12-25T05:59:59Z", true, "2025-12-25T06:00:00Z", "" },  /* The holiday begins with its local date. */
        { "2025-11-28T18:59:59Z", true, "2025-11-28T19:00:00Z", "2025-11-30T23:00:00Z" },
        { "2025-11-28T19:00:00Z", false, "", "2025-11-30T23:00:00Z" }, /* Early close on a Friday, 13:00 Chicago. */
    };

    (void)state;
    check_rows(&s, &calendar, rows, COUNT_OF(rows));
}

/* After an early close on a Thursday the next regular start is the end of that day's break. */
static void
test_early_close_resumes(void **state)
{
    struct session weekly = session_of("sun 17:00", "fri 16:00", chicago, 16 * 3600, 17 * 3600);
    struct session nightly = session_of("17:00", "16:00", chicago, -1, -1);
    struct session daily = session_of("09:30", "16:00", chicago, -1, -1);
    struct calendar calendar = { .count = 1 };
    static const struct row rows[] = {
        { "2025-11-27T17:59:59Z", true, "2025-11-27T18:00:00Z", "2025-11-27T23:00:00Z" },
        { "2025-11-27T18:00:00Z", false, "", "2025-11-27T23:00:00Z" },
        { "2025-11-27T23:00:00Z", true, "2025-11-28T22:00:00Z", "" },
    };
    static const struct row daily_rows[] = {
        { "2025-11-27T18:00:00Z", false, "", "2025-11-28T15:30:00Z" },
    };

    (void)state;
    calendar.holidays[0] = (struct holiday){ (int32_t)civil_to_days(2025, 11, 27), 12 * 3600, "Thanksgiving" };
    check_rows(&weekly, &calendar, rows, COUNT_OF(rows));
    check_rows(&nightly, &calendar, rows, COUNT_OF(rows));
    check_rows(&daily, &calendar, daily_rows, COUNT_OF(daily_rows));
    calendar.holidays[0].early_close = 8 * 3600; /* Before the start: nothing is left of that day's session. */
    assert_false(session_at(&daily, &calendar, NULL, at("2025-11-27T16:00:00Z")).open);
    assert_at(session_at(&daily, &calendar, NULL, at("2025-11-27T13:00:00Z")).next_start, "2025-11-28T15:30:00Z");
}

/* The hour from 02:00 does not exist on 2025-03-09 and comes twice on 2025-11-02. */
static void
test_skipped_and_doubled_hour(void **state)
{
    struct session starts_inside = session_of("02:30", "04:00", chicago, -1, -1);
    struct session all_inside = session_of("02:10", "02:50", chicago, -1, -1);
    struct session doubled = session_of("01:30", "04:00", chicago, -1, -1);
    struct session ends_doubled = session_of("00:30", "01:30", chicago, -1, -1);
    static const struct row starts_rows[] = {
        { "2025-03-09T07:59:59.999999999Z", false, "", "2025-03-09T08:00:00Z" },
        { "2025-03-09T08:00:00Z", true, "2025-03-09T09:00:00Z", "2025-03-10T07:30:00Z" },
        { "2025-03-09T09:00:00Z", false, "", "2025-03-10T07:30:00Z" },
    };
    static const struct row inside_rows[] = {
        { "2025-03-09T08:00:00Z", false, "", "2025-03-10T07:10:00Z" },
        { "2025-03-08T08:30:00Z", true, "2025-03-08T08:50:00Z", "2025-03-10T07:10:00Z" },
    };
    static const struct row doubled_rows[] = {
        { "2025-11-02T06:29:59Z", false, "", "2025-11-02T06:30:00Z" },
        { "2025-11-02T06:30:00Z", true, "2025-11-02T10:00:00Z", "" },
        { "2025-11-02T07:15:00Z", true, "2025-11-02T10:00:00Z", "" }, /* 01:15 for the second time. */
    };
    static const struct row ends_rows[] = {
        { "2025-11-02T06:29:59Z", true, "2025-11-02T06:30:00Z", "" },
        { "2025-11-02T07:15:00Z", false, "", "2025-11-03T06:30:00Z" },
    };

    (void)state;
    starts_inside.days = all_inside.days = doubled.days = ends_doubled.days = 0x7f;
    check_rows(&starts_inside, NULL, starts_rows, COUNT_OF(starts_rows));
    check_rows(&all_inside, NULL, inside_rows, COUNT_OF(inside_rows));
    check_rows(&doubled, NULL, doubled_rows, COUNT_OF(doubled_rows));
    check_rows(&ends_doubled, NULL, ends_rows, COUNT_OF(ends_rows));
}

static void
test_odd_sessions(void **state)
{
    struct session always = session_of("00:00", "00:00", chicago, -1, -1);
    struct session week = session_of("sun 17:00", "sun 17:00", chicago, -1, -1);
    struct session night_break = session_of("sun 17:00", "fri 16:00", chicago, 23 * 3600, 3600);
    struct session_state s;
    static const struct row rows[] = {
        { "2025-01-15T04:59:59Z", true, "2025-01-15T05:00:00Z", "2025-01-15T07:00:00Z" },
        { "2025-01-15T05:00:00Z", false, "", "2025-01-15T07:00:00Z" },
        { "2025-01-15T06:59:59Z", false, "", "2025-01-15T07:00:00Z" },
        { "2025-01-15T07:00:00Z", true, "2025-01-16T05:00:00Z", "" },
    };

    (void)state;
    always.days = 0x7f;
    s = session_at(&always, NULL, NULL, at("2025-06-01T12:00:00Z"));
    assert_true(s.open);
    assert_at(s.ends, "never");
    assert_at(s.next_start, "never");
    s = session_at(&week, NULL, NULL, at("2025-06-01T22:00:00Z"));
    assert_true(s.open);
    assert_at(s.ends, "never");
    always.days = 0;
    s = session_at(&always, NULL, NULL, at("2025-06-01T12:00:00Z"));
    assert_false(s.open);
    assert_at(s.next_start, "never");
    check_rows(&night_break, NULL, rows, COUNT_OF(rows));
}

/* holidays: [...] in the rule instead of the file. */
static void
test_dates(void **state)
{
    struct session s = session_of("09:30", "16:00", new_york, -1, -1);
    struct dates dates = { .count = 1 };

    (void)state;
    dates.days[0] = (int32_t)civil_to_days(2024, 7, 4);
    assert_false(session_at(&s, NULL, &dates, at("2024-07-04T14:00:00Z")).open);
    assert_at(session_at(&s, NULL, &dates, at("2024-07-04T14:00:00Z")).next_start, "2024-07-05T13:30:00Z");
    assert_true(session_at(&s, NULL, &dates, at("2024-07-05T14:00:00Z")).open);
}

static void
test_parsing(void **state)
{
    static const struct {
        const char *text;
        int32_t weekday, second; /* -2: refused. */
    } rows[] = {
        { "09:30", WEEKDAY_ANY, 34200 },  { "9:30", WEEKDAY_ANY, 34200 },     { "09:30:15", WEEKDAY_ANY, 34215 },
        { "00:00", WEEKDAY_ANY, 0 },      { "24:00", WEEKDAY_ANY, 86400 },    { "23:59:59", WEEKDAY_ANY, 86399 },
        { "sun 17:00", 0, 61200 },        { "SAT 17:00", 6, 61200 },          { "Friday 16:00", 5, 57600 },
        { "24:01", 0, -2 },               { "12:60", 0, -2 },                 { "12:00:60", 0, -2 },
        { "12", 0, -2 },                  { "12:", 0, -2 },                   { ":30", 0, -2 },
        { "12:3", 0, -2 },                { "12:30:", 0, -2 },                { "12:30:15:", 0, -2 },
        { "123:30", 0, -2 },              { "12:30x", 0, -2 },                { "", 0, -2 },
        { "su 17:00", 0, -2 },            { "sund 17:00", 0, -2 },            { "xyz 17:00", 0, -2 },
        { "sun", 0, -2 },                 { " 17:00", 0, -2 },                { "-1:30", 0, -2 },
        { "25:00", 0, -2 },               { "sundays 17:00", 0, -2 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct session_time time = { 99, 99 };
        bool ok = session_time_parse(rows[i].text, &time);

        if (ok != (rows[i].second >= 0))
            print_message("text %s\n", rows[i].text);
        assert_int_equal(ok, rows[i].second >= 0);
        assert_int_equal(time.weekday, ok ? rows[i].weekday : 99);
        assert_int_equal(time.second, ok ? rows[i].second : 99);
    }
}

/* R-RST-1: 17:00 in Chicago is the same instant whatever zone the machine is set to; the sessions likewise. */
static void
test_any_machine_zone(void **state)
{
    static const char *const zones[] = { "UTC0", "PST8PDT", "CET-1CEST", "IST-5:30", "JST-9", "LHS-10:30", "LIN-14", "SST11", "CHA-13:45", "nowhere" };
    time_t noon = 1737115200;

    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        machine_set_zone(zones[i]);
        if (i >= 1 && i <= 8)
            assert_int_not_equal(localtime(&noon)->tm_hour, 12); /* It is another one. */
        test_trading_day(state);
        test_daily_session(state);
        test_over_midnight(state);
        test_early_close_resumes(state);
    }
    machine_set_zone(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trading_day),
        cmocka_unit_test(test_trading_days_join),
        cmocka_unit_test(test_daily_session),
        cmocka_unit_test(test_over_midnight),
        cmocka_unit_test(test_weekly_session),
        cmocka_unit_test(test_early_close_resumes),
        cmocka_unit_test(test_any_machine_zone),
        cmocka_unit_test(test_skipped_and_doubled_hour),
        cmocka_unit_test(test_odd_sessions),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_parsing),
    };

    return cmocka_run_group_tests(tests, load_zones, free_zones);
}
