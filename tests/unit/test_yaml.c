/*
 * test_yaml.c - trees of nodes: positions, kinds, bounds, what is refused, bytes that are no text (S-23).
 */
#include "base/assert.h"
#include "config/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct yaml_tree *
read_good(const char *text)
{
    struct config_errors errors = { 0 };
    struct yaml_tree *tree = NULL;

    assert_int_equal(yaml_tree_read("t.yaml", text, strlen(text), &tree, &errors), OK);
    assert_int_equal(errors.count, 0);
    return tree;
}

/* The first problem, as printed; whether a tree came with it. */
static void
check_bad(const char *text, size_t length, bool tree_wanted, const char *expected)
{
    struct config_errors errors = { 0 };
    struct yaml_tree *tree = NULL;
    char line[2048];
    struct text out = text_on(line, sizeof line);
    enum status status = yaml_tree_read("t.yaml", text, length, &tree, &errors);

    assert_true(errors.count > 0);
    config_errors_format(&errors.items[0], &out);
    assert_string_equal(line, expected);
    assert_int_equal(status == OK, tree_wanted);
    assert_int_equal(tree != NULL, tree_wanted);
    yaml_tree_free(tree);
    config_errors_fini(&errors);
}

static const struct yaml_node *
get(const struct yaml_node *node, const char *key)
{
    return yaml_node_get(node, key, strlen(key));
}

static void
test_positions(void **state)
{
    struct yaml_tree *tree = read_good("# c\na: 1\nb:\n  - x\n  - 'y z'\nné: {ü: \"é\", k: v}\n");
    const struct yaml_node *root = yaml_tree_root(tree), *b = get(root, "b"), *flow = get(root, "né");

    (void)state;
    assert_string_equal(yaml_tree_file(tree), "t.yaml");
    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(root->count, 3);
    assert_int_equal(get(root, "a")->line, 2);
    assert_int_equal(get(root, "a")->column, 4);
    assert_int_equal(get(root, "a")->key_column, 1);
    assert_int_equal(b->kind, NODE_LIST);
    assert_int_equal(b->key_line, 3);
    assert_int_equal(b->line, 4);
    assert_int_equal(b->first->column, 5);
    assert_false(b->first->quoted);
    assert_true(b->first->next->quoted);
    assert_string_equal(b->first->next->text, "y z");
    assert_int_equal(get(flow, "k")->key_column, 14); /* Characters, not bytes. */
    assert_int_equal(get(flow, "k")->column, 17);
    assert_null(get(root, "c"));
    assert_null(get(b, "x"));
    assert_null(yaml_node_get(NULL, "x", 1));
    yaml_tree_free(tree);
}

static void
test_empty_and_null(void **state)
{
    static const char *const nothing[] = { "", "# only a comment\n", "---\n", "~\n", "null\n" };
    struct yaml_tree *tree;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(nothing); i++) {
        tree = read_good(nothing[i]);
        assert_null(yaml_tree_root(tree));
        yaml_tree_free(tree);
    }
    tree = read_good("a: ~\nb: NULL\nc:\nd: ''\ne: \"null\"\nf: nulls\n");
    const struct yaml_node *node = yaml_tree_root(tree)->first;
    for (int i = 0; i < 6; i++, node = node->next)
        assert_int_equal(yaml_node_is_null(node), i < 3);
    yaml_tree_free(tree);
    yaml_tree_free(NULL);
}

static void
test_json_is_yaml(void **state)
{
    struct yaml_tree *tree = read_good("{\"a\": {\"b\": [1, -2.5, true, null, \"x\\u00e9\\/\\n\"]}, \"c\": {}}");
    const struct yaml_node *list = get(get(yaml_tree_root(tree), "a"), "b");

    (void)state;
    assert_int_equal(list->count, 5);
    assert_string_equal(list->first->next->text, "-2.5");
    assert_true(yaml_node_is_null(list->first->next->next->next));
    assert_string_equal(list->first->next->next->next->next->text, "xé/\n");
    assert_int_equal(get(yaml_tree_root(tree), "c")->count, 0);
    yaml_tree_free(tree);
}

static void
test_refused(void **state)
{
    static const struct {
        const char *text;
        bool tree;
        const char *expected;
    } rows[] = {
        { "a: 1\nb: {c: 2, c: 3}\n", true, "t.yaml:2:11: b.c: found this key a second time (first in line 2), expected each key once" },
        { "l:\n- x\n- {k: 1, k: 2}\n", true, "t.yaml:3:10: l[1].k: found this key a second time (first in line 3), expected each key once" },
        { "a: &x 1\n", true, "t.yaml:1:4: found an anchor (&x), expected the value itself; anchors and aliases are not taken" },
        { "a: *x\n", true, "t.yaml:1:4: found an alias (*x), expected the value itself; anchors and aliases are not taken" },
        { "*x : 1\n", false, "t.yaml:1:1: found an alias as a key, expected a word" },
        { "a: !!str 1\n", true, "t.yaml:1:4: found a tag (tag:yaml.org,2002:str), expected a value without a tag" },
        { "[a]: 1\n", false, "t.yaml:1:1: found a block or list as a key, expected a word" },
        { "a: 1\n---\nb: 2\n", false, "t.yaml:2:1: found a second document (---), expected one document" },
        { "a: \"\\0\"\n", false, "t.yaml:1:4: found a NUL character, expected text without it" },
        { "a: [1\n", false,
            "t.yaml:2:1: found no YAML (did not find expected ',' or ']', while parsing a flow sequence that began in line 1), expected valid "
            "YAML" },
        { "a: \xff\n", false, "t.yaml:1:1: found no YAML (invalid leading UTF-8 octet), expected valid YAML" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_bad(rows[i].text, strlen(rows[i].text), rows[i].tree, rows[i].expected);
    check_bad("a: x\0y\n", 7, false, "t.yaml:1:1: found no YAML (control characters are not allowed), expected valid YAML");
}

/* The first of two values stands: what follows is told against it. */
static void
test_duplicates_are_left_out(void **state)
{
    static const char text[] = "a: 1\na: {b: 2}\nc: 3\n";
    struct config_errors errors = { 0 };
    struct yaml_tree *tree = NULL;

    (void)state;
    assert_int_equal(yaml_tree_read("t.yaml", text, strlen(text), &tree, &errors), OK);
    assert_int_equal(errors.count, 1);
    assert_int_equal(yaml_tree_root(tree)->count, 2);
    assert_string_equal(get(yaml_tree_root(tree), "a")->text, "1");
    assert_string_equal(get(yaml_tree_root(tree), "c")->text, "3");
    yaml_tree_free(tree);
    config_errors_fini(&errors);
}

/* One more than each bound is refused, the bound itself is not. */
static void
fill(char *text, const char *unit, int count)
{
    *text = 0;
    for (int i = 0; i < count; i++)
        text += sprintf(text, unit, i);
}

static void
test_bounds(void **state)
{
    char *text = calloc(1, YAML_SIZE_MAX + 2);
    struct yaml_tree *tree;

    (void)state;
    assert_non_null(text);
    memset(text, '[', YAML_DEPTH_MAX);
    memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
    yaml_tree_free(read_good(text));
    memset(text, '[', YAML_DEPTH_MAX + 1);
    memset(text + YAML_DEPTH_MAX + 1, ']', YAML_DEPTH_MAX + 1);
    check_bad(text, strlen(text), false, "t.yaml:1:25: found blocks nested too deep, expected at most 24 levels");

    fill(text, "k%d: 1\n", YAML_KEYS_MAX);
    tree = read_good(text);
    assert_int_equal(yaml_tree_root(tree)->count, YAML_KEYS_MAX);
    yaml_tree_free(tree);
    fill(text, "k%d: 1\n", YAML_KEYS_MAX + 1);
    check_bad(text, strlen(text), false, "t.yaml:1025:1: found too many keys, expected at most 1024 in one block");

    fill(text, "- %d\n", YAML_NODES_MAX - 1); /* The list is a node too. */
    yaml_tree_free(read_good(text));
    fill(text, "- %d\n", YAML_NODES_MAX);
    check_bad(text, strlen(text), false, "t.yaml:16384:3: found too many values, expected at most 16384 in one file");

    memset(text, ' ', YAML_SIZE_MAX + 1);
    text[0] = '#';
    yaml_tree_free(read_good(text + 1)); /* A mebibyte exactly. */
    check_bad(text, YAML_SIZE_MAX + 1, false, "t.yaml:1:1: found a file of more than 1 MiB, expected a configuration file");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_empty_and_null),
        cmocka_unit_test(test_json_is_yaml),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_duplicates_are_left_out),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
