/*
 * fuzz_instant.c - timestamps: what is accepted is within bounds and reads back the same after being written.
 */
#include "base/assert.h"
#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct instant at = { -1 }, back;
    char out[INSTANT_TEXT_MAX];
    char *copy = malloc(size > 0 ? size : 1); /* Exact size: a read beyond the end is found. */

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (instant_parse(copy, size, &at)) {
        ASSERT(at.ns >= 0 && !instant_is_never(at));
        size_t length = instant_format(at, out, sizeof out);
        ASSERT(length == strlen(out) && length < sizeof out - 1);
        if (strncmp(out, "2262", 4) != 0) { /* An offset can carry the last day there. */
            ASSERT(instant_parse(out, length, &back));
            ASSERT(instant_equal(at, back));
        }
    } else {
        ASSERT(at.ns == -1);
    }
    free(copy);
    return 0;
}
