/*
 * tunnel.c - TLS connections by libcurl's CONNECT_ONLY, watched by uv_poll.
 *
 *     tunnel_open --> CONNECTING --loop_add done, claim--> OPEN <--> uv_poll: tls.h, or curl_easy_recv/send --> CLOSED
 *
 * The easy handle stays in the multi while open, and claims its connection: that is what keeps it alive.  TLS may hold bytes the socket knows
 * nothing about, so reading goes on in the loop's next turn until it says that it holds none, or libcurl says "again".
 *
 * The kernel tells of sockets in an order of its own.  Tunnels that are not to be served at once wait in their order's list for the turn's end, when
 * libuv has called back for all of them.
 */
#include "net/tunnel.h"

#include "base/assert.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define READ_SIZE 16384 /* A TLS record, or some forty of a hub's; then others have their turn. */
#define CONNECTIONS_MAX 16L

enum tunnel_state { TUNNEL_CONNECTING, TUNNEL_OPEN, TUNNEL_CLOSED };

struct tunnel {
    struct loop_job job; /* First: the job is the tunnel. */
    struct tunnels *tunnels;
    struct tunnel *next, *previous;
    struct tunnel *next_waiting;
    enum tunnel_state state;
    CURL *easy;
    struct ssl_st *tls; /* NULL: bytes go through libcurl. */
    bool in_multi, polling, waiting, abandoned;
    int handles; /* Of libuv, not closed yet. */
    int watched; /* Events asked for. */
    uv_poll_t poll;
    uv_idle_t more; /* Reading paused with bytes perhaps left. */
    struct tunnel_handlers handlers;
    void *context;
    char *backlog;
    size_t backlog_length, backlog_size;
    char why[CURL_ERROR_SIZE];
};

struct tunnels {
    uv_loop_t *uv;
    struct loop *loop;
    struct tunnel *first;
    char *ca_file;
    bool tls_is_ours;
    struct tunnel *waiting[TUNNEL_ORDERS]; /* Bytes are there. */
    uv_check_t turn_end;
};

static CURLcode
receive(struct tunnel *tunnel, void *bytes, size_t size, size_t *ret_length)
{
    return tunnel->tls != NULL ? tls_recv(tunnel->tls, bytes, size, ret_length) :
                                 curl_easy_recv(tunnel->easy, bytes, size, ret_length);
}

static CURLcode
send_some(struct tunnel *tunnel, const char *bytes, size_t length, size_t *ret_sent)
{
    return tunnel->tls != NULL ? tls_send(tunnel->tls, bytes, length, ret_sent) : curl_easy_send(tunnel->easy, bytes, length, ret_sent);
}

static void
handle_closed(uv_handle_t *handle)
{
    struct tunnel *tunnel = handle->data;

    if (--tunnel->handles > 0 || !tunnel->abandoned)
        return;
    if (tunnel->backlog != NULL)
        secret_wipe(tunnel->backlog, tunnel->backlog_size); /* A hub's first bytes hold the token. */
    free(tunnel->backlog);
    free(tunnel);
}

/* Give back libcurl's part. */
static void
disconnect(struct tunnel *tunnel)
{
    if (tunnel->polling)
        uv_poll_stop(&tunnel->poll);
    uv_idle_stop(&tunnel->more);
    if (tunnel->in_multi)
        loop_remove(tunnel->tunnels->loop, tunnel->easy);
    tunnel->in_multi = false;
    if (tunnel->easy != NULL)
        curl_easy_cleanup(tunnel->easy);
    tunnel->easy = NULL;
    tunnel->tls = NULL;
    tunnel->state = TUNNEL_CLOSED;
}

static void
fail(struct tunnel *tunnel, const char *why)
{
    char text[CURL_ERROR_SIZE];

    text_copy(text, sizeof text, why); /* It may be the tunnel's own buffer. */
    disconnect(tunnel);
    tunnel->handlers.closed(tunnel->context, text);
}

static void
fail_with(struct tunnel *tunnel, CURLcode result)
{
    fail(tunnel, tunnel->why[0] != '\0' ? tunnel->why : curl_easy_strerror(result));
}

static void on_ready(uv_poll_t *poll, int status, int events);

/* Only what changes: each start costs two system calls. */
static void
watch(struct tunnel *tunnel)
{
    bool writes = tunnel->backlog_length > 0 || (tunnel->tls != NULL && tls_wants_to_write(tunnel->tls));
    int events = UV_READABLE | (writes ? UV_WRITABLE : 0);

    if (tunnel->watched != events)
        uv_poll_start(&tunnel->poll, events, on_ready);
    tunnel->watched = events;
}

/* Send what is queued, as far as the socket takes it. */
static CURLcode
flush(struct tunnel *tunnel)
{
    size_t done = 0;
    CURLcode result = CURLE_OK;

    while (done < tunnel->backlog_length) {
        size_t sent = 0;

        result = send_some(tunnel, tunnel->backlog + done, tunnel->backlog_length - done, &sent);
        if (result != CURLE_OK)
            break;
        done += sent;
    }
    if (done > 0) /* There may be no backlog yet. */
        memmove(tunnel->backlog, tunnel->backlog + done, tunnel->backlog_length - done);
    tunnel->backlog_length -= done;
    return result == CURLE_AGAIN ? CURLE_OK : result;
}

static void on_more(uv_idle_t *more);

/* False: if there are more bytes the socket will tell. */
static bool
may_have_more(const struct tunnel *tunnel)
{
    return tunnel->tls == NULL || tls_has_more(tunnel->tls);
}

/* All records that are there, as far as they fit. */
static CURLcode
fill(struct tunnel *tunnel, char *bytes, size_t size, size_t *ret_length)
{
    CURLcode result;
    size_t length = 0, got = 0;

    do {
        result = receive(tunnel, bytes + length, size - length, &got);
        length += result == CURLE_OK ? got : 0;
    } while (result == CURLE_OK && got > 0 && length < size && may_have_more(tunnel));
    *ret_length = length;
    return result == CURLE_OK && got == 0 ? CURLE_GOT_NOTHING : result;
}

static void
read_on(struct tunnel *tunnel)
{
    char bytes[READ_SIZE];
    size_t length;

    uv_idle_stop(&tunnel->more);
    CURLcode result = fill(tunnel, bytes, sizeof bytes, &length);

    if (length > 0)
        tunnel->handlers.received(tunnel->context, bytes, length);
    if (tunnel->state != TUNNEL_OPEN)
        return; /* Closed by the handler. */
    if (result == CURLE_AGAIN)
        watch(tunnel);
    else if (result == CURLE_GOT_NOTHING)
        fail(tunnel, "closed by the other side");
    else if (result != CURLE_OK)
        fail_with(tunnel, result);
    else if (may_have_more(tunnel))
        uv_idle_start(&tunnel->more, on_more);
}

/* One that was closed meanwhile is freed later than this, in the loop's next phase. */
static void
on_turn_end(uv_check_t *turn_end)
{
    struct tunnels *tunnels = turn_end->data;
    struct tunnel *tunnel;

    uv_check_stop(turn_end);
    for (int order = 0; order < TUNNEL_ORDERS; order++)
        while ((tunnel = tunnels->waiting[order]) != NULL) {
            tunnels->waiting[order] = tunnel->next_waiting;
            tunnel->waiting = false;
            if (tunnel->state == TUNNEL_OPEN)
                read_on(tunnel);
        }
}

static void
serve(struct tunnel *tunnel)
{
    struct tunnel **list = &tunnel->tunnels->waiting[tunnel->handlers.order];

    if (tunnel->handlers.order == TUNNEL_AT_ONCE) {
        read_on(tunnel);
        return;
    }
    if (!tunnel->waiting) {
        tunnel->next_waiting = *list;
        *list = tunnel;
    }
    tunnel->waiting = true;
    uv_check_start(&tunnel->tunnels->turn_end, on_turn_end); /* The last one started is called first: before other threads are let go (app/turn.c). */
}

/* Active until it is read on: the loop would sleep between this phase and the turn's end. */
static void
on_more(uv_idle_t *more)
{
    serve(more->data);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
    struct tunnel *tunnel = poll->data;

    (void)events; /* TLS may want the other direction than the one it is asked for: try both. */
    if (status < 0) { /* libuv watches it no more.  What came before the end, an answer perhaps, is still there; reading tells the end too. */
        tunnel->watched = 0;
        watch(tunnel);
        serve(tunnel);
        return;
    }
    CURLcode result = flush(tunnel);
    if (result != CURLE_OK) {
        fail_with(tunnel, result);
        return;
    }
    watch(tunnel);
    serve(tunnel);
}

/*
 * libcurl counts a connection whose transfer is over as idle: it closes it unasked when it is two minutes old, or when the other side has, at the next
 * connect.  The first read gives it back to its handle for good (7.88: Curl_attach_connection()).  Nobody may speak before we have.
 */
static CURLcode
claim(struct tunnel *tunnel)
{
    char byte;
    size_t length = 0;
    CURLcode result = curl_easy_recv(tunnel->easy, &byte, sizeof byte, &length);

    if (result == CURLE_AGAIN)
        return CURLE_OK;
    return result != CURLE_OK ? result : length == 0 ? CURLE_GOT_NOTHING : CURLE_WEIRD_SERVER_REPLY;
}

static void
on_connected(struct loop_job *job, CURLcode result)
{
    struct tunnel *tunnel = (struct tunnel *)job;
    curl_socket_t socket = CURL_SOCKET_BAD;

    if (result == CURLE_OK)
        result = claim(tunnel);
    if (result != CURLE_OK) {
        fail_with(tunnel, result);
        return;
    }
    curl_easy_getinfo(tunnel->easy, CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD || uv_poll_init_socket(tunnel->tunnels->uv, &tunnel->poll, socket) != 0) {
        fail(tunnel, "no socket to watch");
        return;
    }
    tunnel->tls = tunnel->tunnels->tls_is_ours ? tls_take(tunnel->easy) : NULL;
    tunnel->poll.data = tunnel;
    tunnel->polling = true;
    tunnel->handles++;
    tunnel->state = TUNNEL_OPEN;
    watch(tunnel);
    tunnel->handlers.opened(tunnel->context);
}

enum status
tunnel_open(struct tunnels *tunnels, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers,
    void *context, struct tunnel **ret_tunnel, struct error *err)
{
    struct tunnel *tunnel = calloc(1, sizeof *tunnel);
    CURL *easy = curl_easy_init();

    if (tunnel == NULL || easy == NULL) {
        free(tunnel);
        curl_easy_cleanup(easy);
        return error_set(err, STATUS_LIMIT, "no memory");
    }
    tunnel->tunnels = tunnels;
    tunnel->job.done = on_connected;
    tunnel->easy = easy;
    tunnel->handlers = *handlers;
    tunnel->context = context;
    uv_idle_init(tunnels->uv, &tunnel->more);
    tunnel->more.data = tunnel;
    tunnel->handles = 1;
    tunnel->next = tunnels->first;
    if (tunnel->next != NULL)
        tunnel->next->previous = tunnel;
    tunnels->first = tunnel;
    loop_secure(easy, tunnels->ca_file);
    curl_easy_setopt(easy, CURLOPT_URL, origin);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* Tickets come while we read, out of libcurl's sight. */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, tunnel->why);
    enum status status = loop_add(tunnels->loop, easy, &tunnel->job, err);
    if (status != OK) {
        tunnel_close(tunnel);
        return status;
    }
    tunnel->in_multi = true;
    *ret_tunnel = tunnel;
    return OK;
}

static bool
backlog_add(struct tunnel *tunnel, const void *bytes, size_t length)
{
    size_t wanted = tunnel->backlog_length + length;

    if (wanted > TUNNEL_BACKLOG_MAX)
        return false;
    if (wanted > tunnel->backlog_size) {
        char *grown = realloc(tunnel->backlog, wanted * 2);

        if (grown == NULL)
            return false;
        tunnel->backlog = grown;
        tunnel->backlog_size = wanted * 2;
    }
    memcpy(tunnel->backlog + tunnel->backlog_length, bytes, length);
    tunnel->backlog_length = wanted;
    return true;
}

enum status
tunnel_send(struct tunnel *tunnel, const void *bytes, size_t length, struct error *err)
{
    if (tunnel->state != TUNNEL_OPEN)
        return error_set(err, STATUS_RECONNECT, "not connected");
    if (!backlog_add(tunnel, bytes, length))
        return error_set(err, STATUS_RECONNECT, "the other side does not read");
    CURLcode result = flush(tunnel);
    if (result != CURLE_OK)
        return error_set(err, STATUS_RECONNECT, "%s", curl_easy_strerror(result));
    watch(tunnel);
    return OK;
}

bool
tunnel_is_quiet(struct tunnel *tunnel)
{
    char byte;
    size_t length;

    return tunnel->state == TUNNEL_OPEN && receive(tunnel, &byte, sizeof byte, &length) == CURLE_AGAIN;
}

void
tunnel_close(struct tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    ASSERT(!tunnel->abandoned);
    disconnect(tunnel);
    tunnel->abandoned = true;
    if (tunnel->previous != NULL)
        tunnel->previous->next = tunnel->next;
    else
        tunnel->tunnels->first = tunnel->next;
    if (tunnel->next != NULL)
        tunnel->next->previous = tunnel->previous;
    if (tunnel->polling)
        uv_close((uv_handle_t *)&tunnel->poll, handle_closed);
    uv_close((uv_handle_t *)&tunnel->more, handle_closed);
}

enum status
tunnels_new(struct uv_loop_s *uv, const char *ca_file, struct tunnels **ret_tunnels, struct error *err)
{
    struct tunnels *tunnels = calloc(1, sizeof *tunnels);
    size_t size = ca_file != NULL ? strlen(ca_file) + 1 : 1;

    if (tunnels == NULL || (tunnels->ca_file = calloc(1, size)) == NULL) {
        free(tunnels);
        return error_set(err, STATUS_LIMIT, "no memory");
    }
    if (ca_file != NULL)
        memcpy(tunnels->ca_file, ca_file, size);
    tunnels->uv = uv;
    enum status status = loop_new(uv, CONNECTIONS_MAX, &tunnels->loop, err);
    if (status != OK) {
        free(tunnels->ca_file);
        free(tunnels);
        return status;
    }
    tunnels->tls_is_ours = tls_is_ours();
    uv_check_init(uv, &tunnels->turn_end);
    tunnels->turn_end.data = tunnels;
    *ret_tunnels = tunnels;
    return OK;
}

static void
free_tunnels(uv_handle_t *turn_end)
{
    struct tunnels *tunnels = turn_end->data;

    free(tunnels->ca_file);
    free(tunnels);
}

void
tunnels_free(struct tunnels *tunnels)
{
    if (tunnels == NULL)
        return;
    while (tunnels->first != NULL)
        tunnel_close(tunnels->first);
    loop_free(tunnels->loop);
    uv_close((uv_handle_t *)&tunnels->turn_end, free_tunnels);
}
