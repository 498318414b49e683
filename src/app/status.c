/*
 * status.c - how the daemon is doing.
 *
 * An incident that is enforced again after it was proven (an entry under a lockout) gets another entry with the same id.
 *
 * A board of plain counters filled on the loop thread and read on it; what it shows comes from notices only, so it can never say
 * more than the engine did.
 */
#include "app/status.h"

#include "app/version.h"
#include "base/assert.h"
#include "base/json.h"
#include "feed/messages.h"

#include <string.h>

static uint32_t
kept(const struct status_board *board)
{
    return board->incidents_count < STATUS_INCIDENTS ? board->incidents_count : STATUS_INCIDENTS;
}

/* The newest entry of an incident, or NULL. */
static struct incident *
find(struct status_board *board, uint64_t id)
{
    for (uint32_t i = 0; i < kept(board) && id != 0; i++) {
        struct incident *incident = &board->incidents[(board->incidents_count - 1 - i) % STATUS_INCIDENTS];
        if (incident->id == id)
            return incident;
    }
    return NULL;
}

static struct incident *
add(struct status_board *board, uint64_t id, int64_t account_id, int32_t rule, struct instant at)
{
    struct incident *incident = &board->incidents[board->incidents_count++ % STATUS_INCIDENTS];

    *incident = (struct incident){ .id = id, .account_id = account_id, .rule = rule, .at = at };
    return incident;
}

static struct incident *
find_or_add(struct status_board *board, uint64_t id, int64_t account_id, int32_t rule, struct instant at)
{
    struct incident *incident = find(board, id);

    return incident != NULL || id == 0 ? incident : add(board, id, account_id, rule, at);
}

static void
take_breach(struct status_board *board, const struct notice *notice)
{
    struct incident *incident = find_or_add(board, notice->incident, notice->account_id, notice->rule, notice->at);

    board->breaches++;
    if (notice->rule > 0 && notice->rule < RULES_MAX)
        board->breaches_by_rule[notice->rule]++;
    if (incident == NULL || incident->why[0] != '\0') /* The headline breach comes first (R-ALL-2). */
        return;
    incident->rule = notice->rule;
    incident->action = notice->action;
    (void)text_copy(incident->why, sizeof incident->why, notice->text);
}

static void
take_proof(struct status_board *board, const struct notice *notice)
{
    struct incident *incident = find_or_add(board, notice->incident, notice->account_id, notice->rule, notice->at);
    struct span took = notice->u.enforcement.took;

    if (notice->u.enforcement.step != STEP_PROVEN)
        return;
    latency_add(&board->flat, took);
    if (incident == NULL)
        return;
    incident->proofs++;
    if (took.ns > incident->flat.ns)
        incident->flat = took;
}

void
status_notice(struct status_board *board, const struct notice *notice)
{
    switch (notice->kind) {
    case NOTICE_BREACH:
        take_breach(board, notice);
        break;
    case NOTICE_ENFORCEMENT:
        take_proof(board, notice);
        break;
    case NOTICE_ALARM:
        board->alarms++;
        break;
    case NOTICE_MODE:
        board->mode = notice->u.mode;
        if (notice->u.mode.mode == MODE_NORMAL && board->protected_at.ns == 0)
            board->protected_at = notice->at;
        break;
    default:
        break;
    }
}

void
status_sent(struct status_board *board, const struct command *command, struct instant now)
{
    struct incident *incident = find_or_add(board, command->incident, command->account_id, command->rule, now);

    board->commands++;
    if (incident == NULL)
        return;
    if (incident->flat.ns != 0) { /* Proven, and now again: what a lockout forbids was tried once more (R-ALL-7). */
        struct incident before = *incident;
        incident = add(board, before.id, before.account_id, before.rule, now);
        incident->action = before.action;
        (void)text_copy(incident->why, sizeof incident->why, before.why);
    }
    if (incident->requests++ == 0)
        incident->asked_at = now;
}

void
status_answered(struct status_board *board, const struct command *command, struct span decision)
{
    struct incident *incident = find(board, command->incident);

    if (decision.ns <= 0) /* Retries and sweeps answer no frame. */
        return;
    latency_add(&board->decision, decision);
    if (incident != NULL && incident->decision.ns == 0)
        incident->decision = decision;
}

/* ---- Writing ---- */

static void
add_instant(struct json_writer *json, const char *key, struct instant at)
{
    char text[INSTANT_TEXT_MAX];

    if (instant_is_never(at) || at.ns == 0) {
        json_add_null(json, key);
        return;
    }
    instant_format(at, text, sizeof text);
    json_add_string(json, key, text);
}

static void
add_latency(struct json_writer *json, const char *key, const struct latency *latency)
{
    json_open(json, key, '{');
    json_add_int(json, "count", (int64_t)latency->count);
    json_add_int(json, "p50", latency_at(latency, 500).ns / 1000);
    json_add_int(json, "p99", latency_at(latency, 990).ns / 1000);
    json_add_int(json, "max", latency->max.ns / 1000);
    json_close(json, '}');
}

static void
add_head(struct json_writer *json, const struct status_board *board, struct instant now)
{
    json_add_string(json, "version", APP_VERSION);
    json_add_string(json, "mode", mode_name(board->mode.mode));
    json_add_string(json, "reason", board->mode.reason);
    json_add_bool(json, "user_hub", board->mode.user_live);
    json_add_bool(json, "market_hub", board->mode.market_live);
    add_instant(json, "started_at", board->started_at);
    json_add_int(json, "uptime_ms", instant_since(now, board->started_at).ns / 1000000);
    if (board->protected_at.ns != 0)
        json_add_int(json, "time_to_protected_ms", instant_since(board->protected_at, board->started_at).ns / 1000000);
    else
        json_add_null(json, "time_to_protected_ms");
    json_add_int(json, "events", (int64_t)board->events);
    json_add_int(json, "commands", (int64_t)board->commands);
    json_add_int(json, "breaches", (int64_t)board->breaches);
    json_add_int(json, "alarms", (int64_t)board->alarms);
    json_add_int(json, "undecodable", (int64_t)board->undecodable);
    json_add_int(json, "ledger_rows", board->ledger_rows);
    json_add_string(json, "ledger_head", board->ledger_head);
    add_latency(json, "decision_us", &board->decision);
    add_latency(json, "time_to_flat_us", &board->flat);
    if (board->pending[0] != '\0')
        json_add_raw(json, "pending", board->pending);
    if (board->links[0] != '\0')
        json_add_raw(json, "connections", board->links);
}

static void
add_incident(struct json_writer *json, const struct incident *incident)
{
    json_open(json, NULL, '{');
    json_add_int(json, "id", (int64_t)incident->id);
    add_instant(json, "at", incident->at);
    json_add_int(json, "account_id", incident->account_id);
    json_add_int(json, "rule", incident->rule);
    json_add_string(json, "why", incident->why);
    json_add_int(json, "first_request_ns", incident->asked_at.ns);
    json_add_int(json, "requests", incident->requests);
    json_add_int(json, "proofs", incident->proofs);
    json_add_int(json, "decision_us", incident->decision.ns / 1000);
    json_add_int(json, "time_to_flat_us", incident->flat.ns / 1000);
    json_close(json, '}');
}

static void
add_incidents(struct json_writer *json, const struct status_board *board)
{
    json_open(json, "enforcements", '[');
    for (uint32_t i = board->incidents_count - kept(board); i < board->incidents_count; i++)
        add_incident(json, &board->incidents[i % STATUS_INCIDENTS]);
    json_close(json, ']');
}

static void
add_position(void *context, const struct position *position)
{
    struct json_writer *json = context;

    json_open(json, NULL, '{');
    json_add_string(json, "contract", position->contract->id.text);
    json_add_int(json, "size", position->size);
    json_add_price(json, "average_price", position->average_price_nanos);
    if (position->priced[MARK_LAST])
        json_add_money(json, "open_pnl", position->open_micros[MARK_LAST]);
    else
        json_add_null(json, "open_pnl");
    json_close(json, '}');
}

static void
add_lockout(void *context, const struct lockout *lockout)
{
    messages_lockout(context, lockout);
}

static void
add_account(struct json_writer *json, const struct engine *engine, const struct account_status *account)
{
    json_open(json, NULL, '{');
    json_add_int(json, "account_id", account->account_id);
    json_add_string(json, "name", account->name);
    json_add_money(json, "realized", account->day.gross_micros - account->day.fees_micros);
    json_add_money(json, "open", account->open_micros);
    json_add_int(json, "unpriced", account->unpriced);
    json_add_int(json, "trades", account->day.trades);
    json_add_bool(json, "locked", account->locked);
    json_add_bool(json, "proven_flat", account->proven_flat);
    json_add_bool(json, "enforcing", account->enforcing);
    json_add_bool(json, "uncontrollable", account->uncontrollable);
    json_open(json, "positions", '[');
    engine_each_position(engine, account->account_id, add_position, json);
    json_close(json, ']');
    json_open(json, "lockouts", '[');
    engine_each_lockout(engine, account->account_id, add_lockout, json);
    json_close(json, ']');
    json_close(json, '}');
}

void
status_write_head(const struct status_board *board, struct instant now, struct text *text)
{
    struct json_writer json = json_writer_on(text);

    json_open(&json, NULL, '{');
    add_head(&json, board, now);
    json_close(&json, '}');
}

void
status_write(const struct status_board *board, const struct engine *engine, struct instant now, struct text *text)
{
    struct json_writer json = json_writer_on(text);
    struct account_status account;

    json_open(&json, NULL, '{');
    add_head(&json, board, now);
    add_incidents(&json, board);
    json_open(&json, "accounts", '[');
    for (int32_t i = 0; i < engine_accounts_count(engine); i++)
        if (engine_account_at(engine, i, &account))
            add_account(&json, engine, &account);
    json_close(&json, ']');
    json_close(&json, '}');
}
