/*
 * binder.h - binds the parameters of an SQLite statement one after the other.
 */
#ifndef STORE_BINDER_H
#define STORE_BINDER_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct binder {
    sqlite3_stmt *statement;
    int next; /* Parameters count from 1. */
};

struct binder binder_on(sqlite3_stmt *statement);
void binder_int(struct binder *binder, int64_t value);
/** NULL unless @present. */
void binder_int_if(struct binder *binder, int present, int64_t value);
/** Texts and blobs are not copied: they must live until the statement is reset. */
void binder_text(struct binder *binder, const char *text);
void binder_blob(struct binder *binder, const void *data, size_t size);

#endif /* STORE_BINDER_H */
