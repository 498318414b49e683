/*
 * traders.h - scripted traders that break rules, and the stopwatch on what happens then.
 *
 * The demo trader commits one violation every interval, in turn, each in an account that is flat at that moment and watched by a user hub:
 *
 *     RULE-001  six contracts (with a bracket, so that orders are left to sweep) where five are allowed
 *     RULE-011  one contract of a blocked symbol
 *     RULE-003  a falling market, two of three contracts sold at a loss: the day's loss is reached while one is still held
 *     R-ALL-7   any entry in an account that RULE-003 has locked
 *
 * The stopwatch: `committed` is the instant of the fill that broke the rule, `flat` the instant from which the account held no position and
 * no order that may execute, both from the exchange's own books.
 */
#ifndef SIM_TRADERS_H
#define SIM_TRADERS_H

#include "sim/exchange.h"

#define BREACHES_MAX 4096
#define BREACH_RULE_MAX 24

struct sim;

enum traders_script { TRADERS_NONE, TRADERS_DEMO };

struct trader_breach {
    char rule[BREACH_RULE_MAX];
    int64_t account_id;
    const struct listing *listing; /* NULL = the whole account. */
    struct instant started;   /* First order of the violation. */
    struct instant committed; /* INSTANT_NONE: not yet. */
    struct instant flat;      /* INSTANT_NONE: not yet. */
    int64_t closes_before;    /* Closes and partial closes executed before it. */
    int64_t closes;           /* Executed for it, until flat. */
    int64_t size;             /* Committed once so many contracts are held; 0: once so much is lost. */
    int64_t lost_micros;      /* So far. */
    struct instant touched;   /* Last event of the account. */
};

struct traders_options {
    enum traders_script script;
    struct span interval;
    int64_t size;            /* RULE-001: contracts. */
    int64_t loss_micros;     /* RULE-003: the least that is lost. */
    char blocked[EXCHANGE_NAME_MAX]; /* RULE-011: contract id. */
};

struct traders {
    struct traders_options options;
    struct instant next; /* INSTANT_NEVER: idle. */
    int step;
    int64_t restore_price; /* RULE-003: where the market was; 0 = it was not moved. */
    int64_t loser_id;      /* Account whose position waits to be sold at a loss; 0 = none. */
    int64_t locked[16];    /* Accounts RULE-003 has locked. */
    size_t locked_count;
    struct trader_breach *breaches;
    size_t breaches_count;
};

struct traders_options traders_defaults(void);
void traders_init(struct traders *traders, struct instant now, const struct traders_options *options);
void traders_fini(struct traders *traders);
/** Another script, from now on; the breaches noted stay. */
void traders_set(struct traders *traders, struct instant now, const struct traders_options *options);

/** The next step if it is time. */
void traders_advance(struct sim *sim);
struct instant traders_next_due(const struct traders *traders);
/** Every event of the exchange. */
void traders_note(struct sim *sim, const struct exchange_event *event);
/** After the events: is an account flat again? */
void traders_settle(struct sim *sim);
/** A violation committed by others (the control REST): the stopwatch starts now.  False: no room. */
bool traders_watch(struct sim *sim, int64_t account_id, const char *rule);

#endif /* SIM_TRADERS_H */
