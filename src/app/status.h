/*
 * status.h - how the daemon is doing: enforcements with their two latencies, counts, the accounts, as JSON.
 *
 * Two numbers are shown for each enforcement (architecture.md, Latency budget): the decision latency, from the frame's arrival to the
 * request's first byte, is ours; the time to flat, from the breach to its proof, is the broker's and the network's too.
 */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "app/latency.h"
#include "base/text.h"
#include "core/engine.h"

#define STATUS_LINKS_BYTES 20480 /* Room for some twenty users and all endpoints. */
#define STATUS_PENDING_BYTES 4096
#define STATUS_INCIDENTS 128 /* The last ones that are remembered. */

struct incident {
    uint64_t id;
    int64_t account_id;
    int32_t rule;
    int32_t action;          /* enum action. */
    struct instant at;
    struct instant asked_at; /* When its first request left; INSTANT_NONE: none has. */
    struct span decision;    /* Of the first request; 0: none was needed. */
    struct span flat;        /* To the last proof so far; 0: not proven yet. */
    int32_t requests, proofs;
    char why[WHY_MAX];
};

/* Zeroed is a fresh daemon; large, so not for the stack. */
struct status_board {
    struct instant started_at, protected_at; /* protected_at: INSTANT_NONE while it never was in normal mode. */
    struct mode_event mode;
    struct latency decision, flat;
    uint64_t events, commands, breaches, alarms, undecodable;
    uint64_t breaches_by_rule[RULES_MAX];    /* By rule number. */
    int64_t ledger_rows;                     /* The enforcement log's last row and the chain's hash there (S-11). */
    char ledger_head[72];
    char pending[STATUS_PENDING_BYTES];      /* JSON of pending.c; "": not asked. */
    char links[STATUS_LINKS_BYTES];          /* JSON of links.c; "": not asked. */
    uint32_t incidents_count;                /* Ever; the ring holds the last STATUS_INCIDENTS. */
    struct incident incidents[STATUS_INCIDENTS];
};

/** Take note of what the engine says (any kind of notice). */
void status_notice(struct status_board *board, const struct notice *notice);

/** A request leaves at @now. */
void status_sent(struct status_board *board, const struct command *command, struct instant now);

/** It is answered: its first byte had left @decision after the frame arrived that caused it; zero: no frame had. */
void status_answered(struct status_board *board, const struct command *command, struct span decision);

/** The whole board and the engine's accounts as one JSON object. */
void status_write(const struct status_board *board, const struct engine *engine, struct instant now, struct text *text);

/** Only the head: version, mode, counts, percentiles; the data of the feed's daemon_status. */
void status_write_head(const struct status_board *board, struct instant now, struct text *text);

#endif /* APP_STATUS_H */
