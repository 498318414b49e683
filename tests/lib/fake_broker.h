/*
 * fake_broker.h - a gateway's other side in virtual time, behind struct transport: REST answers and both hubs, scripted by the test.
 *
 * Not a simulation of an exchange (src/sim is): it answers what it was told to.  Everything happens in fake_run(); nothing ever sleeps.
 */
#ifndef TESTS_LIB_FAKE_BROKER_H
#define TESTS_LIB_FAKE_BROKER_H

#include "gateway/gateway.h"
#include "gateway/transport.h"
#include "net/websocket.h"

#define FAKE_REQUESTS_MAX 20000
#define FAKE_EVENTS_MAX 20000
#define FAKE_HUBS_MAX 4
#define FAKE_SECOND INT64_C(1000000000)
#define FAKE_MS INT64_C(1000000)

struct fake;

struct fake_request {
    int64_t at_ns;
    char path[48];
    char body[512];
    char bearer[64];
};

/* Everything a test wants to see of an event, without borrowed pointers. */
struct fake_event {
    int64_t at_ns;
    enum event_kind kind;
    struct event event;       /* Snapshot pointers are NULL. */
    struct order_row first_order, last_order;
    struct trade_row first_trade, last_trade;
};

/* One connection of a hub. */
struct fake_hub {
    struct fake *fake;
    const struct tunnel_handlers *handlers;
    void *user;
    struct websocket websocket;
    bool is_open, is_user, upgraded;
    char target[512];
    char heard[4096];         /* Invocations' targets and arguments, one a line. */
    int pings;
    int64_t last_ping_ns;
    int pongs;
    char last_pong[WEBSOCKET_CONTROL_MAX + 1];
};

struct fake {
    int64_t now_ns, wake_ns;
    int64_t stepped_ns;       /* The wall clock is so far off the monotonic one. */
    void (*woken)(void *user);
    void *woken_user;
    struct gateway *gateway;
    /* What it does. */
    int64_t latency_ns;
    bool is_down;             /* Requests never leave, tunnels do not open. */
    bool hubs_down;           /* Their tunnels do not open. */
    bool hubs_silent;         /* They say nothing more. */
    bool no_pings;            /* They say nothing unasked; otherwise a ping each 15 s. */
    bool holds_acks, fails_acks;
    int upgrade_status;       /* 0: 101. */
    int login_code;
    int64_t token_life_s;     /* In the token's exp; 0: a token that is no JWT. */
    const char *token_tail;   /* Of a token that is no JWT; NULL: nothing. */
    int accounts;             /* Ids 1 to this. */
    const char *positions, *trades; /* JSON lists; NULL: nothing. */
    int orders;               /* So many open orders, ids from 1. */
    /* Answer this request yourself: true if done.  Called when the answer is due. */
    bool (*hook)(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size);
    /* What it saw. */
    struct fake_request requests[FAKE_REQUESTS_MAX];
    int requests_count;
    struct fake_event events[FAKE_EVENTS_MAX];
    int events_count;
    int alarms[3];
    char last_alarm[400];
    struct fake_hub hubs[FAKE_HUBS_MAX];
    int connects, logins, tokens;
    int drops;                /* Of kept connections. */
    char wire[65536];
    size_t wire_length;
    char notes[65536];        /* For the ledger, "what: text" a line. */
    size_t notes_length;
    struct fake_job *jobs;
};

/** A gateway for accounts 1 to @accounts on a new fake; started.  Free with fake_free(). */
struct fake *fake_new(int accounts);
/** Likewise, with the daily halt told by @in_halt. */
struct fake *fake_new_with(int accounts, bool (*in_halt)(void *context, struct instant now));
void fake_free(struct fake *fake);
/** Let so much time pass. */
void fake_run(struct fake *fake, int64_t ns);
/** Run until both hubs are LIVE and the mode NORMAL; fails the test after 30 s. */
void fake_go_live(struct fake *fake);

/** Requests to paths that contain @part, from index @since on. */
int fake_count(const struct fake *fake, const char *part, int since);
/** Events of a kind from index @since on. */
int fake_count_events(const struct fake *fake, enum event_kind kind, int since);
/** The first of them, or NULL. */
const struct fake_event *fake_find_event(const struct fake *fake, enum event_kind kind, int since);
/** The answer to a command, or NULL. */
const struct answer_event *fake_answer(const struct fake *fake, uint64_t command_id);
/** Last mode told. */
enum mode fake_mode(const struct fake *fake);
/** The open connection of a hub, or NULL. */
struct fake_hub *fake_hub(struct fake *fake, bool user);
/** Say something on a hub: JSON without separator. */
void fake_say(struct fake_hub *hub, const char *json);
/** Bytes in one frame as they are; @more: it is a fragment, and not the last. */
void fake_say_frame(struct fake_hub *hub, enum websocket_opcode opcode, bool more, const void *bytes, size_t length);
/** Cut the connection. */
void fake_cut(struct fake_hub *hub);
/** Send a command; its id is returned. */
uint64_t fake_command(struct fake *fake, struct command command);

#endif /* TESTS_LIB_FAKE_BROKER_H */
