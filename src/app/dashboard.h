/*
 * dashboard.h - risktop: the feed, the database and the terminal around one model (S-15, S-16).
 */
#ifndef APP_DASHBOARD_H
#define APP_DASHBOARD_H

#include "tui/terminal.h"
#include "tui/ui.h"

enum {
    DASHBOARD_LIVE = 0,     /* Shown from the daemon, or quit. */
    DASHBOARD_FAILED = 1,   /* Nothing to show, or no terminal. */
    DASHBOARD_USAGE = 2,
    DASHBOARD_DATABASE = 3, /* --once, --json: shown from the database, the daemon was not there. */
};

struct dashboard_options {
    const char *address;   /* NULL: 127.0.0.1. */
    uint16_t port;
    const char *db;        /* Database to fall back to; NULL: none. */
    const char *notes;     /* File of the trader's clock; NULL: none is kept. */
    enum tab tab;
    int64_t account_id;    /* To begin with; 0: the first. */
    int height, width;     /* Of --once. */
    bool once, json, ascii, stats;
    enum terminal_colors colors;
};

/** Run until quit, or once.  Returns one of the exit codes. */
int dashboard_run(const struct dashboard_options *options);

#endif /* APP_DASHBOARD_H */
