/*
 * test_shell.c - the order in which an update is carried out, against an engine of this file's own (architecture.md; R-ALL-9, S-21).
 *
 * engine_step() and engine_deadline() are defined here, so the linker leaves core/engine.c out: what is tested is the shell alone.
 */
#include "app/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the fake engine will answer, and the story of what happened. */
static struct {
    struct instant deadlines[8]; /* Still to come, in order. */
    int deadlines_count;
    struct command commands[2];
    struct record records[2];
    struct notice notices[3];
    struct update update;
    char story_bytes[4096];
    struct text story;
    uint64_t ticket;
    struct instant armed;
} fake;

struct instant
engine_deadline(const struct engine *engine)
{
    (void)engine;
    return fake.deadlines_count > 0 ? fake.deadlines[0] : INSTANT_NEVER;
}

void
engine_step(struct engine *engine, const struct event *event, struct update *update)
{
    (void)engine;
    if (event->kind == EVENT_ANSWER)
        text_addf(&fake.story, "answer %" PRIu64 ": %d\n", event->u.answer.command_id, (int)event->u.answer.outcome);
    text_addf(&fake.story, "step %d at %" PRId64 "\n", (int)event->kind, event->at.ns);
    if (event->kind == EVENT_CLOCK && fake.deadlines_count > 0 && fake.deadlines[0].ns <= event->at.ns) {
        fake.deadlines_count--;
        memmove(fake.deadlines, fake.deadlines + 1, sizeof fake.deadlines - sizeof fake.deadlines[0]);
    }
    *update = fake.update;
}

static void
on_command(void *context, const struct command *command)
{
    (void)context;
    text_addf(&fake.story, "command %" PRIu64 "\n", command->id);
}

static uint64_t
on_record(void *context, const struct record *record)
{
    (void)context;
    text_addf(&fake.story, "record %d\n", (int)record->kind);
    return ++fake.ticket;
}

static void
on_notice(void *context, const struct notice *notice)
{
    (void)context;
    text_addf(&fake.story, "notice %d\n", (int)notice->kind);
}

static void
on_arm(void *context, struct instant deadline)
{
    (void)context;
    fake.armed = deadline;
    text_addf(&fake.story, "arm %" PRId64 "\n", instant_is_never(deadline) ? -1 : deadline.ns);
}

static struct shell *
new_shell(void)
{
    const struct shell_ports ports = { .command = on_command, .record = on_record, .notice = on_notice, .arm = on_arm };
    struct shell *shell = NULL;

    memset(&fake, 0, sizeof fake);
    fake.story = text_on(fake.story_bytes, sizeof fake.story_bytes);
    assert_int_equal(shell_new(NULL, &ports, &shell, NULL), OK);
    return shell;
}

static void
expect_story(const char *expected)
{
    assert_string_equal(fake.story_bytes, expected);
    fake.story = text_on(fake.story_bytes, sizeof fake.story_bytes);
}

static void
step_at(struct shell *shell, int64_t ns)
{
    shell_event(shell, &(struct event){ .kind = EVENT_QUOTE, .at = { ns } });
}

/* Commands, records, notices; durable ones once their records are on disk. */
static void
test_order_and_durability(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    fake.commands[0].id = 7;
    fake.commands[1].id = 8;
    fake.records[0].kind = RECORD_BREACH;
    fake.records[1].kind = RECORD_LOCKOUT_SET;
    fake.notices[0].kind = NOTICE_BREACH;
    fake.notices[1] = (struct notice){ .kind = NOTICE_LOCKOUT_SET, .durable = true };
    fake.notices[2].kind = NOTICE_PNL;
    fake.update = (struct update){ fake.commands, fake.records, fake.notices, 2, 2, 3 };
    step_at(shell, 100);
    expect_story("step 5 at 100\ncommand 7\ncommand 8\nrecord 0\nrecord 1\nnotice 0\nnotice 8\n");
    assert_int_equal(shell_waiting(shell), 1);

    shell_synced(shell, 1);
    expect_story("");
    shell_synced(shell, 2);
    expect_story("notice 1\n");
    assert_int_equal(shell_waiting(shell), 0);
    shell_free(shell);
}

/* ID-01: a stop waits for its intent to be on disk, a partial close 50 ms at most, a close and a cancel not at all. */
static void
test_intents_before_requests(void **state)
{
    struct shell *shell = new_shell();
    const int64_t ms = 1000000;

    (void)state;
    fake.commands[0] = (struct command){ .kind = COMMAND_REDUCE, .id = 7 };
    fake.commands[1] = (struct command){ .kind = COMMAND_CANCEL, .id = 8 };
    fake.records[0].kind = RECORD_SENT;
    fake.update = (struct update){ fake.commands, fake.records, NULL, 2, 1, 0 };
    step_at(shell, 100 * ms);
    expect_story("step 5 at 100000000\ncommand 8\nrecord 4\narm 150000000\n");
    fake.update = (struct update){ 0 };
    shell_synced(shell, 1);
    expect_story("command 7\n"); /* On disk. */

    fake.commands[1] = (struct command){ .kind = COMMAND_PLACE_STOP, .id = 9 };
    fake.update = (struct update){ fake.commands, fake.records, NULL, 2, 1, 0 };
    step_at(shell, 200 * ms);
    expect_story("step 5 at 200000000\nrecord 4\narm 250000000\n");
    fake.update = (struct update){ 0 };
    shell_clock(shell, (struct instant){ 249 * ms });
    expect_story("arm 250000000\n");
    shell_clock(shell, (struct instant){ 250 * ms });
    expect_story("command 7\narm -1\n"); /* The disk hangs. */
    shell_clock(shell, (struct instant){ 400 * ms });
    expect_story("arm -1\n");
    shell_synced(shell, 2);
    expect_story("command 9\n");
    shell_free(shell);
}

/* P1, P2: what is stale by the time it may leave does not, and the engine hears of it at once: it decides anew. */
static void
test_stale_orders_are_answered(void **state)
{
    const int64_t s = 1000000000;

    (void)state;
    for (int synced = 0; synced < 2; synced++) {
        struct shell *shell = new_shell();

        fake.commands[0] = (struct command){ .kind = synced == 0 ? COMMAND_REDUCE : COMMAND_PLACE_STOP, .id = 7 };
        fake.records[0].kind = RECORD_SENT;
        fake.update = (struct update){ fake.commands, fake.records, NULL, 1, 1, 0 };
        step_at(shell, 10 * s);
        fake.update = (struct update){ 0 };
        fake.story = text_on(fake.story_bytes, sizeof fake.story_bytes);
        step_at(shell, 13 * s); /* The machine slept, or the disk hung. */
        if (synced == 0)
            expect_story("step 5 at 13000000000\nanswer 7: 3\nstep 8 at 13000000000\narm -1\n");
        else
            expect_story("step 5 at 13000000000\n");
        shell_synced(shell, 1);
        expect_story(synced == 0 ? "" : "answer 7: 3\nstep 8 at 13000000000\n");
        shell_free(shell);
    }
}

/* A clock that is turned back may not hold a partial close back for as long. */
static void
test_partial_close_and_corrected_clock(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    fake.commands[0] = (struct command){ .kind = COMMAND_REDUCE, .id = 7 };
    fake.records[0].kind = RECORD_SENT;
    fake.update = (struct update){ fake.commands, fake.records, NULL, 1, 1, 0 };
    step_at(shell, INT64_C(90000000000));
    fake.update = (struct update){ 0 };
    fake.story = text_on(fake.story_bytes, sizeof fake.story_bytes);
    step_at(shell, INT64_C(20000000000));
    assert_non_null(strstr(fake.story_bytes, "command 7\n"));
    shell_free(shell);
}

/* A disk that hangs: everything waits in order, nothing is lost or told early. */
static void
test_many_wait_for_the_disk(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    fake.records[0].kind = RECORD_LOCKOUT_SET;
    fake.notices[0] = (struct notice){ .kind = NOTICE_LOCKOUT_SET, .durable = true };
    fake.update = (struct update){ NULL, fake.records, fake.notices, 0, 1, 1 };
    for (int i = 1; i <= 300; i++)
        step_at(shell, i);
    assert_int_equal(shell_waiting(shell), 300);
    shell_synced(shell, 299);
    assert_int_equal(shell_waiting(shell), 1);
    shell_synced(shell, 300);
    assert_int_equal(shell_waiting(shell), 0);
    shell_free(shell);
}

/* EP-04: deadlines up to an event are stepped first, each at its own time, the later ones wait. */
static void
test_deadlines_before_the_event(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    fake.deadlines[0].ns = 10;
    fake.deadlines[1].ns = 20;
    fake.deadlines[2].ns = 30;
    fake.deadlines_count = 3;
    step_at(shell, 20);
    expect_story("step 0 at 10\nstep 0 at 20\nstep 5 at 20\narm 30\n");

    shell_clock(shell, (struct instant){ 29 });
    expect_story("arm 30\n");
    shell_clock(shell, (struct instant){ 31 });
    expect_story("step 0 at 30\narm -1\n");
    shell_free(shell);
}

/* The wall clock stepped back: the engine's time stands still. */
static void
test_time_never_goes_back(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    step_at(shell, 100);
    step_at(shell, 40);
    expect_story("step 5 at 100\nstep 5 at 100\n");
    fake.deadlines[0].ns = 60; /* Overdue. */
    fake.deadlines_count = 1;
    shell_clock(shell, (struct instant){ 50 });
    expect_story("step 0 at 100\narm -1\n");
    assert_int_equal(shell_now(shell).ns, 100);
    shell_free(shell);
}

/* A correction of more than the engine's two seconds goes back, and the engine hears of it before the event itself. */
static void
test_corrected_clock_goes_back(void **state)
{
    struct shell *shell = new_shell();
    const int64_t second = 1000000000;

    (void)state;
    shell_event(shell, &(struct event){ .kind = EVENT_MODE, .at = { 10 * second } });
    shell_event(shell, &(struct event){ .kind = EVENT_MODE, .at = { 7 * second } });
    shell_clock(shell, (struct instant){ 4 * second });
    char expected[200];
    (void)snprintf(expected, sizeof expected, "step %d at 10000000000\nstep %d at 7000000000\nstep %d at 7000000000\nstep %d at 4000000000\narm -1\n",
        (int)EVENT_MODE, (int)EVENT_CLOCK, (int)EVENT_MODE, (int)EVENT_CLOCK);
    assert_string_equal(fake.story_bytes, expected);
    shell_free(shell);
}

/* An engine whose deadline does not move must not take the loop away from its sockets. */
static void
test_stuck_deadline_ends_the_turn(void **state)
{
    struct shell *shell = new_shell();

    (void)state;
    fake.deadlines[0] = (struct instant){ 10 };
    for (int i = 0; i < 8; i++)
        fake.deadlines[i].ns = 10;
    fake.deadlines_count = 1 << 20; /* Never runs dry in one turn. */
    shell_clock(shell, (struct instant){ 10 });
    assert_true(fake.deadlines_count < 1 << 20);
    assert_true(fake.armed.ns <= 10);
    shell_free(shell);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_durability),
        cmocka_unit_test(test_intents_before_requests),
        cmocka_unit_test(test_stale_orders_are_answered),
        cmocka_unit_test(test_partial_close_and_corrected_clock),
        cmocka_unit_test(test_many_wait_for_the_disk),
        cmocka_unit_test(test_deadlines_before_the_event),
        cmocka_unit_test(test_time_never_goes_back),
        cmocka_unit_test(test_corrected_clock_goes_back),
        cmocka_unit_test(test_stuck_deadline_ends_the_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
