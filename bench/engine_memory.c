/* engine_memory.c - see engine_memory.h. */
#include "engine_memory.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_ID 10000001
#define TRADES 39
#define HOLDERS 10
#define START_NS 1757514600000000000 /* gen_events.py's T0, so that sessions are open. */

static const struct { const char *id, *name; int64_t tick, value, price; } contracts[] = {
    { "CON.F.US.MNQ.U25", "MNQU5", 250000000, 500000, 23850 },
    { "CON.F.US.MES.U25", "MESU5", 250000000, 1250000, 6540 },
    { "CON.F.US.EP.U25", "ESU5", 250000000, 12500000, 6540 },
    { "CON.F.US.ENQ.U25", "NQU5", 250000000, 5000000, 23850 },
};

static const char *const rules[] = {
    "\"max_contracts\":{\"enabled\":true,\"limit\":1000}",
    "\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":1000,\"MES\":1000,\"ES\":1000,\"NQ\":1000}}",
    "\"daily_realized_loss\":{\"enabled\":true,\"limit\":-100000000}",
    "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":100000000,\"scope\":\"total\"}",
    "\"max_unrealized_profit\":{\"enabled\":true,\"mode\":\"profit_target\",\"profit_target\":100000000,\"scope\":\"total\"}",
    "\"trade_frequency_limit\":{\"enabled\":true,\"limits\":{\"per_minute\":100000,\"per_hour\":100000,\"per_session\":100000}}",
    "\"cooldown_after_loss\":{\"enabled\":true,\"loss_threshold\":100000000,\"cooldown_seconds\":120}",
    "\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":3600}",
    "\"session_block_outside\":{\"enabled\":true,\"global_session\":{\"enabled\":true,\"start\":\"18:00\",\"end\":\"17:00\","
        "\"timezone\":\"America/Chicago\"}}",
    "\"auth_loss_guard\":{\"enabled\":true}",
    "\"symbol_blocks\":{\"enabled\":true,\"blocked_symbols\":[\"GC\"]}",
    "\"trade_management\":{\"enabled\":true,\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":100000}}",
};

int64_t
bench_now_ns(void)
{
    struct timespec now;

    (void)timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
stop_unless(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_engine: %s\n", what);
    exit(EXIT_FAILURE);
}

/* With the first @count of the rules. */
static struct loaded_config *
config_of(int64_t first_id, int32_t accounts, size_t count)
{
    struct config_errors errors = { 0 };
    struct loaded_config *loaded = NULL;
    int64_t *ids = calloc((size_t)accounts, sizeof *ids);
    char bytes[4096], wanted[4096];
    struct text text = text_on(bytes, sizeof bytes), json = text_on(wanted, sizeof wanted);

    stop_unless(ids != NULL, "no memory");
    for (size_t i = 0; i < count; i++)
        text_addf(&json, "%s%s", i == 0 ? "{" : ",", rules[i]);
    text_add(&json, "}");
    for (int32_t i = 0; i < accounts; i++)
        ids[i] = first_id + i;
    enum status status = config_from_scenario(wanted, json.length, ids, accounts, rules_table, &loaded, &errors);
    config_errors_print(&errors, &text);
    stop_unless(status == OK, bytes);
    config_errors_fini(&errors);
    free(ids);
    return loaded;
}

struct loaded_config *
bench_config(int64_t first_id, int32_t accounts)
{
    return config_of(first_id, accounts, COUNT_OF(rules));
}

static void
feed(struct engine *engine, struct event *event, struct instant at)
{
    struct update update;

    event->at = at;
    engine_step(engine, event, &update);
}

static struct contract_id
contract_at(size_t index)
{
    struct contract_id id;

    (void)text_copy(id.text, sizeof id.text, contracts[index].id);
    return id;
}

struct engine *
bench_engine(const struct loaded_config *loaded, struct instant at)
{
    struct engine *engine = NULL;
    struct error err;

    stop_unless(engine_new(&loaded->config, rules_table, &engine, &err) == OK, "no engine");
    feed(engine, &(struct event){ .kind = EVENT_RESTORE }, at);
    for (size_t i = 0; i < COUNT_OF(contracts); i++) {
        struct event event = { .kind = EVENT_CONTRACT };
        event.u.contract = (struct contract_row){ .id = contract_at(i), .tick_size_nanos = contracts[i].tick,
            .tick_value_micros = contracts[i].value, .active = true };
        (void)text_copy(event.u.contract.name, sizeof event.u.contract.name, contracts[i].name);
        feed(engine, &event, at);
    }
    for (int32_t i = 0; i < loaded->config.accounts_count; i++) {
        struct account_row account = { .id = loaded->config.accounts[i].id, .can_trade = ANSWER_YES };
        struct event event = { .kind = EVENT_SNAPSHOT };
        event.u.snapshot = (struct snapshot){ .account_id = account.id, .asked_at = at, .account = &account,
            .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES };
        feed(engine, &event, at);
    }
    return engine;
}

/* ---- Accounts that hold something ---- */

static void
feed_position(struct engine *engine, int32_t account, size_t contract, struct instant at)
{
    struct event event = { .kind = EVENT_POSITION };

    event.u.position = (struct position_row){ .id = 825000000 + account * 4 + (int64_t)contract, .account_id = FIRST_ID + account,
        .contract = contract_at(contract), .created_at = at, .size = 1,
        .average_price_nanos = contracts[contract].price * NANOS_PER_UNIT };
    feed(engine, &event, at);
}

/* A protective stop, the @index-th; fed again with another price it is a modification. */
static void
feed_stop(struct engine *engine, int32_t account, size_t contract, int32_t index, int64_t ticks, struct instant at)
{
    struct event event = { .kind = EVENT_ORDER };

    event.u.order = (struct order_row){ .id = 3424000000 + ((int64_t)index * 100000 + account) * 4 + (int64_t)contract, .account_id = FIRST_ID + account,
        .contract = contract_at(contract), .created_at = at, .updated_at = at, .status = ORDER_OPEN, .type = ORDER_STOP,
        .side = SIDE_SELL, .size = 1, .has_stop_price = true,
        .stop_price_nanos = contracts[contract].price * NANOS_PER_UNIT - ticks * contracts[contract].tick };
    feed(engine, &event, at);
}

static void
feed_trade(struct engine *engine, int32_t account, int32_t index, struct instant at)
{
    struct event event = { .kind = EVENT_TRADE };
    int64_t id = 3004000000 + (int64_t)account * 1000 + index;

    event.u.trade = (struct trade_row){ .id = id, .account_id = FIRST_ID + account, .order_id = id, .contract = contract_at(0),
        .at = at, .has_pnl = index % 2 == 1, .side = index % 2, .size = 1, .pnl_micros = index % 2 * 10 * MICROS_PER_DOLLAR,
        .fees_micros = MICROS_PER_DOLLAR / 2 };
    feed(engine, &event, at);
}

static void
feed_quote(struct engine *engine, size_t contract, int64_t ticks, struct instant at)
{
    struct event event = { .kind = EVENT_QUOTE };
    int64_t last = contracts[contract].price * NANOS_PER_UNIT + ticks * contracts[contract].tick;

    event.u.quote = (struct quote_row){ .contract = contract_at(contract), .has_last = true, .has_bid = true, .has_ask = true,
        .last_nanos = last, .bid_nanos = last, .ask_nanos = last + contracts[contract].tick };
    feed(engine, &event, at);
}

/* ---- Memory ---- */

/* Counted page by page; the figure of /proc/self/status is some hundred KB behind. */
static int64_t
resident_bytes(void)
{
    char line[200];
    long long kilobytes = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");

    stop_unless(file != NULL, "no /proc/self/smaps_rollup");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "Rss:", 4) == 0)
            kilobytes = strtoll(line + 4, NULL, 10);
    (void)fclose(file);
    return kilobytes * 1024;
}

struct engine_memory
engine_memory_measure(int32_t accounts)
{
    struct instant at = { START_NS };
    int64_t start = resident_bytes();
    struct loaded_config *loaded = bench_config(FIRST_ID, accounts);
    int64_t configured = resident_bytes();
    struct engine *engine = bench_engine(loaded, at);

    for (int32_t i = 0; i < accounts; i++) {
        for (size_t contract = 0; contract < 2; contract++) {
            feed_position(engine, i, contract, at);
            feed_stop(engine, i, contract, 0, 40, at);
        }
        for (int32_t trade = 0; trade < TRADES; trade++)
            feed_trade(engine, i, trade, at);
    }
    struct engine_memory memory = { .engine_bytes = resident_bytes() - configured, .config_bytes = configured - start };
    engine_free(engine);
    loaded_config_free(loaded);
    return memory;
}

/* ---- Cost against the size of things ---- */

static struct engine *
engine_with(const struct engine_load *load, const struct loaded_config *loaded, struct instant at)
{
    struct engine *engine = bench_engine(loaded, at);

    for (int32_t i = 0; i < HOLDERS && i < load->accounts; i++)
        for (size_t contract = 0; contract < (size_t)load->positions; contract++) {
            feed_position(engine, i, contract, at);
            for (int32_t order = 0; order < load->orders; order++)
                feed_stop(engine, i, contract, order, 40, at);
        }
    return engine;
}

/* Eight of ten are quotes, the others move stops. */
static struct instant
feed_many(struct engine *engine, const struct engine_load *load, int32_t events, struct instant at)
{
    int32_t holders = load->accounts < HOLDERS ? load->accounts : HOLDERS;

    for (int32_t i = 0; i < events; i++) {
        at = instant_add(at, SPAN_MS(1));
        if (i % 10 < 8)
            feed_quote(engine, (size_t)(i % load->positions), i % 7, at);
        else
            feed_stop(engine, i / 10 % holders, (size_t)(i % load->positions), i / 100 % load->orders, 40 + i % 7, at);
    }
    return at;
}

double
engine_memory_cost(const struct engine_load *load, int32_t events)
{
    struct instant at = { START_NS };
    struct loaded_config *loaded = config_of(FIRST_ID, load->accounts, (size_t)load->rules);
    struct engine *engine = engine_with(load, loaded, at);
    int64_t start = bench_now_ns();

    (void)feed_many(engine, load, events, at);
    double cost = (double)(bench_now_ns() - start) / events;
    engine_free(engine);
    loaded_config_free(loaded);
    return cost;
}

int64_t
engine_memory_growth(int32_t events)
{
    const struct engine_load load = ENGINE_LOAD;
    struct instant at = { START_NS };
    struct loaded_config *loaded = config_of(FIRST_ID, load.accounts, (size_t)load.rules);
    struct engine *engine = engine_with(&load, loaded, at);

    at = feed_many(engine, &load, events / 10, at);
    int64_t before = resident_bytes();
    (void)feed_many(engine, &load, events - events / 10, at);
    int64_t grown = resident_bytes() - before;
    engine_free(engine);
    loaded_config_free(loaded);
    return grown;
}
