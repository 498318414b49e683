/*
 * scenario_reload.h - the configurations of one case: the first, those of its reloads, and what of them waits (issue 8).
 *
 *     type      data                     what happens
 *     reload    rules, global, ...       as riskd's: what is tighter holds at once, what is looser as `global.loosen` says (default next_day)
 *     config    the same                 all at once, unless the case's configuration says `global.loosen`
 *     admin     {"action": "cancel"}     what waits does not come
 *
 * A key that is not in the data of a reload (daily_reset, global, holidays) stays as the case has it.
 */
#ifndef TRIAL_SCENARIO_RELOAD_H
#define TRIAL_SCENARIO_RELOAD_H

#include "app/pending.h"
#include "base/json.h"

#define SCENARIO_RELOADS_MAX 16

struct scenario_reload {
    const struct json *json;      /* The case; borrowed. */
    const int64_t *accounts;      /* Borrowed. */
    int32_t accounts_count;
    bool asked;                   /* The case's configuration says `global.loosen`. */
    struct pending pending;
    int32_t configs_count;
    struct loaded_config *configs[SCENARIO_RELOADS_MAX]; /* The last one is in force. */
    char *text;                   /* Of the last reload: the files as they are. */
    size_t length;
};

/** The case's own configuration, which is in force at @now.  @reload is zeroed but for json and accounts. */
MUST_USE enum status scenario_reload_first(struct scenario_reload *reload, const struct config **ret_config, struct error *err);

/** A reload with @data.  @holds: looser rules wait; else only if the case says so.  On success the configuration from now on. */
MUST_USE enum status scenario_reload_now(struct scenario_reload *reload, int data, bool holds, struct instant now,
    const struct config **ret_config, struct error *err);

/** When does what waits come?  INSTANT_NEVER: nothing does. */
struct instant scenario_reload_due(const struct scenario_reload *reload);

/** Then: the files are read again. */
MUST_USE enum status scenario_reload_again(struct scenario_reload *reload, struct instant now, const struct config **ret_config, struct error *err);

void scenario_reload_fini(struct scenario_reload *reload);

#endif /* TRIAL_SCENARIO_RELOAD_H */
