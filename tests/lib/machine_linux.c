/*
 * machine_linux.c - machine.h on Linux.
 */
#include "lib/machine.h"

#include "base/assert.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void
machine_watchdog(unsigned seconds)
{
    (void)alarm(seconds);
}

bool
machine_is_private(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && (info.st_mode & 0777) == (S_ISDIR(info.st_mode) ? 0700 : 0600);
}

void
machine_open(const char *path)
{
    int failed = chmod(path, 0640);

    ASSERT(failed == 0);
}

void
machine_close(const char *path)
{
    int failed = chmod(path, 0600);

    ASSERT(failed == 0);
}

bool
machine_be_nobody(const char *const *paths)
{
    if (getuid() != 0)
        return false;
    for (; paths != NULL && *paths != NULL; paths++)
        if (chmod(*paths, 0777) != 0)
            return false;
    return seteuid(paths != NULL ? 65534 : 0) == 0;
}

bool
machine_inherits_rights(void)
{
    return false;
}

void
machine_be_careless(bool careless)
{
    static mode_t before;

    if (careless)
        before = umask(0);
    else
        (void)umask(before);
}

bool
machine_limit_files(int64_t bytes)
{
    struct rlimit limit;

    (void)signal(SIGXFSZ, SIG_IGN); /* The write fails instead. */
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    limit.rlim_cur = bytes > 0 ? (rlim_t)bytes : limit.rlim_max;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

void
machine_set_zone(const char *zone)
{
    int failed = zone != NULL ? setenv("TZ", zone, 1) : unsetenv("TZ");

    ASSERT(failed == 0);
    tzset();
}
