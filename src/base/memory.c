/*
 * memory.c - see memory.h.
 */
#include "base/memory.h"

#define PAGE 4096 /* No system of ours has smaller ones. */

void
memory_touch(void *memory, size_t size)
{
    volatile unsigned char *bytes = memory; /* Else the compiler knows that calloc() has zeroed it, and leaves it out. */

    for (size_t i = 0; i < size; i += PAGE)
        bytes[i] = 0;
    if (size > 0)
        bytes[size - 1] = 0;
}
