/*
 * frame.c - what stands around the panes.
 *
 *     account            mode  feed  clock
 *      1 Overview  2 P&L  ...
 *     ------------------------------------
 *     [banner: locked, with its countdown]
 *     [banner: no connection, how old the data is]
 *     pane
 *     keys                          filter
 */
#include "tui/frame.h"

#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

#define MARGIN 1
#define BOX_HEIGHT 20
#define BOX_WIDTH 62

static pane_draw *const panes[TABS] = { pane_overview, pane_pnl, pane_positions, pane_rules, pane_connections, pane_calendar, pane_lockouts, pane_history };

/* ---- Header ---- */

static void
draw_mode(const struct area *area, const struct pane *pane)
{
    const struct ui *ui = pane->ui;
    const char *mode = pane->model->daemon.mode;
    char text[4 * WORDS_MAX];
    enum tone tone = TONE_GOOD;
    uint32_t sign = 0x25cf;

    if (ui->link != LINK_LIVE) {
        (void)snprintf(text, sizeof text, "%s", ui->link == LINK_CONNECTING ? "connecting" : "OFFLINE");
        tone = ui->link == LINK_CONNECTING ? TONE_WARN : TONE_BAD;
        sign = ui->link == LINK_CONNECTING ? 0x25b2 : 0x25c6;
    } else {
        bool normal = strcmp(mode, "NORMAL") == 0, blind = strcmp(mode, "BLIND") == 0;
        (void)snprintf(text, sizeof text, "%s", normal ? "protecting" : mode[0] == '\0' ? "unknown" : mode);
        tone = normal ? TONE_GOOD : blind ? TONE_BAD : TONE_WARN;
        sign = normal ? 0x25cf : blind ? 0x25c6 : 0x25b2;
    }
    struct words clock = words_clock(pane->zone, ui->now);
    const char *zone = pane->zone == NULL ? "UTC" : zone_abbreviation_at(pane->zone, ui->now);
    int right = area->width - MARGIN, width = screen_columns(clock.text) + 1 + screen_columns(zone);
    (void)area_printf(area, 0, right - width, TONE_DIM, "%s %s", clock.text, zone);
    area_right(area, 0, right - width - 3, tone, text);
    area_glyph(area, 0, right - width - 5 - screen_columns(text), tone, sign);
}

static void
draw_header(const struct area *area, const struct pane *pane)
{
    const struct model *model = pane->model;
    const struct model_account *account = pane->account;
    int column = MARGIN;

    column += area_text(area, 0, column, 10, TONE_DIM, "risktop") + 2;
    if (account != NULL) {
        bool flash = model->flash.ns != 0 && instant_since(pane->ui->now, model->flash).ns < PANE_FLASH.ns;
        column += area_text(area, 0, column, area->width > 90 ? 40 : 24, flash ? TONE_FLASH : TONE_STRONG, model_account_title(account));
        if (model->accounts_count > 1)
            column += area_printf(area, 0, column + 1, TONE_DIM, "%d of %d%s", pane->ui->account + 1, model->accounts_count,
                model->accounts_dropped > 0 ? " (more are not shown)" : "") + 1;
        if (account->uncontrollable)
            (void)area_text(area, 0, column + 1, 20, TONE_BAD, "not controllable");
    }
    draw_mode(area, pane);
}

static const char *
tab_name(int tab, int width)
{
    static const char *const narrow[TABS] = { "Overview", "P&L", "Positions", "Rules", "Conn", "Calendar", "Lockouts", "History" };

    return width < 96 ? narrow[tab] : ui_tab_name((enum tab)tab);
}

static void
draw_tabs(const struct area *area, const struct pane *pane)
{
    bool tight = area->width < 96;
    int column = tight ? MARGIN : 0;
    char text[24];

    for (int i = 0; i < TABS; i++) {
        bool active = i == (int)pane->ui->tab;
        (void)snprintf(text, sizeof text, tight ? "%d %s" : " %d %s ", i + 1, tab_name(i, area->width));
        column += area_text(area, 1, column, 20, active ? TONE_ACTIVE : TONE_DIM, text);
        column += tight || area->width >= 110;
    }
    area_line(area, 2, 0, area->width);
}

/* ---- Banners ---- */

static int
draw_lock_banner(const struct area *area, int row, const struct pane *pane)
{
    const struct model_lockout *lock = pane->account == NULL ? NULL : model_locked_by(pane->account, pane->ui->now);
    char text[4 * WORDS_MAX];

    if (lock == NULL)
        return row;
    area_fill(area, row, TONE_LOCKED);
    area_glyph(area, row, MARGIN, TONE_LOCKED, 0x25a0);
    (void)area_printf(area, row, MARGIN + 2, TONE_LOCKED, "%s: %s", strcmp(lock->kind, "entries") == 0 ? "NO NEW ENTRIES" : "LOCKED",
        model_rule_title(pane->model, lock->rule));
    if (lock->until.ns == 0)
        (void)snprintf(text, sizeof text, "%s", strcmp(lock->end, "admin") == 0 ? "until an admin unlocks" : "no end is known");
    else
        (void)snprintf(text, sizeof text, "until %s   %s left", words_when(pane->zone, lock->until).text,
            words_countdown(instant_since(lock->until, pane->ui->now)).text);
    area_right(area, row, area->width - MARGIN, TONE_LOCKED, text);
    return row + 1;
}

static int
draw_link_banner(const struct area *area, int row, const struct pane *pane)
{
    const struct ui *ui = pane->ui;
    char text[4 * WORDS_MAX], age[WORDS_MAX + 16] = "";
    struct span wait = instant_since(ui->retry_at, ui->now);

    if (ui->link == LINK_LIVE)
        return row;
    if (ui->data_at.ns != 0)
        (void)snprintf(age, sizeof age, ", %s old", words_span(instant_since(ui->now, ui->data_at)).text);
    area_fill(area, row, TONE_NOTICE);
    area_glyph(area, row, MARGIN, TONE_NOTICE, 0x25c6);
    if (ui->link == LINK_CONNECTING)
        (void)snprintf(text, sizeof text, "connecting to the daemon");
    else
        (void)snprintf(text, sizeof text, "daemon not reached; showing %s%s", ui->link == LINK_DATABASE ? "the database" : "what was heard last", age);
    (void)area_text(area, row, MARGIN + 2, area->width - 22, TONE_NOTICE, text);
    if (ui->retry_at.ns != 0) {
        (void)snprintf(text, sizeof text, "next try in %d s", wait.ns <= 0 ? 0 : (int)((wait.ns + 999999999) / 1000000000));
        area_right(area, row, area->width - MARGIN, TONE_NOTICE, text);
    }
    return row + 1;
}

/* ---- Key line ---- */

static void
draw_keys(const struct area *area, const struct pane *pane)
{
    const struct ui *ui = pane->ui;
    int row = area->height - 1;
    char text[4 * WORDS_MAX];
    bool filtered = ui->filter[0] != '\0', in = ui->notes_count > 0 && ui->notes[ui->notes_count - 1].in;

    if (ui->mode == UI_FILTER || ui->mode == UI_NOTE) {
        bool note = ui->mode == UI_NOTE;
        (void)snprintf(text, sizeof text, "%s%s_", note ? (in ? "clock out, HH:MM and a note: " : "clock in, HH:MM and a note: ") : "/", note ? ui->typed : ui->filter);
        (void)area_text(area, row, MARGIN, area->width - MARGIN, TONE_STRONG, text);
        return;
    }
    int right = filtered ? screen_columns(ui->filter) + 12 : in ? (area->width < 90 ? 10 : 16) : 0;
    (void)area_text(area, row, MARGIN, area->width - 2 * MARGIN - right, TONE_DIM, area->width < 90 ? "1-8 tabs  j/k scroll  / filter  a account  c clock  ? help  q quit" :
        "1-8, arrows: tabs   j/k: scroll   /: filter   a: account   c: clock in/out   ?: help   q: quit");
    if (filtered) {
        (void)snprintf(text, sizeof text, " filter: %s ", ui->filter);
        area_right(area, row, area->width - MARGIN, TONE_ACTIVE, text);
    } else if (in) {
        (void)snprintf(text, sizeof text, area->width < 90 ? "in %.5s" : "in since %.5s", words_clock(pane->zone, ui->notes[ui->notes_count - 1].at).text);
        area_right(area, row, area->width - MARGIN, TONE_DIM, text);
    }
}

/* ---- Boxes above the rest ---- */

static struct area
open_box(const struct area *area, int height, int width, const char *title)
{
    struct area box = area_part(area, (area->height - height) / 2, (area->width - width) / 2, height, width);

    for (int row = 0; row < box.height; row++) {
        area_fill(&box, row, TONE_TEXT);
        area_glyph(&box, row, 0, TONE_ACCENT, 0x2502);
        area_glyph(&box, row, box.width - 1, TONE_ACCENT, 0x2502);
    }
    for (int i = 0; i < box.width; i++) {
        area_glyph(&box, 0, i, TONE_ACCENT, i == 0 ? 0x256d : i == box.width - 1 ? 0x256e : 0x2500);
        area_glyph(&box, box.height - 1, i, TONE_ACCENT, i == 0 ? 0x2570 : i == box.width - 1 ? 0x256f : 0x2500);
    }
    (void)area_printf(&box, 0, 2, TONE_TITLE, " %s ", title);
    return area_part(&box, 1, 2, box.height - 2, box.width - 4);
}

static void
draw_help(const struct area *area)
{
    static const char *const lines[][2] = { { "1 - 8", "the tabs; left, right and Tab go through them" }, { "j k, up, down", "scroll; Space and PgUp by pages, g G to the ends" },
        { "/", "show only what has this text; Esc shows all again" }, { "a", "pick an account; n and p go through them" },
        { "c", "clock in or out: HH:MM (else now) and a note" }, { "q, Ctrl-C", "quit; the daemon goes on" }, { "", "" },
        { "", "Signs beside the colours:" }, { "\u25cf", "well, a gauge below the first threshold" },
        { "\u25b2", "look at it: a gauge near its limit, data missing" }, { "\u25c6", "red: at the limit, or a connection lost" },
        { "\u25cb", "off, or nothing known yet" }, { "\u25a0", "locked" }, { "", "" },
        { "", "Nothing here changes anything: risktop only looks." }, { "", "Any key closes this page." } };
    struct area box = open_box(area, BOX_HEIGHT - 2, BOX_WIDTH + 8, "Keys");

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)area_text(&box, (int)i, 0, 14, TONE_ACCENT, lines[i][0]);
        (void)area_text(&box, (int)i, lines[i][0][0] == '\0' ? 0 : 15, box.width - 15, TONE_TEXT, lines[i][1]);
    }
}

static void
draw_picker(const struct area *area, const struct pane *pane)
{
    const struct model *model = pane->model;
    int most = area->height - 6, height = model->accounts_count < most ? model->accounts_count : most, first;
    struct area box = open_box(area, height + 2, BOX_WIDTH, "Accounts");

    first = pane->ui->picked < box.height ? 0 : pane->ui->picked - box.height + 1;
    for (int row = 0; row < box.height && first + row < model->accounts_count; row++) {
        const struct model_account *account = &model->accounts[first + row];
        bool picked = first + row == pane->ui->picked;
        int64_t net = money_add(account->realized_micros, account->open_micros);
        if (picked)
            area_fill(&box, row, TONE_ACTIVE);
        (void)area_printf(&box, row, 1, picked ? TONE_ACTIVE : TONE_DIM, "%d", first + row + 1);
        (void)area_text(&box, row, 4, 28, picked ? TONE_ACTIVE : TONE_TEXT, model_account_title(account));
        area_right(&box, row, 46, picked ? TONE_ACTIVE : words_pnl_tone(net), words_pnl(net).text);
        if (model_locked_by(account, pane->ui->now) != NULL)
            (void)area_text(&box, row, 48, 8, picked ? TONE_ACTIVE : TONE_BAD, "locked");
    }
}

static void
draw_pane(const struct area *body, const struct pane *pane)
{
    const struct model *model = pane->model;

    if (pane->account != NULL)
        panes[pane->ui->tab](pane, body);
    else if (model->filled && pane->ui->tab == TAB_CONNECTIONS)
        pane_connections(pane, body);
    else
        pane_empty(body, body->height / 3, model->filled ? "no account is configured" : pane->ui->link_text[0] != '\0' ? pane->ui->link_text :
            "waiting for the daemon");
}

void
frame_draw(struct screen *screen, const struct model *model, struct ui *ui)
{
    struct area area = screen_area(screen), body;
    int row = 3;

    screen_clear(screen);
    ui->account = ui->account >= model->accounts_count ? model->accounts_count - 1 : ui->account;
    ui->account = ui->account < 0 ? 0 : ui->account;
    const struct pane pane = { .model = model, .account = model->accounts_count > 0 ? &model->accounts[ui->account] : NULL,
        .zone = model->calendar.zone, .ui = ui };
    draw_header(&area, &pane);
    draw_tabs(&area, &pane);
    row = draw_link_banner(&area, row, &pane);
    row = draw_lock_banner(&area, row, &pane);
    row += area.height >= 30; /* Room to breathe. */
    body = area_part(&area, row, MARGIN, area.height - row - 1, area.width - 2 * MARGIN);
    draw_pane(&body, &pane);
    draw_keys(&area, &pane);
    if (ui->mode == UI_HELP)
        draw_help(&area);
    else if (ui->mode == UI_PICKER)
        draw_picker(&area, &pane);
}
