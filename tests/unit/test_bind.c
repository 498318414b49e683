/*
 * test_bind.c - a table of every kind of parameter into a struct: values at their bounds, spellings, layers, what is given and what is
 * not (R-ALL-17, core/param.h).
 */
#include "base/assert.h"
#include "base/money.h"
#include "config/bind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct tier {
    int64_t loss_micros;
    struct span pause;
};

struct session {
    struct symbol symbol;
    int32_t start;
};

struct inner {
    bool flag;
    int64_t number;
};

struct everything {
    bool flag, flag_given, short_on;
    int64_t number, money;
    struct span pause;
    int32_t choice, time;
    struct symbols symbols, words;
    struct symbol_limits limits;
    const struct zone *zone;
    struct dates dates;
    int32_t tiers_count, sessions_count, steps_count;
    struct tier tiers[2];
    struct session sessions[3];
    int64_t steps[3];
    struct inner block;
    int32_t even;
    int64_t ticks;
};

static enum status
parse_even(const char *text, void *field, struct error *err)
{
    int64_t value;

    if (!text_to_int64(text, strlen(text), &value) || value % 2 != 0)
        return error_set(err, STATUS_CONFIG, "expected an even number, not \"%s\"", text);
    *(int32_t *)field = (int32_t)value;
    return OK;
}

#define AT(member) .offset = offsetof(struct everything, member)

static const struct choice colours[] = { { "red", 1 }, { "dark_blue", 2 }, { NULL, 0 } };
static const struct param tier_params[] = {
    { .keys = "loss", .kind = PARAM_MONEY, .offset = offsetof(struct tier, loss_micros), .min = 1, .max = MONEY_MAX },
    { .keys = "pause", .kind = PARAM_SECONDS, .offset = offsetof(struct tier, pause), .min = 1, .max = 60, .value = "5" },
};
static const struct param session_params[] = {
    { .keys = "start", .kind = PARAM_TIME, .offset = offsetof(struct session, start) },
};
static const struct param inner_params[] = {
    { .keys = "flag", .kind = PARAM_FLAG, .offset = offsetof(struct inner, flag), .value = "true" },
    { .keys = "number", .kind = PARAM_INT, .offset = offsetof(struct inner, number), .min = 1, .max = 9, .value = "3" },
};
static const struct param step_params[] = {
    { .keys = "", .kind = PARAM_INT, .min = 1, .max = 99 },
};

static const struct param params[] = {
    { .keys = "flag", .kind = PARAM_FLAG, AT(flag), .value = "true", .present_offset = PARAM_PRESENT_AT(struct everything, flag_given) },
    { .keys = "number|count", .kind = PARAM_INT, AT(number), .min = -5, .max = 5, .value = "1" },
    { .keys = "money|loss", .kind = PARAM_MONEY, AT(money), .min = 1, .max = 100 * MICROS_PER_DOLLAR, .value = "7.25" },
    { .keys = "pause", .kind = PARAM_SECONDS, AT(pause), .min = 1, .max = 60, .value = "30" },
    { .keys = "action", .kind = PARAM_CHOICE, AT(choice), .value = "red", .choices = colours },
    { .keys = "time", .kind = PARAM_TIME, AT(time), .optional = true },
    { .keys = "symbols", .kind = PARAM_SYMBOLS, AT(symbols), .value = "[ES]" },
    { .keys = "words", .kind = PARAM_WORDS, AT(words), .value = "[]" },
    { .keys = "limits", .kind = PARAM_LIMITS, AT(limits), .min = 0, .max = 10, .value = "{ES: 1}" },
    { .keys = "zone", .kind = PARAM_ZONE, AT(zone), .optional = true },
    { .keys = "dates", .kind = PARAM_DATES, AT(dates), .value = "[]" },
    { .keys = "tiers", .kind = PARAM_LIST, AT(tiers), .value = "[{loss: 10}]", .items = tier_params, .items_count = COUNT_OF(tier_params),
        .item_size = sizeof(struct tier), .count_offset = offsetof(struct everything, tiers_count), .items_max = 2 },
    { .keys = "sessions", .kind = PARAM_MAP, AT(sessions), .value = "{}", .items = session_params, .items_count = COUNT_OF(session_params),
        .item_size = sizeof(struct session), .count_offset = offsetof(struct everything, sessions_count), .items_max = 3 },
    { .keys = "steps", .kind = PARAM_LIST, AT(steps), .value = "[1, 2]", .items = step_params, .items_count = 1,
        .item_size = sizeof(int64_t), .count_offset = offsetof(struct everything, steps_count), .items_max = 3 },
    { .keys = "block", .kind = PARAM_BLOCK, AT(block), .optional = true, .items = inner_params, .items_count = COUNT_OF(inner_params) },
    { .keys = "even", .kind = PARAM_TEXT, AT(even), .value = "4", .parse = parse_even },
    { .keys = "stop.enabled|stop", .kind = PARAM_FLAG, AT(short_on), .value = "true", .off_if_block_missing = true },
    { .keys = "stop.ticks|stop_ticks", .kind = PARAM_INT, AT(ticks), .min = 1, .max = 100, .value = "10" },
};

/* Bind up to three texts, the most specific first.  What is wrong, one line each, into @out. */
static bool
bind_texts(const char *const *texts, int count, struct everything *ret, char *out, size_t out_size)
{
    static struct zones zones;
    static const char *const paths[] = { "a", "b", "c" };
    struct config_errors errors = { 0 };
    struct bind bind = { .zones = &zones, .errors = &errors };
    struct bind_layers layers = { .count = count };
    struct bind_target target = { .params = params, .count = COUNT_OF(params), .out = ret, .path = "" };
    struct yaml_tree *trees[3] = { NULL };
    struct text text = text_on(out, out_size);

    *ret = (struct everything){ 0 };
    for (int i = 0; i < count; i++) {
        assert_int_equal(yaml_tree_read("t", texts[i], strlen(texts[i]), &trees[i], &errors), OK);
        layers.items[i] = (struct bind_layer){ yaml_tree_root(trees[i]), paths[i] };
    }
    bool fine = bind_params(&bind, &target, &layers);
    config_errors_sort(&errors);
    config_errors_print(&errors, &text);
    assert_int_equal(fine, errors.count == 0);
    for (int i = 0; i < count; i++)
        yaml_tree_free(trees[i]);
    config_errors_fini(&errors);
    zones_fini(&zones);
    return fine;
}

static struct everything
bind_good(const char *text)
{
    static struct everything out;
    char errors[4096];

    if (!bind_texts(&text, 1, &out, errors, sizeof errors))
        fail_msg("%s", errors);
    return out;
}

static void
assert_bad(const char *yaml, const char *expected)
{
    struct everything out;
    char errors[8192];

    assert_false(bind_texts(&yaml, 1, &out, errors, sizeof errors));
    assert_string_equal(errors, expected);
}

static void
test_defaults(void **state)
{
    struct everything got = bind_good("{}");

    (void)state;
    assert_true(got.flag);
    assert_false(got.flag_given);
    assert_int_equal(got.number, 1);
    assert_int_equal(got.money, 7250000);
    assert_int_equal(got.pause.ns, SPAN_SECONDS(30).ns);
    assert_int_equal(got.choice, 1);
    assert_int_equal(got.time, -1);
    assert_int_equal(got.symbols.count, 1);
    assert_int_equal(got.words.count, 0);
    assert_int_equal(got.limits.count, 1);
    assert_null(got.zone);
    assert_int_equal(got.tiers_count, 1);
    assert_int_equal(got.tiers[0].loss_micros, 10000000);
    assert_int_equal(got.tiers[0].pause.ns, SPAN_SECONDS(5).ns);
    assert_int_equal(got.steps_count, 2);
    assert_int_equal(got.steps[1], 2);
    assert_false(got.block.flag); /* Optional and absent: zero. */
    assert_int_equal(got.even, 4);
    assert_false(got.short_on); /* Its block is not there. */
    assert_int_equal(got.ticks, 10);
}

static void
test_values(void **state)
{
    struct everything got = bind_good("flag: OFF\ncount: -5\nloss: -100.00\npause: 1.5\nenforcement: DARK_Blue\ntime: 17:00:30\nsymbols: [es, ES, \"6e\"]\nwords: mon\n"
            "limits: {ES: 0, mnq: 10}\nzone: America/Chicago\ndates: [2026-02-28, 2024-02-29]\n"
            "tiers: [{loss: 1, pause: 60}, {loss: 2, enabled: false}, {loss: 3}]\nsessions: {ES: {start: \"09:30\"}, NQ: {start: \"00:00\"}}\n"
            "steps: [99]\nblock: {number: 9}\neven: -2\nstop: {ticks: 100}\nenabled: true\n");

    (void)state;
    assert_false(got.flag);
    assert_true(got.flag_given);
    assert_int_equal(got.number, -5);
    assert_int_equal(got.money, 100000000);
    assert_int_equal(got.pause.ns, 1500000000);
    assert_int_equal(got.choice, 2);
    assert_int_equal(got.time, 61230);
    assert_int_equal(got.symbols.count, 2); /* Once each, upper case. */
    assert_string_equal(got.symbols.items[1].text, "6E");
    assert_string_equal(got.words.items[0].text, "mon");
    assert_int_equal(got.limits.count, 2);
    assert_string_equal(got.limits.items[1].symbol.text, "MNQ");
    assert_int_equal(got.limits.items[1].limit, 10);
    assert_non_null(got.zone);
    assert_int_equal(got.dates.days[1], civil_to_days(2024, 2, 29));
    assert_int_equal(got.tiers_count, 2); /* The second is off. */
    assert_int_equal(got.tiers[1].loss_micros, 3000000);
    assert_int_equal(got.sessions_count, 2);
    assert_string_equal(got.sessions[1].symbol.text, "NQ");
    assert_int_equal(got.sessions[0].start, 34200);
    assert_int_equal(got.steps_count, 1);
    assert_true(got.block.flag);
    assert_int_equal(got.block.number, 9);
    assert_int_equal(got.even, -2);
    assert_true(got.short_on);
    assert_int_equal(got.ticks, 100);
}

/* R-ALL-17: one key, several names. */
static void
test_spellings(void **state)
{
    (void)state;
    assert_int_equal(bind_good("money: -50\nloss: 50.0\n").money, 50000000);
    assert_int_equal(bind_good("action: dark_blue\nenforcement: DARK_BLUE\n").choice, 2);
    assert_true(bind_good("stop: true\nstop_ticks: 7\n").short_on);
    assert_int_equal(bind_good("stop: yes\nstop_ticks: 7\n").ticks, 7);
    assert_false(bind_good("stop: no\n").short_on);
    assert_false(bind_good("stop: {enabled: false}\n").short_on);
    assert_false(bind_good("stop_ticks: 7\n").short_on);
    assert_bad("money: 50\nloss: 50.01\n",
        "t:2:7: a.loss: found \"50.01\", expected the value of a.money in line 1, \"50\": both keys mean the same; write one\n");
    assert_bad("enforcement: dark_blue\naction: red\n",
        "t:1:14: a.enforcement: found \"dark_blue\", expected the value of a.action in line 2, \"red\": both keys mean the same; write "
        "one\n");
}

static void
test_bounds(void **state)
{
    static const struct {
        const char *good, *bad, *expected;
    } rows[] = {
        { "number: 5", "number: 6", "t:1:9: a.number: found \"6\", expected a whole number from -5 to 5\n" },
        { "number: -5", "number: -6", "t:1:9: a.number: found \"-6\", expected a whole number from -5 to 5\n" },
        { "number: 2.0", "number: 2.", "t:1:9: a.number: found \"2.\", expected a whole number from -5 to 5\n" },
        { "money: 0.000001", "money: 0", "t:1:8: a.money: found \"0\", expected an amount in dollars above 0, at most 100\n" },
        { "money: 100", "money: 100.000001",
            "t:1:8: a.money: found \"100.000001\", expected an amount in dollars above 0, at most 100\n" },
        { "pause: 1", "pause: 0.999", "t:1:8: a.pause: found \"0.999\", expected seconds from 1 to 60\n" },
        { "pause: 60", "pause: 60.001", "t:1:8: a.pause: found \"60.001\", expected seconds from 1 to 60\n" },
        { "time: 23:59:59", "time: 24:00", "t:1:7: a.time: found \"24:00\", expected a time of day such as 17:00\n" },
        { "limits: {ES: 10}", "limits: {ES: 11}", "t:1:14: a.limits.ES: found \"11\", expected a whole number from 0 to 10\n" },
        { "symbols: [ABCDEFGHIJK]", "symbols: [ABCDEFGHIJKL]",
            "t:1:11: a.symbols[0]: found \"ABCDEFGHIJKL\", expected a symbol such as ES or MNQ\n" },
        { "words: [abcdefghijk]", "words: [abcdefghijkl]",
            "t:1:9: a.words[0]: found \"abcdefghijkl\", expected a word of at most 11 characters\n" },
        { "dates: [2024-02-29]", "dates: [2025-02-29]", "t:1:9: a.dates[0]: found \"2025-02-29\", expected a date such as 2026-12-25\n" },
        { "dates: [1970-01-01]", "dates: [1969-12-31]", "t:1:9: a.dates[0]: found \"1969-12-31\", expected a date such as 2026-12-25\n" },
        { "dates: [2026-12-31]", "dates: [2026-13-01]", "t:1:9: a.dates[0]: found \"2026-13-01\", expected a date such as 2026-12-25\n" },
        { "dates: [2026-01-01]", "dates: [2026-00-01]", "t:1:9: a.dates[0]: found \"2026-00-01\", expected a date such as 2026-12-25\n" },
        { "tiers: [{loss: 1}, {loss: 2}]", "tiers: [{loss: 1}, {loss: 2}, {loss: 3}]", "t:1:31: a.tiers[2]: found a block, expected at most 2\n" },
        { "steps: [1, 2, 3]", "steps: [1, 2, 100]", "t:1:15: a.steps[2]: found \"100\", expected a whole number from 1 to 99\n" },
        { "even: 8", "even: 7", "t:1:7: a.even: found \"7\", expected an even number\n" },
        { "flag: on", "flag: \"on\"", "t:1:7: a.flag: found the text \"on\", expected true or false\n" },
        { "time: ~", "number: ~", "t:1:9: a.number: found nothing, expected a whole number from -5 to 5\n" },
        { "block: {enabled: false, number: 4}", "block: {number: 0}",
            "t:1:17: a.block.number: found \"0\", expected a whole number from 1 to 9\n" },
        { "sessions: {ES: {enabled: false, start: \"09:00\"}}", "sessions: {ES: {}, es: {start: \"09:00\"}}",
            "t:1:16: a.sessions.ES.start: found nothing, expected a time of day such as 17:00\n"
            "t:1:20: a.sessions.es: found the key \"es\", expected each symbol once, in whatever case\n" },
        { "stop: {enabled: true}", "stop: {enable: true}",
            "t:1:8: a.stop.enable: found the key \"enable\", expected \"enabled\" or another of: ticks\n" },
        { "zone: UTC", "zone: Mars/Olympus", "t:1:7: a.zone: found \"Mars/Olympus\", expected a time zone such as America/Chicago\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)bind_good(rows[i].good);
        assert_bad(rows[i].bad, rows[i].expected);
    }
}

static void
test_off_items_are_left_out(void **state)
{
    struct everything got = bind_good("sessions: {ES: {enabled: no, start: \"09:00\"}, NQ: {start: \"10:00\"}}\nblock: {enabled: no}\n");

    (void)state;
    assert_int_equal(got.sessions_count, 1);
    assert_string_equal(got.sessions[0].symbol.text, "NQ");
    assert_int_equal(got.sessions[0].start, 36000);
    assert_int_equal(got.block.number, 0);
}

/* R-ALL-16: single values over a profile over what is shared. */
static void
test_layers(void **state)
{
    static const char *const texts[] = { "{loss: 1, limits: {es: 9}, sessions: {NQ: {start: \"01:00\"}}}",
        "{money: 2, number: 2, tiers: [{loss: 2}], limits: {NQ: 5}}",
        "{money: 3, number: 3, pause: 3, tiers: [{loss: 3}, {loss: 4}], limits: {ES: 1, YM: 7}, sessions: {ES: {start: \"02:00\"}, nq: {start: \"03:00\"}}}" };
    struct everything got;
    char errors[4096];

    (void)state;
    if (!bind_texts(texts, 3, &got, errors, sizeof errors))
        fail_msg("%s", errors);
    assert_int_equal(got.money, 1000000); /* In another spelling. */
    assert_int_equal(got.number, 2);
    assert_int_equal(got.pause.ns, SPAN_SECONDS(3).ns);
    assert_int_equal(got.tiers_count, 1); /* Lists are replaced whole. */
    assert_int_equal(got.tiers[0].loss_micros, 2000000);
    assert_int_equal(got.limits.count, 3); /* Maps are merged. */
    assert_string_equal(got.limits.items[0].symbol.text, "ES");
    assert_int_equal(got.limits.items[0].limit, 9);
    assert_int_equal(got.limits.items[2].limit, 5);
    assert_int_equal(got.sessions_count, 2);
    assert_int_equal(got.sessions[0].start, 7200);
    assert_int_equal(got.sessions[1].start, 3600);
}

/* All at once, in the order of the file. */
static void
test_every_problem(void **state)
{
    (void)state;
    assert_bad("money: much\nnumbr: 3\nlimits:\n  ES: x\n  NQ: y\nsymbols: {}\nstop: 3\nsteps: [a, b]\n",
        "t:1:8: a.money: found \"much\", expected an amount in dollars above 0, at most 100\n"
        "t:2:1: a.numbr: found the key \"numbr\", expected \"number\" or another of: flag, count, money, loss, pause, action, enforcement, "
        "time, symbols, words, limits, zone, dates, tiers, sessions, steps, block, even, stop, stop_ticks\n"
        "t:4:7: a.limits.ES: found \"x\", expected a whole number from 0 to 10\n"
        "t:5:7: a.limits.NQ: found \"y\", expected a whole number from 0 to 10\n"
        "t:6:10: a.symbols: found a block, expected a list of symbols such as [ES, MNQ]\n"
        "t:7:7: a.stop: found \"3\", expected true or false\n"
        "t:8:9: a.steps[0]: found \"a\", expected a whole number from 1 to 99\n"
        "t:8:12: a.steps[1]: found \"b\", expected a whole number from 1 to 99\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_off_items_are_left_out),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_every_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
