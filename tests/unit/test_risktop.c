/*
 * test_risktop.c - risktop's pictures from fixed messages, without a terminal (S-15, S-16).
 *
 * Golden screens: tests/golden/risktop/TAB-WIDTHxHEIGHT.txt, the cells and under them the tones.  UPDATE_GOLDEN=1 writes them anew; look at the
 * difference before it is committed.
 */
#include "tui/frame.h"
#include "tui/input.h"
#include "tui/plot.h"
#include "tui/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER SOURCE_DIR "/tests/golden/risktop/"
#define NOW ((struct instant){ INT64_C(1795188600000000000) }) /* 2026-11-20T15:30:00Z. */
#define BYTES ((size_t)1 << 20)

struct fixture {
    struct model *model;
    struct ui ui;
    struct screen screen;
    char *out;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char *line = malloc(BYTES);
    FILE *file = fopen(FOLDER "feed.jsonl", "r");
    struct error err;

    assert_non_null(file);
    f->model = model_new();
    f->out = malloc(BYTES);
    while (fgets(line, (int)BYTES, file) != NULL)
        if (model_message(f->model, line, strlen(line), &err) != OK)
            fail_msg("%s", err.text);
    (void)fclose(file);
    free(line);
    f->ui.now = NOW;
    f->ui.link = LINK_LIVE;
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    model_free(f->model);
    screen_fini(&f->screen);
    free(f->out);
    free(f);
    return 0;
}

/* The picture and its tones as text. */
static const char *
draw(struct fixture *f, int width, int height)
{
    struct text text = text_on(f->out, BYTES);
    struct error err;

    assert_int_equal(screen_resize(&f->screen, height, width, &err), OK);
    frame_draw(&f->screen, f->model, &f->ui);
    screen_write(&f->screen, &text);
    text_add(&text, "\n");
    screen_write_tones(&f->screen, &text);
    assert_false(text.truncated);
    return f->out;
}

static void
compare(struct fixture *f, const char *name, int width, int height)
{
    const char *drawn = draw(f, width, height), *update = getenv("UPDATE_GOLDEN");
    char path[512], *golden = calloc(1, BYTES);
    FILE *file;

    snprintf(path, sizeof path, FOLDER "%s-%dx%d.txt", name, width, height);
    if (update != NULL && strcmp(update, "1") == 0) {
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(drawn, file);
        (void)fclose(file);
    }
    file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is missing: UPDATE_GOLDEN=1", path);
    assert_true(fread(golden, 1, BYTES - 1, file) > 0);
    (void)fclose(file);
    if (strcmp(golden, drawn) != 0)
        fail_msg("%s differs from what is drawn now:\n%s", path, drawn);
    free(golden);
}

static void
test_golden_screens(void **state)
{
    static const char *const names[TABS] = { "overview", "pnl", "positions", "rules", "connections", "calendar", "lockouts", "history" };
    struct fixture *f = *state;

    ui_add_note(&f->ui, &(struct ui_note){ true, { NOW.ns - INT64_C(3600000000000) }, "two trades at most" });
    for (int i = 0; i < TABS; i++) {
        f->ui.tab = (enum tab)i;
        compare(f, names[i], 80, 24);
        compare(f, names[i], 120, 40);
    }
    compare(f, "history", 200, 60);
    f->ui.tab = TAB_OVERVIEW;
    compare(f, "overview", 200, 60);
    f->ui.account = 1;
    compare(f, "locked", 80, 24);
    f->ui.tab = TAB_LOCKOUTS;
    compare(f, "locked-lockouts", 80, 24);
}

static void
test_golden_boxes(void **state)
{
    struct fixture *f = *state;

    input_key(&f->ui, f->model, '?');
    compare(f, "help", 80, 24);
    input_key(&f->ui, f->model, 'x');
    input_key(&f->ui, f->model, 'a');
    input_key(&f->ui, f->model, 'j');
    compare(f, "picker", 80, 24);
    input_key(&f->ui, f->model, '\n');
    assert_int_equal(f->ui.account, 1);
    f->ui.link = LINK_DATABASE;
    f->ui.data_at = (struct instant){ NOW.ns - INT64_C(75000000000) };
    f->ui.retry_at = (struct instant){ NOW.ns + INT64_C(3200000000) };
    compare(f, "offline", 80, 24);
}

/* The screens that say nothing must not crash either, at any size. */
static void
test_any_size(void **state)
{
    struct fixture *f = *state;
    struct model *empty = model_new(), *full = f->model;

    for (int pass = 0; pass < 2; pass++) {
        f->model = pass == 0 ? full : empty;
        for (int mode = UI_NORMAL; mode <= UI_NOTE; mode++) {
            f->ui.mode = (enum ui_mode)mode;
            for (int tab = 0; tab < TABS; tab++) {
                static const int sizes[][2] = { { 1, 1 }, { 2, 3 }, { 10, 4 }, { 40, 10 }, { 79, 23 }, { 100, 9 }, { 200, 5 }, { 30, 100 }, { 500, 120 } };
                f->ui.tab = (enum tab)tab;
                for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
                    (void)draw(f, sizes[i][0], sizes[i][1]);
            }
        }
    }
    f->model = full;
    model_free(empty);
}

static bool
shows(struct fixture *f, const char *what)
{
    return strstr(draw(f, 80, 24), what) != NULL;
}

static void
test_keys(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < TABS; i++) {
        input_key(&f->ui, f->model, '1' + i);
        assert_int_equal(f->ui.tab, i);
    }
    input_key(&f->ui, f->model, '\t');
    assert_int_equal(f->ui.tab, TAB_OVERVIEW);
    input_key(&f->ui, f->model, INPUT_LEFT);
    assert_int_equal(f->ui.tab, TAB_HISTORY);
    input_key(&f->ui, f->model, INPUT_RIGHT);
    input_key(&f->ui, f->model, INPUT_BACK_TAB);
    assert_int_equal(f->ui.tab, TAB_HISTORY);
    input_key(&f->ui, f->model, 'n');
    assert_int_equal(f->ui.account, 1);
    input_key(&f->ui, f->model, 'n');
    assert_int_equal(f->ui.account, 0);
    assert_false(f->ui.quit);
    input_key(&f->ui, f->model, 'q');
    assert_true(f->ui.quit);
}

static void
test_filter(void **state)
{
    struct fixture *f = *state;

    f->ui.tab = TAB_RULES;
    assert_true(shows(f, "Max contracts"));
    input_key(&f->ui, f->model, '/');
    for (const char *key = "LOSS "; *key != '\0'; key++)
        input_key(&f->ui, f->model, *key);
    assert_true(shows(f, "Daily loss limit"));
    assert_false(shows(f, "Max contracts"));
    input_key(&f->ui, f->model, INPUT_BACKSPACE);
    assert_true(shows(f, "No stop-loss"));
    input_key(&f->ui, f->model, '\n');
    assert_true(shows(f, "filter: LOSS"));
    input_key(&f->ui, f->model, INPUT_ESCAPE);
    assert_true(shows(f, "Max contracts"));
}

/* q inside a filter is a letter; the clock takes the time that is typed. */
static void
test_clock_note(void **state)
{
    struct fixture *f = *state;

    input_key(&f->ui, f->model, 'c');
    for (const char *key = "09:15 quiet"; *key != '\0'; key++)
        input_key(&f->ui, f->model, *key);
    assert_false(f->ui.quit);
    input_key(&f->ui, f->model, '\n');
    assert_true(f->ui.note_added);
    assert_int_equal(f->ui.notes_count, 1);
    assert_true(f->ui.notes[0].in);
    assert_string_equal(f->ui.notes[0].text, "quiet");
    assert_int_equal(f->ui.notes[0].at.ns, NOW.ns - INT64_C(900000000000)); /* 09:15 in Chicago is 15:15 UTC. */
    input_key(&f->ui, f->model, 'c');
    input_key(&f->ui, f->model, '\n');
    assert_false(f->ui.notes[1].in);
    assert_int_equal(f->ui.notes[1].at.ns, NOW.ns);
}

static void
test_countdown_runs(void **state)
{
    struct fixture *f = *state;

    f->ui.account = 1;
    assert_true(shows(f, "07:30:00 left"));
    f->ui.now.ns += INT64_C(1000000000);
    assert_true(shows(f, "07:29:59 left"));
    f->ui.now.ns += INT64_C(7) * 3600 * 1000000000 + INT64_C(1799) * 1000000000;
    assert_false(shows(f, "LOCKED")); /* Over by its time, whether or not the daemon has said so yet. */
}

static void
test_flash(void **state)
{
    struct fixture *f = *state;
    const char *breach = "{\"type\":\"enforcement_action\",\"account_id\":1001,\"seq\":1,\"ts\":\"2026-11-20T15:29:59Z\",\"data\":{\"step\":\"breach\",\"incident\":99,\"rule\":1,\"text\":\"too many\"}}";
    struct error err;

    assert_null(strchr(strstr(draw(f, 80, 24), "\n\n.dddd"), 'F')); /* What the snapshot tells is old news. */
    assert_int_equal(model_message(f->model, breach, strlen(breach), &err), OK);
    assert_non_null(strchr(strstr(draw(f, 80, 24), "\n\n.dddd"), 'F'));
    f->ui.now.ns += INT64_C(2000000000);
    assert_null(strchr(strstr(draw(f, 80, 24), "\n\n.dddd"), 'F'));
}

static void
take(struct fixture *f, const char *message)
{
    struct error err;

    if (model_message(f->model, message, strlen(message), &err) != OK)
        fail_msg("%s", err.text);
}

static void
test_messages(void **state)
{
    struct fixture *f = *state;
    struct model_account *account = model_account(f->model, 1001);
    int64_t open;

    take(f, "{\"type\":\"MarketQuote\",\"account_id\":null,\"seq\":1,\"ts\":\"2026-11-20T15:30:00Z\",\"data\":{\"contract\":\"CON.F.US.EP.Z26\",\"last\":6649.25}}");
    assert_true(model_open_pnl(f->model, &account->positions[0], &open));
    assert_int_equal(open, -50000000); /* Four ticks of 12.50 against one contract. */
    take(f, "{\"type\":\"GatewayUserPosition\",\"account_id\":1001,\"seq\":2,\"data\":{\"contract\":\"CON.F.US.EP.Z26\",\"size\":0}}");
    assert_int_equal(account->positions_count, 1);
    take(f, "{\"type\":\"GatewayUserOrder\",\"account_id\":1001,\"seq\":3,\"data\":{\"id\":31,\"working\":false}}");
    assert_int_equal(account->orders_count, 1);
    assert_int_equal(account->orders[0].id, 32);
    take(f, "{\"type\":\"lockout_set\",\"account_id\":1001,\"seq\":4,\"data\":{\"rule\":3,\"root\":\"\",\"kind\":\"flat\",\"end\":\"admin\",\"until\":null,\"why\":\"x\"}}");
    assert_true(shows(f, "until an admin unlocks"));
    take(f, "{\"type\":\"lockout_cleared\",\"account_id\":1001,\"seq\":5,\"ts\":\"2026-11-20T15:30:01Z\",\"data\":{\"rule\":3,\"root\":\"\",\"reason\":\"unlocked\"}}");
    assert_false(shows(f, "until an admin unlocks"));
    assert_int_equal(f->model->ended_count, 2);
    take(f, "{\"type\":\"of tomorrow\",\"account_id\":1001,\"seq\":6,\"data\":{}}");
    assert_int_equal(f->model->seq, 6);
}

/* Only a stop on the other side protects. */
static void
test_stop_of(void **state)
{
    struct fixture *f = *state;
    struct model_account *account = model_account(f->model, 1001);

    assert_int_equal(model_stop_of(account, &account->positions[0])->id, 31);
    account->orders[0].buy = true;
    assert_null(model_stop_of(account, &account->positions[0]));
    account->positions[0].size = -1;
    assert_int_equal(model_stop_of(account, &account->positions[0])->id, 31);
    account->orders[0].has_stop = false;
    assert_null(model_stop_of(account, &account->positions[0]));
    assert_null(model_stop_of(account, &account->positions[1]));
}

/* A reconnect brings the same history again: nothing is there twice. */
static void
test_history_once(void **state)
{
    struct fixture *f = *state;
    uint64_t incidents = f->model->incidents_count, ended = f->model->ended_count, alarms = f->model->alarms_count;
    int steps = f->model->incidents[0].steps_count;
    char *line = malloc(BYTES);
    FILE *file = fopen(FOLDER "feed.jsonl", "r");

    assert_non_null(fgets(line, (int)BYTES, file));
    (void)fclose(file);
    take(f, line);
    free(line);
    assert_int_equal(f->model->incidents_count, incidents);
    assert_int_equal(f->model->incidents[0].steps_count, steps);
    assert_int_equal(f->model->ended_count, ended);
    assert_int_equal(f->model->alarms_count, alarms);
    assert_int_equal(f->model->accounts_count, 2);
}

/* A daemon that was started in the middle of the day has no points of the morning: the trades have. */
static void
test_curve_before_the_daemon(void **state)
{
    static const char message[] = "{\"type\":\"snapshot\",\"account_id\":1001,\"seq\":9,\"data\":{\"accounts\":[{\"account_id\":1001,\"day\":{\"realized\":-12},"
        "\"trades\":[{\"id\":1,\"at\":\"2026-11-20T10:00:00Z\",\"pnl\":null,\"fees\":1},{\"id\":2,\"at\":\"2026-11-20T10:01:00Z\",\"pnl\":-5,\"fees\":1},"
        "{\"id\":3,\"at\":\"2026-11-20T10:02:00Z\",\"pnl\":99,\"fees\":1,\"voided\":true},{\"id\":4,\"at\":\"2026-11-20T15:00:00Z\",\"pnl\":-4,\"fees\":1}],"
        "\"curve\":[[1795186799000,-7,2]]}]}}";
    struct fixture *f = *state;
    const struct model_account *account = model_account(f->model, 1001);

    take(f, message);
    assert_int_equal(account->points_count, 3);
    assert_int_equal(account->points[0].realized_micros, -1000000);
    assert_int_equal(account->points[1].realized_micros, -7000000);
    assert_int_equal(account->points[2].open_micros, 2000000);
}

static void
test_bad_messages(void **state)
{
    static const char *const bad[] = { "", "{", "[]]", "{\"type\":", "\xff" };
    static const char *const odd[] = { "[]", "{}", "{\"type\":\"snapshot\"}", "{\"type\":\"snapshot\",\"data\":{\"accounts\":[7,null,{}]}}",
        "{\"type\":\"pnl\",\"account_id\":1001,\"data\":[]}", "{\"type\":\"snapshot\",\"data\":{\"rules\":[1],\"accounts\":[{\"curve\":[1,[],[1,2],[-1,0,0]]}]}}" };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_not_equal(model_message(f->model, bad[i], strlen(bad[i]), &err), OK);
    assert_int_equal(f->model->unreadable, 5);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        take(f, odd[i]);
    (void)draw(f, 80, 24);
}

/* What comes from outside cannot steer the terminal, and everything has an ASCII form. */
static void
test_text_is_harmless(void **state)
{
    struct fixture *f = *state;
    struct text text = text_on(f->out, BYTES);
    struct error err;

    assert_int_equal(screen_resize(&f->screen, 1, 12, &err), OK);
    struct area area = screen_area(&f->screen);
    assert_int_equal(area_text(&area, 0, 0, 12, TONE_TEXT, "a\x1b[2J\xe4\xbd\xa0\xff\xe2\x96\xa0"), 8);
    screen_write(&f->screen, &text);
    assert_string_equal(f->out, "a?[2J??\xe2\x96\xa0\n");
    (void)draw(f, 120, 40);
    screen_to_ascii(&f->screen);
    text = text_on(f->out, BYTES);
    screen_write(&f->screen, &text);
    for (const char *at = f->out; *at != '\0'; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at < 127));
}

static void
test_words(void **state)
{
    (void)state;
    assert_string_equal(words_pnl(1234500000).text, "+$1,234.50");
    assert_string_equal(words_pnl(-300000).text, "-$0.30");
    assert_string_equal(words_pnl(-4000).text, "$0.00");
    assert_string_equal(words_countdown(SPAN_SECONDS(3723)).text, "01:02:03");
    assert_string_equal(words_countdown((struct span){ 1 }).text, "00:00:01");
    assert_string_equal(words_countdown(SPAN_SECONDS(-5)).text, "00:00:00");
    assert_string_equal(words_countdown(SPAN_SECONDS(90000)).text, "1d 01:00");
    assert_string_equal(words_micros(999).text, "999 us");
    assert_string_equal(words_micros(9600).text, "9.6 ms");
    assert_string_equal(words_micros(2010000).text, "2.01 s");
    assert_string_equal(words_span(SPAN_SECONDS(3599)).text, "59 min");
    assert_string_equal(words_when(NULL, INSTANT_NEVER).text, "-");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_golden_screens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_golden_boxes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_countdown_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_history_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_curve_before_the_daemon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_is_harmless, set_up, tear_down),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
