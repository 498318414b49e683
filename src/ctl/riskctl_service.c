/*
 * riskctl_service.c - riskctl service.
 *
 * The service manager does it; here is who may, what is asked first, and the password for what ends protection: stop and uninstall.
 * `uninstall` leaves files and ledger where they are.
 */
#include "ctl/riskctl_service.h"

#include "ctl/tool.h"
#include "os/identity.h"
#include "os/service_manager.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: riskctl service install|start|stop|restart|status|uninstall [--password-file FILE] [--config DIR] [--yes] [--json]\n"
    "install    starts with the machine, from now on\n"
    "start      returns at once; riskctl status tells when all is protected\n"
    "stop       ends protection, positions stay as they are: needs the password\n"
    "uninstall  does not start with the machine any more: needs the password; configuration and ledger stay\n";

struct verb {
    const char *name;
    enum status (*order)(struct error *err); /* NULL: install, which wants to know more. */
    bool ends_protection;
    const char *question; /* NULL: none. */
    const char *done;
};

static const struct verb verbs[] = {
    { "install", NULL, false, NULL, NULL },
    { "start", service_manager_start, false, NULL, "starting; riskctl status tells when all is protected" },
    { "stop", service_manager_stop, true, "Stop protecting?", "stopped: nothing is protected" },
    { "restart", service_manager_restart, false, NULL, "restarting; lockouts stay" },
    { "status", service_manager_status, false, NULL, "active" },
    { "uninstall", service_manager_uninstall, true, "Stop protecting, for good?", "stopped, and it does not start any more" },
};

/* The one who knows the password wants it; and it is in the ledger. */
static int
may_end(const struct tool *tool, const struct verb *verb)
{
    struct loaded_config *config = NULL;
    char purpose[64];
    int code = tool_load(tool, &config);

    if (code != TOOL_DONE)
        return code;
    (void)snprintf(purpose, sizeof purpose, "service %s", verb->name);
    code = tool_authorize(tool, config, purpose);
    loaded_config_free(config);
    return code;
}

/* Before `init` there is nothing to start. */
static int
install(const struct tool *tool)
{
    char accounts[TOOL_PATH_MAX];
    struct error err = { 0 };

    (void)snprintf(accounts, sizeof accounts, "%s/accounts.yaml", tool->directory);
    bool set_up = identity_exists(accounts);
    if (service_manager_install(tool->directory, set_up, &err) != OK)
        return tool_fail(tool, TOOL_FAILED, "%s", err.text);
    return tool_done(tool, "the service starts with the machine%s",
        set_up ? ", and now" : "; not set up yet: riskctl init, then riskctl service start");
}

static int
carry_out(const struct tool *tool, const struct verb *verb)
{
    struct error err = { 0 };

    if (strcmp(verb->name, "status") != 0 && !identity_is_administrator())
        return tool_fail(tool, TOOL_FORBIDDEN, "service %s: only an administrator may do that; %s", verb->name,
            identity_how_to_be_administrator());
    if (verb->question != NULL && !tool_confirm(tool, verb->question, false))
        return tool_fail(tool, TOOL_FAILED, "service %s: not confirmed (--yes)", verb->name);
    int allowed = verb->ends_protection ? may_end(tool, verb) : TOOL_DONE;
    if (allowed != TOOL_DONE)
        return allowed;
    if (verb->order == NULL)
        return install(tool);
    enum status status = verb->order(&err);
    if (status == OK)
        return tool_done(tool, "%s", verb->done);
    return tool_fail(tool, status == STATUS_RETRY ? TOOL_NO_DAEMON : TOOL_FAILED, "%s", err.text);
}

int
riskctl_service(int argc, char **argv)
{
    struct tool tool = { 0 };

    if (!tool_parse(&tool, argc, argv, NULL, 0, usage))
        return TOOL_USAGE;
    for (size_t i = 0; tool.words_count == 1 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(tool.words[0], verbs[i].name) == 0)
            return carry_out(&tool, &verbs[i]);
    return tool_fail(&tool, TOOL_USAGE, "service: install, start, stop, restart, status or uninstall");
}
