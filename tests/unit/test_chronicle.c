/*
 * test_chronicle.c - what the feed tells of the past and of the rules' consequences: curve, steps, blind time, calendar (S-13, S-15).
 */
#include "feed/calendar.h"
#include "feed/chronicle.h"
#include "feed/consequence.h"
#include "feed/kinds.h"
#include "core/day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1795186800) * SECOND) /* 2026-11-20T15:00:00Z. */
#define BYTES ((size_t)1 << 20)

static struct notice
pnl(int64_t second, int64_t micros)
{
    struct notice notice = { .kind = NOTICE_PNL, .account_id = 7, .at = { START + second * SECOND } };

    notice.u.pnl.realized_micros = micros;
    return notice;
}

static const char *
curve(const struct chronicle *chronicle, char *bytes, int *ret_points)
{
    struct text text = text_on(bytes, BYTES);
    struct json_writer json = json_writer_on(&text);

    json_open(&json, NULL, '{');
    chronicle_write_curve(chronicle, &json, 7);
    json_close(&json, '}');
    *ret_points = 0;
    for (const char *at = strchr(bytes, '['); at != NULL; at = strchr(at + 1, '['))
        ++*ret_points;
    --*ret_points; /* The list's own. */
    return bytes;
}

static void
test_curve_covers_the_day(void **state)
{
    struct chronicle *chronicle = chronicle_new(2);
    char *bytes = malloc(BYTES);
    int points;

    (void)state;
    for (int64_t second = 0; second < 86400; second += 2) {
        struct notice notice = pnl(second, second * 10000);
        chronicle_notice(chronicle, &notice);
    }
    curve(chronicle, bytes, &points);
    assert_in_range(points, 100, 240);
    assert_non_null(strstr(bytes, "863.98,0]]")); /* The newest is there as it is, */
    assert_true(strtoll(strstr(bytes, "[[") + 2, NULL, 10) < (START + 1200 * SECOND) / 1000000); /* and the morning too. */
    struct notice reset = { .kind = NOTICE_DAILY_RESET, .account_id = 7, .at = { START + 86400 * SECOND } };
    chronicle_notice(chronicle, &reset);
    curve(chronicle, bytes, &points);
    assert_int_equal(points, 0);
    free(bytes);
    chronicle_free(chronicle);
}

/* The 241st point makes room; the 240th, the newest till then, stays. */
static void
test_curve_keeps_its_end(void **state)
{
    struct chronicle *chronicle = chronicle_new(1);
    char *bytes = malloc(BYTES);
    int points;

    (void)state;
    for (int64_t second = 0; second <= 240; second++) {
        struct notice notice = pnl(second * 2, second * 1000000);
        chronicle_notice(chronicle, &notice);
    }
    curve(chronicle, bytes, &points);
    assert_int_equal(points, 121);
    assert_non_null(strstr(bytes, ",239,0],["));
    assert_non_null(strstr(bytes, ",240,0]]"));
    free(bytes);
    chronicle_free(chronicle);
}

static void
test_curve_moves_along(void **state)
{
    struct chronicle *chronicle = chronicle_new(1);
    char *bytes = malloc(BYTES);
    int points;

    (void)state;
    for (int i = 0; i < 5; i++) { /* Five values in one second: the first stays, the last shows. */
        struct notice notice = pnl(0, i * 1000000);
        notice.at.ns += i;
        chronicle_notice(chronicle, &notice);
    }
    curve(chronicle, bytes, &points);
    assert_int_equal(points, 2);
    assert_non_null(strstr(bytes, ",4,0]"));
    struct notice other = pnl(1, 5);
    other.account_id = 8; /* No room for a second account: nothing happens. */
    chronicle_notice(chronicle, &other);
    free(bytes);
    chronicle_free(chronicle);
}

static void
test_history_is_bounded(void **state)
{
    struct chronicle *chronicle = chronicle_new(1);
    char *bytes = malloc(BYTES);
    struct text text = text_on(bytes, BYTES);
    struct json_writer json = json_writer_on(&text);
    int count = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct notice notice = { .kind = NOTICE_BREACH, .account_id = 7, .incident = (uint64_t)i, .rule = 1, .at = { START + i } };
        chronicle_notice(chronicle, &notice);
    }
    json_open(&json, NULL, '{');
    chronicle_write_history(chronicle, &json);
    json_close(&json, '}');
    for (const char *at = bytes; (at = strstr(at, "enforcement_action")) != NULL; at++)
        count++;
    assert_int_equal(count, 384);
    assert_non_null(strstr(bytes, "\"incident\":616,")); /* Oldest first, */
    assert_true(strstr(bytes, "\"incident\":616,") < strstr(bytes, "\"incident\":999,"));
    assert_null(strstr(bytes, "\"incident\":615,")); /* what is older is gone. */
    free(bytes);
    chronicle_free(chronicle);
}

static void
mode(struct chronicle *chronicle, enum mode mode_now, int64_t second)
{
    struct notice notice = { .kind = NOTICE_MODE, .at = { START + second * SECOND } };

    notice.u.mode.mode = mode_now;
    chronicle_notice(chronicle, &notice);
}

static void
test_blind_time(void **state)
{
    struct chronicle *chronicle = chronicle_new(1);

    (void)state;
    mode(chronicle, MODE_NORMAL, 0);
    mode(chronicle, MODE_BLIND, 100);
    assert_int_equal(chronicle_blind_today(chronicle, (struct instant){ START + 107 * SECOND }).ns, 7 * SECOND);
    mode(chronicle, MODE_DEGRADED, 110);
    mode(chronicle, MODE_NORMAL, 130);
    struct instant later = { START + 500 * SECOND };
    assert_int_equal(chronicle_blind_today(chronicle, later).ns, 10 * SECOND);
    assert_int_equal(chronicle_degraded_today(chronicle, later).ns, 20 * SECOND);
    struct notice reset = { .kind = NOTICE_DAILY_RESET, .account_id = 7, .at = later };
    chronicle_notice(chronicle, &reset);
    assert_int_equal(chronicle_blind_today(chronicle, later).ns, 0);
    chronicle_free(chronicle);
    chronicle_notice(NULL, &reset);
    assert_int_equal(chronicle_blind_today(NULL, later).ns, 0);
}

/* ---- Consequences, by a table like the rules' own ---- */

struct limits {
    bool close_all, reduce, lock;
};

static const struct param params[] = {
    { .keys = "close_all", .kind = PARAM_FLAG, .offset = offsetof(struct limits, close_all) },
    { .keys = "reduce_to_limit", .kind = PARAM_FLAG, .offset = offsetof(struct limits, reduce) },
    { .keys = "lock|lockout_on_breach", .kind = PARAM_FLAG, .offset = offsetof(struct limits, lock) },
};

static void
test_consequence(void **state)
{
    static const struct {
        struct limits limits;
        const char *words;
    } rows[] = {
        { { true, false, false }, "close all positions" },
        { { false, true, false }, "reduce to the limit" },
        { { false, false, true }, "close the newest position, lock until the daily reset" },
    };
    const struct rule rule = { .number = 1, .name = "max_contracts", .params = params, .params_count = 3 };
    const struct rule unknown = { .number = 13, .name = "of_tomorrow", .params = params, .params_count = 3 };
    char bytes[CONSEQUENCE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text text = text_on(bytes, sizeof bytes);
        consequence_write(&rule, &rows[i].limits, &text);
        assert_string_equal(bytes, rows[i].words);
    }
    struct text text = text_on(bytes, sizeof bytes);
    consequence_write(&unknown, &rows[0].limits, &text);
    assert_string_equal(bytes, "");
}

static void
test_calendar(void **state)
{
    static const struct rule *const none[] = { NULL };
    struct zone *zone = NULL;
    struct error err;
    char bytes[4096];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    (void)state;
    assert_int_equal(zone_load(NULL, "America/Chicago", &zone, &err), OK);
    struct config *config = calloc(1, sizeof *config);
    config->day_zone = zone;
    config->reset_second = 61200;
    config->calendar.count = 1;
    config->calendar.holidays[0] = (struct holiday){ .day = (int32_t)civil_to_days(2026, 11, 26), .early_close = 43200, .name = "Thanksgiving" };
    json_open(&json, NULL, '{');
    calendar_write(&json, config, none, (struct instant){ START });
    json_close(&json, '}');
    assert_non_null(strstr(bytes, "\"next_reset\":\"2026-11-20T23:00:00Z\""));
    assert_non_null(strstr(bytes, "{\"date\":\"2026-11-26\",\"name\":\"Thanksgiving\",\"early_close\":\"12:00\"}"));
    free(config);
    zone_free(zone);
}

static void
test_kinds(void **state)
{
    (void)state;
    assert_int_equal(kinds_of("snapshot"), FEED_SNAPSHOT);
    assert_int_equal(kinds_of("daemon_status"), FEED_DAEMON_STATUS);
    assert_int_equal(kinds_of("Snapshot"), FEED_UNKNOWN);
    assert_int_equal(kinds_of(""), FEED_UNKNOWN);
}

/* S-13, S-15: a snapshot tells the trades of before with their price. */
static void
test_prices(void **state)
{
    struct chronicle *chronicle = chronicle_new(1);
    struct trade_row row = { .id = 5, .price_nanos = 70 };
    int64_t price;

    (void)state;
    assert_false(chronicle_price(chronicle, 5, &price));
    chronicle_trade(chronicle, &row);
    for (row.id = 6; row.id < 1000; row.id++) {
        row.price_nanos = row.id;
        chronicle_trade(chronicle, &row);
    }
    assert_true(chronicle_price(chronicle, 5, &price) && price == 70);
    assert_true(chronicle_price(chronicle, 999, &price) && price == 999);
    for (; row.id < 100000; row.id++)
        chronicle_trade(chronicle, &row); /* Many days: the newest are known. */
    assert_false(chronicle_price(chronicle, 5, &price));
    assert_true(chronicle_price(chronicle, 99999, &price));
    chronicle_trade(NULL, &row);
    assert_false(chronicle_price(NULL, 5, &price));
    chronicle_free(chronicle);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curve_covers_the_day),
        cmocka_unit_test(test_curve_keeps_its_end),
        cmocka_unit_test(test_curve_moves_along),
        cmocka_unit_test(test_history_is_bounded),
        cmocka_unit_test(test_blind_time),
        cmocka_unit_test(test_consequence),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
