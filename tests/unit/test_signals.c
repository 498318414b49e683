/*
 * What riskd is told from outside reaches the loop: signals, and notices of a service manager's thread (S-1, S-2, S-21).
 *
 * The manager is this test: service_listen() is wrapped (tests/CMakeLists.txt), so what riskd would be told can be said here.
 */
#include "app/signals.h"
#include "os/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

static void (*manager_tells)(void *context, enum service_notice notice);
static void *manager_context;

void __wrap_service_listen(void (*told)(void *context, enum service_notice notice), void *context);

void
__wrap_service_listen(void (*told)(void *context, enum service_notice notice), void *context)
{
    manager_tells = told;
    manager_context = context;
}

struct fixture {
    uv_loop_t loop;
    struct signals signals;
    uv_thread_t loop_thread;
    char why[32];
    int stops, reloads, notices[SERVICE_NOTICE_CLOCK + 1];
};

static void
on_stop(void *context, const char *why)
{
    struct fixture *fixture = context;
    uv_thread_t here = uv_thread_self();

    assert_true(uv_thread_equal(&here, &fixture->loop_thread));
    (void)strncpy(fixture->why, why, sizeof fixture->why - 1);
    fixture->stops++;
    uv_stop(&fixture->loop);
}

static void
on_reload(void *context)
{
    struct fixture *fixture = context;

    fixture->reloads++;
    uv_stop(&fixture->loop);
}

static void
on_notice(void *context, enum service_notice notice)
{
    struct fixture *fixture = context;

    fixture->notices[notice]++;
    uv_stop(&fixture->loop);
}

static void
set_up(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->loop_thread = uv_thread_self();
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    signals_start(&fixture->signals, &(struct signals_options){ .loop = &fixture->loop, .context = fixture, .stop = on_stop,
        .reload = on_reload, .notice = on_notice });
}

static void
tear_down(struct fixture *fixture)
{
    signals_stop(&fixture->signals);
    assert_null(manager_tells);
    signals_stop(&fixture->signals); /* Twice is once. */
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
}

static void
tell_all(void *context)
{
    (void)context;
    manager_tells(manager_context, SERVICE_NOTICE_SLEEP);
    manager_tells(manager_context, SERVICE_NOTICE_WAKE);
    manager_tells(manager_context, SERVICE_NOTICE_WAKE);
    manager_tells(manager_context, SERVICE_NOTICE_CLOCK);
    manager_tells(manager_context, SERVICE_NOTICE_STOP);
}

/* Nothing of it happens on the manager's thread; one wake-up may stand for two. */
static void
test_notices_come_on_the_loop(void **state)
{
    struct fixture fixture;
    uv_thread_t thread;

    (void)state;
    set_up(&fixture);
    assert_int_equal(uv_thread_create(&thread, tell_all, NULL), 0);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(fixture.stops, 0);
    (void)uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture.stops, 1);
    assert_string_equal(fixture.why, "the service manager");
    assert_int_equal(fixture.notices[SERVICE_NOTICE_SLEEP], 1);
    assert_int_equal(fixture.notices[SERVICE_NOTICE_WAKE], 1);
    assert_int_equal(fixture.notices[SERVICE_NOTICE_CLOCK], 1);
    assert_int_equal(fixture.notices[SERVICE_NOTICE_STOP], 0);
    tear_down(&fixture);
}

static void
test_signals_stop_and_reload(void **state)
{
    struct fixture fixture;

    (void)state;
    if (!service_hangup_reloads())
        skip(); /* Where nobody can raise it either. */
    set_up(&fixture);
    assert_int_equal(raise(SIGHUP), 0);
    (void)uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture.reloads, 1);
    assert_int_equal(fixture.stops, 0);
    assert_int_equal(raise(SIGTERM), 0);
    (void)uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture.reloads, 1);
    assert_int_equal(fixture.stops, 1);
    assert_string_equal(fixture.why, "signal 15");
    tear_down(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notices_come_on_the_loop),
        cmocka_unit_test(test_signals_stop_and_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
