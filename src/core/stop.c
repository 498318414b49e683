/*
 * stop.c - the one kind of order we place: RULE-012's protective stop.
 *
 * Strict on the way out (FV-09): it must shrink the position, be aligned to the tick and never be larger than what is held; and whenever
 * state is uncertain nothing goes out (P1, OV-05), because a stop without a position opens one.
 */
#include "core/account.h"

#include <stdlib.h>

/* Is it clear that the position is there and stays?  What only cancels orders (a wrong-sided stop, R-012-4) takes nothing from it. */
static bool
certain(const struct engine *engine, const struct account *account, const struct position *position)
{
    const struct lockout *lock = NULL;

    if (!account->positions_known || !account->orders_known || position->stop_command != 0 || position->stop_unproven)
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

    if (want->size < 0 || want->size > abs(position->size))
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

    if (position != NULL && position->stop_command != 0 &&
        instant_since(engine->now, position->stop_sent_at).ns >= SPAN_SECONDS(10).ns) {
        position->stop_command = 0; /* Its answer was lost: a read has to show what became of it (OV-05). */
        position->stop_unproven = true;
        enforce_want_read(account, engine->now);
    }
    if (position == NULL || position->size == 0 || !certain(engine, account, position) || !sound(position, want))
        return false;
    enum command_kind kind = want->order != NULL ? COMMAND_MODIFY_STOP : COMMAND_PLACE_STOP;
    struct command *command = output_request(engine, kind, account, position->contract);
    command->rule = rule;
    command->order_id = want->order != NULL ? want->order->id : 0;
    command->size = want->size;
    command->side = position->size > 0 ? SIDE_SELL : SIDE_BUY;
    command->price_nanos = want->price_nanos;
    position->stop_command = command->id;
    position->stop_sent_at = engine->now;
    struct record *record = output_record(engine, RECORD_SENT, account);
    record->rule = rule;
    record->u.request.command = *command;
    return true;
}
