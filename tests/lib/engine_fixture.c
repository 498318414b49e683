/* engine_fixture.c - see engine_fixture.h. */
#include "lib/engine_fixture.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "rules/rules.h"

#include <stdio.h>
#include <string.h>

static struct contract_id
contract_of(const char *text)
{
    struct contract_id id;

    (void)text_copy(id.text, sizeof id.text, text);
    return id;
}

void
story_open_bare(struct engine_fixture *fixture, const char *config)
{
    static const int64_t ids[] = { FIXTURE_ACCOUNT };
    struct config_errors errors = { 0 };
    struct error err;

    *fixture = (struct engine_fixture){ 0 };
    ASSERT(instant_parse("2025-01-17T19:30:00Z", 20, &fixture->now));
    ASSERT(config_from_scenario(config, strlen(config), ids, 1, rules_table, &fixture->loaded, &errors) == OK);
    ASSERT(engine_new(&fixture->loaded->config, rules_table, &fixture->engine, &err) == OK);
}

void
story_open(struct engine_fixture *fixture, const char *config)
{
    static const struct { const char *id, *name; int64_t tick, value; } contracts[] = {
        { FIXTURE_MNQ, "MNQU5", 250000000, 500000 }, { FIXTURE_RTY, "RTYU5", 100000000, 5000000 } };

    story_open_bare(fixture, config);
    story_feed(fixture, &(struct event){ .kind = EVENT_RESTORE });
    for (size_t i = 0; i < COUNT_OF(contracts); i++) {
        struct event event = { .kind = EVENT_CONTRACT };
        event.u.contract = (struct contract_row){ .id = contract_of(contracts[i].id), .tick_size_nanos = contracts[i].tick,
            .tick_value_micros = contracts[i].value, .active = true };
        (void)text_copy(event.u.contract.name, sizeof event.u.contract.name, contracts[i].name);
        story_feed(fixture, &event);
    }
    story_read(fixture, FIXTURE_MNQ, 0, NULL, 0);
}

void
story_close(struct engine_fixture *fixture)
{
    engine_free(fixture->engine);
    loaded_config_free(fixture->loaded);
}

void
story_feed(struct engine_fixture *fixture, struct event *event)
{
    event->at = fixture->now;
    engine_step(fixture->engine, event, &fixture->update);
}

int
story_count_while(struct engine_fixture *fixture, int64_t ms, enum command_kind kind)
{
    struct instant until = instant_add(fixture->now, SPAN_MS(ms));
    int count = 0;

    do {
        fixture->now = instant_min(until, instant_max(engine_deadline(fixture->engine), fixture->now));
        story_feed(fixture, &(struct event){ .kind = EVENT_CLOCK });
        count += story_count(fixture, kind);
    } while (instant_before(fixture->now, until));
    return count;
}

void
story_wait_ms(struct engine_fixture *fixture, int64_t ms)
{
    (void)story_count_while(fixture, ms, COMMAND_CLOSE);
}

void
story_position(struct engine_fixture *fixture, const char *contract, int32_t size)
{
    struct event event = { .kind = EVENT_POSITION };

    event.u.position = (struct position_row){ .id = 456, .account_id = FIXTURE_ACCOUNT, .contract = contract_of(contract),
        .size = size, .average_price_nanos = 21000 * NANOS_PER_UNIT }; /* No beginning told: one life after the other under one id. */
    story_feed(fixture, &event);
}

void
story_order(struct engine_fixture *fixture, int64_t id, const char *contract, int32_t status, int32_t type, int32_t side,
    int32_t size, int32_t filled)
{
    struct event event = { .kind = EVENT_ORDER };

    event.u.order = (struct order_row){ .id = id, .account_id = FIXTURE_ACCOUNT, .contract = contract_of(contract),
        .created_at = fixture->now, .updated_at = fixture->now, .status = status, .type = type, .side = side, .size = size,
        .filled = filled, .has_stop_price = type == ORDER_STOP, .stop_price_nanos = 20900 * NANOS_PER_UNIT };
    story_feed(fixture, &event);
}

void
story_trade(struct engine_fixture *fixture, int64_t id, int64_t pnl_dollars)
{
    struct event event = { .kind = EVENT_TRADE };

    event.u.trade = (struct trade_row){ .id = id, .account_id = FIXTURE_ACCOUNT, .order_id = id, .contract = contract_of(FIXTURE_MNQ),
        .at = fixture->now, .has_pnl = true, .side = SIDE_SELL, .size = 1, .pnl_micros = pnl_dollars * MICROS_PER_DOLLAR };
    story_feed(fixture, &event);
}

void
story_quote(struct engine_fixture *fixture, const char *contract, int64_t last_units)
{
    struct event event = { .kind = EVENT_QUOTE };

    event.u.quote = (struct quote_row){ .contract = contract_of(contract), .has_last = true, .last_nanos = last_units * NANOS_PER_UNIT };
    story_feed(fixture, &event);
}

void
story_answer(struct engine_fixture *fixture, uint64_t command, enum outcome outcome)
{
    struct event event = { .kind = EVENT_ANSWER };

    event.u.answer = (struct answer_event){ .command_id = command, .outcome = outcome, .code = -1 };
    story_feed(fixture, &event);
}

void
story_read(struct engine_fixture *fixture, const char *contract, int32_t size, const struct order_row *orders, uint32_t orders_count)
{
    struct position_row position = { .id = 456, .account_id = FIXTURE_ACCOUNT, .contract = contract_of(contract), .size = size,
        .average_price_nanos = 21000 * NANOS_PER_UNIT };
    struct account_row account = { .id = FIXTURE_ACCOUNT, .can_trade = ANSWER_YES };
    struct event event = { .kind = EVENT_SNAPSHOT };

    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS,
        .asked_at = fixture->now, .account = &account, .positions = &position, .positions_count = size != 0 ? 1 : 0,
        .orders = orders, .orders_count = orders_count };
    story_feed(fixture, &event);
}

int
story_count(const struct engine_fixture *fixture, enum command_kind kind)
{
    int count = 0;

    for (uint32_t i = 0; i < fixture->update.commands_count; i++)
        count += fixture->update.commands[i].kind == kind ? 1 : 0;
    return count;
}

const struct command *
story_only(const struct engine_fixture *fixture, enum command_kind kind)
{
    const struct command *found = NULL;

    ASSERT(story_count(fixture, kind) == 1);
    for (uint32_t i = 0; i < fixture->update.commands_count; i++)
        found = fixture->update.commands[i].kind == kind ? &fixture->update.commands[i] : found;
    return found;
}

int
story_notices(const struct engine_fixture *fixture, enum notice_kind kind)
{
    int count = 0;

    for (uint32_t i = 0; i < fixture->update.notices_count; i++)
        count += fixture->update.notices[i].kind == kind ? 1 : 0;
    return count;
}

int
story_records(const struct engine_fixture *fixture, enum record_kind kind)
{
    int count = 0;

    for (uint32_t i = 0; i < fixture->update.records_count; i++)
        count += fixture->update.records[i].kind == kind ? 1 : 0;
    return count;
}

struct account_status
story_status(const struct engine_fixture *fixture)
{
    struct account_status status;

    ASSERT(engine_account(fixture->engine, FIXTURE_ACCOUNT, &status));
    return status;
}

static void
add_size(void *context, const struct position *position)
{
    *(int32_t *)context += position->size;
}

int32_t
story_held(const struct engine_fixture *fixture)
{
    int32_t size = 0;

    engine_each_position(fixture->engine, FIXTURE_ACCOUNT, add_size, &size);
    return size;
}

static void
count_order(void *context, const struct order *order)
{
    (void)order;
    ++*(int *)context;
}

int
story_working(const struct engine_fixture *fixture)
{
    int count = 0;

    engine_each_order(fixture->engine, FIXTURE_ACCOUNT, count_order, &count);
    return count;
}
