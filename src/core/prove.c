/*
 * prove.c - what became of a request: its answer, and whether a read of the broker agrees (OV-01 to OV-04).
 *
 * A success reply is no proof.  A goal is proven when the stream shows it and a read asked later agrees; a request is
 * sent again only when it certainly failed, or when two reads at least a second apart still show what it was to change.
 */
#include "core/account.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdlib.h>

#define READ_AT_ONCE 5 /* After so many refusals in a row the read half a second after each attempt is enough. */

struct instant
enforce_back_off(const struct engine *engine, int8_t attempts, struct span hold)
{
    const struct config *config = engine->config;
    int32_t step = attempts > 0 ? attempts - 1 : 0, last = config->enforce_steps_count - 1;
    struct span wait = config->enforce_steps[step < last ? step : last]; /* RT-04. */

    return instant_add(engine->now, hold.ns > wait.ns ? hold : wait);
}

int8_t
enforce_once_more(int8_t attempts)
{
    return (int8_t)(attempts < INT8_MAX ? attempts + 1 : INT8_MAX);
}

static void
target_answered(
    struct engine *engine, struct account *account, struct target *target, const struct answer_event *answer)
{
    target->command = 0;
    if (answer->outcome == OUTCOME_REFUSED || answer->outcome == OUTCOME_NOT_SENT || answer->outcome == OUTCOME_GONE)
        target->settled = true;
    if (answer->outcome == OUTCOME_REFUSED || answer->outcome == OUTCOME_NOT_SENT) {
        target->attempts = enforce_once_more(target->attempts);
        target->retry_at = enforce_back_off(engine, target->attempts, answer->hold);
        if (target->attempts <= READ_AT_ONCE)
            enforce_want_read(account, engine->now);
        return;
    }
    target->attempts = 0;
    /* Flat was seen, and exposure again, before the answer: whose flat it was cannot be told, and the close may be at work (ID-04). */
    target->unresolved = !target->satisfied || (answer->outcome != OUTCOME_GONE && enforce_held(account, target->contract) > target->size);
    enforce_want_read(
        account, answer->outcome == OUTCOME_GONE ? engine->now : instant_add(target->sent_at, engine->config->verify_poll));
}

static void
order_answered(struct engine *engine, struct account *account, struct order *order, const struct answer_event *answer)
{
    order->command = 0;
    if (order->trimming) {
        trim_answered(engine, account, order, answer);
        return;
    }
    if (order->looking) {
        order->looking = false;
        if (answer->outcome == OUTCOME_GONE) { /* The broker does not know it: it cannot execute. */
            order->status = ORDER_CANCELLED;
            order->unwanted = order->unresolved = order->missing = false;
            order->touched_at = engine->now;
        }
        return;
    }
    if (answer->outcome == OUTCOME_REFUSED || answer->outcome == OUTCOME_NOT_SENT) {
        order->attempts = enforce_once_more(order->attempts);
        order->retry_at = enforce_back_off(engine, order->attempts, answer->hold);
        if (order->attempts <= READ_AT_ONCE)
            enforce_want_read(account, engine->now);
        return;
    }
    if (order_may_execute(order->status))
        order->unresolved = true;
    enforce_want_read(account,
        answer->outcome == OUTCOME_GONE ? engine->now : instant_add(order->sent_at, engine->config->verify_poll)); /* OV-02 */
}

static void
record_answer(
    struct engine *engine, struct account *account, const struct answer_event *answer, const struct command *asked)
{
    struct record *record = output_record(engine, RECORD_ANSWERED, account);

    record->rule = asked->rule;
    record->incident = asked->incident;
    record->u.request.command = *asked;
    record->u.request.command.id = answer->command_id;
    record->u.request.answer = *answer;
    enforce_publish(engine, account, STEP_ANSWERED, &record->u.request.command, asked->rule, asked->incident);
    engine->notices[engine->notices_count - 1].u.enforcement.outcome = answer->outcome;
    if (answer->outcome == OUTCOME_ACCEPTED)
        account->uncontrollable = false;
    if (answer->uncontrollable && !account->uncontrollable) {
        account->uncontrollable = true; /* EC-12: never report it as protected. */
        output_alarm(engine, account, asked->rule, 2, asked->incident,
            "This account cannot be controlled by the gateway: %s", answer->text);
    }
}

void
prove_answer(struct engine *engine, struct account *account, const struct answer_event *answer)
{
    account->touched = true;
    for (struct target *t = account->targets; t != NULL; t = t->next) {
        if (t->command == answer->command_id) {
            struct command asked = {.kind = t->size == 0 ? COMMAND_CLOSE : COMMAND_REDUCE,
                .contract = t->contract->id,
                .rule = t->rule,
                .incident = t->incident};
            target_answered(engine, account, t, answer);
            record_answer(engine, account, answer, &asked);
            return;
        }
    }
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->command == answer->command_id) {
            struct command asked = {.kind = o->trimming ? COMMAND_MODIFY_STOP : COMMAND_CANCEL,
                .contract = o->contract->id,
                .order_id = o->id,
                .size = o->trimming ? o->filled + o->trim_to : 0,
                .rule = o->rule,
                .incident = o->incident};
            bool looking = o->looking;
            order_answered(engine, account, o, answer);
            if (!looking)
                record_answer(engine, account, answer, &asked);
            return;
        }
    }
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        if (p->stop != NULL && p->stop->command == answer->command_id)
            stop_answered(engine, p, answer);
    }
}

/* ---- Reads ---- */

/* Does the read itself, not our mirror, show more than the goal? */
static bool
read_exceeds(const struct target *target, const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->positions_count; i++) {
        const struct position_row *row = &snapshot->positions[i];
        if (abs(row->size) > target->size && text_same(row->contract.text, target->contract->id.text))
            return true;
    }
    return false;
}

static bool
read_agrees(const struct target *target, const struct snapshot *snapshot)
{
    if (read_exceeds(target, snapshot))
        return false;
    for (uint32_t i = 0; i < snapshot->orders_count; i++) {
        const struct order_row *row = &snapshot->orders[i];
        if (target->flatten && order_may_execute(row->status) &&
            text_same(row->contract.text, target->contract->id.text))
            return false;
    }
    return true;
}

static void
prove(struct engine *engine, struct account *account, struct target *target)
{
    struct record *record = output_record(engine, RECORD_GOAL_PROVEN, account);
    struct notice *notice = output_notice(engine, NOTICE_ENFORCEMENT, account);

    record->incident = notice->incident = target->incident;
    record->rule = notice->rule = target->rule;
    record->u.proven.goal = enforce_goal_row(account, target);
    record->u.proven.took = notice->u.enforcement.took = instant_since(engine->now, target->since);
    notice->contract = target->contract->id;
    notice->u.enforcement.step = STEP_PROVEN;
    target->state = TARGET_DONE;
    target->settled = target->settled || target->flatten; /* The read showed no order of the contract at work. */
    target->done_at = engine->now;
    target->attempts = 0;
}

/* OV-04: two reads, or as many as are configured, at least a second apart that still show it, all asked after the request. */
static bool
enough_agreeing_reads(const struct engine *engine, const struct snapshot *snapshot, struct instant sent_at, struct instant *read_at,
    int8_t *agreeing)
{
    bool first = *agreeing == 0;

    if (!instant_before(sent_at, snapshot->asked_at) || (!first && instant_since(snapshot->asked_at, *read_at).ns < SPAN_SECONDS(1).ns))
        return false;
    *agreeing = (int8_t)(*agreeing + 1);
    *read_at = snapshot->asked_at;
    return *agreeing >= engine->config->agreeing_reads;
}

/*
 * Smaller than in the read before, or turned round: that may be our close, filling in pieces.  Nothing made larger is, and whoever goes on trading does
 * not hold off the next one for ever (CC-03).
 */
static bool
may_be_filling(const struct engine *engine, const struct target *target, int32_t held)
{
    bool nearer = (held > 0) != (target->size_seen > 0) || abs(held) < abs(target->size_seen);

    return nearer && instant_since(engine->now, target->sent_at).ns < CLOSE_WAITED_FOR.ns;
}

static void
read_for_target(struct engine *engine, struct account *account, struct target *target, const struct snapshot *snapshot)
{
    const struct position *position = book_find(account, target->contract);
    int32_t held = position != NULL ? position->size : 0;

    bool whole = (snapshot->parts & (PART_ORDERS | PART_OPEN_ORDERS)) != 0;
    if (whole)
        trim_read(account, target);
    if (whole && target->state == TARGET_PROVING && !instant_before(snapshot->asked_at, target->shown_at) &&
        read_agrees(target, snapshot) && trim_is_settled(account, target)) {
        prove(engine, account, target);
        return;
    }
    if (!target->unresolved || target->command != 0 || abs(held) <= target->size)
        return;
    bool exceeds = read_exceeds(target, snapshot); /* If not, only a late event stands against it: it may be done (ID-04). */
    if (!exceeds || may_be_filling(engine, target, held))
        target->agreeing = 0;
    target->size_seen = held;
    if (!exceeds)
        return;
    if (enough_agreeing_reads(engine, snapshot, target->sent_at, &target->read_at, &target->agreeing)) {
        target->unresolved = false;
        target->retry_at = engine->now;
    }
}

void
prove_read(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    bool positions = (snapshot->parts & PART_POSITIONS) != 0;
    bool orders = (snapshot->parts & (PART_ORDERS | PART_OPEN_ORDERS)) != 0;

    account->touched = true;
    /* SR-09: positions alone are enough to try again; only proof needs both. */
    for (struct target *t = account->targets; positions && t != NULL; t = t->next) {
        if (t->state != TARGET_DONE)
            read_for_target(engine, account, t, snapshot);
    }
    if (!positions || !orders)
        return;
    account->read_in_flight = account->read_in_flight && instant_before(snapshot->asked_at, account->read_sent_at);
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (!o->unresolved || o->missing || !(o->unwanted || o->trim) ||
            !enough_agreeing_reads(engine, snapshot, o->sent_at, &o->read_at, &o->agreeing))
            continue;
        o->unresolved = false;
        if (o->trim) { /* Accepted without effect: as good as refused. */
            o->attempts = enforce_once_more(o->attempts);
            o->retry_at = enforce_back_off(engine, o->attempts, SPAN_ZERO);
        }
    }
    for (struct position *p = account->positions; p != NULL; p = p->next)
        stop_read(engine, p, snapshot);
}

/* ---- When to read ---- */

static bool
any_open_target(const struct account *account)
{
    for (const struct target *t = account->targets; t != NULL; t = t->next) {
        if (t->state != TARGET_DONE)
            return true;
    }
    return false;
}

/*
 * OV-02: at 0.5 s, then each 0.5 s for 5 s; then each 2 s, and after half a minute at RT-04's last step, until it is true.  What cannot be
 * closed for hours (a closed market) must leave other accounts their share of the requests.
 */
static struct span
read_again_after(const struct engine *engine, const struct account *account)
{
    struct span youngest = SPAN_SECONDS(3600);

    for (const struct target *t = account->targets; t != NULL; t = t->next) {
        struct span age = instant_since(engine->now, t->urgent_from);
        if (t->state != TARGET_DONE && age.ns < youngest.ns)
            youngest = age;
    }
    struct span poll = engine->config->verify_poll;
    struct span wait = youngest.ns < engine->config->verify_fast.ns ? poll : youngest.ns < SPAN_SECONDS(30).ns ? SPAN_MS(2000) : SPAN_SECONDS(5);
    return wait.ns > poll.ns ? wait : poll;
}

void
prove_ask(struct engine *engine, struct account *account)
{
    struct span since_last = instant_since(engine->now, account->read_sent_at);

    if (account->read_in_flight && since_last.ns < SPAN_SECONDS(5).ns)
        return;
    if (account->read_in_flight) { /* Its answer was lost; it is still wanted. */
        account->read_in_flight = false;
        enforce_want_read(account, engine->now);
    }
    if (any_open_target(account) && instant_is_never(account->read_due))
        enforce_want_read(account, instant_max(engine->now, instant_add(account->read_sent_at, read_again_after(engine, account))));
    if (instant_before(engine->now, account->read_due))
        return;
    account->read_due = INSTANT_NEVER;
    account->read_in_flight = true;
    account->read_sent_at = engine->now;
    (void)output_command(engine, COMMAND_READ, account, NULL);
}
