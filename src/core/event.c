/*
 * event.c - names of what goes in and comes out, and the two predicates on order states.
 */
#include "core/event.h"
#include "core/update.h"

#include "base/assert.h"

const char *
event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = { "clock", "position", "order", "trade", "account", "quote", "contract",
        "snapshot", "answer", "config", "admin", "mode", "restore", "overflow" };

    return (unsigned)kind < EVENT_KINDS ? names[kind] : "unknown";
}

bool
order_may_execute(int32_t status)
{
    return status != ORDER_FILLED && status != ORDER_CANCELLED && status != ORDER_EXPIRED && status != ORDER_REJECTED;
}

const char *
command_kind_name(enum command_kind kind)
{
    static const char *const names[] = { "close", "reduce", "cancel", "place_stop", "modify_stop", "read", "look_up_order",
        "look_up_contract", "subscribe", "unsubscribe", "sync" };

    return (unsigned)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

const char *
record_kind_name(enum record_kind kind)
{
    static const char *const names[] = { "breach", "lockout_set", "lockout_end", "goal_set", "sent", "answered",
        "goal_proven", "alarm", "admin", "trade", "position", "order", "contract", "day", "mode", "service" };

    return (unsigned)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

const char *
outcome_name(enum outcome outcome)
{
    static const char *const names[] = { "accepted", "gone", "refused", "not_sent", "ambiguous" };

    return (unsigned)outcome < COUNT_OF(names) ? names[outcome] : "unknown";
}

const char *
mode_name(enum mode mode)
{
    static const char *const names[] = { "STARTING", "NORMAL", "DEGRADED", "BLIND" };

    return (unsigned)mode < COUNT_OF(names) ? names[mode] : "unknown";
}

bool
record_is_promise(enum record_kind kind)
{
    switch (kind) {
    case RECORD_BREACH:
    case RECORD_LOCKOUT_SET:
    case RECORD_LOCKOUT_END:
    case RECORD_GOAL_SET:
    case RECORD_SENT:
    case RECORD_GOAL_PROVEN:
    case RECORD_ADMIN:
    case RECORD_SERVICE:
    case RECORD_TRADE:
        return true;
    case RECORD_ANSWERED:
    case RECORD_ALARM:
    case RECORD_POSITION:
    case RECORD_ORDER:
    case RECORD_CONTRACT:
    case RECORD_DAY:
    case RECORD_MODE:
        return false;
    }
    return true;
}
