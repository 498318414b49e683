/*
 * path.h - what differs in the names of files, and where an installed program keeps its own.
 *
 * Paths are UTF-8.  '/' divides everywhere; '\' too where the system has it so.
 */
#ifndef OS_PATH_H
#define OS_PATH_H

#include <stdbool.h>
#include <stddef.h>

/** The last part of @path: what comes after the directory.  Points into @path; @path itself if there is no directory. */
const char *path_name(const char *path);

/** Is it the same file whatever the current directory is? */
bool path_is_absolute(const char *path);

/** @path as it stands in a configuration file, where '\' means something else.  In place. */
void path_write_portably(char *path);

enum path_place {
    PATH_CONFIGURATION, /* daemon.yaml and the others. */
    PATH_DATA,          /* The database. */
    PATH_LOGS,
    PATH_TEMPLATES,     /* What riskctl init begins with. */
};
/** Where an installed program has it; static, without a slash at the end. */
const char *path_installed(enum path_place place);

#endif /* OS_PATH_H */
