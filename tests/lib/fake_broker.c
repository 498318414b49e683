/*
 * fake_broker.c - a gateway's other side in virtual time.
 *
 * Jobs wait in a list ordered by time; fake_run() does the next job or the gateway's wake-up, whichever is earlier.
 */
#include "lib/fake_parts.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_UTC INT64_C(1787000000000000000) /* August 2026. */

/* ---- Jobs ---- */

struct fake_job *
fake_job_at(struct fake *fake, int64_t at_ns, void (*run)(struct fake *fake, struct fake_job *job))
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

void
fake_job_free(struct fake_job *job)
{
    free(job->bytes);
    free(job);
}

/* ---- Clocks ---- */

static struct instant
utc(void *context)
{
    const struct fake *fake = context;

    return (struct instant){ START_UTC + fake->now_ns + fake->stepped_ns };
}

static int64_t
monotonic(void *context)
{
    const struct fake *fake = context;

    return fake->now_ns;
}

void
fake_random(void *context, void *out, size_t size)
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
        text_addf(&text, "token%d%s", fake->tokens, fake->token_tail != NULL ? fake->token_tail : "");
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
    if (strstr(path, "v2/query") != NULL || strstr(path, "Order/search") != NULL) {
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
    struct fake_job *job = fake_job_at(fake, fake->now_ns + fake->latency_ns, give_answer);
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

static void
free_nothing(void *context)
{
    (void)context; /* fake_free() does. */
}

static void
drop(void *context)
{
    struct fake *fake = context;

    fake->drops++;
}

static const struct transport transport_fake = {
    .utc = utc,
    .monotonic = monotonic,
    .random = fake_random,
    .request = request,
    .open = fake_open,
    .send = fake_send,
    .close = fake_close,
    .drop = drop,
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

static void
on_note(void *context, const char *what, const char *line)
{
    struct fake *fake = context;
    struct text text = { .data = fake->notes, .size = sizeof fake->notes, .length = fake->notes_length };

    if (fake->notes_length > sizeof fake->notes - 2000)
        text.length = 0;
    text_addf(&text, "%s: %s\n", what, line);
    fake->notes_length = text.length;
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
    return fake_new_with(accounts, NULL);
}

struct fake *
fake_new_with(int accounts, bool (*in_halt)(void *context, struct instant now))
{
    static int64_t ids[64];
    struct fake *fake = calloc(1, sizeof *fake);
    struct gateway_sink sink = { .context = fake, .event = on_event, .alarm = on_alarm, .wire = on_line, .note = on_note };
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
        .in_halt = in_halt,
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
        fake_job_free(job);
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
            fake_job_free(job);
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

const struct answer_event *
fake_answer(const struct fake *fake, uint64_t command_id)
{
    for (int i = 0; i < fake->events_count; i++)
        if (fake->events[i].kind == EVENT_ANSWER && fake->events[i].event.u.answer.command_id == command_id)
            return &fake->events[i].event.u.answer;
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
