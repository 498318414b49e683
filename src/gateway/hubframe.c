/*
 * hubframe.c - the protocol inside a hub's tunnel: WebSocket upgrade, SignalR handshake, invocations, completions, pings, close.
 *
 *     bytes -> websocket -> messages -> signalr -> records -> decode -> hub_event()
 *
 * The token is the one of this moment (TR-08) and goes where the gateway's documents have it, into the URL's query (JW-01).  Negotiation is skipped
 * (spec/gateway.md 4.1).  A text that cannot be read costs the connection nothing: it is counted and the accounts are
 * reconciled (ES-06, ES-07).
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define UPGRADE_MAX (TOKEN_MAX + 1024)
#define MESSAGE_MAX 512 /* What we send is an invocation with one argument. */

static void
send_bytes(struct hub *hub, const void *bytes, size_t length)
{
    struct gateway *gateway = hub->gateway;
    struct error err;

    if (hub->tunnel == NULL || hub->broken || length == 0)
        return;
    if (gateway->transport->send(gateway->transport_context, hub->tunnel, bytes, length, &err) != OK)
        hub->broken = true; /* Dropped at the next wake-up: we may be inside gateway_carry_out(). */
    hub->sent_ns = gateway_now(gateway);
}

static void
send_frame(struct hub *hub, enum websocket_opcode opcode, const void *data, size_t length)
{
    uint8_t out[MESSAGE_MAX + WEBSOCKET_HEADER_MAX];
    struct websocket_frame frame = { .opcode = opcode, .data = data, .length = length };

    send_bytes(hub, out, websocket_write(&hub->websocket, &frame, out, sizeof out));
}

static void
send_text(struct hub *hub, const struct text *text)
{
    ASSERT(!text->truncated);
    send_frame(hub, WEBSOCKET_OP_TEXT, text->data, text->length);
}

/* ---- What we say ---- */

/* RFC 3986 unreserved characters stay. */
static void
add_escaped(struct text *out, const char *string)
{
    for (const char *c = string; *c != '\0'; c++) {
        bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
            strchr("-._~", *c) != NULL;

        if (plain)
            text_add_bytes(out, c, 1);
        else
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

void
hubframe_open(struct hub *hub)
{
    const char *token = session_token(hub->gateway);
    char *buffer = malloc((size_t)2 * UPGRADE_MAX);
    struct error err;

    if (buffer == NULL || token == NULL) {
        free(buffer);
        hub_drop(hub, token == NULL ? "no token" : "no memory");
        return;
    }
    struct text target = text_on(buffer, UPGRADE_MAX), out = text_on(buffer + UPGRADE_MAX, UPGRADE_MAX);
    text_addf(&target, "%s?access_token=", hub->path);
    add_escaped(&target, token);
    hub->token_generation = hub->gateway->session.generation; /* Of the one really used (JW-03). */
    hub->token_expires_ns = hub->gateway->session.expires_ns;
    if (target.truncated || websocket_connect(&hub->websocket, hub->host, target.data, NULL, &out, &err) != OK)
        hub_drop(hub, "the upgrade request cannot be written");
    else
        send_bytes(hub, out.data, out.length);
    secret_wipe(buffer, (size_t)2 * UPGRADE_MAX); /* JW-02 */
    free(buffer);
}

void
hubframe_subscribe(struct hub *hub, struct subscription *subscription)
{
    char buffer[MESSAGE_MAX];
    struct text text = text_on(buffer, sizeof buffer);

    subscription->invocation = ++hub->next_invocation;
    subscription->tries++;
    subscription->due_ns = gateway_now(hub->gateway) + hub->gateway->times.hub_subscribe_ms * MS;
    signalr_write_invocation(&text, subscription->invocation, subscription->method,
        subscription->argument[0] != '\0' ? subscription->argument : NULL);
    send_text(hub, &text);
}

void
hubframe_unsubscribe(struct hub *hub, const char *contract)
{
    char buffer[MESSAGE_MAX];
    struct text text = text_on(buffer, sizeof buffer);

    signalr_write_invocation(&text, ++hub->next_invocation, "UnsubscribeContractQuotes", contract);
    send_text(hub, &text);
}

void
hubframe_ping(struct hub *hub)
{
    char buffer[32];
    struct text text = text_on(buffer, sizeof buffer);

    signalr_write_ping(&text);
    send_text(hub, &text);
}

void
hubframe_close(struct hub *hub)
{
    uint8_t out[WEBSOCKET_CONTROL_MAX + WEBSOCKET_HEADER_MAX];

    send_bytes(hub, out, websocket_write_close(&hub->websocket, WEBSOCKET_NORMAL, NULL, out, sizeof out));
}

static void
shake_hands(struct hub *hub)
{
    char buffer[64];
    struct text text = text_on(buffer, sizeof buffer);

    hub_enter(hub, HUB_HANDSHAKE);
    signalr_write_handshake(&text);
    send_text(hub, &text);
}

/* ---- What we hear ---- */

static void
take_row(void *context, const struct event *event)
{
    struct hub *hub = context;
    int64_t account_id = decode_account_of(event);

    if (account_id != 0 && !gateway_is_pinned(hub->gateway, account_id)) {
        hub->gateway->foreign_rows++; /* ES-06 */
        return;
    }
    if (hub->state >= HUB_SUBSCRIBING)
        hub_event(hub, event);
}

static void
take_invocation(struct hub *hub, const struct json *json, const struct signalr_message *message)
{
    struct gateway *gateway = hub->gateway;
    char text[SIGNALR_ERROR_MAX];

    switch (decode_invocation(json, message, gateway_utc(gateway), take_row, hub, text, sizeof text)) {
    case DECODE_LOGOUT:
        hub_logged_out(hub, text);
        break;
    case DECODE_UNKNOWN:
        if (gateway->unknown_targets++ % 100 == 0)
            gateway_wire(gateway, "hub: unknown target %s", message->target);
        break;
    case DECODE_UNUSABLE:
        gateway->unusable_rows++;
        gateway_wire(gateway, "hub: unusable %s", message->target);
        if (hub->kind == HUB_USER)
            sync_want(gateway, 0); /* FV-01 */
        break;
    case DECODE_OK:
    case DECODE_IGNORED:
        break;
    }
}

static void
take_close(struct hub *hub, const struct signalr_message *message)
{
    if (!message->allow_reconnect) { /* RC-06 */
        gateway_alarm(hub->gateway, GATEWAY_WARN, "a hub closed and asks not to come back: %s", message->error);
        hub->step = 5;
    }
    hub_drop(hub, message->has_error ? message->error : "closed by the hub");
}

static void
take_record(struct hub *hub, const char *text, size_t length)
{
    struct json json;
    struct signalr_message message;
    struct error err;

    if (length == 0)
        return;
    if (gateway_parse(hub->gateway, text, length, &json, &err) != OK || !signalr_read(&json, &message)) {
        hub->gateway->unusable_rows++;
        if (hub->state == HUB_HANDSHAKE)
            hub_drop(hub, "no SignalR handshake");
        else if (hub->kind == HUB_USER)
            sync_want(hub->gateway, 0);
        return;
    }
    switch (message.type) {
    case SIGNALR_HANDSHAKE:
        if (hub->state != HUB_HANDSHAKE)
            break;
        if (message.has_error) {
            hub_drop(hub, message.error);
            break;
        }
        hub_enter(hub, HUB_SUBSCRIBING);
        hub_tick(hub, gateway_now(hub->gateway));
        break;
    case SIGNALR_INVOCATION:
        if (hub->state >= HUB_SUBSCRIBING)
            take_invocation(hub, &json, &message);
        break;
    case SIGNALR_COMPLETION:
        if (hub->state >= HUB_SUBSCRIBING && message.invocation_id > 0)
            hub_acked(hub, message.invocation_id, message.has_error, message.error);
        break;
    case SIGNALR_CLOSE:
        take_close(hub, &message);
        break;
    default:
        break;
    }
}

static void
take_message(struct hub *hub, const uint8_t *data, size_t length)
{
    struct error err;
    const char *text;
    size_t text_length;

    if (signalr_feed(&hub->signalr, data, length, &err) != OK) {
        hub_drop(hub, err.text);
        return;
    }
    while (hub->socket_ready && signalr_next(&hub->signalr, &text, &text_length))
        take_record(hub, text, text_length);
}

/* JW-03, RC-05: 401 is a matter of the token, 429 of patience. */
static void
take_refusal(struct hub *hub, const struct websocket_event *event)
{
    char why[60];
    struct text text = text_on(why, sizeof why);

    text_addf(&text, "upgrade refused: HTTP %d", (int)event->http_status);
    if (event->http_status == 401 || event->http_status == 403)
        session_refused(hub->gateway, hub->token_generation);
    if (event->http_status == 429 && hub->step < 2)
        hub->step = 2; /* The 5 s floor. */
    hub_drop(hub, why);
}

static void
take_event(struct hub *hub, const struct websocket_event *event)
{
    switch (event->kind) {
    case WEBSOCKET_OPENED:
        shake_hands(hub);
        break;
    case WEBSOCKET_REFUSED:
        take_refusal(hub, event);
        break;
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        take_message(hub, event->data, event->length);
        break;
    case WEBSOCKET_CLOSE:
        hubframe_close(hub);
        hub_drop(hub, "WebSocket closed");
        break;
    case WEBSOCKET_ERROR:
        hub_drop(hub, event->why);
        break;
    default:
        break;
    }
}

void
hubframe_received(struct hub *hub, const void *bytes, size_t length)
{
    struct websocket_event event;
    struct error err;
    uint32_t connection = hub->connects;
    uint8_t pinged[WEBSOCKET_CONTROL_MAX];
    size_t pinged_length = 0;
    bool owes_pong = false;

    if (websocket_feed(&hub->websocket, bytes, length, &err) != OK) {
        hub_drop(hub, err.text);
        return;
    }
    /* A dropped connection's bytes are of no interest any more. */
    while (hub->socket_ready && hub->connects == connection && websocket_next(&hub->websocket, &event) != WEBSOCKET_NONE) {
        if (event.kind != WEBSOCKET_PING) {
            take_event(hub, &event);
            continue;
        }
        owes_pong = true;
        pinged_length = event.length;
        if (event.length > 0)
            memcpy(pinged, event.data, event.length);
    }
    if (owes_pong && hub->socket_ready && hub->connects == connection) /* RFC 6455 5.5.3: to the last of many; a flood costs one write. */
        send_frame(hub, WEBSOCKET_OP_PONG, pinged, pinged_length);
}
