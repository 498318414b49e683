/*
 * outbound.c - the strict check of what could add risk, before it leaves (FV-09).
 *
 * A full close needs neither price nor size and is always possible (P1); a reduction's size is the engine's business, the venue refuses too much.
 * Place and modify are checked against the positions and tick sizes that went through here as events: if the engine and this
 * disagree, one of them is wrong, and not sending is the safe side.  Only the tick size of a contract that was described to an earlier process, or to
 * another user's gateway, comes from who remembers it: it is not asked for again.
 */
#include "gateway/internal.h"

#include <stdlib.h>
#include <string.h>

void
outbound_fini(struct outbound *outbound)
{
    free(outbound->held);
    free(outbound->ticks);
    *outbound = (struct outbound){ 0 };
}

/* Room for one more; false without memory, and then the check refuses what it cannot know. */
static bool
grow(void **array, uint32_t *size, uint32_t count, size_t item)
{
    if (count < *size)
        return true;
    uint32_t wanted = *size > 0 ? *size * 2 : 32;
    void *grown = realloc(*array, wanted * item);

    if (grown == NULL)
        return false;
    *array = grown;
    *size = wanted;
    return true;
}

static struct held *
find_held(const struct outbound *o, int64_t account_id, const char *contract)
{
    for (uint32_t i = 0; i < o->held_count; i++)
        if (o->held[i].account_id == account_id && strcmp(o->held[i].contract.text, contract) == 0)
            return &o->held[i];
    return NULL;
}

static void
note_position(struct outbound *o, const struct position_row *row)
{
    struct held *held = find_held(o, row->account_id, row->contract.text);

    if (held != NULL) {
        if (row->size != 0)
            held->size = row->size;
        else
            *held = o->held[--o->held_count];
        return;
    }
    if (row->size == 0 || !grow((void **)&o->held, &o->held_size, o->held_count, sizeof *o->held))
        return;
    o->held[o->held_count++] = (struct held){ row->account_id, row->contract, row->size };
}

static void
note_snapshot(struct outbound *o, const struct snapshot *snapshot)
{
    if ((snapshot->parts & PART_POSITIONS) == 0)
        return;
    for (uint32_t i = o->held_count; i-- > 0;)
        if (o->held[i].account_id == snapshot->account_id)
            o->held[i] = o->held[--o->held_count];
    for (uint32_t i = 0; i < snapshot->positions_count; i++)
        note_position(o, &snapshot->positions[i]);
}

static struct tick *
find_tick(const struct outbound *o, const char *contract)
{
    for (uint32_t i = 0; i < o->ticks_count; i++)
        if (strcmp(o->ticks[i].contract.text, contract) == 0)
            return &o->ticks[i];
    return NULL;
}

static void
note_contract(struct outbound *o, const struct contract_row *row)
{
    struct tick *tick = find_tick(o, row->id.text);

    if (row->tick_size_nanos <= 0)
        return; /* What is known stays so. */
    if (tick != NULL) {
        tick->size_nanos = row->tick_size_nanos;
        return;
    }
    if (grow((void **)&o->ticks, &o->ticks_size, o->ticks_count, sizeof *o->ticks))
        o->ticks[o->ticks_count++] = (struct tick){ row->id, row->tick_size_nanos };
}

bool
outbound_holds(const struct outbound *outbound, const struct command *command)
{
    return find_held(outbound, command->account_id, command->contract.text) != NULL;
}

void
outbound_note(struct outbound *outbound, const struct event *event)
{
    if (event->kind == EVENT_POSITION)
        note_position(outbound, &event->u.position);
    else if (event->kind == EVENT_SNAPSHOT)
        note_snapshot(outbound, &event->u.snapshot);
    else if (event->kind == EVENT_CONTRACT)
        note_contract(outbound, &event->u.contract);
}

/* 0: unknown. */
static int64_t
tick_size(const struct gateway *gateway, const char *contract)
{
    const struct tick *tick = find_tick(&gateway->outbound, contract);
    const struct gateway_settings *settings = &gateway->settings;

    if (tick != NULL)
        return tick->size_nanos;
    return settings->tick_nanos != NULL ? settings->tick_nanos(settings->context, contract) : 0;
}

static const char *
check_price(const struct gateway *gateway, const struct command *command)
{
    int64_t tick_nanos = tick_size(gateway, command->contract.text);

    if (tick_nanos <= 0)
        return "the contract's tick size is unknown";
    if (command->price_nanos == 0 || command->price_nanos % tick_nanos != 0)
        return "the price is not on a tick";
    return NULL;
}

static const char *
check_stop(const struct gateway *gateway, const struct command *command, bool *ret_history)
{
    const struct held *held = find_held(&gateway->outbound, command->account_id, command->contract.text);
    bool places = command->kind == COMMAND_PLACE_STOP;

    *ret_history = true;
    if (held == NULL)
        return "no position to protect";
    int32_t held_size = held->size < 0 ? -held->size : held->size;
    if (command->size < (places ? 1 : 0) || command->filled < 0 || command->size - (places ? 0 : command->filled) > held_size)
        return "the size is not within the position's";
    if (places && command->side != (held->size > 0 ? SIDE_SELL : SIDE_BUY))
        return "the side would add to the position";
    *ret_history = false;
    if (!places && command->price_nanos == 0 && command->size > 0)
        return NULL; /* Only its size changes (R-012-4). */
    return check_price(gateway, command);
}

const char *
outbound_check(const struct gateway *gateway, const struct command *command, bool *ret_history)
{
    *ret_history = false;
    if (!gateway_is_pinned(gateway, command->account_id)) /* SV-10: one key reaches them all. */
        return "the account is not pinned";
    switch (command->kind) {
    case COMMAND_CLOSE:
        return command->contract.text[0] != '\0' ? NULL : "no contract";
    case COMMAND_REDUCE:
        return command->contract.text[0] != '\0' && command->size > 0 ? NULL : "no contract or size";
    case COMMAND_CANCEL:
        return command->order_id > 0 ? NULL : "no order";
    case COMMAND_MODIFY_STOP:
        return command->order_id > 0 ? check_stop(gateway, command, ret_history) : "no order";
    case COMMAND_PLACE_STOP:
        return check_stop(gateway, command, ret_history);
    default:
        return NULL;
    }
}
