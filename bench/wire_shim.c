/*
 * wire_shim.c - the same stopwatch for every program that answers an event with a request: preloaded, it stands between a process and its sockets.
 *
 * Measured is the time from the return of the poll that said an event's bytes were there to the call that hands the first byte of the
 * request to the kernel, for requests that answer an event after a while of silence (so reads that follow answers do not count).  riskd and
 * the bare client of bench/floor.c are measured by this one piece of code; nothing in them knows of it.
 *
 * Linux and glibc only; a measuring tool, not a part of the product.  The figures, ns each, go to the file WIRE_SHIM_OUT at exit.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 65536
#define SILENCE_NS INT64_C(100000000)
#define FDS_MAX 4096

static int64_t samples[SAMPLES_MAX];
static size_t samples_count;

/* Of the thread that polls: the loop. */
static __thread int64_t woke_ns;
static __thread int64_t sent_ns;
static __thread bool heard;
static __thread bool heard_on[FDS_MAX];

static int64_t
now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* POSIX lets a data pointer from dlsym() become a function pointer; ISO C does not, hence the copy. */
static void
find(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (symbol == NULL)
        abort();
    memcpy(function, &symbol, sizeof symbol);
}

static void
woken(int events)
{
    if (events <= 0) { /* A timer's business, no event's. */
        woke_ns = 0;
        return;
    }
    woke_ns = now_ns();
    heard = false;
    memset(heard_on, 0, sizeof heard_on);
}

static bool
is_socket(int fd)
{
    struct stat status;

    return fd >= 0 && fd < FDS_MAX && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void
got(int fd, ssize_t length)
{
    if (length <= 0 || woke_ns == 0 || !is_socket(fd))
        return;
    heard = true;
    heard_on[fd] = true;
}

static void
sending(int fd)
{
    if (woke_ns == 0 || !is_socket(fd))
        return;
    int64_t now = now_ns();
    bool answers = heard && !heard_on[fd] && now - sent_ns > SILENCE_NS;

    sent_ns = now;
    if (answers && samples_count < SAMPLES_MAX)
        samples[samples_count++] = now - woke_ns;
}

int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    static int (*real)(int, struct epoll_event *, int, int);

    if (real == NULL)
        find("epoll_wait", &real);
    int n = real(epoll, events, most, timeout);
    woken(n);
    return n;
}

int
epoll_pwait(int epoll, struct epoll_event *events, int most, int timeout, const sigset_t *mask)
{
    static int (*real)(int, struct epoll_event *, int, int, const sigset_t *);

    if (real == NULL)
        find("epoll_pwait", &real);
    int n = real(epoll, events, most, timeout, mask);
    woken(n);
    return n;
}

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);

    if (real == NULL)
        find("poll", &real);
    int n = real(fds, count, timeout);
    if (timeout != 0) /* libcurl asks again within a wake-up. */
        woken(n);
    return n;
}

ssize_t
read(int fd, void *bytes, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);

    if (real == NULL)
        find("read", &real);
    ssize_t n = real(fd, bytes, size);
    got(fd, n);
    return n;
}

ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);

    if (real == NULL)
        find("recv", &real);
    ssize_t n = real(fd, bytes, size, flags);
    got(fd, (flags & MSG_PEEK) != 0 ? 0 : n);
    return n;
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);

    if (real == NULL)
        find("write", &real);
    sending(fd);
    return real(fd, bytes, size);
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);

    if (real == NULL)
        find("send", &real);
    sending(fd);
    return real(fd, bytes, size, flags);
}

__attribute__((destructor)) static void
save(void)
{
    const char *path = getenv("WIRE_SHIM_OUT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;

    if (file == NULL)
        return;
    for (size_t i = 0; i < samples_count; i++)
        (void)fprintf(file, "%lld\n", (long long)samples[i]);
    (void)fclose(file);
}
