/*
 * loop.c - a libcurl multi handle driven by a libuv loop (curl_multi_socket_action).
 *
 *     libcurl asks:  watch this socket --> uv_poll    call me in n ms --> uv_timer
 *     libuv says:    socket ready, time over --> curl_multi_socket_action() --> finished transfers --> job->done
 *
 * Invariants: job->done is called from a libuv callback only, never from within libcurl nor from within loop_add(); a watch is stopped before
 * libcurl closes its socket and freed by libuv's close callback; the struct itself goes with its last handle.
 */
#include "net/loop.h"

#include "base/assert.h"

#include <stdlib.h>
#include <uv.h>

struct loop {
    uv_loop_t *uv;
    CURLM *multi;
    uv_timer_t timer;
    uv_idle_t soon; /* Active for one turn: finished transfers are waiting. */
    int handles;    /* Not closed yet. */
    bool reporting;
    bool closing;
};

struct watch {
    uv_poll_t poll;
    struct loop *loop;
    curl_socket_t socket;
};

static void
report(struct loop *loop)
{
    CURLMsg *message;
    int left;

    if (loop->reporting)
        return;
    loop->reporting = true;
    while (!loop->closing && (message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        struct loop_job *job = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* The message dies with the handle. */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        if (job != NULL)
            job->done(job, result);
    }
    loop->reporting = false;
}

static void
drive(struct loop *loop, curl_socket_t socket, int flags)
{
    int running;

    curl_multi_socket_action(loop->multi, socket, flags, &running);
}

static void
on_socket(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct loop *loop = watch->loop; /* The watch may be closed inside. */
    int flags = 0;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    drive(loop, watch->socket, flags);
    report(loop);
}

static void
on_timer(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    drive(loop, CURL_SOCKET_TIMEOUT, 0);
    report(loop);
}

static void
on_soon(uv_idle_t *soon)
{
    struct loop *loop = soon->data;

    uv_idle_stop(soon);
    report(loop);
}

static void
free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static void
unwatch(struct loop *loop, curl_socket_t socket, struct watch *watch)
{
    curl_multi_assign(loop->multi, socket, NULL);
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, free_watch);
}

static struct watch *
watch_new(struct loop *loop, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return NULL;
    if (uv_poll_init_socket(loop->uv, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->loop = loop;
    watch->socket = socket;
    curl_multi_assign(loop->multi, socket, watch);
    return watch;
}

/*
 * Never an error to libcurl: it would end all that is under way and refuse whatever comes after, closes among it.  What cannot be watched costs one
 * transfer, which is out of time.
 */
static int
watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_data)
{
    struct loop *loop = context;
    struct watch *watch = socket_data;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            unwatch(loop, socket, watch);
        return 0;
    }
    if (watch == NULL)
        watch = watch_new(loop, socket);
    if ((what & CURL_POLL_IN) != 0)
        events |= UV_READABLE;
    if ((what & CURL_POLL_OUT) != 0)
        events |= UV_WRITABLE;
    if (watch != NULL)
        (void)uv_poll_start(&watch->poll, events, on_socket);
    return 0;
}

static int
set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct loop *loop = context;

    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&loop->timer);
    else
        uv_timer_start(&loop->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

enum status
loop_new(struct uv_loop_s *uv, long connections_max, struct loop **ret_loop, struct error *err)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (loop->multi = curl_multi_init()) == NULL) {
        free(loop);
        return error_set(err, STATUS_INTERNAL, "libcurl does not start");
    }
    loop->uv = uv;
    uv_timer_init(uv, &loop->timer);
    uv_idle_init(uv, &loop->soon);
    loop->timer.data = loop;
    loop->soon.data = loop;
    loop->handles = 2;
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(loop->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_max);
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, connections_max);
    *ret_loop = loop;
    return OK;
}

static void
handle_closed(uv_handle_t *handle)
{
    struct loop *loop = handle->data;

    if (--loop->handles > 0)
        return;
    free(loop);
    curl_global_cleanup();
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    ASSERT(!loop->closing);
    loop->closing = true;
    curl_multi_cleanup(loop->multi); /* Closes idle connections, and with them their watches. */
    loop->multi = NULL;
    uv_close((uv_handle_t *)&loop->timer, handle_closed);
    uv_close((uv_handle_t *)&loop->soon, handle_closed);
}

enum status
loop_add(struct loop *loop, CURL *easy, struct loop_job *job, struct error *err)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    CURLMcode code = curl_multi_add_handle(loop->multi, easy);
    if (code != CURLM_OK)
        return error_set(err, STATUS_INTERNAL, "%s", curl_multi_strerror(code));
    drive(loop, CURL_SOCKET_TIMEOUT, 0); /* Now, not on the next turn: a close must not wait. */
    uv_idle_start(&loop->soon, on_soon); /* It may have failed at once. */
    return OK;
}

void
loop_remove(struct loop *loop, CURL *easy)
{
    curl_multi_remove_handle(loop->multi, easy);
}

bool
loop_is_reporting(const struct loop *loop)
{
    return loop->reporting;
}

void
loop_secure(CURL *easy, const char *ca_file)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file != NULL && ca_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* A time-out must not wait for a resolver that hangs: it would stop the loop. */
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

bool
loop_failed_to_connect(CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_URL_MALFORMAT:
        return true;
    default:
        return false;
    }
}
