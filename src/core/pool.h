/*
 * pool.h - equal-sized objects out of memory taken once.
 *
 * pool_take and pool_give allocate nothing.  Items are handed out from the front, so pages never reached are never touched.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    unsigned char *memory;
    void *free_list;
    size_t item_size;
    uint32_t capacity;
    uint32_t fresh; /* Items handed out at least once. */
    uint32_t live;
};

/** Takes the memory; false when the system has none.  Construction only. */
bool pool_init(struct pool *pool, size_t item_size, uint32_t capacity);
void pool_fini(struct pool *pool);
/** A zeroed item, or NULL when all are in use. */
void *pool_take(struct pool *pool);
/** Numbers of items, 1 to capacity, for who keeps four bytes instead of a pointer. */
uint32_t pool_number(const struct pool *pool, const void *item);
void *pool_item(const struct pool *pool, uint32_t number);
void pool_give(struct pool *pool, void *item);

#endif /* CORE_POOL_H */
