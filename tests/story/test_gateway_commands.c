/*
 * test_gateway_commands.c - mutations through the gateway client in virtual time: at once, at most once, checked before they leave.
 */
#include "gateway/internal.h"
#include "lib/fake_broker.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct command close_command = { .kind = COMMAND_CLOSE, .incident = 1, .contract = { "CON.F.US.MNQ.U26" } };

/* The request is handed to the transport before gateway_carry_out() returns (SV-09). */
static void
test_mutations_leave_at_once(void **state)
{
    struct fake *fake = fake_new(1);
    int before;

    (void)state;
    fake_go_live(fake);
    before = fake->requests_count;
    uint64_t id = fake_command(fake, close_command);
    assert_int_equal(fake->requests_count, before + 1);
    assert_string_equal(fake->requests[before].path, "/api/Position/closeContract");
    assert_string_equal(fake->requests[before].body, "{\"accountId\":1,\"contractId\":\"CON.F.US.MNQ.U26\"}");
    assert_null(fake_answer(fake, id));
    fake_command(fake, (struct command){ .kind = COMMAND_REDUCE, .contract = { "C" }, .size = 2 });
    assert_string_equal(fake->requests[before + 1].body, "{\"accountId\":1,\"contractId\":\"C\",\"size\":2}");
    fake_command(fake, (struct command){ .kind = COMMAND_CANCEL, .order_id = 9007199254740993 });
    assert_string_equal(fake->requests[before + 2].body, "{\"accountId\":1,\"orderId\":9007199254740993}");
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(fake_count_events(fake, EVENT_ANSWER, 0), 3);
    fake_free(fake);
}

static enum http_fate lost_fate;

static bool
lose_mutations(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "lose") == NULL)
        return false;
    answer->fate = lost_fate;
    answer->status = 0;
    return true;
}

/* retry_mutation_timeout_not_resent: whatever happens to it, a mutation is sent once. */
static void
test_ambiguous_is_sent_once(void **state)
{
    struct fake *fake = fake_new(1);
    int before;

    (void)state;
    fake_go_live(fake);
    fake->hook = lose_mutations;
    before = fake->requests_count;
    lost_fate = HTTP_UNKNOWN;
    uint64_t id = fake_command(fake, close_command);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "closeContract", before), 1);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_AMBIGUOUS);
    lost_fate = HTTP_NEVER_LEFT;
    id = fake_command(fake, close_command);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "closeContract", before), 2);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_NOT_SENT);
    fake_free(fake);
}

static int refusals_left;

static bool
refuse_with_401(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strstr(request->path, "Auth") != NULL || strstr(request->path, "ping") != NULL || refusals_left == 0)
        return false;
    refusals_left--;
    answer->status = 401;
    return true;
}

/* token_single_flight, RT-07: five calls refused at once, one log-in, each replayed once. */
static void
token_single_flight(void **state)
{
    struct fake *fake = fake_new(1);
    uint64_t ids[5];
    int before, logins;

    (void)state;
    fake_go_live(fake);
    fake->hook = refuse_with_401;
    refusals_left = 5;
    before = fake->requests_count;
    logins = fake->logins;
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        ids[i] = fake_command(fake, close_command);
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake->logins, logins + 1);
    assert_int_equal(fake_count(fake, "closeContract", before), 10);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_int_equal(fake_answer(fake, ids[i])->outcome, OUTCOME_ACCEPTED);
    /* Refused again with the fresh token: told, not repeated. */
    refusals_left = 1000;
    before = fake->requests_count;
    uint64_t id = fake_command(fake, close_command);
    fake_run(fake, 2 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "closeContract", before), 2);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_REFUSED);
    assert_int_equal(fake_answer(fake, id)->http_status, 401);
    fake_free(fake);
}

static bool
refuse_first_token(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)body;
    (void)size;
    if (strcmp(request->bearer, "token1") != 0)
        return false;
    answer->status = 401;
    return true;
}

/* TR-06: a refusal of the old token that comes late says nothing about the new one. */
static void
test_late_401(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hook = refuse_first_token;
    int logins = fake->logins;
    fake_command(fake, close_command);
    fake->latency_ns = FAKE_SECOND;
    uint64_t late = fake_command(fake, close_command);
    fake->latency_ns = 20 * FAKE_MS;
    fake_run(fake, 3 * FAKE_SECOND);
    assert_int_equal(fake->logins, logins + 1);
    assert_int_equal(fake_answer(fake, late)->outcome, OUTCOME_ACCEPTED);
    fake_free(fake);
}

/* Without a token a close is not kept for later: what it was decided on is history by then. */
static void
test_stale_mutation(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->login_code = 8;
    fake_run(fake, FAKE_SECOND);
    uint64_t id = fake_command(fake, close_command);
    fake_run(fake, 60 * FAKE_SECOND);
    assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_NOT_SENT);
    fake->login_code = 0;
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "closeContract", 0), 0);
    fake_free(fake);
}

static void
learn_tick(struct fake *fake)
{
    fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "C" } });
    fake_run(fake, FAKE_SECOND);
}

/* validate_outbound (FV-09); nothing leaves for an account that is not pinned, though the key reaches it (SV-10). */
static void
test_outbound(void **state)
{
    static const struct {
        struct command command;
        bool leaves;
    } table[] = {
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 2, .price_nanos = 100250000000 }, true },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 3, .price_nanos = 100250000000 }, false },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 0, .price_nanos = 100250000000 }, false },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_BUY, .size = 2, .price_nanos = 100250000000 }, false },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 2, .price_nanos = 100250000001 }, false },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_SELL, .size = 2 }, false },
        { { .kind = COMMAND_PLACE_STOP, .contract = { "D" }, .side = SIDE_SELL, .size = 2, .price_nanos = 100250000000 }, false },
        { { .kind = COMMAND_PLACE_STOP, .account_id = 5, .contract = { "C" }, .side = SIDE_SELL, .size = 2, .price_nanos = 100250000000 }, false },
        { { .kind = COMMAND_MODIFY_STOP, .contract = { "C" }, .order_id = 8, .size = 0, .price_nanos = 100500000000 }, true },
        { { .kind = COMMAND_MODIFY_STOP, .contract = { "C" }, .order_id = 8, .size = 3, .filled = 1 }, true }, /* Two are left of it. */
        { { .kind = COMMAND_MODIFY_STOP, .contract = { "C" }, .order_id = 8, .size = 4, .filled = 1 }, false },
        { { .kind = COMMAND_MODIFY_STOP, .contract = { "C" }, .size = 0, .price_nanos = 100500000000 }, false },
        { { .kind = COMMAND_CLOSE, .contract = { "D" } }, true },
        { { .kind = COMMAND_CLOSE, .account_id = 5, .contract = { "C" } }, false },
        { { .kind = COMMAND_REDUCE, .contract = { "C" } }, false },
        { { .kind = COMMAND_CANCEL }, false },
    };
    struct fake *fake = fake_new(1);

    (void)state;
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"type\":1,\"size\":2,\"averagePrice\":100}]";
    fake_go_live(fake);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int before = fake->requests_count;
        uint64_t id;

        if (i == 0) { /* The tick size is not known yet: it does not leave. */
            id = fake_command(fake, table[0].command);
            assert_int_equal(fake->requests_count, before);
            assert_null(fake_answer(fake, id)); /* Never from within gateway_carry_out(). */
            fake_run(fake, FAKE_SECOND);
            assert_int_equal(fake_answer(fake, id)->outcome, OUTCOME_NOT_SENT);
            learn_tick(fake);
            before = fake->requests_count;
        }
        id = fake_command(fake, table[i].command);
        if ((fake->requests_count > before) != table[i].leaves)
            fail_msg("row %zu: %s", i, fake->last_alarm);
        fake_run(fake, FAKE_SECOND);
        assert_int_equal(fake_answer(fake, id)->outcome, table[i].leaves ? OUTCOME_ACCEPTED : OUTCOME_NOT_SENT);
    }
    fake_free(fake);
}

static int64_t
quarter_of_d(void *context, const char *contract)
{
    (void)context;
    return strcmp(contract, "D") == 0 ? 250000000 : 0;
}

/* FV-09: what an earlier process, or another user's gateway, was told of a contract is not asked for again, and holds here too. */
static void
test_tick_of_others(void **state)
{
    struct fake *fake = fake_new(1);
    struct command stop = { .kind = COMMAND_PLACE_STOP, .contract = { "D" }, .side = SIDE_SELL, .size = 2, .price_nanos = 100250000000 };

    (void)state;
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"D\",\"type\":1,\"size\":2,\"averagePrice\":100}]";
    fake->gateway->settings.tick_nanos = quarter_of_d;
    fake_go_live(fake);
    (void)fake_command(fake, stop);
    assert_int_equal(fake_count(fake, "Order/place", 0), 1);
    stop.price_nanos++;
    (void)fake_command(fake, stop);
    assert_int_equal(fake_count(fake, "Order/place", 0), 1);
    fake_free(fake);
}

static const char *contract_body;

static bool
answer_contract(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)answer;
    if (strstr(request->path, "Contract/searchById") == NULL || contract_body == NULL)
        return false;
    text_copy(body, size, contract_body);
    return true;
}

/* R-ALL-6, P4: a contract that is held is asked for until it is described, and the reason is told; one that is not held is not. */
static void
test_contract_is_asked_for(void **state)
{
    static const char *const bodies[] = {
        "{\"contract\":null,\"success\":false,\"errorCode\":1,\"errorMessage\":\"Contract not found\"}",
        "{\"contract\":null,\"success\":true,\"errorCode\":0,\"errorMessage\":null}",
        "{\"contract\":{\"id\":\"C\",\"name\":\"C\",\"tickSize\":0,\"tickValue\":0},\"success\":true,\"errorCode\":0,\"errorMessage\":null}",
        "{\"contract\":{\"id\":\"D\",\"name\":\"D\",\"tickSize\":1,\"tickValue\":1},\"success\":true,\"errorCode\":0,\"errorMessage\":null}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct fake *fake = fake_new(1);

        fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"type\":1,\"size\":2,\"averagePrice\":100}]";
        fake_go_live(fake);
        fake->hook = answer_contract;
        contract_body = bodies[i];
        (void)fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "C" } });
        (void)fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "C" } }); /* Held twice in a minute: asked for once. */
        (void)fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .contract = { "E" } });
        fake_run(fake, 61 * FAKE_SECOND);
        assert_int_equal(fake_count(fake, "Contract/searchById", 0), 4);
        assert_true(fake->alarms[GATEWAY_WARN] > 0);
        assert_non_null(strstr(fake->last_alarm, i == 0 ? "Contract not found" : "the answer lacks them"));
        assert_null(fake_find_event(fake, EVENT_CONTRACT, 0));
        contract_body = NULL;
        fake_run(fake, 60 * FAKE_SECOND);
        assert_non_null(fake_find_event(fake, EVENT_CONTRACT, 0));
        int before = fake->requests_count;
        fake_run(fake, 180 * FAKE_SECOND);
        assert_int_equal(fake_count(fake, "Contract/searchById", before), 0);
        fake_free(fake);
    }
}

/* ID-03 and the form of spec/gateway.md 2.7. */
static void
test_place_body(void **state)
{
    struct fake *fake = fake_new(1);
    char expected[400];

    (void)state;
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"type\":2,\"size\":2,\"averagePrice\":100}]";
    fake_go_live(fake);
    learn_tick(fake);
    int before = fake->requests_count;
    uint64_t id = fake_command(fake,
        (struct command){ .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_BUY, .size = 1, .price_nanos = 100250000000 });
    snprintf(expected, sizeof expected,
        "{\"accountId\":1,\"contractId\":\"C\",\"type\":4,\"side\":0,\"size\":1,\"limitPrice\":null,\"stopPrice\":100.25,"
        "\"trailPrice\":null,\"customTag\":\"rm%llu\"}",
        (unsigned long long)id);
    assert_string_equal(fake->requests[before].body, expected);
    fake_command(fake,
        (struct command){ .kind = COMMAND_MODIFY_STOP, .contract = { "C" }, .order_id = 77, .size = 2, .price_nanos = 100500000000 });
    assert_string_equal(fake->requests[before + 1].body, "{\"accountId\":1,\"orderId\":77,\"size\":2,\"stopPrice\":100.5}");
    fake_free(fake);
}

static const char *place_body;
static enum http_fate place_fate;

static bool
answer_place(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    if (strstr(request->path, "Order/place") == NULL)
        return false;
    answer->fate = place_fate;
    text_copy(body, size, place_body);
    return true;
}

/* error_rejected_with_id, retry_cut_body, error_flag_mismatch, error_bodies: what an answer to place means, and the id it carries. */
static void
test_place_answers(void **state)
{
    static const struct {
        enum http_fate fate;
        const char *body;
        enum outcome outcome;
        int64_t order_id;
        int32_t code;
    } table[] = {
        { HTTP_ANSWERED, "{\"orderId\":9056,\"success\":true,\"errorCode\":0,\"errorMessage\":null}", OUTCOME_ACCEPTED, 9056, 0 },
        { HTTP_ANSWERED, "{\"orderId\":3408995735,\"success\":false,\"errorCode\":2,\"errorMessage\":\"Brackets cannot be used\"}",
            OUTCOME_REFUSED, 3408995735, 2 },
        { HTTP_ANSWERED, "{\"orderId\":null,\"success\":false,\"errorCode\":10,\"errorMessage\":\"Follower\"}", OUTCOME_REFUSED, 0, 10 },
        { HTTP_ANSWERED, "{\"orderId\":5,\"success\":true,\"errorCode\":2,\"errorMessage\":null}", OUTCOME_AMBIGUOUS, 5, 2 },
        { HTTP_ANSWERED, "{\"success\":true}", OUTCOME_AMBIGUOUS, 0, -1 },
        { HTTP_ANSWERED, "<html>Bad Gateway</html>", OUTCOME_AMBIGUOUS, 0, -1 },
        { HTTP_ANSWERED, "", OUTCOME_AMBIGUOUS, 0, -1 },
        { HTTP_ANSWERED, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", OUTCOME_AMBIGUOUS, 0, -1 },
        { HTTP_UNKNOWN, "{\"orderId\":77,\"succ", OUTCOME_AMBIGUOUS, 77, -1 },
        { HTTP_UNKNOWN, "{\"orderId\":7", OUTCOME_AMBIGUOUS, 0, -1 },
        { HTTP_UNKNOWN, "", OUTCOME_AMBIGUOUS, 0, -1 },
    };
    struct fake *fake = fake_new(1);

    (void)state;
    fake->positions = "[{\"id\":1,\"accountId\":1,\"contractId\":\"C\",\"type\":2,\"size\":2,\"averagePrice\":100}]";
    fake_go_live(fake);
    learn_tick(fake);
    fake->hook = answer_place;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        place_body = table[i].body;
        place_fate = table[i].fate;
        uint64_t id = fake_command(fake,
            (struct command){ .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .side = SIDE_BUY, .size = 1, .price_nanos = 100250000000 });
        fake_run(fake, FAKE_SECOND);
        const struct answer_event *a = fake_answer(fake, id);
        if (a->outcome != table[i].outcome || a->order_id != table[i].order_id || a->code != table[i].code)
            fail_msg("%s: outcome %d order %lld code %d", place_body, (int)a->outcome, (long long)a->order_id, (int)a->code);
        assert_int_equal(a->uncontrollable, table[i].code == 10);
    }
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutations_leave_at_once),
        cmocka_unit_test(test_ambiguous_is_sent_once),
        cmocka_unit_test(token_single_flight),
        cmocka_unit_test(test_late_401),
        cmocka_unit_test(test_stale_mutation),
        cmocka_unit_test(test_outbound),
        cmocka_unit_test(test_tick_of_others),
        cmocka_unit_test(test_contract_is_asked_for),
        cmocka_unit_test(test_place_body),
        cmocka_unit_test(test_place_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
