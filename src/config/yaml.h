/*
 * yaml.h - YAML text as a bounded tree of nodes that know where they stand.
 *
 * libyaml reads the text; only yaml.c knows it.  JSON is YAML, so scenarios come through here too.  Of YAML's variety only maps, lists and
 * scalars in one document are taken: anchors, aliases, tags, keys that are not words and second documents are refused, because a
 * limit must stand where it is read.  No type is guessed: a scalar is its text and whether it was quoted; bind.c decides.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "base/error.h"
#include "config/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_SIZE_MAX ((size_t)1 << 20) /* A configuration of ten accounts is 10 KB. */
#define YAML_NODES_MAX 16384
#define YAML_KEYS_MAX 1024              /* Of one map; finding duplicates is quadratic. */
#define YAML_DEPTH_MAX 24

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

struct yaml_tree;

struct yaml_node {
    enum node_kind kind;
    bool quoted;
    int32_t line, column;         /* Of the value, from 1; columns count characters. */
    int32_t key_line, key_column; /* Of its key, where the parent is a map; else the value's. */
    size_t start_index, end_index; /* Of the value, in characters from the text's begin; a block's end is where the next thing begins. */
    bool flow;                    /* A map or list in brackets. */
    const char *key;              /* NULL where the parent is no map. */
    const char *text;             /* Scalars: NUL-terminated, holds no other NUL; "" for maps and lists. */
    size_t length;
    int32_t count;                /* Children. */
    const struct yaml_node *first, *next;
    const struct yaml_tree *tree;
};

/**
 * Read one document.
 *
 * @file      Name for messages; copied.
 * @ret_tree  Set on OK: the caller's, yaml_tree_free().  On anything else untouched.
 * @errors    Gets syntax errors, bounds and refused constructs.  OK may come with problems added (a duplicate key's second
 *            value is left out, and reading goes on to find more): compare errors->count.
 *
 * STATUS_CONFIG when the text is no YAML or too large, STATUS_LIMIT when memory is short.
 */
MUST_USE enum status yaml_tree_read(const char *file, const char *text, size_t length, struct yaml_tree **ret_tree,
    struct config_errors *errors);

/** Wipes and frees the tree with all its nodes and texts.  Does nothing on NULL. */
void yaml_tree_free(struct yaml_tree *tree);

/** NULL: the document is empty. */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree);
const char *yaml_tree_file(const struct yaml_tree *tree);

/** Value of @key in a map (exact, @length bytes), or NULL; also when @node is NULL or no map. */
const struct yaml_node *yaml_node_get(const struct yaml_node *node, const char *key, size_t length);

/** Is this an unquoted "", "~" or "null"? */
bool yaml_node_is_null(const struct yaml_node *node);

#endif /* CONFIG_YAML_H */
