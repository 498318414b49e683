/*
 * memory.h - memory that is there from the start.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/**
 * Have the system give every page of it now, not when it is first written to: for rings and caches that fill in the course of a day.  Then what
 * the process takes of the machine stands still once it has started, and a page that is new later is a leak (scripts/soak).  @memory is fresh from
 * calloc() or malloc(); some of its bytes are set to 0.
 */
void memory_touch(void *memory, size_t size);

#endif /* BASE_MEMORY_H */
