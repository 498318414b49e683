/*
 * riskctl_backup.c - riskctl backup.
 *
 * Beside a running daemon, as its owner; the oldest beyond --keep go, as with the weekly ones.
 */
#include "ctl/riskctl_backup.h"

#include "ctl/tool.h"
#include "os/identity.h"
#include "os/os.h"
#include "store/backup.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: riskctl backup [--keep N] [--config DIR] [--json]\n"
    "Copies the database while it is in use, beside it; of all copies the newest N stay (default: db.keep_backups).\n";

int
riskctl_backup(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    int64_t keep = 0;
    const struct tool_option options[] = { { .name = "--keep", .number = &keep } };
    char path[TOOL_PATH_MAX] = "";
    struct error err = { 0 };

    if (!tool_parse(&tool, argc, argv, options, 1, usage))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    const char *database = config->daemon.db.path;
    enum status status = identity_assume_owner_of(tool.directory, &err);
    if (status == OK)
        status = backup_make(database, os_utc_now(), (int)(keep > 0 && keep < 1000 ? keep : config->daemon.db.keep_backups), &err);
    if (status == OK)
        (void)backup_newest(database, path, sizeof path);
    identity_resume();
    loaded_config_free(config);
    return status == OK ? tool_done(&tool, "%s", path) : tool_fail(&tool, TOOL_FAILED, "%s", err.text);
}
