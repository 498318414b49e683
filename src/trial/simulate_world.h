/*
 * simulate_world.h - one simulated run: exchange, network, daemon, trouble and judges in one process on virtual time.
 *
 *     simulate_jobs    what happens when                      simulate_rules    the configuration of this seed
 *     simulate_wire    network between client and gateway     simulate_storm    what goes wrong, and when
 *     simulate_process gateway client, engine, shell, store   simulate_check    what must hold, whatever goes wrong
 *     simulate_story   what happened                          simulate_reload  the files, edited in mid-day
 *     simulate_world.c the clock that drives them
 *
 * Everything is decided by the seed; nothing reads a clock, a file or chance of its own.  So a seed that fails fails again.
 */
#ifndef TRIAL_SIMULATE_WORLD_H
#define TRIAL_SIMULATE_WORLD_H

#include "app/shell.h"
#include "config/load.h"
#include "gateway/gateway.h"
#include "store/store.h"
#include "trial/simulate_check.h"
#include "trial/simulate_jobs.h"
#include "trial/simulate_reload.h"
#include "trial/simulate_rules.h"
#include "trial/simulate_storm.h"
#include "trial/simulate_story.h"
#include "trial/simulate_wire.h"

#include <stdbool.h>

#define SIMULATE_ACCOUNTS_MAX 100
#define SIMULATE_FAILURE_MAX 400

struct simulate_options {
    uint64_t seed;
    int32_t days, accounts;
    struct storm_plan plan;
    const char *database;  /* NULL: the store that is memory. */
    FILE *trace;           /* NULL: nobody listens. */
    uint64_t kill_at;      /* Kill the process once, when it hands over this record; 0: not so. */
};

/* The exchange's hours as the daemon's calendar has them, in the minute it was asked last. */
struct simulate_hours {
    int64_t minute;
    bool open, quotes_due;
};

/* The daemon while it lives. */
struct simulate_process {
    bool alive, dying;
    uint64_t life;
    struct engine *engine;
    struct shell *shell;
    struct gateway *gateway;
    struct instant deadline;     /* Of the engine; INSTANT_NEVER. */
    struct store_entry *queue;   /* Records not on disk yet. */
    uint32_t queued, queue_size;
    bool writing;
    uint64_t ticket, records;
    enum mode mode;
    struct instant mode_since, started;
    struct simulate_hours hours;
};

struct simulate_world {
    struct simulate_options options;
    struct instant start, end, now;
    struct chance chance;
    struct simulate_jobs jobs;
    struct simulate_story story;
    struct simulate_wire wire;
    struct sim *sim;
    struct simulate_rules rules;     /* In force, by the judges. */
    struct simulate_reload reload;
    struct loaded_config *config;
    struct store *store;
    struct simulate_process process;
    struct simulate_storm storm;
    struct simulate_check check;
    bool failed;
    char failure[SIMULATE_FAILURE_MAX];
};

/** STATUS_LIMIT, or what the configuration or the store says. */
MUST_USE enum status simulate_world_new(const struct simulate_options *options, struct simulate_world **ret_world, struct error *err);
void simulate_world_free(struct simulate_world *world);
/** Until the end or the first failure.  False: failed, see world->failure. */
bool simulate_world_run(struct simulate_world *world);
/** Something that must hold does not: the run ends. */
void simulate_world_fail(struct simulate_world *world, int64_t account_id, const char *format, ...) PRINTF_LIKE(3, 4);

/* simulate_process.c */

/** A new life on what the store remembers. */
MUST_USE enum status simulate_process_start(struct simulate_world *world, struct error *err);
/** As a kill does: nothing is said, what was not on disk is gone. */
void simulate_process_kill(struct simulate_world *world);
/** The engine's deadline is due. */
void simulate_process_clock(struct simulate_world *world);

#endif /* TRIAL_SIMULATE_WORLD_H */
