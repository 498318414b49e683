/*
 * binder.c - binds parameters.  A failing bind is a wrong index, i.e. a bug, or a text beyond SQLite's limit of a gigabyte.
 */
#include "store/binder.h"

#include "base/assert.h"

struct binder
binder_on(sqlite3_stmt *statement)
{
    return (struct binder){ statement, 1 };
}

void
binder_int(struct binder *binder, int64_t value)
{
    int code = sqlite3_bind_int64(binder->statement, binder->next++, value);

    ASSERT(code == SQLITE_OK);
}

void
binder_int_if(struct binder *binder, int present, int64_t value)
{
    if (present)
        binder_int(binder, value);
    else
        binder->next++; /* Unbound parameters are NULL. */
}

void
binder_text(struct binder *binder, const char *text)
{
    int code = sqlite3_bind_text(binder->statement, binder->next++, text, -1, SQLITE_STATIC);

    ASSERT(code == SQLITE_OK);
}

void
binder_blob(struct binder *binder, const void *data, size_t size)
{
    int code = sqlite3_bind_blob64(binder->statement, binder->next++, data, size, SQLITE_STATIC);

    ASSERT(code == SQLITE_OK);
}
