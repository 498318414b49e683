/*
 * screen.c - cells and the few shapes everything is drawn from.
 */
#include "tui/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PRINTF_MAX 512
#define ELLIPSIS 0x2026
#define SIDE_MAX 2000 /* Larger terminals are drawn in part. */

/* ---- Cells ---- */

enum status
screen_resize(struct screen *screen, int height, int width, struct error *err)
{
    height = height < 1 ? 1 : height > SIDE_MAX ? SIDE_MAX : height;
    width = width < 1 ? 1 : width > SIDE_MAX ? SIDE_MAX : width;
    struct cell *cells = calloc((size_t)height * (size_t)width, sizeof *cells);

    if (cells == NULL)
        return error_set(err, STATUS_LIMIT, "screen: no memory");
    free(screen->cells);
    *screen = (struct screen){ height, width, cells };
    screen_clear(screen);
    return OK;
}

void
screen_fini(struct screen *screen)
{
    free(screen->cells);
    *screen = (struct screen){ 0 };
}

void
screen_clear(struct screen *screen)
{
    for (int i = 0; i < screen->height * screen->width; i++)
        screen->cells[i] = (struct cell){ ' ', TONE_TEXT };
}

struct area
screen_area(struct screen *screen)
{
    return (struct area){ screen, 0, 0, screen->height, screen->width };
}

static int
clip(int value, int max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

struct area
area_part(const struct area *area, int row, int column, int height, int width)
{
    int top = clip(row, area->height), left = clip(column, area->width);

    return (struct area){ area->screen, area->row + top, area->column + left, clip(height, area->height - top),
        clip(width, area->width - left) };
}

void
area_glyph(const struct area *area, int row, int column, enum tone tone, uint32_t glyph)
{
    if (row < 0 || row >= area->height || column < 0 || column >= area->width)
        return;
    area->screen->cells[(area->row + row) * area->screen->width + area->column + column] = (struct cell){ glyph, (uint8_t)tone };
}

/* ---- Text ---- */

/* Is it drawn by every terminal in exactly one column?  Latin, Greek, Cyrillic, and the signs and boxes we draw with. */
static bool
is_plain(uint32_t glyph)
{
    return (glyph >= 0x20 && glyph < 0x7f) || (glyph >= 0xa0 && glyph < 0x300 && glyph != 0xad) || (glyph >= 0x370 && glyph < 0x483) ||
        (glyph >= 0x48a && glyph < 0x530) || (glyph >= 0x2010 && glyph <= 0x2027) || (glyph >= 0x2190 && glyph < 0x2200) ||
        (glyph >= 0x2500 && glyph < 0x25fd) || (glyph >= 0x2800 && glyph < 0x2900) || glyph == 0x2212 || glyph == 0x20ac;
}

/* The next character of well-formed text, '?' for what we do not draw; 0 at the end. */
static uint32_t
next(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    size_t left = 1;

    while (left < 4 && bytes[left - 1] != '\0' && bytes[left] != '\0')
        left++;
    if (bytes[0] == '\0')
        return 0;
    size_t length = text_utf8_length(*text, left);
    uint32_t glyph = length == 0 ? '?' : length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        glyph = glyph << 6 | (bytes[i] & 0x3fu);
    *text += length == 0 ? 1 : length;
    return is_plain(glyph) ? glyph : '?';
}

int
screen_columns(const char *text)
{
    int columns = 0;

    while (next(&text) != 0)
        columns++;
    return columns;
}

int
area_text(const struct area *area, int row, int column, int width, enum tone tone, const char *text)
{
    int used = 0;
    uint32_t glyph;

    while (used < width && (glyph = next(&text)) != 0) {
        bool cut = used == width - 1 && *text != '\0';
        area_glyph(area, row, column + used++, tone, cut ? ELLIPSIS : glyph);
    }
    return used;
}

void
area_right(const struct area *area, int row, int column, enum tone tone, const char *text)
{
    int width = screen_columns(text);

    (void)area_text(area, row, column - width, width, tone, text);
}

int
area_printf(const struct area *area, int row, int column, enum tone tone, const char *format, ...)
{
    char text[PRINTF_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return area_text(area, row, column, area->width - column, tone, text);
}

/* ---- Shapes ---- */

void
area_line(const struct area *area, int row, int column, int width)
{
    for (int i = 0; i < width; i++)
        area_glyph(area, row, column + i, TONE_LINE, 0x2500);
}

void
area_fill(const struct area *area, int row, enum tone tone)
{
    for (int i = 0; i < area->width; i++)
        area_glyph(area, row, i, tone, ' ');
}

/* A heavy line on a thin one, to half a column. */
void
area_bar(const struct area *area, int row, int column, int width, int permille, enum tone tone)
{
    int halves = clip(permille, 1000) * width * 2 / 1000;

    if (permille > 0 && halves == 0)
        halves = 1; /* Something is not nothing. */
    for (int i = 0; i < width; i++) {
        if (i < halves / 2)
            area_glyph(area, row, column + i, tone, 0x2501);
        else if (i == halves / 2 && halves % 2 == 1)
            area_glyph(area, row, column + i, tone, 0x2578);
        else
            area_glyph(area, row, column + i, TONE_LINE, 0x2500);
    }
}

/* ---- Out ---- */

static uint32_t
ascii_of(uint32_t glyph)
{
    static const struct {
        uint32_t glyph;
        char ascii;
    } table[] = { { 0x2500, '-' }, { 0x2501, '=' }, { 0x2578, '=' }, { 0x2502, '|' }, { 0x2022, '*' }, { 0x25cf, '*' }, { 0x25cb, 'o' },
        { 0x25a0, '#' }, { 0x25b2, '^' }, { 0x25bc, 'v' }, { 0x25b6, '>' }, { 0x25c6, '!' }, { 0x2192, '>' }, { 0x2026, '~' },
        { 0x2212, '-' }, { 0x00b7, '.' }, { 0x2014, '-' }, { 0x2013, '-' }, { 0x2713, 'v' }, { 0x256d, '+' }, { 0x256e, '+' },
        { 0x2570, '+' }, { 0x256f, '+' }, { 0x2508, '.' } };

    if (glyph < 0x7f)
        return glyph;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].glyph == glyph)
            return (unsigned char)table[i].ascii;
    if (glyph == 0x2800)
        return ' ';
    return glyph > 0x2800 && glyph < 0x2900 ? '*' : '?';
}

void
screen_to_ascii(struct screen *screen)
{
    for (int i = 0; i < screen->height * screen->width; i++)
        screen->cells[i].glyph = ascii_of(screen->cells[i].glyph);
}

static void
add_glyph(struct text *out, uint32_t glyph)
{
    char bytes[4];
    size_t length = glyph < 0x80 ? 1 : glyph < 0x800 ? 2 : 3; /* is_plain(): all in the first plane. */

    if (length == 1) {
        bytes[0] = (char)glyph;
    } else {
        for (size_t i = length - 1; i > 0; i--, glyph >>= 6)
            bytes[i] = (char)(0x80u | (glyph & 0x3fu));
        bytes[0] = (char)((length == 2 ? 0xc0u : 0xe0u) | glyph);
    }
    text_add_bytes(out, bytes, length);
}

void
screen_write(const struct screen *screen, struct text *out)
{
    for (int row = 0; row < screen->height; row++) {
        const struct cell *cells = &screen->cells[row * screen->width];
        int width = screen->width;

        while (width > 0 && cells[width - 1].glyph == ' ')
            width--;
        for (int i = 0; i < width; i++)
            add_glyph(out, cells[i].glyph);
        text_add(out, "\n");
    }
}

void
screen_write_tones(const struct screen *screen, struct text *out)
{
    static const char letters[TONES + 1] = ".dtsgbwalALNF";

    for (int row = 0; row < screen->height; row++) {
        for (int i = 0; i < screen->width; i++)
            text_add_bytes(out, &letters[screen->cells[row * screen->width + i].tone], 1);
        text_add(out, "\n");
    }
}
