/*
 * input.h - keys to choices.
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include "tui/ui.h"

/* Beyond ASCII; terminal.c translates the terminal's own. */
enum {
    INPUT_UP = 0x1000,
    INPUT_DOWN,
    INPUT_LEFT,
    INPUT_RIGHT,
    INPUT_PAGE_UP,
    INPUT_PAGE_DOWN,
    INPUT_HOME,
    INPUT_END,
    INPUT_BACKSPACE,
    INPUT_BACK_TAB,
};
#define INPUT_ESCAPE 27

void input_key(struct ui *ui, const struct model *model, int key);

#endif /* TUI_INPUT_H */
