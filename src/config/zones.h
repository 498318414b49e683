/*
 * zones.h - each time zone of a configuration, loaded once.
 */
#ifndef CONFIG_ZONES_H
#define CONFIG_ZONES_H

#include "base/zone.h"

#define ZONES_MAX 64 /* Distinct zones in one configuration; a session per symbol at most. */

struct zones {
    const char *directory; /* Borrowed; NULL: the system's. */
    int count;
    struct zone *items[ZONES_MAX];
};

/** The zone of that name, or NULL when there is none or no room.  Owned by @zones. */
const struct zone *zones_get(struct zones *zones, const char *name);

/** Free all. */
void zones_fini(struct zones *zones);

#endif /* CONFIG_ZONES_H */
