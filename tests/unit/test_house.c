/*
 * test_house.c - what holds for all accounts: which way is looser, as text and back, and merged (issue 8).
 */
#include "config/build.h"
#include "config/hold.h"
#include "config/house.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES 65536

static const struct {
    const char *old, *now;
    const char *says;     /* NULL: as tight or tighter. */
    const char *in_force; /* What the merge is; NULL: @now. */
} rows[] = {
    { "{}", "{}", NULL, NULL },
    { "{\"global\":{\"strict_mode\":true}}", "{}", "global.strict_mode: true becomes false", "{\"global\":{\"strict_mode\":true}}" },
    { "{}", "{\"global\":{\"strict_mode\":true}}", NULL, NULL },
    { "{}", "{\"global\":{\"loosen\":\"immediate\"}}", "global.loosen: next_day becomes immediate", "{}" },
    { "{\"global\":{\"loosen\":\"delay:15m\"}}", "{\"global\":{\"loosen\":\"delay:14m\"}}", "global.loosen: delay:900s becomes delay:840s",
        "{\"global\":{\"loosen\":\"delay:15m\"}}" },
    { "{\"global\":{\"loosen\":\"delay:15m\"}}", "{\"global\":{\"loosen\":\"next_day\"}}", NULL, NULL },
    { "{}", "{\"global\":{\"warn_percent\":1,\"alert_percent\":2}}", NULL, NULL },
    /* Nobody can tell which reset gives more room. */
    { "{\"day\":{\"reset_time\":\"17:00\"}}", "{\"day\":{\"reset_time\":\"18:00\"}}", "day.reset_time: \"17:00:00\" becomes \"18:00:00\"",
        "{\"day\":{\"reset_time\":\"17:00\"}}" },
    { "{\"day\":{\"reset_time\":\"17:00\"}}", "{\"day\":{\"reset_time\":\"16:00\"}}", "day.reset_time", "{\"day\":{\"reset_time\":\"17:00\"}}" },
    { "{}", "{\"day\":{\"time_zone\":\"America/New_York\"}}", "day.time_zone: America/Chicago becomes America/New_York", "{}" },
    { "{\"quotes\":{\"blind_s\":30}}", "{\"quotes\":{\"blind_s\":31}}", "quotes.blind_s: 30 becomes 31", "{\"quotes\":{\"blind_s\":30}}" },
    { "{\"quotes\":{\"blind_s\":30}}", "{\"quotes\":{\"blind_s\":29}}", NULL, NULL },
    { "{\"quotes\":{\"blind_policy\":\"flatten\"}}", "{\"quotes\":{\"blind_policy\":\"alarm\"}}", "quotes.blind_policy: flatten becomes alarm",
        "{\"quotes\":{\"blind_policy\":\"flatten\"}}" },
    { "{}", "{\"quotes\":{\"blind_policy\":\"flatten\"}}", NULL, NULL },
    { "{}", "{\"enforce\":{\"order\":\"cancel_first\"}}", "enforce.order", "{}" },
    { "{}", "{\"enforce\":{\"backoff_ms\":[250,10000]}}", "enforce.backoff_ms", "{}" },
    { "{}", "{\"sync\":{\"audit_s\":600}}", "sync.audit_s: 60 becomes 600", "{}" },
    /* How the broker is reached is mended at once. */
    { "{}", "{\"api\":{\"base_url\":\"https://other.example\"},\"feed\":{\"port\":9}}", NULL, NULL },
    /* One looser, one tighter: each by itself. */
    { "{\"quotes\":{\"blind_s\":30}}", "{\"quotes\":{\"blind_s\":60,\"blind_policy\":\"flatten\"}}", "quotes.blind_s",
        "{\"quotes\":{\"blind_s\":30,\"blind_policy\":\"flatten\"}}" },
    { "{\"holidays\":[\"2026-12-25\"]}", "{\"holidays\":[]}", "holidays.yaml: a day less", "{\"holidays\":[\"2026-12-25\"]}" },
    { "{\"holidays\":[]}", "{\"holidays\":[\"2026-12-25\"]}", NULL, NULL },
    { "{\"holidays\":[\"2026-12-25\"]}", "{\"holidays\":[{\"date\":\"2026-12-25\",\"early_close\":\"12:15\"}]}", "a later close",
        "{\"holidays\":[\"2026-12-25\"]}" },
    { "{\"holidays\":[{\"date\":\"2026-12-24\",\"early_close\":\"12:15\"}]}", "{\"holidays\":[{\"date\":\"2026-12-24\",\"early_close\":\"12:16\"}]}",
        "a later close", "{\"holidays\":[{\"date\":\"2026-12-24\",\"early_close\":\"12:15\"}]}" },
    { "{\"holidays\":[{\"date\":\"2026-12-24\",\"early_close\":\"12:15\"}]}", "{\"holidays\":[{\"date\":\"2026-12-24\",\"early_close\":\"12:14\"}]}",
        NULL, NULL },
    /* A day moved: both count until the time has come. */
    { "{\"holidays\":[\"2026-12-25\"]}", "{\"holidays\":[\"2026-12-24\"]}", "a day less", "{\"holidays\":[\"2026-12-24\",\"2026-12-25\"]}" },
};

static struct loaded_config *
load(const char *text)
{
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };

    if (config_from_scenario(text, strlen(text), NULL, 0, rules_table, &loaded, &errors) != OK)
        fail_msg("%s: %s: found %s", text, errors.count > 0 ? errors.items[0].key : "", errors.count > 0 ? errors.items[0].found : "");
    config_errors_fini(&errors);
    return loaded;
}

static void
write_one(const struct loaded_config *loaded, char *bytes)
{
    struct text text = text_on(bytes, BYTES);

    bytes[0] = '\0';
    house_write(loaded, &text);
    assert_false(text.truncated);
}

static void
test_rows(void **state)
{
    static char is[BYTES], must[BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[1024] = "";
        struct text out = text_on(bytes, sizeof bytes);
        struct loaded_config *old = load(rows[i].old), *now = load(rows[i].now);
        struct loaded_config *in_force = load(rows[i].in_force != NULL ? rows[i].in_force : rows[i].now);
        int32_t count = house_compare(old, now, &out);
        if (count != (rows[i].says != NULL ? 1 : 0) || (rows[i].says != NULL && strstr(bytes, rows[i].says) == NULL))
            fail_msg("%s -> %s: %d\n%s", rows[i].old, rows[i].now, (int)count, bytes);
        house_merge(now, old);
        write_one(now, is);
        write_one(in_force, must);
        if (strcmp(is, must) != 0)
            fail_msg("%s -> %s:\n%s\n%s", rows[i].old, rows[i].now, is, must);
        assert_int_equal(now->config.reset_second, in_force->config.reset_second);
        assert_int_equal(now->config.blind_after.ns, in_force->config.blind_after.ns);
        assert_int_equal(now->config.blind_flatten, in_force->config.blind_flatten);
        assert_int_equal(now->config.order, in_force->config.order);
        loaded_config_free(now); /* @old is its own. */
        loaded_config_free(in_force);
    }
}

/* What was written reads as the same. */
static void
test_round_trip(void **state)
{
    static char first[BYTES], second[BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded_config *loaded = load(rows[i].old);
        write_one(loaded, first);
        struct loaded_config *again = load(first);
        write_one(again, second);
        assert_string_equal(first, second);
        assert_int_equal(again->config.loosen_seconds, loaded->config.loosen_seconds);
        loaded_config_free(loaded);
        loaded_config_free(again);
    }
}

static void
check_table(const struct param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct param *param = &params[i];
        bool can_be_written = param->kind == PARAM_FLAG || param->kind == PARAM_INT || param->kind == PARAM_CHOICE ||
            param->kind == PARAM_TIME || param->kind == PARAM_ZONE || param->kind == PARAM_LIST || param->format != NULL;
        if (param->looser != LOOSER_NEITHER && (!can_be_written || settings_is_secret(param)))
            fail_msg("%s: gives room, but cannot be held back as text", param->keys);
    }
}

/* Each row says its way, and what gives room can be kept as text without a secret. */
static void
test_tables(void **state)
{
    (void)state;
    check_table(settings_daemon, settings_daemon_count);
    check_table(settings_global, settings_global_count);
    for (int i = 0; rules_table[i] != NULL; i++)
        for (size_t k = 0; k < rules_table[i]->params_count; k++)
            assert_int_not_equal(rules_table[i]->params[k].looser, LOOSER_NEITHER); /* A rule is nothing but room. */
}

static const char *
environment(const char *name)
{
    return strcmp(name, "TOPSTEPX_API_KEY") == 0 ? "k" : NULL;
}

static struct loaded_config *
load_files(const char *accounts)
{
    static const char daemon[] = "{}", rules[] = "rules: { max_contracts: { limit: 5 } }";
    struct config_sources sources = { .daemon = { "daemon.yaml", daemon, sizeof daemon - 1 }, .accounts = { "accounts.yaml", accounts, strlen(accounts) },
        .rules = { "risk_config.yaml", rules, sizeof rules - 1 }, .rules_table = rules_table, .environment = environment };
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };

    if (config_load(&sources, &loaded, &errors) != OK)
        fail_msg("%s: found %s", accounts, errors.count > 0 ? errors.items[0].found : "");
    config_errors_fini(&errors);
    return loaded;
}

static struct loaded_config *
in_force(int64_t id)
{
    static const char block[] = "{max_contracts: {limit: 2}}";
    struct loaded_config *part = NULL;
    struct config_errors errors = { 0 };

    assert_int_equal(config_from_scenario(block, sizeof block - 1, &id, 1, rules_table, &part, &errors), OK);
    return part;
}

/* An account out of the files, or paused, is watched with its old rules as long as somebody can log in for it. */
static void
test_keep(void **state)
{
    static const char alone[] = "[{ account_id: 5, username: ann }]";
    static const int64_t sorted[] = { 3, 5, 9 };
    static const char paused[] = "[{ account_id: 5, username: ann }, { account_id: 3, username: bob, enabled: false }]";

    (void)state;
    struct loaded_config *loaded = load_files(alone);
    assert_int_equal(hold_keep(loaded, in_force(3), "ann"), OK);
    assert_int_equal(hold_keep(loaded, in_force(9), "ann"), OK);
    assert_int_equal(hold_keep(loaded, in_force(4), "bob"), STATUS_REFUSED);
    assert_int_equal(loaded->config.accounts_count, 3);
    assert_int_equal(loaded->accounts_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(loaded->config.accounts[i].id, sorted[i]);
    assert_string_equal(config_user_of(loaded, 9), "ann");
    loaded_config_free(loaded);

    loaded = load_files(paused);
    assert_int_equal(loaded->config.accounts_count, 1);
    assert_int_equal(hold_keep(loaded, in_force(3), "ann"), OK);
    assert_int_equal(loaded->config.accounts_count, 2);
    assert_int_equal(loaded->accounts_count, 2);
    assert_true(loaded->accounts[1].enabled);
    assert_string_equal(config_user_of(loaded, 3), "bob"); /* Its own block's. */
    loaded_config_free(loaded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_keep) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
