/*
 * error.h - what went wrong, grouped by what the caller can do about it.
 *
 * The text is for a person and gains context as it climbs:
 * "accounts.yaml:14:9: accounts[1].api_key: empty".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#define ERROR_TEXT_MAX 512

#if defined(__GNUC__) && !defined(__clang__)
#define PRINTF_DIALECT gnu_printf /* "%zu" and "%lld" wherever gcc compiles for. */
#else
#define PRINTF_DIALECT printf
#endif
#if defined(__GNUC__)
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(PRINTF_DIALECT, text, first)))
#else
#define MUST_USE
#define PRINTF_LIKE(text, first)
#endif

enum status {
    OK = 0,
    STATUS_RETRY,     /* The same call may succeed later. */
    STATUS_RECONNECT, /* The connection is spent; a new one may work. */
    STATUS_REFUSED,   /* The other side said no; asking again changes nothing. */
    STATUS_CORRUPT,   /* The data is not what it must be. */
    STATUS_CONFIG,    /* The user has to change something. */
    STATUS_LIMIT,     /* A bound of core/limits.h or of memory was reached. */
    STATUS_INTERNAL,  /* The operating system or a library failed. */
};

struct error {
    enum status status;
    char text[ERROR_TEXT_MAX];
};

/** Set @err and return @status, so that `return error_set(...)` reads well.  @err may be NULL. */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** Put context before what is there: "format: old text".  @err may be NULL.  Returns err->status. */
enum status error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/** One word for logs: "RETRY", "CONFIG", ... */
const char *status_name(enum status status);

#endif /* BASE_ERROR_H */
