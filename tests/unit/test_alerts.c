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
#define TURNS_MAX 100000 /* Of a millisecond or more. */

#define ENDS "ends"
#define STAYS "stays"

/* The program run for an alert is this one: see main(). */
static struct alerts *
start(bool somebody)
{
    static struct daemon_settings settings;
    struct alerts *alerts = NULL;
    struct error err;
    size_t size = sizeof settings.alert.command;

    settings.alert.command[0] = '\0';
    if (somebody)
        assert_int_equal(uv_exepath(settings.alert.command, &size), 0);
    assert_int_equal(alerts_new(&(struct alerts_options){ .settings = &settings }, &alerts, &err), OK);
    assert_int_equal(alerts_stats(alerts).places, somebody);
    return alerts;
}

static void
flood(struct alerts *alerts, const char *text)
{
    struct alert alert = { .kind = ALERT_BREACH, .level = 2 };

    (void)text_copy(alert.text, sizeof alert.text, text);

    for (int i = 0; i < FLOOD; i++)
        alerts_put(alerts, &alert);
}

static void
test_flood(void **state)
{
    struct alerts *alerts = start(true);
    struct alerts_stats stats = { 0 };

    (void)state;
    flood(alerts, ENDS);
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
    struct alerts *alerts = start(true);

    (void)state;
    flood(alerts, STAYS);
    for (int i = 0; i < TURNS_MAX && alerts_stats(alerts).waiting == 0; i++)
        uv_sleep(1);
    assert_true(alerts_stats(alerts).waiting > 0);
    alerts_free(alerts);
}

static void
test_nobody(void **state)
{
    struct alerts *alerts = start(false);

    (void)state;
    flood(alerts, ENDS);
    alerts_free(alerts);
    alerts_put(NULL, &(struct alert){ .text = "" });
    assert_int_equal(alerts_stats(NULL).places, 0);
    alerts_free(NULL);
}

/* PROGRAM KIND LEVEL TITLE TEXT: an alert's program, which ends well at once, or stays until it is ended. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_nobody),
    };

    if (argc == 5) {
        while (strcmp(argv[4], STAYS) == 0)
            uv_sleep(1000);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
