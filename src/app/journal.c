/*
 * journal.c - what the engine and the gateway say, as log lines.
 */
#include "app/journal.h"

#include "base/text.h"

#include <inttypes.h>

static const char *const lock_words[] = { "locked", "cooldown", "blocked" };

static void
describe_enforcement(const struct notice *notice, struct text *text)
{
    static const char *const steps[] = { "sent", "answered", "proven" };
    const struct command *command = &notice->u.enforcement.command;

    text_addf(text, "%s %s", command_kind_name(command->kind), steps[notice->u.enforcement.step]);
    if (command->order_id != 0)
        text_addf(text, " order %" PRId64, command->order_id);
    if (notice->u.enforcement.step == STEP_ANSWERED)
        text_addf(text, ": %s", outcome_name(notice->u.enforcement.outcome));
    if (notice->u.enforcement.step == STEP_PROVEN)
        text_addf(text, " after %" PRId64 " us", notice->u.enforcement.took.ns / 1000);
    if (notice->text[0] != '\0')
        text_addf(text, " (%s)", notice->text);
}

static void
describe_lockout(const struct notice *notice, struct text *text)
{
    const struct lockout *lockout = &notice->u.lockout;
    char until[INSTANT_TEXT_MAX];

    if (notice->kind == NOTICE_LOCKOUT_CLEARED) {
        text_addf(text, "lockout ended: %s", lockout->root[0] == '\0' ? "account" : lockout->root);
        return;
    }
    if (!instant_is_never(lockout->until))
        instant_format(lockout->until, until, sizeof until);
    else
        (void)text_copy(until, sizeof until, lockout->end == LOCK_UNTIL_ADMIN ? "an admin unlocks" : "its cause ends");
    text_addf(text, "%s: %s until %s", lock_words[lockout->kind], lockout->root[0] == '\0' ? "account" : lockout->root,
        until);
}

void
journal_notice(struct log *log, const struct notice *notice)
{
    char message[WHY_MAX * 2];
    struct text text = text_on(message, sizeof message);
    struct log_line line = { .level = LOG_LEVEL_INFO, .component = "engine", .message = message, .enforcement = true,
        .correlation = notice->incident, .account_id = notice->account_id, .rule = notice->rule,
        .contract = notice->contract.text };

    switch (notice->kind) {
    case NOTICE_BREACH:
        line.level = LOG_LEVEL_WARN;
        line.action = "breach";
        text_add(&text, notice->text);
        break;
    case NOTICE_LOCKOUT_SET:
    case NOTICE_LOCKOUT_CLEARED:
        line.action = "lockout";
        describe_lockout(notice, &text);
        break;
    case NOTICE_ENFORCEMENT:
        line.action = "enforce";
        line.contract = notice->u.enforcement.command.contract.text;
        line.command = notice->u.enforcement.command.id;
        describe_enforcement(notice, &text);
        break;
    case NOTICE_ALARM:
        line.level = notice->level >= 2 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;
        line.action = "alarm";
        text_add(&text, notice->text);
        break;
    case NOTICE_WARNING:
        line.level = LOG_LEVEL_WARN;
        line.enforcement = false;
        text_add(&text, notice->text);
        break;
    case NOTICE_DAILY_RESET:
        line.action = "daily_reset";
        text_add(&text, "daily reset");
        break;
    case NOTICE_MODE:
        line.action = "mode";
        text_addf(&text, "mode %s: %s", mode_name(notice->u.mode.mode), notice->u.mode.reason);
        break;
    case NOTICE_RULE_STATUS:
    case NOTICE_PNL:
        return; /* The feed's; a line for each tick helps nobody. */
    }
    log_write(log, &line);
}

void
journal_answer(struct log *log, const struct answer_event *answer, const struct command *command)
{
    const struct log_line line = { .level = answer->outcome == OUTCOME_ACCEPTED ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
        .api = true, .component = "gateway", .message = answer->text[0] != '\0' ? answer->text : "answered",
        .correlation = command->incident, .command = command->id, .account_id = command->account_id, .rule = command->rule,
        .contract = command->contract.text, .action = command_kind_name(command->kind),
        .endpoint = command_kind_name(command->kind), .http = answer->http_status, .code = answer->code,
        .error_class = outcome_name(answer->outcome) };

    log_write(log, &line);
}
