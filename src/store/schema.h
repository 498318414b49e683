/*
 * schema.h - the tables, and how an older file becomes today's (SC-01 to MG-05).
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/error.h"
#include "base/instant.h"

#include <sqlite3.h>
#include <stdint.h>

#define SCHEMA_APPLICATION_ID 0x53524d31 /* "SRM1" */

/* From version - 1 to version. */
struct schema_step {
    int32_t version;
    const char *description;
    const char *const *statements; /* NULL-terminated. */
};

struct schema {
    const struct schema_step *steps; /* versions 1, 2, 3, ... */
    int32_t count;
};

/** Today's. */
extern const struct schema schema_current;

/** Version of a file; 0: empty.  STATUS_CONFIG: another program's, or newer than @schema (SC-01). */
MUST_USE enum status schema_version(sqlite3 *handle, const struct schema *schema, int32_t *ret_version, struct error *err);

/**
 * Bring the file from its version to the newest, each step with its version in one transaction, then compare with a fresh database.
 * A failing step is rolled back whole and named.  @program: its version, for the history.
 */
MUST_USE enum status schema_migrate(sqlite3 *handle, const struct schema *schema, struct instant now, const char *program,
    struct error *err);

/** Does the file have exactly the tables, columns and indexes a fresh one has (MG-05)?  STATUS_CORRUPT names the first difference. */
MUST_USE enum status schema_verify(sqlite3 *handle, const struct schema *schema, struct error *err);

#endif /* STORE_SCHEMA_H */
