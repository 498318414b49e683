/*
 * test_hold.c - rules as text and back, and what of a looser change does not hold yet (issue 8).
 */
#include "config/hold.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES 65536

static const struct {
    const char *old, *now, *in_force; /* What the merge is: a configuration again. */
} rows[] = {
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":6}}", "{\"max_contracts\":{\"limit\":5}}" },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":4}}", "{\"max_contracts\":{\"limit\":4}}" },
    /* One figure up, one down: each by itself. */
    { "{\"max_contracts\":{\"limit\":5,\"lockout_on_breach\":false}}", "{\"max_contracts\":{\"limit\":6,\"lockout_on_breach\":true}}",
        "{\"max_contracts\":{\"limit\":5,\"lockout_on_breach\":true}}" },
    { "{\"max_contracts\":{\"limit\":5}}", "{}", "{\"max_contracts\":{\"limit\":5}}" },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":5,\"mode\":\"shadow\"}}", "{\"max_contracts\":{\"limit\":5}}" },
    { "{\"max_contracts\":{\"limit\":5,\"mode\":\"shadow\"}}", "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":5}}" },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\"]}}",
        "{\"max_contracts\":{\"limit\":5},\"symbol_blocks\":{\"blocked_symbols\":[\"ES\"]}}" },
    { "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\"]}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}",
        "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}" },
    { "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"NQ\"]}}",
        "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}" },
    /* Of a list each symbol by itself: one less waits, one more holds. */
    { "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\"]}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"NQ\"]}}",
        "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}" },
    { "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2,\"NQ\":3}}}", "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":1,\"NQ\":9,\"CL\":1}}}",
        "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":1,\"NQ\":3}}}" },
    { "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2},\"unknown_symbol_action\":\"allow_with_limit:3\"}}",
        "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":1},\"unknown_symbol_action\":\"allow_unlimited\"}}",
        "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":1},\"unknown_symbol_action\":\"allow_with_limit:3\"}}" },
    { "{\"cooldown_after_loss\":{\"loss_thresholds\":[{\"loss_amount\":-100,\"cooldown_duration\":600}]}}",
        "{\"cooldown_after_loss\":{\"loss_thresholds\":[{\"loss_amount\":-100,\"cooldown_duration\":60}]}}",
        "{\"cooldown_after_loss\":{\"loss_thresholds\":[{\"loss_amount\":-100,\"cooldown_duration\":600}]}}" },
    { "{\"session_block_outside\":{\"global_session\":{\"start\":\"09:30\",\"end\":\"15:00\"}}}",
        "{\"session_block_outside\":{\"global_session\":{\"start\":\"09:30\",\"end\":\"16:00\"}}}",
        "{\"session_block_outside\":{\"global_session\":{\"start\":\"09:30\",\"end\":\"15:00\"}}}" },
    { "{\"session_block_outside\":{\"per_instrument_sessions\":{\"ES\":{\"start\":\"sun 17:00\",\"end\":\"fri 16:00\"}}}}",
        "{\"session_block_outside\":{\"per_instrument_sessions\":{}}}",
        "{\"session_block_outside\":{\"per_instrument_sessions\":{\"ES\":{\"start\":\"sun 17:00\",\"end\":\"fri 16:00\"}}}}" },
    { "{\"trade_frequency_limit\":{\"limits\":{\"per_minute\":3}}}", "{\"trade_frequency_limit\":{\"limits\":{\"per_minute\":4,\"per_hour\":5}}}",
        "{\"trade_frequency_limit\":{\"limits\":{\"per_minute\":3,\"per_hour\":5}}}" },
};

static struct loaded_config *
load(const char *text)
{
    const int64_t ids[] = { 123 };
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };

    if (config_from_scenario(text, strlen(text), ids, 1, rules_table, &loaded, &errors) != OK)
        fail_msg("%s: %s: found %s, expected %s", text, errors.count > 0 ? errors.items[0].key : "", errors.count > 0 ? errors.items[0].found : "",
            errors.count > 0 ? errors.items[0].expected : "");
    config_errors_fini(&errors);
    return loaded;
}

static void
write_one(const struct loaded_config *loaded, char *bytes)
{
    struct text text = text_on(bytes, BYTES);

    bytes[0] = '\0';
    hold_write(&loaded->config, &loaded->config.accounts[0], rules_table, &text);
    assert_false(text.truncated);
}

static void
test_merge(void **state)
{
    static char is[BYTES], must[BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded_config *old = load(rows[i].old), *now = load(rows[i].now), *in_force = load(rows[i].in_force);
        if (hold_merge(now, old, rules_table) != OK)
            fail_msg("%s -> %s", rows[i].old, rows[i].now);
        write_one(now, is);
        write_one(in_force, must);
        if (strcmp(is, must) != 0)
            fail_msg("%s -> %s:\n%s\n%s", rows[i].old, rows[i].now, is, must);
        loaded_config_free(now);
        loaded_config_free(in_force);
    }
}

/* What was written reads as the same rules: every rule with its defaults, and every configuration above. */
static void
test_round_trip(void **state)
{
    static char defaults[4096], first[BYTES], second[BYTES];
    struct text text = text_on(defaults, sizeof defaults);

    (void)state;
    text_add(&text, "{\"day\":{\"reset_time\":\"17:00\"}");
    for (int i = 0; rules_table[i] != NULL; i++)
        text_addf(&text, ",\"%s\":{\"enabled\":true%s}", rules_table[i]->name, text_starts(rules_table[i]->name, "daily_") ? ",\"limit\":5" : "");
    text_add(&text, "}");
    for (size_t i = 0; i <= sizeof rows / sizeof rows[0]; i++) {
        struct loaded_config *loaded = load(i == 0 ? defaults : rows[i - 1].old);
        write_one(loaded, first);
        struct loaded_config *again = load(first);
        write_one(again, second);
        assert_string_equal(first, second);
        for (int rule = 0; rules_table[rule] != NULL; rule++)
            assert_int_equal(again->config.accounts[0].enabled[rule], loaded->config.accounts[0].enabled[rule]);
        loaded_config_free(loaded);
        loaded_config_free(again);
    }
}

static void
test_wait(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused. */
    } waits[] = { { "next_day", HOLD_NEXT_DAY }, { "immediate", 0 }, { "delay:15m", 900 }, { "delay:1h", 3600 }, { "delay:5s", 5 },
        { "delay:m", -1 }, { "delay:0m", -1 }, { "delay:-1m", -1 }, { "delay:15", -1 }, { "never", -1 }, { "", -1 } };

    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct error err = { 0 };
        int64_t seconds = -1;
        enum status status = hold_parse_wait(waits[i].text, &seconds, &err);
        assert_int_equal(status == OK, waits[i].seconds >= 0);
        assert_int_equal(seconds, waits[i].seconds);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_merge), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_wait) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
