/*
 * riskctl_check.c - riskctl check.  What is wrong has been told by tool_load(); what is dangerous is told here.
 */
#include "ctl/riskctl_check.h"

#include "app/caution.h"
#include "ctl/tool.h"

#include <inttypes.h>
#include <stdio.h>

#define WARNINGS_BYTES ((size_t)64 << 10)

static const char usage[] =
    "usage: riskctl check [--config DIR] [--json]\n"
    "Reads the configuration as riskd does: every mistake with its place (exit 2), then warnings of settings that are allowed and dangerous.\n";

static int
say(const struct tool *tool, const struct loaded_config *config)
{
    int32_t warnings = caution_print(config), watched = config->config.accounts_count;

    return tool_done(tool, "right, %" PRId32 " account%s watched; %" PRId32 " warning%s", watched, watched == 1 ? " is" : "s are", warnings,
        warnings == 1 ? "" : "s");
}

static int
say_json(const struct loaded_config *config)
{
    char bytes[WARNINGS_BYTES];
    struct text warnings = text_on(bytes, sizeof bytes);

    (void)caution_write(config, &warnings);
    printf("{\"ok\":true,\"exit\":0,\"accounts\":%" PRId32 ",\"warnings\":%s}\n", config->config.accounts_count,
        warnings.truncated ? "[]" : bytes);
    return TOOL_DONE;
}

int
riskctl_check(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;

    if (!tool_parse(&tool, argc, argv, NULL, 0, usage))
        return TOOL_USAGE;
    if (tool.words_count > 0)
        return tool_fail(&tool, TOOL_USAGE, "check takes no words");
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = tool.json ? say_json(config) : say(&tool, config);
    loaded_config_free(config);
    return code;
}
