/*
 * crowd.h - scripted traders who work against the daemon, and the market that moves while they are in it.
 *
 *     scalper      many quick round turns                        RULE-006, RULE-003
 *     revenge      re-enters within milliseconds of a close      every lockout, double
 *     averager     adds to what loses                            RULE-001, RULE-002, RULE-004
 *     stop mover   moves the stop away, then cancels it          RULE-008, RULE-012
 *     breaker      holds and orders outside hours, blocked ones  RULE-009, RULE-011
 *     bracket      entries with brackets, limits far away        orphans, suspended children
 *
 * They trade at the exchange itself, as a person does by the platform's own screen: what they do is nobody's request.  Pure: time comes
 * in with each call, chance from the seed.
 */
#ifndef SIM_CROWD_H
#define SIM_CROWD_H

#include "sim/exchange.h"

enum crowd_style { CROWD_SCALPER, CROWD_REVENGE, CROWD_AVERAGER, CROWD_STOP_MOVER, CROWD_BREAKER, CROWD_BRACKET, CROWD_STYLES };

struct crowd_trader {
    int64_t account_id;
    enum crowd_style style;
    struct instant next;      /* INSTANT_NEVER: waits for nothing. */
    int step;                 /* Of the idea under way; 0: none. */
    const struct listing *listing;
    int64_t way;              /* 1 buys, -1 sells. */
    int64_t size;
    int64_t stop_id;          /* Stop order of its own, or 0. */
    int64_t net;              /* Held in `listing`, as last told. */
    bool leaving;             /* The next close is its own. */
    int revenge;              /* Re-entries it still means to make. */
};

struct crowd {
    struct chance chance;
    struct span pause;        /* Between two ideas, on average. */
    struct span walk_period;  /* Of contracts somebody is in. */
    struct instant next_walk;
    struct crowd_trader *traders;
    size_t count, size;
    /* What a trader does, for a person.  May be NULL. */
    void (*tell)(void *context, int64_t account_id, const char *text);
    void *context;
    uint64_t orders, revenges;
};

const char *crowd_style_name(enum crowd_style style);

/** Nobody yet. */
void crowd_init(struct crowd *crowd, uint64_t seed, struct instant now);
void crowd_fini(struct crowd *crowd);
/** Aborts without memory. */
void crowd_add(struct crowd *crowd, int64_t account_id, enum crowd_style style, struct instant now);

/** What the traders do until @now; the market moves.  The exchange's events are the caller's to take. */
void crowd_advance(struct crowd *crowd, struct exchange *exchange, struct instant now);
struct instant crowd_next_due(const struct crowd *crowd);
/** Every event of the exchange. */
void crowd_note(struct crowd *crowd, const struct exchange_event *event);

#endif /* SIM_CROWD_H */
