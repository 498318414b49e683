/*
 * upkeep.c - what the daemon does by the day and by the second for itself.
 *
 * The sign of life is given from the loop's own timer, so a loop that hangs falls silent and is started anew.  Pruning is the writer's, in
 * small batches; a backup runs in libuv's pool beside it.
 */
#include "app/upkeep.h"

#include "core/day.h"
#include "os/os.h"
#include "os/service.h"
#include "store/backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKUP_EVERY_DAYS 7 /* S-10: weekly. */

struct backup_job {
    uv_work_t work;
    struct upkeep *upkeep; /* NULL: the daemon did not wait. */
    char path[SETTING_TEXT_MAX];
    struct instant now;
    int keep;
    bool made;
    struct error err;
};

/* ---- Backups ---- */

static void
copy(uv_work_t *work)
{
    struct backup_job *job = work->data;

    job->made = backup_make(job->path, job->now, job->keep, &job->err) == OK;
}

static void
on_copied(uv_work_t *work, int status)
{
    struct backup_job *job = work->data;
    struct upkeep *upkeep = job->upkeep;

    if (upkeep != NULL) {
        upkeep->job = NULL;
        if (status == 0 && job->made)
            log_say(upkeep->guard->log, LOG_LEVEL_INFO, "store", "backup made");
        else
            guard_alarm(upkeep->guard, 1, "store: no backup: %.180s", job->err.text);
    }
    free(job);
}

static void
start_backup(struct upkeep *upkeep, struct instant now)
{
    const struct daemon_settings *settings = &upkeep->guard->config->daemon;
    struct backup_job *job = upkeep->job == NULL ? calloc(1, sizeof *job) : NULL;

    if (job == NULL)
        return;
    job->upkeep = upkeep;
    job->work.data = job;
    job->now = now;
    job->keep = (int)settings->db.keep_backups;
    (void)text_copy(job->path, sizeof job->path, settings->db.path);
    upkeep->job = job;
    if (uv_queue_work(upkeep->guard->loop, &job->work, copy, on_copied) != 0)
        on_copied(&job->work, UV_ECANCELED);
}

/* By the day in its name, "...backup-20261121T...".  One of another name counts as old. */
static bool
is_recent(const char *backup, int32_t today)
{
    const char *stamp = strrchr(backup, '-');
    struct instant made;
    char text[32];

    if (stamp == NULL || strlen(stamp) < 9)
        return false;
    (void)snprintf(text, sizeof text, "%.4s-%.2s-%.2sT00:00:00Z", stamp + 1, stamp + 5, stamp + 7);
    return instant_parse(text, strlen(text), &made) && today - (int32_t)(made.ns / 86400 / 1000000000) < BACKUP_EVERY_DAYS;
}

/* ---- The day ---- */

static void
do_duties(struct upkeep *upkeep, struct instant now, bool at_reset)
{
    const struct daemon_settings *settings = &upkeep->guard->config->daemon;
    const struct store_retention retention = { .trades_days = (int32_t)settings->db.keep_trades_d,
        .log_days = (int32_t)settings->db.keep_audit_d };
    char newest[SETTING_TEXT_MAX + 64];
    bool there = backup_newest(settings->db.path, newest, sizeof newest);

    writer_prune(upkeep->guard->writer, now, &retention);
    if (there ? !is_recent(newest, (int32_t)(now.ns / 86400 / 1000000000)) : at_reset)
        start_backup(upkeep, now);
}

/* At each reset, and at a start: a machine that is off at every reset prunes and copies too. */
static void
check_day(struct upkeep *upkeep)
{
    const struct config *config = &upkeep->guard->config->config;
    struct instant now = guard_now(upkeep->guard), starts, ends;
    int32_t date;

    if (upkeep->in_memory || upkeep->guard->writer == NULL)
        return;
    day_of(config->day_zone, config->reset_second, now, &starts, &ends, &date);
    if (date == upkeep->date)
        return;
    bool at_reset = upkeep->date != 0;
    upkeep->date = date;
    do_duties(upkeep, now, at_reset);
}

/* ---- The service manager ---- */

static void
tell_mode(struct upkeep *upkeep)
{
    const struct mode_event *mode = &upkeep->guard->board.mode;
    char line[WHY_MAX + 64];

    if (upkeep->told_ns != 0 && mode->mode == upkeep->told_mode)
        return;
    upkeep->told_mode = mode->mode;
    (void)snprintf(line, sizeof line, "%s: %" PRId32 " accounts%s%s", mode_name(mode->mode),
        engine_accounts_count(upkeep->guard->engine), mode->reason[0] != '\0' ? ", " : "", mode->reason);
    service_says(line);
}

void
upkeep_tick(struct upkeep *upkeep)
{
    tell_mode(upkeep);
    service_alive();
    upkeep->told_ns = os_monotonic_ns();
    if (!upkeep->ready && guard_is_ready(upkeep->guard) && service_ready()) {
        upkeep->ready = true;
        os_trim_memory(); /* Log-in, first truth, handshakes.  Once, however often the manager has to be told. */
    }
    check_day(upkeep);
}

void
upkeep_fini(struct upkeep *upkeep)
{
    if (upkeep->job != NULL)
        upkeep->job->upkeep = NULL; /* Its thread goes on with memory of its own. */
    upkeep->job = NULL;
}
