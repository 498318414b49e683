/*
 * test_os.c - the lock, private files and clocks of this system (CC-06, LG-11, TS-04).
 */
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/test_os_XXXXXX";

static const char *
in_directory(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* A second lock is refused, in this process and in another, and the message names the holder. */
static void
test_lock(void **state)
{
    const char *path = in_directory("lock");
    struct os_lock *lock = NULL, *second = NULL;
    struct error err;
    char holder[64];

    (void)state;
    assert_int_equal(os_lock_file(path, &lock, &err), OK);
    assert_int_equal(os_lock_file(path, &second, &err), STATUS_REFUSED);
    assert_null(second);
    (void)snprintf(holder, sizeof holder, "in use by process %ld", (long)getpid());
    assert_non_null(strstr(err.text, holder));
    os_unlock(lock);
    assert_int_equal(os_lock_file(path, &lock, &err), OK);
    os_unlock(lock);
    os_unlock(NULL);
    assert_int_equal(unlink(path), 0);
}

/* However the holder dies, the lock is free. */
static void
test_lock_of_killed_process(void **state)
{
    const char *path = in_directory("killed");
    struct os_lock *lock = NULL;
    struct error err;
    int ready[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        byte = os_lock_file(path, &lock, &err) == OK ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(os_lock_file(path, &lock, &err), STATUS_REFUSED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(os_lock_file(path, &lock, &err), OK);
    os_unlock(lock);
    (void)close(ready[0]);
    (void)close(ready[1]);
    assert_int_equal(unlink(path), 0);
}

static void
test_private(void **state)
{
    static const struct {
        mode_t mode;
        enum status expected;
    } rows[] = {
        { 0600, OK }, { 0400, OK }, { 0700, OK }, { 0640, STATUS_CONFIG }, { 0604, STATUS_CONFIG }, { 0610, STATUS_CONFIG },
        { 0602, STATUS_CONFIG }, { 0666, STATUS_CONFIG },
    };
    const char *path = in_directory("private");
    struct error err;
    struct stat info;
    mode_t old = umask(0);

    (void)state;
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
}

static void
test_directories(void **state)
{
    struct error err;
    struct stat info;

    (void)state;
    assert_int_equal(os_make_private_directory(in_directory("a/b/c"), &err), OK);
    assert_int_equal(os_make_private_directory(in_directory("a/b/c"), &err), OK);
    assert_int_equal(stat(in_directory("a/b"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(os_make_private_file(in_directory("a/file"), &err), OK);
    assert_int_equal(os_make_private_directory(in_directory("a/file/d"), &err), STATUS_INTERNAL);
    assert_int_equal(unlink(in_directory("a/file")), 0);
    assert_int_equal(rmdir(in_directory("a/b/c")), 0);
    assert_int_equal(rmdir(in_directory("a/b")), 0);
    assert_int_equal(rmdir(in_directory("a")), 0);
}

static void
test_rename(void **state)
{
    char from[128];
    struct error err;

    (void)state;
    (void)snprintf(from, sizeof from, "%s", in_directory("from"));
    assert_int_equal(os_make_private_file(from, &err), OK);
    assert_int_equal(os_make_private_file(in_directory("to"), &err), OK);
    assert_int_equal(os_rename_durably(from, in_directory("to"), &err), OK);
    assert_int_equal(access(from, F_OK), -1);
    assert_int_equal(os_rename_durably(from, in_directory("to"), &err), STATUS_INTERNAL);
    assert_int_equal(unlink(in_directory("to")), 0);
}

static void
test_clocks_and_chance(void **state)
{
    uint8_t one[64] = { 0 }, other[64] = { 0 };
    int64_t before = os_monotonic_ns();

    (void)state;
    assert_true(os_monotonic_ns() >= before);
    assert_true(os_utc_now().ns > INT64_C(1700000000000000000)); /* This was written after 2023. */
    os_random_bytes(one, sizeof one);
    os_random_bytes(other, sizeof other);
    assert_memory_not_equal(one, other, sizeof one);
}

static int
setup(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* What is taken shows and what is given back is gone, small blocks and large ones (another malloc, as sanitizers bring, is not asked). */
static void
test_heap(void **state)
{
    static const size_t sizes[] = { 40000, 4000000 };
    void *probe = malloc(50000);
    int64_t with_probe = os_heap_bytes();

    (void)state;
    free(probe);
    if (with_probe - os_heap_bytes() < 50000)
        skip();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t before = os_heap_bytes();
        void *block = malloc(sizes[i]);

        assert_non_null(block);
        assert_true(os_heap_bytes() - before >= (int64_t)sizes[i]);
        free(block);
        assert_true(os_heap_bytes() - before < 1000);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_lock_of_killed_process),
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_clocks_and_chance),
        cmocka_unit_test(test_heap),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
