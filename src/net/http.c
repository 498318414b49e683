/*
 * http.c - HTTPS requests on libcurl's multi interface.
 *
 *     http_send --> [waiting, if inside a completion] --> loop_add --> ... --> finished --> done --> freed
 *         \--> courier.c: mutations, while one of its connections is free
 *
 * Never sent twice: a mutation's body is given by a read callback and its seek callback refuses to go back once a byte was taken, so when a reused
 * connection dies libcurl ends with 65 instead of trying again.  Conversely a body of which no byte was taken proves that the
 * server cannot have executed anything: that is the line between HTTP_NEVER_LEFT and HTTP_UNKNOWN.
 */
#include "net/http.h"

#include "base/assert.h"
#include "base/text.h"
#include "net/answer.h"
#include "net/courier.h"
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define SPARES_MAX 8            /* Easy handles kept for reuse: setting one up anew costs some 10 us. */
#define CONNECTION_AGE_S 600L   /* Pings keep them busy; the server decides when one is too old. */

struct exchange {
    struct loop_job job; /* First: the job is the exchange. */
    struct exchange *next, *previous; /* All of the http. */
    struct exchange *next_waiting;
    struct http *http;
    CURL *easy;
    struct curl_slist *head;
    bool added;
    enum http_lane lane;
    http_done *done;
    void *context;
    char *url;
    char *body;
    size_t length, taken;
    struct answer answer;
    int64_t first_byte_ns;
    char why[CURL_ERROR_SIZE];
};

struct http {
    struct loop *lanes[HTTP_LANES];
    struct courier *courier; /* NULL: none. */
    struct exchange *exchanges;
    struct exchange *waiting; /* Asked for inside a completion; oldest first. */
    uv_idle_t soon;
    CURL *spares[SPARES_MAX];
    int spares_count;
    int connect_timeout_ms;
    int64_t dropped_ns; /* Connections older than that are not used; 0: all are. */
    char *ca_file;
    bool closing;
};

/* ---- libcurl's callbacks ---- */

static size_t
give_body(char *out, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t room = size * count, left = x->length - x->taken;
    size_t length = left < room ? left : room;

    memcpy(out, x->body + x->taken, length);
    x->taken += length;
    return length;
}

static int
refuse_to_rewind(void *context, curl_off_t offset, int origin)
{
    const struct exchange *x = context;

    return offset == 0 && origin == SEEK_SET && x->taken == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static int
about_to_send(void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct exchange *x = context;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    x->first_byte_ns = (int64_t)uv_hrtime();
    return CURL_PREREQFUNC_OK;
}

static size_t
take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    return answer_take_body(&x->answer, bytes, size * count) ? size * count : 0;
}

static size_t
take_field(char *line, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    answer_take_field(&x->answer, line, size * count);
    return size * count;
}

/* ---- An exchange's life ---- */

static void
wipe_head(struct curl_slist *head)
{
    for (struct curl_slist *f = head; f != NULL; f = f->next)
        secret_wipe(f->data, strlen(f->data));
    curl_slist_free_all(head);
}

/* What is the same for every request is set ahead of it: nothing of this has to be done when a close is due. */
static void
keep_spare(struct http *http, CURL *easy)
{
    if (easy == NULL)
        return;
    if (http->closing || http->spares_count == SPARES_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    loop_secure(easy, http->ca_file);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_S);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_field);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, about_to_send);
    http->spares[http->spares_count++] = easy;
}

static CURL *
take_spare(struct http *http)
{
    if (http->spares_count == 0)
        keep_spare(http, curl_easy_init());
    return http->spares_count > 0 ? http->spares[--http->spares_count] : NULL;
}

static void
drop_easy(struct http *http, struct exchange *x)
{
    if (x->easy == NULL)
        return;
    if (x->added)
        loop_remove(http->lanes[x->lane], x->easy);
    curl_easy_reset(x->easy);
    keep_spare(http, x->easy);
    x->easy = NULL;
}

static void
exchange_free(struct http *http, struct exchange *x)
{
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        http->exchanges = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
    drop_easy(http, x);
    wipe_head(x->head);
    if (x->body != NULL)
        secret_wipe(x->body, x->length); /* A login's body holds the key. */
    answer_fini(&x->answer);
    free(x->body);
    free(x->url);
    free(x);
}

static enum http_fate
fate_of(const struct exchange *x, CURLcode result)
{
    if (result == CURLE_OK)
        return HTTP_ANSWERED;
    if (x->first_byte_ns == 0 || loop_failed_to_connect(result))
        return HTTP_NEVER_LEFT;
    return x->body != NULL && x->taken == 0 ? HTTP_NEVER_LEFT : HTTP_UNKNOWN;
}

static void
finish(struct exchange *x, CURLcode result)
{
    struct http *http = x->http;
    struct http_answer answer = {
        .fate = fate_of(x, result),
        .first_byte_ns = x->first_byte_ns,
    };
    long status = 0;

    answer_give(&x->answer, &answer);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    if (x->answer.too_large)
        text_copy(answer.why, sizeof answer.why, "answer over 4 MiB");
    else if (result == CURLE_SEND_FAIL_REWIND) /* libcurl speaks of our seek callback. */
        text_copy(answer.why, sizeof answer.why, "the connection died after the request had left; not sent again");
    else if (result != CURLE_OK)
        text_copy(answer.why, sizeof answer.why, x->why[0] != '\0' ? x->why : curl_easy_strerror(result));
    drop_easy(http, x);
    x->done(x->context, &answer);
    exchange_free(http, x);
}

static void
on_done(struct loop_job *job, CURLcode result)
{
    finish((struct exchange *)job, result);
}

static void
set_head(struct exchange *x, const struct http_request *request)
{
    x->head = curl_slist_append(x->head, "Content-Type: application/json");
    x->head = curl_slist_append(x->head, "Accept: text/plain, application/json");
    x->head = curl_slist_append(x->head, "Expect:");
    if (request->bearer != NULL) {
        size_t size = strlen(request->bearer) + sizeof "Authorization: Bearer ";
        char *line = malloc(size);

        if (line == NULL)
            return; /* The server answers 401. */
        struct text text = text_on(line, size);
        text_add(&text, "Authorization: Bearer ");
        text_add(&text, request->bearer);
        x->head = curl_slist_append(x->head, line);
        secret_wipe(line, size);
        free(line);
    }
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->head);
}

static void
set_body(struct exchange *x)
{
    if (x->body == NULL)
        return;
    curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->length);
    if (x->lane == HTTP_READS) { /* A search may well be sent twice. */
        x->taken = x->length;
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, x->body);
        return;
    }
    curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, refuse_to_rewind);
    curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
}

/* libcurl counts their age in whole seconds: for two of them it cannot tell those of before from those of after, then some of after go too. */
static void
avoid_dropped(struct exchange *x)
{
    int64_t since_s = ((int64_t)uv_hrtime() - x->http->dropped_ns) / 1000000000;

    if (x->http->dropped_ns == 0 || since_s > CONNECTION_AGE_S)
        return;
    if (since_s < 2)
        curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L);
    else
        curl_easy_setopt(x->easy, CURLOPT_MAXLIFETIME_CONN, (long)since_s - 1);
}

static void
set_up(struct exchange *x, const struct http_request *request)
{
    avoid_dropped(x);
    curl_easy_setopt(x->easy, CURLOPT_URL, x->url);
    curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
    set_head(x, request);
    set_body(x);
}

static struct exchange *
exchange_new(struct http *http, const struct http_request *request)
{
    struct exchange *x = calloc(1, sizeof *x);
    size_t url_size = strlen(request->url) + 1;

    if (x == NULL)
        return NULL;
    x->http = http;
    x->job.done = on_done;
    x->lane = request->lane;
    answer_init(&x->answer);
    x->next = http->exchanges;
    if (x->next != NULL)
        x->next->previous = x;
    http->exchanges = x;
    x->easy = take_spare(http);
    x->url = malloc(url_size);
    if (request->body != NULL && (x->body = malloc(request->length + 1)) != NULL) {
        memcpy(x->body, request->body, request->length);
        x->length = request->length;
    }
    if (x->easy == NULL || x->url == NULL || (request->body != NULL && x->body == NULL)) {
        exchange_free(http, x);
        return NULL;
    }
    memcpy(x->url, request->url, url_size);
    set_up(x, request);
    return x;
}

static enum status
start(struct http *http, struct exchange *x, struct error *err)
{
    enum status status = loop_add(http->lanes[x->lane], x->easy, &x->job, err);

    x->added = status == OK;
    return status;
}

static void
start_waiting(uv_idle_t *soon)
{
    struct http *http = soon->data;

    uv_idle_stop(soon);
    while (http->waiting != NULL) {
        struct exchange *x = http->waiting;

        http->waiting = x->next_waiting;
        if (start(http, x, NULL) != OK)
            finish(x, CURLE_COULDNT_CONNECT); /* Nothing left. */
    }
}

static void
wait_a_turn(struct http *http, struct exchange *x)
{
    struct exchange **last = &http->waiting;

    while (*last != NULL)
        last = &(*last)->next_waiting;
    *last = x;
    uv_idle_start(&http->soon, start_waiting);
}

enum status
http_send(struct http *http, const struct http_request *request, http_done *done, void *context, struct error *err)
{
    if (request->lane == HTTP_MUTATIONS && http->courier != NULL && courier_send(http->courier, request, done, context))
        return OK;
    struct exchange *x = exchange_new(http, request);
    if (x == NULL)
        return error_set(err, STATUS_LIMIT, "no memory for a request");
    x->done = done;
    x->context = context;
    if (loop_is_reporting(http->lanes[x->lane])) {
        wait_a_turn(http, x);
        return OK;
    }
    enum status status = start(http, x, err);
    if (status != OK)
        exchange_free(http, x);
    return status;
}

void
http_drop(struct http *http)
{
    http->dropped_ns = (int64_t)uv_hrtime();
    if (http->courier != NULL)
        courier_drop(http->courier);
}

/* ---- Construction ---- */

static void
free_http(uv_handle_t *handle)
{
    struct http *http = handle->data;

    free(http->ca_file);
    free(http);
}

enum status
http_new(struct uv_loop_s *uv, const struct http_settings *settings, struct http **ret_http, struct error *err)
{
    struct http *http = calloc(1, sizeof *http);
    enum status status = OK;

    if (http == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    uv_idle_init(uv, &http->soon);
    http->soon.data = http;
    http->connect_timeout_ms = settings->connect_timeout_ms;
    if (settings->ca_file != NULL && settings->ca_file[0] != '\0') {
        size_t size = strlen(settings->ca_file) + 1;

        http->ca_file = malloc(size);
        if (http->ca_file == NULL)
            status = error_set(err, STATUS_LIMIT, "no memory");
        else
            memcpy(http->ca_file, settings->ca_file, size);
    }
    for (int lane = 0; status == OK && lane < HTTP_LANES; lane++)
        status = loop_new(uv, settings->connections[lane], &http->lanes[lane], err);
    if (status == OK && settings->tunnels != NULL)
        status = courier_new(uv, settings->tunnels, settings->connect_timeout_ms, &http->courier, err);
    if (status != OK) {
        http_free(http);
        return status;
    }
    for (int i = 0; i < SPARES_MAX; i++)
        keep_spare(http, curl_easy_init());
    *ret_http = http;
    return OK;
}

void
http_free(struct http *http)
{
    if (http == NULL)
        return;
    ASSERT(!http->closing);
    http->closing = true;
    courier_free(http->courier);
    while (http->exchanges != NULL)
        exchange_free(http, http->exchanges);
    while (http->spares_count > 0)
        curl_easy_cleanup(http->spares[--http->spares_count]);
    for (int lane = 0; lane < HTTP_LANES; lane++)
        loop_free(http->lanes[lane]);
    uv_close((uv_handle_t *)&http->soon, free_http);
}
