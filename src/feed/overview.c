/*
 * overview.c - the engine's books as one JSON object: {"daemon", "rules", "thresholds", "calendar", "history", "accounts": [...]}.
 *
 * The same shape with one account and without the rest of it is sent when an account's truth was read anew (SR-03): it replaces what the listener holds.
 */
#include "feed/overview.h"

#include "core/rule.h"
#include "feed/calendar.h"
#include "feed/consequence.h"
#include "feed/messages.h"

#define QUOTES_MAX 128
#define TRADES_SHOWN 500 /* The newest; a scalper's day is about 200 half-turns, and a message must stay bounded. */

struct visit {
    struct json_writer *json;
    const struct chronicle *chronicle;
    int64_t trades, skipped_trades;
};

static void
add_position(void *context, const struct position *position)
{
    messages_position(((struct visit *)context)->json, position);
}

static void
add_order(void *context, const struct order *order)
{
    messages_order(((struct visit *)context)->json, order);
}

static void
add_lockout(void *context, const struct lockout *lockout)
{
    messages_lockout(((struct visit *)context)->json, lockout);
}

static void
count_trade(void *context, const struct trade *trade, const struct contract *contract)
{
    (void)trade;
    (void)contract;
    ((struct visit *)context)->trades++;
}

static void
add_trade(void *context, const struct trade *trade, const struct contract *contract)
{
    struct visit *visit = context;

    int64_t price_nanos;
    bool has_price = chronicle_price(visit->chronicle, trade->id, &price_nanos);

    if (visit->skipped_trades > 0)
        visit->skipped_trades--;
    else
        messages_trade(visit->json, trade, contract, has_price ? &price_nanos : NULL);
}

static void
add_trades(struct json_writer *json, const struct overview *overview, int64_t account_id)
{
    struct visit visit = { .json = json, .chronicle = overview->chronicle };
    const struct engine *engine = overview->engine;

    engine_each_trade(engine, account_id, count_trade, &visit);
    visit.skipped_trades = visit.trades - TRADES_SHOWN;
    json_open(json, "trades", '[');
    engine_each_trade(engine, account_id, add_trade, &visit);
    json_close(json, ']');
}

static void
add_gauges(struct json_writer *json, const struct overview *overview, int64_t account_id)
{
    struct gauge gauge;

    json_open(json, "rules", '[');
    for (int32_t i = 0; overview->rules[i] != NULL; i++) {
        if (engine_gauge(overview->engine, account_id, i, &gauge))
            messages_gauge(json, overview->rules[i]->number, &gauge);
    }
    json_close(json, ']');
}

static const struct account_config *
config_of(const struct config *config, int64_t account_id)
{
    for (int32_t i = 0; config != NULL && i < config->accounts_count; i++) {
        if (config->accounts[i].id == account_id)
            return &config->accounts[i];
    }
    return NULL;
}

/* Every rule of the table: is it on here, and what would it do? */
static void
add_policy(struct json_writer *json, const struct overview *overview, const struct account_config *account)
{
    char bytes[CONSEQUENCE_MAX];

    json_open(json, "policy", '[');
    for (int32_t i = 0; overview->rules[i] != NULL; i++) {
        struct text then = text_on(bytes, sizeof bytes);
        bool enabled = account != NULL && account->enabled[i];
        if (enabled)
            consequence_write(overview->rules[i], account->rules[i], &then);
        json_open(json, NULL, '{');
        json_add_int(json, "rule", overview->rules[i]->number);
        json_add_bool(json, "enabled", enabled);
        json_add_string(json, "then", bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
add_account(struct json_writer *json, const struct overview *overview, const struct account_status *account)
{
    const struct engine *engine = overview->engine;
    const struct account_config *configured = config_of(overview->config, account->account_id);
    struct visit visit = { .json = json };

    json_open(json, NULL, '{');
    json_add_int(json, "account_id", account->account_id);
    json_add_string(json, "name", account->name);
    json_add_string(json, "nickname", configured == NULL || configured->nickname == NULL ? "" : configured->nickname);
    messages_add_answer(json, "can_trade", account->can_trade);
    json_add_bool(json, "locked", account->locked);
    json_add_bool(json, "proven_flat", account->proven_flat);
    json_add_bool(json, "enforcing", account->enforcing);
    json_add_bool(json, "uncontrollable", account->uncontrollable);
    messages_day(json, "day", &account->day);
    json_add_money(json, "open", account->open_micros);
    json_add_int(json, "unpriced", account->unpriced);
    json_open(json, "positions", '[');
    engine_each_position(engine, account->account_id, add_position, &visit);
    json_close(json, ']');
    json_open(json, "orders", '[');
    engine_each_order(engine, account->account_id, add_order, &visit);
    json_close(json, ']');
    add_trades(json, overview, account->account_id);
    json_open(json, "lockouts", '[');
    engine_each_lockout(engine, account->account_id, add_lockout, &visit);
    json_close(json, ']');
    add_gauges(json, overview, account->account_id);
    add_policy(json, overview, configured);
    chronicle_write_curve(overview->chronicle, json, account->account_id);
    json_close(json, '}');
}

/* Each contract that is held once, however many hold it; the first QUOTES_MAX. */
struct quotes {
    struct json_writer *json;
    int32_t count;
    const struct contract *written[QUOTES_MAX];
};

static void
add_quote(void *context, const struct position *position)
{
    struct quotes *quotes = context;

    for (int32_t i = 0; i < quotes->count; i++)
        if (quotes->written[i] == position->contract)
            return;
    if (quotes->count == QUOTES_MAX || position->contract->quoted_at.ns == 0)
        return;
    quotes->written[quotes->count++] = position->contract;
    messages_quote(quotes->json, position->contract);
}

static void
add_quotes(struct json_writer *json, const struct engine *engine)
{
    struct quotes quotes = { .json = json };
    struct account_status account;

    json_open(json, "quotes", '[');
    for (int32_t i = 0; i < engine_accounts_count(engine); i++)
        if (engine_account_at(engine, i, &account))
            engine_each_position(engine, account.account_id, add_quote, &quotes);
    json_close(json, ']');
}

static void
add_rules(struct json_writer *json, const struct rule *const *rules)
{
    json_open(json, "rules", '[');
    for (; *rules != NULL; rules++) {
        json_open(json, NULL, '{');
        json_add_int(json, "rule", (*rules)->number);
        json_add_string(json, "name", (*rules)->name);
        json_add_string(json, "title", (*rules)->title);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void
overview_write(struct text *out, const struct overview *overview, const char *daemon)
{
    struct json_writer json = json_writer_on(out);
    struct account_status account;

    json_open(&json, NULL, '{');
    if (daemon != NULL)
        json_add_raw(&json, "daemon", daemon);
    else
        json_add_null(&json, "daemon");
    json_add_int(&json, "warn_percent", overview->config == NULL ? 70 : overview->config->warn_percent); /* R-ALL-15. */
    json_add_int(&json, "alert_percent", overview->config == NULL ? 90 : overview->config->alert_percent);
    add_rules(&json, overview->rules);
    if (overview->now.ns != 0)
        calendar_write(&json, overview->config, overview->rules, overview->now);
    chronicle_write_history(overview->chronicle, &json);
    add_quotes(&json, overview->engine);
    json_open(&json, "accounts", '[');
    for (int32_t i = 0; i < engine_accounts_count(overview->engine); i++) {
        if (engine_account_at(overview->engine, i, &account))
            add_account(&json, overview, &account);
    }
    json_close(&json, ']');
    json_close(&json, '}');
}

bool
overview_write_account(struct text *out, const struct overview *overview, int64_t account_id)
{
    struct json_writer json = json_writer_on(out);
    struct account_status account;

    if (!engine_account(overview->engine, account_id, &account))
        return false;
    json_open(&json, NULL, '{');
    json_open(&json, "accounts", '[');
    add_account(&json, overview, &account);
    json_close(&json, ']');
    json_close(&json, '}');
    return true;
}
