/*
 * test_listener.c - the reader's end of the feed over real sockets: messages, pings, the daemon stopping, back-off (S-16).
 */
#include "feed/feed.h"
#include "feed/listener.h"
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct feed *feed;
    struct listener *listener;
    int opened, messages, lost;
    int64_t retry_ms;
    char last[256], why[160];
};

static void
write_snapshot(void *context, struct text *out, struct instant *ret_now)
{
    (void)context;
    text_add(out, "{\"a\":1}");
    *ret_now = (struct instant){ INT64_C(1763712000000000000) };
}

static void
on_opened(void *context)
{
    ((struct fixture *)context)->opened++;
}

static void
on_message(void *context, const char *text, size_t length)
{
    struct fixture *f = context;

    f->messages++;
    (void)text_copy_bytes(f->last, sizeof f->last, text, length);
}

static void
on_lost(void *context, const char *why, int64_t retry_ms)
{
    struct fixture *f = context;

    f->lost++;
    f->retry_ms = retry_ms;
    (void)text_copy(f->why, sizeof f->why, why);
}

static void
listen_at(struct fixture *f, uint16_t port)
{
    const struct listener_options options = { .loop = &f->loop, .port = port, .random = os_random_bytes, .context = f,
        .opened = on_opened, .message = on_message, .lost = on_lost };
    struct error err;

    assert_int_equal(listener_new(&options, &f->listener, &err), OK);
}

static uint16_t
start(struct fixture *f)
{
    const struct feed_options options = { .loop = &f->loop, .snapshot = write_snapshot, .close_timeout = SPAN_MS(50) };
    struct error err;

    assert_int_equal(feed_new(&options, &f->feed, &err), OK);
    return feed_port(f->feed);
}

static void
run_until_count(struct fixture *f, const int *count, int wanted)
{
    uint64_t end = uv_hrtime() + UINT64_C(60000000000);

    while (*count < wanted && uv_hrtime() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(*count >= wanted);
}

static void
finish(struct fixture *f)
{
    listener_free(f->listener);
    feed_free(f->feed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void
test_hears(void **state)
{
    struct fixture f = { 0 };

    (void)state;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    listen_at(&f, start(&f));
    run_until_count(&f, &f.messages, 1);
    assert_int_equal(f.opened, 1);
    assert_true(listener_is_open(f.listener));
    assert_non_null(strstr(f.last, "\"type\":\"snapshot\""));
    feed_publish(f.feed, &(struct feed_message){ .kind = FEED_EVENT, .type = "daemon_status", .data = "{}", .at = { 1 } });
    run_until_count(&f, &f.messages, 2);
    assert_non_null(strstr(f.last, "daemon_status"));
    assert_int_equal(f.lost, 0);
    finish(&f);
}

/* 1 s, then 2 s. */
static void
test_backs_off(void **state)
{
    struct fixture f = { 0 };

    (void)state;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    listen_at(&f, start(&f));
    run_until_count(&f, &f.messages, 1);
    feed_stop(f.feed);
    run_until_count(&f, &f.lost, 1);
    assert_string_equal(f.why, "the daemon has stopped");
    assert_int_equal(f.retry_ms, 1000);
    assert_false(listener_is_open(f.listener));
    feed_free(f.feed);
    f.feed = NULL;
    run_until_count(&f, &f.lost, 2);
    assert_int_equal(f.retry_ms, 2000);
    finish(&f);
}

/* Once it was open again the waits begin anew. */
static void
test_begins_anew(void **state)
{
    struct fixture f = { 0 };
    struct error err;

    (void)state;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    uint16_t port = start(&f);
    listen_at(&f, port);
    run_until_count(&f, &f.messages, 1);
    feed_stop(f.feed);
    run_until_count(&f, &f.lost, 1);
    feed_free(f.feed);
    const struct feed_options options = { .loop = &f.loop, .port = port, .snapshot = write_snapshot, .close_timeout = SPAN_MS(50) };
    assert_int_equal(feed_new(&options, &f.feed, &err), OK);
    run_until_count(&f, &f.messages, 2);
    feed_stop(f.feed);
    run_until_count(&f, &f.lost, 2);
    assert_int_equal(f.retry_ms, 1000);
    finish(&f);
}

static void
test_refused(void **state)
{
    const struct listener_options options = { .address = "no address", .port = 1 };
    struct listener *listener = NULL;
    struct error err;

    (void)state;
    assert_int_equal(listener_new(&options, &listener, &err), STATUS_CONFIG);
    assert_null(listener);
    listener_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hears),
        cmocka_unit_test(test_backs_off),
        cmocka_unit_test(test_begins_anew),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
