/*
 * hub.c - one hub's connection: when it connects, what it subscribes to, when it counts as alive (resilience.md 1.18 to 1.21).
 *
 *     OFF -> DOWN --timer, token--> CONNECTING --101--> HANDSHAKE --{}--> SUBSCRIBING --all acks--> SYNCING --snapshot--> LIVE
 *             ^                         |                  |                   |                       |                  |
 *             +----------------- error, time-out, silence 30 s, GatewayLogout, close ------------------+------------------+
 *
 * The market hub skips SYNCING.  It reconnects for ever (RC-02), at 0.5, 2, 5, 10, 30, 60 s or as hub.backoff_ms has it (BO-04); the step falls back only after a minute LIVE (BO-02).
 * The token goes into the URL at connecting (JW-03) and nowhere else.  User events before LIVE are buffered and delivered after the
 * snapshot, or when the connection ends first: broker data is never discarded (P3).
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define HELD_NS SECOND              /* SR-02 lets events wait for the snapshot; P1 no longer: what a lock forbids must be seen. */
#define FLOOR_NS (5 * SECOND)       /* RL-07: after two failures. */
#define LOGOUT_SPAN_NS (120 * SECOND) /* CC-07: five within this ... */
#define LOGOUT_PAUSE_NS (300 * SECOND) /* ... and it tries each five minutes. */

static const int64_t resubscribe_s[] = { 1, 2, 5 }; /* ES-02 */

#define SYNC_ALARM_AGAIN_NS (60 * SECOND)
#define ACCOUNTS_A_MINUTE 15 /* Four reads each, half of the window gone at a start. */

static const char *const state_names[] = { "OFF", "DOWN", "CONNECTING", "HANDSHAKE", "SUBSCRIBING", "SYNCING", "LIVE" };

const char *
hub_state_name(enum hub_state state)
{
    return state_names[state];
}

bool
hub_is_live(const struct hub *hub)
{
    return hub->state == HUB_LIVE;
}

/* ---- Construction ---- */

/* "wss://host[:port]/path" in its parts. */
static bool
split_url(struct hub *hub, const char *url)
{
    if (!text_starts(url, "wss://"))
        return false;
    const char *host = url + strlen("wss://");
    const char *path = strchr(host, '/');
    if (path == NULL || path == host || strchr(path, '?') != NULL)
        return false;
    if (!text_copy_bytes(hub->host, sizeof hub->host, host, (size_t)(path - host)) ||
        !text_copy(hub->path, sizeof hub->path, path))
        return false;
    struct text origin = text_on(hub->origin, sizeof hub->origin);
    text_addf(&origin, "https://%s", hub->host);
    return !origin.truncated;
}

enum status
hub_init(struct gateway *gateway, enum hub_kind kind, const char *url, struct error *err)
{
    struct hub *hub = &gateway->hubs[kind];

    *hub = (struct hub){ .gateway = gateway, .kind = kind, .state = HUB_OFF, .at_ns = NEVER, .alarm_ns = NEVER, .received_ns = -1 };
    if (!split_url(hub, url))
        return error_set(err, STATUS_CONFIG, "hub address: not wss://host/path: %s", url);
    if (kind == HUB_MARKET)
        return OK;
    hub->buffer = malloc((size_t)gateway->times.sync_buffer * sizeof *hub->buffer);
    if (hub->buffer == NULL || !hubset_add_user(hub))
        return error_set(err, STATUS_LIMIT, "no memory");
    return OK;
}

void
hub_fini(struct hub *hub)
{
    websocket_fini(&hub->websocket);
    signalr_fini(&hub->signalr);
    free(hub->subscriptions);
    free(hub->buffer);
    hub->subscriptions = NULL;
    hub->buffer = NULL;
}

/* ---- States ---- */

/* Reconciling so many accounts that their reads do not fit the rate window at once takes minutes, and is no failure (RL-06, RL-08). */
static int64_t
sync_patience_ms(const struct gateway *gateway)
{
    return gateway->times.sync_ms + (int64_t)gateway->sync.count / ACCOUNTS_A_MINUTE * 60000;
}

void
hub_enter(struct hub *hub, enum hub_state state)
{
    int64_t now = gateway_now(hub->gateway);
    const struct gateway_times *t = &hub->gateway->times;
    bool was_live = hub->state == HUB_LIVE;

    hubtell_transition(hub, state, now);
    if (hub->state >= HUB_SYNCING)
        hub->streamed_ns = now;
    hub->state = state;
    hub->state_ns = now;
    switch (state) {
    case HUB_CONNECTING:
        hub->at_ns = now + t->hub_connect_ms * MS;
        break;
    case HUB_HANDSHAKE:
        hub->at_ns = now + t->hub_handshake_ms * MS;
        break;
    case HUB_SYNCING:
        hub->at_ns = now + sync_patience_ms(hub->gateway) * MS;
        break;
    case HUB_LIVE:
        hub->live_ns = now;
        hub->alarm_ns = NEVER;
        hub->quote_ns = now;
        hub->at_ns = NEVER;
        break;
    default: /* DOWN sets its own; SUBSCRIBING has a time-out for each subscription. */
        hub->at_ns = NEVER;
        break;
    }
    if (was_live)
        hubtell_watch(hub, now);
    if (was_live != (state == HUB_LIVE))
        gateway_judge_mode(hub->gateway, state == HUB_LIVE ? "hub live" : hub->why);
}

/* In order of arrival; a full buffer is a gap like any other (SR-13). */
static void
deliver_buffer(struct hub *hub)
{
    uint32_t count = hub->buffered;
    bool overflowed = hub->overflowed;

    hub->buffered = 0;
    hub->overflowed = false;
    for (uint32_t i = 0; i < count; i++)
        gateway_emit(hub->gateway, &hub->buffer[i]);
    if (overflowed) {
        struct event event = { .kind = EVENT_OVERFLOW };

        sync_want(hub->gateway, 0);
        gateway_emit(hub->gateway, &event);
    }
}

/* Give the connection up, whatever state it is in: drops are routine, so nothing of it may stay (RC-10). */
static void
disconnect(struct hub *hub)
{
    struct gateway *gateway = hub->gateway;

    if (hub->tunnel != NULL)
        gateway->transport->close(gateway->transport_context, hub->tunnel);
    hub->tunnel = NULL;
    hub->socket_ready = false;
    hub->broken = false;
    hub->released = false;
    websocket_fini(&hub->websocket);
    signalr_fini(&hub->signalr);
    hubset_reset(hub);
}

static void
go_down(struct hub *hub, const char *why, int64_t delay_ns)
{
    if (hub->state == HUB_OFF)
        return;
    text_copy(hub->why, sizeof hub->why, why);
    disconnect(hub);
    hub_enter(hub, HUB_DOWN);
    hub->at_ns = gateway_now(hub->gateway) + delay_ns;
    if (hub->kind == HUB_USER) {
        hub->gateway->sync.wave = false;
        deliver_buffer(hub);
        sync_tick(hub->gateway, gateway_now(hub->gateway)); /* RC-04: polling begins now. */
    }
}

static int64_t
next_delay(struct hub *hub)
{
    int64_t now = gateway_now(hub->gateway);
    const struct gateway_times *t = &hub->gateway->times;

    if (hub->state == HUB_LIVE && now - hub->live_ns >= t->hub_stable_ms * MS)
        hub->step = 0;
    int32_t step = hub->step;
    if (hub->step < t->hub_waits.count - 1)
        hub->step++;
    int64_t delay = gateway_jitter(hub->gateway, t->hub_waits.steps_ms[step] * MS, t->hub_jitter_permille);
    return step >= 2 && delay < FLOOR_NS ? FLOOR_NS : delay;
}

void
hub_drop(struct hub *hub, const char *why)
{
    if (hub->state > HUB_DOWN)
        go_down(hub, why, next_delay(hub));
}

void
hub_log_out(struct hub *hub, int64_t delay_ns)
{
    if (hub->state > HUB_DOWN) {
        go_down(hub, "GatewayLogout", delay_ns);
    } else if (hub->state == HUB_DOWN && hub->at_ns < gateway_now(hub->gateway) + delay_ns) {
        hub->at_ns = gateway_now(hub->gateway) + delay_ns;
    }
}

void
hub_renew(struct hub *hub)
{
    if (hub->state > HUB_DOWN)
        go_down(hub, "renewal before the token expires", 0);
}

void
hub_slept(struct hub *hub, int64_t slept_ns)
{
    hub->token_expires_ns -= slept_ns;
    if (hub->state > HUB_DOWN)
        go_down(hub, "the machine slept", 0);
}

void
hub_start(struct hub *hub)
{
    hub->state = HUB_DOWN;
    hub->at_ns = hub->state_ns = hub->streamed_ns = gateway_now(hub->gateway);
    hubtell_watch(hub, hub->at_ns);
}

/* RC-07: OFF, not DOWN: nothing brings it back. */
void
hub_stop(struct hub *hub)
{
    if (hub->state > HUB_HANDSHAKE)
        hubframe_close(hub);
    disconnect(hub);
    if (hub->state != HUB_OFF)
        hubtell_transition(hub, HUB_OFF, gateway_now(hub->gateway));
    hub->state = HUB_OFF;
    hub->at_ns = NEVER;
    hub->alarm_ns = NEVER;
    if (hub->kind == HUB_USER)
        deliver_buffer(hub);
}

/* ---- Connecting ---- */

static void
on_opened(void *context)
{
    struct hub *hub = context;

    hub->socket_ready = true;
    hub->received_ns = gateway_now(hub->gateway);
    hubframe_open(hub);
    gateway_rearm(hub->gateway);
}

static void
on_received(void *context, const void *bytes, size_t length)
{
    struct hub *hub = context;

    hub->gateway->frame_ns = gateway_now(hub->gateway);
    hub->received_ns = hub->gateway->frame_ns;
    hubframe_received(hub, bytes, length);
    gateway_rearm(hub->gateway);
}

static void
on_closed(void *context, const char *why)
{
    struct hub *hub = context;

    hub_drop(hub, why);
    gateway_rearm(hub->gateway);
}

static void
connect_now(struct hub *hub)
{
    static const struct tunnel_handlers handlers[HUBS] = {
        [HUB_USER] = { .order = TUNNEL_SOON, .opened = on_opened, .received = on_received, .closed = on_closed },
        [HUB_MARKET] = { .order = TUNNEL_LAST, .opened = on_opened, .received = on_received, .closed = on_closed },
    };
    struct gateway *gateway = hub->gateway;
    struct websocket_options options = {
        .role = WEBSOCKET_CLIENT,
        .message_max = SIGNALR_RECORD_MAX,
        .random = gateway->transport->random,
        .random_context = gateway->transport_context,
    };
    struct error err;

    websocket_init(&hub->websocket, &options);
    hub->connects++;
    hub->next_invocation = 0;
    hub->resubscribed = false;
    hub->token_generation = gateway->session.generation;
    hub->token_expires_ns = gateway->session.expires_ns;
    hub_enter(hub, HUB_CONNECTING);
    if (gateway->transport->open(gateway->transport_context, hub->origin, gateway->times.hub_connect_ms, &handlers[hub->kind], hub,
            &hub->tunnel, &err) != OK) {
        hub->tunnel = NULL;
        hub_drop(hub, err.text);
    }
}

void
hub_token(struct hub *hub)
{
    hub_tick(hub, gateway_now(hub->gateway));
}

/* ---- Subscriptions ---- */

static void
check_acks(struct hub *hub)
{
    if (hub->state != HUB_SUBSCRIBING || !hubset_is_acked(hub))
        return;
    if (hub->kind == HUB_MARKET) {
        hub_enter(hub, HUB_LIVE);
        return;
    }
    hub_enter(hub, HUB_SYNCING);
    sync_wave(hub->gateway);
}

void
hub_release(struct hub *hub)
{
    if (hub->state != HUB_SYNCING || hub->released)
        return;
    hub->released = true;
    deliver_buffer(hub);
}

void
hub_synced(struct hub *hub)
{
    if (hub->state != HUB_SYNCING)
        return;
    hub_release(hub);
    hub_enter(hub, HUB_LIVE);
}

void
hub_acked(struct hub *hub, int64_t invocation, bool failed, const char *error)
{
    for (uint32_t i = 0; i < hub->count; i++) {
        struct subscription *s = &hub->subscriptions[i];

        if (s->invocation != invocation || s->acked)
            continue;
        if (!failed) {
            s->acked = true;
            s->due_ns = NEVER;
            check_acks(hub);
            return;
        }
        gateway_wire(hub->gateway, "hub %s: %s(%s) failed: %s", hubtell_name(hub), s->method, s->argument, error);
        if (s->tries > (int32_t)COUNT_OF(resubscribe_s)) {
            gateway_alarm(hub->gateway, GATEWAY_WARN, "hub %s: %s keeps failing: %s", hubtell_name(hub), s->method, error);
            hub_drop(hub, "a subscription keeps failing");
            return;
        }
        s->invocation = 0;
        s->due_ns = gateway_now(hub->gateway) + resubscribe_s[s->tries - 1] * SECOND;
        return;
    }
}

void
hub_subscribe(struct hub *hub, const char *contract)
{
    struct subscription *s = hubset_add_contract(hub, contract);

    if (s == NULL)
        return;
    if (hub->count == 1)
        hub->quote_ns = gateway_now(hub->gateway);
    if (hub->state >= HUB_SUBSCRIBING && !hub->broken)
        hubframe_subscribe(hub, s);
}

void
hub_unsubscribe(struct hub *hub, const char *contract)
{
    char argument[SUBSCRIPTION_ARGUMENT_MAX];

    if (hubset_remove_contract(hub, contract, argument) && hub->state >= HUB_SUBSCRIBING && !hub->broken)
        hubframe_unsubscribe(hub, argument);
}

/* ---- Events ---- */

void
hub_event(struct hub *hub, const struct event *event)
{
    struct event copy = *event;

    if (event->kind == EVENT_QUOTE)
        hub->quote_ns = gateway_now(hub->gateway);
    if (hub->kind == HUB_MARKET || hub->released) {
        gateway_emit(hub->gateway, &copy);
        return;
    }
    if (hub->buffered >= (uint32_t)hub->gateway->times.sync_buffer) {
        hub->overflowed = true;
        hub->buffered = 0;
    }
    if (!hub->overflowed)
        hub->buffer[hub->buffered++] = copy;
}

void
hub_logged_out(struct hub *hub, const char *text)
{
    struct gateway *gateway = hub->gateway;
    struct hub *user = &gateway->hubs[HUB_USER]; /* Counts for both. */
    int64_t now = gateway_now(gateway);
    int64_t fourth = user->logouts_ns[user->logouts_count % COUNT_OF(user->logouts_ns)]; /* Back from this one. */
    bool storm = user->logouts_count >= COUNT_OF(user->logouts_ns) && now - fourth < LOGOUT_SPAN_NS;
    int64_t delay = 2 * SECOND + gateway_jitter(gateway, 3 * SECOND / 2, JITTER_PERMILLE); /* 2 to 5 s. */

    user->logouts_ns[user->logouts_count++ % COUNT_OF(user->logouts_ns)] = now;
    gateway->logouts++;
    if (storm)
        delay = LOGOUT_PAUSE_NS;
    gateway_alarm(gateway, storm ? GATEWAY_CRITICAL : GATEWAY_WARN, "the gateway logged the %s hub out%s%s%s", hubtell_name(hub),
        text[0] != '\0' ? ": " : "", text, storm ? "; another session of this user seems to be running: next try in 5 min" : "");
    if (!storm)
        session_renew(gateway);
    for (int i = 0; i < HUBS; i++)
        hub_log_out(&gateway->hubs[i], delay);
}

/* ---- Time ---- */

static void
tick_subscriptions(struct hub *hub, int64_t now)
{
    for (uint32_t i = 0; i < hub->count && hub->state >= HUB_SUBSCRIBING && !hub->broken; i++) {
        struct subscription *s = &hub->subscriptions[i];

        if (s->acked || now < s->due_ns)
            continue;
        if (s->invocation != 0) {
            hub_drop(hub, "a subscription was not acknowledged");
            return;
        }
        hubframe_subscribe(hub, s);
    }
    check_acks(hub); /* A market hub without contracts is done at once. */
}

/* HM-02: pings alone are no quotes. */
static void
tick_quotes(struct hub *hub, int64_t now)
{
    const struct gateway_settings *settings = &hub->gateway->settings;
    int64_t silence = hub->gateway->times.quotes_silence_ms * MS;

    if (hub->kind != HUB_MARKET || hub->state != HUB_LIVE)
        return;
    if (hub->count == 0 || settings->in_session == NULL ||
        !settings->in_session(settings->context, gateway_utc(hub->gateway))) {
        hub->quote_ns = now;
        return;
    }
    if (now - hub->quote_ns >= 2 * silence) {
        hub_drop(hub, "connected, but no quotes");
    } else if (now - hub->quote_ns >= silence && !hub->resubscribed) {
        hub->resubscribed = true;
        for (uint32_t i = 0; i < hub->count && !hub->broken; i++) {
            hub->subscriptions[i].acked = false;
            hubframe_subscribe(hub, &hub->subscriptions[i]);
        }
    } else if (now - hub->quote_ns < silence) {
        hub->resubscribed = false;
    }
}

static void
tick_connected(struct hub *hub, int64_t now)
{
    const struct gateway_times *t = &hub->gateway->times;

    if (hub->state == HUB_SYNCING && now >= hub->at_ns) { /* SR-10: a new connection would begin all over again, and read no faster. */
        gateway_alarm(hub->gateway, GATEWAY_CRITICAL, "reconciliation takes too long; polling goes on");
        hub->at_ns = now + SYNC_ALARM_AGAIN_NS;
    }
    if (hub->broken) {
        hub_drop(hub, "sending failed");
    } else if (hub->socket_ready && now - hub->received_ns >= t->hub_silence_ms * MS) {
        hub_drop(hub, "silent for 30 s"); /* HM-01 */
    } else if (now >= hub->at_ns) {
        char why[60];
        struct text text = text_on(why, sizeof why);

        text_addf(&text, "%s took too long", state_names[hub->state]);
        hub_drop(hub, why);
    } else {
        if (hub->state >= HUB_SUBSCRIBING && now - hub->sent_ns >= t->hub_ping_ms * MS)
            hubframe_ping(hub);
        if (now - hub->state_ns >= HELD_NS)
            hub_release(hub);
        tick_subscriptions(hub, now);
        tick_quotes(hub, now);
    }
}

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t
hub_due(const struct hub *hub, int64_t now)
{
    const struct gateway_times *t = &hub->gateway->times;
    int64_t due = earlier(hub->at_ns, hub->alarm_ns);

    if (hub->state == HUB_DOWN && session_token(hub->gateway) == NULL)
        return hub->alarm_ns; /* hub_token() comes. */
    if (hub->state <= HUB_DOWN)
        return due;
    if (hub->broken)
        return now;
    if (hub->socket_ready)
        due = earlier(due, hub->received_ns + t->hub_silence_ms * MS);
    if (hub->state < HUB_SUBSCRIBING)
        return due;
    due = earlier(due, hub->sent_ns + t->hub_ping_ms * MS);
    if (hub->state == HUB_SYNCING && !hub->released)
        due = earlier(due, hub->state_ns + HELD_NS);
    for (uint32_t i = 0; i < hub->count; i++)
        if (!hub->subscriptions[i].acked)
            due = earlier(due, hub->subscriptions[i].due_ns);
    if (hub->kind == HUB_MARKET && hub->state == HUB_LIVE && hub->count > 0)
        due = earlier(due, hub->quote_ns + (hub->resubscribed ? 2 : 1) * t->quotes_silence_ms * MS);
    return due;
}

void
hub_tick(struct hub *hub, int64_t now)
{
    if (hub->state == HUB_DOWN && now >= hub->at_ns && session_token(hub->gateway) != NULL && !hub->gateway->stopping)
        connect_now(hub);
    else if (hub->state > HUB_DOWN)
        tick_connected(hub, now);
    hubtell_alarm(hub, now);
}
