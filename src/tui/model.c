/*
 * model.c - one message of the feed into the model, and the figures that follow from it.
 *
 * A snapshot replaces all there is of its accounts; later messages replace single entries by their key (docs/feed-protocol.md).
 */
#include "tui/model.h"

#include "base/money.h"
#include "feed/kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_AT_START 4096
#define TOKENS_MAX (1 << 21)

struct message {
    const struct json *json;
    enum feed_type type;
    int data;
    int64_t account_id;
    struct instant at;
};

struct model *
model_new(void)
{
    return calloc(1, sizeof(struct model));
}

void
model_free(struct model *model)
{
    if (model != NULL)
        zone_free(model->calendar.zone);
    free(model);
}

/* ---- Finding ---- */

struct model_account *
model_account(struct model *model, int64_t account_id)
{
    for (int i = 0; i < model->accounts_count; i++)
        if (model->accounts[i].id == account_id)
            return &model->accounts[i];
    return NULL;
}

const struct model_quote *
model_quote(const struct model *model, const char *contract)
{
    for (int i = 0; i < model->quotes_count; i++)
        if (strcmp(model->quotes[i].contract, contract) == 0)
            return &model->quotes[i];
    return NULL;
}

static struct model_gauge *
gauge_of(struct model_account *account, int rule)
{
    for (int i = 0; i < account->gauges_count; i++)
        if (account->gauges[i].rule == rule)
            return &account->gauges[i];
    if (account->gauges_count == MODEL_RULES)
        return NULL;
    account->gauges[account->gauges_count] = (struct model_gauge){ .rule = rule, .enabled = true };
    return &account->gauges[account->gauges_count++];
}

const struct model_gauge *
model_gauge(const struct model_account *account, int rule)
{
    for (int i = 0; i < account->gauges_count; i++)
        if (account->gauges[i].rule == rule)
            return &account->gauges[i];
    return NULL;
}

const char *
model_rule_title(const struct model *model, int rule)
{
    for (int i = 0; i < model->rules_count; i++)
        if (model->rules[i].number == rule)
            return model->rules[i].title;
    return "";
}

const char *
model_account_title(const struct model_account *account)
{
    return account->nickname[0] != '\0' ? account->nickname : account->name;
}

/* ---- Figures ---- */

bool
model_open_pnl(const struct model *model, const struct model_position *position, int64_t *ret_micros)
{
    const struct model_quote *quote = model_quote(model, position->contract);

    if (quote != NULL && quote->has_last && position->tick_size_nanos > 0) {
        int64_t move = quote->last_nanos - position->average_nanos; /* PRICE_MAX: no overflow. */
        *ret_micros = money_scale(money_scale(move, position->tick_value_micros, position->tick_size_nanos), position->size, 1);
        return true;
    }
    *ret_micros = position->told_open_micros;
    return position->open_told;
}

const struct model_order *
model_stop_of(const struct model_account *account, const struct model_position *position)
{
    for (int i = 0; i < account->orders_count; i++) {
        const struct model_order *order = &account->orders[i];
        if (strcmp(order->contract, position->contract) == 0 && order->buy == (position->size < 0) &&
            strstr(order->type, "stop") != NULL && order->has_stop)
            return order;
    }
    return NULL;
}

const struct model_lockout *
model_locked_by(const struct model_account *account, struct instant now)
{
    const struct model_lockout *longest = NULL;

    for (int i = 0; i < account->lockouts_count; i++) {
        const struct model_lockout *lockout = &account->lockouts[i];
        bool timed = lockout->until.ns != 0;
        if (lockout->root[0] != '\0' || (timed && !instant_before(now, lockout->until)))
            continue;
        if (longest == NULL || !timed || (longest->until.ns != 0 && instant_before(longest->until, lockout->until)))
            longest = lockout;
    }
    return longest;
}

/* ---- Snapshots ---- */

static void
read_lists(const struct json *json, int node, struct model_account *out)
{
    int list = json_get(json, node, "positions"), item = json_first(json, list);

    for (size_t i = 0; i < json_size(json, list) && i < MODEL_POSITIONS; i++, item = json_next(json, item))
        model_read_position(json, item, &out->positions[out->positions_count++]);
    list = json_get(json, node, "orders");
    item = json_first(json, list);
    for (size_t i = 0; i < json_size(json, list) && out->orders_count < MODEL_ORDERS; i++, item = json_next(json, item))
        out->orders_count += model_read_order(json, item, &out->orders[out->orders_count]);
    list = json_get(json, node, "trades");
    item = json_first(json, list);
    for (size_t i = 0; i < json_size(json, list) && i < MODEL_TRADES; i++, item = json_next(json, item))
        model_read_trade(json, item, &out->trades[out->trades_count++]);
    list = json_get(json, node, "lockouts");
    item = json_first(json, list);
    for (size_t i = 0; i < json_size(json, list) && i < MODEL_LOCKOUTS; i++, item = json_next(json, item)) {
        model_read_lockout(json, item, &out->lockouts[out->lockouts_count]);
        out->lockouts[out->lockouts_count++].account_id = out->id;
    }
}

static void
read_rules_of(const struct json *json, int node, struct model_account *out)
{
    int list = json_get(json, node, "policy"), item = json_first(json, list);

    for (size_t i = 0; i < json_size(json, list); i++, item = json_next(json, item)) {
        struct model_gauge *gauge = gauge_of(out, (int)model_int(json, item, "rule"));
        if (gauge == NULL)
            return;
        gauge->enabled = model_bool(json, item, "enabled");
        model_string(json, item, "then", gauge->then, sizeof gauge->then);
    }
    list = json_get(json, node, "rules");
    item = json_first(json, list);
    for (size_t i = 0; i < json_size(json, list); i++, item = json_next(json, item)) {
        struct model_gauge *gauge = gauge_of(out, (int)model_int(json, item, "rule"));
        if (gauge != NULL)
            model_read_gauge(json, item, gauge);
    }
}

static void
read_account(struct model *model, const struct json *json, int node)
{
    struct model_account *out = model_account(model, model_int(json, node, "account_id"));
    int can_trade = json_get(json, node, "can_trade");

    if (out == NULL && model->accounts_count == MODEL_ACCOUNTS) {
        model->accounts_dropped++;
        return;
    }
    if (out == NULL)
        out = &model->accounts[model->accounts_count++];
    memset(out, 0, sizeof *out);
    out->id = model_int(json, node, "account_id");
    model_string(json, node, "name", out->name, sizeof out->name);
    model_string(json, node, "nickname", out->nickname, sizeof out->nickname);
    out->can_trade = json_kind(json, can_trade) == JSON_TRUE ? 1 : json_kind(json, can_trade) == JSON_FALSE ? 0 : -1;
    out->locked = model_bool(json, node, "locked");
    out->proven_flat = model_bool(json, node, "proven_flat");
    out->enforcing = model_bool(json, node, "enforcing");
    out->uncontrollable = model_bool(json, node, "uncontrollable");
    model_read_day(json, json_get(json, node, "day"), &out->day);
    out->realized_micros = out->day.realized_micros;
    out->open_micros = model_money(json, node, "open");
    out->unpriced = model_int(json, node, "unpriced");
    read_lists(json, node, out);
    read_rules_of(json, node, out);
    model_read_curve(json, json_get(json, node, "curve"), out);
}

static void take(struct model *model, const struct message *message);

static void
read_history(struct model *model, const struct json *json, int list)
{
    int item = json_first(json, list);
    char type[24];

    for (size_t i = 0; i < json_size(json, list); i++, item = json_next(json, item)) {
        model_string(json, item, "type", type, sizeof type);
        const struct message message = { json, kinds_of(type), json_get(json, item, "data"), model_int(json, item, "account_id"),
            model_instant(json, item, "ts") };
        if (message.type != FEED_SNAPSHOT)
            take(model, &message);
    }
    model->flash = INSTANT_NONE; /* Old news. */
}

static void
read_quotes(struct model *model, const struct json *json, int list)
{
    int item = json_first(json, list);

    for (size_t i = 0; i < json_size(json, list) && i < MODEL_QUOTES; i++, item = json_next(json, item))
        model_read_quote(json, item, &model->quotes[model->quotes_count++]);
}

static void
read_snapshot(struct model *model, const struct message *message)
{
    const struct json *json = message->json;
    int list = json_get(json, message->data, "accounts"), rules = json_get(json, message->data, "rules"), item;

    if (json_kind(json, rules) == JSON_ARRAY) { /* Everything, not one account. */
        model->accounts_count = model->accounts_dropped = model->quotes_count = model->rules_count = 0;
        model->warn_percent = (int)model_int(json, message->data, "warn_percent");
        model->alert_percent = (int)model_int(json, message->data, "alert_percent");
        model_read_daemon(json, json_get(json, message->data, "daemon"), &model->daemon);
        model->daemon.told_at = message->at;
        model_read_calendar(json, json_get(json, message->data, "calendar"), &model->calendar);
        item = json_first(json, rules);
        for (size_t i = 0; i < json_size(json, rules) && i < MODEL_RULES; i++, item = json_next(json, item)) {
            struct model_rule *rule = &model->rules[model->rules_count++];
            rule->number = (int)model_int(json, item, "rule");
            model_string(json, item, "title", rule->title, sizeof rule->title);
        }
        read_history(model, json, json_get(json, message->data, "history"));
        read_quotes(model, json, json_get(json, message->data, "quotes"));
        model->filled = true;
    }
    item = json_first(json, list);
    for (size_t i = 0; i < json_size(json, list); i++, item = json_next(json, item))
        read_account(model, json, item);
}

/* ---- Single messages ---- */

static void
take_position(struct model_account *account, const struct message *message)
{
    struct model_position position;
    int i = 0;

    model_read_position(message->json, message->data, &position);
    while (i < account->positions_count && strcmp(account->positions[i].contract, position.contract) != 0)
        i++;
    if (position.size == 0 && i < account->positions_count)
        account->positions[i] = account->positions[--account->positions_count];
    else if (position.size != 0 && i < MODEL_POSITIONS) {
        account->positions[i] = position;
        account->positions_count += i == account->positions_count;
    }
}

static void
take_order(struct model_account *account, const struct message *message)
{
    struct model_order order;
    bool working = model_read_order(message->json, message->data, &order);
    int i = 0;

    while (i < account->orders_count && account->orders[i].id != order.id)
        i++;
    if (!working && i < account->orders_count) {
        memmove(&account->orders[i], &account->orders[i + 1], (size_t)(account->orders_count - i - 1) * sizeof order);
        account->orders_count--;
    } else if (working && i < MODEL_ORDERS) {
        account->orders[i] = order;
        account->orders_count += i == account->orders_count;
    }
}

static void
take_trade(struct model_account *account, const struct message *message)
{
    struct model_trade trade;

    model_read_trade(message->json, message->data, &trade);
    for (int i = 0; i < account->trades_count; i++) {
        if (account->trades[i].id == trade.id) {
            account->trades[i] = trade;
            return;
        }
    }
    if (account->trades_count == MODEL_TRADES)
        memmove(&account->trades[0], &account->trades[1], (size_t)--account->trades_count * sizeof trade);
    account->trades[account->trades_count++] = trade;
    if (!trade.voided) {
        account->day.trades++;
        account->day.round_turns += trade.has_pnl;
        account->day.gross_micros = money_add(account->day.gross_micros, trade.pnl_micros);
        account->day.fees_micros = money_add(account->day.fees_micros, trade.fees_micros);
    }
}

static void
take_lockout(struct model_account *account, const struct message *message, bool set)
{
    struct model_lockout lockout;
    int i = 0;

    model_read_lockout(message->json, message->data, &lockout);
    lockout.account_id = account->id;
    while (i < account->lockouts_count &&
        (account->lockouts[i].rule != lockout.rule || strcmp(account->lockouts[i].root, lockout.root) != 0))
        i++;
    if (!set && i < account->lockouts_count)
        account->lockouts[i] = account->lockouts[--account->lockouts_count];
    else if (set && i < MODEL_LOCKOUTS) {
        account->lockouts[i] = lockout;
        account->lockouts_count += i == account->lockouts_count;
    }
}

static void
take_pnl(struct model_account *account, const struct message *message)
{
    const struct json *json = message->json;
    struct model_day *day = &account->day;

    account->realized_micros = model_money(json, message->data, "realized");
    account->open_micros = model_money(json, message->data, "open");
    account->unpriced = model_int(json, message->data, "unpriced");
    if (account->open_micros < day->open_low)
        day->open_low = account->open_micros;
    if (account->open_micros > day->open_high)
        day->open_high = account->open_micros;
    if (account->realized_micros < day->realized_low)
        day->realized_low = account->realized_micros;
    if (account->realized_micros > day->realized_high)
        day->realized_high = account->realized_micros;
    model_add_point(account, (struct model_point){ message->at, account->realized_micros, account->open_micros });
}

static void
begin_day(struct model_account *account)
{
    account->trades_count = account->points_count = 0;
    account->point_step = SPAN_ZERO;
    account->realized_micros = 0;
    account->day = (struct model_day){ .starts_at = account->day.ends_at,
        .ends_at = instant_add(account->day.ends_at, SPAN_SECONDS(86400)) };
}

static void
take_quote(struct model *model, const struct message *message)
{
    struct model_quote quote;
    int i = 0;

    model_read_quote(message->json, message->data, &quote);
    while (i < model->quotes_count && strcmp(model->quotes[i].contract, quote.contract) != 0)
        i++;
    if (i == MODEL_QUOTES)
        return;
    model->quotes[i] = quote;
    model->quotes_count += i == model->quotes_count;
}

static void
take_of_account(struct model_account *account, const struct message *message)
{
    switch (message->type) {
    case FEED_POSITION:
        take_position(account, message);
        break;
    case FEED_ORDER:
        take_order(account, message);
        break;
    case FEED_TRADE:
        take_trade(account, message);
        break;
    case FEED_ACCOUNT:
        account->can_trade = model_bool(message->json, message->data, "can_trade");
        break;
    case FEED_PNL:
        take_pnl(account, message);
        break;
    case FEED_RULE_STATUS: {
        struct model_gauge *gauge = gauge_of(account, (int)model_int(message->json, message->data, "rule"));
        if (gauge != NULL)
            model_read_gauge(message->json, message->data, gauge);
        break;
    }
    case FEED_LOCKOUT_SET:
    case FEED_LOCKOUT_CLEARED:
        take_lockout(account, message, message->type == FEED_LOCKOUT_SET);
        break;
    case FEED_DAILY_RESET:
        begin_day(account);
        break;
    default:
        break;
    }
}

static void
take(struct model *model, const struct message *message)
{
    struct model_account *account = model_account(model, message->account_id);

    switch (message->type) {
    case FEED_SNAPSHOT:
        read_snapshot(model, message);
        return;
    case FEED_QUOTE:
        take_quote(model, message);
        return;
    case FEED_DAEMON_STATUS:
        model_read_daemon(message->json, message->data, &model->daemon);
        model->daemon.told_at = message->at;
        return;
    case FEED_ENFORCEMENT:
        model_take_enforcement(model, message->json, message->data, message->account_id, message->at);
        return;
    case FEED_WARNING:
        model_take_alarm(model, message->json, message->data, message->account_id, message->at);
        return;
    case FEED_LOCKOUT_CLEARED:
        model_take_ended(model, message->json, message->data, message->account_id, message->at);
        break;
    default:
        break;
    }
    if (account != NULL)
        take_of_account(account, message);
}

/* Tokens as many as it needs; the caller frees. */
static enum status
read_text(const char *text, size_t length, struct json_token **ret_tokens, struct json *ret_json, struct error *err)
{
    enum status status = STATUS_LIMIT;

    for (size_t capacity = TOKENS_AT_START; status == STATUS_LIMIT && capacity <= TOKENS_MAX; capacity *= 8) {
        free(*ret_tokens);
        *ret_tokens = malloc(capacity * sizeof **ret_tokens);
        if (*ret_tokens == NULL)
            return error_set(err, STATUS_LIMIT, "message: no memory");
        status = json_read(text, length, *ret_tokens, capacity, ret_json, err);
    }
    return status;
}

enum status
model_message(struct model *model, const char *text, size_t length, struct error *err)
{
    struct json_token *tokens = NULL;
    struct json json;
    char type[24];
    enum status status = read_text(text, length, &tokens, &json, err);

    if (status != OK) {
        model->unreadable++;
        free(tokens);
        return status;
    }
    model_string(&json, 0, "type", type, sizeof type);
    const struct message message = { &json, kinds_of(type), json_get(&json, 0, "data"), model_int(&json, 0, "account_id"),
        model_instant(&json, 0, "ts") };
    take(model, &message);
    model->seq = model_int(&json, 0, "seq");
    model->at = instant_max(model->at, message.at);
    model->messages++;
    free(tokens);
    return OK;
}
