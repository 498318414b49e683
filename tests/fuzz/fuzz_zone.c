/*
 * fuzz_zone.c - any bytes as a TZif file: refused, or a zone whose answers agree with each other.
 */
#include "base/assert.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

#define NS INT64_C(1000000000)
#define OFFSET_MAX (26 * 3600)
#define FAR (INT64_C(9000000000)) /* Seconds; as far as instants go without saturating, less a few years. */

/* A wall clock that was shown is found again: the same reading, at the first time it is shown. */
static void
check(const struct zone *zone, int64_t second)
{
    struct instant at = { second * NS };
    int offset = zone_offset_at(zone, at), second_of_day, back_second;
    int64_t days, back_days;

    ASSERT(offset >= -OFFSET_MAX && offset <= OFFSET_MAX);
    ASSERT(strlen(zone_abbreviation_at(zone, at)) < ZONE_NAME_MAX);
    zone_to_local(zone, at, &days, &second_of_day);
    ASSERT(second_of_day >= 0 && second_of_day < 86400);
    ASSERT(days * 86400 + second_of_day == second + offset);
    struct instant found = zone_from_local(zone, days, second_of_day);
    ASSERT(!instant_before(at, found));
    zone_to_local(zone, found, &back_days, &back_second);
    ASSERT(back_days == days && back_second == second_of_day);
}

/* Any wall clock has an answer; one that is not shown gives a change, so the second before shows an earlier clock. */
static void
check_local(const struct zone *zone, int64_t days, int second_of_day)
{
    struct instant at = zone_from_local(zone, days, second_of_day);
    int64_t local = days * 86400 + second_of_day;

    if (at.ns / NS + zone_offset_at(zone, at) != local) {
        ASSERT(at.ns / NS + zone_offset_at(zone, at) > local);
        struct instant before = instant_sub(at, SPAN_SECONDS(1));
        ASSERT(before.ns / NS + zone_offset_at(zone, before) < local);
    }
}

static int64_t
big64(const uint8_t *p)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | p[i];
    return (int64_t)value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone = NULL;
    uint8_t *copy = malloc(size > 0 ? size : 1); /* Exact size: a read beyond the end is found. */

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (zone_parse("Fuzz/Zone", copy, size, &zone, NULL) == OK) {
        ASSERT(strcmp(zone_name(zone), "Fuzz/Zone") == 0);
        /* The file's own bytes are where its times are; and the last of them, the footer, for the far future. */
        for (size_t i = 0; i + 8 <= size && i < 4096; i += 4) {
            int64_t second = big64(copy + i) % FAR;
            for (int64_t near = -1; near <= 1; near++)
                check(zone, second + near);
            check_local(zone, second / 86400, (int)(second & 0xffff));
        }
        (void)zone_offset_at(zone, INSTANT_NEVER);
        (void)zone_offset_at(zone, (struct instant){ INT64_MIN });
        (void)zone_from_local(zone, INT64_MIN, -1);
        for (int64_t day = 18000; day < 18000 + 3 * 366; day++) {
            check(zone, day * 86400 + (day * 7919) % 86400);
            check_local(zone, day, (int)(day * 7919 % 86401));
        }
    } else {
        ASSERT(zone == NULL);
    }
    zone_free(zone);
    free(copy);
    return 0;
}
