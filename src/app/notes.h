/*
 * notes.h - the trader's clock in and out as lines of a file: "2026-11-21T10:52:48Z in slept well" (S-16).
 */
#ifndef APP_NOTES_H
#define APP_NOTES_H

#include "tui/ui.h"

/** The newest ones.  A file that is missing or NULL holds none; lines of another shape are passed over. */
void notes_read(const char *path, struct ui *ui);

/** Add one line.  A file that cannot be written keeps none: it is a note, nothing depends on it. */
void notes_append(const char *path, const struct ui_note *note);

#endif /* APP_NOTES_H */
