/*
 * simulate_world.c - the clock of a simulated run: whatever is due next, one thing at a time, in an order that never varies.
 *
 *     jobs (network, disk) -> gateway's wake-up -> engine's deadline -> exchange, traders, hubs -> trouble -> judges
 */
#include "trial/simulate_world.h"

#include "base/assert.h"
#include "sim/stream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define STILL_MAX 200000 /* Steps at one instant: a loop. */
#define TAIL SPAN_SECONDS(1200) /* The last minutes are calm: whatever is open must end. */
#define KEEP_BOOKS SPAN_SECONDS(27 * 3600)
#define START_DATE "2026-08-16T22:00:00Z"
#define START_WEEKS 12 /* Daylight saving ends in one of them. */
#define BALANCE_MICROS INT64_C(150000000000)

void
simulate_world_fail(struct simulate_world *world, int64_t account_id, const char *format, ...)
{
    va_list arguments;

    if (world->failed)
        return;
    world->failed = true;
    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
    simulate_story_tell(&world->story, account_id, "FAILED", "%s", world->failure);
}

/* ---- Construction ---- */

static void
tell_trader(void *context, int64_t account_id, const char *text)
{
    struct simulate_world *world = context;

    simulate_story_tell(&world->story, account_id, "trader", "%s", text);
}

static void
on_exchange_event(void *context, const struct exchange_event *event)
{
    simulate_check_event(context, event);
    simulate_storm_event(context, event);
}

static void
make_sim(struct simulate_world *world)
{
    const struct sim_options options = { .seed = world->options.seed, .token_life = SPAN_SECONDS(86400) };
    char name[32];

    world->sim = sim_new(&options, world->now);
    world->sim->watch = on_exchange_event;
    world->sim->watch_context = world;
    world->sim->crowd.tell = tell_trader;
    world->sim->crowd.context = world;
    for (int32_t i = 0; i < world->options.accounts; i++) {
        (void)snprintf(name, sizeof name, "PRAC-V2-%d", (int)i + 1);
        ASSERT(exchange_add_account(world->sim->exchange, i + 1, name, BALANCE_MICROS));
        crowd_add(&world->sim->crowd, i + 1, (enum crowd_style)chance_below(&world->chance, CROWD_STYLES), world->now);
    }
}

static void
make_wire(struct simulate_world *world)
{
    world->wire = (struct simulate_wire){ .sim = world->sim, .jobs = &world->jobs, .story = &world->story, .now = world->now,
        .chance.state = chance_next(&world->chance), .latency_ns = (2 + chance_below(&world->chance, 60)) * 1000000,
        .jitter_ns = chance_below(&world->chance, 40) * 1000000, .wake_ns = INT64_MAX, .watch = simulate_check_request,
        .watch_context = world };
}

/* Sunday's open in Chicago and the seed's week, day from Monday's to Thursday's and time; now and then a night in which the clocks change. */
static struct instant
start_of(struct chance *chance)
{
    static const char *const nights[] = { "2026-11-01T05:00:00Z", "2027-03-14T06:00:00Z" };
    int64_t kind = chance_below(chance, 24), weeks = chance_below(chance, START_WEEKS), seconds = chance_below(chance, 4 * 86400);
    const char *text = kind < 2 ? nights[kind] : START_DATE;
    struct instant start;

    ASSERT(instant_parse(text, strlen(text), &start));
    return instant_add(start, SPAN_SECONDS(kind < 2 ? seconds % 7200 : weeks * 7 * 86400 + seconds));
}

enum status
simulate_world_new(const struct simulate_options *options, struct simulate_world **ret_world, struct error *err)
{
    struct simulate_world *world = calloc(1, sizeof *world);

    if (world == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    world->options = *options;
    world->chance.state = options->seed;
    simulate_story_init(&world->story, options->trace);
    world->start = start_of(&world->chance);
    world->end = instant_add(world->start, SPAN_SECONDS((int64_t)options->days * 86400));
    world->now = world->story.now = world->start;
    simulate_rules_make(&world->rules, &world->chance, world->start);
    enum status status = simulate_reload_init(world, err);
    if (status == OK)
        status = simulate_reload_read(world, err);
    if (status == OK) {
        simulate_story_tell(&world->story, 0, "rules", "%.300s", world->rules.json);
        make_sim(world);
        make_wire(world);
        simulate_storm_init(world);
        simulate_check_init(world);
        status = simulate_process_start(world, err);
    }
    if (status != OK) {
        simulate_world_free(world);
        return status;
    }
    *ret_world = world;
    return OK;
}

void
simulate_world_free(struct simulate_world *world)
{
    if (world == NULL)
        return;
    simulate_process_kill(world);
    if (world->sim != NULL)
        simulate_wire_fini(&world->wire);
    simulate_jobs_fini(&world->jobs);
    simulate_check_fini(&world->check);
    sim_free(world->sim);
    store_close(world->store);
    loaded_config_free(world->config);
    simulate_reload_fini(world);
    free(world->process.queue);
    free(world);
}

/* ---- The clock ---- */

static int64_t
next_due(const struct simulate_world *world)
{
    struct instant due = instant_min(sim_next_due(world->sim), world->process.deadline);

    due = instant_min(due, world->storm.due);
    due = instant_min(due, world->check.next);
    due.ns = due.ns < world->wire.wake_ns ? due.ns : world->wire.wake_ns;
    return due.ns < simulate_jobs_next(&world->jobs) ? due.ns : simulate_jobs_next(&world->jobs);
}

static bool
is_due(const struct simulate_world *world, struct instant at)
{
    return !instant_before(world->now, at);
}

static void
step(struct simulate_world *world)
{
    struct simulate_wire *wire = &world->wire;

    if (simulate_jobs_next(&world->jobs) <= world->now.ns) {
        struct simulate_job job = simulate_jobs_take(&world->jobs);
        job.run(job.context, job.data);
    } else if (wire->wake_ns <= world->now.ns) {
        wire->wake_ns = INT64_MAX;
        wire->woken(wire->woken_user);
    } else if (is_due(world, world->process.deadline)) {
        simulate_process_clock(world);
    } else if (is_due(world, sim_next_due(world->sim))) {
        sim_advance(world->sim, world->now);
        simulate_wire_flush(wire);
    } else if (is_due(world, world->storm.due)) {
        simulate_storm_advance(world);
    } else {
        simulate_check_advance(world);
    }
    if (world->process.dying) {
        simulate_process_kill(world);
        simulate_storm_killed(world);
    }
    simulate_check_after(world);
}

/* Once a day: books and store stay small. */
static void
tidy(struct simulate_world *world)
{
    static const struct store_retention retention = { .trades_days = 3, .log_days = 365 };
    struct error err;
    bool more = true;

    exchange_forget(world->sim->exchange, instant_sub(world->now, KEEP_BOOKS));
    for (int i = 0; i < 100 && more && world->store != NULL; i++)
        if (store_prune(world->store, world->now, &retention, &more, &err) != OK)
            simulate_world_fail(world, 0, "store: %s", err.text);
}

/* What is still open when all has been calm for long. */
static void
judge_end(struct simulate_world *world)
{
    for (int32_t i = 0; i < world->check.count; i++)
        if (!instant_is_never(world->check.accounts[i].bad_since) && !exchange_settings(world->sim->exchange)->market_closed &&
            instant_before(world->check.accounts[i].bad_since, instant_sub(world->now, SPAN_SECONDS(60))))
            simulate_world_fail(world, i + 1, "still exposed at the end: %s", world->check.accounts[i].why);
}

bool
simulate_world_run(struct simulate_world *world)
{
    struct instant calm = instant_sub(world->end, TAIL), day = instant_add(world->start, SPAN_SECONDS(86400));
    int still = 0;

    while (!world->failed) {
        int64_t next_ns = next_due(world);
        if (next_ns >= world->end.ns)
            break;
        still = next_ns > world->now.ns ? 0 : still + 1;
        if (next_ns > world->now.ns)
            world->now = world->wire.now = world->story.now = (struct instant){ next_ns };
        if (still > STILL_MAX)
            simulate_world_fail(world, 0, "time stands still");
        step(world);
        if (!world->storm.ended && is_due(world, calm))
            simulate_storm_end(world);
        if (is_due(world, day)) {
            day = instant_add(day, SPAN_SECONDS(86400));
            tidy(world);
        }
    }
    if (!world->failed)
        judge_end(world);
    if (!world->failed)
        simulate_check_blindness(world);
    return !world->failed;
}
