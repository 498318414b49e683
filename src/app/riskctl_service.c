/*
 * riskctl_service.c - riskctl service.
 *
 * systemctl does it; here is who may, what is asked first, and the password for what ends protection: stop and uninstall.
 * The unit comes with the package; `install` enables it, `uninstall` disables it and leaves files and ledger where they are.
 */
#include "app/riskctl_service.h"

#include "app/tool.h"
#include "os/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define UNIT "simple-risk-manager.service"

static const char usage[] =
    "usage: riskctl service install|start|stop|restart|status|uninstall [--password-file FILE] [--config DIR] [--yes] [--json]\n"
    "install    starts with the machine, from now on\n"
    "start      returns at once; riskctl status tells when all is protected\n"
    "stop       ends protection, positions stay as they are: needs the password\n"
    "uninstall  does not start with the machine any more: needs the password; configuration and ledger stay\n";

struct verb {
    const char *name;
    const char *systemctl[5];
    bool ends_protection;
    const char *question; /* NULL: none. */
    const char *done;
};

static const struct verb verbs[] = {
    { "install", { "systemctl", "enable", "--now", "--no-block", UNIT }, false, NULL, "the service starts with the machine, and now" },
    { "start", { "systemctl", "start", "--no-block", UNIT }, false, NULL, "starting; riskctl status tells when all is protected" },
    { "stop", { "systemctl", "stop", UNIT }, true, "Stop protecting?", "stopped: nothing is protected" },
    { "restart", { "systemctl", "restart", "--no-block", UNIT }, false, NULL, "restarting; lockouts stay" },
    { "status", { "systemctl", "is-active", UNIT }, false, NULL, "active" },
    { "uninstall", { "systemctl", "disable", "--now", UNIT }, true, "Stop protecting, for good?", "stopped, and it does not start any more" },
};

/* ---- Running systemctl ---- */

static void
on_ended(uv_process_t *process, int64_t code, int signal_number)
{
    int64_t *ret_code = process->data;

    *ret_code = signal_number != 0 ? -1 : code;
    uv_close((uv_handle_t *)process, NULL);
}

/* Its exit status; -1: it could not be run. */
static int64_t
run(const struct verb *verb)
{
    char words[6][64] = { "" };
    char *arguments[6] = { NULL };
    uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data = { .fd = 2 } } };
    uv_process_t process;
    uv_loop_t loop;
    int64_t code = -1;

    for (int i = 0; i < 5 && verb->systemctl[i] != NULL; i++) {
        (void)text_copy(words[i], sizeof words[i], verb->systemctl[i]);
        arguments[i] = words[i];
    }
    const uv_process_options_t options = { .file = arguments[0], .args = arguments, .exit_cb = on_ended, .stdio = stdio,
        .stdio_count = 3 };
    uv_loop_init(&loop);
    process.data = &code;
    if (uv_spawn(&loop, &process, &options) != 0)
        uv_close((uv_handle_t *)&process, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    return code;
}

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

static int
carry_out(const struct tool *tool, const struct verb *verb)
{
    if (strcmp(verb->name, "status") != 0 && !identity_is_administrator())
        return tool_fail(tool, TOOL_FORBIDDEN, "service %s: only an administrator may do that; try sudo", verb->name);
    if (verb->question != NULL && !tool_confirm(tool, verb->question, false))
        return tool_fail(tool, TOOL_FAILED, "service %s: not confirmed (--yes)", verb->name);
    int allowed = verb->ends_protection ? may_end(tool, verb) : TOOL_DONE;
    if (allowed != TOOL_DONE)
        return allowed;
    int64_t code = run(verb);
    if (code == 0)
        return tool_done(tool, "%s", verb->done);
    if (code < 0)
        return tool_fail(tool, TOOL_FAILED, "systemctl cannot be run: is this machine run by systemd?");
    if (strcmp(verb->name, "status") == 0)
        return tool_fail(tool, TOOL_NO_DAEMON, "not active");
    return tool_fail(tool, TOOL_FAILED, "systemctl %s ended with %" PRId64 "; journalctl -u " UNIT " tells more", verb->systemctl[1], code);
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
