/*
 * arena.h - memory that is taken piece by piece and given back, wiped, in one go.
 *
 * A configuration is built once and thrown away whole; its texts may hold secrets (S-22), so nothing of it is freed unwiped.
 */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_chunk *chunks; /* NULL: empty.  Zeroed is a valid arena. */
};

/** @size zeroed bytes, aligned for any type; NULL when memory is short.  Lives until arena_fini(). */
void *arena_take(struct arena *arena, size_t size);

/** A NUL-terminated copy of @length bytes; NULL when memory is short. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/** Wipe and free everything. */
void arena_fini(struct arena *arena);

#endif /* CONFIG_ARENA_H */
