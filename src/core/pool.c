/*
 * pool.c - see pool.h.  A free item's first bytes hold the pointer to the next free one.
 */
#include "core/pool.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

bool
pool_init(struct pool *pool, size_t item_size, uint32_t capacity)
{
    size_t rounded = (item_size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);

    ASSERT(item_size > 0);
    *pool = (struct pool){ .item_size = rounded, .capacity = capacity };
    if (capacity <= SIZE_MAX / rounded)
        pool->memory = malloc(capacity * rounded); /* An item is cleared when it is taken: not to touch the others. */
    return pool->memory != NULL;
}

void
pool_fini(struct pool *pool)
{
    free(pool->memory);
    *pool = (struct pool){ 0 };
}

void *
pool_take(struct pool *pool)
{
    void *item = pool->free_list;

    if (item != NULL) {
        memcpy(&pool->free_list, item, sizeof(void *));
    } else {
        if (pool->fresh == pool->capacity)
            return NULL;
        item = pool->memory + (size_t)pool->fresh++ * pool->item_size;
    }
    pool->live++;
    memset(item, 0, pool->item_size);
    return item;
}

uint32_t
pool_number(const struct pool *pool, const void *item)
{
    return (uint32_t)((size_t)((const unsigned char *)item - pool->memory) / pool->item_size) + 1;
}

void *
pool_item(const struct pool *pool, uint32_t number)
{
    ASSERT(number > 0 && number <= pool->fresh);
    return pool->memory + (size_t)(number - 1) * pool->item_size;
}

void
pool_give(struct pool *pool, void *item)
{
    ASSERT(pool->live > 0);
    pool->live--;
    memcpy(item, &pool->free_list, sizeof(void *));
    pool->free_list = item;
}
