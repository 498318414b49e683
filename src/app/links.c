/*
 * links.c - the gateways' own figures side by side, one object for each user (S-4).
 */
#include "app/links.h"

#include "base/json.h"

static void
add_hub(struct json_writer *json, const char *key, const struct gateway_hub_status *hub)
{
    json_open(json, key, '{');
    json_add_string(json, "state", hub->state);
    json_add_string(json, "why", hub->why);
    json_add_int(json, "connects", hub->connects);
    json_add_int(json, "live_for_ms", hub->live_for_ms);
    if (hub->frame_age_ms < 0)
        json_add_null(json, "frame_age_ms");
    else
        json_add_int(json, "frame_age_ms", hub->frame_age_ms);
    json_close(json, '}');
}

static void
add_user(struct json_writer *json, const struct gateway *gateway)
{
    struct gateway_status status;

    gateway_status(gateway, &status);
    json_open(json, NULL, '{');
    json_add_string(json, "mode", mode_name(status.mode));
    add_hub(json, "user_hub", &status.user);
    add_hub(json, "market_hub", &status.market);
    json_add_bool(json, "has_token", status.has_token);
    json_add_int(json, "token_left_s", status.token_left_s);
    json_add_int(json, "budget_used", status.rate_used);
    json_add_int(json, "budget_max", status.rate_max);
    json_add_int(json, "budget_left", status.rate_max - status.rate_used); /* RL-09 */
    json_add_int(json, "history_budget_used", status.history_used);
    json_add_int(json, "history_budget_max", status.history_max);
    json_add_int(json, "rate_refusals", status.rate_refusals);
    json_add_bool(json, "upkeep_paused", status.upkeep_paused);
    json_add_int(json, "requests_waiting", status.requests_waiting);
    if (status.rest_success_age_ms < 0)
        json_add_null(json, "rest_success_age_ms");
    else
        json_add_int(json, "rest_success_age_ms", status.rest_success_age_ms);
    json_add_int(json, "requests", (int64_t)status.requests);
    json_add_int(json, "mutations", (int64_t)status.mutations);
    json_add_int(json, "syncs", (int64_t)status.syncs);
    json_add_int(json, "clock_skew_ms", status.clock_skew_ms);
    json_add_int(json, "clock_skew_error_ms", status.clock_skew_error_ms);
    json_close(json, '}');
}

/* HM-07 */
static void
add_rest(struct json_writer *json, const struct metrics *metrics)
{
    json_open(json, "rest", '[');
    for (uint32_t i = 0; i < metrics->endpoints_count; i++) {
        const struct metrics_endpoint *e = &metrics->endpoints[i];

        json_open(json, NULL, '{');
        json_add_string(json, "endpoint", e->name);
        json_add_int(json, "count", (int64_t)e->latency.count);
        json_add_int(json, "p50_us", latency_at(&e->latency, 500).ns / 1000);
        json_add_int(json, "p95_us", latency_at(&e->latency, 950).ns / 1000);
        json_add_int(json, "max_us", e->latency.max.ns / 1000);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
add_store(struct json_writer *json, const struct guard *guard)
{
    struct writer_status store;

    if (guard->writer == NULL) {
        json_add_null(json, "store");
        return;
    }
    store = writer_status(guard->writer);
    json_open(json, "store", '{');
    json_add_int(json, "waiting", store.queued);
    json_add_int(json, "spilled", (int64_t)store.spilled);
    json_add_bool(json, "failing", store.failing);
    json_close(json, '}');
}

void
links_write(const struct guard *guard, struct instant now, struct text *out)
{
    const struct chronicle *chronicle = guard->overview.chronicle;
    struct json_writer json = json_writer_on(out);

    json_open(&json, NULL, '{');
    json_open(&json, "users", '[');
    for (int32_t i = 0; i < guard->users_count; i++)
        if (guard->users[i].gateway != NULL)
            add_user(&json, guard->users[i].gateway);
    json_close(&json, ']');
    add_rest(&json, &guard->metrics);
    add_store(&json, guard);
    json_add_int(&json, "blind_today_ms", chronicle_blind_today(chronicle, now).ns / 1000000);
    json_add_int(&json, "degraded_today_ms", chronicle_degraded_today(chronicle, now).ns / 1000000);
    json_add_int(&json, "feed_clients", guard->feed == NULL ? 0 : feed_clients_count(guard->feed));
    json_add_int(&json, "feed_dropped", guard->feed == NULL ? 0 : (int64_t)feed_dropped_count(guard->feed));
    json_add_int(&json, "feed_skipped", guard->feed == NULL ? 0 : (int64_t)feed_skipped_count(guard->feed));
    json_close(&json, '}');
}
