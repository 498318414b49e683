/*
 * output.c - filling the update.
 *
 * The arrays are sized at construction so that a step cannot fill them (account.h); should one ever be full, the last entry is
 * reused and the loss counted, because stopping the guard would be worse than a lost line.
 */
#include "core/account.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static void *
slot(struct engine *engine, void *array, size_t item_size, uint32_t *count, uint32_t max)
{
    if (*count == max) {
        engine->dropped++;
        (*count)--;
    }
    void *item = (unsigned char *)array + (size_t)(*count)++ * item_size;
    memset(item, 0, item_size);
    return item;
}

struct command *
output_command(struct engine *engine, enum command_kind kind, struct account *account, const struct contract *contract)
{
    struct command *command = slot(engine, engine->commands, sizeof *command, &engine->commands_count, engine->commands_max);

    command->id = engine->next_command++;
    command->kind = kind;
    command->account_id = account != NULL ? account->id : 0;
    if (contract != NULL)
        command->contract = contract->id;
    return command;
}

struct command *
output_request(struct engine *engine, enum command_kind kind, struct account *account, const struct contract *contract)
{
    struct command *command = output_command(engine, kind, account, contract);

    (void)table_put(&engine->in_flight, command->id, account); /* Full: the time-out of the request stands in for its answer. */
    return command;
}

struct record *
output_record(struct engine *engine, enum record_kind kind, const struct account *account)
{
    struct record *record = slot(engine, engine->records, sizeof *record, &engine->records_count, engine->records_max);

    record->kind = kind;
    record->at = engine->now;
    record->account_id = account != NULL ? account->id : 0;
    return record;
}

struct notice *
output_notice(struct engine *engine, enum notice_kind kind, const struct account *account)
{
    struct notice *notice = slot(engine, engine->notices, sizeof *notice, &engine->notices_count, engine->notices_max);

    notice->kind = kind;
    notice->at = engine->now;
    notice->account_id = account != NULL ? account->id : 0;
    return notice;
}

void
output_alarm(struct engine *engine, const struct account *account, int32_t rule, int32_t level, uint64_t incident,
    const char *format, ...)
{
    struct record *record = output_record(engine, RECORD_ALARM, account);
    struct notice *notice = output_notice(engine, NOTICE_ALARM, account);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(notice->text, sizeof notice->text, format, args);
    va_end(args);
    notice->rule = record->rule = rule;
    notice->level = record->u.alarm.level = level;
    notice->incident = record->incident = incident;
    (void)text_copy(record->u.alarm.text, sizeof record->u.alarm.text, notice->text);
}

void
output_difference(struct engine *engine, const struct account *account, const char *format, ...)
{
    struct record *record = output_record(engine, RECORD_SERVICE, account);
    va_list args;

    (void)text_copy(record->u.service.what, sizeof record->u.service.what, "read");
    va_start(args, format);
    (void)vsnprintf(record->u.service.text, sizeof record->u.service.text, format, args);
    va_end(args);
}

void
output_sync(struct engine *engine, struct account *account)
{
    (void)output_command(engine, COMMAND_SYNC, account, NULL);
}
