/*
 * actions.c - what was done after which event, as lines that can be compared and read.
 *
 * Both sides, the expectation and what happened, are written by the same few functions here, so a difference is never one of spelling.
 */
#include "app/actions.h"

#include "base/money.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RULE_SYMBOL_BLOCKS 11

static struct text
new_line(struct actions *actions, int32_t after)
{
    static char scrap[ACTION_TEXT_MAX]; /* Where lines beyond the bound go; the overflow is a failure of its own. */
    bool fits = actions->count < ACTIONS_MAX;
    struct text text = text_on(fits ? actions->lines[actions->count] : scrap, ACTION_TEXT_MAX);

    if (fits)
        actions->count++;
    else
        actions->overflow = true;
    text_addf(&text, "%" PRId32 " ", after);
    return text;
}

static void
add_price(struct text *text, int64_t nanos)
{
    char price[MONEY_TEXT_MAX];

    decimal_format(nanos, 9, price, sizeof price);
    text_addf(text, " price %s", price);
}

static void
add_close(struct actions *actions, int32_t after, int64_t account_id, const char *contract)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "close %" PRId64 " %s", account_id, contract);
}

static void
add_cancel(struct actions *actions, int32_t after, int64_t account_id, int64_t order_id)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "cancel %" PRId64 " order %" PRId64, account_id, order_id);
}

static void
add_lock(struct actions *actions, int32_t after, int64_t account_id, const char *scope, int64_t seconds,
    struct instant until)
{
    struct text text = new_line(actions, after);
    char at[INSTANT_TEXT_MAX];

    if (seconds > 0)
        text_addf(&text, "cooldown %" PRId64 " %s %" PRId64 " s until ", account_id, scope, seconds);
    else
        text_addf(&text, "lock %" PRId64 " %s until ", account_id, scope);
    if (instant_is_never(until)) {
        text_add(&text, "cleared");
        return;
    }
    instant_format(until, at, sizeof at);
    text_add(&text, at);
}

static void
add_unlock(struct actions *actions, int32_t after, int64_t account_id, const char *scope)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "unlock %" PRId64 " %s", account_id, scope);
}

static void
add_modify(struct actions *actions, int32_t after, int64_t account_id, int64_t order_id, int64_t price_nanos, int64_t size)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "modify_stop %" PRId64 " order %" PRId64, account_id, order_id);
    add_price(&text, price_nanos);
    if (size > 0)
        text_addf(&text, " size %" PRId64, size);
}

static void
add_place(struct actions *actions, int32_t after, int64_t account_id, const char *contract, int64_t side, int64_t size,
    int64_t price_nanos)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "place_stop %" PRId64 " %s side %" PRId64 " size %" PRId64, account_id, contract, side, size);
    add_price(&text, price_nanos);
}

static void
add_reduce(struct actions *actions, int32_t after, int64_t account_id, const char *contract, int64_t by)
{
    struct text text = new_line(actions, after);

    text_addf(&text, "reduce %" PRId64 " %s by %" PRId64, account_id, contract, by);
}

/* ---- What a case expects ---- */

/* One element of "expect", its members read; absent ones are zero. */
struct expected {
    const struct json *json;
    int node;
    int32_t after;
    int64_t account_id, order_id, by, size, side, seconds, price_nanos;
    char contract[CONTRACT_ID_MAX], scope[ROOT_MAX + 8];
    struct instant until;
};

static struct expected
read_members(const struct json *json, int node)
{
    struct expected e = { .json = json, .node = node, .until = INSTANT_NEVER };
    size_t length;
    int64_t after = 0;

    (void)json_int64(json, json_get(json, node, "after"), &after);
    (void)json_int64(json, json_get(json, node, "accountId"), &e.account_id);
    (void)json_int64(json, json_get(json, node, "orderId"), &e.order_id);
    (void)json_int64(json, json_get(json, node, "by"), &e.by);
    (void)json_int64(json, json_get(json, node, "size"), &e.size);
    (void)json_int64(json, json_get(json, node, "side"), &e.side);
    (void)json_int64(json, json_get(json, node, "seconds"), &e.seconds);
    (void)json_price(json, json_get(json, node, "price"), &e.price_nanos);
    (void)json_string(json, json_get(json, node, "contractId"), e.contract, sizeof e.contract);
    if (!json_string(json, json_get(json, node, "scope"), e.scope, sizeof e.scope))
        (void)text_copy(e.scope, sizeof e.scope, "account");
    const char *until = json_raw(json, json_get(json, node, "until"), &length);
    (void)instant_parse(until, length, &e.until); /* Null: no end by time. */
    e.after = (int32_t)after;
    return e;
}

static void
expect_close_all(struct actions *actions, const struct expected *e)
{
    int list = json_get(e->json, e->node, "contracts");
    int child = json_first(e->json, list);
    char contract[CONTRACT_ID_MAX];

    for (size_t i = 0; i < json_size(e->json, list); i++, child = json_next(e->json, child))
        if (json_string(e->json, child, contract, sizeof contract))
            add_close(actions, e->after, e->account_id, contract);
}

static void
expect_cancel_all(struct actions *actions, const struct expected *e)
{
    int list = json_get(e->json, e->node, "orders");
    int child = json_first(e->json, list);
    int64_t order_id;

    for (size_t i = 0; i < json_size(e->json, list); i++, child = json_next(e->json, child))
        if (json_int64(e->json, child, &order_id))
            add_cancel(actions, e->after, e->account_id, order_id);
}

static bool
expect_one(struct actions *actions, const char *action, const struct expected *e)
{
    if (strcmp(action, "none") == 0)
        return true;
    if (strcmp(action, "close_position") == 0)
        add_close(actions, e->after, e->account_id, e->contract);
    else if (strcmp(action, "close_all") == 0)
        expect_close_all(actions, e);
    else if (strcmp(action, "cancel_all") == 0)
        expect_cancel_all(actions, e);
    else if (strcmp(action, "cancel_order") == 0)
        add_cancel(actions, e->after, e->account_id, e->order_id);
    else if (strcmp(action, "reduce") == 0)
        add_reduce(actions, e->after, e->account_id, e->contract, e->by);
    else if (strcmp(action, "lockout") == 0)
        add_lock(actions, e->after, e->account_id, e->scope, 0, e->until);
    else if (strcmp(action, "cooldown") == 0)
        add_lock(actions, e->after, e->account_id, e->scope, e->seconds, e->until);
    else if (strcmp(action, "unlock") == 0)
        add_unlock(actions, e->after, e->account_id, e->scope);
    else if (strcmp(action, "place_stop") == 0)
        add_place(actions, e->after, e->account_id, e->contract, e->side, e->size, e->price_nanos);
    else if (strcmp(action, "modify_stop") == 0)
        add_modify(actions, e->after, e->account_id, e->order_id, e->price_nanos, e->size);
    else
        return false;
    return true;
}

enum status
actions_expected(struct actions *actions, const struct json *json, int expect, struct error *err)
{
    int child = json_first(json, expect);
    char action[32];

    if (json_kind(json, expect) != JSON_ARRAY)
        return error_set(err, STATUS_CORRUPT, "expect: not an array");
    for (size_t i = 0; i < json_size(json, expect); i++, child = json_next(json, child)) {
        struct expected e = read_members(json, child);
        if (!json_string(json, json_get(json, child, "action"), action, sizeof action) || !expect_one(actions, action, &e))
            return error_set(err, STATUS_CORRUPT, "expect[%zu]: unknown action", i);
    }
    return OK;
}

/* ---- What happened ---- */

void
actions_add_command(struct actions *actions, int32_t after, const struct command *command, const struct order_row *order)
{
    switch (command->kind) {
    case COMMAND_CLOSE:
        add_close(actions, after, command->account_id, command->contract.text);
        break;
    case COMMAND_REDUCE:
        add_reduce(actions, after, command->account_id, command->contract.text, command->size);
        break;
    case COMMAND_CANCEL:
        add_cancel(actions, after, command->account_id, command->order_id);
        break;
    case COMMAND_PLACE_STOP:
        add_place(actions, after, command->account_id, command->contract.text, command->side, command->size,
            command->price_nanos);
        break;
    case COMMAND_MODIFY_STOP: { /* Zero means unchanged; an unchanged size is not spoken of. */
        int64_t price = command->price_nanos == 0 && order != NULL ? order->stop_price_nanos : command->price_nanos;
        int32_t size = order != NULL && command->size == order->size ? 0 : command->size;
        add_modify(actions, after, command->account_id, command->order_id, price, size);
        break;
    }
    case COMMAND_READ:
    case COMMAND_LOOK_UP_ORDER:
    case COMMAND_LOOK_UP_CONTRACT:
    case COMMAND_SUBSCRIBE:
    case COMMAND_UNSUBSCRIBE:
    case COMMAND_SYNC:
        break;
    }
}

void
actions_add_record(struct actions *actions, int32_t after, const struct record *record)
{
    const struct lockout *lockout = &record->u.lockout;
    char scope[ROOT_MAX + 8] = "account";

    if (record->kind != RECORD_LOCKOUT_SET && record->kind != RECORD_LOCKOUT_END)
        return;
    if (lockout->rule == RULE_SYMBOL_BLOCKS && lockout->root[0] != '\0') /* A state, which cases check; not an action they list. */
        return;
    if (lockout->root[0] != '\0') {
        struct text text = text_on(scope, sizeof scope);
        text_addf(&text, "root:%s", lockout->root);
    }
    if (record->kind == RECORD_LOCKOUT_END)
        add_unlock(actions, after, lockout->account_id, scope);
    else
        add_lock(actions, after, lockout->account_id, scope,
            lockout->kind == LOCK_ENTRIES ? lockout->duration.ns / 1000000000 : 0, lockout->until);
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

void
actions_sort(struct actions *actions)
{
    qsort(actions->lines, (size_t)actions->count, sizeof actions->lines[0], compare_lines);
}

bool
actions_equal(const struct actions *a, const struct actions *b)
{
    if (a->count != b->count || a->overflow || b->overflow)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (strcmp(a->lines[i], b->lines[i]) != 0)
            return false;
    return true;
}
