/*
 * bind.c - see bind.h.
 *
 * Two passes over a block: first every key that stands there must be known (unknown.c), then every parameter of the table looks for
 * its value (bind_param).  So a misspelt key and a missing one are both told.
 */
#include "config/bind.h"

#include "base/assert.h"
#include "config/keys.h"
#include "config/settings.h"
#include "config/unknown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_TEXT_MAX 4096 /* A list of 256 dates. */

/* Where a parameter's value was found. */
struct finding {
    const struct yaml_node *node; /* NULL: nowhere. */
    char path[CONFIG_KEY_MAX];    /* Whole key path, for messages. */
};

static bool bind_items(struct bind *bind, const struct param *param, const struct finding *found, const struct bind_layers *layers,
    const struct bind_target *target);

void
bind_problem(struct bind *bind, const struct yaml_node *at, const char *path, const char *found, const char *expected)
{
    struct config_problem problem = { .line = at->line, .column = at->column };

    (void)text_copy(problem.file, sizeof problem.file, yaml_tree_file(at->tree));
    (void)text_copy(problem.key, sizeof problem.key, path);
    (void)text_copy(problem.found, sizeof problem.found, found);
    (void)text_copy(problem.expected, sizeof problem.expected, expected);
    config_errors_add(bind->errors, &problem);
    bind->problems++;
}

bool
bind_refuse(struct bind *bind, const struct yaml_node *at, const char *path, const struct param *param, const char *expected)
{
    char found[CONFIG_FOUND_MAX], wish[CONFIG_EXPECTED_MAX];
    struct text found_text = text_on(found, sizeof found), wish_text = text_on(wish, sizeof wish);

    if (param != NULL && settings_is_secret(param) && at->kind == NODE_SCALAR && !yaml_node_is_null(at))
        text_add(&found_text, "a value (not shown)");
    else
        value_found(at, &found_text);
    if (expected != NULL)
        text_add(&wish_text, expected);
    else
        value_expected(param, &wish_text);
    bind_problem(bind, at, path, found, wish);
    return false;
}

bool
bind_refuse_key(struct bind *bind, const struct yaml_node *node, const char *path, const char *expected)
{
    struct config_problem problem = { .line = node->key_line, .column = node->key_column };
    struct text found = text_on(problem.found, sizeof problem.found);

    text_addf(&found, "the key \"%.60s\"", node->key);
    (void)text_copy(problem.file, sizeof problem.file, yaml_tree_file(node->tree));
    (void)text_copy(problem.key, sizeof problem.key, path);
    (void)text_copy(problem.expected, sizeof problem.expected, expected);
    config_errors_add(bind->errors, &problem);
    bind->problems++;
    return false;
}

static void
record(struct bind *bind, const struct param *param, const char *prefix, const char *text, const struct yaml_node *from)
{
    char path[CONFIG_KEY_MAX];
    struct spellings spellings;
    struct bind_value value = { .param = param, .path = path, .text = text, .from = bind->defaults ? NULL : from };

    if (bind->record == NULL)
        return;
    keys_spellings(param->keys, &spellings);
    keys_join(path, sizeof path, prefix, spellings.items[0]);
    bind->record(bind->record_context, &value);
}

static size_t
small_size(enum param_kind kind)
{
    switch (kind) {
    case PARAM_FLAG:
        return sizeof(bool);
    case PARAM_CHOICE:
    case PARAM_TIME:
        return sizeof(int32_t);
    case PARAM_INT:
    case PARAM_MONEY:
        return sizeof(int64_t);
    case PARAM_SECONDS:
        return sizeof(struct span);
    case PARAM_ZONE:
        return sizeof(const struct zone *);
    default:
        return 0;
    }
}

static bool
same_nodes(const struct yaml_node *a, const struct yaml_node *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == NODE_SCALAR)
        return text_same(a->text, b->text);
    const struct yaml_node *x = a->first, *y = b->first;
    for (; x != NULL && y != NULL; x = x->next, y = y->next)
        if ((x->key != NULL && y->key != NULL && !text_same(x->key, y->key)) || !same_nodes(x, y))
            return false;
    return true;
}

/* -500 and 500, CLOSE_ALL and close_all are the same value. */
static bool
same_values(struct bind *bind, const struct param *param, const struct yaml_node *a, const struct yaml_node *b)
{
    size_t size = small_size(param->kind);
    int64_t first = 0, second = 0;
    const struct zone *zone_a, *zone_b;
    struct value_faults faults;

    if (size == 0)
        return same_nodes(a, b);
    if (param->kind == PARAM_ZONE)
        return !value_read(param, a, bind->zones, &zone_a, &faults) || !value_read(param, b, bind->zones, &zone_b, &faults) ||
            zone_a == zone_b;
    if (!value_read(param, a, bind->zones, &first, &faults) || !value_read(param, b, bind->zones, &second, &faults))
        return true; /* What is wrong with them is told elsewhere. */
    return memcmp(&first, &second, size) == 0;
}

static bool
contradiction(struct bind *bind, const struct param *param, const struct finding *first, const struct finding *second)
{
    char found[CONFIG_FOUND_MAX], wish[CONFIG_EXPECTED_MAX];
    struct text text = text_on(found, sizeof found);
    bool secret = settings_is_secret(param);

    if (same_values(bind, param, first->node, second->node))
        return false;
    if (secret)
        text_add(&text, "a value (not shown)");
    else
        value_found(second->node, &text);
    text = text_on(wish, sizeof wish);
    text_addf(&text, "the value of %s in line %d, ", first->path, (int)first->node->line);
    if (secret)
        text_add(&text, "which is different");
    else
        value_found(first->node, &text);
    text_add(&text, ": both keys mean the same; write one");
    bind_problem(bind, second->node, second->path, found, wish);
    return true;
}

/* A block under a flag's short spelling ("auto_stop_loss: {...}") is not the flag's value. */
static bool
is_value_of(const struct param *param, const struct bind_target *target, const struct yaml_node *node, const char *path)
{
    return node != NULL && !(param->kind == PARAM_FLAG && node->kind == NODE_MAP && keys_is_block(target->params, target->count, path));
}

/* What one layer says about a parameter.  False: it contradicts itself. */
static bool
find_in_layer(struct bind *bind, const struct param *param, const struct bind_target *target, const struct bind_layer *layer,
    struct finding *ret_found)
{
    struct spellings spellings;
    bool fine = true;

    ret_found->node = NULL;
    keys_spellings(param->keys, &spellings);
    for (int i = 0; i < spellings.count; i++) {
        struct finding other = { .node = keys_at(layer->node, spellings.items[i]) };
        if (!is_value_of(param, target, other.node, spellings.items[i]))
            continue;
        keys_join(other.path, sizeof other.path, layer->path, spellings.items[i]);
        if (ret_found->node == NULL)
            *ret_found = other;
        else if (contradiction(bind, param, ret_found, &other))
            fine = false;
    }
    return fine;
}

const struct yaml_node *
bind_find(const struct bind_layers *layers, const char *keys, int *ret_layer)
{
    struct spellings spellings;

    keys_spellings(keys, &spellings);
    for (int i = 0; i < layers->count; i++) {
        for (int j = 0; j < spellings.count; j++) {
            const struct yaml_node *node = keys_at(layers->items[i].node, spellings.items[j]);
            if (node != NULL) {
                *ret_layer = i;
                return node;
            }
        }
    }
    return NULL;
}

/* The path of a fault inside a value: the item's key, or its place in the list. */
static void
fault_path(const struct finding *found, const struct yaml_node *at, char *out)
{
    int32_t index = 0;
    struct text text = text_on(out, CONFIG_KEY_MAX);

    text_add(&text, found->path);
    if (at == found->node)
        return;
    if (at->key != NULL) {
        text_addf(&text, ".%s", at->key);
        return;
    }
    for (const struct yaml_node *item = found->node->first; item != NULL && item != at; item = item->next)
        index++;
    text_addf(&text, "[%d]", (int)index);
}

static bool
read_value(struct bind *bind, const struct param *param, const struct finding *found, void *field)
{
    struct value_faults faults;

    if (value_read(param, found->node, bind->zones, field, &faults))
        return true;
    for (int i = 0; i < faults.count; i++) {
        const struct value_fault *fault = &faults.items[i];
        char path[CONFIG_KEY_MAX];
        fault_path(found, fault->at, path);
        if (fault->key)
            (void)bind_refuse_key(bind, fault->at, path, fault->expected);
        else
            (void)bind_refuse(bind, fault->at, path, param, fault->expected);
    }
    return false;
}

static void
record_value(struct bind *bind, const struct param *param, const char *prefix, const struct yaml_node *node, const void *field)
{
    char value[VALUE_TEXT_MAX];
    struct text text = text_on(value, sizeof value);

    if (bind->record == NULL)
        return;
    if (settings_is_secret(param))
        text_add(&text, node->length > 0 ? "********" : "\"\"");
    else if (param->kind == PARAM_TEXT)
        text_addf(&text, "\"%s\"", node->text);
    else
        value_format(param, field, &text);
    record(bind, param, prefix, value, node);
}

/* Tables of limits take what every layer has, the general ones first so that the specific ones replace. */
static bool
bind_limits(struct bind *bind, const struct param *param, const struct bind_target *target, const struct bind_layers *layers,
    void *field)
{
    bool fine = true;

    for (int i = layers->count - 1; i >= 0; i--) {
        struct finding found;
        if (!find_in_layer(bind, param, target, &layers->items[i], &found))
            fine = false;
        if (found.node != NULL && !read_value(bind, param, &found, field))
            fine = false;
    }
    return fine;
}

static bool
bind_found(struct bind *bind, const struct param *param, const struct finding *found, const struct bind_layers *layers,
    const struct bind_target *target)
{
    unsigned char *field = (unsigned char *)target->out + param->offset;
    bool fine;

    if (param->present_offset != 0 && !bind->defaults)
        *((bool *)target->out + (param->present_offset - 1)) = true;
    if (param->kind == PARAM_LIST || param->kind == PARAM_MAP || param->kind == PARAM_BLOCK)
        return bind_items(bind, param, found, layers, target);
    fine = param->kind == PARAM_LIMITS && !bind->defaults ? bind_limits(bind, param, target, layers, field)
                                                          : read_value(bind, param, found, field);
    if (fine)
        record_value(bind, param, target->path, found->node, field);
    return fine;
}

/* The block of "x.enabled|x" is x; is it there in any layer? */
static bool
block_is_there(const struct param *param, const struct bind_layers *layers)
{
    struct spellings spellings;
    char block[KEYS_SPELLING_MAX];

    keys_spellings(param->keys, &spellings);
    (void)text_copy_bytes(block, sizeof block, spellings.items[0], strcspn(spellings.items[0], "."));
    for (int i = 0; i < layers->count; i++)
        if (keys_at(layers->items[i].node, block) != NULL)
            return true;
    return false;
}

/* Table defaults are YAML of our own: one that cannot be read is a bug, except a zone this machine does not have. */
static bool
bind_default(struct bind *bind, const struct param *param, const struct bind_target *target, const struct bind_layers *layers)
{
    const char *value = param->off_if_block_missing && !block_is_there(param, layers) ? "false" : param->value;
    struct yaml_tree *tree = NULL;
    bool outer = bind->defaults, fine;
    struct finding found = { 0 };

    if (yaml_tree_read("built-in default", value, strlen(value), &tree, bind->errors) != OK)
        return false;
    found.node = yaml_tree_root(tree);
    ASSERT(found.node != NULL);
    keys_join(found.path, sizeof found.path, target->path, param->keys);
    bind->defaults = true;
    fine = bind_found(bind, param, &found, layers, target);
    bind->defaults = outer;
    yaml_tree_free(tree);
    return fine;
}

static bool
missing(struct bind *bind, const struct param *param, const struct bind_layers *layers)
{
    const struct bind_layer *layer = &layers->items[layers->count - 1];
    struct spellings spellings;
    char path[CONFIG_KEY_MAX], wish[CONFIG_EXPECTED_MAX];
    struct text text = text_on(wish, sizeof wish);

    keys_spellings(param->keys, &spellings);
    keys_join(path, sizeof path, layer->path, spellings.items[0]);
    value_expected(param, &text);
    bind_problem(bind, layer->node, path, "nothing", wish);
    return false;
}

static bool
bind_absent(struct bind *bind, const struct param *param, const struct bind_target *target, const struct bind_layers *layers)
{
    if (param->value != NULL)
        return bind_default(bind, param, target, layers);
    if (!param->optional && !bind->lenient)
        return missing(bind, param, layers);
    if (param->kind == PARAM_TIME)
        *(int32_t *)(void *)((unsigned char *)target->out + param->offset) = -1;
    return true;
}

static bool
bind_param(struct bind *bind, const struct param *param, const struct bind_target *target, const struct bind_layers *layers)
{
    struct finding found = { 0 };
    bool fine = true;

    for (int i = 0; i < layers->count && found.node == NULL; i++) {
        fine = find_in_layer(bind, param, target, &layers->items[i], &found) && fine;
        if (found.node != NULL && param->optional && yaml_node_is_null(found.node))
            found.node = NULL;
    }
    if (found.node == NULL)
        return bind_absent(bind, param, target, layers) && fine;
    return bind_found(bind, param, &found, layers, target) && fine;
}

bool
bind_params(struct bind *bind, const struct bind_target *target, const struct bind_layers *layers)
{
    int32_t before = bind->problems;
    bool fine = true;

    ASSERT(layers->count > 0 && layers->count <= BIND_LAYERS_MAX);
    for (int i = 0; i < layers->count; i++) {
        const struct bind_layer *layer = &layers->items[i];
        if (layer->node->kind == NODE_MAP)
            unknown_keys(bind, target, layer);
        else
            fine = bind_refuse(bind, layer->node, layer->path, NULL, "a block");
    }
    if (!fine)
        return false; /* Keys missing in what is no block are no news. */
    for (size_t i = 0; i < target->count; i++)
        fine = bind_param(bind, &target->params[i], target, layers) && fine;
    return fine && bind->problems == before;
}

bool
bind_enabled(struct bind *bind, const struct bind_layers *layers, const char *record_path, bool otherwise)
{
    static const struct param enabled = { .keys = "enabled", .kind = PARAM_FLAG };
    int layer = 0;
    const struct yaml_node *node = bind_find(layers, enabled.keys, &layer);
    bool on = otherwise;

    if (node != NULL && !value_is_flag(node, &on)) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, layers->items[layer].path, enabled.keys);
        (void)bind_refuse(bind, node, path, &enabled, NULL);
        return true;
    }
    if (record_path != NULL)
        record(bind, &enabled, record_path, on ? "true" : "false", node);
    return on;
}

/* --- lists, maps and blocks: structs inside the struct --- */

/* The item of a list, map or block, or a scalar where the item's table has one nameless parameter. */
static bool
bind_item(struct bind *bind, const struct param *param, const struct bind_layers *layers, const char *path, void *out)
{
    struct bind_target inner = { .params = param->items, .count = param->items_count, .out = out, .path = path };

    if (param->items_count == 1 && param->items[0].keys[0] == 0) {
        struct finding found = { .node = layers->items[0].node };
        (void)text_copy(found.path, sizeof found.path, layers->items[0].path);
        return bind_found(bind, &param->items[0], &found, layers, &inner);
    }
    return bind_params(bind, &inner, layers);
}

/* `enabled: false` takes an item out, unless its table has such a key of its own. */
static bool
is_off(struct bind *bind, const struct param *param, const struct bind_layers *layers)
{
    return keys_find(param->items, param->items_count, "enabled") == NULL && !bind_enabled(bind, layers, NULL, true);
}

static bool
too_many(struct bind *bind, const struct param *param, const struct yaml_node *node, const char *path)
{
    char expected[CONFIG_EXPECTED_MAX];

    (void)snprintf(expected, sizeof expected, "at most %d", (int)param->items_max);
    return bind_refuse(bind, node, path, param, expected);
}

static bool
bind_list(struct bind *bind, const struct param *param, const struct finding *found, const struct bind_target *target)
{
    int32_t *count = (int32_t *)(void *)((unsigned char *)target->out + param->count_offset);
    unsigned char *items = (unsigned char *)target->out + param->offset;
    int32_t index = 0;
    bool fine = true;

    *count = 0;
    if (found->node->kind != NODE_LIST)
        return bind_refuse(bind, found->node, found->path, param, NULL);
    for (const struct yaml_node *node = found->node->first; node != NULL; node = node->next, index++) {
        char path[CONFIG_KEY_MAX], record_path[CONFIG_KEY_MAX], place[CONFIG_KEY_MAX];
        struct bind_layers layers = { .count = 1, .items = { { node, path } } };
        (void)snprintf(path, sizeof path, "%.140s[%d]", found->path, (int)index);
        (void)snprintf(place, sizeof place, "%.140s[%d]", param->keys, (int)index);
        keys_join(record_path, sizeof record_path, target->path, place);
        if (is_off(bind, param, &layers))
            continue;
        if (*count >= param->items_max)
            return too_many(bind, param, node, path);
        bool good = bind_item(bind, param, &layers, record_path, items + (size_t)*count * param->item_size);
        (*count)++;
        const struct param *same = good ? value_repeats_item(param, items, *count) : NULL;
        if (same != NULL) {
            keys_join(place, sizeof place, path, same->keys);
            good = bind_refuse(bind, keys_at(node, same->keys), place, same, "another value in each item");
        }
        fine = good && fine;
    }
    if (found->node->count == 0)
        record(bind, param, target->path, "[]", found->node);
    return fine;
}

/* One symbol's item, with what each layer says about that symbol. */
static bool
bind_symbol(struct bind *bind, const struct param *param, const struct symbol *symbol, const struct bind_layers *maps,
    const char *record_path, void *out)
{
    char paths[BIND_LAYERS_MAX][CONFIG_KEY_MAX];
    struct bind_layers layers = { .count = 0 };

    for (int i = 0; i < maps->count; i++) {
        for (const struct yaml_node *child = maps->items[i].node->first; child != NULL; child = child->next) {
            if (!text_same(child->key, symbol->text))
                continue;
            keys_join(paths[layers.count], CONFIG_KEY_MAX, maps->items[i].path, child->key);
            layers.items[layers.count] = (struct bind_layer){ child, paths[layers.count] };
            layers.count++;
            break;
        }
    }
    ASSERT(layers.count > 0);
    *(struct symbol *)out = (struct symbol){ { 0 } };
    if (!is_off(bind, param, &layers))
        *(struct symbol *)out = *symbol;
    return bind_item(bind, param, &layers, record_path, out);
}

static bool
has_item(const struct param *param, const unsigned char *items, int32_t count, const struct symbol *symbol)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(((const struct symbol *)(const void *)(items + (size_t)i * param->item_size))->text, symbol->text) == 0)
            return true;
    return false;
}

static bool
bind_map_layer(struct bind *bind, const struct param *param, const struct bind_layers *maps, int at, const struct bind_target *target)
{
    int32_t *count = (int32_t *)(void *)((unsigned char *)target->out + param->count_offset);
    unsigned char *items = (unsigned char *)target->out + param->offset;
    bool fine = true;

    for (const struct yaml_node *node = maps->items[at].node->first; node != NULL; node = node->next) {
        char path[CONFIG_KEY_MAX], record_path[CONFIG_KEY_MAX];
        struct symbol symbol = { { 0 } };
        bool on;
        keys_join(path, sizeof path, maps->items[at].path, node->key);
        if (strcmp(node->key, "enabled") == 0 && value_is_flag(node, &on)) {
            unknown_enabled(bind, node, path);
            continue;
        }
        if (!value_symbol(node->key, &symbol)) {
            fine = bind_refuse_key(bind, node, path, "a symbol such as ES or MNQ");
            continue;
        }
        if (value_is_repeated(node, maps->items[at].node)) {
            fine = bind_refuse_key(bind, node, path, "each symbol once, in whatever case");
            continue;
        }
        if (has_item(param, items, *count, &symbol))
            continue;
        if (*count >= param->items_max)
            return too_many(bind, param, node, path);
        (void)snprintf(record_path, sizeof record_path, "%.60s%s%.60s.%s", target->path, target->path[0] != 0 ? "." : "", param->keys,
            symbol.text);
        unsigned char *item = items + (size_t)*count * param->item_size;
        fine = bind_symbol(bind, param, &symbol, maps, record_path, item) && fine;
        if (((const struct symbol *)(const void *)item)->text[0] != 0)
            (*count)++;
        else
            memset(item, 0, param->item_size); /* Turned off. */
    }
    return fine;
}

static bool
bind_items(struct bind *bind, const struct param *param, const struct finding *found, const struct bind_layers *layers,
    const struct bind_target *target)
{
    struct finding parts[BIND_LAYERS_MAX];
    struct bind_layers inner = { .count = 0 };
    bool fine = true;

    if (param->kind == PARAM_LIST)
        return bind_list(bind, param, found, target);
    for (int i = 0; i < layers->count && !bind->defaults; i++) {
        struct finding *part = &parts[inner.count];
        fine = find_in_layer(bind, param, target, &layers->items[i], part) && fine;
        if (part->node == NULL)
            continue;
        if (part->node->kind != NODE_MAP)
            return bind_refuse(bind, part->node, part->path, param, NULL);
        inner.items[inner.count++] = (struct bind_layer){ part->node, part->path };
    }
    if (bind->defaults)
        inner = (struct bind_layers){ .count = 1, .items = { { found->node, found->path } } };
    if (param->kind == PARAM_MAP) {
        for (int i = inner.count - 1; i >= 0; i--)
            fine = bind_map_layer(bind, param, &inner, i, target) && fine;
        if (fine && found->node->count == 0)
            record(bind, param, target->path, "{}", found->node);
        return fine;
    }
    if (is_off(bind, param, &inner))
        return fine;
    char path[CONFIG_KEY_MAX];
    keys_join(path, sizeof path, target->path, param->keys);
    return bind_item(bind, param, &inner, path, (unsigned char *)target->out + param->offset) && fine;
}
