/*
 * windows_manager.c - service_manager.h where there is no service yet.
 */
#include "os/service_manager.h"

static enum status
refuse(struct error *err)
{
    return error_set(err, STATUS_INTERNAL, "riskd is no service on this system; it runs by hand");
}

enum status
service_manager_install(const char *directory, struct error *err)
{
    (void)directory;
    return refuse(err);
}

enum status
service_manager_uninstall(struct error *err)
{
    return refuse(err);
}

enum status
service_manager_start(struct error *err)
{
    return refuse(err);
}

enum status
service_manager_stop(struct error *err)
{
    return refuse(err);
}

enum status
service_manager_restart(struct error *err)
{
    return refuse(err);
}

enum status
service_manager_status(struct error *err)
{
    return refuse(err);
}
