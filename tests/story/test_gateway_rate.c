/*
 * test_gateway_rate.c - the shared rate windows at work: bursts, the reserve, 429, clocks, and who hears of it (RL-01 to RL-09).
 */
#include "gateway/internal.h"
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct command close_command = { .kind = COMMAND_CLOSE, .incident = 1, .contract = { "C" } };

static void
look_up_many(struct fake *fake, int count)
{
    for (int i = 0; i < count; i++)
        fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "C" } });
}

static void
assert_never_201(const struct fake *fake)
{
    for (int i = PACE_GENERAL_MAX; i < fake->requests_count; i++)
        assert_true(fake->requests[i].at_ns - fake->requests[i - PACE_GENERAL_MAX].at_ns > 60 * FAKE_SECOND);
}

static struct fake *
warm(void)
{
    struct fake *fake = fake_new(1);

    fake_go_live(fake);
    fake_run(fake, 62 * FAKE_SECOND); /* RL-08's half has left the window. */
    return fake;
}

/* RL-04: a close overtakes a thousand queued reads, in the same call. */
static void
rate_priority(void **state)
{
    struct fake *fake = warm();

    (void)state;
    look_up_many(fake, 1000);
    fake_run(fake, 10 * FAKE_SECOND);
    assert_true(rest_waiting(&fake->gateway->rest) > 800);
    int before = fake->requests_count;
    uint64_t id = fake_command(fake, close_command);
    assert_int_equal(fake->requests_count, before + 1);
    assert_string_equal(fake->requests[before].path, "/api/Position/closeContract");
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_ACCEPTED);
    fake_free(fake);
}

/* 300 at once all complete, and no 60 s ever see 201. */
static void
rate_burst_no_429(void **state)
{
    struct fake *fake = warm();

    (void)state;
    int before = fake->events_count;
    look_up_many(fake, 300);
    fake_run(fake, 200 * FAKE_SECOND);
    assert_int_equal(fake_count_events(fake, EVENT_CONTRACT, before), 300);
    assert_never_201(fake);
    fake_free(fake);
}

static bool
too_many(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Auth") != NULL)
        return false;
    answer->status = 429;
    answer->retry_after_s = strstr(request->path, "Contract/searchById") != NULL ? 17 : -1;
    return true;
}

/* RL-05: NORMAL freezes for as long as Retry-After says; ENFORCEMENT goes on; a mutation refused so is ambiguous and held. */
static void
rate_429_policy(void **state)
{
    struct fake *fake = warm();

    (void)state;
    fake->hook = too_many;
    look_up_many(fake, 1);
    fake_run(fake, FAKE_SECOND / 10);
    fake->hook = NULL;
    int before = fake->requests_count;
    look_up_many(fake, 1);
    uint64_t id = fake_command(fake, close_command);
    assert_int_equal(fake->requests_count, before + 1);
    fake_run(fake, 16 * FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(fake_count(fake, "Contract/searchById", before), 0);
    fake_run(fake, 2 * FAKE_SECOND);
    assert_true(fake_count(fake, "Contract/searchById", before) >= 1);
    fake->hook = too_many;
    id = fake_command(fake, close_command);
    fake_run(fake, FAKE_SECOND / 2);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_AMBIGUOUS);
    assert_true(fake_answer(fake, id)->hold.ns == FAKE_SECOND);
    struct gateway_status status;
    gateway_status(fake->gateway, &status);
    assert_true(status.rate_refusals >= 2);
    fake_free(fake);
}

static bool
not_for_ten_minutes(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    bool refused = too_many(fake, request, answer, body, size);

    answer->retry_after_s = refused ? 600 : answer->retry_after_s;
    return refused;
}

/* Pings that could not leave are not made up for: at the end of a freeze there is one on each of the two connections. */
static void
test_pings_after_freeze(void **state)
{
    struct fake *fake = warm();

    (void)state;
    fake->hook = not_for_ten_minutes;
    look_up_many(fake, 1);
    fake_run(fake, FAKE_SECOND / 10);
    fake->hook = NULL;
    int before = fake->requests_count;
    fake_run(fake, 599 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Status/ping", before), 0);
    fake_run(fake, 5 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Status/ping", before), 2);
    fake_run(fake, 15 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Status/ping", before), 3);
    fake_free(fake);
}

/* Not before 45 s; a little later where the first refusal comes with the first poll. */
static void
lose_hub_and_sight(struct fake *fake)
{
    fake->hubs_down = true;
    fake_cut(fake_hub(fake, true));
    fake_run(fake, 44 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    fake_run(fake, 10 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_BLIND);
}

/* HM-04: a host that answers, and tells nothing, leaves us blind once the stream is gone; not while it is there. */
static void
test_told_nothing_is_blind(void **state)
{
    struct fake *fake = warm();

    (void)state;
    fake->hook = not_for_ten_minutes;
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_not_equal(fake_mode(fake), MODE_BLIND);
    lose_hub_and_sight(fake);
    fake->hook = NULL;
    fake->hubs_down = false;
    fake_run(fake, 700 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

static bool
unauthorized(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Status/ping") != NULL)
        return false;
    answer->status = 401;
    return true;
}

/* Pings are answered, so the host lives: whoever may read nothing is as blind. */
static void
test_pings_are_no_sight(void **state)
{
    struct fake *fake = warm();

    (void)state;
    fake->hook = unauthorized;
    lose_hub_and_sight(fake);
    assert_string_equal(fake_find_event(fake, EVENT_MODE, fake->events_count - 1)->event.u.mode.reason, "the user hub is down, and REST tells nothing");
    fake_free(fake);
}

/* The hub alone is down: REST tells, and what our own rate window holds back was not refused. */
static void
test_polls_are_sight(void **state)
{
    static const int accounts[] = { 1, 12, 25, 60 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        struct fake *fake = fake_new(accounts[i]);
        int before = 0;

        fake->hubs_down = true;
        fake_run(fake, 600 * FAKE_SECOND);
        assert_int_equal(fake_mode(fake), MODE_DEGRADED);
        for (const struct fake_event *e; (e = fake_find_event(fake, EVENT_MODE, before)) != NULL; before = (int)(e - fake->events) + 1)
            assert_int_not_equal(e->event.u.mode.mode, MODE_BLIND);
        fake_free(fake);
    }
}

/* A minute of 429 while the hub was there is no blindness when it goes. */
static void
test_hub_was_sight(void **state)
{
    struct fake *fake = warm();

    (void)state;
    fake->hook = not_for_ten_minutes;
    look_up_many(fake, 1);
    fake_run(fake, 120 * FAKE_SECOND);
    fake_cut(fake_hub(fake, true)); /* Comes back, and is not LIVE before it has read. */
    fake_run(fake, 60 * FAKE_SECOND);
    assert_string_equal(hub_state_name(fake->gateway->hubs[HUB_USER].state), "SYNCING");
    assert_int_equal(fake_mode(fake), MODE_DEGRADED);
    lose_hub_and_sight(fake);
    fake_free(fake);
}

/* RL-02: the windows run on the monotonic clock. */
static void
rate_clock_jump(void **state)
{
    static const int64_t jumps[] = { 3600 * FAKE_SECOND, -3600 * FAKE_SECOND };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        struct fake *fake = warm();

        look_up_many(fake, 300);
        fake_run(fake, 5 * FAKE_SECOND);
        int before = fake_count(fake, "Contract", 0);
        assert_in_range(before, 140, 150);
        fake->stepped_ns = jumps[i];
        fake_run(fake, 45 * FAKE_SECOND);
        assert_in_range(fake_count(fake, "Contract", 0), before, before + 8); /* What was sent before them leaves the window. */
        fake_run(fake, 120 * FAKE_SECOND);
        assert_int_equal(fake_count(fake, "Contract", 0), 300);
        assert_never_201(fake);
        assert_int_equal(fake_mode(fake), MODE_NORMAL);
        fake_free(fake);
    }
}

static int
alarms_with(const struct fake *fake, const char *part)
{
    return strstr(fake->last_alarm, part) != NULL ? 1 : 0;
}

/* RL-09: at 80 % somebody hears of it, once; the figures are in the status. */
static void
test_warned(void **state)
{
    struct fake *fake = warm();
    struct gateway_status status;

    (void)state;
    int warnings = fake->alarms[1];
    for (int i = 0; i < 161; i++)
        fake_command(fake, close_command);
    assert_int_equal(fake->alarms[1], warnings + 1);
    assert_int_equal(alarms_with(fake, "of the 200 requests the rate window allows are used"), 1);
    gateway_status(fake->gateway, &status);
    assert_true(status.rate_used >= 160 && status.rate_used <= status.rate_max);
    assert_int_equal(status.rate_max, 200);
    assert_int_equal(status.history_used, 0);
    assert_int_equal(status.history_max, 50);
    fake_free(fake);
}

/* A storm of proofs in the first minute, when half counts as used: the closes still leave, and what waits is told with the reason. */
static void
test_first_minute(void **state)
{
    struct fake *fake = fake_new(30);

    (void)state;
    fake_run(fake, 3 * FAKE_SECOND);
    for (int64_t account = 1; account <= 30; account++)
        for (int i = 0; i < 3; i++)
            fake_command(fake, (struct command){ .kind = COMMAND_READ, .incident = 1, .account_id = account });
    int before = fake->requests_count;
    for (int i = 0; i < 10; i++)
        fake_command(fake, close_command);
    assert_int_equal(fake->requests_count, before + 10); /* Their reserve is untouched. */
    int waiting = rest_waiting(&fake->gateway->rest), critical = fake->alarms[2];
    assert_true(waiting <= 30 * 2 + 30 * 4); /* A read that has not left yet is not asked for twice. */
    fake_run(fake, 4 * FAKE_SECOND);
    assert_true(fake->alarms[2] > critical);
    assert_non_null(strstr(fake->last_alarm, "for the process before this one"));
    fake_run(fake, 90 * FAKE_SECOND);
    for (int i = 200; i < fake->requests_count; i++)
        assert_true(fake->requests[i].at_ns - fake->requests[i - 200].at_ns > 60 * FAKE_SECOND);
    fake_free(fake);
}

static int32_t
calls_of(const struct fake *fake)
{
    int32_t count = 0;

    for (const struct call *call = fake->gateway->rest.all; call != NULL; call = call->next)
        count++;
    return count;
}

/* RL-06: the first truth of many accounts is read a few at a time, each account once; the others are no requests yet. */
static void
test_many_accounts(void **state)
{
    struct fake *fake = fake_new(60);
    int32_t most = 0;

    (void)state;
    while (fake_mode(fake) != MODE_NORMAL && fake->now_ns < 600 * FAKE_SECOND) {
        int32_t calls = calls_of(fake);
        most = calls > most ? calls : most;
        fake_run(fake, FAKE_SECOND / 100);
    }
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    assert_in_range(most, 32, 2 * 32 + 8); /* Rounds and polls, four requests each; log-in, pings. */
    assert_in_range(fake_count(fake, "Position/searchOpen", 0), 60, 70); /* And some polls before the hub stood. */
    assert_in_range(fake_count(fake, "Trade/search", 0), 60, 70);
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_priority),
        cmocka_unit_test(rate_burst_no_429),
        cmocka_unit_test(rate_429_policy),
        cmocka_unit_test(test_pings_after_freeze),
        cmocka_unit_test(test_told_nothing_is_blind),
        cmocka_unit_test(test_pings_are_no_sight),
        cmocka_unit_test(test_polls_are_sight),
        cmocka_unit_test(test_hub_was_sight),
        cmocka_unit_test(rate_clock_jump),
        cmocka_unit_test(test_warned),
        cmocka_unit_test(test_first_minute),
        cmocka_unit_test(test_many_accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
