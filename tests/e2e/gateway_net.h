/*
 * gateway_net.h - what the tests of net/ and of the whole gateway share: one loop, one server that misbehaves, a client to steer it.
 */
#ifndef GATEWAY_NET_H
#define GATEWAY_NET_H

#include "net/http.h"

#include <uv.h>

/* For whatever is not about time: a machine may be slow, and stand still for seconds. */
#define NET_PATIENCE_MS 30000

extern uv_loop_t net_loop;
extern int net_port;          /* Of the server. */
extern char net_ca_file[300]; /* Which it is signed by. */

/** A client whose mutations go by libcurl. */
struct http *net_client(const char *ca);
void net_drop(struct http *client);

/** GET a path that steers the server (gateway_server.py); the number it answers. */
int net_ask(struct http *client, const char *path);

/** How often the server has executed a close. */
int net_executed(struct http *client);

/* gateway_net_loop.c */
void net_test_unwatched(void **state);

/* gateway_net_server.c */
/** Start gateway_server.py, with its certificates in @directory, and wait until it listens. */
void net_server_start(const char *directory);
void net_server_stop(void);

/** Have the server do what its tell() knows, and return when all of it has arrived at our sockets; the loop does not turn meanwhile. */
void net_tell(const char *word);

/* gateway_net_tunnel.c */
void net_test_tunnel(void **state);
void net_test_turn(void **state);
void net_test_claim(void **state);
void net_test_flood(void **state);
void net_test_reset(void **state);

/* gateway_net_whole.c */
void net_test_gateway(void **state);
void net_test_no_leak(void **state);

#endif /* GATEWAY_NET_H */
