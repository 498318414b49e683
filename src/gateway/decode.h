/*
 * decode.h - the gateway's JSON to rows and events (spec/gateway.md 2 and 5).  Pure.
 *
 * Hub events and REST lists use the same row functions.  Broker data is never dropped for being odd (FV-01): unknown integers are kept, missing
 * members are zero or "not given".  A row is refused only when nothing can be done with it: no id, no account, no direction;
 * the caller then reconciles.  Numbers go from text to integers, never through a double.
 */
#ifndef GATEWAY_DECODE_H
#define GATEWAY_DECODE_H

#include "base/json.h"
#include "core/event.h"
#include "gateway/signalr.h"

#define DECODE_OUR_TAG "rm" /* customTag of an order we place: this and the command's number (ID-03). */

/* Rows from one object each.  False: structurally unusable (FV-02).  @now stands in for a missing timestamp. */
bool decode_account(const struct json *json, int node, struct account_row *ret_row);
bool decode_position(const struct json *json, int node, struct position_row *ret_row);
bool decode_order(const struct json *json, int node, struct order_row *ret_row);
bool decode_trade(const struct json *json, int node, struct instant now, struct trade_row *ret_row);
bool decode_contract(const struct json *json, int node, struct contract_row *ret_row);
/** A sparse quote of @contract. */
bool decode_quote(const struct json *json, int node, const char *contract, struct quote_row *ret_row);

enum decode_result {
    DECODE_OK,       /* Every row went to the sink. */
    DECODE_LOGOUT,   /* GatewayLogout: the text is in ret_text. */
    DECODE_IGNORED,  /* A target we know and do not use. */
    DECODE_UNKNOWN,  /* A target we do not know (ES-06). */
    DECODE_UNUSABLE, /* At least one row was structurally unusable: reconcile (FV-01). */
};

/* kind and u are set; the rest is the caller's. */
typedef void decode_sink(void *context, const struct event *event);

/**
 * The rows of a hub invocation: {action, data} or bare objects, arrays of them, an id before the object, any case of the target.
 * @ret_text: GatewayLogout's words, as they are; @size >= 1.
 */
enum decode_result decode_invocation(const struct json *json, const struct signalr_message *message, struct instant now,
    decode_sink *sink, void *context, char *ret_text, size_t size);

/** Account a row belongs to; 0 for quotes and contracts. */
int64_t decode_account_of(const struct event *event);

#endif /* GATEWAY_DECODE_H */
