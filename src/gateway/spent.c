/*
 * spent.c - the rate windows as somebody has to hear of them (RL-09): nearly used up, or holding back what proves or enforces.
 *
 * A request that reduces risk may wait for the window only when nearly all of it was used by such requests; right after the start, half counts as
 * used (RL-08).  Either way enforcement would be unproven meanwhile, and nobody may have to guess why.
 */
#include "gateway/internal.h"

#define WARN_PERCENT 80
#define WARN_AGAIN_NS (300 * SECOND)
#define HELD_AGAIN_NS (60 * SECOND)
#define PROOF_PATIENCE_NS (2 * SECOND) /* A proof may wait so long without a word. */

void
spent_take(struct gateway *gateway)
{
    struct rest *rest = &gateway->rest;
    int64_t now = gateway_now(gateway);

    pace_take(&gateway->pace, PACE_GENERAL, now);
    rest->requests++;
    int32_t used = pace_used(&gateway->pace, PACE_GENERAL, now);
    if (used * 100 < pace_max(&gateway->pace, PACE_GENERAL) * WARN_PERCENT || now < rest->spent_alarm_ns)
        return;
    rest->spent_alarm_ns = now + WARN_AGAIN_NS;
    gateway_alarm(gateway, GATEWAY_WARN, "%d of the %d requests the rate window allows are used", (int)used,
        (int)pace_max(&gateway->pace, PACE_GENERAL));
}

static bool
enforces(const struct call *call)
{
    return call->fetch == NULL || call->fetch->command_id != 0;
}

void
spent_held(struct gateway *gateway, struct call *call, int64_t at, int64_t now)
{
    struct rest *rest = &gateway->rest;
    int64_t patience = endpoint_mutates(call->endpoint) ? 0 : PROOF_PATIENCE_NS;
    int64_t *again_ns = &rest->held_alarm_ns[enforces(call) ? 1 : 0];
    bool new_process = now - gateway->started_ns < 60 * SECOND;

    if (call->counted || now - call->queued_ns < patience || now < *again_ns)
        return;
    call->counted = true;
    *again_ns = now + HELD_AGAIN_NS;
    gateway_alarm(gateway, enforces(call) ? GATEWAY_CRITICAL : GATEWAY_WARN,
        "%s waits %lld ms more for the rate window: %d of %d requests used in the rate window%s%s", endpoint_path(call->endpoint),
        (long long)((at - now) / MS), (int)pace_used(&gateway->pace, PACE_GENERAL, now), pace_max(&gateway->pace, PACE_GENERAL),
        new_process ? ", half of them counted for the process before this one" : "",
        gateway->pace.enforcement_frozen_until_ns > now ? "; the gateway answered 429" : "");
}
