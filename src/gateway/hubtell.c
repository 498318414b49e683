/*
 * hubtell.c - what is told of a hub: each transition for log and ledger (RC-09), and an alarm while it is not LIVE for long (SV-06).
 */
#include "gateway/internal.h"

#define WORRY_NS (10 * SECOND)      /* With an open position ... */
#define CRITICAL_NS (60 * SECOND)   /* ... and in any case. */
#define CRITICAL_AGAIN_NS (300 * SECOND)

const char *
hubtell_name(const struct hub *hub)
{
    return hub->kind == HUB_USER ? "user" : "market";
}

/* RC-09: each transition, how long the state before lasted, why it ended, and at the end how much was missed. */
void
hubtell_transition(struct hub *hub, enum hub_state state, int64_t now)
{
    char text[80];
    struct text more = text_on(text, sizeof text);
    int64_t lasted_ms = (now - hub->state_ns) / MS, missed_ms = (now - hub->dead_since_ns) / MS;

    if (state == HUB_LIVE)
        text_addf(&more, "; not live for %lld.%03lld s", (long long)(missed_ms / 1000), (long long)(missed_ms % 1000));
    gateway_note(hub->gateway, "hub", "%s %s -> %s after %lld.%03lld s%s%s%s", hubtell_name(hub), hub_state_name(hub->state), hub_state_name(state),
        (long long)(lasted_ms / 1000), (long long)(lasted_ms % 1000), text, state == HUB_DOWN ? ": " : "", state == HUB_DOWN ? hub->why : "");
}

void
hubtell_watch(struct hub *hub, int64_t now)
{
    hub->dead_since_ns = now;
    hub->alarm_ns = hub->kind == HUB_USER ? now + WORRY_NS : NEVER;
}

/* SV-06 */
void
hubtell_alarm(struct hub *hub, int64_t now)
{
    int64_t dead_ns = now - hub->dead_since_ns;

    if (now < hub->alarm_ns)
        return;
    if (dead_ns < CRITICAL_NS) {
        hub->alarm_ns = hub->dead_since_ns + CRITICAL_NS;
        if (hub->gateway->outbound.held_count > 0)
            gateway_alarm(hub->gateway, GATEWAY_WARN, "user hub down for 10 s with an open position: %s", hub->why);
        return;
    }
    hub->alarm_ns = now + CRITICAL_AGAIN_NS;
    gateway_alarm(hub->gateway, GATEWAY_CRITICAL, "user hub down for %lld s: %s", (long long)(dead_ns / SECOND), hub->why);
}
