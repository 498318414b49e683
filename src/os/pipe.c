/*
 * pipe.c - pipe.h on Linux: a socket is a file.
 */
#include "os/pipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
pipe_name(const char *path, char *ret_name, size_t size)
{
    (void)snprintf(ret_name, size, "%s", path);
}

void
pipe_clear(const char *name)
{
    (void)unlink(name);
}

enum status
pipe_close_to_others(const char *name, intptr_t pipe, struct error *err)
{
    (void)pipe; /* Its mode would be that of nothing. */
    return chmod(name, 0600) == 0 ? OK : error_set(err, STATUS_INTERNAL, "%s", strerror(errno));
}

bool
pipe_is_trusted(intptr_t pipe)
{
    (void)pipe;
    return true;
}
