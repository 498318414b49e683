/*
 * riskctl_test.c - riskctl test.
 *
 * A second login may end the daemon's own session (gateway.md 4.7): while riskd runs, its own connections are the test, and nothing is
 * opened beside them.  Otherwise each user logs in here, connects both hubs and reads every account, as riskd would; no order is ever sent.
 */
#include "ctl/riskctl_test.h"

#include "app/configure.h"
#include "base/json.h"
#include "ctl/riskctl_status.h"
#include "ctl/tool.h"
#include "gateway/gateway.h"
#include "os/identity.h"
#include "os/os.h"
#include "os/terminal.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PATIENCE_S 20
#define LOOK_MS 100
#define CLOSING_TURNS 2000
#define SKEW_MS_MAX 2000
#define ACCOUNTS_MAX 64

static const char usage[] =
    "usage: riskctl test [--wait SECONDS] [--config DIR] [--json]\n"
    "Logs in, connects both hubs, reads the accounts, looks at the clock and the database; sends no order.\n"
    "While riskd runs, its own connections are looked at instead: a second login could end them.\n";

struct probe {
    const struct tool *tool;
    const struct loaded_config *config;
    int32_t user;
    uv_loop_t loop;
    uv_timer_t look;
    struct gateway *gateway;
    int64_t ids[ACCOUNTS_MAX];
    bool seen[ACCOUNTS_MAX];
    uint32_t count;
    int64_t waited_ms, patience_ms;
    struct gateway_status status; /* When it was enough. */
    bool stopping;
    char alarm[160]; /* The last thing the gateway complained of. */
};

/* ---- Lines ---- */

struct report {
    bool json, comma;
    int failed;
};

static void
line(struct report *report, bool ok, const char *what, const char *detail)
{
    char bytes[1024];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    report->failed += ok ? 0 : 1;
    if (!report->json) {
        printf("%-4s  %-24s %s\n", ok ? "ok" : "FAIL", what, detail);
        return;
    }
    json_open(&json, NULL, '{');
    json_add_bool(&json, "ok", ok);
    json_add_string(&json, "what", what);
    json_add_string(&json, "detail", detail);
    json_close(&json, '}');
    printf("%s%s", report->comma ? "," : "", bytes);
    report->comma = true;
}

/* ---- One user's gateway ---- */

static void
on_event(void *context, const struct event *event)
{
    struct probe *probe = context;

    for (uint32_t i = 0; i < probe->count && event->kind == EVENT_SNAPSHOT; i++)
        if (event->u.snapshot.account_id == probe->ids[i])
            probe->seen[i] = true;
}

static void
on_alarm(void *context, int level, const char *text)
{
    struct probe *probe = context;

    (void)level;
    (void)text_copy(probe->alarm, sizeof probe->alarm, text);
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return now;
}

static bool
all_seen(const struct probe *probe)
{
    for (uint32_t i = 0; i < probe->count; i++)
        if (!probe->seen[i])
            return false;
    return true;
}

/* The mode does not ask for the market hub while nothing is held; a line of the report does. */
static bool
is_enough(const struct probe *probe, const struct gateway_status *status)
{
    return status->mode == MODE_NORMAL && strcmp(status->market.state, "LIVE") == 0 && all_seen(probe);
}

static void
on_stopped(void *context)
{
    struct probe *probe = context;

    uv_stop(&probe->loop);
}

static void
on_look(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    struct gateway_status status;

    if (terminal_is_there() && !probe->tool->json) {
        fprintf(stderr, "\r%c ", "|/-\\"[probe->waited_ms / LOOK_MS & 3]);
        (void)fflush(stderr);
    }
    probe->waited_ms += LOOK_MS;
    gateway_status(probe->gateway, &status);
    if (probe->stopping || (probe->waited_ms < probe->patience_ms && !is_enough(probe, &status)))
        return;
    probe->stopping = true;
    probe->status = status;
    gateway_stop(probe->gateway, on_stopped, probe);
}

static void
judge(const struct probe *probe, const struct gateway_status *status, struct report *report)
{
    const char *name = probe->config->users[probe->user].username;
    char detail[320];

    line(report, status->has_token || status->requests > 0, "gateway", probe->config->daemon.api.base_url);
    (void)snprintf(detail, sizeof detail, "%s%s%s", name, status->has_token ? "" : ": ", status->has_token ? "" : probe->alarm);
    line(report, status->has_token, "login", detail);
    line(report, strcmp(status->user.state, "LIVE") == 0, "user hub", status->user.why);
    line(report, strcmp(status->market.state, "LIVE") == 0, "market hub", status->market.why);
    for (uint32_t i = 0; i < probe->count; i++) {
        (void)snprintf(detail, sizeof detail, "%" PRId64 "%s", probe->ids[i], probe->seen[i] ? "" : ": could not be read");
        line(report, probe->seen[i], "account", detail);
    }
    (void)snprintf(detail, sizeof detail, "%" PRId64 " ms beside the gateway's", status->clock_skew_ms);
    line(report, status->has_token && status->clock_skew_ms > -SKEW_MS_MAX && status->clock_skew_ms < SKEW_MS_MAX, "clock", detail);
}

static struct gateway_settings
settings_of(struct probe *probe)
{
    const struct loaded_config *config = probe->config;

    for (int32_t i = 0; i < config->accounts_count && probe->count < ACCOUNTS_MAX; i++)
        if (config->accounts[i].user == probe->user && config->accounts[i].enabled)
            probe->ids[probe->count++] = config->accounts[i].id;
    return (struct gateway_settings){ .rest_url = config->daemon.api.base_url, .user_hub_url = config->daemon.hub.user_url,
        .market_hub_url = config->daemon.hub.market_url, .ca_file = config->daemon.api.ca_file,
        .user_name = config->users[probe->user].username, .api_key = config->users[probe->user].api_key, .accounts = probe->ids,
        .accounts_count = probe->count, .trades_since = trades_since, .context = probe };
}

static void
close_loop(struct probe *probe)
{
    gateway_free(probe->gateway);
    uv_close((uv_handle_t *)&probe->look, NULL);
    for (int i = 0; i < CLOSING_TURNS && uv_run(&probe->loop, UV_RUN_NOWAIT) != 0; i++)
        ;
    (void)uv_loop_close(&probe->loop);
}

static void
try_user(struct probe *probe, struct report *report)
{
    const struct gateway_sink sink = { .context = probe, .event = on_event, .alarm = on_alarm };
    struct gateway_settings settings = settings_of(probe);
    struct error err = { 0 };

    if (probe->count == 0)
        return;
    os_random_bytes(&settings.seed, sizeof settings.seed);
    os_ignore_hangups();
    uv_loop_init(&probe->loop);
    uv_timer_init(&probe->loop, &probe->look);
    probe->look.data = probe;
    if (gateway_new(&probe->loop, &settings, sink, &probe->gateway, &err) != OK) {
        line(report, false, "gateway", err.text);
    } else {
        uv_timer_start(&probe->look, on_look, LOOK_MS, LOOK_MS);
        gateway_start(probe->gateway);
        uv_run(&probe->loop, UV_RUN_DEFAULT);
    }
    if (terminal_is_there() && !report->json)
        fputs("\r  \r", stderr);
    close_loop(probe);
    if (err.status == OK)
        judge(probe, &probe->status, report);
}

/* ---- The whole ---- */

static void
try_database(const struct tool *tool, const struct loaded_config *config, struct report *report)
{
    struct store_options options = { .path = config->daemon.db.path, .now = os_utc_now(), .read_only = true };
    struct store *store = NULL;
    struct error err = { 0 };

    if (!identity_exists(options.path)) {
        line(report, true, "database", "not there yet: riskd makes it");
        return;
    }
    enum status status = identity_assume_owner_of(tool->directory, &err);
    if (status == OK)
        status = store_open(&options, &store, &err);
    identity_resume();
    line(report, status == OK, "database", status == OK ? options.path : err.text);
    store_close(store);
}

static int
try_all(const struct tool *tool, const struct loaded_config *config, int64_t wait_s)
{
    struct report report = { .json = tool->json };

    if (tool->json)
        fputs("{\"checks\":[", stdout);
    for (int32_t i = 0; i < config->users_count; i++) {
        struct probe *probe = calloc(1, sizeof *probe);
        if (probe == NULL)
            return tool_fail(tool, TOOL_FAILED, "no memory");
        probe->tool = tool;
        probe->config = config;
        probe->user = i;
        probe->patience_ms = wait_s * 1000;
        try_user(probe, &report);
        free(probe);
    }
    try_database(tool, config, &report);
    if (tool->json)
        printf("],\"ok\":%s,\"exit\":%d}\n", report.failed == 0 ? "true" : "false", report.failed == 0 ? TOOL_DONE : TOOL_FAILED);
    return report.failed == 0 ? TOOL_DONE : TOOL_FAILED;
}

static int
status_instead(const struct tool *tool)
{
    char directory[TOOL_PATH_MAX], config[] = "--config", json[] = "--json";
    char *arguments[] = { config, directory, json };

    (void)text_copy(directory, sizeof directory, tool->directory);
    return riskctl_status(tool->json ? 3 : 2, arguments);
}

int
riskctl_test(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    int64_t wait_s = PATIENCE_S;
    const struct tool_option options[] = { { .name = "--wait", .number = &wait_s } };

    if (!tool_parse(&tool, argc, argv, options, 1, usage))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = tool_is_running(config) ? status_instead(&tool) : try_all(&tool, config, wait_s);
    loaded_config_free(config);
    return code;
}
