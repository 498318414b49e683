/*
 * test_lint.c - settings that are allowed and dangerous are told (S-23), and a sound configuration says nothing.
 */
#include "config/lint.h"
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

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
