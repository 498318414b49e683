/*
 * kill_write.c - a process that dies while it writes:
 * LD_PRELOAD=libkill_write.so KILL_WRITE_PATH=FILE KILL_WRITE_BYTES=TEXT KILL_WRITE_WHEN=before|after program
 *
 * The first pwrite to FILE that carries TEXT is the last thing it does, or does not do.  For a database's log that is a transaction of
 * which some pages are there and the commit is not.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define PATH_BYTES 1024

static bool
is_file(int fd)
{
    const char *file = getenv("KILL_WRITE_PATH");
    char link[64], path[PATH_BYTES];

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return file != NULL && length > 0 && (size_t)length == strlen(file) && memcmp(path, file, (size_t)length) == 0;
}

static bool
carries(const char *data, size_t size)
{
    const char *text = getenv("KILL_WRITE_BYTES");
    size_t length = text == NULL ? 0 : strlen(text);

    for (size_t i = 0; length > 0 && i + length <= size; i++)
        if (memcmp(data + i, text, length) == 0)
            return true;
    return false;
}

ssize_t
pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t);
    void *found = dlsym(RTLD_NEXT, "pwrite64");
    const char *when = getenv("KILL_WRITE_WHEN");
    bool due = is_file(fd) && carries(data, size);

    memcpy(&real, &found, sizeof real); /* A pointer to data becomes one to code. */
    if (due && when != NULL && strcmp(when, "before") == 0)
        (void)raise(SIGKILL);
    ssize_t written = real(fd, data, size, offset);
    if (due)
        (void)raise(SIGKILL);
    return written;
}
