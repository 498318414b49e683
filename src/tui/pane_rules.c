/*
 * pane_rules.c - the twelve rules: where each stands and what it does next.
 *
 * A rule that is off is shown too: what does not protect should be known.
 */
#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMN 4
#define TWO_LINES 30 /* From this height on each rule has its consequence on a line of its own. */
#define WIDE 150     /* From this width on beside it. */

static const struct model_lockout *
lock_of(const struct pane *pane, int rule)
{
    for (int i = 0; i < pane->account->lockouts_count; i++) {
        const struct model_lockout *lockout = &pane->account->lockouts[i];
        if (lockout->rule == rule && (lockout->until.ns == 0 || instant_before(pane->ui->now, lockout->until)))
            return lockout;
    }
    return NULL;
}

static void
write_state(const struct pane *pane, const struct model_gauge *gauge, char *text, size_t size)
{
    const struct model_lockout *lock = gauge == NULL ? NULL : lock_of(pane, gauge->rule);

    if (gauge == NULL || !gauge->enabled)
        (void)snprintf(text, size, "off");
    else if (lock != NULL && lock->until.ns != 0)
        (void)snprintf(text, size, "%s%s until %s", lock->root[0] == '\0' ? "locked" : lock->root, lock->root[0] == '\0' ? "" : " locked",
            words_when(pane->zone, lock->until).text);
    else if (gauge->then[0] != '\0')
        (void)snprintf(text, size, "then: %s", gauge->then);
    else
        text[0] = '\0';
}

static void
draw_rule(const struct pane *pane, const struct area *area, int row, const struct model_rule *rule, bool beside)
{
    const struct model_gauge *gauge = model_gauge(pane->account, rule->number);
    struct area line = area_part(area, row, NAME_COLUMN, 1, (beside ? area->width * 11 / 20 : area->width) - NAME_COLUMN);
    char text[MODEL_TEXT + WORDS_MAX];

    (void)area_printf(area, row, 0, TONE_DIM, "%2d", rule->number);
    write_state(pane, gauge, text, sizeof text);
    if (gauge == NULL || !gauge->enabled) {
        (void)area_text(&line, 0, 0, 22, TONE_DIM, rule->title);
        area_right(&line, 0, line.width, TONE_DIM, "off");
        return;
    }
    if (gauge->asked) {
        pane_gauge(pane, &line, 0, gauge);
    } else {
        (void)area_text(&line, 0, 0, 22, TONE_TEXT, rule->title);
        area_right(&line, 0, line.width, TONE_DIM, "not asked yet");
    }
    if (beside)
        (void)area_text(area, row, area->width * 11 / 20 + 2, area->width * 9 / 20 - 2, TONE_DIM, text);
}

/* The list in one line each has room for one consequence: that of the rule nearest to its limit. */
static void
draw_nearest(const struct pane *pane, const struct area *area, int row)
{
    const struct model_gauge *nearest = NULL;
    char text[MODEL_TEXT + WORDS_MAX];

    for (int i = 0; i < pane->account->gauges_count; i++) {
        const struct model_gauge *gauge = &pane->account->gauges[i];
        if (gauge->enabled && gauge->asked && (nearest == NULL || pane_permille(gauge) > pane_permille(nearest)))
            nearest = gauge;
    }
    if (nearest == NULL)
        return;
    write_state(pane, nearest, text, sizeof text);
    int used = area_printf(area, row, 0, TONE_TITLE, "Nearest: %s, ", model_rule_title(pane->model, nearest->rule));
    (void)area_text(area, row, used, area->width - used, pane_gauge_tone(nearest) == TONE_GOOD ? TONE_DIM : pane_gauge_tone(nearest), text);
}

/* What will give more room, and when: as many lines as there are. */
static void
draw_pending(const struct pane *pane, const struct area *area, int row)
{
    const struct model_pending *pending = &pane->model->daemon.pending;

    if (pending->count == 0)
        return;
    (void)area_printf(area, row, 0, TONE_WARN, "%s%s: %d change%s that give%s more room", pending->cancelled ? "Cancelled" : "Waits until ",
        pending->cancelled ? "" : words_when(pane->zone, pending->until).text, pending->count, pending->count == 1 ? "" : "s", pending->count == 1 ? "s" : "");
    for (int i = 0; i < pending->count && i < MODEL_PENDING && row + 1 + i < area->height; i++)
        (void)area_text(area, row + 1 + i, NAME_COLUMN, area->width - NAME_COLUMN, TONE_DIM, pending->changes[i]);
}

void
pane_rules(const struct pane *pane, const struct area *area)
{
    const struct model *model = pane->model;
    bool beside = area->width >= WIDE, below = !beside && area->height >= TWO_LINES;
    int rows[MODEL_RULES], wanted = 0, each = below ? 2 : 1, row = 1;
    char text[MODEL_TEXT + WORDS_MAX];

    for (int i = 0; i < model->rules_count; i++)
        if (pane_wants(pane, model->rules[i].title))
            rows[wanted++] = i;
    pane_title(area, 0, "Rules");
    struct list list = pane_list(pane, area, 0, (area->height - 4) / each, wanted);
    for (int i = 0; i < list.shown; i++) {
        const struct model_rule *rule = &model->rules[rows[list.first + i]];
        const struct model_gauge *gauge = model_gauge(pane->account, rule->number);
        draw_rule(pane, area, row++, rule, beside);
        if (below && gauge != NULL && gauge->enabled) {
            write_state(pane, gauge, text, sizeof text);
            (void)area_text(area, row++, NAME_COLUMN + 2, area->width - NAME_COLUMN - 2, TONE_DIM, text);
        }
    }
    draw_nearest(pane, area, row + 1);
    (void)area_printf(area, row + 2, 0, TONE_DIM, "%s from %d %%, %s from %d %% of a limit", "yellow", model->warn_percent, "red", model->alert_percent);
    draw_pending(pane, area, row + 3);
}
