/*
 * test_control_socket.c - requests and answers of the control socket, and the socket itself (S-19).
 */
#include "app/control_socket.h"
#include "base/json.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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
    char directory[64], path[96];
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

    (void)strcpy(desk->directory, "/tmp/test-control-XXXXXX");
    if (mkdtemp(desk->directory) == NULL)
        return -1;
    (void)snprintf(desk->path, sizeof desk->path, "%s/socket", desk->directory);
    uv_loop_init(&desk->loop);
    const struct control_socket_options options = { .loop = &desk->loop, .path = desk->path, .context = desk, .request = on_request,
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
    (void)unlink(desk->path);
    (void)rmdir(desk->directory);
    free(desk);
    return open;
}

static int
connect_to(const struct desk *desk)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)strcpy(address.sun_path, desk->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void
turn(struct desk *desk)
{
    for (int i = 0; i < 20; i++)
        (void)uv_run(&desk->loop, UV_RUN_NOWAIT);
}

/* What came, as text; "" if nothing did. */
static const char *
receive(int fd)
{
    static char bytes[8192];
    ssize_t count = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);

    bytes[count > 0 ? count : 0] = '\0';
    return bytes;
}

static void
say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
one_line_in_one_line_out(void **state)
{
    struct desk *desk = *state;
    struct stat info;
    int fd = connect_to(desk);

    assert_int_equal(stat(desk->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    say(fd, "{\"v\":1,\"comm");
    turn(desk);
    assert_string_equal(receive(fd), "");
    say(fd, "and\":\"reload\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(fd), "\"ok\":true,\"code\":\"done\",\"text\":\"reload\""));
    assert_int_equal(recv(fd, (char[1]){ 0 }, 1, MSG_DONTWAIT), 0); /* Closed. */
    assert_int_equal(desk->requests, 1);
    (void)close(fd);
}

static void
nonsense_never_reaches_the_daemon(void **state)
{
    struct desk *desk = *state;
    char flood[CONTROL_REQUEST_MAX + 10];
    int fd = connect_to(desk);

    say(fd, "GET / HTTP/1.1\r\n");
    turn(desk);
    assert_non_null(strstr(receive(fd), "bad_request"));
    (void)close(fd);
    fd = connect_to(desk);
    memset(flood, 'x', sizeof flood);
    (void)send(fd, flood, sizeof flood, MSG_NOSIGNAL);
    turn(desk);
    assert_non_null(strstr(receive(fd), "too long"));
    (void)close(fd);
    assert_int_equal(desk->requests, 0);
}

/* Eight places; the ninth is told so, and gets in once one is free. */
static void
silent_peers_take_few_places(void **state)
{
    struct desk *desk = *state;
    int fds[9];

    for (int i = 0; i < 9; i++) {
        fds[i] = connect_to(desk);
        turn(desk);
    }
    assert_string_equal(receive(fds[7]), "");
    assert_non_null(strstr(receive(fds[8]), "busy"));
    for (int i = 0; i < 9; i++)
        (void)close(fds[i]);
    turn(desk);
    int fd = connect_to(desk);
    say(fd, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(fd), "done"));
    (void)close(fd);
}

static void
who_does_not_wait_costs_nothing(void **state)
{
    struct desk *desk = *state;

    desk->hold = true;
    int fd = connect_to(desk);
    say(fd, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(desk->held);
    (void)close(fd);
    turn(desk);
    control_socket_answer(desk->held, &(struct control_reply){ .code = CONTROL_DONE, .text = "late" });
    turn(desk);
    fd = connect_to(desk); /* And one that is still waiting when the socket goes. */
    say(fd, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    struct control_call *held = desk->held;
    control_socket_free(desk->control);
    desk->control = NULL;
    turn(desk);
    control_socket_answer(held, &(struct control_reply){ .code = CONTROL_DONE, .text = "too late" });
    (void)close(fd);
}

/* Only the administrator and the daemon's own user, even if the file lets others through (needs root to try). */
static void
others_are_refused(void **state)
{
    struct desk *desk = *state;

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(desk->directory, 0755), 0);
    assert_int_equal(chmod(desk->path, 0777), 0);
    assert_int_equal(seteuid(65534), 0);
    int fd = connect_to(desk);
    assert_int_equal(seteuid(0), 0);
    say(fd, "{\"v\":1,\"command\":\"status\"}\n");
    turn(desk);
    assert_non_null(strstr(receive(fd), "forbidden"));
    assert_int_equal(desk->intruders, 1);
    assert_int_equal(desk->requests, 0);
    (void)close(fd);
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

    (void)signal(SIGPIPE, SIG_IGN); /* As the daemon does. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
