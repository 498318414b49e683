/*
 * unknown.c - see unknown.h.
 */
#include "config/unknown.h"

#include "config/keys.h"

#include <string.h>

static void
stranger(struct bind *bind, const struct yaml_node *node, const char *path, const struct words *words)
{
    char wish[CONFIG_EXPECTED_MAX];
    struct text text = text_on(wish, sizeof wish);

    keys_wish(words, node->key, &text);
    (void)bind_refuse_key(bind, node, path, wish);
}

static bool
is_known(const char *const *known, const char *key)
{
    for (; known != NULL && *known != NULL; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

void
unknown_among(struct bind *bind, const struct bind_layer *layer, const char *const *known)
{
    struct words words = { .count = 0 };

    for (const char *const *word = known; *word != NULL; word++)
        keys_add_word(&words, *word);
    for (const struct yaml_node *child = layer->node->first; child != NULL; child = child->next) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, layer->path, child->key);
        if (!is_known(known, child->key))
            stranger(bind, child, path, &words);
    }
}

static void check_keys(struct bind *bind, const struct bind_target *target, const struct yaml_node *node, const char *path,
    const char *prefix);

void
unknown_enabled(struct bind *bind, const struct yaml_node *node, const char *path)
{
    bool on;

    if (!value_is_flag(node, &on) || !on)
        (void)bind_refuse(bind, node, path, NULL, "true: this block cannot be turned off by itself");
}

static void
check_key(struct bind *bind, const struct bind_target *target, const struct yaml_node *child, const char *path, const char *prefix)
{
    char key[CONFIG_KEY_MAX];

    keys_join(key, sizeof key, prefix, child->key);
    if (keys_is_block(target->params, target->count, key)) {
        if (child->kind == NODE_MAP)
            check_keys(bind, target, child, path, key);
        else if (keys_find(target->params, target->count, key) == NULL)
            bind_refuse(bind, child, path, NULL, "a block");
        return;
    }
    if (keys_find(target->params, target->count, key) != NULL)
        return;
    if (prefix[0] == 0 && (is_known(target->known, child->key) || strcmp(child->key, "enabled") == 0))
        return; /* The caller reads it. */
    if (strcmp(child->key, "enabled") == 0) {
        unknown_enabled(bind, child, path);
        return;
    }
    struct words words;
    keys_words(target->params, target->count, prefix, &words);
    if (prefix[0] == 0)
        for (const char *const *known = target->known; known != NULL && *known != NULL; known++)
            keys_add_word(&words, *known);
    stranger(bind, child, path, &words);
}

static void
check_keys(struct bind *bind, const struct bind_target *target, const struct yaml_node *node, const char *path, const char *prefix)
{
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        char child_path[CONFIG_KEY_MAX];
        keys_join(child_path, sizeof child_path, path, child->key);
        check_key(bind, target, child, child_path, prefix);
    }
}

void
unknown_keys(struct bind *bind, const struct bind_target *target, const struct bind_layer *layer)
{
    check_keys(bind, target, layer->node, layer->path, "");
}
