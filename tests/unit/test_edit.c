/*
 * test_edit.c - one value changed, every other byte as it was (S-18).
 */
#include "config/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *name, *before;
    int64_t account;
    const char *keys[4];
    const char *value;
    const char *after; /* NULL: refused. */
};

static const struct row rows[] = {
    { "block", "# top\nrules:\n  a:   # the rule\n    limit:  5   # five\n    b: 1\n", 0, { "rules", "a", "limit" }, "3",
        "# top\nrules:\n  a:   # the rule\n    limit:  3   # five\n    b: 1\n" },
    { "flow", "rules:\n  a: { enabled: true, limit: 5 } # x\n", 0, { "rules", "a", "limit" }, "12",
        "rules:\n  a: { enabled: true, limit: 12 } # x\n" },
    { "double quotes", "rules: {a: {t: \"17:00\"}}\n", 0, { "rules", "a", "t" }, "16:00", "rules: {a: {t: \"16:00\"}}\n" },
    { "single quotes", "rules:\n  a:\n    t: '17:00' # 'x'\n", 0, { "rules", "a", "t" }, "16:00", "rules:\n  a:\n    t: '16:00' # 'x'\n" },
    { "CRLF", "rules:\r\n  a:\r\n    l: 5\r\n    m: 6\r\n", 0, { "rules", "a", "m" }, "7", "rules:\r\n  a:\r\n    l: 5\r\n    m: 7\r\n" },
    { "CRLF, added", "rules:\r\n  a:\r\n    l: 5\r\n", 0, { "rules", "a", "m" }, "7", "rules:\r\n  a:\r\n    l: 5\r\n    m: 7\r\n" },
    { "UTF-8", "# Grüße 日本 😀\nrules:\n  a: {n: \"ä€\", l: 5} # ö\n", 0, { "rules", "a", "l" }, "6",
        "# Grüße 日本 😀\nrules:\n  a: {n: \"ä€\", l: 6} # ö\n" },
    { "byte order mark", "\xef\xbb\xbfrules:\n  a:\n    l: 5\n", 0, { "rules", "a", "l" }, "6", "\xef\xbb\xbfrules:\n  a:\n    l: 6\n" },
    { "key added", "rules:\n  a:\n    l: 5 # five\n\n  # about b\n  b:\n    l: 1\n", 0, { "rules", "a", "m" }, "x",
        "rules:\n  a:\n    l: 5 # five\n    m: x\n\n  # about b\n  b:\n    l: 1\n" },
    { "key added in brackets", "rules:\n  a: { l: 5 }\n", 0, { "rules", "a", "m" }, "x", "rules:\n  a: { l: 5, m: x }\n" },
    { "key added in empty brackets", "rules:\n  a: {}\n", 0, { "rules", "a", "m" }, "x", "rules:\n  a: {m: x}\n" },
    { "rule added", "rules:\n  a:\n    l: 5\n# end\n", 0, { "rules", "b", "l" }, "1", "rules:\n  a:\n    l: 5\n  b:\n    l: 1\n# end\n" },
    { "rule added after brackets", "rules:\n  a: {l: [1, 2]} # c\nglobal: {}\n", 0, { "rules", "b", "l" }, "1",
        "rules:\n  a: {l: [1, 2]} # c\n  b:\n    l: 1\nglobal: {}\n" },
    { "rule added in brackets", "{rules: {a: {l: 5}}}", 0, { "rules", "b", "l" }, "1", "{rules: {a: {l: 5}, b: {l: 1}}}" },
    { "no end of line", "rules:\n  a:\n    l: 5", 0, { "rules", "a", "m" }, "6", "rules:\n  a:\n    l: 5\n    m: 6\n" },
    { "nothing there", "# only this\n", 0, { "rules", "a", "l" }, "1", "# only this\nrules:\n  a:\n    l: 1\n" },
    { "value missing", "rules:\n  a:\n    l:\n    m: 1\n", 0, { "rules", "a", "l" }, "5", "rules:\n  a:\n    l: 5\n    m: 1\n" },
    { "block missing", "rules:\n  # none yet\n", 0, { "rules", "a", "l" }, "5", "rules:\n  a:\n    l: 5\n  # none yet\n" },
    { "list in brackets", "rules:\n  a: {s: [ES, NQ]}\n", 0, { "rules", "a", "s" }, "[RTY]", "rules:\n  a: {s: [RTY]}\n" },
    { "list of lines", "rules:\n  a:\n    s:\n      - ES\n      - NQ\n", 0, { "rules", "a", "s" }, "[RTY]", NULL },
    { "text of lines", "rules:\n  a:\n    s: |\n      ES\n", 0, { "rules", "a", "s" }, "x", NULL },
    { "anchor", "rules:\n  a: &x {l: 5}\n", 0, { "rules", "a", "l" }, "6", NULL },
    { "alias", "rules:\n  a: {l: 5, m: *x}\n", 0, { "rules", "a", "l" }, "6", NULL },
    { "no YAML", "rules: {a: {l: 5}\n", 0, { "rules", "a", "l" }, "6", NULL },
    { "value with a comment", "a: 1\n", 0, { "a" }, "5 # x", NULL },
    { "value with a line", "a: 1\n", 0, { "a" }, "5\nb: 6", NULL },
    { "value that is a map", "a: 1\n", 0, { "a" }, "b: 6", NULL },
    { "value that leaves brackets", "{a: 1}", 0, { "a" }, "5, b: 6", NULL },
    { "value with an anchor", "a: 1\n", 0, { "a" }, "&x 6", NULL },
    { "not in a block", "rules: 5\n", 0, { "rules", "a", "l" }, "6", NULL },
    { "account", "accounts:\n  - account_id: 1\n    rules: {a: {l: 5}}\n  - account_id: 2\n    rules: {a: {l: 5}} # two\n", 2,
        { "rules", "a", "l" }, "6",
        "accounts:\n  - account_id: 1\n    rules: {a: {l: 5}}\n  - account_id: 2\n    rules: {a: {l: 6}} # two\n" },
    { "account without rules", "- account_id: 1\n  nickname: \"x\" # y\n- account_id: 2\n", 1, { "rules", "a", "l" }, "6",
        "- account_id: 1\n  nickname: \"x\" # y\n  rules:\n    a:\n      l: 6\n- account_id: 2\n" },
    { "no such account", "- account_id: 1\n", 3, { "rules", "a", "l" }, "6", NULL },
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct edit_path path = { .account_id = row->account };
        char bytes[2048];
        struct text out = text_on(bytes, sizeof bytes);
        struct error err = { 0 };
        while (path.count < 4 && row->keys[path.count] != NULL) {
            path.keys[path.count] = row->keys[path.count];
            path.count++;
        }
        enum status status = edit_set(row->before, &path, row->value, &out, &err);
        if ((status == OK) != (row->after != NULL))
            fail_msg("%s: %d %s", row->name, (int)status, err.text);
        if (row->after != NULL && strcmp(bytes, row->after) != 0)
            fail_msg("%s:\n%s", row->name, bytes);
        if (row->after != NULL)
            assert_true(edit_has(bytes, &path));
        else
            assert_true(err.text[0] != 0);
    }
}

static void
test_too_small(void **state)
{
    char bytes[8];
    struct text out = text_on(bytes, sizeof bytes);
    struct error err = { 0 };

    (void)state;
    assert_int_equal(edit_set("a: 1\nb: 2\n", &(struct edit_path){ .count = 1, .keys = { "a" } }, "5", &out, &err), STATUS_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_too_small) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
