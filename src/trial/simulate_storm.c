/*
 * simulate_storm.c - see simulate_storm.h.  One row of the table per trouble.
 */
#include "trial/simulate_storm.h"

#include "base/assert.h"
#include "sim/stream.h"
#include "trial/simulate_world.h"

#include <string.h>

#define HOUR INT64_C(3600)
#define CLOSE_SECOND (16 * 3600) /* Chicago: the daily halt, and from Friday on the weekend (gateway.md 8). */
#define OPEN_SECOND (17 * 3600)

static int64_t
between(struct simulate_storm *storm, int64_t low, int64_t high)
{
    return low + chance_below(&storm->chance, high - low + 1);
}

/* ---- What each does ---- */

static void
drop(struct simulate_world *world, bool on)
{
    struct simulate_storm *storm = &world->storm;
    static const enum stream_end ways[] = { STREAM_CLOSE, STREAM_CUT, STREAM_RESET };

    (void)on;
    stream_drop(world->sim, (int)between(storm, -1, 1), ways[between(storm, 0, 2)], between(storm, 0, 1) ? "Server shutting down" : NULL,
        between(storm, 0, 1) != 0);
}

static void
freeze_data(struct simulate_world *world, bool on)
{
    world->sim->modes.freeze_data = on;
}

static void
freeze_all(struct simulate_world *world, bool on)
{
    world->sim->modes.freeze_all = on;
}

static void
go_down(struct simulate_world *world, bool on)
{
    world->wire.down = on;
    if (on)
        simulate_wire_break(&world->wire);
}

static void
open_hole(struct simulate_world *world, bool on)
{
    world->wire.hole = on;
    if (on)
        simulate_wire_break(&world->wire);
}

static void
revoke_tokens(struct simulate_world *world, bool on)
{
    (void)on;
    tokens_revoke(&world->sim->tokens, NULL);
}

static void
log_out(struct simulate_world *world, bool on)
{
    (void)on;
    stream_logout(world->sim, (int)between(&world->storm, -1, 1), NULL);
}

static void
lag(struct simulate_world *world, bool on)
{
    world->sim->rest_lag = on ? SPAN_MS(between(&world->storm, 100, 2000)) : SPAN_ZERO;
    world->sim->orders_on_time = on && between(&world->storm, 0, 1) != 0;
}

static void
shape(struct simulate_world *world, bool on)
{
    struct simulate_storm *storm = &world->storm;
    struct stream_modes *modes = &world->sim->modes;

    modes->bare = on && between(storm, 0, 1);
    modes->string_ids = on && between(storm, 0, 1);
    modes->nulls = on && between(storm, 0, 1);
    modes->duplicate = on && between(storm, 0, 1);
    modes->coalesce = on && between(storm, 0, 1);
    modes->fragment = on && between(storm, 0, 1);
}

static void
reorder(struct simulate_world *world, bool on)
{
    world->sim->modes.jitter_ms = on ? between(&world->storm, 5, 400) : 0;
    world->sim->modes.delay_ms = on ? between(&world->storm, 0, 200) : 0;
}

static void
reorder_far(struct simulate_world *world, bool on)
{
    world->sim->modes.jitter_ms = on ? between(&world->storm, 400, 1500) : 0;
    world->sim->modes.delay_ms = on ? between(&world->storm, 200, 1000) : 0;
}

static void
slow_fill(struct simulate_world *world, bool on)
{
    struct simulate_storm *storm = &world->storm;
    struct exchange_settings *settings = exchange_settings(world->sim->exchange);

    settings->fill_delay = SPAN_MS(on ? between(storm, 8, 900) : 8); /* Slower ones OV-04 takes for a failure. */
    settings->child_delay = SPAN_MS(on ? between(storm, 20, 800) : 20);
    settings->cancel_delay = SPAN_MS(on ? between(storm, 0, 600) : 0);
    settings->fill_pieces = on ? (int)between(storm, 1, 3) : 1;
}

/* Cancels take their time, and some orders fill meanwhile (simulate_storm_event()). */
static void
fill_late(struct simulate_world *world, bool on)
{
    exchange_settings(world->sim->exchange)->cancel_delay = SPAN_MS(on ? between(&world->storm, 100, 600) : 0);
}

static void
cancel_orphans(struct simulate_world *world, bool on)
{
    exchange_settings(world->sim->exchange)->auto_cancel = on;
}

static void
lock_account(struct simulate_world *world, bool on)
{
    struct simulate_storm *storm = &world->storm;

    if (on)
        storm->locked_account = between(storm, 1, world->options.accounts);
    struct exchange_account *account = exchange_account_find(world->sim->exchange, storm->locked_account);
    exchange_set_can_trade(world->sim->exchange, world->now, account, !on);
}

static void
kill_daemon(struct simulate_world *world, bool on)
{
    struct error err;

    if (on)
        simulate_process_kill(world);
    else if (!world->process.alive && simulate_process_start(world, &err) != OK)
        simulate_world_fail(world, 0, "start: %s", err.text);
}

/* Somebody edits the limits: tighter, looser, or as they were. */
static void
reload(struct simulate_world *world, bool on)
{
    (void)on;
    if (world->reload.paused != 0)
        return; /* What comes back from a pause is as the files are: nothing is held back for it (config/hold.h). */
    simulate_reload_edit(world, (int32_t)between(&world->storm, 2, 8) * 20);
}

/* Accounts change by a restart only (CF-07).  Nobody pauses what is held or locked (riskctl account pause refuses it). */
static void
pause_account(struct simulate_world *world, bool on)
{
    struct simulate_storm *storm = &world->storm;
    int64_t id = on ? between(storm, 1, world->options.accounts) : 0;
    struct error err;

    if (on && (world->options.accounts == 1 || world->reload.waiting.tilt != 0 || !simulate_check_idle(world, id)))
        return;
    if (id == 0 && world->reload.paused == 0)
        return;
    world->reload.paused = id;
    if (!world->process.alive)
        return; /* Its next start reads it. */
    simulate_process_kill(world);
    storm->clear_since = storm->calm_since = INSTANT_NEVER;
    if (simulate_process_start(world, &err) != OK)
        simulate_world_fail(world, 0, "start: %s", err.text);
}

static void
void_trade(struct simulate_world *world, bool on)
{
    struct exchange *exchange = world->sim->exchange;
    size_t count = exchange_trades_count(exchange);

    (void)on;
    if (count == 0)
        return;
    const struct exchange_trade *trade = exchange_trade_at(exchange, count - 1 - (size_t)chance_below(&world->storm.chance, count < 5 ? (int64_t)count : 5));
    (void)exchange_void(exchange, world->now, trade->id);
}

/* ---- Faults of requests ---- */

static void
arm_limit(struct simulate_storm *storm, struct fault *fault)
{
    *fault = (struct fault){ .kind = FAULT_STATUS, .path = "*", .status = 429, .permille = between(storm, 200, 1000),
        .retry_after_s = between(storm, 0, 1) * between(storm, 1, 30) };
}

static void
arm_gateway(struct simulate_storm *storm, struct fault *fault)
{
    *fault = (struct fault){ .kind = FAULT_STATUS, .path = "*", .status = (int)between(storm, 500, 504), .permille = between(storm, 300, 1000) };
}

static const char *
mutation(struct simulate_storm *storm)
{
    static const char *const paths[] = { "closeContract", "partialCloseContract", "Order/cancel", "Order/place", "Order/modify" };

    return paths[between(storm, 0, 4)];
}

static void
arm_lost(struct simulate_storm *storm, struct fault *fault)
{
    static const enum fault_kind kinds[] = { FAULT_CUT_REUSED, FAULT_HOLD, FAULT_CUT_BEFORE, FAULT_CUT_AFTER_EXECUTE, FAULT_CUT_MID_BODY,
        FAULT_STATUS_AFTER_EXECUTE, FAULT_DELAY, FAULT_HANG };

    *fault = (struct fault){ .kind = kinds[between(storm, 0, 7)], .permille = between(storm, 200, 900), .ms = between(storm, 10, 8000),
        .status = 500 };
    (void)text_copy(fault->path, sizeof fault->path, mutation(storm));
}

static void
arm_refuse(struct simulate_storm *storm, struct fault *fault)
{
    *fault = (struct fault){ .kind = FAULT_REFUSE, .permille = between(storm, 300, 1000), .error_code = (int)between(storm, 2, 9) };
    (void)text_copy(fault->path, sizeof fault->path, mutation(storm));
}

static void
arm_reads(struct simulate_storm *storm, struct fault *fault)
{
    static const char *const paths[] = { "Position/searchOpen", "v2/query", "Trade/search", "Account/search", "Order/searchOpen" };
    static const enum fault_kind kinds[] = { FAULT_CUT_BEFORE, FAULT_HANG, FAULT_CUT_MID_BODY, FAULT_DELAY, FAULT_STATUS };

    *fault = (struct fault){ .kind = kinds[between(storm, 0, 4)], .permille = between(storm, 200, 900), .ms = between(storm, 10, 9000),
        .status = 500 };
    (void)text_copy(fault->path, sizeof fault->path, paths[between(storm, 0, 4)]);
}

/* ---- The table ---- */

static const struct trouble {
    const char *name;
    bool blocks;               /* Hides the broker, or keeps it from obeying. */
    int64_t mean_h;            /* Between two, in hours, for the middle seed. */
    int64_t least_s, most_s;   /* 0: a moment. */
    void (*turn)(struct simulate_world *world, bool on);
    void (*arm)(struct simulate_storm *storm, struct fault *fault);
} troubles[STORM_KINDS] = {
    [STORM_DROP] = { "drop", false, 3, 0, 0, drop, NULL },
    [STORM_FREEZE_DATA] = { "freeze-data", true, 8, 5, 300, freeze_data, NULL },
    [STORM_FREEZE_ALL] = { "freeze-all", true, 8, 5, 300, freeze_all, NULL },
    [STORM_DOWN] = { "down", true, 12, 1, 900, go_down, NULL },
    [STORM_HOLE] = { "hole", true, 12, 1, 300, open_hole, NULL },
    [STORM_429] = { "429", true, 6, 5, 120, NULL, arm_limit },
    [STORM_502] = { "502", true, 10, 5, 300, NULL, arm_gateway },
    [STORM_401] = { "401", false, 6, 0, 0, revoke_tokens, NULL },
    [STORM_LOGOUT] = { "logout", false, 8, 0, 0, log_out, NULL },
    [STORM_LOST] = { "lost-replies", true, 4, 60, 1800, NULL, arm_lost },
    [STORM_REFUSE] = { "refusals", true, 8, 5, 300, NULL, arm_refuse },
    [STORM_READS] = { "bad-reads", true, 8, 5, 300, NULL, arm_reads },
    [STORM_LAG] = { "rest-lag", false, 4, 60, 3600, lag, NULL },
    [STORM_SHAPE] = { "shapes", false, 3, 60, 7200, shape, NULL },
    [STORM_REORDER] = { "reorder", false, 4, 60, 3600, reorder, NULL },
    [STORM_SLOW_FILL] = { "slow-fills", false, 3, 60, 3600, slow_fill, NULL },
    [STORM_LATE_FILL] = { "late-fills", false, 4, 600, 7200, fill_late, NULL },
    [STORM_AUTO_CANCEL] = { "auto-cancel", false, 4, 600, 7200, cancel_orphans, NULL },
    [STORM_LOCKED] = { "locked", false, 16, 30, 3600, lock_account, NULL },
    [STORM_HALT] = { "halt", true, 16, 30, 1200, NULL, NULL },
    [STORM_KILL] = { "kill", true, 6, 1, 300, kill_daemon, NULL },
    [STORM_DISK] = { "slow-disk", false, 6, 30, 1800, NULL, NULL },
    [STORM_REORDER_FAR] = { "reorder-far", false, 4, 60, 3600, reorder_far, NULL },
    [STORM_RELOAD] = { "reload", false, 6, 0, 0, reload, NULL },
    [STORM_PAUSE] = { "pause", false, 12, 600, 7200, pause_account, NULL },
    [STORM_VOID] = { "void", false, 12, 0, 0, void_trade, NULL },
};

const char *
storm_kind_name(enum storm_kind kind)
{
    return troubles[kind].name;
}

enum status
storm_plan_parse(const char *text, struct storm_plan *ret_plan, struct error *err)
{
    struct storm_plan plan = { 0 };

    if (strcmp(text, "none") == 0 || strcmp(text, "storm") == 0 || strcmp(text, "all") == 0) {
        plan.allowed = strcmp(text, "none") == 0 ? 0 : (UINT32_C(1) << STORM_KINDS) - 1;
        if (strcmp(text, "storm") == 0)
            plan.allowed &= ~(UINT32_C(1) << STORM_REORDER_FAR); /* Known to break ID-04 (docs/simulation.md). */
        plan.swarm = strcmp(text, "storm") == 0;
        *ret_plan = plan;
        return OK;
    }
    for (const char *word = text; *word != '\0';) {
        size_t length = strcspn(word, ",");
        int kind = 0;
        while (kind < STORM_KINDS && !text_same_bytes(troubles[kind].name, word, length))
            kind++;
        if (kind == STORM_KINDS)
            return error_set(err, STATUS_CONFIG, "--faults: no such trouble: %s", word);
        plan.allowed |= UINT32_C(1) << kind;
        word += length + (word[length] == ',');
    }
    *ret_plan = plan;
    return OK;
}

/* ---- Time ---- */

static void
plan_next(struct simulate_world *world, int kind)
{
    struct simulate_storm *storm = &world->storm;

    storm->begins[kind] = storm->mean_s[kind] == 0 || storm->ended ? INSTANT_NEVER :
        instant_add(world->now, SPAN_MS(between(storm, 1, storm->mean_s[kind] * 2000)));
}

void
simulate_storm_init(struct simulate_world *world)
{
    struct simulate_storm *storm = &world->storm;
    const struct storm_plan *plan = &world->options.plan;

    storm->chance.state = world->options.seed ^ 0x73746f726d;
    storm->clear_since = storm->calm_since = world->now;
    storm->next_minute = storm->due = world->now;
    for (int i = 0; i < STORM_KINDS; i++) {
        bool on = (plan->allowed >> i & 1) != 0 && (!plan->swarm || between(storm, 0, 1) != 0);
        storm->mean_s[i] = on ? troubles[i].mean_h * HOUR * between(storm, 2, 20) / 10 : 0;
        storm->ends[i] = INSTANT_NEVER;
        plan_next(world, i);
    }
    slow_fill(world, false);
}

/* Faults are one list: it is made anew. */
static void
arm_all(struct simulate_world *world)
{
    faults_clear(&world->sim->faults);
    for (int i = 0; i < STORM_KINDS; i++)
        if (world->storm.has_fault[i])
            (void)faults_arm(&world->sim->faults, &world->storm.fault[i]);
}

/* After each change: what is due next, and whether anything is in the way. */
static void
settle(struct simulate_world *world)
{
    struct simulate_storm *storm = &world->storm;
    bool clear = world->process.alive, calm = clear;

    storm->due = storm->next_minute;
    for (int i = 0; i < STORM_KINDS; i++)
        storm->due = instant_min(storm->due, instant_min(storm->begins[i], storm->ends[i]));
    for (int i = 0; i < STORM_KINDS; i++)
        if (!instant_is_never(storm->ends[i])) {
            calm = false;
            clear = clear && !troubles[i].blocks;
        }
    if (exchange_settings(world->sim->exchange)->market_closed)
        clear = false;
    storm->clear_since = !clear ? INSTANT_NEVER : instant_is_never(storm->clear_since) ? world->now : storm->clear_since;
    storm->calm_since = !calm ? INSTANT_NEVER : instant_is_never(storm->calm_since) ? world->now : storm->calm_since;
}

/* Market hours: closed 16:00 to 17:00 Chicago, from Friday 16:00 to Sunday 17:00, and on a holiday. */
static bool
is_closed(const struct simulate_world *world)
{
    int64_t days;
    int second;

    zone_to_local(world->config->config.day_zone, world->now, &days, &second);
    int weekday = civil_weekday(days);
    const struct simulate_rules *rules = &world->reload.files;
    if (days == rules->holiday && (rules->holiday_close < 0 || (second >= rules->holiday_close && second < OPEN_SECOND)))
        return true;
    return (second >= CLOSE_SECOND && second < OPEN_SECOND) || weekday == 6 || (weekday == 5 && second >= CLOSE_SECOND) ||
        (weekday == 0 && second < OPEN_SECOND);
}

static void
set_market(struct simulate_world *world)
{
    struct exchange_settings *settings = exchange_settings(world->sim->exchange);
    bool closed = is_closed(world) || !instant_is_never(world->storm.ends[STORM_HALT]);

    if (closed == settings->market_closed)
        return;
    settings->market_closed = closed;
    simulate_story_tell(&world->story, 0, "market", closed ? "closes" : "opens");
}

static void
turn(struct simulate_world *world, int kind, bool on)
{
    struct simulate_storm *storm = &world->storm;
    const struct trouble *trouble = &troubles[kind];

    simulate_story_tell(&world->story, 0, "trouble", "%s%s", trouble->name, trouble->most_s == 0 ? "" : on ? " begins" : " ends");
    storm->count[kind] += on;
    storm->since[kind] = on ? world->now : storm->since[kind];
    sim_advance(world->sim, world->now);
    storm->ends[kind] = on && trouble->most_s > 0 ?
        instant_add(world->now, SPAN_MS(between(storm, trouble->least_s * 1000, trouble->most_s * 1000))) : INSTANT_NEVER;
    if (on && trouble->most_s > 0)
        storm->begins[kind] = INSTANT_NEVER;
    else
        plan_next(world, kind);
    storm->has_fault[kind] = on && trouble->arm != NULL;
    if (storm->has_fault[kind]) {
        trouble->arm(storm, &storm->fault[kind]);
        storm->fault[kind].count = FAULT_FOR_EVER;
    }
    if (trouble->arm != NULL)
        arm_all(world);
    if (trouble->turn != NULL)
        trouble->turn(world, on);
    if (trouble->most_s == 0)
        storm->calm_since = world->now; /* A moment, and its aftermath. */
    if (kind == STORM_HALT)
        set_market(world);
    sim_publish(world->sim);
    simulate_wire_flush(&world->wire);
}

void
simulate_storm_advance(struct simulate_world *world)
{
    struct simulate_storm *storm = &world->storm;

    for (int i = 0; i < STORM_KINDS; i++) {
        if (!instant_before(world->now, storm->ends[i]))
            turn(world, i, false);
        else if (!instant_before(world->now, storm->begins[i]))
            turn(world, i, true);
    }
    if (!instant_before(world->now, storm->next_minute)) {
        storm->next_minute.ns = world->now.ns / (60 * INT64_C(1000000000)) * (60 * INT64_C(1000000000)) + 60 * INT64_C(1000000000);
        set_market(world);
        simulate_reload_minute(world);
    }
    settle(world);
}

static void
fill_now(void *context, void *data)
{
    struct simulate_world *world = context;
    struct exchange *exchange = world->sim->exchange;
    struct exchange_order order;

    if (!exchange_order_find(exchange, (int64_t)(intptr_t)data, INSTANT_NEVER, &order) || order.status != EXCHANGE_PENDING_CANCEL)
        return;
    int64_t price = order.stop != 0 ? order.stop : order.limit != 0 ? order.limit : exchange_quote(exchange, order.listing->id)->last;
    (void)exchange_fill(exchange, world->now, order.id, order.size - order.fill_volume, price);
    sim_publish(world->sim);
    simulate_wire_flush(&world->wire);
}

void
simulate_storm_event(struct simulate_world *world, const struct exchange_event *event)
{
    struct simulate_storm *storm = &world->storm;

    if (instant_is_never(storm->ends[STORM_LATE_FILL]) || event->kind != EXCHANGE_EVENT_ORDER ||
        event->u.order.status != EXCHANGE_PENDING_CANCEL || between(storm, 0, 2) == 0)
        return;
    simulate_jobs_add(&world->jobs, instant_add(world->now, SPAN_MS(between(storm, 1, 90))).ns, fill_now, world,
        (void *)(intptr_t)event->u.order.id);
}

void
simulate_storm_end(struct simulate_world *world)
{
    struct simulate_storm *storm = &world->storm;

    storm->ended = true;
    for (int i = 0; i < STORM_KINDS; i++) {
        if (!instant_is_never(storm->ends[i]))
            turn(world, i, false);
        storm->begins[i] = INSTANT_NEVER;
    }
    settle(world);
}

struct span
simulate_storm_disk(struct simulate_world *world)
{
    bool slow = !instant_is_never(world->storm.ends[STORM_DISK]);

    return SPAN_MS(slow ? between(&world->storm, 200, 5000) : between(&world->storm, 1, 12));
}

void
simulate_storm_killed(struct simulate_world *world)
{
    struct simulate_storm *storm = &world->storm;

    if (!instant_is_never(storm->ends[STORM_KILL]))
        return;
    storm->begins[STORM_KILL] = INSTANT_NEVER;
    storm->ends[STORM_KILL] = instant_add(world->now, SPAN_SECONDS(between(storm, 1, 30)));
    settle(world);
}
