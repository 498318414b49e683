/*
 * input.c - one key in the mode one is in.
 *
 * Scrolling is not bounded here: panes know how many rows they have and bring it back (pane.h).
 */
#include "tui/input.h"

#include "tui/words.h"

#include <stdio.h>
#include <string.h>

#define PAGE 10
#define FAR 100000

static const char *const names[TABS] = { "Overview", "P&L", "Positions", "Rules", "Connections", "Calendar", "Lockouts", "History" };

const char *
ui_tab_name(enum tab tab)
{
    return names[tab];
}

bool
ui_tab_parse(const char *text, enum tab *ret_tab)
{
    for (int i = 0; i < TABS; i++) {
        const char digit[2] = { (char)('1' + i), '\0' };
        if (text_same(text, names[i]) || text_same(text, digit) || (i == TAB_PNL && text_same(text, "pnl"))) {
            *ret_tab = (enum tab)i;
            return true;
        }
    }
    return false;
}

void
ui_add_note(struct ui *ui, const struct ui_note *note)
{
    if (ui->notes_count == UI_NOTES)
        memmove(&ui->notes[0], &ui->notes[1], (size_t)--ui->notes_count * sizeof ui->notes[0]);
    ui->notes[ui->notes_count++] = *note;
}

static void
scroll(struct ui *ui, int by)
{
    int *row = &ui->scroll[ui->tab];

    *row += by;
    *row = *row < 0 ? 0 : *row > FAR ? FAR : *row;
}

static void
go(struct ui *ui, int tab)
{
    ui->tab = (enum tab)((tab + TABS) % TABS);
}

/* The trader may set the time: "09:25 coffee first". */
static void
add_note(struct ui *ui, const struct zone *zone)
{
    bool was_in = ui->notes_count > 0 && ui->notes[ui->notes_count - 1].in;
    struct ui_note note = { .in = !was_in, .at = ui->now };
    const char *text = ui->typed;
    int hour, minute, used = 0, second;
    int64_t days;

    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) == 2 && used == 5 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
        if (zone != NULL) {
            zone_to_local(zone, ui->now, &days, &second);
            note.at = zone_from_local(zone, days, hour * 3600 + minute * 60);
        } else {
            note.at.ns = ui->now.ns / INT64_C(86400000000000) * INT64_C(86400000000000) + (hour * 60 + minute) * INT64_C(60000000000);
        }
        text += used + (text[used] == ' ');
    }
    (void)text_copy(note.text, sizeof note.text, text);
    ui_add_note(ui, &note);
    ui->note_added = true;
}

static void
type(char *typed, size_t size, int key)
{
    size_t length = strlen(typed);

    if ((key == INPUT_BACKSPACE || key == 8 || key == 127) && length > 0)
        typed[length - 1] = '\0';
    else if (key >= ' ' && key < 127 && length + 1 < size) {
        typed[length] = (char)key;
        typed[length + 1] = '\0';
    }
}

static void
typing_key(struct ui *ui, const struct model *model, int key)
{
    bool note = ui->mode == UI_NOTE;

    if (key == INPUT_ESCAPE || key == '\n' || key == '\r') {
        if (key == INPUT_ESCAPE && !note)
            ui->filter[0] = '\0';
        if (key != INPUT_ESCAPE && note)
            add_note(ui, model->calendar.zone);
        ui->mode = UI_NORMAL;
        return;
    }
    if (note)
        type(ui->typed, sizeof ui->typed, key);
    else
        type(ui->filter, sizeof ui->filter, key);
    ui->scroll[ui->tab] = 0;
}

static void
picker_key(struct ui *ui, const struct model *model, int key)
{
    int count = model->accounts_count;

    if (key == INPUT_UP || key == 'k')
        ui->picked -= ui->picked > 0;
    else if (key == INPUT_DOWN || key == 'j')
        ui->picked += ui->picked + 1 < count;
    else if (key >= '1' && key <= '9' && key - '1' < count)
        ui->account = key - '1';
    else if (key == '\n' || key == '\r')
        ui->account = ui->picked;
    if (key != INPUT_UP && key != INPUT_DOWN && key != 'j' && key != 'k')
        ui->mode = UI_NORMAL;
}

static void
open_mode(struct ui *ui, int key)
{
    ui->mode = key == '?' ? UI_HELP : key == 'a' ? UI_PICKER : key == '/' ? UI_FILTER : UI_NOTE;
    ui->picked = ui->account;
    ui->typed[0] = '\0';
}

static void
normal_key(struct ui *ui, const struct model *model, int key)
{
    int count = model->accounts_count;

    if (key >= '1' && key < '1' + TABS)
        go(ui, key - '1');
    else if (key == '\t' || key == INPUT_RIGHT || key == 'l')
        go(ui, (int)ui->tab + 1);
    else if (key == INPUT_BACK_TAB || key == INPUT_LEFT || key == 'h')
        go(ui, (int)ui->tab - 1);
    else if (key == 'j' || key == INPUT_DOWN)
        scroll(ui, 1);
    else if (key == 'k' || key == INPUT_UP)
        scroll(ui, -1);
    else if (key == INPUT_PAGE_DOWN || key == ' ')
        scroll(ui, PAGE);
    else if (key == INPUT_PAGE_UP)
        scroll(ui, -PAGE);
    else if (key == 'g' || key == INPUT_HOME)
        scroll(ui, -FAR);
    else if (key == 'G' || key == INPUT_END)
        scroll(ui, FAR);
    else if ((key == 'n' || key == 'p') && count > 0)
        ui->account = (ui->account + (key == 'n' ? 1 : count - 1)) % count;
    else if (key == '?' || key == 'a' || key == '/' || key == 'c')
        open_mode(ui, key);
    else if (key == INPUT_ESCAPE)
        ui->filter[0] = '\0';
    else if (key == 'q')
        ui->quit = true;
}

void
input_key(struct ui *ui, const struct model *model, int key)
{
    if (key == 3) { /* Ctrl-C in raw mode. */
        ui->quit = true;
        return;
    }
    switch (ui->mode) {
    case UI_HELP:
        ui->mode = UI_NORMAL;
        break;
    case UI_PICKER:
        picker_key(ui, model, key);
        break;
    case UI_FILTER:
    case UI_NOTE:
        typing_key(ui, model, key);
        break;
    case UI_NORMAL:
        normal_key(ui, model, key);
        break;
    }
}
