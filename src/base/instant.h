/*
 * instant.h - points in time and lengths of time that cannot be mixed up.
 *
 * struct instant: nanoseconds since 1970-01-01T00:00:00Z (UTC).  struct span: nanoseconds.
 * Nothing here reads a clock.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct instant {
    int64_t ns;
};

struct span {
    int64_t ns;
};

#define INSTANT_NEVER ((struct instant){ INT64_MAX })
#define INSTANT_NONE ((struct instant){ 0 })
#define SPAN_MS(n) ((struct span){ (int64_t)(n)*1000000 })
#define SPAN_SECONDS(n) ((struct span){ (int64_t)(n)*1000000000 })
#define SPAN_ZERO ((struct span){ 0 })

#define INSTANT_TEXT_MAX 40

/** Sum, saturating at INSTANT_NEVER; NEVER plus anything is NEVER. */
struct instant instant_add(struct instant at, struct span by);
struct instant instant_sub(struct instant at, struct span by);
/** later - earlier (negative if the order is wrong), saturating. */
struct span instant_since(struct instant later, struct instant earlier);
bool instant_before(struct instant a, struct instant b);
bool instant_equal(struct instant a, struct instant b);
bool instant_is_never(struct instant at);
struct instant instant_min(struct instant a, struct instant b);
struct instant instant_max(struct instant a, struct instant b);

/**
 * Parse ISO 8601 as the gateway writes it (spec/gateway.md 5, Timestamps): 0 to 9 fraction digits;
 * Z, +hh:mm, -hh:mm or nothing (= UTC).  A leap second (:60) is the second after it.  False for anything else and for years before
 * 1970 or after 2261, so for the sentinel 0001-01-01T00:00:00 too.
 */
bool instant_parse(const char *text, size_t length, struct instant *ret_at);

/** Write "2026-08-19T14:16:01.406128900Z", fraction trimmed of trailing zeros (none: no dot).  Returns length. */
size_t instant_format(struct instant at, char *out, size_t out_size);

/** Days since 1970-01-01 of a civil date (proleptic Gregorian) and back. */
int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);
/** 0 = Sunday ... 6 = Saturday. */
int civil_weekday(int64_t days);

#endif /* BASE_INSTANT_H */
