/*
 * test_feed.c - the feed over real sockets: envelope, snapshot, coalescing of states, slow clients, intruders (S-13, S-14).
 */
#include "feed/feed.h"

#include "base/assert.h"
#include "base/json.h"
#include "lib/raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 100

struct fixture {
    uv_loop_t loop;
    struct feed *feed;
    size_t snapshot_size; /* Pad the snapshot to this. */
    int snapshots;        /* Times asked. */
    int padding;          /* Of events, below 4900. */
};

static void
write_snapshot(void *context, struct text *out, struct instant *ret_now)
{
    struct fixture *f = context;

    f->snapshots++;
    *ret_now = (struct instant){ INT64_C(1763712000000000000) };
    text_add(out, "{\"pad\":\"");
    for (size_t i = 0; i < f->snapshot_size; i++)
        text_add(out, "x");
    text_add(out, "\"}");
}

static void
start_patient(struct fixture *f, size_t queue_max, struct span close_timeout)
{
    struct error err = { 0 };

    *f = (struct fixture){ 0 };
    assert_int_equal(uv_loop_init(&f->loop), 0);
    struct feed_options options = { .loop = &f->loop, .queue_max = queue_max, .snapshot = write_snapshot, .context = f,
        .close_timeout = close_timeout };
    if (feed_new(&options, &f->feed, &err) != OK)
        fail_msg("%s", err.text);
}

static void
start(struct fixture *f, size_t queue_max)
{
    start_patient(f, queue_max, SPAN_MS(50));
}

static void
stop(struct fixture *f)
{
    feed_free(f->feed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static bool
has_text(void *client)
{
    return ((struct raw_client *)client)->texts > 0;
}

static void
open_client(struct fixture *f, struct raw_client *client)
{
    raw_client_open(client, &f->loop, feed_port(f->feed), "/");
    run_until(&f->loop, has_text, client);
}

static void
event(struct fixture *f, int number)
{
    char data[5000];

    snprintf(data, sizeof data, "{\"n\":%d%s%*s}", number, f->padding > 0 ? "," : "", f->padding, f->padding > 0 ? "\"x\":0" : "");
    feed_publish(f->feed, &(struct feed_message){ .kind = FEED_EVENT, .type = "lockout_set", .account_id = 7, .data = data,
                              .at = { INT64_C(1763712001500000000) } });
}

static void
quote(struct fixture *f, const char *contract, int last)
{
    char data[64];

    snprintf(data, sizeof data, "{\"contract\":\"%s\",\"last\":%d}", contract, last);
    feed_publish(f->feed, &(struct feed_message){ .kind = FEED_STATE, .type = "MarketQuote", .data = data, .key = contract,
                              .at = { INT64_C(1763712001500000000) } });
}

static int
count(const struct raw_client *client, const char *what)
{
    int n = 0;

    for (const char *p = strstr(client->trace, what); p != NULL; p = strstr(p + 1, what))
        n++;
    return n;
}

static void
test_envelope_and_snapshot(void **state)
{
    struct fixture f;
    struct raw_client client;

    (void)state;
    start(&f, 0);
    assert_false(feed_is_heard(f.feed));
    event(&f, 1); /* Nobody hears it, but it is counted. */
    open_client(&f, &client);
    assert_true(feed_is_heard(f.feed));
    event(&f, 2);
    quote(&f, "CON.F.US.EP.Z25", 5);
    while (client.texts < 3)
        uv_run(&f.loop, UV_RUN_ONCE);
    assert_string_equal(client.trace,
        "opened: "
        "text:{\"type\":\"snapshot\",\"account_id\":null,\"data\":{\"pad\":\"\"},\"seq\":1,\"ts\":\"2025-11-21T08:00:00Z\"} "
        "text:{\"type\":\"lockout_set\",\"account_id\":7,\"data\":{\"n\":2},\"seq\":2,\"ts\":\"2025-11-21T08:00:01.5Z\"} "
        "text:{\"type\":\"MarketQuote\",\"account_id\":null,\"data\":{\"contract\":\"CON.F.US.EP.Z25\",\"last\":5},\"seq\":3,"
        "\"ts\":\"2025-11-21T08:00:01.5Z\"} ");
    raw_client_close(&client);
    while (feed_is_heard(f.feed))
        uv_run(&f.loop, UV_RUN_ONCE);
    stop(&f);
}

/* A large state of the world is one message still, and does not count as being behind for its own sake. */
static void
test_large_snapshot(void **state)
{
    struct fixture f;
    struct raw_client client;

    (void)state;
    start(&f, 1 << 17);
    f.snapshot_size = 3 << 20;
    open_client(&f, &client);
    assert_true(client.length > 3 << 20);
    assert_int_equal(f.snapshots, 7); /* 64 KiB doubled until 4 MiB. */
    run_turns(&f.loop, 10);
    f.padding = 4000;
    for (int i = 0; i < 40; i++) /* Without a turn of the loop: the bound of 128 KiB holds again. */
        event(&f, i);
    assert_int_equal(feed_dropped_count(f.feed), 1);
    raw_client_close(&client);

    f.snapshot_size = 5 << 20; /* Beyond all measure: no client rather than a wrong picture. */
    raw_client_open(&client, &f.loop, feed_port(f.feed), "/");
    run_until(&f.loop, raw_client_is_done, &client);
    assert_int_equal(client.texts, 0);
    raw_client_close(&client);
    stop(&f);
}

/* A text cut inside a character must not cost the listeners their connection. */
static void
test_bad_text_is_mended(void **state)
{
    struct fixture f;
    struct raw_client client;

    (void)state;
    start(&f, 0);
    open_client(&f, &client);
    feed_publish(f.feed, &(struct feed_message){ .kind = FEED_EVENT, .type = "warning", .data = "{\"text\":\"\xe2\x82\"}" });
    while (client.texts < 2 && !client.eof)
        uv_run(&f.loop, UV_RUN_ONCE);
    assert_int_equal(count(&client, "{\"text\":\"??\"}"), 1);
    raw_client_close(&client);
    stop(&f);
}

static bool
has_pong(void *client)
{
    return strstr(((struct raw_client *)client)->trace, "pong:p") != NULL;
}

/* What one client heard. */
struct heard {
    int events, quotes;
    int es, nq; /* Last quotes. */
    bool disordered;
};

static void
on_text(void *context, const char *text, size_t length)
{
    struct heard *heard = context;
    char head[128];
    int number = 0;

    snprintf(head, sizeof head, "%.*s", (int)length, text);
    const char *n = strstr(head, "\"n\":"), *last = strstr(head, "\"last\":");
    if (n != NULL) {
        sscanf(n, "\"n\":%d", &number);
        heard->disordered = heard->disordered || number != heard->events;
        heard->events++;
    } else if (last != NULL) {
        sscanf(last, "\"last\":%d", &number);
        *(strstr(head, "\"ES\"") != NULL ? &heard->es : &heard->nq) = number;
        heard->quotes++;
    }
}

static bool
has_latest(void *context)
{
    const struct heard *heard = context;
    return heard->es == 3999 && heard->nq == 103999;
}

/*
 * One client stops reading.  It misses quotes but no event; once it reads again it gets the latest of each contract, and of no contract
 * twice.  The other client gets everything.
 */
static void
test_states_are_coalesced(void **state)
{
    enum { ROUNDS = 4000 };
    struct fixture f;
    struct raw_client slow, quick;
    struct heard slow_heard = { 0 }, quick_heard = { 0 };

    (void)state;
    start(&f, 32 << 20);
    f.padding = 4000; /* So that the kernel's buffers are full soon. */
    open_client(&f, &slow);
    open_client(&f, &quick);
    slow.on_text = quick.on_text = on_text;
    slow.context = &slow_heard;
    quick.context = &quick_heard;
    raw_client_pause(&slow);
    for (int i = 0; i < ROUNDS; i++) {
        quote(&f, "ES", i);
        quote(&f, "NQ", 100000 + i);
        event(&f, i);
        while (quick.texts < 1 + 3 * (i + 1))
            uv_run(&f.loop, UV_RUN_ONCE);
    }
    assert_true(feed_skipped_count(f.feed) > 0);
    assert_int_equal(feed_dropped_count(f.feed), 0);
    assert_false(has_latest(&slow_heard));
    raw_client_resume(&slow);
    run_until(&f.loop, has_latest, &slow_heard);
    assert_int_equal(slow_heard.events, ROUNDS);
    assert_false(slow_heard.disordered);
    /* Of what was held back, one of each contract came in the end; more than once if the kernel took some in between (Windows' does). */
    assert_true(slow_heard.quotes + (int)feed_skipped_count(f.feed) >= 2 * ROUNDS + 2);
    assert_true(slow_heard.quotes < 2 * ROUNDS);
    assert_int_equal(quick_heard.quotes, 2 * ROUNDS);
    assert_int_equal(quick_heard.events, ROUNDS);
    raw_client_close(&slow);
    raw_client_close(&quick);
    stop(&f);
}

/* Events beyond the bound: dropped, alone, and counted. */
static void
test_slow_client_is_dropped(void **state)
{
    struct fixture f;
    struct raw_client slow, quick;
    int published = 0;

    (void)state;
    start(&f, 1 << 17);
    open_client(&f, &slow);
    open_client(&f, &quick);
    raw_client_pause(&slow);
    while (feed_dropped_count(f.feed) == 0 && published < 1000000) {
        event(&f, published++);
        if (published % 100 == 0) {
            while (quick.texts < 1 + published)
                uv_run(&f.loop, UV_RUN_ONCE);
        }
    }
    assert_int_equal(feed_dropped_count(f.feed), 1);
    event(&f, published++);
    while (quick.texts < 1 + published)
        uv_run(&f.loop, UV_RUN_ONCE);
    assert_int_equal(feed_dropped_count(f.feed), 1);
    assert_int_equal(feed_clients_count(f.feed), 1);
    raw_client_resume(&slow);
    run_until(&f.loop, raw_client_is_done, &slow);
    raw_client_close(&slow);
    raw_client_close(&quick);
    stop(&f);
}

/* Whatever a client says changes nothing and is answered by nothing, but for pings; too much of it ends the connection. */
static void
test_clients_cannot_do_anything(void **state)
{
    static char large[65537];
    struct fixture f;
    struct raw_client client, other;

    (void)state;
    start(&f, 0);
    open_client(&f, &client);
    open_client(&f, &other);
    raw_client_frame(&client, WEBSOCKET_OP_TEXT, "{\"type\":\"lockout_cleared\",\"account_id\":7}", 41);
    raw_client_frame(&client, WEBSOCKET_OP_BINARY, "\0\1\2", 3);
    raw_client_frame(&client, WEBSOCKET_OP_PING, "p", 1);
    run_until(&f.loop, has_pong, &client);
    assert_int_equal(client.texts, 1);
    memset(large, 'x', sizeof large);
    raw_client_frame(&client, WEBSOCKET_OP_TEXT, large, 65536);
    raw_client_frame(&client, WEBSOCKET_OP_TEXT, large, 65537);
    run_until(&f.loop, raw_client_is_done, &client);
    assert_int_equal(count(&client, "close:1009:"), 1);
    assert_int_equal(other.texts, 1);
    raw_client_close(&client);
    raw_client_close(&other);
    stop(&f);
}

struct crowd {
    struct raw_client clients[CLIENTS];
    int texts;
};

static bool
all_have(void *context)
{
    const struct crowd *crowd = context;

    for (int i = 0; i < CLIENTS; i++) {
        if (crowd->clients[i].texts < crowd->texts)
            return false;
    }
    return true;
}

static void
test_hundred_clients(void **state)
{
    static struct crowd crowd;
    struct fixture f;
    struct raw_client extra;

    (void)state;
    start_patient(&f, 0, SPAN_SECONDS(5));
    for (int i = 0; i < CLIENTS; i++)
        open_client(&f, &crowd.clients[i]);
    assert_int_equal(feed_clients_count(f.feed), CLIENTS);
    raw_client_open(&extra, &f.loop, feed_port(f.feed), "/");
    assert_int_equal(extra.http_status, 503);
    raw_client_close(&extra);
    for (int i = 0; i < 100; i++)
        event(&f, i);
    crowd.texts = 101;
    run_until(&f.loop, all_have, &crowd);
    for (int i = 1; i < CLIENTS; i++)
        assert_string_equal(crowd.clients[i].trace, crowd.clients[0].trace);
    feed_stop(f.feed); /* All leave at once, and new ones come while they do. */
    event(&f, 1);
    for (int i = 0; i < CLIENTS; i++) {
        run_until(&f.loop, raw_client_is_done, &crowd.clients[i]);
        assert_int_equal(count(&crowd.clients[i], "close:1001:"), 1);
        raw_client_close(&crowd.clients[i]);
    }
    assert_int_equal(feed_clients_count(f.feed), 0);
    stop(&f);
}

/* S-14: as many as the operator says; one more is told to come back. */
static void
test_own_number_of_clients(void **state)
{
    struct fixture f = { 0 };
    struct raw_client two[2], third;

    (void)state;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    const struct feed_options options = { .loop = &f.loop, .clients_max = 2, .snapshot = write_snapshot, .context = &f, .close_timeout = SPAN_MS(50) };
    assert_int_equal(feed_new(&options, &f.feed, NULL), OK);
    for (int i = 0; i < 2; i++)
        raw_client_open(&two[i], &f.loop, feed_port(f.feed), "/");
    raw_client_connect(&third, &f.loop, feed_port(f.feed), false);
    raw_client_upgrade(&third, feed_port(f.feed), "/");
    run_until(&f.loop, raw_client_is_open, &third);
    assert_int_equal(third.http_status, 503);
    raw_client_close(&third);
    for (int i = 0; i < 2; i++)
        raw_client_close(&two[i]);
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope_and_snapshot),
        cmocka_unit_test(test_large_snapshot),
        cmocka_unit_test(test_bad_text_is_mended),
        cmocka_unit_test(test_states_are_coalesced),
        cmocka_unit_test(test_slow_client_is_dropped),
        cmocka_unit_test(test_clients_cannot_do_anything),
        cmocka_unit_test(test_hundred_clients),
        cmocka_unit_test(test_own_number_of_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
