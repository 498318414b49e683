/*
 * reload.c - see reload.h.
 *
 * What the pool's thread reads of the daemon is immutable (the configuration in force) or its own meanwhile (pending).
 */
#include "app/reload.h"

#include "app/announce.h"
#include "app/caution.h"
#include "app/configure.h"
#include "app/ledger.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_BYTES ((size_t)16 << 10)
#define STOP_TURNS 5 /* Of the loop, which has a tick each second. */

struct reload_work {
    uv_work_t work;
    struct reload *reload;
    struct loaded_config *new_one; /* NULL: refused. */
    struct loaded_config *last;    /* Replaced; freed in the pool too. */
    struct instant now;
    reload_done done;
    void *context;
    enum status status;
    struct text problems;
    char bytes[PROBLEMS_BYTES];
};

static void
show_pending(struct reload *reload)
{
    struct status_board *board = &reload->guard->board;
    struct text text = text_on(board->pending, sizeof board->pending);

    pending_write(&reload->pending, &text);
    if (text.truncated)
        board->pending[0] = '\0';
}

void
reload_init(struct reload *reload)
{
    struct loaded_config *config = *reload->config;

    pending_init(&reload->pending, config->daemon.db.path);
    pending_apply(&reload->pending, config, NULL, os_utc_now());
    memcpy(&reload->started, &config->daemon, sizeof reload->started);
    memset(&reload->started.alert, 0, sizeof reload->started.alert);
    show_pending(reload);
}

bool
reload_fini(struct reload *reload)
{
    struct reload_work *work = reload->work;

    if (work != NULL && work->done != NULL) {
        work->done(work->context, STATUS_RETRY, "");
        work->done = NULL;
    }
    for (int i = 0; i < STOP_TURNS && reload->work != NULL; i++)
        (void)uv_run(reload->guard->loop, UV_RUN_ONCE);
    if (reload->work != NULL)
        return false;
    pending_fini(&reload->pending);
    return true;
}

void
reload_tell_start(struct reload *reload, bool first)
{
    if (reload->pending.missing && !first)
        guard_alarm(reload->guard, 2, "%.150s is gone: what was in force is not known, the files hold at once", reload->pending.path);
    pending_tell(&reload->pending, reload->guard, NULL);
}

/* ---- In the pool ---- */

static void
prepare(struct reload_work *work)
{
    struct reload *reload = work->reload;
    const struct loaded_config *running = *reload->config;
    struct error err = { 0 };

    work->status = configure_load(reload->directory, false, &work->new_one, &work->problems);
    if (work->status != OK)
        return;
    work->status = configure_same_hosts(running, work->new_one, &err);
    if (work->status == OK) {
        pending_apply(&reload->pending, work->new_one, running, work->now);
        work->status = configure_same_accounts(running, work->new_one, &err);
    }
    if (work->status == OK) {
        configure_tell_restart(&reload->started, &work->new_one->daemon, &work->problems);
        return;
    }
    text_add(&work->problems, err.text);
    loaded_config_free(work->new_one);
    work->new_one = NULL;
}

static void
run_prepare(uv_work_t *work)
{
    prepare(work->data);
}

static void
run_free(uv_work_t *work)
{
    struct reload_work *mine = work->data;

    loaded_config_free(mine->last);
}

/* ---- On the loop ---- */

/* The old rules stay; a reason for the one who asked, the ledger and the log. */
static void
refuse(struct reload_work *work)
{
    struct guard *guard = work->reload->guard;

    guard_alarm(guard, 1, "reload refused, the old rules stay: %.180s", work->problems.data);
    log_say(guard->log, LOG_LEVEL_ERROR, "config", "reload refused: %s", work->problems.data);
}

/* New rules between two events. */
static void
take_over(struct reload_work *work)
{
    struct reload *reload = work->reload;
    struct guard *guard = reload->guard;
    struct loaded_config *new_one = work->new_one;
    struct event event = { .kind = EVENT_CONFIG };
    char hash[CONFIG_HASH_MAX];
    uint64_t began = uv_hrtime();

    event.u.config = &new_one->config;
    work->last = *reload->config;
    *reload->config = guard->config = new_one;
    guard->overview.config = &new_one->config;
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, new_one->config.hash);
    writer_set_config_hash(guard->writer, hash);
    guard_event(guard, &event);
    uint64_t stepped = uv_hrtime();
    guard_take_keys(guard, new_one);
    announce_reopen(guard, &work->last->daemon);
    ledger_note(guard->writer, guard_now(guard), "reload", 0, "configuration %016" PRIx64 " instead of %016" PRIx64,
        new_one->config.hash, work->last->config.hash);
    if (work->bytes[0] != '\0') {
        log_say(guard->log, LOG_LEVEL_WARN, "config", "%s", work->bytes);
        text_add(&work->problems, "\n");
    }
    pending_tell(&reload->pending, guard, &work->problems);
    log_say(guard->log, LOG_LEVEL_INFO, "config", "reloaded, %016" PRIx64 " (step %" PRIu64 " us, %" PRIu64 " us on the loop)",
        new_one->config.hash, (stepped - began) / 1000, (uv_hrtime() - began) / 1000);
    caution_log(guard->log, new_one);
}

static void
on_freed(uv_work_t *work, int status)
{
    (void)status;
    free(work->data);
}

static void
on_prepared(uv_work_t *request, int status)
{
    struct reload_work *work = request->data;
    struct reload *reload = work->reload;
    struct guard *guard = reload->guard;

    reload->work = NULL;
    if (status != 0 || guard->writer == NULL) { /* Stopping. */
        loaded_config_free(work->new_one);
        work->status = STATUS_RETRY;
    } else if (work->status != OK) {
        refuse(work);
        pending_tell(&reload->pending, guard, NULL);
    } else {
        take_over(work);
    }
    show_pending(reload);
    guard_publish_status(guard);
    if (work->done != NULL)
        work->done(work->context, work->status, work->bytes);
    if (reload->again && status == 0) {
        reload->again = false;
        (void)reload_ask(reload, NULL, NULL);
    }
    if (work->last == NULL)
        free(work);
    else if (uv_queue_work(guard->loop, request, run_free, on_freed) != 0) {
        loaded_config_free(work->last);
        free(work);
    }
}

bool
reload_ask(struct reload *reload, reload_done done, void *context)
{
    struct reload_work *work = reload->work != NULL ? NULL : calloc(1, sizeof *work);

    reload->again = reload->again || (reload->work != NULL && done == NULL);
    if (work == NULL)
        return false;
    work->work.data = work;
    work->reload = reload;
    work->now = guard_now(reload->guard);
    work->done = done;
    work->context = context;
    work->problems = text_on(work->bytes, sizeof work->bytes);
    if (uv_queue_work(reload->guard->loop, &work->work, run_prepare, on_prepared) != 0) {
        free(work);
        return false;
    }
    reload->work = work;
    return true;
}

void
reload_tick(struct reload *reload)
{
    if (reload->work == NULL && pending_is_due(&reload->pending, guard_now(reload->guard)))
        (void)reload_ask(reload, NULL, NULL);
}

enum status
reload_cancel(struct reload *reload, struct text *ret_text)
{
    if (reload->work != NULL)
        return STATUS_RETRY;
    if (!pending_cancel(&reload->pending))
        return STATUS_REFUSED;
    show_pending(reload);
    pending_tell(&reload->pending, reload->guard, ret_text);
    guard_publish_status(reload->guard);
    return OK;
}
