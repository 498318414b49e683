/*
 * fake_parts.h - what fake_broker.c and fake_hub.c share.
 */
#ifndef TESTS_LIB_FAKE_PARTS_H
#define TESTS_LIB_FAKE_PARTS_H

#include "lib/fake_broker.h"

struct fake_job {
    struct fake_job *next;
    int64_t at_ns;
    void (*run)(struct fake *fake, struct fake_job *job);
    /* An answer that is due. */
    http_done *done;
    void *user;
    struct fake_request request;
    /* Bytes for the client, an opening, a closing. */
    struct fake_hub *hub;
    size_t length;
    char *bytes;
};

/** In order of time, then of asking. */
struct fake_job *fake_job_at(struct fake *fake, int64_t at_ns, void (*run)(struct fake *fake, struct fake_job *job));
void fake_job_free(struct fake_job *job);

/* The transport's functions for hubs. */
void fake_random(void *context, void *out, size_t size);
enum status fake_open(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers, void *user,
    void **ret_tunnel, struct error *err);
enum status fake_send(void *context, void *tunnel, const void *bytes, size_t length, struct error *err);
void fake_close(void *context, void *tunnel);

#endif /* TESTS_LIB_FAKE_PARTS_H */
