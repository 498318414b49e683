/*
 * fetch.c - several reads of one account, in parallel, into one snapshot (SR-03, SR-09).
 *
 * What failed is left out of the snapshot's parts; what succeeded is delivered all the same.  Orders come from v2/query: statuses 1, 6, 7, 8, at most
 * 100 rows a page, by row offset (spec/gateway.md 2.6).  When the total changes between pages rows may have slipped past, so the
 * paging starts anew.  A server without v2/query gives searchOpen's rows, marked incomplete.
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 100
#define RESTARTS_MAX 3

static void
fetch_free(struct gateway *gateway, struct fetch *f)
{
    if (f->previous != NULL)
        f->previous->next = f->next;
    else
        gateway->fetches = f->next;
    if (f->next != NULL)
        f->next->previous = f->previous;
    free(f->positions);
    free(f->orders);
    free(f->trades);
    free(f);
}

void
fetch_fini(struct gateway *gateway)
{
    while (gateway->fetches != NULL)
        fetch_free(gateway, gateway->fetches);
}

/* ---- Ending ---- */

static int
by_time(const void *a, const void *b)
{
    const struct trade_row *x = a, *y = b;

    if (x->at.ns != y->at.ns)
        return x->at.ns < y->at.ns ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void
emit_snapshot(struct gateway *gateway, struct fetch *f)
{
    struct event event = { .kind = EVENT_SNAPSHOT };
    struct snapshot *s = &event.u.snapshot;

    if (f->trades_count > 1) /* SR-08: oldest first; the gateway lists newest first. */
        qsort(f->trades, f->trades_count, sizeof *f->trades, by_time);
    s->account_id = f->account_id;
    s->parts = f->got;
    s->asked_at = f->asked_at;
    s->account = (f->got & PART_ACCOUNT) != 0 ? &f->account : NULL;
    s->positions = f->positions;
    s->orders = f->orders;
    s->trades = f->trades;
    s->positions_count = (f->got & PART_POSITIONS) != 0 ? f->positions_count : 0;
    s->orders_count = (f->got & (PART_ORDERS | PART_OPEN_ORDERS)) != 0 ? f->orders_count : 0;
    s->trades_count = (f->got & PART_TRADES) != 0 ? f->trades_count : 0;
    gateway_emit(gateway, &event);
}

/* A command's reader has to hear of a failure too. */
static void
emit_failure(struct gateway *gateway, const struct fetch *f)
{
    struct event event = { .kind = EVENT_ANSWER };
    struct answer_event *a = &event.u.answer;

    a->command_id = f->command_id;
    a->outcome = f->judgement.outcome == OUTCOME_NOT_SENT ? OUTCOME_NOT_SENT : OUTCOME_REFUSED;
    a->hold = f->judgement.hold;
    a->code = -1;
    text_copy(a->text, sizeof a->text, f->why);
    gateway_emit(gateway, &event);
}

unsigned
fetch_missing(const struct fetch *fetch)
{
    unsigned missing = fetch->wanted & ~fetch->got;

    return (fetch->got & PART_OPEN_ORDERS) != 0 ? missing & ~(unsigned)PART_ORDERS : missing;
}

static void
part_over(struct gateway *gateway, struct fetch *f)
{
    if (--f->pending > 0)
        return;
    if (f->got != 0)
        emit_snapshot(gateway, f);
    if (f->command_id != 0 && fetch_missing(f) != 0)
        emit_failure(gateway, f);
    f->done(gateway, f);
    fetch_free(gateway, f);
}

static void
part_failed(struct gateway *gateway, struct fetch *f, const struct reply *reply, const char *what)
{
    struct text text = text_on(f->why, sizeof f->why);

    f->judgement = reply->judgement;
    text_addf(&text, "%s: %s", what, reply->message[0] != '\0' ? reply->message : reply->judgement.text);
    part_over(gateway, f);
}

static void
note_asked(struct fetch *f, const struct call *call)
{
    if (instant_equal(f->asked_at, INSTANT_NONE) || instant_before(call->sent_at, f->asked_at))
        f->asked_at = call->sent_at;
}

static void
part_got(struct gateway *gateway, struct fetch *f, const struct call *call, unsigned part)
{
    note_asked(f, call);
    f->got |= part;
    part_over(gateway, f);
}

/* ---- Rows ---- */

static bool
make_room(void **rows, uint32_t *size, uint32_t count, size_t more, size_t item)
{
    size_t wanted = count + more;

    if (wanted > ROWS_MAX)
        return false;
    if (wanted <= *size)
        return true;
    void *grown = realloc(*rows, wanted * item);
    if (grown == NULL)
        return false;
    *rows = grown;
    *size = (uint32_t)wanted;
    return true;
}

/* The list under @key; null and absent are empty (spec/gateway.md 2). */
static int
list_of(const struct reply *reply, const char *key, size_t *ret_count)
{
    int list = json_get(reply->json, 0, key);

    *ret_count = json_kind(reply->json, list) == JSON_ARRAY ? json_size(reply->json, list) : 0;
    return list;
}

static bool
take_positions(struct fetch *f, const struct reply *reply)
{
    size_t count;
    int list = list_of(reply, "positions", &count), child = count > 0 ? json_first(reply->json, list) : JSON_NONE;

    if (!make_room((void **)&f->positions, &f->positions_size, 0, count, sizeof *f->positions))
        return false;
    f->positions_count = 0;
    for (size_t i = 0; i < count; i++, child = json_next(reply->json, child)) {
        struct position_row *row = &f->positions[f->positions_count];

        if (!decode_position(reply->json, child, row))
            return false; /* Leaving it out would say "flat". */
        if (row->account_id == f->account_id)
            f->positions_count++;
    }
    return true;
}

static bool
take_orders(struct fetch *f, const struct reply *reply, size_t *ret_count)
{
    int list = list_of(reply, "orders", ret_count), child = *ret_count > 0 ? json_first(reply->json, list) : JSON_NONE;

    if (!make_room((void **)&f->orders, &f->orders_size, f->orders_count, *ret_count, sizeof *f->orders))
        return false;
    for (size_t i = 0; i < *ret_count; i++, child = json_next(reply->json, child)) {
        struct order_row *row = &f->orders[f->orders_count];

        if (!decode_order(reply->json, child, row))
            return false;
        if (row->account_id == f->account_id && order_may_execute(row->status))
            f->orders_count++;
    }
    return true;
}

static bool
take_trades(struct fetch *f, const struct reply *reply, struct instant now)
{
    size_t count;
    int list = list_of(reply, "trades", &count), child = count > 0 ? json_first(reply->json, list) : JSON_NONE;

    if (!make_room((void **)&f->trades, &f->trades_size, 0, count, sizeof *f->trades))
        return false;
    f->trades_count = 0;
    for (size_t i = 0; i < count; i++, child = json_next(reply->json, child)) {
        struct trade_row *row = &f->trades[f->trades_count];

        if (!decode_trade(reply->json, child, now, row))
            return false;
        if (row->account_id == f->account_id)
            f->trades_count++;
    }
    return true;
}

static bool
take_account(struct fetch *f, const struct reply *reply)
{
    size_t count;
    int list = list_of(reply, "accounts", &count), child = count > 0 ? json_first(reply->json, list) : JSON_NONE;

    for (size_t i = 0; i < count; i++, child = json_next(reply->json, child))
        if (decode_account(reply->json, child, &f->account) && f->account.id == f->account_id)
            return true;
    return false;
}

/* ---- Answers ---- */

static bool
is_good(const struct reply *reply)
{
    return reply->judgement.outcome == OUTCOME_ACCEPTED && reply->json != NULL;
}

static void
on_account(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    struct fetch *f = call->fetch;

    if (is_good(reply) && take_account(f, reply)) {
        part_got(gateway, f, call, PART_ACCOUNT);
        return;
    }
    if (is_good(reply))
        gateway_alarm(gateway, GATEWAY_CRITICAL, "account %lld is not among the user's accounts", (long long)f->account_id);
    part_failed(gateway, f, reply, "account");
}

static void
on_positions(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    if (is_good(reply) && take_positions(call->fetch, reply))
        part_got(gateway, call->fetch, call, PART_POSITIONS);
    else
        part_failed(gateway, call->fetch, reply, "positions");
}

static void
on_trades(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    if (is_good(reply) && take_trades(call->fetch, reply, gateway_utc(gateway)))
        part_got(gateway, call->fetch, call, PART_TRADES);
    else
        part_failed(gateway, call->fetch, reply, "trades");
}

static void
on_open_orders(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    size_t count;

    call->fetch->orders_count = 0;
    if (is_good(reply) && take_orders(call->fetch, reply, &count))
        part_got(gateway, call->fetch, call, PART_OPEN_ORDERS);
    else
        part_failed(gateway, call->fetch, reply, "open orders");
}

static void ask_orders(struct gateway *gateway, struct fetch *f, int64_t offset);
static void ask(struct gateway *gateway, struct fetch *f, enum endpoint endpoint, call_done *done);

static void
on_orders(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    struct fetch *f = call->fetch;
    int64_t total = -1, next;
    size_t count = 0;

    if (reply->facts.http_status == 404 || reply->facts.http_status == 400) {
        ask(gateway, f, ENDPOINT_OPEN_ORDERS, on_open_orders);
        return;
    }
    if (!is_good(reply) || !take_orders(f, reply, &count)) {
        part_failed(gateway, f, reply, "orders");
        return;
    }
    (void)json_int64(reply->json, json_get(reply->json, 0, "totalCount"), &total);
    if (call->offset > 0 && total != f->orders_total && f->restarts < RESTARTS_MAX) {
        f->restarts++;
        f->orders_count = 0;
        ask_orders(gateway, f, 0);
        return;
    }
    f->orders_total = total;
    note_asked(f, call);
    next = call->offset + (int64_t)count;
    if (count > 0 && (total >= 0 ? next < total : count >= PAGE_ROWS))
        ask_orders(gateway, f, next);
    else
        part_got(gateway, f, call, PART_ORDERS);
}

/* ---- Asking ---- */

static void
submit(struct gateway *gateway, struct fetch *f, struct call *call)
{
    call->fetch = f;
    call->timeout_ms = gateway->times.sync_request_ms;
    call->tries_max = 1; /* Who asked asks again, with fresh eyes (SR-10, OV-02). */
    rest_submit(gateway, call);
}

static void
ask(struct gateway *gateway, struct fetch *f, enum endpoint endpoint, call_done *done)
{
    struct call *call = rest_call(gateway, endpoint, f->class, done);

    struct text body = rest_body(call);
    struct json_writer w = json_writer_on(&body);
    json_open(&w, NULL, '{');
    if (endpoint == ENDPOINT_ACCOUNTS)
        json_add_bool(&w, "onlyActiveAccounts", false);
    else
        json_add_int(&w, "accountId", f->account_id);
    if (endpoint == ENDPOINT_TRADES) {
        char since[INSTANT_TEXT_MAX];
        const struct gateway_settings *s = &gateway->settings;

        instant_format(s->trades_since(s->context, f->account_id, gateway_utc(gateway)), since, sizeof since);
        json_add_string(&w, "startTimestamp", since);
    }
    json_close(&w, '}');
    submit(gateway, f, call);
}

static void
ask_orders(struct gateway *gateway, struct fetch *f, int64_t offset)
{
    static const int statuses[] = { ORDER_OPEN, ORDER_PENDING, ORDER_PENDING_CANCEL, ORDER_SUSPENDED };
    struct call *call = rest_call(gateway, ENDPOINT_ORDERS, f->class, on_orders);

    call->offset = offset;
    struct text body = rest_body(call);
    struct json_writer w = json_writer_on(&body);
    json_open(&w, NULL, '{');
    json_open(&w, "filter", '{');
    json_add_int(&w, "accountId", f->account_id);
    json_open(&w, "statuses", '[');
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        json_add_int(&w, NULL, statuses[i]);
    json_close(&w, ']');
    json_close(&w, '}');
    json_add_int(&w, "pageSize", PAGE_ROWS);
    json_add_int(&w, "pageOffset", offset);
    json_add_int(&w, "sortBy", 1);        /* Id ... */
    json_add_int(&w, "sortDirection", 0); /* ... ascending: new orders come last. */
    json_add_bool(&w, "includeTotalCount", true);
    json_close(&w, '}');
    submit(gateway, f, call);
}

void
fetch_read(struct gateway *gateway, int64_t account_id, uint64_t command_id, fetch_done *done)
{
    for (struct fetch *f = gateway->fetches; f != NULL; f = f->next) {
        if (f->account_id == account_id && f->command_id != 0 && !f->left && f->got == 0) {
            f->command_id = command_id; /* Its answer will be the newer, and one snapshot answers both. */
            return;
        }
    }
    fetch_start(gateway, account_id, PART_POSITIONS | PART_ORDERS, PACE_PROOF, command_id, done);
}

void
fetch_start(struct gateway *gateway, int64_t account_id, unsigned parts, enum pace_class class, uint64_t command_id,
    fetch_done *done)
{
    struct fetch *f = calloc(1, sizeof *f);

    ASSERT(f != NULL); /* See rest_call(). */
    *f = (struct fetch){ .account_id = account_id, .wanted = parts, .class = class, .command_id = command_id, .done = done };
    f->next = gateway->fetches;
    if (f->next != NULL)
        f->next->previous = f;
    gateway->fetches = f;
    for (unsigned part = 1; part <= PART_TRADES; part <<= 1)
        f->pending += (parts & part) != 0 ? 1 : 0;
    if ((parts & PART_POSITIONS) != 0)
        ask(gateway, f, ENDPOINT_POSITIONS, on_positions);
    if ((parts & PART_ORDERS) != 0)
        ask_orders(gateway, f, 0);
    if ((parts & PART_ACCOUNT) != 0)
        ask(gateway, f, ENDPOINT_ACCOUNTS, on_account);
    if ((parts & PART_TRADES) != 0)
        ask(gateway, f, ENDPOINT_TRADES, on_trades);
}
