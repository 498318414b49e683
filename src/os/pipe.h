/*
 * pipe.h - the name of a local socket, and who may use it; libuv does the rest.
 */
#ifndef OS_PIPE_H
#define OS_PIPE_H

#include "base/error.h"

#include <stddef.h>

/** What the socket at @path is called: the path itself, where sockets are files.  Cut at @size - 1. */
void pipe_name(const char *path, char *ret_name, size_t size);

/** Take away what a process that died has left in the place of @name. */
void pipe_clear(const char *name);

/** Bound, but not listened at yet: from here on nobody but administrators and the user we run as may send.  STATUS_INTERNAL. */
MUST_USE enum status pipe_close_to_others(const char *name, struct error *err);

#endif /* OS_PIPE_H */
