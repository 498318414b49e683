/*
 * test_log.c - lines to the right files, masked, rotated, and never in the caller's way (S-25; LG-01 to LG-11).
 */
#include "app/log.h"
#include "app/log_repeat.h"
#include "app/log_text.h"

#include "app/scratch.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

struct place {
    struct scratch *scratch;
    char directory[600];
};

static int
new_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    assert_int_equal(scratch_new(&place->scratch, place->directory, sizeof place->directory, NULL), OK);
    *strrchr(place->directory, '/') = '\0';
    *state = place;
    return 0;
}

static int
free_place(void **state)
{
    struct place *place = *state;

    scratch_free(place->scratch);
    free(place);
    return 0;
}

static struct log *
new_log(const struct place *place, int64_t max_bytes, int32_t keep)
{
    const struct log_options options = { .directory = place->directory, .level = LOG_LEVEL_INFO, .max_bytes = max_bytes,
        .keep = keep, .keep_enforcement = 1 };
    struct log *log = NULL;

    assert_int_equal(log_new(&options, &log, NULL), OK);
    return log;
}

/* Text of a log, "" if there is no such file.  Free it. */
static char *
content(const struct place *place, const char *name)
{
    char path[700], *text = NULL;
    size_t length;

    (void)snprintf(path, sizeof path, "%s/%s", place->directory, name);
    if (scratch_read_file(path, &text, &length, NULL) != OK)
        return calloc(1, 1);
    return text;
}

static int
count_lines(const struct place *place, const char *name, const char *with)
{
    char *text = content(place, name);
    int count = 0;

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        count += strstr(line, with) != NULL;
    free(text);
    return count;
}

/* LG-02: the whole, what was enforced, what the gateway refused from WARN up, errors once more. */
static void
test_routes(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);

    log_say(log, LOG_LEVEL_DEBUG, "t", "below the level");
    log_say(log, LOG_LEVEL_INFO, "t", "plain");
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_INFO, .component = "t", .message = "enforced", .enforcement = true });
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_INFO, .component = "t", .message = "api yes", .api = true });
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "t", .message = "api no", .api = true });
    log_say(log, LOG_LEVEL_ERROR, "t", "bad");
    log_free(log);
    assert_int_equal(count_lines(place, "daemon.log", "{"), 5);
    assert_int_equal(count_lines(place, "daemon.log", "below"), 0);
    assert_int_equal(count_lines(place, "enforcement.log", "{"), 1);
    assert_int_equal(count_lines(place, "enforcement.log", "enforced"), 1);
    assert_int_equal(count_lines(place, "api.log", "{"), 1);
    assert_int_equal(count_lines(place, "api.log", "api no"), 1);
    assert_int_equal(count_lines(place, "error.log", "{"), 1);
    assert_int_equal(count_lines(place, "error.log", "bad"), 1);
}

/* Killed in the middle of a line: what the next process says stands on lines of its own. */
static void
test_half_a_line(void **state)
{
    static const char half[] = "{\"msg\":\"whole\"}\n{\"msg\":\"ha";
    const struct place *place = *state;
    char path[700];

    (void)snprintf(path, sizeof path, "%s/daemon.log", place->directory);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(half, 1, strlen(half), file), strlen(half));
    assert_int_equal(fclose(file), 0);
    for (int i = 0; i < 2; i++) {
        struct log *log = new_log(place, 1 << 20, 2);
        log_say(log, LOG_LEVEL_INFO, "t", "next");
        log_free(log);
    }
    char *text = content(place, "daemon.log");
    assert_memory_equal(text, half, strlen(half));
    assert_memory_equal(text + strlen(half), "\n{", 2);
    assert_null(strstr(text, "\n\n"));
    free(text);
    assert_int_equal(count_lines(place, "daemon.log", "next"), 2);
}

/* A high level silences daemon.log, never the enforcement's own log. */
static void
test_level(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);

    log_set_level(log, LOG_LEVEL_ERROR);
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_INFO, .component = "t", .message = "proven", .enforcement = true });
    log_say(log, LOG_LEVEL_WARN, "t", "plain");
    log_free(log);
    assert_int_equal(count_lines(place, "daemon.log", "{"), 0);
    assert_int_equal(count_lines(place, "enforcement.log", "proven"), 1);
}

/* LG-05: accounts show nowhere, and the lines stay JSON. */
static void
test_accounts_are_masked(void **state)
{
    const struct place *place = *state;
    const struct log_options options = { .directory = place->directory, .level = LOG_LEVEL_INFO, .max_bytes = 1 << 20, .keep = 1,
        .keep_enforcement = 1, .mask_accounts = true };
    struct json_token tokens[64];
    struct json json;
    struct log *log;

    assert_int_equal(log_new(&options, &log, NULL), OK);
    log_learn_secret(log, "123456");
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_INFO, .component = "t", .message = "account 123456 locked", .account_id = 123456 });
    log_free(log);
    char *text = content(place, "daemon.log");
    assert_null(strstr(text, "123456"));
    assert_int_equal(json_read(text, strlen(text) - 1, tokens, 64, &json, NULL), OK);
    assert_true(json_string_is(&json, json_get(&json, 0, "msg"), "account [REDACTED] locked"));
    free(text);
}

/* log_dedupe: ten equal errors are one line and a number; enforcement lines are never merged (LG-09). */
static void
log_dedupe(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);

    for (int i = 0; i < 10; i++) {
        char message[32];
        (void)snprintf(message, sizeof message, "answer %d", i);
        log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "gateway", .message = message, .endpoint = "close",
            .code = 5, .api = true });
        log_say(log, LOG_LEVEL_ERROR, "alerts", "webhook: no answer");
        log_say(log, LOG_LEVEL_INFO, "t", "plain");
        log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "engine", .message = "breach", .enforcement = true });
    }
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "gateway", .message = "other code", .endpoint = "close",
        .code = 6, .api = true });
    log_free(log);
    assert_int_equal(count_lines(place, "api.log", "answer 0"), 1);
    assert_int_equal(count_lines(place, "daemon.log", "\"msg\":\"answer "), 1);
    assert_int_equal(count_lines(place, "daemon.log", "9 more like: answer 0"), 1);
    assert_int_equal(count_lines(place, "daemon.log", "other code"), 1);
    assert_int_equal(count_lines(place, "error.log", "webhook: no answer"), 1);
    assert_int_equal(count_lines(place, "daemon.log", "9 more like: webhook: no answer"), 1);
    assert_int_equal(count_lines(place, "daemon.log", "plain"), 10);
    assert_int_equal(count_lines(place, "enforcement.log", "breach"), 10);
}

/* Each minute the number is told, then counting begins anew; more kinds than places are all written. */
static void
test_repeat_window(void **state)
{
    const int64_t minute = INT64_C(60000000000);
    struct log_repeat repeat = { 0 };
    struct log_repeat_kind kind;
    char message[16];

    (void)state;
    assert_true(log_repeat_passes(&repeat, 0, "c", NULL, 0, "m"));
    assert_false(log_repeat_passes(&repeat, minute - 1, "c", NULL, 0, "m"));
    assert_false(log_repeat_due(&repeat, minute - 1, &kind));
    assert_true(log_repeat_due(&repeat, minute, &kind));
    assert_int_equal(kind.more, 1);
    assert_false(log_repeat_due(&repeat, INT64_MAX, &kind));
    assert_true(log_repeat_passes(&repeat, 3 * minute, "c", NULL, 0, "m"));
    for (int i = 0; i < 2 * LOG_REPEAT_KINDS; i++) {
        (void)snprintf(message, sizeof message, "%d", i);
        assert_true(log_repeat_passes(&repeat, 3 * minute, "c", NULL, 0, message));
        (void)log_repeat_passes(&repeat, 3 * minute, "c", NULL, 0, message);
    }
    int told = 0;
    while (log_repeat_due(&repeat, INT64_MAX, &kind))
        told++;
    assert_in_range(told, LOG_REPEAT_KINDS - 1, LOG_REPEAT_KINDS);
}

static void
set_age(const struct place *place, const char *name, double days)
{
    char path[700];
    uv_fs_t request;
    double then = (double)time(NULL) - days * 86400;

    (void)snprintf(path, sizeof path, "%s/%s", place->directory, name);
    assert_int_equal(uv_fs_utime(NULL, &request, path, then, then, NULL), 0);
    uv_fs_req_cleanup(&request);
}

/* S-25: a file of yesterday is rotated, also by a process that has just started; LG-10: none stays longer than keep_days. */
static void
test_daily_rotation(void **state)
{
    const struct place *place = *state;
    const struct log_options options = { .directory = place->directory, .level = LOG_LEVEL_INFO, .max_bytes = 1 << 20, .keep = 7,
        .keep_enforcement = 7, .keep_days = 30 };
    struct log *log;

    for (int i = 0; i < 10; i++) {
        char words[16];
        (void)snprintf(words, sizeof words, "day %d", i);
        assert_int_equal(log_new(&options, &log, NULL), OK);
        log_say(log, LOG_LEVEL_INFO, "t", "%s", words);
        log_free(log);
        assert_int_equal(count_lines(place, "daemon.log", "day"), 1);
        set_age(place, "daemon.log", 1.5);
    }
    assert_int_equal(count_lines(place, "daemon.log.1", "day 8"), 1);
    assert_int_equal(count_lines(place, "daemon.log.7", "day 2"), 1);
    assert_int_equal(count_lines(place, "daemon.log.8", "day"), 0); /* Seven are kept. */
    set_age(place, "daemon.log.3", 40);
    assert_int_equal(log_new(&options, &log, NULL), OK);
    log_say(log, LOG_LEVEL_INFO, "t", "today");
    log_free(log);
    assert_int_equal(count_lines(place, "daemon.log.4", "day"), 0);
    assert_int_equal(count_lines(place, "daemon.log.5", "day 5"), 1);
}

static void
test_text(void **state)
{
    static const char line[] = "{\"ts\":\"2026-11-21T10:48:17.708Z\",\"level\":\"warn\",\"component\":\"engine\",\"msg\":\"Six \\\"of\\\"\\u001b[2J five.\","
        "\"account\":101,\"error\":{\"http\":500},\"pid\":1,\"version\":\"0\"}";
    char out[300];
    struct text text = text_on(out, sizeof out);

    (void)state;
    log_text_add(&text, line, strlen(line));
    assert_string_equal(out, "10:48:17.708 WARN  engine    Six \"of\" [2J five.  account=101  error={\"http\":500}");
    text = text_on(out, sizeof out);
    log_text_add(&text, "not json", 8);
    assert_string_equal(out, "not json");
}

/* Each line is one JSON object, whatever is in the message; log_correlation, LG-01. */
static void
test_lines_are_json(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);
    struct json_token tokens[64];
    struct json json;
    char *text;
    static char large[8000];

    memset(large, '"', sizeof large - 1);
    log_say(log, LOG_LEVEL_INFO, "t", "a \"quote\", a \\ and\na newline");
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "t", .message = large, .correlation = 42 });
    log_write(log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "t", .message = "m", .correlation = 42,
        .account_id = 7, .rule = 3, .contract = "CON.F.US.EP.U25", .endpoint = "close", .http = 200, .code = 5,
        .error_class = "REFUSED" });
    log_free(log);
    text = content(place, "daemon.log");
    int lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++)
        assert_int_equal(json_read(line, strlen(line), tokens, 64, &json, NULL), OK);
    assert_int_equal(lines, 3);
    assert_int_equal(strlen("2026-11-21T10:48:17.700Z"), strcspn(strchr(text, 'T') - 10, "\""));
    assert_true(json_string_is(&json, json_get(&json, json_get(&json, 0, "error"), "class"), "REFUSED"));
    assert_true(json_string_is(&json, json_get(&json, 0, "contract"), "CON.F.US.EP.U25"));
    free(text);
    assert_int_equal(count_lines(place, "daemon.log", "\"correlation\":42"), 2);
}

/* log_redaction: one sink masks for all callers. */
static void
test_secrets_are_masked(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);

    log_learn_secret(log, "the-api-key-itself");
    log_say(log, LOG_LEVEL_ERROR, "t", "sent the-api-key-itself with {\"token\":\"abc123def\"}");
    log_free(log);
    assert_int_equal(count_lines(place, "daemon.log", "the-api-key-itself"), 0);
    assert_int_equal(count_lines(place, "daemon.log", "abc123def"), 0);
    assert_int_equal(count_lines(place, "error.log", "[REDACTED]"), 1);
}

/* Secrets are learnt while the thread is masking: each line after one is known shows it no more (LG-03).  A race is seen by TSan. */
static void
test_secrets_learnt_meanwhile(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 20, 2);
    char secret[32];

    for (int i = 0; i < 30; i++) {
        (void)snprintf(secret, sizeof secret, "key-number-%02d-", i);
        log_say(log, LOG_LEVEL_INFO, "t", "before %d", i);
        log_learn_secret(log, secret);
        for (int k = 0; k < 50; k++)
            log_say(log, LOG_LEVEL_INFO, "t", "with %s", secret);
    }
    log_free(log);
    assert_int_equal(count_lines(place, "daemon.log", "key-number-"), 0);
    assert_int_equal(count_lines(place, "daemon.log", "[REDACTED]"), 30 * 50);
}

static void
test_rotation(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 2000, 2);

    for (int i = 0; i < 100; i++)
        log_say(log, LOG_LEVEL_INFO, "t", "line %d", i);
    log_free(log);
    assert_true(count_lines(place, "daemon.log", "line 99") == 1);
    assert_true(count_lines(place, "daemon.log.1", "line") > 5);
    assert_true(count_lines(place, "daemon.log.2", "line") > 5);
    assert_int_equal(count_lines(place, "daemon.log.3", "line"), 0);
}

/* No disk: callers go on, the loss is counted (LG-07, LG-08). */
static void
test_unwritable(void **state)
{
    struct place nowhere = { .directory = "/proc/no-such-place" };
    struct log *log = new_log(&nowhere, 1 << 20, 2);
    struct log_stats stats = { 0 };

    (void)state;
    for (int i = 0; i < 50; i++)
        log_say(log, LOG_LEVEL_INFO, "t", "line %d", i);
    for (int i = 0; i < 60000 && stats.failed < 50; i++) {
        uv_sleep(1); /* Gives the writer a turn. */
        stats = log_stats(log);
    }
    assert_int_equal(stats.failed, 50);
    assert_int_equal(stats.dropped, 0);
    log_free(log);
}

/* Faster than any disk: what is lost is debug and info first, and the loss is told. */
static void
test_flood(void **state)
{
    const struct place *place = *state;
    struct log *log = new_log(place, 1 << 30, 2);
    enum { LINES = 60000 };
    struct log_stats stats;

    for (int i = 0; i < LINES; i++)
        log_say(log, LOG_LEVEL_INFO, "t", "info %d", i);
    stats = log_stats(log);
    log_free(log);
    assert_int_equal((uint64_t)count_lines(place, "daemon.log", "\"msg\":\"info ") + stats.dropped, LINES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_routes, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_level, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_half_a_line, new_place, free_place),
        cmocka_unit_test_setup_teardown(log_dedupe, new_place, free_place),
        cmocka_unit_test(test_repeat_window),
        cmocka_unit_test_setup_teardown(test_accounts_are_masked, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_daily_rotation, new_place, free_place),
        cmocka_unit_test(test_text),
        cmocka_unit_test_setup_teardown(test_lines_are_json, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_secrets_are_masked, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_secrets_learnt_meanwhile, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_rotation, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_unwritable, new_place, free_place),
        cmocka_unit_test_setup_teardown(test_flood, new_place, free_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
