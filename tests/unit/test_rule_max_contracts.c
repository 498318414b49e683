/*
 * test_rule_max_contracts.c - RULE-001 (R-001-1 to R-001-4, R-ALL-4: a size breaches above its limit).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

/* Up to four positions: root, expiry, signed size. */
struct held {
    const char *root, *expiry;
    int32_t size;
};

struct row {
    const char *limit, *count_type, *micro_ratio;
    struct held held[4];
    int64_t observed;
    bool breach;
};

static void
hold(struct fixture *f, const struct held held[4])
{
    for (int i = 0; i < 4 && held[i].root != NULL; i++)
        (void)fixture_position(f, fixture_contract(f, held[i].root, held[i].expiry), held[i].size, "100");
}

static void
test_count(void **state)
{
    static const struct row rows[] = {
        { "5", "net", "1", { { "MNQ", "U25", 4 } }, 4, false },
        { "5", "net", "1", { { "MNQ", "U25", 5 } }, 5, false },
        { "5", "net", "1", { { "MNQ", "U25", 6 } }, 6, true },
        { "5", "net", "1", { { "MNQ", "U25", -5 } }, 5, false },
        { "5", "net", "1", { { "MNQ", "U25", -6 } }, 6, true },
        { "5", "net", "1", { { NULL, NULL, 0 } }, 0, false },
        { "0", "net", "1", { { NULL, NULL, 0 } }, 0, false },
        { "0", "net", "1", { { "ES", "U25", 1 } }, 1, true },
        /* Cases of the rulebook. */
        { "5", "net", "1", { { "MNQ", "U25", 3 }, { "ES", "U25", 2 } }, 5, false },
        { "5", "net", "1", { { "MNQ", "U25", 3 }, { "ES", "U25", 3 } }, 6, true },
        /* R-001-1: within a root long and short cancel, across roots never. */
        { "5", "net", "1", { { "MNQ", "U25", 7 }, { "MNQ", "Z25", -2 } }, 5, false },
        { "5", "net", "1", { { "MNQ", "U25", 7 }, { "MES", "U25", -2 } }, 9, true },
        { "5", "net", "1", { { "NQ", "U25", 3 }, { "ES", "U25", -3 } }, 6, true },
        { "5", "net", "1", { { "MNQ", "U25", -3 }, { "MNQ", "Z25", 5 }, { "ES", "U25", -1 }, { "ES", "Z25", 5 } }, 6, true },
        { "5", "gross", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -3 } }, 8, true },
        { "8", "gross", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -3 } }, 8, false },
        /* R-001-2: tenths of a contract. */
        { "1", "net", "10", { { "MNQ", "U25", 10 } }, 10, false },
        { "1", "net", "10", { { "MNQ", "U25", 11 } }, 11, true },
        { "2", "net", "10", { { "MNQ", "U25", -15 } }, 15, false },
        { "2", "net", "10", { { "MNQ", "U25", 10 }, { "ES", "U25", 1 } }, 20, false },
        { "2", "net", "10", { { "MNQ", "U25", 11 }, { "ES", "U25", 1 } }, 21, true },
        { "2", "net", "10", { { "MES", "U25", 10 }, { "ES", "U25", -2 } }, 30, true }, /* Different roots never cancel. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        const struct verdict *v;

        fixture_init(&f, &rule_max_contracts);
        fixture_set(&f, "limit", rows[i].limit);
        fixture_set(&f, "count_type", rows[i].count_type);
        fixture_set(&f, "micro_ratio", rows[i].micro_ratio);
        assert_int_equal(fixture_check(&f, NULL), OK);
        hold(&f, rows[i].held);
        v = fixture_ask(&f, EVENT_POSITION);
        if (v->observed != rows[i].observed || v->close_all != rows[i].breach)
            print_message("row %zu\n", i);
        assert_int_equal(v->observed, rows[i].observed);
        assert_int_equal(v->close_all, rows[i].breach);
        assert_int_equal(v->action, rows[i].breach ? ACTION_CLOSE_ALL : ACTION_NONE);
        assert_int_equal(v->locks_count, 0);
        assert_int_equal(v->unit, strcmp(rows[i].micro_ratio, "1") == 0 ? UNIT_CONTRACTS : UNIT_TENTHS_OF_CONTRACT);
        assert_int_equal(v->limit, fixture_money(rows[i].limit) / (v->unit == UNIT_CONTRACTS ? 1000000 : 100000));
        fixture_fini(&f);
    }
}

/* R-001-3: exactly down to the limit; wanted sizes, -1 where nothing is asked. */
static void
test_reduce(void **state)
{
    static const struct {
        const char *limit, *count_type, *micro_ratio;
        struct held held[4];
        int32_t wanted[4];
    } rows[] = {
        { "5", "net", "1", { { "MNQ", "U25", 3 }, { "ES", "U25", 3 } }, { -1, 2 } },                     /* A tie: the newest. */
        { "5", "net", "1", { { "MNQ", "U25", 4 }, { "ES", "U25", 3 } }, { 2, -1 } },
        { "5", "net", "1", { { "MNQ", "U25", -4 }, { "ES", "U25", 3 } }, { 2, -1 } },
        { "2", "net", "1", { { "MNQ", "U25", 4 }, { "ES", "U25", 3 } }, { 0, 2 } },                      /* Empties the larger first. */
        { "0", "net", "1", { { "MNQ", "U25", 4 }, { "ES", "U25", -3 } }, { 0, 0 } },
        { "2", "net", "1", { { "MNQ", "U25", 6 }, { "MNQ", "Z25", -3 } }, { 5, -1 } },                   /* Only the net's side. */
        { "2", "net", "1", { { "MNQ", "U25", 2 }, { "MNQ", "Z25", -6 }, { "MNQ", "H26", -1 } }, { -1, 3, -1 } },
        { "1", "net", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -5 }, { "ES", "U25", 2 } }, { -1, -1, 1 } }, /* A flat root has none. */
        { "0", "net", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -3 }, { "ES", "U25", 1 } }, { 3, -1, 0 } },
        { "0", "net", "1", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", 3 }, { "MNQ", "H26", -4 } }, { -1, 1, -1 } },
        { "0", "net", "1", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", 3 }, { "MNQ", "H26", -4 }, { "ES", "U25", 1 } }, { -1, 1, -1, 0 } },
        { "3", "gross", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -3 } }, { 0, -1 } },
        { "2", "gross", "1", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -3 } }, { 0, 2 } },
        { "1", "net", "10", { { "MNQ", "U25", 15 } }, { 10 } },
        { "2", "net", "10", { { "MNQ", "U25", 5 }, { "ES", "U25", 2 } }, { -1, 1 } }, /* 0.5 too many: one whole contract. */
        { "1", "net", "10", { { "MNQ", "U25", 25 }, { "ES", "U25", 2 } }, { 0, 1 } }, /* 2.5 + 2: the micros weigh more. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        const struct verdict *v;

        fixture_init(&f, &rule_max_contracts);
        fixture_set(&f, "limit", rows[i].limit);
        fixture_set(&f, "count_type", rows[i].count_type);
        fixture_set(&f, "micro_ratio", rows[i].micro_ratio);
        fixture_set(&f, "reduce_to_limit", "true");
        assert_int_equal(fixture_check(&f, NULL), OK);
        hold(&f, rows[i].held);
        v = fixture_ask(&f, EVENT_POSITION);
        assert_int_equal(v->action, ACTION_REDUCE);
        assert_false(v->close_all);
        for (int k = 0; k < f.positions_count; k++) {
            if (fixture_wanted(&f, &f.positions[k]) != rows[i].wanted[k])
                print_message("row %zu position %d\n", i, k);
            assert_int_equal(fixture_wanted(&f, &f.positions[k]), rows[i].wanted[k]);
        }
        fixture_fini(&f);
    }
}

/* R-001-3: the largest, of two that are as large the newest, wherever they stand in the book. */
static void
test_order_of_reduction(void **state)
{
    static const struct {
        int32_t sizes[2], newest, chosen;
    } rows[] = {
        { { 3, 3 }, 0, 0 }, { { 3, 3 }, 1, 1 }, { { 4, 3 }, 0, 0 }, { { 4, 3 }, 1, 0 }, { { 3, 4 }, 0, 1 }, { { 3, 4 }, 1, 1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        fixture_init(&f, &rule_max_contracts);
        fixture_set(&f, "reduce_to_limit", "true");
        assert_int_equal(fixture_check(&f, NULL), OK);
        (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), rows[i].sizes[0], "21000");
        (void)fixture_position(&f, fixture_contract(&f, "ES", "U25"), rows[i].sizes[1], "5800");
        for (int k = 0; k < 2; k++)
            f.positions[k].sequence = k == rows[i].newest ? 8 : 7;
        (void)fixture_ask(&f, EVENT_POSITION);
        assert_int_equal(f.verdict.sizes_count, 1);
        assert_ptr_equal(f.verdict.sizes[0].position, &f.positions[rows[i].chosen]);
        fixture_fini(&f);
    }
}

/* More positions than a verdict has room for: as many as it has, the rest when these are gone. */
static void
test_too_many(void **state)
{
    struct fixture f;
    struct contract *es;

    (void)state;
    fixture_init(&f, &rule_max_contracts);
    fixture_set(&f, "limit", "0");
    fixture_set(&f, "reduce_to_limit", "true");
    assert_int_equal(fixture_check(&f, NULL), OK);
    es = fixture_contract(&f, "ES", "U25");
    for (int i = 0; i < VERDICT_SIZES_MAX + 6; i++)
        (void)fixture_position(&f, es, 1, "5800");
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->sizes_count, VERDICT_SIZES_MAX);
    fixture_fini(&f);
}

/* R-001-4 and the keys that exclude each other. */
static void
test_lockout_and_keys(void **state)
{
    struct fixture f;
    struct error err;

    (void)state;
    fixture_init(&f, &rule_max_contracts);
    fixture_set(&f, "lockout_on_breach", "true");
    assert_int_equal(fixture_check(&f, &err), OK);
    (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 6, "21000");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.action, ACTION_LOCK);
    assert_non_null(fixture_lock_of(&f, ""));
    assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_RESET);
    assert_int_equal(fixture_lock_of(&f, "")->kind, LOCK_FLAT);
    assert_string_equal(f.verdict.why, "Max contracts: holding 6 of 5 allowed.");

    fixture_set(&f, "reduce_to_limit", "true"); /* close_all only by default: gives way. */
    assert_int_equal(fixture_check(&f, &err), OK);
    fixture_set(&f, "close_all", "true");
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    fixture_set(&f, "close_all", "false");
    fixture_set(&f, "reduce_to_limit", "false");
    fixture_set(&f, "lockout_on_breach", "false");
    assert_int_equal(fixture_check(&f, &err), OK);
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.action, ACTION_WARN);
    assert_int_equal(f.verdict.sizes_count, 0);
    assert_false(f.verdict.close_all);
    fixture_fini(&f);
}

/* R-001-2: with a ratio the gauge and the sentence are in tenths of a contract, rounded up so that what breaches shows above its limit. */
static void
test_tenths(void **state)
{
    static const struct {
        int32_t micros;
        int64_t observed;
        const char *why;
    } rows[] = {
        { 20, 10, "" },
        { 21, 11, "Max contracts: holding 1.1 of 1 allowed." },
        { 22, 11, "Max contracts: holding 1.1 of 1 allowed." },
        { 23, 12, "Max contracts: holding 1.2 of 1 allowed." },
        { -250, 125, "Max contracts: holding 12.5 of 1 allowed." },
        { 1, 1, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        fixture_init(&f, &rule_max_contracts);
        fixture_set(&f, "limit", "1");
        fixture_set(&f, "micro_ratio", "20");
        assert_int_equal(fixture_check(&f, NULL), OK);
        (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), rows[i].micros, "21000");
        assert_int_equal(fixture_ask(&f, EVENT_POSITION)->observed, rows[i].observed);
        assert_int_equal(f.verdict.limit, 10);
        assert_string_equal(f.verdict.why, rows[i].why);
        fixture_fini(&f);
    }
}

/* Contracts the gateway has not named yet have no root: each stands for itself. */
static void
test_without_root(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_max_contracts);
    assert_int_equal(fixture_check(&f, NULL), OK);
    (void)fixture_position(&f, fixture_contract(&f, "", "A"), 4, "100");
    (void)fixture_position(&f, fixture_contract(&f, "", "B"), -4, "100");
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->observed, 8);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_lockout_and_keys),
        cmocka_unit_test(test_order_of_reduction),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_tenths),
        cmocka_unit_test(test_without_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
