/*
 * test_lint.c - settings that are allowed and dangerous are told (S-23), and a sound configuration says nothing.
 */
#include "config/lint.h"
#include "lib/config_fixture.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOSS "\"daily_realized_loss\":{\"limit\":-500}"
#define SESSION(end, zone) LOSS ",\"session_block_outside\":{\"global_session\":{\"start\":\"08:30\",\"end\":\"" end "\",\"timezone\":\"" zone "\"}}"

static const struct {
    const char *config, *says; /* NULL: nothing. */
} rows[] = {
    { LOSS, NULL },
    { "\"max_contracts\":{\"limit\":5}", "daily_realized_loss: does not act" },
    { "\"daily_realized_loss\":{\"limit\":-4500}", NULL },
    { "\"daily_realized_loss\":{\"limit\":-4500.01}", "more than any account of the firm" },
    { LOSS ",\"daily_unrealized_loss\":{\"loss_limit\":500}", NULL },
    { LOSS ",\"daily_unrealized_loss\":{\"loss_limit\":501}", "more than the day's" },
    { LOSS ",\"max_contracts\":{\"limit\":2},\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2}}", NULL },
    { LOSS ",\"max_contracts\":{\"limit\":2},\"max_contracts_per_instrument\":{\"limits\":{\"ES\":3}}", "ES may be 3" },
    { LOSS ",\"max_contracts_per_instrument\":{\"limits\":{\"ES\":3}}", "nothing limits them together" },
    { LOSS ",\"max_contracts\":{\"limit\":2,\"mode\":\"shadow\"}", "is in shadow" },
    { "\"daily_realized_loss\":{\"limit\":-500,\"mode\":\"off\"}", "none acts" },
    { SESSION("15:10", "America/Chicago"), NULL },
    { SESSION("15:11", "America/Chicago"), "ends after 15:10" },
    { SESSION("16:10", "America/New_York"), NULL },
    { SESSION("16:30", "America/New_York"), "ends after 15:10" },
    { LOSS ",\"session_block_outside\":{\"global_session\":{\"enabled\":false},\"per_instrument_sessions\":{\"ES\":{\"start\":\"08:30\",\"end\":"
        "\"15:30\"}}}", "ES's session ends after" },
    { LOSS ",\"cooldown_after_loss\":{\"enabled\":false}", NULL },
    { LOSS ",\"global\":{\"loosen\":\"delay:1s\"}", NULL },
    { LOSS ",\"global\":{\"loosen\":\"immediate\"}", "holds at once" },
};

static void
test_rows(void **state)
{
    const int64_t ids[] = { 123 };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[1024], bytes[2048] = "";
        struct text out = text_on(bytes, sizeof bytes);
        struct loaded_config *loaded = NULL;
        struct config_errors errors = { 0 };
        (void)snprintf(json, sizeof json, "{%s}", rows[i].config);
        if (config_from_scenario(json, strlen(json), ids, 1, rules_table, &loaded, &errors) != OK)
            fail_msg("%s: found %s", json, errors.count > 0 ? errors.items[0].found : "");
        int32_t count = config_lint(loaded, rules_table, &out);
        if ((count > 0) != (rows[i].says != NULL) || (rows[i].says != NULL && strstr(bytes, rows[i].says) == NULL))
            fail_msg("%s: says\n%s", json, bytes);
        loaded_config_free(loaded);
        config_errors_fini(&errors);
    }
}

static int32_t
say_of_daemon(const char *yaml, char *bytes, size_t size)
{
    static char output[CONFIG_OUTPUT_MAX];
    struct config_sources sources = config_fixture_sources();
    struct text out = text_on(bytes, size);
    struct loaded_config *loaded = NULL;

    bytes[0] = '\0';
    sources.daemon = config_fixture_text("daemon.yaml", yaml);
    if (config_fixture_load(&sources, &loaded, output) != OK)
        fail_msg("%s", output);
    int32_t count = config_lint(loaded, sources.rules_table, &out);
    loaded_config_free(loaded);
    return count;
}

/* BO-04: what cannot be set is told, key by key; its default is not. */
static void
test_fixed(void **state)
{
    static const char other[] = "order: { tag_prefix: xy, verify_after_ms: 5001, no_progress_s: 61 }\n";
    static const char same[] = "order: { tag_prefix: rm, verify_after_ms: 5000 }\n"
        "enforce: { backoff_ms: [250, 500] }\nverify: { poll_ms: 501, fast_window_ms: 5001, min_agreeing_reads: 3 }\n"
        "rate: { general: 200/61, history: 49/30, normal_share: 0.7, enforce_share: 0.9 }\n"
        "db: { synchronous: EXTRA, busy_timeout_ms: 2001 }\nfeed: { max_clients: 99 }\n";
    char bytes[4096];

    (void)state;
    int32_t plain = say_of_daemon("{}", bytes, sizeof bytes);
    assert_null(strstr(bytes, "cannot be set"));
    assert_int_equal(say_of_daemon(same, bytes, sizeof bytes), plain);
    assert_int_equal(say_of_daemon(other, bytes, sizeof bytes), plain + 3);
    for (size_t i = 0; i < settings_fixed_count; i++)
        assert_non_null(strstr(bytes, settings_fixed[i]));
    assert_non_null(strstr(bytes, "order.verify_after_ms: cannot be set in this version: it is 5000\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_fixed) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
