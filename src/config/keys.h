/*
 * keys.h - the key paths of a parameter table: spellings, parents, and which words may stand at a place.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/yaml.h"
#include "core/param.h"

#define KEYS_SPELLINGS_MAX 6
#define KEYS_SPELLING_MAX 64

/* Every way to write one key, the table's first one first. */
struct spellings {
    int count;
    char items[KEYS_SPELLINGS_MAX][KEYS_SPELLING_MAX];
};

/** Split "limit|loss_limit", and add `enforcement` beside `action` and the other way round (R-ALL-17). */
void keys_spellings(const char *keys, struct spellings *ret_spellings);

/** The value at a dotted path below @node, or NULL. */
const struct yaml_node *keys_at(const struct yaml_node *node, const char *path);

/** Is @path a block in this table, i.e. the parent of some key? */
bool keys_is_block(const struct param *params, size_t count, const char *path);

/** The param that has @path among its spellings, or NULL. */
const struct param *keys_find(const struct param *params, size_t count, const char *path);

/* The words that may stand in one block, for "did you mean". */
struct words {
    int count;
    char items[64][KEYS_SPELLING_MAX];
};

/** Words below @prefix ("" at the top), each once. */
void keys_words(const struct param *params, size_t count, const char *prefix, struct words *ret_words);
void keys_add_word(struct words *words, const char *word);

/** "\"limit\" or another of: count_type, close_all", the nearest to @word first if one is near. */
void keys_wish(const struct words *words, const char *word, struct text *text);

/** prefix.key, or key alone after an empty prefix. */
void keys_join(char *out, size_t out_size, const char *prefix, const char *key);

#endif /* CONFIG_KEYS_H */
