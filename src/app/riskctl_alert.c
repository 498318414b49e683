/*
 * riskctl_alert.c - riskctl alert test: one alert to every configured place, by the code riskd uses, with what came of it.
 *
 * It asks no daemon: an admin wants to know whether it works before starting one.
 */
#include "app/riskctl_alert.h"

#include "app/alerts.h"
#include "app/configure.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define PROBLEMS_BYTES ((size_t)64 << 10)
#define WAIT_MS 45000 /* curl's own limit and a program's are below. */
#define TURN_MS 50

static const char usage[] =
    "usage: riskctl alert test [--config DIR]\n"
    "\n"
    "Sends one test alert to every place daemon.yaml names (alert: desktop, command, webhooks, email) and says what came of it.\n"
    "exit status: 0 all have got it, 1 one has not, 2 the configuration or the command line is wrong, or no place is named\n";

static void
on_attempted(void *context, const char *place, bool delivered, const char *text)
{
    (void)context;
    printf("%-18s %s%s%s\n", place, delivered ? "delivered" : "failed", delivered ? "" : ": ", delivered ? "" : text);
}

static int
test(const struct daemon_settings *settings)
{
    const struct alerts_options options = { .settings = settings, .once = true, .attempted = on_attempted };
    const struct alert alert = { .kind = ALERT_TEST, .level = 2, .at = os_utc_now(),
        .text = "This is a test of riskd's alerts. Nothing has happened." };
    struct alerts *alerts = NULL;
    struct alerts_stats stats;
    struct error err = { 0 };

    if (alerts_new(&options, &alerts, &err) != OK) {
        fprintf(stderr, "riskctl alert: %s\n", err.text);
        return 2;
    }
    stats = alerts_stats(alerts);
    alerts_put(alerts, &alert);
    for (int waited = 0; stats.delivered + stats.failed < (uint64_t)stats.places && waited < WAIT_MS; waited += TURN_MS) {
        uv_sleep(TURN_MS);
        stats = alerts_stats(alerts);
    }
    alerts_free(alerts);
    if (stats.places == 0)
        fputs("riskctl alert: daemon.yaml names no place to send alerts to (alert.desktop, alert.webhooks, alert.email)\n", stderr);
    return stats.places == 0 ? 2 : stats.delivered == (uint64_t)stats.places ? 0 : 1;
}

int
riskctl_alert(int argc, char **argv)
{
    static char problems[PROBLEMS_BYTES];
    struct text text = text_on(problems, sizeof problems);
    struct loaded_config *config = NULL;
    bool with_config = argc == 3 && strcmp(argv[1], "--config") == 0;

    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 1 || strcmp(argv[0], "test") != 0 || (argc != 1 && !with_config)) {
        fputs(usage, stderr);
        return 2;
    }
    if (configure_load(with_config ? argv[2] : "config", false, &config, &text) != OK) {
        fputs(problems, stderr);
        return 2;
    }
    int code = test(&config->daemon);
    loaded_config_free(config);
    return code;
}
