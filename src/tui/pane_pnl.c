/*
 * pane_pnl.c - the day's figures, its extremes with their times, and the trades with the running total.
 */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD_ROWS 6

struct extreme {
    int64_t micros;
    struct instant at; /* INSTANT_NONE: before the curve begins. */
};

/* When the curve came nearest to a figure of the day: exact while the curve is fine, else within its step. */
static struct instant
time_of(const struct model_account *account, int64_t micros, bool open)
{
    int64_t best = INT64_MAX;
    struct instant at = INSTANT_NONE;

    if (micros == 0)
        return at;
    for (int i = 0; i < account->points_count; i++) {
        int64_t value = open ? account->points[i].open_micros : account->points[i].realized_micros;
        int64_t off = value > micros ? value - micros : micros - value;
        if (off < best) {
            best = off;
            at = account->points[i].at;
        }
    }
    return best <= MICROS_PER_DOLLAR / 100 ? at : INSTANT_NONE;
}

static void
net_extremes(const struct model_account *account, struct extreme *low, struct extreme *high)
{
    *low = *high = (struct extreme){ 0 };
    for (int i = 0; i < account->points_count; i++) {
        int64_t net = money_add(account->points[i].realized_micros, account->points[i].open_micros);
        if (net < low->micros)
            *low = (struct extreme){ net, account->points[i].at };
        if (net > high->micros)
            *high = (struct extreme){ net, account->points[i].at };
    }
}

static void
draw_extreme(const struct pane *pane, const struct area *area, int row, int column, struct extreme extreme)
{
    area_right(area, row, column + 13, words_pnl_tone(extreme.micros), words_pnl(extreme.micros).text);
    if (extreme.at.ns != 0)
        (void)area_text(area, row, column + 14, 8, TONE_DIM, words_clock(pane->zone, extreme.at).text);
}

static void
draw_head(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    const struct model_day *day = &account->day;
    int64_t net = money_add(account->realized_micros, account->open_micros);
    const struct {
        const char *name;
        int64_t now;
        struct extreme low, high;
    } rows[] = {
        { "Realised", account->realized_micros, { day->realized_low, time_of(account, day->realized_low, false) },
            { day->realized_high, time_of(account, day->realized_high, false) } },
        { "Open", account->open_micros, { day->open_low, time_of(account, day->open_low, true) },
            { day->open_high, time_of(account, day->open_high, true) } },
    };
    struct extreme low, high;

    area_right(area, 0, 24, TONE_DIM, "now");
    area_right(area, 0, 41, TONE_DIM, "lowest");
    area_right(area, 0, 65, TONE_DIM, "highest");
    for (int i = 0; i < 2; i++) {
        (void)area_text(area, 1 + i, 0, 10, TONE_TEXT, rows[i].name);
        area_right(area, 1 + i, 24, words_pnl_tone(rows[i].now), words_pnl(rows[i].now).text);
        draw_extreme(pane, area, 1 + i, 28, rows[i].low);
        draw_extreme(pane, area, 1 + i, 52, rows[i].high);
    }
    net_extremes(account, &low, &high);
    (void)area_text(area, 3, 0, 10, TONE_STRONG, "Net");
    area_right(area, 3, 24, words_pnl_tone(net), words_pnl(net).text);
    draw_extreme(pane, area, 3, 28, low);
    draw_extreme(pane, area, 3, 52, high);
    (void)area_printf(area, 4, 0, TONE_DIM, "gross %s, fees %s, %" PRId64 " fills, %" PRId64 " round turns", words_pnl(day->gross_micros).text,
        words_money(day->fees_micros).text, day->trades, day->round_turns);
}

static bool
wants(const struct pane *pane, const struct model_trade *trade)
{
    char text[2 * MODEL_NAME];

    (void)snprintf(text, sizeof text, "%s %s %s", trade->contract, trade->buy ? "buy" : "sell", trade->voided ? "voided" : "");
    return pane_wants(pane, text);
}

static void
draw_trade(const struct pane *pane, const struct area *area, int row, const struct model_trade *trade, int64_t total)
{
    enum tone tone = trade->voided ? TONE_DIM : TONE_TEXT;

    (void)area_text(area, row, 0, 8, TONE_DIM, words_clock(pane->zone, trade->at).text);
    (void)area_text(area, row, 10, 10, trade->voided ? TONE_DIM : TONE_ACCENT, pane_contract(trade->contract));
    (void)area_printf(area, row, 21, tone, "%-4s %3" PRId64, trade->buy ? "buy" : "sell", trade->size);
    area_right(area, row, 41, tone, words_price(trade->has_price, trade->price_nanos).text);
    area_right(area, row, 54, trade->has_pnl && !trade->voided ? words_pnl_tone(trade->pnl_micros) : TONE_DIM,
        trade->voided ? "voided" : trade->has_pnl ? words_pnl(trade->pnl_micros).text : "opening");
    area_right(area, row, 64, TONE_DIM, words_money(-trade->fees_micros).text);
    area_right(area, row, 78, words_pnl_tone(total), words_pnl(total).text);
}

/* Newest first; the total runs from the day's first trade. */
static void
draw_trades(const struct pane *pane, const struct area *area, int row)
{
    const struct model_account *account = pane->account;
    int64_t totals[MODEL_TRADES], total = account->day.realized_micros;
    int rows[MODEL_TRADES], wanted = 0;

    for (int i = account->trades_count - 1; i >= 0; i--) {
        const struct model_trade *trade = &account->trades[i];
        total = i == account->trades_count - 1 ? account->realized_micros : total;
        totals[i] = total;
        if (!trade->voided)
            total = money_add(total, money_add(trade->fees_micros, -trade->pnl_micros));
        if (wants(pane, trade))
            rows[wanted++] = i;
    }
    pane_title(area, row, "Trades");
    struct list list = pane_list(pane, area, row, area->height - row - 2, wanted);
    if (wanted == 0) {
        pane_empty(area, row + 1, account->trades_count == 0 ? "no trades today" : "no trade matches the filter");
        return;
    }
    (void)area_text(area, row + 1, 0, 30, TONE_DIM, "time      contract   side size");
    area_right(area, row + 1, 41, TONE_DIM, "price");
    area_right(area, row + 1, 54, TONE_DIM, "P&L");
    area_right(area, row + 1, 64, TONE_DIM, "fees");
    area_right(area, row + 1, 78, TONE_DIM, "total");
    for (int i = 0; i < list.shown; i++)
        draw_trade(pane, area, row + 2 + i, &account->trades[rows[list.first + i]], totals[rows[list.first + i]]);
}

void
pane_pnl(const struct pane *pane, const struct area *area)
{
    draw_head(pane, area);
    draw_trades(pane, area, HEAD_ROWS);
}
