/*
 * test_alerts.c - the alerts' thread: a flood becomes a few alerts and a number, and nobody waits for a place (S-27).
 */
#include "app/alerts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>
#include <uv.h>

#define FLOOD 50
#define BURST 20
#define TURNS_MAX 20000

static struct alerts *
start(const char *command)
{
    static struct daemon_settings settings;
    struct alerts *alerts = NULL;
    struct error err;

    (void)text_copy(settings.alert.command, sizeof settings.alert.command, command);
    assert_int_equal(alerts_new(&(struct alerts_options){ .settings = &settings }, &alerts, &err), OK);
    assert_int_equal(alerts_stats(alerts).places, command[0] != '\0');
    return alerts;
}

static void
flood(struct alerts *alerts)
{
    const struct alert alert = { .kind = ALERT_BREACH, .level = 2, .text = "x" };

    for (int i = 0; i < FLOOD; i++)
        alerts_put(alerts, &alert);
}

static void
test_flood(void **state)
{
    struct alerts *alerts = start("/bin/true");
    struct alerts_stats stats = { 0 };

    (void)state;
    flood(alerts);
    for (int i = 0; i < TURNS_MAX && (stats.delivered < BURST || stats.held < FLOOD - BURST - 10); i++) {
        uv_sleep(1); /* Gives the thread a turn. */
        stats = alerts_stats(alerts);
    }
    assert_true(stats.delivered >= BURST);
    assert_in_range(stats.held, FLOOD - BURST - 10, FLOOD - BURST); /* The rest was let through while the machine was slow. */
    alerts_free(alerts);
}

/* A program that never ends: stopping does not wait for it. */
static void
test_stuck(void **state)
{
    struct alerts *alerts = start("/usr/bin/yes");

    (void)state;
    flood(alerts);
    for (int i = 0; i < TURNS_MAX && alerts_stats(alerts).waiting == 0; i++)
        uv_sleep(1);
    assert_true(alerts_stats(alerts).waiting > 0);
    alerts_free(alerts);
}

static void
test_nobody(void **state)
{
    struct alerts *alerts = start("");

    (void)state;
    flood(alerts);
    alerts_free(alerts);
    alerts_put(NULL, &(struct alert){ .text = "" });
    assert_int_equal(alerts_stats(NULL).places, 0);
    alerts_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
