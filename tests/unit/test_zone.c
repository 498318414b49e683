/*
 * test_zone.c - time zones against glibc: every zone of the system, every change from 1970 to 2040 and a day's grid between them.
 *
 * The C library's answers (TZ, tzset, localtime_r) are the oracle; its changes are found by bisection, so nothing here reads a
 * TZif file the way zone.c does.  Where glibc cannot answer (footers whose changes cross New Year) tables say what is expected.
 */
#include "base/zone.h"

#include "base/assert.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ZONEINFO "/usr/share/zoneinfo"
#define FROM INT64_C(0)          /* 1970-01-01 */
#define TO INT64_C(2240524800)   /* 2041-01-01 */
#define DAY INT64_C(86400)
#define GRID (DAY - 3607)        /* Wanders through the hours of the day. */
#define NS INT64_C(1000000000)
#define ZONES_AT_LEAST 300

static char checked_name[256];
static int zones_checked, changes_checked;

static struct zone *
load(const char *name)
{
    struct zone *zone;
    struct error err;

    if (zone_load(NULL, name, &zone, &err) != OK)
        fail_msg("%s", err.text);
    return zone;
}

static void
use_glibc(const char *tz)
{
    (void)setenv("TZ", tz, 1);
    tzset();
    (void)snprintf(checked_name, sizeof checked_name, "%s", tz);
}

static struct tm
glibc_at(int64_t second)
{
    time_t t = second;
    struct tm tm;

    assert_non_null(localtime_r(&t, &tm));
    return tm;
}

/* Our three answers about one second are glibc's. */
static void
check_second(const struct zone *zone, int64_t second)
{
    struct tm tm = glibc_at(second);
    struct instant at = { second * NS };
    int64_t days;
    int second_of_day;

    zone_to_local(zone, at, &days, &second_of_day);
    if (zone_offset_at(zone, at) != tm.tm_gmtoff || strcmp(zone_abbreviation_at(zone, at), tm.tm_zone) != 0 ||
        days != civil_to_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) ||
        second_of_day != tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec)
        fail_msg("%s at %lld: offset %d %s, glibc %ld %s", checked_name, (long long)second, zone_offset_at(zone, at),
            zone_abbreviation_at(zone, at), tm.tm_gmtoff, tm.tm_zone);
    /* The second within counts, not its fraction. */
    assert_int_equal(zone_offset_at(zone, (struct instant){ at.ns + NS - 1 }), tm.tm_gmtoff);
}

static void
check_from_local(const struct zone *zone, int64_t local, int64_t expected)
{
    int64_t days = local / DAY - (local % DAY < 0 ? 1 : 0);
    struct instant at = zone_from_local(zone, days, (int)(local - days * DAY));

    if (at.ns != expected * NS)
        fail_msg("%s local %lld: %lld, expected %lld", checked_name, (long long)local, (long long)(at.ns / NS), (long long)expected);
    if (local - days * DAY == 0) /* Midnight is also 24:00 of the day before. */
        assert_int_equal(zone_from_local(zone, days - 1, (int)DAY).ns, at.ns);
}

/* The clock jumps at @second from one offset to another: the gap or overlap it leaves, at its edges and in its middle. */
static void
check_jump(const struct zone *zone, int64_t second, int64_t before, int64_t after)
{
    int64_t size = after > before ? after - before : before - after;

    check_from_local(zone, second + before - 1, second - 1);
    if (after > before) {
        for (int64_t into = 0; into < size; into += size / 2 > 0 ? size / 2 : 1)
            check_from_local(zone, second + before + into, second);
        check_from_local(zone, second + after - 1, second);
        check_from_local(zone, second + after, second);
        check_from_local(zone, second + after + 1, second + 1);
    } else {
        for (int64_t into = 0; into < size; into += size / 2 > 0 ? size / 2 : 1)
            check_from_local(zone, second + after + into, second + after + into - before);
        check_from_local(zone, second + before, second + size);
    }
}

static bool
same_clock(const struct tm *a, const struct tm *b)
{
    return a->tm_gmtoff == b->tm_gmtoff && strcmp(a->tm_zone, b->tm_zone) == 0;
}

/* glibc changes between two seconds: find where, compare around it. */
static void
check_change(const struct zone *zone, int64_t low, int64_t high)
{
    struct tm before = glibc_at(low);

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        struct tm tm = glibc_at(middle);
        if (same_clock(&tm, &before))
            low = middle;
        else
            high = middle;
    }
    for (int64_t second = high - 2; second <= high + 2; second++)
        check_second(zone, second);
    check_jump(zone, high, before.tm_gmtoff, glibc_at(high).tm_gmtoff);
    changes_checked++;
}

static void
check_zone(const struct zone *zone, int64_t step)
{
    struct tm last = glibc_at(FROM);

    for (int64_t second = FROM + step; second < TO; second += step) {
        struct tm tm = glibc_at(second);
        check_second(zone, second);
        if (!same_clock(&tm, &last))
            check_change(zone, second - step, second);
        last = tm;
    }
}

static int
visit(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    char magic[4] = "";
    const char *name = path + strlen(ZONEINFO) + 1;

    (void)info;
    (void)walk;
    /* Links lead to files seen anyway; posix/ holds the same once more and right/ counts leap seconds. */
    if (kind != FTW_F || strncmp(name, "posix/", 6) == 0 || strncmp(name, "right/", 6) == 0)
        return 0;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    bool is_zone = fread(magic, 1, 4, file) == 4 && memcmp(magic, "TZif", 4) == 0;
    (void)fclose(file);
    if (!is_zone || strcmp(name, "posixrules") == 0 || strcmp(name, "localtime") == 0)
        return 0;
    struct zone *zone = load(name);
    use_glibc(name);
    check_zone(zone, GRID);
    zone_free(zone);
    zones_checked++;
    return 0;
}

static void
test_all_zones(void **state)
{
    (void)state;
    zones_checked = changes_checked = 0;
    assert_int_equal(nftw(ZONEINFO, visit, 16, FTW_PHYS), 0);
    print_message("%d zones, %d changes\n", zones_checked, changes_checked);
    assert_true(zones_checked >= ZONES_AT_LEAST);
    assert_true(changes_checked > 10000);
}

/* The zones that matter here, hour by hour. */
static void
test_hourly(void **state)
{
    static const char *const names[] = { "America/Chicago", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct zone *zone = load(names[i]);
        use_glibc(names[i]);
        check_zone(zone, 3600);
        zone_free(zone);
    }
}

static void
big32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A version 3 file without transitions: one type "LMT" and a footer. */
static size_t
make_file(const char *footer, uint8_t out[256])
{
    uint8_t *p = out;

    memset(out, 0, 256);
    for (int block = 0; block < 2; block++) {
        memcpy(p, "TZif3", 5);
        big32(p + 36, 1); /* Types. */
        big32(p + 40, 4); /* Characters. */
        memcpy(p + 50, "LMT", 4);
        p += 54;
    }
    return (size_t)(p - out) + (size_t)sprintf((char *)p, "\n%s\n", footer);
}

static enum status
parse_footer(const char *footer, struct zone **ret_zone)
{
    uint8_t bytes[256];
    size_t length = make_file(footer, bytes);
    uint8_t *exact = malloc(length);
    struct error err;

    assert_non_null(exact);
    memcpy(exact, bytes, length);
    enum status status = zone_parse("Test", exact, length, ret_zone, &err);
    free(exact);
    return status;
}

/* Footers glibc can judge too: names, signs, every kind of date, times beyond a day. */
static void
test_footers(void **state)
{
    static const char *const footers[] = {
        "UTC0", "EST5", "<+03>-3", "<-0330>3:30", "<+1245>-12:45", "ABC-1:02:03", "CST6CDT,M3.2.0,M11.1.0", "CST6CDT5,M3.2.0/2,M11.1.0/2:00:00",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EET-2EEST,M3.4.4/50,M10.4.4/50",
        "AAA3BBB,J60,J300", "AAA3BBB,J59/0,J60/1:30", "AAA3BBB,59,300", "AAA3BBB,60/0,301/23:59:59", "AAA-3BBB,M2.5.6,M4.1.0/3", "AAA8BBB,M9.1.1/3,M4.4.0/24",
        "<+14>-14<+15>,M1.2.3,M7.3.5", "<-12>12", "XXX-24", "XXX24",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(footers); i++) {
        struct zone *zone;
        if (parse_footer(footers[i], &zone) != OK)
            fail_msg("refused: %s", footers[i]);
        use_glibc(footers[i]);
        check_zone(zone, GRID);
        zone_free(zone);
    }
}

static void
test_footers_refused(void **state)
{
    static const char *const footers[] = {
        "X", "XY5", "EST", "5", "<+03>", "<+03-3", "<>5", "<ab>5", "EST5X", "EST25", "EST5:60", "EST5:00:60", "EST5:", "EST+", "EST5EDT", "EST5EDT4",
        "EST5EDT,", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,", "EST5EDT,M3.2.0,M11.1", "EST5EDT,M3.2.0,M11.1.0,", "EST5EDT,M3.2.0,M11.1.0 ",
        "EST5EDT,M0.2.0,M11.1.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,J0,J365", "EST5EDT,J366,J365", "EST5EDT,366,1", "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,M3.2.0/-168,M11.1.0", "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT,M3.2.0/2:,M11.1.0", "EST5EDT;M3.2.0;M11.1.0", "VERYLONGABBREVIATION5", "EST99999999999999999999", ":America/Chicago",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(footers); i++) {
        struct zone *zone = NULL;
        if (parse_footer(footers[i], &zone) != STATUS_CORRUPT || zone != NULL)
            fail_msg("accepted: %s", footers[i]);
    }
}

static struct instant
instant_of(const char *text)
{
    struct instant at;

    if (!instant_parse(text, strlen(text), &at))
        fail_msg("%s", text);
    return at;
}

/* Changes that cross New Year, and daylight saving all year (RFC 8536 3.3.1, 3.3.2). */
static void
test_footers_at_new_year(void **state)
{
    static const struct {
        const char *footer, *at;
        int offset;
    } cases[] = {
        { "EST5EDT,0/0,J365/25", "2026-01-01T04:59:59Z", -4 * 3600 }, /* For ever summer, */
        { "EST5EDT,0/0,J365/25", "2026-01-01T05:00:00Z", -4 * 3600 }, /* also where one summer follows the other. */
        { "EST5EDT,0/0,J365/25", "2026-07-01T00:00:00Z", -4 * 3600 },
        { "XXX3EDT4,0/0,J365/23", "2028-12-31T23:59:59Z", -4 * 3600 }, /* The RFC's own example. */
        { "XXX3EDT4,0/0,J365/23", "2029-01-01T03:00:00Z", -4 * 3600 },
        { "AAA0BBB,J1/-1,J100", "2025-12-31T22:59:59Z", 0 }, /* The day before New Year's. */
        { "AAA0BBB,J1/-1,J100", "2025-12-31T23:00:00Z", 3600 },
        { "AAA0BBB,J1/-167,J100", "2025-12-25T00:59:59Z", 0 },
        { "AAA0BBB,J1/-167,J100", "2025-12-25T01:00:00Z", 3600 },
        { "AAA0BBB,J200,J365/167", "2026-01-06T21:59:59Z", 3600 }, /* 31 December and 167 hours, less the summer's one. */
        { "AAA0BBB,J200,J365/167", "2026-01-06T22:00:00Z", 0 },
        { "XST1EDT,0/1,J364/63", "2026-01-01T01:30:00Z", -3600 }, /* Winter since 1 January 2025: the change of two years ago. */
        { "XST1EDT,0/1,J364/63", "2026-01-01T02:00:00Z", 0 },
        { "XST1EDT,0/1,J364/63", "2026-01-01T15:00:00Z", -3600 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -2 * 3600 }, /* America/Nuuk: 22:00 on Saturday + 2 h. */
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct zone *zone;
        assert_int_equal(parse_footer(cases[i].footer, &zone), OK);
        if (zone_offset_at(zone, instant_of(cases[i].at)) != cases[i].offset)
            fail_msg("%s at %s: %d", cases[i].footer, cases[i].at, zone_offset_at(zone, instant_of(cases[i].at)));
        zone_free(zone);
    }
}

/* What R-trading days rest on, spelled out. */
static void
test_from_local(void **state)
{
    static const struct {
        const char *zone, *local, *expected;
    } cases[] = {
        { "America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59Z" },
        { "America/New_York", "2026-03-08T02:00:00", "2026-03-08T07:00:00Z" }, /* Gap: the change. */
        { "America/New_York", "2026-03-08T02:59:59", "2026-03-08T07:00:00Z" },
        { "America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00Z" },
        { "America/New_York", "2026-11-01T00:59:59", "2026-11-01T04:59:59Z" },
        { "America/New_York", "2026-11-01T01:00:00", "2026-11-01T05:00:00Z" }, /* Overlap: the earlier. */
        { "America/New_York", "2026-11-01T01:59:59", "2026-11-01T05:59:59Z" },
        { "America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00Z" },
        { "America/Chicago", "2026-03-08T02:30:00", "2026-03-08T08:00:00Z" },
        { "America/Chicago", "2026-11-01T01:30:00", "2026-11-01T06:30:00Z" },
        { "America/Chicago", "2026-07-01T17:00:00", "2026-07-01T22:00:00Z" },
        { "America/Chicago", "2026-12-01T17:00:00", "2026-12-01T23:00:00Z" },
        { "America/Chicago", "2100-07-01T17:00:00", "2100-07-01T22:00:00Z" }, /* By the footer. */
        { "America/Chicago", "2100-03-14T02:30:00", "2100-03-14T08:00:00Z" },
        { "Australia/Lord_Howe", "2026-10-04T02:00:00", "2026-10-03T15:30:00Z" }, /* Half an hour only. */
        { "Australia/Lord_Howe", "2026-10-04T02:29:59", "2026-10-03T15:30:00Z" },
        { "Australia/Lord_Howe", "2026-10-04T02:30:00", "2026-10-03T15:30:00Z" },
        { "Australia/Lord_Howe", "2026-04-05T01:29:59", "2026-04-04T14:29:59Z" },
        { "Australia/Lord_Howe", "2026-04-05T01:30:00", "2026-04-04T14:30:00Z" },
        { "Australia/Lord_Howe", "2026-04-05T02:00:00", "2026-04-04T15:30:00Z" },
        { "Europe/Dublin", "2026-03-29T01:30:00", "2026-03-29T01:00:00Z" }, /* Winter is its daylight saving, negative. */
        { "Europe/Dublin", "2026-10-25T01:30:00", "2026-10-25T00:30:00Z" },
        { "Europe/Dublin", "2050-10-30T01:30:00", "2050-10-30T00:30:00Z" },
        { "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z" }, /* A day that was not. */
        { "Asia/Tokyo", "2026-03-08T02:30:00", "2026-03-07T17:30:00Z" },
        { "UTC", "2026-03-08T02:30:00", "2026-03-08T02:30:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct zone *zone = load(cases[i].zone);
        (void)snprintf(checked_name, sizeof checked_name, "%s", cases[i].zone);
        check_from_local(zone, instant_of(cases[i].local).ns / NS, instant_of(cases[i].expected).ns / NS);
        zone_free(zone);
    }
}

/* Before 1970 and at the ends of what an instant can hold. */
static void
test_extremes(void **state)
{
    struct zone *zone = load("America/Chicago");
    int64_t days;
    int second;

    (void)state;
    assert_int_equal(zone_offset_at(zone, (struct instant){ INT64_MIN }), -21036);
    assert_string_equal(zone_abbreviation_at(zone, (struct instant){ INT64_MIN }), "LMT");
    assert_int_equal(zone_offset_at(zone, INSTANT_NEVER), -5 * 3600);
    zone_to_local(zone, (struct instant){ -1 }, &days, &second);
    assert_int_equal(days, -1);
    assert_int_equal(second, 17 * 3600 + 3600 - 1); /* 17:59:59 in Chicago. */
    zone_to_local(zone, (struct instant){ INT64_MIN }, &days, &second);
    assert_int_equal(days, civil_to_days(1677, 9, 20));
    assert_true(instant_is_never(zone_from_local(zone, INT64_MAX, 0)));
    assert_true(instant_is_never(zone_from_local(zone, civil_to_days(2262, 4, 12), 0)));
    assert_int_equal(zone_from_local(zone, INT64_MIN, 0).ns, INT64_MIN);
    assert_int_equal(zone_from_local(zone, civil_to_days(1677, 1, 1), 0).ns, INT64_MIN);
    assert_string_equal(zone_name(zone), "America/Chicago");
    zone_free(zone);
    zone_free(NULL);
}

static void
test_load(void **state)
{
    static const char *const refused[] = {
        "", "Mars/Base", "America", "America/", "/etc/passwd", "/UTC", "../etc/passwd", "America/../America/Chicago", "America/Chicago\n", "America\\Chicago",
        "C:America", "Am\xc3\xa9rica", "tzdata.zi", "AVeryLongNameIndeed/ThatNobodyWouldGiveToATimeZone",
    };
    struct zone *zone = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        assert_int_equal(zone_load(NULL, refused[i], &zone, &err), STATUS_CONFIG);
        assert_null(zone);
    }
    assert_int_equal(zone_load("/nowhere", "UTC", &zone, &err), STATUS_CONFIG);
    assert_int_equal(zone_load(ZONEINFO "/America", "Chicago", &zone, NULL), OK);
    assert_string_equal(zone_name(zone), "Chicago");
    zone_free(zone);
}

static size_t
read_file(const char *path, uint8_t *out, size_t out_size)
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t length = fread(out, 1, out_size, file);
    (void)fclose(file);
    return length;
}

/* No prefix of a zone is a zone: not even one that lacks only the footer's last byte. */
static void
test_truncated(void **state)
{
    uint8_t bytes[8192];
    size_t length = read_file(ZONEINFO "/America/Chicago", bytes, sizeof bytes);
    struct zone *zone = NULL;

    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        if (zone_parse("Test", exact, cut, &zone, NULL) != STATUS_CORRUPT)
            fail_msg("%zu bytes of %zu accepted", cut, length);
        free(exact);
    }
    assert_null(zone);
}

struct damage {
    size_t at;
    uint8_t value;
};

/* The hand-made file of one type, damaged in one byte of its second block. */
static void
test_damaged(void **state)
{
    static const struct damage damages[] = {
        { 0, 'X' },      /* Magic. */
        { 54, 'X' },     /* Magic of the second block. */
        { 54 + 20, 1 },  /* Huge counts. */
        { 54 + 24, 1 },
        { 54 + 28, 1 },
        { 54 + 31, 1 },  /* A leap second. */
        { 54 + 32, 255 },
        { 54 + 39, 0 },  /* No type. */
        { 54 + 36, 1 },
        { 54 + 40, 255 },
        { 54 + 44, 1 },  /* An offset of 194 days. */
        { 54 + 44, 255 },
        { 54 + 49, 4 },  /* A name beyond the characters. */
        { 54 + 49, 200 },
        { 54 + 53, 'X' }, /* A name without an end. */
        { 54 + 54, 'X' }, /* No newline before the footer. */
    };
    uint8_t bytes[256];
    size_t length = make_file("UTC0", bytes);
    struct zone *zone = NULL;

    (void)state;
    assert_int_equal(zone_parse("Test", bytes, length, &zone, NULL), OK);
    zone_free(zone);
    zone = NULL;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        (void)make_file("UTC0", bytes);
        bytes[damages[i].at] = damages[i].value;
        if (zone_parse("Test", bytes, length, &zone, NULL) != STATUS_CORRUPT)
            fail_msg("damage at %zu accepted", damages[i].at);
    }
    assert_null(zone);
    struct error err;
    assert_int_equal(zone_load(ZONEINFO "/right", "America/Chicago", &zone, &err), STATUS_CORRUPT);
    assert_string_equal(err.text, "time zone America/Chicago: counts leap seconds");
}

/* Version 1, 32-bit times and no footer: two transitions, then the last type for ever. */
static void
test_version_1(void **state)
{
    uint8_t bytes[128] = "TZif";
    struct zone *zone;

    (void)state;
    big32(bytes + 32, 2);           /* Transitions, */
    big32(bytes + 36, 2);           /* types, */
    big32(bytes + 40, 8);           /* characters. */
    big32(bytes + 44, (uint32_t)-1000);
    big32(bytes + 48, 1000);
    bytes[52] = 1;
    bytes[53] = 0;
    big32(bytes + 54, 3600);
    big32(bytes + 60, (uint32_t)-3600);
    bytes[65] = 4;
    memcpy(bytes + 66, "AAA\0BBB", 8);
    assert_int_equal(zone_parse("Test", bytes, 74, &zone, NULL), OK);
    assert_int_equal(zone_offset_at(zone, (struct instant){ -1001 * NS }), 3600);
    assert_int_equal(zone_offset_at(zone, (struct instant){ -1000 * NS }), -3600);
    assert_int_equal(zone_offset_at(zone, (struct instant){ 999 * NS }), -3600);
    assert_int_equal(zone_offset_at(zone, (struct instant){ 1000 * NS }), 3600);
    assert_string_equal(zone_abbreviation_at(zone, (struct instant){ 0 }), "BBB");
    assert_int_equal(zone_offset_at(zone, INSTANT_NEVER), 3600);
    zone_free(zone);
    big32(bytes + 48, (uint32_t)-1000); /* Times must ascend. */
    assert_int_equal(zone_parse("Test", bytes, 74, &zone, NULL), STATUS_CORRUPT);
    big32(bytes + 48, 1000);
    bytes[53] = 2; /* A type that is not there. */
    assert_int_equal(zone_parse("Test", bytes, 74, &zone, NULL), STATUS_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_zones),
        cmocka_unit_test(test_hourly),
        cmocka_unit_test(test_footers),
        cmocka_unit_test(test_footers_refused),
        cmocka_unit_test(test_footers_at_new_year),
        cmocka_unit_test(test_from_local),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
