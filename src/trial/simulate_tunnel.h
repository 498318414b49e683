/*
 * simulate_tunnel.h - the part of the simulated network that the hubs' connections are; private to simulate_wire.c.
 */
#ifndef TRIAL_SIMULATE_TUNNEL_H
#define TRIAL_SIMULATE_TUNNEL_H

#include "trial/simulate_wire.h"

/* As struct transport's open, send and close; the context is the wire. */
enum status simulate_tunnel_open(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers,
    void *user, void **ret_tunnel, struct error *err);
enum status simulate_tunnel_send(void *context, void *tunnel, const void *bytes, size_t length, struct error *err);
void simulate_tunnel_close(void *context, void *tunnel);

/** The client is gone: the server sees its connections end. */
void simulate_tunnel_forsake(struct simulate_wire *wire);
/** Is the job's data bytes of a tunnel, to be freed with free()? */
bool simulate_tunnel_owns(const struct simulate_job *job);
/** Free all, whatever is on its way. */
void simulate_tunnel_fini(struct simulate_wire *wire);

#endif /* TRIAL_SIMULATE_TUNNEL_H */
