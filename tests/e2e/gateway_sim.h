/*
 * gateway_sim.h - a risksim process, its control, and a gateway client on it; what gateway_risksim.c tests with.
 */
#ifndef TESTS_E2E_GATEWAY_SIM_H
#define TESTS_E2E_GATEWAY_SIM_H

#include "gateway/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <cmocka.h>

#define MNQ "CON.F.US.MNQ.U26"
#define EVENTS_MAX 4096
#define PATIENCE_MS 100000 /* A machine may be slow; and a minute passes from audit to audit. */

struct seen {
    struct event events[EVENTS_MAX]; /* Snapshots without their arrays. */
    int count;
    int32_t snapshot_orders; /* Of the last snapshot with orders. */
    struct position_row position; /* Of the last snapshot with one. */
    int32_t snapshot_positions;
    enum mode mode;
    bool stopped;
    uint64_t next_id;
};

extern struct seen seen;
extern struct gateway *gateway;

/** Give what follows its time. */
void gateway_sim_hurry(void);
/** One turn of the loop; false when the time is over. */
bool gateway_sim_turn(void);

/* Run the loop until @condition is true; the test fails after PATIENCE_MS. */
#define WAIT(condition) \
    do { \
        gateway_sim_hurry(); \
        while (!(condition)) { \
            if (!gateway_sim_turn()) \
                fail_msg("waited in vain: %s", #condition); \
        } \
    } while (false)

/** cmocka's group set-up and tear-down.  The first wants gateway_sim_program set. */
extern const char *gateway_sim_program;
int gateway_sim_set_up(void **state);
int gateway_sim_tear_down(void **state);

/** POST @body (NULL: GET) to /sim/@path; the answer, which must be 200.  Valid until the next call. */
const char *gateway_sim_ask(const char *path, const char *body);
/** One of account 1's counts of what was executed: "closes", "cancels", ... */
int gateway_sim_executed(const char *what);

#endif /* TESTS_E2E_GATEWAY_SIM_H */
