/*
 * audit.h - the enforcement log's chain (S-11): is what is written still what was written?
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/sha256.h"
#include "store/store.h"

struct audit_report {
    bool intact;
    int64_t rows;                /* Checked. */
    int64_t first_id, last_id;   /* 0: the log is empty. */
    int64_t bad_id;              /* First row that is missing or not as written; 0 when intact. */
    char head[SHA256_HEX_MAX];   /* Hash of the last row: write it down elsewhere to prove later that nothing was cut off. */
    char text[200];              /* For people: "enforcement log: 812 rows, intact". */
};

/**
 * Walk the whole log.  OK also when it is not intact: that is in the report.  @expected_head: a head written down earlier that must be in the
 * chain, or NULL.  Others than OK: the log could not be read.
 */
MUST_USE enum status audit_verify(struct store *store, const char *expected_head, struct audit_report *ret_report,
    struct error *err);

/* A row as it was written; texts are valid during the visit. */
struct audit_row {
    int64_t id;
    int64_t at_ns;
    const char *kind;         /* record_kind_name(). */
    int64_t account_id;
    int64_t rule;
    int64_t incident;         /* Correlates all rows of one breach (LG-06). */
    const char *scope;        /* Contract or root; "": the account. */
    int64_t action, unit;     /* Breach: enum action, enum unit. */
    int64_t observed, limit;
    const char *reason;       /* For people. */
    int64_t size;             /* Goal: at most; request: how many. */
    int64_t command;          /* Id; 0: none. */
    const char *command_kind;
    int64_t order_id;
    int64_t price_nanos;
    const char *result;       /* Outcome of a request, "proven", a mode. */
    const char *error;        /* The broker's words. */
    int64_t http_status, code;
    int64_t took_ns;
    int64_t until_ns;         /* Lockouts; INT64_MAX: no end by time. */
    const char *detail;
    const char *config_hash;
    char hash[SHA256_HEX_MAX]; /* Of the chain up to this row. */
};

struct audit_column {
    const char *name;  /* Of the table. */
    const char *text;  /* NULL: a number. */
    int64_t number;
};

/** Column @index of a row, in table order, the hash last; false past it.  @ret_column->text lives as long as @row's. */
bool audit_column(const struct audit_row *row, size_t index, struct audit_column *ret_column);

/** Visit the newest rows first, at most @count, of one account (0: all). */
MUST_USE enum status audit_each(struct store *store, int64_t account_id, uint32_t count,
    void (*visit)(void *context, const struct audit_row *row), void *context, struct error *err);

/** Visit all rows from @since on, oldest first, of one account (0: all), at one moment of the log.  For exports. */
MUST_USE enum status audit_export(struct store *store, int64_t account_id, struct instant since,
    void (*visit)(void *context, const struct audit_row *row), void *context, struct error *err);

/** Where the chain stands after the last store_write(): the last row's id (0: none) and hash.  False: the store keeps no log. */
bool audit_head(struct store *store, int64_t *ret_id, char ret_hash[SHA256_HEX_MAX]);

#endif /* STORE_AUDIT_H */
