/*
 * words.c - see words.h.
 */
#include "tui/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static struct words
cents(int64_t micros, const char *plus)
{
    struct words words;
    int64_t rounded = money_scale(micros, 1, 10000) * 10000; /* 0.004 is nothing, not "-0.00". */
    char text[MONEY_TEXT_MAX];

    (void)money_format(rounded, text, sizeof text);
    (void)snprintf(words.text, sizeof words.text, "%s%s", rounded > 0 ? plus : "", text);
    return words;
}

struct words
words_pnl(int64_t micros)
{
    return cents(micros, "+");
}

struct words
words_money(int64_t micros)
{
    return cents(micros, "");
}

enum tone
words_pnl_tone(int64_t micros)
{
    int64_t rounded = money_scale(micros, 1, 10000);

    return rounded > 0 ? TONE_GOOD : rounded < 0 ? TONE_BAD : TONE_TEXT;
}

struct words
words_price(bool known, int64_t nanos)
{
    struct words words = { "-" };

    if (!known)
        return words;
    size_t length = decimal_format(nanos, 9, words.text, sizeof words.text - 3);
    const char *dot = strchr(words.text, '.');
    if (dot == NULL)
        (void)snprintf(words.text + length, 4, ".00");
    else if (dot[1] != '\0' && dot[2] == '\0')
        (void)snprintf(words.text + length, 2, "0");
    return words;
}

struct words
words_countdown(struct span left)
{
    struct words words;
    int64_t seconds = left.ns <= 0 ? 0 : (left.ns + 999999999) / 1000000000;

    if (seconds >= 86400)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 "d %02" PRId64 ":%02" PRId64, seconds / 86400, seconds / 3600 % 24,
            seconds / 60 % 60);
    else
        (void)snprintf(words.text, sizeof words.text, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
            seconds % 60);
    return words;
}

struct words
words_span(struct span span)
{
    struct words words;
    int64_t seconds = span.ns <= 0 ? 0 : span.ns / 1000000000;

    if (seconds < 60)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 " s", seconds);
    else if (seconds < 3600)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 " min", seconds / 60);
    else if (seconds < 86400)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 " h %02" PRId64, seconds / 3600, seconds / 60 % 60);
    else
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 " d", seconds / 86400);
    return words;
}

struct words
words_micros(int64_t micros)
{
    struct words words;

    if (micros < 1000)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 " us", micros);
    else if (micros < 1000000)
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 ".%" PRId64 " ms", micros / 1000, micros / 100 % 10);
    else
        (void)snprintf(words.text, sizeof words.text, "%" PRId64 ".%02" PRId64 " s", micros / 1000000, micros / 10000 % 100);
    return words;
}

static void
local(const struct zone *zone, struct instant at, int64_t *ret_days, int *ret_second)
{
    if (zone != NULL) {
        zone_to_local(zone, at, ret_days, ret_second);
        return;
    }
    *ret_days = at.ns / INT64_C(86400000000000);
    *ret_second = (int)(at.ns / 1000000000 % 86400);
}

static bool
is_known(struct instant at)
{
    return at.ns > 0 && !instant_is_never(at);
}

struct words
words_clock(const struct zone *zone, struct instant at)
{
    struct words words = { "-" };
    int64_t days;
    int second;

    if (!is_known(at))
        return words;
    local(zone, at, &days, &second);
    (void)snprintf(words.text, sizeof words.text, "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
    return words;
}

struct words
words_clock_ms(const struct zone *zone, struct instant at)
{
    struct words clock = words_clock(zone, at), words = clock;

    if (is_known(at))
        (void)snprintf(words.text, sizeof words.text, "%.12s.%03d", clock.text, (int)(at.ns / 1000000 % 1000));
    return words;
}

struct words
words_when(const struct zone *zone, struct instant at)
{
    struct words words = { "-" };
    int64_t days;
    int second, year, month, day;

    if (!is_known(at))
        return words;
    local(zone, at, &days, &second);
    civil_from_days(days, &year, &month, &day);
    (void)snprintf(words.text, sizeof words.text, "%s %d %s %02d:%02d %s", weekdays[civil_weekday(days)], day, months[(month - 1) % 12],
        second / 3600, second / 60 % 60, zone == NULL ? "UTC" : zone_abbreviation_at(zone, at));
    return words;
}
