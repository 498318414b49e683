/*
 * table.h - a fixed-size map from 64-bit keys to pointers for the hot path: open addressing, no allocation after construction.
 *
 * Keys may collide for callers that hash (contract names): such callers compare what they find and
 * go on with key + 1.
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t key;
    void *value; /* NULL: empty. */
};

struct table {
    struct table_slot *slots;
    size_t mask;
    size_t count, capacity;
};

/** Room for @capacity entries, at two thirds load at most.  Construction only. */
bool table_init(struct table *table, size_t capacity);
void table_fini(struct table *table);
void *table_find(const struct table *table, uint64_t key);
/** False when full.  An existing key is replaced. */
bool table_put(struct table *table, uint64_t key, void *value);
void table_remove(struct table *table, uint64_t key);

/** FNV-1a of a string. */
uint64_t table_hash_text(const char *text);

#endif /* CORE_TABLE_H */
