/* test_zone.c - the zone reader against glibc over every zone, 1970 to 2040, and local times in gaps and overlaps. */
#include "base/assert.h"
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define FROM INT64_C(0)
#define TO INT64_C(2208988800) /* 2040. */

static struct zone *
load(const char *name)
{
    struct zone *zone;
    struct error err;

    if (zone_load(NULL, name, &zone, &err) != OK)
        fail_msg("%s", err.text);
    return zone;
}

static long
glibc_offset(int64_t second)
{
    time_t t = (time_t)second;
    struct tm tm;

    assert_non_null(localtime_r(&t, &tm));
    return tm.tm_gmtoff;
}

static void
compare(const struct zone *zone, int64_t second)
{
    int ours = zone_offset_at(zone, (struct instant){ second * 1000000000 });

    if (ours != glibc_offset(second))
        fail_msg("%s at %lld: ours %d, glibc %ld", zone_name(zone), (long long)second, ours, glibc_offset(second));
}

/* Coarse steps; where glibc's offset differs from the step before, down to the second of the change and its neighbours. */
static void
compare_zone(const char *name)
{
    struct zone *zone = load(name);
    long before;

    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    before = glibc_offset(FROM);
    for (int64_t t = FROM; t < TO; t += 5 * 86400 + 3601) {
        compare(zone, t);
        long here = glibc_offset(t);
        if (here != before) {
            int64_t low = t - (5 * 86400 + 3601), high = t;
            while (high - low > 1) {
                int64_t middle = low + (high - low) / 2;
                if (glibc_offset(middle) == before)
                    low = middle;
                else
                    high = middle;
            }
            for (int64_t k = low - 1; k <= high + 1; k++)
                compare(zone, k);
        }
        before = here;
    }
    zone_free(zone);
}

static void
every_zone_as_glibc(void **state)
{
    FILE *list = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    char line[256], kind[8], first[128], second[128];
    int zones = 0;

    (void)state;
    assert_non_null(list);
    while (fgets(line, sizeof line, list) != NULL) {
        if (sscanf(line, "%7s %127s %127s", kind, first, second) != 3)
            continue;
        if (strcmp(kind, "Z") == 0)
            compare_zone(first);
        else if (strcmp(kind, "L") == 0)
            compare_zone(second);
        else
            continue;
        zones++;
    }
    assert_int_equal(fclose(list), 0);
    assert_true(zones > 400);
}

static void
gaps_and_overlaps(void **state)
{
    static const struct { const char *zone, *local_day; int second; const char *utc; } rows[] = {
        { "America/New_York", "2025-03-09", 2 * 3600 + 1800, "2025-03-09T07:00:00Z" }, /* Gap: 02:30 does not exist. */
        { "America/New_York", "2025-03-09", 3 * 3600, "2025-03-09T07:00:00Z" },
        { "America/New_York", "2025-11-02", 3600 + 1800, "2025-11-02T05:30:00Z" },     /* Overlap: the earlier. */
        { "America/New_York", "2025-11-02", 2 * 3600, "2025-11-02T07:00:00Z" },
        { "America/Chicago", "2025-01-17", 17 * 3600, "2025-01-17T23:00:00Z" },
        { "America/Chicago", "2025-07-17", 17 * 3600, "2025-07-17T22:00:00Z" },
        { "America/Chicago", "2025-07-17", 86400, "2025-07-18T05:00:00Z" },
        { "Australia/Lord_Howe", "2025-10-05", 2 * 3600 + 600, "2025-10-04T15:30:00Z" }, /* Half an hour of gap. */
        { "Europe/Dublin", "2025-07-01", 12 * 3600, "2025-07-01T11:00:00Z" },           /* Negative daylight saving. */
        { "Asia/Kathmandu", "2025-07-01", 0, "2025-06-30T18:15:00Z" },
        { "UTC", "2030-01-01", 60, "2030-01-01T00:01:00Z" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct zone *zone = load(rows[i].zone);
        int year, month, day;
        char utc[INSTANT_TEXT_MAX];
        assert_int_equal(sscanf(rows[i].local_day, "%d-%d-%d", &year, &month, &day), 3);
        (void)instant_format(zone_from_local(zone, civil_to_days(year, month, day), rows[i].second), utc, sizeof utc);
        if (strcmp(utc, rows[i].utc) != 0)
            fail_msg("%s %s %d: %s, expected %s", rows[i].zone, rows[i].local_day, rows[i].second, utc, rows[i].utc);
        zone_free(zone);
    }
}

static void
refuses(void **state)
{
    static const char *const names[] = { "", "/etc/passwd", "../../etc/passwd", "America/Chicag", "a b", "zone1970.tab" };
    struct zone *zone;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_not_equal(zone_load(NULL, names[i], &zone, &err), OK);
    assert_int_equal(zone_parse("x", (const uint8_t *)"TZif2", 5, &zone, &err), STATUS_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_zone_as_glibc), cmocka_unit_test(gaps_and_overlaps), cmocka_unit_test(refuses) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
