/*
 * test_engine_properties.c - what must hold for any stream of events, on seeded random ones (issue 3).
 *
 * A trader acts, a toy broker carries commands out late, refuses some and loses replies.  What the broker does depends on the command's
 * content and the time only, never on its number or place in the update, so two engines can be compared.
 */
#include "lib/engine_fixture.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "rules/rules.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SEEDS 60
#define TICKS 80 /* Of 250 ms, with a trader; as many again for the broker to finish. */
#define TAIL 200
#define CONTRACTS 2
#define ORDERS 12
#define PENDING 256
#define RULES 12

static const char trading[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500},"
    "\"trade_frequency_limit\":{\"enabled\":true,\"limits\":{\"per_minute\":30}}}";
static const char all[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-900},"
    "\"max_contracts\":{\"enabled\":true,\"limit\":5},"
    "\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":3},\"enforcement\":\"reduce_to_limit\"},"
    "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":300,\"scope\":\"per_position\",\"action\":\"CLOSE_POSITION\"},"
    "\"cooldown_after_loss\":{\"enabled\":true,\"loss_threshold\":150,\"cooldown_seconds\":5},"
    "\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":6},"
    "\"trade_management\":{\"enabled\":true,\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":4}}}";
static const char sizes[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500},\"max_contracts\":{\"enabled\":true,\"limit\":4}}";

static const char *const names[CONTRACTS] = { FIXTURE_MNQ, FIXTURE_RTY };

struct pending {
    struct command command;
    int32_t due;
    bool orphan; /* Of a process that is gone: nobody hears the answer. */
};

struct world {
    struct engine_fixture f;
    struct store *store;
    uint64_t random, salt;     /* Of the trader; of the broker. */
    int32_t tick, order_of_events;
    int32_t sizes[CONTRACTS];
    struct order_row orders[ORDERS];
    int32_t orders_count;
    struct pending pending[PENDING];
    int32_t pending_count;
    int64_t trades;
    uint64_t exact, content;   /* Digests: every field in order; what is asked for, in any order. */
};

static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

static uint64_t
mix_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

static int32_t
pick(struct world *w, int32_t below)
{
    w->random = mix(w->random, 77);
    return (int32_t)((w->random >> 20) % (uint64_t)below);
}

static int
contract_index(const char *name)
{
    return strcmp(name, FIXTURE_RTY) == 0;
}

static uint64_t
content_of(const struct command *c)
{
    uint64_t hash = mix(mix_text(1, c->contract.text), (uint64_t)c->kind);

    return mix(mix(mix(hash, (uint64_t)c->order_id), (uint64_t)c->size), (uint64_t)c->price_nanos);
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
    }
    if (c->kind == COMMAND_MODIFY_STOP)
        assert_in_range(c->size, 0, abs(held.size));
}

/* Digests, the store, and commands on their way. */
static void
take_update(struct world *w)
{
    const struct update *u = &w->f.update;

    for (uint32_t i = 0; i < u->commands_count; i++) {
        const struct command *c = &u->commands[i];
        check_command(w, c);
        w->content += mix(content_of(c), (uint64_t)w->f.now.ns);
        w->exact = mix(mix(mix(w->exact, content_of(c)), c->id), c->incident + (uint64_t)c->rule);
        assert_true(w->pending_count < PENDING);
        w->pending[w->pending_count++] = (struct pending){ .command = *c,
            .due = w->tick + 1 + (int32_t)(mix(content_of(c), w->salt) >> 60) / 3 };
    }
    for (uint32_t i = 0; i < u->records_count; i++) {
        const struct record *r = &u->records[i];
        w->exact = mix(mix(mix(w->exact, (uint64_t)r->kind), r->incident), (uint64_t)(r->at.ns + r->rule));
        if (r->kind == RECORD_BREACH)
            w->exact = mix_text(w->exact, r->u.breach.why);
        if (r->kind == RECORD_LOCKOUT_SET)
            w->exact = mix(mix_text(w->exact, r->u.lockout.why), (uint64_t)r->u.lockout.until.ns);
    }
    for (uint32_t i = 0; i < u->notices_count; i++)
        w->exact = mix_text(mix(mix(w->exact, (uint64_t)u->notices[i].kind), u->notices[i].incident), u->notices[i].text);
    if (w->store != NULL && u->records_count > 0)
        assert_int_equal(store_save(w->store, u->records, u->records_count, NULL), OK);
}

/* ---- The toy broker ---- */

static void
tell_order(struct world *w, const struct order_row *row)
{
    struct event event = { .kind = EVENT_ORDER, .u.order = *row };

    story_feed(&w->f, &event);
    take_update(w);
}

static void
tell_position(struct world *w, int contract)
{
    story_position(&w->f, names[contract], w->sizes[contract]);
    take_update(w);
}

static void
read_books(struct world *w, struct instant asked_at)
{
    struct position_row positions[CONTRACTS];
    struct order_row working[ORDERS];
    struct account_row account = { .id = FIXTURE_ACCOUNT, .can_trade = ANSWER_YES };
    struct event event = { .kind = EVENT_SNAPSHOT };
    uint32_t held = 0, count = 0;

    for (int i = 0; i < CONTRACTS; i++) {
        if (w->sizes[i] == 0)
            continue;
        positions[held] = (struct position_row){ .id = 456, .account_id = FIXTURE_ACCOUNT, .size = w->sizes[i],
            .created_at = w->f.now, .average_price_nanos = 21000 * NANOS_PER_UNIT };
        (void)text_copy(positions[held++].contract.text, CONTRACT_ID_MAX, names[i]);
    }
    for (int32_t i = 0; i < w->orders_count; i++)
        if (order_may_execute(w->orders[i].status))
            working[count++] = w->orders[i];
    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .asked_at = asked_at, .account = &account,
        .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS, .positions = positions, .positions_count = held,
        .orders = working, .orders_count = count };
    story_feed(&w->f, &event);
    take_update(w);
}

static void
answer(struct world *w, const struct pending *p, enum outcome outcome)
{
    if (p->orphan)
        return;
    story_answer(&w->f, p->command.id, outcome);
    take_update(w);
}

static void
carry_out(struct world *w, const struct pending *p)
{
    const struct command *c = &p->command;
    int contract = contract_index(c->contract.text);
    uint64_t luck = mix(content_of(c) + (uint64_t)w->tick, w->salt) >> 60;

    if (c->kind == COMMAND_READ || c->kind == COMMAND_SYNC) {
        if (!p->orphan)
            read_books(w, w->f.now);
        return;
    }
    if (c->kind > COMMAND_MODIFY_STOP)
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
        tell_position(w, contract);
    }
    for (int32_t i = 0; i < w->orders_count; i++)
        if (c->kind == COMMAND_CANCEL && w->orders[i].id == c->order_id && order_may_execute(w->orders[i].status)) {
            w->orders[i].status = ORDER_CANCELLED;
            tell_order(w, &w->orders[i]);
        }
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
        take_update(w);
    } else if (what == 2) {
        story_quote(&w->f, names[contract], 20990 + dice[5] * 2);
        take_update(w);
    } else if (what == 3 && dice[6] < 2 && w->orders_count < ORDERS) {
        struct order_row *row = &w->orders[w->orders_count++];
        *row = (struct order_row){ .id = 700 + w->orders_count, .account_id = FIXTURE_ACCOUNT, .created_at = w->f.now,
            .updated_at = w->f.now, .status = ORDER_OPEN, .type = ORDER_LIMIT, .side = dice[7] % 2, .size = 1,
            .has_limit_price = true, .limit_price_nanos = 20000 * NANOS_PER_UNIT };
        (void)text_copy(row->contract.text, CONTRACT_ID_MAX, names[contract]);
        tell_order(w, row);
    }
}

static void
trade(struct world *w)
{
    int32_t dice[8];

    for (size_t i = 0; i < COUNT_OF(dice); i++)
        dice[i] = pick(w, 10);
    dice[2] %= 7;
    for (int i = 0; i < 4; i++)
        act(w, (i * (w->order_of_events % 2 == 0 ? 1 : 3) + w->order_of_events) % 4, dice);
}

static void
turn(struct world *w)
{
    w->tick++;
    w->f.now = instant_add(w->f.now, SPAN_MS(250));
    story_feed(&w->f, &(struct event){ .kind = EVENT_CLOCK });
    take_update(w);
    work_off(w);
    if (w->tick <= TICKS)
        trade(w);
}

/* ---- Worlds ---- */

static void
feed_contracts(struct world *w)
{
    for (int i = 0; i < CONTRACTS; i++) {
        struct event event = { .kind = EVENT_CONTRACT };
        event.u.contract = (struct contract_row){ .tick_size_nanos = 250000000, .tick_value_micros = 500000, .active = true };
        (void)text_copy(event.u.contract.id.text, CONTRACT_ID_MAX, names[i]);
        (void)text_copy(event.u.contract.name, sizeof event.u.contract.name, i == 0 ? "MNQU5" : "RTYU5");
        story_feed(&w->f, &event);
        take_update(w);
    }
}

static void
begin(struct world *w, const char *config, const struct rule *const *table, uint64_t seed)
{
    static const int64_t ids[] = { FIXTURE_ACCOUNT };
    struct config_errors errors = { 0 };

    *w = (struct world){ .random = mix(seed, 1), .salt = mix(seed, 2) };
    assert_true(instant_parse("2025-01-17T19:30:00Z", 20, &w->f.now));
    assert_int_equal(config_from_scenario(config, strlen(config), ids, 1, table, &w->f.loaded, &errors), OK);
    assert_int_equal(engine_new(&w->f.loaded->config, table, &w->f.engine, NULL), OK);
    story_feed(&w->f, &(struct event){ .kind = EVENT_RESTORE, .u.restore = { .next_command_id = 1, .next_incident = 1 } });
    feed_contracts(w);
    read_books(w, w->f.now);
}

/* The process dies between two events; the broker and what is on its way there go on. */
static void
restart(struct world *w)
{
    struct event event = { .kind = EVENT_RESTORE };

    engine_free(w->f.engine);
    for (int32_t i = 0; i < w->pending_count; i++)
        w->pending[i].orphan = true;
    assert_int_equal(store_load(w->store, w->f.now, &event.u.restore, NULL), OK);
    assert_int_equal(engine_new(&w->f.loaded->config, rules_table, &w->f.engine, NULL), OK);
    story_feed(&w->f, &event);
    take_update(w);
    feed_contracts(w);
    read_books(w, w->f.now);
}

static void
run(struct world *w)
{
    while (w->tick < TICKS + TAIL)
        turn(w);
}

static void
end(struct world *w)
{
    story_close(&w->f);
    store_close(w->store);
}

static void
add_lockout(void *context, const struct lockout *lockout)
{
    uint64_t *sum = context;

    *sum += mix(mix_text((uint64_t)lockout->rule, lockout->root), (uint64_t)lockout->until.ns);
}

static uint64_t
lockouts_of(const struct world *w)
{
    uint64_t sum = 0;

    engine_each_lockout(w->f.engine, FIXTURE_ACCOUNT, add_lockout, &sum);
    return sum;
}

static void
assert_same_end(const struct world *a, const struct world *b)
{
    struct account_status one, two;

    assert_true(engine_account(a->f.engine, FIXTURE_ACCOUNT, &one) && engine_account(b->f.engine, FIXTURE_ACCOUNT, &two));
    assert_int_equal(lockouts_of(a), lockouts_of(b));
    assert_int_equal(one.day.gross_micros, two.day.gross_micros);
    assert_int_equal(one.day.trades, two.day.trades);
    assert_int_equal(one.day.round_turns, two.day.round_turns);
}

/* ---- Properties ---- */

static struct world one, two;

static void
same_events_same_update(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&one, all, rules_table, seed);
        begin(&two, all, rules_table, seed);
        run(&one);
        run(&two);
        assert_int_equal(one.exact, two.exact);
        assert_same_end(&one, &two);
        end(&one);
        end(&two);
    }
}

/* R-ALL-2: rules see one state and wants are merged, so their order is nobody's business. */
static void
any_order_of_rules(void **state)
{
    const struct rule *table[RULES + 1] = { NULL };

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (uint64_t i = 0; i < RULES; i++)
            table[i] = rules_table[seed % 2 == 0 ? RULES - 1 - i : (i * 5 + seed) % RULES];
        begin(&one, all, rules_table, seed);
        begin(&two, all, table, seed);
        run(&one);
        run(&two);
        assert_int_equal(one.content, two.content);
        assert_same_end(&one, &two);
        end(&one);
        end(&two);
    }
}

/* R-ALL-9, R-ALL-10: whenever the process dies, lockouts and the day's figures are what they would have been. */
static void
any_restart(void **state)
{
    static const struct store_options options = { .path = STORE_IN_MEMORY };

    (void)state;
    for (int32_t split = 1; split <= TICKS; split++) {
        begin(&one, trading, rules_table, 1 + (uint64_t)split % 7);
        begin(&two, trading, rules_table, 1 + (uint64_t)split % 7);
        assert_int_equal(store_open(&options, &two.store, NULL), OK);
        run(&one);
        while (two.tick < split)
            turn(&two);
        restart(&two);
        run(&two);
        assert_same_end(&one, &two);
        end(&one);
        end(&two);
    }
}

/* Events of one instant in any order: once the broker has done its work, the same is locked and held. */
static void
any_order_within_an_instant(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&one, sizes, rules_table, seed);
        run(&one);
        for (int32_t order = 1; order < 8; order++) {
            begin(&two, sizes, rules_table, seed);
            two.order_of_events = order;
            run(&two);
            assert_same_end(&one, &two);
            assert_memory_equal(one.sizes, two.sizes, sizeof one.sizes);
            end(&two);
        }
        end(&one);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_events_same_update),
        cmocka_unit_test(any_order_of_rules),
        cmocka_unit_test(any_restart),
        cmocka_unit_test(any_order_within_an_instant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
