/*
 * gateway_server.c - see gateway_server.h.
 *
 *     HTTP    head --> body --> (hold) --> execute, publish --> (delay) --> write --> next request of the connection
 *                 \________ cut: the TCP connection ends without a TLS goodbye, as when a network dies ________/
 *     hub     upgrade judged --> established --> frames in: stream_receive(); frames out: as libwebsockets lets us write
 *
 * One timer (`tick`) for everything that is due: the simulation, held requests, delayed answers and frames.  State of a connection hangs on
 * libwebsockets' opaque pointer, because its own per-session memory does not outlive one request.
 */
#include "sim/gateway_server.h"

#include "base/assert.h"
#include "base/text.h"
#include "sim/control.h"
#include "sim/endpoints.h"
#include "sim/negotiate.h"
#include "sim/stream.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <utlist.h>

#define BODY_MAX (1 << 20)
#define HEAD_ROOM 1024
#define TICK_MAX_US 250000
#define KEEP_ALIVE_S 600
#define PATH_SIZE 128

enum stage { STAGE_IDLE, STAGE_BODY, STAGE_HELD, STAGE_DELAYED, STAGE_WRITING, STAGE_SILENT };

struct connection {
    struct connection *next, *prev;
    struct gateway_server *server;
    struct lws *wsi;
    /* HTTP */
    enum stage stage;
    int served;
    bool post;
    char path[PATH_SIZE];
    char token[TOKEN_TEXT_MAX];
    char *body;
    size_t length;
    struct instant due; /* Held or delayed until then. */
    struct answer answer;
    /* WebSocket */
    enum stream_hub hub;
    char user[TOKEN_USER_MAX]; /* Of the upgrade's token. */
    struct stream *stream;
};

struct gateway_server {
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct sim *sim;
    struct instant (*utc_now)(void);
    struct connection *connections;
    lws_sorted_usec_list_t tick;
};

static void ticked(lws_sorted_usec_list_t *tick);

/* ---- Connections ---- */

static struct connection *
connection_of(struct gateway_server *server, struct lws *wsi)
{
    struct connection *connection = lws_get_opaque_user_data(wsi);

    if (connection != NULL)
        return connection;
    connection = calloc(1, sizeof *connection);
    ASSERT(connection != NULL);
    connection->server = server;
    connection->wsi = wsi;
    lws_set_opaque_user_data(wsi, connection);
    DL_APPEND(server->connections, connection);
    return connection;
}

static void
forget(struct connection *connection)
{
    if (connection == NULL)
        return;
    stream_close(connection->server->sim, connection->stream);
    endpoints_answer_fini(&connection->answer);
    free(connection->body);
    DL_DELETE(connection->server->connections, connection);
    free(connection);
}

/* The TCP connection ends at once, FIN or RST, without close_notify; libwebsockets then finds it dead. */
static void
cut(const struct connection *connection, bool reset)
{
    int fd = lws_get_socket_fd(connection->wsi);

    if (reset)
        (void)connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
    else
        (void)shutdown(fd, SHUT_RDWR);
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* ---- Time ---- */

static struct instant
next_due(const struct gateway_server *server)
{
    struct instant due = sim_next_due(server->sim);
    const struct connection *connection;

    DL_FOREACH (server->connections, connection)
        if (connection->stage == STAGE_HELD || connection->stage == STAGE_DELAYED)
            due = instant_min(due, connection->due);
    return due;
}

/* Whoever has something to write is asked to; the timer is set anew.  Comes last in every callback that changed something. */
static void
settle(struct gateway_server *server)
{
    struct connection *connection;
    int64_t us = TICK_MAX_US;

    DL_FOREACH (server->connections, connection)
        if (connection->stream != NULL &&
            (stream_has_due(server->sim, connection->stream) || stream_ending(connection->stream) != STREAM_GOES_ON))
            lws_callback_on_writable(connection->wsi);
    struct instant due = next_due(server);
    if (!instant_is_never(due)) {
        int64_t left = instant_since(due, server->utc_now()).ns / 1000 + 1;
        us = left < 1 ? 1 : left < us ? left : us;
    }
    lws_sul_schedule(server->context, 0, &server->tick, ticked, us);
}

/* ---- HTTP: answering ---- */

static void
perform(struct connection *connection)
{
    struct sim *sim = connection->server->sim;
    struct request request = { .path = connection->path, .post = connection->post, .token = connection->token,
        .body = connection->body == NULL ? "" : connection->body, .length = connection->length,
        .reused = connection->served > 0 };
    struct answer *answer = &connection->answer;

    sim_advance(sim, connection->server->utc_now());
    if (control_has(request.path))
        control_answer(sim, &request, answer);
    else if (negotiate_has(request.path))
        negotiate_answer(sim, &request, answer);
    else
        endpoints_answer(sim, &request, answer);
    sim_publish(sim);
    connection->served++;
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0); /* We decide how long it takes. */
    if (answer->fate == ANSWER_CUT) {
        connection->stage = STAGE_SILENT;
        cut(connection, answer->reset);
    } else if (answer->fate == ANSWER_NEVER) {
        connection->stage = STAGE_SILENT;
    } else if (answer->delay_ms > 0) {
        connection->stage = STAGE_DELAYED;
        connection->due = instant_add(sim->now, SPAN_MS(answer->delay_ms));
    } else {
        connection->stage = STAGE_WRITING;
        lws_callback_on_writable(connection->wsi);
    }
    settle(connection->server);
}

static void
body_is_whole(struct connection *connection)
{
    struct sim *sim = connection->server->sim;
    int64_t hold_ms = endpoints_have(connection->path) ? endpoints_hold_ms(sim, connection->path) : 0;

    if (hold_ms <= 0) {
        perform(connection);
        return;
    }
    connection->stage = STAGE_HELD;
    connection->due = instant_add(connection->server->utc_now(), SPAN_MS(hold_ms));
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    settle(connection->server);
}

/* "Sat, 21 Nov 2026 09:35:22 GMT" (RFC 9110, 5.6.7): clients check their clock by it. */
static int
add_date(struct connection *connection, unsigned char **p, unsigned char *end)
{
    char text[40];
    time_t now = (time_t)(connection->server->utc_now().ns / 1000000000);
    struct tm tm;

    size_t length = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    return lws_add_http_header_by_token(connection->wsi, WSI_TOKEN_HTTP_DATE, (unsigned char *)text, (int)length, p, end);
}

static int
write_answer(struct connection *connection)
{
    struct answer *answer = &connection->answer;
    bool half = answer->fate == ANSWER_CUT_HALF;
    size_t length = half ? answer->length / 2 : answer->length;
    unsigned char *buffer = malloc(LWS_PRE + HEAD_ROOM + length), *start, *p, *end;
    char seconds[24];
    int status = 0;

    if (connection->stage != STAGE_WRITING || buffer == NULL) {
        free(buffer);
        return 0;
    }
    connection->stage = STAGE_IDLE;
    p = start = buffer + LWS_PRE;
    end = start + HEAD_ROOM;
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)answer->retry_after_s);
    if (lws_add_http_common_headers(connection->wsi, (unsigned)answer->status, answer->content_type, answer->length, &p, end) ||
        add_date(connection, &p, end) ||
        (answer->retry_after_s != 0 && lws_add_http_header_by_token(connection->wsi, WSI_TOKEN_HTTP_RETRY_AFTER,
                                           (unsigned char *)seconds, (int)strlen(seconds), &p, end)) ||
        lws_finalize_http_header(connection->wsi, &p, end)) {
        free(buffer);
        return -1;
    }
    if (length > 0)
        memcpy(p, answer->body, length);
    p += length;
    if (lws_write(connection->wsi, start, (size_t)(p - start), length == answer->length ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        status = -1;
    free(buffer);
    endpoints_answer_fini(answer);
    if (half)
        cut(connection, answer->reset);
    if (half || status != 0)
        return status;
    return lws_http_transaction_completed(connection->wsi) ? -1 : 0;
}

/* ---- HTTP: reading ---- */

static void
read_token(struct lws *wsi, char *out, size_t size)
{
    char header[TOKEN_TEXT_MAX + 16];

    out[0] = '\0';
    if (lws_hdr_copy(wsi, header, (int)sizeof header, WSI_TOKEN_HTTP_AUTHORIZATION) > 0 && strncmp(header, "Bearer ", 7) == 0) {
        (void)text_copy(out, size, header + 7);
        return;
    }
    const char *value = lws_get_urlarg_by_name(wsi, "access_token=", header, (int)sizeof header);
    if (value != NULL)
        (void)text_copy(out, size, value);
}

static int
head_is_read(struct connection *connection, const char *path)
{
    char length[24] = "";
    bool reset = false;

    endpoints_answer_fini(&connection->answer);
    free(connection->body);
    connection->body = NULL;
    connection->length = 0;
    connection->post = lws_hdr_total_length(connection->wsi, WSI_TOKEN_POST_URI) > 0;
    read_token(connection->wsi, connection->token, sizeof connection->token);
    if (!text_copy(connection->path, sizeof connection->path, path))
        connection->path[0] = '\0';
    if (endpoints_dies_at_head(connection->server->sim, connection->path, connection->served > 0, &reset)) {
        cut(connection, reset);
        return 0;
    }
    (void)lws_hdr_copy(connection->wsi, length, (int)sizeof length, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    connection->stage = STAGE_BODY;
    if (!connection->post || strtol(length, NULL, 10) <= 0)
        body_is_whole(connection);
    return 0;
}

static int
take_body(struct connection *connection, const char *bytes, size_t length)
{
    if (length == 0) /* An empty body is announced too, as NULL. */
        return 0;
    if (connection->length + length > BODY_MAX)
        return -1;
    char *grown = realloc(connection->body, connection->length + length + 1);
    ASSERT(grown != NULL);
    connection->body = grown;
    memcpy(grown + connection->length, bytes, length);
    connection->length += length;
    grown[connection->length] = '\0';
    return 0;
}

/* ---- Hubs ---- */

static int
refuse_upgrade(struct lws *wsi, int status)
{
    unsigned char buffer[LWS_PRE + HEAD_ROOM], *start = buffer + LWS_PRE, *p = start, *end = start + HEAD_ROOM;

    if (lws_add_http_common_headers(wsi, (unsigned)status, "text/plain", 0, &p, end) == 0 &&
        lws_finalize_http_header(wsi, &p, end) == 0)
        (void)lws_write(wsi, start, (size_t)(p - start), LWS_WRITE_HTTP_HEADERS);
    return -1;
}

static int
judge_upgrade(struct gateway_server *server, struct lws *wsi)
{
    struct connection *connection = connection_of(server, wsi);
    char path[PATH_SIZE] = "", token[TOKEN_TEXT_MAX], id_text[TOKEN_CONNECTION_MAX + 8];
    const char *id;

    sim_advance(server->sim, server->utc_now());
    (void)lws_hdr_copy(wsi, path, (int)sizeof path, WSI_TOKEN_GET_URI);
    read_token(wsi, token, sizeof token);
    id = lws_get_urlarg_by_name(wsi, "id=", id_text, (int)sizeof id_text);
    int status = negotiate_admit(server->sim, path, token, id == NULL ? "" : id);
    (void)text_copy(connection->user, sizeof connection->user, tokens_user(&server->sim->tokens, token));
    if (status == 0)
        cut(connection, false);
    else if (status != 101)
        return refuse_upgrade(wsi, status);
    else
        (void)negotiate_is_hub(path, &connection->hub);
    return status == 0 ? -1 : 0;
}

static int
write_frame(struct connection *connection)
{
    struct sim *sim = connection->server->sim;
    enum stream_end ending = stream_ending(connection->stream);
    size_t length;

    if (ending == STREAM_CUT || ending == STREAM_RESET) {
        cut(connection, ending == STREAM_RESET);
        return -1;
    }
    char *text = stream_take(sim, connection->stream, &length);
    if (text != NULL) {
        unsigned char *buffer = malloc(LWS_PRE + length);
        size_t first = sim->modes.fragment && length > 1 ? length / 2 : length;
        ASSERT(buffer != NULL);
        memcpy(buffer + LWS_PRE, text, length);
        int written = lws_write(connection->wsi, buffer + LWS_PRE, first,
            (enum lws_write_protocol)lws_write_ws_flags(LWS_WRITE_TEXT, 1, first == length));
        if (written >= 0 && first < length) {
            memmove(buffer + LWS_PRE, buffer + LWS_PRE + first, length - first);
            written = lws_write(connection->wsi, buffer + LWS_PRE, length - first, LWS_WRITE_CONTINUATION);
        }
        free(buffer);
        free(text);
        if (written < 0)
            return -1;
        if (stream_has_due(sim, connection->stream) || stream_ending(connection->stream) != STREAM_GOES_ON)
            lws_callback_on_writable(connection->wsi);
        return 0;
    }
    if (ending != STREAM_CLOSE)
        return 0;
    lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
    return -1;
}

/* ---- libwebsockets ---- */

static void
ticked(lws_sorted_usec_list_t *tick)
{
    struct gateway_server *server = lws_container_of(tick, struct gateway_server, tick);
    struct connection *connection, *next;

    sim_advance(server->sim, server->utc_now());
    DL_FOREACH_SAFE (server->connections, connection, next) {
        if (instant_before(server->sim->now, connection->due))
            continue;
        if (connection->stage == STAGE_HELD) {
            perform(connection);
        } else if (connection->stage == STAGE_DELAYED) {
            connection->stage = STAGE_WRITING;
            lws_callback_on_writable(connection->wsi);
        }
    }
    settle(server);
}

static int
on_hub(struct gateway_server *server, struct connection *connection, enum lws_callback_reasons reason, const char *in, size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        sim_advance(server->sim, server->utc_now());
        connection->stream = stream_open(server->sim, connection->hub, connection->user);
        settle(server);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        sim_advance(server->sim, server->utc_now());
        stream_receive(server->sim, connection->stream, in, length);
        settle(server);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_frame(connection);
    default: /* LWS_CALLBACK_CLOSED */
        stream_close(server->sim, connection->stream);
        connection->stream = NULL;
        return 0;
    }
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct gateway_server *server = wsi == NULL ? NULL : lws_context_user(lws_get_context(wsi));

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return head_is_read(connection_of(server, wsi), in);
    case LWS_CALLBACK_HTTP_BODY:
        return take_body(connection_of(server, wsi), in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if (connection_of(server, wsi)->stage == STAGE_BODY)
            body_is_whole(connection_of(server, wsi));
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return write_answer(connection_of(server, wsi));
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return judge_upgrade(server, wsi);
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
        return on_hub(server, connection_of(server, wsi), reason, in, length);
    case LWS_CALLBACK_WSI_DESTROY:
        forget(lws_get_opaque_user_data(wsi));
        lws_set_opaque_user_data(wsi, NULL);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

static const struct lws_protocols protocols[] = {
    { .name = "gateway", .callback = callback, .rx_buffer_size = 16384 },
    { .name = NULL },
};

static bool
is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

enum status
gateway_server_new(const struct gateway_server_options *options, struct sim *sim, struct gateway_server **ret_server,
    struct error *err)
{
    struct lws_context_creation_info info = { .port = options->port, .iface = options->address, .protocols = protocols,
        .ssl_cert_filepath = options->certificate, .ssl_private_key_filepath = options->key, .alpn = "http/1.1",
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS, .gid = -1, .uid = -1,
        .keepalive_timeout = KEEP_ALIVE_S, .max_http_header_data = 8192, .pt_serv_buf_size = 32768, .vhost_name = "gateway" };

    if (strchr(options->address, ':') == NULL)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6; /* Or libwebsockets takes it for the name of an interface, and listens on all of them. */
    if (!is_loopback(options->address))
        return error_set(err, STATUS_CONFIG, "%s: the simulated gateway listens on a loopback address only", options->address);
    struct gateway_server *server = calloc(1, sizeof *server);
    ASSERT(server != NULL);
    server->sim = sim;
    server->utc_now = options->utc_now;
    info.user = server;
    server->context = lws_create_context(&info);
    if (server->context == NULL) {
        free(server);
        return error_set(err, STATUS_INTERNAL, "libwebsockets does not start");
    }
    server->vhost = lws_create_vhost(server->context, &info);
    if (server->vhost == NULL) {
        gateway_server_free(server);
        return error_set(err, STATUS_CONFIG, "cannot listen on %s port %d with %s and %s", options->address, options->port,
            options->certificate, options->key);
    }
    settle(server);
    *ret_server = server;
    return OK;
}

void
gateway_server_free(struct gateway_server *server)
{
    if (server == NULL)
        return;
    lws_sul_cancel(&server->tick);
    lws_context_destroy(server->context);
    free(server);
}

int
gateway_server_port(const struct gateway_server *server)
{
    return lws_get_vhost_listen_port(server->vhost);
}

void
gateway_server_run(struct gateway_server *server, const volatile sig_atomic_t *stop)
{
    while (!*stop && lws_service(server->context, 0) >= 0)
        continue;
}
