/*
 * zone_footer.h - the POSIX TZ string at the end of a TZif file: "CST6CDT,M3.2.0,M11.1.0"; for zone.c only.
 *
 * It says what holds after the last transition that is written out: one offset for ever, or two that take turns every year.
 * Source: POSIX.1-2017 8.3 (TZ), RFC 8536 3.3 (hours -167 to 167 in a change's time).
 */
#ifndef BASE_ZONE_FOOTER_H
#define BASE_ZONE_FOOTER_H

#include <stdbool.h>
#include <stdint.h>

#define ZONE_ABBREVIATION_MAX 16
#define ZONE_OFFSET_MAX (26 * 3600) /* RFC 8536 3.2: at most 25:59:59 east and 24:59:59 west. */

struct zone_type {
    int32_t offset; /* Seconds, east positive. */
    char name[ZONE_ABBREVIATION_MAX];
};

/* When a change happens in a year. */
struct zone_change {
    char kind; /* 'J': day 1..365, 29 February never counted; 'n': day 0..365; 'M': month, week (5: the last), weekday. */
    int month, week, day;
    int32_t second; /* Of that day, on the clock in force before the change; -167 h to 167 h. */
};

struct zone_footer {
    bool present, daylight;
    struct zone_type standard, summer;
    struct zone_change begins, ends; /* Of the summer, if daylight. */
};

/** False if the text is not such a string.  A summer without dates (POSIX leaves them to the system) is refused. */
bool zone_footer_parse(const char *text, struct zone_footer *ret_footer);

/** The type in force at @second (since 1970), and the second of the next change (INT64_MAX: none).  Borrowed from @footer. */
const struct zone_type *zone_footer_at(const struct zone_footer *footer, int64_t second, int64_t *ret_next);

#endif /* BASE_ZONE_FOOTER_H */
