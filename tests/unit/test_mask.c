/*
 * test_mask.c - secrets leave no trace in what is written for people (resilience.md 7: log_redaction; LG-03, LG-04).
 */
#include "app/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

static void
check(const char *line, const char *expected)
{
    struct mask mask = { 0 };
    char out[1024];
    struct text text = text_on(out, sizeof out);

    mask_learn(&mask, "s3cr3t-key-value");
    mask_learn(&mask, "abc"); /* Too short to be kept. */
    mask_add(&mask, &text, line, strlen(line));
    assert_string_equal(out, expected);
}

static void
log_redaction(void **state)
{
    static const struct {
        const char *line, *expected;
    } rows[] = {
        { "{\"token\":\"abcdef\",\"x\":1}", "{\"token\":\"[REDACTED]\",\"x\":1}" },
        { "{\"newToken\" : \"abcdef\"}", "{\"newToken\" : \"[REDACTED]\"}" },
        { "{\"msg\":\"{\\\"apiKey\\\":\\\"abcdef\\\"}\"}", "{\"msg\":\"{\\\"apiKey\\\":\\\"[REDACTED]\\\"}\"}" },
        { "API_KEY=abc%20def&x=1", "API_KEY=[REDACTED]&x=1" },
        { "wss://rtc.example/hubs/user?access_token=abcdef&y=2", "wss://rtc.example/hubs/user?access_token=[REDACTED]&y=2" },
        { "Authorization: Bearer abc.def", "Authorization: [REDACTED]" },
        { "sent Bearer abc.def, ok", "sent Bearer [REDACTED], ok" },
        { "password: hunter2 given", "password: [REDACTED] given" },
        { "{\"token\":\"\",\"x\":1}", "{\"token\":\"\",\"x\":1}" },
        { "{\"token\":null}", "{\"token\":[REDACTED]}" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(rows[i].line, rows[i].expected);
}

static void
test_shapes(void **state)
{
    (void)state;
    check("got " JWT " back", "got [REDACTED] back");
    check("\"" JWT "\"", "\"[REDACTED]\"");
    check("cut: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx", "cut: [REDACTED]");
    check("known s3cr3t-key-value here", "known [REDACTED] here");
}

static void
test_what_stays(void **state)
{
    static const char *const lines[] = {
        "", "{\"level\":\"info\",\"msg\":\"token refreshed\"}", "4 tokens left", "eyJ is no token", "abc stays", "a.b.c",
        "position closed: CON.F.US.MNQ.U25",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        check(lines[i], lines[i]);
}

/* No cut of a line may read beyond it (sanitizers look on) or show a whole secret. */
static void
test_every_prefix(void **state)
{
    const char *line = "{\"token\": \"" JWT "\", \"u\":\"?access_token=" JWT "\"} Bearer " JWT;
    struct mask mask = { 0 };
    char out[1024], cut[1024];

    (void)state;
    for (size_t length = 0; length <= strlen(line); length++) {
        struct text text = text_on(out, sizeof out);
        memcpy(cut, line, length);
        mask_add(&mask, &text, cut, length);
        assert_null(strstr(out, "eyJhbGciOiJIUzI1NiJ9."));
    }
}

/* LG-03: reloads teach the same key again and again, and the key of today is known when others have filled the room. */
static void
test_no_room_left(void **state)
{
    static struct mask mask, copy;
    char out[256], key[32];
    struct text text = text_on(out, sizeof out);

    (void)state;
    for (int i = 0; i < 2 * MASK_SECRETS_MAX; i++)
        mask_learn(&mask, "the-same-key");
    assert_int_equal(mask.count, 1);
    for (int i = 0; i < MASK_SECRETS_MAX + 5; i++) {
        (void)snprintf(key, sizeof key, "key-%d-number", i);
        mask_learn(&mask, key);
    }
    char line[80];
    (void)snprintf(line, sizeof line, "is it key-%d-number or key-100-number", MASK_SECRETS_MAX + 4);
    mask_copy(&copy, &mask);
    mask_fini(&mask);
    assert_int_equal(mask.count, 0);
    mask_add(&copy, &text, line, strlen(line));
    assert_string_equal(out, "is it [REDACTED] or [REDACTED]");
    for (size_t i = 0; i < sizeof mask; i++)
        assert_int_equal(((const char *)&mask)[i], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_redaction),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_what_stays),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_no_room_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
