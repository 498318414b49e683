/*
 * journal.h - what the engine and the gateway say, as log lines.
 */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include "app/log.h"
#include "core/update.h"

/** Breaches, lockouts, enforcement and modes go to enforcement.log too; gauges and P&L are debug lines at most. */
void journal_notice(struct log *log, const struct notice *notice);

/** An answer to a command: api.log when it is not a yes. */
void journal_answer(struct log *log, const struct answer_event *answer, const struct command *command);

#endif /* APP_JOURNAL_H */
