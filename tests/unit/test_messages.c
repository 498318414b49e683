/*
 * test_messages.c - every row and notice as the feed says it: the goldens of docs/feed-protocol.md.
 */
#include "feed/messages.h"

#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKENS 256

static char buffer[8192];
static struct text out;
static struct json_writer writer;

static struct json_writer *
fresh(void)
{
    out = text_on(buffer, sizeof buffer);
    writer = json_writer_on(&out);
    return &writer;
}

/* Exactly this text, and JSON. */
static void
expect(const char *expected)
{
    struct json_token tokens[TOKENS];
    struct json json;
    struct error err = { 0 };

    assert_string_equal(buffer, expected);
    assert_false(out.truncated);
    if (json_read(buffer, strlen(buffer), tokens, TOKENS, &json, &err) != OK)
        fail_msg("%s: %s", err.text, buffer);
}

static const struct instant noon = { INT64_C(1763726400000000000) }; /* 2025-11-21T12:00:00Z */

static struct contract es = { .id = { "CON.F.US.EP.Z25" }, .root = "ES", .tick_size_nanos = 250000000,
    .tick_value_micros = 12500000, .has_last = true, .has_ask = true, .last_nanos = INT64_C(6335250000000),
    .ask_nanos = INT64_C(6335500000000), .quoted_at = { INT64_C(1763726400250000000) } };

static void
test_positions(void **state)
{
    const struct position_row row = { .id = 9, .account_id = 1, .contract = { "CON.F.US.EP.Z25" }, .created_at = noon, .size = -2,
        .average_price_nanos = INT64_C(6335250000000) };
    struct position position = { .contract = &es, .id = 9, .size = 3, .average_price_nanos = 1, .created_at = noon,
        .open_micros = { -12500000 } };

    (void)state;
    messages_position_row(fresh(), &row, &es);
    expect("{\"id\":9,\"contract\":\"CON.F.US.EP.Z25\",\"root\":\"ES\",\"size\":-2,\"average_price\":6335.25,"
           "\"created_at\":\"2025-11-21T12:00:00Z\",\"open_pnl\":null,\"tick_size\":0.25,\"tick_value\":12.5}");
    messages_position_row(fresh(), &(struct position_row){ .contract = { "X" } }, NULL);
    expect("{\"id\":0,\"contract\":\"X\",\"root\":null,\"size\":0,\"average_price\":0,\"created_at\":null,\"open_pnl\":null,"
           "\"tick_size\":null,\"tick_value\":null}");
    position.priced[MARK_LAST] = true;
    messages_position(fresh(), &position);
    assert_non_null(strstr(buffer, "\"size\":3,\"average_price\":0.000000001,"));
    assert_non_null(strstr(buffer, "\"open_pnl\":-12.5,"));
    position.priced[MARK_LAST] = false;
    messages_position(fresh(), &position);
    assert_non_null(strstr(buffer, "\"open_pnl\":null,"));
}

static void
test_orders(void **state)
{
    struct order_row row = { .id = INT64_C(9007199254740993), .contract = { "C" }, .created_at = noon, .status = ORDER_OPEN,
        .type = ORDER_STOP, .side = SIDE_SELL, .size = 2, .filled = 1, .has_stop_price = true,
        .stop_price_nanos = INT64_C(29398500000000), .parent_id = 7 };
    const struct order order = { .contract = &es, .status = ORDER_SUSPENDED, .type = ORDER_LIMIT, .has_limit_price = true,
        .limit_price_nanos = 5 };

    (void)state;
    messages_order_row(fresh(), &row, NULL);
    expect("{\"id\":9007199254740993,\"contract\":\"C\",\"root\":null,\"status\":\"open\",\"working\":true,\"type\":\"stop\","
           "\"side\":\"sell\",\"size\":2,\"filled\":1,\"limit_price\":null,\"stop_price\":29398.5,\"parent_id\":7,"
           "\"created_at\":\"2025-11-21T12:00:00Z\",\"updated_at\":null}");
    row.status = 17; /* P6: an unknown status may still execute, and is shown as it came. */
    row.type = 0;
    row.side = -1;
    messages_order_row(fresh(), &row, NULL);
    assert_non_null(strstr(buffer, "\"status\":\"17\",\"working\":true,\"type\":\"0\",\"side\":\"-1\""));
    row.status = ORDER_CANCELLED;
    messages_order_row(fresh(), &row, NULL);
    assert_non_null(strstr(buffer, "\"status\":\"cancelled\",\"working\":false"));
    messages_order(fresh(), &order);
    assert_non_null(strstr(buffer, "\"status\":\"suspended\",\"working\":true,\"type\":\"limit\",\"side\":\"buy\""));
    assert_non_null(strstr(buffer, "\"limit_price\":0.000000005,\"stop_price\":null"));
}

static void
test_trades(void **state)
{
    struct trade_row row = { .id = 3, .order_id = 4, .contract = { "C" }, .at = noon, .price_nanos = INT64_C(29423000000000),
        .side = SIDE_BUY, .size = 1, .has_pnl = true, .pnl_micros = -49000000, .fees_micros = 370000, .commissions_micros = 250000 };
    const struct trade trade = { .id = 3, .order_id = 4, .at = noon, .size = 1, .costs_micros = 620000,
        .voided = true };
    const int64_t price = INT64_C(29423250000000);

    (void)state;
    messages_trade_row(fresh(), &row, NULL);
    expect("{\"id\":3,\"order_id\":4,\"contract\":\"C\",\"root\":null,\"at\":\"2025-11-21T12:00:00Z\",\"side\":\"buy\",\"size\":1,"
           "\"price\":29423,\"pnl\":-49,\"fees\":0.62,\"voided\":false}");
    row.has_pnl = false;
    messages_trade_row(fresh(), &row, NULL);
    assert_non_null(strstr(buffer, "\"pnl\":null"));
    messages_trade(fresh(), &trade, &es, &price);
    expect("{\"id\":3,\"order_id\":4,\"contract\":\"CON.F.US.EP.Z25\",\"root\":\"ES\",\"at\":\"2025-11-21T12:00:00Z\",\"side\":\"buy\","
           "\"size\":1,\"price\":29423.25,\"pnl\":null,\"fees\":0.62,\"voided\":true}");
    messages_trade(fresh(), &trade, &es, NULL);
    assert_non_null(strstr(buffer, "\"price\":null"));
}

static void
test_accounts_and_quotes(void **state)
{
    (void)state;
    messages_account_row(fresh(), &(struct account_row){ .id = 1, .name = "PRAC \"1\"", .has_balance = true,
                                      .balance_micros = INT64_C(149848640000), .can_trade = ANSWER_YES, .simulated = ANSWER_NO });
    expect("{\"id\":1,\"name\":\"PRAC \\\"1\\\"\",\"balance\":149848.64,\"can_trade\":true,\"simulated\":false}");
    messages_account_row(fresh(), &(struct account_row){ .id = 1 });
    expect("{\"id\":1,\"name\":\"\",\"balance\":null,\"can_trade\":null,\"simulated\":null}");
    messages_quote(fresh(), &es);
    expect("{\"contract\":\"CON.F.US.EP.Z25\",\"root\":\"ES\",\"last\":6335.25,\"bid\":null,\"ask\":6335.5,"
           "\"quoted_at\":\"2025-11-21T12:00:00.25Z\"}");
}

static const struct lockout lockout = { .account_id = 1, .rule = 3, .kind = LOCK_FLAT, .end = LOCK_UNTIL_RESET,
    .since = { INT64_C(1763726400000000000) }, .until = { INT64_MAX }, .incident = 12, .why = "Daily loss limit." };

static void
test_lockout_notices(void **state)
{
    struct notice notice = { .kind = NOTICE_LOCKOUT_SET, .u.lockout = lockout };

    (void)state;
    assert_string_equal(messages_notice(fresh(), &notice), "lockout_set");
    expect("{\"rule\":3,\"root\":\"\",\"kind\":\"flat\",\"end\":\"reset\",\"since\":\"2025-11-21T12:00:00Z\",\"until\":null,"
           "\"incident\":12,\"why\":\"Daily loss limit.\"}");
    notice.kind = NOTICE_LOCKOUT_CLEARED;
    notice.u.lockout.kind = LOCK_ENTRIES;
    notice.u.lockout.end = LOCK_UNTIL_TIME;
    notice.u.lockout.until = noon;
    strcpy(notice.u.lockout.root, "MNQ");
    strcpy(notice.text, "time is up");
    assert_string_equal(messages_notice(fresh(), &notice), "lockout_cleared");
    expect("{\"rule\":3,\"root\":\"MNQ\",\"kind\":\"entries\",\"end\":\"time\",\"since\":\"2025-11-21T12:00:00Z\","
           "\"until\":\"2025-11-21T12:00:00Z\",\"incident\":12,\"why\":\"Daily loss limit.\",\"reason\":\"time is up\"}");
}

static void
test_enforcement_notices(void **state)
{
    struct notice notice = { .kind = NOTICE_BREACH, .incident = 12, .rule = 3, .action = ACTION_LOCK, .unit = UNIT_MICROS,
        .observed = 550500000, .limit = 500000000, .text = "Lost $550.50 of $500.00." };

    (void)state;
    assert_string_equal(messages_notice(fresh(), &notice), "enforcement_action");
    expect("{\"step\":\"breach\",\"incident\":12,\"rule\":3,\"action\":\"lock\",\"contract\":\"\",\"observed\":550.5,\"limit\":500,"
           "\"unit\":\"dollars\",\"text\":\"Lost $550.50 of $500.00.\"}");

    notice = (struct notice){ .kind = NOTICE_ENFORCEMENT, .incident = 12, .rule = 3,
        .u.enforcement = { .step = STEP_SENT, .command = { .kind = COMMAND_PLACE_STOP, .contract = { "C" }, .size = 2,
                                                  .price_nanos = 5 * NANOS_PER_UNIT } } };
    assert_string_equal(messages_notice(fresh(), &notice), "enforcement_action");
    expect("{\"step\":\"sent\",\"incident\":12,\"rule\":3,\"command\":\"place_stop\",\"contract\":\"C\",\"order_id\":0,\"size\":2,"
           "\"price\":5,\"outcome\":null,\"took_us\":null,\"text\":\"\"}");
    notice.u.enforcement.command = (struct command){ .kind = COMMAND_CANCEL, .order_id = 5 };
    notice.u.enforcement.step = STEP_ANSWERED;
    notice.u.enforcement.outcome = OUTCOME_AMBIGUOUS;
    messages_notice(fresh(), &notice);
    expect("{\"step\":\"answered\",\"incident\":12,\"rule\":3,\"command\":\"cancel\",\"contract\":\"\",\"order_id\":5,\"size\":0,"
           "\"price\":null,\"outcome\":\"ambiguous\",\"took_us\":null,\"text\":\"\"}");
    notice.u.enforcement.step = STEP_PROVEN;
    notice.u.enforcement.took = SPAN_MS(12);
    messages_notice(fresh(), &notice);
    assert_non_null(strstr(buffer, "\"step\":\"proven\""));
    assert_non_null(strstr(buffer, "\"outcome\":null,\"took_us\":12000,"));
}

static void
test_gauge_notices(void **state)
{
    struct notice notice = { .kind = NOTICE_RULE_STATUS, .rule = 1, .level = 1, .unit = UNIT_TENTHS_OF_CONTRACT, .observed = 35,
        .limit = 50 };

    (void)state;
    assert_string_equal(messages_notice(fresh(), &notice), "rule_status");
    expect("{\"rule\":1,\"level\":\"yellow\",\"observed\":3.5,\"limit\":5,\"unit\":\"contracts\"}");
    notice.kind = NOTICE_WARNING;
    notice.unit = UNIT_SECONDS;
    notice.level = 2;
    strcpy(notice.text, "very near its limit");
    assert_string_equal(messages_notice(fresh(), &notice), "warning");
    expect("{\"kind\":\"warning\",\"level\":\"red\",\"rule\":1,\"incident\":0,\"contract\":\"\",\"observed\":35,\"limit\":50,"
           "\"unit\":\"seconds\",\"text\":\"very near its limit\"}");
    notice = (struct notice){ .kind = NOTICE_ALARM, .level = 2, .incident = 4, .text = "close not proven\n\"5 s\"" };
    assert_string_equal(messages_notice(fresh(), &notice), "warning");
    expect("{\"kind\":\"alarm\",\"level\":\"red\",\"rule\":0,\"incident\":4,\"contract\":\"\",\"text\":\"close not proven\\n\\\"5 s\\\"\"}");
}

static void
test_money_notices(void **state)
{
    struct notice notice = { .kind = NOTICE_PNL, .u.pnl = { .realized_micros = -100250000, .open_micros = 50000000, .unpriced = 1 } };

    (void)state;
    assert_string_equal(messages_notice(fresh(), &notice), "pnl");
    expect("{\"realized\":-100.25,\"open\":50,\"total\":-50.25,\"unpriced\":1}");
    notice = (struct notice){ .kind = NOTICE_DAILY_RESET,
        .u.day = { .starts_at = noon, .ends_at = instant_add(noon, SPAN_SECONDS(86400)), .date = 20413, .gross_micros = -100000000,
            .fees_micros = 5000000, .trades = 4, .round_turns = 2, .open_low_micros = -1, .open_high_micros = 1,
            .realized_low_micros = -105000000, .realized_high_micros = 0 } };
    assert_string_equal(messages_notice(fresh(), &notice), "daily_reset");
    expect("{\"date\":\"2025-11-21\",\"starts_at\":\"2025-11-21T12:00:00Z\",\"ends_at\":\"2025-11-22T12:00:00Z\",\"gross\":-100,"
           "\"fees\":5,\"realized\":-105,\"trades\":4,\"round_turns\":2,\"open_low\":-0.000001,\"open_high\":0.000001,"
           "\"realized_low\":-105,\"realized_high\":0}");
    notice.kind = NOTICE_MODE; /* The daemon says it in its own words. */
    assert_null(messages_notice(fresh(), &notice));
    assert_string_equal(buffer, "");
}

/* The longest texts, all of characters that escape to six: still whole. */
static void
test_longest_notice(void **state)
{
    struct notice notice = { .kind = NOTICE_LOCKOUT_CLEARED };

    (void)state;
    memset(notice.text, 1, WHY_MAX - 1);
    memset(notice.u.lockout.why, 1, WHY_MAX - 1);
    messages_notice(fresh(), &notice);
    assert_true(strlen(buffer) > 12 * (WHY_MAX - 1));
    assert_true(strlen(buffer) < 4096); /* DATA_MAX of publish.c. */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_accounts_and_quotes),
        cmocka_unit_test(test_lockout_notices),
        cmocka_unit_test(test_enforcement_notices),
        cmocka_unit_test(test_gauge_notices),
        cmocka_unit_test(test_money_notices),
        cmocka_unit_test(test_longest_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
