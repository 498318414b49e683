/*
 * log_repeat.h - the same error a hundred times is one line and a number (LG-09).
 */
#ifndef APP_LOG_REPEAT_H
#define APP_LOG_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_REPEAT_KINDS 32
#define LOG_REPEAT_TEXT 160

struct log_repeat_kind {
    uint64_t key;
    int64_t since_ns; /* Of the line that was written. */
    uint32_t more;    /* Like it, not written. */
    char component[24];
    char message[LOG_REPEAT_TEXT];
};

/* Zeroed is empty. */
struct log_repeat {
    uint32_t count;
    struct log_repeat_kind kinds[LOG_REPEAT_KINDS];
};

/**
 * Is the line to be written?  Lines are alike by component, endpoint and code; without an endpoint (NULL) by component and message.
 * @now_ns is monotonic.
 */
bool log_repeat_passes(struct log_repeat *repeat, int64_t now_ns, const char *component, const char *endpoint, int32_t code,
    const char *message);

/** A kind whose minute is over and that has something to tell; each is given once.  INT64_MAX: all that have. */
bool log_repeat_due(struct log_repeat *repeat, int64_t now_ns, struct log_repeat_kind *ret_kind);

#endif /* APP_LOG_REPEAT_H */
