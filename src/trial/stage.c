/*
 * stage.c - engine, shell and in-process broker in virtual time.
 *
 * Two orders matter and are kept here alone: a deadline is stepped before the event that comes after it, and the broker answers a request
 * before time moves on.
 */
#include "trial/stage.h"

#include "app/shell.h"
#include "base/assert.h"
#include "rules/rules.h"
#include "store/store.h"

#include <stdlib.h>

#define ANSWERS_MAX 10000 /* At one instant; more means that engine and broker keep each other busy. */
#define DEADLINES_MAX 1000000 /* Between two events: a week of retries each second. */

struct stage {
    struct stage_options options;
    struct engine *engine;
    struct shell *shell;
    struct paper *paper;
    const struct config *config; /* In force; a restart begins with it. */
    struct store *store;
    struct error err;            /* Of the first record the store refused. */
    enum status status;
};

static void
on_command(void *context, const struct command *command)
{
    struct stage *stage = context;

    stage->options.command(stage->options.context, command);
    paper_command(stage->paper, command);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    struct stage *stage = context;

    stage->options.record(stage->options.context, record);
    if (stage->store != NULL && stage->status == OK)
        stage->status = store_save(stage->store, record, 1, &stage->err);
    return 0; /* Virtual time: the disk is instant, so nothing is held back. */
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct stage *stage = context;

    stage->options.notice(stage->options.context, notice);
}

/* stage_event() asks for the deadline itself. */
static void
on_arm(void *context, struct instant deadline)
{
    (void)context;
    (void)deadline;
}

static void
feed(struct stage *stage, const struct event *event)
{
    if (event->kind == EVENT_CONFIG)
        stage->config = event->u.config;
    paper_learn(stage->paper, event);
    shell_event(stage->shell, event);
}

/* A new engine on what the store remembers. */
static enum status
start(struct stage *stage, struct instant at, struct error *err)
{
    const struct shell_ports ports = { .context = stage, .command = on_command, .record = on_record, .notice = on_notice,
        .arm = on_arm };
    struct event restore = { .kind = EVENT_RESTORE, .at = at };
    struct event mode = { .kind = EVENT_MODE, .at = at };
    enum status status = OK;

    restore.u.restore.next_command_id = restore.u.restore.next_incident = 1;
    if (stage->options.database != NULL) {
        const struct store_options options = { .path = stage->options.database, .now = at };
        status = store_open(&options, &stage->store, err);
        if (status == OK)
            status = store_load(stage->store, at, &restore.u.restore, err);
    }
    if (status == OK)
        status = engine_new(stage->config, rules_table, &stage->engine, err);
    if (status == OK)
        status = shell_new(stage->engine, &ports, &stage->shell, err);
    if (status != OK)
        return status;
    feed(stage, &restore);
    mode.u.mode = (struct mode_event){ .mode = MODE_NORMAL, .user_live = true, .market_live = true };
    feed(stage, &mode);
    return stage_answer(stage) ? OK : error_set(err, STATUS_INTERNAL, "start: engine and broker never came to rest");
}

/* What a kill leaves: the file. */
static void
stop(struct stage *stage)
{
    shell_free(stage->shell);
    engine_free(stage->engine);
    store_close(stage->store);
    stage->shell = NULL;
    stage->engine = NULL;
    stage->store = NULL;
}

enum status
stage_new(const struct stage_options *options, struct instant at, struct stage **ret_stage, struct error *err)
{
    struct stage *stage = calloc(1, sizeof *stage);
    enum status status;

    if (stage == NULL)
        return error_set(err, STATUS_LIMIT, "stage: no memory");
    stage->options = *options;
    stage->config = options->config;
    status = paper_new(options->mode, &stage->paper, err);
    if (status == OK)
        status = start(stage, at, err);
    if (status != OK) {
        stage_free(stage);
        return status;
    }
    *ret_stage = stage;
    return OK;
}

void
stage_free(struct stage *stage)
{
    if (stage == NULL)
        return;
    stop(stage);
    paper_free(stage->paper);
    free(stage);
}

/* Deadlines up to @until, the broker answering after each. */
static void
pass_time(struct stage *stage, struct instant until)
{
    for (int i = 0; i < DEADLINES_MAX; i++) {
        struct instant due = engine_deadline(stage->engine);
        if (instant_is_never(due) || instant_before(until, due))
            return;
        shell_clock(stage->shell, due);
        if (!stage_answer(stage))
            return; /* The caller's own stage_answer() says so. */
    }
}

void
stage_event(struct stage *stage, const struct event *event)
{
    pass_time(stage, event->at);
    feed(stage, event);
}

bool
stage_answer(struct stage *stage)
{
    struct event event;

    for (int i = 0; i < ANSWERS_MAX; i++) {
        if (!paper_next(stage->paper, shell_now(stage->shell), &event))
            return true;
        shell_event(stage->shell, &event);
    }
    return false;
}

/* The broker's books as the new process reads them. */
static void
read_books(struct stage *stage, struct instant at)
{
    struct event event;

    for (int32_t i = 0; i < stage->config->accounts_count; i++) {
        paper_snapshot(stage->paper, stage->config->accounts[i].id, at, &event);
        shell_event(stage->shell, &event);
    }
}

enum status
stage_restart(struct stage *stage, struct instant at, struct error *err)
{
    pass_time(stage, at);
    if (stage->status != OK) {
        if (err != NULL)
            *err = stage->err;
        return stage->status;
    }
    stop(stage);
    enum status status = start(stage, at, err);
    if (status == OK)
        read_books(stage, at);
    return status;
}

const struct engine *
stage_engine(const struct stage *stage)
{
    return stage->engine;
}

const struct paper *
stage_paper(const struct stage *stage)
{
    return stage->paper;
}
