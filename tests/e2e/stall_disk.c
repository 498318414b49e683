/*
 * stall_disk.c - a disk that does not answer, for any program: LD_PRELOAD=libstall_disk.so STALL_WHILE=FILE STALL_PATH=PREFIX program
 *
 * As long as FILE exists every write and sync to a file whose path begins with PREFIX waits, on whichever thread it is called.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 1024

static void
find(const char *name, void *ret_function)
{
    void *found = dlsym(RTLD_NEXT, name);

    memcpy(ret_function, &found, sizeof found); /* A pointer to data becomes one to code. */
}

static void
wait_for_disk(int fd)
{
    const char *file = getenv("STALL_WHILE"), *prefix = getenv("STALL_PATH");
    char link[64], path[PATH_BYTES];

    if (file == NULL || prefix == NULL || access(file, F_OK) != 0)
        return;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || (size_t)length < strlen(prefix) || memcmp(path, prefix, strlen(prefix)) != 0)
        return;
    while (access(file, F_OK) == 0)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

int
fsync(int fd)
{
    int (*real)(int);

    find("fsync", &real);
    wait_for_disk(fd);
    return real(fd);
}

int
fdatasync(int fd)
{
    int (*real)(int);

    find("fdatasync", &real);
    wait_for_disk(fd);
    return real(fd);
}

ssize_t
pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);

    find("pwrite", &real);
    wait_for_disk(fd);
    return real(fd, data, size, offset);
}

ssize_t
pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t);

    find("pwrite64", &real);
    wait_for_disk(fd);
    return real(fd, data, size, offset);
}
