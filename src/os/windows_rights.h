/*
 * windows_rights.h - whose the service's folders are (S-20, S-21).
 */
#ifndef OS_WINDOWS_RIGHTS_H
#define OS_WINDOWS_RIGHTS_H

#include "base/error.h"

/**
 * From here on this folder and all that will ever be in it belongs to Administrators and to the service's account; SYSTEM may
 * anything anyway.  Nobody else reads it, the one who installed it least of all: without elevation he is the trader.  What is in it already
 * follows.  STATUS_INTERNAL.
 */
MUST_USE enum status windows_rights_give_to_service(const char *directory, struct error *err);

#endif /* OS_WINDOWS_RIGHTS_H */
