/*
 * shell.h - carries out what the engine asks for, the only place that does (architecture.md).
 *
 * For one update: commands to the gateway, records to the store, notices to the feed and the log, then the timer; nothing in it
 * waits.  Where they go is a seam: riskd gives the real gateway, store and feed, scenarios and replay an in-process
 * broker and virtual time.
 */
#ifndef APP_SHELL_H
#define APP_SHELL_H

#include "core/engine.h"

struct shell;

/* All called on the loop thread, inside shell_event(), and must not call back into the shell. */
struct shell_ports {
    void *context;
    /* At once, but for placing and changing stops: these once their records are synced; partial closes too, or after 50 ms (ID-01). */
    void (*command)(void *context, const struct command *command);
    /* Queue a record; returns its ticket.  Tickets rise. */
    uint64_t (*record)(void *context, const struct record *record);
    /* A durable notice comes once the ticket of its update is synced, others at once. */
    void (*notice)(void *context, const struct notice *notice);
    /* The event has been applied and its commands have left, before the records: for the feed.  May be NULL. */
    void (*stepped)(void *context, const struct event *event, const struct update *update);
    /* EVENT_CLOCK is due then (UTC; INSTANT_NEVER: disarm): call shell_clock(). */
    void (*arm)(void *context, struct instant deadline);
};

/**
 * @engine and @ports->context are borrowed and outlive the shell.  STATUS_LIMIT: no memory.
 */
MUST_USE enum status shell_new(struct engine *engine, const struct shell_ports *ports, struct shell **ret_shell,
    struct error *err);
void shell_free(struct shell *shell);

/**
 * Feed one event.  Deadlines up to event->at are stepped first, each as EVENT_CLOCK at its own time, so a late wake-up
 * changes nothing.  A time before the last one given (the wall clock stepped back) is raised to it (S-21).
 */
void shell_event(struct shell *shell, const struct event *event);

/** Step what is due at @now.  Early wake-ups are harmless. */
void shell_clock(struct shell *shell, struct instant now);

/** All records up to @ticket are on disk: publish what waited for them. */
void shell_synced(struct shell *shell, uint64_t ticket);

/** The engine's time: that of the last event. */
struct instant shell_now(const struct shell *shell);
/** Durable notices still waiting for the disk. */
uint32_t shell_waiting(const struct shell *shell);

#endif /* APP_SHELL_H */
