/*
 * gateway_server.h - the sockets of the simulated gateway: HTTPS and WSS on libwebsockets, one thread, loopback only.
 *
 * libwebsockets on purpose: another implementation than the client's own, so that a mistake is not mirrored.
 */
#ifndef SIM_GATEWAY_SERVER_H
#define SIM_GATEWAY_SERVER_H

#include "base/error.h"
#include "sim/sim.h"

#include <signal.h>

struct gateway_server_options {
    const char *address; /* Loopback; anything else is refused. */
    int port;            /* 0: any. */
    const char *certificate, *key; /* PEM files. */
    struct instant (*utc_now)(void);
};

struct gateway_server;

/**
 * Listens.  @sim must outlive the server.
 *
 * STATUS_CONFIG: not a loopback address, or certificate or key cannot be used; STATUS_INTERNAL: cannot listen.
 */
MUST_USE enum status gateway_server_new(const struct gateway_server_options *options, struct sim *sim,
    struct gateway_server **ret_server, struct error *err);
void gateway_server_free(struct gateway_server *server);
/** The port it listens on. */
int gateway_server_port(const struct gateway_server *server);
/** Serves until *@stop; looks at it at least four times a second. */
void gateway_server_run(struct gateway_server *server, const volatile sig_atomic_t *stop);

#endif /* SIM_GATEWAY_SERVER_H */
