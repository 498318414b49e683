/*
 * announce.c - a running guard's alerts.
 */
#include "app/announce.h"

#include <stdio.h>
#include <string.h>

/* On the alerts' thread. */
static void
on_attempted(void *context, const char *place, bool delivered, const char *text)
{
    struct guard *guard = context;

    if (delivered)
        log_say(guard->log, LOG_LEVEL_INFO, "alerts", "%s: delivered", place);
    else
        log_say(guard->log, LOG_LEVEL_WARN, "alerts", "%s: not delivered: %s", place, text);
}

enum status
announce_open(struct guard *guard, struct error *err)
{
    const struct daemon_settings *settings = &guard->config->daemon;
    char path[SETTING_TEXT_MAX + 8];
    const struct alerts_options options = { .settings = settings, .queue_path = path, .context = guard, .attempted = on_attempted };

    for (int32_t i = 0; i < settings->alert.webhooks_count; i++)
        log_learn_secret(guard->log, settings->alert.webhooks[i].url);
    log_learn_secret(guard->log, settings->alert.email.password);
    (void)snprintf(path, sizeof path, "%s.alerts", settings->db.path);
    return alerts_new(&options, &guard->alerts, err);
}

void
announce_reopen(struct guard *guard, const struct daemon_settings *old)
{
    const struct daemon_settings *settings = &guard->config->daemon;
    struct error err;

    /* Ending the old ones waits for their thread: not for nothing, on the loop. */
    if (memcmp(&old->alert, &settings->alert, sizeof old->alert) == 0)
        return;
    announce_close(guard);
    if (announce_open(guard, &err) != OK)
        guard_alarm(guard, 2, "%.200s", err.text);
}

void
announce_close(struct guard *guard)
{
    alerts_free(guard->alerts);
    guard->alerts = NULL;
}

void
announce_notice(struct guard *guard, const struct notice *notice)
{
    struct alert alert;

    if (guard->alerts != NULL && alert_from_notice(notice, &guard->config->daemon, &guard->degraded_told, &alert))
        alerts_put(guard->alerts, &alert);
}
