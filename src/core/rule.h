/*
 * rule.h - the shape of a rule and of its verdict.
 *
 * A rule is asked with its configuration and a view of one account, and answers with a verdict: figures for the gauge, and, when
 * breached, what must be true at the broker.  It does not act.  Verdicts of all rules are merged by engine.c (R-ALL-2).
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include "core/view.h"

/* Strength order of R-ALL-3; the headline breach is the strongest. */
enum action {
    ACTION_NONE,
    ACTION_WARN,
    ACTION_MOVE_STOP,
    ACTION_CANCEL_ORDER,
    ACTION_REDUCE,
    ACTION_CLOSE_POSITION,
    ACTION_COOLDOWN,
    ACTION_CLOSE_ALL,
    ACTION_LOCK,
};

enum unit { UNIT_CONTRACTS, UNIT_TENTHS_OF_CONTRACT, UNIT_MICROS, UNIT_TRADES, UNIT_SECONDS, UNIT_NONE };

struct want_size {
    const struct position *position;
    int32_t size;      /* At most this many, absolute; 0 closes it and cancels the contract's orders. */
};

struct want_lock {
    char root[ROOT_MAX]; /* "": account. */
    enum lock_kind kind;
    enum lock_end end;
    struct instant until;   /* LOCK_UNTIL_TIME only. */
    struct span duration;   /* Cooldowns: their tier. */
    bool ceilings_zero;     /* LOCK_ENTRIES: close_positions: true. */
};

struct want_stop {
    const struct position *position;
    const struct order *order; /* To modify, or NULL to place. */
    int64_t price_nanos;       /* On a tick; 0: only the size changes. */
    int32_t size;              /* Absolute. */
};

/* Both ends outside. */
struct band {
    int64_t low, high;
};
#define BAND_ALL ((struct band){ INT64_MIN, INT64_MAX })

struct want_band {
    const struct position *position;
    struct band last_nanos;
};

struct verdict {
    /* The gauge: always set by a rule that has one. limit 0: none. */
    int64_t observed, limit;
    enum unit unit;
    /* A breach. */
    enum action action;
    char why[WHY_MAX];        /* "Daily loss limit: lost $550.00 of $500.00." The engine adds what was done. */
    bool record_only;         /* R-006-1 with cooldown off: recorded, nothing sent. */
    bool close_all;           /* Every position and its orders; with a LOCK_FLAT account lock every order. */
    struct instant wake_at;   /* Ask again then at the latest (EVENT_CLOCK); INSTANT_NEVER. */
    const char *missing;      /* R-ALL-6: what data is missing, or NULL. Static text. */
    int32_t sizes_count, cancels_count, locks_count, releases_count, stops_count, warnings_count;
    struct want_size sizes[VERDICT_SIZES_MAX];
    const struct order *cancels[VERDICT_CANCELS_MAX];
    struct want_lock locks[VERDICT_LOCKS_MAX];
    struct symbol releases[VERDICT_LOCKS_MAX]; /* Own lockouts that end now: "" or a root. */
    struct want_stop stops[VERDICT_STOPS_MAX];
    /*
     * For which quotes the rule need not be asked again: while nothing else happens, every verdict would be this one but for the gauge's
     * figure as long as the account's open P&L stays within `open` and each position's last price within its band.
     */
    bool quiet;
    struct band open_micros[MARKS];
    int32_t bands_count;
    struct want_band bands[VERDICT_SIZES_MAX];
    const char *warnings[VERDICT_WARNINGS_MAX]; /* Static texts ("session ends in 5 minutes"), shown once each time given. */
};

struct rule {
    int32_t number;          /* 1..12. */
    const char *name;        /* Key in the configuration, stored: never rename. */
    const char *title;       /* For people: "Daily loss limit". */
    const char *source;      /* "docs/rulebook.md#daily_realized_loss". */
    unsigned wakes_on;       /* EVENT_BIT()s; EVENT_SNAPSHOT, EVENT_CONFIG and EVENT_CLOCK (deadlines) always wake. */
    bool needs_quotes;       /* Subscribes quotes of held contracts; its silence degrades the mode. */
    bool off_by_default;     /* RULE-012. */
    size_t config_size;
    const struct param *params;
    size_t params_count;
    size_t memory_size;         /* Of a position, multiple of 8. */
    size_t account_memory_size; /* Multiple of 8. */
    /* Cross-checks after binding; may fill derived fields.  NULL: none. */
    enum status (*check)(void *config, struct error *err);
    /* @verdict comes cleared (verdict_clear), wake_at NEVER. */
    void (*evaluate)(const void *config, const struct view *view, struct verdict *verdict);
    /* R-009-1: does this rule's account lockout spare a root?  NULL: never. */
    bool (*spares)(const void *config, const struct contract *contract);
};

void verdict_clear(struct verdict *verdict);
/** Set the breach's sentence and raise its action to at least @action. */
void verdict_breach(struct verdict *verdict, enum action action, const char *format, ...) PRINTF_LIKE(3, 4);
void verdict_close(struct verdict *verdict, const struct position *position);
void verdict_reduce_to(struct verdict *verdict, const struct position *position, int32_t size);
void verdict_cancel(struct verdict *verdict, const struct order *order);
void verdict_lock(struct verdict *verdict, struct want_lock lock);
void verdict_release(struct verdict *verdict, const char *root);
void verdict_stop(struct verdict *verdict, struct want_stop stop);
void verdict_wake(struct verdict *verdict, struct instant at); /* Keeps the earlier. */
void verdict_warn(struct verdict *verdict, const char *text);
/** The verdict is quiet (see there), for now whatever is quoted; the two below narrow that. */
void verdict_quiet(struct verdict *verdict);
void verdict_quiet_open(struct verdict *verdict, enum mark mark, struct band open_micros);
/** More positions than there is room for: not quiet. */
void verdict_quiet_last(struct verdict *verdict, const struct position *position, struct band last_nanos);

/** The shared ending of "close_all_and_lockout" rules: @until_reset false = until an admin. */
void verdict_close_all_and_lock(struct verdict *verdict, enum lock_end end);

#endif /* CORE_RULE_H */
