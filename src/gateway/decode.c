/*
 * decode.c - the gateway's JSON to rows and events.
 *
 * Written against captures (captures/, spec/gateway.md 12): user events come as {"action":n,"data":{...}} though documented bare, nulls
 * are omitted, ids may be strings, quotes are sparse, market arguments start with the contract's id.  There is no event of a
 * fill: fills are half-turns of trades, and what orders say of themselves (PF-01).
 */
#include "gateway/decode.h"

#include "base/assert.h"
#include "base/money.h"

#include <string.h>

#define SIZE_LIMIT 1000000 /* Contracts; no account holds more. */
#define PRICE_LIMIT (INT64_C(10000000) * NANOS_PER_UNIT) /* FV-02. */
#define DEPTH_LIMIT 3 /* Arrays and envelopes around a row. */

static bool
is_given(const struct json *json, int node)
{
    enum json_kind kind = json_kind(json, node);

    return kind != JSON_ABSENT && kind != JSON_NULL;
}

static bool
get_id(const struct json *json, int node, int64_t *ret_id)
{
    return json_int64(json, node, ret_id) && *ret_id > 0;
}

/* An integer that may be missing (0 then); false when it is there and no 32-bit number. */
static bool
get_int32(const struct json *json, int node, int32_t *ret_value)
{
    int64_t value = 0;

    *ret_value = 0;
    if (!is_given(json, node))
        return true;
    if (!json_int64(json, node, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *ret_value = (int32_t)value;
    return true;
}

static bool
get_size(const struct json *json, int node, int32_t *ret_size)
{
    return get_int32(json, node, ret_size) && *ret_size >= 0 && *ret_size <= SIZE_LIMIT;
}

/* FV-02: nothing can be done without a side. */
static bool
get_side(const struct json *json, int node, int32_t *ret_side)
{
    return is_given(json, node) && get_int32(json, node, ret_side) &&
        (*ret_side == SIDE_BUY || *ret_side == SIDE_SELL);
}

/* A price that may be missing; false when it is there and unusable. */
static bool
get_price(const struct json *json, int node, bool *ret_has, int64_t *ret_nanos)
{
    *ret_has = false;
    *ret_nanos = 0;
    if (!is_given(json, node))
        return true;
    if (!json_price(json, node, ret_nanos) || *ret_nanos >= PRICE_LIMIT || *ret_nanos <= -PRICE_LIMIT) {
        *ret_nanos = 0;
        return false;
    }
    *ret_has = true;
    return true;
}

static bool
get_money(const struct json *json, int node, bool *ret_has, int64_t *ret_micros)
{
    *ret_has = is_given(json, node);
    *ret_micros = 0;
    return !*ret_has || json_money(json, node, ret_micros);
}

static struct instant
get_instant(const struct json *json, int node)
{
    struct instant at = INSTANT_NONE;
    char text[INSTANT_TEXT_MAX];

    /* Decoded first: .NET escapes the '+' of an offset in some settings. */
    if (!json_string(json, node, text, sizeof text))
        return INSTANT_NONE;
    return instant_parse(text, strlen(text), &at) ? at : INSTANT_NONE;
}

/* Optional text; too long is cut: odd, not unusable. */
static void
get_text(const struct json *json, int node, char *out, size_t size)
{
    size_t length;

    out[0] = '\0';
    if (json_kind(json, node) != JSON_STRING || json_string(json, node, out, size))
        return;
    const char *raw = json_raw(json, node, &length);
    text_copy_bytes(out, size, raw, length);
}

static bool
get_contract(const struct json *json, int node, struct contract_id *ret_contract)
{
    return json_string(json, node, ret_contract->text, sizeof ret_contract->text) &&
        ret_contract->text[0] != '\0';
}

static enum answer
get_answer(const struct json *json, int node)
{
    bool value;

    if (!json_bool(json, node, &value))
        return ANSWER_UNKNOWN;
    return value ? ANSWER_YES : ANSWER_NO;
}

bool
decode_account(const struct json *json, int node, struct account_row *ret_row)
{
    enum { ID, NAME, BALANCE, CAN_TRADE, SIMULATED, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("id"), JSON_KEY("name"), JSON_KEY("balance"), JSON_KEY("canTrade"),
        JSON_KEY("simulated") };
    int at[KEYS];
    struct account_row row = { 0 };

    json_pick(json, node, keys, KEYS, at);
    if (!get_id(json, at[ID], &row.id))
        return false;
    get_text(json, at[NAME], row.name, sizeof row.name);
    if (!get_money(json, at[BALANCE], &row.has_balance, &row.balance_micros))
        row.has_balance = false;
    row.can_trade = get_answer(json, at[CAN_TRADE]);
    row.simulated = get_answer(json, at[SIMULATED]);
    *ret_row = row;
    return true;
}

/* FV-06: size 0 is the close message whatever its type says; otherwise the type is the only word about the direction. */
static bool
sign_size(int32_t type, int32_t size, int32_t *ret_size)
{
    if (size != 0 && type != 1 && type != 2)
        return false;
    *ret_size = type == 2 ? -size : size;
    return true;
}

bool
decode_position(const struct json *json, int node, struct position_row *ret_row)
{
    enum { ID, ACCOUNT_ID, CONTRACT_ID, CREATION_TIMESTAMP, TYPE, SIZE, AVERAGE_PRICE, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("id"), JSON_KEY("accountId"), JSON_KEY("contractId"),
        JSON_KEY("creationTimestamp"), JSON_KEY("type"), JSON_KEY("size"), JSON_KEY("averagePrice") };
    int at[KEYS];
    struct position_row row = { 0 };
    int32_t type, size;
    bool has;

    json_pick(json, node, keys, KEYS, at);
    (void)json_int64(json, at[ID], &row.id);
    if (!get_id(json, at[ACCOUNT_ID], &row.account_id) || !get_contract(json, at[CONTRACT_ID], &row.contract))
        return false;
    if (at[SIZE] == JSON_NONE || !get_size(json, at[SIZE], &size) ||
        !get_int32(json, at[TYPE], &type) || !sign_size(type, size, &row.size))
        return false;
    if (!get_price(json, at[AVERAGE_PRICE], &has, &row.average_price_nanos))
        return false;
    row.created_at = get_instant(json, at[CREATION_TIMESTAMP]);
    *ret_row = row;
    return true;
}

static bool
is_our_tag(const char *tag)
{
    const char *number = tag + strlen(DECODE_OUR_TAG);

    return text_starts(tag, DECODE_OUR_TAG) && *number != '\0' && number[strspn(number, "0123456789")] == '\0';
}

bool
decode_order(const struct json *json, int node, struct order_row *ret_row)
{
    enum { ID, ACCOUNT_ID, CONTRACT_ID, CREATION_TIMESTAMP, UPDATE_TIMESTAMP, STATUS, TYPE, SIDE, SIZE, LIMIT_PRICE, STOP_PRICE,
        FILL_VOLUME, CUSTOM_TAG, PARENT_ORDER_ID, LINKED_ORDER_ID, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("id"), JSON_KEY("accountId"), JSON_KEY("contractId"),
        JSON_KEY("creationTimestamp"), JSON_KEY("updateTimestamp"), JSON_KEY("status"), JSON_KEY("type"), JSON_KEY("side"),
        JSON_KEY("size"), JSON_KEY("limitPrice"), JSON_KEY("stopPrice"), JSON_KEY("fillVolume"), JSON_KEY("customTag"),
        JSON_KEY("parentOrderId"), JSON_KEY("linkedOrderId") };
    int at[KEYS];
    struct order_row row = { 0 };

    json_pick(json, node, keys, KEYS, at);
    if (!get_id(json, at[ID], &row.id) || !get_id(json, at[ACCOUNT_ID], &row.account_id) ||
        !get_contract(json, at[CONTRACT_ID], &row.contract))
        return false;
    /* A missing status is 0 "None", which may execute (OL-01). */
    if (!get_int32(json, at[STATUS], &row.status) || !get_int32(json, at[TYPE], &row.type) ||
        !get_side(json, at[SIDE], &row.side))
        return false;
    if (!get_size(json, at[SIZE], &row.size) || !get_size(json, at[FILL_VOLUME], &row.filled))
        return false;
    if (!get_price(json, at[LIMIT_PRICE], &row.has_limit_price, &row.limit_price_nanos) ||
        !get_price(json, at[STOP_PRICE], &row.has_stop_price, &row.stop_price_nanos))
        return false;
    (void)json_int64(json, at[PARENT_ORDER_ID], &row.parent_id);
    (void)json_int64(json, at[LINKED_ORDER_ID], &row.linked_id);
    row.created_at = get_instant(json, at[CREATION_TIMESTAMP]);
    row.updated_at = get_instant(json, at[UPDATE_TIMESTAMP]);
    get_text(json, at[CUSTOM_TAG], row.tag, sizeof row.tag);
    row.ours = is_our_tag(row.tag);
    *ret_row = row;
    return true;
}

bool
decode_trade(const struct json *json, int node, struct instant now, struct trade_row *ret_row)
{
    enum { ID, ACCOUNT_ID, CONTRACT_ID, CREATION_TIMESTAMP, PRICE, PROFIT_AND_LOSS, FEES, COMMISSIONS, SIDE, SIZE, VOIDED,
        ORDER_ID, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("id"), JSON_KEY("accountId"), JSON_KEY("contractId"),
        JSON_KEY("creationTimestamp"), JSON_KEY("price"), JSON_KEY("profitAndLoss"), JSON_KEY("fees"), JSON_KEY("commissions"),
        JSON_KEY("side"), JSON_KEY("size"), JSON_KEY("voided"), JSON_KEY("orderId") };
    int at[KEYS];
    struct trade_row row = { 0 };
    bool has;

    json_pick(json, node, keys, KEYS, at);
    if (!get_id(json, at[ID], &row.id) || !get_id(json, at[ACCOUNT_ID], &row.account_id) ||
        !get_contract(json, at[CONTRACT_ID], &row.contract))
        return false;
    if (!get_size(json, at[SIZE], &row.size) || !get_side(json, at[SIDE], &row.side))
        return false;
    if (!get_price(json, at[PRICE], &has, &row.price_nanos) ||
        !get_money(json, at[PROFIT_AND_LOSS], &row.has_pnl, &row.pnl_micros) ||
        !get_money(json, at[FEES], &has, &row.fees_micros) ||
        !get_money(json, at[COMMISSIONS], &has, &row.commissions_micros))
        return false;
    (void)json_int64(json, at[ORDER_ID], &row.order_id);
    (void)json_bool(json, at[VOIDED], &row.voided);
    row.at = get_instant(json, at[CREATION_TIMESTAMP]);
    if (instant_equal(row.at, INSTANT_NONE))
        row.at = now;
    *ret_row = row;
    return true;
}

bool
decode_contract(const struct json *json, int node, struct contract_row *ret_row)
{
    enum { ID, ACTIVE_CONTRACT, NAME, TICK_SIZE, TICK_VALUE, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("id"), JSON_KEY("activeContract"), JSON_KEY("name"), JSON_KEY("tickSize"),
        JSON_KEY("tickValue") };
    int at[KEYS];
    struct contract_row row = { 0 };
    bool has;

    json_pick(json, node, keys, KEYS, at);
    if (!json_string(json, at[ID], row.id.text, sizeof row.id.text) || row.id.text[0] == '\0')
        return false;
    get_text(json, at[NAME], row.name, sizeof row.name);
    if (!get_price(json, at[TICK_SIZE], &has, &row.tick_size_nanos) ||
        !get_money(json, at[TICK_VALUE], &has, &row.tick_value_micros))
        return false;
    if (row.tick_size_nanos < 0 || row.tick_value_micros < 0)
        return false;
    (void)json_bool(json, at[ACTIVE_CONTRACT], &row.active);
    *ret_row = row;
    return true;
}

bool
decode_quote(const struct json *json, int node, const char *contract, struct quote_row *ret_row)
{
    enum { LAST_PRICE, BEST_BID, BEST_ASK, KEYS };
    static const struct json_key keys[KEYS] = { JSON_KEY("lastPrice"), JSON_KEY("bestBid"), JSON_KEY("bestAsk") };
    int at[KEYS];
    struct quote_row row = { 0 };

    json_pick(json, node, keys, KEYS, at);
    if (json_kind(json, node) != JSON_OBJECT || contract[0] == '\0')
        return false;
    if (!text_copy(row.contract.text, sizeof row.contract.text, contract))
        return false;
    if (!get_price(json, at[LAST_PRICE], &row.has_last, &row.last_nanos) ||
        !get_price(json, at[BEST_BID], &row.has_bid, &row.bid_nanos) ||
        !get_price(json, at[BEST_ASK], &row.has_ask, &row.ask_nanos))
        return false;
    *ret_row = row;
    return true;
}

/* ---- Hub invocations ---- */

struct walk {
    const struct json *json;
    enum event_kind kind;
    struct instant now;
    decode_sink *sink;
    void *context;
    char contract[CONTRACT_ID_MAX]; /* Market hub: the first argument (EP-05). */
    int rows;
    bool unusable;
};

static void
decode_row(struct walk *walk, int node)
{
    const struct json *json = walk->json;
    struct event event = { .kind = walk->kind };
    bool good = false;

    switch (walk->kind) {
    case EVENT_ACCOUNT:
        good = decode_account(json, node, &event.u.account);
        break;
    case EVENT_POSITION:
        good = decode_position(json, node, &event.u.position);
        break;
    case EVENT_ORDER:
        good = decode_order(json, node, &event.u.order);
        break;
    case EVENT_TRADE:
        good = decode_trade(json, node, walk->now, &event.u.trade);
        break;
    case EVENT_QUOTE:
        good = decode_quote(json, node, walk->contract, &event.u.quote);
        break;
    default:
        break;
    }
    walk->rows++;
    if (good)
        walk->sink(walk->context, &event);
    else
        walk->unusable = true;
}

/* An object with an object or array under "data" is an envelope; an array is a list; anything else an odd argument of no use. */
static void
decode_value(struct walk *walk, int node, int depth)
{
    const struct json *json = walk->json;

    if (depth > DEPTH_LIMIT)
        return;
    if (json_kind(json, node) == JSON_OBJECT) {
        int data = json_get_any_case(json, node, "data");
        enum json_kind kind = json_kind(json, data);

        if (kind == JSON_OBJECT || kind == JSON_ARRAY)
            decode_value(walk, data, depth + 1);
        else
            decode_row(walk, node);
    } else if (json_kind(json, node) == JSON_ARRAY) {
        int child = json_first(json, node);

        for (size_t i = 0; i < json_size(json, node); i++, child = json_next(json, child))
            decode_value(walk, child, depth + 1);
    }
}

struct target_facts {
    struct json_key name;
    enum event_kind kind; /* EVENT_KINDS: not used. */
    bool is_logout;
};

static const struct target_facts targets[] = {
    { JSON_KEY("GatewayQuote"), EVENT_QUOTE, false },
    { JSON_KEY("GatewayUserPosition"), EVENT_POSITION, false },
    { JSON_KEY("GatewayUserOrder"), EVENT_ORDER, false },
    { JSON_KEY("GatewayUserTrade"), EVENT_TRADE, false },
    { JSON_KEY("GatewayUserAccount"), EVENT_ACCOUNT, false },
    { JSON_KEY("GatewayTrade"), EVENT_KINDS, false },
    { JSON_KEY("GatewayDepth"), EVENT_KINDS, false },
    { JSON_KEY("GatewayLogout"), EVENT_KINDS, true },
};

/* NULL: none we know. */
static const struct target_facts *
find_target(const char *target)
{
    size_t length = strlen(target);

    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (targets[i].name.length == length && text_same_bytes(target, targets[i].name.name, length))
            return &targets[i];
    return NULL;
}

/* Whatever shape it has (spec/gateway.md 4.7): a string, an object with message or reason, or nothing. */
static void
read_logout(const struct json *json, int arguments, char *out, size_t size)
{
    static const char *const keys[] = { "message", "reason" };
    int first = json_size(json, arguments) > 0 ? json_first(json, arguments) : JSON_NONE;

    out[0] = '\0';
    if (json_kind(json, first) == JSON_STRING) {
        if (!json_string(json, first, out, size))
            out[0] = '\0';
        return;
    }
    for (size_t i = 0; i < COUNT_OF(keys) && out[0] == '\0'; i++)
        if (!json_string(json, json_get_any_case(json, first, keys[i]), out, size))
            out[0] = '\0';
}

enum decode_result
decode_invocation(const struct json *json, const struct signalr_message *message, struct instant now, decode_sink *sink,
    void *context, char *ret_text, size_t size)
{
    struct walk walk = { .json = json, .kind = EVENT_KINDS, .now = now, .sink = sink, .context = context };
    const struct target_facts *target = find_target(message->target);

    ret_text[0] = '\0';
    if (target == NULL)
        return DECODE_UNKNOWN;
    if (target->is_logout) {
        read_logout(json, message->arguments, ret_text, size);
        return DECODE_LOGOUT;
    }
    walk.kind = target->kind;
    if (walk.kind == EVENT_KINDS)
        return DECODE_IGNORED;
    int child = json_first(json, message->arguments);
    for (size_t n = 0; n < json_size(json, message->arguments); n++, child = json_next(json, child)) {
        if (walk.kind == EVENT_QUOTE && n == 0 && json_kind(json, child) == JSON_STRING) {
            if (!json_string(json, child, walk.contract, sizeof walk.contract))
                walk.contract[0] = '\0';
            continue;
        }
        decode_value(&walk, child, 0);
    }
    return walk.unusable || walk.rows == 0 ? DECODE_UNUSABLE : DECODE_OK;
}

int64_t
decode_account_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_POSITION:
        return event->u.position.account_id;
    case EVENT_ORDER:
        return event->u.order.account_id;
    case EVENT_TRADE:
        return event->u.trade.account_id;
    case EVENT_ACCOUNT:
        return event->u.account.id;
    default:
        return 0;
    }
}
