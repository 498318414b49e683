/*
 * riskctl_password.c - riskctl password.
 *
 * The first one needs an administrator, every other the one before.  riskd reads the file at each attempt: nothing has to be reloaded.
 */
#include "ctl/riskctl_password.h"

#include "app/configure.h"
#include "os/identity.h"

#include <string.h>

static const char usage[] =
    "usage: riskctl password [--new-password-file FILE] [--password-file FILE] [--config DIR] [--json]\n"
    "Sets the admin password, 8 to 72 bytes, or changes it; --password-file holds the old one.\n";

static int
ask(const struct tool *tool, const char *file, char *password)
{
    const struct tool source = { .json = tool->json, .password_file = file };
    char again[PASSWORD_MAX] = "";
    struct error err = { 0 };

    if (!tool_password(&source, "New admin password: ", password))
        return TOOL_PASSWORD;
    if (password_check(password, &err) != OK)
        return tool_fail(tool, TOOL_USAGE, "%s", err.text);
    if (file != NULL)
        return TOOL_DONE;
    if (!tool_password(&source, "Once more: ", again))
        return TOOL_PASSWORD;
    bool same = strcmp(password, again) == 0;
    secret_wipe(again, sizeof again);
    return same ? TOOL_DONE : tool_fail(tool, TOOL_USAGE, "these were two different passwords");
}

int
riskctl_password_set(const struct tool *tool, const struct loaded_config *config, const char *file)
{
    char password[PASSWORD_MAX] = "", path[CONFIGURE_PATH_MAX], hash[PASSWORD_HASH_MAX];
    struct error err = { 0 };
    int code = ask(tool, file, password);

    if (code == TOOL_DONE) {
        configure_password_file(tool->directory, &config->daemon, path);
        enum status status = password_hash(password, PASSWORD_COST, hash, &err);
        if (status == OK)
            status = identity_assume_owner_of(tool->directory, &err);
        if (status == OK)
            status = password_save(path, hash, &err);
        identity_resume();
        code = status == OK ? TOOL_DONE : tool_fail(tool, TOOL_FAILED, "%s", err.text);
    }
    secret_wipe(password, sizeof password);
    return code;
}

int
riskctl_password(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    const char *file = NULL;
    const struct tool_option options[] = { { .name = "--new-password-file", .value = &file } };

    if (!tool_parse(&tool, argc, argv, options, 1, usage))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = tool_authorize(&tool, config, "a new admin password");
    if (code == TOOL_DONE)
        code = riskctl_password_set(&tool, config, file);
    loaded_config_free(config);
    return code == TOOL_DONE ? tool_done(&tool, "the admin password is set") : code;
}
