/*
 * announce.h - a running guard's alerts: which of its notices, to whom, and what came of it (S-27).
 */
#ifndef APP_ANNOUNCE_H
#define APP_ANNOUNCE_H

#include "app/guard.h"

/** Start alerting as guard->config says; guard->log is there. */
MUST_USE enum status announce_open(struct guard *guard, struct error *err);
/** The configuration has changed from one with @old.  Nothing is done unless that is about alerts.  What waits to be sent stays in its file; failing, an alarm tells. */
void announce_reopen(struct guard *guard, const struct daemon_settings *old);
void announce_close(struct guard *guard);

/** Pass on what is worth an alert. */
void announce_notice(struct guard *guard, const struct notice *notice);

#endif /* APP_ANNOUNCE_H */
