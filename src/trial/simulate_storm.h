/*
 * simulate_storm.h - what goes wrong in a run, and when: swarm weights from the seed (gateway.md 11).
 *
 * Each seed has a mix of its own: about half of the troubles are off, the others come at a rate drawn once.  So some seeds have nothing
 * but drops, others everything at once.  A trouble is a moment (a drop, a kill) or a window with an end.
 *
 * While a trouble that hides the broker or keeps it from obeying lasts, nothing can be asked of the daemon: `clear_since` says how long
 * there has been none of those.
 */
#ifndef TRIAL_SIMULATE_STORM_H
#define TRIAL_SIMULATE_STORM_H

#include "base/error.h"
#include "base/instant.h"
#include "sim/exchange.h"
#include "sim/faults.h"

#include <stdbool.h>
#include <stdint.h>

enum storm_kind {
    STORM_DROP, STORM_FREEZE_DATA, STORM_FREEZE_ALL, STORM_DOWN, STORM_HOLE, STORM_429, STORM_502, STORM_401, STORM_LOGOUT, STORM_LOST,
    STORM_REFUSE, STORM_READS, STORM_LAG, STORM_SHAPE, STORM_REORDER, STORM_SLOW_FILL, STORM_AUTO_CANCEL, STORM_LOCKED, STORM_HALT,
    STORM_KILL, STORM_DISK, STORM_VOID, STORM_REORDER_FAR, STORM_RELOAD, STORM_PAUSE,
    STORM_LATE_FILL, STORM_KINDS
};

/** Which troubles a run may have: bit by kind. */
struct storm_plan {
    uint32_t allowed;
    bool swarm; /* Half of them are off, by the seed; else all are on. */
};

struct simulate_storm {
    struct chance chance;
    int64_t mean_s[STORM_KINDS];           /* Between two; 0: never. */
    struct instant begins[STORM_KINDS];    /* INSTANT_NEVER: off, or on now. */
    struct instant since[STORM_KINDS];     /* When it began last. */
    struct instant ends[STORM_KINDS];      /* INSTANT_NEVER: not on. */
    struct fault fault[STORM_KINDS];       /* Armed while on. */
    bool has_fault[STORM_KINDS];
    struct instant next_minute;
    struct instant due;                    /* The earliest of all those; asked for at every step of the world. */
    struct instant clear_since;            /* INSTANT_NEVER: something is in the way. */
    struct instant calm_since;             /* Likewise of any trouble at all. */
    int64_t locked_account;
    bool ended;                            /* The run's last minutes are calm. */
    uint64_t count[STORM_KINDS];
};

struct simulate_world;

const char *storm_kind_name(enum storm_kind kind);
/** "none", "storm" (the default), "all", or names with commas.  STATUS_CONFIG: no such name. */
MUST_USE enum status storm_plan_parse(const char *text, struct storm_plan *ret_plan, struct error *err);

void simulate_storm_init(struct simulate_world *world);
/** What is due begins or ends; market hours. */
void simulate_storm_advance(struct simulate_world *world);
/** The exchange says something. */
void simulate_storm_event(struct simulate_world *world, const struct exchange_event *event);
/** Everything ends, and nothing begins any more. */
void simulate_storm_end(struct simulate_world *world);
/** What the disk takes for a write now. */
struct span simulate_storm_disk(struct simulate_world *world);
/** The daemon was killed by something else. */
void simulate_storm_killed(struct simulate_world *world);

#endif /* TRIAL_SIMULATE_STORM_H */
