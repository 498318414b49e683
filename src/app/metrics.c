/*
 * metrics.c - the daemon's figures in Prometheus' text format.
 *
 * Every family is written by one of the few functions at the top, so HELP and TYPE stand once before its samples; names follow
 * Prometheus' rules (base units, _total for counters), which promtool checks in tests/e2e/metrics.py.
 */
#include "app/metrics.h"

#include "app/version.h"
#include "base/assert.h"
#include "os/os.h"
#include "rules/rules.h"
#include "store/database.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define NAME(name) "riskd_" name

void
metrics_call(struct metrics *metrics, const char *endpoint, int32_t http_status, struct span took)
{
    uint32_t i = 0;

    while (i < metrics->endpoints_count && strcmp(metrics->endpoints[i].name, endpoint) != 0)
        i++;
    if (i == METRICS_ENDPOINTS)
        return;
    struct metrics_endpoint *e = &metrics->endpoints[i];
    if (i == metrics->endpoints_count) {
        metrics->endpoints_count++;
        (void)text_copy(e->name, sizeof e->name, endpoint);
    }
    e->results[http_status == 0 ? METRICS_LOST : http_status / 100 == 2 ? METRICS_ANSWERED : METRICS_REFUSED]++;
    histogram_add(&e->took, took);
    if (http_status != 0)
        latency_add(&e->latency, took);
}

void
metrics_answer(struct metrics *metrics, const struct command *command, enum outcome outcome, struct span decision)
{
    if ((unsigned)command->kind < METRICS_COMMANDS && (unsigned)outcome < METRICS_OUTCOMES)
        metrics->actions[command->kind][outcome]++;
    if (decision.ns > 0)
        histogram_add(&metrics->decision, decision);
}

/* ---- Writing ---- */

static void
family(struct text *out, const char *name, const char *type, const char *help)
{
    text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
single(struct text *out, const char *name, const char *type, int64_t value, const char *help)
{
    family(out, name, type, help);
    text_addf(out, "%s %" PRId64 "\n", name, value);
}

static void
add_seconds(struct text *out, const char *name, const char *labels, int64_t ms)
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t size = ms < 0 ? (uint64_t)-ms : (uint64_t)ms;

    text_addf(out, "%s%s %s%" PRIu64 ".%03" PRIu64 "\n", name, labels, sign, size / 1000, size % 1000);
}

static void
write_daemon(const struct metrics_view *view, struct text *out)
{
    const struct status_board *board = view->board;
    size_t resident = 0;

    family(out, NAME("build_info"), "gauge", "The program's version.");
    text_add(out, NAME("build_info") "{version=\"" APP_VERSION "\"} 1\n");
    family(out, NAME("start_time_seconds"), "gauge", "When the process started, seconds since 1970.");
    add_seconds(out, NAME("start_time_seconds"), "", board->started_at.ns / 1000000);
    single(out, NAME("ready"), "gauge", view->ready, "1 while protecting, as /readyz says.");
    family(out, NAME("mode"), "gauge", "1 for the mode in force.");
    for (enum mode mode = MODE_STARTING; mode <= MODE_BLIND; mode++)
        text_addf(out, NAME("mode") "{mode=\"%s\"} %d\n", mode_name(mode), board->mode.mode == mode);
    (void)uv_resident_set_memory(&resident);
    single(out, NAME("resident_memory_bytes"), "gauge", (int64_t)resident, "Memory in use.");
    single(out, NAME("heap_bytes"), "gauge", os_heap_bytes(), "Allocated and not given back; -1: unknown.");
    single(out, NAME("store_heap_bytes"), "gauge", database_memory_bytes(), "Of heap_bytes what SQLite holds, besides its page cache, which is taken at the start.");
    single(out, NAME("alarms_total"), "counter", (int64_t)board->alarms, "Alarms raised.");
    family(out, NAME("alerts_total"), "counter", "Alerts by what became of them; delivered and failed count attempts.");
    text_addf(out, NAME("alerts_total") "{result=\"delivered\"} %" PRIu64 "\n", view->alerts.delivered);
    text_addf(out, NAME("alerts_total") "{result=\"failed\"} %" PRIu64 "\n", view->alerts.failed);
    text_addf(out, NAME("alerts_total") "{result=\"held\"} %" PRIu64 "\n", view->alerts.held);
    text_addf(out, NAME("alerts_total") "{result=\"given_up\"} %" PRIu64 "\n", view->alerts.given_up);
    single(out, NAME("alerts_waiting"), "gauge", view->alerts.waiting, "Alerts not delivered everywhere yet.");
    single(out, NAME("feed_clients"), "gauge", view->feed_clients < 0 ? 0 : view->feed_clients, "Listeners of the feed.");
    single(out, NAME("feed_dropped_total"), "counter", (int64_t)view->feed_dropped, "Listeners that were too slow.");
}

static void
write_events(const struct metrics *metrics, const struct metrics_view *view, struct text *out)
{
    const struct status_board *board = view->board;

    single(out, NAME("events_total"), "counter", (int64_t)board->events, "Events from the gateway.");
    single(out, NAME("undecodable_total"), "counter", (int64_t)board->undecodable, "Messages that could not be decoded.");
    family(out, NAME("event_seconds"), "histogram", "One event through state, rules and commands.");
    histogram_write(&metrics->step, NAME("event_seconds"), "", out);
    family(out, NAME("decision_seconds"), "histogram", "From the frame's last byte in to the request's first byte out.");
    histogram_write(&metrics->decision, NAME("decision_seconds"), "", out);
    family(out, NAME("time_to_flat_seconds"), "histogram", "From the breach to the proof that it is mended.");
    histogram_write(&metrics->flat, NAME("time_to_flat_seconds"), "", out);
    family(out, NAME("loop_lag_max_seconds"), "gauge", "Worst delay of the event loop since the start.");
    add_seconds(out, NAME("loop_lag_max_seconds"), "", metrics->loop_lag_max_ms);
}

static void
write_enforcement(const struct metrics *metrics, const struct metrics_view *view, struct text *out)
{
    struct account_status account;
    int64_t locked = 0, enforcing = 0, uncontrollable = 0;

    family(out, NAME("breaches_total"), "counter", "Breaches by rule.");
    for (const struct rule *const *rule = rules_table; *rule != NULL; rule++)
        text_addf(out, NAME("breaches_total") "{rule=\"RULE-%03" PRId32 "\",name=\"%s\"} %" PRIu64 "\n", (*rule)->number, (*rule)->name,
            view->board->breaches_by_rule[(*rule)->number]);
    family(out, NAME("actions_total"), "counter", "Requests of enforcements by what became of them.");
    for (int kind = COMMAND_CLOSE; kind <= COMMAND_MODIFY_STOP; kind++)
        for (int outcome = OUTCOME_ACCEPTED; outcome <= OUTCOME_AMBIGUOUS; outcome++)
            text_addf(out, NAME("actions_total") "{action=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                command_kind_name((enum command_kind)kind), outcome_name((enum outcome)outcome), metrics->actions[kind][outcome]);
    for (int32_t i = 0; i < engine_accounts_count(view->engine); i++)
        if (engine_account_at(view->engine, i, &account)) {
            locked += account.locked;
            enforcing += account.enforcing;
            uncontrollable += account.uncontrollable;
        }
    family(out, NAME("accounts"), "gauge", "Accounts by state; one may be in several.");
    text_addf(out, NAME("accounts") "{state=\"watched\"} %" PRId32 "\n", engine_accounts_count(view->engine));
    text_addf(out, NAME("accounts") "{state=\"locked\"} %" PRId64 "\n", locked);
    text_addf(out, NAME("accounts") "{state=\"enforcing\"} %" PRId64 "\n", enforcing);
    text_addf(out, NAME("accounts") "{state=\"uncontrollable\"} %" PRId64 "\n", uncontrollable);
}

static void
write_rest(const struct metrics *metrics, struct text *out)
{
    static const char *const words[METRICS_RESULTS] = { "answered", "refused", "lost" };
    static const struct {
        int permille;
        const char *label;
    } quantiles[] = { { 500, "0.5" }, { 950, "0.95" } };
    char labels[96];

    family(out, NAME("rest_calls_total"), "counter", "REST calls by endpoint and what came back.");
    for (uint32_t i = 0; i < metrics->endpoints_count; i++)
        for (int result = 0; result < METRICS_RESULTS; result++)
            text_addf(out, NAME("rest_calls_total") "{endpoint=\"%s\",result=\"%s\"} %" PRIu64 "\n", metrics->endpoints[i].name,
                words[result], metrics->endpoints[i].results[result]);
    family(out, NAME("rest_call_seconds"), "histogram", "From sending to the whole answer.");
    for (uint32_t i = 0; i < metrics->endpoints_count; i++) {
        (void)snprintf(labels, sizeof labels, "endpoint=\"%s\"", metrics->endpoints[i].name);
        histogram_write(&metrics->endpoints[i].took, NAME("rest_call_seconds"), labels, out);
    }
    family(out, NAME("rest_latency_seconds"), "gauge", "What so many of the answered calls since the start did not exceed.");
    for (uint32_t i = 0; i < metrics->endpoints_count; i++)
        for (size_t q = 0; q < COUNT_OF(quantiles); q++) {
            int64_t us = latency_at(&metrics->endpoints[i].latency, quantiles[q].permille).ns / 1000;

            text_addf(out, NAME("rest_latency_seconds") "{endpoint=\"%s\",quantile=\"%s\"} %" PRId64 ".%06" PRId64 "\n",
                metrics->endpoints[i].name, quantiles[q].label, us / 1000000, us % 1000000);
        }
}

/* A figure of each user: @offset is of an int64_t in struct gateway_status. */
static void
write_user_seconds(const struct metrics_view *view, const char *name, size_t offset, int64_t to_ms, const char *help, struct text *out)
{
    char labels[32];
    int64_t value;

    family(out, name, "gauge", help);
    for (int32_t i = 0; i < view->users_count; i++) {
        memcpy(&value, (const unsigned char *)&view->users[i] + offset, sizeof value);
        (void)snprintf(labels, sizeof labels, "{user=\"%" PRId32 "\"}", i + 1);
        add_seconds(out, name, labels, value * to_ms);
    }
}

static void
add_hub(struct text *out, const char *name, int32_t user, const char *hub, int64_t value)
{
    text_addf(out, "%s{user=\"%" PRId32 "\",hub=\"%s\"} %" PRId64 "\n", name, user, hub, value);
}

static void
write_gateways(const struct metrics_view *view, struct text *out)
{
    family(out, NAME("hub_live"), "gauge", "1 while connected, subscribed and reconciled.");
    for (int32_t i = 0; i < view->users_count; i++) {
        add_hub(out, NAME("hub_live"), i + 1, "user", view->users[i].user.live_for_ms > 0);
        add_hub(out, NAME("hub_live"), i + 1, "market", view->users[i].market.live_for_ms > 0);
    }
    family(out, NAME("hub_connects_total"), "counter", "Connections made; all but the first are reconnects.");
    for (int32_t i = 0; i < view->users_count; i++) {
        add_hub(out, NAME("hub_connects_total"), i + 1, "user", view->users[i].user.connects);
        add_hub(out, NAME("hub_connects_total"), i + 1, "market", view->users[i].market.connects);
    }
    write_user_seconds(view, NAME("token_age_seconds"), offsetof(struct gateway_status, token_age_s), 1000,
        "Age of the login's token.", out);
    write_user_seconds(view, NAME("token_left_seconds"), offsetof(struct gateway_status, token_left_s), 1000,
        "Until the token expires.", out);
    write_user_seconds(view, NAME("rest_success_age_seconds"), offsetof(struct gateway_status, rest_success_age_ms), 1,
        "Since a REST call succeeded; -0.001: none has.", out);
    write_user_seconds(view, NAME("clock_skew_seconds"), offsetof(struct gateway_status, clock_skew_ms), 1,
        "The gateway's clock less ours.", out);
    family(out, NAME("rate_used_ratio"), "gauge", "Share of the gateway's rate window in use.");
    for (int32_t i = 0; i < view->users_count; i++) {
        int32_t most = view->users[i].rate_max > 0 ? view->users[i].rate_max : 1;
        char labels[32];
        (void)snprintf(labels, sizeof labels, "{user=\"%" PRId32 "\"}", i + 1);
        add_seconds(out, NAME("rate_used_ratio"), labels, (int64_t)view->users[i].rate_used * 1000 / most);
    }
    family(out, NAME("evictions_total"), "counter", "Sessions the gateway ended.");
    for (int32_t i = 0; i < view->users_count; i++)
        text_addf(out, NAME("evictions_total") "{user=\"%" PRId32 "\"} %" PRIu64 "\n", i + 1, view->users[i].logouts);
}

static void
write_queues(const struct metrics_view *view, struct text *out)
{
    int64_t waiting = 0;

    for (int32_t i = 0; i < view->users_count; i++)
        waiting += view->users[i].requests_waiting;
    family(out, NAME("queue_depth"), "gauge", "What waits: REST calls to leave, records for the disk, notices for those records.");
    text_addf(out, NAME("queue_depth") "{queue=\"rest\"} %" PRId64 "\n", waiting);
    text_addf(out, NAME("queue_depth") "{queue=\"store\"} %" PRIu32 "\n", view->store.queued);
    text_addf(out, NAME("queue_depth") "{queue=\"store_spilled\"} %" PRIu64 "\n", view->store.spilled);
    text_addf(out, NAME("queue_depth") "{queue=\"notices\"} %" PRIu32 "\n", view->notices_waiting);
    single(out, NAME("store_failing"), "gauge", view->store.failing, "1 while the database cannot be written.");
    single(out, NAME("ledger_rows"), "gauge", view->store.log_id, "Last row of the enforcement log.");
    family(out, NAME("log_lines_total"), "counter", "Log lines by what became of them.");
    text_addf(out, NAME("log_lines_total") "{result=\"written\"} %" PRIu64 "\n", view->log.written);
    text_addf(out, NAME("log_lines_total") "{result=\"dropped\"} %" PRIu64 "\n", view->log.dropped);
    text_addf(out, NAME("log_lines_total") "{result=\"failed\"} %" PRIu64 "\n", view->log.failed);
}

void
metrics_write(const struct metrics *metrics, const struct metrics_view *view, struct text *out)
{
    write_daemon(view, out);
    write_events(metrics, view, out);
    write_enforcement(metrics, view, out);
    write_rest(metrics, out);
    write_gateways(view, out);
    write_queues(view, out);
}
