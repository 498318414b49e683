/*
 * rig.h - the real gateway client, engine, shell and store against the simulated exchange, all in virtual time, for one account.
 *
 *     trader (the test) -> exchange -> hubs, REST -> wire -> gateway -> shell -> engine -> commands -> gateway -> wire -> exchange
 *                                                                         \-> records -> disk (5 ms) -> store
 *
 * The process can be killed at any point: each command, record, event and write of the disk is one, numbered as they come.
 */
#ifndef TESTS_REPLIES_RIG_H
#define TESTS_REPLIES_RIG_H

#include "app/shell.h"
#include "config/load.h"
#include "gateway/gateway.h"
#include "store/store.h"
#include "trial/simulate_wire.h"

#include <stdbool.h>

#define RIG_ACCOUNT 1
#define RIG_MNQ "CON.F.US.MNQ.U26"
#define RIG_QUEUE_MAX 4096
#define RIG_MS INT64_C(1000000)
#define RIG_SECOND INT64_C(1000000000)

struct rig {
    struct instant now;
    struct chance chance;
    struct sim *sim;
    struct simulate_jobs jobs;
    struct simulate_story story;
    struct simulate_wire wire;
    struct loaded_config *config;
    struct store *store;
    struct engine *engine;
    struct shell *shell;
    struct gateway *gateway;
    struct instant deadline;
    struct store_entry *queue;
    uint32_t queued;
    uint64_t ticket, life;
    bool writing;
    uint64_t points, kill_at; /* kill_at 0: never. */
    bool dying;
    uint64_t steps;           /* Things that happened, of whatever kind. */
    int alarms;
};

/** @config: a scenario's.  Everything is up and LIVE when it returns. */
void rig_open(struct rig *rig, const char *config, uint64_t seed);
void rig_close(struct rig *rig);
/** As a kill does: only the store's file is left; the exchange goes on. */
void rig_kill(struct rig *rig);
void rig_start(struct rig *rig);
/** One thing happens, if any is due before @until; false: nothing is. */
bool rig_step(struct rig *rig, struct instant until);
void rig_run(struct rig *rig, int64_t ns);
/** Until the gateway is NORMAL. */
void rig_go_live(struct rig *rig);
/** The trader buys, or sells (< 0), at the market. */
void rig_trade(struct rig *rig, int64_t size);
/** The market moves. */
void rig_price(struct rig *rig, int64_t units);
/** Trouble with requests whose path ends in @path. */
void rig_arm(struct rig *rig, enum fault_kind kind, const char *path, int64_t count, int64_t ms);
/** What was executed for us, at the exchange's own books. */
const struct exchange_counts *rig_counts(const struct rig *rig);
int64_t rig_net(const struct rig *rig);
/** Working orders of the account. */
int rig_orders(const struct rig *rig);
/** Requests that came for a path, executed or not. */
int rig_asked(const struct rig *rig, const char *path);
struct account_status rig_status(const struct rig *rig);

#endif /* TESTS_REPLIES_RIG_H */
