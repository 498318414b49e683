/*
 * space.h - tells before the database's disk is full (SV-06, S-12).
 */
#ifndef APP_SPACE_H
#define APP_SPACE_H

#include <stdbool.h>
#include <uv.h>

#define SPACE_LOW_BYTES (INT64_C(100) << 20)

struct guard;

/* Zeroed is fresh. */
struct space {
    uv_fs_t request;
    bool asking;  /* A disk that does not answer is asked once. */
    bool low;     /* Told. */
};

/** Ask how much is left; the answer, if it is news, becomes an alarm.  Asked in libuv's pool: nothing waits. */
void space_check(struct guard *guard);

#endif /* APP_SPACE_H */
