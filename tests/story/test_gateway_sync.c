/*
 * test_gateway_sync.c - reconciliation under trouble: retries, size, expiry in the middle, sleep (resilience.md 1.22).  The plain course: test_gateway.c.
 */
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int failing_rounds;

static bool
fail_rounds(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Position/searchOpen") == NULL || failing_rounds == 0)
        return false;
    failing_rounds--;
    answer->status = 503;
    return true;
}

/* SR-10: REST fails for three rounds, then the fourth completes; nobody has to do anything. */
static void
sync_retry(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 10 * FAKE_SECOND);
    fake->hook = fail_rounds;
    failing_rounds = 3;
    int64_t start = fake->now_ns;
    int alarms = fake->alarms[2];
    fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
    fake_run(fake, FAKE_SECOND / 2);
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    while (fake_mode(fake) != MODE_NORMAL && fake->now_ns - start < 60 * FAKE_SECOND)
        fake_run(fake, FAKE_SECOND / 10);
    assert_in_range(fake->now_ns - start, 15 * FAKE_SECOND, 18 * FAKE_SECOND); /* 1, 5, 10 s. */
    assert_int_equal(fake->alarms[2], alarms + 1);
    fake_free(fake);
}

/* 100 orders and 100 positions on each of ten accounts: under 15 s and within the rate. */
static void
sync_100_entities(void **state)
{
    static char positions[20000];
    struct text text = text_on(positions, sizeof positions);
    struct fake *fake = fake_new(10);

    (void)state;
    text_add(&text, "[");
    for (int i = 0; i < 100; i++)
        text_addf(&text, "%s{\"id\":%d,\"accountId\":1,\"contractId\":\"C%d\",\"type\":1,\"size\":1,\"averagePrice\":100}", i > 0 ? "," : "",
            i + 1, i);
    text_add(&text, "]");
    fake->positions = positions;
    fake->orders = 100;
    int64_t start = fake->now_ns;
    fake_go_live(fake);
    assert_true(fake->now_ns - start < 15 * FAKE_SECOND);
    assert_true(fake->requests_count <= 100); /* Half the window counts as used (RL-08). */
    bool seen = false;
    for (int i = 0; i < fake->events_count; i++) {
        const struct snapshot *s = &fake->events[i].event.u.snapshot;
        if (fake->events[i].kind == EVENT_SNAPSHOT && s->account_id == 1 && (s->parts & PART_POSITIONS) != 0)
            seen = seen || (s->positions_count == 100 && s->orders_count == 100);
    }
    assert_true(seen);
    fake_free(fake);
}

static bool expired;

static bool
expire_midway(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)body;
    (void)size;
    if (strstr(request->path, "Position/searchOpen") != NULL)
        expired = true;
    if (!expired || fake->logins > 1 || strstr(request->path, "Auth/") != NULL)
        return false;
    answer->status = 401;
    return true;
}

/* TR-08: the token ends in the middle of a reconciliation: one new log-in, each read replayed once, the result whole. */
static void
token_401_midway(void **state)
{
    struct fake *fake = fake_new(1);
    unsigned parts = 0;

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 10 * FAKE_SECOND);
    fake->hook = expire_midway;
    expired = false;
    int before = fake->events_count, requests = fake->requests_count;
    fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
    fake_run(fake, 2 * FAKE_SECOND);
    for (int i = before; i < fake->events_count; i++)
        if (fake->events[i].kind == EVENT_SNAPSHOT)
            parts |= fake->events[i].event.u.snapshot.parts;
    assert_int_equal(parts, PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES);
    assert_int_equal(fake->logins, 2);
    assert_int_equal(fake_count(fake, "Trade/search", requests), 2);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

/* SR-11: on Windows no clock stands still; who was told says so. */
static void
resume_by_word(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 60 * FAKE_SECOND);
    int connects = fake->connects, requests = fake->requests_count;
    gateway_woke(fake->gateway);
    fake_run(fake, 14 * FAKE_SECOND);
    assert_int_equal(fake->drops, 1);
    assert_int_equal(fake_count(fake, "Status/ping", requests), 2);
    assert_int_equal(fake->connects, connects + 2);
    assert_true(fake_count(fake, "Trade/search", requests) >= 1);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

/* SV-09: each of the two connections hears something every 30 s, and never both at once: one is idle, for a close. */
static void
pings_in_turn(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake_run(fake, 60 * FAKE_SECOND);
    int requests = fake->requests_count;
    int64_t last = 0;
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Status/ping", requests), 8);
    for (int i = requests; i < fake->requests_count; i++) {
        if (strstr(fake->requests[i].path, "Status/ping") == NULL)
            continue;
        assert_true(fake->requests[i].at_ns - last >= 15 * FAKE_SECOND);
        last = fake->requests[i].at_ns;
    }
    fake_free(fake);
}

/* SR-11, TR-01: after eight hours of sleep both hubs are connected anew, all is read again, and the token is as old as it is. */
static void
sync_resume(void **state)
{
    struct fake *fake = fake_new(1);
    struct gateway_status status;

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake_run(fake, 60 * FAKE_SECOND);
    int connects = fake->connects, requests = fake->requests_count;
    fake->stepped_ns += 8 * 3600 * FAKE_SECOND; /* The monotonic clock stood still. */
    gateway_woke(fake->gateway); /* The loop's lag is found first. */
    fake_run(fake, FAKE_SECOND);
    gateway_woke(fake->gateway); /* The system tells of it too. */
    assert_int_equal(fake->drops, 1); /* A close on a connection that a NAT has forgotten would be of unknown fate for five seconds. */
    assert_int_equal(fake_count(fake, "Status/ping", requests), 2);
    fake_run(fake, 31 * FAKE_SECOND);
    assert_int_equal(fake->connects, connects + 2);
    assert_true(fake_count(fake, "Position/searchOpen", requests) >= 1);
    assert_true(fake_count(fake, "Trade/search", requests) >= 1);
    gateway_status(fake->gateway, &status);
    assert_in_range(status.token_left_s, 57000, 57600);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake->stepped_ns += 15 * 3600 * FAKE_SECOND;
    fake_run(fake, 32 * FAKE_SECOND);
    assert_true(fake_count(fake, "validate", requests) >= 1); /* Less than two hours are left. */
    fake_free(fake);
}

/*
 * SR-12, RL-06: more is wanted than the rate allows, for as long as one likes: the accounts take turns.  In the order of the list the last ones would never
 * be read again.
 */
static void
sync_takes_turns(void **state)
{
    enum { ACCOUNTS = 24 };
    struct fake *fake = fake_new(ACCOUNTS);

    (void)state;
    fake_run(fake, 180 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    int before = fake->requests_count, most = 0, least = INT_MAX;
    for (int s = 0; s < 600; s++) {
        fake_command(fake, (struct command){ .kind = COMMAND_SYNC });
        fake_run(fake, FAKE_SECOND);
    }
    for (int account = 1; account <= ACCOUNTS; account++) {
        char body[32];
        int rounds = 0;
        (void)snprintf(body, sizeof body, "\"accountId\":%d}", account);
        for (int i = before; i < fake->requests_count; i++)
            rounds += strstr(fake->requests[i].path, "Position/searchOpen") != NULL && strstr(fake->requests[i].body, body) != NULL;
        most = rounds > most ? rounds : most;
        least = rounds < least ? rounds : least;
    }
    assert_true(least >= 8);
    assert_true(most - least <= 2);
    fake_free(fake);
}

/*
 * SR-12, FV-01: a hub that says what nobody can use, again and again, from the moment its subscriptions stand: what it was is read every 5 s, not as fast
 * as the broker answers; and that is no reason never to go LIVE once it is over.
 */
static void
unusable_while_syncing(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->latency_ns = 50 * FAKE_MS;
    while (fake_hub(fake, true) == NULL || strstr(fake_hub(fake, true)->heard, "SubscribeTrades") == NULL)
        fake_run(fake, FAKE_MS);
    int before = fake->requests_count;
    for (int i = 0; i < 3000; i++) {
        fake_say(fake_hub(fake, true), "{\"type\":1,\"target\":\"GatewayUserTrade\",\"arguments\":[7]}");
        fake_run(fake, 10 * FAKE_MS);
    }
    assert_in_range(fake_count(fake, "Trade/search", before), 4, 10);
    fake_run(fake, 15 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sync_retry),
        cmocka_unit_test(sync_100_entities),
        cmocka_unit_test(sync_takes_turns),
        cmocka_unit_test(unusable_while_syncing),
        cmocka_unit_test(token_401_midway),
        cmocka_unit_test(sync_resume),
        cmocka_unit_test(resume_by_word),
        cmocka_unit_test(pings_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
