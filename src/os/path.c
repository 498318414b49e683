/*
 * path.c - path.h on Linux, by the file system hierarchy standard; packaging/ installs there.
 */
#include "os/path.h"

#include <string.h>

const char *
path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

bool
path_is_absolute(const char *path)
{
    return path[0] == '/';
}

void
path_write_portably(char *path)
{
    (void)path; /* A '\' in a name is part of it. */
}

const char *
path_installed(enum path_place place)
{
    static const char *const places[] = {
        [PATH_CONFIGURATION] = "/etc/simple-risk-manager",
        [PATH_DATA] = "/var/lib/simple-risk-manager",
        [PATH_LOGS] = "/var/log/simple-risk-manager",
        [PATH_TEMPLATES] = "/usr/share/simple-risk-manager/templates",
    };

    return places[place];
}
