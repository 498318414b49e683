/*
 * health.c - whether REST is alive: what every answer says about it, pings, the pause of upkeep, the server's clock.
 *
 * Pings keep two mutation connections warm (SV-09), one at a time, and stand in for other traffic (HM-08).  While the host fails upkeep pauses (CB-02): then
 * one ping is the probe, and the reads of positions and orders, which never pause (CB-01), are the other way to find out.
 */
#include "gateway/internal.h"

#define WARM_CONNECTIONS 2
#define PING_NS (30 * SECOND / WARM_CONNECTIONS) /* Each connection every 30 s, in turn: one is always idle, for a close. */
#define PING_FAILING_NS (5 * SECOND) /* DG-05. */
#define UNSEEN_NS (45 * SECOND)      /* Longer than a reconnection takes with its first reads. */
#define SKEW_TOLD_NS (3600 * SECOND)
#define SKEW_WARN_MS 2000
#define SKEW_CRITICAL_MS 30000

static void
note_success(struct gateway *gateway, int64_t now)
{
    struct rest *rest = &gateway->rest;

    rest->success_ns = now;
    rest->failing_since_ns = -1;
    if (pause_succeeded(&rest->pause)) { /* CB-03 */
        gateway_wire(gateway, "upkeep: goes on");
        rest->ping_ns = now + PING_NS;
    }
}

static void
note_failure(struct gateway *gateway, const struct call *call, int64_t now)
{
    struct rest *rest = &gateway->rest;

    if (rest->failing_since_ns < 0) {
        rest->failing_since_ns = now;
        rest->cold = true;
        rest->ping_ns = now + SECOND;
    }
    if (call->probe)
        pause_probe_failed(&rest->pause, now);
    else if (call->class == PACE_NORMAL && pause_failed(&rest->pause, now))
        gateway_wire(gateway, "upkeep: rests for %lld s, the gateway fails", (long long)(rest->pause.wait_ns / SECOND));
}

/* After a 429 we may not ask for an hour: what was refused is untold until something is told. */
void
health_told(struct gateway *gateway, bool told)
{
    struct rest *rest = &gateway->rest;

    if (told)
        rest->untold_ns = -1;
    else if (rest->untold_ns < 0)
        rest->untold_ns = gateway_now(gateway);
}

void
health_note(struct gateway *gateway, const struct call *call, const struct reply *reply)
{
    const struct reply_facts *f = &reply->facts;
    int64_t now = gateway_now(gateway);
    bool up = f->fate == HTTP_ANSWERED && f->http_status < 500 && f->http_status != 408 &&
        (f->has_envelope || call->endpoint == ENDPOINT_PING || f->http_status != 200);

    if (up)
        note_success(gateway, now);
    else
        note_failure(gateway, call, now);
    if (call->endpoint != ENDPOINT_PING)
        health_told(gateway, up && f->has_envelope && f->http_status == 200);
    if (f->fate == HTTP_ANSWERED && call->endpoint != ENDPOINT_PING && f->http_status != 401 && f->http_status != 403)
        session_proven(gateway, call->generation);
    gateway_judge_mode(gateway, up ? "REST answers" : reply->message);
}

/* A host may well answer, pings and 429 and 401, and yet tell nothing.  What our own rate holds back it was not asked. */
int64_t
health_unseen_from(const struct gateway *gateway)
{
    const struct hub *hub = &gateway->hubs[HUB_USER];
    int64_t untold_ns = gateway->rest.untold_ns;

    if (hub->state >= HUB_SYNCING || untold_ns < 0)
        return NEVER;
    return (untold_ns > hub->streamed_ns ? untold_ns : hub->streamed_ns) + UNSEEN_NS;
}

bool
health_rests(const struct gateway *gateway, const struct call *call)
{
    return pause_is_on(&gateway->rest.pause) && call->class == PACE_NORMAL && !call->probe && call->endpoint != ENDPOINT_POSITIONS &&
        call->endpoint != ENDPOINT_ORDERS && call->endpoint != ENDPOINT_OPEN_ORDERS;
}

/* HM-06: session rules depend on our clock.  Told when it is off for certain. */
void
health_check_clock(struct gateway *gateway, struct instant sent_at, const struct http_answer *answer)
{
    struct rest *rest = &gateway->rest;
    int64_t now = gateway_now(gateway);

    if (instant_equal(answer->date, INSTANT_NONE))
        return;
    skew_note(&rest->skew, answer->date, sent_at, gateway_utc(gateway), now);
    int64_t certain_ms = skew_certain_ms(&rest->skew), off_ms = certain_ms < 0 ? -certain_ms : certain_ms;
    if (now < rest->skew_checked_ns || off_ms <= SKEW_WARN_MS)
        return;
    rest->skew_checked_ns = now + SKEW_TOLD_NS;
    gateway_alarm(gateway, off_ms > SKEW_CRITICAL_MS ? GATEWAY_CRITICAL : GATEWAY_WARN,
        "this machine's clock is off the gateway's: that is %lld ms ahead, give or take %lld", (long long)skew_ms(&rest->skew),
        (long long)skew_error_ms(&rest->skew));
}

int64_t
health_due(const struct gateway *gateway)
{
    const struct rest *rest = &gateway->rest;

    return pause_is_on(&rest->pause) ? rest->pause.probe_ns : rest->ping_ns;
}

void
health_tick(struct gateway *gateway, int64_t now)
{
    struct rest *rest = &gateway->rest;
    bool failing = rest->failing_since_ns >= 0;

    if (now < health_due(gateway) || gateway->stopping)
        return;
    if (pause_is_on(&rest->pause)) {
        pause_probing(&rest->pause);
        rest_ping(gateway, true);
        return;
    }
    int64_t room_ns = pace_ask(&gateway->pace, PACE_NORMAL, PACE_GENERAL, now);
    if (room_ns > now) {
        rest->ping_ns = room_ns; /* One on each connection then, not all that would have waited for it. */
        rest->cold = true;
        return;
    }
    int count = rest->cold && !failing ? WARM_CONNECTIONS : 1;
    rest->ping_ns = now + (failing ? PING_FAILING_NS : PING_NS);
    rest->cold = rest->cold && failing;
    for (int i = 0; i < count; i++)
        rest_ping(gateway, false);
}

void
health_warm(struct gateway *gateway, int64_t now)
{
    struct rest *rest = &gateway->rest;

    rest->cold = true;
    rest->ping_ns = rest->due_ns = now;
}
