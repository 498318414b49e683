/*
 * keys.c - see keys.h.
 */
#include "config/keys.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

void
keys_join(char *out, size_t out_size, const char *prefix, const char *key)
{
    struct text text = text_on(out, out_size);

    text_add(&text, prefix);
    if (prefix[0] != 0 && key[0] != 0 && key[0] != '[')
        text_add(&text, ".");
    text_add(&text, key);
}

static bool
has_spelling(const struct spellings *spellings, const char *path)
{
    for (int i = 0; i < spellings->count; i++)
        if (strcmp(spellings->items[i], path) == 0)
            return true;
    return false;
}

static void
add_spelling(struct spellings *spellings, const char *path, size_t length)
{
    ASSERT(spellings->count < KEYS_SPELLINGS_MAX);
    bool whole = text_copy_bytes(spellings->items[spellings->count], KEYS_SPELLING_MAX, path, length);
    ASSERT(whole);
    spellings->count++;
}

/* action -> enforcement and back, for the last word of a path. */
static void
add_twin(struct spellings *spellings, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *last = dot != NULL ? dot + 1 : path;
    const char *twin = strcmp(last, "action") == 0 ? "enforcement" : strcmp(last, "enforcement") == 0 ? "action" : NULL;
    char other[KEYS_SPELLING_MAX];

    if (twin == NULL)
        return;
    int length = snprintf(other, sizeof other, "%.*s%s", (int)(last - path), path, twin);
    if (length > 0 && (size_t)length < sizeof other && !has_spelling(spellings, other))
        add_spelling(spellings, other, (size_t)length);
}

void
keys_spellings(const char *keys, struct spellings *ret_spellings)
{
    int written;

    ret_spellings->count = 0;
    for (const char *at = keys;;) {
        size_t length = strcspn(at, "|");
        add_spelling(ret_spellings, at, length);
        if (at[length] == 0)
            break;
        at += length + 1;
    }
    written = ret_spellings->count;
    for (int i = 0; i < written; i++)
        add_twin(ret_spellings, ret_spellings->items[i]);
}

const struct yaml_node *
keys_at(const struct yaml_node *node, const char *path)
{
    while (node != NULL && *path != 0) {
        size_t length = strcspn(path, ".");
        node = yaml_node_get(node, path, length);
        path += length + (path[length] == '.');
    }
    return node;
}

static bool
is_below(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(path, prefix, length) == 0 && path[length] == '.';
}

bool
keys_is_block(const struct param *params, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        struct spellings spellings;
        keys_spellings(params[i].keys, &spellings);
        for (int j = 0; j < spellings.count; j++)
            if (is_below(spellings.items[j], path))
                return true;
    }
    return false;
}

const struct param *
keys_find(const struct param *params, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        struct spellings spellings;
        keys_spellings(params[i].keys, &spellings);
        if (has_spelling(&spellings, path))
            return &params[i];
    }
    return NULL;
}

void
keys_add_word(struct words *words, const char *word)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return;
    if (words->count < (int)COUNT_OF(words->items))
        (void)text_copy(words->items[words->count++], KEYS_SPELLING_MAX, word);
}

void
keys_words(const struct param *params, size_t count, const char *prefix, struct words *ret_words)
{
    ret_words->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct spellings spellings;
        keys_spellings(params[i].keys, &spellings);
        for (int j = 0; j < spellings.count; j++) {
            const char *path = spellings.items[j];
            char word[KEYS_SPELLING_MAX];
            if (prefix[0] != 0 && !is_below(path, prefix))
                continue;
            if (prefix[0] != 0)
                path += strlen(prefix) + 1;
            (void)text_copy_bytes(word, sizeof word, path, strcspn(path, "."));
            keys_add_word(ret_words, word);
        }
    }
}

void
keys_wish(const struct words *words, const char *word, struct text *text)
{
    const char *candidates[COUNT_OF(words->items)];
    const char *nearest;
    bool first = true;

    for (int i = 0; i < words->count; i++)
        candidates[i] = words->items[i];
    nearest = text_suggest(word, candidates, (size_t)words->count);
    if (nearest != NULL)
        text_addf(text, "\"%s\"%s", nearest, words->count > 1 ? " or another of: " : "");
    else
        text_add(text, "one of: ");
    for (int i = 0; i < words->count; i++) {
        if (candidates[i] == nearest)
            continue;
        text_addf(text, "%s%s", first ? "" : ", ", candidates[i]);
        first = false;
    }
}
