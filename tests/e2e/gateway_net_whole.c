/*
 * gateway_net_whole.c - the whole gateway client over real TLS, against a server that misbehaves (gateway_net.c).
 */
#include "gateway_net.h"

#include "gateway/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    int snapshots, orders, answers;
    enum mode mode;
    struct answer_event answer;
    bool stopped;
};

static void
on_event(void *context, const struct event *event)
{
    struct seen *seen = context;

    seen->snapshots += event->kind == EVENT_SNAPSHOT ? 1 : 0;
    seen->orders += event->kind == EVENT_ORDER && event->u.order.id == 3425270858 ? 1 : 0;
    if (event->kind == EVENT_MODE)
        seen->mode = event->u.mode.mode;
    if (event->kind == EVENT_ANSWER) {
        seen->answers++;
        seen->answer = event->u.answer;
    }
}

static void
on_alarm(void *context, int level, const char *text)
{
    (void)context;
    (void)level;
    print_message("alarm: %s\n", text);
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return instant_sub(now, SPAN_SECONDS(3600));
}

static void
on_stopped(void *context)
{
    struct seen *seen = context;

    seen->stopped = true;
}

static struct gateway *
connect_gateway(struct seen *seen)
{
    static const int64_t accounts[] = { 1 };
    char rest[100], user[100], market[100];
    struct gateway *gateway;
    struct error err;
    struct gateway_settings settings = { .rest_url = rest, .user_hub_url = user, .market_hub_url = market, .ca_file = net_ca_file,
        .user_name = "u", .api_key = "k", .accounts = accounts, .accounts_count = 1, .trades_since = trades_since,
        .times = { .connect_ms = NET_PATIENCE_MS, .mutation_ms = NET_PATIENCE_MS } };

    snprintf(rest, sizeof rest, "https://localhost:%d", net_port);
    snprintf(user, sizeof user, "wss://localhost:%d/hubs/user", net_port);
    snprintf(market, sizeof market, "wss://localhost:%d/hubs/market", net_port);
    if (gateway_new(&net_loop, &settings, (struct gateway_sink){ .context = seen, .event = on_event, .alarm = on_alarm }, &gateway, &err) != OK)
        fail_msg("%s", err.text);
    gateway_start(gateway);
    while (seen->mode != MODE_NORMAL)
        uv_run(&net_loop, UV_RUN_ONCE);
    return gateway;
}

static void
disconnect_gateway(struct gateway *gateway, struct seen *seen)
{
    gateway_stop(gateway, on_stopped, seen);
    while (!seen->stopped)
        uv_run(&net_loop, UV_RUN_ONCE);
    gateway_free(gateway);
    for (int i = 0; i < 5; i++)
        uv_run(&net_loop, UV_RUN_NOWAIT);
}

static void
close_once(struct gateway *gateway, struct seen *seen, uint64_t id)
{
    struct command command = { .id = id, .incident = 1, .kind = COMMAND_CLOSE, .account_id = 1, .contract = { "C" } };
    int before = seen->answers;

    gateway_carry_out(gateway, &command);
    while (seen->answers == before)
        uv_run(&net_loop, UV_RUN_ONCE);
    assert_true(seen->answer.command_id == id);
}

void
net_test_gateway(void **state)
{
    struct seen seen = { .mode = MODE_STARTING };
    struct gateway *gateway = connect_gateway(&seen);
    struct http *control = net_client(net_ca_file);

    (void)state;
    assert_true(seen.snapshots >= 2);
    net_ask(control, "/event");
    while (seen.orders == 0)
        uv_run(&net_loop, UV_RUN_ONCE);
    int before = net_executed(control);
    int64_t sent_ns = (int64_t)uv_hrtime();
    close_once(gateway, &seen, 1);
    assert_int_equal(seen.answer.outcome, OUTCOME_ACCEPTED);
    assert_int_equal(net_executed(control), before + 1);
    assert_true(gateway_first_byte_ns(gateway) >= sent_ns);
    print_message("first byte after %lld us\n", (long long)(gateway_first_byte_ns(gateway) - sent_ns) / 1000);
    net_ask(control, "/fault/slam");
    close_once(gateway, &seen, 2);
    assert_int_equal(seen.answer.outcome, OUTCOME_AMBIGUOUS);
    net_ask(control, "/fault/cut");
    close_once(gateway, &seen, 3);
    assert_int_equal(seen.answer.outcome, OUTCOME_AMBIGUOUS);
    net_ask(control, "/fault/none");
    assert_int_equal(net_executed(control), before + 3); /* Each exactly once. */
    net_drop(control);
    disconnect_gateway(gateway, &seen);
}

static void
count_handle(uv_handle_t *handle, void *context)
{
    int *count = context;

    (void)handle;
    ++*count;
}

/* Start and stop over and over: no handle is left behind. */
void
net_test_no_leak(void **state)
{
    int before = 0, after = 0;

    (void)state;
    uv_walk(&net_loop, count_handle, &before);
    for (int i = 0; i < 20; i++) {
        struct seen seen = { .mode = MODE_STARTING };

        disconnect_gateway(connect_gateway(&seen), &seen);
    }
    uv_walk(&net_loop, count_handle, &after);
    assert_int_equal(after, before);
}
