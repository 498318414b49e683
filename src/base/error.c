/* error.c - see error.h. */
#include "base/error.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdio.h>

enum status
error_set(struct error *err, enum status status, const char *format, ...)
{
    va_list args;

    ASSERT(status != OK);
    if (err == NULL)
        return status;
    err->status = status;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

enum status
error_prefix(struct error *err, const char *format, ...)
{
    char old[ERROR_TEXT_MAX];
    va_list args;
    int length;

    if (err == NULL)
        return STATUS_INTERNAL;
    (void)snprintf(old, sizeof old, "%s", err->text);
    va_start(args, format);
    length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof err->text - 3) {
        (void)text_copy(err->text + length, 3, ": ");
        (void)text_copy(err->text + length + 2, sizeof err->text - (size_t)length - 2, old);
    }
    return err->status;
}

const char *
status_name(enum status status)
{
    static const char *const names[] = { "OK", "RETRY", "RECONNECT", "REFUSED", "CORRUPT", "CONFIG", "LIMIT", "INTERNAL" };

    return (unsigned)status < COUNT_OF(names) ? names[status] : "UNKNOWN";
}
