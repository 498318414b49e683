/*
 * instant.c - see instant.h.
 *
 * The calendar is counted in eras of 400 years (146097 days) that begin on 1 March 0000: so the leap day is a year's last day
 * and a month's first day is a linear formula.  Text before 1970 or after 2261 is refused: nothing that old or that far away is
 * true of a trade, and the sums below cannot overflow.
 */
#include "base/instant.h"

#include "base/text.h"

#define DAY_SECONDS INT64_C(86400)
#define NS INT64_C(1000000000)
#define YEAR_MIN 1970
#define YEAR_MAX 2261 /* The last whole year that fits 64-bit nanoseconds. */

static int64_t
saturating_sum(int64_t a, int64_t b)
{
    if (b > 0 && a > INT64_MAX - b)
        return INT64_MAX;
    if (b < 0 && a < INT64_MIN - b)
        return INT64_MIN;
    return a + b;
}

struct instant
instant_add(struct instant at, struct span by)
{
    return instant_is_never(at) ? at : (struct instant){ saturating_sum(at.ns, by.ns) };
}

struct instant
instant_sub(struct instant at, struct span by)
{
    return instant_add(at, (struct span){ by.ns == INT64_MIN ? INT64_MAX : -by.ns });
}

struct span
instant_since(struct instant later, struct instant earlier)
{
    if (earlier.ns == INT64_MIN) /* Has no negative; one more on both sides is the same length. */
        return (struct span){ saturating_sum(saturating_sum(later.ns, 1), INT64_MAX) };
    return (struct span){ saturating_sum(later.ns, -earlier.ns) };
}

bool
instant_before(struct instant a, struct instant b)
{
    return a.ns < b.ns;
}

bool
instant_equal(struct instant a, struct instant b)
{
    return a.ns == b.ns;
}

bool
instant_is_never(struct instant at)
{
    return at.ns == INT64_MAX;
}

struct instant
instant_min(struct instant a, struct instant b)
{
    return a.ns < b.ns ? a : b;
}

struct instant
instant_max(struct instant a, struct instant b)
{
    return a.ns > b.ns ? a : b;
}

int64_t
civil_to_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year; /* Years begin in March: the leap day is the last. */
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void
civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0));
}

int
civil_weekday(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday. */
}

/* Exactly @digits decimal digits at *@at; -1 if there are not. */
static int
number(const char *text, size_t length, size_t *at, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++, (*at)++) {
        if (*at >= length || text[*at] < '0' || text[*at] > '9')
            return -1;
        value = value * 10 + (text[*at] - '0');
    }
    return value;
}

static bool
literal(const char *text, size_t length, size_t *at, char expected)
{
    if (*at >= length || text[*at] != expected)
        return false;
    (*at)++;
    return true;
}

static bool
fraction_of(const char *text, size_t length, size_t *at, int64_t *ret_ns)
{
    int64_t unit = NS / 10;
    size_t start;

    *ret_ns = 0;
    if (*at >= length || text[*at] != '.')
        return true;
    start = ++(*at);
    for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; (*at)++, unit /= 10)
        *ret_ns += (text[*at] - '0') * unit;
    return *at > start && *at - start <= 9;
}

static bool
offset_of(const char *text, size_t length, size_t at, int64_t *ret_seconds)
{
    int hours, minutes;
    bool west;

    *ret_seconds = 0;
    if (at == length || (at + 1 == length && (text[at] == 'Z' || text[at] == 'z')))
        return true;
    west = text[at] == '-';
    if (!west && text[at] != '+')
        return false;
    at++;
    hours = number(text, length, &at, 2);
    if (at < length && text[at] == ':')
        at++;
    minutes = number(text, length, &at, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || at != length)
        return false;
    *ret_seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool
instant_parse(const char *text, size_t length, struct instant *ret_at)
{
    static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    size_t at = 0;
    int64_t ns, offset;
    int year = number(text, length, &at, 4);
    bool shape = literal(text, length, &at, '-');
    int month = number(text, length, &at, 2);
    shape = shape && literal(text, length, &at, '-');
    int day = number(text, length, &at, 2);

    shape = shape && at < length && (text[at] == 'T' || text[at] == ' ' || text[at] == 't');
    at++;
    int hour = number(text, length, &at, 2);
    shape = shape && literal(text, length, &at, ':');
    int minute = number(text, length, &at, 2);
    shape = shape && literal(text, length, &at, ':');
    int second = number(text, length, &at, 2);
    if (!shape || year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    if (!fraction_of(text, length, &at, &ns) || !offset_of(text, length, at, &offset))
        return false;
    int64_t seconds = civil_to_days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
    if (seconds < 0)
        return false;
    *ret_at = (struct instant){ seconds * NS + ns };
    return true;
}

size_t
instant_format(struct instant at, char *out, size_t out_size)
{
    int64_t seconds = at.ns / NS, ns = at.ns % NS;
    int year, month, day;
    struct text text = text_on(out, out_size);

    if (ns < 0) {
        ns += NS;
        seconds--;
    }
    int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    text_addf(&text, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    if (ns != 0) {
        text_addf(&text, ".%09lld", (long long)ns);
        while (text.length > 0 && text.data[text.length - 1] == '0')
            text.data[--text.length] = 0;
    }
    text_add(&text, "Z");
    return text.length;
}
