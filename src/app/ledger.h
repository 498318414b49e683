/*
 * ledger.h - rows of the enforcement log that are about the daemon itself, and its head where it can be compared (S-11).
 *
 * The engine records what it enforces.  That the daemon started, stopped, was off while a position was open, took other rules, or was alarmed
 * by the gateway, the clock or the disk is known out here only.
 */
#ifndef APP_LEDGER_H
#define APP_LEDGER_H

#include "app/log.h"
#include "store/writer.h"

#define LEDGER_HEAD_WORDS "head of the enforcement log" /* The log line's; what riskctl audit looks for. */

/** @what: "start", "stop", "gap", "reload", "hub", "session".  @account_id 0: the daemon.  @writer NULL: nothing yet to write to. */
void ledger_note(struct writer *writer, struct instant at, const char *what, int64_t account_id, const char *format, ...)
    PRINTF_LIKE(5, 6);

/** An alarm raised outside the engine.  @level 1 warn, 2 critical. */
void ledger_alarm(struct writer *writer, struct instant at, int32_t level, const char *text);

/**
 * The start, and for how long nobody watched which position: one row per position the store remembers.
 * Returns the number of those.  @config_hash in hex.
 */
uint32_t ledger_start(struct writer *writer, struct instant now, const struct restore *restore, const char *config_hash);

/** Write the head down in enforcement.log if it has moved on since @told (the row it was at; updated). */
void ledger_write_head(struct log *log, int64_t row, const char *hash, int64_t *told);

/**
 * One line of enforcement.log: does it tell a head?  @ret_hash holds SHA256_HEX_MAX.
 */
bool ledger_read_head(const char *line, size_t length, int64_t *ret_id, char *ret_hash);

#endif /* APP_LEDGER_H */
