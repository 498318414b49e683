/*
 * log.h - structured log lines, written by a thread of their own (S-25; resilience.md LG-01 to LG-11).
 *
 * The loop thread formats a line into memory and goes on: a slow or full disk never delays an enforcement.  Only app/ logs.
 */
#ifndef APP_LOG_H
#define APP_LOG_H

#include "base/error.h"
#include "base/instant.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum log_echo {
    LOG_ECHO_NONE,
    LOG_ECHO_JSON,    /* As in the files. */
    LOG_ECHO_TEXT,    /* For people at a terminal. */
    LOG_ECHO_JOURNAL, /* JSON behind "<4>": systemd's journal takes the level from it. */
};

struct log_options {
    const char *directory;  /* Made if it is not there.  NULL: no files. */
    enum log_level level;   /* Lines below it are not written. */
    int64_t max_bytes;      /* A file is rotated beyond it, and at each UTC day. */
    int32_t keep;           /* Rotated files kept per log. */
    int32_t keep_enforcement;
    int32_t keep_days;      /* Rotated files that old go, 0: never (LG-10). */
    bool mask_accounts;     /* LG-05: account ids do not show; learn them as secrets, for those inside of messages. */
    enum log_echo echo;     /* Also to stderr. */
};

/* One line; zero and NULL members are left out of it. */
struct log_line {
    enum log_level level;
    bool enforcement;       /* Also to enforcement.log, whatever the level; never dropped for space before warnings are. */
    bool api;               /* Also to api.log from LOG_LEVEL_WARN up. */
    const char *component;
    const char *message;
    uint64_t correlation;   /* LG-06: the incident, as in the enforcement log's rows. */
    uint64_t command;       /* Likewise the command; also the number in its customTag. */
    int64_t account_id;
    const char *contract;
    int32_t rule;
    const char *action;
    const char *endpoint;   /* The error object: endpoint, http, code, class. */
    int32_t http, code;
    const char *error_class;
};

struct log;

/** Start the writer thread.  @options is copied.  STATUS_INTERNAL when there is no thread or memory. */
MUST_USE enum status log_new(const struct log_options *options, struct log **ret_log, struct error *err);
/** Write what is queued, stop.  NULL is fine. */
void log_free(struct log *log);

/** A secret that must never show, wherever it turns up.  Before other threads log. */
void log_learn_secret(struct log *log, const char *secret);
void log_set_level(struct log *log, enum log_level level);

/** Any thread.  @log NULL drops the line. */
void log_write(struct log *log, const struct log_line *line);
void log_say(struct log *log, enum log_level level, const char *component, const char *format, ...) PRINTF_LIKE(4, 5);

/** Between the two the log's thread is not woken (see writer_hold()). */
void log_hold(struct log *log);
void log_let_go(struct log *log);

struct log_stats {
    uint64_t written, dropped, failed; /* Failed: lines no file took (LG-08: alarm and go on). */
};
struct log_stats log_stats(struct log *log);

#endif /* APP_LOG_H */
