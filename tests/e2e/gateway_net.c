/*
 * gateway_net.c - net/http, net/tunnel and the whole gateway client over real TLS, against a server that misbehaves (gateway_server.py).
 *
 * What matters most: a mutation whose connection dies is executed once, never twice (design/dependencies.md 0.2), and is told apart from one that
 * never left.
 */
#include "base/assert.h"
#include "gateway/gateway.h"
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#define CLOSE "/api/Position/closeContract"

static uv_loop_t loop;
static uv_process_t server;
static uv_pipe_t server_in, server_out;
static char server_said[256];
static size_t server_length;
static int port;
static char directory[256], ca_file[300];

/* ---- The server ---- */

static void
give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(server_said + server_length, (unsigned)(sizeof server_said - 1 - server_length));
}

static void
server_speaks(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    (void)stream;
    (void)buffer;
    if (length <= 0)
        return;
    server_length += (size_t)length;
    server_said[server_length] = '\0';
    sscanf(server_said, "PORT %d", &port);
}

static void
start_server(void)
{
    static char script[] = SOURCE_DIR "/tests/e2e/gateway_server.py";
    char python[] = "python3";
    char *arguments[] = { python, script, directory, NULL };
    uv_stdio_container_t stdio[3] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&server_in },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&server_out },
        { .flags = UV_INHERIT_FD, .data.fd = 2 },
    };
    uv_process_options_t options = { .file = python, .args = arguments, .stdio = stdio, .stdio_count = 3 };

    uv_pipe_init(&loop, &server_in, 0);
    uv_pipe_init(&loop, &server_out, 0);
    assert_int_equal(uv_spawn(&loop, &server, &options), 0);
    uv_read_start((uv_stream_t *)&server_out, give_buffer, server_speaks);
    while (port == 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static int
set_up(void **state)
{
    char pattern[200];
    size_t size = sizeof pattern - 30;
    uv_fs_t request;

    (void)state;
    uv_loop_init(&loop);
    uv_os_tmpdir(pattern, &size);
    strcat(pattern, "/gateway_net_XXXXXX");
    assert_int_equal(uv_fs_mkdtemp(NULL, &request, pattern, NULL), 0);
    snprintf(directory, sizeof directory, "%s", request.path);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
    uv_fs_req_cleanup(&request);
    start_server();
    return 0;
}

static int
tear_down(void **state)
{
    static const char *const files[] = { "ca.pem", "ca.key", "ca.srl", "server.pem", "server.key", "server.csr", "ext" };

    (void)state;
    uv_process_kill(&server, SIGTERM);
    uv_close((uv_handle_t *)&server_in, NULL);
    uv_close((uv_handle_t *)&server_out, NULL);
    uv_close((uv_handle_t *)&server, NULL);
    for (int i = 0; i < 10; i++) /* Not to the end: what a failed test left behind would run for ever. */
        uv_run(&loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        remove(path);
    }
    remove(directory);
    return uv_loop_close(&loop); /* Busy: a handle leaked. */
}

/* ---- One request ---- */

struct got {
    int count;
    struct http_answer answer;
    char body[512];
    size_t length;
};

static void
on_done(void *context, const struct http_answer *answer)
{
    struct got *got = context;

    got->count++;
    got->answer = *answer;
    got->length = answer->length;
    snprintf(got->body, sizeof got->body, "%.500s", answer->body);
}

static struct http *
http(const char *ca)
{
    struct http_settings settings = { .ca_file = ca, .connect_timeout_ms = 3000, .connections = { 4, 4 } };
    struct http *made;

    assert_int_equal(http_new(&loop, &settings, &made, NULL), OK);
    return made;
}

static void
drop(struct http *client)
{
    http_free(client);
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static void
wait_for(const struct got *got)
{
    while (got->count == 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static struct got
send_to(struct http *client, const char *host, int to_port, enum http_lane lane, const char *path, bool post, int timeout_ms)
{
    char url[200];
    struct got got = { 0 };
    struct http_request request = { .lane = lane, .url = url, .timeout_ms = timeout_ms, .bearer = "test-token" };

    snprintf(url, sizeof url, "https://%s:%d%s", host, to_port, path);
    if (post) {
        request.body = "{\"accountId\":1}";
        request.length = strlen(request.body);
    }
    assert_int_equal(http_send(client, &request, on_done, &got, NULL), OK);
    assert_int_equal(got.count, 0);
    wait_for(&got);
    assert_int_equal(got.count, 1);
    return got;
}

static struct got
post_close(struct http *client, int timeout_ms)
{
    return send_to(client, "localhost", port, HTTP_MUTATIONS, CLOSE, true, timeout_ms);
}

static int
ask(struct http *client, const char *path)
{
    return atoi(send_to(client, "localhost", port, HTTP_READS, path, false, 3000).body);
}

static int
executed(struct http *client)
{
    return ask(client, "/count" CLOSE);
}

/* ---- Tests of net/http ---- */

static void
test_answer(void **state)
{
    struct http *client = http(ca_file);

    (void)state;
    struct got got = post_close(client, 3000);
    assert_int_equal(got.answer.fate, HTTP_ANSWERED);
    assert_int_equal(got.answer.status, 200);
    assert_non_null(strstr(got.body, "\"success\": true"));
    assert_true(got.answer.date.ns > INT64_C(1600000000000000000));
    assert_true(got.answer.first_byte_ns > 0);
    drop(client);
}

/* Ten requests, one after the other, on one connection; so a close finds it warm. */
static void
test_connection_is_kept(void **state)
{
    struct http *client = http(ca_file);

    (void)state;
    int before = ask(client, "/connections");
    for (int i = 0; i < 10; i++)
        assert_int_equal(post_close(client, 3000).answer.status, 200);
    assert_int_equal(ask(client, "/connections"), before + 1);
    drop(client);
}

/* enforce_close_reply_lost at the lowest layer: the reused connection dies after the request was executed. */
static void
test_reused_connection_dies(void **state)
{
    struct http *client = http(ca_file);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(post_close(client, 3000).answer.fate, HTTP_ANSWERED); /* Warm. */
        int before = executed(client);
        ask(client, "/fault/slam");
        struct got got = post_close(client, 3000);
        ask(client, "/fault/none");
        assert_int_equal(got.answer.fate, HTTP_UNKNOWN);
        assert_int_equal(got.answer.status, 0);
        assert_int_equal(executed(client), before + 1); /* Once. */
    }
    drop(client);
}

static void
test_faults(void **state)
{
    static const struct {
        const char *fault;
        enum http_fate fate;
        int status;
    } table[] = { { "cut", HTTP_UNKNOWN, 200 }, { "big", HTTP_UNKNOWN, 200 }, { "hang", HTTP_UNKNOWN, 0 }, { "moved", HTTP_ANSWERED, 302 } };
    struct http *client = http(ca_file);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char path[40];

        snprintf(path, sizeof path, "/fault/%s", table[i].fault);
        ask(client, path);
        int before = executed(client), cancels = ask(client, "/count/api/Order/cancel");
        struct got got = post_close(client, 700);
        ask(client, "/fault/none");
        if (got.answer.fate != table[i].fate || got.answer.status != table[i].status)
            fail_msg("%s: fate %d status %d %s", table[i].fault, (int)got.answer.fate, got.answer.status, got.answer.why);
        assert_true(got.length <= HTTP_BODY_MAX);
        assert_int_equal(executed(client), before + 1);
        assert_int_equal(ask(client, "/count/api/Order/cancel"), cancels); /* Redirects are not followed. */
    }
    drop(client);
}

/* RT-08: connect-phase failures prove that nothing left; TS-02: unknown CA and wrong name are such. */
static void
test_never_left(void **state)
{
    struct http *good = http(ca_file), *no_ca = http(NULL);
    int before = executed(good);

    (void)state;
    assert_int_equal(send_to(good, "localhost", 1, HTTP_MUTATIONS, CLOSE, true, 3000).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(good, "127.0.0.1", port, HTTP_MUTATIONS, CLOSE, true, 3000).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(good, "nowhere.invalid", port, HTTP_MUTATIONS, CLOSE, true, 3000).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(no_ca, "localhost", port, HTTP_MUTATIONS, CLOSE, true, 3000).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(executed(good), before);
    drop(good);
    drop(no_ca);
}

/* Dropping a client with requests out calls nobody and leaks nothing. */
static void
test_drop_in_flight(void **state)
{
    struct http *client = http(ca_file);
    struct got got = { 0 };
    char url[100];
    struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = 5000, .body = "{}", .length = 2,
        .bearer = "test-token" };

    (void)state;
    snprintf(url, sizeof url, "https://localhost:%d" CLOSE, port);
    ask(client, "/fault/hang");
    for (int i = 0; i < 10; i++)
        assert_int_equal(http_send(client, &request, on_done, &got, NULL), OK);
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    drop(client);
    assert_int_equal(got.count, 0);
    client = http(ca_file);
    ask(client, "/fault/none");
    drop(client);
}

/* ---- The whole gateway ---- */

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
    struct gateway_settings settings = { .rest_url = rest, .user_hub_url = user, .market_hub_url = market, .ca_file = ca_file,
        .user_name = "u", .api_key = "k", .accounts = accounts, .accounts_count = 1, .trades_since = trades_since,
        .times = { .mutation_ms = 1500 } };

    snprintf(rest, sizeof rest, "https://localhost:%d", port);
    snprintf(user, sizeof user, "wss://localhost:%d/hubs/user", port);
    snprintf(market, sizeof market, "wss://localhost:%d/hubs/market", port);
    if (gateway_new(&loop, &settings, (struct gateway_sink){ .context = seen, .event = on_event, .alarm = on_alarm }, &gateway, &err) != OK)
        fail_msg("%s", err.text);
    gateway_start(gateway);
    while (seen->mode != MODE_NORMAL)
        uv_run(&loop, UV_RUN_ONCE);
    return gateway;
}

static void
disconnect_gateway(struct gateway *gateway, struct seen *seen)
{
    gateway_stop(gateway, on_stopped, seen);
    while (!seen->stopped)
        uv_run(&loop, UV_RUN_ONCE);
    gateway_free(gateway);
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static void
close_once(struct gateway *gateway, struct seen *seen, uint64_t id)
{
    struct command command = { .id = id, .incident = 1, .kind = COMMAND_CLOSE, .account_id = 1, .contract = { "C" } };
    int before = seen->answers;

    gateway_carry_out(gateway, &command);
    while (seen->answers == before)
        uv_run(&loop, UV_RUN_ONCE);
    assert_true(seen->answer.command_id == id);
}

static void
test_gateway(void **state)
{
    struct seen seen = { .mode = MODE_STARTING };
    struct gateway *gateway = connect_gateway(&seen);
    struct http *control = http(ca_file);

    (void)state;
    assert_true(seen.snapshots >= 2);
    ask(control, "/event");
    while (seen.orders == 0)
        uv_run(&loop, UV_RUN_ONCE);
    int before = executed(control);
    int64_t sent_ns = (int64_t)uv_hrtime();
    close_once(gateway, &seen, 1);
    assert_int_equal(seen.answer.outcome, OUTCOME_ACCEPTED);
    assert_int_equal(executed(control), before + 1);
    assert_true(gateway_first_byte_ns(gateway) >= sent_ns);
    print_message("first byte after %lld us\n", (long long)(gateway_first_byte_ns(gateway) - sent_ns) / 1000);
    ask(control, "/fault/slam");
    close_once(gateway, &seen, 2);
    assert_int_equal(seen.answer.outcome, OUTCOME_AMBIGUOUS);
    ask(control, "/fault/cut");
    close_once(gateway, &seen, 3);
    assert_int_equal(seen.answer.outcome, OUTCOME_AMBIGUOUS);
    ask(control, "/fault/none");
    assert_int_equal(executed(control), before + 3); /* Each exactly once. */
    drop(control);
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
static void
test_no_leak(void **state)
{
    int before = 0, after = 0;

    (void)state;
    uv_walk(&loop, count_handle, &before);
    for (int i = 0; i < 20; i++) {
        struct seen seen = { .mode = MODE_STARTING };

        disconnect_gateway(connect_gateway(&seen), &seen);
    }
    uv_walk(&loop, count_handle, &after);
    assert_int_equal(after, before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_connection_is_kept),
        cmocka_unit_test(test_reused_connection_dies),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_never_left),
        cmocka_unit_test(test_drop_in_flight),
        cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_no_leak),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
