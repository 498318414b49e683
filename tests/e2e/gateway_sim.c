/*
 * gateway_sim.c - a risksim process with certificates of its own, its control, and a gateway client on it.
 */
#include "gateway_sim.h"

#include "base/assert.h"
#include "base/json.h"
#include "net/http.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 65536

const char *gateway_sim_program;
static uv_loop_t loop;
static uv_process_t process;
static char directory[256], ca_file[300], ready_file[300];
static int port;
static struct http *control;
struct gateway *gateway;
struct seen seen;

/* ---- Waiting ---- */

static uv_timer_t patience;
static bool impatient;

static void
on_patience(uv_timer_t *timer)
{
    (void)timer;
    impatient = true;
}

void
gateway_sim_hurry(void)
{
    impatient = false;
    uv_timer_start(&patience, on_patience, PATIENCE_MS, 0);
}

bool
gateway_sim_turn(void)
{
    uv_run(&loop, UV_RUN_ONCE);
    return !impatient;
}

/* ---- Processes ---- */

static int exits;

static void
on_ended(uv_process_t *exited, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    exits++;
    uv_close((uv_handle_t *)exited, NULL);
}

static void
spawn(uv_process_t *child, char **arguments)
{
    uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE }, { .flags = UV_INHERIT_FD, .data.fd = 2 } };
    uv_process_options_t options = { .file = arguments[0], .args = arguments, .stdio = stdio, .stdio_count = 3, .exit_cb = on_ended };

    assert_int_equal(uv_spawn(&loop, child, &options), 0);
}

static bool
is_ready(void)
{
    FILE *file = fopen(ready_file, "r");
    bool ready = file != NULL && fscanf(file, "%d", &port) == 1;

    if (file != NULL)
        fclose(file);
    if (!ready)
        uv_sleep(5);
    return ready;
}

static void
make_certificates(void)
{
    static char python[] = "python3", script[] = SOURCE_DIR "/tests/e2e/gateway_server.py", option[] = "--certificates";
    uv_process_t child;

    spawn(&child, (char *[]){ python, script, option, directory, NULL });
    WAIT(exits == 1);
}

static void
start_risksim(void)
{
    char certificate[300], key[300], program[300];
    char *arguments[] = { program, "--cert", certificate, "--key", key, "--ready-file", ready_file, "--account", "1:PRAC-1", "--account",
        "2:PRAC-2", "--walk", "off", NULL };

    snprintf(program, sizeof program, "%s", gateway_sim_program);
    snprintf(certificate, sizeof certificate, "%s/server.pem", directory);
    snprintf(key, sizeof key, "%s/server.key", directory);
    snprintf(ready_file, sizeof ready_file, "%s/ready", directory);
    spawn(&process, arguments);
    impatient = false;
    while (!is_ready())
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* ---- The simulation's control ---- */

struct reply {
    int count;
    int status;
    char body[262144];
};

static void
on_reply(void *context, const struct http_answer *answer)
{
    struct reply *reply = context;

    reply->count++;
    reply->status = answer->fate == HTTP_ANSWERED ? answer->status : 0;
    snprintf(reply->body, sizeof reply->body, "%s", answer->body);
}

const char *
gateway_sim_ask(const char *path, const char *body)
{
    static struct reply reply;
    char url[200];
    struct http_request request = { .lane = HTTP_READS, .url = url, .body = body, .length = body != NULL ? strlen(body) : 0,
        .timeout_ms = PATIENCE_MS };

    snprintf(url, sizeof url, "https://localhost:%d/sim/%s", port, path);
    reply.count = 0;
    assert_int_equal(http_send(control, &request, on_reply, &reply, NULL), OK);
    WAIT(reply.count == 1);
    if (reply.status != 200)
        fail_msg("/sim/%s: HTTP %d %s", path, reply.status, reply.body);
    return reply.body;
}

/* A number of account 1's counts of what was executed. */
int
gateway_sim_executed(const char *what)
{
    static struct json_token tokens[TOKENS_MAX];
    struct json json;
    int64_t value = -1;
    const char *books = gateway_sim_ask("books", NULL);

    assert_int_equal(json_read(books, strlen(books), tokens, TOKENS_MAX, &json, NULL), OK);
    int account = json_first(&json, json_get(&json, 0, "accounts"));
    assert_true(json_int64(&json, json_get(&json, json_get(&json, account, "executed"), what), &value));
    return (int)value;
}

/* ---- The gateway ---- */

static void
on_event(void *context, const struct event *event)
{
    const struct snapshot *s = &event->u.snapshot;

    (void)context;
    if (event->kind == EVENT_MODE)
        seen.mode = event->u.mode.mode;
    if (event->kind == EVENT_SNAPSHOT && s->account_id == 1) {
        if ((s->parts & PART_ORDERS) != 0)
            seen.snapshot_orders = (int32_t)s->orders_count;
        if ((s->parts & PART_POSITIONS) != 0) {
            seen.snapshot_positions = (int32_t)s->positions_count;
            if (s->positions_count > 0)
                seen.position = s->positions[0];
        }
    }
    if (seen.count < EVENTS_MAX)
        seen.events[seen.count++] = *event;
}

static void
on_alarm(void *context, int level, const char *text)
{
    (void)context;
    (void)level;
    print_message("   alarm: %s\n", text);
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return instant_sub(now, SPAN_SECONDS(3600));
}

/* ---- Set-up ---- */

int
gateway_sim_set_up(void **state)
{
    static const int64_t accounts[] = { 1 };
    char pattern[200], rest[100], user[100], market[100];
    size_t size = sizeof pattern - 30;
    uv_fs_t request;
    struct http_settings http_settings = { .ca_file = ca_file, .connect_timeout_ms = PATIENCE_MS, .connections = { 1, 1 } };
    struct gateway_settings settings = { .rest_url = rest, .user_hub_url = user, .market_hub_url = market, .ca_file = ca_file,
        .user_name = "u", .api_key = "k", .accounts = accounts, .accounts_count = 1, .trades_since = trades_since,
        .rested = true, /* The other side is as new as we are: none of its rate window is used. */
        .times = { .connect_ms = PATIENCE_MS, .mutation_ms = 10000 } }; /* One answer never comes: not longer. */

    (void)state;
    os_ignore_hangups();
    uv_loop_init(&loop);
    uv_timer_init(&loop, &patience);
    uv_os_tmpdir(pattern, &size);
    strcat(pattern, "/gateway_sim_XXXXXX");
    assert_int_equal(uv_fs_mkdtemp(NULL, &request, pattern, NULL), 0);
    snprintf(directory, sizeof directory, "%s", request.path);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
    uv_fs_req_cleanup(&request);
    make_certificates();
    start_risksim();
    assert_int_equal(http_new(&loop, &http_settings, &control, NULL), OK);
    snprintf(rest, sizeof rest, "https://localhost:%d", port);
    snprintf(user, sizeof user, "wss://localhost:%d/hubs/user", port);
    snprintf(market, sizeof market, "wss://localhost:%d/hubs/market", port);
    assert_int_equal(gateway_new(&loop, &settings, (struct gateway_sink){ .event = on_event, .alarm = on_alarm }, &gateway, NULL), OK);
    gateway_start(gateway);
    return 0;
}

static void
on_stopped(void *context)
{
    (void)context;
    seen.stopped = true;
}

int
gateway_sim_tear_down(void **state)
{
    static const char *const files[] = { "ca.pem", "ca.key", "ca.srl", "server.pem", "server.key", "server.csr", "ext", "ready" };

    (void)state;
    gateway_stop(gateway, on_stopped, NULL);
    WAIT(seen.stopped);
    gateway_free(gateway);
    http_free(control);
    uv_process_kill(&process, SIGTERM);
    WAIT(exits == 2);
    uv_close((uv_handle_t *)&patience, NULL);
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        remove(path);
    }
    remove(directory);
    return uv_loop_close(&loop);
}
