/*
 * rows.c - a growing array; see rows.h.
 */
#include "store/rows.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

void *
rows_add(struct rows *rows)
{
    if (rows->count == rows->capacity) {
        uint32_t capacity = rows->capacity == 0 ? 16 : rows->capacity * 2;
        void *items = realloc(rows->items, capacity * rows->item_size);
        if (items == NULL)
            return NULL;
        rows->items = items;
        rows->capacity = capacity;
    }
    void *item = (unsigned char *)rows->items + rows->count * rows->item_size;
    rows->count++;
    return memset(item, 0, rows->item_size);
}

void *
rows_at(const struct rows *rows, uint32_t index)
{
    ASSERT(index < rows->count);
    return (unsigned char *)rows->items + index * rows->item_size;
}

void
rows_remove(struct rows *rows, uint32_t index)
{
    void *hole = rows_at(rows, index);
    const void *last = rows_at(rows, rows->count - 1);

    if (hole != last)
        memcpy(hole, last, rows->item_size);
    rows->count--;
}

void
rows_drop_first(struct rows *rows, uint32_t count)
{
    unsigned char *items = rows->items;

    ASSERT(count <= rows->count);
    rows->count -= count;
    if (count > 0 && rows->count > 0)
        memmove(items, items + count * rows->item_size, rows->count * rows->item_size);
}

void
rows_clear(struct rows *rows)
{
    rows->count = 0;
}

void
rows_fini(struct rows *rows)
{
    free(rows->items);
    rows->items = NULL;
    rows->count = rows->capacity = 0;
}
