/*
 * alerts.h - tells people, wherever they are, by a thread of its own (S-27).
 *
 * alerts_put() copies and returns: a slow web server, a dead mail server or a full disk delays nothing.  What was not delivered when
 * the daemon died is delivered by the next one; an alert may come twice, never silently not at all within a day.
 */
#ifndef APP_ALERTS_H
#define APP_ALERTS_H

#include "app/alert.h"

struct alerts;

struct alerts_options {
    const struct daemon_settings *settings; /* Copied. */
    const char *queue_path;                 /* NULL: in memory only. */
    bool once;                              /* One attempt per place: for a test. */
    void *context;
    /* On the alerts' thread: an attempt ended.  @text says why it failed; no secrets in it.  May be NULL. */
    void (*attempted)(void *context, const char *place, bool delivered, const char *text);
};

struct alerts_stats {
    int32_t places;
    uint64_t delivered, failed; /* Attempts. */
    uint64_t held;              /* Too many in a short time: told as a number. */
    uint64_t given_up;          /* Refused for good, too old, or pushed out. */
    uint32_t waiting;
};

/** Start the thread.  @ret_alerts on success only.  Without a configured place it is still fine: nothing is sent. */
MUST_USE enum status alerts_new(const struct alerts_options *options, struct alerts **ret_alerts, struct error *err);
/** What is under way is dropped and stays in the queue's file.  NULL is fine. */
void alerts_free(struct alerts *alerts);

/** Any thread, never waits for anything but a copy.  NULL is fine. */
void alerts_put(struct alerts *alerts, const struct alert *alert);

struct alerts_stats alerts_stats(struct alerts *alerts);

#endif /* APP_ALERTS_H */
