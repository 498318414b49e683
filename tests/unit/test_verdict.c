/*
 * test_verdict.c - filling in a verdict, and the table of rules (R-ALL-2, R-ALL-9).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct verdict verdict;

static void
test_breach(void **state)
{
    (void)state;
    verdict_clear(&verdict);
    assert_int_equal(verdict.action, ACTION_NONE);
    assert_true(instant_is_never(verdict.wake_at));
    verdict_breach(&verdict, ACTION_REDUCE, "Holding %d.", 3);
    verdict_breach(&verdict, ACTION_WARN, "And %s.", "more");
    assert_int_equal(verdict.action, ACTION_REDUCE); /* At least. */
    assert_string_equal(verdict.why, "Holding 3. And more.");
    for (int i = 0; i < 100; i++)
        verdict_breach(&verdict, ACTION_CLOSE_ALL, "Sentence %d.", i);
    assert_int_equal(strlen(verdict.why), WHY_MAX - 1);
    assert_int_equal(verdict.action, ACTION_CLOSE_ALL);
    verdict_clear(&verdict);
    assert_string_equal(verdict.why, "");
}

/* Beyond its bounds a verdict keeps what it has. */
static void
test_bounds(void **state)
{
    static struct position positions[VERDICT_SIZES_MAX + 1];
    static struct order orders[VERDICT_CANCELS_MAX + 1];

    (void)state;
    verdict_clear(&verdict);
    for (size_t i = 0; i < COUNT_OF(positions); i++)
        verdict_close(&verdict, &positions[i]);
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        verdict_cancel(&verdict, &orders[i]);
    for (int i = 0; i < VERDICT_LOCKS_MAX + 1; i++) {
        struct want_lock lock = { .kind = LOCK_FLAT };
        lock.root[0] = (char)('!' + i);
        verdict_lock(&verdict, lock);
        verdict_release(&verdict, "ES");
        verdict_stop(&verdict, (struct want_stop){ .size = 1 });
    }
    assert_int_equal(verdict.sizes_count, VERDICT_SIZES_MAX);
    assert_int_equal(verdict.cancels_count, VERDICT_CANCELS_MAX);
    assert_int_equal(verdict.locks_count, VERDICT_LOCKS_MAX);
    assert_int_equal(verdict.releases_count, VERDICT_LOCKS_MAX);
    assert_int_equal(verdict.stops_count, VERDICT_STOPS_MAX);
    static const char *const texts[] = { "a", "b", "a", "c", "d", "e" };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        verdict_warn(&verdict, texts[i]);
    assert_int_equal(verdict.warnings_count, VERDICT_WARNINGS_MAX);
    assert_string_equal(verdict.warnings[2], "c");
}

/* The smaller of two wishes for a position holds; an order is cancelled once; the earlier wake counts. */
static void
test_merging(void **state)
{
    struct position position = { .size = 5 };
    struct order order = { .id = 1 };

    (void)state;
    verdict_clear(&verdict);
    verdict_reduce_to(&verdict, &position, 3);
    verdict_reduce_to(&verdict, &position, 4);
    assert_int_equal(verdict.sizes[0].size, 3);
    verdict_close(&verdict, &position);
    assert_int_equal(verdict.sizes[0].size, 0);
    assert_int_equal(verdict.sizes_count, 1);
    verdict_cancel(&verdict, &order);
    verdict_cancel(&verdict, &order);
    assert_int_equal(verdict.cancels_count, 1);
    verdict_wake(&verdict, (struct instant){ 5 });
    verdict_wake(&verdict, (struct instant){ 7 });
    assert_int_equal(verdict.wake_at.ns, 5);
    verdict_close_all_and_lock(&verdict, LOCK_UNTIL_RESET);
    verdict_close_all_and_lock(&verdict, LOCK_UNTIL_ADMIN);
    assert_true(verdict.close_all);
    assert_int_equal(verdict.action, ACTION_LOCK);
    assert_int_equal(verdict.locks_count, 1);
    assert_int_equal(verdict.locks[0].end, LOCK_UNTIL_RESET);
    assert_int_equal(verdict.locks[0].kind, LOCK_FLAT);
    assert_string_equal(verdict.locks[0].root, "");
}

/* In number order, names found in any case, memories fit together. */
static void
test_table(void **state)
{
    size_t memory = 0;
    int32_t number = 1;

    (void)state;
    for (const struct rule *const *rule = rules_table; *rule != NULL; rule++, number++) {
        assert_int_equal((*rule)->number, number);
        assert_ptr_equal(rules_find((*rule)->name), *rule);
        assert_non_null((*rule)->title);
        assert_non_null((*rule)->evaluate);
        assert_int_equal((*rule)->memory_size % 8, 0);
        assert_int_equal((*rule)->account_memory_size % 8, 0);
        memory += (*rule)->memory_size;
        for (size_t i = 0; i < (*rule)->params_count; i++) {
            const struct param *param = &(*rule)->params[i];
            assert_true(param->value != NULL || param->optional || strcmp(param->keys, "limit|loss_limit") == 0);
            assert_true(param->help != NULL && param->offset < (*rule)->config_size);
        }
    }
    assert_int_equal(number, 13);
    assert_in_range(memory, 1, RULE_MEMORY_MAX);
    assert_ptr_equal(rules_find("Max_Contracts"), &rule_max_contracts);
    assert_null(rules_find("max_contract"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breach),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
