/*
 * pane.c - see pane.h.
 */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GAUGE_NAME 22
#define GAUGE_FIGURES 24

struct list
pane_list(const struct pane *pane, const struct area *area, int title_row, int height, int total)
{
    int *scroll = &pane->ui->scroll[pane->ui->tab];
    int most = total > height ? total - height : 0;
    char text[WORDS_MAX];

    height = height < 0 ? 0 : height;
    *scroll = *scroll > most ? most : *scroll;
    struct list list = { *scroll, total - *scroll < height ? total - *scroll : height, total };
    if (total > height) {
        (void)snprintf(text, sizeof text, " %d-%d of %d ", list.first + 1, list.first + list.shown, total);
        area_right(area, title_row, area->width - 1, TONE_DIM, text);
    }
    return list;
}

void
pane_title(const struct area *area, int row, const char *title)
{
    int used = area_text(area, row, 0, area->width, TONE_TITLE, title);

    area_line(area, row, used + 1, area->width - used - 1);
}

void
pane_field(const struct area *area, int row, int column, int width, const char *label, enum tone tone, const char *value)
{
    (void)area_text(area, row, column, width - 1, TONE_DIM, label);
    (void)area_text(area, row, column + width, area->width - column - width, tone, value);
}

bool
pane_wants(const struct pane *pane, const char *text)
{
    size_t length = strlen(pane->ui->filter);

    for (const char *at = text; length > 0 && strlen(at) >= length; at++)
        if (text_same_bytes(pane->ui->filter, at, length))
            return true;
    return length == 0;
}

void
pane_empty(const struct area *area, int row, const char *text)
{
    (void)area_text(area, row, 2, area->width - 2, TONE_DIM, text);
}

const char *
pane_contract(const char *contract)
{
    return text_starts(contract, "CON.F.US.") ? contract + 9 : contract;
}

/* ---- Gauges ---- */

enum tone
pane_gauge_tone(const struct model_gauge *gauge)
{
    return gauge->level == 0 ? TONE_GOOD : gauge->level == 1 ? TONE_WARN : TONE_BAD;
}

uint32_t
pane_level_sign(int level)
{
    return level == 0 ? 0x25cf : level == 1 ? 0x25b2 : 0x25c6;
}

int
pane_permille(const struct model_gauge *gauge)
{
    int64_t permille = gauge->limit_micros <= 0 ? 0 : money_scale(gauge->observed_micros, 1000, gauge->limit_micros);

    return permille < 0 ? 0 : permille > 9999 ? 9999 : (int)permille;
}

static struct words
figure(int64_t micros, const char *unit)
{
    struct words words;

    if (strcmp(unit, "dollars") == 0)
        return words_money(micros);
    (void)decimal_format(micros, 6, words.text, sizeof words.text);
    return words;
}

struct words
pane_gauge_words(const struct model_gauge *gauge)
{
    struct words words, observed = figure(gauge->observed_micros, gauge->unit), limit = figure(gauge->limit_micros, gauge->unit);
    bool plain = strcmp(gauge->unit, "dollars") == 0 || strcmp(gauge->unit, "none") == 0;
    const char *unit = strcmp(gauge->unit, "seconds") == 0 ? "s" : gauge->unit;

    if (gauge->limit_micros <= 0)
        (void)snprintf(words.text, sizeof words.text, "no breach");
    else
        (void)snprintf(words.text, sizeof words.text, "%.14s of %.14s%s%.12s", observed.text, limit.text, plain ? "" : " ", plain ? "" : unit);
    return words;
}

void
pane_gauge(const struct pane *pane, const struct area *area, int row, const struct model_gauge *gauge)
{
    struct words figures = pane_gauge_words(gauge);
    int bar = area->width - GAUGE_NAME - GAUGE_FIGURES - 10;
    char percent[16];

    (void)area_text(area, row, 0, GAUGE_NAME, TONE_TEXT, model_rule_title(pane->model, gauge->rule));
    area_glyph(area, row, GAUGE_NAME, gauge->asked ? pane_gauge_tone(gauge) : TONE_DIM, gauge->asked ? pane_level_sign(gauge->level) : 0x25cb);
    if (bar > 4)
        area_bar(area, row, GAUGE_NAME + 2, bar, pane_permille(gauge), pane_gauge_tone(gauge));
    (void)snprintf(percent, sizeof percent, "%d %%", pane_permille(gauge) / 10);
    if (gauge->limit_micros > 0)
        area_right(area, row, area->width - GAUGE_FIGURES - 1, pane_gauge_tone(gauge), percent);
    area_right(area, row, area->width, TONE_TEXT, figures.text);
}
