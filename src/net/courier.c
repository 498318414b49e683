/*
 * courier.c - see courier.h.
 *
 *     line:  no tunnel --ping--> connecting --opened--> idle <--send, answer--> busy --closed, late, not HTTP--> no tunnel
 *
 * Never sent twice: what was handed to a tunnel is answered, or its fate is HTTP_UNKNOWN.  When the tunnel refuses it at once the request is not
 * whole, nobody can carry it out, and another way may be taken.  A connection that served and was then closed is opened again at
 * once, so that idle servers' housekeeping costs no close its handshake; one that never served waits for the next ping.  A server may have
 * closed a connection, or answered 408 on it, while the loop was busy: a mutation would meet its end there, of unknown fate.  So it looks first.
 */
#include "net/courier.h"

#include "base/assert.h"
#include "base/text.h"
#include "net/answer.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define SCHEME "https://"
#define HEAD_BYTES 512 /* Of a request beside path, host, token and body. */
#define FIELD_BYTES 128 /* Longer fields are none of ours. */

struct line {
    struct courier *courier;
    struct tunnel *tunnel; /* NULL: none. */
    bool open, served;
    http_done *done;       /* NULL: idle. */
    void *context;
    char *request;
    size_t length, size;   /* Length 0: it has left. */
    int64_t first_byte_ns;
    uv_timer_t timer;
    http_parser parser;
    struct text field;     /* Of the head that is being read. */
    char field_bytes[FIELD_BYTES];
    bool in_value, complete, keep;
    struct answer answer;
};

struct courier {
    uv_loop_t *uv;
    struct tunnels *tunnels;
    int connect_timeout_ms;
    char *origin; /* Of the first request; others are not ours. */
    int handles;  /* Of libuv, not closed yet. */
    struct line lines[COURIER_LINES];
};

static bool open_line(struct line *line);

/* ---- Reading an answer ---- */

static void
end_field(struct line *line)
{
    if (!line->field.truncated)
        answer_take_field(&line->answer, line->field.data, line->field.length);
    line->field = text_on(line->field_bytes, sizeof line->field_bytes);
    line->in_value = false;
}

static int
on_field(http_parser *parser, const char *bytes, size_t length)
{
    struct line *line = parser->data;

    if (line->in_value)
        end_field(line);
    text_add_bytes(&line->field, bytes, length);
    return 0;
}

static int
on_value(http_parser *parser, const char *bytes, size_t length)
{
    struct line *line = parser->data;

    if (!line->in_value)
        text_add(&line->field, ":");
    line->in_value = true;
    text_add_bytes(&line->field, bytes, length);
    return 0;
}

static int
on_head(http_parser *parser)
{
    end_field(parser->data);
    return 0;
}

static int
on_body(http_parser *parser, const char *bytes, size_t length)
{
    struct line *line = parser->data;

    return answer_take_body(&line->answer, bytes, length) ? 0 : -1;
}

static int
on_whole(http_parser *parser)
{
    struct line *line = parser->data;

    if (parser->status_code < 200) /* RFC 9110 15.2: the answer is still to come. */
        return 0;
    line->complete = true;
    line->keep = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings reading = { .on_header_field = on_field, .on_header_value = on_value, .on_headers_complete = on_head,
    .on_body = on_body, .on_message_complete = on_whole };

static void
expect_answer(struct line *line)
{
    http_parser_init(&line->parser, HTTP_RESPONSE);
    line->parser.data = line;
    line->field = text_on(line->field_bytes, sizeof line->field_bytes);
    line->in_value = line->complete = line->keep = false;
}

/* ---- A line's life ---- */

static void
hang_up(struct line *line)
{
    tunnel_close(line->tunnel);
    line->tunnel = NULL;
    line->open = line->served = false;
}

static bool
is_usable(struct line *line)
{
    if (line->open && !tunnel_is_quiet(line->tunnel))
        hang_up(line);
    return line->open;
}

/* The line is free again before the one who asked hears: he may send the next. */
static void
finish(struct line *line, enum http_fate fate, const char *why)
{
    struct answer answer = line->answer;
    struct http_answer given = { .fate = fate, .status = (int)line->parser.status_code, .first_byte_ns = line->first_byte_ns };
    http_done *done = line->done;

    answer_give(&answer, &given);
    text_copy(given.why, sizeof given.why, answer.too_large ? "answer over 4 MiB" : why);
    answer_init(&line->answer);
    uv_timer_stop(&line->timer);
    line->done = NULL;
    line->length = 0;
    done(line->context, &given);
    answer_fini(&answer);
}

static enum http_fate
fate_of(const struct line *line)
{
    return line->first_byte_ns != 0 ? HTTP_UNKNOWN : HTTP_NEVER_LEFT;
}

static void
give_up(struct line *line, const char *why)
{
    hang_up(line);
    if (line->done != NULL)
        finish(line, fate_of(line), why);
}

static void
on_late(uv_timer_t *timer)
{
    give_up(timer->data, "no answer in time");
}

/* False: the tunnel took nothing. */
static bool
leave(struct line *line)
{
    line->first_byte_ns = (int64_t)uv_hrtime();
    bool left = tunnel_send(line->tunnel, line->request, line->length, NULL) == OK;
    secret_wipe(line->request, line->length); /* The token. */
    line->length = 0;
    if (!left)
        line->first_byte_ns = 0;
    return left;
}

static void
on_opened(void *context)
{
    struct line *line = context;

    line->open = true;
    if (line->done != NULL && !leave(line))
        give_up(line, "the connection does not take the request");
}

static void
on_received(void *context, const void *bytes, size_t length)
{
    struct line *line = context;

    if (line->done == NULL) { /* Nothing was asked for: no answer to anything may be taken from here. */
        hang_up(line);
        return;
    }
    size_t taken = http_parser_execute(&line->parser, &reading, bytes, length);
    if (!line->complete) {
        if (HTTP_PARSER_ERRNO(&line->parser) != HPE_OK)
            give_up(line, http_errno_description(HTTP_PARSER_ERRNO(&line->parser)));
        return;
    }
    bool leaves = !line->keep && taken == length;
    line->served = true;
    if (!line->keep || taken < length)
        hang_up(line);
    if (leaves) /* Housekeeping, as when it closes an idle one. */
        (void)open_line(line);
    finish(line, HTTP_ANSWERED, "");
}

static void
on_closed(void *context, const char *why)
{
    struct line *line = context;
    bool again = line->served;

    hang_up(line);
    if (line->done != NULL && line->first_byte_ns != 0)
        (void)http_parser_execute(&line->parser, &reading, NULL, 0); /* An answer may end with its connection. */
    if (again)
        (void)open_line(line);
    if (line->done != NULL)
        finish(line, line->complete ? HTTP_ANSWERED : fate_of(line), why);
}

static bool
open_line(struct line *line)
{
    static const struct tunnel_handlers handlers = { .opened = on_opened, .received = on_received, .closed = on_closed };
    const struct courier *courier = line->courier;

    return tunnel_open(courier->tunnels, courier->origin, courier->connect_timeout_ms, &handlers, line, &line->tunnel, NULL) == OK;
}

/* ---- Sending ---- */

/* "https://host:port/path": where the path begins; NULL: not such a text, or another origin than the first one's. */
static const char *
path_of(struct courier *courier, const char *url)
{
    const char *path = text_starts(url, SCHEME) ? strchr(url + strlen(SCHEME), '/') : NULL;

    if (path == NULL)
        return NULL;
    size_t length = (size_t)(path - url);
    if (courier->origin == NULL && (courier->origin = calloc(1, length + 1)) != NULL)
        memcpy(courier->origin, url, length);
    return courier->origin != NULL && strlen(courier->origin) == length && memcmp(courier->origin, url, length) == 0 ? path : NULL;
}

/* A mutation takes the first that is open; a ping the one that needs it most: not open, or unused for longest. */
static struct line *
free_line(struct courier *courier, bool mutates)
{
    struct line *best = NULL;

    for (int i = 0; i < COURIER_LINES; i++) {
        struct line *line = &courier->lines[i];

        if (line->done != NULL || (!is_usable(line) && mutates))
            continue;
        if (mutates)
            return line;
        if (best == NULL || (best->open && (!line->open || line->first_byte_ns < best->first_byte_ns)))
            best = line;
    }
    return best;
}

static bool
make_room(struct line *line, size_t wanted)
{
    if (wanted <= line->size)
        return true;
    free(line->request); /* Wiped when it left. */
    line->request = malloc(wanted);
    line->size = line->request != NULL ? wanted : 0;
    return line->request != NULL;
}

static bool
write_request(struct line *line, const struct http_request *request, const char *path)
{
    const char *host = line->courier->origin + strlen(SCHEME);
    size_t bearer_length = request->bearer != NULL ? strlen(request->bearer) : 0;

    if (!make_room(line, HEAD_BYTES + strlen(path) + strlen(host) + bearer_length + request->length))
        return false;
    struct text out = text_on(line->request, line->size);
    text_add(&out, request->body != NULL ? "POST " : "GET ");
    text_add(&out, path);
    text_add(&out, " HTTP/1.1\r\nHost: ");
    text_add(&out, host);
    text_add(&out, "\r\nAccept: text/plain, application/json\r\n");
    if (request->bearer != NULL) {
        text_add(&out, "Authorization: Bearer ");
        text_add_bytes(&out, request->bearer, bearer_length);
        text_add(&out, "\r\n");
    }
    if (request->body != NULL)
        text_addf(&out, "Content-Type: application/json\r\nContent-Length: %lld\r\n", (long long)request->length);
    text_add(&out, "\r\n");
    if (request->body != NULL)
        text_add_bytes(&out, request->body, request->length);
    ASSERT(!out.truncated);
    line->length = out.length;
    return true;
}

bool
courier_send(struct courier *courier, const struct http_request *request, http_done *done, void *context)
{
    const char *path = path_of(courier, request->url);
    struct line *line = path != NULL ? free_line(courier, request->body != NULL) : NULL;

    if (line == NULL || !write_request(line, request, path))
        return false;
    line->first_byte_ns = 0;
    expect_answer(line);
    if (line->open ? !leave(line) : line->tunnel == NULL && !open_line(line)) {
        hang_up(line);
        return false;
    }
    line->done = done;
    line->context = context;
    uv_update_time(courier->uv);
    uv_timer_start(&line->timer, on_late, (uint64_t)request->timeout_ms, 0);
    return true;
}

void
courier_drop(struct courier *courier)
{
    for (int i = 0; i < COURIER_LINES; i++) {
        struct line *line = &courier->lines[i];

        if (line->done == NULL)
            hang_up(line);
        else
            uv_timer_start(&line->timer, on_late, 0, 0);
    }
}

/* ---- Construction ---- */

enum status
courier_new(struct uv_loop_s *uv, struct tunnels *tunnels, int connect_timeout_ms, struct courier **ret_courier, struct error *err)
{
    struct courier *courier = calloc(1, sizeof *courier);

    if (courier == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    courier->uv = uv;
    courier->tunnels = tunnels;
    courier->connect_timeout_ms = connect_timeout_ms;
    courier->handles = COURIER_LINES;
    for (int i = 0; i < COURIER_LINES; i++) {
        struct line *line = &courier->lines[i];

        line->courier = courier;
        answer_init(&line->answer);
        uv_timer_init(uv, &line->timer);
        line->timer.data = line;
    }
    *ret_courier = courier;
    return OK;
}

static void
handle_closed(uv_handle_t *handle)
{
    const struct line *line = handle->data;
    struct courier *courier = line->courier;

    if (--courier->handles > 0)
        return;
    free(courier->origin);
    free(courier);
}

void
courier_free(struct courier *courier)
{
    if (courier == NULL)
        return;
    for (int i = 0; i < COURIER_LINES; i++) {
        struct line *line = &courier->lines[i];

        hang_up(line);
        answer_fini(&line->answer);
        if (line->request != NULL)
            secret_wipe(line->request, line->length);
        free(line->request);
        line->request = NULL;
        uv_close((uv_handle_t *)&line->timer, handle_closed);
    }
}
