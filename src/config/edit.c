/*
 * edit.c - see edit.h.
 *
 * Marks count characters: "ü" is one and two bytes.  A block's end is where the next thing begins, behind comments that are not its own; so
 * the end of a block is the end of its last value.
 *
 *     rules:                     parent of a new rule
 *       max_contracts:           parent of a new key
 *         limit: 5  # comment    the value's bytes are replaced; a new key goes into a line below
 */
#include "config/edit.h"

#include "config/yaml.h"

#include <stdlib.h>
#include <string.h>

struct edit {
    const char *text;
    const struct edit_path *path;
    const char *value;
    struct text *out;
    struct error *err;
};

/* Bytes before character @index. */
static size_t
byte_of(const char *text, size_t index)
{
    size_t at = 0; /* A byte order mark counts as a character. */

    for (; index > 0 && text[at] != 0; index--) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static const struct yaml_node *
child_of(const struct yaml_node *node, const char *key)
{
    return yaml_node_get(node, key, strlen(key));
}

static const struct yaml_node *
find_account(const struct yaml_node *root, int64_t account_id)
{
    const struct yaml_node *list = root != NULL && root->kind == NODE_MAP ? child_of(root, "accounts") : root;

    for (const struct yaml_node *item = list != NULL && list->kind == NODE_LIST ? list->first : NULL; item != NULL; item = item->next) {
        const struct yaml_node *id = child_of(item, "account_id");
        id = id != NULL ? id : child_of(item, "id");
        if (id != NULL && strtoll(id->text, NULL, 10) == account_id)
            return item;
    }
    return NULL;
}

static const struct yaml_node *
start_of(const struct yaml_tree *tree, const struct edit_path *path)
{
    const struct yaml_node *root = yaml_tree_root(tree);

    return path->account_id != 0 ? find_account(root, path->account_id) : root;
}

/* As deep as the path goes; @ret_depth: how many keys were found.  @ret_flow: brackets around it or any of its parents. */
static const struct yaml_node *
descend(const struct yaml_node *node, const struct edit_path *path, int *ret_depth, bool *ret_flow)
{
    *ret_depth = 0;
    *ret_flow = node != NULL && node->flow;
    for (; node != NULL && *ret_depth < path->count; ++*ret_depth) {
        const struct yaml_node *child = child_of(node, path->keys[*ret_depth]);
        if (child == NULL)
            break;
        node = child;
        *ret_flow = *ret_flow || node->flow;
    }
    return node;
}

/* Where the last value in it ends. */
static const struct yaml_node *
last_in(const struct yaml_node *node)
{
    while (node->kind != NODE_SCALAR && !node->flow && node->first != NULL) {
        node = node->first;
        while (node->next != NULL)
            node = node->next;
    }
    return node;
}

static enum status
put(const struct edit *edit, size_t from, size_t to, const char *between)
{
    text_add_bytes(edit->out, edit->text, from);
    text_add(edit->out, between);
    text_add(edit->out, edit->text + to);
    return edit->out->truncated ? error_set(edit->err, STATUS_LIMIT, "the file is too long to be changed here") : OK;
}

static enum status
replace(const struct edit *edit, const struct yaml_node *node)
{
    size_t from = byte_of(edit->text, node->start_index), to = byte_of(edit->text, node->end_index);
    char bytes[1024], first = edit->text[from];
    struct text text = text_on(bytes, sizeof bytes);
    bool quoted = node->quoted && (first == '"' || first == '\'') && strpbrk(edit->value, "\"'\\[]{}") == NULL;

    if ((node->kind != NODE_SCALAR && !node->flow) || (node->quoted && (first == '|' || first == '>')))
        return error_set(edit->err, STATUS_REFUSED, "line %d: a value of several lines is changed by hand", (int)node->line);
    if (node->kind == NODE_SCALAR && from == to) /* "limit:" */
        text_addf(&text, "%s%s", from > 0 && edit->text[from - 1] == ' ' ? "" : " ", edit->value);
    else if (quoted)
        text_addf(&text, "%c%s%c", first, edit->value, first);
    else
        text_add(&text, edit->value);
    if (text.truncated)
        return error_set(edit->err, STATUS_LIMIT, "the value is too long");
    return put(edit, from, to, bytes);
}

/* "key: {key: value}" of what is missing from @depth on. */
static void
add_flow(const struct edit *edit, int depth, struct text *text)
{
    const struct edit_path *path = edit->path;

    for (int i = depth; i < path->count; i++)
        text_addf(text, "%s%s: ", i > depth ? "{" : "", path->keys[i]);
    text_add(text, edit->value);
    for (int i = depth + 1; i < path->count; i++)
        text_add(text, "}");
}

static enum status
insert_flow(const struct edit *edit, const struct yaml_node *parent, int depth)
{
    char bytes[1024];
    struct text text = text_on(bytes, sizeof bytes);
    const struct yaml_node *last = parent->first;
    bool null = parent->kind == NODE_SCALAR;
    size_t at = byte_of(edit->text, null ? parent->start_index : parent->start_index + 1);

    while (last != NULL && last->next != NULL)
        last = last->next;
    if (last != NULL) {
        at = byte_of(edit->text, last->end_index);
        text_add(&text, ", ");
    }
    text_add(&text, null ? " {" : "");
    add_flow(edit, depth, &text);
    text_add(&text, null ? "}" : "");
    if (text.truncated)
        return error_set(edit->err, STATUS_LIMIT, "the value is too long");
    return put(edit, at, null ? byte_of(edit->text, parent->end_index) : at, bytes);
}

/* Lines of what is missing, the first indented by @indent, after the line that holds byte @at. */
static enum status
insert_lines(const struct edit *edit, size_t at, int indent, int depth)
{
    const char *newline = strstr(edit->text, "\r\n") != NULL ? "\r\n" : "\n";
    char bytes[1024];
    struct text text = text_on(bytes, sizeof bytes);

    if (at > 0 && edit->text[at - 1] != '\n') {
        at += strcspn(edit->text + at, "\n");
        at += edit->text[at] == '\n' ? 1 : 0;
    }
    if (at > 0 && edit->text[at - 1] != '\n')
        text_add(&text, newline);
    for (int i = depth; i < edit->path->count; i++)
        text_addf(&text, "%*s%s:%s%s%s", indent + 2 * (i - depth), "", edit->path->keys[i], i + 1 == edit->path->count ? " " : "",
            i + 1 == edit->path->count ? edit->value : "", newline);
    if (text.truncated)
        return error_set(edit->err, STATUS_LIMIT, "the value is too long");
    return put(edit, at, at, bytes);
}

static enum status
insert(const struct edit *edit, const struct yaml_node *parent, int depth, bool flow)
{
    if (parent == NULL)
        return insert_lines(edit, strlen(edit->text), 0, depth);
    bool null = yaml_node_is_null(parent);
    if (!null && parent->kind != NODE_MAP)
        return error_set(edit->err, STATUS_REFUSED, "line %d: %s is no block", (int)parent->line, parent->key != NULL ? parent->key : "this");
    if (flow)
        return insert_flow(edit, parent, depth);
    if (null && parent->start_index != parent->end_index)
        return error_set(edit->err, STATUS_REFUSED, "line %d: %s is null; write the block by hand", (int)parent->line, parent->key);
    if (null) /* "rules:": its line is the key's, whatever libyaml says of what is not there. */
        return insert_lines(edit, byte_of(edit->text, parent->end_index), parent->key_column + 1, depth);
    return insert_lines(edit, byte_of(edit->text, last_in(parent)->end_index), parent->first->key_column - 1, depth);
}

/* @text as a tree, or NULL with the reason: whatever cannot be read cannot be changed. */
static struct yaml_tree *
read_tree(const char *text, struct error *err)
{
    struct config_errors errors = { 0 };
    struct yaml_tree *tree = NULL;
    enum status status = yaml_tree_read("file", text, strlen(text), &tree, &errors);

    if (errors.count > 0)
        (void)error_set(err, STATUS_CONFIG, "line %d: found %s, expected %s", (int)errors.items[0].line, errors.items[0].found,
            errors.items[0].expected);
    else if (status != OK)
        (void)error_set(err, status, "the file cannot be read");
    if (status != OK || errors.count > 0) {
        if (status == OK)
            yaml_tree_free(tree);
        tree = NULL;
    }
    config_errors_fini(&errors);
    return tree;
}

bool
edit_has(const char *text, const struct edit_path *path)
{
    struct error err = { 0 };
    struct yaml_tree *tree = read_tree(text, &err);
    int depth = 0;
    bool flow;

    if (tree == NULL)
        return false;
    const struct yaml_node *node = descend(start_of(tree, path), path, &depth, &flow);
    bool found = node != NULL && depth == path->count;
    yaml_tree_free(tree);
    return found;
}

/* A value that would be read as more than itself ("5 # x", "1\nrules: {}", "&a 5", "5, b: 6") is none. */
static enum status
check_value(const char *value, struct error *err)
{
    struct yaml_tree *tree;
    bool plain = value[0] != '[' && value[0] != '{' && value[0] != '"' && value[0] != '\'';
    const struct yaml_node *root;

    if (value[0] == 0 || strpbrk(value, "\r\n#|>") != NULL || (plain && strpbrk(value, ",[]{}") != NULL))
        return error_set(err, STATUS_CONFIG, "not a value of one line: %.60s", value);
    tree = read_tree(value, err);
    if (tree == NULL)
        return STATUS_CONFIG;
    root = yaml_tree_root(tree);
    bool fine = root != NULL && (root->kind == NODE_SCALAR || root->flow) && byte_of(value, root->end_index) == strlen(value);
    yaml_tree_free(tree);
    return fine ? OK : error_set(err, STATUS_CONFIG, "not a value of one line: %.60s", value);
}

enum status
edit_set(const char *text, const struct edit_path *path, const char *value, struct text *out, struct error *err)
{
    struct edit edit = { .text = text, .path = path, .value = value, .out = out, .err = err };
    enum status status = check_value(value, err);
    int depth = 0;
    bool flow;

    if (status != OK)
        return status;
    struct yaml_tree *tree = read_tree(text, err);
    if (tree == NULL)
        return STATUS_CONFIG;
    const struct yaml_node *start = start_of(tree, path);
    const struct yaml_node *node = descend(start, path, &depth, &flow);
    if (start == NULL && path->account_id != 0)
        status = error_set(err, STATUS_REFUSED, "account %lld is not in the file", (long long)path->account_id);
    else if (node != NULL && depth == path->count)
        status = replace(&edit, node);
    else
        status = insert(&edit, node, depth, flow);
    yaml_tree_free(tree);
    return status;
}
