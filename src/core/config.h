/*
 * config.h - the effective configuration as the engine sees it: validated, complete, immutable.
 *
 * Built by src/config (or a test).  The engine borrows it until the next EVENT_CONFIG's step has returned.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "base/zone.h"
#include "core/limits.h"
#include "core/param.h"

enum enforcement_order { ORDER_PARALLEL, ORDER_CANCEL_FIRST };

struct holiday {
    int32_t day;          /* Days since 1970. */
    int32_t early_close;  /* Second of day (in the session's zone), -1: closed all day. */
    char name[40];
};

struct calendar {
    int32_t count;
    struct holiday holidays[HOLIDAYS_MAX];
};

struct account_config {
    int64_t id;
    const char *nickname;              /* NULL, "": none. */
    bool enabled[RULES_MAX];           /* By index in the rules table. */
    bool shadow[RULES_MAX];            /* Judged, recorded and told as "would have"; nothing is sent, nothing is locked. */
    const void *rules[RULES_MAX];      /* Each rule's config struct; non-NULL where enabled. */
};

struct config {
    const struct zone *day_zone;       /* Default America/Chicago (R-RST-1). */
    int32_t reset_second;              /* Second of day, default 61200 = 17:00. */
    bool strict_mode;                  /* R-ALL-12. */
    enum enforcement_order order;      /* R-ALL-5. */
    struct span alarm_after;           /* R-ALL-5: 5 s. */
    int32_t enforce_steps_count;       /* At least one. */
    struct span enforce_steps[ENFORCE_STEPS_MAX]; /* RT-04: 0.25, 0.5, 1, 2, 5 s, ascending; the last one for ever. */
    struct span verify_poll, verify_fast; /* OV-02: a read each 0.5 s for 5 s. */
    int32_t agreeing_reads;            /* OV-04: 2, never less. */
    struct span stuck_after;           /* OL-06: 30 s. */
    int32_t warn_percent, alert_percent; /* R-ALL-15: 70, 90. */
    struct span stale_after;           /* R-004-4: 10 s. */
    struct span blind_after;           /* HM-03: 30 s; zero: never blind. */
    struct span unsubscribe_after;     /* ES-04: quotes go on that long after a contract is flat. */
    bool blind_flatten;                /* Then close; else only tell. */
    const struct zone *exchange_zone;  /* Of the market's hours, America/Chicago; NULL: it counts as always open. */
    struct calendar calendar;          /* holidays.yaml. */
    int64_t loosen_seconds;            /* How long what gives more room waits (config/hold.h). */
    uint64_t hash;                     /* Of the effective text (CF-04). */
    int32_t accounts_count;
    const struct account_config *accounts; /* Sorted by id. */
};

#endif /* CORE_CONFIG_H */
