/*
 * feed.c - clients of the feed, and what each is owed.
 *
 * A message is framed once and shared.  Per client there is the server's bounded queue, and one bit for each key whose latest state it has not
 * been sent because it was behind:
 *
 *     queue > BEHIND:  event -> queue (beyond queue_max: dropped)     state -> bit
 *     queue empty:     the latest state of every bit -> queue, until it is behind again
 *
 * So a client that reads slowly costs the daemon at most queue_max, sees every event in order, and sees states late but never wrong.
 * A late state carries the seq it was published with, which is then below that of events before it.
 */
#include "feed/feed.h"

#include "base/assert.h"
#include "base/json.h"
#include "net/server.h"
#include "net/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#define KEYS_MAX 2048                   /* 512 contracts, and 13 states of each of 100 accounts. */
#define QUEUE_MAX (1 << 20)
#define BEHIND 32768                    /* More bytes waiting than this: states are held back. */
#define INCOMING_MAX 65536
#define FIRST_SNAPSHOT 65536
#define LAST_SNAPSHOT (4 << 20)         /* What our dashboard takes as one message. */
#define ENVELOPE_MAX 256
#define WORD_BITS 64

/* The state of one key; stays for good: their number is bounded by what is traded and configured. */
struct state {
    char key[FEED_KEY_MAX];
    size_t index;
    struct packet *latest;
    UT_hash_handle hh;
};

struct client {
    struct client *prev, *next;
    struct server_client *connection;
    uint64_t owed[KEYS_MAX / WORD_BITS];
};

struct feed {
    struct feed_options options;
    struct server *server;
    struct client *clients; /* Also those that are being closed: more than clients_max for a moment. */
    int32_t clients_count;
    struct state *by_key;
    struct state *states[KEYS_MAX];
    size_t states_count;
    uint64_t seq; /* Of the last message. */
    uint64_t dropped, skipped;
};

/* ---- Messages ---- */

/* The whole frame, or NULL without memory. */
static struct packet *
make_packet(const struct feed *feed, const struct feed_message *message)
{
    size_t size = strlen(message->data) + ENVELOPE_MAX;
    char at[INSTANT_TEXT_MAX];
    char *buffer = malloc(size);
    if (buffer == NULL)
        return NULL;
    struct text text = text_on(buffer, size);
    struct json_writer json = json_writer_on(&text);

    instant_format(message->at, at, sizeof at);
    json_open(&json, NULL, '{');
    json_add_string(&json, "type", message->type);
    if (message->account_id != 0)
        json_add_int(&json, "account_id", message->account_id);
    else
        json_add_null(&json, "account_id");
    json_add_raw(&json, "data", message->data);
    json_add_int(&json, "seq", (int64_t)feed->seq);
    json_add_string(&json, "ts", at);
    json_close(&json, '}');
    ASSERT(!text.truncated);
    /* A sentence cut at a bound may end inside a character; one such byte would cost every client its connection (RFC 6455 8.1). */
    utf8_scrub((uint8_t *)text.data, text.length);
    struct packet *packet = packet_new_text(text.data, text.length);
    free(buffer);
    return packet;
}

/* The state @message is of; NULL when there is no room for one more key. */
static struct state *
state_of(struct feed *feed, const struct feed_message *message)
{
    struct state *state;
    char key[FEED_KEY_MAX];

    int length = snprintf(key, sizeof key, "%s:%s", message->type, message->key);
    ASSERT(length > 0 && (size_t)length < sizeof key);
    HASH_FIND_STR(feed->by_key, key, state);
    if (state != NULL || feed->states_count == KEYS_MAX)
        return state;
    state = calloc(1, sizeof *state);
    if (state == NULL)
        return NULL;
    memcpy(state->key, key, (size_t)length + 1);
    state->index = feed->states_count;
    feed->states[feed->states_count++] = state;
    HASH_ADD_STR(feed->by_key, key, state);
    return state;
}

/* ---- Clients ---- */

static void
owe(struct client *client, size_t index, bool owed)
{
    uint64_t bit = UINT64_C(1) << index % WORD_BITS;

    if (owed)
        client->owed[index / WORD_BITS] |= bit;
    else
        client->owed[index / WORD_BITS] &= ~bit;
}

static bool
is_owed(const struct client *client, size_t index)
{
    return (client->owed[index / WORD_BITS] >> index % WORD_BITS & 1) != 0;
}

static bool
is_behind(const struct client *client)
{
    return server_client_queued(client->connection) > BEHIND;
}

static void
send_event(struct feed *feed, struct client *client, struct packet *packet)
{
    if (server_send(client->connection, packet) == STATUS_LIMIT)
        feed->dropped++;
}

static void
send_state(struct feed *feed, struct client *client, const struct state *state)
{
    bool behind = is_behind(client);

    owe(client, state->index, behind);
    if (behind)
        feed->skipped++;
    else
        send_event(feed, client, state->latest);
}

void
feed_publish(struct feed *feed, const struct feed_message *message)
{
    feed->seq++;
    if (feed->clients_count == 0)
        return;
    struct client *client;
    struct state *state = message->kind == FEED_STATE ? state_of(feed, message) : NULL;
    struct packet *packet = make_packet(feed, message);
    if (state != NULL) {
        packet_unref(state->latest);
        state->latest = packet == NULL ? NULL : packet_ref(packet);
    }
    DL_FOREACH(feed->clients, client) {
        if (packet == NULL) /* Without memory a gap would go unseen; a new connection starts from a snapshot. */
            server_drop(client->connection, 0, "out of memory");
        else if (state != NULL)
            send_state(feed, client, state);
        else
            send_event(feed, client, packet);
    }
    packet_unref(packet);
}

/* The client has caught up: what it is owed, as far as it goes. */
static void
on_drained(void *context, struct server_client *connection)
{
    struct feed *feed = context;
    struct client *client = server_client_data(connection);

    for (size_t i = 0; client != NULL && i < feed->states_count && !is_behind(client); i++) {
        if (!is_owed(client, i))
            continue;
        owe(client, i, false);
        if (feed->states[i]->latest != NULL)
            send_event(feed, client, feed->states[i]->latest);
    }
}

/* A snapshot in a buffer as large as it takes; NULL without memory or when it is beyond all measure.  Free it. */
static char *
write_snapshot(struct feed *feed, struct instant *ret_now)
{
    for (size_t size = FIRST_SNAPSHOT; size <= LAST_SNAPSHOT; size *= 2) {
        char *buffer = malloc(size);
        if (buffer == NULL)
            return NULL;
        struct text text = text_on(buffer, size);
        feed->options.snapshot(feed->options.context, &text, ret_now);
        if (!text.truncated)
            return buffer;
        free(buffer);
    }
    return NULL;
}

/* The snapshot's seq is that of the last message it knows of: what follows is news. */
static bool
send_snapshot(struct feed *feed, struct server_client *connection)
{
    struct feed_message message = { .type = "snapshot" };
    char *data = write_snapshot(feed, &message.at);

    message.data = data;
    struct packet *packet = data == NULL ? NULL : make_packet(feed, &message);
    if (packet != NULL)
        server_client_allow(connection, packet->length);
    bool sent = packet != NULL && server_send(connection, packet) == OK;
    packet_unref(packet);
    free(data);
    return sent;
}

static void
on_open(void *context, struct server_client *connection)
{
    struct feed *feed = context;

    struct client *client = calloc(1, sizeof *client);
    if (client == NULL || !send_snapshot(feed, connection)) {
        free(client);
        server_drop(connection, 0, "no snapshot");
        return;
    }
    client->connection = connection;
    server_client_set_data(connection, client);
    DL_APPEND(feed->clients, client);
    feed->clients_count++;
}

static void
on_close(void *context, struct server_client *connection, const char *why)
{
    struct feed *feed = context;
    struct client *client = server_client_data(connection);

    (void)why;
    if (client == NULL) /* Never got its snapshot. */
        return;
    DL_DELETE(feed->clients, client);
    feed->clients_count--;
    free(client);
}

/* ---- The feed ---- */

enum status
feed_new(const struct feed_options *options, struct feed **ret_feed, struct error *err)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL)
        return error_set(err, STATUS_LIMIT, "no memory for the feed");
    feed->options = *options;
    struct server_options server = {
        .loop = options->loop,
        .port = options->port,
        .ipv6 = options->ipv6,
        .socket_path = "/",
        .sockets_max = options->clients_max,
        .message_max = INCOMING_MAX,
        .queue_max = options->queue_max == 0 ? QUEUE_MAX : options->queue_max,
        .close_timeout = options->close_timeout,
        .handlers = { .context = feed, .on_open = on_open, .on_drained = on_drained, .on_close = on_close },
    };
    enum status status = server_new(&server, &feed->server, err);
    if (status != OK) {
        free(feed);
        return error_prefix(err, "feed");
    }
    *ret_feed = feed;
    return OK;
}

void
feed_stop(struct feed *feed)
{
    server_stop(feed->server);
}

void
feed_free(struct feed *feed)
{
    struct client *client, *next;

    if (feed == NULL)
        return;
    server_free(feed->server); /* No callback comes after it. */
    HASH_CLEAR(hh, feed->by_key);
    for (size_t i = 0; i < feed->states_count; i++) {
        packet_unref(feed->states[i]->latest);
        free(feed->states[i]);
    }
    DL_FOREACH_SAFE(feed->clients, client, next)
        free(client);
    free(feed);
}

bool
feed_is_heard(const struct feed *feed)
{
    return feed->clients_count > 0;
}

uint16_t
feed_port(const struct feed *feed)
{
    return server_port(feed->server);
}

int32_t
feed_clients_count(const struct feed *feed)
{
    return feed->clients_count;
}

uint64_t
feed_dropped_count(const struct feed *feed)
{
    return feed->dropped;
}

uint64_t
feed_skipped_count(const struct feed *feed)
{
    return feed->skipped;
}
