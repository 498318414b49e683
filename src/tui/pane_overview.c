/*
 * pane_overview.c - what one looks at all day: the result, what may still be lost, the curve, what is held, what was done.
 *
 * Narrow: one column.  From 100 columns on: figures and curve on the left, the rest on the right.
 */
#include "tui/pane.h"

#include "tui/plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIDE 100
#define AXIS 12 /* Columns of the curve's labels. */
#define FIGURE 19
#define CURVE_ROWS 30
#define LOSS_RULE 3
#define OPEN_LOSS_RULE 4

static void
draw_figure(const struct area *area, int column, const char *label, int64_t micros, bool main_one)
{
    enum tone tone = words_pnl_tone(micros);

    (void)area_text(area, 0, column, FIGURE, TONE_DIM, label);
    (void)area_text(area, 1, column, FIGURE, main_one && tone == TONE_TEXT ? TONE_STRONG : tone, words_pnl(micros).text);
}

static void
draw_figures(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    int column = area->width < 4 * FIGURE ? area->width / 4 : FIGURE;
    char text[WORDS_MAX];

    draw_figure(area, 0, "Net today", money_add(account->realized_micros, account->open_micros), true);
    draw_figure(area, column, "Realised", account->realized_micros, false);
    draw_figure(area, 2 * column, account->unpriced > 0 ? "Open (part unpriced)" : "Open", account->open_micros, false);
    (void)area_text(area, 0, 3 * column, FIGURE, TONE_DIM, "Round turns");
    (void)snprintf(text, sizeof text, "%" PRId64 " (%" PRId64 " fill%s)", account->day.round_turns, account->day.trades,
        account->day.trades == 1 ? "" : "s");
    (void)area_text(area, 1, 3 * column, FIGURE, TONE_TEXT, text);
}

/* How far the loss limits are: the one figure that says "stop". */
static int
draw_budget(const struct pane *pane, const struct area *area, int row)
{
    static const int rules[] = { LOSS_RULE, OPEN_LOSS_RULE };
    int start = row;

    pane_title(area, row++, "Loss budget");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct model_gauge *gauge = model_gauge(pane->account, rules[i]);
        if (gauge == NULL || !gauge->enabled || !gauge->asked)
            continue;
        int64_t left = gauge->limit_micros - gauge->observed_micros;
        char text[2 * WORDS_MAX];
        int name = area->width < 60 ? 17 : 18, figures = 30, bar = area->width - name - figures - 3;
        (void)area_text(area, row, 0, name, TONE_TEXT, model_rule_title(pane->model, rules[i]));
        area_glyph(area, row, name, pane_gauge_tone(gauge), pane_level_sign(gauge->level));
        area_bar(area, row, name + 2, bar, pane_permille(gauge), pane_gauge_tone(gauge));
        (void)snprintf(text, sizeof text, "%.20s left of %.20s", words_money(left < 0 ? 0 : left).text, words_money(gauge->limit_micros).text);
        area_right(area, row++, area->width, pane_gauge_tone(gauge) == TONE_GOOD ? TONE_TEXT : pane_gauge_tone(gauge), text);
    }
    if (row == start + 1)
        pane_empty(area, row++, "no loss limit is set");
    return row;
}

static void
draw_curve(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    struct area inner = area_part(area, 1, AXIS, area->height - 2, area->width - AXIS);
    struct plot plot = { .points = account->points, .count = account->points_count, .until = pane->ui->now,
        .now = pane->ui->now };
    int64_t low, high;

    pane_title(area, 0, "Net P&L of the day");
    if (account->points_count == 0) {
        pane_empty(area, 2, "nothing has moved yet");
        return;
    }
    plot.from = account->points[0].at;
    if (instant_since(plot.until, plot.from).ns < SPAN_SECONDS(60).ns)
        plot.until = instant_add(plot.from, SPAN_SECONDS(60));
    plot_draw(&inner, &plot, &low, &high);
    area_right(area, 1, AXIS - 1, TONE_DIM, words_pnl(high).text);
    area_right(area, area->height - 2, AXIS - 1, TONE_DIM, words_pnl(low).text);
    if (low < 0 && high > 0 && area->height > 8)
        area_right(area, 1 + (int)money_scale(high, area->height - 3, high - low), AXIS - 1, TONE_DIM, "$0.00");
    (void)area_text(area, area->height - 1, AXIS, 8, TONE_DIM, words_clock(pane->zone, plot.from).text);
    area_right(area, area->height - 1, area->width, TONE_DIM, words_clock(pane->zone, plot.until).text);
}

static void
draw_position(const struct pane *pane, const struct area *area, int row, const struct model_position *position)
{
    const struct model_order *stop = model_stop_of(pane->account, position);
    int64_t open;
    bool priced = model_open_pnl(pane->model, position, &open);
    char text[3 * WORDS_MAX];

    (void)area_text(area, row, 0, 9, TONE_ACCENT, pane_contract(position->contract));
    (void)snprintf(text, sizeof text, "%s %" PRId64 " @ %.20s", position->size > 0 ? "long" : "short",
        position->size < 0 ? -position->size : position->size, words_price(true, position->average_nanos).text);
    (void)area_text(area, row, 10, 22, TONE_TEXT, text);
    area_right(area, row, 43, priced ? words_pnl_tone(open) : TONE_WARN, priced ? words_pnl(open).text : "unpriced");
    if (stop != NULL)
        (void)snprintf(text, sizeof text, "stop %.20s", words_price(true, stop->stop_nanos).text);
    (void)area_text(area, row, 45, area->width - 45, stop == NULL ? TONE_WARN : TONE_DIM, stop == NULL ? "no stop" : text);
}

static int
draw_positions(const struct pane *pane, const struct area *area, int row, int most)
{
    const struct model_account *account = pane->account;

    pane_title(area, row++, "Positions");
    if (account->positions_count == 0)
        pane_empty(area, row++, account->proven_flat ? "flat, seen at the broker" : "none");
    for (int i = 0; i < account->positions_count && i < most; i++)
        draw_position(pane, area, row++, &account->positions[i]);
    if (account->positions_count > most)
        (void)area_printf(area, row++, 2, TONE_DIM, "and %d more (3)", account->positions_count - most);
    return row;
}

static int
draw_enforcements(const struct pane *pane, const struct area *area, int row, int most)
{
    const struct model *model = pane->model;
    uint64_t kept = model->incidents_count < MODEL_INCIDENTS ? model->incidents_count : MODEL_INCIDENTS;
    int shown = 0;

    pane_title(area, row++, most > 1 ? "Last enforcements" : "Last enforcement");
    for (uint64_t i = 0; i < kept && shown < most; i++) {
        const struct model_incident *incident = &model->incidents[(model->incidents_count - 1 - i) % MODEL_INCIDENTS];
        if (incident->account_id != pane->account->id || incident->why[0] == '\0')
            continue;
        bool proven = incident->proven_us >= 0;
        (void)area_text(area, row, 0, 8, TONE_DIM, words_clock(pane->zone, incident->at).text);
        bool fresh = instant_since(pane->ui->now, incident->at).ns < PANE_FLASH.ns;
        (void)area_text(area, row, 9, area->width - 22, fresh ? TONE_FLASH : TONE_TEXT, incident->why);
        area_right(area, row++, area->width, proven ? TONE_GOOD : incident->steps_count > 0 ? TONE_WARN : TONE_DIM,
            proven ? words_micros(incident->proven_us).text : incident->steps_count > 0 ? "enforcing" : "recorded");
        shown++;
    }
    if (shown == 0)
        pane_empty(area, row++, "none: no rule was broken");
    return row;
}

static int
draw_accounts(const struct pane *pane, const struct area *area, int row)
{
    const struct model *model = pane->model;

    pane_title(area, row++, "Accounts");
    for (int i = 0; i < model->accounts_count && row < area->height; i++, row++) {
        const struct model_account *account = &model->accounts[i];
        const struct model_lockout *lock = model_locked_by(account, pane->ui->now);
        int64_t net = money_add(account->realized_micros, account->open_micros);
        area_glyph(area, row, 0, TONE_ACCENT, account == pane->account ? 0x25b6 : ' ');
        (void)area_text(area, row, 2, 22, account == pane->account ? TONE_STRONG : TONE_TEXT, model_account_title(account));
        area_right(area, row, 40, words_pnl_tone(net), words_pnl(net).text);
        (void)area_text(area, row, 42, area->width - 42, lock != NULL ? TONE_BAD : TONE_DIM,
            lock != NULL ? "locked" : account->enforcing ? "enforcing" : account->positions_count > 0 ? "holding" : "flat");
    }
    return row;
}

static void
draw_narrow(const struct pane *pane, const struct area *area)
{
    int held = pane->account->positions_count, positions = held < 1 ? 1 : held > 3 ? 4 : held;
    int spare = area->height - 3 - 3 - 2 - positions - 2, row = draw_budget(pane, area, 3);
    struct area curve = area_part(area, row, 0, spare > 16 ? 16 : spare, area->width);

    if (spare >= 4) {
        draw_curve(pane, &curve);
        row += curve.height;
    }
    row = draw_positions(pane, area, row, held == 4 ? 4 : 3);
    row = draw_enforcements(pane, area, row, area->height - row > 12 ? 4 : 1);
    if (area->height - row > 4 && pane->model->accounts_count > 1)
        (void)draw_accounts(pane, area, row + 1);
}

/* Room that is left on a tall screen: all rules that are on. */
static void
draw_rules(const struct pane *pane, const struct area *area)
{
    int row = 1;

    if (area->height < 4)
        return;
    pane_title(area, 0, "Rules");
    for (int i = 0; i < pane->account->gauges_count && row < area->height; i++)
        if (pane->account->gauges[i].enabled && pane->account->gauges[i].asked)
            pane_gauge(pane, area, row++, &pane->account->gauges[i]);
}

static void
draw_wide(const struct pane *pane, const struct area *area)
{
    int split = area->width / 2 - 1, row = draw_budget(pane, area, 3) + 1;
    int height = area->height - row < CURVE_ROWS ? area->height - row : CURVE_ROWS;
    struct area curve = area_part(area, row, 0, height, split);
    struct area right = area_part(area, row, split + 3, height, area->width - split - 3);

    struct area rest = area_part(area, row + height + 1, 0, area->height - row - height - 1, area->width);

    draw_curve(pane, &curve);
    draw_rules(pane, &rest);
    row = draw_positions(pane, &right, 0, right.height / 3);
    row = draw_enforcements(pane, &right, row + 1, right.height > 36 ? 16 : right.height > 20 ? 8 : 4);
    if (pane->model->accounts_count > 1 && right.height - row > 3)
        (void)draw_accounts(pane, &right, row + 1);
}

void
pane_overview(const struct pane *pane, const struct area *area)
{
    draw_figures(pane, area);
    if (area->width >= WIDE)
        draw_wide(pane, area);
    else
        draw_narrow(pane, area);
}
