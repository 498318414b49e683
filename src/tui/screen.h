/*
 * screen.h - a rectangle of cells in memory: what panes draw on, tests compare and terminal.c shows.
 *
 * A cell is one character of one column with a tone.  Tones say what a thing means ("bad"), not how it looks: terminal.c has the colours.
 * Everything drawn outside is clipped, so panes need not count.  Text from outside can do no harm: control characters and characters
 * that are not one column wide become '?'.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum tone {
    TONE_TEXT,
    TONE_DIM,    /* Labels, hints, what is off. */
    TONE_TITLE,  /* Headings. */
    TONE_STRONG, /* The one figure a block is about. */
    TONE_GOOD,   /* Gains, green gauges. */
    TONE_BAD,    /* Losses, red gauges. */
    TONE_WARN,   /* Yellow gauges, stale data. */
    TONE_ACCENT, /* Names of things one can act on. */
    TONE_LINE,   /* Rules and the empty part of bars. */
    TONE_ACTIVE, /* The tab one is on, a selected row. */
    TONE_LOCKED, /* Banner of a lockout. */
    TONE_NOTICE, /* Banner of a lost connection. */
    TONE_FLASH,  /* An enforcement just happened. */
    TONES,
};

struct cell {
    uint32_t glyph; /* Unicode; 0 never. */
    uint8_t tone;
};

struct screen {
    int height, width;
    struct cell *cells;
};

/** A part of a screen; panes draw in their own coordinates. */
struct area {
    struct screen *screen;
    int row, column, height, width;
};

/** STATUS_LIMIT without memory.  Any old content goes; the screen is blank. */
MUST_USE enum status screen_resize(struct screen *screen, int height, int width, struct error *err);
void screen_fini(struct screen *screen);
void screen_clear(struct screen *screen);

struct area screen_area(struct screen *screen);
/** A part of an area, clipped to it. */
struct area area_part(const struct area *area, int row, int column, int height, int width);

void area_glyph(const struct area *area, int row, int column, enum tone tone, uint32_t glyph);
/** Text in at most @width columns, cut with an ellipsis; returns the columns used. */
int area_text(const struct area *area, int row, int column, int width, enum tone tone, const char *text);
/** So that it ends before @column. */
void area_right(const struct area *area, int row, int column, enum tone tone, const char *text);
/** To the end of the row. */
int area_printf(const struct area *area, int row, int column, enum tone tone, const char *format, ...) PRINTF_LIKE(5, 6);
/** A horizontal rule. */
void area_line(const struct area *area, int row, int column, int width);
/** All cells of a row in a tone, for banners. */
void area_fill(const struct area *area, int row, enum tone tone);
/** A bar of @width columns, @permille of it full; more than 1000 is full. */
void area_bar(const struct area *area, int row, int column, int width, int permille, enum tone tone);

/** Columns a text takes. */
int screen_columns(const char *text);

/** Every character by the nearest one of ASCII: for terminals without UTF-8. */
void screen_to_ascii(struct screen *screen);
/** Rows as UTF-8, trailing blanks cut, each with a line feed. */
void screen_write(const struct screen *screen, struct text *out);
/** The same grid as a letter for each tone ('.' is plain): the colours' golden text. */
void screen_write_tones(const struct screen *screen, struct text *out);

#endif /* TUI_SCREEN_H */
