/*
 * fake_broker.c - a gateway's other side in virtual time.
 *
 * Jobs wait in a list ordered by time; fake_run() does the next job or the gateway's wake-up, whichever is earlier.
 */
#include "lib/fake_broker.h"

#include "base/assert.h"
#include "gateway/signalr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_UTC INT64_C(1787000000000000000) /* August 2026. */
#define RS "\x1e"

/* ---- Jobs ---- */

struct fake_job {
    struct fake_job *next;
    int64_t at_ns;
    void (*run)(struct fake *fake, struct fake_job *job);
    /* An answer that is due. */
    http_done *done;
    void *user;
    struct fake_request request;
    /* Bytes for the client, an opening, a closing. */
    struct fake_hub *hub;
    size_t length;
    char *bytes;
};

static struct fake_job *
job_at(struct fake *fake, int64_t at_ns, void (*run)(struct fake *fake, struct fake_job *job))
{
    struct fake_job *job = calloc(1, sizeof *job), **place = &fake->jobs;

    job->at_ns = at_ns;
    job->run = run;
    while (*place != NULL && (*place)->at_ns <= at_ns)
        place = &(*place)->next;
    job->next = *place;
    *place = job;
    return job;
}

static void
job_free(struct fake_job *job)
{
    free(job->bytes);
    free(job);
}

/* ---- Clocks ---- */

static struct instant
utc(void *context)
{
    const struct fake *fake = context;

    return (struct instant){ START_UTC + fake->now_ns };
}

static int64_t
monotonic(void *context)
{
    const struct fake *fake = context;

    return fake->now_ns;
}

static void
fill_random(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 0x5a, size);
}

static void
on_wake(void *context, void (*woken)(void *user), void *user)
{
    struct fake *fake = context;

    fake->woken = woken;
    fake->woken_user = user;
}

static void
wake(void *context, int64_t at_ns)
{
    struct fake *fake = context;

    fake->wake_ns = at_ns;
}

/* ---- REST ---- */

static void
write_token(struct fake *fake, char *out, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char payload[64];
    struct text text = text_on(out, size);

    fake->tokens++;
    if (fake->token_life_s == 0) {
        text_addf(&text, "token%d", fake->tokens);
        return;
    }
    long long expiry = (long long)(utc(fake).ns / FAKE_SECOND + fake->token_life_s);
    int length = snprintf(payload, sizeof payload, "{\"n\":%d,\"exp\":%lld}", fake->tokens, expiry);
    text_add(&text, "eyJh.");
    for (int i = 0; i < length; i += 3) {
        unsigned bits = 0;
        int have = length - i < 3 ? length - i : 3;

        for (int k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? (unsigned char)payload[i + k] : 0u);
        for (int k = 0; k <= have; k++)
            text_add_bytes(&text, &digits[bits >> (18 - 6 * k) & 63], 1);
    }
    text_addf(&text, ".sig%d", fake->tokens);
}

static void
write_orders(const struct fake *fake, const char *body, char *out, size_t size)
{
    const char *found = strstr(body, "\"pageOffset\":");
    int offset = found != NULL ? atoi(found + strlen("\"pageOffset\":")) : 0;
    struct text text = text_on(out, size);

    text_add(&text, "{\"orders\":[");
    for (int i = offset; i < fake->orders && i < offset + 100; i++)
        text_addf(&text, "%s{\"id\":%d,\"accountId\":1,\"contractId\":\"C\",\"status\":1,\"type\":1,\"side\":0,\"size\":1}",
            i > offset ? "," : "", i + 1);
    text_addf(&text, "],\"totalCount\":%d,\"success\":true,\"errorCode\":0,\"errorMessage\":null}", fake->orders);
}

static void
write_answer(struct fake *fake, const struct fake_request *request, char *out, size_t size)
{
    char token[256];
    const char *path = request->path, *list = NULL, *key = NULL;
    struct text text = text_on(out, size);

    if (strstr(path, "Auth/") != NULL) {
        bool login = strstr(path, "loginKey") != NULL;

        fake->logins += login ? 1 : 0;
        write_token(fake, token, sizeof token);
        if (login && fake->login_code != 0)
            text_addf(&text, "{\"token\":null,\"success\":false,\"errorCode\":%d,\"errorMessage\":null}", fake->login_code);
        else
            text_addf(&text, "{\"%s\":\"%s\",\"success\":true,\"errorCode\":0,\"errorMessage\":null}", login ? "token" : "newToken", token);
        return;
    }
    if (strstr(path, "v2/query") != NULL || strstr(path, "Order/searchOpen") != NULL) {
        write_orders(fake, request->body, out, size);
        return;
    }
    if (strstr(path, "Account/search") != NULL) {
        text_add(&text, "{\"accounts\":[");
        for (int i = 1; i <= fake->accounts; i++)
            text_addf(&text, "%s{\"id\":%d,\"name\":\"PRAC%d\",\"balance\":50000.5,\"canTrade\":true,\"simulated\":true}",
                i > 1 ? "," : "", i, i);
        text_add(&text, "],\"success\":true,\"errorCode\":0,\"errorMessage\":null}");
        return;
    } else if (strstr(path, "Position/searchOpen") != NULL) {
        key = "positions";
        list = fake->positions != NULL ? fake->positions : "[]";
    } else if (strstr(path, "Trade/search") != NULL) {
        key = "trades";
        list = fake->trades != NULL ? fake->trades : "null";
    } else if (strstr(path, "Contract/searchById") != NULL) {
        key = "contract";
        list = "{\"id\":\"C\",\"name\":\"CU6\",\"tickSize\":0.25,\"tickValue\":5,\"activeContract\":true}";
    } else if (strstr(path, "ping") != NULL) {
        text_add(&text, "pong");
        return;
    }
    text_add(&text, "{");
    if (key != NULL)
        text_addf(&text, "\"%s\":%s,", key, list);
    text_add(&text, "\"success\":true,\"errorCode\":0,\"errorMessage\":null}");
}

static void
give_answer(struct fake *fake, struct fake_job *job)
{
    static char body[65536];
    struct http_answer answer = { .fate = HTTP_ANSWERED, .status = 200, .body = body, .retry_after_s = -1, .first_byte_ns = 1 };

    body[0] = '\0';
    if (fake->is_down) {
        answer = (struct http_answer){ .fate = HTTP_NEVER_LEFT, .body = body, .retry_after_s = -1, .why = "no route" };
    } else if (fake->hook == NULL || !fake->hook(fake, &job->request, &answer, body, sizeof body)) {
        write_answer(fake, &job->request, body, sizeof body);
    }
    answer.length = strlen(body);
    job->done(job->user, &answer);
}

static enum status
request(void *context, const struct http_request *http_request, http_done *done, void *user, struct error *err)
{
    struct fake *fake = context;
    struct fake_job *job = job_at(fake, fake->now_ns + fake->latency_ns, give_answer);
    struct fake_request *log = &fake->requests[fake->requests_count];

    (void)err;
    assert_true(fake->requests_count < FAKE_REQUESTS_MAX);
    fake->requests_count++;
    log->at_ns = fake->now_ns;
    text_copy(log->path, sizeof log->path, strchr(http_request->url + strlen("https://"), '/'));
    text_copy_bytes(log->body, sizeof log->body, http_request->body != NULL ? http_request->body : "", http_request->length);
    text_copy(log->bearer, sizeof log->bearer, http_request->bearer != NULL ? http_request->bearer : "");
    job->request = *log;
    job->done = done;
    job->user = user;
    return OK;
}

/* ---- Hubs ---- */

static void
deliver(struct fake *fake, struct fake_job *job)
{
    (void)fake;
    if (job->hub->is_open)
        job->hub->handlers->received(job->hub->user, job->bytes, job->length);
}

static void
send_to_client(struct fake_hub *hub, const void *bytes, size_t length)
{
    struct fake_job *job = job_at(hub->fake, hub->fake->now_ns + hub->fake->latency_ns, deliver);

    job->hub = hub;
    job->length = length;
    job->bytes = malloc(length);
    memcpy(job->bytes, bytes, length);
}

void
fake_say(struct fake_hub *hub, const char *json)
{
    char text[4096];
    uint8_t out[5000];
    int length = snprintf(text, sizeof text, "%s" RS, json);
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_TEXT, .data = text, .length = (size_t)length };

    send_to_client(hub, out, websocket_write(&hub->websocket, &frame, out, sizeof out));
}

static void
ping_client(struct fake *fake, struct fake_job *job)
{
    struct fake_hub *hub = job->hub;

    if (!hub->is_open || fake->no_pings)
        return;
    if (!fake->hubs_silent)
        fake_say(hub, "{\"type\":6}");
    job_at(fake, fake->now_ns + 15 * FAKE_SECOND, ping_client)->hub = hub;
}

static void
note_invocation(struct fake_hub *hub, const char *record, size_t length)
{
    char answer[200], id[24] = "";
    struct fake *fake = hub->fake;
    struct json_token tokens[64];
    struct json json;
    struct text heard = { .data = hub->heard, .size = sizeof hub->heard, .length = strlen(hub->heard) };
    size_t raw_length;

    assert_int_equal(json_read(record, length, tokens, COUNT_OF(tokens), &json, NULL), OK);
    const char *raw = json_raw(&json, json_get(&json, 0, "target"), &raw_length);
    text_add_bytes(&heard, raw, raw_length);
    text_add(&heard, " ");
    raw = json_raw(&json, json_get(&json, 0, "arguments"), &raw_length);
    text_add_bytes(&heard, raw, raw_length);
    text_add(&heard, "\n");
    assert_true(json_string(&json, json_get(&json, 0, "invocationId"), id, sizeof id));
    if (fake->holds_acks)
        return;
    snprintf(answer, sizeof answer, "{\"type\":3,\"invocationId\":\"%s\",%s}", id,
        fake->fails_acks ? "\"error\":\"Failed to invoke\"" : "\"result\":null");
    fake_say(hub, answer);
}

static void
take_message(struct fake_hub *hub, const char *text, size_t length)
{
    while (length > 0) {
        const char *end = memchr(text, SIGNALR_SEPARATOR, length);
        size_t n;

        assert_non_null(end);
        n = (size_t)(end - text);
        if (n > 11 && memcmp(text, "{\"protocol\"", 11) == 0) {
            fake_say(hub, "{}");
        } else if (n == 10 && memcmp(text, "{\"type\":6}", 10) == 0) {
            hub->pings++;
            hub->last_ping_ns = hub->fake->now_ns;
        } else {
            note_invocation(hub, text, n);
        }
        text += n + 1;
        length -= n + 1;
    }
}

static void
upgrade(struct fake_hub *hub, const struct websocket_event *event)
{
    char buffer[512];
    struct text out = text_on(buffer, sizeof buffer);

    text_copy_bytes(hub->target, sizeof hub->target, event->request.target.data, event->request.target.length);
    if (hub->fake->upgrade_status != 0) {
        text_addf(&out, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n", hub->fake->upgrade_status);
    } else {
        assert_int_equal(websocket_accept(&hub->websocket, &event->request, &out), 101);
        hub->upgraded = true;
        job_at(hub->fake, hub->fake->now_ns + 15 * FAKE_SECOND, ping_client)->hub = hub;
    }
    send_to_client(hub, out.data, out.length);
}

static enum status
send_bytes(void *context, void *tunnel, const void *bytes, size_t length, struct error *err)
{
    struct fake_hub *hub = tunnel;
    struct websocket_event event;

    (void)context;
    if (!hub->is_open)
        return error_set(err, STATUS_RECONNECT, "closed");
    assert_int_equal(websocket_feed(&hub->websocket, bytes, length, NULL), OK);
    while (websocket_next(&hub->websocket, &event) != WEBSOCKET_NONE) {
        if (event.kind == WEBSOCKET_REQUEST)
            upgrade(hub, &event);
        else if (event.kind == WEBSOCKET_TEXT && !hub->fake->hubs_silent)
            take_message(hub, (const char *)event.data, event.length);
        else if (event.kind == WEBSOCKET_ERROR)
            fail_msg("%s", event.why);
    }
    return OK;
}

static void
open_hub(struct fake *fake, struct fake_job *job)
{
    if (!job->hub->is_open || job->hub->upgraded)
        return;
    if (fake->is_down || fake->hubs_down) {
        job->hub->is_open = false;
        job->hub->handlers->closed(job->hub->user, "connection refused");
        return;
    }
    job->hub->handlers->opened(job->hub->user);
}

static enum status
open_tunnel(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
    void **ret_tunnel, struct error *err)
{
    struct fake *fake = context;
    struct fake_hub *hub = NULL;

    (void)connect_timeout_ms;
    (void)err;
    for (int i = 0; i < FAKE_HUBS_MAX && hub == NULL; i++)
        if (fake->hubs[i].handlers == NULL)
            hub = &fake->hubs[i];
    assert_non_null(hub); /* More than both hubs, each once closed, leave connections behind. */
    *hub = (struct fake_hub){ .fake = fake, .handlers = handlers, .user = user, .is_open = true,
        .is_user = strstr(origin, "user") != NULL };
    websocket_init(&hub->websocket,
        &(struct websocket_options){ .role = WEBSOCKET_SERVER, .message_max = 65536, .random = fill_random });
    fake->connects++;
    job_at(fake, fake->now_ns + fake->latency_ns, open_hub)->hub = hub;
    *ret_tunnel = hub;
    return OK;
}

static void
forget(struct fake *fake, const struct fake_hub *hub)
{
    struct fake_job **place = &fake->jobs;

    while (*place != NULL) {
        struct fake_job *job = *place;

        if (job->hub != hub) {
            place = &job->next;
            continue;
        }
        *place = job->next;
        job_free(job);
    }
}

static void
close_tunnel(void *context, void *tunnel)
{
    struct fake_hub *hub = tunnel;

    forget(context, hub);
    websocket_fini(&hub->websocket);
    *hub = (struct fake_hub){ 0 };
}

void
fake_cut(struct fake_hub *hub)
{
    const struct tunnel_handlers *handlers = hub->handlers;

    hub->is_open = false;
    handlers->closed(hub->user, "connection reset");
}

static void
free_nothing(void *context)
{
    (void)context; /* fake_free() does. */
}

static const struct transport transport_fake = {
    .utc = utc,
    .monotonic = monotonic,
    .random = fill_random,
    .request = request,
    .open = open_tunnel,
    .send = send_bytes,
    .close = close_tunnel,
    .on_wake = on_wake,
    .wake = wake,
    .free = free_nothing,
};

/* ---- The gateway's sink ---- */

static void
on_event(void *context, const struct event *event)
{
    struct fake *fake = context;
    struct fake_event *log = &fake->events[fake->events_count];

    assert_true(fake->events_count < FAKE_EVENTS_MAX);
    fake->events_count++;
    *log = (struct fake_event){ .at_ns = fake->now_ns, .kind = event->kind, .event = *event };
    if (event->kind != EVENT_SNAPSHOT)
        return;
    struct snapshot *s = &log->event.u.snapshot;
    if (s->orders_count > 0) {
        log->first_order = s->orders[0];
        log->last_order = s->orders[s->orders_count - 1];
    }
    if (s->trades_count > 0) {
        log->first_trade = s->trades[0];
        log->last_trade = s->trades[s->trades_count - 1];
    }
    s->account = NULL;
    s->positions = NULL;
    s->orders = NULL;
    s->trades = NULL;
}

static void
on_alarm(void *context, int level, const char *text)
{
    struct fake *fake = context;

    assert_in_range(level, 1, 2);
    fake->alarms[level]++;
    text_copy(fake->last_alarm, sizeof fake->last_alarm, text);
}

static void
on_line(void *context, const char *line)
{
    struct fake *fake = context;
    struct text text = { .data = fake->wire, .size = sizeof fake->wire, .length = fake->wire_length };

    if (fake->wire_length > sizeof fake->wire - 2000)
        text.length = 0;
    text_addf(&text, "%s\n", line);
    fake->wire_length = text.length;
}

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    (void)context;
    (void)account_id;
    return instant_sub(now, SPAN_SECONDS(3600));
}

static bool
in_session(void *context, struct instant now)
{
    (void)context;
    (void)now;
    return true;
}

/* ---- Life ---- */

struct fake *
fake_new(int accounts)
{
    static int64_t ids[64];
    struct fake *fake = calloc(1, sizeof *fake);
    struct gateway_sink sink = { .context = fake, .event = on_event, .alarm = on_alarm, .wire = on_line };
    struct error err;

    for (int i = 0; i < accounts; i++)
        ids[i] = i + 1;
    fake->accounts = accounts;
    fake->now_ns = 100 * FAKE_SECOND;
    fake->wake_ns = INT64_MAX;
    fake->latency_ns = 20 * FAKE_MS;
    struct gateway_settings settings = {
        .rest_url = "https://rest.test",
        .user_hub_url = "wss://user.test/hubs/user",
        .market_hub_url = "wss://market.test/hubs/market",
        .user_name = "somebody",
        .api_key = "secret-key",
        .accounts = ids,
        .accounts_count = (uint32_t)accounts,
        .trades_since = trades_since,
        .in_session = in_session,
        .seed = 1,
        .transport = &transport_fake,
        .transport_context = fake,
    };
    assert_int_equal(gateway_new(NULL, &settings, sink, &fake->gateway, &err), OK);
    gateway_start(fake->gateway);
    return fake;
}

void
fake_free(struct fake *fake)
{
    gateway_free(fake->gateway);
    while (fake->jobs != NULL) {
        struct fake_job *job = fake->jobs;

        fake->jobs = job->next;
        job_free(job);
    }
    free(fake);
}

void
fake_run(struct fake *fake, int64_t ns)
{
    int64_t end = fake->now_ns + ns;
    int still = 0;

    for (;;) {
        int64_t job_ns = fake->jobs != NULL ? fake->jobs->at_ns : INT64_MAX;
        int64_t next = job_ns <= fake->wake_ns ? job_ns : fake->wake_ns;

        if (next > end)
            break;
        still = next > fake->now_ns ? 0 : still + 1;
        assert_true(still < 10000); /* A wake-up that asks for itself again and again. */
        if (next > fake->now_ns)
            fake->now_ns = next;
        if (job_ns <= fake->wake_ns) {
            struct fake_job *job = fake->jobs;

            fake->jobs = job->next;
            job->run(fake, job);
            job_free(job);
        } else {
            fake->wake_ns = INT64_MAX;
            fake->woken(fake->woken_user);
        }
    }
    fake->now_ns = end;
}

static bool
is_live(const struct fake *fake)
{
    struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return strcmp(status.user.state, "LIVE") == 0 && strcmp(status.market.state, "LIVE") == 0 && status.mode == MODE_NORMAL;
}

void
fake_go_live(struct fake *fake)
{
    for (int i = 0; i < 300 && !is_live(fake); i++)
        fake_run(fake, FAKE_SECOND / 10);
    if (!is_live(fake))
        fail_msg("not live; wire:\n%s", fake->wire);
}

/* ---- Looking ---- */

int
fake_count(const struct fake *fake, const char *part, int since)
{
    int n = 0;

    for (int i = since; i < fake->requests_count; i++)
        n += strstr(fake->requests[i].path, part) != NULL ? 1 : 0;
    return n;
}

const struct fake_event *
fake_find_event(const struct fake *fake, enum event_kind kind, int since)
{
    for (int i = since; i < fake->events_count; i++)
        if (fake->events[i].kind == kind)
            return &fake->events[i];
    return NULL;
}

int
fake_count_events(const struct fake *fake, enum event_kind kind, int since)
{
    int n = 0;

    for (int i = since; i < fake->events_count; i++)
        n += fake->events[i].kind == kind ? 1 : 0;
    return n;
}

enum mode
fake_mode(const struct fake *fake)
{
    struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return status.mode;
}

struct fake_hub *
fake_hub(struct fake *fake, bool user)
{
    for (int i = 0; i < FAKE_HUBS_MAX; i++)
        if (fake->hubs[i].handlers != NULL && fake->hubs[i].is_user == user)
            return &fake->hubs[i];
    return NULL;
}

uint64_t
fake_command(struct fake *fake, struct command command)
{
    static uint64_t next = 1000;

    command.id = ++next;
    if (command.account_id == 0 && command.kind != COMMAND_SYNC)
        command.account_id = 1;
    gateway_carry_out(fake->gateway, &command);
    return command.id;
}
