/*
 * view_fixture.c - see view_fixture.h.
 */
#include "lib/view_fixture.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "base/zone.h"
#include "core/day.h"
#include "core/products.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct instant
fixture_at(const char *text)
{
    struct instant instant;

    ASSERT(instant_parse(text, strlen(text), &instant));
    return instant;
}

int64_t
fixture_price(const char *text)
{
    int64_t nanos;

    ASSERT(price_parse(text, strlen(text), &nanos));
    return nanos;
}

int64_t
fixture_money(const char *text)
{
    int64_t micros;

    ASSERT(money_parse(text, strlen(text), &micros));
    return micros;
}

static const struct zone *
load_zone(struct fixture *f, const char *name)
{
    struct error err;

    for (int32_t i = 0; i < f->zones_count; i++) {
        if (strcmp(zone_name(f->zones[i]), name) == 0)
            return f->zones[i];
    }
    ASSERT(f->zones_count < (int32_t)COUNT_OF(f->zones));
    ASSERT(zone_load(NULL, name, &f->zones[f->zones_count], &err) == OK);
    return f->zones[f->zones_count++];
}

/* ---- a small binder: one value into one field ---- */

static bool
has_key(const struct param *param, const char *key)
{
    size_t length = strlen(key);

    for (const char *k = param->keys; k != NULL; k = strchr(k, '|')) {
        k += *k == '|' ? 1 : 0;
        if (strncmp(k, key, length) == 0 && (k[length] == 0 || k[length] == '|'))
            return true;
        if (strchr(k, '|') == NULL)
            break;
    }
    return false;
}

static const struct param *
find_param(const struct param *params, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (has_key(&params[i], key))
            return &params[i];
    }
    fprintf(stderr, "no parameter %s\n", key);
    abort();
}

/* "[a, b]" word by word. */
static void
set_words(struct symbols *words, const char *text)
{
    char copy[512], *word;

    ASSERT(text_copy(copy, sizeof copy, text));
    words->count = 0;
    for (word = strtok(copy, "[], "); word != NULL; word = strtok(NULL, "[], "))
        ASSERT(text_copy(words->items[words->count++].text, ROOT_MAX, word));
}

static void
set_limits(struct symbol_limits *limits, const char *text)
{
    char copy[512], *word;

    ASSERT(text_copy(copy, sizeof copy, text));
    limits->count = 0;
    for (word = strtok(copy, "{}, :"); word != NULL; word = strtok(NULL, "{}, :")) {
        ASSERT(text_copy(limits->items[limits->count].symbol.text, ROOT_MAX, word));
        limits->items[limits->count++].limit = atoi(strtok(NULL, "{}, :"));
    }
}

static void
set_dates(struct dates *dates, const char *text)
{
    struct symbols words;

    set_words(&words, text);
    dates->count = 0;
    for (int32_t i = 0; i < words.count; i++) {
        int year, month, day;
        ASSERT(sscanf(words.items[i].text, "%d-%d-%d", &year, &month, &day) == 3);
        dates->days[dates->count++] = (int32_t)civil_to_days(year, month, day);
    }
}

static int32_t
choice_of(const struct param *param, const char *text)
{
    for (const struct choice *choice = param->choices; choice->word != NULL; choice++) {
        if (text_same(choice->word, text))
            return choice->value;
    }
    fprintf(stderr, "%s: not a choice: %s\n", param->keys, text);
    abort();
}

static int64_t
number_of(const struct param *param, const char *text)
{
    int64_t value = param->kind == PARAM_MONEY ? llabs(fixture_money(text)) : strtoll(text, NULL, 10);

    ASSERT(value >= param->min && value <= param->max);
    return value;
}

static void
set_field(struct fixture *f, const struct param *param, void *object, const char *text)
{
    char *field = (char *)object + param->offset;
    struct error err;

    switch (param->kind) {
    case PARAM_FLAG:
        *(bool *)(void *)field = strcmp(text, "true") == 0;
        break;
    case PARAM_INT:
    case PARAM_MONEY:
        *(int64_t *)(void *)field = number_of(param, text);
        break;
    case PARAM_SECONDS:
        *(struct span *)(void *)field = SPAN_SECONDS(number_of(param, text));
        break;
    case PARAM_CHOICE:
        *(int32_t *)(void *)field = choice_of(param, text);
        break;
    case PARAM_SYMBOLS:
    case PARAM_WORDS:
        set_words((struct symbols *)(void *)field, text);
        break;
    case PARAM_LIMITS:
        set_limits((struct symbol_limits *)(void *)field, text);
        break;
    case PARAM_ZONE:
        *(const struct zone **)(void *)field = load_zone(f, text);
        break;
    case PARAM_TIME:
        ASSERT(session_clock_parse(text, (int32_t *)(void *)field));
        break;
    case PARAM_DATES:
        set_dates((struct dates *)(void *)field, text);
        break;
    case PARAM_TEXT:
        ASSERT(param->parse(text, field, &err) == OK);
        break;
    case PARAM_LIST:
    case PARAM_MAP:
    case PARAM_BLOCK:
        break; /* By fixture_set_item. */
    }
}

static void
set_present(const struct param *param, void *object)
{
    if (param->present_offset != 0)
        *(bool *)(void *)((char *)object + param->present_offset - 1) = true;
}

void
fixture_set(struct fixture *f, const char *key, const char *text)
{
    const struct param *param = find_param(f->rule->params, f->rule->params_count, key);

    set_field(f, param, f->rule_config, text);
    set_present(param, f->rule_config);
}

static void
set_defaults(struct fixture *f, const struct param *params, size_t count, void *object)
{
    for (size_t i = 0; i < count; i++) {
        if (params[i].value != NULL)
            set_field(f, &params[i], object, params[i].value);
        else if (params[i].kind == PARAM_TIME)
            *(int32_t *)(void *)((char *)object + params[i].offset) = -1;
        if (params[i].off_if_block_missing)
            set_field(f, &params[i], object, "false");
    }
}

void
fixture_set_item(struct fixture *f, const char *key, int32_t index, const char *subkey, const char *text)
{
    const struct param *param = find_param(f->rule->params, f->rule->params_count, key);
    int32_t *count = (int32_t *)(void *)((char *)f->rule_config + param->count_offset);
    char *item = (char *)f->rule_config + param->offset + (size_t)index * param->item_size;

    set_present(param, f->rule_config);
    if (index >= *count) {
        *count = index + 1;
        memset(item, 0, param->item_size);
        set_defaults(f, param->items, param->items_count, item);
    }
    if (strcmp(subkey, "symbol") == 0)
        ASSERT(text_copy(((struct symbol *)(void *)item)->text, ROOT_MAX, text));
    else
        set_field(f, find_param(param->items, param->items_count, subkey), item, text);
}

enum status
fixture_check(struct fixture *f, struct error *err)
{
    return f->rule->check != NULL ? f->rule->check(f->rule_config, err) : OK;
}

/* ---- the account ---- */

void
fixture_init(struct fixture *f, const struct rule *rule)
{
    memset(f, 0, sizeof *f);
    f->rule = rule;
    f->rule_config = calloc(1, rule->config_size);
    ASSERT(f->rule_config != NULL);
    set_defaults(f, rule->params, rule->params_count, f->rule_config);
    f->config = (struct config){ .day_zone = load_zone(f, "America/New_York"), .reset_second = 61200,
        .alarm_after = SPAN_SECONDS(5), .warn_percent = 70, .alert_percent = 90, .stale_after = SPAN_SECONDS(10) };
    f->view = (struct view){ .config = &f->config, .account_config = &f->account_config, .account_id = 123, .rule = rule->number,
        .engine = &f->engine, .account = &f->account, .rule_bit = 1, .account_memory = f->account_memory,
        .account_memory_size = rule->account_memory_size,
        .positions_known = true, .orders_known = true, .now = fixture_at("2025-01-17T19:30:00Z") };
    f->engine.trades = (struct pool){ .memory = (unsigned char *)f->trades, .item_size = sizeof f->trades[0],
        .capacity = FIXTURE_TRADES };
    f->engine.trades_by_order = &f->trades_by_order;
    f->engine.trade_chains = 1;
    f->view.day.starts_at = fixture_at("2025-01-16T22:00:00Z");
    f->view.day.ends_at = fixture_at("2025-01-17T22:00:00Z");
}

void
fixture_fini(struct fixture *f)
{
    for (int32_t i = 0; i < f->zones_count; i++)
        zone_free(f->zones[i]);
    free(f->rule_config);
}

struct contract *
fixture_contract(struct fixture *f, const char *root, const char *expiry)
{
    static const struct {
        const char *root, *code, *tick, *value;
    } known[] = { { "ES", "EP", "0.25", "12.5" }, { "NQ", "ENQ", "0.25", "5" }, { "MES", "MES", "0.25", "1.25" },
        { "MNQ", "MNQ", "0.25", "0.5" }, { "RTY", "RTY", "0.1", "5" }, { "CL", "CLE", "0.01", "10" } };
    struct contract *contract = &f->contracts[f->contracts_count++];
    const char *code = root;

    ASSERT(f->contracts_count <= (int32_t)COUNT_OF(f->contracts));
    (void)text_copy(contract->root, ROOT_MAX, root);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(known[i].root, root) != 0)
            continue;
        code = known[i].code;
        contract->tick_size_nanos = fixture_price(known[i].tick);
        contract->tick_value_micros = fixture_money(known[i].value);
    }
    contract->micro = product_is_micro(root);
    (void)text_copy(contract->code, ROOT_MAX, code);
    (void)snprintf(contract->id.text, sizeof contract->id.text, "CON.F.US.%s.%s", code, expiry);
    return contract;
}

struct position *
fixture_position(struct fixture *f, struct contract *contract, int32_t size, const char *average)
{
    struct position *position = &f->positions[f->positions_count++];

    ASSERT(f->positions_count <= FIXTURE_POSITIONS);
    *position = (struct position){ .contract = contract, .next = f->account.positions, .id = 455 + f->positions_count, .size = size,
        .average_price_nanos = fixture_price(average), .created_at = f->view.now, .sequence = (uint64_t)f->positions_count,
        .account = &f->account };
    f->account.positions = position;
    return position;
}

struct order *
fixture_order(struct fixture *f, struct contract *contract, int32_t type, int32_t side, int32_t size, const char *stop)
{
    struct order *order = &f->orders[f->orders_count++];

    ASSERT(f->orders_count <= FIXTURE_ORDERS);
    *order = (struct order){ .id = 9000 + f->orders_count, .contract = contract, .next = f->account.orders, .status = ORDER_OPEN,
        .type = type, .side = side, .size = size };
    order->has_stop_price = stop != NULL;
    if (stop != NULL)
        order->stop_price_nanos = fixture_price(stop);
    f->account.orders = order;
    return order;
}

void
fixture_settle_orders(struct fixture *f)
{
    for (struct trade *t = ledger_trade(&f->engine, f->account.newest_trade); t != NULL; t = ledger_trade(&f->engine, t->older)) {
        t->first_of_order = t->opened && !t->voided;
        for (const struct trade *older = view_older_trade(&f->view, t); older != NULL; older = view_older_trade(&f->view, older)) {
            if (older->order_id == t->order_id && older->opened && !older->voided)
                t->first_of_order = false;
        }
    }
}

struct trade *
fixture_trade(struct fixture *f, const char *time, int64_t order_id, const char *pnl)
{
    struct trade *trade = &f->trades[f->trades_count++];
    const struct trade *older = view_newest_trade(&f->view);
    struct trade *newer = NULL;
    uint32_t number = (uint32_t)f->trades_count;

    ASSERT(f->trades_count <= FIXTURE_TRADES);
    f->engine.trades.fresh = number;
    *trade = (struct trade){ .id = 101000 + f->trades_count, .order_id = order_id, .at = fixture_at(time), .size = 1, .has_pnl = pnl != NULL,
        .opened = pnl == NULL, .judged = true, .next_same_order = f->trades_by_order };
    f->trades_by_order = number;
    if (pnl != NULL)
        trade->pnl_micros = fixture_money(pnl);
    while (older != NULL && instant_before(trade->at, older->at)) {
        newer = ledger_trade(&f->engine, pool_number(&f->engine.trades, older));
        older = view_older_trade(&f->view, older);
    }
    if (newer != NULL) {
        trade->older = newer->older;
        newer->older = number & ((1u << TRADE_BITS) - 1);
    } else {
        trade->older = f->account.newest_trade & ((1u << TRADE_BITS) - 1);
        f->account.newest_trade = number;
    }
    fixture_settle_orders(f);
    return trade;
}

void
fixture_lockout(struct fixture *f, enum lock_kind kind, const char *until, int64_t seconds)
{
    f->lock.lockout = (struct lockout){ .account_id = 123, .rule = f->rule->number, .kind = kind, .end = LOCK_UNTIL_TIME,
        .since = f->view.now, .until = fixture_at(until), .duration = SPAN_SECONDS(seconds) };
    f->account.lockouts = &f->lock;
}

void
fixture_quote(struct fixture *f, struct contract *contract, const char *last)
{
    contract->has_last = true;
    contract->last_nanos = fixture_price(last);
    contract->quoted_at = f->view.now;
    for (int mark = 0; mark < MARKS; mark++) {
        f->view.open_micros[mark] = 0;
        f->view.unpriced[mark] = 0;
        for (struct position *p = f->account.positions; p != NULL; p = p->next) {
            p->priced[mark] = p->contract->has_last && p->contract->tick_size_nanos > 0;
            if (!p->priced[mark]) {
                f->view.unpriced[mark] += p->size != 0;
                continue;
            }
            p->open_micros[mark] = money_scale((p->contract->last_nanos - p->average_price_nanos) * p->size,
                p->contract->tick_value_micros, p->contract->tick_size_nanos);
            f->view.open_micros[mark] += p->open_micros[mark];
        }
    }
}

/* As the ledger keeps them. */
static void
count_day(struct fixture *f)
{
    struct view *view = &f->view;

    view->day.trades = view->day.round_turns = view->entries_today = 0;
    for (const struct trade *t = view_newest_trade(&f->view); t != NULL; t = view_older_trade(&f->view, t)) {
        if (t->voided || instant_before(t->at, view->day.starts_at) || !instant_before(t->at, view->day.ends_at))
            continue;
        view->day.trades++;
        view->day.round_turns += t->has_pnl ? 1 : 0;
        view->entries_today += t->first_of_order ? 1 : 0;
    }
}

const struct verdict *
fixture_ask(struct fixture *f, enum event_kind wake)
{
    f->view.wake = wake;
    count_day(f);
    verdict_clear(&f->verdict);
    f->rule->evaluate(f->rule_config, &f->view, &f->verdict);
    return &f->verdict;
}

const struct verdict *
fixture_judge(struct fixture *f, struct trade *trade)
{
    trade->judged = false;
    f->view.now = instant_max(f->view.now, trade->at);
    f->view.trade = trade;
    (void)fixture_ask(f, EVENT_TRADE);
    f->view.trade = NULL;
    trade->judged = true;
    return &f->verdict;
}

int32_t
fixture_wanted(const struct fixture *f, const struct position *position)
{
    for (int32_t i = 0; i < f->verdict.sizes_count; i++) {
        if (f->verdict.sizes[i].position == position)
            return f->verdict.sizes[i].size;
    }
    return -1;
}

bool
fixture_cancels(const struct fixture *f, const struct order *order)
{
    for (int32_t i = 0; i < f->verdict.cancels_count; i++) {
        if (f->verdict.cancels[i] == order)
            return true;
    }
    return false;
}

const struct want_lock *
fixture_lock_of(const struct fixture *f, const char *root)
{
    for (int32_t i = 0; i < f->verdict.locks_count; i++) {
        if (strcmp(f->verdict.locks[i].root, root) == 0)
            return &f->verdict.locks[i];
    }
    return NULL;
}
