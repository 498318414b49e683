/*
 * simulate_jobs.h - what happens when, in virtual time: a heap of jobs, earliest first, of equal times the one asked for first.
 */
#ifndef TRIAL_SIMULATE_JOBS_H
#define TRIAL_SIMULATE_JOBS_H

#include <stddef.h>
#include <stdint.h>

struct simulate_job {
    int64_t at_ns;
    uint64_t number; /* Of asking: equal times are run in this order, so that a seed gives one trace only. */
    void (*run)(void *context, void *data);
    void *context, *data;
};

struct simulate_jobs {
    struct simulate_job *heap;
    size_t count, size;
    uint64_t number;
};

/** Do @run(@context, @data) at @at_ns.  Aborts without memory. */
void simulate_jobs_add(struct simulate_jobs *jobs, int64_t at_ns, void (*run)(void *context, void *data), void *context, void *data);
/** INT64_MAX: nothing waits. */
int64_t simulate_jobs_next(const struct simulate_jobs *jobs);
/** The earliest job, taken out; there must be one. */
struct simulate_job simulate_jobs_take(struct simulate_jobs *jobs);
/** Jobs still waiting are the caller's to look at (jobs->heap) before. */
void simulate_jobs_fini(struct simulate_jobs *jobs);

#endif /* TRIAL_SIMULATE_JOBS_H */
