/*
 * calendar.c - when the day ends, which session is open, which holidays come.
 *
 * RULE-009's struct is its own; its sessions are found by its parameter table, of which each session's "start" is the field
 * struct session.start (core/day.h).
 */
#include "feed/calendar.h"

#include "core/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SESSION_RULE 9

static void
add_instant(struct json_writer *json, const char *key, struct instant at)
{
    char text[INSTANT_TEXT_MAX];

    if (instant_is_never(at)) {
        json_add_null(json, key);
        return;
    }
    instant_format(at, text, sizeof text);
    json_add_string(json, key, text);
}

static void
add_date(struct json_writer *json, const char *key, int64_t days)
{
    char text[48];
    int year, month, day;

    civil_from_days(days, &year, &month, &day);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    json_add_string(json, key, text);
}

static void
add_clock(struct text *text, struct session_time time)
{
    static const char *const names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

    if (time.weekday >= 0 && time.weekday < 7)
        text_addf(text, "%s ", names[time.weekday]);
    text_addf(text, "%02" PRId32 ":%02" PRId32, time.second / 3600, time.second / 60 % 60);
}

static void
add_session(struct json_writer *json, const struct session *session, const struct config *config, struct instant now)
{
    struct session_state state = session_at(session, &config->calendar, NULL, now);
    char bytes[64];
    struct text hours = text_on(bytes, sizeof bytes);

    add_clock(&hours, session->start);
    text_add(&hours, "-");
    add_clock(&hours, session->end);
    json_open(json, NULL, '{');
    json_add_string(json, "root", session->symbol.text);
    json_add_string(json, "hours", bytes);
    json_add_string(json, "zone", session->zone == NULL ? NULL : zone_name(session->zone));
    json_add_bool(json, "open", state.open);
    if (state.open)
        add_instant(json, "ends_at", state.ends);
    else
        json_add_null(json, "ends_at");
    add_instant(json, "next_start", state.next_start);
    json_close(json, '}');
}

static const struct param *
find(const struct param *params, size_t count, const char *prefix)
{
    for (size_t i = 0; i < count; i++)
        if (text_starts(params[i].keys, prefix))
            return &params[i];
    return NULL;
}

/* The struct session whose `start` is described by @start, inside @base. */
static const struct session *
session_in(const uint8_t *base, const struct param *start)
{
    return (const struct session *)(const void *)(base + start->offset - offsetof(struct session, start));
}

static void
add_rule_sessions(struct json_writer *json, const struct rule *rule, const uint8_t *rule_config, const struct config *config,
    struct instant now)
{
    const struct param *enabled = find(rule->params, rule->params_count, "global_session.enabled");
    const struct param *start = find(rule->params, rule->params_count, "global_session.start");
    const struct param *map = find(rule->params, rule->params_count, "per_instrument_sessions");
    bool global = false;
    int32_t count = 0;

    if (enabled != NULL)
        memcpy(&global, rule_config + enabled->offset, sizeof global);
    if (global && start != NULL)
        add_session(json, session_in(rule_config, start), config, now);
    if (map == NULL || (start = find(map->items, map->items_count, "start")) == NULL)
        return;
    memcpy(&count, rule_config + map->count_offset, sizeof count);
    for (int32_t i = 0; i < count; i++)
        add_session(json, session_in(rule_config + map->offset + (size_t)i * map->item_size, start), config, now);
}

static void
add_sessions(struct json_writer *json, const struct config *config, const struct rule *const *rules, struct instant now)
{
    for (int32_t r = 0; rules[r] != NULL; r++) {
        for (int32_t i = 0; rules[r]->number == SESSION_RULE && i < config->accounts_count; i++) {
            if (!config->accounts[i].enabled[r])
                continue;
            add_rule_sessions(json, rules[r], config->accounts[i].rules[r], config, now);
            return;
        }
    }
}

static void
add_holidays(struct json_writer *json, const struct config *config)
{
    for (int32_t i = 0; i < config->calendar.count; i++) {
        const struct holiday *holiday = &config->calendar.holidays[i];
        char close[16];

        json_open(json, NULL, '{');
        add_date(json, "date", holiday->day);
        json_add_string(json, "name", holiday->name);
        (void)snprintf(close, sizeof close, "%02d:%02d", (int)(holiday->early_close / 3600) % 100, (int)(holiday->early_close / 60 % 60));
        json_add_string(json, "early_close", holiday->early_close < 0 ? NULL : close);
        json_close(json, '}');
    }
}

void
calendar_write(struct json_writer *json, const struct config *config, const struct rule *const *rules, struct instant now)
{
    struct instant starts, ends;
    int32_t date;

    if (config == NULL || config->day_zone == NULL) {
        json_add_null(json, "calendar");
        return;
    }
    day_of(config->day_zone, config->reset_second, now, &starts, &ends, &date);
    json_open(json, "calendar", '{');
    json_add_string(json, "zone", zone_name(config->day_zone));
    add_date(json, "trading_day", date);
    add_instant(json, "day_starts_at", starts);
    add_instant(json, "next_reset", ends);
    json_open(json, "sessions", '[');
    add_sessions(json, config, rules, now);
    json_close(json, ']');
    json_open(json, "holidays", '[');
    add_holidays(json, config);
    json_close(json, ']');
    json_close(json, '}');
}
