/*
 * world.c - engine, shell and in-process broker in virtual time.
 *
 * Two orders matter and are kept here alone: a deadline is stepped before the event that comes after it, and the broker answers a request
 * before time moves on.
 */
#include "app/world.h"

#include "app/shell.h"
#include "base/assert.h"
#include "rules/rules.h"
#include "store/store.h"

#include <stdlib.h>

#define ANSWERS_MAX 10000 /* At one instant; more means that engine and broker keep each other busy. */
#define DEADLINES_MAX 1000000 /* Between two events: a week of retries each second. */

struct world {
    struct world_options options;
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
    struct world *world = context;

    world->options.command(world->options.context, command);
    paper_command(world->paper, command);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    struct world *world = context;

    world->options.record(world->options.context, record);
    if (world->store != NULL && world->status == OK)
        world->status = store_save(world->store, record, 1, &world->err);
    return 0; /* Virtual time: the disk is instant, so nothing is held back. */
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct world *world = context;

    world->options.notice(world->options.context, notice);
}

/* world_event() asks for the deadline itself. */
static void
on_arm(void *context, struct instant deadline)
{
    (void)context;
    (void)deadline;
}

static void
feed(struct world *world, const struct event *event)
{
    if (event->kind == EVENT_CONFIG)
        world->config = event->u.config;
    paper_learn(world->paper, event);
    shell_event(world->shell, event);
}

/* A new engine on what the store remembers. */
static enum status
start(struct world *world, struct instant at, struct error *err)
{
    const struct shell_ports ports = { .context = world, .command = on_command, .record = on_record, .notice = on_notice,
        .arm = on_arm };
    struct event restore = { .kind = EVENT_RESTORE, .at = at };
    struct event mode = { .kind = EVENT_MODE, .at = at };
    enum status status = OK;

    restore.u.restore.next_command_id = restore.u.restore.next_incident = 1;
    if (world->options.database != NULL) {
        const struct store_options options = { .path = world->options.database, .now = at };
        status = store_open(&options, &world->store, err);
        if (status == OK)
            status = store_load(world->store, at, &restore.u.restore, err);
    }
    if (status == OK)
        status = engine_new(world->config, rules_table, &world->engine, err);
    if (status == OK)
        status = shell_new(world->engine, &ports, &world->shell, err);
    if (status != OK)
        return status;
    feed(world, &restore);
    mode.u.mode = (struct mode_event){ .mode = MODE_NORMAL, .user_live = true, .market_live = true };
    feed(world, &mode);
    return world_answer(world) ? OK : error_set(err, STATUS_INTERNAL, "start: engine and broker never came to rest");
}

/* What a kill leaves: the file. */
static void
stop(struct world *world)
{
    shell_free(world->shell);
    engine_free(world->engine);
    store_close(world->store);
    world->shell = NULL;
    world->engine = NULL;
    world->store = NULL;
}

enum status
world_new(const struct world_options *options, struct instant at, struct world **ret_world, struct error *err)
{
    struct world *world = calloc(1, sizeof *world);
    enum status status;

    if (world == NULL)
        return error_set(err, STATUS_LIMIT, "world: no memory");
    world->options = *options;
    world->config = options->config;
    status = paper_new(options->mode, &world->paper, err);
    if (status == OK)
        status = start(world, at, err);
    if (status != OK) {
        world_free(world);
        return status;
    }
    *ret_world = world;
    return OK;
}

void
world_free(struct world *world)
{
    if (world == NULL)
        return;
    stop(world);
    paper_free(world->paper);
    free(world);
}

/* Deadlines up to @until, the broker answering after each. */
static void
pass_time(struct world *world, struct instant until)
{
    for (int i = 0; i < DEADLINES_MAX; i++) {
        struct instant due = engine_deadline(world->engine);
        if (instant_is_never(due) || instant_before(until, due))
            return;
        shell_clock(world->shell, due);
        if (!world_answer(world))
            return; /* The caller's own world_answer() says so. */
    }
}

void
world_event(struct world *world, const struct event *event)
{
    pass_time(world, event->at);
    feed(world, event);
}

bool
world_answer(struct world *world)
{
    struct event event;

    for (int i = 0; i < ANSWERS_MAX; i++) {
        if (!paper_next(world->paper, shell_now(world->shell), &event))
            return true;
        shell_event(world->shell, &event);
    }
    return false;
}

/* The broker's books as the new process reads them. */
static void
read_books(struct world *world, struct instant at)
{
    struct event event;

    for (int32_t i = 0; i < world->config->accounts_count; i++) {
        paper_snapshot(world->paper, world->config->accounts[i].id, at, &event);
        shell_event(world->shell, &event);
    }
}

enum status
world_restart(struct world *world, struct instant at, struct error *err)
{
    pass_time(world, at);
    if (world->status != OK) {
        if (err != NULL)
            *err = world->err;
        return world->status;
    }
    stop(world);
    enum status status = start(world, at, err);
    if (status == OK)
        read_books(world, at);
    return status;
}

const struct engine *
world_engine(const struct world *world)
{
    return world->engine;
}

const struct paper *
world_paper(const struct world *world)
{
    return world->paper;
}
