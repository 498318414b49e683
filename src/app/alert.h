/*
 * alert.h - what is worth disturbing a person for, and how it reads in each place it can be sent to (S-27).
 */
#ifndef APP_ALERT_H
#define APP_ALERT_H

#include "base/text.h"
#include "config/settings.h"
#include "core/update.h"

enum alert_kind { ALERT_BREACH, ALERT_LOCKOUT, ALERT_DEGRADED, ALERT_FAILED, ALERT_TEST, ALERT_KINDS };

struct alert {
    enum alert_kind kind;
    int32_t level;         /* 1 warn, 2 critical. */
    struct instant at;
    int64_t account_id;    /* 0: the daemon. */
    int32_t rule;          /* 0: none. */
    uint64_t incident;     /* 0: none; as in the log and the enforcement log. */
    char text[WHY_MAX * 2];
};

/** "breach", "lockout", "degraded", "failed", "test". */
const char *alert_kind_name(enum alert_kind kind);
bool alert_kind_parse(const char *name, enum alert_kind *ret_kind);

/**
 * Is this notice an alert under @settings?  @degraded_told: did the last alert of a mode say that protection is degraded; kept up to date, so
 * that the return to normal is told, and only then.
 */
bool alert_from_notice(const struct notice *notice, const struct daemon_settings *settings, bool *degraded_told, struct alert *ret_alert);

/** One line without its details: "Lockout, account 101, RULE-003". */
void alert_title(const struct alert *alert, struct text *out);

/** The body a webhook gets: JSON in the shape its @format wants. */
void alert_write_webhook(const struct alert *alert, const struct webhook *webhook, struct text *out);

/** A whole message (RFC 5322), lines ended by CR LF. */
void alert_write_mail(const struct alert *alert, const char *from, const char *to, struct text *out);

#endif /* APP_ALERT_H */
