/* toy_world.c - see toy_world.h. */
#include "lib/toy_world.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TICK_NANOS INT64_C(250000000)

const char *const toy_contracts[CONTRACTS] = { FIXTURE_MNQ, FIXTURE_RTY };

uint64_t
toy_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

uint64_t
toy_mix_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = toy_mix(hash, (unsigned char)*text);
    return hash;
}

int32_t
toy_pick(struct world *w, int32_t below)
{
    w->random = toy_mix(w->random, 77);
    return (int32_t)((w->random >> 20) % (uint64_t)below);
}

int
toy_contract_index(const char *name)
{
    return strcmp(name, FIXTURE_RTY) == 0;
}

static uint64_t
content_of(const struct command *c)
{
    uint64_t hash = toy_mix(toy_mix_text(1, c->contract.text), (uint64_t)c->kind);

    return toy_mix(toy_mix(toy_mix(hash, (uint64_t)c->order_id), (uint64_t)c->size), (uint64_t)c->price_nanos);
}

uint64_t
toy_action(const struct world *w, const struct command *c)
{
    return toy_mix(content_of(c), (uint64_t)w->f.now.ns);
}

struct held {
    const char *contract;
    int32_t size;
};

static void
add_held(void *context, const struct position *position)
{
    struct held *held = context;

    if (strcmp(position->contract->id.text, held->contract) == 0)
        held->size = position->size;
}

/* No command increases exposure; one close or reduce of a contract at a time (ID-04). */
static void
check_command(const struct world *w, const struct command *c)
{
    struct held held = { .contract = c->contract.text };
    int32_t side = 0;

    engine_each_position(w->f.engine, FIXTURE_ACCOUNT, add_held, &held);
    side = held.size > 0 ? SIDE_SELL : SIDE_BUY;
    if (c->kind == COMMAND_CLOSE || c->kind == COMMAND_REDUCE) {
        assert_int_not_equal(held.size, 0);
        for (int32_t i = 0; i < w->pending_count; i++)
            if (!w->pending[i].orphan && w->pending[i].command.kind <= COMMAND_REDUCE)
                assert_string_not_equal(w->pending[i].command.contract.text, c->contract.text);
    }
    if (c->kind == COMMAND_REDUCE)
        assert_in_range(c->size, 1, abs(held.size) - 1);
    if (c->kind == COMMAND_PLACE_STOP) {
        assert_in_range(c->size, 1, abs(held.size));
        assert_int_equal(c->side, side);
        assert_true(c->price_nanos > 0);
    }
    assert_int_equal(c->price_nanos % TICK_NANOS, 0); /* R-012-1. */
    if (c->kind == COMMAND_MODIFY_STOP)
        assert_in_range(c->size, 0, abs(held.size));
}

/* Digests, the store, and commands on their way. */
void
toy_take_update(struct world *w)
{
    const struct update *u = &w->f.update;

    for (uint32_t i = 0; i < u->commands_count; i++) {
        const struct command *c = &u->commands[i];
        check_command(w, c);
        w->content += toy_mix(content_of(c), (uint64_t)w->f.now.ns);
        w->acted += c->kind <= COMMAND_MODIFY_STOP ? toy_action(w, c) : 0;
        w->exact = toy_mix(toy_mix(toy_mix(w->exact, content_of(c)), c->id), c->incident + (uint64_t)c->rule);
        assert_true(w->pending_count < PENDING);
        w->pending[w->pending_count++] = (struct pending){ .command = *c,
            .due = w->tick + 1 + (int32_t)(toy_mix(content_of(c), w->salt) >> 60) / 3 };
    }
    for (uint32_t i = 0; i < u->records_count; i++) {
        const struct record *r = &u->records[i];
        w->exact = toy_mix(toy_mix(toy_mix(w->exact, (uint64_t)r->kind), r->incident), (uint64_t)(r->at.ns + r->rule));
        if (r->kind == RECORD_BREACH)
            w->exact = toy_mix_text(w->exact, r->u.breach.why);
        if (r->kind == RECORD_LOCKOUT_SET)
            w->exact = toy_mix(toy_mix_text(w->exact, r->u.lockout.why), (uint64_t)r->u.lockout.until.ns);
    }
    for (uint32_t i = 0; i < u->notices_count; i++)
        w->exact = toy_mix_text(toy_mix(toy_mix(w->exact, (uint64_t)u->notices[i].kind), u->notices[i].incident), u->notices[i].text);
    if (w->store != NULL && u->records_count > 0)
        assert_int_equal(store_save(w->store, u->records, u->records_count, NULL), OK);
}

/* ---- The toy broker ---- */

static void
tell_order(struct world *w, const struct order_row *row)
{
    struct event event = { .kind = EVENT_ORDER, .u.order = *row };

    story_feed(&w->f, &event);
    toy_take_update(w);
}

static void
tell_position(struct world *w, int contract)
{
    story_position(&w->f, toy_contracts[contract], w->sizes[contract]);
    toy_take_update(w);
}

static void
read_books(struct world *w, struct instant asked_at)
{
    struct position_row positions[CONTRACTS];
    struct order_row working[ORDERS_ALL];
    struct account_row account = { .id = FIXTURE_ACCOUNT, .can_trade = ANSWER_YES };
    struct event event = { .kind = EVENT_SNAPSHOT };
    uint32_t held = 0, count = 0;

    for (int i = 0; i < CONTRACTS; i++) {
        if (w->sizes[i] == 0)
            continue;
        positions[held] = (struct position_row){ .id = 456, .account_id = FIXTURE_ACCOUNT, .size = w->sizes[i],
            .created_at = w->f.now, .average_price_nanos = 21000 * NANOS_PER_UNIT };
        (void)text_copy(positions[held++].contract.text, CONTRACT_ID_MAX, toy_contracts[i]);
    }
    for (int32_t i = 0; i < w->orders_count; i++)
        if (order_may_execute(w->orders[i].status))
            working[count++] = w->orders[i];
    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .asked_at = asked_at, .account = &account,
        .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS, .positions = positions, .positions_count = held,
        .orders = working, .orders_count = count };
    story_feed(&w->f, &event);
    toy_take_update(w);
}

static void
answer(struct world *w, const struct pending *p, enum outcome outcome)
{
    if (p->orphan)
        return;
    story_answer(&w->f, p->command.id, outcome);
    toy_take_update(w);
}

/* RULE-012's: placed, or its price or size changed.  Its number follows from its place, not from the command's. */
static void
set_stop(struct world *w, const struct command *c)
{
    struct order_row *row = NULL;

    for (int32_t i = 0; i < w->orders_count && c->kind == COMMAND_MODIFY_STOP; i++)
        row = w->orders[i].id == c->order_id && order_may_execute(w->orders[i].status) ? &w->orders[i] : row;
    if (c->kind == COMMAND_PLACE_STOP && w->orders_count < ORDERS_ALL) {
        row = &w->orders[w->orders_count++];
        *row = (struct order_row){ .id = 900 + ++w->own_orders_count, .account_id = FIXTURE_ACCOUNT, .created_at = w->f.now,
            .status = ORDER_OPEN, .type = ORDER_STOP, .side = c->side, .has_stop_price = true, .contract = c->contract, .ours = true };
    }
    if (row == NULL)
        return;
    row->updated_at = w->f.now;
    row->size = c->size != 0 ? c->size : row->size;
    row->stop_price_nanos = c->price_nanos != 0 ? c->price_nanos : row->stop_price_nanos;
    tell_order(w, row);
}

struct fill {
    int64_t id; /* Of the trade; of the order 5000 more. */
    int contract;
    int32_t by, size_before; /* Signed. */
    int64_t pnl_dollars;     /* Of what it closes. */
};

static void
tell_trade(struct world *w, const struct fill *fill)
{
    struct event event = { .kind = EVENT_TRADE };
    bool closes = fill->size_before != 0 && (fill->size_before > 0) != (fill->by > 0);

    event.u.trade = (struct trade_row){ .id = fill->id, .account_id = FIXTURE_ACCOUNT, .order_id = 5000 + fill->id, .at = w->f.now,
        .side = fill->by > 0 ? SIDE_BUY : SIDE_SELL, .size = abs(fill->by), .has_pnl = closes,
        .pnl_micros = closes ? fill->pnl_dollars * MICROS_PER_DOLLAR : 0, .fees_micros = MICROS_PER_DOLLAR };
    (void)text_copy(event.u.trade.contract.text, CONTRACT_ID_MAX, toy_contracts[fill->contract]);
    story_feed(&w->f, &event);
    toy_take_update(w);
}

static void
carry_out(struct world *w, const struct pending *p)
{
    const struct command *c = &p->command;
    int contract = toy_contract_index(c->contract.text);
    uint64_t luck = toy_mix(toy_mix(content_of(c), (uint64_t)w->tick), w->salt) >> 60; /* Twice: 55 turns later once gives the same. */

    if (c->kind == COMMAND_READ || c->kind == COMMAND_SYNC) {
        if (!p->orphan)
            read_books(w, w->f.now);
        return;
    }
    if (c->kind > COMMAND_MODIFY_STOP || luck == 2) /* Lost on the way there. */
        return;
    if (luck == 0) {
        answer(w, p, OUTCOME_REFUSED);
        return;
    }
    if (c->kind == COMMAND_CLOSE || c->kind == COMMAND_REDUCE) {
        int32_t size = w->sizes[contract];
        if (size == 0 || (c->kind == COMMAND_REDUCE && c->size > abs(size))) {
            answer(w, p, OUTCOME_GONE);
            return;
        }
        w->sizes[contract] = c->kind == COMMAND_CLOSE ? 0 : size - (size > 0 ? c->size : -c->size);
        if (w->fills)
            tell_trade(w, &(struct fill){ .id = ++w->trades, .contract = contract, .by = w->sizes[contract] - size, .size_before = size });
        w->told_at[contract] = w->tick + (int32_t)(luck % 4);
        if (luck % 4 == 0)
            tell_position(w, contract);
    }
    if (c->kind == COMMAND_PLACE_STOP || c->kind == COMMAND_MODIFY_STOP)
        set_stop(w, c);
    for (int32_t i = 0; i < w->orders_count; i++)
        if (c->kind == COMMAND_CANCEL && w->orders[i].id == c->order_id && order_may_execute(w->orders[i].status)) {
            w->orders[i].status = ORDER_CANCELLED;
            tell_order(w, &w->orders[i]);
        }
    if (luck != 3) /* Else the answer is lost on its way back. */
        answer(w, p, luck == 1 ? OUTCOME_AMBIGUOUS : OUTCOME_ACCEPTED);
}

/* The due command that is first by content: the engine's order of commands within an update is free. */
static int32_t
next_due(const struct world *w)
{
    int32_t best = -1;

    for (int32_t i = 0; i < w->pending_count; i++)
        if (w->pending[i].due <= w->tick &&
            (best < 0 || content_of(&w->pending[i].command) < content_of(&w->pending[best].command)))
            best = i;
    return best;
}

static void
work_off(struct world *w)
{
    for (int32_t i = next_due(w); i >= 0; i = next_due(w)) {
        struct pending p = w->pending[i];
        memmove(&w->pending[i], &w->pending[i + 1], (size_t)(--w->pending_count - i) * sizeof p);
        carry_out(w, &p);
    }
}

/* ---- The trader: one instant's events, in an order the test chooses ---- */

static void
act(struct world *w, int what, const int32_t *dice)
{
    int contract = dice[0] % CONTRACTS;

    if (what == 0 && dice[1] < 3) {
        w->sizes[contract] = dice[2] - 3;
        tell_position(w, contract);
    } else if (what == 1 && dice[3] < 4) {
        story_trade(&w->f, ++w->trades, (dice[4] - 6) * 40);
        toy_take_update(w);
    } else if (what == 2) {
        story_quote(&w->f, toy_contracts[contract], 20990 + dice[5] * 2);
        toy_take_update(w);
    } else if (what == 3 && dice[6] < 2 && w->orders_count - w->own_orders_count < ORDERS && w->orders_count < ORDERS_ALL) {
        struct order_row *row = &w->orders[w->orders_count++];
        *row = (struct order_row){ .id = 700 + w->orders_count - w->own_orders_count, .account_id = FIXTURE_ACCOUNT, .created_at = w->f.now,
            .updated_at = w->f.now, .status = ORDER_OPEN, .type = ORDER_LIMIT, .side = dice[7] % 2, .size = 1,
            .has_limit_price = true, .limit_price_nanos = 20000 * NANOS_PER_UNIT };
        (void)text_copy(row->contract.text, CONTRACT_ID_MAX, toy_contracts[contract]);
        tell_order(w, row);
    }
}

static void
trade(struct world *w)
{
    int32_t dice[8];

    for (size_t i = 0; i < COUNT_OF(dice); i++)
        dice[i] = toy_pick(w, 10);
    dice[2] %= 7;
    for (int i = 0; i < 4; i++)
        act(w, (i * (w->order_of_events % 2 == 0 ? 1 : 3) + w->order_of_events) % 4, dice);
}

/* ---- Or a trader of whom each turn one order fills ---- */

static void
tell_filled(struct world *w, const struct fill *fill)
{
    struct order_row row = { .id = 5000 + fill->id, .account_id = FIXTURE_ACCOUNT, .created_at = w->f.now, .updated_at = w->f.now,
        .status = ORDER_FILLED, .type = ORDER_MARKET, .side = fill->by > 0 ? SIDE_BUY : SIDE_SELL, .size = abs(fill->by),
        .filled = abs(fill->by) };

    (void)text_copy(row.contract.text, CONTRACT_ID_MAX, toy_contracts[fill->contract]);
    tell_order(w, &row);
}

static void
tell_account(struct world *w)
{
    struct event event = { .kind = EVENT_ACCOUNT, .u.account = { .id = FIXTURE_ACCOUNT,
        .can_trade = w->tick % 20 == 19 ? ANSWER_NO : ANSWER_YES } };

    story_feed(&w->f, &event);
    toy_take_update(w);
}

static void
tell_part(struct world *w, int part, const struct fill *fill)
{
    switch (part) {
    case 0: tell_filled(w, fill); break;
    case 1: tell_trade(w, fill); break;
    case 2: tell_position(w, fill->contract); break;
    default: tell_account(w); break;
    }
}

static void
fill_one(struct world *w)
{
    struct fill fill = { .contract = toy_pick(w, CONTRACTS), .by = toy_pick(w, 7) - 3, .pnl_dollars = (toy_pick(w, 10) - 6) * 40 };
    int64_t last = 20990 + toy_pick(w, 10) * 2;
    bool trades = toy_pick(w, 3) == 0;
    int32_t rest = w->order_of_events;
    int parts[] = { 0, 1, 2, 3 };

    story_quote(&w->f, toy_contracts[fill.contract], last); /* Prices are another matter: before the fill, always. */
    toy_take_update(w);
    if (fill.by == 0 || !trades)
        return;
    fill.id = ++w->trades;
    fill.size_before = w->sizes[fill.contract];
    w->sizes[fill.contract] += fill.by;
    for (int left = 4; left > 0; left--) {
        int at = rest % left;
        rest /= left;
        tell_part(w, parts[at], &fill);
        parts[at] = parts[left - 1];
    }
}

void
toy_turn(struct world *w)
{
    w->tick++;
    w->f.now = instant_add(w->f.now, SPAN_MS(250));
    story_feed(&w->f, &(struct event){ .kind = EVENT_CLOCK });
    toy_take_update(w);
    for (int i = 0; i < CONTRACTS; i++)
        if (w->told_at[i] == w->tick)
            tell_position(w, i);
    work_off(w);
    if (w->tick <= TOY_TICKS && w->fills)
        fill_one(w);
    else if (w->tick <= TOY_TICKS)
        trade(w);
}

/* ---- Worlds ---- */

static void
feed_contracts(struct world *w)
{
    for (int i = 0; i < CONTRACTS; i++) {
        struct event event = { .kind = EVENT_CONTRACT };
        event.u.contract = (struct contract_row){ .tick_size_nanos = 250000000, .tick_value_micros = 500000, .active = true };
        (void)text_copy(event.u.contract.id.text, CONTRACT_ID_MAX, toy_contracts[i]);
        (void)text_copy(event.u.contract.name, sizeof event.u.contract.name, i == 0 ? "MNQU5" : "RTYU5");
        story_feed(&w->f, &event);
        toy_take_update(w);
    }
}

void
toy_begin(struct world *w, const char *config, const struct rule *const *table, uint64_t seed)
{
    static const int64_t ids[] = { FIXTURE_ACCOUNT };
    struct config_errors errors = { 0 };

    *w = (struct world){ .random = toy_mix(seed, 1), .salt = toy_mix(seed, 2) };
    assert_true(instant_parse("2025-01-17T19:30:00Z", 20, &w->f.now));
    assert_int_equal(config_from_scenario(config, strlen(config), ids, 1, table, &w->f.loaded, &errors), OK);
    assert_int_equal(engine_new(&w->f.loaded->config, table, &w->f.engine, NULL), OK);
    story_feed(&w->f, &(struct event){ .kind = EVENT_RESTORE, .u.restore = { .next_command_id = 1, .next_incident = 1 } });
    feed_contracts(w);
    read_books(w, w->f.now);
}

/* The process dies between two events; the broker and what is on its way there go on. */
void
toy_restart(struct world *w)
{
    struct event event = { .kind = EVENT_RESTORE };

    engine_free(w->f.engine);
    for (int32_t i = 0; i < w->pending_count; i++)
        w->pending[i].orphan = true;
    assert_int_equal(store_load(w->store, w->f.now, &event.u.restore, NULL), OK);
    assert_int_equal(engine_new(&w->f.loaded->config, rules_table, &w->f.engine, NULL), OK);
    story_feed(&w->f, &event);
    toy_take_update(w);
    feed_contracts(w);
    read_books(w, w->f.now);
}

void
toy_run(struct world *w)
{
    while (w->tick < TOY_TICKS + TOY_TAIL)
        toy_turn(w);
}

void
toy_end(struct world *w)
{
    story_close(&w->f);
    store_close(w->store);
}
