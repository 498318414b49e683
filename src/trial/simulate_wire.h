/*
 * simulate_wire.h - the gateway's transport in virtual time: the network between the real client and the simulated gateway.
 *
 *     gateway client --struct transport--> wire --requests, WebSocket bytes--> sim/ (endpoints.c, stream.c, exchange.c)
 *
 * Real bytes both ways: URLs, JSON, WebSocket frames, SignalR messages.  Latency comes from the seed, bytes of one connection stay in
 * order, a request that was sent reaches the exchange even when its sender has died meanwhile.
 *
 * A wire has one client at a time.  The client's transport.free ends its life: connections are cut, answers to it are dropped.
 */
#ifndef TRIAL_SIMULATE_WIRE_H
#define TRIAL_SIMULATE_WIRE_H

#include "gateway/transport.h"
#include "sim/sim.h"
#include "trial/simulate_jobs.h"
#include "trial/simulate_story.h"

#define WIRE_RECENT 512 /* Requests remembered for the count of a minute. */

struct simulate_wire {
    struct sim *sim;                /* Borrowed, as the next two. */
    struct simulate_jobs *jobs;
    struct simulate_story *story;
    struct chance chance;
    struct instant now;             /* Kept by the world. */
    int64_t latency_ns, jitter_ns;  /* One way; jitter on top of it. */
    /* What the network does. */
    bool down;                      /* No route: nothing leaves, connections end. */
    bool hole;                      /* Everything sent vanishes, both ways. */
    /* The client in life. */
    uint64_t life;
    int64_t wake_ns;
    void (*woken)(void *user);
    void *woken_user;
    struct wire_tunnel *tunnels;
    /* Before a request of the client is judged by the server; NULL: nobody looks. */
    void (*watch)(void *context, const char *path, const char *body);
    void *watch_context;
    uint64_t requests, mutations, connects, answers_lost;
    int64_t recent_ns[WIRE_RECENT]; /* Ring: when the last requests were sent. */
};

extern const struct transport simulate_wire_transport;

/** Monotonic time of the wire: UTC itself, there is no step here. */
int64_t simulate_wire_ns(const struct simulate_wire *wire);
/** When something sent now is there. */
int64_t simulate_wire_one_way(struct simulate_wire *wire);
/** What the hubs have to say goes on its way; after everything that touched the simulation. */
void simulate_wire_flush(struct simulate_wire *wire);
/** Every connection ends: with @down as a reset the client sees, with a hole silently. */
void simulate_wire_break(struct simulate_wire *wire);
/** Requests of the client in the minute that ends now. */
int simulate_wire_minute(const struct simulate_wire *wire);
/** Forget the client and everything still on its way.  Before the jobs go. */
void simulate_wire_fini(struct simulate_wire *wire);

#endif /* TRIAL_SIMULATE_WIRE_H */
