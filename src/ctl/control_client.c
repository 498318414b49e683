/*
 * control_client.c - riskctl's end of the control socket, on a libuv loop of its own.
 */
#include "ctl/control_client.h"

#include "base/json.h"
#include "os/identity.h"
#include "os/pipe.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PATIENCE_MS 30000
#define IDLE_MS 100
#define ANSWER_MAX ((size_t)2 << 20)
#define TOKENS_MAX 65536
#define IMPOSTOR 1 /* Where libuv's errors are: those are negative. */

struct client {
    uv_loop_t loop;
    uv_pipe_t pipe;
    uv_timer_t late, idle;
    uv_connect_t connect;
    uv_write_t write;
    char line[CONTROL_REQUEST_MAX];
    size_t line_length;
    char *bytes;
    size_t length;
    int failed; /* libuv's error of the connection, or 0. */
    void (*on_idle)(void *context);
    void *context;
};

static void
finish(struct client *client, int failed)
{
    if (client->failed == 0)
        client->failed = failed;
    uv_stop(&client->loop);
}

static void
on_late(uv_timer_t *timer)
{
    finish(timer->data, UV_ETIMEDOUT);
}

static void
on_idle(uv_timer_t *timer)
{
    struct client *client = timer->data;

    client->on_idle(client->context);
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(client->bytes + client->length, (unsigned)(ANSWER_MAX - client->length));
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    (void)buffer;
    if (count == UV_EOF)
        finish(client, 0);
    else if (count < 0)
        finish(client, (int)count);
    else
        client->length += (size_t)count;
}

static void
on_written(uv_write_t *write, int status)
{
    (void)write;
    (void)status; /* A refusal may come before all is written: the answer tells. */
}

static void
on_connected(uv_connect_t *connect, int status)
{
    struct client *client = connect->data;
    uv_buf_t buffer = uv_buf_init(client->line, (unsigned)client->line_length);
    uv_os_fd_t pipe;

    if (status == 0)
        status = uv_fileno((uv_handle_t *)&client->pipe, &pipe);
    if (status == 0 && !pipe_is_trusted((intptr_t)pipe))
        status = IMPOSTOR;
    if (status == 0)
        status = uv_write(&client->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&client->pipe, give_room, on_read);
    if (status != 0)
        finish(client, status);
}

static enum status
understand(const struct client *client, struct control_answer *answer, struct error *err)
{
    struct json_token *tokens = calloc(TOKENS_MAX, sizeof *tokens);
    char name[32] = "";
    struct json json;

    if (tokens == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    enum status status = json_read(client->bytes, client->length, tokens, TOKENS_MAX, &json, err);
    if (status == OK && (!json_string(&json, json_get(&json, 0, "code"), name, sizeof name) ||
        !control_code_parse(name, &answer->code) ||
        !json_string(&json, json_get(&json, 0, "text"), answer->text, sizeof answer->text)))
        status = error_set(err, STATUS_CORRUPT, "riskd's answer cannot be understood; is it of another version?");
    if (status == OK) {
        const char *page = json_raw(&json, json_get(&json, 0, "status"), &answer->status_length);
        answer->status = answer->status_length > 0 ? client->bytes + (page - client->bytes) : NULL;
        (void)json_int64(&json, json_get(&json, 0, "wait_s"), &answer->wait_s);
        answer->bytes = client->bytes;
    }
    free(tokens);
    return status;
}

static enum status
judge(const struct client *client, const char *path, struct control_answer *answer, struct error *err)
{
    switch (client->failed) {
    case 0: return understand(client, answer, err);
    case IMPOSTOR: return error_set(err, STATUS_CORRUPT, "%s: not riskd listens there but a program of somebody who is no administrator", path);
    case UV_ENOENT:
    case UV_ECONNREFUSED: return error_set(err, STATUS_RETRY, "riskd is not running (nobody listens at %s)", path);
    case UV_EACCES:
    case UV_EPERM: return error_set(err, STATUS_REFUSED, "%s: only an administrator may give orders; %s", path,
        identity_how_to_be_administrator());
    default: return error_set(err, STATUS_CORRUPT, "%s: %s", path, uv_strerror(client->failed));
    }
}

static void
run(struct client *client, const char *path)
{
    uv_loop_init(&client->loop);
    uv_pipe_init(&client->loop, &client->pipe, 0);
    uv_timer_init(&client->loop, &client->late);
    uv_timer_init(&client->loop, &client->idle);
    client->pipe.data = client->late.data = client->idle.data = client->connect.data = client;
    uv_timer_start(&client->late, on_late, PATIENCE_MS, 0);
    if (client->on_idle != NULL)
        uv_timer_start(&client->idle, on_idle, 0, IDLE_MS);
    uv_pipe_connect(&client->connect, &client->pipe, path, on_connected);
    uv_run(&client->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&client->pipe, NULL);
    uv_close((uv_handle_t *)&client->late, NULL);
    uv_close((uv_handle_t *)&client->idle, NULL);
    uv_run(&client->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&client->loop);
}

enum status
control_client_ask(const char *path, const struct control_request *request, void (*idle)(void *context), void *context,
    struct control_answer *ret_answer, struct error *err)
{
    struct client *client = calloc(1, sizeof *client);

    if (client == NULL || (client->bytes = malloc(ANSWER_MAX)) == NULL) {
        free(client);
        return error_set(err, STATUS_LIMIT, "no memory");
    }
    struct text line = text_on(client->line, sizeof client->line);
    control_request_write(request, &line);
    client->line_length = line.length;
    client->on_idle = idle;
    client->context = context;
    *ret_answer = (struct control_answer){ 0 };
    run(client, path);
    enum status status = judge(client, path, ret_answer, err);
    if (status != OK)
        free(client->bytes);
    secret_wipe(client->line, sizeof client->line);
    free(client);
    return status;
}

void
control_client_fini(struct control_answer *answer)
{
    free(answer->bytes);
    *answer = (struct control_answer){ 0 };
}
