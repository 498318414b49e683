/*
 * test_own_settings.c - stories of an operator's own times in daemon.yaml: what enforcement waits for, how often it asks for proof, what proves (RT-04, OV-02,
 * OV-04, OL-06).
 */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LOSS "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}"
#define STOPS "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":10}}}"

/* One contract held and the day lost; returns the close that left. */
static uint64_t
lose(struct engine_fixture *f)
{
    config_refill(f->loaded);
    story_position(f, FIXTURE_MNQ, 1);
    story_trade(f, 1, -600);
    return story_only(f, COMMAND_CLOSE)->id;
}

/* RT-04: each refusal waits for the next step, the last one for ever. */
static void
own_backoff(void **state)
{
    static const int64_t waits_ms[] = { 100, 700, 700 };
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    f.loaded->daemon.enforce.backoff = (struct backoff){ .count = 2, .steps_ms = { 100, 700 } };
    uint64_t close = lose(&f);
    for (int i = 0; i < 3; i++) {
        story_answer(&f, close, OUTCOME_REFUSED);
        assert_int_equal(story_count_while(&f, waits_ms[i] - 1, COMMAND_CLOSE), 0);
        story_wait_ms(&f, 1);
        close = story_only(&f, COMMAND_CLOSE)->id;
    }
    story_close(&f);
}

/* OV-02: reads of the broker at the operator's pace, for as long as he says. */
static void
own_poll(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    f.loaded->daemon.verify.poll_ms = 200;
    f.loaded->daemon.verify.fast_window_ms = 2000;
    story_answer(&f, lose(&f), OUTCOME_ACCEPTED);
    int reads = 0;
    for (int i = 0; i < 20; i++) {
        reads += story_count_while(&f, 100, COMMAND_READ);
        story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
        reads += story_count(&f, COMMAND_READ);
    }
    assert_in_range(reads, 8, 11); /* Two seconds' worth. */
    reads = 0;
    for (int i = 0; i < 40; i++) {
        reads += story_count_while(&f, 100, COMMAND_READ);
        story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
        reads += story_count(&f, COMMAND_READ);
    }
    assert_in_range(reads, 1, 4);
    story_close(&f);
}

/* OV-04: a close that was accepted leaves again only when so many reads, a second apart, still show the position. */
static void
own_agreeing_reads(void **state)
{
    (void)state;
    for (int wanted = 2; wanted <= 4; wanted++) {
        struct engine_fixture f;
        int reads = 0, closes = 0;

        story_open(&f, LOSS);
        f.loaded->daemon.verify.min_agreeing_reads = wanted;
        story_answer(&f, lose(&f), OUTCOME_ACCEPTED);
        story_wait_ms(&f, 2100);
        for (; reads < 10 && closes == 0; reads++) {
            story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
            closes = story_count(&f, COMMAND_CLOSE) + story_count_while(&f, 1000, COMMAND_CLOSE);
        }
        assert_int_equal(reads, wanted);
        story_close(&f);
    }
}

/* OL-06: a stop of ours of which nothing is known. */
static void
own_stuck_alarm(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STOPS);
    f.loaded->daemon.order.stuck_alarm_s = 7;
    config_refill(f.loaded);
    story_quote(&f, FIXTURE_MNQ, 21000);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 1);
    story_wait_ms(&f, 6900);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
    story_wait_ms(&f, 100);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(own_backoff), cmocka_unit_test(own_poll), cmocka_unit_test(own_agreeing_reads),
        cmocka_unit_test(own_stuck_alarm) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
