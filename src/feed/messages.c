/*
 * messages.c - what the feed says, in docs/feed-protocol.md's words.
 *
 * The only place that knows the fields of the messages' data.  Positions, orders and trades have the same fields whether they come
 * as the broker's row or from the engine's books, so a listener keeps one list: `snapshot` fills it, later messages replace entries by id.
 */
#include "feed/messages.h"

#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_TEXT_MAX 24

struct words {
    const char *const *words; /* By value; NULL where there is none. */
    int32_t count;
};

static const char *const order_statuses[] = { "none", "open", "filled", "cancelled", "expired", "rejected", "pending",
    "pending_cancel", "suspended" };
static const char *const order_types[] = { NULL, "limit", "market", "stop_limit", "stop", "trailing_stop" };
static const char *const sides[] = { "buy", "sell" };
static const char *const lock_kinds[] = { "flat", "entries", "block" };
static const char *const lock_ends[] = { "time", "reset", "cleared", "admin" };
static const char *const actions[] = { "none", "warn", "move_stop", "cancel_order", "reduce", "close_position", "cooldown",
    "close_all", "lock" };
static const char *const units[] = { "contracts", "contracts", "dollars", "trades", "seconds", "none" };
static const char *const steps[] = { "sent", "answered", "proven" };
static const char *const levels[] = { "green", "yellow", "red" };

#define WORDS(table) ((struct words){ (table), (int32_t)COUNT_OF(table) })

static void
add_word(struct json_writer *json, const char *key, struct words words, int32_t value)
{
    char number[NUMBER_TEXT_MAX];

    if (value >= 0 && value < words.count && words.words[value] != NULL) {
        json_add_string(json, key, words.words[value]);
        return;
    }
    snprintf(number, sizeof number, "%" PRId32, value);
    json_add_string(json, key, number);
}

static void
add_instant(struct json_writer *json, const char *key, struct instant at)
{
    char text[INSTANT_TEXT_MAX];

    if (instant_equal(at, INSTANT_NONE) || instant_is_never(at)) {
        json_add_null(json, key);
        return;
    }
    instant_format(at, text, sizeof text);
    json_add_string(json, key, text);
}

static void
add_price(struct json_writer *json, const char *key, bool present, int64_t nanos)
{
    if (present)
        json_add_price(json, key, nanos);
    else
        json_add_null(json, key);
}

static void
add_money(struct json_writer *json, const char *key, bool present, int64_t micros)
{
    if (present)
        json_add_money(json, key, micros);
    else
        json_add_null(json, key);
}

void
messages_add_answer(struct json_writer *json, const char *key, enum answer answer)
{
    if (answer == ANSWER_UNKNOWN)
        json_add_null(json, key);
    else
        json_add_bool(json, key, answer == ANSWER_YES);
}

/* A rule's figure in its unit. */
static void
add_figure(struct json_writer *json, const char *key, int64_t value, int32_t unit)
{
    char text[MONEY_TEXT_MAX];

    if (unit == UNIT_MICROS) {
        json_add_money(json, key, value);
    } else if (unit == UNIT_TENTHS_OF_CONTRACT) {
        decimal_format(value, 1, text, sizeof text);
        json_add_raw(json, key, text);
    } else {
        json_add_int(json, key, value);
    }
}

static void
add_figures(struct json_writer *json, int64_t observed, int64_t limit, int32_t unit)
{
    add_figure(json, "observed", observed, unit);
    add_figure(json, "limit", limit, unit);
    add_word(json, "unit", WORDS(units), unit);
}

/* ---- Positions, orders, trades, quotes ---- */

static void
add_contract(struct json_writer *json, const char *id, const struct contract *contract)
{
    json_add_string(json, "contract", id);
    json_add_string(json, "root", contract == NULL ? NULL : contract->root);
}

static void
add_position(struct json_writer *json, const struct position_row *row, const struct contract *contract, const int64_t *open_micros)
{
    bool known = contract != NULL && contract->tick_size_nanos > 0;

    json_open(json, NULL, '{');
    json_add_int(json, "id", row->id);
    add_contract(json, row->contract.text, contract);
    json_add_int(json, "size", row->size);
    json_add_price(json, "average_price", row->average_price_nanos);
    add_instant(json, "created_at", row->created_at);
    add_money(json, "open_pnl", open_micros != NULL, open_micros == NULL ? 0 : *open_micros);
    add_price(json, "tick_size", known, known ? contract->tick_size_nanos : 0);
    add_money(json, "tick_value", known, known ? contract->tick_value_micros : 0);
    json_close(json, '}');
}

void
messages_position_row(struct json_writer *json, const struct position_row *row, const struct contract *contract)
{
    add_position(json, row, contract, NULL);
}

void
messages_position(struct json_writer *json, const struct position *position)
{
    const struct position_row row = { .id = position->id, .contract = position->contract->id, .size = position->size,
        .average_price_nanos = position->average_price_nanos, .created_at = position->created_at };

    add_position(json, &row, position->contract, position->priced[MARK_LAST] ? &position->open_micros[MARK_LAST] : NULL);
}

void
messages_order_row(struct json_writer *json, const struct order_row *row, const struct contract *contract)
{
    json_open(json, NULL, '{');
    json_add_int(json, "id", row->id);
    add_contract(json, row->contract.text, contract);
    add_word(json, "status", WORDS(order_statuses), row->status);
    json_add_bool(json, "working", order_may_execute(row->status));
    add_word(json, "type", WORDS(order_types), row->type);
    add_word(json, "side", WORDS(sides), row->side);
    json_add_int(json, "size", row->size);
    json_add_int(json, "filled", row->filled);
    add_price(json, "limit_price", row->has_limit_price, row->limit_price_nanos);
    add_price(json, "stop_price", row->has_stop_price, row->stop_price_nanos);
    json_add_int(json, "parent_id", row->parent_id);
    add_instant(json, "created_at", row->created_at);
    add_instant(json, "updated_at", row->updated_at);
    json_close(json, '}');
}

void
messages_order(struct json_writer *json, const struct order *order)
{
    const struct order_row row = { .id = order->id, .contract = order->contract->id, .status = order->status, .type = order->type,
        .side = order->side, .size = order->size, .filled = order->filled, .has_limit_price = order->has_limit_price,
        .limit_price_nanos = order->limit_price_nanos, .has_stop_price = order->has_stop_price,
        .stop_price_nanos = order->stop_price_nanos, .parent_id = order->parent_id, .created_at = order->created_at,
        .updated_at = order->updated_at };

    messages_order_row(json, &row, order->contract);
}

static void
add_trade(struct json_writer *json, const struct trade_row *row, const struct contract *contract, bool has_price)
{
    json_open(json, NULL, '{');
    json_add_int(json, "id", row->id);
    json_add_int(json, "order_id", row->order_id);
    add_contract(json, row->contract.text, contract);
    add_instant(json, "at", row->at);
    add_word(json, "side", WORDS(sides), row->side);
    json_add_int(json, "size", row->size);
    add_price(json, "price", has_price, row->price_nanos);
    add_money(json, "pnl", row->has_pnl, row->pnl_micros);
    json_add_money(json, "fees", money_add(row->fees_micros, row->commissions_micros));
    json_add_bool(json, "voided", row->voided);
    json_close(json, '}');
}

void
messages_trade_row(struct json_writer *json, const struct trade_row *row, const struct contract *contract)
{
    add_trade(json, row, contract, true);
}

void
messages_trade(struct json_writer *json, const struct trade *trade, const struct contract *contract, const int64_t *price_nanos)
{
    const struct trade_row row = { .id = trade->id, .order_id = trade->order_id, .contract = contract->id, .at = trade->at,
        .price_nanos = price_nanos != NULL ? *price_nanos : 0, .side = trade->side, .size = (int32_t)trade->size, .has_pnl = trade->has_pnl,
        .pnl_micros = trade->pnl_micros, .fees_micros = trade->costs_micros, .voided = trade->voided };

    add_trade(json, &row, contract, price_nanos != NULL);
}

void
messages_account_row(struct json_writer *json, const struct account_row *row)
{
    json_open(json, NULL, '{');
    json_add_int(json, "id", row->id);
    json_add_string(json, "name", row->name);
    add_money(json, "balance", row->has_balance, row->balance_micros);
    messages_add_answer(json, "can_trade", row->can_trade);
    messages_add_answer(json, "simulated", row->simulated);
    json_close(json, '}');
}

void
messages_quote(struct json_writer *json, const struct contract *contract)
{
    json_open(json, NULL, '{');
    add_contract(json, contract->id.text, contract);
    add_price(json, "last", contract->has_last, contract->last_nanos);
    add_price(json, "bid", contract->has_bid, contract->bid_nanos);
    add_price(json, "ask", contract->has_ask, contract->ask_nanos);
    add_instant(json, "quoted_at", contract->quoted_at);
    json_close(json, '}');
}

/* ---- Lockouts, days, gauges ---- */

static void
add_lockout_fields(struct json_writer *json, const struct lockout *lockout)
{
    json_add_int(json, "rule", lockout->rule);
    json_add_string(json, "root", lockout->root);
    add_word(json, "kind", WORDS(lock_kinds), (int32_t)lockout->kind);
    add_word(json, "end", WORDS(lock_ends), (int32_t)lockout->end);
    add_instant(json, "since", lockout->since);
    add_instant(json, "until", lockout->until);
    json_add_int(json, "incident", (int64_t)lockout->incident);
    json_add_string(json, "why", lockout->why);
}

void
messages_lockout(struct json_writer *json, const struct lockout *lockout)
{
    json_open(json, NULL, '{');
    add_lockout_fields(json, lockout);
    json_close(json, '}');
}

void
messages_day(struct json_writer *json, const char *key, const struct day_totals *day)
{
    char date[NUMBER_TEXT_MAX * 3];
    int year, month, civil_day;

    civil_from_days(day->date, &year, &month, &civil_day);
    snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, civil_day);
    json_open(json, key, '{');
    json_add_string(json, "date", date);
    add_instant(json, "starts_at", day->starts_at);
    add_instant(json, "ends_at", day->ends_at);
    json_add_money(json, "gross", day->gross_micros);
    json_add_money(json, "fees", day->fees_micros);
    json_add_money(json, "realized", money_add(day->gross_micros, -day->fees_micros));
    json_add_int(json, "trades", day->trades);
    json_add_int(json, "round_turns", day->round_turns);
    json_add_money(json, "open_low", day->open_low_micros);
    json_add_money(json, "open_high", day->open_high_micros);
    json_add_money(json, "realized_low", day->realized_low_micros);
    json_add_money(json, "realized_high", day->realized_high_micros);
    json_close(json, '}');
}

void
messages_gauge(struct json_writer *json, int32_t rule, const struct gauge *gauge)
{
    json_open(json, NULL, '{');
    json_add_int(json, "rule", rule);
    add_word(json, "level", WORDS(levels), gauge->level);
    add_figures(json, gauge->observed, gauge->limit, (int32_t)gauge->unit);
    json_close(json, '}');
}

/* ---- Notices ---- */

static void
add_enforcement(struct json_writer *json, const struct notice *notice)
{
    const struct command *command = &notice->u.enforcement.command;
    enum enforcement_step step = notice->u.enforcement.step;

    json_open(json, NULL, '{');
    add_word(json, "step", WORDS(steps), (int32_t)step);
    json_add_int(json, "incident", (int64_t)notice->incident);
    json_add_int(json, "rule", notice->rule);
    json_add_string(json, "command", command_kind_name(command->kind));
    json_add_string(json, "contract", command->contract.text);
    json_add_int(json, "order_id", command->order_id);
    json_add_int(json, "size", command->size);
    add_price(json, "price", command->price_nanos != 0, command->price_nanos);
    json_add_string(json, "outcome", step == STEP_ANSWERED ? outcome_name(notice->u.enforcement.outcome) : NULL);
    if (step == STEP_PROVEN)
        json_add_int(json, "took_us", notice->u.enforcement.took.ns / 1000);
    else
        json_add_null(json, "took_us");
    json_add_string(json, "text", notice->text);
    json_close(json, '}');
}

static void
add_breach(struct json_writer *json, const struct notice *notice)
{
    json_open(json, NULL, '{');
    json_add_string(json, "step", "breach");
    json_add_int(json, "incident", (int64_t)notice->incident);
    json_add_int(json, "rule", notice->rule);
    add_word(json, "action", WORDS(actions), notice->action);
    json_add_string(json, "contract", notice->contract.text);
    add_figures(json, notice->observed, notice->limit, notice->unit);
    json_add_string(json, "text", notice->text);
    json_close(json, '}');
}

static void
add_warning(struct json_writer *json, const struct notice *notice)
{
    json_open(json, NULL, '{');
    json_add_string(json, "kind", notice->kind == NOTICE_ALARM ? "alarm" : "warning");
    add_word(json, "level", WORDS(levels), notice->level);
    json_add_int(json, "rule", notice->rule);
    json_add_int(json, "incident", (int64_t)notice->incident);
    json_add_string(json, "contract", notice->contract.text);
    if (notice->limit != 0)
        add_figures(json, notice->observed, notice->limit, notice->unit);
    json_add_string(json, "text", notice->text);
    json_close(json, '}');
}

static void
add_cleared(struct json_writer *json, const struct notice *notice)
{
    json_open(json, NULL, '{');
    add_lockout_fields(json, &notice->u.lockout);
    json_add_string(json, "reason", notice->text);
    json_close(json, '}');
}

void
messages_notice_gauge(struct json_writer *json, const struct notice *notice)
{
    const struct gauge gauge = { .observed = notice->observed, .limit = notice->limit, .unit = (enum unit)notice->unit,
        .level = notice->level };

    messages_gauge(json, notice->rule, &gauge);
}

static void
add_pnl(struct json_writer *json, const struct notice *notice)
{
    json_open(json, NULL, '{');
    json_add_money(json, "realized", notice->u.pnl.realized_micros);
    json_add_money(json, "open", notice->u.pnl.open_micros);
    json_add_money(json, "total", money_add(notice->u.pnl.realized_micros, notice->u.pnl.open_micros));
    json_add_int(json, "unpriced", notice->u.pnl.unpriced);
    json_close(json, '}');
}

const char *
messages_notice(struct json_writer *json, const struct notice *notice)
{
    switch (notice->kind) {
    case NOTICE_BREACH:
        add_breach(json, notice);
        return "enforcement_action";
    case NOTICE_ENFORCEMENT:
        add_enforcement(json, notice);
        return "enforcement_action";
    case NOTICE_LOCKOUT_SET:
        messages_lockout(json, &notice->u.lockout);
        return "lockout_set";
    case NOTICE_LOCKOUT_CLEARED:
        add_cleared(json, notice);
        return "lockout_cleared";
    case NOTICE_ALARM:
    case NOTICE_WARNING:
        add_warning(json, notice);
        return "warning";
    case NOTICE_DAILY_RESET:
        messages_day(json, NULL, &notice->u.day);
        return "daily_reset";
    case NOTICE_RULE_STATUS:
        messages_notice_gauge(json, notice);
        return "rule_status";
    case NOTICE_PNL:
        add_pnl(json, notice);
        return "pnl";
    case NOTICE_MODE:
        break;
    }
    return NULL;
}
