/*
 * publish.c - which event or notice becomes which message, and whether it is an event or a state.
 *
 * States are quotes (S-14), P&L and gauges: each says all there is to say about its key.  Everything else happened and is told to everybody.
 */
#include "feed/publish.h"

#include "feed/messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DATA_MAX 4096              /* The largest notice has two sentences of WHY_MAX, which escapes may lengthen sixfold. */
#define FIRST_ACCOUNT 32768
#define LAST_ACCOUNT (4 << 20)

static void
publish(struct feed *feed, const char *type, int64_t account_id, const struct text *data, struct instant at)
{
    if (!data->truncated)
        feed_publish(feed, &(struct feed_message){ .kind = FEED_EVENT, .type = type, .account_id = account_id,
                               .data = data->data, .at = at });
}

/* Nothing is said of a contract the engine has no room for: nobody holds it. */
static void
publish_quote(struct feed *feed, const struct contract *contract, struct instant at)
{
    char buffer[DATA_MAX];
    struct text data = text_on(buffer, sizeof buffer);
    struct json_writer json = json_writer_on(&data);

    if (contract == NULL)
        return;
    messages_quote(&json, contract);
    feed_publish(feed, &(struct feed_message){ .kind = FEED_STATE, .type = "MarketQuote", .data = buffer, .at = at,
                           .key = contract->id.text });
}

static void
publish_account(struct feed *feed, const struct overview *overview, int64_t account_id, struct instant at)
{
    bool done = false;

    for (size_t size = FIRST_ACCOUNT; size <= LAST_ACCOUNT && !done; size *= 2) {
        char *buffer = malloc(size);
        if (buffer == NULL)
            return;
        struct text data = text_on(buffer, size);
        done = !overview_write_account(&data, overview, account_id) || !data.truncated;
        if (done && data.length > 0)
            publish(feed, "snapshot", account_id, &data, at);
        free(buffer);
    }
}

void
publish_event(struct feed *feed, const struct overview *overview, const struct event *event)
{
    char buffer[DATA_MAX];
    struct text data = text_on(buffer, sizeof buffer);
    struct json_writer json = json_writer_on(&data);
    const struct engine *engine = overview->engine;

    if (!feed_is_heard(feed))
        return;
    switch (event->kind) {
    case EVENT_POSITION:
        messages_position_row(&json, &event->u.position, engine_contract(engine, event->u.position.contract.text));
        publish(feed, "GatewayUserPosition", event->u.position.account_id, &data, event->at);
        break;
    case EVENT_ORDER:
        messages_order_row(&json, &event->u.order, engine_contract(engine, event->u.order.contract.text));
        publish(feed, "GatewayUserOrder", event->u.order.account_id, &data, event->at);
        break;
    case EVENT_TRADE:
        messages_trade_row(&json, &event->u.trade, engine_contract(engine, event->u.trade.contract.text));
        publish(feed, "GatewayUserTrade", event->u.trade.account_id, &data, event->at);
        break;
    case EVENT_ACCOUNT:
        messages_account_row(&json, &event->u.account);
        publish(feed, "GatewayUserAccount", event->u.account.id, &data, event->at);
        break;
    case EVENT_QUOTE:
        publish_quote(feed, engine_contract(engine, event->u.quote.contract.text), event->at);
        break;
    case EVENT_SNAPSHOT:
        publish_account(feed, overview, event->u.snapshot.account_id, event->at);
        break;
    default: /* The rest shows in notices. */
        break;
    }
}

/* A state of an account (and rule). */
static void
publish_state(struct feed *feed, const char *type, const struct notice *notice, const struct text *data)
{
    char key[FEED_KEY_MAX / 2 + 16];

    snprintf(key, sizeof key, "%" PRId64 "/%" PRId32, notice->account_id, notice->rule);
    feed_publish(feed, &(struct feed_message){ .kind = FEED_STATE, .type = type, .account_id = notice->account_id,
                           .data = data->data, .at = notice->at, .key = key });
}

/* The engine tells a gauge's crossing as a warning only; listeners keep one list of gauges. */
static void
publish_crossing(struct feed *feed, const struct notice *notice)
{
    char buffer[DATA_MAX];
    struct text data = text_on(buffer, sizeof buffer);
    struct json_writer json = json_writer_on(&data);

    messages_notice_gauge(&json, notice);
    publish_state(feed, "rule_status", notice, &data);
}

void
publish_notice(struct feed *feed, const struct notice *notice)
{
    char buffer[DATA_MAX];
    struct text data = text_on(buffer, sizeof buffer);
    struct json_writer json = json_writer_on(&data);

    if (!feed_is_heard(feed))
        return;
    const char *type = messages_notice(&json, notice);
    if (type == NULL)
        return;
    if (notice->kind == NOTICE_WARNING && notice->limit != 0)
        publish_crossing(feed, notice);
    if (notice->kind == NOTICE_PNL || notice->kind == NOTICE_RULE_STATUS)
        publish_state(feed, type, notice, &data);
    else
        publish(feed, type, notice->account_id, &data, notice->at);
}

void
publish_daemon_status(struct feed *feed, const char *data, struct instant at)
{
    feed_publish(feed, &(struct feed_message){ .kind = FEED_EVENT, .type = "daemon_status", .data = data, .at = at });
}
