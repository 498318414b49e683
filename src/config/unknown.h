/*
 * unknown.h - keys that stand where none of that name belongs: the first pass of bind.c.
 *
 * A misspelt limit is a limit that does not hold, so a stranger is an error, with the nearest known key (S-23, CF-02).
 */
#ifndef CONFIG_UNKNOWN_H
#define CONFIG_UNKNOWN_H

#include "config/bind.h"

/** Each key of @layer, and of the blocks inside, must be in the target's table or among its known ones. */
void unknown_keys(struct bind *bind, const struct bind_target *target, const struct bind_layer *layer);

/** Each key of @layer must be one of @known (NULL-terminated). */
void unknown_among(struct bind *bind, const struct bind_layer *layer, const char *const *known);

/** `enabled` of a block that has no such parameter: allowed (R-ALL-17), but it cannot switch the block off. */
void unknown_enabled(struct bind *bind, const struct yaml_node *node, const char *path);

#endif /* CONFIG_UNKNOWN_H */
