/*
 * messages.h - the core's rows and notices as JSON objects, field by field as docs/feed-protocol.md lists them.
 *
 * All writers add one object; @key is NULL inside an array or at the top.  Money is dollars, prices are the broker's, both exact decimals;
 * instants are ISO 8601 in UTC, null for "none" and "never"; enumerations are words, an unknown value its number as a string.
 */
#ifndef FEED_MESSAGES_H
#define FEED_MESSAGES_H

#include "base/json.h"
#include "core/engine.h"

/* @contract: of the row, may be NULL while unknown. */
void messages_position_row(struct json_writer *json, const struct position_row *row, const struct contract *contract);
void messages_order_row(struct json_writer *json, const struct order_row *row, const struct contract *contract);
void messages_trade_row(struct json_writer *json, const struct trade_row *row, const struct contract *contract);
void messages_account_row(struct json_writer *json, const struct account_row *row);
void messages_quote(struct json_writer *json, const struct contract *contract);

/* The engine's own entries: the same fields, with P&L where it is known. */
void messages_position(struct json_writer *json, const struct position *position);
void messages_order(struct json_writer *json, const struct order *order);
/* @price_nanos: NULL: not known, for the engine does not keep it. */
void messages_trade(struct json_writer *json, const struct trade *trade, const struct contract *contract, const int64_t *price_nanos);
void messages_lockout(struct json_writer *json, const struct lockout *lockout);
void messages_day(struct json_writer *json, const char *key, const struct day_totals *day);
void messages_gauge(struct json_writer *json, int32_t rule, const struct gauge *gauge);

/** true, false or null. */
void messages_add_answer(struct json_writer *json, const char *key, enum answer answer);

/** What a gauge's crossing (NOTICE_WARNING with a limit) or move says of the gauge. */
void messages_notice_gauge(struct json_writer *json, const struct notice *notice);

/** The data of a notice; the type it goes under, or NULL for one that is not for the feed (NOTICE_MODE: its data is the daemon's). */
const char *messages_notice(struct json_writer *json, const struct notice *notice);

#endif /* FEED_MESSAGES_H */
