/*
 * hubset.c - what a hub shall be subscribed to: the set outlives connections and is replayed on each (ES-01).
 *
 * The user hub's is fixed: accounts, and orders, positions and trades of each pinned account, all of them mandatory (ES-03).  The market hub's are
 * the contracts the engine asks for.
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

static struct subscription *
add(struct hub *hub, const char *method, const char *argument)
{
    if (hub->count == hub->size) {
        uint32_t size = hub->size > 0 ? hub->size * 2 : 16;
        struct subscription *grown = realloc(hub->subscriptions, size * sizeof *grown);

        if (grown == NULL)
            return NULL;
        hub->subscriptions = grown;
        hub->size = size;
    }
    struct subscription *s = &hub->subscriptions[hub->count];
    *s = (struct subscription){ .method = method };
    if (!text_copy(s->argument, sizeof s->argument, argument))
        return NULL;
    hub->count++;
    return s;
}

bool
hubset_add_user(struct hub *hub)
{
    static const char *const methods[] = { "SubscribeOrders", "SubscribePositions", "SubscribeTrades" };
    const struct gateway *gateway = hub->gateway;
    bool good = add(hub, "SubscribeAccounts", "") != NULL;

    for (uint32_t a = 0; a < gateway->sync.count; a++) {
        char id[24];
        struct text text = text_on(id, sizeof id);

        text_addf(&text, "%lld", (long long)gateway->sync.accounts[a].id);
        for (size_t m = 0; m < COUNT_OF(methods); m++)
            good = good && add(hub, methods[m], id) != NULL;
    }
    return good;
}

static bool
quote(const char *contract, char *out, size_t size)
{
    struct text text = text_on(out, size);
    struct json_writer w = json_writer_on(&text);

    json_add_string(&w, NULL, contract);
    return !text.truncated;
}

static struct subscription *
find_contract(const struct hub *hub, const char *argument)
{
    for (uint32_t i = 0; i < hub->count; i++)
        if (strcmp(hub->subscriptions[i].argument, argument) == 0)
            return &hub->subscriptions[i];
    return NULL;
}

struct subscription *
hubset_add_contract(struct hub *hub, const char *contract)
{
    char argument[SUBSCRIPTION_ARGUMENT_MAX];

    if (!quote(contract, argument, sizeof argument) || find_contract(hub, argument) != NULL)
        return NULL;
    struct subscription *s = add(hub, "SubscribeContractQuotes", argument);
    if (s == NULL)
        gateway_alarm(hub->gateway, GATEWAY_CRITICAL, "no memory for a subscription");
    return s;
}

bool
hubset_remove_contract(struct hub *hub, const char *contract, char *ret_argument)
{
    struct subscription *s = quote(contract, ret_argument, SUBSCRIPTION_ARGUMENT_MAX) ? find_contract(hub, ret_argument) : NULL;

    if (s == NULL)
        return false;
    *s = hub->subscriptions[--hub->count];
    return true;
}

bool
hubset_is_acked(const struct hub *hub)
{
    for (uint32_t i = 0; i < hub->count; i++)
        if (!hub->subscriptions[i].acked)
            return false;
    return true;
}

void
hubset_reset(struct hub *hub)
{
    for (uint32_t i = 0; i < hub->count; i++) {
        struct subscription *s = &hub->subscriptions[i];

        s->acked = false;
        s->tries = 0;
        s->invocation = 0;
        s->due_ns = 0;
    }
}
