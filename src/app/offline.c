/*
 * offline.c - tables to the objects of the feed, by the feed's own writers: so a screen has one way to read them.
 *
 * Opened anew each time: a reader that stays open would keep the daemon's WAL from being folded in.
 */
#include "app/offline.h"

#include "base/json.h"
#include "base/money.h"
#include "feed/messages.h"
#include "rules/rules.h"
#include "store/audit.h"
#include "store/history.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNTS_MAX 64
#define STEPS 400
#define STEP_TEXT 1200

struct offline {
    struct json_writer json;
    struct instant now;
    struct restore restore;
    int32_t accounts_count, steps_count;
    int64_t accounts[ACCOUNTS_MAX];
    struct day_totals days[ACCOUNTS_MAX]; /* The newest of each. */
    char steps[STEPS][STEP_TEXT];         /* Newest first: the feed wants them the other way round. */
};

static int32_t
index_of(struct offline *offline, int64_t account_id)
{
    for (int32_t i = 0; i < offline->accounts_count; i++)
        if (offline->accounts[i] == account_id)
            return i;
    if (offline->accounts_count == ACCOUNTS_MAX || account_id == 0)
        return -1;
    offline->accounts[offline->accounts_count] = account_id;
    return offline->accounts_count++;
}

static void
take_day(void *context, int64_t account_id, const struct day_totals *day)
{
    struct offline *offline = context;
    int32_t i = index_of(offline, account_id);

    if (i >= 0 && day->date > offline->days[i].date)
        offline->days[i] = *day;
}

static void
add_instant(struct json_writer *json, const char *key, int64_t ns)
{
    char text[INSTANT_TEXT_MAX];

    if (ns <= 0 || ns == INT64_MAX) {
        json_add_null(json, key);
        return;
    }
    (void)instant_format((struct instant){ ns }, text, sizeof text);
    json_add_string(json, key, text);
}

/* ---- The enforcement log ---- */

/* The message a row of the log was told by; NULL: by none. */
static const char *
type_of(const struct audit_row *row)
{
    static const char *const steps[] = { "breach", "sent", "answered", "goal_proven" };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(row->kind, steps[i]) == 0)
            return "enforcement_action";
    return strcmp(row->kind, "lockout_end") == 0 ? "lockout_cleared" : strcmp(row->kind, "alarm") == 0 ? "warning" : NULL;
}

static void
add_data(struct json_writer *json, const struct audit_row *row)
{
    bool ended = strcmp(row->kind, "lockout_end") == 0, proven = strcmp(row->kind, "goal_proven") == 0;

    json_open(json, "data", '{');
    json_add_string(json, "step", proven ? "proven" : row->kind);
    json_add_string(json, "kind", "alarm"); /* Of a warning; a lockout's is not shown once it has ended. */
    json_add_string(json, "level", "red");
    json_add_int(json, "incident", row->incident);
    json_add_int(json, "rule", row->rule);
    json_add_string(json, "contract", ended ? "" : row->scope);
    json_add_string(json, "root", ended ? row->scope : "");
    json_add_string(json, "command", row->command_kind);
    json_add_int(json, "order_id", row->order_id);
    json_add_string(json, "outcome", row->result);
    json_add_int(json, "took_us", row->took_ns / 1000);
    json_add_string(json, "text", row->reason);
    json_add_string(json, "why", row->reason);
    json_add_string(json, "reason", ended ? row->detail : "");
    json_close(json, '}');
}

static void
take_row(void *context, const struct audit_row *row)
{
    struct offline *offline = context;
    const char *type = type_of(row);

    if (type == NULL || offline->steps_count == STEPS)
        return;
    struct text text = text_on(offline->steps[offline->steps_count], STEP_TEXT);
    struct json_writer json = json_writer_on(&text);
    json_open(&json, NULL, '{');
    json_add_string(&json, "type", type);
    json_add_int(&json, "account_id", row->account_id);
    add_instant(&json, "ts", row->at_ns);
    add_data(&json, row);
    json_close(&json, '}');
    if (!text.truncated)
        offline->steps_count++;
}

/* ---- Accounts ---- */

static struct contract
contract_of(const struct restore *restore, const struct contract_id *id)
{
    struct contract contract = { .id = *id };

    for (uint32_t i = 0; i < restore->contracts_count; i++) {
        if (strcmp(restore->contracts[i].id.text, id->text) == 0) {
            contract.tick_size_nanos = restore->contracts[i].tick_size_nanos;
            contract.tick_value_micros = restore->contracts[i].tick_value_micros;
        }
    }
    return contract;
}

static void
add_positions(struct offline *offline, int64_t account_id)
{
    json_open(&offline->json, "positions", '[');
    for (uint32_t i = 0; i < offline->restore.positions_count; i++) {
        const struct position_row *row = &offline->restore.positions[i].row;
        if (row->account_id != account_id || row->size == 0)
            continue;
        struct contract contract = contract_of(&offline->restore, &row->contract);
        messages_position_row(&offline->json, row, &contract);
    }
    json_close(&offline->json, ']');
}

static void
add_trades(struct offline *offline, int64_t account_id, struct instant since)
{
    json_open(&offline->json, "trades", '[');
    for (uint32_t i = 0; i < offline->restore.trades_count; i++) {
        const struct trade_row *row = &offline->restore.trades[i].row;
        if (row->account_id != account_id || instant_before(row->at, since))
            continue;
        struct contract contract = contract_of(&offline->restore, &row->contract);
        messages_trade_row(&offline->json, row, &contract);
    }
    json_close(&offline->json, ']');
}

static void
add_lockouts(struct offline *offline, int64_t account_id)
{
    json_open(&offline->json, "lockouts", '[');
    for (uint32_t i = 0; i < offline->restore.lockouts_count; i++)
        if (offline->restore.lockouts[i].account_id == account_id)
            messages_lockout(&offline->json, &offline->restore.lockouts[i]);
    json_close(&offline->json, ']');
}

static void
add_account(struct offline *offline, int32_t index)
{
    int64_t account_id = offline->accounts[index];
    struct day_totals day = offline->days[index];
    char name[24];

    if (day.ends_at.ns != 0 && !instant_before(offline->now, day.ends_at)) /* A day that is over says nothing of today. */
        day = (struct day_totals){ .date = day.date + 1, .starts_at = day.ends_at, .ends_at = INSTANT_NEVER };
    (void)snprintf(name, sizeof name, "%" PRId64, account_id);
    json_open(&offline->json, NULL, '{');
    json_add_int(&offline->json, "account_id", account_id);
    json_add_string(&offline->json, "name", name);
    json_add_null(&offline->json, "can_trade");
    messages_day(&offline->json, "day", &day);
    add_positions(offline, account_id);
    add_trades(offline, account_id, day.starts_at);
    add_lockouts(offline, account_id);
    json_close(&offline->json, '}');
}

/* ---- All of it ---- */

static void
write_data(struct offline *offline)
{
    struct json_writer *json = &offline->json;

    json_open(json, "data", '{');
    json_add_null(json, "daemon");
    json_add_int(json, "warn_percent", 70);
    json_add_int(json, "alert_percent", 90);
    json_open(json, "rules", '[');
    for (int32_t i = 0; rules_table[i] != NULL; i++) {
        json_open(json, NULL, '{');
        json_add_int(json, "rule", rules_table[i]->number);
        json_add_string(json, "title", rules_table[i]->title);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_open(json, "history", '[');
    for (int32_t i = offline->steps_count - 1; i >= 0; i--)
        json_add_raw(json, NULL, offline->steps[i]);
    json_close(json, ']');
    json_open(json, "accounts", '[');
    for (int32_t i = 0; i < offline->accounts_count; i++)
        add_account(offline, i);
    json_close(json, ']');
    json_close(json, '}');
}

static enum status
read_all(struct offline *offline, struct store *store, struct instant now, struct error *err)
{
    enum status status = store_load(store, now, &offline->restore, err);

    if (status == OK)
        status = history_each_day(store, 0, ACCOUNTS_MAX, take_day, offline, err);
    if (status == OK)
        status = audit_each(store, 0, STEPS, take_row, offline, err);
    for (uint32_t i = 0; status == OK && i < offline->restore.lockouts_count; i++)
        (void)index_of(offline, offline->restore.lockouts[i].account_id);
    for (uint32_t i = 0; status == OK && i < offline->restore.positions_count; i++)
        (void)index_of(offline, offline->restore.positions[i].row.account_id);
    return status;
}

enum status
offline_write(const char *path, struct instant now, struct text *out, struct instant *ret_saved_at, struct error *err)
{
    static struct offline offline; /* Half a megabyte; there is one reader. */
    const struct store_options options = { .path = path, .now = now, .read_only = true };
    struct store *store = NULL;
    enum status status = store_open(&options, &store, err);

    if (status != OK)
        return status;
    offline = (struct offline){ .json = json_writer_on(out), .now = now };
    status = read_all(&offline, store, now, err);
    if (status == OK) {
        struct json_writer *json = &offline.json;
        json_open(json, NULL, '{');
        json_add_string(json, "type", "snapshot");
        json_add_null(json, "account_id");
        write_data(&offline);
        json_add_int(json, "seq", 0);
        add_instant(json, "ts", offline.restore.saved_at.ns);
        json_close(json, '}');
        *ret_saved_at = offline.restore.saved_at;
        status = out->truncated ? error_set(err, STATUS_LIMIT, "%s: too much to show", path) : OK;
    }
    store_close(store);
    return status;
}
