/*
 * model_rows.c - reads the objects of the feed's messages; what is missing or odd becomes zero, "" or none.
 */
#include "tui/model.h"

#include <string.h>

int64_t
model_int(const struct json *json, int object, const char *key)
{
    int64_t value = 0;

    (void)json_int64(json, json_get(json, object, key), &value);
    return value;
}

bool
model_bool(const struct json *json, int object, const char *key)
{
    bool value = false;

    (void)json_bool(json, json_get(json, object, key), &value);
    return value;
}

int64_t
model_money(const struct json *json, int object, const char *key)
{
    int64_t value = 0;

    (void)json_money(json, json_get(json, object, key), &value);
    return value;
}

struct instant
model_instant(const struct json *json, int object, const char *key)
{
    char text[INSTANT_TEXT_MAX];
    struct instant at = INSTANT_NONE;

    if (json_string(json, json_get(json, object, key), text, sizeof text))
        (void)instant_parse(text, strlen(text), &at);
    return at;
}

/* A string too long for its place is cut, not dropped. */
void
model_string(const struct json *json, int object, const char *key, char *out, size_t size)
{
    char whole[1024];

    out[0] = '\0';
    if (!json_string(json, json_get(json, object, key), whole, sizeof whole))
        return;
    size_t length = strlen(whole);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)whole[length] & 0xc0) == 0x80)
            length--; /* Not in the middle of a character. */
    }
    memcpy(out, whole, length);
    out[length] = '\0';
}

static bool
price(const struct json *json, int object, const char *key, int64_t *ret_nanos)
{
    return json_price(json, json_get(json, object, key), ret_nanos);
}

static bool
is_buy(const struct json *json, int object)
{
    return json_string_is(json, json_get(json, object, "side"), "buy");
}

void
model_read_position(const struct json *json, int node, struct model_position *out)
{
    *out = (struct model_position){ .id = model_int(json, node, "id"), .size = model_int(json, node, "size"),
        .tick_value_micros = model_money(json, node, "tick_value"), .created_at = model_instant(json, node, "created_at") };
    model_string(json, node, "contract", out->contract, sizeof out->contract);
    model_string(json, node, "root", out->root, sizeof out->root);
    (void)price(json, node, "average_price", &out->average_nanos);
    (void)price(json, node, "tick_size", &out->tick_size_nanos);
    out->open_told = json_money(json, json_get(json, node, "open_pnl"), &out->told_open_micros);
}

bool
model_read_order(const struct json *json, int node, struct model_order *out)
{
    *out = (struct model_order){ .id = model_int(json, node, "id"), .size = model_int(json, node, "size"),
        .filled = model_int(json, node, "filled"), .buy = is_buy(json, node), .created_at = model_instant(json, node, "created_at") };
    model_string(json, node, "contract", out->contract, sizeof out->contract);
    model_string(json, node, "root", out->root, sizeof out->root);
    model_string(json, node, "status", out->status, sizeof out->status);
    model_string(json, node, "type", out->type, sizeof out->type);
    out->has_limit = price(json, node, "limit_price", &out->limit_nanos);
    out->has_stop = price(json, node, "stop_price", &out->stop_nanos);
    return model_bool(json, node, "working");
}

void
model_read_trade(const struct json *json, int node, struct model_trade *out)
{
    *out = (struct model_trade){ .id = model_int(json, node, "id"), .size = model_int(json, node, "size"),
        .buy = is_buy(json, node), .fees_micros = model_money(json, node, "fees"), .voided = model_bool(json, node, "voided"),
        .at = model_instant(json, node, "at") };
    model_string(json, node, "contract", out->contract, sizeof out->contract);
    model_string(json, node, "root", out->root, sizeof out->root);
    out->has_pnl = json_money(json, json_get(json, node, "pnl"), &out->pnl_micros);
    out->has_price = price(json, node, "price", &out->price_nanos);
}

void
model_read_lockout(const struct json *json, int node, struct model_lockout *out)
{
    *out = (struct model_lockout){ .rule = (int)model_int(json, node, "rule"), .since = model_instant(json, node, "since"),
        .until = model_instant(json, node, "until") };
    model_string(json, node, "root", out->root, sizeof out->root);
    model_string(json, node, "kind", out->kind, sizeof out->kind);
    model_string(json, node, "end", out->end, sizeof out->end);
    model_string(json, node, "why", out->why, sizeof out->why);
    model_string(json, node, "reason", out->reason, sizeof out->reason);
}

/* The figures of a gauge; what it is set to (enabled, then) is left. */
void
model_read_gauge(const struct json *json, int node, struct model_gauge *out)
{
    int level = json_get(json, node, "level");

    out->rule = (int)model_int(json, node, "rule");
    out->asked = true;
    out->level = json_string_is(json, level, "green") ? 0 : json_string_is(json, level, "yellow") ? 1 : 2;
    out->observed_micros = model_money(json, node, "observed");
    out->limit_micros = model_money(json, node, "limit");
    model_string(json, node, "unit", out->unit, sizeof out->unit);
}

void
model_read_day(const struct json *json, int node, struct model_day *out)
{
    *out = (struct model_day){ .starts_at = model_instant(json, node, "starts_at"), .ends_at = model_instant(json, node, "ends_at"),
        .gross_micros = model_money(json, node, "gross"), .fees_micros = model_money(json, node, "fees"),
        .realized_micros = model_money(json, node, "realized"), .trades = model_int(json, node, "trades"),
        .round_turns = model_int(json, node, "round_turns"), .open_low = model_money(json, node, "open_low"),
        .open_high = model_money(json, node, "open_high"), .realized_low = model_money(json, node, "realized_low"),
        .realized_high = model_money(json, node, "realized_high") };
    model_string(json, node, "date", out->date, sizeof out->date);
}

void
model_read_quote(const struct json *json, int node, struct model_quote *out)
{
    *out = (struct model_quote){ .quoted_at = model_instant(json, node, "quoted_at") };
    model_string(json, node, "contract", out->contract, sizeof out->contract);
    out->has_last = price(json, node, "last", &out->last_nanos);
    out->has_bid = price(json, node, "bid", &out->bid_nanos);
    out->has_ask = price(json, node, "ask", &out->ask_nanos);
}

/* ---- The daemon ---- */

static struct model_latency
read_latency(const struct json *json, int node)
{
    return (struct model_latency){ model_int(json, node, "count"), model_int(json, node, "p50"), model_int(json, node, "p99"),
        model_int(json, node, "max") };
}

static int64_t
age(const struct json *json, int object, const char *key)
{
    int64_t value = -1;

    return json_int64(json, json_get(json, object, key), &value) ? value : -1;
}

static void
read_hub(const struct json *json, int node, struct model_hub *out)
{
    model_string(json, node, "state", out->state, sizeof out->state);
    model_string(json, node, "why", out->why, sizeof out->why);
    out->connects = model_int(json, node, "connects");
    out->live_for_ms = model_int(json, node, "live_for_ms");
    out->frame_age_ms = age(json, node, "frame_age_ms");
}

static void
read_user(const struct json *json, int node, struct model_user *out)
{
    read_hub(json, json_get(json, node, "user_hub"), &out->user);
    read_hub(json, json_get(json, node, "market_hub"), &out->market);
    out->has_token = model_bool(json, node, "has_token");
    out->token_left_s = model_int(json, node, "token_left_s");
    out->budget_used = model_int(json, node, "budget_used");
    out->budget_max = model_int(json, node, "budget_max");
    out->waiting = model_int(json, node, "requests_waiting");
    out->rest_age_ms = age(json, node, "rest_success_age_ms");
    out->requests = model_int(json, node, "requests");
    out->mutations = model_int(json, node, "mutations");
    out->syncs = model_int(json, node, "syncs");
    out->skew_ms = model_int(json, node, "clock_skew_ms");
}

static void
read_connections(const struct json *json, int node, struct model_daemon *out)
{
    int users = json_get(json, node, "users"), store = json_get(json, node, "store");
    int user = json_first(json, users);

    out->has_connections = json_kind(json, node) == JSON_OBJECT;
    for (size_t i = 0; i < json_size(json, users) && i < MODEL_USERS; i++, user = json_next(json, user))
        read_user(json, user, &out->users[out->users_count++]);
    out->has_store = json_kind(json, store) == JSON_OBJECT;
    out->store_failing = model_bool(json, store, "failing");
    out->store_waiting = model_int(json, store, "waiting");
    out->store_spilled = model_int(json, store, "spilled");
    out->blind_ms = model_int(json, node, "blind_today_ms");
    out->degraded_ms = model_int(json, node, "degraded_today_ms");
    out->feed_clients = model_int(json, node, "feed_clients");
    out->feed_dropped = model_int(json, node, "feed_dropped");
    out->feed_skipped = model_int(json, node, "feed_skipped");
}

static void
read_pending(const struct json *json, int node, struct model_pending *out)
{
    int changes = json_get(json, node, "changes"), change = json_first(json, changes);

    if (json_kind(json, node) != JSON_OBJECT)
        return;
    out->cancelled = model_bool(json, node, "cancelled");
    out->until = model_instant(json, node, "until");
    out->count = (int)json_size(json, changes) + (int)model_int(json, node, "more");
    for (size_t i = 0; i < json_size(json, changes) && i < MODEL_PENDING; i++, change = json_next(json, change))
        if (!json_string(json, change, out->changes[i], MODEL_TEXT))
            out->changes[i][0] = '\0';
}

void
model_read_daemon(const struct json *json, int node, struct model_daemon *out)
{
    *out = (struct model_daemon){ .started_at = model_instant(json, node, "started_at"), .uptime_ms = model_int(json, node, "uptime_ms"),
        .protected_ms = age(json, node, "time_to_protected_ms"), .events = model_int(json, node, "events"),
        .commands = model_int(json, node, "commands"), .breaches = model_int(json, node, "breaches"),
        .alarms = model_int(json, node, "alarms"), .undecodable = model_int(json, node, "undecodable"),
        .ledger_rows = model_int(json, node, "ledger_rows"), .decision = read_latency(json, json_get(json, node, "decision_us")),
        .flat = read_latency(json, json_get(json, node, "time_to_flat_us")) };
    model_string(json, node, "version", out->version, sizeof out->version);
    model_string(json, node, "mode", out->mode, sizeof out->mode);
    model_string(json, node, "reason", out->reason, sizeof out->reason);
    read_pending(json, json_get(json, node, "pending"), &out->pending);
    read_connections(json, json_get(json, node, "connections"), out);
}

/* ---- The calendar ---- */

static void
read_session(const struct json *json, int node, struct model_session *out)
{
    model_string(json, node, "root", out->root, sizeof out->root);
    model_string(json, node, "hours", out->hours, sizeof out->hours);
    model_string(json, node, "zone", out->zone, sizeof out->zone);
    out->open = model_bool(json, node, "open");
    out->ends_at = model_instant(json, node, "ends_at");
    out->next_start = model_instant(json, node, "next_start");
}

void
model_read_calendar(const struct json *json, int node, struct model_calendar *out)
{
    char name[MODEL_NAME];
    int sessions = json_get(json, node, "sessions"), holidays = json_get(json, node, "holidays"), item;

    model_string(json, node, "zone", name, sizeof name);
    if (strcmp(name, out->zone_name) != 0) {
        zone_free(out->zone);
        out->zone = NULL;
        (void)text_copy(out->zone_name, sizeof out->zone_name, name);
        if (name[0] != '\0' && zone_load(NULL, name, &out->zone, NULL) != OK)
            out->zone = NULL; /* Shown in UTC, and said so by words_when(). */
    }
    model_string(json, node, "trading_day", out->trading_day, sizeof out->trading_day);
    out->next_reset = model_instant(json, node, "next_reset");
    out->sessions_count = out->holidays_count = 0;
    item = json_first(json, sessions);
    for (size_t i = 0; i < json_size(json, sessions) && i < MODEL_SESSIONS; i++, item = json_next(json, item))
        read_session(json, item, &out->sessions[out->sessions_count++]);
    item = json_first(json, holidays);
    for (size_t i = 0; i < json_size(json, holidays); i++, item = json_next(json, item)) {
        struct model_holiday holiday;
        model_string(json, item, "date", holiday.date, sizeof holiday.date);
        model_string(json, item, "name", holiday.name, sizeof holiday.name);
        model_string(json, item, "early_close", holiday.early_close, sizeof holiday.early_close);
        if (strcmp(holiday.date, out->trading_day) >= 0 && out->holidays_count < MODEL_HOLIDAYS)
            out->holidays[out->holidays_count++] = holiday; /* Those gone by are of no use. */
    }
}
