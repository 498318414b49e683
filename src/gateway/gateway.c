/*
 * gateway.c - the whole: events out, commands in, the mode, the one wake-up, start and stop.
 *
 * The mode (CB-09, resilience.md 2): NORMAL when the user hub is LIVE, the market hub is or nobody needs quotes, REST answers and the last
 * reconciliation was complete; BLIND when REST has failed for 15 s, or tells nothing for 45 s while the user hub is down; DEGRADED between.
 */
#include "gateway/internal.h"

#include "base/assert.h"
#include "core/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLIND_AFTER_NS (15 * SECOND)
#define STARTING_NS (15 * SECOND)       /* Afterwards it is no longer called so (SV-02). */
#define RENEW_LATEST_NS (600 * SECOND)   /* LO-03: then also while enforcing. */
#define RENEW_GAP_NS (10 * SECOND)       /* LO-03: market first, user later. */
#define WOKEN_TWICE_NS (5 * SECOND)      /* The clocks, the loop's lag and the system tell of one sleep: what was opened since the first is good. */
#define SLEPT_NS (10 * SECOND)           /* Such a step of the wall clock is no correction of it. */
#define TOKENS_FIRST 4096                /* An answer of some 20 KiB; grows. */
#define STOP_MAX_NS (10 * SECOND)        /* SV-04 */

/* ---- Small services for the parts ---- */

int64_t
gateway_now(const struct gateway *gateway)
{
    return gateway->transport->monotonic(gateway->transport_context);
}

struct instant
gateway_utc(const struct gateway *gateway)
{
    return gateway->transport->utc(gateway->transport_context);
}

/* splitmix64. */
static uint64_t
next_chance(struct gateway *gateway)
{
    uint64_t z = gateway->chance += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

int64_t
gateway_jitter(struct gateway *gateway, int64_t base_ns, int32_t permille)
{
    int32_t width = permille > 0 ? permille : 0;
    int64_t share = 1000 - width + (int64_t)(next_chance(gateway) % (2 * (uint64_t)width + 1));

    return base_ns / 1000 * share;
}

void
gateway_emit(struct gateway *gateway, struct event *event)
{
    event->at = gateway_utc(gateway);
    outbound_note(&gateway->outbound, event);
    gateway->sink.event(gateway->sink.context, event);
}

void
gateway_emit_later(struct gateway *gateway, const struct event *event)
{
    struct later *later = calloc(1, sizeof *later), **last = &gateway->later;

    ASSERT(later != NULL); /* See rest_call(). */
    later->event = *event;
    while (*last != NULL)
        last = &(*last)->next;
    *last = later;
}

void
gateway_alarm(struct gateway *gateway, int level, const char *format, ...)
{
    char message[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gateway->sink.alarm(gateway->sink.context, level, message);
}

void
gateway_wire(struct gateway *gateway, const char *format, ...)
{
    char line[700];
    va_list arguments;

    if (gateway->sink.wire == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    gateway->sink.wire(gateway->sink.context, line);
}

void
gateway_note(struct gateway *gateway, const char *what, const char *format, ...)
{
    char text[WHY_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    gateway_wire(gateway, "%s: %s", what, text);
    if (gateway->sink.note != NULL)
        gateway->sink.note(gateway->sink.context, what, text);
}

enum status
gateway_parse(struct gateway *gateway, const char *text, size_t length, struct json *ret_json, struct error *err)
{
    for (;;) {
        enum status status = json_read(text, length, gateway->tokens, gateway->tokens_size, ret_json, err);

        if (status != STATUS_LIMIT || gateway->tokens_size > length) /* A value has at least one byte. */
            return status;
        size_t size = gateway->tokens_size * 4;
        struct json_token *grown = realloc(gateway->tokens, size * sizeof *grown);
        if (grown == NULL)
            return status;
        gateway->tokens = grown;
        gateway->tokens_size = size;
    }
}

bool
gateway_is_pinned(const struct gateway *gateway, int64_t account_id)
{
    return sync_find(gateway, account_id) != NULL;
}

/* ---- The mode ---- */

static enum mode
mode_now(const struct gateway *gateway)
{
    const struct rest *rest = &gateway->rest;
    int64_t now = gateway_now(gateway);
    bool market_fine = hub_is_live(&gateway->hubs[HUB_MARKET]) || gateway->hubs[HUB_MARKET].count == 0;
    bool starting = gateway->mode == MODE_STARTING && now - gateway->started_ns < STARTING_NS;

    if (hub_is_live(&gateway->hubs[HUB_USER]) && market_fine && rest->failing_since_ns < 0 && sync_all_ok(gateway))
        return MODE_NORMAL;
    if (starting)
        return MODE_STARTING;
    if (rest->success_ns < 0 || (rest->failing_since_ns >= 0 && now - rest->failing_since_ns >= BLIND_AFTER_NS))
        return MODE_BLIND;
    return now >= health_unseen_from(gateway) ? MODE_BLIND : MODE_DEGRADED;
}

void
gateway_judge_mode(struct gateway *gateway, const char *reason)
{
    struct event event = { .kind = EVENT_MODE };
    enum mode mode = mode_now(gateway), old = gateway->mode;
    bool user = hub_is_live(&gateway->hubs[HUB_USER]), market = hub_is_live(&gateway->hubs[HUB_MARKET]);

    if (gateway->stopping || (mode == old && user == gateway->user_live && market == gateway->market_live))
        return;
    gateway->mode = mode;
    gateway->user_live = user;
    gateway->market_live = market;
    event.u.mode = (struct mode_event){ .mode = mode, .user_live = user, .market_live = market };
    text_copy(event.u.mode.reason, sizeof event.u.mode.reason, reason);
    if (old == MODE_BLIND) /* DG-05: recovery begins with the truth. */
        sync_want(gateway, 0);
    gateway_emit(gateway, &event);
}

/* ---- The one wake-up ---- */

static int64_t
earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
next_wake(const struct gateway *gateway, int64_t now)
{
    int64_t at = earliest(gateway->sync.due_ns, gateway->rest.due_ns);

    if (gateway->stopped)
        return NEVER;
    if (gateway->later != NULL)
        return now;
    if (gateway->stopping)
        return gateway->rest.mutations_in_flight == 0 ? now : gateway->stop_ns;
    if (gateway->session.flight == FLIGHT_NONE)
        at = earliest(at, gateway->session.due_ns);
    for (int i = 0; i < HUBS; i++)
        at = earliest(at, hub_due(&gateway->hubs[i], now));
    if (gateway->rest.failing_since_ns >= 0 && gateway->mode != MODE_BLIND)
        at = earliest(at, gateway->rest.failing_since_ns + BLIND_AFTER_NS);
    if (gateway->mode != MODE_BLIND && gateway->mode != MODE_STARTING)
        at = earliest(at, health_unseen_from(gateway));
    if (gateway->mode == MODE_STARTING)
        at = earliest(at, gateway->started_ns + STARTING_NS);
    return at;
}

void
gateway_rearm(struct gateway *gateway)
{
    int64_t at = next_wake(gateway, gateway_now(gateway));

    if (at == gateway->wake_ns)
        return;
    gateway->wake_ns = at;
    gateway->transport->wake(gateway->transport_context, at);
}

static void
give_later(struct gateway *gateway)
{
    while (gateway->later != NULL) {
        struct later *later = gateway->later;

        gateway->later = later->next;
        gateway_emit(gateway, &later->event);
        free(later);
    }
}

bool
gateway_in_halt(const struct gateway *gateway)
{
    const struct gateway_settings *s = &gateway->settings;

    return s->in_halt != NULL && s->in_halt(s->context, gateway_utc(gateway));
}

/* SR-11, TR-01: connections are dead, tokens older than our clock thinks, and what happened meanwhile nobody told. */
static void
wake_up(struct gateway *gateway, int64_t slept_ns)
{
    gateway->woke_ns = gateway_now(gateway);
    session_slept(gateway, slept_ns);
    for (int i = 0; i < HUBS; i++)
        hub_slept(&gateway->hubs[i], slept_ns);
    gateway->transport->drop(gateway->transport_context);
    health_warm(gateway, gateway->woke_ns);
    sync_want(gateway, 0);
}

static void
check_sleep(struct gateway *gateway)
{
    int64_t offset_ns = gateway_utc(gateway).ns - gateway_now(gateway);
    int64_t slept_ns = offset_ns - gateway->offset_ns;

    gateway->offset_ns = offset_ns;
    if (slept_ns < SLEPT_NS)
        return;
    gateway_wire(gateway, "the machine slept for %lld s", (long long)(slept_ns / SECOND));
    wake_up(gateway, slept_ns);
}

/* LO-02: the old token may end its hub's connection; a new one is made while the old token works. */
static bool
wants_renewal(const struct gateway *gateway, const struct hub *hub, int64_t now)
{
    int64_t left = hub->token_expires_ns - now;

    if (!hub_is_live(hub) || gateway->session.expires_ns <= hub->token_expires_ns)
        return false;
    if (left > gateway->times.hub_renew_ms * MS && !gateway_in_halt(gateway))
        return false;
    return gateway->rest.mutations_in_flight == 0 || left < RENEW_LATEST_NS; /* LO-03 */
}

static void
renew_hubs(struct gateway *gateway, int64_t now)
{
    struct hub *market = &gateway->hubs[HUB_MARKET], *user = &gateway->hubs[HUB_USER];

    if (wants_renewal(gateway, market, now))
        hub_renew(market);
    else if (now - market->state_ns >= RENEW_GAP_NS && wants_renewal(gateway, user, now))
        hub_renew(user);
}

static void
stop_soon(struct gateway *gateway, int64_t now)
{
    void (*done)(void *context) = gateway->stop_done;

    for (int i = 0; i < HUBS; i++)
        hub_stop(&gateway->hubs[i]);
    if (gateway->rest.mutations_in_flight > 0 && now < gateway->stop_ns)
        return;
    gateway->stopped = true;
    if (done != NULL)
        done(gateway->stop_context);
}

static void
woken(void *user)
{
    struct gateway *gateway = user;
    int64_t now = gateway_now(gateway);

    gateway->wake_ns = NEVER;
    give_later(gateway);
    if (gateway->stopping) {
        stop_soon(gateway, now);
    } else {
        check_sleep(gateway);
        session_tick(gateway, now);
        rest_tick(gateway, now);
        renew_hubs(gateway, now);
        for (int i = 0; i < HUBS; i++)
            hub_tick(&gateway->hubs[i], now);
        sync_tick(gateway, now);
        gateway_judge_mode(gateway, now >= health_unseen_from(gateway) ? "the user hub is down, and REST tells nothing" : "REST does not answer");
    }
    gateway_rearm(gateway);
}

/* ---- Start and stop ---- */

void
gateway_start(struct gateway *gateway)
{
    pace_init(&gateway->pace, &gateway->settings.limits, gateway_now(gateway), gateway->settings.rested);
    session_start(gateway);
    health_warm(gateway, gateway_now(gateway)); /* Connections are made while the log-in is under way. */
    for (int i = 0; i < HUBS; i++)
        hub_start(&gateway->hubs[i]);
    gateway_rearm(gateway);
}

void
gateway_stop(struct gateway *gateway, void (*done)(void *context), void *context)
{
    if (gateway->stopping)
        return;
    gateway->stopping = true;
    gateway->stop_done = done;
    gateway->stop_context = context;
    gateway->stop_ns = gateway_now(gateway) + STOP_MAX_NS; /* At the wake-up: we may be inside a hub's frame. */
    gateway_rearm(gateway);
}

void
gateway_change_key(struct gateway *gateway, const char *user_name, const char *api_key)
{
    session_try_key(gateway, user_name, api_key);
    gateway_rearm(gateway);
}

void
gateway_woke(struct gateway *gateway)
{
    if (gateway->stopping)
        return;
    check_sleep(gateway);
    if (gateway->woke_ns == 0 || gateway_now(gateway) - gateway->woke_ns >= WOKEN_TWICE_NS)
        wake_up(gateway, 0);
    gateway_rearm(gateway);
}

void
gateway_distrust(struct gateway *gateway, int64_t account_id)
{
    sync_want(gateway, account_id);
    gateway_rearm(gateway);
}

/* ---- Construction ---- */

char *
gateway_copy_text(const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 1;
    char *copy = calloc(1, size);

    if (copy != NULL && text != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* Without a slash at its end: paths begin with one. */
static char *
copy_url(const char *url)
{
    char *copy = gateway_copy_text(url);
    size_t length = copy != NULL ? strlen(copy) : 0;

    if (length > 0 && copy[length - 1] == '/')
        copy[length - 1] = '\0';
    return copy;
}

static int32_t
or_default(int32_t value, int32_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static struct gateway_waits
waits_or_default(const struct gateway_waits *waits)
{
    static const struct gateway_waits otherwise = { 6, { 500, 2000, 5000, 10000, 30000, 60000 } };

    return waits->count > 0 ? *waits : otherwise;
}

static struct gateway_times
complete(const struct gateway_times *t)
{
    return (struct gateway_times){
        .connect_ms = or_default(t->connect_ms, 3000),
        .read_ms = or_default(t->read_ms, 10000),
        .mutation_ms = or_default(t->mutation_ms, 5000),
        .hub_connect_ms = or_default(t->hub_connect_ms, 10000),
        .hub_handshake_ms = or_default(t->hub_handshake_ms, 15000),
        .hub_subscribe_ms = or_default(t->hub_subscribe_ms, 10000),
        .hub_ping_ms = or_default(t->hub_ping_ms, 15000),
        .hub_silence_ms = or_default(t->hub_silence_ms, 30000),
        .sync_request_ms = or_default(t->sync_request_ms, 5000),
        .sync_ms = or_default(t->sync_ms, 15000),
        .audit_ms = or_default(t->audit_ms, 60000),
        .poll_positions_ms = or_default(t->poll_positions_ms, 5000),
        .poll_trades_ms = or_default(t->poll_trades_ms, 10000),
        .poll_account_ms = or_default(t->poll_account_ms, 30000),
        .quotes_silence_ms = or_default(t->quotes_silence_ms, 30000),
        .pause_failures = or_default(t->pause_failures, 5),
        .pause_first_ms = or_default(t->pause_first_ms, 30000),
        .pause_longest_ms = or_default(t->pause_longest_ms, 300000),
        .hub_waits = waits_or_default(&t->hub_waits),
        .hub_jitter_permille = t->hub_jitter_permille != 0 ? t->hub_jitter_permille : JITTER_PERMILLE,
        .hub_stable_ms = or_default(t->hub_stable_ms, 60000),
        .hub_renew_ms = or_default(t->hub_renew_ms, 3600000),
        .token_refresh_ms = or_default(t->token_refresh_ms, 7200000),
        .token_retry_ms = or_default(t->token_retry_ms, 60000),
        .token_critical_ms = or_default(t->token_critical_ms, 1800000),
        .read_tries = or_default(t->read_tries, 3),
        .read_base_ms = or_default(t->read_base_ms, 1000),
        .read_cap_ms = or_default(t->read_cap_ms, 10000),
        .read_jitter_permille = t->read_jitter_permille != 0 ? t->read_jitter_permille : JITTER_PERMILLE,
        .sync_gap_ms = or_default(t->sync_gap_ms, 5000),
        .sync_buffer = or_default(t->sync_buffer, 1000),
    };
}

static enum status
take_settings(struct gateway *gateway, const struct gateway_settings *settings, struct error *err)
{
    struct gateway_settings *s = &gateway->settings;

    gateway->times = complete(&settings->times);
    *s = *settings;
    s->rest_url = copy_url(settings->rest_url);
    s->user_name = gateway_copy_text(settings->user_name);
    s->api_key = gateway_copy_text(settings->api_key);
    s->user_hub_url = s->market_hub_url = s->ca_file = NULL; /* Kept by their users. */
    s->accounts = NULL;
    if (s->rest_url == NULL || s->user_name == NULL || s->api_key == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    if (!text_starts(s->rest_url, "https://"))
        return error_set(err, STATUS_CONFIG, "gateway address: not https://: %s", s->rest_url);
    if (settings->accounts_count == 0)
        return error_set(err, STATUS_CONFIG, "no account to watch");
    return OK;
}

static enum status
set_up_transport(struct gateway *gateway, struct uv_loop_s *uv, const struct gateway_settings *settings, struct error *err)
{
    struct transport_uv_settings uv_settings = { .ca_file = settings->ca_file, .connect_timeout_ms = gateway->times.connect_ms };

    if (settings->transport != NULL) {
        gateway->transport = settings->transport;
        gateway->transport_context = settings->transport_context;
    } else {
        enum status status = transport_uv_new(uv, &uv_settings, &gateway->transport_context, err);

        if (status != OK)
            return status;
        gateway->transport = &transport_uv;
    }
    gateway->transport->on_wake(gateway->transport_context, woken, gateway);
    gateway->started_ns = gateway_now(gateway);
    gateway->offset_ns = gateway_utc(gateway).ns - gateway->started_ns;
    pause_init(&gateway->rest.pause, gateway->times.pause_failures, gateway->times.pause_first_ms * MS,
        gateway->times.pause_longest_ms * MS);
    return OK;
}

enum status
gateway_new(struct uv_loop_s *uv, const struct gateway_settings *settings, struct gateway_sink sink,
    struct gateway **ret_gateway, struct error *err)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);

    if (gateway == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    gateway->sink = sink;
    gateway->chance = settings->seed;
    gateway->mode = MODE_STARTING;
    gateway->wake_ns = NEVER;
    gateway->rest.due_ns = gateway->rest.ping_ns = NEVER;
    gateway->rest.success_ns = gateway->rest.untold_ns = gateway->rest.failing_since_ns = -1;
    gateway->session.due_ns = NEVER;
    gateway->tokens_size = TOKENS_FIRST;
    gateway->tokens = malloc(TOKENS_FIRST * sizeof *gateway->tokens);
    enum status status = gateway->tokens != NULL ? OK : error_set(err, STATUS_LIMIT, "no memory");
    if (status == OK)
        status = take_settings(gateway, settings, err);
    if (status == OK)
        status = set_up_transport(gateway, uv, settings, err);
    if (status == OK)
        status = sync_init(gateway, settings->accounts, settings->accounts_count, err);
    if (status == OK)
        status = hub_init(gateway, HUB_USER, settings->user_hub_url, err);
    if (status == OK)
        status = hub_init(gateway, HUB_MARKET, settings->market_hub_url, err);
    if (status != OK) {
        gateway_free(gateway);
        return status;
    }
    *ret_gateway = gateway;
    return OK;
}

void
gateway_free_secret(const char *text)
{
    char *own = (char *)(uintptr_t)text; /* gateway_copy_text() made it. */

    if (own != NULL)
        secret_wipe(own, strlen(own));
    free(own);
}

void
gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    gateway->stopping = gateway->stopped = true;
    for (int i = 0; i < HUBS; i++) {
        if (gateway->hubs[i].tunnel != NULL)
            gateway->transport->close(gateway->transport_context, gateway->hubs[i].tunnel);
        hub_fini(&gateway->hubs[i]);
    }
    if (gateway->transport != NULL)
        gateway->transport->free(gateway->transport_context);
    rest_fini(&gateway->rest);
    fetch_fini(gateway);
    sync_fini(&gateway->sync);
    session_fini(&gateway->session);
    outbound_fini(&gateway->outbound);
    while (gateway->later != NULL) {
        struct later *later = gateway->later;

        gateway->later = later->next;
        free(later);
    }
    gateway_free_secret(gateway->settings.rest_url);
    gateway_free_secret(gateway->settings.user_name);
    gateway_free_secret(gateway->settings.api_key);
    free(gateway->tokens);
    free(gateway);
}
