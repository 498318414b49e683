/*
 * terminal.c - tones to colours, cells to ncurses.
 *
 * Three palettes: direct colour, 256, and 16.  Losses are orange-red and gains blue-green, which the common colour-blindnesses keep apart; a sign
 * or a shape always says the same.  Without colours bold, dim and reverse are left.
 */
#define NCURSES_WIDECHAR 1

#include "tui/terminal.h"

#include "tui/input.h"

#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define DEFAULT (-1)
#define ESCAPE_MS 25

struct look {
    int rgb, rgb_back;     /* 0xRRGGBB. */
    short many, many_back; /* Of 256. */
    short few, few_back;   /* Of 16 (8 of them certain). */
    attr_t attributes;     /* Always. */
    attr_t plain;          /* Without colours. */
};

static const struct look looks[TONES] = {
    [TONE_TEXT] = { 0xc8ccd4, DEFAULT, 252, DEFAULT, DEFAULT, DEFAULT, A_NORMAL, A_NORMAL },
    [TONE_DIM] = { 0x7d8590, DEFAULT, 244, DEFAULT, DEFAULT, DEFAULT, A_DIM, A_DIM },
    [TONE_TITLE] = { 0x9fb6d0, DEFAULT, 110, DEFAULT, COLOR_CYAN, DEFAULT, A_NORMAL, A_BOLD },
    [TONE_STRONG] = { 0xf2f4f8, DEFAULT, 255, DEFAULT, DEFAULT, DEFAULT, A_BOLD, A_BOLD },
    [TONE_GOOD] = { 0x56c2a6, DEFAULT, 79, DEFAULT, COLOR_GREEN, DEFAULT, A_NORMAL, A_NORMAL },
    [TONE_BAD] = { 0xf08a5d, DEFAULT, 209, DEFAULT, COLOR_RED, DEFAULT, A_NORMAL, A_BOLD },
    [TONE_WARN] = { 0xe6c866, DEFAULT, 221, DEFAULT, COLOR_YELLOW, DEFAULT, A_NORMAL, A_BOLD },
    [TONE_ACCENT] = { 0x8ab4f8, DEFAULT, 111, DEFAULT, COLOR_BLUE, DEFAULT, A_NORMAL, A_BOLD },
    [TONE_LINE] = { 0x3d444d, DEFAULT, 238, DEFAULT, DEFAULT, DEFAULT, A_NORMAL, A_DIM },
    [TONE_ACTIVE] = { 0x10141a, 0x9fb6d0, 16, 110, COLOR_BLACK, COLOR_CYAN, A_BOLD, A_REVERSE },
    [TONE_LOCKED] = { 0xffffff, 0x9c3d1f, 231, 130, COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD },
    [TONE_NOTICE] = { 0x10141a, 0xe6c866, 16, 221, COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_REVERSE },
    [TONE_FLASH] = { 0x10141a, 0xf08a5d, 16, 209, COLOR_BLACK, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD },
};

static struct {
    bool open, ascii, colored;
    SCREEN *screen;
    attr_t attributes[TONES];
} terminal;

/* ---- Colours ---- */

static enum terminal_colors
colors_of(enum terminal_colors wanted)
{
    enum terminal_colors best = !has_colors() ? COLORS_NONE : COLORS > 256 ? COLORS_TRUE : COLORS >= 256 ? COLORS_256 : COLORS_16;

    if (best == COLORS_TRUE && wanted == COLORS_256)
        return COLORS_TRUE; /* There the numbers of the 256 would be taken for direct colours. */
    return wanted == COLORS_AUTO || wanted > best ? best : wanted;
}

static void
make_pair(int pair, const struct look *look, enum terminal_colors colors)
{
    int fore = colors == COLORS_TRUE ? look->rgb : colors == COLORS_256 ? look->many : look->few;
    int back = colors == COLORS_TRUE ? look->rgb_back : colors == COLORS_256 ? look->many_back : look->few_back;

    (void)init_extended_pair(pair, fore, back);
}

static void
choose_colors(enum terminal_colors wanted, attr_t unknown)
{
    enum terminal_colors colors;

    terminal.colored = wanted != COLORS_NONE && start_color() == OK && use_default_colors() == OK;
    colors = colors_of(wanted); /* Only start_color() tells ncurses how many there are. */
    terminal.colored = terminal.colored && colors != COLORS_NONE;
    for (int i = 0; i < TONES; i++) {
        if (terminal.colored)
            make_pair(i + 1, &looks[i], colors);
        attr_t attributes = !terminal.colored ? looks[i].plain : colors == COLORS_16 ? looks[i].attributes : looks[i].attributes & ~A_DIM;
        terminal.attributes[i] = attributes & ~unknown;
    }
}

/* ---- Life ---- */

enum status
terminal_open(const struct terminal_options *options, struct error *err)
{
    const char *codeset = setlocale(LC_ALL, "");
    const char *name = getenv("TERM");

    terminal.screen = newterm(NULL, stdout, stdin);
    if (terminal.screen == NULL)
        return error_set(err, STATUS_CONFIG, "this is no terminal ncurses knows (TERM=%s): try risktop --once", name == NULL ? "" : name);
    terminal.open = true;
    /* No UTF-8 in the locale: a character of two bytes does not become one. */
    wchar_t wide[2];
    terminal.ascii = options->ascii || (!options->wide && (codeset == NULL || mbstowcs(wide, "\xe2\x94\x80", 2) != 1));
    /* What is dim on a terminal would have a bright background in Windows' console, which is the wide one. */
    choose_colors(options->colors, options->wide ? A_DIM : A_NORMAL);
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(ESCAPE_MS);
    (void)curs_set(0);
    return (enum status)0;
}

void
terminal_close(void)
{
    if (!terminal.open)
        return;
    (void)endwin();
    delscreen(terminal.screen);
    terminal.open = false;
}

void
terminal_fit(int height, int width)
{
    if (is_term_resized(height, width))
        (void)resizeterm(height, width);
}

void
terminal_size(int *ret_height, int *ret_width)
{
    getmaxyx(stdscr, *ret_height, *ret_width);
}

void
terminal_redraw(void)
{
    (void)clearok(stdscr, TRUE);
}

/* ---- Showing ---- */

static void
show_row(const struct screen *screen, int row)
{
    for (int column = 0; column < screen->width; column++) {
        const struct cell *cell = &screen->cells[row * screen->width + column];
        const wchar_t text[2] = { (wchar_t)cell->glyph, L'\0' };
        int pair = terminal.colored ? cell->tone + 1 : 0;
        cchar_t shown;
        (void)setcchar(&shown, text, terminal.attributes[cell->tone], 0, &pair);
        (void)mvadd_wch(row, column, &shown);
    }
}

void
terminal_show(struct screen *screen)
{
    int height, width;

    terminal_size(&height, &width);
    if (terminal.ascii)
        screen_to_ascii(screen);
    for (int row = 0; row < screen->height && row < height; row++)
        show_row(screen, row);
    (void)refresh();
}

/* ---- Keys ---- */

int
terminal_key(void)
{
    static const struct {
        int curses, key;
    } table[] = { { KEY_UP, INPUT_UP }, { KEY_DOWN, INPUT_DOWN }, { KEY_LEFT, INPUT_LEFT }, { KEY_RIGHT, INPUT_RIGHT },
        { KEY_PPAGE, INPUT_PAGE_UP }, { KEY_NPAGE, INPUT_PAGE_DOWN }, { KEY_HOME, INPUT_HOME }, { KEY_END, INPUT_END },
        { KEY_BACKSPACE, INPUT_BACKSPACE }, { KEY_BTAB, INPUT_BACK_TAB }, { KEY_ENTER, '\n' } };
    int key = getch();

    if (key == ERR)
        return -1;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].curses == key)
            return table[i].key;
    return key > 255 ? 0 : key; /* KEY_RESIZE: nothing to do, the size is asked for each frame. */
}
