/*
 * pane_lockouts.c - what is locked, until when and why; and what was.
 */
#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

static const char *
kind_words(const char *kind)
{
    return strcmp(kind, "flat") == 0 ? "flat, no orders" : strcmp(kind, "entries") == 0 ? "no new entries" : "entries cancelled";
}

static const char *
end_words(const struct model_lockout *lockout)
{
    return strcmp(lockout->end, "admin") == 0 ? "until an admin unlocks" : strcmp(lockout->end, "cleared") == 0 ? "while its cause lasts" : "no end known";
}

static void
draw_active(const struct pane *pane, const struct area *area, int row, const struct model_lockout *lockout)
{
    struct span left = instant_since(lockout->until, pane->ui->now);
    bool account = lockout->root[0] == '\0';

    area_glyph(area, row, 0, account ? TONE_BAD : TONE_WARN, account ? 0x25a0 : 0x25b2);
    (void)area_text(area, row, 2, 10, account ? TONE_BAD : TONE_ACCENT, account ? "account" : lockout->root);
    (void)area_text(area, row, 13, 22, TONE_TEXT, model_rule_title(pane->model, lockout->rule));
    (void)area_text(area, row, 36, 18, TONE_DIM, kind_words(lockout->kind));
    if (lockout->until.ns == 0)
        (void)area_text(area, row, 55, area->width - 55, TONE_TEXT, end_words(lockout));
    else
        (void)area_printf(area, row, 55, TONE_STRONG, "%s left", left.ns <= 0 ? "ending, 00:00:00" : words_countdown(left).text);
    if (lockout->until.ns != 0 && area->width > 100)
        (void)area_printf(area, row, 75, TONE_DIM, "until %s", words_when(pane->zone, lockout->until).text);
    (void)area_text(area, row + 1, 2, 9, TONE_DIM, words_clock(pane->zone, lockout->since).text);
    (void)area_text(area, row + 1, 13, area->width - 13, TONE_DIM, lockout->why[0] == '\0' ? "as the rule is set" : lockout->why);
}

static bool
wants(const struct pane *pane, const struct model_lockout *lockout)
{
    char text[2 * MODEL_TEXT];

    (void)snprintf(text, sizeof text, "%s %s %s", lockout->root, model_rule_title(pane->model, lockout->rule), lockout->why);
    return pane_wants(pane, text);
}

static int
draw_all_active(const struct pane *pane, const struct area *area)
{
    const struct model_account *account = pane->account;
    int row = 1;

    pane_title(area, 0, "Active");
    for (int i = 0; i < account->lockouts_count && row + 1 < area->height; i++) {
        if (!wants(pane, &account->lockouts[i]))
            continue;
        draw_active(pane, area, row, &account->lockouts[i]);
        row += 2;
    }
    if (row == 1)
        pane_empty(area, row++, account->lockouts_count == 0 ? "nothing is locked" : "no lockout matches the filter");
    return row + 1;
}

void
pane_lockouts(const struct pane *pane, const struct area *area)
{
    const struct model *model = pane->model;
    uint64_t kept = model->ended_count < MODEL_ENDED ? model->ended_count : MODEL_ENDED;
    int row = draw_all_active(pane, area), wanted = 0;
    const struct model_lockout *rows[MODEL_ENDED];

    for (uint64_t i = 0; i < kept; i++) {
        const struct model_lockout *lockout = &model->ended[(model->ended_count - 1 - i) % MODEL_ENDED];
        if (lockout->account_id == pane->account->id && wants(pane, lockout))
            rows[wanted++] = lockout;
    }
    pane_title(area, row, "Ended");
    struct list list = pane_list(pane, area, row, area->height - row - 1, wanted);
    if (wanted == 0)
        pane_empty(area, row + 1, "none");
    for (int i = 0; i < list.shown; i++) {
        const struct model_lockout *lockout = rows[list.first + i];
        int at = row + 1 + i;
        (void)area_text(area, at, 2, 10, TONE_ACCENT, lockout->root[0] == '\0' ? "account" : lockout->root);
        (void)area_text(area, at, 13, 22, TONE_TEXT, model_rule_title(model, lockout->rule));
        (void)area_printf(area, at, 36, TONE_DIM, "%s - %s", words_clock(pane->zone, lockout->since).text, words_clock(pane->zone, lockout->ended_at).text);
        (void)area_text(area, at, 57, area->width - 57, TONE_DIM, lockout->reason);
    }
}
