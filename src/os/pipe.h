/*
 * pipe.h - the name of a local socket, and who may use it; libuv does the rest.
 */
#ifndef OS_PIPE_H
#define OS_PIPE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the socket at @path is called: the path itself, where sockets are files.  Cut at @size - 1. */
void pipe_name(const char *path, char *ret_name, size_t size);

/** Take away what a process that died has left in the place of @name. */
void pipe_clear(const char *name);

/**
 * Bound, but not listened at yet: from here on nobody but administrators and the user we run as may connect.  @pipe: what uv_fileno() says of it.
 * STATUS_INTERNAL.
 */
MUST_USE enum status pipe_close_to_others(const char *name, intptr_t pipe, struct error *err);

/**
 * We have connected: is the one who listens the service or an administrator's, and not somebody who took its name while it was off, to be told a
 * password?  Where sockets are files in a private directory there is nobody else.
 */
bool pipe_is_trusted(intptr_t pipe);

#endif /* OS_PIPE_H */
