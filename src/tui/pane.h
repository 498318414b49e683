/*
 * pane.h - what the eight panes have in common.  Each draws one tab into an area and knows nothing of the others.
 */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include "tui/ui.h"
#include "tui/words.h"

struct pane {
    const struct model *model;
    const struct model_account *account; /* The picked one; NULL: there is none. */
    const struct zone *zone;             /* NULL: UTC. */
    struct ui *ui;                       /* Only the scroll position is written. */
};

typedef void pane_draw(const struct pane *pane, const struct area *area);

pane_draw pane_overview, pane_pnl, pane_positions, pane_rules, pane_connections, pane_calendar, pane_lockouts, pane_history;

#define PANE_FLASH SPAN_MS(1500) /* How long an enforcement is lit up. */

/* A list that may be longer than its place. */
struct list {
    int first, shown, total;
};

/** Bring the scroll position into range; at most @height rows of @total are shown.  Says which ones at the right of @title_row. */
struct list pane_list(const struct pane *pane, const struct area *area, int title_row, int height, int total);

/** A heading with a rule to the right edge. */
void pane_title(const struct area *area, int row, const char *title);
/** "label      value", the label dim and @width wide. */
void pane_field(const struct area *area, int row, int column, int width, const char *label, enum tone tone, const char *value);
/** Is this row wanted by the filter? */
bool pane_wants(const struct pane *pane, const char *text);
/** In the middle of an empty place. */
void pane_empty(const struct area *area, int row, const char *text);

/** A gauge's name, bar and figures in one row: "name  ====----  $30.96 of $500.00   6 %". */
void pane_gauge(const struct pane *pane, const struct area *area, int row, const struct model_gauge *gauge);
enum tone pane_gauge_tone(const struct model_gauge *gauge);
/** Thousandths of the limit; 0 without one. */
int pane_permille(const struct model_gauge *gauge);
/** "6 of 5 contracts", "$30.96 of $500.00". */
struct words pane_gauge_words(const struct model_gauge *gauge);
/** "MNQ.U26" of "CON.F.US.MNQ.U26". */
const char *pane_contract(const char *contract);
/** Sign beside the colour: a filled dot, a triangle, a diamond. */
uint32_t pane_level_sign(int level);

#endif /* TUI_PANE_H */
