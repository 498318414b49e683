/*
 * stream.h - one hub connection: SignalR's JSON protocol, version 1 (gateway.md 4), without the socket.
 *
 *     opened --handshake--> live --type 7, time-out, drop--> closing --everything sent--> gone
 *       |15 s                |30 s without a word
 *       +---------> closing <+
 *
 * Pings after 15 s of own silence.  Subscriptions die with the connection; nothing is replayed; the user hub has no snapshot, the market
 * hub's first quote is a full one (gateway.md 4.6).
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "sim/sim.h"

enum stream_hub { STREAM_USER, STREAM_MARKET };

/** What the socket's owner has to do. */
enum stream_end { STREAM_GOES_ON, STREAM_CLOSE, STREAM_CUT, STREAM_RESET };

/** Aborts without memory.  The caller ends it with stream_close(). */
struct stream *stream_open(struct sim *sim, enum stream_hub hub, const char *user);
void stream_close(struct sim *sim, struct stream *stream);
/** The caller's pointer, given back by stream_next(). */
void stream_set_owner(struct stream *stream, void *owner);
void *stream_owner(const struct stream *stream);
/** All connections: NULL gives the first. */
struct stream *stream_next(const struct sim *sim, const struct stream *stream);
enum stream_hub stream_hub(const struct stream *stream);

/** Bytes of a message, in any portions. */
void stream_receive(struct sim *sim, struct stream *stream, const char *bytes, size_t length);
/** What may be sent now: malloc'd, the caller's; NULL = nothing. */
char *stream_take(struct sim *sim, struct stream *stream, size_t *ret_length);
bool stream_has_due(const struct sim *sim, const struct stream *stream);
/** STREAM_CLOSE only once everything was taken; the others at once. */
enum stream_end stream_ending(const struct stream *stream);

/** Pings and time-outs. */
void stream_advance(struct sim *sim);
struct instant stream_next_due(const struct sim *sim);

/** End every connection of @hub (-1: both).  STREAM_CLOSE sends type 7 with @error (NULL: without). */
void stream_drop(struct sim *sim, int hub, enum stream_end how, const char *error, bool allow_reconnect);
/** GatewayLogout with @payload as its arguments' text (JSON array) to @hub (-1: both); its shape in life is unknown (gateway.md 4.7). */
void stream_logout(struct sim *sim, int hub, const char *payload);

/* subscriptions.c */

/** All connections: an event of the exchange. */
void subscriptions_publish(struct sim *sim, const struct exchange_event *event);
/** Does this user hub connection hear orders, positions and trades of the account? */
bool subscriptions_cover(const struct stream *stream, int64_t account_id);

#endif /* SIM_STREAM_H */
