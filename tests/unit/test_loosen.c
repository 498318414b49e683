/*
 * test_loosen.c - which changes of a configuration give the trader more room (issue 8).
 */
#include "config/load.h"
#include "config/loosen.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *old, *now, *says; /* NULL: as tight or tighter. */
} rows[] = {
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":5}}", NULL },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":4}}", NULL },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":6}}", "max_contracts.limit: 5 becomes 6\n" },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"enabled\":false}}", "max_contracts is off" },
    { "{\"max_contracts\":{\"limit\":5}}", "{}", "max_contracts is off" },
    { "{}", "{\"max_contracts\":{\"limit\":5}}", NULL },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":5,\"mode\":\"shadow\"}}", "max_contracts only watches" },
    { "{\"max_contracts\":{\"limit\":5,\"mode\":\"shadow\"}}", "{\"max_contracts\":{\"limit\":5}}", NULL },
    { "{\"max_contracts\":{\"limit\":5}}", "{\"max_contracts\":{\"limit\":5,\"count_type\":\"gross\"}}", "max_contracts.count_type" },
    { "{\"max_contracts\":{\"lockout_on_breach\":true}}", "{\"max_contracts\":{\"lockout_on_breach\":false}}", "lockout_on_breach" },
    { "{\"max_contracts\":{\"lockout_on_breach\":false}}", "{\"max_contracts\":{\"lockout_on_breach\":true}}", NULL },
    { "{\"daily_realized_loss\":{\"limit\":-500}}", "{\"daily_realized_loss\":{\"limit\":-500.01}}", "daily_realized_loss.limit" },
    { "{\"daily_realized_loss\":{\"limit\":-500}}", "{\"daily_realized_loss\":{\"limit\":-499.99}}", NULL },
    { "{\"no_stop_loss_grace\":{\"grace_period_seconds\":30}}", "{\"no_stop_loss_grace\":{\"grace_period_seconds\":31}}", "grace_period" },
    { "{\"no_stop_loss_grace\":{\"grace_period_seconds\":30}}", "{\"no_stop_loss_grace\":{\"grace_period_seconds\":29}}", NULL },
    { "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\",\"NQ\"]}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"nq\"]}}", "blocked_symbols" },
    { "{\"symbol_blocks\":{\"blocked_symbols\":[\"ES\"]}}", "{\"symbol_blocks\":{\"blocked_symbols\":[\"NQ\",\"ES\"]}}", NULL },
    { "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2}}}", "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":1}}}", NULL },
    { "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2}}}", "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":3}}}", "limits" },
    { "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2}}}", "{\"max_contracts_per_instrument\":{\"limits\":{\"ES\":2,\"NQ\":9}}}",
        "limits" },
};

static struct loaded_config *
load(const char *json)
{
    const int64_t ids[] = { 123 };
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };

    if (config_from_scenario(json, strlen(json), ids, 1, rules_table, &loaded, &errors) != OK)
        fail_msg("%s: found %s", json, errors.count > 0 ? errors.items[0].found : "");
    config_errors_fini(&errors);
    return loaded;
}

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[1024] = "";
        struct text out = text_on(bytes, sizeof bytes);
        struct loaded_config *old = load(rows[i].old), *now = load(rows[i].now);
        int32_t count = loosen_compare(&old->config, &now->config, rules_table, &out);
        if (count != (rows[i].says != NULL ? 1 : 0) || (rows[i].says != NULL && strstr(bytes, rows[i].says) == NULL))
            fail_msg("%s -> %s: %d\n%s", rows[i].old, rows[i].now, (int)count, bytes);
        loaded_config_free(old);
        loaded_config_free(now);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
