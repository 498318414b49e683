/*
 * simulate_reload.h - the configuration files of a run: edited in mid-day, read again, and what is looser held back (app/pending.h).
 *
 * The daemon's side is the real one: pending_apply() on what config_from_scenario() reads, then EVENT_CONFIG; the same at each start.
 * The judges' side is told what the files say and works out by itself which limits are in force.
 */
#ifndef TRIAL_SIMULATE_RELOAD_H
#define TRIAL_SIMULATE_RELOAD_H

#include "app/pending.h"
#include "app/scratch.h"
#include "trial/simulate_rules.h"

struct simulate_reload {
    struct scratch *scratch;      /* Where the rules in force are kept. */
    struct pending pending;
    struct simulate_rules files;  /* As somebody wrote them last. */
    int64_t paused;               /* Account that the files pause; 0: none. */
    /* By the judges' own reckoning. */
    struct simulate_rules waiting; /* tilt 0: nothing waits. */
    struct instant until;
};

struct simulate_world;

/** The files of the world's first rules.  STATUS_INTERNAL: no directory. */
MUST_USE enum status simulate_reload_init(struct simulate_world *world, struct error *err);
void simulate_reload_fini(struct simulate_world *world);
/** As riskd at its start: the files, and what is held back of them, become the world's configuration. */
MUST_USE enum status simulate_reload_read(struct simulate_world *world, struct error *err);
/** All limits are @percent of the first ones from now on, as far as the files say so; a daemon that is alive reads them. */
void simulate_reload_edit(struct simulate_world *world, int32_t percent);
/** Once a minute: has the time of something looser come? */
void simulate_reload_minute(struct simulate_world *world);

#endif /* TRIAL_SIMULATE_RELOAD_H */
