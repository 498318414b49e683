/*
 * pane_calendar.c - when the day ends, which session is open, which holidays come; and the trader's own clock.
 */
#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

#define LABEL 18

static int
draw_day(const struct pane *pane, const struct area *area, int row)
{
    const struct model_calendar *calendar = &pane->model->calendar;
    struct span left = instant_since(calendar->next_reset, pane->ui->now);
    char text[2 * WORDS_MAX];

    pane_title(area, row++, "Trading day");
    pane_field(area, row++, 0, LABEL, "now", TONE_TEXT, words_when(pane->zone, pane->ui->now).text);
    pane_field(area, row++, 0, LABEL, "trading day", TONE_TEXT, calendar->trading_day[0] == '\0' ? "-" : calendar->trading_day);
    pane_field(area, row++, 0, LABEL, "daily reset", TONE_TEXT, words_when(pane->zone, calendar->next_reset).text);
    (void)snprintf(text, sizeof text, "in %s", words_countdown(left).text);
    pane_field(area, row++, 0, LABEL, "", TONE_STRONG, calendar->next_reset.ns == 0 ? "" : text);
    return row + 1;
}

static void
draw_session(const struct pane *pane, const struct area *area, int row, const struct model_session *session)
{
    struct instant next = session->open ? session->ends_at : session->next_start;

    area_glyph(area, row, 0, session->open ? TONE_GOOD : TONE_DIM, session->open ? 0x25cf : 0x25cb);
    (void)area_text(area, row, 2, 14, session->root[0] == '\0' ? TONE_TEXT : TONE_ACCENT, session->root[0] == '\0' ? "all others" : session->root);
    (void)area_printf(area, row, 17, TONE_TEXT, "%s %s", session->hours, session->zone);
    if (next.ns == 0)
        return;
    (void)area_text(area, row, 52, 6, TONE_DIM, session->open ? "ends" : "starts");
    (void)area_printf(area, row, 59, session->open ? TONE_TEXT : TONE_DIM, "in %s", words_countdown(instant_since(next, pane->ui->now)).text);
    if (area->width > 96)
        (void)area_text(area, row, 75, 24, TONE_DIM, words_when(pane->zone, next).text);
}

static int
draw_sessions(const struct pane *pane, const struct area *area, int row)
{
    const struct model_calendar *calendar = &pane->model->calendar;

    pane_title(area, row++, "Sessions (rule 9)");
    if (calendar->sessions_count == 0)
        pane_empty(area, row++, "the rule is off: trading is allowed at any time");
    for (int i = 0; i < calendar->sessions_count && row < area->height - 4; i++)
        draw_session(pane, area, row++, &calendar->sessions[i]);
    return row + 1;
}

static int
draw_holidays(const struct pane *pane, const struct area *area, int row, int most)
{
    const struct model_calendar *calendar = &pane->model->calendar;

    pane_title(area, row++, "Holidays");
    if (calendar->holidays_count == 0)
        pane_empty(area, row++, "none are known: see holidays.yaml");
    for (int i = 0; i < calendar->holidays_count && i < most; i++, row++) {
        const struct model_holiday *holiday = &calendar->holidays[i];
        bool today = strcmp(holiday->date, calendar->trading_day) == 0;
        (void)area_text(area, row, 0, 10, today ? TONE_WARN : TONE_TEXT, holiday->date);
        (void)area_text(area, row, 12, 40, today ? TONE_WARN : TONE_TEXT, holiday->name);
        if (holiday->early_close[0] != '\0')
            (void)area_printf(area, row, 53, TONE_DIM, "closes early, %s", holiday->early_close);
        else
            (void)area_text(area, row, 53, 20, TONE_DIM, "closed");
    }
    return row + 1;
}

static void
draw_notes(const struct pane *pane, const struct area *area, int row)
{
    const struct ui *ui = pane->ui;
    int rows[UI_NOTES], wanted = 0;

    for (int i = ui->notes_count - 1; i >= 0; i--)
        if (pane_wants(pane, ui->notes[i].text))
            rows[wanted++] = i;
    pane_title(area, row, "My clock (c)");
    struct list list = pane_list(pane, area, row, area->height - row - 1, wanted);
    if (wanted == 0)
        pane_empty(area, row + 1, "press c to clock in, with a note if you like: 09:25 slept well, two trades at most");
    for (int i = 0; i < list.shown; i++) {
        const struct ui_note *note = &ui->notes[rows[list.first + i]];
        (void)area_text(area, row + 1 + i, 0, 22, TONE_TEXT, words_when(pane->zone, note->at).text);
        (void)area_text(area, row + 1 + i, 23, 4, note->in ? TONE_GOOD : TONE_DIM, note->in ? "in" : "out");
        (void)area_text(area, row + 1 + i, 28, area->width - 28, TONE_TEXT, note->text);
    }
}

void
pane_calendar(const struct pane *pane, const struct area *area)
{
    int row = draw_day(pane, area, 0), most;

    row = draw_sessions(pane, area, row);
    most = area->height - row - 5;
    row = draw_holidays(pane, area, row, most < 1 ? 1 : most > 8 ? 8 : most);
    draw_notes(pane, area, row);
}
