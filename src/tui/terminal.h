/*
 * terminal.h - shows a screen on the terminal by ncurses, and reads its keys.
 *
 * ncurses sends only what changed.  One terminal at a time: ncurses has one of its own.
 */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include "tui/screen.h"

enum terminal_colors { COLORS_AUTO, COLORS_NONE, COLORS_16, COLORS_256, COLORS_TRUE };

struct terminal_options {
    enum terminal_colors colors;
    bool ascii; /* Else as the locale has it, */
    bool wide;  /* or it does not matter what that says. */
};

/** Take over the terminal.  STATUS_CONFIG: stdout is none, or TERM is unknown. */
MUST_USE enum status terminal_open(const struct terminal_options *options, struct error *err);
/** Give it back as it was.  Twice is fine. */
void terminal_close(void);

/** It has become that large, where nobody but the caller can know.  Does nothing if it was so already. */
void terminal_fit(int height, int width);

/** Its size now; also takes note of a new one. */
void terminal_size(int *ret_height, int *ret_width);

/** Show; @screen may become ASCII by it. */
void terminal_show(struct screen *screen);

/** The next key, a character or INPUT_..., or -1: none waits. */
int terminal_key(void);

/** Forget what is on the terminal and draw it all the next time. */
void terminal_redraw(void);

#endif /* TUI_TERMINAL_H */
