/*
 * zone.c - see zone.h.  Format: RFC 8536 (TZif), the footer is a POSIX TZ string with the extensions of version 3.
 *
 *     header v1 | data v1 (32-bit) | header v2+ | data v2+ (64-bit) | \n footer \n
 *
 * A zone is a sequence of local types, each in force from one change to the next:
 *
 *     type 0  | times[0] type ... | times[count - 1] the footer: standard | begins summer | ends standard | ...
 *
 * so everything is answered by segment_at(): the type in force and, where asked, the next change.  Before the first transition
 * type 0 holds (RFC 8536, 3.2); from the last one on the footer, if there is one.  Offsets are within +-ZONE_OFFSET_MAX, times ascend
 * strictly and types are in range: parsing refuses the rest.  Zones that count leap seconds (right/...) are refused, for instants
 * do not count them.
 */
#include "base/zone.h"

#include "base/text.h"
#include "base/zone_footer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256 * 1024)
#define HEADER_SIZE 44
#define TYPES_MAX 256
#define DAY_SECONDS 86400
#define NS INT64_C(1000000000)
#define SECOND_MAX (INT64_MAX / NS) /* Instants beyond do not exist. */

struct zone {
    char name[ZONE_NAME_MAX];
    uint32_t count;    /* Transitions written out; */
    int64_t *times;    /* their seconds since 1970, ascending; */
    uint8_t *types_at; /* and the type in force from each on. */
    struct zone_type types[TYPES_MAX];
    struct zone_footer footer;
};

struct header {
    uint32_t utc, standard, leaps, times, types, characters;
};

static uint32_t
big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
big64(const uint8_t *p)
{
    return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

static bool
read_header(const uint8_t *bytes, size_t length, struct header *ret, uint8_t *ret_version)
{
    if (length < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return false;
    *ret_version = bytes[4];
    *ret = (struct header){ big32(bytes + 20), big32(bytes + 24), big32(bytes + 28), big32(bytes + 32), big32(bytes + 36),
        big32(bytes + 40) };
    return ret->types > 0 && ret->types <= TYPES_MAX && ret->times < FILE_MAX && ret->leaps < FILE_MAX &&
        ret->characters < FILE_MAX && (ret->utc == 0 || ret->utc == ret->types) &&
        (ret->standard == 0 || ret->standard == ret->types);
}

static size_t
data_size(const struct header *h, size_t time_size)
{
    return h->times * (time_size + 1) + h->types * 6 + h->characters + h->leaps * (time_size + 4) + h->standard + h->utc;
}

static bool
read_data(struct zone *zone, const struct header *h, const uint8_t *p, size_t time_size)
{
    const uint8_t *indexes = p + h->times * time_size;
    const uint8_t *types = indexes + h->times;
    const char *names = (const char *)(types + h->types * 6);

    zone->count = h->times;
    zone->times = calloc(h->times + 1, sizeof *zone->times);
    zone->types_at = calloc(h->times + 1, 1);
    if (zone->times == NULL || zone->types_at == NULL)
        return false;
    for (uint32_t i = 0; i < h->times; i++) {
        zone->times[i] = time_size == 8 ? big64(p + i * 8) : (int32_t)big32(p + i * 4);
        zone->types_at[i] = indexes[i];
        if (indexes[i] >= h->types || (i > 0 && zone->times[i] <= zone->times[i - 1]))
            return false;
    }
    for (uint32_t i = 0; i < h->types; i++) {
        const uint8_t *type = types + i * 6;
        struct zone_type *to = &zone->types[i];
        to->offset = (int32_t)big32(type);
        if (to->offset < -ZONE_OFFSET_MAX || to->offset > ZONE_OFFSET_MAX || type[5] >= h->characters)
            return false;
        const char *name = names + type[5];
        const char *end = memchr(name, 0, h->characters - type[5]);
        if (end == NULL || !text_copy_bytes(to->name, sizeof to->name, name, (size_t)(end - name)))
            return false;
    }
    return true;
}

/* What holds at a second, and until when. */
struct segment {
    const struct zone_type *type;
    int64_t next; /* Second of the next change; INT64_MAX: none. */
};

static struct segment
segment_at(const struct zone *zone, int64_t second)
{
    uint32_t low = 0, high = zone->count; /* The answer: how many transitions are at or before. */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= second)
            low = middle + 1;
        else
            high = middle;
    }
    struct segment segment = { .type = &zone->types[low > 0 ? zone->types_at[low - 1] : 0], .next = INT64_MAX };
    if (low < zone->count)
        segment.next = zone->times[low];
    else if (zone->footer.present)
        segment.type = zone_footer_at(&zone->footer, second, &segment.next);
    return segment;
}

/* A file that was cut before its footer must not pass for one whose clocks never change again. */
static enum status
parse_footer(struct zone *zone, const uint8_t *bytes, size_t length, struct error *err)
{
    char footer[128];
    const uint8_t *end = length > 0 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', length - 1) : NULL;

    if (end == NULL || !text_copy_bytes(footer, sizeof footer, (const char *)bytes + 1, (size_t)(end - bytes - 1)))
        return error_set(err, STATUS_CORRUPT, "time zone %s: no footer", zone->name);
    if (footer[0] != 0 && !zone_footer_parse(footer, &zone->footer))
        return error_set(err, STATUS_CORRUPT, "time zone %s: footer \"%s\" not understood", zone->name, footer);
    return OK;
}

static enum status
parse_into(struct zone *zone, const uint8_t *bytes, size_t length, struct error *err)
{
    struct header h;
    uint8_t version, second_version;
    size_t at = HEADER_SIZE, time_size = 4;

    if (!read_header(bytes, length, &h, &version) || data_size(&h, 4) > length - at)
        return error_set(err, STATUS_CORRUPT, "time zone %s: not a TZif file", zone->name);
    if (version != 0) {
        at += data_size(&h, 4);
        if (!read_header(bytes + at, length - at, &h, &second_version))
            return error_set(err, STATUS_CORRUPT, "time zone %s: second header broken", zone->name);
        at += HEADER_SIZE;
        time_size = 8;
    }
    if (h.leaps > 0)
        return error_set(err, STATUS_CORRUPT, "time zone %s: counts leap seconds", zone->name);
    if (data_size(&h, time_size) > length - at || !read_data(zone, &h, bytes + at, time_size))
        return error_set(err, STATUS_CORRUPT, "time zone %s: transitions broken", zone->name);
    at += data_size(&h, time_size);
    return version != 0 ? parse_footer(zone, bytes + at, length - at, err) : OK;
}

enum status
zone_parse(const char *name, const uint8_t *bytes, size_t length, struct zone **ret_zone, struct error *err)
{
    struct zone *zone = calloc(1, sizeof *zone);

    if (zone == NULL)
        return error_set(err, STATUS_LIMIT, "time zone %s: no memory", name);
    (void)text_copy(zone->name, sizeof zone->name, name);
    enum status status = parse_into(zone, bytes, length, err);
    if (status != OK) {
        zone_free(zone);
        return status;
    }
    *ret_zone = zone;
    return OK;
}

static bool
name_is_safe(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    return name[0] != 0 && name[0] != '/' && strlen(name) < ZONE_NAME_MAX && name[strspn(name, allowed)] == 0;
}

static const char *system_directory = "/usr/share/zoneinfo";

void
zone_use_directory(const char *directory)
{
    system_directory = directory;
}

enum status
zone_load(const char *directory, const char *name, struct zone **ret_zone, struct error *err)
{
    char path[1024];
    enum status status;

    if (!name_is_safe(name))
        return error_set(err, STATUS_CONFIG, "\"%.60s\" is no time zone name", name);
    int n = snprintf(path, sizeof path, "%s/%s", directory != NULL ? directory : system_directory, name);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL)
        return error_set(err, STATUS_CONFIG, "there is no time zone \"%s\"", name);
    uint8_t *bytes = malloc(FILE_MAX);
    size_t length = bytes != NULL ? fread(bytes, 1, FILE_MAX, file) : 0;
    (void)fclose(file);
    status = length > 0 ? zone_parse(name, bytes, length, ret_zone, err)
                        : error_set(err, STATUS_CONFIG, "time zone \"%s\" cannot be read", name);
    free(bytes);
    return status;
}

void
zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->times);
    free(zone->types_at);
    free(zone);
}

const char *
zone_name(const struct zone *zone)
{
    return zone->name;
}

static int64_t
floor_second(struct instant at)
{
    return at.ns / NS - (at.ns % NS < 0 ? 1 : 0);
}

/* Saturating, as instants are. */
static struct instant
instant_of(int64_t second)
{
    return second > SECOND_MAX ? INSTANT_NEVER : second < -SECOND_MAX ? (struct instant){ INT64_MIN } : (struct instant){ second * NS };
}

int
zone_offset_at(const struct zone *zone, struct instant at)
{
    return segment_at(zone, floor_second(at)).type->offset;
}

const char *
zone_abbreviation_at(const struct zone *zone, struct instant at)
{
    return segment_at(zone, floor_second(at)).type->name;
}

void
zone_to_local(const struct zone *zone, struct instant at, int64_t *ret_days, int *ret_second_of_day)
{
    int64_t second = floor_second(at);
    int64_t local = second + segment_at(zone, second).type->offset;
    int64_t days = local / DAY_SECONDS - (local % DAY_SECONDS < 0 ? 1 : 0);

    *ret_days = days;
    *ret_second_of_day = (int)(local - days * DAY_SECONDS);
}

struct instant
zone_from_local(const struct zone *zone, int64_t days, int second_of_day)
{
    if (days > SECOND_MAX / DAY_SECONDS)
        return INSTANT_NEVER;
    if (days < -SECOND_MAX / DAY_SECONDS)
        return (struct instant){ INT64_MIN };

    /* Walk the segments that may show this wall clock, the earliest first; one begins at @second. */
    int64_t local = days * DAY_SECONDS + second_of_day;
    int64_t second = local - ZONE_OFFSET_MAX, gap = INT64_MAX;
    for (;;) {
        struct segment segment = segment_at(zone, second);
        int64_t candidate = local - segment.type->offset;
        if (candidate >= second && candidate < segment.next)
            return instant_of(candidate);
        if (candidate < second && gap == INT64_MAX)
            gap = second; /* The clock was put forward over it; unless it comes to it again after a second change. */
        if (segment.next > local + ZONE_OFFSET_MAX)
            return instant_of(gap);
        second = segment.next;
    }
}
