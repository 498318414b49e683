/*
 * remembered.c - what is remembered, apart from where.
 */
#include "store/driver.h"

#include <stdlib.h>
#include <string.h>

void
remembered_init(struct remembered *remembered)
{
    *remembered = (struct remembered){
        .lockouts.item_size = sizeof(struct lockout),
        .trades.item_size = sizeof(struct trade_restored),
        .positions.item_size = sizeof(struct position_restored),
        .goals.item_size = sizeof(struct goal_row),
        .contracts.item_size = sizeof(struct contract_row),
    };
}

void
remembered_fini(struct remembered *remembered)
{
    rows_fini(&remembered->lockouts);
    rows_fini(&remembered->trades);
    rows_fini(&remembered->positions);
    rows_fini(&remembered->goals);
    rows_fini(&remembered->contracts);
}

static void
raise(uint64_t *mark, uint64_t value)
{
    *mark = value > *mark ? value : *mark;
}

void
remembered_mark(struct remembered *remembered, const struct record *record)
{
    raise(&remembered->last_incident, record->incident);
    remembered->saved_at = instant_max(remembered->saved_at, record->at);
    switch (record->kind) {
    case RECORD_SENT:
    case RECORD_ANSWERED:
        raise(&remembered->last_command, record->u.request.command.id);
        raise(&remembered->last_incident, record->u.request.command.incident);
        break;
    case RECORD_LOCKOUT_SET:
    case RECORD_LOCKOUT_END:
        raise(&remembered->last_incident, record->u.lockout.incident);
        break;
    case RECORD_GOAL_SET:
        raise(&remembered->last_incident, record->u.goal.incident);
        break;
    case RECORD_BREACH:
    case RECORD_GOAL_PROVEN:
    case RECORD_ALARM:
    case RECORD_ADMIN:
    case RECORD_TRADE:
    case RECORD_POSITION:
    case RECORD_ORDER:
    case RECORD_CONTRACT:
    case RECORD_DAY:
    case RECORD_MODE:
    case RECORD_SERVICE:
        break;
    }
}

static int
by_time_and_id(const void *left, const void *right)
{
    const struct trade_row *a = &((const struct trade_restored *)left)->row;
    const struct trade_row *b = &((const struct trade_restored *)right)->row;

    if (a->at.ns != b->at.ns)
        return a->at.ns < b->at.ns ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

void
remembered_sort_trades(struct remembered *remembered)
{
    if (remembered->trades.count > 1)
        qsort(remembered->trades.items, remembered->trades.count, remembered->trades.item_size, by_time_and_id);
}

bool
remembered_position_is_empty(const struct position_restored *position)
{
    static const uint8_t nothing[RULE_MEMORY_STORED];

    return position->row.size == 0 && position->ceiling_long == 0 && position->ceiling_short == 0 &&
        memcmp(position->memory, nothing, sizeof nothing) == 0;
}

int
remembered_close_unresolved(const struct record *record)
{
    const struct command *command = &record->u.request.command;

    if (command->kind != COMMAND_CLOSE && command->kind != COMMAND_REDUCE)
        return -1;
    if (record->kind == RECORD_SENT)
        return 1;
    switch (record->u.request.answer.outcome) {
    case OUTCOME_GONE:
    case OUTCOME_REFUSED:
    case OUTCOME_NOT_SENT:
        return 0;
    case OUTCOME_ACCEPTED:
    case OUTCOME_AMBIGUOUS:
        break;
    }
    return 1;
}

int32_t
remembered_reduction(const struct record *record)
{
    const struct command *command = &record->u.request.command;

    if (record->kind != RECORD_SENT || command->kind != COMMAND_REDUCE)
        return 0;
    return command->side == SIDE_SELL ? command->size : -command->size;
}
