/*
 * pending.h - what gives the trader more room waits (issue 8): across reloads, restarts and files edited while riskd was off.
 *
 * Beside the database stands a private file with the rules in force and those that wait for their time, as text without secrets
 * (config/hold.h, config/house.h).  Every configuration, at the start as at a reload, is compared with it before the engine sees it.
 * A file and no table: it is needed before the database is open, and holds when that is damaged and set aside.
 *
 *     in force --a looser configuration--> waits until T --T--> in force
 *                                              |
 *                                          cancelled: until somebody reloads it again, or the files say something else
 */
#ifndef APP_PENDING_H
#define APP_PENDING_H

#include "app/guard.h"
#include "config/load.h"

#define PENDING_SUFFIX ".rules" /* Added to the database's path. */

struct pending {
    char path[SETTING_TEXT_MAX + 8]; /* "": nowhere, a scenario's. */
    bool missing;              /* There was no such file. */
    struct instant until;      /* 0: nothing waits; INSTANT_NEVER: cancelled. */
    char *in_force, *waiting;  /* What holds for all and for each account, a line each; NULL: none.  Owned. */
    char *changes;             /* What of it is looser, a line each; NULL: nothing waits.  Owned. */
    char *said;                /* What pending_tell() tells, a line each. */
    size_t said_length;
};

/** Read the file of this database; NULL: there is none, a scenario's.  Zeroed before.  What cannot be read is told: the files hold. */
void pending_init(struct pending *pending, const char *database);
void pending_fini(struct pending *pending);

/** Has the time come?  Then what waited is what the next pending_apply() compares with: read the files again. */
bool pending_is_due(struct pending *pending, struct instant now);

/**
 * Make @loaded as strict as what is in force, for as long as it must be, and remember that.  @running: a reload instead of it, or NULL;
 * its accounts are watched until riskd's next start, as far as the files can still log in for them.
 */
void pending_apply(struct pending *pending, struct loaded_config *loaded, const struct loaded_config *running, struct instant now);

/** What waits shall not come.  False: nothing waits. */
bool pending_cancel(struct pending *pending);

/** {"until": ..., "cancelled": ..., "changes": [...]}, or null; @more changes than fit are counted. */
void pending_write(const struct pending *pending, struct text *json);

/** Is the account among those in force, by the file of this database?  Needs no daemon. */
bool pending_watches(const char *database, int64_t account_id);

/** An alarm and a row of the ledger for each thing said since the last time; and, if not NULL, a line each into @out. */
void pending_tell(struct pending *pending, struct guard *guard, struct text *out);

#endif /* APP_PENDING_H */
