/*
 * toy_world.h - a trader, a toy broker and an engine between them, all from a seed, for properties of the engine.
 *
 * The trader acts; the broker carries commands out late, refuses some, loses some and some replies, and tells of closes late.  What it does
 * depends on the command's content and the time only, never on its number or place in the update, so two engines can be compared.
 * Each update is checked as it comes: no command may increase exposure.
 */
#ifndef TESTS_LIB_TOY_WORLD_H
#define TESTS_LIB_TOY_WORLD_H

#include "lib/engine_fixture.h"

#include "store/store.h"

#define TOY_TICKS 80 /* Of 250 ms, with a trader. */
#define TOY_TAIL 200 /* For the broker to finish. */
#define CONTRACTS 2
#define ORDERS 12     /* The trader's. */
#define ORDERS_ALL 96 /* And ours. */
#define PENDING 256
#define FILL_ORDERS 24 /* Of order, trade, position and account. */

extern const char *const toy_contracts[CONTRACTS];

struct pending {
    struct command command;
    int32_t due;
    bool orphan; /* Of a process that is gone: nobody hears the answer. */
};

struct world {
    struct engine_fixture f;
    struct store *store;
    uint64_t random, salt;     /* Of the trader; of the broker. */
    int32_t tick, order_of_events;
    bool fills;                 /* Each turn's events are those of one fill, told in one of FILL_ORDERS orders. */
    int32_t sizes[CONTRACTS];
    int32_t told_at[CONTRACTS]; /* The stream tells of a close that late. */
    struct order_row orders[ORDERS_ALL];
    int32_t orders_count, own_orders_count;
    struct pending pending[PENDING];
    int32_t pending_count;
    int64_t trades;
    uint64_t exact, content;   /* Digests: every field in order; what is asked for, in any order. */
    uint64_t acted;            /* Of `content` what is not a question. */
};

uint64_t toy_mix(uint64_t hash, uint64_t value);
uint64_t toy_mix_text(uint64_t hash, const char *text);
/** A number of the trader's, 0 to @below - 1. */
int32_t toy_pick(struct world *w, int32_t below);
int toy_contract_index(const char *name);
/** What a command adds to w->acted, at w's time. */
uint64_t toy_action(const struct world *w, const struct command *c);

/** @config: a scenario's; the world is the same for the same seed.  The first snapshot is in. */
void toy_begin(struct world *w, const char *config, const struct rule *const *table, uint64_t seed);
/** The process dies between two events and starts from w->store; the broker and what is on its way there go on. */
void toy_restart(struct world *w);
/** 250 ms. */
void toy_turn(struct world *w);
void toy_run(struct world *w);
void toy_end(struct world *w);
/** After a story_...() of the test's own. */
void toy_take_update(struct world *w);

#endif /* TESTS_LIB_TOY_WORLD_H */
