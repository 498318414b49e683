/*
 * plot.h - the day's P&L as a curve of braille dots: two by four in each cell.
 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/model.h"
#include "tui/screen.h"

struct plot {
    const struct model_point *points; /* Oldest first. */
    int count;
    struct instant from, until;       /* Of the time axis. */
    struct instant now;               /* The curve goes on as it is until then. */
};

/** Net P&L (realised and open) in @area, with a zero line; gains and losses in their tones.  Returns lowest and highest value drawn. */
void plot_draw(const struct area *area, const struct plot *plot, int64_t *ret_low, int64_t *ret_high);

#endif /* TUI_PLOT_H */
