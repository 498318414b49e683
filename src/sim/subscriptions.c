/*
 * subscriptions.c - the hubs' methods (gateway.md 4.4) and who hears which event.
 *
 * An invocation with an invocationId gets a completion: result null, or an error for a wrong name, number or kind of arguments, or an
 * account or contract that is not there.
 */
#include "base/assert.h"
#include "base/text.h"
#include "sim/stream_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define METHOD_MAX 48
#define ID_MAX 64
#define EVENT_MAX 2048
#define ERROR_MAX 160

enum what { ACCOUNTS, ORDERS, POSITIONS, TRADES, QUOTES, PRINTS, DEPTH };

static const struct method {
    enum stream_hub hub;
    const char *name; /* After Subscribe or Unsubscribe. */
    enum what what;
} methods[] = {
    { STREAM_USER, "Accounts", ACCOUNTS },
    { STREAM_USER, "Orders", ORDERS },
    { STREAM_USER, "Positions", POSITIONS },
    { STREAM_USER, "Trades", TRADES },
    { STREAM_MARKET, "ContractQuotes", QUOTES },
    { STREAM_MARKET, "ContractTrades", PRINTS },
    { STREAM_MARKET, "ContractMarketDepth", DEPTH },
};

static struct subscribed_account *
account_of(struct stream *stream, int64_t id)
{
    for (size_t i = 0; i < stream->accounts_count; i++)
        if (stream->accounts[i].id == id)
            return &stream->accounts[i];
    if (stream->accounts_count == stream->accounts_size) {
        size_t size = stream->accounts_size == 0 ? 8 : stream->accounts_size * 2;
        struct subscribed_account *grown = realloc(stream->accounts, size * sizeof *grown);
        ASSERT(grown != NULL);
        stream->accounts = grown;
        stream->accounts_size = size;
    }
    stream->accounts[stream->accounts_count] = (struct subscribed_account){ .id = id };
    return &stream->accounts[stream->accounts_count++];
}

bool
subscriptions_cover(const struct stream *stream, int64_t account_id)
{
    for (size_t i = 0; i < stream->accounts_count; i++) {
        const struct subscribed_account *account = &stream->accounts[i];
        if (account->id == account_id)
            return account->orders && account->positions && account->trades;
    }
    return false;
}

/* ---- Methods ---- */

static const char *
subscribe_account(struct sim *sim, struct stream *stream, enum what what, bool on, const struct json *json, int argument)
{
    int64_t id;

    if (json_kind(json, argument) != JSON_NUMBER || !json_int64(json, argument, &id))
        return "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of "
               "the hub method being invoked.";
    if (exchange_account_find(sim->exchange, id) == NULL || !logins_has(&sim->logins, stream->user, id))
        return "";
    struct subscribed_account *account = account_of(stream, id);
    if (what == ORDERS)
        account->orders = on;
    else if (what == POSITIONS)
        account->positions = on;
    else
        account->trades = on;
    return NULL;
}

static const char *
subscribe_contract(struct sim *sim, struct stream *stream, enum what what, bool on, const struct json *json, int argument)
{
    char id[64];

    if (!json_string(json, argument, id, sizeof id))
        return "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of "
               "the hub method being invoked.";
    if (exchange_quote(sim->exchange, id) == NULL)
        return "";
    uint64_t bit = 0;
    for (size_t i = 0; i < listing_count(); i++)
        if (strcmp(listing_at(i)->id, id) == 0)
            bit = UINT64_C(1) << i;
    struct subscribed_contracts *contracts = &stream->contracts;
    uint64_t *set = what == QUOTES ? &contracts->quotes : what == PRINTS ? &contracts->trades : &contracts->depth;
    *set = on ? *set | bit : *set & ~bit;
    if (what == QUOTES)
        contracts->told_in_full &= ~bit;
    return NULL;
}

/* NULL: done; else the reason, "" when the server gives none.  @room may hold it. */
static const char *
invoke(struct sim *sim, struct stream *stream, const char *name, const struct json *json, int arguments, char room[ERROR_MAX])
{
    bool on = text_starts(name, "Subscribe");
    size_t wanted, given = json_size(json, arguments);

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        const struct method *method = &methods[i];
        if (method->hub != stream->hub || strcmp(name + strlen(on ? "Subscribe" : "Unsubscribe"), method->name) != 0)
            continue;
        wanted = method->what == ACCOUNTS ? 0 : 1;
        if (json_kind(json, arguments) != JSON_ARRAY || given != wanted) {
            (void)snprintf(room, ERROR_MAX,
                "InvalidDataException: Invocation provides %zu argument(s) but target expects %zu.", given, wanted);
            return room;
        }
        if (method->what == ACCOUNTS) {
            stream->all_accounts = on;
            return NULL;
        }
        int first = json_first(json, arguments);
        return stream->hub == STREAM_USER ? subscribe_account(sim, stream, method->what, on, json, first)
                                          : subscribe_contract(sim, stream, method->what, on, json, first);
    }
    return "HubException: Method does not exist.";
}

static void
complete(struct sim *sim, struct stream *stream, const char *id, const char *name, const char *error)
{
    char buffer[512], whole[400];
    struct text text = text_on(buffer, sizeof buffer);
    struct json_writer writer = json_writer_on(&text);

    json_open(&writer, NULL, '{');
    json_add_int(&writer, "type", 3);
    json_add_string(&writer, "invocationId", id);
    if (error == NULL) {
        json_add_null(&writer, "result");
    } else {
        (void)snprintf(whole, sizeof whole, "Failed to invoke '%s' due to an error on the server.%s%s", name,
            error[0] != '\0' ? " " : "", error);
        json_add_string(&writer, "error", whole);
    }
    json_close(&writer, '}');
    text_add(&text, "\x1e");
    stream_send(sim, stream, &text);
}

static void tell_in_full(struct sim *sim, struct stream *stream);

void
subscriptions_invoke(struct sim *sim, struct stream *stream, const struct json *json)
{
    char name[METHOD_MAX], id[ID_MAX], room[ERROR_MAX];
    const char *error = "HubException: Method does not exist.";

    if (!json_string(json, json_get(json, 0, "target"), name, sizeof name))
        text_copy(name, sizeof name, "?");
    else if (text_starts(name, "Subscribe") || text_starts(name, "Unsubscribe"))
        error = invoke(sim, stream, name, json, json_get(json, 0, "arguments"), room);
    if (json_string(json, json_get(json, 0, "invocationId"), id, sizeof id))
        complete(sim, stream, id, name, error);
    tell_in_full(sim, stream);
}

/* ---- Events ---- */

static bool
hears(const struct sim *sim, const struct stream *stream, const struct exchange_event *event)
{
    if (event->kind == EXCHANGE_EVENT_ACCOUNT)
        return stream->all_accounts && logins_has(&sim->logins, stream->user, event->account_id);
    for (size_t i = 0; i < stream->accounts_count; i++) {
        const struct subscribed_account *account = &stream->accounts[i];
        if (account->id == event->account_id)
            return event->kind == EXCHANGE_EVENT_ORDER ? account->orders
                   : event->kind == EXCHANGE_EVENT_POSITION ? account->positions : account->trades;
    }
    return false;
}

static uint64_t
bit_of(const struct listing *listing)
{
    size_t index = 0;

    while (listing_at(index) != listing)
        index++;
    return UINT64_C(1) << index;
}

static void
tell_quote(struct sim *sim, struct stream *stream, const struct exchange_quote *quote)
{
    char buffer[EVENT_MAX];
    struct text text = text_on(buffer, sizeof buffer);
    struct subscribed_contracts *contracts = &stream->contracts;
    uint64_t bit = bit_of(quote->listing);

    if (contracts->quotes & bit) {
        shapes_quote_event(&text, quote, (contracts->told_in_full & bit) == 0);
        contracts->told_in_full |= bit;
        stream_send_event(sim, stream, EXCHANGE_EVENT_QUOTE, &text);
    }
    if ((contracts->trades & bit) && quote->print_size > 0) {
        text = text_on(buffer, sizeof buffer);
        shapes_print_event(&text, quote, &sim->modes);
        stream_send_event(sim, stream, EXCHANGE_EVENT_QUOTE, &text);
    }
    if (contracts->depth & bit) {
        text = text_on(buffer, sizeof buffer);
        shapes_depth_event(&text, quote, &sim->modes);
        stream_send_event(sim, stream, EXCHANGE_EVENT_QUOTE, &text);
    }
}

/* The first quote after subscribing comes at once (gateway.md 4.6). */
static void
tell_in_full(struct sim *sim, struct stream *stream)
{
    uint64_t wanted = stream->contracts.quotes & ~stream->contracts.told_in_full;

    for (size_t i = 0; i < listing_count(); i++)
        if (wanted >> i & 1) {
            struct exchange_quote quote = *exchange_quote(sim->exchange, listing_at(i)->id);
            quote.print_size = 0;
            tell_quote(sim, stream, &quote);
        }
}

void
subscriptions_publish(struct sim *sim, const struct exchange_event *event)
{
    char buffer[EVENT_MAX];
    struct text text = text_on(buffer, sizeof buffer);
    struct stream *stream;

    if (event->kind == EXCHANGE_EVENT_QUOTE) {
        LL_FOREACH (sim->streams, stream)
            if (stream->hub == STREAM_MARKET)
                tell_quote(sim, stream, &event->u.quote);
        return;
    }
    shapes_user_event(&text, event, &sim->modes);
    LL_FOREACH (sim->streams, stream)
        if (stream->hub == STREAM_USER && hears(sim, stream, event))
            stream_send_event(sim, stream, event->kind, &text);
}
