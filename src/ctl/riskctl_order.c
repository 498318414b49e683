/*
 * riskctl_order.c - riskctl reload, unlock, flatten.
 *
 * riskd decides and writes down; here the order is put together and the answer made an exit status.
 */
#include "ctl/riskctl_order.h"

#include "app/configure.h"
#include "ctl/tool.h"
#include "os/identity.h"

#include <stdio.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define RULE_MAX 999

static const char reload_usage[] =
    "usage: riskctl reload [--config DIR] [--password-file FILE] [--json]\n"
    "New rules without a restart.  Files with a mistake change nothing; every mistake is named.\n";
static const char unlock_usage[] =
    "usage: riskctl unlock --account ID --reason TEXT [--rule N] [--symbol ROOT] [--config DIR] [--password-file FILE] [--json]\n"
    "Ends the lockouts of an account; with --symbol those of a symbol, with --rule only that rule's.  A rule that is still broken locks again.\n";
static const char flatten_usage[] =
    "usage: riskctl flatten --account ID | --all [--symbol ROOT] [--reason TEXT] [--yes] [--config DIR] [--json]\n"
    "Closes every position and cancels every order, now.  Needs no password.\n";

static bool
there_is_a_password(const struct tool *tool, const struct loaded_config *config)
{
    char path[CONFIGURE_PATH_MAX], hash[PASSWORD_HASH_MAX];
    struct error err = { 0 };

    if (identity_assume_owner_of(tool->directory, &err) != OK)
        return false;
    configure_password_file(tool->directory, &config->daemon, path);
    bool there = password_load(path, hash, &err) != STATUS_REFUSED;
    identity_resume();
    return there;
}

/* @config is freed. */
static int
order(const struct tool *tool, struct loaded_config *config, struct control_request *request)
{
    struct control_answer answer;
    int code = tool_ask(tool, config, request, &answer);

    loaded_config_free(config);
    secret_wipe(request, sizeof *request);
    if (code != TOOL_DONE)
        return code;
    code = answer.code == CONTROL_DONE ? tool_done(tool, "%s", answer.text)
                                       : tool_fail(tool, tool_exit_of(answer.code), "%s", answer.text);
    control_client_fini(&answer);
    return code;
}

int
riskctl_order_reload(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    struct control_request request = { .command = CONTROL_RELOAD };

    if (!tool_parse(&tool, argc, argv, NULL, 0, reload_usage))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config); /* A file with a mistake is refused here already. */
    if (code != TOOL_DONE)
        return code;
    if (tool_can_ask(&tool) && there_is_a_password(&tool, config) && !tool_password(&tool, "Admin password: ", request.password)) {
        loaded_config_free(config);
        return TOOL_PASSWORD;
    }
    return order(&tool, config, &request);
}

static bool
scope_is_right(const struct tool *tool, struct control_request *request, int64_t rule, const char *symbol, const char *reason)
{
    if (rule > RULE_MAX || (symbol != NULL && !text_copy(request->root, sizeof request->root, symbol)) ||
        (reason != NULL && !text_copy(request->reason, sizeof request->reason, reason))) {
        (void)tool_fail(tool, TOOL_USAGE, "--rule, --symbol or --reason is too long");
        return false;
    }
    request->rule = (int32_t)rule;
    return true;
}

int
riskctl_order_unlock(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    struct control_request request = { .command = CONTROL_UNLOCK };
    const char *reason = NULL, *symbol = NULL;
    int64_t rule = 0;
    const struct tool_option options[] = { { .name = "--account", .number = &request.account_id },
        { .name = "--reason", .value = &reason }, { .name = "--rule", .number = &rule }, { .name = "--symbol", .value = &symbol } };

    if (!tool_parse(&tool, argc, argv, options, COUNT_OF(options), unlock_usage))
        return TOOL_USAGE;
    if (request.account_id == 0 || reason == NULL || reason[0] == '\0')
        return tool_fail(&tool, TOOL_USAGE, "unlock: --account and --reason are needed");
    if (!scope_is_right(&tool, &request, rule, symbol, reason))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    if (tool_can_ask(&tool) && !tool_password(&tool, "Admin password: ", request.password)) {
        loaded_config_free(config);
        return TOOL_PASSWORD;
    }
    return order(&tool, config, &request);
}

int
riskctl_order_flatten(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    struct control_request request = { .command = CONTROL_FLATTEN };
    const char *reason = NULL, *symbol = NULL;
    bool all = false;
    const struct tool_option options[] = { { .name = "--account", .number = &request.account_id }, { .name = "--all", .flag = &all },
        { .name = "--reason", .value = &reason }, { .name = "--symbol", .value = &symbol } };

    if (!tool_parse(&tool, argc, argv, options, COUNT_OF(options), flatten_usage))
        return TOOL_USAGE;
    if ((request.account_id != 0) == all)
        return tool_fail(&tool, TOOL_USAGE, "flatten: --account ID or --all is needed");
    if (!scope_is_right(&tool, &request, 0, symbol, reason))
        return TOOL_USAGE;
    if (!tool_confirm(&tool, all ? "Close everything in all accounts?" : "Close everything in this account?", false))
        return tool_fail(&tool, TOOL_FAILED, "flatten: not confirmed (--yes)");
    int code = tool_load(&tool, &config);
    return code != TOOL_DONE ? code : order(&tool, config, &request);
}
