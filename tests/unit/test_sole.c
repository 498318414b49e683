/*
 * test_sole.c - one riskd for an account, whatever its database (CC-06).
 */
#include "app/scratch.h"
#include "app/sole.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loaded_config
guarding(const struct account_config *accounts, int32_t count, int port)
{
    struct loaded_config config = { .config = { .accounts = accounts, .accounts_count = count } };

    (void)snprintf(config.daemon.api.base_url, sizeof config.daemon.api.base_url, "https://test-sole:%d", port);
    return config;
}

static void
one_riskd_for_an_account(void **state)
{
    const struct account_config accounts[] = { { .id = 7 }, { .id = 8 }, { .id = 9 } };
    struct loaded_config first = guarding(accounts, 2, 1), overlaps = guarding(accounts + 1, 2, 1), elsewhere = guarding(accounts, 3, 2);
    struct sole one = { 0 }, two = { 0 }, three = { 0 };
    struct scratch *scratch = NULL;
    struct error err = { 0 };
    char folder[600];

    (void)state;
    assert_int_equal(scratch_new(&scratch, folder, sizeof folder, &err), OK);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(uv_os_setenv("TMPDIR", folder), 0);
    assert_int_equal(uv_os_setenv("TEMP", folder), 0); /* Windows' name. */
    assert_int_equal(sole_take(&one, &first, NULL, &err), OK);
    assert_int_equal(one.count, 2);
    assert_int_equal(sole_take(&two, &overlaps, NULL, &err), STATUS_REFUSED);
    assert_non_null(strstr(err.text, "account 8 is guarded by another riskd"));
    assert_int_equal(two.count, 0);
    assert_int_equal(sole_take(&three, &elsewhere, NULL, &err), OK); /* Another gateway's numbers. */
    sole_release(&one);
    assert_int_equal(sole_take(&two, &overlaps, NULL, &err), OK);
    sole_release(&two);
    sole_release(&three);
    scratch_free(scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_riskd_for_an_account) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
