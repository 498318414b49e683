/*
 * hub_client.c - the gateway client against a SignalR server that is not ours (signalr/hub_server.js).
 *
 * usage: hub_client PORT CA.PEM      Exit status 0: LIVE on both hubs, an order and a quote heard, and LIVE again after the server cut it.
 */
#include "gateway/gateway.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MNQ "CON.F.US.MNQ.U26"
#define PATIENCE_MS 120000

static struct gateway *gateway;
static uv_timer_t patience;
static int orders, quotes;
static int64_t last_order, last_price;
static bool subscribed, failed, stopped;

static void
on_stopped(void *context)
{
    (void)context;
    stopped = true;
    uv_close((uv_handle_t *)&patience, NULL);
}

static void
look(void)
{
    struct gateway_status status;
    struct command subscribe = { .id = 1, .kind = COMMAND_SUBSCRIBE, .contract = { MNQ } };

    gateway_status(gateway, &status);
    if (status.mode == MODE_NORMAL && !subscribed) {
        subscribed = true;
        gateway_carry_out(gateway, &subscribe);
    }
    if (orders >= 2 && quotes >= 1 && status.user.connects >= 2 && status.mode == MODE_NORMAL)
        gateway_stop(gateway, on_stopped, NULL);
}

static void
on_event(void *context, const struct event *event)
{
    (void)context;
    if (event->kind == EVENT_ORDER) {
        orders++;
        last_order = event->u.order.id;
    } else if (event->kind == EVENT_QUOTE) {
        quotes++;
        last_price = event->u.quote.last_nanos;
    }
    look();
}

static void
on_alarm(void *context, int level, const char *text)
{
    (void)context;
    fprintf(stderr, "alarm %d: %s\n", level, text);
}

static void
on_wire(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static void
on_patience(uv_timer_t *timer)
{
    (void)timer;
    failed = true;
    gateway_stop(gateway, on_stopped, NULL);
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return now;
}

int
main(int argc, char **argv)
{
    static const int64_t accounts[] = { 1 };
    char rest[80], user[80], market[80];
    uv_loop_t *loop = uv_default_loop();
    struct gateway_settings settings = { .rest_url = rest, .user_hub_url = user, .market_hub_url = market, .user_name = "u", .api_key = "k",
        .accounts = accounts, .accounts_count = 1, .trades_since = trades_since, .seed = 1 };
    const struct gateway_sink sink = { .event = on_event, .alarm = on_alarm, .wire = on_wire };
    struct error err;

    if (argc != 3)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(rest, sizeof rest, "https://localhost:%s", argv[1]);
    (void)snprintf(user, sizeof user, "wss://localhost:%s/hubs/user", argv[1]);
    (void)snprintf(market, sizeof market, "wss://localhost:%s/hubs/market", argv[1]);
    settings.ca_file = argv[2];
    if (gateway_new(loop, &settings, sink, &gateway, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    uv_timer_init(loop, &patience);
    uv_timer_start(&patience, on_patience, PATIENCE_MS, 0);
    gateway_start(gateway);
    while (!stopped)
        uv_run(loop, UV_RUN_ONCE);
    gateway_free(gateway);
    uv_run(loop, UV_RUN_DEFAULT);
    printf("%d orders, the last %lld; %d quotes, the last %lld nanos%s\n", orders, (long long)last_order, quotes, (long long)last_price,
        failed ? "; not what was waited for" : "");
    return !failed && last_order >= 7002 && last_price == INT64_C(21000250000000) ? 0 : 1;
}
