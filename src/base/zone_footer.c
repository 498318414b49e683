/*
 * zone_footer.c - see zone_footer.h.
 *
 * Which half of the year it is follows from the latest change at or before the second asked for.  A time of up to 167 hours
 * carries a change over New Year, and the latest or next one may be a year away: so the changes of two years to either side are
 * looked at.  When summer ends and begins at the same second ("all year daylight saving", RFC 8536 3.3.1), the beginning wins.
 */
#include "base/zone_footer.h"

#include "base/instant.h"
#include "base/text.h"

#define DAY_SECONDS 86400

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
    return text_copy_bytes(out, ZONE_ABBREVIATION_MAX, start, length);
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
footer_change(const char **p, struct zone_change *ret)
{
    struct zone_change c = { .kind = 'n', .second = 2 * 3600 };
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

bool
zone_footer_parse(const char *text, struct zone_footer *ret)
{
    struct zone_footer f = { .present = true };
    const char *p = text;
    int32_t west;

    if (!footer_name(&p, f.standard.name) || !footer_time(&p, 24, &west))
        return false;
    f.standard.offset = -west;
    if (*p != 0) {
        f.daylight = true;
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
change_in(const struct zone_change *c, int year)
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

const struct zone_type *
zone_footer_at(const struct zone_footer *footer, int64_t second, int64_t *ret_next)
{
    int64_t local = second + footer->standard.offset;
    int64_t latest = INT64_MIN;
    const struct zone_type *type = &footer->standard;
    int year, month, day;

    *ret_next = INT64_MAX;
    if (!footer->daylight)
        return type;
    civil_from_days(local / DAY_SECONDS - (local % DAY_SECONDS < 0 ? 1 : 0), &year, &month, &day);
    for (int y = year - 2; y <= year + 2; y++) {
        int64_t begins = change_in(&footer->begins, y) - footer->standard.offset;
        int64_t ends = change_in(&footer->ends, y) - footer->summer.offset;
        if (begins <= second && begins >= latest) {
            latest = begins;
            type = &footer->summer;
        }
        if (ends <= second && ends > latest) {
            latest = ends;
            type = &footer->standard;
        }
        *ret_next = begins > second && begins < *ret_next ? begins : *ret_next;
        *ret_next = ends > second && ends < *ret_next ? ends : *ret_next;
    }
    return type;
}
