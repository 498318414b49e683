/*
 * commands.c - the engine's commands as requests, their answers as events; and what is told about the state.
 *
 * A mutation leaves within gateway_carry_out() when it can.  Each is answered by exactly one EVENT_ANSWER.
 */
#include "gateway/internal.h"

#include "base/money.h"

#include <string.h>

#define HISTORY_SPAN SPAN_SECONDS(3 * 86400) /* Longer than an order of ours is ever looked for. */
#define CONTRACT_AGAIN_NS (30 * SECOND)
#define CONTRACT_REFUSED_NS (60 * SECOND) /* The server has answered, but not with what is needed. */

/* ---- Answers ---- */

static void
answer_with(const struct command *command, const struct judgement *judgement, const char *text, struct event *ret_event)
{
    struct answer_event *a = &ret_event->u.answer;

    *ret_event = (struct event){ .kind = EVENT_ANSWER, .correlation = command->incident };
    a->command_id = command->id;
    a->outcome = judgement->outcome;
    a->uncontrollable = judgement->uncontrollable;
    a->hold = judgement->hold;
    a->code = -1;
    text_copy(a->text, sizeof a->text, text[0] != '\0' ? text : judgement->text);
}

static void
alarm_answer(struct gateway *gateway, const struct command *command, const struct reply *reply)
{
    const struct judgement *j = &reply->judgement;

    if (j->level == 0)
        return;
    gateway_alarm(gateway, j->level, "account %lld %s: %s%s%s", (long long)command->account_id, command->contract.text, j->text,
        reply->message[0] != '\0' ? ": " : "", reply->message);
}

/* The order's id: also with code 2 (EC-07), also out of an answer that was cut (OV-08); 0: none. */
static int64_t
order_placed(const struct reply *reply)
{
    static const char key[] = "\"orderId\":";
    int64_t id = 0;

    if (reply->json != NULL) {
        (void)json_int64(reply->json, json_get(reply->json, 0, "orderId"), &id);
        return id;
    }
    const char *found = reply->http != NULL ? strstr(reply->http->body, key) : NULL;
    if (found == NULL)
        return 0;
    const char *digits = found + strlen(key);
    digits += strspn(digits, " ");
    size_t length = strspn(digits, "0123456789");
    bool whole = digits[length] == ',' || digits[length] == '}'; /* Not cut within. */
    return whole && text_to_int64(digits, length, &id) ? id : 0;
}

static void
give_answer(struct gateway *gateway, const struct call *call, const struct reply *reply)
{
    struct event event;
    struct answer_event *a = &event.u.answer;

    answer_with(&call->command, &reply->judgement, reply->message, &event);
    a->http_status = reply->facts.http_status;
    a->code = reply->facts.has_envelope ? reply->facts.code : -1;
    if (call->endpoint == ENDPOINT_PLACE)
        a->order_id = order_placed(reply);
    gateway_emit(gateway, &event);
    alarm_answer(gateway, &call->command, reply);
}

static void
on_mutated(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    bool locked = call->endpoint == ENDPOINT_PLACE && reply->facts.has_envelope &&
        (reply->facts.code == 4 || reply->facts.code == 10);

    give_answer(gateway, call, reply);
    if (locked) /* EC-07: a hint that canTrade is false. */
        sync_want(gateway, call->command.account_id);
}

static void write_body(struct text *out, const struct command *command);
static void look_up_contract(struct gateway *gateway, const struct command *command, int64_t not_before_ns);

/* An order that is not in it may be older than what was searched: nothing is proven then. */
static void
on_history(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    struct event event = { .kind = EVENT_ORDER, .correlation = call->command.incident };
    int list = reply->json != NULL ? json_get(reply->json, 0, "orders") : JSON_NONE;
    size_t count = reply->json != NULL && json_kind(reply->json, list) == JSON_ARRAY ? json_size(reply->json, list) : 0;
    int child = count > 0 ? json_first(reply->json, list) : JSON_NONE;

    for (size_t i = 0; i < count && reply->judgement.outcome == OUTCOME_ACCEPTED; i++, child = json_next(reply->json, child)) {
        if (!decode_order(reply->json, child, &event.u.order) || event.u.order.id != call->command.order_id ||
            event.u.order.account_id != call->command.account_id)
            continue;
        gateway_emit(gateway, &event);
        return;
    }
    struct reply missing = *reply;
    missing.judgement = (struct judgement){ OUTCOME_REFUSED, false, 0, SPAN_ZERO, "the order is not among the latest" };
    give_answer(gateway, call, &missing);
}

static void
search_order(struct gateway *gateway, const struct command *command)
{
    struct call *call = rest_call(gateway, ENDPOINT_ORDER_HISTORY, PACE_PROOF, on_history);
    struct text body = rest_body(call);
    struct json_writer w = json_writer_on(&body);
    char since[INSTANT_TEXT_MAX];

    call->command = *command;
    instant_format(instant_sub(gateway_utc(gateway), HISTORY_SPAN), since, sizeof since);
    json_open(&w, NULL, '{');
    json_add_int(&w, "accountId", command->account_id);
    json_add_string(&w, "startTimestamp", since);
    json_close(&w, '}');
    rest_submit(gateway, call);
}

static void
on_order(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    struct event event = { .kind = EVENT_ORDER, .correlation = call->command.incident };
    bool good = reply->judgement.outcome == OUTCOME_ACCEPTED && reply->json != NULL &&
        decode_order(reply->json, json_get(reply->json, 0, "order"), &event.u.order) &&
        event.u.order.account_id == call->command.account_id;

    if (good)
        gateway_emit(gateway, &event);
    else if (reply->facts.fate == HTTP_ANSWERED && reply->facts.http_status == 404)
        search_order(gateway, &call->command); /* OV-03: a server without searchById. */
    else
        give_answer(gateway, call, reply);
}

static bool
is_looked_up(const struct gateway *gateway, const struct call *but)
{
    for (const struct call *c = gateway->rest.all; c != NULL; c = c->next)
        if (c != but && c->endpoint == ENDPOINT_CONTRACT && strcmp(c->command.contract.text, but->command.contract.text) == 0)
            return true;
    return false;
}

/* Without its tick size nothing in a contract has a price, and no stop can be placed: as long as it is held it is asked for (R-ALL-6, P4). */
static void
look_up_again(struct gateway *gateway, const struct call *call, const struct reply *reply)
{
    bool transient = errors_read_is_transient(&reply->facts), held = outbound_holds(&gateway->outbound, &call->command);

    if (gateway->stopping || (!transient && !held) || is_looked_up(gateway, call))
        return;
    bool said_yes = reply->judgement.outcome == OUTCOME_ACCEPTED;
    if (!transient)
        gateway_alarm(gateway, GATEWAY_WARN, "account %lld %s: tick size and value are not to be had, no result is known and no stop can be placed: %s",
            (long long)call->command.account_id, call->command.contract.text,
            said_yes ? "the answer lacks them" : reply->message[0] != '\0' ? reply->message : reply->judgement.text);
    look_up_contract(gateway, &call->command, gateway_now(gateway) + (transient ? CONTRACT_AGAIN_NS : CONTRACT_REFUSED_NS));
}

static void
on_contract(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    struct event event = { .kind = EVENT_CONTRACT };
    const struct contract_row *row = &event.u.contract;
    bool good = reply->judgement.outcome == OUTCOME_ACCEPTED && reply->json != NULL &&
        decode_contract(reply->json, json_get(reply->json, 0, "contract"), &event.u.contract) &&
        strcmp(row->id.text, call->command.contract.text) == 0 && row->tick_size_nanos > 0 && row->tick_value_micros > 0;

    if (good) {
        gateway_emit(gateway, &event);
        return;
    }
    give_answer(gateway, call, reply);
    look_up_again(gateway, call, reply);
}

static void
look_up_contract(struct gateway *gateway, const struct command *command, int64_t not_before_ns)
{
    struct call *call = rest_call(gateway, ENDPOINT_CONTRACT, PACE_NORMAL, on_contract);
    struct text body = rest_body(call);

    call->command = *command;
    call->not_before_ns = not_before_ns;
    write_body(&body, command);
    rest_submit(gateway, call);
}

static void
on_read(struct gateway *gateway, struct fetch *fetch)
{
    (void)gateway;
    (void)fetch; /* fetch.c gave the snapshot, or the failure. */
}

/* ---- Requests ---- */

static const struct {
    enum endpoint endpoint;
    call_done *done;
} requests[] = {
    [COMMAND_CLOSE] = { ENDPOINT_CLOSE, on_mutated },
    [COMMAND_REDUCE] = { ENDPOINT_REDUCE, on_mutated },
    [COMMAND_CANCEL] = { ENDPOINT_CANCEL, on_mutated },
    [COMMAND_PLACE_STOP] = { ENDPOINT_PLACE, on_mutated },
    [COMMAND_MODIFY_STOP] = { ENDPOINT_MODIFY, on_mutated },
    [COMMAND_LOOK_UP_ORDER] = { ENDPOINT_ORDER, on_order },
    [COMMAND_LOOK_UP_CONTRACT] = { ENDPOINT_CONTRACT, on_contract },
};

static void
add_place(struct json_writer *w, const struct command *command)
{
    char tag[TAG_MAX];
    struct text text = text_on(tag, sizeof tag);

    text_addf(&text, DECODE_OUR_TAG "%llu", (unsigned long long)(command->tag != 0 ? command->tag : command->id)); /* ID-03: unique for ever. */
    json_add_string(w, "contractId", command->contract.text);
    json_add_int(w, "type", ORDER_STOP);
    json_add_int(w, "side", command->side);
    json_add_int(w, "size", command->size);
    json_add_null(w, "limitPrice");
    json_add_price(w, "stopPrice", command->price_nanos);
    json_add_null(w, "trailPrice");
    json_add_string(w, "customTag", tag);
}

static void
write_body(struct text *out, const struct command *command)
{
    struct json_writer w = json_writer_on(out);

    json_open(&w, NULL, '{');
    if (command->kind != COMMAND_LOOK_UP_CONTRACT)
        json_add_int(&w, "accountId", command->account_id);
    switch (command->kind) {
    case COMMAND_CLOSE:
    case COMMAND_LOOK_UP_CONTRACT:
        json_add_string(&w, "contractId", command->contract.text);
        break;
    case COMMAND_REDUCE:
        json_add_string(&w, "contractId", command->contract.text);
        json_add_int(&w, "size", command->size);
        break;
    case COMMAND_PLACE_STOP:
        add_place(&w, command);
        break;
    case COMMAND_MODIFY_STOP:
        json_add_int(&w, "orderId", command->order_id);
        if (command->size > 0)
            json_add_int(&w, "size", command->size);
        if (command->price_nanos != 0)
            json_add_price(&w, "stopPrice", command->price_nanos);
        break;
    default: /* Cancel, look up an order. */
        json_add_int(&w, "orderId", command->order_id);
        break;
    }
    json_close(&w, '}');
}

static void
request(struct gateway *gateway, const struct command *command)
{
    enum endpoint endpoint = requests[command->kind].endpoint;
    enum pace_class class = endpoint == ENDPOINT_CONTRACT ? PACE_NORMAL : endpoint_mutates(endpoint) ? PACE_ENFORCEMENT : PACE_PROOF;
    struct call *call = rest_call(gateway, endpoint, class, requests[command->kind].done);
    struct text body = rest_body(call);

    call->command = *command;
    write_body(&body, command);
    rest_submit(gateway, call);
}

static void
refuse(struct gateway *gateway, const struct command *command, const char *why, bool history)
{
    struct judgement judgement = { OUTCOME_NOT_SENT, false, GATEWAY_CRITICAL, SPAN_SECONDS(5), why };
    struct event event;

    answer_with(command, &judgement, "", &event);
    gateway_emit_later(gateway, &event);
    if (history)
        gateway_alarm(gateway, GATEWAY_WARN, "account %lld %s: a stop was not sent, the position has changed meanwhile: %s",
            (long long)command->account_id, command->contract.text, why);
    else
        gateway_alarm(gateway, GATEWAY_CRITICAL, "internal: command %llu not sent: %s", (unsigned long long)command->id, why);
}

void
gateway_carry_out(struct gateway *gateway, const struct command *command)
{
    const char *why;
    bool history = false;

    switch (command->kind) {
    case COMMAND_READ:
        fetch_read(gateway, command->account_id, command->id, on_read);
        break;
    case COMMAND_SUBSCRIBE:
        hub_subscribe(&gateway->hubs[HUB_MARKET], command->contract.text);
        break;
    case COMMAND_UNSUBSCRIBE:
        hub_unsubscribe(&gateway->hubs[HUB_MARKET], command->contract.text);
        break;
    case COMMAND_SYNC:
        sync_want(gateway, command->account_id);
        break;
    default:
        why = command->kind == COMMAND_LOOK_UP_CONTRACT ? NULL : outbound_check(gateway, command, &history);
        if (why != NULL)
            refuse(gateway, command, why, history);
        else
            request(gateway, command);
        break;
    }
    gateway_rearm(gateway);
}

/* ---- Status ---- */

int64_t
gateway_frame_ns(const struct gateway *gateway)
{
    return gateway->frame_ns;
}

int64_t
gateway_first_byte_ns(const struct gateway *gateway)
{
    return gateway->rest.first_byte_ns;
}

static struct gateway_hub_status
describe_hub(const struct hub *hub, int64_t now)
{
    struct gateway_hub_status s = { .connects = hub->connects, .frame_age_ms = -1 };

    text_copy(s.state, sizeof s.state, hub_state_name(hub->state));
    text_copy(s.why, sizeof s.why, hub->why);
    if (hub_is_live(hub))
        s.live_for_ms = (now - hub->live_ns) / MS;
    if (hub->received_ns >= 0)
        s.frame_age_ms = (now - hub->received_ns) / MS;
    return s;
}

void
gateway_status(const struct gateway *gateway, struct gateway_status *ret_status)
{
    int64_t now = gateway_now(gateway);
    const struct rest *rest = &gateway->rest;

    *ret_status = (struct gateway_status){
        .mode = gateway->mode,
        .user = describe_hub(&gateway->hubs[HUB_USER], now),
        .market = describe_hub(&gateway->hubs[HUB_MARKET], now),
        .has_token = gateway->session.token != NULL,
        .token_left_s = gateway->session.token != NULL ? (gateway->session.expires_ns - now) / SECOND : 0,
        .token_age_s = gateway->session.token != NULL ? (now - gateway->session.token_ns) / SECOND : 0,
        .rate_used = pace_used(&gateway->pace, PACE_GENERAL, now),
        .rate_max = pace_max(&gateway->pace, PACE_GENERAL),
        .history_used = pace_used(&gateway->pace, PACE_HISTORY, now),
        .history_max = pace_max(&gateway->pace, PACE_HISTORY),
        .rate_refusals = rest->refusals,
        .upkeep_paused = pause_is_on(&rest->pause),
        .requests_waiting = rest_waiting(rest),
        .rest_success_age_ms = rest->success_ns >= 0 ? (now - rest->success_ns) / MS : -1,
        .requests = rest->requests,
        .mutations = rest->mutations,
        .logouts = gateway->logouts,
        .unknown_targets = gateway->unknown_targets,
        .foreign_rows = gateway->foreign_rows,
        .unusable_rows = gateway->unusable_rows,
        .syncs = gateway->sync.rounds,
        .clock_skew_ms = skew_ms(&rest->skew),
        .clock_skew_error_ms = skew_error_ms(&rest->skew),
    };
}
