/*
 * pane_positions.c - what is held and what rests, with the stop that protects it and the age of the price it is valued at.
 */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STALE SPAN_SECONDS(5) /* S-15. */
#define NONE SPAN_SECONDS(30)

static void
draw_quote_age(const struct pane *pane, const struct area *area, int row, int column, const struct model_quote *quote)
{
    struct span age;

    if (quote == NULL || quote->quoted_at.ns == 0) {
        area_right(area, row, column, TONE_BAD, "no quote");
        return;
    }
    age = instant_since(pane->ui->now, quote->quoted_at);
    char text[2 * WORDS_MAX];
    (void)snprintf(text, sizeof text, "%s %s", age.ns > NONE.ns ? "none for" : age.ns > STALE.ns ? "stale" : "quote", words_span(age).text);
    area_right(area, row, column, age.ns > NONE.ns ? TONE_BAD : age.ns > STALE.ns ? TONE_WARN : TONE_DIM, text);
}

/* Ticks it has moved in our favour. */
static int64_t
ticks(const struct model_position *position, const struct model_quote *quote)
{
    int64_t move = quote->last_nanos - position->average_nanos;

    return position->tick_size_nanos <= 0 ? 0 : (position->size < 0 ? -move : move) / position->tick_size_nanos;
}

static void
draw_position(const struct pane *pane, const struct area *area, int row, const struct model_position *position)
{
    const struct model_quote *quote = model_quote(pane->model, position->contract);
    const struct model_order *stop = model_stop_of(pane->account, position);
    int64_t open;
    bool priced = model_open_pnl(pane->model, position, &open);
    char text[2 * WORDS_MAX];

    (void)area_text(area, row, 0, 10, TONE_ACCENT, pane_contract(position->contract));
    (void)area_printf(area, row, 11, TONE_TEXT, "%-5s %3" PRId64, position->size > 0 ? "long" : "short",
        position->size < 0 ? -position->size : position->size);
    area_right(area, row, 32, TONE_TEXT, words_price(true, position->average_nanos).text);
    area_right(area, row, 43, TONE_TEXT, quote == NULL ? "-" : words_price(quote->has_last, quote->last_nanos).text);
    area_right(area, row, 56, priced ? words_pnl_tone(open) : TONE_WARN, priced ? words_pnl(open).text : "unpriced");
    if (quote != NULL && quote->has_last) {
        (void)snprintf(text, sizeof text, "%+" PRId64, ticks(position, quote));
        area_right(area, row, 64, words_pnl_tone(open), text);
    }
    area_right(area, row, area->width, TONE_DIM, words_span(instant_since(pane->ui->now, position->created_at)).text);
    if (stop != NULL)
        (void)area_printf(area, row + 1, 11, TONE_DIM, "stop %s for %" PRId64, words_price(true, stop->stop_nanos).text, stop->size - stop->filled);
    else
        (void)area_text(area, row + 1, 11, 30, TONE_WARN, "no stop is working");
    draw_quote_age(pane, area, row + 1, 56, quote);
    if (position->tick_value_micros > 0) {
        int64_t size = position->size < 0 ? -position->size : position->size;
        (void)snprintf(text, sizeof text, "a tick is %.20s", words_money(money_scale(position->tick_value_micros, size, 1)).text);
        area_right(area, row + 1, area->width, TONE_DIM, text);
    }
}

static int
draw_positions(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    int row = 2, shown = 0;

    pane_title(area, 0, "Positions");
    for (int i = 0; i < account->positions_count && row + 1 < area->height; i++) {
        if (!pane_wants(pane, account->positions[i].contract))
            continue;
        draw_position(pane, area, row, &account->positions[i]);
        row += 2;
        shown++;
    }
    if (shown == 0) {
        pane_empty(area, 1, account->positions_count > 0 ? "no position matches the filter" : account->proven_flat ?
            "flat, seen at the broker" : "none");
        return 3;
    }
    (void)area_text(area, 1, 0, 20, TONE_DIM, "contract   side size");
    area_right(area, 1, 32, TONE_DIM, "entry");
    area_right(area, 1, 43, TONE_DIM, "last");
    area_right(area, 1, 56, TONE_DIM, "open P&L");
    area_right(area, 1, 64, TONE_DIM, "ticks");
    area_right(area, 1, area->width, TONE_DIM, "held for");
    return row + 1;
}

static void
draw_order(const struct pane *pane, const struct area *area, int row, const struct model_order *order)
{
    (void)area_text(area, row, 0, 10, TONE_ACCENT, pane_contract(order->contract));
    (void)area_printf(area, row, 11, TONE_TEXT, "%-5s %3" PRId64, order->buy ? "buy" : "sell", order->size - order->filled);
    (void)area_text(area, row, 23, 14, TONE_TEXT, order->type);
    area_right(area, row, 47, TONE_TEXT, words_price(order->has_limit, order->limit_nanos).text);
    area_right(area, row, 58, TONE_TEXT, words_price(order->has_stop, order->stop_nanos).text);
    (void)area_text(area, row, 61, 12, TONE_DIM, order->status);
    area_right(area, row, area->width, TONE_DIM, words_span(instant_since(pane->ui->now, order->created_at)).text);
}

static bool
wants(const struct pane *pane, const struct model_order *order)
{
    char text[2 * MODEL_NAME];

    (void)snprintf(text, sizeof text, "%s %s %s", order->contract, order->type, order->buy ? "buy" : "sell");
    return pane_wants(pane, text);
}

void
pane_positions(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    int row = draw_positions(pane, area), rows[MODEL_ORDERS], wanted = 0;

    for (int i = 0; i < account->orders_count; i++)
        if (wants(pane, &account->orders[i]))
            rows[wanted++] = i;
    pane_title(area, row, "Working orders");
    struct list list = pane_list(pane, area, row, area->height - row - 2, wanted);
    if (wanted == 0) {
        pane_empty(area, row + 1, account->orders_count > 0 ? "no order matches the filter" : "none");
        return;
    }
    (void)area_text(area, row + 1, 0, 40, TONE_DIM, "contract   side size   type");
    area_right(area, row + 1, 47, TONE_DIM, "limit");
    area_right(area, row + 1, 58, TONE_DIM, "stop");
    (void)area_text(area, row + 1, 61, 10, TONE_DIM, "status");
    area_right(area, row + 1, area->width, TONE_DIM, "age");
    for (int i = 0; i < list.shown; i++)
        draw_order(pane, area, row + 2 + i, &account->orders[rows[list.first + i]]);
}
