/*
 * enforce.c - making the broker's state obey (R-ALL-5, EP-06, resilience.md 1.24 and 2).
 *
 *     a breach or a lock wants "at most N of this contract"
 *
 *     ACTING --- the stream shows it ---> PROVING --- a later read agrees ---> DONE (watched 30 s)
 *       ^ \                                  |                                   |
 *       |  close/reduce and cancels out      +-- exposure again ----> ACTING <---+-- a swept order filled late
 *       +--- refused: back-off; accepted or unknown: only after two reads 1 s apart still show it (OV-04)
 *
 * Nothing here ends by giving up, or because somebody else is closing too (CC-03); what a close left, or an entry filled late, is closed in the
 * next round (PF-05).  A second breach joins the target there is and makes it stricter (CC-02).  At most one close or reduce per contract
 * is unresolved, whatever wants it (ID-04): two in flight could reverse the position.  Cancels are idempotent and go out beside the close.
 */
#include "core/account.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdlib.h>

#define WATCH_LATE_FILL SPAN_SECONDS(30)
#define ANSWER_OVERDUE SPAN_SECONDS(10) /* The gateway answers each request within 5 s; then some. */
#define LATE_FILL_HOLD SPAN_MS(2000)
#define CLOSE_AT_WORK SPAN_MS(2000)     /* A market order of the venue's is filled long before; then it is somebody else's. */

static struct target *
target_of(const struct account *account, const struct contract *contract)
{
    struct target *target = account->targets;

    while (target != NULL && target->contract != contract)
        target = target->next;
    return target;
}

int32_t
enforce_held(const struct account *account, const struct contract *contract)
{
    const struct position *position = book_find(account, contract);

    return position != NULL ? abs(position->size) : 0;
}

static bool
has_orders(const struct account *account, const struct contract *contract, bool only_unwanted)
{
    for (const struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->contract == contract && order_may_execute(o->status) && (o->unwanted || !only_unwanted))
            return true;
    }
    return false;
}

struct goal_row
enforce_goal_row(const struct account *account, const struct target *target)
{
    return (struct goal_row){ .incident = target->incident, .account_id = account->id, .contract = target->contract->id,
        .rule = target->rule, .size = target->size, .flatten = target->flatten, .reduced_from = target->reduced_from,
        .close_unresolved = target->unresolved || target->command != 0, .since = target->since, .sent_at = target->sent_at };
}

static void
record_goal(struct engine *engine, struct account *account, const struct target *target)
{
    struct record *record = output_record(engine, RECORD_GOAL_SET, account);

    record->incident = target->incident;
    record->rule = target->rule;
    record->u.goal = enforce_goal_row(account, target);
}

/* What was refused before, and how long that has gone on, is of no account for what is wanted now. */
static void
make_urgent(const struct engine *engine, struct target *target)
{
    target->attempts = 0;
    target->retry_at = engine->now;
    target->urgent_from = engine->now;
}

/* The contract's target, made or woken for a new purpose.  A close still unresolved stays so: it is the same broker. */
static struct target *
begin(struct engine *engine, struct account *account, const struct contract *contract, int32_t rule, uint64_t incident)
{
    struct target *target = target_of(account, contract);

    if (target != NULL && target->state != TARGET_DONE)
        return target;
    if (target == NULL) {
        target = pool_take(&engine->targets);
        if (target == NULL) {
            output_alarm(engine, account, rule, 2, incident, "No room for another enforcement of %s.", contract->id.text);
            return NULL;
        }
        target->contract = contract;
        target->next = account->targets;
        account->targets = target;
    }
    target->state = TARGET_ACTING;
    target->size = INT32_MAX;
    target->flatten = target->restored = target->unmarked = false;
    target->reduced_from = 0;
    target->level = 0;
    target->rule = rule;
    target->incident = incident;
    target->since = engine->now;
    make_urgent(engine, target);
    target->alarm_at = instant_add(engine->now, engine->config->alarm_after);
    account->touched = true;
    return target;
}

bool
enforce_want(struct engine *engine, struct account *account, const struct contract *contract, int32_t size, int32_t rule,
    uint64_t incident)
{
    struct target *target = target_of(account, contract);
    bool needed = enforce_held(account, contract) > size || (size == 0 && has_orders(account, contract, false));

    if (target != NULL && target->state != TARGET_DONE && target->size <= size)
        return false;
    if (!needed)
        return false;
    target = begin(engine, account, contract, rule, incident);
    if (target == NULL)
        return false;
    make_urgent(engine, target);
    target->size = size;
    target->flatten = size == 0; /* A close leaves stops working (gateway.md 2.10): they would open a new position. */
    target->state = TARGET_ACTING;
    record_goal(engine, account, target);
    account->touched = true;
    return true;
}

/*
 * The venue carries out a close as a market order of its own, without tag or parent (gateway.md 2.10), and shows it as pending for some
 * milliseconds.  Cancelling it would undo our own close.
 */
static bool
looks_like_close(const struct account *account, const struct order *order)
{
    const struct position *position = book_find(account, order->contract);
    int32_t size = position != NULL ? position->size : 0;

    return order->type == ORDER_MARKET && order->parent_id == 0 && (size == 0 || order_reduces(order, size));
}

/* A close of a process that died before its disk knew of it (ID-01 lets a close leave first) looks like this to the next one. */
static bool
may_be_a_dead_ones(const struct engine *engine, const struct account *account, const struct order *order)
{
    const struct position *position = book_find(account, order->contract);

    return position != NULL && position->size != 0 && looks_like_close(account, order) &&
        instant_since(engine->now, order->touched_at).ns < CLOSE_AT_WORK.ns;
}

static bool
may_be_our_close(const struct engine *engine, const struct account *account, const struct order *order)
{
    const struct target *target = target_of(account, order->contract);

    if (target == NULL || !target->sent_anything)
        return may_be_a_dead_ones(engine, account, order);
    return instant_since(engine->now, target->sent_at).ns < CLOSE_AT_WORK.ns && looks_like_close(account, order);
}

/*
 * When the next close or reduce may leave, as far as requests of ours are concerned that may still be at work.  ID-04: while the order that
 * carries out our last close works, another close could reverse the position.  Not waited for for ever.
 */
static struct instant
next_send(const struct account *account, const struct target *target)
{
    struct instant next = target->retry_at;

    for (const struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->contract != target->contract || !order_may_execute(o->status) || !looks_like_close(account, o))
            continue;
        next = instant_max(next, target->sent_anything ? instant_add(target->sent_at, CLOSE_WAITED_FOR)
                                                       : instant_add(o->touched_at, CLOSE_AT_WORK));
    }
    return next;
}

bool
enforce_cancel(struct engine *engine, struct account *account, struct order *order, int32_t rule, uint64_t incident)
{
    if (order->unwanted || !order_may_execute(order->status) || may_be_our_close(engine, account, order))
        return false;
    struct target *known = target_of(account, order->contract);
    bool fresh = known == NULL || known->state == TARGET_DONE;
    struct target *target = begin(engine, account, order->contract, rule, incident);
    order->unwanted = true;
    if (order->trim) {
        order->trim = order->unresolved = false; /* What became of its change of size does not matter any more. */
        order->attempts = 0;
    }
    order->rule = (int8_t)rule;
    order->incident = incident;
    order->retry_at = engine->now;
    account->touched = true;
    if (target != NULL && fresh)
        record_goal(engine, account, target);
    if (target != NULL)
        target->state = TARGET_ACTING;
    return true;
}

void
enforce_restore(struct engine *engine, struct account *account, const struct goal_row *goal)
{
    struct contract *contract = market_contract(engine, account, goal->contract.text);
    struct target *target = contract != NULL ? begin(engine, account, contract, goal->rule, goal->incident) : NULL;

    if (target == NULL)
        return;
    target->size = goal->size;
    target->flatten = goal->flatten;
    target->restored = true; /* ID-02: proven or done again after the first reconciliation, never replayed. */
    target->unresolved = goal->close_unresolved;
    target->reduced_from = goal->reduced_from;
    target->unmarked = goal->reduced_from != 0;
    target->since = instant_min(goal->since, engine->now); /* Of a clock that was ahead: reads of now would count for nothing (rewind.c). */
    target->sent_at = instant_min(goal->sent_at, engine->now);
    target->sent_anything = true;
    target->side = SIDE_NOT_KNOWN;
}

void
enforce_late_fill(struct engine *engine, struct account *account, const struct contract *contract)
{
    struct target *target = target_of(account, contract);

    if (target == NULL || !target->flatten)
        return;
    if (target->state == TARGET_DONE) {
        int32_t rule = target->rule;
        target = begin(engine, account, contract, rule, target->incident);
        target->size = 0;
        target->flatten = true;
        record_goal(engine, account, target);
    }
    target->state = TARGET_ACTING;
    target->not_proven_before = instant_add(engine->now, LATE_FILL_HOLD);
    account->touched = true;
}

void
enforce_publish(struct engine *engine, const struct account *account, enum enforcement_step step, const struct command *command,
    int32_t rule, uint64_t incident)
{
    struct notice *notice = output_notice(engine, NOTICE_ENFORCEMENT, account);

    notice->rule = rule;
    notice->incident = incident;
    notice->contract = command->contract;
    notice->u.enforcement.step = step;
    notice->u.enforcement.command = *command;
}

void
enforce_want_read(struct account *account, struct instant at)
{
    account->read_due = instant_min(account->read_due, at);
}

/* ---- Sending ---- */

void
enforce_record_sent(struct engine *engine, struct account *account, const struct command *command)
{
    struct record *record = output_record(engine, RECORD_SENT, account);

    record->incident = command->incident;
    record->rule = command->rule;
    record->u.request.command = *command;
    enforce_publish(engine, account, STEP_SENT, command, command->rule, command->incident);
}

static void
note_earlier(struct account *account, const struct contract *contract)
{
    for (struct order *o = account->orders; o != NULL; o = o->next)
        o->earlier = o->earlier || o->contract == contract;
}

static void
send_close(struct engine *engine, struct account *account, struct target *target, int32_t size)
{
    enum command_kind kind = target->size == 0 ? COMMAND_CLOSE : COMMAND_REDUCE;
    struct command *command = output_request(engine, kind, account, target->contract);

    ASSERT(size > target->size);
    command->incident = target->incident;
    command->rule = target->rule;
    command->size = kind == COMMAND_REDUCE ? size - target->size : 0;
    if (kind == COMMAND_REDUCE) {
        trim_mark(account, target);
        command->side = target->reduced_from > 0 ? SIDE_SELL : SIDE_BUY;
    }
    target->command = command->id;
    target->sent_at = engine->now;
    target->sent_anything = true;
    target->side = book_find(account, target->contract)->size > 0 ? SIDE_SELL : SIDE_BUY;
    target->satisfied = target->settled = false;
    target->unresolved = target->in_doubt = false;
    target->agreeing = 0;
    note_earlier(account, target->contract);
    enforce_record_sent(engine, account, command);
    enforce_want_read(account, instant_add(engine->now, engine->config->verify_poll));
}

static void
raise_alarm(struct engine *engine, struct account *account, struct target *target)
{
    bool late = !instant_before(engine->now, target->alarm_at);

    if (!late && !(target->attempts >= 3 && target->level == 0))
        return;
    target->level = (int8_t)(target->level < 2 ? target->level + 1 : 2); /* RT-05. */
    target->alarm_at = instant_add(target->level == 1 ? instant_max(engine->now, target->since) : engine->now,
        target->level == 1 ? SPAN_SECONDS(5) : SPAN_SECONDS(60));
    output_alarm(engine, account, target->rule, target->level, target->incident, "%s is not %s yet after %lld s; still trying.",
        target->contract->id.text, target->size == 0 ? "flat" : "in order",
        (long long)(instant_since(engine->now, target->since).ns / 1000000000));
}

static bool
may_send(const struct engine *engine, const struct account *account, const struct target *target)
{
    if (target->command != 0 || target->unresolved || instant_before(engine->now, next_send(account, target)))
        return false;
    const struct position *position = book_find(account, target->contract);
    if ((target->restored && !account->positions_known) || position == NULL || position->touched_at.ns == 0)
        return false; /* Only the store says so yet; the broker has not spoken. */
    /* R-ALL-5 cancel_first: one more round trip, no orphan window. */
    return engine->config->order != ORDER_CANCEL_FIRST || !target->flatten || !has_orders(account, target->contract, true);
}

/*
 * The venue tells of the order that carries out a close like of any other (gateway.md 2.10).  One that was there before, or that we cancelled,
 * is not it.
 */
static bool
was_carried_out(const struct account *account, const struct target *target)
{
    for (const struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->contract == target->contract && o->type == ORDER_MARKET && o->parent_id == 0 && o->side == target->side && !o->swept &&
            !o->earlier && !order_may_execute(o->status))
            return true;
    }
    return false;
}

/*
 * Was the goal seen before our close was told of as carried out?  Another fill may have reached it, or it was in words of the stream that may be
 * older than the read that asked for the close.  Then what is shown next is no new exposure yet: another close could reverse it (ID-04).  After
 * a partial close it is none in any case: the position told of may be the one before it, and a second one would close too much.
 */
static bool
may_be_at_work(const struct engine *engine, const struct target *target)
{
    return target->satisfied && target->sent_anything && (target->old_words || !target->settled || target->size > 0) &&
        instant_since(engine->now, target->sent_at).ns < CLOSE_AT_WORK.ns;
}

/* At once if our last close is done with; else its order's end, if nothing may be left, or two reads tell. */
static void
doubt_exposure(struct engine *engine, struct account *account, struct target *target)
{
    if (may_be_at_work(engine, target)) {
        target->in_doubt = !target->old_words;
        target->satisfied = false;
        target->unresolved = true;
        target->agreeing = 0;
        enforce_want_read(account, engine->now);
    } else if (target->in_doubt && target->settled && target->size == 0) {
        target->in_doubt = target->unresolved = false;
    }
}

static void
drive(struct engine *engine, struct account *account, struct target *target)
{
    int32_t size = enforce_held(account, target->contract);

    if (target->command != 0 && !instant_before(engine->now, instant_add(target->sent_at, ANSWER_OVERDUE))) {
        table_remove(&engine->in_flight, target->command);
        target->command = 0;
        target->unresolved = !target->satisfied;
    }
    raise_alarm(engine, account, target);
    target->settled = target->settled || was_carried_out(account, target);
    if (size > target->size) {
        target->state = TARGET_ACTING;
        doubt_exposure(engine, account, target);
        if (may_send(engine, account, target))
            send_close(engine, account, target, size);
        return;
    }
    target->satisfied = true;
    target->unresolved = target->in_doubt = false;
    const struct position *position = book_find(account, target->contract);
    target->old_words = position != NULL && instant_before(engine->now, position->ahead_until);
    bool blind = target->restored && !account->positions_known;
    if (target->command != 0 || has_orders(account, target->contract, true) || blind || instant_before(engine->now, target->not_proven_before)) {
        target->state = TARGET_ACTING;
    } else if (target->state == TARGET_ACTING) {
        target->state = TARGET_PROVING;
        target->shown_at = engine->now;
        enforce_want_read(account, engine->now);
    }
}

static void
drive_order(struct engine *engine, struct account *account, struct order *order)
{
    bool overdue = order->command != 0 && !instant_before(engine->now, instant_add(order->sent_at, ANSWER_OVERDUE));
    /* A look-up or a change of size must not hold back the first cancel. */
    bool in_the_way = (order->looking || order->trimming) && order->unwanted && !order->swept;

    if (overdue || in_the_way) {
        table_remove(&engine->in_flight, order->command);
        order->command = 0;
        order->unresolved = !order->looking && !in_the_way;
        order->looking = order->trimming = false;
    }
    if (!order->unwanted || order->command != 0 || order->unresolved || instant_before(engine->now, order->retry_at))
        return;
    struct command *command = output_request(engine, COMMAND_CANCEL, account, order->contract);
    command->incident = order->incident;
    command->rule = order->rule;
    command->order_id = order->id;
    order->command = command->id;
    order->sent_at = engine->now;
    order->agreeing = 0;
    order->swept = true;
    enforce_record_sent(engine, account, command);
    enforce_want_read(account, instant_add(engine->now, engine->config->verify_poll));
}

/*
 * Trading on under a lock is a breach of its own, with its own sentence (R-ALL-14, S-27).  What stood when the lock was set went with that breach.
 */
static void
tell_defiance(struct engine *engine, struct account *account, const struct lockout *lock, const struct position *position, int32_t ceiling,
    const struct order *order)
{
    const char *kind = lock->kind == LOCK_ENTRIES ? "Cooldown" : "Locked";
    struct pending_breach breach = { .account = account, .rule = lock->rule, .unit = UNIT_CONTRACTS, .incident = lock->incident };
    struct text why = text_on(breach.why, sizeof breach.why);

    if (!instant_before(lock->since, engine->now))
        return;
    if (order != NULL) {
        breach.action = ACTION_CANCEL_ORDER;
        breach.observed = order->size;
        text_addf(&why, "%s: an order for %d in %s.", kind, (int)order->size, order->contract->root);
    } else {
        breach.action = ceiling == 0 ? ACTION_CLOSE_POSITION : ACTION_REDUCE;
        breach.observed = abs(position->size);
        breach.limit = ceiling;
        text_addf(&why, "%s: a position of %d in %s, %d allowed.", kind, (int)position->size, position->contract->root, (int)ceiling);
    }
    judge_remember_breach(engine, &breach);
}

/* R-ALL-7, R-ALL-8: what the locks forbid becomes a target or an unwanted order; so does every order under a flatten. */
static void
apply_locks(struct engine *engine, struct account *account)
{
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        const struct lockout *lock = NULL;
        int32_t ceiling = p->size != 0 ? lockout_ceiling(engine, account, p, &lock) : INT32_MAX;
        if (lock != NULL && abs(p->size) > ceiling && enforce_want(engine, account, p->contract, ceiling, lock->rule, lock->incident))
            tell_defiance(engine, account, lock, p, ceiling, NULL);
    }
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (!order_may_execute(o->status) || o->unwanted)
            continue;
        const struct target *target = target_of(account, o->contract);
        const struct lockout *lock = lockout_forbids(engine, account, o);
        bool told = target != NULL && target->state != TARGET_DONE; /* An entry and its bracket are one attempt. */
        if (target != NULL && target->state != TARGET_DONE && target->flatten)
            (void)enforce_cancel(engine, account, o, target->rule, target->incident);
        else if (lock != NULL && enforce_cancel(engine, account, o, lock->rule, lock->incident) && !told)
            tell_defiance(engine, account, lock, NULL, 0, o);
    }
}

/* What has been done and watched long enough. */
static void
forget_watched(struct engine *engine, struct account *account)
{
    for (struct target **link = &account->targets; *link != NULL;) {
        struct target *t = *link;
        bool watched = instant_before(engine->now, instant_add(t->done_at, WATCH_LATE_FILL));
        if (t->state != TARGET_DONE || watched || trim_is_open(account, t)) {
            link = &t->next;
            continue;
        }
        *link = t->next;
        for (struct order *o = account->orders; o != NULL; o = o->next)
            o->trim = o->trim && o->contract != t->contract;
        pool_give(&engine->targets, t);
    }
}

void
enforce_run(struct engine *engine, struct account *account)
{
    forget_watched(engine, account);
    apply_locks(engine, account);
    for (struct target *t = account->targets; t != NULL; t = t->next)
        trim_run(engine, account, t);
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (order_may_execute(o->status))
            drive_order(engine, account, o);
    }
    for (struct target *t = account->targets; t != NULL; t = t->next) {
        if (t->state != TARGET_DONE)
            drive(engine, account, t);
    }
    for (struct position *p = account->positions; p != NULL; p = p->next)
        stop_run(engine, p);
    prove_ask(engine, account);
}

/* At its size but not in PROVING yet: an order to go tells by itself, only the hold after a late fill needs the clock. */
static struct instant
waits_for(const struct account *account, const struct target *target)
{
    return has_orders(account, target->contract, true) ? INSTANT_NEVER : target->not_proven_before;
}

/* When an order that was left alone because it may be our own close is looked at again. */
static struct instant
spared_until(const struct engine *engine, const struct account *account, const struct order *order)
{
    const struct target *target = target_of(account, order->contract);

    if (order->type != ORDER_MARKET || order->unwanted || !order_may_execute(order->status) || !may_be_our_close(engine, account, order))
        return INSTANT_NEVER;
    return instant_add(target != NULL && target->sent_anything ? target->sent_at : order->touched_at, CLOSE_AT_WORK);
}

struct instant
enforce_deadline(const struct engine *engine, const struct account *account)
{
    struct instant due = account->read_in_flight ? instant_add(account->read_sent_at, SPAN_SECONDS(5)) : account->read_due;

    for (const struct target *t = account->targets; t != NULL; t = t->next) {
        due = instant_min(due, trim_deadline(account, t));
        if (t->state == TARGET_DONE) {
            struct instant watched = instant_add(t->done_at, WATCH_LATE_FILL);
            due = instant_min(due, instant_before(engine->now, watched) ? watched : INSTANT_NEVER);
            continue;
        }
        due = instant_min(due, t->alarm_at);
        if (t->command != 0)
            due = instant_min(due, instant_add(t->sent_at, ANSWER_OVERDUE));
        else if (!t->unresolved && t->state == TARGET_ACTING && !(t->restored && !account->positions_known))
            due = instant_min(due, enforce_held(account, t->contract) > t->size ? next_send(account, t) : waits_for(account, t));
    }
    for (const struct order *o = account->orders; o != NULL; o = o->next) {
        due = instant_min(due, spared_until(engine, account, o));
        if (o->command != 0)
            due = instant_min(due, instant_add(o->sent_at, ANSWER_OVERDUE));
        else if (o->unwanted && !o->unresolved && order_may_execute(o->status))
            due = instant_min(due, o->retry_at);
    }
    for (const struct position *p = account->positions; p != NULL; p = p->next)
        due = instant_min(due, stop_deadline(engine, p));
    return due;
}
