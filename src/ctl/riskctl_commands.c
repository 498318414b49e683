/*
 * riskctl_commands.c - the admin commands of riskctl by name; a new one is a file and a line here.
 */
#include "ctl/riskctl_commands.h"

#include "ctl/riskctl_account.h"
#include "ctl/riskctl_alert.h"
#include "ctl/riskctl_audit.h"
#include "ctl/riskctl_backup.h"
#include "ctl/riskctl_check.h"
#include "ctl/riskctl_init.h"
#include "ctl/riskctl_order.h"
#include "ctl/riskctl_password.h"
#include "ctl/riskctl_rules.h"
#include "ctl/riskctl_service.h"
#include "ctl/riskctl_status.h"
#include "ctl/riskctl_test.h"

#include <stdio.h>
#include <string.h>

struct entry {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct entry commands[] = {
    { "init", riskctl_init, "first run: from nothing to a protected account" },
    { "status", riskctl_status, "is everything protected, and how is the daemon" },
    { "test", riskctl_test, "do login, hubs, accounts, clock and database work" },
    { "reload", riskctl_order_reload, "new rules without a restart" },
    { "unlock", riskctl_order_unlock, "end lockouts, with a reason (password)" },
    { "flatten", riskctl_order_flatten, "close and cancel everything, now" },
    { "password", riskctl_password, "set or change the admin password" },
    { "account", riskctl_account, "show, add, edit, pause, resume, remove accounts" },
    { "rules", riskctl_rules, "show the rules with their origins, set, enable, disable; what waits, cancel it" },
    { "check", riskctl_check, "is the configuration right, and what in it is dangerous" },
    { "service", riskctl_service, "install, start, stop, restart, status, uninstall" },
    { "alert", riskctl_alert, "send a test alert to everybody who gets alerts" },
    { "audit", riskctl_audit, "verify, show or export the enforcement log" },
    { "backup", riskctl_backup, "copy the database while it is in use" },
};

bool
riskctl_commands_run(int argc, char **argv, int *ret_exit)
{
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            int code = commands[i].run(argc - 2, argv + 2);
            *ret_exit = argc == 3 && strcmp(argv[2], "--help") == 0 ? 0 : code;
            return true;
        }
    return false;
}

void
riskctl_commands_help(void)
{
    puts("\nadmin commands (riskctl COMMAND --help; --json and --config DIR everywhere):");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    puts("their exit status: 0 done, 1 failed or refused, 2 command line or a file is wrong, 3 riskd is not running, 4 password, 5 not an administrator");
}
