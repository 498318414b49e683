/*
 * riskctl_rules_pending.c - riskctl rules pending, riskctl rules cancel: looser rules that wait (issue 8).
 *
 * riskd knows them; its status page tells.  To cancel needs no password: it only takes room away.
 */
#include "ctl/riskctl_rules_pending.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKENS_MAX 65536
#define WORDS 256

static int
print_pending(const struct json *json, int pending)
{
    int changes = json_get(json, pending, "changes"), child = json_first(json, changes);
    char until[WORDS] = "", change[WORDS] = "";
    int64_t more = 0;
    bool cancelled = false;

    if (json_kind(json, pending) != JSON_OBJECT) {
        puts("nothing waits: the rules in the files as last loaded are in force");
        return TOOL_DONE;
    }
    (void)json_bool(json, json_get(json, pending, "cancelled"), &cancelled);
    (void)json_string(json, json_get(json, pending, "until"), until, sizeof until);
    (void)json_int64(json, json_get(json, pending, "more"), &more);
    if (cancelled)
        puts("cancelled, though the files still say it; riskctl reload asks for it again:");
    else
        printf("gives more room, and so waits until %s (riskctl rules cancel):\n", until);
    for (size_t i = 0; i < json_size(json, changes); i++, child = json_next(json, child)) {
        (void)json_string(json, child, change, sizeof change);
        printf("  %s\n", change);
    }
    if (more > 0)
        printf("  and %" PRId64 " more\n", more);
    return TOOL_DONE;
}

static int
show_pending(const struct tool *tool, const struct control_answer *answer)
{
    struct json_token *tokens = calloc(TOKENS_MAX, sizeof *tokens);
    struct json json;
    int code;

    if (tokens == NULL || answer->status == NULL ||
        json_read(answer->status, answer->status_length, tokens, TOKENS_MAX, &json, NULL) != OK) {
        free(tokens);
        return tool_fail(tool, TOOL_FAILED, "riskd's status cannot be understood");
    }
    int pending = json_get(&json, json_get(&json, 0, "page"), "pending");
    if (tool->json) {
        size_t length;
        const char *raw = json_raw(&json, pending, &length);
        printf("{\"ok\":true,\"exit\":0,\"pending\":%.*s}\n", length > 0 ? (int)length : 4, length > 0 ? raw : "null");
        code = TOOL_DONE;
    } else {
        code = print_pending(&json, pending);
    }
    free(tokens);
    return code;
}

/* @show makes words of the answer; NULL: riskd's own. */
static int
order(const struct tool *tool, enum control_command command, int (*show)(const struct tool *tool, const struct control_answer *answer))
{
    struct loaded_config *config = NULL;
    struct control_answer answer;
    int code = tool_load(tool, &config);

    if (code == TOOL_DONE)
        code = tool_ask(tool, config, &(struct control_request){ .command = command }, &answer);
    loaded_config_free(config);
    if (code != TOOL_DONE)
        return code;
    if (answer.code != CONTROL_DONE)
        code = tool_fail(tool, tool_exit_of(answer.code), "%s", answer.text);
    else
        code = show != NULL ? show(tool, &answer) : tool_done(tool, "%s", answer.text);
    control_client_fini(&answer);
    return code;
}

int
riskctl_rules_pending(const struct tool *tool)
{
    return order(tool, CONTROL_STATUS, show_pending);
}

int
riskctl_rules_cancel(const struct tool *tool)
{
    return order(tool, CONTROL_CANCEL, NULL);
}
