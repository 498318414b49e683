/*
 * test_trade_counts.c - RULE-006 counts a whole day by the ledger's running figures: they must follow what is voided and what an order's
 * other fills become then (R-006-3, R-ALL-10).
 */
#include "lib/engine_fixture.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CONFIG(count) "{\"trade_frequency_limit\":{\"enabled\":true,\"count\":\"" count "\"," \
    "\"limits\":{\"per_minute\":100000,\"per_hour\":100000,\"per_session\":1000}}}"

static void
fill(struct engine_fixture *f, int64_t id, int64_t order_id, bool has_pnl, bool voided)
{
    struct event event = { .kind = EVENT_TRADE };

    f->now = instant_add(f->now, SPAN_SECONDS(1));
    event.u.trade = (struct trade_row){ .id = id, .account_id = FIXTURE_ACCOUNT, .order_id = order_id, .contract = { FIXTURE_MNQ },
        .at = f->now, .size = 1, .has_pnl = has_pnl, .pnl_micros = has_pnl ? 1000000 : 0, .voided = voided };
    story_feed(f, &event);
}

/* As the rule saw it when it judged the last trade. */
static int64_t
counted(const struct engine_fixture *f)
{
    struct gauge gauge;
    int32_t index = 0;

    while (rules_table[index]->number != 6)
        index++;
    assert_true(engine_gauge(f->engine, FIXTURE_ACCOUNT, index, &gauge));
    return gauge.observed;
}

static void
entries_follow_voids(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, CONFIG("entries"));
    fill(&f, 1, 1, false, false);
    assert_int_equal(counted(&f), 1);
    fill(&f, 2, 1, false, false); /* The same order. */
    fill(&f, 3, 2, false, false);
    assert_int_equal(counted(&f), 2);
    fill(&f, 1, 1, false, true);  /* Its second fill is now the order's first. */
    fill(&f, 4, 3, false, false);
    assert_int_equal(counted(&f), 3);
    fill(&f, 2, 1, false, true);  /* Nothing is left of the order. */
    fill(&f, 5, 4, false, false);
    assert_int_equal(counted(&f), 3);
    story_wait_ms(&f, INT64_C(26) * 3600 * 1000); /* Another day. */
    fill(&f, 6, 5, false, false);
    assert_int_equal(counted(&f), 1);
    story_close(&f);
}

static void
fills_and_round_turns_follow_voids(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, CONFIG("fills"));
    fill(&f, 1, 1, false, false);
    fill(&f, 2, 2, true, false);
    assert_int_equal(counted(&f), 2);
    fill(&f, 1, 1, false, true);
    fill(&f, 3, 3, true, false);
    assert_int_equal(counted(&f), 2);
    story_close(&f);
    story_open(&f, CONFIG("round_turns"));
    fill(&f, 1, 1, false, false);
    fill(&f, 2, 2, true, false);
    assert_int_equal(counted(&f), 1);
    fill(&f, 2, 2, true, true);
    fill(&f, 3, 3, true, false);
    assert_int_equal(counted(&f), 1);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(entries_follow_voids), cmocka_unit_test(fills_and_round_turns_follow_voids) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
