/*
 * test_full.c - when a pool is full, people are told once for each account and kind, not with each event: a flood must not bury what matters.
 */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static int
alarms(const struct engine_fixture *f)
{
    int count = 0;

    for (uint32_t i = 0; i < f->update.notices_count; i++)
        count += f->update.notices[i].kind == NOTICE_ALARM && strstr(f->update.notices[i].text, "No room for another") != NULL;
    return count;
}

static void
told_once(void **state)
{
    struct engine_fixture f;
    int told = 0;

    (void)state;
    story_open(&f, "{}");
    for (int32_t i = 0; i < POOL_FLOOR; i++) {
        story_order(&f, 1000 + i, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
        assert_int_equal(alarms(&f), 0);
    }
    for (int32_t i = 0; i < 5; i++) {
        story_order(&f, 900000 + i, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
        told += alarms(&f);
    }
    assert_int_equal(told, 1);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(told_once) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
