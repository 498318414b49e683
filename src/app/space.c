/*
 * space.c - tells before the database's disk is full.
 */
#include "app/space.h"

#include "app/guard.h"

#include <inttypes.h>

static void
on_told(uv_fs_t *request)
{
    struct guard *guard = request->data;
    struct space *space = &guard->space;
    const uv_statfs_t *disk = request->ptr;
    int64_t left = request->result == 0 ? (int64_t)(disk->f_bavail * disk->f_bsize) : INT64_MAX; /* No answer is no news. */
    bool low = left < SPACE_LOW_BYTES;

    uv_fs_req_cleanup(request);
    space->asking = false;
    if (guard->stopping || low == space->low)
        return;
    space->low = low;
    if (low)
        guard_alarm(guard, 2, "store: only %" PRId64 " MB are left on the database's disk", left >> 20);
    else
        guard_alarm(guard, 1, "store: there is room on the database's disk again");
}

void
space_check(struct guard *guard)
{
    struct space *space = &guard->space;

    if (space->asking)
        return;
    space->request.data = guard;
    space->asking = uv_fs_statfs(guard->loop, &space->request, guard->config->daemon.db.path, on_told) == 0;
}
