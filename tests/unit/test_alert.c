/*
 * test_alert.c - which notices are alerts, how they read in each place, and the queue's file (S-27).
 */
#include "app/alert.h"
#include "app/alert_queue.h"
#include "app/scratch.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct alert breach = { .kind = ALERT_BREACH, .level = 2, .at = { INT64_C(1795249800000000000) }, .account_id = 101, .rule = 3,
    .incident = 77, .text = "Lost $550.00 of \"$500.00\" <b>@everyone</b> & <!channel>\n" };

static const struct daemon_settings all_on = { .alert = { .on_breach = true, .on_lockout = true, .on_degraded = true, .on_failed = true } };

static bool
is_alert(struct notice notice, const struct daemon_settings *settings, bool *degraded_told, struct alert *alert)
{
    notice.at = (struct instant){ 5 };
    return alert_from_notice(&notice, settings, degraded_told, alert);
}

static void
test_which(void **state)
{
    static const struct daemon_settings all_off;
    struct notice lockout = { .kind = NOTICE_LOCKOUT_SET, .u.lockout = { .end = LOCK_UNTIL_ADMIN, .until = INSTANT_NEVER, .why = "Because." } };
    struct alert alert;
    bool told = false;

    (void)state;
    assert_true(is_alert((struct notice){ .kind = NOTICE_BREACH, .rule = 3, .text = "why" }, &all_on, &told, &alert));
    assert_int_equal(alert.kind, ALERT_BREACH);
    assert_string_equal(alert.text, "why");
    assert_true(is_alert(lockout, &all_on, &told, &alert));
    assert_string_equal(alert.text, "Whole account until an admin unlocks. Because.");
    assert_true(is_alert((struct notice){ .kind = NOTICE_ALARM, .level = 2 }, &all_on, &told, &alert));
    assert_false(is_alert((struct notice){ .kind = NOTICE_ALARM, .level = 1 }, &all_on, &told, &alert));
    assert_false(is_alert((struct notice){ .kind = NOTICE_PNL }, &all_on, &told, &alert));
    assert_false(is_alert((struct notice){ .kind = NOTICE_BREACH }, &all_off, &told, &alert));
    assert_false(is_alert(lockout, &all_off, &told, &alert));
    assert_false(is_alert((struct notice){ .kind = NOTICE_ALARM, .level = 2 }, &all_off, &told, &alert));
}

/* A start is no news; neither is NORMAL but after trouble. */
static void
test_modes(void **state)
{
    struct notice mode = { .kind = NOTICE_MODE };
    struct alert alert;
    bool told = false;

    (void)state;
    mode.u.mode.mode = MODE_STARTING;
    assert_false(is_alert(mode, &all_on, &told, &alert));
    mode.u.mode.mode = MODE_NORMAL;
    assert_false(is_alert(mode, &all_on, &told, &alert));
    mode.u.mode = (struct mode_event){ .mode = MODE_BLIND, .reason = "no answer" };
    assert_true(is_alert(mode, &all_on, &told, &alert));
    assert_int_equal(alert.level, 2);
    assert_non_null(strstr(alert.text, "no answer"));
    mode.u.mode.mode = MODE_NORMAL;
    assert_true(is_alert(mode, &all_on, &told, &alert));
    assert_string_equal(alert.text, "Protection is back to normal.");
    assert_false(is_alert(mode, &all_on, &told, &alert));
}

/* Member @key of the body for @format, decoded. */
static const char *
member(int32_t format, const char *key)
{
    static char body[8192], value[4096];
    const struct webhook webhook = { .format = format, .chat = "-100123" };
    struct text text = text_on(body, sizeof body);
    struct json_token tokens[64];
    struct json json;

    alert_write_webhook(&breach, &webhook, &text);
    assert_int_equal(json_read(body, text.length, tokens, 64, &json, NULL), OK);
    assert_true(json_string(&json, json_get(&json, 0, key), value, sizeof value));
    return value;
}

static void
test_webhooks(void **state)
{
    (void)state;
    assert_string_equal(member(WEBHOOK_JSON, "kind"), "breach");
    assert_string_equal(member(WEBHOOK_JSON, "level"), "critical");
    assert_string_equal(member(WEBHOOK_JSON, "at"), "2026-11-21T08:30:00Z");
    assert_string_equal(member(WEBHOOK_JSON, "text"), breach.text);
    assert_string_equal(member(WEBHOOK_DISCORD, "content"),
        "**Breach, account 101, RULE-003**\nLost $550.00 of \"$500.00\" <b>@everyone</b> & <!channel>\n");
    assert_string_equal(member(WEBHOOK_SLACK, "text"),
        "*Breach, account 101, RULE-003*\nLost $550.00 of \"$500.00\" &lt;b&gt;@everyone&lt;/b&gt; &amp; &lt;!channel&gt;\n");
    assert_string_equal(member(WEBHOOK_TELEGRAM, "chat_id"), "-100123");
    assert_string_equal(member(WEBHOOK_TELEGRAM, "text"),
        "Breach, account 101, RULE-003\nLost $550.00 of \"$500.00\" <b>@everyone</b> & <!channel>\n");
    char body[2048];
    struct text text = text_on(body, sizeof body);
    alert_write_webhook(&breach, &(struct webhook){ .format = WEBHOOK_DISCORD }, &text);
    assert_non_null(strstr(body, "\"allowed_mentions\":{\"parse\":[]}")); /* @everyone stays a word. */
}

/* No text can end a line, so none can forge a header or end the message. */
static void
test_mail(void **state)
{
    struct alert alert = breach;
    char out[2048];
    struct text text = text_on(out, sizeof out);

    (void)state;
    (void)text_copy(alert.text, sizeof alert.text, "a\r\n.\r\nBcc: x@y.z");
    alert_write_mail(&alert, "riskd@here", "me@there, you@there", &text);
    assert_true(text_starts(out, "Date: Sat, 21 Nov 2026 08:30:00 +0000\r\nFrom: riskd@here\r\nTo: me@there, you@there\r\n"
        "Subject: [risk] Breach, account 101, RULE-003\r\n"));
    assert_non_null(strstr(out, "\r\n\r\na  .  Bcc: x@y.z\r\n"));
    assert_null(strstr(out, "\nBcc:"));
}

static void
open_queue(struct alert_queue *queue, const char *directory)
{
    memset(queue, 0, sizeof *queue);
    (void)snprintf(queue->path, sizeof queue->path, "%s/alerts", directory);
}

/* What is not delivered is there after a restart, for the places that are still there. */
static void
test_queue(void **state)
{
    static struct alert_queue queue, next;
    struct scratch *scratch;
    struct error err;
    char directory[600];

    (void)state;
    assert_int_equal(scratch_new(&scratch, directory, sizeof directory, NULL), OK);
    *strrchr(directory, '/') = '\0';
    open_queue(&queue, directory);
    assert_int_equal(alert_queue_add_place(&queue, "desktop"), 0);
    assert_int_equal(alert_queue_add_place(&queue, "webhook a"), 1);
    assert_int_equal(alert_queue_add_place(&queue, "email"), 2);
    alert_queue_read(&queue); /* There is no file yet. */
    alert_queue_add(&queue, &breach, 7);
    alert_queue_add(&queue, &(struct alert){ .kind = ALERT_TEST, .text = "second" }, 1);
    alert_queue_done(&queue, 0);
    assert_string_equal(alert_queue_next(&queue, 0)->alert.text, "second");
    assert_string_equal(alert_queue_next(&queue, 1)->alert.text, breach.text);
    assert_int_equal(alert_queue_write(&queue, &err), OK);
    open_queue(&next, directory);
    assert_int_equal(alert_queue_add_place(&next, "webhook b"), 0);
    assert_int_equal(alert_queue_add_place(&next, "email"), 1);
    alert_queue_read(&next);
    assert_int_equal(next.count, 1); /* The second was for the desktop only, which is no more. */
    assert_memory_equal(&alert_queue_next(&next, 1)->alert, &breach, sizeof breach);
    assert_null(alert_queue_next(&next, 0));
    alert_queue_done(&next, 1);
    assert_int_equal(next.count, 0);
    scratch_free(scratch);
}

/* A file of anything is read without harm; a full queue drops its oldest. */
static void
test_queue_bounds(void **state)
{
    static struct alert_queue queue;
    struct scratch *scratch;
    struct alert alert = breach;
    char directory[600];

    (void)state;
    assert_int_equal(scratch_new(&scratch, directory, sizeof directory, NULL), OK);
    *strrchr(directory, '/') = '\0';
    open_queue(&queue, directory);
    (void)alert_queue_add_place(&queue, "email");
    FILE *file = fopen(queue.path, "wb");
    assert_non_null(file);
    fputs("{\"kind\":\"breach\"}\n\n[]\nnot json\n{\"kind\":\"breach\",\"level\":2,\"at_ns\":1,\"account_id\":1,\"rule\":-5,\"incident\":1,"
        "\"text\":\"x\",\"places\":[\"email\"]}\n", file);
    (void)fclose(file);
    alert_queue_read(&queue);
    assert_int_equal(queue.count, 0);
    for (uint32_t i = 0; i < ALERT_QUEUE_MAX + 3; i++) {
        (void)snprintf(alert.text, sizeof alert.text, "%u", i);
        alert_queue_add(&queue, &alert, 1);
    }
    assert_int_equal(queue.count, ALERT_QUEUE_MAX);
    assert_int_equal(queue.dropped, 3);
    assert_string_equal(alert_queue_next(&queue, 0)->alert.text, "3");
    scratch_free(scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_webhooks),
        cmocka_unit_test(test_mail),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
