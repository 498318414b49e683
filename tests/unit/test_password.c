/*
 * test_password.c - the admin password and how long wrong ones make everybody wait (S-17).
 */
#include "app/attempts.h"
#include "app/password.h"
#include "base/text.h"
#include "lib/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHEAP 4

static char directory[300], path[320];

static int
set_up(void **state)
{
    (void)state;
    if (!machine_directory("password", directory))
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    (void)machine_remove(path);
    return machine_remove_directory(directory) ? 0 : -1;
}

/* At least 8, at most 72 bytes: longer ones are refused, not cut. */
static void
length_has_two_bounds(void **state)
{
    char password[80];
    struct error err;
    static const struct {
        size_t length;
        enum status status;
    } rows[] = { { 0, STATUS_CONFIG }, { 7, STATUS_CONFIG }, { 8, OK }, { 72, OK }, { 73, STATUS_CONFIG } };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(password, 'x', sizeof password);
        password[rows[i].length] = '\0';
        assert_int_equal(password_check(password, &err), rows[i].status);
    }
    assert_int_equal(password_check("bad utf8 \xff\xfe", &err), STATUS_CONFIG);
}

static void
only_the_same_password_matches(void **state)
{
    char hash[PASSWORD_HASH_MAX], again[PASSWORD_HASH_MAX], longest[74];
    struct error err;

    (void)state;
    assert_int_equal(password_hash("correct horse", CHEAP, hash, &err), OK);
    assert_true(text_starts(hash, "$2b$04$"));
    assert_true(password_matches("correct horse", hash));
    assert_false(password_matches("correct hors", hash));
    assert_false(password_matches("correct horse ", hash));
    assert_false(password_matches("", hash));
    assert_int_equal(password_hash("correct horse", CHEAP, again, &err), OK);
    assert_string_not_equal(hash, again); /* Salted. */
    memset(longest, 'x', 73);
    longest[72] = '\0';
    assert_int_equal(password_hash(longest, CHEAP, hash, &err), OK);
    assert_true(password_matches(longest, hash));
    longest[72] = 'y';
    longest[73] = '\0';
    assert_false(password_matches(longest, hash)); /* bcrypt itself would not look at the last byte. */
}

static void
no_hash_matches_nothing(void **state)
{
    static const char *const hashes[] = { "", "x", "$2b$", "*0", "*1", "$1$abcdefgh$abcdefghabcdefghabcdef",
        "$2b$04$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!" };

    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        assert_false(password_matches("", hashes[i]));
        assert_false(password_matches(hashes[i], hashes[i]));
    }
}

static void
the_hash_is_kept_private(void **state)
{
    char hash[PASSWORD_HASH_MAX], read[PASSWORD_HASH_MAX];
    struct error err;

    (void)state;
    assert_int_equal(password_load(path, read, &err), STATUS_REFUSED);
    assert_int_equal(password_hash("correct horse", CHEAP, hash, &err), OK);
    assert_int_equal(password_save(path, hash, &err), OK);
    assert_true(machine_is_private(path));
    assert_int_equal(password_load(path, read, &err), OK);
    assert_string_equal(hash, read);
    machine_open(path);
    assert_int_equal(password_load(path, read, &err), STATUS_CONFIG);
    assert_int_equal(password_save(path, "no hash", &err), OK);
    assert_int_equal(password_load(path, read, &err), STATUS_CONFIG);
}

static void
waits_grow_and_end(void **state)
{
    static const int64_t waits_s[] = { 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600 };
    struct instant at = { 1000000000000 };

    (void)state;
    for (int32_t wrong = 0; wrong < 12; wrong++) {
        struct attempts attempts = { .wrong = wrong, .last_at = at };
        int64_t wait_ns = SPAN_SECONDS(waits_s[wrong]).ns;
        assert_int_equal(attempts_wait(&attempts, at).ns, wait_ns);
        if (wait_ns == 0)
            continue;
        assert_int_equal(attempts_wait(&attempts, (struct instant){ at.ns + wait_ns - 1 }).ns, 1);
        assert_int_equal(attempts_wait(&attempts, (struct instant){ at.ns + wait_ns }).ns, 0);
        assert_int_equal(attempts_wait(&attempts, (struct instant){ at.ns - 1 }).ns, wait_ns); /* A clock set back helps nobody. */
    }
}

static void
waits_survive_a_restart(void **state)
{
    struct attempts attempts = { 0 }, read;
    struct instant at = { 1000000000000 };
    struct error err;

    (void)state;
    attempts_load(path, at, &read);
    assert_int_equal(read.wrong, 0);
    for (int i = 0; i < 4; i++)
        attempts_count(&attempts, at);
    assert_int_equal(attempts_save(path, &attempts, &err), OK);
    attempts_load(path, (struct instant){ at.ns + 5 }, &read);
    assert_int_equal(read.wrong, 4);
    assert_int_equal(read.last_at.ns, at.ns);
}

/* Nobody gets rid of the wait by spoiling the file. */
static void
a_spoilt_file_says_the_worst(void **state)
{
    static const char *const contents[] = { "", "x", "3", "-1 5\n", "3 x\n", "99999999999 1\n", " \n" };
    struct attempts read;
    struct instant now = { 5000000000 };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        assert_int_equal(password_save(path, contents[i], &err), OK); /* Adds an end of line. */
        attempts_load(path, now, &read);
        assert_int_equal(attempts_wait(&read, now).ns, SPAN_SECONDS(3600).ns);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_has_two_bounds),
        cmocka_unit_test(only_the_same_password_matches),
        cmocka_unit_test(no_hash_matches_nothing),
        cmocka_unit_test_setup_teardown(the_hash_is_kept_private, set_up, tear_down),
        cmocka_unit_test(waits_grow_and_end),
        cmocka_unit_test_setup_teardown(waits_survive_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spoilt_file_says_the_worst, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
