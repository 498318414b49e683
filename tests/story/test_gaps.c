/*
 * test_gaps.c - what the first read after a gap makes of it, and what is not seen at all (resilience.md 1.22, HM-03, LG-06, MG-09, LG-08).
 */
#include "app/journal.h"
#include "app/shell.h"
#include "lib/engine_fixture.h"
#include "lib/faulty_disk.h"
#include "lib/store_fixture.h"
#include "store/writer.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>


/* ---- Gaps ---- */

/* SR-01: no event said so, a read does. */
static void
sync_closed_in_gap(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 2);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_int_equal(story_held(&f), 0);
    assert_int_equal(story_records(&f, RECORD_POSITION), 1);
    assert_int_equal(story_count_while(&f, 10000, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* A position nobody has told of meets all rules at once (SR-07). */
static void
sync_opened_in_gap(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_int_equal(story_records(&f, RECORD_BREACH), 1);
    story_close(&f);
}

/* SR-05: the difference is taken over and written down. */
static void
sync_size_changed(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 2);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
    assert_int_equal(story_held(&f), 1);
    assert_int_equal(story_records(&f, RECORD_POSITION), 1);
    assert_int_equal(story_records(&f, RECORD_SERVICE), 1); /* For the ledger: before and after. */
    for (uint32_t i = 0; i < f.update.records_count; i++)
        if (f.update.records[i].kind == RECORD_SERVICE)
            assert_string_equal(f.update.records[i].u.service.text, "position in " FIXTURE_MNQ ": 1 instead of 2");
    story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
    assert_int_equal(story_records(&f, RECORD_SERVICE), 0);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 4, NULL, 0);
    assert_int_equal(story_held(&f), 4);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* SR-06: an order that is missing is looked up; until it is known what became of it, it counts as working. */
static void
sync_order_filled_in_gap(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
    assert_true(story_only(&f, COMMAND_LOOK_UP_ORDER)->order_id == 700);
    assert_int_equal(story_working(&f), 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_LIMIT, SIDE_BUY, 1, 1);
    assert_int_equal(story_working(&f), 0);
    story_close(&f);
}

/* P1: what has to go is cancelled at once, though it is being looked up. */
static void
a_look_up_holds_no_cancel_back(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_wait_ms(&f, 10000);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    uint64_t look = story_only(&f, COMMAND_LOOK_UP_ORDER)->id;
    story_position(&f, FIXTURE_MNQ, 3);
    assert_true(story_only(&f, COMMAND_CANCEL)->order_id == 700);
    story_answer(&f, look, OUTCOME_REFUSED);
    assert_int_equal(story_count_while(&f, 2000, COMMAND_CANCEL), 0);
    story_close(&f);
}

/* OL-02: a swept order turns out to be cancelled and filled for one: what it opened is closed. */
static void
sync_partial_fill_in_gap(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 3, 0);
    story_position(&f, FIXTURE_MNQ, 3);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    story_answer(&f, story_only(&f, COMMAND_CANCEL)->id, OUTCOME_AMBIGUOUS);
    story_answer(&f, close, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_wait_ms(&f, 4000);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_true(story_only(&f, COMMAND_LOOK_UP_ORDER)->order_id == 700);
    assert_true(story_status(&f).enforcing);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_LIMIT, SIDE_BUY, 3, 1);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_true(story_status(&f).enforcing); /* The position it made may still be on its way. */
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* ID-05: a trade told by the stream and by REST, in either order, counts once. */
static void
sync_no_double_count(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct engine_fixture f;
        struct event event = { .kind = EVENT_SNAPSHOT };

        story_open(&f, "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}");
        struct trade_row row = { .id = 10, .account_id = FIXTURE_ACCOUNT, .order_id = 10, .contract = { FIXTURE_MNQ }, .at = f.now,
            .has_pnl = true, .side = SIDE_SELL, .size = 1, .pnl_micros = -300 * MICROS_PER_DOLLAR };
        event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_TRADES, .asked_at = f.now, .trades = &row,
            .trades_count = 1 };
        if (first == 0)
            story_trade(&f, 10, -300);
        story_feed(&f, &event);
        if (first == 1)
            story_trade(&f, 10, -300);
        story_feed(&f, &event);
        assert_int_equal(story_status(&f).day.gross_micros, -300 * MICROS_PER_DOLLAR);
        assert_int_equal(story_status(&f).day.trades, 1);
        story_close(&f);
    }
}

/* R-008-4: a list that cannot show every order is no evidence that there is no stop. */
static void
sync_incomplete(void **state)
{
    struct engine_fixture f;
    struct position_row position = { .id = 456, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .size = 1,
        .average_price_nanos = 21000 * NANOS_PER_UNIT };
    struct event event = { .kind = EVENT_SNAPSHOT };

    (void)state;
    story_open_bare(&f, "{\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":10,\"action\":\"close_position\"}}");
    story_feed(&f, &(struct event){ .kind = EVENT_RESTORE });
    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_POSITIONS | PART_OPEN_ORDERS, .asked_at = f.now,
        .positions = &position, .positions_count = 1 };
    for (int i = 0; i < 6; i++) {
        event.u.snapshot.asked_at = f.now;
        story_feed(&f, &event);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
        assert_int_equal(story_count_while(&f, 10000, COMMAND_CLOSE), 0);
    }
    event.u.snapshot.parts = PART_POSITIONS | PART_ORDERS;
    event.u.snapshot.asked_at = f.now;
    story_feed(&f, &event);
    assert_int_equal(story_count(&f, COMMAND_CLOSE) + 0, 1);
    story_close(&f);
}

/* ---- Blind ---- */

/* HM-03, DG-04: 30 s without a quote while the market is open: told, or closed; not while it is closed, and not before it could have quoted. */
static void
quotes_blind_policy(void **state)
{
    (void)state;
    for (int flatten = 0; flatten < 2; flatten++) {
        struct engine_fixture f;

        story_open(&f, "{\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":100000}}");
        f.loaded->config.blind_after = SPAN_SECONDS(30);
        f.loaded->config.blind_flatten = flatten == 1;
        story_quote(&f, FIXTURE_MNQ, 21000);
        story_position(&f, FIXTURE_MNQ, 1);
        story_wait_ms(&f, 20000);
        story_quote(&f, FIXTURE_MNQ, 21000);
        assert_int_equal(story_count_while(&f, 29900, COMMAND_CLOSE), 0);
        assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
        story_wait_ms(&f, 100);
        assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), flatten);
        assert_int_equal(story_records(&f, RECORD_GOAL_SET), flatten);
        story_close(&f);
    }
    struct engine_fixture f;
    story_open(&f, "{\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":100000}}"); /* Friday, 13:30 in Chicago. */
    assert_non_null(f.loaded->config.exchange_zone);
    f.loaded->config.blind_after = SPAN_SECONDS(30);
    f.loaded->config.blind_flatten = true;
    story_wait_ms(&f, 3 * 3600 * 1000);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count_while(&f, 48 * 3600 * 1000, COMMAND_CLOSE), 0); /* To Sunday, 16:30. */
    assert_int_equal(story_count_while(&f, 30 * 60 * 1000 + 29900, COMMAND_CLOSE), 0);
    assert_int_equal(story_count_while(&f, 200, COMMAND_CLOSE), 1);
    story_close(&f);
}

/*
 * R-012-1, R-ALL-6: nothing is known of the contract: no stop yet, told at once and, after 30 s, as loudly as a lost price, however it is quoted; and
 * with the policy it is closed.  Once it is known the stop goes out in the same step.
 */
static void
undescribed_contract(void **state)
{
    static const char strange[] = "CON.F.US.XYZ.U25";
    struct event described = { .kind = EVENT_CONTRACT, .u.contract = { .id = { "CON.F.US.XYZ.U25" }, .name = "XYZU5",
                                                            .tick_size_nanos = 250000000, .tick_value_micros = 500000 } };

    (void)state;
    for (int flatten = 0; flatten < 2; flatten++) {
        struct engine_fixture f;

        story_open(&f, "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":10}}}");
        f.loaded->config.blind_after = SPAN_SECONDS(30);
        f.loaded->config.blind_flatten = flatten == 1;
        story_position(&f, strange, 1);
        assert_int_equal(story_count(&f, COMMAND_LOOK_UP_CONTRACT), 1);
        assert_int_equal(story_notices(&f, NOTICE_WARNING), 1);
        for (int i = 0; i < 29; i++) {
            story_quote(&f, strange, 21000 + i);
            assert_int_equal(story_notices(&f, NOTICE_WARNING), 0);
            assert_int_equal(story_count_while(&f, 1000, COMMAND_PLACE_STOP), 0);
            assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
        }
        story_wait_ms(&f, 1000);
        assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), flatten);
        if (flatten == 0) {
            story_feed(&f, &described);
            assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 1);
        }
        story_close(&f);
    }
}

/* ---- Disk and log ---- */

struct parts {
    struct engine_fixture f;
    struct writer *writer;
    struct log *log;
    int closes, alarms;
    uint64_t incidents[64];
    int incidents_count;
};

static void
note_incident(struct parts *parts, uint64_t incident)
{
    if (incident != 0 && parts->incidents_count < (int)COUNT_OF(parts->incidents))
        parts->incidents[parts->incidents_count++] = incident;
}

static void
on_command(void *context, const struct command *command)
{
    struct parts *parts = context;

    parts->closes += command->kind == COMMAND_CLOSE ? 1 : 0;
    if (command->kind == COMMAND_CLOSE)
        note_incident(parts, command->incident);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    struct parts *parts = context;

    if (record->kind == RECORD_BREACH || record->kind == RECORD_GOAL_SET || record->kind == RECORD_SENT)
        note_incident(parts, record->incident);
    return parts->writer != NULL ? writer_put(parts->writer, record, 1) : 1;
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct parts *parts = context;

    if (notice->kind == NOTICE_BREACH || notice->kind == NOTICE_ENFORCEMENT)
        note_incident(parts, notice->incident);
    if (parts->log != NULL)
        journal_notice(parts->log, notice);
}

static void
on_arm(void *context, struct instant deadline)
{
    (void)context;
    (void)deadline;
}

static void
on_synced(void *context, uint64_t ticket)
{
    (void)context;
    (void)ticket;
}

static void
on_store_alarm(void *context, bool solved, const char *text)
{
    struct parts *parts = context;

    (void)text;
    parts->alarms += solved ? 0 : 1;
}

/* A breach through the real shell; the close has left when it returns. */
static void
breach(struct parts *parts)
{
    const struct shell_ports ports = { .context = parts, .command = on_command, .record = on_record, .notice = on_notice, .arm = on_arm };
    struct event event = { .kind = EVENT_POSITION };
    struct shell *shell;

    story_open(&parts->f, STORY_TWO_AT_MOST);
    assert_int_equal(shell_new(parts->f.engine, &ports, &shell, NULL), OK);
    event.at = parts->f.now;
    event.u.position = (struct position_row){ .id = 456, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .created_at = parts->f.now,
        .size = 3, .average_price_nanos = 21000 * NANOS_PER_UNIT };
    shell_event(shell, &event);
    assert_int_equal(parts->closes, 1);
    shell_free(shell);
    story_close(&parts->f);
}

/* MG-09: the database cannot be written: the close leaves all the same, and somebody is told. */
static void
enforce_db_down(void **state)
{
    struct parts parts = { 0 };
    const char *path = store_fixture_path(*state, "down.db");
    uv_loop_t loop;
    struct writer_options options = { .loop = &loop, .store = store_fixture_open(path), .context = &parts, .on_synced = on_synced,
        .on_alarm = on_store_alarm, .retry = SPAN_MS(1) };

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(writer_new(&options, &parts.writer, NULL), OK);
    faulty_disk_set(SQLITE_FULL, SQLITE_OK);
    breach(&parts);
    while (parts.alarms == 0)
        (void)uv_run(&loop, UV_RUN_ONCE);
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    assert_int_equal(writer_flush_and_stop(parts.writer, SPAN_SECONDS(60), NULL), OK);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    store_close(options.store);
}

/* LG-08: no line can be written: the close leaves all the same, and the losses are counted for the alarm (guard.c, check_log). */
static void
enforce_log_full(void **state)
{
    struct parts parts = { 0 };
    char file[300], directory[320];
    const struct log_options options = { .directory = directory, .level = LOG_LEVEL_INFO, .max_bytes = 1 << 20, .keep = 1 };

    (void)snprintf(file, sizeof file, "%s", store_fixture_path(*state, "a-file"));
    FILE *made = fopen(file, "w");
    assert_non_null(made);
    fclose(made);
    (void)snprintf(directory, sizeof directory, "%s/log", file); /* No directory can be made below a file. */
    assert_int_equal(log_new(&options, &parts.log, NULL), OK);
    breach(&parts);
    for (int i = 0; i < 10000 && log_stats(parts.log).failed == 0; i++)
        uv_sleep(1);
    assert_true(log_stats(parts.log).failed > 0);
    log_free(parts.log);
    (void)remove(file);
}

/* LG-06: breach, goal, request and notices bear one number, which is also the log lines' and the rows' (test_log.c, test_store.c). */
static void
log_correlation(void **state)
{
    struct parts parts = { 0 };

    (void)state;
    breach(&parts);
    assert_true(parts.incidents_count >= 5);
    for (int i = 1; i < parts.incidents_count; i++)
        assert_true(parts.incidents[i] == parts.incidents[0]);
}

static int stops;

static void
count_stop(void *context, const struct command *command)
{
    (void)context;
    stops += command->kind == COMMAND_PLACE_STOP ? 1 : 0;
}

static uint64_t
next_ticket(void *context, const struct record *record)
{
    (void)record;
    return ++*(uint64_t *)context;
}

static void
no_notice(void *context, const struct notice *notice)
{
    (void)context;
    (void)notice;
}

/* ID-01: a placement waits for its record, and not for ever; after that the engine has to decide anew. */
static void
test_place_awaits_the_disk(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        uint64_t tickets = 0;
        const struct shell_ports ports = { .context = &tickets, .command = count_stop, .record = next_ticket, .notice = no_notice, .arm = on_arm };
        struct event event = { .kind = EVENT_POSITION };
        struct engine_fixture f;
        struct shell *shell;

        story_open(&f, "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":40}}}");
        story_quote(&f, FIXTURE_MNQ, 21000);
        assert_int_equal(shell_new(f.engine, &ports, &shell, NULL), OK);
        stops = 0;
        event.at = f.now;
        event.u.position = (struct position_row){ .id = 456, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .created_at = f.now,
            .size = 1, .average_price_nanos = 21000 * NANOS_PER_UNIT };
        shell_event(shell, &event);
        assert_true(tickets > 0);
        assert_int_equal(stops, 0);
        shell_synced(shell, tickets - 1);
        assert_int_equal(stops, 0);
        if (late == 1)
            shell_clock(shell, instant_add(f.now, SPAN_SECONDS(3)));
        shell_synced(shell, tickets);
        assert_int_equal(stops, late == 1 ? 0 : 1);
        shell_synced(shell, tickets);
        assert_int_equal(stops, late == 1 ? 0 : 1);
        shell_free(shell);
        story_close(&f);
    }
}

/* EC-12: a live account counts as unprotected from the first look, until a request is accepted. */
static void
test_live_account(void **state)
{
    struct engine_fixture f;
    struct event event = { .kind = EVENT_ACCOUNT };

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    event.u.account = (struct account_row){ .id = FIXTURE_ACCOUNT, .can_trade = ANSWER_YES, .simulated = ANSWER_NO };
    story_feed(&f, &event);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
    assert_true(story_status(&f).uncontrollable);
    story_feed(&f, &event);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 0); /* Told once. */
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1); /* It is tried all the same (P4). */
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
    assert_false(story_status(&f).uncontrollable);
    story_close(&f);
}

static int
set_up(void **state)
{
    faulty_disk_install();
    return store_fixture_setup(state);
}

static int
tear_down(void **state)
{
    int result = store_fixture_teardown(state);

    faulty_disk_uninstall();
    return result;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sync_closed_in_gap),
        cmocka_unit_test(sync_opened_in_gap),
        cmocka_unit_test(sync_size_changed),
        cmocka_unit_test(sync_order_filled_in_gap),
        cmocka_unit_test(sync_partial_fill_in_gap),
        cmocka_unit_test(a_look_up_holds_no_cancel_back),
        cmocka_unit_test(sync_no_double_count),
        cmocka_unit_test(sync_incomplete),
        cmocka_unit_test(quotes_blind_policy),
        cmocka_unit_test(undescribed_contract),
        cmocka_unit_test(enforce_db_down),
        cmocka_unit_test(enforce_log_full),
        cmocka_unit_test(log_correlation),
        cmocka_unit_test(test_place_awaits_the_disk),
        cmocka_unit_test(test_live_account),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
