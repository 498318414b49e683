/*
 * gateway_net.h - what the tests of net/ and of the whole gateway share: one loop, one server that misbehaves, a client to steer it.
 */
#ifndef GATEWAY_NET_H
#define GATEWAY_NET_H

#include "net/http.h"

#include <uv.h>

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
