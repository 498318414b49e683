/*
 * stop.c - the one kind of order we place: RULE-012's protective stop.
 *
 * Strict on the way out (FV-09): it must shrink the position, be aligned to the tick and never be larger than what is held; and whenever
 * state is uncertain nothing goes out (P1, OV-05), because a stop without a position opens one.
 *
 * A placement whose answer is lost is asked for again under the tag it had (ID-03): the venue takes a tag once, so there is never a second order
 * beside the first.  A refusal of the second try means that the first is there, or that the order as such is not wanted; either way the next
 * read tells, and the tag is not used again.
 */
#include "core/account.h"

#include "base/assert.h"

#include <stdlib.h>

#define READ_TRUSTED SPAN_MS(2000)  /* OV-04: lists trail by up to so long. */
#define REFUSALS_TOLD 3             /* The market may pass the price in between; then the position has no stop. */
#define TOLD_EVERY SPAN_SECONDS(60) /* RT-05 */

/* The order's event came, the position's has not: how much is held is not known (gateway.md 5, no order between kinds of events). */
static bool
is_leaving(const struct engine *engine, const struct position *position)
{
    return instant_before(position->touched_at, position->exit_filled_at) &&
        instant_before(engine->now, instant_add(position->exit_filled_at, READ_TRUSTED));
}

/* Is it clear that the position is there and stays?  What only cancels orders (a wrong-sided stop, R-012-4) takes nothing from it. */
static bool
certain(const struct engine *engine, const struct account *account, const struct position *position)
{
    const struct lockout *lock = NULL;

    if (!account->positions_known || !account->orders_known || (position->stop != NULL && (position->stop->command != 0 || position->stop->unproven)))
        return false;
    for (const struct target *t = account->targets; t != NULL; t = t->next) {
        if (t->contract == position->contract && t->state != TARGET_DONE && (t->flatten || t->size < abs(position->size)))
            return false;
    }
    return lockout_ceiling(engine, account, position, &lock) >= abs(position->size); /* Else it is about to be closed (R-ALL-7). */
}

static bool
sound(const struct position *position, const struct want_stop *want)
{
    int64_t tick = position->contract->tick_size_nanos;
    int32_t filled = want->order != NULL ? want->order->filled : 0;

    if (want->size < 0 || want->size - filled > abs(position->size))
        return false;
    if (want->order == NULL && (want->size == 0 || want->price_nanos == 0))
        return false;
    if (want->order != NULL && !order_protects(want->order, position->size))
        return false;
    return want->price_nanos == 0 || (tick > 0 && want->price_nanos % tick == 0);
}

bool
stop_send(struct engine *engine, struct account *account, const struct want_stop *want, int32_t rule)
{
    struct position *position = book_find(account, want->position->contract);
    struct stop_request *stop = position != NULL ? position->stop : NULL;

    if (stop != NULL && stop->command != 0 && instant_since(engine->now, stop->sent_at).ns >= SPAN_SECONDS(10).ns) {
        stop->command = 0; /* Its answer was lost: a read has to show what became of it (OV-05). */
        stop->unproven = true;
        enforce_want_read(account, engine->now);
    }
    if (position != NULL && is_leaving(engine, position)) {
        enforce_want_read(account, instant_add(position->exit_filled_at, READ_TRUSTED));
        return false;
    }
    if (position == NULL || position->size == 0 || !certain(engine, account, position) || !sound(position, want))
        return false;
    if (stop == NULL)
        stop = position->stop = pool_take(&engine->stops);
    ASSERT(stop != NULL); /* As many as positions. */
    enum command_kind kind = want->order != NULL ? COMMAND_MODIFY_STOP : COMMAND_PLACE_STOP;
    struct command *command = output_request(engine, kind, account, position->contract);
    command->rule = rule;
    command->order_id = want->order != NULL ? want->order->id : 0;
    command->size = want->size;
    command->filled = want->order != NULL ? want->order->filled : 0;
    command->side = position->size > 0 ? SIDE_SELL : SIDE_BUY;
    command->price_nanos = want->price_nanos;
    if (kind == COMMAND_PLACE_STOP) {
        command->tag = stop->tag;
        stop->tag = command->tag != 0 ? command->tag : command->id;
    }
    stop->command = command->id;
    stop->sent_at = engine->now;
    stop->order_id = command->order_id;
    stop->price_nanos = want->price_nanos;
    stop->checked = stop->told = false;
    struct record *record = output_record(engine, RECORD_SENT, account);
    record->rule = rule;
    record->u.request.command = *command;
    return true;
}

/* ---- What became of it ---- */

/* P4: asked for ever more rarely (RULE-012), never quietly. */
static void
tell_refused(struct engine *engine, struct position *position, const char *text)
{
    struct stop_request *stop = position->stop;

    stop->refusals++;
    if (stop->refusals < REFUSALS_TOLD || instant_before(engine->now, instant_add(stop->refusals_told_at, TOLD_EVERY)))
        return;
    stop->refusals_told_at = engine->now;
    output_alarm(engine, position->account, 0, 2, 0, "The broker refuses a stop for %s, the position has none: %s",
        position->contract->id.text, text);
}

void
stop_forget(struct engine *engine, struct position *position)
{
    if (position->stop != NULL)
        pool_give(&engine->stops, position->stop);
    position->stop = NULL;
}

void
stop_answered(struct engine *engine, struct position *position, const struct answer_event *answer)
{
    struct stop_request *stop = position->stop;
    bool placed = stop->order_id == 0;
    bool again = placed && stop->tag != stop->command;
    bool seen = false;

    stop->command = 0;
    if (answer->outcome == OUTCOME_REFUSED || answer->outcome == OUTCOME_NOT_SENT) {
        bool may_be_there = again && answer->outcome == OUTCOME_REFUSED;
        stop->checked = true;
        if (!again || may_be_there)
            stop->tag = 0;
        stop->unproven = may_be_there;
        if (may_be_there)
            enforce_want_read(position->account, engine->now);
        if (placed && answer->outcome == OUTCOME_REFUSED)
            tell_refused(engine, position, answer->text);
        return; /* R-012-5: again on the next favourable move. */
    }
    for (const struct order *o = position->account->orders; o != NULL; o = o->next)
        seen = seen || (o->contract == position->contract && order_protects(o, position->size));
    stop->unproven = !seen;
    if (seen && placed) {
        stop->tag = 0;
        stop->checked = true;
    }
    if (!stop->checked || !seen)
        enforce_want_read(position->account, instant_add(engine->now, engine->config->verify_poll));
}

void
stop_seen(struct position *position, const struct order *order)
{
    struct stop_request *stop = position->stop;

    if (stop == NULL)
        return;
    bool changed = stop->order_id != 0 && order->id == stop->order_id &&
        (!order_may_execute(order->status) || stop->price_nanos == 0 || order->stop_price_nanos == stop->price_nanos);
    bool protects = order_protects(order, position->size);

    if (changed || (protects && stop->order_id == 0))
        stop->checked = true;
    if (!protects)
        return;
    stop->unproven = false;
    stop->refusals = 0;
    if (stop->command == 0)
        stop->tag = 0;
}

static const struct order *
asked_for(const struct position *position)
{
    for (const struct order *o = position->account->orders; o != NULL; o = o->next) {
        bool ours = position->stop->order_id != 0 ? o->id == position->stop->order_id
                                                  : o->contract == position->contract && order_protects(o, position->size);
        if (ours && order_may_execute(o->status))
            return o;
    }
    return NULL;
}

void
stop_read(struct engine *engine, struct position *position, const struct snapshot *snapshot)
{
    struct stop_request *stop = position->stop;

    if (stop == NULL || stop->command != 0 || (stop->checked && !stop->unproven))
        return;
    if (!instant_before(instant_add(stop->sent_at, READ_TRUSTED), snapshot->asked_at)) {
        enforce_want_read(position->account, instant_add(instant_add(stop->sent_at, READ_TRUSTED), SPAN_MS(1)));
        return;
    }
    const struct order *order = asked_for(position);
    bool placed = stop->order_id == 0;
    bool applied = order != NULL && (placed || stop->price_nanos == 0 || order->stop_price_nanos == stop->price_nanos);
    if (!stop->checked && !applied && position->size != 0 && (order != NULL || placed))
        output_alarm(engine, position->account, 0, 1, 0, "A stop of ours for %s was %s, but the broker shows it %s.",
            position->contract->id.text, placed ? "placed" : "moved", placed ? "nowhere" : "unchanged");
    stop->unproven = false;
    stop->checked = true;
}

struct instant
stop_deadline(const struct engine *engine, const struct position *position)
{
    const struct stop_request *stop = position->stop;
    bool open = stop != NULL && !stop->told && position->size != 0 && (stop->unproven || stop->command != 0 || !stop->checked);

    return open ? instant_add(stop->sent_at, engine->config->stuck_after) /* OL-06 */ : INSTANT_NEVER;
}

void
stop_run(struct engine *engine, struct position *position)
{
    if (instant_before(engine->now, stop_deadline(engine, position)))
        return; /* As without any: NEVER. */
    position->stop->told = true;
    output_alarm(engine, position->account, 0, 2, 0, "Nothing is known of a stop of ours for %s since %lld s.", position->contract->id.text,
        (long long)(engine->config->stuck_after.ns / 1000000000));
    enforce_want_read(position->account, engine->now);
}
