/*
 * zones.c - see zones.h.
 */
#include "config/zones.h"

#include <string.h>

const struct zone *
zones_get(struct zones *zones, const char *name)
{
    struct zone *zone = NULL;

    for (int i = 0; i < zones->count; i++)
        if (strcmp(zone_name(zones->items[i]), name) == 0)
            return zones->items[i];
    if (zones->count >= ZONES_MAX || zone_load(zones->directory, name, &zone, NULL) != OK)
        return NULL;
    zones->items[zones->count++] = zone;
    return zone;
}

void
zones_fini(struct zones *zones)
{
    for (int i = 0; i < zones->count; i++)
        zone_free(zones->items[i]);
    zones->count = 0;
}
