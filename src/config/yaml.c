/*
 * yaml.c - see yaml.h.
 *
 * libyaml's events are turned into nodes with a stack of open maps and lists.  libyaml's loader is not used: it resolves aliases,
 * takes duplicate keys and has no bounds.  Whatever may have held a secret is wiped, libyaml's buffers included.
 */
#include "config/yaml.h"

#include "base/assert.h"
#include "base/text.h"
#include "config/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct yaml_tree {
    struct arena arena;
    const char *file;
    struct yaml_node *root;
    int32_t nodes;
};

/* One open map or list. */
struct frame {
    struct yaml_node *node;
    struct yaml_node *last;    /* Its youngest child. */
    const char *key;           /* A map's key that waits for its value. */
    int32_t key_line, key_column;
    bool skip;                 /* The key was refused: read its value and forget it. */
};

struct reader {
    struct yaml_tree *tree;
    struct config_errors *errors;
    struct frame stack[YAML_DEPTH_MAX];
    int depth;
    int documents;
    enum status status; /* Not OK: reading is over. */
};

static void
problem_at(struct reader *reader, yaml_mark_t mark, const char *key, const char *found, const char *expected)
{
    struct config_problem problem = { .line = (int32_t)mark.line + 1, .column = (int32_t)mark.column + 1 };

    (void)text_copy(problem.file, sizeof problem.file, reader->tree->file);
    (void)text_copy(problem.key, sizeof problem.key, key);
    (void)text_copy(problem.found, sizeof problem.found, found);
    (void)text_copy(problem.expected, sizeof problem.expected, expected);
    config_errors_add(reader->errors, &problem);
}

/* A problem after which nothing more can be read. */
static void
stop(struct reader *reader, yaml_mark_t mark, const char *found, const char *expected)
{
    problem_at(reader, mark, "", found, expected);
    reader->status = STATUS_CONFIG;
}

static struct frame *
top(struct reader *reader)
{
    return reader->depth > 0 ? &reader->stack[reader->depth - 1] : NULL;
}

static struct yaml_node *
node_new(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
    struct yaml_node *node = NULL;

    if (reader->tree->nodes >= YAML_NODES_MAX) {
        stop(reader, event->start_mark, "too many values", "at most 16384 in one file");
        return NULL;
    }
    node = arena_take(&reader->tree->arena, sizeof *node);
    if (node == NULL) {
        reader->status = STATUS_LIMIT;
        return NULL;
    }
    reader->tree->nodes++;
    node->kind = kind;
    node->tree = reader->tree;
    node->text = "";
    node->line = node->key_line = (int32_t)event->start_mark.line + 1;
    node->column = node->key_column = (int32_t)event->start_mark.column + 1;
    node->start_index = event->start_mark.index;
    node->end_index = event->end_mark.index;
    node->flow = (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE) ||
        (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    return node;
}

/* Hang a value under the open map or list, or make it the root. */
static void
attach(struct reader *reader, struct yaml_node *node)
{
    struct frame *frame = top(reader);

    if (frame == NULL) {
        reader->tree->root = node;
        return;
    }
    if (frame->node->kind == NODE_MAP) {
        node->key = frame->key;
        node->key_line = frame->key_line;
        node->key_column = frame->key_column;
        frame->key = NULL;
        if (frame->skip) {
            frame->skip = false;
            return;
        }
    }
    if (frame->last == NULL)
        frame->node->first = node;
    else
        frame->last->next = node;
    frame->last = node;
    frame->node->count++;
}

/* Anchors and tags make a value something else than what stands there. */
static void
refuse_extras(struct reader *reader, yaml_mark_t mark, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    char found[CONFIG_FOUND_MAX];

    if (anchor != NULL) {
        (void)snprintf(found, sizeof found, "an anchor (&%.60s)", (const char *)anchor);
        problem_at(reader, mark, "", found, "the value itself; anchors and aliases are not taken");
    }
    if (tag != NULL) {
        (void)snprintf(found, sizeof found, "a tag (%.60s)", (const char *)tag);
        problem_at(reader, mark, "", found, "a value without a tag");
    }
}

static void
open_node(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
    struct frame *frame = top(reader);

    if (frame != NULL && frame->node->kind == NODE_MAP && frame->key == NULL) {
        stop(reader, event->start_mark, "a block or list as a key", "a word");
        return;
    }
    if (reader->depth >= YAML_DEPTH_MAX) {
        stop(reader, event->start_mark, "blocks nested too deep", "at most 24 levels");
        return;
    }
    struct yaml_node *node = node_new(reader, event, kind);
    if (node == NULL)
        return;
    attach(reader, node);
    reader->stack[reader->depth++] = (struct frame){ .node = node };
}

/* "rules.max_contracts.limit" of a key in the open map. */
static void
path_of(const struct reader *reader, const char *key, struct text *path)
{
    for (int i = 1; i < reader->depth; i++) {
        if (reader->stack[i].node->key != NULL)
            text_addf(path, "%s%s", path->length > 0 ? "." : "", reader->stack[i].node->key);
        else
            text_addf(path, "[%d]", (int)reader->stack[i - 1].node->count - 1);
    }
    text_addf(path, "%s%s", path->length > 0 ? "." : "", key);
}

static void
take_key(struct reader *reader, struct frame *frame, const yaml_event_t *event, const char *text)
{
    const struct yaml_node *earlier = yaml_node_get(frame->node, text, strlen(text));
    char found[CONFIG_FOUND_MAX], path[CONFIG_KEY_MAX];
    struct text path_text = text_on(path, sizeof path);

    if (frame->node->count >= YAML_KEYS_MAX) {
        stop(reader, event->start_mark, "too many keys", "at most 1024 in one block");
        return;
    }
    frame->key = text;
    frame->key_line = (int32_t)event->start_mark.line + 1;
    frame->key_column = (int32_t)event->start_mark.column + 1;
    if (earlier == NULL)
        return;
    (void)snprintf(found, sizeof found, "this key a second time (first in line %d)", (int)earlier->key_line);
    path_of(reader, text, &path_text);
    problem_at(reader, event->start_mark, path, found, "each key once");
    frame->skip = true;
}

static void
take_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct frame *frame = top(reader);

    refuse_extras(reader, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag);
    if (memchr(bytes, 0, length) != NULL) {
        stop(reader, event->start_mark, "a NUL character", "text without it");
        return;
    }
    const char *text = arena_copy(&reader->tree->arena, bytes, length);
    if (text == NULL) {
        reader->status = STATUS_LIMIT;
        return;
    }
    if (frame != NULL && frame->node->kind == NODE_MAP && frame->key == NULL) {
        take_key(reader, frame, event, text);
        return;
    }
    struct yaml_node *node = node_new(reader, event, NODE_SCALAR);
    if (node == NULL)
        return;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = text;
    node->length = length;
    attach(reader, node);
}

/* The value is left out; reading goes on. */
static void
take_alias(struct reader *reader, const yaml_event_t *event)
{
    struct frame *frame = top(reader);
    char found[CONFIG_FOUND_MAX];

    if (frame != NULL && frame->node->kind == NODE_MAP && frame->key == NULL) {
        stop(reader, event->start_mark, "an alias as a key", "a word");
        return;
    }
    (void)snprintf(found, sizeof found, "an alias (*%.60s)", (const char *)event->data.alias.anchor);
    problem_at(reader, event->start_mark, "", found, "the value itself; anchors and aliases are not taken");
    if (frame != NULL)
        frame->key = NULL;
    if (frame != NULL)
        frame->skip = false;
}

static void
take_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++reader->documents > 1)
            stop(reader, event->start_mark, "a second document (---)", "one document");
        break;
    case YAML_ALIAS_EVENT:
        take_alias(reader, event);
        break;
    case YAML_SCALAR_EVENT:
        take_scalar(reader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_extras(reader, event->start_mark, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        open_node(reader, event, NODE_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_extras(reader, event->start_mark, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        open_node(reader, event, NODE_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        ASSERT(reader->depth > 0);
        reader->depth--;
        reader->stack[reader->depth].node->end_index = event->end_mark.index;
        break;
    default:
        break;
    }
}

static void
syntax_error(struct reader *reader, const yaml_parser_t *parser)
{
    const char *problem = parser->problem != NULL ? parser->problem : "something that is not YAML";
    yaml_mark_t mark = parser->problem_mark;
    char found[CONFIG_FOUND_MAX];

    if (parser->error == YAML_MEMORY_ERROR) {
        reader->status = STATUS_LIMIT;
        return;
    }
    if (parser->error == YAML_READER_ERROR)
        mark = parser->mark; /* Bad UTF-8 has only a byte offset; this is the last character that was good. */
    struct text text = text_on(found, sizeof found);
    text_addf(&text, "no YAML (%s", problem);
    if (parser->context != NULL)
        text_addf(&text, ", %s that began in line %d", parser->context, (int)parser->context_mark.line + 1);
    text_add(&text, ")");
    stop(reader, mark, found, "valid YAML");
}

/* libyaml frees its buffers as they are; they held the file. */
static void
wipe_buffers(yaml_parser_t *parser)
{
    secret_wipe(parser->raw_buffer.start, (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    secret_wipe(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
}

static void
read_events(struct reader *reader, const char *text, size_t length)
{
    yaml_parser_t parser;
    bool ended = false;

    if (!yaml_parser_initialize(&parser)) {
        reader->status = STATUS_LIMIT;
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (reader->status == OK && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            syntax_error(reader, &parser);
            break;
        }
        take_event(reader, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT)
            secret_wipe(event.data.scalar.value, event.data.scalar.length);
        yaml_event_delete(&event);
    }
    wipe_buffers(&parser);
    yaml_parser_delete(&parser);
}

enum status
yaml_tree_read(const char *file, const char *text, size_t length, struct yaml_tree **ret_tree, struct config_errors *errors)
{
    struct yaml_tree *tree = calloc(1, sizeof *tree);
    struct reader reader = { .tree = tree, .errors = errors };
    yaml_mark_t start = { 0 };

    if (tree == NULL)
        return STATUS_LIMIT;
    tree->file = arena_copy(&tree->arena, file, strlen(file));
    if (tree->file == NULL)
        reader.status = STATUS_LIMIT;
    else if (length > YAML_SIZE_MAX)
        stop(&reader, start, "a file of more than 1 MiB", "a configuration file");
    else
        read_events(&reader, text, length);
    if (reader.status != OK) {
        yaml_tree_free(tree);
        return reader.status;
    }
    *ret_tree = tree;
    return OK;
}

void
yaml_tree_free(struct yaml_tree *tree)
{
    if (tree == NULL)
        return;
    arena_fini(&tree->arena);
    free(tree);
}

const struct yaml_node *
yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root != NULL && yaml_node_is_null(tree->root) ? NULL : tree->root;
}

const char *
yaml_tree_file(const struct yaml_tree *tree)
{
    return tree->file;
}

const struct yaml_node *
yaml_node_get(const struct yaml_node *node, const char *key, size_t length)
{
    if (node == NULL || node->kind != NODE_MAP)
        return NULL;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (strncmp(child->key, key, length) == 0 && child->key[length] == 0)
            return child;
    return NULL;
}

bool
yaml_node_is_null(const struct yaml_node *node)
{
    return node->kind == NODE_SCALAR && !node->quoted &&
        (node->length == 0 || strcmp(node->text, "~") == 0 || text_same(node->text, "null"));
}
