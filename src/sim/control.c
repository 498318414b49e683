/*
 * control.c - see control.h.  One row of the table per path; --help and docs/risksim.md are made of the same words.
 */
#include "sim/control.h"

#include "base/assert.h"
#include "base/text.h"
#include "sim/order_endpoints.h"
#include "sim/report.h"
#include "sim/stream.h"

#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 64

static void
done(struct call *call)
{
    reply_end(&call->reply, 0, NULL);
}

static void
wrong(struct call *call, const char *why)
{
    reply_end(&call->reply, 1, why);
}

/* ---- The trader's hand and the market ---- */

static void
set_price(struct call *call)
{
    char contract[WORD_SIZE];
    struct sim *sim = call->sim;

    reply_string(call, "contractId", contract, sizeof contract);
    int64_t price = reply_price_or(call, call->root, "price", 0);
    if (exchange_set_price(sim->exchange, sim->now, contract, price))
        done(call);
    else
        wrong(call, "no such contract, or the price is not on a tick");
}

static void
fill(struct call *call)
{
    int64_t order_id = reply_int(call, "orderId"), size = reply_int(call, "size");
    int64_t price = reply_price_or(call, call->root, "price", 0);

    if (exchange_fill(call->sim->exchange, call->sim->now, order_id, size, price))
        done(call);
    else
        wrong(call, "no such working order, or size or price are out of range");
}

static void
void_trade(struct call *call)
{
    if (exchange_void(call->sim->exchange, call->sim->now, reply_int(call, "tradeId")))
        done(call);
    else
        wrong(call, "no such trade, or voided already");
}

static void
set_account(struct call *call)
{
    struct exchange_account *account = exchange_account_find(call->sim->exchange, reply_int(call, "accountId"));

    if (account == NULL) {
        wrong(call, "no such account");
        return;
    }
    account->follower = reply_bool_or(call, call->root, "follower", account->follower);
    account->live = reply_bool_or(call, call->root, "live", account->live);
    account->position_brackets = reply_bool_or(call, call->root, "positionBrackets", account->position_brackets);
    exchange_set_can_trade(call->sim->exchange, call->sim->now, account,
        reply_bool_or(call, call->root, "canTrade", account->can_trade));
    done(call);
}

static void
set_trader(struct call *call)
{
    char script[WORD_SIZE];
    struct traders_options options = call->sim->traders.options;

    reply_string(call, "script", script, sizeof script);
    if (strcmp(script, "demo") != 0 && strcmp(script, "none") != 0) {
        wrong(call, "script: demo or none");
        return;
    }
    options.script = strcmp(script, "demo") == 0 ? TRADERS_DEMO : TRADERS_NONE;
    options.interval = SPAN_MS(reply_int_or(call, call->root, "intervalMs", options.interval.ns / 1000000));
    options.size = reply_int_or(call, call->root, "size", options.size);
    int loss = json_get(&call->json, call->root, "loss");
    int64_t loss_micros;
    if (json_money(&call->json, loss, &loss_micros))
        options.loss_micros = loss_micros;
    reply_string_or(call, call->root, "blocked", options.blocked, sizeof options.blocked, call->sim->traders.options.blocked);
    if (options.interval.ns <= 0 || options.size <= 0 || options.loss_micros <= 0 ||
        exchange_quote(call->sim->exchange, options.blocked) == NULL) {
        wrong(call, "intervalMs, size and loss are positive, blocked is a contract id");
        return;
    }
    traders_set(&call->sim->traders, call->sim->now, &options);
    done(call);
}

static void
watch(struct call *call)
{
    char rule[BREACH_RULE_MAX];
    int64_t account_id = reply_int(call, "accountId");

    reply_string(call, "rule", rule, sizeof rule);
    if (call->missing[0] == '\0' && traders_watch(call->sim, account_id, rule))
        done(call);
    else
        wrong(call, "no such account, or no room");
}

/* ---- How the gateway behaves ---- */

static void
set_span(const struct call *call, const char *key, struct span *span)
{
    *span = SPAN_MS(reply_int_or(call, call->root, key, span->ns / 1000000));
}

static void
set_settings(struct call *call)
{
    struct sim *sim = call->sim;
    struct exchange_settings *settings = exchange_settings(sim->exchange);
    int root = call->root;

    settings->auto_cancel = reply_bool_or(call, root, "autoCancel", settings->auto_cancel);
    settings->market_closed = reply_bool_or(call, root, "marketClosed", settings->market_closed);
    settings->single_row_reversal = reply_bool_or(call, root, "singleRowReversal", settings->single_row_reversal);
    settings->fill_pieces = (int)reply_int_or(call, root, "fillPieces", settings->fill_pieces);
    settings->spread_ticks = reply_int_or(call, root, "spreadTicks", settings->spread_ticks);
    set_span(call, "fillMs", &settings->fill_delay);
    set_span(call, "childMs", &settings->child_delay);
    set_span(call, "cancelMs", &settings->cancel_delay);
    set_span(call, "restLagMs", &sim->rest_lag);
    sim->rest_commissions = reply_bool_or(call, root, "restCommissions", sim->rest_commissions);
    sim->rate_limited = reply_bool_or(call, root, "rateLimit", sim->rate_limited);
    sim->walk = reply_bool_or(call, root, "walk", sim->walk);
    sim->next_walk = instant_max(sim->next_walk, sim->now);
    done(call);
}

static void
set_modes(struct call *call)
{
    struct stream_modes *modes = &call->sim->modes;
    int root = call->root;
    char freeze[WORD_SIZE];

    modes->bare = reply_bool_or(call, root, "bare", modes->bare);
    modes->string_ids = reply_bool_or(call, root, "stringIds", modes->string_ids);
    modes->nulls = reply_bool_or(call, root, "nulls", modes->nulls);
    modes->duplicate = reply_bool_or(call, root, "duplicate", modes->duplicate);
    modes->coalesce = reply_bool_or(call, root, "coalesce", modes->coalesce);
    modes->fragment = reply_bool_or(call, root, "fragment", modes->fragment);
    modes->delay_ms = reply_int_or(call, root, "delayMs", modes->delay_ms);
    modes->jitter_ms = reply_int_or(call, root, "jitterMs", modes->jitter_ms);
    reply_string_or(call, root, "freeze", freeze, sizeof freeze, "");
    if (freeze[0] != '\0') {
        modes->freeze_data = strcmp(freeze, "data") == 0;
        modes->freeze_all = strcmp(freeze, "all") == 0;
    }
    done(call);
}

static void
arm_fault(struct call *call)
{
    char kind[WORD_SIZE], how[WORD_SIZE];
    struct fault fault = { .count = reply_int_or(call, call->root, "count", 1),
        .after = reply_int_or(call, call->root, "after", 0), .permille = reply_int_or(call, call->root, "permille", 1000),
        .ms = reply_int_or(call, call->root, "ms", 0), .status = (int)reply_int_or(call, call->root, "status", 502),
        .error_code = (int)reply_int_or(call, call->root, "errorCode", 2),
        .retry_after_s = reply_int_or(call, call->root, "retryAfter", 0) };

    reply_string(call, "kind", kind, sizeof kind);
    reply_string_or(call, call->root, "path", fault.path, sizeof fault.path, "*");
    reply_string_or(call, call->root, "message", fault.message, sizeof fault.message, "");
    reply_string_or(call, call->root, "how", how, sizeof how, "fin");
    fault.reset = strcmp(how, "rst") == 0;
    if (!faults_kind_parse(kind, &fault.kind))
        wrong(call, "kind: cut_reused, hold, cut_before, status, refuse, cut_after_execute, cut_mid_body, "
                    "status_after_execute, delay or hang");
    else if (fault.count == 0 || fault.count < FAULT_FOR_EVER || fault.status < 100 || fault.status > 999 || fault.error_code == 0)
        wrong(call, "count, status or errorCode out of range");
    else if (!faults_arm(&call->sim->faults, &fault))
        wrong(call, "64 faults are armed already");
    else
        done(call);
}

static void
clear_faults(struct call *call)
{
    struct sim *sim = call->sim;

    faults_clear(&sim->faults);
    memset(&sim->modes, 0, sizeof sim->modes);
    sim->rest_lag = SPAN_ZERO;
    sim->logout = SIM_LOGOUT_NEVER;
    done(call);
}

/* -1: both; -2: no such hub. */
static int
read_hub(const struct call *call)
{
    char hub[WORD_SIZE];

    reply_string_or(call, call->root, "hub", hub, sizeof hub, "all");
    return strcmp(hub, "all") == 0 ? -1 : strcmp(hub, "user") == 0 ? STREAM_USER : strcmp(hub, "market") == 0 ? STREAM_MARKET : -2;
}

static void
drop_hub(struct call *call)
{
    char how[WORD_SIZE], error[256];
    int hub = read_hub(call);

    reply_string_or(call, call->root, "how", how, sizeof how, "close");
    reply_string_or(call, call->root, "error", error, sizeof error, "Connection closed with an error.");
    enum stream_end end = strcmp(how, "rst") == 0 ? STREAM_RESET : strcmp(how, "fin") == 0 ? STREAM_CUT : STREAM_CLOSE;
    if (hub == -2 || (end == STREAM_CLOSE && strcmp(how, "close") != 0)) {
        wrong(call, "hub: user, market or all; how: close, fin or rst");
        return;
    }
    stream_drop(call->sim, hub, end, error[0] == '\0' ? NULL : error, reply_bool_or(call, call->root, "allowReconnect", true));
    done(call);
}

static void
logout_hub(struct call *call)
{
    char on[WORD_SIZE], payload[1024];
    int hub = read_hub(call), node = json_get(&call->json, call->root, "payload");
    size_t length = 0;
    const char *raw = json_raw(&call->json, node, &length);
    bool given = json_kind(&call->json, node) == JSON_ARRAY && text_copy_bytes(payload, sizeof payload, raw, length);

    reply_string_or(call, call->root, "on", on, sizeof on, "now");
    if (hub == -2 || (node != JSON_NONE && !given)) {
        wrong(call, "hub: user, market or all; payload: an array");
        return;
    }
    if (strcmp(on, "now") == 0)
        stream_logout(call->sim, hub, given ? payload : NULL);
    else
        call->sim->logout = strcmp(on, "login") == 0 ? SIM_LOGOUT_SECOND_LOGIN
                            : strcmp(on, "hub") == 0 ? SIM_LOGOUT_SECOND_HUB : SIM_LOGOUT_NEVER;
    done(call);
}

static void
revoke_tokens(struct call *call)
{
    tokens_revoke(&call->sim->tokens, NULL);
    done(call);
}

/* ---- The table ---- */

static const struct control {
    bool post;
    const char *path;
    void (*serve)(struct call *call);
    const char *help;
} controls[] = {
    { true, "/sim/order", order_endpoints_place, "place an order as the trader; fields of Order/place" },
    { true, "/sim/modify", order_endpoints_modify, "modify one; fields of Order/modify" },
    { true, "/sim/cancel", order_endpoints_cancel, "cancel one: accountId, orderId" },
    { true, "/sim/close", order_endpoints_close, "close as the trader: accountId, contractId" },
    { true, "/sim/price", set_price, "the market trades there: contractId, price" },
    { true, "/sim/fill", fill, "fill part of a working order: orderId, size, price" },
    { true, "/sim/void", void_trade, "void a trade: tradeId" },
    { true, "/sim/account", set_account, "accountId; canTrade, follower, live, positionBrackets" },
    { true, "/sim/canTrade", set_account, "accountId, canTrade" },
    { true, "/sim/trader", set_trader, "script: demo|none; intervalMs, size, loss, blocked" },
    { true, "/sim/watch", watch, "start the stopwatch of a breach: accountId, rule" },
    { true, "/sim/settings", set_settings,
        "autoCancel, marketClosed, fillMs, childMs, cancelMs, fillPieces, spreadTicks, singleRowReversal, restLagMs, "
        "restCommissions, rateLimit, walk" },
    { true, "/sim/stream", set_modes,
        "bare, stringIds, nulls, duplicate, coalesce, fragment, delayMs, jitterMs, freeze: none|data|all" },
    { true, "/sim/fault", arm_fault,
        "kind: cut_reused|hold|cut_before|status|refuse|cut_after_execute|cut_mid_body|status_after_execute|delay|hang; path "
        "(its end, default *), count (default 1, -1: for ever), after, permille, ms, status, errorCode, message, retryAfter, "
        "how: fin|rst" },
    { true, "/sim/faults/clear", clear_faults, "no faults, stream modes, REST lag, logout mode any more" },
    { true, "/sim/hub/drop", drop_hub, "hub: user|market|all; how: close|fin|rst; error, allowReconnect" },
    { true, "/sim/hub/logout", logout_hub, "GatewayLogout: hub; payload (array); on: now|login|hub|never" },
    { true, "/sim/token/revoke", revoke_tokens, "every token is worth nothing from now on (401)" },
    { false, "/sim/books", report_books, "each account's positions, orders, trades, balance, counts of what was executed; mutations" },
    { false, "/sim/flat", report_flat, "who is flat" },
    { false, "/sim/breaches", report_breaches, "violations: committed, flat again (ns, UTC)" },
    { false, "/sim/requests", report_requests, "the last 20000 requests" },
    { false, "/sim/hubs", report_hubs, "hub connections and what they hear" },
};

bool
control_has(const char *path)
{
    return text_starts(path, "/sim/");
}

void
control_help(FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(controls); i++)
        fprintf(out, "  %-4s %-18s  %s\n", controls[i].post ? "POST" : "GET", controls[i].path, controls[i].help);
}

static void
serve(struct sim *sim, const struct control *control, const struct request *request, struct answer *answer)
{
    struct call *call = calloc(1, sizeof *call);
    struct sim_note note = { 0 };

    ASSERT(call != NULL);
    call->sim = sim;
    call->request = request;
    call->note = &note;
    reply_begin(&call->reply);
    if (!reply_read(call))
        wrong(call, "the body is not a JSON object");
    else
        control->serve(call);
    if (call->missing[0] != '\0')
        reply_problem(&call->reply, 400, "missing", call->missing);
    answer->status = call->reply.code == 0 || control->serve == order_endpoints_place ? 200 : 400;
    answer->status = call->missing[0] != '\0' ? 400 : answer->status;
    answer->body = call->reply.text.data;
    answer->length = call->reply.text.length;
    free(call);
}

bool
control_acts(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(controls); i++)
        if (strcmp(controls[i].path, path) == 0)
            return controls[i].post;
    return false;
}

void
control_answer(struct sim *sim, const struct request *request, struct answer *ret_answer)
{
    *ret_answer = (struct answer){ .status = 404, .content_type = "application/json; charset=utf-8", .fate = ANSWER_SEND };
    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        if (strcmp(controls[i].path, request->path) != 0)
            continue;
        ret_answer->status = 405;
        if (controls[i].post == request->post)
            serve(sim, &controls[i], request, ret_answer);
        return;
    }
}
