/*
 * identity.h - who runs us, who is at the other end of a local socket, and acting as the owner of the configuration (S-19 to S-22).
 */
#ifndef OS_IDENTITY_H
#define OS_IDENTITY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct identity {
    int64_t user;    /* Effective user id; the last part of a SID. */
    int64_t process; /* 0: unknown. */
    bool trusted;    /* Where only the system can tell: an administrator, or the user we run as. */
};

enum identity_found {
    IDENTITY_UNKNOWN, /* The system cannot tell: nobody to trust. */
    IDENTITY_LATER,   /* Only once something he sent has been read: ask again then. */
    IDENTITY_KNOWN,
};

/** Who connected, as the system saw it at that moment.  @socket: what uv_fileno() says of the pipe. */
enum identity_found identity_of_peer(intptr_t socket, struct identity *ret_peer);

/** May this peer give orders: an administrator, or the very user we run as? */
bool identity_may_order(const struct identity *peer);

/** What one does to become one: words after "only an administrator may do that; ". */
const char *identity_how_to_be_administrator(void);

/** Is this process an administrator's, whomever it acts as right now? */
bool identity_is_administrator(void);

/** Is there such a path, and does it belong to the user we run as? */
bool identity_owns(const char *path);
/** Is there such a path, as far as we can see? */
bool identity_exists(const char *path);

/**
 * An administrator acts as the owner of @path from here on: what is written belongs to the service, and no link planted by the service's
 * user leads an administrator astray.  Others, and owners that are administrators, change nothing.  Process-wide: riskctl only.
 * STATUS_INTERNAL: there is no such path, or the system refuses.
 */
MUST_USE enum status identity_assume_owner_of(const char *path, struct error *err);
/** Back to who we are. */
void identity_resume(void);

/** Give @path to the user named @user and its group.  STATUS_CONFIG: there is no such user. */
MUST_USE enum status identity_give_to(const char *path, const char *user, struct error *err);

#endif /* OS_IDENTITY_H */
