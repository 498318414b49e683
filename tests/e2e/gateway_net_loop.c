/*
 * gateway_net_loop.c - libcurl in a libuv loop that will not watch its sockets.
 */
#include "gateway_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TAKEN 16 /* Numbers of sockets; a request uses three or four. */

static void
on_done(void *context, const struct http_answer *answer)
{
    *(struct http_answer *)context = *answer;
}

static struct http_answer
post(struct http *client, int timeout_ms)
{
    char url[100];
    struct http_answer answer = { .length = SIZE_MAX };
    const struct http_request request = { .lane = HTTP_MUTATIONS, .url = url, .timeout_ms = timeout_ms, .bearer = "test-token", .body = "{}", .length = 2 };

    (void)snprintf(url, sizeof url, "https://localhost:%d/api/Position/closeContract", net_port);
    assert_int_equal(http_send(client, &request, on_done, &answer, NULL), OK);
    while (answer.length == SIZE_MAX)
        (void)uv_run(&net_loop, UV_RUN_ONCE);
    return answer;
}

/* The next sockets' numbers are taken: libuv believes that it watches them already. */
static void
take_numbers(uv_poll_t polls[TAKEN], uv_file files[TAKEN])
{
    uv_fs_t request;

    for (int i = 0; i < TAKEN; i += 2)
        assert_int_equal(uv_pipe(&files[i], 0, 0), 0);
    for (int i = 0; i < TAKEN; i++) {
        assert_int_equal(uv_poll_init(&net_loop, &polls[i], files[i]), 0);
        assert_int_equal(uv_poll_start(&polls[i], UV_READABLE, NULL), 0);
    }
    (void)uv_run(&net_loop, UV_RUN_NOWAIT);
    for (int i = 0; i < TAKEN; i++) {
        assert_int_equal(uv_fs_close(NULL, &request, files[i], NULL), 0);
        uv_fs_req_cleanup(&request);
    }
}

void
net_test_unwatched(void **state)
{
    struct http *client = net_client(net_ca_file);
    uv_poll_t polls[TAKEN];
    uv_file files[TAKEN];

    (void)state;
    take_numbers(polls, files);
    (void)post(client, 1000); /* Out of time, unless libcurl's own timers carry it that far. */
    for (int i = 0; i < TAKEN; i++)
        uv_close((uv_handle_t *)&polls[i], NULL);
    assert_int_equal(post(client, 20000).status, 200);
    net_drop(client);
}
