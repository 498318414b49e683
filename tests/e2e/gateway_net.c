/*
 * gateway_net.c - net/http, net/courier and net/tunnel over real TLS, against a server that misbehaves (gateway_server.py).
 *
 * What matters most: a mutation whose connection dies is executed once, never twice (design/dependencies.md 0.2), and is told apart from one that
 * never left.
 */
#include "gateway_net.h"

#include "base/assert.h"
#include "net/tunnel.h"
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#define CLOSE "/api/Position/closeContract"

uv_loop_t net_loop;
static char directory[256];
char net_ca_file[300];

static int
set_up(void **state)
{
    char pattern[200];
    size_t size = sizeof pattern - 30;
    uv_fs_t request;

    (void)state;
    os_ignore_hangups();
    uv_loop_init(&net_loop);
    uv_os_tmpdir(pattern, &size);
    strcat(pattern, "/gateway_net_XXXXXX");
    assert_int_equal(uv_fs_mkdtemp(NULL, &request, pattern, NULL), 0);
    snprintf(directory, sizeof directory, "%s", request.path);
    snprintf(net_ca_file, sizeof net_ca_file, "%s/ca.pem", directory);
    uv_fs_req_cleanup(&request);
    net_server_start(directory);
    return 0;
}

static int
tear_down(void **state)
{
    static const char *const files[] = { "ca.pem", "ca.key", "ca.srl", "server.pem", "server.key", "server.csr", "ext" };

    (void)state;
    net_server_stop();
    for (int i = 0; i < 10; i++) /* Not to the end: what a failed test left behind would run for ever. */
        uv_run(&net_loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        remove(path);
    }
    remove(directory);
    return uv_loop_close(&net_loop); /* Busy: a handle leaked. */
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

/* Mutations go by libcurl. */
struct http *
net_client(const char *ca)
{
    struct http_settings settings = { .ca_file = ca, .connect_timeout_ms = NET_PATIENCE_MS, .connections = { 4, 4 } };
    struct http *made;

    assert_int_equal(http_new(&net_loop, &settings, &made, NULL), OK);
    return made;
}

static void
turn(void)
{
    for (int i = 0; i < 3; i++)
        uv_run(&net_loop, UV_RUN_NOWAIT);
}

void
net_drop(struct http *client)
{
    http_free(client);
    turn();
}

static void
wait_for(const struct got *got)
{
    while (got->count == 0)
        uv_run(&net_loop, UV_RUN_ONCE);
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
    return send_to(client, "localhost", net_port, HTTP_MUTATIONS, CLOSE, true, timeout_ms);
}

int
net_ask(struct http *client, const char *path)
{
    return atoi(send_to(client, "localhost", net_port, HTTP_READS, path, false, NET_PATIENCE_MS).body);
}

int
net_executed(struct http *client)
{
    return net_ask(client, "/count" CLOSE);
}

/* ---- Both ways a mutation can go ---- */

static struct tunnels *tunnels;

static struct got
ping(struct http *client, int timeout_ms)
{
    return send_to(client, "localhost", net_port, HTTP_MUTATIONS, "/api/Status/ping", false, timeout_ms);
}

/* Mutations go by the courier: both of its connections are open. */
static struct http *
courier(void)
{
    struct http_settings settings = { .ca_file = net_ca_file, .connect_timeout_ms = NET_PATIENCE_MS, .connections = { 4, 4 } };
    struct http *made;

    assert_int_equal(tunnels_new(&net_loop, net_ca_file, &tunnels, NULL), OK);
    settings.tunnels = tunnels;
    assert_int_equal(http_new(&net_loop, &settings, &made, NULL), OK);
    return made;
}

static struct http *
warm_courier(void)
{
    struct http *made = courier();
    struct got got[2] = { { 0 }, { 0 } };
    char url[100];
    struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = NET_PATIENCE_MS };

    snprintf(url, sizeof url, "https://localhost:%d/api/Status/ping", net_port);
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_send(made, &request, on_done, &got[i], NULL), OK);
    for (int i = 0; i < 2; i++) {
        wait_for(&got[i]);
        assert_int_equal(got[i].answer.status, 200);
        assert_string_equal(got[i].body, "pong");
    }
    return made;
}

static void
drop_courier(struct http *client)
{
    http_free(client);
    tunnels_free(tunnels);
    turn();
}

/* ---- Tests of net/http ---- */

static void
test_answer(void **state)
{
    struct http *client = net_client(net_ca_file);

    (void)state;
    struct got got = post_close(client, NET_PATIENCE_MS);
    assert_int_equal(got.answer.fate, HTTP_ANSWERED);
    assert_int_equal(got.answer.status, 200);
    assert_non_null(strstr(got.body, "\"success\": true"));
    assert_true(got.answer.date.ns > INT64_C(1600000000000000000));
    assert_true(got.answer.first_byte_ns > 0);
    net_drop(client);
}

/* Ten requests, one after the other, on one connection; so a close finds it warm. */
static void
test_connection_is_kept(void **state)
{
    struct http *client = net_client(net_ca_file);

    (void)state;
    int before = net_ask(client, "/connections");
    for (int i = 0; i < 10; i++)
        assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
    assert_int_equal(net_ask(client, "/connections"), before + 1);
    net_drop(client);
}

/* enforce_close_reply_lost at the lowest layer: the reused connection dies after the request was executed. */
static void
see_reused_connection_die(struct http *client, bool by_courier)
{
    for (int i = 0; i < 5; i++) {
        if (by_courier)
            (void)ping(client, NET_PATIENCE_MS); /* Opens what the last fault has closed. */
        assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.fate, HTTP_ANSWERED); /* Warm. */
        int before = net_executed(client);
        net_ask(client, "/fault/slam");
        struct got got = post_close(client, NET_PATIENCE_MS);
        net_ask(client, "/fault/none");
        assert_int_equal(got.answer.fate, HTTP_UNKNOWN);
        assert_int_equal(got.answer.status, 0);
        assert_int_equal(net_executed(client), before + 1); /* Once. */
    }
}

static void
test_reused_connection_dies(void **state)
{
    struct http *client = net_client(net_ca_file), *direct = warm_courier();

    (void)state;
    see_reused_connection_die(client, false);
    see_reused_connection_die(direct, true);
    net_drop(client);
    drop_courier(direct);
}

static void
see_faults(struct http *client, bool by_courier)
{
    static const struct {
        const char *fault;
        enum http_fate fate;
        int status;
    } table[] = { { "cut", HTTP_UNKNOWN, 200 }, { "big", HTTP_UNKNOWN, 200 }, { "hang", HTTP_UNKNOWN, 0 }, { "moved", HTTP_ANSWERED, 302 },
        { "chunked", HTTP_ANSWERED, 200 }, { "early", HTTP_ANSWERED, 200 }, { "nonsense", HTTP_UNKNOWN, 0 } };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char path[40];
        bool hangs = strcmp(table[i].fault, "hang") == 0;

        if (by_courier)
            (void)ping(client, NET_PATIENCE_MS);
        if (hangs) /* Warm: its time is for the answer alone. */
            assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.fate, HTTP_ANSWERED);
        snprintf(path, sizeof path, "/fault/%s", table[i].fault);
        net_ask(client, path);
        int before = net_executed(client), cancels = net_ask(client, "/count/api/Order/cancel");
        struct got got = post_close(client, hangs ? 1000 : NET_PATIENCE_MS);
        while (hangs && net_executed(client) == before) /* The server may be late, and must not find another fault then. */
            continue;
        net_ask(client, "/fault/none");
        if (got.answer.fate != table[i].fate || got.answer.status != table[i].status)
            fail_msg("%s: fate %d status %d %s", table[i].fault, (int)got.answer.fate, got.answer.status, got.answer.why);
        assert_true(got.length <= HTTP_BODY_MAX);
        assert_int_equal(net_executed(client), before + 1);
        assert_int_equal(net_ask(client, "/count/api/Order/cancel"), cancels); /* Redirects are not followed. */
    }
}

static void
test_faults(void **state)
{
    struct http *client = net_client(net_ca_file), *direct = warm_courier();

    (void)state;
    see_faults(client, false);
    see_faults(direct, true);
    net_drop(client);
    drop_courier(direct);
}

/* Within http_send(), on a connection that was there: no new one, and the answer whole. */
static void
test_courier(void **state)
{
    struct http *client = warm_courier();
    int before = net_ask(client, "/connections");

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct got got = post_close(client, NET_PATIENCE_MS);
        assert_int_equal(got.answer.fate, HTTP_ANSWERED);
        assert_int_equal(got.answer.status, 200);
        assert_non_null(strstr(got.body, "\"success\": true"));
        assert_true(got.answer.date.ns > INT64_C(1600000000000000000));
        assert_true(got.answer.first_byte_ns > 0);
    }
    assert_int_equal(net_ask(client, "/connections"), before);
    drop_courier(client);
}

/* More at once than it has connections, and mutations of a client that never pinged: libcurl carries them. */
static void
test_courier_is_full(void **state)
{
    struct http *client = warm_courier(), *cold;
    struct got got[5] = { 0 };
    char url[100];
    struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = NET_PATIENCE_MS, .body = "{}", .length = 2, .bearer = "test-token" };
    int before = net_executed(client);

    (void)state;
    snprintf(url, sizeof url, "https://localhost:%d" CLOSE, net_port);
    for (int i = 0; i < 5; i++)
        assert_int_equal(http_send(client, &request, on_done, &got[i], NULL), OK);
    for (int i = 0; i < 5; i++) {
        wait_for(&got[i]);
        assert_int_equal(got[i].answer.status, 200);
    }
    assert_int_equal(net_executed(client), before + 5);
    drop_courier(client);
    cold = courier();
    assert_int_equal(post_close(cold, NET_PATIENCE_MS).answer.status, 200);
    drop_courier(cold);
}

/* An idle connection the server closes is there again before it is needed, once: a server that keeps none is not besieged. */
static void
test_courier_connects_again(void **state)
{
    struct http *client = warm_courier();
    int before = net_ask(client, "/connections");

    (void)state;
    net_ask(client, "/fault/idle");
    while (net_ask(client, "/connections") < before + 2) /* Both had served a ping. */
        turn();
    int pinged = net_ask(client, "/connections");
    net_ask(client, "/fault/none");
    while (ping(client, NET_PATIENCE_MS).answer.fate != HTTP_ANSWERED)
        turn();
    for (int i = 0; i < 4; i++)
        assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
    assert_in_range(net_ask(client, "/connections"), pinged, pinged + 2);
    drop_courier(client);
}

/* ID-04: idle connections the server has ended while the loop was busy are not given a close, whose fate would be unknown. */
static void
test_courier_looks_first(void **state)
{
    struct http *client = warm_courier();
    int before = net_executed(client);

    (void)state;
    net_tell("stale"); /* The loop is busy. */
    assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
    assert_int_equal(net_executed(client), before + 1);
    struct got late = ping(client, 1);
    assert_true(late.answer.fate != HTTP_NEVER_LEFT || late.answer.status == 0); /* Not that of an answer before. */
    drop_courier(client);
}

/* RFC 9112 9.6: an answer that says so is the connection's last; what is sent on it later is lost. */
static void
test_courier_takes_leave(void **state)
{
    struct http *client = warm_courier();
    int before = net_executed(client), made = net_ask(client, "/connections");

    (void)state;
    net_ask(client, "/fault/last");
    assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
    while (net_ask(client, "/connections") == made) /* It is there again before it is needed. */
        turn();
    for (int i = 0; i < 4; i++) /* Both of its connections, and libcurl's. */
        assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
    assert_int_equal(net_executed(client), before + 5);
    net_ask(client, "/fault/none");
    drop_courier(client);
}

/* SV-09: pings one at a time keep both connections, in turn. */
static void
test_pings_in_turn(void **state)
{
    struct http *client = warm_courier();

    (void)state;
    net_ask(client, "/pinged");
    for (int i = 0; i < 6; i++)
        assert_int_equal(ping(client, NET_PATIENCE_MS).answer.status, 200);
    assert_int_equal(net_ask(client, "/pinged"), 3002);
    drop_courier(client);
}

/* SR-11: a NAT forgot every connection.  After http_drop() requests go by new ones; one that was out is given up at once, not at its time-out. */
static void
see_holes_avoided(struct http *client, bool by_courier)
{
    struct got out = { 0 };
    char url[100];
    struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = 60000, .body = "{}", .length = 2, .bearer = "test-token" };

    snprintf(url, sizeof url, "https://localhost:%d" CLOSE, net_port);
    assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200); /* libcurl's connections are warm too. */
    net_ask(client, "/fault/hole");
    if (by_courier)
        assert_int_equal(http_send(client, &request, on_done, &out, NULL), OK);
    http_drop(client);
    assert_int_equal(out.count, 0); /* Never from within. */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(send_to(client, "localhost", net_port, HTTP_READS, "/api/Account/search", true, NET_PATIENCE_MS).answer.status, 200);
        if (by_courier && i > 0)
            assert_int_equal(ping(client, NET_PATIENCE_MS).answer.status, 200);
        assert_int_equal(post_close(client, NET_PATIENCE_MS).answer.status, 200);
        uv_sleep(i == 2 ? 2100 : 0); /* libcurl's whole seconds. */
    }
    assert_true(out.count == by_courier && (!by_courier || out.answer.fate == HTTP_UNKNOWN));
    net_ask(client, "/fault/none");
}

static void
test_drop_kept(void **state)
{
    struct http *client = warm_courier();

    (void)state;
    see_holes_avoided(client, true);
    drop_courier(client);
    client = net_client(net_ca_file);
    see_holes_avoided(client, false);
    net_drop(client);
}

/* A ping to nobody never left, and asks again only when it is sent again. */
static void
test_courier_connects_to_nobody(void **state)
{
    struct http *client = courier();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct got got = send_to(client, "localhost", 1, HTTP_MUTATIONS, "/api/Status/ping", false, NET_PATIENCE_MS);
        assert_int_equal(got.answer.fate, HTTP_NEVER_LEFT);
        assert_true(got.answer.why[0] != '\0');
        assert_int_equal(got.answer.first_byte_ns, 0);
    }
    drop_courier(client);
}

/* RT-08: connect-phase failures prove that nothing left; TS-02: unknown CA and wrong name are such. */
static void
test_never_left(void **state)
{
    struct http *good = net_client(net_ca_file), *no_ca = net_client(NULL);
    int before = net_executed(good);

    (void)state;
    assert_int_equal(send_to(good, "localhost", 1, HTTP_MUTATIONS, CLOSE, true, NET_PATIENCE_MS).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(good, "127.0.0.1", net_port, HTTP_MUTATIONS, CLOSE, true, NET_PATIENCE_MS).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(good, "nowhere.invalid", net_port, HTTP_MUTATIONS, CLOSE, true, NET_PATIENCE_MS).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(send_to(no_ca, "localhost", net_port, HTTP_MUTATIONS, CLOSE, true, NET_PATIENCE_MS).answer.fate, HTTP_NEVER_LEFT);
    assert_int_equal(net_executed(good), before);
    net_drop(good);
    net_drop(no_ca);
}

/* Dropping a client with requests out calls nobody and leaks nothing. */
static void
test_drop_in_flight(void **state)
{
    struct http *client = net_client(net_ca_file);
    struct got got = { 0 };
    char url[100];
    struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = 5000, .body = "{}", .length = 2,
        .bearer = "test-token" };

    (void)state;
    snprintf(url, sizeof url, "https://localhost:%d" CLOSE, net_port);
    net_ask(client, "/fault/hang");
    for (int i = 0; i < 10; i++)
        assert_int_equal(http_send(client, &request, on_done, &got, NULL), OK);
    turn();
    net_drop(client);
    assert_int_equal(got.count, 0);
    client = warm_courier();
    for (int i = 0; i < 4; i++)
        assert_int_equal(http_send(client, &request, on_done, &got, NULL), OK);
    turn();
    drop_courier(client);
    assert_int_equal(got.count, 0);
    client = net_client(net_ca_file);
    net_ask(client, "/fault/none");
    net_drop(client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_connection_is_kept),
        cmocka_unit_test(test_reused_connection_dies),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_courier),
        cmocka_unit_test(test_courier_is_full),
        cmocka_unit_test(test_courier_connects_again),
        cmocka_unit_test(test_courier_looks_first),
        cmocka_unit_test(test_courier_takes_leave),
        cmocka_unit_test(test_pings_in_turn),
        cmocka_unit_test(test_drop_kept),
        cmocka_unit_test(test_courier_connects_to_nobody),
        cmocka_unit_test(test_never_left),
        cmocka_unit_test(test_drop_in_flight),
        cmocka_unit_test(net_test_unwatched), cmocka_unit_test(net_test_tunnel), cmocka_unit_test(net_test_turn), cmocka_unit_test(net_test_claim), cmocka_unit_test(net_test_flood), cmocka_unit_test(net_test_reset),
        cmocka_unit_test(net_test_gateway),
        cmocka_unit_test(net_test_no_leak),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
