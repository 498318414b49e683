/*
 * ui.h - what the person looking has chosen, and what the program tells about its own connection.
 *
 * Drawing is a pure function: frame_draw(model, ui) -> cells.  Time is in ui.now.
 */
#ifndef TUI_UI_H
#define TUI_UI_H

#include "tui/model.h"
#include "tui/screen.h"

#define UI_FILTER_MAX 24
#define UI_NOTE_MAX 64
#define UI_NOTES 64

enum tab { TAB_OVERVIEW, TAB_PNL, TAB_POSITIONS, TAB_RULES, TAB_CONNECTIONS, TAB_CALENDAR, TAB_LOCKOUTS, TAB_HISTORY, TABS };

enum ui_mode { UI_NORMAL, UI_HELP, UI_PICKER, UI_FILTER, UI_NOTE };

enum ui_link {
    LINK_CONNECTING, /* For the first time. */
    LINK_LIVE,
    LINK_DATABASE,   /* Lost; what is shown was read from the database. */
    LINK_LOST,       /* Lost, and the database cannot be read; what is shown is the last we heard. */
};

/* The trader's own clock (S-16): only a note, nothing follows from it. */
struct ui_note {
    bool in;
    struct instant at;
    char text[UI_NOTE_MAX];
};

struct ui {
    struct instant now;
    enum tab tab;
    enum ui_mode mode;
    int account;          /* Index in the model. */
    int picked;           /* In the picker. */
    int scroll[TABS];
    char filter[UI_FILTER_MAX];
    char typed[UI_NOTE_MAX];
    bool quit;
    bool note_added;      /* The newest note waits to be stored by the program. */
    int notes_count;
    struct ui_note notes[UI_NOTES]; /* Oldest first. */
    enum ui_link link;
    struct instant retry_at;   /* Next attempt to connect. */
    struct instant data_at;    /* How old what is shown is; INSTANT_NONE: nothing is. */
    char link_text[MODEL_TEXT]; /* Why there is no connection. */
};

const char *ui_tab_name(enum tab tab);
/** "overview", "p&l", "pnl", "history" or its number; any case.  False: there is none. */
bool ui_tab_parse(const char *text, enum tab *ret_tab);

/** Add a note, dropping the oldest when full. */
void ui_add_note(struct ui *ui, const struct ui_note *note);

#endif /* TUI_UI_H */
