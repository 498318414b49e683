/*
 * zone.c - see zone.h.  Format: RFC 8536 (TZif), the footer is a POSIX TZ string with the extensions of version 3.
 *
 *     header v1 | data v1 (32-bit) | header v2+ | data v2+ (64-bit) | \n footer \n
 *
 * Before the first transition the first type that is not daylight saving holds; after the last one the footer.
 */
#include "base/zone.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256 * 1024)
#define HEADER_SIZE 44
#define TYPES_MAX 256
#define ABBREVIATION_MAX 12
#define DAY_SECONDS 86400
#define NS INT64_C(1000000000)

struct local_type {
    int32_t offset;
    bool daylight;
    char name[ABBREVIATION_MAX];
};

/* When a change happens in a year, as the footer says it. */
struct change {
    char kind; /* 'J', 'n' or 'M'. */
    int month, week, day;
    int32_t second; /* Local time, -167 h to 167 h. */
};

struct footer {
    bool present, daylight;
    struct local_type standard, summer;
    struct change begins, ends;
};

struct zone {
    char name[ZONE_NAME_MAX];
    uint32_t count;
    int64_t *times;
    uint8_t *types_at;
    struct local_type types[TYPES_MAX];
    uint32_t types_count;
    struct footer footer;
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
        ret->characters < FILE_MAX && ret->utc <= TYPES_MAX && ret->standard <= TYPES_MAX;
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
    zone->types_count = h->types;
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
        struct local_type *to = &zone->types[i];
        to->offset = (int32_t)big32(type);
        to->daylight = type[4] != 0;
        if (to->offset < -26 * 3600 || to->offset > 26 * 3600 || type[5] >= h->characters)
            return false;
        const char *name = names + type[5];
        const char *end = memchr(name, 0, h->characters - type[5]);
        if (end == NULL)
            return false;
        (void)text_copy_bytes(to->name, sizeof to->name, name, (size_t)(end - name));
    }
    return true;
}

/* ---- The footer: "CST6CDT,M3.2.0,M11.1.0" ---- */

static bool
digits(const char **p, int max, int *ret)
{
    int value = 0;
    const char *start = *p;

    for (; **p >= '0' && **p <= '9'; (*p)++) {
        value = value * 10 + (**p - '0');
        if (value > max)
            return false;
    }
    *ret = value;
    return *p > start;
}

static bool
footer_name(const char **p, char *out)
{
    bool quoted = **p == '<';
    const char *start = quoted ? ++(*p) : *p;

    while (quoted ? (**p != 0 && **p != '>') : ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z')))
        (*p)++;
    size_t length = (size_t)(*p - start);
    if (length < 3 || (quoted && *(*p)++ != '>'))
        return false;
    return text_copy_bytes(out, ABBREVIATION_MAX, start, length);
}

/* [+-]h[:m[:s]] in seconds. */
static bool
footer_time(const char **p, int hours_max, int32_t *ret)
{
    int sign = **p == '-' ? -1 : 1, h, m = 0, s = 0;

    if (**p == '-' || **p == '+')
        (*p)++;
    if (!digits(p, hours_max, &h))
        return false;
    if (**p == ':' && ((*p)++, !digits(p, 59, &m)))
        return false;
    if (**p == ':' && ((*p)++, !digits(p, 59, &s)))
        return false;
    *ret = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool
footer_change(const char **p, struct change *ret)
{
    struct change c = { .kind = 'n', .second = 2 * 3600 };
    bool good;

    if (*(*p)++ != ',')
        return false;
    if (**p == 'M') {
        c.kind = *(*p)++;
        good = digits(p, 12, &c.month) && c.month > 0 && *(*p)++ == '.' && digits(p, 5, &c.week) && c.week > 0 && *(*p)++ == '.' &&
            digits(p, 6, &c.day);
    } else {
        if (**p == 'J')
            c.kind = *(*p)++;
        good = digits(p, 365, &c.day) && (c.kind != 'J' || c.day > 0);
    }
    if (good && **p == '/') {
        (*p)++;
        good = footer_time(p, 167, &c.second);
    }
    *ret = c;
    return good;
}

static bool
read_footer(const char *text, struct footer *ret)
{
    struct footer f = { .present = true };
    const char *p = text;
    int32_t west;

    if (!footer_name(&p, f.standard.name) || !footer_time(&p, 24, &west))
        return false;
    f.standard.offset = -west;
    if (*p != 0) {
        f.daylight = f.summer.daylight = true;
        f.summer.offset = f.standard.offset + 3600;
        if (!footer_name(&p, f.summer.name))
            return false;
        if (*p != 0 && *p != ',') {
            if (!footer_time(&p, 24, &west))
                return false;
            f.summer.offset = -west;
        }
        if (!footer_change(&p, &f.begins) || !footer_change(&p, &f.ends))
            return false;
    }
    *ret = f;
    return *p == 0;
}

static bool
is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Local second (since 1970, in the offset in force before it) of a change in a year. */
static int64_t
change_in(const struct change *c, int year)
{
    int64_t day;

    if (c->kind == 'M') {
        int64_t first = civil_to_days(year, c->month, 1);
        int64_t next = c->month == 12 ? civil_to_days(year + 1, 1, 1) : civil_to_days(year, c->month + 1, 1);
        day = first + (c->day - civil_weekday(first) + 7) % 7 + (c->week - 1) * 7;
        while (day >= next)
            day -= 7;
    } else {
        day = civil_to_days(year, 1, 1) + c->day;
        if (c->kind == 'J')
            day -= !is_leap(year) || c->day < 60 ? 1 : 0;
    }
    return day * DAY_SECONDS + c->second;
}

static const struct local_type *
footer_type(const struct footer *f, int64_t second)
{
    int year, month, day;

    if (!f->daylight)
        return &f->standard;
    int64_t local = second + f->standard.offset;
    civil_from_days((local >= 0 ? local : local - DAY_SECONDS + 1) / DAY_SECONDS, &year, &month, &day);
    /* The state is that of the last change at or before now; look a year to either side for those that reach over the year's end. */
    const struct local_type *type = &f->standard;
    int64_t latest = INT64_MIN;
    for (int y = year - 1; y <= year + 1; y++) {
        int64_t begins = change_in(&f->begins, y) - f->standard.offset;
        int64_t ends = change_in(&f->ends, y) - f->summer.offset;
        if (begins <= second && begins >= latest) {
            latest = begins;
            type = &f->summer;
        }
        if (ends <= second && ends > latest) {
            latest = ends;
            type = &f->standard;
        }
    }
    return type;
}

static const struct local_type *
type_at(const struct zone *zone, int64_t second)
{
    uint32_t low = 0, high = zone->count;

    if (zone->count > 0 && second >= zone->times[0]) {
        while (high - low > 1) {
            uint32_t middle = low + (high - low) / 2;
            if (zone->times[middle] <= second)
                low = middle;
            else
                high = middle;
        }
        if (low + 1 < zone->count || !zone->footer.present)
            return &zone->types[zone->types_at[low]];
    } else if (zone->count > 0) {
        return &zone->types[0]; /* RFC 8536 3.2: type 0 holds before the first transition. */
    }
    return zone->footer.present ? footer_type(&zone->footer, second) : &zone->types[0];
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
    if (data_size(&h, time_size) > length - at || !read_data(zone, &h, bytes + at, time_size))
        return error_set(err, STATUS_CORRUPT, "time zone %s: transitions broken", zone->name);
    at += data_size(&h, time_size);
    if (version != 0 && at < length && bytes[at] == '\n') {
        char footer[128];
        const uint8_t *start = bytes + at + 1;
        const uint8_t *end = memchr(start, '\n', length - at - 1);
        if (end == NULL || !text_copy_bytes(footer, sizeof footer, (const char *)start, (size_t)(end - start)))
            return error_set(err, STATUS_CORRUPT, "time zone %s: footer broken", zone->name);
        if (footer[0] != 0 && !read_footer(footer, &zone->footer))
            return error_set(err, STATUS_CORRUPT, "time zone %s: footer \"%s\" not understood", zone->name, footer);
    }
    return OK;
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

enum status
zone_load(const char *directory, const char *name, struct zone **ret_zone, struct error *err)
{
    char path[1024];
    enum status status;

    if (!name_is_safe(name))
        return error_set(err, STATUS_CONFIG, "\"%.60s\" is no time zone name", name);
    int n = snprintf(path, sizeof path, "%s/%s", directory != NULL ? directory : "/usr/share/zoneinfo", name);
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
    return at.ns >= 0 ? at.ns / NS : -((-at.ns + NS - 1) / NS);
}

int
zone_offset_at(const struct zone *zone, struct instant at)
{
    return type_at(zone, floor_second(at))->offset;
}

const char *
zone_abbreviation_at(const struct zone *zone, struct instant at)
{
    return type_at(zone, floor_second(at))->name;
}

void
zone_to_local(const struct zone *zone, struct instant at, int64_t *ret_days, int *ret_second_of_day)
{
    int64_t second = floor_second(at);
    int64_t local = second + type_at(zone, second)->offset;
    int64_t days = local >= 0 ? local / DAY_SECONDS : -((-local + DAY_SECONDS - 1) / DAY_SECONDS);

    *ret_days = days;
    *ret_second_of_day = (int)(local - days * DAY_SECONDS);
}

struct instant
zone_from_local(const struct zone *zone, int64_t days, int second_of_day)
{
    int64_t local = days * DAY_SECONDS + second_of_day;
    /* Every offset in force within a day to either side is a candidate; the earliest instant that reads back as this local time wins. */
    int64_t before = type_at(zone, local - 2 * DAY_SECONDS)->offset, after = type_at(zone, local + 2 * DAY_SECONDS)->offset;
    int64_t low = local - (before > after ? before : after), high = local - (before > after ? after : before);

    if (low + type_at(zone, low)->offset == local)
        return (struct instant){ low * NS };
    if (high + type_at(zone, high)->offset == local)
        return (struct instant){ high * NS };
    /* A gap: the change lies between low and high; the first second with the new offset. */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (middle + type_at(zone, middle)->offset > local)
            high = middle;
        else
            low = middle;
    }
    return (struct instant){ high * NS };
}
