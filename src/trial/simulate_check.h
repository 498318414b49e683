/*
 * simulate_check.h - what must hold in every run, whatever goes wrong.
 *
 * The judges believe the exchange's books and the records that reached the disk, not the engine:
 *
 *     exposure    a breach or a lock leaves no position and no order that may execute, T after the broker could be reached (R-ALL-5, R-ALL-7)
 *     late fills  an order that fills although a flatten has cancelled it is closed too (enforce.h)
 *     locks       what is durable stands after a restart, and none ends early (R-ALL-9)
 *     totals      the day's result and the positions and orders known are the exchange's, once things are quiet (R-ALL-10, R-ALL-11)
 *     commands    only closes, cancels and protective stops; never two closes in flight (ID-04, FV-09)
 *     proof       an enforcement ends proven or is alarmed (RT-05)
 *     rate        at most 200 requests in any 60 s (RL-01)
 */
#ifndef TRIAL_SIMULATE_CHECK_H
#define TRIAL_SIMULATE_CHECK_H

#include "core/update.h"
#include "sim/exchange.h"
#include "trial/simulate_rules.h"

#include <stdbool.h>

#define CHECK_WHY_MAX 120
#define CHECK_TIMES 512 /* Bins of times to flat: 16 per factor of two, from 1 ms. */
#define CHECK_LOCKS_MAX 2048
#define CHECK_GOALS_MAX 512
#define CHECK_SWEPT_MAX 64

/* An order the daemon has asked to be cancelled while it flattened the contract. */
struct check_swept {
    int64_t order_id;
    struct instant at;
};

struct check_account {
    int64_t id;
    int64_t net[SIMULATE_LISTINGS];
    int64_t orders[SIMULATE_LISTINGS];    /* That may execute. */
    struct instant day_starts, day_ends;
    int64_t day_micros;                   /* Net of fees. */
    int64_t summed_id;                    /* Last trade that was in the books when the day was opened: in day_micros already. */
    struct instant touched;               /* Last event of the books. */
    bool dirty;
    bool lost;                            /* RULE-003 was reached: nothing may be held until day_ends. */
    struct instant bad_since;             /* INSTANT_NEVER: all well. */
    char why[CHECK_WHY_MAX];
    struct instant settles_at[SIMULATE_LISTINGS]; /* When the daemon's last close or reduce that became an order is filled, */
    int closed_side[SIMULATE_LISTINGS];          /* and which way it went. */
    struct check_swept swept[CHECK_SWEPT_MAX];    /* Ring. */
    uint32_t swept_count;
    bool late[SIMULATE_LISTINGS];                 /* A swept order has filled, and the contract has not been flat since. */
    struct instant long_until[SIMULATE_LISTINGS], short_until[SIMULATE_LISTINGS]; /* Held last; NEVER: is held. */
};

struct check_goal {
    struct goal_row goal;
    struct instant since;
    bool alarmed;
};

struct simulate_check {
    struct check_account *accounts;
    int32_t count;
    struct instant next;                  /* INSTANT_NEVER: nothing to look at. */
    struct instant next_totals;
    int64_t closing_account;              /* The daemon's close or reduce is being judged by the exchange now; 0: none. */
    struct lockout *locks;                /* That are durable. */
    uint32_t locks_count;
    struct check_goal *goals;
    uint32_t goals_count;
    /* For the report. */
    uint64_t breaches, enforced, proven, alarms, gateway_alarms, times[CHECK_TIMES], times_count, totals_compared, kills;
    int64_t longest_ms, blind_ns, degraded_ns, requests_most;
    enum mode recorded_mode;              /* By the records on disk. */
    struct instant recorded_since;
    int64_t recorded_blind_ns;
};

struct simulate_world;

void simulate_check_init(struct simulate_world *world);
void simulate_check_fini(struct simulate_check *check);
/** The exchange says something. */
void simulate_check_event(void *context, const struct exchange_event *event);
/** A request of the daemon is about to be judged by the exchange. */
void simulate_check_request(void *context, const char *path, const char *body);
/** Other limits are in force from now on. */
void simulate_check_rules(struct simulate_world *world, const struct simulate_rules *rules);
/** End of the trading day that is now. */
struct instant simulate_check_day_ends(struct simulate_world *world);
/** Is the account flat by the books, without a lock and without an enforcement under way? */
bool simulate_check_idle(const struct simulate_world *world, int64_t account_id);
/** After every step of the world. */
void simulate_check_after(struct simulate_world *world);
/** Its own time has come. */
void simulate_check_advance(struct simulate_world *world);
/** How long the daemon may need once the broker can be reached, whatever it has missed. */
struct span simulate_check_patience(const struct simulate_world *world);
/** Longest time to flat in milliseconds of the shortest @permille of all. */
int64_t simulate_check_time(const struct simulate_check *check, int64_t permille);

/* The daemon's side. */
void simulate_check_command(struct simulate_world *world, const struct command *command);
void simulate_check_record(struct simulate_world *world, const struct record *record);
void simulate_check_durable(struct simulate_world *world, const struct record *record);
void simulate_check_notice(struct simulate_world *world, const struct notice *notice);
void simulate_check_starts(struct simulate_world *world, const struct restore *restore);
void simulate_check_restored(struct simulate_world *world);
void simulate_check_dies(struct simulate_world *world);
/** Is an enforcement open that takes everything of the contract? */
bool simulate_check_flattens(const struct simulate_check *check, int64_t account_id, const char *contract);
/** A broker that cannot be reached is shown to be so. */
void simulate_check_sight(struct simulate_world *world);
/** At the end: every blind second shown is recorded. */
void simulate_check_blindness(struct simulate_world *world);
/** Each enforcement: proven or alarmed in time. */
void simulate_check_goals(struct simulate_world *world);

#endif /* TRIAL_SIMULATE_CHECK_H */
