/*
 * ledger.c - rows of the enforcement log that are about the daemon itself.
 *
 * The chain proves that no row was changed; only somebody who saw its head can prove that none was cut off.  So the head goes to places
 * that are copied elsewhere: the log (journald, a log server) and the feed.
 */
#include "app/ledger.h"

#include "app/version.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP_MIN SPAN_SECONDS(10) /* The sign of life is 5 s old at worst: a restart by the service manager is no gap. */
#define LINE_TOKENS 64

static void
put_service(struct writer *writer, struct instant at, const char *what, int64_t account_id, const char *text)
{
    struct record record = { .kind = RECORD_SERVICE, .at = at, .account_id = account_id };

    (void)text_copy(record.u.service.what, sizeof record.u.service.what, what);
    (void)text_copy(record.u.service.text, sizeof record.u.service.text, text);
    (void)writer_put(writer, &record, 1);
}

void
ledger_note(struct writer *writer, struct instant at, const char *what, int64_t account_id, const char *format, ...)
{
    char text[WHY_MAX];
    va_list arguments;

    if (writer == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_service(writer, at, what, account_id, text);
}

void
ledger_alarm(struct writer *writer, struct instant at, int32_t level, const char *text)
{
    struct record record = { .kind = RECORD_ALARM, .at = at, .u.alarm = { .level = level } };

    if (writer == NULL)
        return;
    (void)text_copy(record.u.alarm.text, sizeof record.u.alarm.text, text);
    (void)writer_put(writer, &record, 1);
}

uint32_t
ledger_start(struct writer *writer, struct instant now, const struct restore *restore, const char *config_hash)
{
    struct span off = instant_since(now, restore->saved_at);
    char since[INSTANT_TEXT_MAX];
    uint32_t held = 0;

    ledger_note(writer, now, "start", 0, "riskd %s started, configuration %s, %" PRIu32 " lockouts in force", APP_VERSION,
        config_hash, restore->lockouts_count);
    if (restore->saved_at.ns == 0 || off.ns < GAP_MIN.ns)
        return 0;
    instant_format((struct instant){ restore->saved_at.ns - restore->saved_at.ns % 1000000 }, since, sizeof since);
    ledger_note(writer, now, "gap", 0, "nobody watched for %" PRId64 " s, since %s", off.ns / 1000000000, since);
    for (uint32_t i = 0; i < restore->positions_count; i++) {
        const struct position_row *row = &restore->positions[i].row;
        if (row->size == 0)
            continue;
        held++;
        ledger_note(writer, now, "gap", row->account_id, "%" PRId32 " %s held when the daemon went off for %" PRId64 " s",
            row->size, row->contract.text, off.ns / 1000000000);
    }
    return held;
}

void
ledger_write_head(struct log *log, int64_t row, const char *hash, int64_t *told)
{
    char message[160];

    if (row == *told)
        return;
    *told = row;
    (void)snprintf(message, sizeof message, LEDGER_HEAD_WORDS ": row %" PRId64 " %s", row, hash);
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_INFO, .component = "ledger", .enforcement = true, .action = "head",
        .message = message });
}

bool
ledger_read_head(const char *line, size_t length, int64_t *ret_id, char *ret_hash)
{
    struct json_token tokens[LINE_TOKENS];
    struct json json;
    char message[160];
    const char *words = LEDGER_HEAD_WORDS ": row ";
    size_t skip = strlen(words);

    if (json_read(line, length, tokens, LINE_TOKENS, &json, NULL) != OK ||
        !json_string_is(&json, json_get(&json, 0, "component"), "ledger") ||
        !json_string(&json, json_get(&json, 0, "msg"), message, sizeof message) || !text_starts(message, words))
        return false;
    const char *space = strchr(message + skip, ' ');
    return space != NULL && text_to_int64(message + skip, (size_t)(space - message) - skip, ret_id) &&
        strlen(space + 1) == SHA256_HEX_MAX - 1 && text_copy(ret_hash, SHA256_HEX_MAX, space + 1);
}
