/*
 * test_gateway_retry.c - what is tried again, what is not, and what rests while the gateway's host fails (resilience.md 1.1, 1.3, 1.4).
 */
#include "gateway/internal.h"
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct command look_up = { .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "C" } };
static const struct command close_command = { .kind = COMMAND_CLOSE, .incident = 1, .contract = { "C" } };

/* The script: the next @left requests whose path contains @part get this. */
static struct {
    const char *part;
    int left;
    int status;
    enum http_fate fate;
    const char *body;
} script;

static bool
follow_script(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    if (script.left == 0 || strstr(request->path, script.part) == NULL)
        return false;
    script.left--;
    answer->fate = script.fate;
    answer->status = script.status;
    text_copy(body, size, script.body != NULL ? script.body : "");
    return true;
}

static struct fake *
live(const char *part, int left, int status)
{
    struct fake *fake = fake_new(1);

    fake_go_live(fake);
    fake->hook = follow_script;
    script.part = part;
    script.left = left;
    script.status = status;
    script.fate = HTTP_ANSWERED;
    script.body = NULL;
    return fake;
}

static int
times_of(const struct fake *fake, const char *part, int since, int64_t *times, int max)
{
    int n = 0;

    for (int i = since; i < fake->requests_count && n < max; i++)
        if (strstr(fake->requests[i].path, part) != NULL)
            times[n++] = fake->requests[i].at_ns;
    return n;
}

/* ---- Reads ---- */

/* RT-02: three tries, 1 and 2 s apart, +-20 %, then the caller hears of it; upkeep goes on at its own period. */
static void
retry_read_backoff_sequence(void **state)
{
    struct fake *fake = live("searchById", -1, 503);
    int64_t times[4];

    (void)state;
    int before = fake->requests_count;
    uint64_t id = fake_command(fake, look_up);
    fake_run(fake, 5 * FAKE_SECOND);
    assert_int_equal(times_of(fake, "searchById", before, times, 4), 3);
    assert_in_range(times[1] - times[0], 800 * FAKE_MS, 1300 * FAKE_MS);
    assert_in_range(times[2] - times[1], 1600 * FAKE_MS, 2500 * FAKE_MS);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED);
    script.left = 0;
    fake_run(fake, 32 * FAKE_SECOND);
    assert_non_null(fake_find_event(fake, EVENT_CONTRACT, 0)); /* Nothing has a price without it. */
    fake_free(fake);
}

/* The operator's tries and waits. */
static void
test_own_tries(void **state)
{
    struct fake *fake = live("searchById", -1, 503);
    int64_t times[8];

    (void)state;
    fake->gateway->times.read_tries = 4;
    fake->gateway->times.read_base_ms = 2000;
    fake->gateway->times.read_cap_ms = 3000;
    fake->gateway->times.read_jitter_permille = GATEWAY_NO_JITTER;
    int before = fake->requests_count;
    fake_command(fake, look_up);
    fake_run(fake, 12 * FAKE_SECOND);
    assert_int_equal(times_of(fake, "searchById", before, times, 8), 4);
    assert_in_range(times[1] - times[0], 2000 * FAKE_MS, 2100 * FAKE_MS);
    assert_in_range(times[3] - times[2], 3000 * FAKE_MS, 3100 * FAKE_MS);
    fake_free(fake);
}

static void
count_done(struct gateway *gateway, struct call *call, const struct reply *reply)
{
    (void)gateway;
    (void)call;
    (void)reply;
}

/* RT-10: for whatever seed a wait is neither negative nor beyond the cap. */
static void
retry_jitter_bounds(void **state)
{
    struct fake *fake = live("Contract", -1, 503);
    int64_t times[16], least = INT64_MAX, most = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 200000; seed++) {
        fake->gateway->chance = seed * 7919;
        int64_t wait = gateway_jitter(fake->gateway, FAKE_SECOND, 200);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_true(least >= 800 * FAKE_MS && least < 802 * FAKE_MS);
    assert_true(most <= 1200 * FAKE_MS && most > 1198 * FAKE_MS);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int before = fake->requests_count;
        struct call *call = rest_call(fake->gateway, ENDPOINT_CONTRACT, PACE_PROOF, count_done);

        fake->gateway->chance = seed;
        call->tries_max = 9;
        rest_submit(fake->gateway, call);
        fake_run(fake, 120 * FAKE_SECOND);
        int n = times_of(fake, "Contract", before, times, 16);
        assert_int_equal(n, 9);
        for (int i = 1; i < n; i++)
            assert_in_range(times[i] - times[i - 1], 800 * FAKE_MS, 10 * FAKE_SECOND + 21 * FAKE_MS);
    }
    fake_free(fake);
}

static void
retry_permanent_once(void **state)
{
    struct fake *fake = live("searchById", -1, 400);

    (void)state;
    int before = fake->requests_count;
    uint64_t id = fake_command(fake, look_up);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "searchById", before), 1);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED);
    fake_free(fake);
}

static void
retry_succeeds_third_try(void **state)
{
    struct fake *fake = live("searchById", 2, 503);

    (void)state;
    int before = fake->requests_count;
    uint64_t id = fake_command(fake, look_up);
    fake_run(fake, 20 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "searchById", before), 3);
    assert_null(fake_answer(fake, id));
    assert_true(fake_find_event(fake, EVENT_CONTRACT, 0)->event.u.contract.tick_size_nanos == 250000000);
    fake_free(fake);
}

/* RT-08: it certainly never arrived, and may be tried again. */
static void
retry_network_refused(void **state)
{
    struct fake *fake = live("searchById", 0, 0);

    (void)state;
    fake->is_down = true;
    int before = fake->requests_count;
    fake_command(fake, look_up);
    fake_run(fake, FAKE_SECOND / 2);
    fake->is_down = false;
    fake_run(fake, 3 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "searchById", before), 2);
    assert_non_null(fake_find_event(fake, EVENT_CONTRACT, 0));
    fake_free(fake);
}

/* ---- Refusals ---- */

/* InsufficientFunds fails at once and once. */
static void
error_business_not_retried(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"type\":1,\"size\":1,\"averagePrice\":100}]";
    fake_go_live(fake);
    fake_command(fake, look_up);
    fake_run(fake, FAKE_SECOND);
    fake->hook = follow_script;
    script.part = "Order/place";
    script.left = -1;
    script.status = 200;
    script.fate = HTTP_ANSWERED;
    script.body = "{\"orderId\":null,\"success\":false,\"errorCode\":3,\"errorMessage\":\"Insufficient funds\"}";
    int before = fake->requests_count;
    uint64_t id = fake_command(fake, (struct command){ .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 1,
        .price_nanos = INT64_C(99000000000) });
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Order/place", before), 1);
    fake_free(fake);
}

/* EC-05: partialCloseContract's codes are not closeContract's. */
static void
error_partial_close_shift(void **state)
{
    static const struct {
        int code;
        enum outcome close, reduce;
        int close_hold_s, reduce_hold_s;
    } table[] = {
        { 5, OUTCOME_REFUSED, OUTCOME_REFUSED, 5, 0 },      /* Rejected; invalid size: recompute at once. */
        { 6, OUTCOME_AMBIGUOUS, OUTCOME_REFUSED, 0, 5 },    /* Pending; rejected. */
        { 7, OUTCOME_AMBIGUOUS, OUTCOME_AMBIGUOUS, 0, 0 },  /* Unknown; pending. */
        { 8, OUTCOME_REFUSED, OUTCOME_AMBIGUOUS, 60, 0 },   /* Account rejected; unknown. */
        { 9, OUTCOME_AMBIGUOUS, OUTCOME_REFUSED, 0, 60 },   /* No such code; account rejected. */
    };
    struct fake *fake = live("Close", -1, 200);
    char body[100];

    (void)state;
    script.part = "loseContract";
    script.body = body;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        snprintf(body, sizeof body, "{\"success\":false,\"errorCode\":%d,\"errorMessage\":null}", table[i].code);
        uint64_t close = fake_command(fake, close_command);
        uint64_t reduce = fake_command(fake, (struct command){ .kind = COMMAND_REDUCE, .contract = { "C" }, .size = 1 });
        fake_run(fake, FAKE_SECOND);
        assert_int_equal(fake_answer(fake, close)->outcome, table[i].close);
        assert_int_equal(fake_answer(fake, reduce)->outcome, table[i].reduce);
        assert_true(fake_answer(fake, close)->hold.ns == table[i].close_hold_s * FAKE_SECOND);
        assert_true(fake_answer(fake, reduce)->hold.ns == table[i].reduce_hold_s * FAKE_SECOND);
    }
    fake_free(fake);
}

/* RT-07: 403 keeps the token, and fetches another at most once a minute. */
static void
test_forbidden(void **state)
{
    struct fake *fake = live("closeContract", -1, 403);

    (void)state;
    fake_run(fake, 70 * FAKE_SECOND);
    int logins = fake->logins, before = fake->requests_count;
    for (int i = 0; i < 20; i++) {
        fake_command(fake, close_command);
        fake_run(fake, 2 * FAKE_SECOND);
    }
    assert_int_equal(fake->logins, logins + 1);
    assert_int_equal(fake_count(fake, "closeContract", before), 21);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

/*
 * ID-04: the engine takes a request for lost after 10 s and decides anew.  So a partial close whose token was refused late is not kept for the
 * next token beyond 5 s from when it was decided on, whatever its time-out: it would leave beside the one sent in its place.
 */
static void
test_refused_late(void **state)
{
    static const int32_t timeouts_ms[] = { 5000, 60000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(timeouts_ms); i++) {
        struct fake *fake = live("partialClose", 1, 401);

        fake->gateway->times.mutation_ms = timeouts_ms[i];
        fake->latency_ns = 3 * FAKE_SECOND;
        int before = fake->requests_count;
        uint64_t id = fake_command(fake, (struct command){ .kind = COMMAND_REDUCE, .contract = { "C" }, .size = 1 });
        fake_run(fake, 5 * FAKE_SECOND + 100 * FAKE_MS);
        assert_non_null(fake_answer(fake, id));
        assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_NOT_SENT);
        fake_run(fake, 60 * FAKE_SECOND);
        assert_int_equal(fake_count(fake, "partialClose", before), 1);
        fake_free(fake);
    }
}

/* ---- Background pause ---- */

/* Everything but Auth fails, with trades as the only upkeep there is to count. */
static struct fake *
failing(int status)
{
    struct fake *fake = live("/api/", -1, status);

    fake_run(fake, 70 * FAKE_SECOND);
    return fake;
}

static bool
is_paused(const struct fake *fake)
{
    struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return status.upkeep_paused;
}

/* CB-04: refusals, other 4xx and 429 are answers. */
static void
pause_business_neutral(void **state)
{
    static const int statuses[] = { 200, 400, 404, 429 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct fake *fake = live("/api/", -1, statuses[i]);

        script.body = "{\"success\":false,\"errorCode\":1,\"errorMessage\":null}";
        for (int k = 0; k < 30; k++) {
            fake_command(fake, look_up);
            fake_run(fake, 10 * FAKE_SECOND);
            assert_false(is_paused(fake));
        }
        fake_free(fake);
    }
    struct fake *fake = failing(503);
    assert_true(is_paused(fake));
    fake_free(fake);
}

/* Pings are the probes: 30, 60, 120 s apart; the first success of anything resumes. */
static void
test_probes(void **state)
{
    struct fake *fake = failing(503);
    int64_t times[8];

    (void)state;
    int before = fake->requests_count;
    fake_run(fake, 230 * FAKE_SECOND);
    int n = times_of(fake, "ping", before, times, 8);
    assert_in_range(n, 2, 4);
    for (int i = 1; i < n; i++)
        assert_in_range(times[i] - times[i - 1], 59 * FAKE_SECOND, 241 * FAKE_SECOND);
    before = fake->requests_count;
    fake_run(fake, 30 * FAKE_SECOND);
    assert_true(fake_count(fake, "Position/searchOpen", before) >= 3); /* CB-01, DG-05 */
    assert_int_equal(fake_count(fake, "Trade/search", before), 0);
    script.left = 0;
    fake_run(fake, 12 * FAKE_SECOND);
    assert_false(is_paused(fake));
    fake_run(fake, 30 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

/* CB-01, P1: in a pause closes, cancels, their proofs and the log-in leave at once. */
static void
pause_never_blocks(void **state)
{
    struct fake *fake = failing(503);

    (void)state;
    assert_true(is_paused(fake));
    int before = fake->requests_count;
    fake_command(fake, close_command);
    fake_command(fake, (struct command){ .kind = COMMAND_CANCEL, .order_id = 5 });
    fake_command(fake, (struct command){ .kind = COMMAND_REDUCE, .contract = { "C" }, .size = 1 });
    fake_command(fake, (struct command){ .kind = COMMAND_READ, .incident = 1 });
    fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_ORDER, .order_id = 5 });
    assert_int_equal(fake->requests_count, before + 6);
    session_renew(fake->gateway);
    gateway_distrust(fake->gateway, 1);
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_count(fake, "loginKey", before), 1);
    fake_command(fake, look_up); /* Upkeep waits, and is not forgotten. */
    int lookups = fake_count(fake, "Contract/", before);
    assert_int_equal(lookups, 0);
    script.left = 0;
    fake_run(fake, 10 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Contract/", before), 1);
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_read_backoff_sequence),
        cmocka_unit_test(test_own_tries),
        cmocka_unit_test(retry_jitter_bounds),
        cmocka_unit_test(retry_permanent_once),
        cmocka_unit_test(retry_succeeds_third_try),
        cmocka_unit_test(retry_network_refused),
        cmocka_unit_test(error_business_not_retried),
        cmocka_unit_test(error_partial_close_shift),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_refused_late),
        cmocka_unit_test(pause_business_neutral),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(pause_never_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
