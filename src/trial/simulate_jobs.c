/*
 * simulate_jobs.c - what happens when, in virtual time: a binary heap.
 */
#include "trial/simulate_jobs.h"

#include "base/assert.h"

#include <stdbool.h>
#include <stdlib.h>

static bool
before(const struct simulate_job *a, const struct simulate_job *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

void
simulate_jobs_add(struct simulate_jobs *jobs, int64_t at_ns, void (*run)(void *context, void *data), void *context, void *data)
{
    struct simulate_job job = { .at_ns = at_ns, .number = jobs->number++, .run = run, .context = context, .data = data };
    size_t at = jobs->count++;

    if (jobs->count > jobs->size) {
        jobs->size = jobs->size == 0 ? 64 : jobs->size * 2;
        jobs->heap = realloc(jobs->heap, jobs->size * sizeof *jobs->heap);
        ASSERT(jobs->heap != NULL);
    }
    while (at > 0 && before(&job, &jobs->heap[(at - 1) / 2])) {
        jobs->heap[at] = jobs->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    jobs->heap[at] = job;
}

int64_t
simulate_jobs_next(const struct simulate_jobs *jobs)
{
    return jobs->count == 0 ? INT64_MAX : jobs->heap[0].at_ns;
}

struct simulate_job
simulate_jobs_take(struct simulate_jobs *jobs)
{
    ASSERT(jobs->count > 0);
    struct simulate_job first = jobs->heap[0], last = jobs->heap[--jobs->count];
    size_t at = 0;

    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= jobs->count)
            break;
        if (child + 1 < jobs->count && before(&jobs->heap[child + 1], &jobs->heap[child]))
            child++;
        if (!before(&jobs->heap[child], &last))
            break;
        jobs->heap[at] = jobs->heap[child];
        at = child;
    }
    if (jobs->count > 0)
        jobs->heap[at] = last;
    return first;
}

void
simulate_jobs_fini(struct simulate_jobs *jobs)
{
    free(jobs->heap);
    *jobs = (struct simulate_jobs){ 0 };
}
