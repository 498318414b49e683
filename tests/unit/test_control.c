/*
 * test_control_socket.c - requests and answers of the control socket, and the socket itself (S-19).
 */
#include "app/control_socket.h"
#include "base/json.h"
#include "lib/machine.h"
#include "os/os.h"
#include "os/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

/* ---- Messages ---- */

static void
a_request_survives_the_wire(void **state)
{
    struct control_request in = { .command = CONTROL_UNLOCK, .account_id = INT64_MAX, .rule = 12, .root = "MNQ" }, out;
    char line[CONTROL_REQUEST_MAX];
    struct text text = text_on(line, sizeof line);
    struct error err;

    (void)state;
    (void)strcpy(in.password, "p\"\\ \x01 w\xc3\xb6rd");
    memset(in.reason, '"', sizeof in.reason - 1); /* Escaped to the utmost. */
    control_request_write(&in, &text);
    assert_false(text.truncated);
    assert_int_equal(line[text.length - 1], '\n');
    assert_int_equal(control_request_read(line, text.length - 1, &out, &err), OK);
    assert_int_equal(out.command, in.command);
    assert_int_equal(out.account_id, in.account_id);
    assert_int_equal(out.rule, in.rule);
    assert_string_equal(out.root, in.root);
    assert_string_equal(out.reason, in.reason);
    assert_string_equal(out.password, in.password);
}

static void
what_is_not_understood_is_refused_whole(void **state)
{
    static const struct {
        const char *line;
        enum status status;
    } rows[] = {
        { "{\"v\":1,\"command\":\"status\"}", OK },
        { "{\"v\":1,\"command\":\"auth\",\"password\":\"12345678\"}", OK },
        { "", STATUS_CORRUPT },
        { "status", STATUS_CORRUPT },
        { "[]", STATUS_CORRUPT },
        { "{}", STATUS_CORRUPT },
        { "{\"v\":1}", STATUS_CORRUPT },
        { "{\"command\":\"status\"}", STATUS_REFUSED },
        { "{\"v\":2,\"command\":\"status\"}", STATUS_REFUSED },
        { "{\"v\":\"1\",\"command\":\"status\"}", STATUS_REFUSED },
        { "{\"v\":1,\"command\":\"stop\"}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":7}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"acount_id\":5}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"account_id\":-5}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"account_id\":\"5\"}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"account_id\":99999999999999999999}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"rule\":1000}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"root\":\"ABCDEFGHIJKLMNOP\"}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"reason\":\"two\\nlines\"}", STATUS_CONFIG },
        { "{\"v\":1,\"command\":\"unlock\",\"password\":null}", STATUS_CONFIG },
    };
    struct control_request request;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status status = control_request_read(rows[i].line, strlen(rows[i].line), &request, &err);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].line, status_name(status));
    }
}

/* A password longer than any can be is not cut to one that fits, and a refused request keeps none. */
static void
a_long_password_is_refused_and_forgotten(void **state)
{
    char line[256];
    struct control_request request;
    struct error err;

    (void)state;
    int length = snprintf(line, sizeof line, "{\"v\":1,\"command\":\"auth\",\"password\":\"%074d\"}", 1);
    assert_int_equal(control_request_read(line, (size_t)length, &request, &err), STATUS_CONFIG);
    length = snprintf(line, sizeof line, "{\"v\":1,\"command\":\"auth\",\"password\":\"secret12\",\"x\":1}");
    assert_int_equal(control_request_read(line, (size_t)length, &request, &err), STATUS_CONFIG);
    assert_string_equal(request.password, "");
}

static void
answers_say_their_code(void **state)
{
    char line[512];
    enum control_code code;

    (void)state;
    for (int i = 0; i < (int)CONTROL_CODES; i++) {
        struct text text = text_on(line, sizeof line);
        struct json_token tokens[32];
        struct json json;
        char name[32];
        bool ok;
        control_reply_write(&(struct control_reply){ .code = (enum control_code)i, .text = "\"why\"", .wait_s = 30 }, &text);
        assert_int_equal(json_read(line, text.length - 1, tokens, 32, &json, NULL), OK);
        assert_true(json_bool(&json, json_get(&json, 0, "ok"), &ok));
        assert_int_equal(ok, i == (int)CONTROL_DONE);
        assert_true(json_string(&json, json_get(&json, 0, "code"), name, sizeof name));
        assert_true(control_code_parse(name, &code));
        assert_int_equal(code, i);
        assert_int_equal(json_get(&json, 0, "wait_s") != JSON_NONE, i == (int)CONTROL_PASSWORD);
    }
    assert_false(control_code_parse("x", &code));
}

/* ---- The socket ---- */

struct desk {
    uv_loop_t loop;
    struct control_socket *control;
    struct control_call *held; /* The request that waits for its answer. */
    bool hold;
    int requests, intruders;
    unsigned pause_ms; /* Between turns: where a pipe has threads of its own. */
    char directory[300], path[320], name[400];
};

static void
on_request(void *context, struct control_call *call, const struct control_request *request)
{
    struct desk *desk = context;

    desk->requests++;
    if (desk->hold)
        desk->held = call;
    else
        control_socket_answer(call, &(struct control_reply){ .code = CONTROL_DONE, .text = control_command_name(request->command) });
}

static void
on_intruder(void *context, const struct identity *peer)
{
    struct desk *desk = context;

    (void)peer;
    desk->intruders++;
}

static int
open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct error err;

    if (!machine_directory("control", desk->directory))
        return -1;
    (void)snprintf(desk->path, sizeof desk->path, "%s/socket", desk->directory);
    pipe_name(desk->path, desk->name, sizeof desk->name);
    desk->pause_ms = strcmp(desk->path, desk->name) == 0 ? 0 : 2;
    uv_loop_init(&desk->loop);
    const struct control_socket_options options = { .loop = &desk->loop, .path = desk->name, .context = desk, .request = on_request,
        .intruder = on_intruder };
    if (control_socket_new(&options, &desk->control, &err) != OK)
        return -1;
    *state = desk;
    return 0;
}

static int
close_desk(void **state)
{
    struct desk *desk = *state;

    control_socket_free(desk->control);
    for (int i = 0; i < 100 && uv_run(&desk->loop, UV_RUN_NOWAIT) != 0; i++)
        ;
    int open = uv_loop_close(&desk->loop);
    (void)machine_remove(desk->path);
    (void)machine_remove_directory(desk->directory);
    free(desk);
    return open;
}

/* One who has connected, on the desk's own loop. */
struct peer {
    struct desk *desk;
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_write_t write;
    size_t length;
    bool ended, closed;
    char bytes[8192], said[CONTROL_REQUEST_MAX + 16];
};

static void
turn(struct desk *desk)
{
    for (int i = 0; i < 20; i++) {
        (void)uv_run(&desk->loop, UV_RUN_NOWAIT);
        uv_sleep(desk->pause_ms);
    }
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct peer *peer = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(peer->bytes + peer->length, (unsigned)(sizeof peer->bytes - 1 - peer->length));
}

static void
on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct peer *peer = stream->data;

    (void)buffer;
    if (count < 0)
        peer->ended = true;
    else
        peer->length += (size_t)count;
}

static void
on_connected(uv_connect_t *connect, int status)
{
    struct peer *peer = connect->data;

    assert_int_equal(status, 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&peer->pipe, give_room, on_bytes), 0);
}

static struct peer *
connect_to(struct desk *desk)
{
    struct peer *peer = calloc(1, sizeof *peer);

    assert_non_null(peer);
    peer->desk = desk;
    assert_int_equal(uv_pipe_init(&desk->loop, &peer->pipe, 0), 0);
    peer->pipe.data = peer->connect.data = peer;
    uv_pipe_connect(&peer->connect, &peer->pipe, desk->name, on_connected);
    turn(desk);
    return peer;
}

static void
on_peer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void
leave(struct peer *peer)
{
    uv_close((uv_handle_t *)&peer->pipe, on_peer_closed);
}

/* What came since the last time, as text; "" if nothing did. */
static const char *
receive(struct peer *peer)
{
    peer->bytes[peer->length] = '\0';
    peer->length = 0;
    return peer->bytes;
}

static void
on_said(uv_write_t *write, int status)
{
    (void)write;
    (void)status; /* Who is refused may be cut off before all is written. */
}

static void
say(struct peer *peer, const char *text)
{
    assert_true(text_copy(peer->said, sizeof peer->said, text));
    uv_buf_t buffer = uv_buf_init(peer->said, (unsigned)strlen(text));
    assert_int_equal(uv_write(&peer->write, (uv_stream_t *)&peer->pipe, &buffer, 1, on_said), 0);
}

static void
one_line_in_one_line_out(void **state)
{
    struct desk *desk = *state;
    struct peer *peer = connect_to(desk);

    if (machine_exists(desk->path))
        assert_true(machine_is_private(desk->path));
    say(peer, "{\"v\":1,\"comm");
    turn(desk);
    assert_string_equal(receive(peer), "");
    say(peer, "and\":\"reload\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(peer), "\"ok\":true,\"code\":\"done\",\"text\":\"reload\""));
    assert_true(peer->ended);
    assert_int_equal(desk->requests, 1);
    leave(peer);
}

static void
nonsense_never_reaches_the_daemon(void **state)
{
    struct desk *desk = *state;
    char flood[CONTROL_REQUEST_MAX + 10];
    struct peer *peer = connect_to(desk);

    say(peer, "GET / HTTP/1.1\r\n");
    turn(desk);
    assert_non_null(strstr(receive(peer), "bad_request"));
    leave(peer);
    peer = connect_to(desk);
    memset(flood, 'x', sizeof flood);
    flood[sizeof flood - 1] = '\0';
    say(peer, flood);
    turn(desk);
    assert_non_null(strstr(receive(peer), "too long"));
    leave(peer);
    assert_int_equal(desk->requests, 0);
}

/* Eight places; the ninth is told so, and gets in once one is free. */
static void
silent_peers_take_few_places(void **state)
{
    struct desk *desk = *state;
    struct peer *peers[9];

    for (int i = 0; i < 9; i++) {
        peers[i] = connect_to(desk);
        turn(desk);
    }
    assert_string_equal(receive(peers[7]), "");
    assert_non_null(strstr(receive(peers[8]), "busy"));
    for (int i = 0; i < 9; i++)
        leave(peers[i]);
    turn(desk);
    struct peer *peer = connect_to(desk);
    say(peer, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(peer), "done"));
    leave(peer);
}

static void
who_does_not_wait_costs_nothing(void **state)
{
    struct desk *desk = *state;

    desk->hold = true;
    struct peer *peer = connect_to(desk);
    say(peer, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(desk->held);
    leave(peer);
    turn(desk);
    control_socket_answer(desk->held, &(struct control_reply){ .code = CONTROL_DONE, .text = "late" });
    turn(desk);
    peer = connect_to(desk); /* And one that is still waiting when the socket goes. */
    say(peer, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    struct control_call *held = desk->held;
    control_socket_free(desk->control);
    desk->control = NULL;
    turn(desk);
    control_socket_answer(held, &(struct control_reply){ .code = CONTROL_DONE, .text = "too late" });
    leave(peer);
}

/* Only the administrator and the daemon's own user, even if the file lets others through (needs root to try). */
static void
others_are_refused(void **state)
{
    struct desk *desk = *state;

    if (!machine_be_nobody((const char *const[]){ desk->directory, desk->path, NULL }))
        skip();
    struct peer *peer = connect_to(desk);
    assert_true(machine_be_nobody(NULL));
    say(peer, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(peer), "forbidden"));
    assert_int_equal(desk->intruders, 1);
    assert_int_equal(desk->requests, 0);
    leave(peer);
}

#define ON_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_survives_the_wire),
        cmocka_unit_test(what_is_not_understood_is_refused_whole),
        cmocka_unit_test(a_long_password_is_refused_and_forgotten),
        cmocka_unit_test(answers_say_their_code),
        ON_DESK(one_line_in_one_line_out),
        ON_DESK(nonsense_never_reaches_the_daemon),
        ON_DESK(silent_peers_take_few_places),
        ON_DESK(who_does_not_wait_costs_nothing),
        ON_DESK(others_are_refused),
    };

    os_ignore_hangups(); /* As the daemon does. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
