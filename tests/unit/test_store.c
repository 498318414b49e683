/*
 * test_store.c - what was written is what is read, in both stores and from any file (S-9 to S-12, R-ALL-9, R-ALL-10, R-003-3).
 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/text.h"
#include "lib/store_fixture.h"
#include "store/history.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OUT_MAX 8192

/* ---- A restore as text, so that tables can say what they expect. ---- */

static void
describe(const struct restore *restore, char *out)
{
    struct text text = text_on(out, OUT_MAX);

    for (uint32_t i = 0; i < restore->lockouts_count; i++) {
        const struct lockout *l = &restore->lockouts[i];
        text_addf(&text, "lockout %" PRId64 " rule %d [%s] kind %d end %d since %" PRId64 " until %" PRId64 " for %" PRId64
            " incident %" PRIu64 " %s\n", l->account_id, l->rule, l->root, (int)l->kind, (int)l->end, l->since.ns, l->until.ns,
            l->duration.ns, l->incident, l->why);
    }
    for (uint32_t i = 0; i < restore->trades_count; i++) {
        const struct trade_row *t = &restore->trades[i].row;
        text_addf(&text, "trade %" PRId64 " account %" PRId64 " order %" PRId64 " %s at %" PRId64 " price %" PRId64
            " side %d size %d pnl %d %" PRId64 " costs %" PRId64 " %" PRId64 "%s%s\n", t->id, t->account_id, t->order_id,
            t->contract.text, t->at.ns, t->price_nanos, t->side, t->size, (int)t->has_pnl, t->pnl_micros, t->fees_micros,
            t->commissions_micros, t->voided ? " voided" : "", restore->trades[i].judged ? " judged" : "");
    }
    for (uint32_t i = 0; i < restore->positions_count; i++) {
        const struct position_restored *p = &restore->positions[i];
        text_addf(&text, "position %" PRId64 " id %" PRId64 " %s size %d at %" PRId64 " since %" PRId64 " ceilings %d %d memory %d %d\n",
            p->row.account_id, p->row.id, p->row.contract.text, p->row.size, p->row.average_price_nanos, p->row.created_at.ns,
            p->ceiling_long, p->ceiling_short, p->memory[0], p->memory[RULE_MEMORY_STORED - 1]);
    }
    for (uint32_t i = 0; i < restore->goals_count; i++) {
        const struct goal_row *g = &restore->goals[i];
        text_addf(&text, "goal %" PRId64 " %s incident %" PRIu64 " rule %d size %d of %d%s%s since %" PRId64 " sent %" PRId64 "\n",
            g->account_id, g->contract.text, g->incident, g->rule, g->size, g->reduced_from, g->flatten ? " flatten" : "",
            g->close_unresolved ? " unresolved" : "", g->since.ns, g->sent_at.ns);
    }
    for (uint32_t i = 0; i < restore->contracts_count; i++) {
        const struct contract_row *c = &restore->contracts[i];
        text_addf(&text, "contract %s %s tick %" PRId64 " = %" PRId64 "%s\n", c->id.text, c->name, c->tick_size_nanos,
            c->tick_value_micros, c->active ? " active" : "");
    }
    assert_false(text.truncated);
}

static void
assert_restores(struct store *store, const char *expected)
{
    struct restore restore = store_fixture_load(store);
    char out[OUT_MAX];

    describe(&restore, out);
    assert_string_equal(out, expected);
}

/* ---- The table both stores must pass: records in, a restore out. ---- */

#define COOLDOWN { .account_id = 7, .rule = 6, .root = "MNQ", .kind = LOCK_ENTRIES, .end = LOCK_UNTIL_TIME, \
    .since = { 100 }, .until = { 2000 }, .duration = { 1900 }, .incident = 5, .why = "Too many trades." }
#define EXTENDED { .account_id = 7, .rule = 6, .root = "MNQ", .kind = LOCK_FLAT, .end = LOCK_UNTIL_RESET, \
    .since = { 100 }, .until = { 3000 }, .duration = { 2900 }, .incident = 6, .why = "Again." }
#define FOREVER { .account_id = 7, .rule = 3, .kind = LOCK_FLAT, .end = LOCK_UNTIL_ADMIN, .since = { 200 }, \
    .until = { INT64_MAX }, .incident = 8, .why = "Permanent: \"quotes\", \xc3\xa9 and; separators" }

#define COOLDOWN_TEXT "lockout 7 rule 6 [MNQ] kind 1 end 0 since 100 until 2000 for 1900 incident 5 Too many trades.\n"
#define EXTENDED_TEXT "lockout 7 rule 6 [MNQ] kind 0 end 1 since 100 until 3000 for 2900 incident 6 Again.\n"
#define FOREVER_TEXT "lockout 7 rule 3 [] kind 0 end 3 since 200 until 9223372036854775807 for 0 incident 8 " \
    "Permanent: \"quotes\", \xc3\xa9 and; separators\n"

#define LOCKOUT(record_kind, value) { .kind = record_kind, .at = { 300 }, .account_id = 7, .u.lockout = value }
#define GOAL(...) { .kind = RECORD_GOAL_SET, .at = { 300 }, .account_id = 7, .incident = 9, .u.goal = { .incident = 9, .account_id = 7, \
    .contract = { "CON.F.US.MNQ.U25" }, .rule = 3, .since = { 400 }, __VA_ARGS__ } }
#define REQUEST(record_kind, command_kind, when, result) { .kind = record_kind, .at = { when }, .account_id = 7, .incident = 9, \
    .u.request = { .command = { .id = 77, .incident = 9, .kind = command_kind, .account_id = 7, .contract = { "CON.F.US.MNQ.U25" } }, \
    .answer = { .command_id = 77, .outcome = result } } }
#define REDUCED(by, its_side) { .kind = RECORD_SENT, .at = { 500 }, .account_id = 7, .incident = 9, .u.request.command = { .id = 77, \
    .incident = 9, .kind = COMMAND_REDUCE, .account_id = 7, .contract = { "CON.F.US.MNQ.U25" }, .size = by, .side = its_side } }
#define PROVEN { .kind = RECORD_GOAL_PROVEN, .at = { 900 }, .account_id = 7, .u.proven = { .goal = { .incident = 9, .account_id = 7, \
    .contract = { "CON.F.US.MNQ.U25" } }, .took = { 50 } } }
#define TRADE(trade_id, when, is_voided, is_judged) { .kind = RECORD_TRADE, .at = { when }, .account_id = 7, .u.trade = { .judged = is_judged, \
    .row = { .id = trade_id, .account_id = 7, .order_id = -3, .contract = { "CON.F.US.MNQ.U25" }, .at = { when }, \
    .price_nanos = INT64_C(21000250000000), .has_pnl = true, .voided = is_voided, .side = 1, .size = 2, .pnl_micros = -1500000, \
    .fees_micros = 740000, .commissions_micros = 10000 } } }
#define TRADE_TEXT(trade_id, when) "trade " trade_id " account 7 order -3 CON.F.US.MNQ.U25 at " when \
    " price 21000250000000 side 1 size 2 pnl 1 -1500000 costs 740000 10000"
#define POSITION(held, ceiling, remembered) { .kind = RECORD_POSITION, .at = { 300 }, .account_id = 7, .u.position = { .row = { .id = 12, \
    .account_id = 7, .contract = { "CON.F.US.MNQ.U25" }, .created_at = { 50 }, .size = held, .average_price_nanos = 5 }, \
    .ceiling_long = ceiling, .memory = { remembered } } }
#define CONTRACT(contract_name, value) { .kind = RECORD_CONTRACT, .at = { 300 }, .u.contract = { .id = { "CON.F.US.MNQ.U25" }, \
    .name = contract_name, .tick_size_nanos = 250000000, .tick_value_micros = value, .active = true } }

static const struct round_trip {
    const char *name;
    struct record records[6];
    uint32_t count;
    const char *expected;
} round_trips[] = {
    { "nothing", { { 0 } }, 0, "" },
    { "lockouts (R-ALL-9)", { LOCKOUT(RECORD_LOCKOUT_SET, COOLDOWN), LOCKOUT(RECORD_LOCKOUT_SET, FOREVER) }, 2,
        COOLDOWN_TEXT FOREVER_TEXT },
    { "lockout extended", { LOCKOUT(RECORD_LOCKOUT_SET, COOLDOWN), LOCKOUT(RECORD_LOCKOUT_SET, EXTENDED) }, 2, EXTENDED_TEXT },
    { "lockout ended: only its own key", { LOCKOUT(RECORD_LOCKOUT_SET, COOLDOWN), LOCKOUT(RECORD_LOCKOUT_SET, FOREVER),
        LOCKOUT(RECORD_LOCKOUT_END, EXTENDED) }, 3, FOREVER_TEXT },
    { "lockout ended and set again", { LOCKOUT(RECORD_LOCKOUT_SET, FOREVER), LOCKOUT(RECORD_LOCKOUT_END, FOREVER),
        LOCKOUT(RECORD_LOCKOUT_SET, FOREVER) }, 3, FOREVER_TEXT },
    { "lockout over by time, not by record: the engine ends it", { LOCKOUT(RECORD_LOCKOUT_SET, COOLDOWN) }, 1, COOLDOWN_TEXT },
    { "goal", { GOAL(.size = 2, .flatten = true) }, 1,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 2 of 0 flatten since 400 sent 0\n" },
    { "goal: a close left", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0) }, 2,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 unresolved since 400 sent 500\n" },
    { "goal: a cancel says nothing of the close", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CANCEL, 500, 0) }, 2,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 since 400 sent 0\n" },
    { "goal: the close was refused", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0),
        REQUEST(RECORD_ANSWERED, COMMAND_CLOSE, 600, OUTCOME_REFUSED) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 since 400 sent 500\n" },
    { "goal: the close is ambiguous (P6)", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_REDUCE, 500, 0),
        REQUEST(RECORD_ANSWERED, COMMAND_REDUCE, 600, OUTCOME_AMBIGUOUS) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 unresolved since 400 sent 500\n" },
    { "goal: accepted is not proven (OV-01)", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0),
        REQUEST(RECORD_ANSWERED, COMMAND_CLOSE, 600, OUTCOME_ACCEPTED) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 unresolved since 400 sent 500\n" },
    { "goal: a stricter one keeps the close in flight", { GOAL(.size = 2), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0), GOAL(.size = 0) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 0 of 0 unresolved since 400 sent 500\n" },
    { "goal: what a reduction left is remembered, the largest (RT-11)", { GOAL(.size = 2), REDUCED(3, SIDE_SELL), REDUCED(1, SIDE_SELL) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 2 of 5 unresolved since 400 sent 500\n" },
    { "goal: of a short position", { GOAL(.size = 2), REDUCED(1, SIDE_BUY), REDUCED(3, SIDE_BUY), GOAL(.size = 1) }, 4,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 1 of -5 unresolved since 400 sent 500\n" },
    { "goal: the engine knows of the reduction", { GOAL(.size = 2), REDUCED(1, SIDE_SELL), GOAL(.size = 1, .reduced_from = 4) }, 3,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 1 of 4 unresolved since 400 sent 500\n" },
    { "goal: trimmed, proven, then another", { GOAL(.size = 2), REDUCED(1, SIDE_SELL), PROVEN, GOAL(.size = 1) }, 4,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 1 of 0 since 400 sent 0\n" },
    { "goal proven", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0), PROVEN }, 3, "" },
    { "goal proven, then another", { GOAL(.size = 0), REQUEST(RECORD_SENT, COMMAND_CLOSE, 500, 0), PROVEN, GOAL(.size = 1) }, 4,
        "goal 7 CON.F.US.MNQ.U25 incident 9 rule 3 size 1 of 0 since 400 sent 0\n" },
    { "trades by time and id", { TRADE(3, 200, false, true), TRADE(1, 300, false, false), TRADE(2, 200, false, true) }, 3,
        TRADE_TEXT("2", "200") " judged\n" TRADE_TEXT("3", "200") " judged\n" TRADE_TEXT("1", "300") "\n" },
    { "trade counts once (R-ALL-10), judged and voided stay", { TRADE(3, 200, false, true), TRADE(3, 200, true, false),
        TRADE(3, 200, false, false) }, 3, TRADE_TEXT("3", "200") " voided judged\n" },
    { "position with what rules remember", { POSITION(-3, 2, 9) }, 1,
        "position 7 id 12 CON.F.US.MNQ.U25 size -3 at 5 since 50 ceilings 2 0 memory 9 0\n" },
    { "position changed", { POSITION(-3, 2, 9), POSITION(1, 0, 0) }, 2,
        "position 7 id 12 CON.F.US.MNQ.U25 size 1 at 5 since 50 ceilings 0 0 memory 0 0\n" },
    { "position flat", { POSITION(-3, 2, 9), POSITION(0, 0, 0) }, 2, "" },
    { "position flat with a ceiling (R-ALL-8)", { POSITION(-3, 2, 9), POSITION(0, 2, 0) }, 2,
        "position 7 id 12 CON.F.US.MNQ.U25 size 0 at 5 since 50 ceilings 2 0 memory 0 0\n" },
    { "position flat, a rule remembers", { POSITION(0, 0, 1) }, 1,
        "position 7 id 12 CON.F.US.MNQ.U25 size 0 at 5 since 50 ceilings 0 0 memory 1 0\n" },
    { "contract", { CONTRACT("", 0), CONTRACT("MNQU5", 500000) }, 2, "contract CON.F.US.MNQ.U25 MNQU5 tick 250000000 = 500000 active\n" },
};

static void
test_round_trips(void **state)
{
    const char *database = store_fixture_path(*state, "round");

    for (size_t i = 0; i < COUNT_OF(round_trips); i++) {
        const struct round_trip *row = &round_trips[i];
        struct store *memory = store_fixture_open(STORE_IN_MEMORY);
        store_fixture_save(memory, row->records, row->count);
        print_message("memory: %s\n", row->name);
        assert_restores(memory, row->expected);
        store_close(memory);

        store_fixture_remove(database);
        struct store *store = store_fixture_open(database);
        store_fixture_save(store, row->records, row->count);
        print_message("sqlite: %s\n", row->name);
        assert_restores(store, row->expected);
        store_close(store);
        store = store_fixture_open(database); /* Another process, as it were. */
        assert_restores(store, row->expected);
        store_close(store);
    }
}

/* Every kind goes into one batch, and each of those that tell what was done is one row of the log (EN-03). */
static void
test_every_kind(void **state)
{
    const char *path = store_fixture_path(*state, "kinds");
    struct store *store = store_fixture_open(path);
    char log[OUT_MAX];

    for (enum record_kind kind = RECORD_BREACH; kind <= RECORD_SERVICE; kind++) {
        struct record record = { .kind = kind, .at = { 1000 + (int64_t)kind }, .account_id = 7, .incident = 3, .rule = 2 };
        if (kind == RECORD_LOCKOUT_SET || kind == RECORD_LOCKOUT_END)
            record.u.lockout = (struct lockout)FOREVER;
        else if (kind == RECORD_ANSWERED)
            record.u.request.answer = (struct answer_event){ .outcome = OUTCOME_AMBIGUOUS, .order_id = 4, .http_status = 500, .code = -1,
                .text = "no answer" };
        store_fixture_save(store, &record, 1);
    }
    store_fixture_ask(path, "SELECT group_concat(kind || ':' || at_ns || ':' || incident || ':' || rule || ':' || result || error, ' ') "
        "FROM (SELECT * FROM enforcement_log ORDER BY id)", log);
    assert_string_equal(log, "breach:1000:3:2: lockout_set:1001:3:3: lockout_end:1002:3:3: goal_set:1003:3:0: sent:1004:3:2: "
        "answered:1005:3:2:ambiguousno answer goal_proven:1006:3:0:proven alarm:1007:3:2: admin:1008:3:0: mode:1014:3:2:STARTING service:1015:3:2:");
    store_close(store);
}

/* EN-01: the broker's integers come back as they came. */
static void
test_order_mirror(void **state)
{
    const char *path = store_fixture_path(*state, "orders");
    struct store *store = store_fixture_open(path);
    struct record record = { .kind = RECORD_ORDER, .at = { 500 }, .account_id = 7, .u.order = { .id = INT64_C(9007199254740993),
        .account_id = 7, .contract = { "CON.F.US.EP.U25" }, .created_at = { 1 }, .updated_at = { 2 }, .status = 8, .type = 99,
        .side = 1, .size = 3, .filled = 1, .has_stop_price = true, .stop_price_nanos = -37100000000, .parent_id = 5,
        .tag = "rm17" } };
    char out[OUT_MAX];

    store_fixture_save(store, &record, 1);
    record.u.order.status = 42;
    store_fixture_save(store, &record, 1);
    store_fixture_ask(path, "SELECT group_concat(id || ' ' || status || ' ' || type || ' ' || side || ' ' || size || ' ' || filled || ' ' || "
        "COALESCE(limit_price_nanos, 'none') || ' ' || stop_price_nanos || ' ' || parent_id || ' ' || tag) FROM orders", out);
    assert_string_equal(out, "9007199254740993 42 99 1 3 1 none -37100000000 5 rm17");
    store_close(store);
}

/* ---- Days. ---- */

static struct record
day_record(int32_t date, int64_t starts, int64_t ends, int64_t gross, int64_t open_low)
{
    return (struct record){ .kind = RECORD_DAY, .at = { ends }, .account_id = 7, .u.day = { .starts_at = { starts },
        .ends_at = { ends }, .date = date, .gross_micros = gross, .fees_micros = 10, .trades = 4, .round_turns = 2,
        .open_low_micros = open_low, .open_high_micros = -open_low, .realized_low_micros = open_low * 2,
        .realized_high_micros = 1 } };
}

/* R-003-3: a late trade changes its own day's record, and no other. */
static void
test_late_trade(void **state)
{
    const char *path = store_fixture_path(*state, "late");
    struct store *store = store_fixture_open(path);
    const struct record records[] = { day_record(10, 1000, 2000, 5, -1), day_record(11, 2000, 3000, 77, -1),
        TRADE(1, 1000, false, true), TRADE(2, 1999, false, true), TRADE(3, 1500, true, true), TRADE(4, 2000, false, true),
        TRADE(5, 999, false, true) };
    char out[OUT_MAX];

    store_fixture_save(store, records, COUNT_OF(records));
    store_fixture_ask(path, "SELECT group_concat(date || ': ' || gross_micros || ' ' || fees_micros || ' ' || trades || ' ' || round_turns, "
        "', ') FROM daily_pnl", out);
    assert_string_equal(out, "10: -3000000 1500000 2 2, 11: 77 10 4 2");
    const struct record voided[] = { TRADE(2, 1999, true, true) };
    store_fixture_save(store, voided, 1);
    store_fixture_ask(path, "SELECT gross_micros FROM daily_pnl WHERE date = 10", out);
    assert_string_equal(out, "-1500000");
    store_close(store);
}

static void
add_day(void *context, int64_t account_id, const struct day_totals *day)
{
    text_addf(context, "%" PRId64 " %d [%" PRId64 ", %" PRId64 ") %" PRId64 " %" PRId64 " %d %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
        "\n", account_id, day->date, day->starts_at.ns, day->ends_at.ns, day->gross_micros, day->fees_micros, day->trades, day->round_turns,
        day->open_low_micros, day->open_high_micros, day->realized_low_micros, day->realized_high_micros);
}

static void
test_history(void **state)
{
    struct store *store = store_fixture_open(store_fixture_path(*state, "history"));
    struct record records[] = { day_record(10, 1000, 2000, 5, -1), day_record(11, 2000, 3000, 6, -2), day_record(12, 3000, 4000, 7, -3) };
    struct error err;
    char out[OUT_MAX];
    struct text text = text_on(out, sizeof out);

    records[2].account_id = 8;
    store_fixture_save(store, records, COUNT_OF(records));
    assert_int_equal(history_each_day(store, 7, 9, add_day, &text, &err), OK);
    assert_int_equal(history_each_day(store, 0, 1, add_day, &text, &err), OK);
    assert_string_equal(out, "7 11 [2000, 3000) 6 10 4 2 -2 2 -4 1\n7 10 [1000, 2000) 5 10 4 2 -1 1 -2 1\n"
        "8 12 [3000, 4000) 7 10 4 2 -3 3 -6 1\n");
    store_close(store);
}

/* UP-02: a restart begins its extremes anew; the day keeps those of all runs. */
static void
test_extremes(void **state)
{
    const char *path = store_fixture_path(*state, "extremes");
    struct store *store = store_fixture_open(path);
    const struct record records[] = { day_record(10, 1000, 2000, 5, -100), day_record(10, 1000, 2000, 6, -20) };
    char out[OUT_MAX];

    store_fixture_save(store, records, COUNT_OF(records));
    store_fixture_ask(path, "SELECT open_low_micros || ' ' || open_high_micros || ' ' || realized_low_micros || ' ' || "
        "realized_high_micros || ' ' || gross_micros FROM daily_extremes JOIN daily_pnl USING (account_id, date)", out);
    assert_string_equal(out, "-100 100 -200 1 6");
    store_close(store);
}

/* ---- Ids, tickets, the heartbeat. ---- */

static void
check_ids(const char *path)
{
    struct store *store = store_fixture_open(path);
    struct restore restore;
    struct error err;
    struct instant early = { INT64_C(5000000000) }; /* 5 s after 1970. */

    assert_int_equal(store_load(store, early, &restore, &err), OK);
    assert_int_equal(restore.next_command_id, 5001); /* Above the clock even in an empty store (ID-03). */
    assert_int_equal(restore.next_incident, 6);
    assert_int_equal(restore.saved_at.ns, 0);
    const struct record records[] = { { .kind = RECORD_SENT, .at = { 40 }, .u.request.command = { .id = 9000, .incident = 30 } },
        { .kind = RECORD_BREACH, .at = { 30 }, .incident = 20 } };
    store_fixture_save(store, records, COUNT_OF(records));
    assert_int_equal(store_load(store, early, &restore, &err), OK);
    assert_int_equal(restore.next_command_id, 9001);
    assert_int_equal(restore.next_incident, 31);
    assert_int_equal(restore.saved_at.ns, 40);
    assert_int_equal(store_write(store, &(struct store_batch){ .beat = { 60 } }, &err), OK);
    assert_int_equal(store_load(store, early, &restore, &err), OK);
    assert_int_equal(restore.saved_at.ns, 60);
    store_close(store);
}

static void
test_ids(void **state)
{
    const char *path = store_fixture_path(*state, "ids");
    struct restore restore;
    struct error err;

    check_ids(STORE_IN_MEMORY);
    check_ids(path);
    struct store *store = store_fixture_open(path);
    assert_int_equal(store_load(store, INSTANT_NONE, &restore, &err), OK);
    assert_int_equal(restore.next_command_id, 9001);
    assert_int_equal(restore.next_incident, 31);
    assert_int_equal(restore.saved_at.ns, 60);
    store_close(store);
}

/* A ticket is written once, however often it comes. */
static void
test_tickets(void **state)
{
    const char *path = store_fixture_path(*state, "tickets");
    struct store *store = store_fixture_open(path);
    struct store_entry entries[3];
    struct error err;
    char out[OUT_MAX];

    memset(entries, 0, sizeof entries);
    for (uint64_t i = 0; i < 3; i++)
        entries[i] = (struct store_entry){ .ticket = 10 + i, .record = { .kind = RECORD_ALARM, .at = { 1 } } };
    assert_int_equal(store_write(store, &(struct store_batch){ .entries = entries, .count = 2 }, &err), OK);
    assert_int_equal(store_last_ticket(store), 11);
    store_close(store);
    store = store_fixture_open(path);
    assert_int_equal(store_last_ticket(store), 11);
    assert_int_equal(store_write(store, &(struct store_batch){ .entries = entries, .count = 3 }, &err), OK);
    assert_int_equal(store_last_ticket(store), 12);
    store_fixture_ask(path, "SELECT COUNT(*) FROM enforcement_log", out);
    assert_string_equal(out, "3");
    store_close(store);
}

/* ---- Old rows. ---- */

static void
test_only_recent_trades(void **state)
{
    const char *path = store_fixture_path(*state, "recent");
    const char *const paths[] = { STORE_IN_MEMORY, path };
    const int64_t three_days = INT64_C(3) * 86400 * 1000000000;
    struct record records[] = { TRADE(1, 0, false, true), TRADE(2, 0, false, true) };

    records[0].u.trade.row.at.ns = NOW.ns - three_days - 1;
    records[1].u.trade.row.at.ns = NOW.ns - three_days;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct store *store = store_fixture_open(paths[i]);
        struct restore restore;
        struct error err;
        store_fixture_save(store, records, COUNT_OF(records));
        assert_int_equal(store_load(store, NOW, &restore, &err), OK);
        assert_int_equal(restore.trades_count, 1);
        assert_int_equal(restore.trades[0].row.id, 2);
        store_close(store);
    }
}

static void
prune_all(struct store *store, int expected_steps)
{
    const struct store_retention retention = { .trades_days = 90, .log_days = 365 };
    struct error err;
    bool more = true;
    int steps = 0;

    for (; more; steps++)
        assert_int_equal(store_prune(store, NOW, &retention, &more, &err), OK);
    assert_int_equal(steps, expected_steps);
}

/* S-10, MG-10: in small batches; what must stay stays. */
static void
test_prune(void **state)
{
    const char *path = store_fixture_path(*state, "prune");
    struct store *store = store_fixture_open(path);
    const int64_t day = INT64_C(86400) * 1000000000;
    char out[OUT_MAX];

    for (int i = 0; i < 1201; i++) {
        struct record records[] = { TRADE(i + 1, 0, false, true),
            { .kind = RECORD_ORDER, .at = { NOW.ns - 8 * day }, .account_id = 7, .u.order = { .id = i + 1, .account_id = 7, .status = i < 2 ? 7 : 2 } } };
        records[0].u.trade.row.at.ns = NOW.ns - 90 * day - (i < 1200 ? 1 : 0);
        store_fixture_save(store, records, COUNT_OF(records));
    }
    prune_all(store, 3);
    store_fixture_ask(path, "SELECT (SELECT group_concat(id) FROM trades) || ' ' || (SELECT group_concat(id) FROM orders)", out);
    assert_string_equal(out, "1201 1,2");
    store_close(store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_order_mirror),
        cmocka_unit_test(test_late_trade),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_only_recent_trades),
        cmocka_unit_test(test_prune),
    };

    return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
