/*
 * test_service.c - what systemd is told (S-1, S-20), by a socket of the test's own in the manager's place: sd_notify(3).
 */
#include "os/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that listens under @name; the one after is told of it. */
static int
manager(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int in = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(in >= 0 && strlen(name) < sizeof address.sun_path);
    (void)strcpy(address.sun_path, name);
    if (name[0] == '@')
        address.sun_path[0] = 0;
    assert_int_equal(bind(in, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return in;
}

static void
hears(int in, const char *expected)
{
    char heard[300] = "";

    assert_int_equal(recv(in, heard, sizeof heard - 1, 0), strlen(expected));
    assert_string_equal(heard, expected);
}

static void
all_of_it(int in)
{
    service_alive();
    hears(in, "WATCHDOG=1");
    assert_true(service_ready());
    hears(in, "READY=1");
    service_says("normal: 3 accounts");
    hears(in, "STATUS=normal: 3 accounts");
    service_stopping();
    hears(in, "STOPPING=1");
    assert_int_equal(close(in), 0);
}

static void
under_a_file(void **state)
{
    char directory[300], name[320];

    (void)state;
    assert_true(machine_directory("service", directory));
    (void)snprintf(name, sizeof name, "%s/notify", directory);
    all_of_it(manager(name));
    assert_false(service_ready()); /* Nobody listens any more. */
    assert_true(machine_remove(name));
    assert_true(machine_remove_directory(directory));
}

static void
under_an_abstract_name(void **state)
{
    char name[64];

    (void)state;
    (void)snprintf(name, sizeof name, "@risk-test-service-%ld", (long)getpid());
    all_of_it(manager(name));
}

/* A manager that does not read is not waited for: the loop has other things to do. */
static void
is_not_waited_for(void **state)
{
    char name[64];
    bool taken = true;

    (void)state;
    (void)snprintf(name, sizeof name, "@risk-test-full-%ld", (long)getpid());
    int in = manager(name);
    for (int i = 0; i < 100000 && taken; i++)
        taken = service_ready();
    assert_false(taken);
    hears(in, "READY=1");
    assert_true(service_ready());
    assert_int_equal(close(in), 0);
}

static void
without_a_manager(void **state)
{
    char long_name[200];

    (void)state;
    memset(long_name, 'x', sizeof long_name);
    long_name[0] = '/';
    long_name[sizeof long_name - 1] = 0;
    (void)unsetenv("NOTIFY_SOCKET");
    assert_true(service_ready());
    assert_int_equal(setenv("NOTIFY_SOCKET", "vsock:2:1234", 1), 0);
    assert_true(service_ready());
    assert_int_equal(setenv("NOTIFY_SOCKET", long_name, 1), 0);
    assert_true(service_ready());
}

static void
watchdog(void **state)
{
    char pid[32];

    (void)state;
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    assert_int_equal(service_watchdog_ms(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(service_watchdog_ms(), 30000);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(service_watchdog_ms(), 30000);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_int_equal(service_watchdog_ms(), 0);
    (void)unsetenv("WATCHDOG_PID");
    assert_int_equal(setenv("WATCHDOG_USEC", "-5", 1), 0);
    assert_int_equal(service_watchdog_ms(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "soon", 1), 0);
    assert_int_equal(service_watchdog_ms(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_a_file),
        cmocka_unit_test(under_an_abstract_name),
        cmocka_unit_test(is_not_waited_for),
        cmocka_unit_test(without_a_manager),
        cmocka_unit_test(watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
