/*
 * rows.h - a growing array of rows of one type, contiguous, so that it can be lent out as it is.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct rows {
    void *items;
    size_t item_size;
    uint32_t count, capacity;
};

/** A zeroed row at the end, or NULL without memory.  Moves the array. */
void *rows_add(struct rows *rows);
void *rows_at(const struct rows *rows, uint32_t index);
/** Order is not kept. */
void rows_remove(struct rows *rows, uint32_t index);
/** Order is kept. */
void rows_drop_first(struct rows *rows, uint32_t count);
/** Forget all rows, keep the memory. */
void rows_clear(struct rows *rows);
void rows_fini(struct rows *rows);

#endif /* STORE_ROWS_H */
