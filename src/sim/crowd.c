/*
 * crowd.c - see crowd.h.  An idea is a few steps: enter, do what the style does, leave or forget to.
 */
#include "sim/crowd.h"

#include "base/assert.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_REVENGE 90
#define STEPS_MAX 6
#define SIZE_BOUND 12

static const char *const style_names[CROWD_STYLES] = { "scalper", "revenge", "averager", "stop mover", "breaker", "bracket" };

const char *
crowd_style_name(enum crowd_style style)
{
    return style_names[style];
}

void
crowd_init(struct crowd *crowd, uint64_t seed, struct instant now)
{
    *crowd = (struct crowd){ .chance.state = seed ^ 0x63726f7764, .pause = SPAN_SECONDS(3600), .walk_period = SPAN_SECONDS(5),
        .next_walk = now };
}

void
crowd_fini(struct crowd *crowd)
{
    free(crowd->traders);
    *crowd = (struct crowd){ 0 };
}

static int64_t
between(struct crowd *crowd, int64_t low, int64_t high)
{
    return low + chance_below(&crowd->chance, high - low + 1);
}

static bool
one_in(struct crowd *crowd, int64_t n)
{
    return chance_below(&crowd->chance, n) == 0;
}

void
crowd_add(struct crowd *crowd, int64_t account_id, enum crowd_style style, struct instant now)
{
    if (crowd->count == crowd->size) {
        crowd->size = crowd->size == 0 ? 16 : crowd->size * 2;
        crowd->traders = realloc(crowd->traders, crowd->size * sizeof *crowd->traders);
        ASSERT(crowd->traders != NULL);
    }
    crowd->traders[crowd->count++] = (struct crowd_trader){ .account_id = account_id, .style = style,
        .next = instant_add(now, SPAN_MS(between(crowd, 1000, crowd->pause.ns / 1000000))) };
}

static void
tell(const struct crowd *crowd, const struct crowd_trader *trader, const char *what, int64_t number, int code)
{
    char line[160];

    if (crowd->tell == NULL)
        return;
    (void)snprintf(line, sizeof line, "%s %s %" PRId64 " %s%s%.0d", style_names[trader->style], what, number,
        trader->listing->name, code != 0 ? ": refused with " : "", code);
    crowd->tell(crowd->context, trader->account_id, line);
}

/* ---- Orders ---- */

static int64_t
place(struct crowd *crowd, struct exchange *exchange, struct instant now, const struct crowd_trader *trader, struct exchange_place order)
{
    order.account_id = trader->account_id;
    order.contract_id = trader->listing->id;
    struct exchange_reply reply = exchange_place(exchange, now, &order);

    crowd->orders++;
    tell(crowd, trader, order.type == EXCHANGE_STOP ? "places a stop for" :
        order.type == EXCHANGE_LIMIT ? (order.side == EXCHANGE_BUY ? "bids for" : "offers") :
        order.side == EXCHANGE_BUY ? "buys" : "sells", order.size, reply.code);
    return reply.code == 0 ? reply.order_id : 0;
}

static int
side_of(int64_t way)
{
    return way > 0 ? EXCHANGE_BUY : EXCHANGE_SELL;
}

static void
enter(struct crowd *crowd, struct exchange *exchange, struct instant now, const struct crowd_trader *trader)
{
    struct exchange_place order = { .type = EXCHANGE_MARKET, .side = side_of(trader->way), .size = trader->size };
    bool brackets = trader->style == CROWD_BRACKET || one_in(crowd, 8);

    if (brackets) {
        order.stop_loss = (struct exchange_bracket){ true, -trader->way * between(crowd, 6, 60), EXCHANGE_STOP };
        order.take_profit = (struct exchange_bracket){ true, trader->way * between(crowd, 6, 80), EXCHANGE_LIMIT };
    }
    if (brackets && one_in(crowd, 2)) {
        int64_t tick = trader->listing->tick_nanos;
        order.type = EXCHANGE_LIMIT;
        order.limit = exchange_quote(exchange, trader->listing->id)->last - trader->way * between(crowd, 0, 6) * tick;
    }
    (void)place(crowd, exchange, now, trader, order);
}

static void
leave(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader)
{
    int64_t net = exchange_net(exchange, trader->account_id, trader->listing->id);
    struct exchange_place order = { .type = EXCHANGE_MARKET, .side = side_of(-net), .size = net < 0 ? -net : net };

    trader->leaving = true;
    if (one_in(crowd, 6))
        order.size += between(crowd, 1, 2); /* Turned round by mistake. */
    (void)place(crowd, exchange, now, trader, order);
}

/* A price so many ticks on the losing side of the market. */
static int64_t
below(const struct exchange *exchange, const struct crowd_trader *trader, int64_t ticks)
{
    return exchange_quote(exchange, trader->listing->id)->last - trader->way * ticks * trader->listing->tick_nanos;
}

/* ---- Ideas ---- */

static void
wait_ms(struct crowd *crowd, struct crowd_trader *trader, struct instant now, int64_t low, int64_t high)
{
    trader->next = instant_add(now, SPAN_MS(between(crowd, low, high)));
}

static void
rest(struct crowd *crowd, struct crowd_trader *trader, struct instant now)
{
    int64_t ms = crowd->pause.ns / 1000000;

    trader->step = 0;
    trader->stop_id = 0;
    if (trader->style == CROWD_SCALPER && !one_in(crowd, 4))
        ms = 40000; /* A burst. */
    wait_ms(crowd, trader, now, ms / 10, ms * 2);
}

static void
begin(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader)
{
    static const unsigned char often[] = { 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5 }; /* By the listing's index. */
    size_t pick = often[chance_below(&crowd->chance, COUNT_OF(often))];

    if (trader->style == CROWD_BREAKER && one_in(crowd, 4))
        pick = 5;
    trader->listing = listing_at(pick);
    trader->way = one_in(crowd, 2) ? 1 : -1;
    trader->size = between(crowd, 1, 3);
    if (one_in(crowd, 12))
        trader->size = between(crowd, 5, 9);
    trader->leaving = false;
    trader->revenge = (int)between(crowd, 1, 3);
    trader->net = exchange_net(exchange, trader->account_id, trader->listing->id);
    enter(crowd, exchange, now, trader);
    trader->step = 1;
    wait_ms(crowd, trader, now, 500, trader->style == CROWD_BREAKER ? 1800000 : 60000);
}

/* The stop is set, moved away twice, and taken off. */
static void
move_stop(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader, int64_t held)
{
    struct exchange_place order = { .type = EXCHANGE_STOP, .side = side_of(-trader->way), .size = held,
        .stop = below(exchange, trader, between(crowd, 8, 30)) };

    if (trader->stop_id == 0 && trader->step < 3) {
        trader->stop_id = place(crowd, exchange, now, trader, order);
    } else if (trader->step < 4) {
        struct exchange_modify modify = { .account_id = trader->account_id, .order_id = trader->stop_id,
            .stop = below(exchange, trader, between(crowd, 40, 200)) };
        tell(crowd, trader, "moves a stop away, order", trader->stop_id, exchange_modify(exchange, now, &modify).code);
    } else if (trader->step == 4) {
        struct exchange_reply reply = exchange_cancel(exchange, now, trader->account_id, trader->stop_id);
        tell(crowd, trader, "cancels its stop, order", trader->stop_id, reply.code);
        trader->stop_id = 0;
    }
}

/* What the style does in the middle of an idea. */
static void
go_on(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader, int64_t held)
{
    struct exchange_place order = { .type = EXCHANGE_LIMIT, .side = side_of(trader->way), .size = trader->size };

    if (trader->style == CROWD_STOP_MOVER)
        move_stop(crowd, exchange, now, trader, held);
    else if (trader->style == CROWD_AVERAGER || (trader->style == CROWD_REVENGE && one_in(crowd, 3)))
        enter(crowd, exchange, now, trader);
    else if (trader->style == CROWD_BREAKER || trader->style == CROWD_BRACKET) {
        order.limit = below(exchange, trader, between(crowd, 4, 40));
        (void)place(crowd, exchange, now, trader, order);
    } else
        trader->step = STEPS_MAX;
}

/* Closed, and not by itself: in again, twice the size. */
static void
take_revenge(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader)
{
    crowd->revenges++;
    trader->size = trader->size * 2 < SIZE_BOUND ? trader->size * 2 : SIZE_BOUND;
    enter(crowd, exchange, now, trader);
    trader->step = 1;
    wait_ms(crowd, trader, now, 2000, 90000);
}

static void
act(struct crowd *crowd, struct exchange *exchange, struct instant now, struct crowd_trader *trader)
{
    if (exchange_settings(exchange)->market_closed && !(trader->style == CROWD_BREAKER && one_in(crowd, 6))) {
        wait_ms(crowd, trader, now, 300000, 1200000);
        return;
    }
    if (trader->step == 0) {
        begin(crowd, exchange, now, trader);
        return;
    }
    if (trader->step == STEP_REVENGE) {
        take_revenge(crowd, exchange, now, trader);
        return;
    }
    int64_t net = exchange_net(exchange, trader->account_id, trader->listing->id);
    if (net == 0) {
        rest(crowd, trader, now);
        return;
    }
    trader->way = net > 0 ? 1 : -1;
    if (++trader->step < STEPS_MAX)
        go_on(crowd, exchange, now, trader, net < 0 ? -net : net);
    if (trader->step < STEPS_MAX) {
        wait_ms(crowd, trader, now, 500, trader->style == CROWD_BREAKER ? 1800000 : 45000);
        return;
    }
    if (!one_in(crowd, 10)) /* Else it forgets what it holds. */
        leave(crowd, exchange, now, trader);
    rest(crowd, trader, now);
}

/* ---- Time ---- */

/* Small steps, now and then a slide; what is far from where it began is pulled back. */
static void
walk(struct crowd *crowd, struct exchange *exchange, struct instant now)
{
    for (size_t i = 0; i < listing_count(); i++) {
        const struct listing *listing = listing_at(i);
        if (!listing->active || !exchange_in_play(exchange, listing))
            continue;
        int64_t last = exchange_quote(exchange, listing->id)->last, ticks = between(crowd, -3, 3);
        if (one_in(crowd, 150))
            ticks = between(crowd, -60, 60);
        if (last > listing->first_price_nanos * 11 / 10)
            ticks = -5;
        else if (last < listing->first_price_nanos * 9 / 10)
            ticks = 5;
        (void)exchange_set_price(exchange, now, listing->id, last + ticks * listing->tick_nanos);
    }
}

void
crowd_advance(struct crowd *crowd, struct exchange *exchange, struct instant now)
{
    if (crowd->count > 0 && !instant_before(now, crowd->next_walk)) {
        if (!exchange_settings(exchange)->market_closed)
            walk(crowd, exchange, now);
        crowd->next_walk = instant_add(now, crowd->walk_period);
    }
    for (size_t i = 0; i < crowd->count; i++)
        if (!instant_before(now, crowd->traders[i].next))
            act(crowd, exchange, now, &crowd->traders[i]);
}

struct instant
crowd_next_due(const struct crowd *crowd)
{
    struct instant due = crowd->count == 0 ? INSTANT_NEVER : crowd->next_walk;

    for (size_t i = 0; i < crowd->count; i++)
        due = instant_min(due, crowd->traders[i].next);
    return due;
}

void
crowd_note(struct crowd *crowd, const struct exchange_event *event)
{
    for (size_t i = 0; i < crowd->count && event->kind == EXCHANGE_EVENT_POSITION; i++) {
        struct crowd_trader *trader = &crowd->traders[i];
        if (trader->account_id != event->account_id || trader->listing != event->u.position.listing)
            continue;
        bool closed = trader->net != 0 && event->u.position.net == 0;
        trader->net = event->u.position.net;
        if (!closed || trader->leaving || trader->revenge == 0 || (trader->style != CROWD_REVENGE && !one_in(crowd, 8)))
            continue;
        trader->revenge--;
        trader->step = STEP_REVENGE;
        trader->next = instant_add(event->at, SPAN_MS(between(crowd, 1, 50)));
    }
}
