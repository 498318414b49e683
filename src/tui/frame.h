/*
 * frame.h - the whole picture: header, tabs, banners, the pane, the key line; help and the account picker above it.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/ui.h"

/** Draw all of @screen.  Pure but for ui->scroll and ui->account, which are brought into range. */
void frame_draw(struct screen *screen, const struct model *model, struct ui *ui);

#endif /* TUI_FRAME_H */
