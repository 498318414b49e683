/*
 * error.c - see error.h.  New text is put together beside the old one: an argument may point into @err itself, as in
 * error_set(err, status, "%s", err->text).
 */
#include "base/error.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdio.h>

enum status
error_set(struct error *err, enum status status, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;

    ASSERT(status != OK);
    if (err == NULL)
        return status;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err->status = status;
    (void)text_copy(err->text, sizeof err->text, text);
    return status;
}

enum status
error_prefix(struct error *err, const char *format, ...)
{
    char prefix[ERROR_TEXT_MAX], old[ERROR_TEXT_MAX];
    struct text text;
    va_list args;

    if (err == NULL)
        return STATUS_INTERNAL;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    (void)text_copy(old, sizeof old, err->text);
    text = text_on(err->text, sizeof err->text);
    text_add(&text, prefix);
    text_add(&text, ": ");
    text_add(&text, old);
    return err->status;
}

const char *
status_name(enum status status)
{
    static const char *const names[] = { "OK", "RETRY", "RECONNECT", "REFUSED", "CORRUPT", "CONFIG", "LIMIT", "INTERNAL" };

    return (unsigned)status < COUNT_OF(names) ? names[status] : "UNKNOWN";
}
