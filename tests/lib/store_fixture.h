/*
 * store_fixture.h - a directory for databases that goes away, and looks at them from beside the store.
 *
 * Failing means failing the running cmocka test.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/store.h"

#define NOW ((struct instant){ INT64_C(1795249800000000000) }) /* 2026-11-21T08:30:00Z */

int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/** "<directory>/<name>.db"; valid until the next call. */
const char *store_fixture_path(void *state, const char *name);

struct store *store_fixture_open(const char *path);
/** Opening fails with @expected; the text is in @ret_err. */
void store_fixture_refuses(const char *path, enum status expected, struct error *ret_err);
void store_fixture_save(struct store *store, const struct record *records, uint32_t count);
/** Load as of 5000 ns after 1970: tests' times are small numbers. */
struct restore store_fixture_load(struct store *store);

struct record store_fixture_lockout_record(int64_t account_id, int32_t rule, const char *root, enum record_kind kind);
void store_fixture_lockout(struct store *store, int64_t account_id, int32_t rule, const char *root, enum record_kind kind);
/** What would be restored: "7/3[] 7/6[MNQ] ", by account, rule, root. */
void store_fixture_assert_lockouts(struct store *store, const char *expected);

/** Remove a database and all that belongs to it. */
void store_fixture_remove(const char *path);

/** First column of the first row as text ("" for NULL), through a connection of its own; @out holds 8192 bytes. */
void store_fixture_ask(const char *path, const char *sql, char *out);
/** Change the file behind the store's back. */
void store_fixture_run(const char *path, const char *sql);

#endif /* TESTS_STORE_FIXTURE_H */
