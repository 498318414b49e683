/*
 * save.c - one record into its rows.
 *
 * Each statement can run twice with the same values and leave the same rows, but for the log, which the ticket protects (store.h).
 */
#include "store/database.h"

#include "base/assert.h"

enum {
    SAVE_LOG, /* audit.c's. */
    SAVE_LOCKOUT,
    SAVE_LOCKOUT_END,
    SAVE_TRADE,
    SAVE_LATE_TRADE,
    SAVE_POSITION,
    SAVE_POSITION_GONE,
    SAVE_ORDER,
    SAVE_CONTRACT,
    SAVE_SESSION,
    SAVE_PNL,
    SAVE_EXTREMES,
    SAVE_INTENT,
    SAVE_REQUEST,
    SAVE_PROVEN,
    SAVE_STATE,
    SAVE_STATEMENTS,
};

_Static_assert(SAVE_STATEMENTS <= DATABASE_STATEMENTS_MAX, "room for all statements");

static const char *const statements[SAVE_STATEMENTS] = {
    [SAVE_LOCKOUT] = "INSERT INTO lockouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) "
        "ON CONFLICT DO UPDATE SET kind = excluded.kind, end_kind = excluded.end_kind, since_ns = excluded.since_ns, "
        "until_ns = excluded.until_ns, duration_ns = excluded.duration_ns, incident = excluded.incident, "
        "why = excluded.why, config_hash = excluded.config_hash, ended_ns = NULL",
    [SAVE_LOCKOUT_END] = "UPDATE lockouts SET ended_ns = ? WHERE account_id = ? AND rule = ? AND root = ?",
    [SAVE_TRADE] = "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET order_id = excluded.order_id, contract = excluded.contract, at_ns = excluded.at_ns, "
        "price_nanos = excluded.price_nanos, side = excluded.side, size = excluded.size, has_pnl = excluded.has_pnl, "
        "pnl_micros = excluded.pnl_micros, fees_micros = excluded.fees_micros, "
        "commissions_micros = excluded.commissions_micros, voided = MAX(voided, excluded.voided), "
        "judged = MAX(judged, excluded.judged)",
    /* R-003-3: a trade of an earlier day changes that day's record only; of today the engine itself gives the totals. */
    [SAVE_LATE_TRADE] = "WITH day AS (SELECT date, starts_ns, ends_ns FROM sessions WHERE account_id = ?1 "
        "AND starts_ns <= ?2 AND ends_ns > ?2 AND date < (SELECT MAX(date) FROM sessions WHERE account_id = ?1)) "
        "UPDATE daily_pnl SET updated_ns = ?3, (gross_micros, fees_micros, trades, round_turns) = "
        "(SELECT COALESCE(SUM(CASE WHEN has_pnl THEN pnl_micros ELSE 0 END), 0), "
        "COALESCE(SUM(fees_micros + commissions_micros), 0), COUNT(*), COALESCE(SUM(has_pnl), 0) FROM trades, day "
        "WHERE trades.account_id = ?1 AND at_ns >= day.starts_ns AND at_ns < day.ends_ns AND NOT voided) "
        "WHERE account_id = ?1 AND date = (SELECT date FROM day)",
    [SAVE_POSITION] = "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SAVE_POSITION_GONE] = "DELETE FROM positions WHERE account_id = ? AND contract = ?",
    [SAVE_ORDER] = "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SAVE_CONTRACT] = "INSERT OR REPLACE INTO contract_cache VALUES (?, ?, ?, ?, ?, ?)",
    [SAVE_SESSION] = "INSERT INTO sessions VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET starts_ns = excluded.starts_ns, ends_ns = excluded.ends_ns",
    [SAVE_PNL] = "INSERT INTO daily_pnl VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET gross_micros = excluded.gross_micros, fees_micros = excluded.fees_micros, "
        "trades = excluded.trades, round_turns = excluded.round_turns, updated_ns = excluded.updated_ns",
    /* UP-02: a restart begins its extremes anew, the day's are those of all runs. */
    [SAVE_EXTREMES] = "INSERT INTO daily_extremes VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET open_low_micros = MIN(open_low_micros, excluded.open_low_micros), "
        "open_high_micros = MAX(open_high_micros, excluded.open_high_micros), "
        "realized_low_micros = MIN(realized_low_micros, excluded.realized_low_micros), "
        "realized_high_micros = MAX(realized_high_micros, excluded.realized_high_micros), updated_ns = excluded.updated_ns",
    /* A close whose effect was never seen stays so until it is proven, whatever goal comes next (P6, ID-04). */
    [SAVE_INTENT] = "INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?) "
        "ON CONFLICT DO UPDATE SET incident = excluded.incident, rule = excluded.rule, size = excluded.size, "
        "flatten = excluded.flatten, since_ns = excluded.since_ns, "
        "close_unresolved = MAX(excluded.close_unresolved, iif(proven_ns IS NULL, close_unresolved, 0)), "
        "sent_ns = MAX(excluded.sent_ns, iif(proven_ns IS NULL, sent_ns, 0)), "
        "reduced_from = iif(excluded.reduced_from = 0 AND proven_ns IS NULL, reduced_from, excluded.reduced_from), "
        "proven_ns = NULL, took_ns = NULL",
    [SAVE_REQUEST] = "UPDATE intents SET close_unresolved = ?3, sent_ns = COALESCE(?4, sent_ns), "
        "reduced_from = CASE WHEN ?5 > 0 THEN MAX(reduced_from, size + ?5) WHEN ?5 < 0 THEN MIN(reduced_from, ?5 - size) "
        "ELSE reduced_from END "
        "WHERE account_id = ?1 AND contract = ?2 AND proven_ns IS NULL",
    [SAVE_PROVEN] = "UPDATE intents SET proven_ns = ?3, took_ns = ?4 WHERE account_id = ?1 AND contract = ?2",
    [SAVE_STATE] = "UPDATE store_state SET last_ticket = ?, last_command = ?, last_incident = ?, saved_ns = ?, "
        "log_id = ?, log_hash = ? WHERE id = 1",
};

enum status
save_prepare(struct database *database, struct error *err)
{
    enum status status = audit_prepare(database->handle, &database->statements[SAVE_LOG], err);

    for (int i = SAVE_LOG + 1; status == OK && i < SAVE_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(database->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
            &database->statements[i], NULL);
        if (code != SQLITE_OK)
            status = database_error(database->handle, code, statements[i], err);
    }
    return status;
}

static enum status
save_lockout(struct database *database, const struct lockout *lockout, const char *config_hash, struct error *err)
{
    struct binder b = binder_on(database->statements[SAVE_LOCKOUT]);

    binder_int(&b, lockout->account_id);
    binder_int(&b, lockout->rule);
    binder_text(&b, lockout->root);
    binder_int(&b, lockout->kind);
    binder_int(&b, lockout->end);
    binder_int(&b, lockout->since.ns);
    binder_int(&b, lockout->until.ns);
    binder_int(&b, lockout->duration.ns);
    binder_int(&b, (int64_t)lockout->incident);
    binder_text(&b, lockout->why);
    binder_text(&b, config_hash);
    return database_finish(database, b.statement, "lockout", err);
}

static enum status
save_lockout_end(struct database *database, const struct lockout *lockout, struct instant at, struct error *err)
{
    struct binder b = binder_on(database->statements[SAVE_LOCKOUT_END]);

    binder_int(&b, at.ns);
    binder_int(&b, lockout->account_id);
    binder_int(&b, lockout->rule);
    binder_text(&b, lockout->root);
    return database_finish(database, b.statement, "lockout", err);
}

static enum status
save_trade(struct database *database, const struct trade_restored *trade, struct instant at, struct error *err)
{
    const struct trade_row *row = &trade->row;
    struct binder b = binder_on(database->statements[SAVE_TRADE]);

    binder_int(&b, row->id);
    binder_int(&b, row->account_id);
    binder_int(&b, row->order_id);
    binder_text(&b, row->contract.text);
    binder_int(&b, row->at.ns);
    binder_int(&b, row->price_nanos);
    binder_int(&b, row->side);
    binder_int(&b, row->size);
    binder_int(&b, row->has_pnl);
    binder_int(&b, row->pnl_micros);
    binder_int(&b, row->fees_micros);
    binder_int(&b, row->commissions_micros);
    binder_int(&b, row->voided);
    binder_int(&b, trade->judged);
    enum status status = database_finish(database, b.statement, "trade", err);
    if (status != OK)
        return status;
    b = binder_on(database->statements[SAVE_LATE_TRADE]);
    binder_int(&b, row->account_id);
    binder_int(&b, row->at.ns);
    binder_int(&b, at.ns);
    return database_finish(database, b.statement, "late trade", err);
}

static enum status
save_position(struct database *database, const struct position_restored *position, struct instant at, struct error *err)
{
    const struct position_row *row = &position->row;
    bool gone = remembered_position_is_empty(position);
    struct binder b = binder_on(database->statements[gone ? SAVE_POSITION_GONE : SAVE_POSITION]);

    binder_int(&b, row->account_id);
    binder_text(&b, row->contract.text);
    if (!gone) {
        binder_int(&b, row->id);
        binder_int(&b, row->size);
        binder_int(&b, row->average_price_nanos);
        binder_int(&b, row->created_at.ns);
        binder_int(&b, position->ceiling_long);
        binder_int(&b, position->ceiling_short);
        binder_blob(&b, position->memory, sizeof position->memory);
        binder_int(&b, at.ns);
    }
    return database_finish(database, b.statement, "position", err);
}

static enum status
save_order(struct database *database, const struct order_row *order, struct instant at, struct error *err)
{
    struct binder b = binder_on(database->statements[SAVE_ORDER]);

    binder_int(&b, order->id);
    binder_int(&b, order->account_id);
    binder_text(&b, order->contract.text);
    binder_int(&b, order->status);
    binder_int(&b, order->type);
    binder_int(&b, order->side);
    binder_int(&b, order->size);
    binder_int(&b, order->filled);
    binder_int_if(&b, order->has_limit_price, order->limit_price_nanos);
    binder_int_if(&b, order->has_stop_price, order->stop_price_nanos);
    binder_int(&b, order->parent_id);
    binder_int(&b, order->linked_id);
    binder_text(&b, order->tag);
    binder_int(&b, order->created_at.ns);
    binder_int(&b, order->updated_at.ns);
    binder_int(&b, at.ns);
    return database_finish(database, b.statement, "order", err);
}

static enum status
save_contract(struct database *database, const struct contract_row *contract, struct instant at, struct error *err)
{
    struct binder b = binder_on(database->statements[SAVE_CONTRACT]);

    binder_text(&b, contract->id.text);
    binder_text(&b, contract->name);
    binder_int(&b, contract->tick_size_nanos);
    binder_int(&b, contract->tick_value_micros);
    binder_int(&b, contract->active);
    binder_int(&b, at.ns);
    return database_finish(database, b.statement, "contract", err);
}

static enum status
save_day(struct database *database, int64_t account_id, const struct day_totals *day, struct instant at, struct error *err)
{
    struct binder session = binder_on(database->statements[SAVE_SESSION]);
    struct binder pnl = binder_on(database->statements[SAVE_PNL]);
    struct binder extremes = binder_on(database->statements[SAVE_EXTREMES]);

    binder_int(&session, account_id);
    binder_int(&session, day->date);
    binder_int(&session, day->starts_at.ns);
    binder_int(&session, day->ends_at.ns);
    binder_int(&pnl, account_id);
    binder_int(&pnl, day->date);
    binder_int(&pnl, day->gross_micros);
    binder_int(&pnl, day->fees_micros);
    binder_int(&pnl, day->trades);
    binder_int(&pnl, day->round_turns);
    binder_int(&pnl, at.ns);
    binder_int(&extremes, account_id);
    binder_int(&extremes, day->date);
    binder_int(&extremes, day->open_low_micros);
    binder_int(&extremes, day->open_high_micros);
    binder_int(&extremes, day->realized_low_micros);
    binder_int(&extremes, day->realized_high_micros);
    binder_int(&extremes, at.ns);
    enum status status = database_finish(database, session.statement, "session", err);
    if (status == OK)
        status = database_finish(database, pnl.statement, "daily P&L", err);
    if (status == OK)
        status = database_finish(database, extremes.statement, "daily extremes", err);
    return status;
}

static enum status
save_goal(struct database *database, const struct goal_row *goal, struct error *err)
{
    struct binder b = binder_on(database->statements[SAVE_INTENT]);

    binder_int(&b, goal->account_id);
    binder_text(&b, goal->contract.text);
    binder_int(&b, (int64_t)goal->incident);
    binder_int(&b, goal->rule);
    binder_int(&b, goal->size);
    binder_int(&b, goal->flatten);
    binder_int(&b, goal->close_unresolved);
    binder_int(&b, goal->since.ns);
    binder_int(&b, goal->sent_at.ns);
    binder_int(&b, goal->reduced_from);
    return database_finish(database, b.statement, "intent", err);
}

static enum status
save_request(struct database *database, const struct record *record, struct error *err)
{
    const struct command *command = &record->u.request.command;
    int unresolved = remembered_close_unresolved(record);
    struct binder b = binder_on(database->statements[SAVE_REQUEST]);

    if (unresolved < 0)
        return OK;
    binder_int(&b, command->account_id);
    binder_text(&b, command->contract.text);
    binder_int(&b, unresolved);
    binder_int_if(&b, record->kind == RECORD_SENT, record->at.ns);
    binder_int(&b, remembered_reduction(record));
    return database_finish(database, b.statement, "intent", err);
}

static enum status
save_proven(struct database *database, const struct record *record, struct error *err)
{
    const struct goal_row *goal = &record->u.proven.goal;
    struct binder b = binder_on(database->statements[SAVE_PROVEN]);

    binder_int(&b, goal->account_id);
    binder_text(&b, goal->contract.text);
    binder_int(&b, record->at.ns);
    binder_int(&b, record->u.proven.took.ns);
    return database_finish(database, b.statement, "intent", err);
}

static enum status
save_row(struct database *database, const struct store_entry *entry, struct error *err)
{
    const struct record *record = &entry->record;

    switch (record->kind) {
    case RECORD_LOCKOUT_SET:
        return save_lockout(database, &record->u.lockout, entry->config_hash, err);
    case RECORD_LOCKOUT_END:
        return save_lockout_end(database, &record->u.lockout, record->at, err);
    case RECORD_GOAL_SET:
        return save_goal(database, &record->u.goal, err);
    case RECORD_SENT:
    case RECORD_ANSWERED:
        return save_request(database, record, err);
    case RECORD_GOAL_PROVEN:
        return save_proven(database, record, err);
    case RECORD_TRADE:
        return save_trade(database, &record->u.trade, record->at, err);
    case RECORD_POSITION:
        return save_position(database, &record->u.position, record->at, err);
    case RECORD_ORDER:
        return save_order(database, &record->u.order, record->at, err);
    case RECORD_CONTRACT:
        return save_contract(database, &record->u.contract, record->at, err);
    case RECORD_DAY:
        return save_day(database, record->account_id, &record->u.day, record->at, err);
    case RECORD_BREACH:
    case RECORD_ALARM:
    case RECORD_ADMIN:
    case RECORD_MODE:
    case RECORD_SERVICE:
        break; /* Only in the log. */
    }
    return OK;
}

enum status
save_record(struct database *database, const struct store_entry *entry, struct error *err)
{
    enum status status = save_row(database, entry, err);

    if (status == OK && audit_wants(entry->record.kind))
        status = audit_append(database, database->statements[SAVE_LOG], entry, err);
    return status;
}

enum status
save_state(struct database *database, uint64_t ticket, struct instant saved_at, struct error *err)
{
    const struct remembered *remembered = &database->store.remembered;
    struct binder b = binder_on(database->statements[SAVE_STATE]);

    binder_int(&b, (int64_t)ticket);
    binder_int(&b, (int64_t)remembered->last_command);
    binder_int(&b, (int64_t)remembered->last_incident);
    binder_int(&b, saved_at.ns);
    binder_int(&b, database->chain.id);
    binder_blob(&b, database->chain.hash, SHA256_SIZE);
    return database_finish(database, b.statement, "state", err);
}
