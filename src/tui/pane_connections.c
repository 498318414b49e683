/*
 * pane_connections.c - is it protecting, and how well: daemon, hubs, REST, token, database, the two latencies, time spent blind.
 *
 * Ages are told by the daemon every few seconds and go on by themselves in between.
 */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL 18
#define WIDE 150

static enum tone
mode_tone(const char *mode)
{
    return strcmp(mode, "NORMAL") == 0 ? TONE_GOOD : strcmp(mode, "BLIND") == 0 ? TONE_BAD : TONE_WARN;
}

static struct words
ms_words(int64_t ms)
{
    return words_span(SPAN_MS(ms < 0 ? 0 : ms));
}

static int
draw_daemon(const struct pane *pane, const struct area *area, int row)
{
    const struct model_daemon *daemon = &pane->model->daemon;
    struct span since = instant_since(pane->ui->now, daemon->told_at);
    char text[MODEL_TEXT + 64];

    pane_title(area, row++, "Daemon");
    (void)snprintf(text, sizeof text, "%s  %s", daemon->mode[0] == '\0' ? "unknown" : daemon->mode, daemon->reason);
    pane_field(area, row++, 0, LABEL, "mode", mode_tone(daemon->mode), text);
    (void)snprintf(text, sizeof text, "%s, up %s", daemon->version, words_span((struct span){ daemon->uptime_ms * 1000000 + since.ns }).text);
    pane_field(area, row++, 0, LABEL, "version", TONE_TEXT, text);
    (void)snprintf(text, sizeof text, "%" PRId64 " ms", daemon->protected_ms);
    pane_field(area, row++, 0, LABEL, "time to protected", daemon->protected_ms < 0 ? TONE_WARN : TONE_TEXT,
        daemon->protected_ms < 0 ? "not yet" : text);
    (void)snprintf(text, sizeof text, "blind %.20s, degraded %.20s", ms_words(daemon->blind_ms).text, ms_words(daemon->degraded_ms).text);
    pane_field(area, row++, 0, LABEL, "today", daemon->blind_ms > 0 ? TONE_WARN : TONE_TEXT, text);
    (void)snprintf(text, sizeof text, "%" PRId64 " events, %" PRId64 " breaches, %" PRId64 " requests, %" PRId64 " alarms", daemon->events,
        daemon->breaches, daemon->commands, daemon->alarms);
    pane_field(area, row++, 0, LABEL, "since start", TONE_TEXT, text);
    return row;
}

static int
draw_latency(const struct area *area, int row, const char *label, const struct model_latency *latency)
{
    char text[4 * WORDS_MAX];

    (void)snprintf(text, sizeof text, "p50 %.16s   p99 %.16s   max %.16s   (%" PRId64 ")", words_micros(latency->p50).text,
        words_micros(latency->p99).text, words_micros(latency->max).text, latency->count);
    pane_field(area, row++, 0, LABEL, label, latency->count == 0 ? TONE_DIM : TONE_TEXT, latency->count == 0 ? "no enforcement yet" : text);
    return row;
}

static int
draw_speed(const struct pane *pane, const struct area *area, int row)
{
    pane_title(area, row++, "Enforcement");
    row = draw_latency(area, row, "decision latency", &pane->model->daemon.decision);
    return draw_latency(area, row, "time to flat", &pane->model->daemon.flat);
}

static void
draw_hub(const struct area *area, int row, const char *label, const struct model_hub *hub)
{
    bool live = strcmp(hub->state, "LIVE") == 0;
    char text[MODEL_TEXT + 128];

    if (live)
        (void)snprintf(text, sizeof text, "live for %.20s, last frame %.20s ago, %" PRId64 " connects", ms_words(hub->live_for_ms).text,
            hub->frame_age_ms < 0 ? "-" : ms_words(hub->frame_age_ms).text, hub->connects);
    else
        (void)snprintf(text, sizeof text, "%s  %s", hub->state[0] == '\0' ? "unknown" : hub->state, hub->why);
    area_glyph(area, row, LABEL - 2, live ? TONE_GOOD : TONE_BAD, live ? 0x25cf : 0x25c6);
    pane_field(area, row, 0, LABEL, label, live ? TONE_TEXT : TONE_BAD, text);
    area_glyph(area, row, LABEL - 2, live ? TONE_GOOD : TONE_BAD, live ? 0x25cf : 0x25c6);
}

static int
draw_user(const struct area *area, int row, const struct model_user *user, int number, int count)
{
    char text[4 * WORDS_MAX];
    int64_t permille = user->budget_max <= 0 ? 0 : user->budget_used * 1000 / user->budget_max;

    (void)snprintf(text, sizeof text, count > 1 ? "Broker, user %d of %d" : "Broker", number, count);
    pane_title(area, row++, text);
    draw_hub(area, row++, "user hub", &user->user);
    draw_hub(area, row++, "market hub", &user->market);
    (void)snprintf(text, sizeof text, "answered %.20s ago, %" PRId64 " requests, %" PRId64 " orders, %" PRId64 " waiting",
        user->rest_age_ms < 0 ? "-" : ms_words(user->rest_age_ms).text, user->requests, user->mutations, user->waiting);
    pane_field(area, row++, 0, LABEL, "REST", user->rest_age_ms < 0 ? TONE_WARN : TONE_TEXT, text);
    (void)snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " in 60 s", user->budget_used, user->budget_max);
    pane_field(area, row, 0, LABEL, "request budget", TONE_TEXT, text);
    area_bar(area, row++, LABEL + 22, area->width - LABEL - 22 > 40 ? 40 : area->width - LABEL - 22, (int)permille,
        permille > 900 ? TONE_BAD : permille > 700 ? TONE_WARN : TONE_GOOD);
    (void)snprintf(text, sizeof text, "good for %.20s", words_span(SPAN_SECONDS(user->token_left_s)).text);
    pane_field(area, row++, 0, LABEL, "token", !user->has_token ? TONE_BAD : user->token_left_s < 1800 ? TONE_WARN : TONE_TEXT,
        user->has_token ? text : "none");
    (void)snprintf(text, sizeof text, "%+" PRId64 " ms, %" PRId64 " reconciliations", user->skew_ms, user->syncs);
    pane_field(area, row++, 0, LABEL, "clock skew", TONE_TEXT, text);
    return row;
}

static int
draw_store(const struct pane *pane, const struct area *area, int row)
{
    const struct model_daemon *daemon = &pane->model->daemon;
    char text[4 * WORDS_MAX];

    pane_title(area, row++, "Database and feed");
    (void)snprintf(text, sizeof text, "%s, waiting %" PRId64 ", spilled %" PRId64 ", enforcement log %" PRId64 " rows",
        daemon->store_failing ? "FAILING" : "well", daemon->store_waiting, daemon->store_spilled, daemon->ledger_rows);
    pane_field(area, row++, 0, LABEL, "database", !daemon->has_store || daemon->store_failing ? TONE_BAD : TONE_TEXT,
        daemon->has_store ? text : "unknown");
    (void)snprintf(text, sizeof text, "listeners %" PRId64 ", states skipped %" PRId64 ", slow ones dropped %" PRId64, daemon->feed_clients,
        daemon->feed_skipped, daemon->feed_dropped);
    pane_field(area, row++, 0, LABEL, "feed", TONE_TEXT, text);
    return row;
}

void
pane_connections(const struct pane *pane, const struct area *area)
{
    const struct model_daemon *daemon = &pane->model->daemon;
    bool wide = area->width >= WIDE;
    struct area left = area_part(area, 0, 0, area->height, wide ? area->width / 2 - 2 : area->width);
    struct area right = wide ? area_part(area, 0, area->width / 2 + 1, area->height, area->width - area->width / 2 - 1) : left;
    int gap = wide || area->height > 24 ? 1 : 0, row;

    row = draw_daemon(pane, &left, 0) + gap;
    row = draw_speed(pane, &left, row) + gap;
    row = draw_store(pane, &left, row) + gap;
    row = wide ? 0 : row;
    for (int i = 0; i < daemon->users_count; i++)
        row = draw_user(&right, row, &daemon->users[i], i + 1, daemon->users_count) + gap;
    if (!daemon->has_connections)
        pane_empty(&right, row, "the daemon does not tell of its connections");
}
