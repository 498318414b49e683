/*
 * ending.h - how the daily limits end a breach: what is closed, whether and how long is locked (RULE-003, 004 and 005).
 *
 * These three rules take the same words for it (rules.md, RULE-003: "Also accepted"), so they share the parameters,
 * their cross-check and the verdict.
 */
#ifndef RULES_ENDING_H
#define RULES_ENDING_H

#include "core/rule.h"

enum ending_action { ENDING_CLOSE, ENDING_CLOSE_AND_LOCK };
enum ending_until { ENDING_DAILY_RESET, ENDING_PERMANENT };

struct ending {
    int32_t action;                 /* enum ending_action. */
    bool action_given;
    int32_t lockout_until;          /* enum ending_until. */
    bool until_given;
    bool lockout, lockout_given;
    bool lockout_until_reset, until_reset_given;
    int32_t reset_time;             /* Must agree with the daily reset's; -1: not given.  Compared by src/config. */
    const struct zone *timezone;    /* Likewise; NULL: not given. */
    bool asked;                     /* Derived: somebody wrote that it shall lock. */
    bool locks;                     /* Derived: it locks. */
};

extern const struct choice ending_actions[];
extern const struct choice ending_untils[];

/* The rows of a parameter table for a struct ending in a rule's struct. */
#define ENDING_PARAMS(type, field)                                                                                                 \
    { .keys = "action|enforcement", .help = "What a breach does; the rule's scope says what is closed.", .kind = PARAM_CHOICE,      \
        .offset = offsetof(type, field.action), .value = "close_all_and_lockout", .choices = ending_actions,                       \
        .present_offset = PARAM_PRESENT_AT(type, field.action_given) },                                                            \
    { .keys = "lockout_until", .help = "When the lockout ends.", .kind = PARAM_CHOICE,                                             \
        .offset = offsetof(type, field.lockout_until), .value = "daily_reset", .choices = ending_untils,                           \
        .present_offset = PARAM_PRESENT_AT(type, field.until_given) },                                                             \
    { .keys = "lockout", .help = "Overrides the action: lock or not.", .kind = PARAM_FLAG,                                         \
        .offset = offsetof(type, field.lockout), .optional = true,                                                                 \
        .present_offset = PARAM_PRESENT_AT(type, field.lockout_given) },                                                           \
    { .keys = "lockout_until_reset", .help = "Overrides the action: lock until the daily reset or not.", .kind = PARAM_FLAG,       \
        .offset = offsetof(type, field.lockout_until_reset), .optional = true,                                                     \
        .present_offset = PARAM_PRESENT_AT(type, field.until_reset_given) },                                                       \
    { .keys = "reset_time", .help = "Must equal the daily reset's time, if given.", .kind = PARAM_TIME,                            \
        .offset = offsetof(type, field.reset_time), .optional = true },                                                            \
    { .keys = "timezone", .help = "Must equal the daily reset's zone, if given.", .kind = PARAM_ZONE,                              \
        .offset = offsetof(type, field.timezone), .optional = true }

/** Settle `locks` and `asked`.  STATUS_CONFIG when the keys contradict each other. */
MUST_USE enum status ending_check(struct ending *ending, struct error *err);

/** Close everything, and lock the account if so configured. */
void ending_close_all(const struct ending *ending, struct verdict *verdict);

/** Close one position; its root is locked only if the configuration asks for it (R-004-1). */
void ending_close_one(const struct ending *ending, struct verdict *verdict, const struct position *position);

#endif /* RULES_ENDING_H */
