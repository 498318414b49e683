/*
 * test_errors.c - error_map_complete: every (endpoint, code) of spec/gateway.md 1.4, one unknown each, and what HTTP says (EC-02 to EC-12).
 */
#include "gateway/errors.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A: accepted, G: gone, R: refused, N: not sent, ?: ambiguous; u: refused and the account cannot be controlled.  Index: errorCode. */
struct row {
    enum endpoint endpoint;
    const char *outcomes;
    int32_t holds_s[12];
};

static const struct row rows[] = {
    /* EC-07: AccountNotFound, OrderRejected, InsufficientFunds, AccountViolation, OutsideTradingHours, OrderPending, UnknownError,
     * ContractNotFound, ContractNotActive, AccountRejected. */
    { ENDPOINT_PLACE, "ARRRRR??RRu", { 0, 60, 5, 60, 60, 60, 0, 0, 60, 60, 60 } },
    /* AccountNotFound, OrderNotFound, Rejected, Pending, UnknownError, AccountRejected, ContractNotFound. */
    { ENDPOINT_MODIFY, "ARGR??uR", { 0, 60, 0, 5, 0, 0, 60, 60 } },
    /* EC-06: AccountNotFound, OrderNotFound, Rejected, Pending, UnknownError, AccountRejected. */
    { ENDPOINT_CANCEL, "ARGG??u", { 0, 60, 0, 0, 0, 0, 60 } },
    /* EC-04: AccountNotFound, PositionNotFound, ContractNotFound, ContractNotActive, OrderRejected, OrderPending, UnknownError,
     * AccountRejected. */
    { ENDPOINT_CLOSE, "ARGRRR??u", { 0, 60, 0, 60, 60, 5, 0, 0, 60 } },
    /* EC-05: ... ContractNotActive, InvalidCloseSize, OrderRejected, OrderPending, UnknownError, AccountRejected. */
    { ENDPOINT_REDUCE, "ARGRRRR??u", { 0, 60, 0, 60, 60, 0, 5, 0, 0, 60 } },
    { ENDPOINT_ACCOUNTS, "A", { 0 } },
    { ENDPOINT_POSITIONS, "AG", { 0 } },
    { ENDPOINT_ORDERS, "AG", { 0 } },
    { ENDPOINT_OPEN_ORDERS, "AG", { 0 } },
    { ENDPOINT_ORDER, "AG", { 0 } },
    { ENDPOINT_TRADES, "AG", { 0 } },
    { ENDPOINT_CONTRACT, "AG", { 0 } },
};

static struct reply_facts
answered(int32_t http_status, bool success, int32_t code)
{
    return (struct reply_facts){ .fate = HTTP_ANSWERED, .http_status = http_status, .has_envelope = true, .success = success,
        .code = code };
}

static enum outcome
outcome_of(char letter)
{
    switch (letter) {
    case 'A':
        return OUTCOME_ACCEPTED;
    case 'G':
        return OUTCOME_GONE;
    case '?':
        return OUTCOME_AMBIGUOUS;
    case 'N':
        return OUTCOME_NOT_SENT;
    default:
        return OUTCOME_REFUSED;
    }
}

static void
expect(enum endpoint endpoint, const struct reply_facts *facts, char letter)
{
    struct judgement j = errors_judge(endpoint, facts);

    if (j.outcome != outcome_of(letter) || j.uncontrollable != (letter == 'u'))
        fail_msg("%s HTTP %d code %d: %s", endpoint_path(endpoint), (int)facts->http_status, (int)facts->code, j.text);
    assert_non_null(j.text);
}

/* EC-03: every code of every endpoint, and some that are in no table. */
static void
error_map_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        int32_t count = (int32_t)strlen(row->outcomes);
        char unknown = endpoint_mutates(row->endpoint) ? '?' : 'R';

        for (int32_t code = 0; code < count; code++) {
            struct reply_facts facts = answered(200, code == 0, code);

            expect(row->endpoint, &facts, row->outcomes[code]);
            assert_true(errors_judge(row->endpoint, &facts).hold.ns == SPAN_SECONDS(row->holds_s[code]).ns);
        }
        for (int32_t code = count; code < count + 3; code++) { /* P6 */
            struct reply_facts facts = answered(200, false, code);

            expect(row->endpoint, &facts, unknown);
        }
        struct reply_facts negative = answered(200, false, -1);
        expect(row->endpoint, &negative, unknown);
    }
}

/* error_flag_mismatch */
static void
error_flag_mismatch(void **state)
{
    struct reply_facts yes_but = answered(200, true, 2), no_but = answered(200, false, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char letter = endpoint_mutates(rows[i].endpoint) ? '?' : 'R';

        expect(rows[i].endpoint, &yes_but, letter);
        expect(rows[i].endpoint, &no_but, letter);
    }
}

/* error_bodies: HTML 502, ProblemDetails 400, empty 200, cut, over 4 MiB; RT-07, RT-08, RL-05, EP-07. */
static void
error_bodies(void **state)
{
    static const struct {
        int32_t http_status;
        char mutation, read;
    } table[] = { { 200, '?', 'R' }, { 204, '?', 'R' }, { 302, '?', 'R' }, { 400, 'R', 'R' }, { 401, 'R', 'R' },
        { 403, 'R', 'R' }, { 404, 'R', 'R' }, { 408, '?', 'R' }, { 429, '?', 'R' }, { 500, '?', 'R' }, { 502, '?', 'R' },
        { 503, '?', 'R' }, { 504, '?', 'R' }, { 0, '?', 'R' }, { 777, '?', 'R' } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool mutates = endpoint_mutates(rows[i].endpoint);

        for (size_t k = 0; k < COUNT_OF(table); k++) {
            struct reply_facts facts = { .fate = HTTP_ANSWERED, .http_status = table[k].http_status, .code = -1 };

            expect(rows[i].endpoint, &facts, mutates ? table[k].mutation : table[k].read);
        }
        struct reply_facts cut = answered(200, true, 0), never = { .fate = HTTP_NEVER_LEFT, .code = -1 };
        cut.fate = HTTP_UNKNOWN; /* OV-08 */
        expect(rows[i].endpoint, &cut, mutates ? '?' : 'R');
        expect(rows[i].endpoint, &never, 'N');
    }
}

static void
test_reads_tried_again(void **state)
{
    static const int32_t again[] = { 408, 429, 500, 502, 503, 504 }, not_again[] = { 200, 400, 401, 403, 404 };
    struct reply_facts lost = { .fate = HTTP_UNKNOWN }, never = { .fate = HTTP_NEVER_LEFT };

    (void)state;
    assert_true(errors_read_is_transient(&lost));
    assert_true(errors_read_is_transient(&never));
    for (size_t i = 0; i < COUNT_OF(again); i++) {
        struct reply_facts facts = { .fate = HTTP_ANSWERED, .http_status = again[i] };
        assert_true(errors_read_is_transient(&facts));
    }
    for (size_t i = 0; i < COUNT_OF(not_again); i++) {
        struct reply_facts facts = { .fate = HTTP_ANSWERED, .http_status = not_again[i] };
        assert_false(errors_read_is_transient(&facts));
    }
}

/* EC-08 */
static void
test_login(void **state)
{
    static const char permanent[] = ".yyy...y.yy."; /* Index: LoginErrorCode. */

    (void)state;
    for (int32_t code = 0; code < (int32_t)sizeof permanent - 1; code++) {
        assert_int_equal(errors_login_is_permanent(code), permanent[code] == 'y');
        assert_non_null(errors_login_text(code));
    }
}

/* Every path of the table is one of spec/gateway.md 2.1, and mutations are what mutates. */
static void
test_paths(void **state)
{
    (void)state;
    for (int e = 0; e < ENDPOINTS; e++) {
        const char *path = endpoint_path((enum endpoint)e);
        bool mutates = strstr(path, "Order/place") != NULL || strstr(path, "Order/modify") != NULL ||
            strstr(path, "Order/cancel") != NULL || strstr(path, "Position/closeContract") != NULL ||
            strstr(path, "Position/partialCloseContract") != NULL;

        assert_memory_equal(path, "/api/", 5);
        assert_int_equal(endpoint_mutates((enum endpoint)e), mutates);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_map_complete),
        cmocka_unit_test(error_flag_mismatch),
        cmocka_unit_test(error_bodies),
        cmocka_unit_test(test_reads_tried_again),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
