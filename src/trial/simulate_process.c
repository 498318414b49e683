/*
 * simulate_process.c - the daemon in the simulation: the real gateway client, engine, shell and store, as guard.c puts them together,
 * with virtual time instead of libuv and a disk that takes time instead of a writer thread.
 *
 * A kill forgets everything but the store.  It may come at any record: commands of the same update have left by then, its records and
 * all that waited for the disk are lost (architecture.md, "Order and durability").
 */
#include "base/assert.h"
#include "core/day.h"
#include "rules/rules.h"
#include "trial/simulate_world.h"

#include <stdlib.h>
#include <string.h>

/* ---- The shell's ports ---- */

static void
on_command(void *context, const struct command *command)
{
    struct simulate_world *world = context;

    if (world->process.dying)
        return;
    simulate_check_command(world, command);
    gateway_carry_out(world->process.gateway, command);
}

static void
written(void *context, void *data)
{
    struct simulate_world *world = context;
    struct simulate_process *process = &world->process;
    struct error err;
    struct store_batch batch = { .entries = process->queue, .count = process->queued, .beat = world->now };

    if ((uintptr_t)data != process->life || !process->alive || process->dying)
        return;
    process->writing = false;
    if (store_write(world->store, &batch, &err) != OK) {
        simulate_world_fail(world, 0, "store: %s", err.text);
        return;
    }
    for (uint32_t i = 0; i < process->queued; i++)
        simulate_check_durable(world, &process->queue[i].record);
    uint64_t ticket = process->queued > 0 ? process->queue[process->queued - 1].ticket : 0;
    process->queued = 0;
    shell_synced(process->shell, ticket);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    struct simulate_world *world = context;
    struct simulate_process *process = &world->process;

    if (++process->records == world->options.kill_at)
        process->dying = true;
    if (process->dying)
        return 0;
    if (process->queued == process->queue_size) {
        process->queue_size = process->queue_size == 0 ? 64 : process->queue_size * 2;
        process->queue = realloc(process->queue, process->queue_size * sizeof *process->queue);
        ASSERT(process->queue != NULL);
    }
    process->queue[process->queued++] = (struct store_entry){ .ticket = ++process->ticket, .record = *record };
    simulate_check_record(world, record);
    if (!process->writing) {
        process->writing = true;
        simulate_jobs_add(&world->jobs, world->now.ns + simulate_storm_disk(world).ns, written, world, (void *)(uintptr_t)process->life);
    }
    return process->ticket;
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct simulate_world *world = context;

    if (!world->process.dying)
        simulate_check_notice(world, notice);
}

static void
on_arm(void *context, struct instant deadline)
{
    struct simulate_world *world = context;

    world->process.deadline = deadline;
}

/* ---- The gateway's sink ---- */

static void
on_event(void *context, const struct event *event)
{
    struct simulate_world *world = context;

    if (!world->process.dying)
        shell_event(world->process.shell, event);
}

static void
on_alarm(void *context, int level, const char *text)
{
    struct simulate_world *world = context;

    if (strncmp(text, "internal:", strlen("internal:")) == 0) /* FV-09: engine and gateway have to agree on what may leave. */
        simulate_world_fail(world, 0, "gateway: %s", text);
    world->check.gateway_alarms++;
    simulate_story_tell(&world->story, 0, "gateway", "%s: %s", level >= GATEWAY_CRITICAL ? "critical" : "warning", text);
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    const struct simulate_world *world = context;

    (void)account_id;
    return day_trades_since(&world->config->config, now);
}

/* What the calendar says; it changes on whole minutes only and is asked for far more often. */
static const struct simulate_hours *
hours(struct simulate_world *world, struct instant now)
{
    const struct config *config = &world->config->config;
    struct simulate_hours *hours = &world->process.hours;
    int64_t minute = now.ns / SPAN_SECONDS(60).ns;
    struct instant opens;

    if (hours->minute != minute)
        *hours = (struct simulate_hours){ .minute = minute, .open = day_market_is_open(config, now, &opens),
            .quotes_due = day_quotes_are_due(config, now) };
    return hours;
}

static bool
in_session(void *context, struct instant now)
{
    return hours(context, now)->quotes_due;
}

static bool
in_halt(void *context, struct instant now)
{
    return !hours(context, now)->open;
}

static int64_t
tick_nanos(void *context, const char *contract_id)
{
    const struct simulate_world *world = context;
    const struct contract *contract = engine_contract(world->process.engine, contract_id);

    return contract != NULL ? contract->tick_size_nanos : 0;
}

/* ---- Life ---- */

static enum status
make_gateway(struct simulate_world *world, struct error *err)
{
    int64_t ids[SIMULATE_ACCOUNTS_MAX];
    struct gateway_settings settings = { .rest_url = "https://api.sim", .user_hub_url = "wss://rtc.sim/hubs/user",
        .market_hub_url = "wss://rtc.sim/hubs/market", .user_name = "sim", .api_key = "sim-key", .accounts = ids,
        .trades_since = trades_since, .in_session = in_session,
        .in_halt = in_halt, .tick_nanos = tick_nanos, .times.audit_ms = world->rules.audit_ms, .context = world, .seed = chance_next(&world->chance), .transport = &simulate_wire_transport,
        .transport_context = &world->wire };
    const struct gateway_sink sink = { .context = world, .event = on_event, .alarm = on_alarm };

    for (int32_t i = 0; i < world->options.accounts; i++)
        if (i + 1 != world->reload.paused)
            ids[settings.accounts_count++] = i + 1;
    return gateway_new(NULL, &settings, sink, &world->process.gateway, err);
}

enum status
simulate_process_start(struct simulate_world *world, struct error *err)
{
    struct simulate_process *process = &world->process;
    const struct shell_ports ports = { .context = world, .command = on_command, .record = on_record, .notice = on_notice, .arm = on_arm };
    const struct store_options options = { .path = world->options.database != NULL ? world->options.database : STORE_IN_MEMORY,
        .now = world->now };
    struct event restore = { .kind = EVENT_RESTORE, .at = world->now };
    enum status status = world->store == NULL ? store_open(&options, &world->store, err) : OK;

    if (status == OK)
        status = simulate_reload_read(world, err);
    if (status == OK)
        status = store_load(world->store, world->now, &restore.u.restore, err);
    if (status == OK)
        status = engine_new(&world->config->config, rules_table, &process->engine, err);
    if (status == OK)
        status = shell_new(process->engine, &ports, &process->shell, err);
    if (status == OK)
        status = make_gateway(world, err);
    if (status != OK)
        return status;
    process->alive = true;
    process->dying = false;
    process->life++;
    process->deadline = INSTANT_NEVER;
    process->ticket = store_last_ticket(world->store);
    process->mode = MODE_STARTING;
    process->mode_since = process->started = world->now;
    simulate_story_tell(&world->story, 0, "daemon", "starts: %u lockouts, %u trades, %u goals remembered",
        (unsigned)restore.u.restore.lockouts_count, (unsigned)restore.u.restore.trades_count, (unsigned)restore.u.restore.goals_count);
    simulate_check_starts(world, &restore.u.restore);
    shell_event(process->shell, &restore);
    simulate_check_restored(world);
    gateway_start(process->gateway);
    return OK;
}

void
simulate_process_kill(struct simulate_world *world)
{
    struct simulate_process *process = &world->process;

    if (!process->alive)
        return;
    simulate_check_dies(world);
    gateway_free(process->gateway);
    shell_free(process->shell);
    engine_free(process->engine);
    process->gateway = NULL;
    process->shell = NULL;
    process->engine = NULL;
    process->alive = process->dying = process->writing = false;
    process->queued = 0;
    process->deadline = INSTANT_NEVER;
    if (world->options.database != NULL) { /* A file's lock and cache die with the process. */
        store_close(world->store);
        world->store = NULL;
    }
}

void
simulate_process_clock(struct simulate_world *world)
{
    world->process.deadline = INSTANT_NEVER;
    shell_clock(world->process.shell, world->now);
}
