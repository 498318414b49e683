/*
 * riskctl_status.c - riskctl status.
 *
 * The page comes from riskd as JSON; here it becomes a screen's worth of lines.  What is missing in it is not shown.
 */
#include "ctl/riskctl_status.h"

#include "base/json.h"
#include "ctl/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 65536
#define LOG_LINES 5
#define LOG_LINE_BYTES 4096
#define WORDS 160

static const char usage[] =
    "usage: riskctl status [--config DIR] [--json]\n"
    "Is everything protected, and how is the daemon?  Exit status 1: it runs and does not protect, 3: it does not run.\n";

static int64_t
number(const struct json *json, int object, const char *key)
{
    int64_t value = 0;

    (void)json_int64(json, json_get(json, object, key), &value);
    return value;
}

static const char *
words(const struct json *json, int object, const char *key, char out[WORDS])
{
    if (!json_string(json, json_get(json, object, key), out, WORDS))
        out[0] = '\0';
    return out;
}

static bool
yes(const struct json *json, int object, const char *key)
{
    bool value = false;

    return json_bool(json, json_get(json, object, key), &value) && value;
}

static void
print_head(const struct json *json, int page, int process)
{
    char mode[WORDS], reason[WORDS], version[WORDS];
    int64_t up_s = number(json, page, "uptime_ms") / 1000;

    words(json, page, "reason", reason);
    printf("%s%s%s\n", words(json, page, "mode", mode), reason[0] != '\0' ? ": " : "", reason);
    printf("riskd %s   up %" PRId64 " d %02" PRId64 ":%02" PRId64 ":%02" PRId64 "   process %" PRId64 "   memory %" PRId64
           " MB   CPU %" PRId64 " s\n",
        words(json, page, "version", version), up_s / 86400, up_s / 3600 % 24, up_s / 60 % 60, up_s % 60,
        number(json, process, "pid"), number(json, process, "memory_bytes") >> 20, number(json, process, "cpu_ms") / 1000);
    printf("events %" PRId64 "   breaches %" PRId64 "   requests %" PRId64 "   alarms %" PRId64 "\n", number(json, page, "events"),
        number(json, page, "breaches"), number(json, page, "commands"), number(json, page, "alarms"));
}

/* Looser rules that wait. */
static void
print_pending(const struct json *json, int page)
{
    int pending = json_get(json, page, "pending");
    char until[WORDS];

    if (json_kind(json, pending) == JSON_OBJECT && !yes(json, pending, "cancelled"))
        printf("rules: %zu changes that give more room wait until %s (riskctl rules pending)\n",
            json_size(json, json_get(json, pending, "changes")) + (size_t)number(json, pending, "more"), words(json, pending, "until", until));
}

static void
print_connections(const struct json *json, int page)
{
    int links = json_get(json, page, "connections"), users = json_get(json, links, "users"), store = json_get(json, links, "store");
    char user_hub[WORDS], market_hub[WORDS];

    for (int i = 0, user = json_first(json, users); i < (int)json_size(json, users); i++, user = json_next(json, user))
        printf("user hub %s   market hub %s   token %s, %" PRId64 " min left   requests %" PRId64 " of %" PRId64 ", %" PRId64
               " waiting   clock off by %" PRId64 " ms\n",
            words(json, json_get(json, user, "user_hub"), "state", user_hub),
            words(json, json_get(json, user, "market_hub"), "state", market_hub), yes(json, user, "has_token") ? "held" : "MISSING",
            number(json, user, "token_left_s") / 60, number(json, user, "budget_used"), number(json, user, "budget_max"),
            number(json, user, "requests_waiting"), number(json, user, "clock_skew_ms"));
    printf("database %s, %" PRId64 " records waiting, %" PRId64 " spilled   ledger row %" PRId64 "   feed clients %" PRId64 "\n",
        yes(json, store, "failing") ? "FAILING" : "well", number(json, store, "waiting"), number(json, store, "spilled"),
        number(json, page, "ledger_rows"), number(json, links, "feed_clients"));
}

/* "LOCKED by RULE-003 until ...: why", "RTY LOCKED by RULE-011 while its cause lasts". */
static void
print_lockout(const struct json *json, int lock)
{
    char root[WORDS], end[WORDS], until[WORDS], why[WORDS];
    bool is_cause = strcmp(words(json, lock, "end", end), "cleared") == 0;

    (void)words(json, lock, "root", root);
    printf("  %s%sLOCKED by RULE-%03" PRId64, root, root[0] != '\0' ? " " : "", number(json, lock, "rule"));
    if (words(json, lock, "until", until)[0] != '\0')
        printf(" until %s", until);
    else
        printf(" %s", is_cause ? "while its cause lasts" : "until an admin unlocks");
    printf("%s%s\n", words(json, lock, "why", why)[0] != '\0' ? ": " : "", why);
}

static void
print_accounts(const struct json *json, int page)
{
    int accounts = json_get(json, page, "accounts");
    char name[WORDS], realized[WORDS], open[WORDS];

    for (int i = 0, a = json_first(json, accounts); i < (int)json_size(json, accounts); i++, a = json_next(json, a)) {
        size_t realized_length, open_length;
        const char *raw = json_raw(json, json_get(json, a, "realized"), &realized_length);
        (void)text_copy_bytes(realized, sizeof realized, raw, realized_length);
        raw = json_raw(json, json_get(json, a, "open"), &open_length);
        (void)text_copy_bytes(open, sizeof open, raw, open_length);
        printf("account %" PRId64 " %s: realized %s, open %s, %s%s%s\n", number(json, a, "account_id"), words(json, a, "name", name),
            realized, open, yes(json, a, "proven_flat") ? "flat" : "not flat", yes(json, a, "enforcing") ? ", ENFORCING" : "",
            yes(json, a, "uncontrollable") ? ", UNCONTROLLABLE" : "");
        int locks = json_get(json, a, "lockouts");
        for (int j = 0, lock = json_first(json, locks); j < (int)json_size(json, locks); j++, lock = json_next(json, lock))
            print_lockout(json, lock);
    }
}

/* The newest warnings and errors. */
static void
print_log(const char *directory)
{
    char path[TOOL_PATH_MAX], lines[LOG_LINES][LOG_LINE_BYTES];
    size_t count = 0;

    (void)snprintf(path, sizeof path, "%s/error.log", directory);
    FILE *file = fopen(path, "rb");
    while (file != NULL && fgets(lines[count % LOG_LINES], LOG_LINE_BYTES, file) != NULL)
        count++;
    if (file != NULL)
        (void)fclose(file);
    for (size_t i = count < LOG_LINES ? 0 : count - LOG_LINES; i < count; i++) {
        struct json_token tokens[64];
        struct json json;
        char at[WORDS], message[WORDS];
        if (json_read(lines[i % LOG_LINES], strcspn(lines[i % LOG_LINES], "\n"), tokens, 64, &json, NULL) == OK)
            printf("log %s %s\n", words(&json, 0, "ts", at), words(&json, 0, "msg", message));
    }
}

static int
show(const struct tool *tool, const struct loaded_config *config, const struct control_answer *answer)
{
    struct json_token *tokens = calloc(TOKENS_MAX, sizeof *tokens);
    struct json json;

    if (tokens == NULL || answer->status == NULL ||
        json_read(answer->status, answer->status_length, tokens, TOKENS_MAX, &json, NULL) != OK) {
        free(tokens);
        return tool_fail(tool, TOOL_FAILED, "riskd's status cannot be understood");
    }
    int page = json_get(&json, 0, "page");
    bool protecting = json_string_is(&json, json_get(&json, page, "mode"), "NORMAL");
    if (tool->json) {
        printf("{\"ok\":%s,\"exit\":%d,\"status\":%.*s}\n", protecting ? "true" : "false", protecting ? TOOL_DONE : TOOL_FAILED,
            (int)answer->status_length, answer->status);
    } else {
        print_head(&json, page, json_get(&json, 0, "process"));
        print_connections(&json, page);
        print_pending(&json, page);
        print_accounts(&json, page);
        print_log(config->daemon.log.directory);
    }
    free(tokens);
    return protecting ? TOOL_DONE : TOOL_FAILED;
}

int
riskctl_status(int argc, char **argv)
{
    struct tool tool = { 0 };
    struct loaded_config *config = NULL;
    struct control_answer answer;

    if (!tool_parse(&tool, argc, argv, NULL, 0, usage))
        return TOOL_USAGE;
    int code = tool_load(&tool, &config);
    if (code != TOOL_DONE)
        return code;
    code = tool_ask(&tool, config, &(struct control_request){ .command = CONTROL_STATUS }, &answer);
    if (code == TOOL_DONE) {
        code = answer.code == CONTROL_DONE ? show(&tool, config, &answer)
                                           : tool_fail(&tool, tool_exit_of(answer.code), "%s", answer.text);
        control_client_fini(&answer);
    }
    loaded_config_free(config);
    return code;
}
