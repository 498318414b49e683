/*
 * test_gateway_link.c - a hub's connection as such: is it alive, what its frames may look like, what a server may refuse (HM-01, RL-07, ES-05).
 */
#include "gateway/internal.h"
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RS "\x1e"
#define ORDER(id) \
    "{\"type\":1,\"target\":\"GatewayUserOrder\",\"arguments\":[{\"action\":1,\"data\":{\"id\":" #id ",\"accountId\":1,\"contractId\":\"C\"," \
    "\"side\":0,\"size\":1,\"status\":1,\"type\":1}}]}"

static const struct gateway_hub_status *
hub_status(const struct fake *fake, bool user)
{
    static struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return user ? &status.user : &status.market;
}

static struct fake *
without_pings(void)
{
    struct fake *fake = fake_new(1);

    fake->no_pings = true;
    fake_go_live(fake);
    return fake;
}

/* HM-01: no frame for 30 s, and the connection goes. */
static void
hub_silence(void **state)
{
    struct fake *fake = without_pings();

    (void)state;
    fake_run(fake, 29 * FAKE_SECOND);
    assert_string_equal(hub_status(fake, true)->state, "LIVE");
    int connects = fake->connects;
    fake_run(fake, 2 * FAKE_SECOND);
    assert_string_equal(hub_status(fake, true)->why, "silent for 30 s");
    assert_in_range(fake->connects, connects, connects + 2);
    fake_run(fake, 5 * FAKE_SECOND);
    assert_true(fake->connects >= connects + 2);
    fake_free(fake);
}

/* Pings only, a whole night: nothing is wrong with it. */
static void
hub_quiet_user(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    int connects = fake->connects;
    for (int i = 0; i < 10 * 60; i++) {
        fake_run(fake, 60 * FAKE_SECOND);
        assert_string_equal(hub_status(fake, true)->state, "LIVE");
        fake->requests_count = 0;
        fake->events_count = 0;
    }
    assert_int_equal(fake->connects, connects);
    fake_free(fake);
}

/* We say something at least each 15 s. */
static void
hub_ping_out(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    int64_t last = fake_hub(fake, true)->last_ping_ns;
    int pings = fake_hub(fake, true)->pings;
    for (int i = 0; i < 600; i++) {
        fake_run(fake, FAKE_SECOND / 2);
        struct fake_hub *hub = fake_hub(fake, true);
        if (hub->last_ping_ns != last && last != 0)
            assert_true(hub->last_ping_ns - last <= 15 * FAKE_SECOND + FAKE_MS);
        last = hub->last_ping_ns;
    }
    assert_in_range(fake_hub(fake, true)->pings - pings, 19, 21);
    fake_free(fake);
}

static bool
no_refresh(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Auth/") == NULL)
        return false;
    answer->status = 503;
    return true;
}

/* RC-05: a refresh that fails does not end the attempts; the old token is good for them. */
static void
hub_refresh_failing(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake->hook = no_refresh;
    fake_run(fake, (22 * 3600 + 120) * FAKE_SECOND);
    assert_true(fake_count(fake, "validate", 0) >= 1);
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 10 * FAKE_SECOND);
    assert_string_equal(hub_status(fake, true)->state, "LIVE");
    assert_non_null(strstr(fake_hub(fake, true)->target, ".sig1"));
    fake_free(fake);
}

/* RL-07: a refused attempt is followed by none within 5 s, for whatever seed of the jitter. */
static void
hub_429(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct fake *fake = fake_new(1);
        int64_t last = 0;
        int failures = 0;

        fake_go_live(fake);
        fake->gateway->chance = seed;
        fake->upgrade_status = 429;
        fake_cut(fake_hub(fake, true));
        for (int i = 0, connects = fake->connects; i < 3000; i++) {
            fake_run(fake, 20 * FAKE_MS);
            if (fake->connects == connects)
                continue;
            connects = fake->connects;
            if (++failures > 1) /* The first that was refused so makes it patient. */
                assert_true(fake->now_ns - last >= 5 * FAKE_SECOND - 40 * FAKE_MS);
            last = fake->now_ns;
        }
        assert_in_range(failures, 4, 8);
        fake_free(fake);
    }
}

static void
expect_orders(struct fake *fake, int count)
{
    fake_run(fake, FAKE_SECOND / 2);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), count);
    assert_string_equal(hub_status(fake, true)->state, "LIVE");
}

/* ES-05: fragments in the middle of a character or record, several records in a frame, binary frames, and all of it at once. */
static void
hub_framing(void **state)
{
    static const char two[] = ORDER(1) RS ORDER(2) RS, name[] = "{\"type\":6,\"x\":\"\xc3\xa9\"}" RS;
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    struct fake_hub *hub = fake_hub(fake, true);
    fake_say_frame(hub, WEBSOCKET_OP_TEXT, false, two, strlen(two));
    expect_orders(fake, 2);
    fake_say_frame(hub, WEBSOCKET_OP_BINARY, false, two, strlen(two));
    expect_orders(fake, 4);
    for (size_t cut = 1; cut < strlen(two); cut += 7) {
        fake_say_frame(hub, WEBSOCKET_OP_TEXT, true, two, cut);
        fake_say_frame(hub, WEBSOCKET_OP_PING, false, "p", 1); /* Control frames may come between. */
        fake_say_frame(hub, WEBSOCKET_OP_CONTINUATION, false, two + cut, strlen(two) - cut);
    }
    int rounds = ((int)strlen(two) - 2) / 7 + 1;
    expect_orders(fake, 4 + 2 * rounds);
    fake_say_frame(hub, WEBSOCKET_OP_TEXT, true, name, 15); /* Within the character. */
    fake_say_frame(hub, WEBSOCKET_OP_CONTINUATION, false, name + 15, strlen(name) - 15);
    fake_say_frame(hub, WEBSOCKET_OP_TEXT, false, ORDER(3), strlen(ORDER(3))); /* A record over two messages. */
    fake_say_frame(hub, WEBSOCKET_OP_TEXT, false, RS, 1);
    expect_orders(fake, 5 + 2 * rounds);
    fake_free(fake);
}

/* RFC 6455 5.5.3: many pings at once cost one answer, to the last; what comes between them is heard. */
static void
hub_ping_flood(void **state)
{
    struct fake *fake = fake_new(1);
    uint8_t bytes[4000];
    size_t length = 0;

    (void)state;
    fake_go_live(fake);
    struct fake_hub *hub = fake_hub(fake, true);
    for (int i = 0; i < 1000; i++) {
        const struct websocket_frame ping = { .opcode = WEBSOCKET_OP_PING, .data = i < 999 ? "a" : "z", .length = 1 };
        const struct websocket_frame text = { .opcode = WEBSOCKET_OP_TEXT, .data = ORDER(1) RS, .length = strlen(ORDER(1) RS) };
        if (i == 500)
            length += websocket_encode(&text, NULL, bytes + length, sizeof bytes - length);
        length += websocket_encode(&ping, NULL, bytes + length, sizeof bytes - length);
    }
    hub->handlers->received(hub->user, bytes, length);
    expect_orders(fake, 1);
    assert_int_equal(hub->pongs, 1);
    assert_string_equal(hub->last_pong, "z");
    fake_say_frame(hub, WEBSOCKET_OP_PING, false, "more", 4);
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(hub->pongs, 2);
    assert_string_equal(hub->last_pong, "more");
    fake_free(fake);
}

static uint32_t
next_chance(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* What a server may say while the acks are missing, spoilt at random: no crash, and never LIVE. */
static void
hub_fuzz(void **state)
{
    static const char *const records[] = { "{}" RS, "{\"type\":6}" RS, "{\"type\":3,\"invocationId\":\"99\",\"result\":null}" RS, ORDER(1) RS,
        "{\"type\":7,\"allowReconnect\":true}" RS, "{\"type\":1,\"target\":\"GatewayLogout\",\"arguments\":[]}" RS,
        "{\"type\":3,\"invocationId\":\"\",\"error\":\"x\"}" RS, "{\"type\":1,\"target\":\"GatewayUserPosition\",\"arguments\":[[[{}]]]}" RS };
    struct fake *fake = fake_new(1);
    uint32_t seed = 4711;
    char bytes[300];

    (void)state;
    fake->holds_acks = true;
    for (int i = 0; i < 20000; i++) {
        struct fake_hub *hub = fake_hub(fake, true);
        const char *record = records[next_chance(&seed) % COUNT_OF(records)];
        size_t length = strlen(record);

        memcpy(bytes, record, length);
        for (uint32_t k = next_chance(&seed) % 4; k > 0; k--)
            bytes[next_chance(&seed) % length] = (char)next_chance(&seed);
        if (hub != NULL && hub->upgraded)
            fake_say_frame(hub, next_chance(&seed) % 2 == 0 ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY, false, bytes,
                next_chance(&seed) % 8 == 0 ? length / 2 : length);
        fake_run(fake, (int64_t)(next_chance(&seed) % 400) * FAKE_MS);
        assert_string_not_equal(hub_status(fake, true)->state, "LIVE");
        assert_string_not_equal(hub_status(fake, true)->state, "SYNCING");
        if (fake->events_count > FAKE_EVENTS_MAX / 2)
            fake->events_count = 0;
        fake->requests_count = 0;
    }
    fake->holds_acks = false;
    for (int i = 0; i < 800 && strcmp(hub_status(fake, true)->state, "LIVE") != 0; i++)
        fake_run(fake, FAKE_SECOND);
    assert_string_equal(hub_status(fake, true)->state, "LIVE");
    fake_free(fake);
}

/* RC-09: the ledger hears of each transition: why, how long the state before lasted, and how much was missed. */
static void
hub_transitions_are_told(void **state)
{
    static const char *const wanted[] = { "hub: user DOWN -> CONNECTING after 0.", "hub: user CONNECTING -> HANDSHAKE after ",
        "hub: user HANDSHAKE -> SUBSCRIBING after ", "hub: user SUBSCRIBING -> SYNCING after ", "hub: user SYNCING -> LIVE after ",
        "hub: market SUBSCRIBING -> LIVE after ", "; not live for 0." };
    struct fake *fake = fake_new(1);
    int lines = 0;

    (void)state;
    fake_go_live(fake);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (strstr(fake->notes, wanted[i]) == NULL)
            fail_msg("%s not in\n%s", wanted[i], fake->notes);
    fake_run(fake, 600 * FAKE_SECOND);
    fake->hubs_down = true;
    fake_cut(fake_hub(fake, true));
    assert_non_null(strstr(fake->notes, "hub: user LIVE -> DOWN after 600."));
    assert_non_null(strstr(fake->notes, "s: connection reset"));
    fake_run(fake, 20 * FAKE_SECOND);
    fake->hubs_down = false;
    fake_go_live(fake);
    const char *back = strstr(strstr(fake->notes, "LIVE -> DOWN"), "user SYNCING -> LIVE after ");
    assert_non_null(back);
    assert_in_range(atoi(strstr(back, "not live for ") + strlen("not live for ")), 20, 55); /* From the loss on, not from the last attempt. */
    for (const char *c = fake->notes; (c = strstr(c, "CONNECTING -> DOWN")) != NULL; c++)
        lines++;
    assert_in_range(lines, 3, 5); /* Each attempt. */
    gateway_stop(fake->gateway, NULL, NULL);
    fake_run(fake, FAKE_SECOND);
    assert_non_null(strstr(fake->notes, "hub: user LIVE -> OFF after "));
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hub_silence),
        cmocka_unit_test(hub_quiet_user),
        cmocka_unit_test(hub_ping_out),
        cmocka_unit_test(hub_refresh_failing),
        cmocka_unit_test(hub_429),
        cmocka_unit_test(hub_framing),
        cmocka_unit_test(hub_ping_flood),
        cmocka_unit_test(hub_fuzz),
        cmocka_unit_test(hub_transitions_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
