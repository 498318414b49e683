/*
 * plot.c - values to dots.
 *
 * Each column of dots shows the range of values in its slice of time, joined to the value before, so a spike of one second is seen however long
 * the day is.  Zero is always in the picture: a curve without it says nothing of gain or loss.
 */
#include "tui/plot.h"

#include "base/money.h"

#include <string.h>

#define COLUMNS_MAX 512 /* Of dots. */
#define BRAILLE 0x2800
#define SPAN_LEAST 1000000 /* A flat day is drawn as a line, not as noise: a dollar high. */

struct slice {
    bool used;
    int64_t low, high, last;
};

static int64_t
net(const struct model_point *point)
{
    return money_add(point->realized_micros, point->open_micros);
}

static void
take_value(struct slice *slice, int64_t value)
{
    slice->low = !slice->used || value < slice->low ? value : slice->low;
    slice->high = !slice->used || value > slice->high ? value : slice->high;
    slice->last = value;
    slice->used = true;
}

static int
column_of(const struct plot *plot, struct instant at, int64_t whole, int columns)
{
    int64_t since = instant_since(at, plot->from).ns;

    return since <= 0 ? 0 : since >= whole ? columns - 1 : (int)(since / (whole / columns + 1));
}

/* P&L stays as it is until it changes: empty slices up to the newest point carry the last value on. */
static int
fill(const struct plot *plot, struct slice *slices, int columns)
{
    int64_t whole = instant_since(plot->until, plot->from).ns, before = 0;
    int end = 0, now;

    if (whole <= 0 || plot->count == 0)
        return 0;
    for (int i = 0; i < plot->count; i++) {
        int column = column_of(plot, plot->points[i].at, whole, columns);
        take_value(&slices[column], net(&plot->points[i]));
        end = column + 1 > end ? column + 1 : end;
    }
    now = column_of(plot, plot->now, whole, columns);
    end = now + 1 > end ? now + 1 : end;
    for (int i = 0; i < end; i++) {
        if (!slices[i].used)
            slices[i] = (struct slice){ true, before, before, before };
        else if (i > 0) { /* Join it to its neighbour. */
            slices[i].low = before < slices[i].low ? before : slices[i].low;
            slices[i].high = before > slices[i].high ? before : slices[i].high;
        }
        before = slices[i].last;
    }
    return end;
}

static void
find_range(const struct slice *slices, int count, int64_t *ret_low, int64_t *ret_high)
{
    int64_t low = 0, high = 0;

    for (int i = 0; i < count; i++) {
        low = slices[i].low < low ? slices[i].low : low;
        high = slices[i].high > high ? slices[i].high : high;
    }
    if (high - low < SPAN_LEAST)
        high += SPAN_LEAST;
    *ret_low = low;
    *ret_high = high;
}

/* Row of dots of a value, 0 at the top. */
static int
dot_row(int64_t value, int64_t low, int64_t high, int dots)
{
    return (int)money_scale(high - value, dots - 1, high - low);
}

static void
set_dot(uint8_t *masks, int width, int x, int y)
{
    static const uint8_t bits[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    masks[(y / 4) * width + x / 2] |= bits[y % 4][x % 2];
}

static void
show(const struct area *area, const uint8_t *masks, int zero_row)
{
    for (int row = 0; row < area->height; row++) {
        for (int column = 0; column < area->width; column++) {
            uint8_t mask = masks[row * area->width + column];
            enum tone tone = row < zero_row ? TONE_GOOD : row > zero_row ? TONE_BAD : TONE_TEXT;
            if (mask != 0)
                area_glyph(area, row, column, tone, BRAILLE + mask);
            else if (row == zero_row)
                area_glyph(area, row, column, TONE_LINE, 0x2508);
        }
    }
}

void
plot_draw(const struct area *area, const struct plot *plot, int64_t *ret_low, int64_t *ret_high)
{
    static uint8_t masks[COLUMNS_MAX / 2 * 64];
    struct slice slices[COLUMNS_MAX];
    int columns = area->width * 2, dots = area->height * 4;

    *ret_low = *ret_high = 0;
    if (columns < 2 || columns > COLUMNS_MAX || area->height < 1 || area->height > 64)
        return;
    memset(masks, 0, sizeof masks);
    memset(slices, 0, sizeof slices);
    int end = fill(plot, slices, columns);
    find_range(slices, end, ret_low, ret_high);
    for (int x = 0; x < end; x++) {
        int top = dot_row(slices[x].high, *ret_low, *ret_high, dots), bottom = dot_row(slices[x].low, *ret_low, *ret_high, dots);
        for (int y = top; y <= bottom; y++)
            set_dot(masks, area->width, x, y);
    }
    show(area, masks, dot_row(0, *ret_low, *ret_high, dots) / 4);
}
