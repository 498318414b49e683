/*
 * upkeep.h - what the daemon does by the day and by the second for itself: pruning, backups, telling the service manager (S-10, S-20).
 */
#ifndef APP_UPKEEP_H
#define APP_UPKEEP_H

#include "app/guard.h"

struct backup_job;

/* Zeroed is fresh. */
struct upkeep {
    struct guard *guard;
    struct backup_job *job; /* Under way, or NULL. */
    int32_t date;           /* The trading day the last duties were done on; 0: none yet. */
    int64_t told_ns;        /* Monotonic: the last sign of life; 0: none yet. */
    enum mode told_mode;
    bool ready;             /* Told. */
    bool in_memory;         /* There is no database to prune or copy. */
};

/** Once a second: sign of life, readiness, and when a new trading day has begun, its duties. */
void upkeep_tick(struct upkeep *upkeep);

/** A backup under way is not waited for. */
void upkeep_fini(struct upkeep *upkeep);

#endif /* APP_UPKEEP_H */
