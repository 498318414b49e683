/*
 * table.c - see table.h.  Linear probing; removal shifts the run back, so there are no tombstones to collect.
 */
#include "core/table.h"

#include "base/assert.h"

#include <stdlib.h>

/* Ids rise one by one: left in order, a thousand of them share a few pages.  Names come hashed already. */
static size_t
home(const struct table *table, uint64_t key)
{
    return (size_t)key & table->mask;
}

bool
table_init(struct table *table, size_t capacity)
{
    size_t slots = 16;

    while (slots < capacity + capacity / 2)
        slots *= 2;
    *table = (struct table){ .mask = slots - 1, .capacity = capacity };
    table->slots = calloc(slots, sizeof *table->slots);
    return table->slots != NULL;
}

void
table_fini(struct table *table)
{
    free(table->slots);
    *table = (struct table){ 0 };
}

static size_t
slot_of(const struct table *table, uint64_t key)
{
    size_t i = home(table, key);

    while (table->slots[i].value != NULL && table->slots[i].key != key)
        i = (i + 1) & table->mask;
    return i;
}

void *
table_find(const struct table *table, uint64_t key)
{
    return table->slots[slot_of(table, key)].value;
}

bool
table_put(struct table *table, uint64_t key, void *value)
{
    size_t i = slot_of(table, key);

    ASSERT(value != NULL);
    if (table->slots[i].value == NULL) {
        if (table->count == table->capacity)
            return false;
        table->count++;
    }
    table->slots[i] = (struct table_slot){ key, value };
    return true;
}

void
table_remove(struct table *table, uint64_t key)
{
    size_t hole = slot_of(table, key);

    if (table->slots[hole].value == NULL)
        return;
    table->count--;
    for (size_t i = (hole + 1) & table->mask; table->slots[i].value != NULL; i = (i + 1) & table->mask) {
        size_t want = home(table, table->slots[i].key);
        /* May the entry at i move into the hole?  Only if its home is not cyclically within (hole, i]. */
        if (((i - want) & table->mask) >= ((i - hole) & table->mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole].value = NULL;
}

uint64_t
table_hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++)
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    return hash;
}
