/*
 * scratch.h - files for the tools of app/: a whole one read, and a place for a database that goes when it is no longer needed.
 */
#ifndef APP_SCRATCH_H
#define APP_SCRATCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/** Read a whole file, NUL-terminated.  @ret_text is the caller's to free(); set on success only.  STATUS_CONFIG. */
MUST_USE enum status scratch_read_file(const char *path, char **ret_text, size_t *ret_length, struct error *err);

struct scratch;

/** A new empty directory; @database gets the path of a file in it that does not exist yet. */
MUST_USE enum status scratch_new(struct scratch **ret_scratch, char *database, size_t database_size, struct error *err);
/** Remove it with all that is in it.  NULL is fine. */
void scratch_free(struct scratch *scratch);

#endif /* APP_SCRATCH_H */
