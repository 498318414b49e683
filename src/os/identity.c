/*
 * identity.c - identity.h on Linux.
 *
 * SO_PEERCRED names the peer's effective ids at its connect(), so a process that gives up its rights later is still the one it was.
 */
#include "os/identity.h"

#include "base/assert.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum identity_found
identity_of_peer(intptr_t socket, struct identity *ret_peer)
{
    struct ucred who;
    socklen_t size = sizeof who;

    if (getsockopt((int)socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || size != sizeof who)
        return IDENTITY_UNKNOWN;
    *ret_peer = (struct identity){ .user = (int64_t)who.uid, .process = (int64_t)who.pid };
    return IDENTITY_KNOWN;
}

bool
identity_may_order(const struct identity *peer)
{
    return peer->user == 0 || peer->user == (int64_t)geteuid();
}

const char *
identity_how_to_be_administrator(void)
{
    return "try sudo";
}

bool
identity_is_administrator(void)
{
    return getuid() == 0;
}

bool
identity_owns(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && info.st_uid == geteuid();
}

bool
identity_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

enum status
identity_assume_owner_of(const char *path, struct error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));
    if (geteuid() != 0 || info.st_uid == 0)
        return OK;
    /* The group first: without root's rights it could not be changed any more. */
    if (setgroups(0, NULL) != 0 || setegid(info.st_gid) != 0 || seteuid(info.st_uid) != 0) {
        int reason = errno;
        identity_resume();
        return error_set(err, STATUS_INTERNAL, "%s: cannot act as its owner: %s", path, strerror(reason));
    }
    return OK;
}

void
identity_resume(void)
{
    bool resumed = seteuid(getuid()) == 0 && setegid(getgid()) == 0;

    ASSERT(resumed);
}

enum status
identity_give_to(const char *path, const char *user, struct error *err)
{
    const struct passwd *entry = getpwnam(user);

    if (entry == NULL)
        return error_set(err, STATUS_CONFIG, "there is no user %s", user);
    if (lchown(path, entry->pw_uid, entry->pw_gid) != 0)
        return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));
    return OK;
}
