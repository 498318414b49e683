/*
 * trim.c - orders that a reduction of ours would leave larger than what is held.
 *
 *     +3, stop 3, target 3  -- we reduce by 1 -->  +2, stop 3, target 3  -- trimmed -->  +2, stop 2, target 2
 *
 * A bracket's children do not shrink with the position (gateway.md 2.9, 2.10): the stop of 3 would sell one too many and open a short, as an orphan
 * does after a close (R-ALL-5).  So what only reduced the position before is made no larger than what is left, once the stream shows that.
 * Stops together, targets together; the newest gives way first, so that of several brackets the stop and the target of one go.
 *
 * Made smaller, not cancelled, wherever something is left of it: a stop is protection, and whether a leg's cancel takes the other leg with it is
 * unknown (gateway.md 2.9).  A target that is refused to be made smaller is cancelled; a stop stays, with an alarm: one too large is better
 * than none.  Orders that were too large before are the trader's own entries and left alone.  So OL-08 is kept in its purpose, not
 * its letter (docs/architecture.md): what is made smaller has only reduced the position that we reduced.
 *
 * The goal is not proven before that is done, so a process that dies in between leaves it to the next one (RT-11): with how much was held, from
 * which, and from when its orders are, that one tells what only reduced.
 */
#include "core/account.h"

#include <stdlib.h>

#define REFUSALS_MAX 3 /* Then a target is cancelled. */
#define CLOCKS_APART SPAN_SECONDS(5) /* Orders are dated by the broker's clock, reductions by ours; from 2 s on that is told (HM-06). */

static enum trim_kind
kind_of(const struct order *order)
{
    return order_is_stop(order) ? TRIM_STOPS : TRIM_LIMITS;
}

/* @size: of the position, signed. */
static bool
is_against(const struct order *order, const struct target *target, int32_t size)
{
    return order->contract == target->contract && order_may_execute(order->status) && !order->unwanted && order->type != ORDER_MARKET &&
        (order->side == SIDE_SELL) == (size > 0);
}

/* What only reduces the position of @size, and was there at @before. */
static void
mark(struct account *account, struct target *target, int32_t size, struct instant before)
{
    int32_t sums[TRIM_KINDS] = { 0 };

    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (!is_against(o, target, size) || !order_reduces(o, size) || instant_before(before, o->created_at))
            continue;
        o->trim = true;
        sums[kind_of(o)] += order_remaining(o);
    }
    for (int k = 0; k < TRIM_KINDS; k++) {
        int32_t over = sums[k] - abs(size);
        target->spare[k] = over > 0 ? over : 0;
    }
}

void
trim_mark(struct account *account, struct target *target)
{
    const struct position *position = book_find(account, target->contract);
    int32_t size = position != NULL ? position->size : 0, before = target->reduced_from;

    mark(account, target, size, INSTANT_NEVER);
    if ((before > 0) != (size > 0) || abs(before) < abs(size))
        target->reduced_from = size;
    target->unmarked = false;
}

/* RT-11: the process that reduced is gone; how much was held then the store knows, the rest the broker shows. */
void
trim_read(struct account *account, struct target *target)
{
    if (!target->unmarked)
        return;
    target->unmarked = false;
    mark(account, target, target->reduced_from, instant_add(target->sent_at, CLOCKS_APART));
}

/* The newest marked order older than @below. */
static struct order *
newest(const struct account *account, const struct target *target, int32_t size, enum trim_kind kind, int64_t below)
{
    struct order *best = NULL;

    for (struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->trim && o->id < below && is_against(o, target, size) && kind_of(o) == kind && (best == NULL || o->id > best->id))
            best = o;
    }
    return best;
}

/* Not while more is held than the goal: until the reduction is seen everything is still needed. */
static int32_t
reduced_size(const struct account *account, const struct target *target)
{
    const struct position *position = book_find(account, target->contract);

    if (position == NULL || target->flatten || !target->sent_anything || abs(position->size) > target->size)
        return 0;
    return position->size;
}

static int32_t
excess_of(const struct account *account, const struct target *target, int32_t size, enum trim_kind kind)
{
    int32_t excess = -abs(size) - target->spare[kind];

    for (const struct order *o = newest(account, target, size, kind, INT64_MAX); o != NULL; o = newest(account, target, size, kind, o->id))
        excess += order_remaining(o);
    return excess;
}

/* How large the order may be; @excess is used up by what it gives. */
static int32_t
allowed(const struct order *order, int32_t size, int32_t *excess)
{
    int32_t remaining = order_remaining(order);
    int32_t left = remaining < abs(size) ? remaining : abs(size);

    *excess -= remaining - left;
    if (*excess > 0) {
        int32_t given = *excess < left ? *excess : left;
        left -= given;
        *excess -= given;
    }
    return left;
}

/* RULE-012 may be at it already, or has just been. */
static bool
is_being_moved(const struct account *account, const struct order *order)
{
    const struct position *position = book_find(account, order->contract);

    return position != NULL && position->stop != NULL && position->stop->command != 0 && position->stop->order_id == order->id;
}

static void
ask(struct engine *engine, struct account *account, struct order *order, const struct target *target, int32_t left)
{
    if (left == 0 || (order->attempts >= REFUSALS_MAX && kind_of(order) == TRIM_LIMITS)) {
        (void)enforce_cancel(engine, account, order, target->rule, target->incident);
        return;
    }
    if (order->unresolved)
        enforce_want_read(account, instant_add(engine->now, SPAN_SECONDS(1))); /* Two that agree tell what became of it. */
    if (order->command != 0 || order->unresolved || is_being_moved(account, order) || instant_before(engine->now, order->retry_at))
        return;
    struct command *command = output_request(engine, COMMAND_MODIFY_STOP, account, order->contract);
    command->rule = order->rule = (int8_t)target->rule;
    command->incident = order->incident = target->incident;
    command->order_id = order->id;
    command->size = order->filled + left;
    command->filled = order->filled;
    order->trim_to = left;
    order->command = command->id;
    order->trimming = true;
    order->sent_at = engine->now;
    order->agreeing = 0;
    enforce_record_sent(engine, account, command);
    enforce_want_read(account, instant_add(engine->now, engine->config->verify_poll));
}

/* It filled before it was made smaller: what it has opened on the other side is ours to undo (R-ALL-5). */
static void
undo_overfill(struct engine *engine, struct account *account, const struct target *target)
{
    const struct position *position = book_find(account, target->contract);

    for (struct order *o = account->orders; position != NULL && position->size != 0 && o != NULL; o = o->next) {
        if (!o->trim || o->contract != target->contract || o->filled <= target->size || (o->side == SIDE_BUY) != (position->size > 0))
            continue;
        o->trim = false;
        (void)enforce_want(engine, account, target->contract, 0, target->rule, target->incident);
    }
}

void
trim_run(struct engine *engine, struct account *account, struct target *target)
{
    undo_overfill(engine, account, target);
    int32_t size = reduced_size(account, target);

    for (int k = 0; size != 0 && k < TRIM_KINDS; k++) {
        int32_t excess = excess_of(account, target, size, (enum trim_kind)k);
        for (struct order *o = newest(account, target, size, (enum trim_kind)k, INT64_MAX), *next; o != NULL; o = next) {
            next = newest(account, target, size, (enum trim_kind)k, o->id);
            int32_t left = allowed(o, size, &excess);
            if (left < order_remaining(o))
                ask(engine, account, o, target, left);
            else if (!o->trimming)
                o->unresolved = false;
        }
    }
}

bool
trim_is_open(const struct account *account, const struct target *target)
{
    int32_t size = reduced_size(account, target);

    for (int k = 0; size != 0 && k < TRIM_KINDS; k++) {
        const struct order *o = newest(account, target, size, (enum trim_kind)k, INT64_MAX);
        if (o != NULL && excess_of(account, target, size, (enum trim_kind)k) > 0)
            return true;
        for (; o != NULL; o = newest(account, target, size, (enum trim_kind)k, o->id)) {
            if (order_remaining(o) > abs(size))
                return true;
        }
    }
    return false;
}

bool
trim_is_settled(const struct account *account, const struct target *target)
{
    if (!trim_is_open(account, target))
        return true;
    for (const struct order *o = account->orders; o != NULL; o = o->next) {
        if (o->trim && o->contract == target->contract && o->attempts >= REFUSALS_MAX && order_may_execute(o->status))
            return true;
    }
    return false;
}

struct instant
trim_deadline(const struct account *account, const struct target *target)
{
    struct instant due = INSTANT_NEVER;

    for (const struct order *o = account->orders; o != NULL && trim_is_open(account, target); o = o->next) {
        if (o->trim && o->contract == target->contract && o->attempts > 0 && o->command == 0 && !o->unresolved && order_may_execute(o->status))
            due = instant_min(due, o->retry_at);
    }
    return due;
}

void
trim_answered(struct engine *engine, struct account *account, struct order *order, const struct answer_event *answer)
{
    order->trimming = false;
    if (answer->outcome == OUTCOME_REFUSED || answer->outcome == OUTCOME_NOT_SENT) {
        order->attempts = enforce_once_more(order->attempts);
        order->retry_at = enforce_back_off(engine, order->attempts, answer->hold);
        if (order->attempts == REFUSALS_MAX && kind_of(order) == TRIM_STOPS)
            output_alarm(engine, account, order->rule, 1, order->incident,
                "Stop %lld in %s is larger than the position and cannot be made smaller: %s", (long long)order->id, order->contract->id.text,
                answer->text);
        enforce_want_read(account, engine->now);
        return;
    }
    order->unresolved = order_may_execute(order->status) && order_remaining(order) > order->trim_to; /* OV-01: an answer is no proof. */
    enforce_want_read(account, answer->outcome == OUTCOME_GONE ? engine->now : instant_add(order->sent_at, engine->config->verify_poll));
}
