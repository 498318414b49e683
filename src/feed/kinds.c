/*
 * kinds.c - see kinds.h; the names are docs/feed-protocol.md's (S-13).
 */
#include "feed/kinds.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    enum feed_type type;
} names[] = {
    { "snapshot", FEED_SNAPSHOT },
    { "GatewayUserPosition", FEED_POSITION },
    { "GatewayUserOrder", FEED_ORDER },
    { "GatewayUserTrade", FEED_TRADE },
    { "GatewayUserAccount", FEED_ACCOUNT },
    { "MarketQuote", FEED_QUOTE },
    { "pnl", FEED_PNL },
    { "rule_status", FEED_RULE_STATUS },
    { "warning", FEED_WARNING },
    { "enforcement_action", FEED_ENFORCEMENT },
    { "lockout_set", FEED_LOCKOUT_SET },
    { "lockout_cleared", FEED_LOCKOUT_CLEARED },
    { "daily_reset", FEED_DAILY_RESET },
    { "daemon_status", FEED_DAEMON_STATUS },
};

enum feed_type
kinds_of(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].type;
    return FEED_UNKNOWN;
}
