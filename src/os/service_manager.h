/*
 * service_manager.h - the administrator's side of the service manager: is the daemon a service, does it run, shall it (S-18, S-20).
 *
 * All calls wait until what was asked for is so, or under way where waiting would mean waiting for the broker.
 */
#ifndef OS_SERVICE_MANAGER_H
#define OS_SERVICE_MANAGER_H

#include "base/error.h"

#include <stdbool.h>

/**
 * Starts with the machine from now on, and @now.  @directory: of the configuration; where an installer has not done it, it and the service's
 * other folders become the service's.  Done twice it mends what was changed.  STATUS_INTERNAL.
 */
MUST_USE enum status service_manager_install(const char *directory, bool now, struct error *err);
/** Stops it, and it does not start with the machine any more.  Files stay.  STATUS_INTERNAL. */
MUST_USE enum status service_manager_uninstall(struct error *err);

/** STATUS_INTERNAL with what the manager said. */
MUST_USE enum status service_manager_start(struct error *err);
MUST_USE enum status service_manager_stop(struct error *err);
MUST_USE enum status service_manager_restart(struct error *err);

/** OK: it runs.  STATUS_RETRY: it does not, the text says what it does.  STATUS_INTERNAL: nobody knows. */
MUST_USE enum status service_manager_status(struct error *err);

#endif /* OS_SERVICE_MANAGER_H */
