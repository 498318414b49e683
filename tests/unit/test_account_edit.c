/*
 * test_account_edit.c - accounts.yaml is changed in one place and nowhere else (S-18).
 */
#include "ctl/account_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char before[] =
    "# Mine.\n"
    "accounts:\n"
    "  # The first.\n"
    "  - account_id: 1001  # eval\n"
    "    enabled: true   # watched\n"
    "    rules: {}\n"
    "    # end of the first\n"
    "\n"
    "  -\n"
    "    # The second.\n"
    "    account_id: 10010\n"
    "    username: \"b\"\n"
    "    profile: 'x #1' # c\n"
    "# The end.\n";

static char bytes[4096];

static enum status
set(int64_t id, const char *key, const char *value)
{
    struct text out = text_on(bytes, sizeof bytes);
    struct error err;

    return account_edit_set(before, id, key, value, &out, &err);
}

/* @old replaced once by @new_one, and not a byte else. */
static void
expect_change(const char *old, const char *new_one)
{
    char expected[4096];
    const char *at = strstr(before, old);
    struct text text = text_on(expected, sizeof expected);

    assert_non_null(at);
    text_add_bytes(&text, before, (size_t)(at - before));
    text_add(&text, new_one);
    text_add(&text, at + strlen(old));
    assert_string_equal(bytes, expected);
}

static void
one_value_changes(void **state)
{
    (void)state;
    assert_int_equal(set(1001, "enabled", "false"), OK);
    expect_change("enabled: true   #", "enabled: false   #");
    assert_int_equal(set(10010, "username", "c d"), OK);
    expect_change("\"b\"", "\"c d\"");
    assert_int_equal(set(10010, "nickname", "new"), OK);
    expect_change("# c\n", "# c\n    nickname: \"new\"\n");
    assert_int_equal(set(10010, "profile", "y"), OK);
    expect_change("'x #1' # c", "\"y\" # c");
}

static void
what_cannot_be_changed_is_refused(void **state)
{
    (void)state;
    assert_int_equal(set(100, "enabled", "false"), STATUS_REFUSED); /* No account by the beginning of its number. */
    assert_int_equal(set(1001, "nickname", "two\nlines"), STATUS_CONFIG);
    assert_int_equal(set(1001, "nickname", "a\" b"), STATUS_CONFIG);
}

static void
an_account_goes_and_its_neighbours_stay(void **state)
{
    struct text out = text_on(bytes, sizeof bytes);
    struct error err;

    (void)state;
    assert_int_equal(account_edit_remove(before, 1001, &out, &err), OK);
    expect_change("  - account_id: 1001  # eval\n    enabled: true   # watched\n    rules: {}\n", "");
    out = text_on(bytes, sizeof bytes);
    assert_int_equal(account_edit_remove(before, 10010, &out, &err), OK);
    expect_change("  -\n    # The second.\n    account_id: 10010\n    username: \"b\"\n    profile: 'x #1' # c\n", "");
    assert_int_equal(account_edit_remove(before, 5, &out, &err), STATUS_REFUSED);
    assert_int_equal(account_edit_remove(before, 100, &out, &err), STATUS_REFUSED); /* The beginning of two others. */
}

static void
an_account_comes_after_the_last(void **state)
{
    struct account_edit edit = { .account_id = 77, .username = "u", .api_key_file = "/k" };
    struct text out = text_on(bytes, sizeof bytes);
    struct error err;

    (void)state;
    assert_int_equal(account_edit_add(before, &edit, &out, &err), OK);
    expect_change("# c\n",
        "# c\n  - account_id: 77\n    enabled: true\n    username: \"u\"\n    api_key_file: \"/k\"\n");
    edit.account_id = 1001;
    assert_int_equal(account_edit_add(before, &edit, &out, &err), STATUS_REFUSED);
    out = text_on(bytes, sizeof bytes);
    assert_int_equal(account_edit_add("accounts:\n", &edit, &out, &err), OK);
    assert_non_null(strstr(bytes, "accounts:\n  - account_id: 1001\n"));
    out = text_on(bytes, sizeof bytes);
    assert_int_equal(account_edit_add("accounts: []\n", &edit, &out, &err), STATUS_REFUSED);
    out = text_on(bytes, 20);
    assert_int_equal(account_edit_add(before, &(struct account_edit){ .account_id = 3 }, &out, &err), STATUS_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_changes),
        cmocka_unit_test(what_cannot_be_changed_is_refused),
        cmocka_unit_test(an_account_goes_and_its_neighbours_stay),
        cmocka_unit_test(an_account_comes_after_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
