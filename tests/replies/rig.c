/*
 * rig.c - see rig.h.
 */
#include "rig.h"

#include "base/assert.h"
#include "base/money.h"
#include "rules/rules.h"
#include "sim/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START "2026-08-17T14:00:00Z" /* A Monday morning in Chicago. */
#define DISK_NS (5 * RIG_MS)
#define STILL_MAX 20000

/* ---- Points ---- */

static bool
goes_on(struct rig *rig)
{
    if (++rig->points == rig->kill_at)
        rig->dying = true;
    return !rig->dying;
}

/* ---- The shell's ports ---- */

static void
on_command(void *context, const struct command *command)
{
    struct rig *rig = context;

    if (!goes_on(rig))
        return;
    gateway_carry_out(rig->gateway, command);
    (void)goes_on(rig);
}

static void
on_written(void *context, void *data)
{
    struct rig *rig = context;
    struct store_batch batch = { .entries = rig->queue, .count = rig->queued, .beat = rig->now };

    if ((uintptr_t)data != rig->life || rig->shell == NULL || !goes_on(rig))
        return;
    rig->writing = false;
    assert_int_equal(store_write(rig->store, &batch, NULL), OK);
    uint64_t last = rig->queued > 0 ? rig->queue[rig->queued - 1].ticket : 0;
    rig->queued = 0;
    if (goes_on(rig))
        shell_synced(rig->shell, last);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    struct rig *rig = context;

    if (!goes_on(rig))
        return 0;
    assert_true(rig->queued < RIG_QUEUE_MAX);
    rig->queue[rig->queued++] = (struct store_entry){ .ticket = ++rig->ticket, .record = *record };
    if (!rig->writing) {
        rig->writing = true;
        simulate_jobs_add(&rig->jobs, rig->now.ns + DISK_NS, on_written, rig, (void *)(uintptr_t)rig->life);
    }
    return rig->ticket;
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct rig *rig = context;

    rig->alarms += notice->kind == NOTICE_ALARM ? 1 : 0;
}

static void
on_arm(void *context, struct instant deadline)
{
    struct rig *rig = context;

    rig->deadline = deadline;
}

/* ---- The gateway's sink ---- */

static void
on_event(void *context, const struct event *event)
{
    struct rig *rig = context;

    if (!goes_on(rig))
        return;
    shell_event(rig->shell, event);
    (void)goes_on(rig);
}

static void
on_alarm(void *context, int level, const char *text)
{
    struct rig *rig = context;

    (void)level;
    (void)text;
    rig->alarms++;
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return instant_sub(now, SPAN_SECONDS(6 * 3600));
}

/* ---- Life of the process ---- */

void
rig_start(struct rig *rig)
{
    static const int64_t ids[] = { RIG_ACCOUNT };
    const struct shell_ports ports = { .context = rig, .command = on_command, .record = on_record, .notice = on_notice, .arm = on_arm };
    struct gateway_settings settings = { .rest_url = "https://api.sim", .user_hub_url = "wss://rtc.sim/hubs/user",
        .market_hub_url = "wss://rtc.sim/hubs/market", .user_name = "sim", .api_key = "sim-key", .accounts = ids, .accounts_count = 1,
        .trades_since = trades_since, .context = rig, .seed = chance_next(&rig->chance), .transport = &simulate_wire_transport,
        .transport_context = &rig->wire };
    const struct gateway_sink sink = { .context = rig, .event = on_event, .alarm = on_alarm };
    struct event restore = { .kind = EVENT_RESTORE, .at = rig->now };

    rig->life++;
    rig->dying = rig->writing = false;
    rig->queued = 0;
    rig->deadline = INSTANT_NEVER;
    rig->ticket = store_last_ticket(rig->store);
    assert_int_equal(store_load(rig->store, rig->now, &restore.u.restore, NULL), OK);
    assert_int_equal(engine_new(&rig->config->config, rules_table, &rig->engine, NULL), OK);
    assert_int_equal(shell_new(rig->engine, &ports, &rig->shell, NULL), OK);
    assert_int_equal(gateway_new(NULL, &settings, sink, &rig->gateway, NULL), OK);
    shell_event(rig->shell, &restore);
    gateway_start(rig->gateway);
}

void
rig_kill(struct rig *rig)
{
    gateway_free(rig->gateway);
    shell_free(rig->shell);
    engine_free(rig->engine);
    rig->gateway = NULL;
    rig->shell = NULL;
    rig->engine = NULL;
    rig->deadline = INSTANT_NEVER;
}

void
rig_open(struct rig *rig, const char *config, uint64_t seed)
{
    static const int64_t ids[] = { RIG_ACCOUNT };
    struct config_errors errors = { 0 };
    const struct store_options options = { .path = STORE_IN_MEMORY };
    const struct sim_options sim_options = { .seed = seed, .token_life = SPAN_SECONDS(86400) };

    *rig = (struct rig){ .chance = { .state = seed } };
    simulate_story_init(&rig->story, NULL);
    assert_true(instant_parse(START, strlen(START), &rig->now));
    rig->queue = calloc(RIG_QUEUE_MAX, sizeof *rig->queue);
    assert_non_null(rig->queue);
    assert_int_equal(config_from_scenario(config, strlen(config), ids, 1, rules_table, &rig->config, &errors), OK);
    assert_int_equal(store_open(&options, &rig->store, NULL), OK);
    rig->sim = sim_new(&sim_options, rig->now);
    assert_true(exchange_add_account(rig->sim->exchange, RIG_ACCOUNT, "PRAC-1", 50000 * MICROS_PER_DOLLAR));
    exchange_settings(rig->sim->exchange)->fill_delay = SPAN_MS(8);
    rig->wire = (struct simulate_wire){ .sim = rig->sim, .jobs = &rig->jobs, .story = &rig->story, .chance = { .state = seed + 1 },
        .now = rig->now, .latency_ns = 15 * RIG_MS, .jitter_ns = 10 * RIG_MS, .wake_ns = INT64_MAX };
    rig_price(rig, 21000);
    rig_start(rig);
    rig_go_live(rig);
}

void
rig_close(struct rig *rig)
{
    if (rig->gateway != NULL)
        rig_kill(rig);
    simulate_wire_fini(&rig->wire);
    simulate_jobs_fini(&rig->jobs);
    sim_free(rig->sim);
    store_close(rig->store);
    loaded_config_free(rig->config);
    free(rig->queue);
}

/* ---- Time ---- */

static struct instant
next_due(const struct rig *rig)
{
    struct instant due = instant_min(sim_next_due(rig->sim), rig->deadline);

    due.ns = due.ns < rig->wire.wake_ns ? due.ns : rig->wire.wake_ns;
    due.ns = due.ns < simulate_jobs_next(&rig->jobs) ? due.ns : simulate_jobs_next(&rig->jobs);
    return due;
}

static void
do_next(struct rig *rig)
{
    if (simulate_jobs_next(&rig->jobs) <= rig->now.ns) {
        struct simulate_job job = simulate_jobs_take(&rig->jobs);
        job.run(job.context, job.data);
    } else if (rig->wire.wake_ns <= rig->now.ns) {
        rig->wire.wake_ns = INT64_MAX;
        rig->wire.woken(rig->wire.woken_user);
    } else if (!instant_before(rig->now, rig->deadline)) {
        rig->deadline = INSTANT_NEVER;
        if (goes_on(rig))
            shell_clock(rig->shell, rig->now);
    } else {
        sim_advance(rig->sim, rig->now);
        simulate_wire_flush(&rig->wire);
    }
}

bool
rig_step(struct rig *rig, struct instant until)
{
    struct instant due = next_due(rig);

    if (instant_before(until, due))
        return false;
    rig->now = rig->wire.now = rig->story.now = instant_max(rig->now, due);
    do_next(rig);
    rig->steps++;
    if (rig->dying && rig->gateway != NULL)
        rig_kill(rig);
    return true;
}

void
rig_run(struct rig *rig, int64_t ns)
{
    struct instant until = { rig->now.ns + ns }, before = rig->now;
    int still = 0;

    while (rig_step(rig, until)) {
        still = instant_equal(before, rig->now) ? still + 1 : 0;
        before = rig->now;
        assert_true(still < STILL_MAX);
    }
    rig->now = rig->wire.now = rig->story.now = until;
}

void
rig_go_live(struct rig *rig)
{
    struct gateway_status status;

    for (int i = 0; i < 3000; i++) {
        rig_run(rig, 100 * RIG_MS);
        gateway_status(rig->gateway, &status);
        if (status.mode == MODE_NORMAL)
            return;
    }
    fail_msg("not live: user %s (%s), market %s", status.user.state, status.user.why, status.market.state);
}

/* ---- The other side ---- */

void
rig_trade(struct rig *rig, int64_t size)
{
    struct exchange_place place = { .account_id = RIG_ACCOUNT, .contract_id = RIG_MNQ, .type = EXCHANGE_MARKET,
        .side = size > 0 ? EXCHANGE_BUY : EXCHANGE_SELL, .size = size > 0 ? size : -size };

    assert_int_equal(exchange_place(rig->sim->exchange, rig->now, &place).code, 0);
    sim_publish(rig->sim);
    simulate_wire_flush(&rig->wire);
}

void
rig_price(struct rig *rig, int64_t units)
{
    assert_true(exchange_set_price(rig->sim->exchange, rig->now, RIG_MNQ, units * NANOS_PER_UNIT));
    sim_publish(rig->sim);
    simulate_wire_flush(&rig->wire);
}

void
rig_arm(struct rig *rig, enum fault_kind kind, const char *path, int64_t count, int64_t ms)
{
    struct fault fault = { .kind = kind, .count = count, .permille = 1000, .ms = ms, .status = 503, .error_code = 5, .reset = true };

    assert_true(text_copy(fault.path, sizeof fault.path, path));
    assert_true(faults_arm(&rig->sim->faults, &fault));
}

const struct exchange_counts *
rig_counts(const struct rig *rig)
{
    return &exchange_account_find(rig->sim->exchange, RIG_ACCOUNT)->counts;
}

int64_t
rig_net(const struct rig *rig)
{
    return exchange_net(rig->sim->exchange, RIG_ACCOUNT, RIG_MNQ);
}

int
rig_orders(const struct rig *rig)
{
    struct exchange_order order;
    int count = 0;

    for (size_t i = 0; i < exchange_orders_count(rig->sim->exchange); i++)
        if (exchange_order_seen(rig->sim->exchange, i, INSTANT_NEVER, &order) && exchange_may_execute(order.status))
            count++;
    return count;
}

int
rig_asked(const struct rig *rig, const char *path)
{
    int count = 0;
    const struct sim_note *note;

    for (int64_t i = 0; (note = sim_note_at(rig->sim, i)) != NULL; i++)
        count += strcmp(note->path, path) == 0 ? 1 : 0;
    return count;
}

struct account_status
rig_status(const struct rig *rig)
{
    struct account_status status;

    assert_true(engine_account(rig->engine, RIG_ACCOUNT, &status));
    return status;
}
