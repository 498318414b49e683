/*
 * test_trade_counts.c - RULE-006 counts a whole day by the ledger's running figures: they must follow what is voided and what an order's
 * other fills become then (R-006-3, R-ALL-10).
 */
#include "lib/engine_fixture.h"

#include "core/account.h"
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
        .at = f->now, .price_nanos = INT64_C(21000250000000), .size = 1, .has_pnl = has_pnl, .pnl_micros = has_pnl ? 1000000 : 0, .voided = voided };
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

#define MISSED (3 * TRADES_BATCH + 5)

static void
check_judged(const struct engine_fixture *f)
{
    int64_t last = 0;
    int judged = 0;

    for (uint32_t i = 0; i < f->update.records_count; i++) {
        const struct record *record = &f->update.records[i];
        if (record->kind != RECORD_TRADE)
            continue;
        assert_true(record->u.trade.judged);
        assert_true(record->u.trade.row.at.ns > last);
        last = record->u.trade.row.at.ns;
        judged++;
    }
    assert_int_equal(judged, MISSED);
}

struct listed {
    int64_t last;
    int count;
};

static void
list(void *context, const struct trade *trade, const struct contract *contract)
{
    struct listed *listed = context;

    assert_true(trade->at.ns > listed->last);
    assert_string_equal(contract->id.text, FIXTURE_MNQ);
    listed->last = trade->at.ns;
    listed->count++;
}

/* SR-08: more missed trades than are looked at in one go, told from the newest to the oldest, and again: each once, in time order. */
static void
many_missed_trades(void **state)
{
    static struct trade_row rows[MISSED];
    struct engine_fixture f;
    struct event event = { .kind = EVENT_SNAPSHOT };
    struct listed listed = { 0 };

    (void)state;
    story_open(&f, CONFIG("fills"));
    for (int64_t i = 0; i < MISSED; i++)
        rows[i] = (struct trade_row){ .id = 5000 - i, .account_id = FIXTURE_ACCOUNT, .order_id = 5000 - i, .contract = { FIXTURE_MNQ },
            .at = instant_sub(f.now, SPAN_SECONDS(i)), .size = 1 };
    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_TRADES, .asked_at = f.now, .trades = rows,
        .trades_count = MISSED };
    story_feed(&f, &event);
    check_judged(&f);
    assert_int_equal(counted(&f), MISSED);
    engine_each_trade(f.engine, FIXTURE_ACCOUNT, list, &listed);
    assert_int_equal(listed.count, MISSED);
    story_feed(&f, &event);
    assert_int_equal(story_records(&f, RECORD_TRADE), 0);
    story_wait_ms(&f, INT64_C(80) * 3600 * 1000); /* Forgotten: the same ids are new again, of a day gone by. */
    story_feed(&f, &event);
    assert_int_equal(story_records(&f, RECORD_TRADE), MISSED);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(entries_follow_voids), cmocka_unit_test(fills_and_round_turns_follow_voids),
        cmocka_unit_test(many_missed_trades) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
