/*
 * riskctl_rules.c - riskctl rules: show the effective rules, every key with its value and origin; the changes are riskctl_rules_set.c,
 * and those that wait riskctl_rules_pending.c.
 */
#include "ctl/riskctl_rules.h"

#include "base/json.h"
#include "ctl/riskctl_rules_pending.h"
#include "ctl/riskctl_rules_set.h"
#include "ctl/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES ((size_t)4 << 20)
#define LINE_BYTES 1024

static const char usage[] =
    "usage: riskctl rules show [RULE] [--config DIR] [--json]\n"
    "       riskctl rules set RULE.KEY VALUE [--account N] [--password-file FILE] [--yes] [--json]\n"
    "       riskctl rules enable|disable RULE [--account N] ...\n"
    "       riskctl rules pending|cancel [--config DIR] [--json]\n"
    "show: the rules in the files, every key with its value and its origin; RULE: one of them, max_contracts for example.\n"
    "set: one value; comments and layout stay, and what riskd would refuse is not written. VALUE may be [ES, NQ] or {ES: 1}.\n"
    "--account: for this account alone. --yes: reload at once.\n"
    "pending: what gives more room and waits until when. cancel: it shall not come; needs no password.\n";

/* "rules.max_contracts.limit: 5  # risk_config.yaml:4" */
static void
print_json(const char *line, bool *comma)
{
    char path[LINE_BYTES], value[LINE_BYTES], bytes[LINE_BYTES * 4];
    const char *colon = strstr(line, ": "), *origin = strstr(line, "  # ");
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    if (colon == NULL || origin == NULL || origin < colon)
        return;
    (void)text_copy_bytes(path, sizeof path, line, (size_t)(colon - line));
    (void)text_copy_bytes(value, sizeof value, colon + 2, (size_t)(origin - colon - 2));
    json_open(&json, NULL, '{');
    json_add_string(&json, "key", path);
    json_add_string(&json, "value", value);
    json_add_string(&json, "origin", origin + 4);
    json_close(&json, '}');
    printf("%s%s", *comma ? "," : "", bytes);
    *comma = true;
}

/* "rules.max_contracts.limit: 5"; where an account has values of its own, all of that rule is "accounts.1001.max_contracts.limit: 2". */
static bool
is_of(const char *line, const char *rule)
{
    if (text_starts(line, "global."))
        return rule == NULL;
    if (text_starts(line, "accounts.")) {
        line += strlen("accounts.");
        line += strspn(line, "0123456789");
    } else if (text_starts(line, "rules.")) {
        line += strlen("rules");
    }
    if (*line++ != '.')
        return false;
    size_t length = strcspn(line, ".:");
    return line[length] == '.' && (rule == NULL || (strlen(rule) == length && memcmp(line, rule, length) == 0));
}

static int
show(const struct tool *tool, const struct loaded_config *config, const char *rule)
{
    char *bytes = malloc(TEXT_BYTES);
    int shown = 0;
    bool comma = false;

    if (bytes == NULL)
        return tool_fail(tool, TOOL_FAILED, "no memory");
    struct text text = text_on(bytes, TEXT_BYTES);
    config_print(config, &text);
    if (tool->json)
        fputs("{\"keys\":[", stdout);
    for (char *line = bytes, *next; *line != '\0'; line = next) {
        next = line + strcspn(line, "\n");
        if (*next != '\0')
            *next++ = '\0';
        if (!is_of(line, rule))
            continue;
        shown++;
        if (tool->json)
            print_json(line, &comma);
        else
            puts(line);
    }
    free(bytes);
    int code = shown > 0 ? TOOL_DONE : TOOL_FAILED;
    if (tool->json)
        printf("],\"ok\":%s,\"exit\":%d}\n", code == TOOL_DONE ? "true" : "false", code);
    else if (shown == 0)
        return tool_fail(tool, TOOL_FAILED, "rules show: there is no rule of this name in the files");
    return code;
}

int
riskctl_rules(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    int64_t account_id = 0;
    const struct tool_option options[] = { { .name = "--account", .number = &account_id } };

    if (!tool_parse(&tool, argc, argv, options, 1, usage))
        return TOOL_USAGE;
    bool shows = tool.words_count >= 1 && tool.words_count <= 2 && strcmp(tool.words[0], "show") == 0;
    if (tool.words_count == 1 && strcmp(tool.words[0], "pending") == 0)
        return riskctl_rules_pending(&tool);
    if (tool.words_count == 1 && strcmp(tool.words[0], "cancel") == 0)
        return riskctl_rules_cancel(&tool);
    if (!shows)
        return riskctl_rules_set(&tool, account_id);
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = show(&tool, config, tool.words_count == 2 ? tool.words[1] : NULL);
    loaded_config_free(config);
    return code;
}
