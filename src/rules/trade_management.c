/*
 * RULE-012 trade_management: places and moves protective stops.
 *
 * Source: docs/rulebook.md#trade_management (R-012-1 to R-012-5).  A long position (a short one is the mirror):
 *
 *     average - stop_loss_ticks     auto_stop_loss: placed when there is no stop
 *     average + offset_ticks        auto_breakeven: once, after a profit of profit_trigger_ticks
 *     best - trail_distance_ticks   trailing_stop: after a profit of activation_ticks
 *
 * Whatever is asked for, a stop only ever tightens, and the tightest stop is the one that is managed.  A stop this rule has placed or moved
 * may not outlive its position, or it would open a new one: the account's memory knows these orders (R-012-4).
 *
 * A refused request comes again with the next favourable move (R-012-5).  While the market is beyond the stop's price the broker refuses it (gateway.md
 * 1.5): then no such move is awaited, it is asked for more and more rarely, and stop.c raises the alarm; closing is not this rule's (that is
 * no_stop_loss_grace), nor a stop farther away than configured.  That no second one leaves while one is in flight is the
 * enforcement's business, not to ask more than once a second is ours (R-012-3).
 */
#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"
#include "rules/rules.h"

#include <stdlib.h>

#define MANAGED_MAX 8
#define RETRY_AFTER SPAN_SECONDS(5)     /* The same request again, where a stop or its size is missing; twice that after each further try, */
#define RETRY_AT_MOST SPAN_SECONDS(60) /* but not longer than this. */
#define UNSEEN_KEPT SPAN_SECONDS(60)    /* A placed stop that never showed up. */
#define BRACKET_ARRIVES SPAN_SECONDS(2) /* The platform's own stop, after the fill. */

struct trade_management {
    bool stop_loss, breakeven, trailing;
    int64_t stop_loss_ticks;
    int64_t trigger_ticks, offset_ticks;
    int64_t activation_ticks, distance_ticks;
    struct span pace; /* At least a second (R-012-3). */
};

/* Of one position. */
struct memory {
    int64_t best_nanos;       /* Most favourable last price since activation. */
    int64_t asked_at_ns;      /* Last request; 0: none. */
    int64_t asked_price;      /* 0: only the size. */
    int64_t asked_last_nanos; /* Last price then. */
    int32_t asked_size;
    bool trailing;            /* Activated. */
    bool breakeven_due, breakeven_done;
    bool managing;            /* We have placed or moved its stop. */
    int64_t tries;            /* The same has been asked again so often. */
};

/* A stop of ours. */
struct managed {
    const struct contract *contract; /* NULL: free. */
    int64_t order_id;                /* 0: asked for, not seen yet. */
    int64_t price_nanos;
    struct instant asked_at;
};

struct account_memory {
    struct managed stops[MANAGED_MAX];
};

static const struct param params[] = {
    { .keys = "auto_stop_loss.enabled|auto_stop_loss", .help = "Give a position without a stop one.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct trade_management, stop_loss), .value = "true", .off_if_block_missing = true },
    { .keys = "auto_stop_loss.stop_loss_ticks|stop_loss_ticks", .help = "Its distance from the average price.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct trade_management, stop_loss_ticks), .min = 1, .max = 100000, .value = "10" },
    { .keys = "auto_breakeven.enabled|auto_breakeven", .help = "Move the stop to the average price after a profit.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct trade_management, breakeven), .value = "true", .off_if_block_missing = true },
    { .keys = "auto_breakeven.profit_trigger_ticks|profit_trigger_ticks", .help = "That profit.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct trade_management, trigger_ticks), .min = 1, .max = 100000, .value = "10" },
    { .keys = "auto_breakeven.offset_ticks|offset_ticks", .help = "Beyond the average price, in the position's favour.",
        .kind = PARAM_INT,
        .looser = LOOSER_LOWER, .offset = offsetof(struct trade_management, offset_ticks), .min = -100000, .max = 100000, .value = "0" },
    { .keys = "trailing_stop.enabled|trailing_stop", .help = "Let the stop follow the best price.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct trade_management, trailing), .value = "true", .off_if_block_missing = true },
    { .keys = "trailing_stop.activation_ticks|activation_ticks", .help = "After this profit.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct trade_management, activation_ticks), .min = 1, .max = 100000, .value = "20" },
    { .keys = "trailing_stop.trail_distance_ticks|trail_distance_ticks", .help = "At this distance.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct trade_management, distance_ticks), .min = 1, .max = 100000, .value = "10" },
    { .keys = "trailing_stop.update_frequency|update_frequency", .help = "Least seconds between two requests for a stop.",
        .kind = PARAM_SECONDS,
        .looser = LOOSER_HIGHER, .offset = offsetof(struct trade_management, pace), .min = 1, .max = 3600, .value = "1" },
};

/* ---- prices ---- */

static int64_t
sign_of(const struct position *position)
{
    return position->size > 0 ? 1 : -1;
}

/* @ticks in the position's favour from @base. */
static int64_t
away(const struct position *position, int64_t base, int64_t ticks)
{
    return money_add(base, sign_of(position) * money_scale(position->contract->tick_size_nanos, ticks, 1));
}

static bool
is_tighter(const struct position *position, int64_t a, int64_t b)
{
    return position->size > 0 ? a > b : a < b;
}

/* R-012-1: to the tick, away from the market: down for a long position's stop, up for a short one's. */
static int64_t
on_tick(const struct position *position, int64_t price)
{
    int64_t tick = position->contract->tick_size_nanos;
    int64_t over = ((price % tick) + tick) % tick;

    if (over == 0)
        return price;
    return position->size > 0 ? price - over : money_add(price - over, tick);
}

/* ---- orders ---- */

static bool
is_stop(const struct order *order)
{
    return order->type == ORDER_STOP || order->type == ORDER_STOP_LIMIT;
}

static bool
has_protection(const struct view *view, const struct position *position)
{
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        if (o->contract == position->contract && order_protects(o, position->size))
            return true;
    }
    return false;
}

/* The tightest stop whose price can be moved (R-012-4).  A trailing stop order moves by itself and is left alone. */
static const struct order *
tightest_stop(const struct view *view, const struct position *position, int32_t *ret_count)
{
    const struct order *best = NULL;

    *ret_count = 0;
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        if (o->contract != position->contract || !order_protects(o, position->size))
            continue;
        ++*ret_count;
        if (is_stop(o) && o->has_stop_price && (best == NULL || is_tighter(position, o->stop_price_nanos, best->stop_price_nanos)))
            best = o;
    }
    return best;
}

/* Has the platform a bracket's stop that is about to work (gateway.md 2.7)? */
static bool
bracket_is_coming(const struct view *view, const struct position *position)
{
    int32_t side = position->size > 0 ? SIDE_SELL : SIDE_BUY;

    if (!instant_before(view->now, instant_add(position->created_at, BRACKET_ARRIVES)))
        return false;
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        bool waits = o->status == ORDER_PENDING || o->status == ORDER_SUSPENDED;
        if (o->contract == position->contract && o->side == side && waits && (is_stop(o) || o->type == ORDER_TRAILING_STOP))
            return true;
    }
    return false;
}

/* ---- the account's memory of our stops ---- */

static void
remember(const struct view *view, const struct contract *contract, int64_t order_id, int64_t price_nanos)
{
    struct account_memory *account = view_take_account_memory(view);
    struct managed *place = NULL;

    for (size_t i = 0; i < MANAGED_MAX; i++) {
        struct managed *m = &account->stops[i];
        if (m->contract == contract && (m->order_id == order_id || m->order_id == 0)) {
            place = m;
            break;
        }
        /* When all are in use the oldest goes: most likely its position is closed by its own stop long since. */
        if (place == NULL || (place->contract != NULL && (m->contract == NULL || instant_before(m->asked_at, place->asked_at))))
            place = m;
    }
    *place = (struct managed){ .contract = contract, .order_id = order_id, .price_nanos = price_nanos, .asked_at = view->now };
}

static const struct order *
find_managed(const struct view *view, const struct managed *m)
{
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        if (m->order_id != 0 ? o->id == m->order_id
                             : o->contract == m->contract && is_stop(o) && o->has_stop_price && o->stop_price_nanos == m->price_nanos)
            return o;
    }
    return NULL;
}

static bool
is_orphan(const struct view *view, const struct order *order)
{
    const struct position *position = view_position_of(view, order->contract);

    return position == NULL || (order->side == SIDE_SELL) != (position->size > 0);
}

/* R-012-4: no orphan may open a new position, whether this process has placed it or one before. */
static void
cancel_orphans(const struct view *view, struct verdict *verdict)
{
    struct account_memory *account = view_account_memory(view);

    for (const struct order *o = view->positions_known ? view_orders(view) : NULL; o != NULL; o = view_next_order(o)) {
        if (o->ours && is_orphan(view, o))
            verdict_cancel(verdict, o);
    }
    for (size_t i = 0; account != NULL && i < MANAGED_MAX; i++) {
        struct managed *m = &account->stops[i];
        const struct order *order = m->contract != NULL ? find_managed(view, m) : NULL;

        if (m->contract == NULL)
            continue;
        if (order != NULL) {
            m->order_id = order->id;
            if (is_orphan(view, order))
                verdict_cancel(verdict, order);
        } else if (m->order_id != 0 || !instant_before(view->now, instant_add(m->asked_at, UNSEEN_KEPT))) {
            m->contract = NULL; /* Filled, cancelled, or never came. */
        } else {
            verdict_wake(verdict, instant_add(m->asked_at, UNSEEN_KEPT));
        }
    }
}

/* ---- what is wanted ---- */

/* Profit and best price use the last trade (R-012-3). */
static void
observe(const struct trade_management *c, const struct position *position, struct memory *memory)
{
    int64_t last = position->contract->last_nanos;
    int64_t entry = position->average_price_nanos;

    if (!position->contract->has_last)
        return;
    if (c->breakeven && !is_tighter(position, away(position, entry, c->trigger_ticks), last))
        memory->breakeven_due = true;
    if (c->trailing && !memory->trailing && !is_tighter(position, away(position, entry, c->activation_ticks), last)) {
        memory->trailing = true;
        memory->best_nanos = last;
    }
    if (memory->trailing && is_tighter(position, last, memory->best_nanos))
        memory->best_nanos = last;
}

static int64_t
nearer(const struct position *position, int64_t a, int64_t b)
{
    return is_tighter(position, a, b) ? b : a;
}

/* Nothing is wanted of this position; the last price at which observe() would see something new tells how long that stays so. */
static void
be_quiet(const struct trade_management *c, const struct position *position, const struct memory *memory, struct verdict *verdict)
{
    int64_t entry = position->average_price_nanos, sign = sign_of(position);
    int64_t next = sign * INT64_MAX; /* Exclusive. */

    if (c->breakeven && !memory->breakeven_due)
        next = nearer(position, next, away(position, entry, c->trigger_ticks));
    if (c->trailing)
        next = nearer(position, next, memory->trailing ? memory->best_nanos + sign : away(position, entry, c->activation_ticks));
    if (!position->contract->has_last)
        verdict->quiet = false;
    verdict_quiet_last(verdict, position, sign > 0 ? (struct band){ INT64_MIN, next } : (struct band){ next, INT64_MAX });
}

struct wish {
    bool any;
    int64_t price_nanos;
};

static void
wish_for(struct wish *wish, const struct position *position, int64_t price_nanos)
{
    int64_t price = on_tick(position, price_nanos);

    if (!wish->any || is_tighter(position, price, wish->price_nanos))
        *wish = (struct wish){ .any = true, .price_nanos = price };
}

static struct wish
wanted(const struct trade_management *c, const struct position *position, struct memory *memory, const struct order *stop,
    bool without_stop)
{
    int64_t entry = position->average_price_nanos;
    struct wish wish = { .any = false };

    if (c->stop_loss && without_stop)
        wish_for(&wish, position, away(position, entry, -c->stop_loss_ticks));
    if (c->breakeven && memory->breakeven_due && !memory->breakeven_done) { /* R-012-2: once. */
        int64_t price = on_tick(position, away(position, entry, c->offset_ticks));
        memory->breakeven_done = stop != NULL && !is_tighter(position, price, stop->stop_price_nanos);
        if (!memory->breakeven_done)
            wish_for(&wish, position, price);
    }
    if (c->trailing && memory->trailing)
        wish_for(&wish, position, away(position, memory->best_nanos, -c->distance_ticks));
    return wish;
}

/* ---- asking ---- */

static bool
is_same(const struct memory *memory, int64_t price, int32_t size)
{
    return memory->asked_price == price && memory->asked_size == size;
}

static struct span
retry_after(const struct memory *memory)
{
    struct span wait = RETRY_AFTER;

    for (int64_t i = 0; i < memory->tries && wait.ns < RETRY_AT_MOST.ns; i++)
        wait.ns *= 2;
    return wait.ns < RETRY_AT_MOST.ns ? wait : RETRY_AT_MOST;
}

/* Is it time for this request?  If not now, the rule is asked again when it is. */
static bool
may_ask(const struct trade_management *c, const struct view *view, const struct position *position, const struct memory *memory,
    int64_t price, int32_t size, struct verdict *verdict)
{
    struct instant asked_at = { memory->asked_at_ns };
    struct instant next = instant_add(asked_at, c->pace);
    bool same = is_same(memory, price, size);
    int64_t last = position->contract->last_nanos;
    bool beyond = price != 0 && !is_tighter(position, last, price); /* The market has passed it: refused in any case. */
    bool moved = position->contract->has_last && !beyond && is_tighter(position, last, memory->asked_last_nanos);

    if (memory->asked_at_ns == 0 || memory->asked_at_ns > view->now.ns) /* Later than now: the clock has been corrected. */
        return true;
    if (same && !moved) {
        if (size == 0)
            return false; /* Refused or on its way: the next favourable move tries again (R-012-5). */
        next = instant_max(next, instant_add(asked_at, retry_after(memory)));
    }
    if (!instant_before(view->now, next))
        return true;
    verdict_wake(verdict, next);
    return false;
}

static void
ask(const struct view *view, struct memory *memory, struct want_stop want, struct verdict *verdict)
{
    const struct contract *contract = want.position->contract;

    memory->tries = is_same(memory, want.price_nanos, want.size) && memory->asked_at_ns != 0 ? memory->tries + 1 : 0;
    memory->asked_at_ns = view->now.ns;
    memory->asked_price = want.price_nanos;
    memory->asked_size = want.size;
    memory->asked_last_nanos = contract->has_last ? contract->last_nanos : want.position->average_price_nanos;
    memory->managing = true;
    remember(view, contract, want.order != NULL ? want.order->id : 0, want.price_nanos); /* By its price only until it has an id. */
    verdict_stop(verdict, want);
    if (want.size != 0)
        verdict_wake(verdict, instant_add(view->now, retry_after(memory))); /* Also when nothing is quoted meanwhile. */
}

/* The order size that leaves the position covered, or 0: as it is (R-012-4).  Beside other stops it only shrinks, never to cover twice. */
static int32_t
wanted_size(const struct position *position, const struct memory *memory, const struct order *stop, int32_t stops)
{
    int32_t remaining = order_remaining(stop), size = abs(position->size);

    if (!memory->managing || remaining == size || (stops > 1 && remaining < size))
        return 0;
    return stop->filled + size;
}

static void
manage(const struct trade_management *c, const struct view *view, const struct position *position, struct verdict *verdict)
{
    struct memory *memory = view_memory(view, position);
    int32_t stops;
    const struct order *stop = tightest_stop(view, position, &stops);
    bool without_stop = !has_protection(view, position);
    struct wish wish;
    struct want_stop want = { .position = position, .order = stop };

    observe(c, position, memory);
    wish = wanted(c, position, memory, stop, without_stop);
    if (without_stop) {
        if (!wish.any) {
            be_quiet(c, position, memory, verdict);
            return;
        }
        if (bracket_is_coming(view, position)) {
            verdict->quiet = false;
            verdict_wake(verdict, instant_add(position->created_at, BRACKET_ARRIVES));
            return;
        }
        want.price_nanos = wish.price_nanos;
        want.size = abs(position->size);
    } else {
        if (stop == NULL) {
            be_quiet(c, position, memory, verdict); /* Only a trailing stop order, which follows by itself. */
            return;
        }
        if (wish.any && is_tighter(position, wish.price_nanos, stop->stop_price_nanos))
            want.price_nanos = wish.price_nanos;
        want.size = wanted_size(position, memory, stop, stops);
        if (memory->managing)
            remember(view, position->contract, stop->id, stop->stop_price_nanos);
        if (want.price_nanos == 0 && want.size == 0) {
            memory->tries = 0;
            be_quiet(c, position, memory, verdict);
            return;
        }
    }
    verdict->quiet = false;
    if (may_ask(c, view, position, memory, want.price_nanos, want.size, verdict))
        ask(view, memory, want, verdict);
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct trade_management *c = config;

    verdict_quiet(verdict);
    cancel_orphans(view, verdict);
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        if (p->contract->tick_size_nanos > 0)
            manage(c, view, p, verdict);
        else
            verdict->missing = "the tick size of a position: it cannot be given a stop"; /* R-ALL-6 */
        verdict->quiet = verdict->quiet && verdict->missing == NULL;
    }
}

const struct rule rule_trade_management = {
    .number = 12,
    .name = "trade_management",
    .title = "Trade management",
    .source = "docs/rulebook.md#trade_management",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_ORDER) | EVENT_BIT(EVENT_QUOTE) | EVENT_BIT(EVENT_CONTRACT),
    .needs_quotes = true,
    .off_by_default = true,
    .config_size = sizeof(struct trade_management),
    .params = params,
    .params_count = COUNT_OF(params),
    .memory_size = sizeof(struct memory),
    .account_memory_size = sizeof(struct account_memory),
    .evaluate = evaluate,
};

_Static_assert(sizeof(struct memory) % 8 == 0 && sizeof(struct account_memory) % 8 == 0, "memory comes in multiples of 8");
