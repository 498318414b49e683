/*
 * riskctl_check.c - riskctl check.  What is wrong has been told by tool_load(); what is dangerous is told here.
 */
#include "app/riskctl_check.h"

#include "app/caution.h"
#include "app/tool.h"

#include <inttypes.h>

static const char usage[] =
    "usage: riskctl check [--config DIR] [--json]\n"
    "Reads the configuration as riskd does: every mistake with its place (exit 2), then warnings of settings that are allowed and dangerous.\n";

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
    int32_t warnings = tool.json ? 0 : caution_print(config);
    int32_t watched = config->config.accounts_count;
    loaded_config_free(config);
    if (tool.json)
        return tool_done(&tool, "right, %" PRId32 " accounts are watched", watched);
    return tool_done(&tool, "right, %" PRId32 " accounts are watched; %" PRId32 " warnings", watched, warnings);
}
