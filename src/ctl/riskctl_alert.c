/*
 * riskctl_alert.c - riskctl alert test: one alert to every configured place, by the code riskd uses, with what came of it.
 *
 * It asks no daemon: an admin wants to know whether it works before starting one.
 */
#include "ctl/riskctl_alert.h"

#include "app/alerts.h"
#include "base/json.h"
#include "ctl/tool.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define PLACES_BYTES ((size_t)16 << 10)
#define WAIT_MS 45000 /* curl's own limit and a program's are below. */
#define TURN_MS 50

static const char usage[] =
    "usage: riskctl alert test [--config DIR] [--json]\n"
    "Sends one test alert to every place daemon.yaml names (alert: desktop, command, webhooks, email) and says what came of it.\n"
    "exit status: 0 all have got it, 1 one has not, 2 the configuration or the command line is wrong, or no place is named\n";

/* What came of it, said as it comes or, for programs, all in one object at the end. */
struct results {
    const struct tool *tool;
    struct json_writer json;
};

static void
on_attempted(void *context, const char *place, bool delivered, const char *text)
{
    struct results *results = context;

    if (!results->tool->json) {
        printf("%-18s %s%s%s\n", place, delivered ? "delivered" : "failed", delivered ? "" : ": ", delivered ? "" : text);
        return;
    }
    json_open(&results->json, NULL, '{');
    json_add_string(&results->json, "place", place);
    json_add_bool(&results->json, "delivered", delivered);
    json_add_string(&results->json, "text", delivered ? "" : text);
    json_close(&results->json, '}');
}

/* What is attempted is told on the thread of the alerts, which has ended when alerts_free() returns. */
static struct alerts_stats
send_to_all(struct alerts *alerts)
{
    const struct alert alert = { .kind = ALERT_TEST, .level = 2, .at = os_utc_now(),
        .text = "This is a test of riskd's alerts. Nothing has happened." };
    struct alerts_stats stats = alerts_stats(alerts);

    alerts_put(alerts, &alert);
    for (int waited = 0; stats.delivered + stats.failed < (uint64_t)stats.places && waited < WAIT_MS; waited += TURN_MS) {
        uv_sleep(TURN_MS);
        stats = alerts_stats(alerts);
    }
    alerts_free(alerts);
    return stats;
}

static int
test(const struct tool *tool, const struct daemon_settings *settings)
{
    char bytes[PLACES_BYTES];
    struct text text = text_on(bytes, sizeof bytes);
    struct results results = { .tool = tool, .json = json_writer_on(&text) };
    const struct alerts_options options = { .settings = settings, .once = true, .attempted = on_attempted, .context = &results };
    struct alerts *alerts = NULL;
    struct error err = { 0 };

    if (alerts_new(&options, &alerts, &err) != OK)
        return tool_fail(tool, TOOL_USAGE, "alert: %s", err.text);
    json_open(&results.json, NULL, '[');
    struct alerts_stats stats = send_to_all(alerts);
    json_close(&results.json, ']');
    if (stats.places == 0)
        return tool_fail(tool, TOOL_USAGE, "alert: daemon.yaml names no place to send alerts to (alert.desktop, alert.command, alert.webhooks, alert.email)");
    enum tool_exit code = stats.delivered == (uint64_t)stats.places ? TOOL_DONE : TOOL_FAILED;
    if (tool->json)
        printf("{\"ok\":%s,\"exit\":%d,\"places\":%s}\n", code == TOOL_DONE ? "true" : "false", (int)code, bytes);
    return (int)code;
}

int
riskctl_alert(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;

    if (!tool_parse(&tool, argc, argv, NULL, 0, usage))
        return TOOL_USAGE;
    if (tool.words_count != 1 || strcmp(tool.words[0], "test") != 0)
        return tool_fail(&tool, TOOL_USAGE, "alert: test");
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = test(&tool, &config->daemon);
    loaded_config_free(config);
    return code;
}
