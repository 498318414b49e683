/*
 * test_os.c - the lock, private files and clocks of this system (CC-06, LG-11, TS-04).
 */
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "lib/machine.h"
#include "os/path.h"
#include "os/pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static char directory[300];

static const char *
in_directory(const char *name)
{
    static char path[400];

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
    (void)snprintf(holder, sizeof holder, "in use by process %ld", (long)uv_os_getpid());
    assert_non_null(strstr(err.text, holder));
    os_unlock(lock);
    assert_int_equal(os_lock_file(path, &lock, &err), OK);
    os_unlock(lock);
    os_unlock(NULL);
    assert_true(machine_remove(path));
}

/* However the holder dies, the lock is free. */
static void
test_lock_of_killed_process(void **state)
{
    char path[400], mark[400];
    struct os_lock *lock = NULL;
    struct error err;

    (void)state;
    (void)text_copy(path, sizeof path, in_directory("killed"));
    (void)text_copy(mark, sizeof mark, in_directory("mark"));
    machine_run_self_and_kill((const char *const[]){ "hold", path, mark, NULL }, mark);
    assert_int_equal(os_lock_file(path, &lock, &err), OK);
    os_unlock(lock);
    assert_true(machine_remove(path));
    assert_true(machine_remove(mark));
}

/* The other process of the test above: holds the lock until it is killed. */
static int
hold(const char *path, const char *mark)
{
    struct os_lock *lock = NULL;
    struct os_lock *second = NULL;
    struct error err;
    bool held = os_lock_file(path, &lock, &err) == OK && os_lock_file(path, &second, &err) == STATUS_REFUSED;
    FILE *file = fopen(mark, "wb");

    if (file == NULL || fputc(held ? 'y' : 'n', file) == EOF || fclose(file) != 0)
        return 1;
    while (held)
        uv_sleep(1000);
    return 1;
}

/* What others could read is told from what they could not, and what is made is ours alone; also what is written over. */
static void
test_private(void **state)
{
    const char *path = in_directory("private");
    char bytes[8] = "";
    struct error err;

    (void)state;
    machine_be_careless(true);
    assert_int_equal(os_make_private_file(path, &err), OK);
    machine_be_careless(false);
    assert_true(machine_is_private(path));
    assert_int_equal(os_file_is_private(path, &err), OK);
    machine_open(path);
    assert_int_equal(os_file_is_private(path, &err), STATUS_CONFIG);
    assert_int_equal(os_make_private_file(path, &err), OK); /* There already: left as it is. */
    assert_int_equal(os_file_is_private(path, &err), STATUS_CONFIG);
    machine_be_careless(true);
    assert_int_equal(os_write_private_file(path, "a\nb", 3, &err), OK);
    machine_be_careless(false);
    assert_true(machine_is_private(path));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), 3);
    assert_memory_equal(bytes, "a\nb", 3);
    assert_int_equal(fclose(file), 0);
    assert_true(machine_remove(path));
    assert_int_equal(os_file_is_private(path, &err), STATUS_INTERNAL);
}

static void
test_directories(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(os_make_private_directory(in_directory("a/b/c"), &err), OK);
    assert_int_equal(os_make_private_directory(in_directory("a/b/c"), &err), OK);
    assert_true(machine_is_private(in_directory("a/b")));
    assert_int_equal(os_make_private_file(in_directory("a/file"), &err), OK);
    assert_int_equal(os_make_private_directory(in_directory("a/file/d"), &err), STATUS_INTERNAL);
    assert_true(machine_remove(in_directory("a/file")));
    assert_true(machine_remove_directory(in_directory("a/b/c")));
    assert_true(machine_remove_directory(in_directory("a/b")));
    assert_true(machine_remove_directory(in_directory("a")));
}

static void
test_rename(void **state)
{
    char from[400];
    struct error err;

    (void)state;
    (void)snprintf(from, sizeof from, "%s", in_directory("from"));
    assert_int_equal(os_make_private_file(from, &err), OK);
    assert_int_equal(os_make_private_file(in_directory("to"), &err), OK);
    assert_int_equal(os_rename_durably(from, in_directory("to"), &err), OK);
    assert_false(machine_exists(from));
    assert_int_equal(os_rename_durably(from, in_directory("to"), &err), STATUS_INTERNAL);
    assert_true(machine_remove(in_directory("to")));
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
    return machine_directory("os", directory) ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    return machine_remove_directory(directory) ? 0 : -1;
}

/* What is taken shows and what is given back is gone, small blocks and large ones (another malloc, as sanitizers bring, is not asked). */
static void
test_heap(void **state)
{
    static const size_t sizes[] = { 40000, 4000000 };
    void *volatile probe = malloc(50000); /* Volatile: else no optimizer lets us have it. */
    int64_t with_probe = os_heap_bytes();

    (void)state;
    free(probe);
    if (with_probe - os_heap_bytes() < 50000)
        skip();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t before = os_heap_bytes();
        void *volatile block = malloc(sizes[i]);

        assert_non_null(block);
        assert_true(os_heap_bytes() - before >= (int64_t)sizes[i]);
        free(block);
        assert_true(os_heap_bytes() - before < 1000);
    }
}

/* Where the name begins; and one pipe has one name. */
static void
test_names(void **state)
{
    char name[200], again[200];

    (void)state;
    assert_string_equal(path_name("a/b.db"), "b.db");
    assert_string_equal(path_name("b.db"), "b.db");
    assert_string_equal(path_name("a/"), "");
    assert_true(path_is_absolute("/a"));
    assert_false(path_is_absolute("a/b"));
    for (int place = PATH_CONFIGURATION; place <= (int)PATH_TEMPLATES; place++)
        assert_true(path_is_absolute(path_installed((enum path_place)place)));
    pipe_name("/a/b.control", name, sizeof name);
    pipe_name(name, again, sizeof again);
    assert_string_equal(name, again);
    pipe_name("/a/c.control", again, sizeof again);
    assert_string_not_equal(name, again);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_lock_of_killed_process),
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_clocks_and_chance),
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_names),
    };

    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2], argv[3]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
