/*
 * test_os_modes.c - which modes and owners are private on Linux (LG-11, TS-04); what holds everywhere is in test_os.c.
 */
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "lib/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
each_bit_counts(void **state)
{
    static const struct {
        mode_t mode;
        enum status expected;
    } rows[] = {
        { 0600, OK }, { 0400, OK }, { 0700, OK }, { 0640, STATUS_CONFIG }, { 0604, STATUS_CONFIG }, { 0610, STATUS_CONFIG },
        { 0602, STATUS_CONFIG }, { 0666, STATUS_CONFIG },
    };
    char directory[300], path[320];
    struct error err;
    struct stat info;
    mode_t old = umask(0);

    (void)state;
    assert_true(machine_directory("modes", directory));
    (void)snprintf(path, sizeof path, "%s/file", directory);
    assert_int_equal(os_make_private_file(path, &err), OK);
    (void)umask(old);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(os_file_is_private(path, &err), rows[i].expected);
    }
    if (geteuid() == 0) {
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
        assert_int_equal(os_file_is_private(path, &err), STATUS_CONFIG);
        assert_non_null(strstr(err.text, "belongs to user 12345"));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(os_file_is_private(path, &err), STATUS_INTERNAL);
    assert_true(machine_remove_directory(directory));
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_bit_counts) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
