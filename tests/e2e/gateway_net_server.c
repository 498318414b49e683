/*
 * gateway_net_server.c - the process of gateway_server.py, and the way to it that does not turn the loop.
 */
#include "gateway_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int net_port;
static uv_process_t server;
static uv_pipe_t server_in, server_out;
static char said[256];
static size_t length;

static void
give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(said + length, (unsigned)(sizeof said - 1 - length));
}

static void
on_said(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    (void)stream;
    (void)buffer;
    if (count <= 0)
        fail_msg("the server ended before it listened");
    length += (size_t)count;
    said[length] = '\0';
    if (strchr(said, '\n') != NULL)
        assert_int_equal(sscanf(said, "PORT %d", &net_port), 1);
}

void
net_server_start(const char *directory)
{
    static char script[] = SOURCE_DIR "/tests/e2e/gateway_server.py";
    char python[] = "python3", place[256];
    char *arguments[] = { python, script, place, NULL };
    uv_stdio_container_t stdio[3] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&server_in },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&server_out },
        { .flags = UV_INHERIT_FD, .data.fd = 2 },
    };
    uv_process_options_t options = { .file = python, .args = arguments, .stdio = stdio, .stdio_count = 3 };

    (void)snprintf(place, sizeof place, "%s", directory);
    uv_pipe_init(&net_loop, &server_in, 0);
    uv_pipe_init(&net_loop, &server_out, 0);
    assert_int_equal(uv_spawn(&net_loop, &server, &options), 0);
    uv_read_start((uv_stream_t *)&server_out, give_buffer, on_said);
    while (net_port == 0)
        uv_run(&net_loop, UV_RUN_ONCE);
    uv_read_stop((uv_stream_t *)&server_out); /* From here on net_tell() reads. */
}

void
net_server_stop(void)
{
    uv_process_kill(&server, SIGTERM);
    uv_close((uv_handle_t *)&server_in, NULL);
    uv_close((uv_handle_t *)&server_out, NULL);
    uv_close((uv_handle_t *)&server, NULL);
}

void
net_tell(const char *word)
{
    static const char done[] = "DONE\n";
    char line[32], heard[sizeof done] = "";
    size_t count = 0;
    uv_os_fd_t fd;

    uv_buf_t buffer = uv_buf_init(line, (unsigned)snprintf(line, sizeof line, "%s\n", word));
    assert_int_equal(uv_try_write((uv_stream_t *)&server_in, &buffer, 1), buffer.len);
    assert_int_equal(uv_fileno((uv_handle_t *)&server_out, &fd), 0);
    while (count < strlen(done)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };

        assert_int_equal(poll(&ready, 1, 2 * NET_PATIENCE_MS), 1);
        ssize_t more = read(fd, heard + count, strlen(done) - count);
        assert_true(more > 0);
        count += (size_t)more;
    }
    assert_string_equal(heard, done);
}
