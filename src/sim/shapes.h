/*
 * shapes.h - what the gateway's objects look like in JSON, by REST and on the hubs (gateway.md 2, 5; captures/).
 *
 * REST writes null, six digits of a second; the hubs leave nulls out and write seven.
 */
#ifndef SIM_SHAPES_H
#define SIM_SHAPES_H

#include "base/json.h"
#include "sim/exchange.h"

#define SHAPES_ROW_MAX 1600 /* No object is longer. */

enum shape { SHAPE_REST, SHAPE_STREAM };

/** How the hubs misbehave; all false and zero: as captured. */
struct stream_modes {
    bool bare;       /* The object itself, not {action, data} (gateway.md 4.5). */
    bool string_ids; /* Ids as strings (gateway.md 4.5). */
    bool nulls;      /* Arrays of the market hub hold a null (gateway.md 4.8). */
    bool duplicate;  /* Each event twice. */
    bool coalesce;   /* All that waits in one frame. */
    bool fragment;   /* A frame in two fragments. */
    bool freeze_data; /* Connected, pinging, no events. */
    bool freeze_all;  /* Connected, nothing at all. */
    int64_t delay_ms;
    int64_t jitter_ms; /* Events overtake each other. */
};

void shapes_timestamp(struct json_writer *writer, const char *key, struct instant at, enum shape shape);
void shapes_order(struct json_writer *writer, const char *key, const struct exchange_order *order, enum shape shape, bool string_ids);
void shapes_position(struct json_writer *writer, const char *key, const struct exchange_position *position, enum shape shape,
    bool string_ids);
/** @commissions: REST of August 2026 left them out (gateway.md 2.11). */
void shapes_trade(struct json_writer *writer, const char *key, const struct exchange_trade *trade, enum shape shape,
    bool string_ids, bool commissions);
void shapes_account(struct json_writer *writer, const char *key, const struct exchange_account *account, bool string_ids);
void shapes_contract(struct json_writer *writer, const char *key, const struct listing *listing);

/** A user hub event as one SignalR message, with its separator. */
void shapes_user_event(struct text *text, const struct exchange_event *event, const struct stream_modes *modes);
/** GatewayQuote: @full, or only what changes from quote to quote. */
void shapes_quote_event(struct text *text, const struct exchange_quote *quote, bool full);
/** GatewayTrade: an array of one print. */
void shapes_print_event(struct text *text, const struct exchange_quote *quote, const struct stream_modes *modes);
/** GatewayDepth: the best bid and ask. */
void shapes_depth_event(struct text *text, const struct exchange_quote *quote, const struct stream_modes *modes);

#endif /* SIM_SHAPES_H */
