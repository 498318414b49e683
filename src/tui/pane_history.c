/*
 * pane_history.c - every enforcement with its reason and each step's time, newest first; and the alarms.
 */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALARMS_SHOWN 3
#define STEP_WIDTH 37

static bool
wants(const struct pane *pane, const struct model_incident *incident)
{
    char text[2 * MODEL_TEXT];

    (void)snprintf(text, sizeof text, "%s %s %s", model_rule_title(pane->model, incident->rule), incident->why, incident->action);
    return pane_wants(pane, text);
}

static int
rows_of(const struct model_incident *incident, int width)
{
    int steps = incident->steps_count < MODEL_STEPS ? incident->steps_count : MODEL_STEPS, each = (width - 4) / STEP_WIDTH;

    return 1 + (steps + each - 1) / (each < 1 ? 1 : each);
}

/* How many of the last ones fill the place: scrolling ends there. */
static int
fitting(const struct model_incident *const *incidents, int count, int height, int width)
{
    int fit = 0;

    while (fit < count && height >= rows_of(incidents[count - 1 - fit], width))
        height -= rows_of(incidents[count - 1 - fit++], width);
    return fit < 1 ? 1 : fit;
}

/* "+12.3 ms" after the breach. */
static struct words
after(struct instant from, struct instant at)
{
    struct words took = words_micros(instant_since(at, from).ns / 1000), words;

    (void)snprintf(words.text, sizeof words.text, "+%.20s", took.text);
    return words;
}

static void
draw_incident(const struct pane *pane, const struct area *area, int row, const struct model_incident *incident)
{
    bool proven = incident->proven_us >= 0;
    int steps = incident->steps_count < MODEL_STEPS ? incident->steps_count : MODEL_STEPS, each = (area->width - 4) / STEP_WIDTH;
    char text[2 * WORDS_MAX];

    each = each < 1 ? 1 : each;
    (void)area_text(area, row, 0, 12, TONE_DIM, words_clock_ms(pane->zone, incident->at).text);
    (void)area_printf(area, row, 13, TONE_ACCENT, "%2d", incident->rule);
    (void)area_text(area, row, 16, area->width - 35, TONE_TEXT, incident->why[0] == '\0' ? "order forbidden by a lockout" : incident->why);
    (void)snprintf(text, sizeof text, proven ? "flat in %.20s" : steps > 0 ? "enforcing" : "recorded", words_micros(incident->proven_us).text);
    area_right(area, row, area->width, proven ? TONE_GOOD : steps > 0 ? TONE_WARN : TONE_DIM, text);
    for (int i = 0; i < steps; i++) {
        int column = 4 + i % each * STEP_WIDTH, at = row + 1 + i / each;
        area_right(area, at, column + 10, TONE_DIM, after(incident->at, incident->steps[i].at).text);
        (void)area_text(area, at, column + 11, 26, strcmp(incident->steps[i].what, "proven") == 0 ? TONE_GOOD : TONE_TEXT, incident->steps[i].what);
    }
}

static int
draw_alarms(const struct pane *pane, const struct area *area)
{
    const struct model *model = pane->model;
    uint64_t kept = model->alarms_count < MODEL_ALARMS ? model->alarms_count : MODEL_ALARMS;
    int row = 1, most = area->height > 30 ? 2 * ALARMS_SHOWN : ALARMS_SHOWN;

    if (kept == 0)
        return 0;
    pane_title(area, 0, "Alarms");
    for (uint64_t i = 0; i < kept && row <= most; i++, row++) {
        const struct model_alarm *alarm = &model->alarms[(model->alarms_count - 1 - i) % MODEL_ALARMS];
        (void)area_text(area, row, 0, 8, TONE_DIM, words_clock(pane->zone, alarm->at).text);
        area_glyph(area, row, 9, alarm->level > 1 ? TONE_BAD : TONE_WARN, pane_level_sign(alarm->level));
        (void)area_text(area, row, 11, area->width - 11, TONE_TEXT, alarm->text);
    }
    return row + 1;
}

void
pane_history(const struct pane *pane, const struct area *area)
{
    const struct model *model = pane->model;
    uint64_t kept = model->incidents_count < MODEL_INCIDENTS ? model->incidents_count : MODEL_INCIDENTS;
    const struct model_incident *rows[MODEL_INCIDENTS];
    int row = draw_alarms(pane, area), wanted = 0;

    for (uint64_t i = 0; i < kept; i++) {
        const struct model_incident *incident = &model->incidents[(model->incidents_count - 1 - i) % MODEL_INCIDENTS];
        if (incident->account_id == pane->account->id && wants(pane, incident))
            rows[wanted++] = incident;
    }
    pane_title(area, row, "Enforcements");
    if (wanted == 0)
        pane_empty(area, row + 1, kept == 0 ? "none: no rule was broken" : "none of this account, or none matches the filter");
    struct list list = pane_list(pane, area, row, fitting(rows, wanted, area->height - row - 1, area->width), wanted);
    row++;
    for (int i = list.first; i < wanted && row < area->height; i++) {
        draw_incident(pane, area, row, rows[i]);
        row += rows_of(rows[i], area->width);
    }
}
