/*
 * replay.c - recorded hub events through today's or changed rules.
 *
 * Two passes over the file: the first finds the accounts, the second runs.  The same decoder, engine and shell as in production; time is the
 * recorded one.  What the rules ask for is answered by a broker on paper, so from the first breach on the run is a story of what
 * would have been, not of what was.
 */
#include "trial/replay.h"

#include "app/scratch.h"
#include "config/load.h"
#include "gateway/decode.h"
#include "os/path.h"
#include "rules/rules.h"
#include "trial/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS 16384
#define ACCOUNTS 4096
#define ACCOUNTS_TEXT_BYTES ((size_t)1 << 20)
#define LINE_BYTES 4096

struct replay {
    const struct replay_options *options;
    struct replay_totals totals;
    struct stage *stage;
    struct loaded_config *config;
    struct json contracts;
    int64_t accounts[ACCOUNTS];
    int32_t accounts_count;
    struct instant now;
    struct json_token tokens[TOKENS], contract_tokens[TOKENS];
};

/* ---- Output ---- */

static void
print_line(const struct replay *replay, const char *kind, int64_t account_id, int32_t rule, const char *contract,
    const char *words)
{
    char bytes[LINE_BYTES], at[INSTANT_TEXT_MAX];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    instant_format(replay->now, at, sizeof at);
    if (!replay->options->json) {
        printf("%s %s account %" PRId64 " rule %" PRId32 " %s %s\n", at, kind, account_id, rule, contract, words);
        return;
    }
    json_open(&json, NULL, '{');
    json_add_string(&json, "t", at);
    json_add_string(&json, "kind", kind);
    json_add_int(&json, "account_id", account_id);
    json_add_int(&json, "rule", rule);
    if (contract[0] != '\0')
        json_add_string(&json, "contract", contract);
    json_add_string(&json, "text", words);
    json_close(&json, '}');
    puts(bytes);
}

static void
on_command(void *context, const struct command *command)
{
    struct replay *replay = context;
    char words[200];
    struct text text = text_on(words, sizeof words);

    if (command->kind >= COMMAND_READ)
        return;
    replay->totals.commands++;
    text_add(&text, command_kind_name(command->kind));
    if (command->order_id != 0)
        text_addf(&text, " order %" PRId64, command->order_id);
    if (command->size != 0)
        text_addf(&text, " size %" PRId32, command->size);
    print_line(replay, "command", command->account_id, command->rule, command->contract.text, words);
}

static void
on_record(void *context, const struct record *record)
{
    struct replay *replay = context;
    const struct lockout *lockout = &record->u.lockout;
    char words[WHY_MAX + 120], until[INSTANT_TEXT_MAX] = "no end by time";
    struct text text = text_on(words, sizeof words);

    if (record->kind == RECORD_BREACH) {
        replay->totals.breaches++;
        print_line(replay, "breach", record->account_id, record->rule, "", record->u.breach.why);
    }
    if (record->kind != RECORD_LOCKOUT_SET && record->kind != RECORD_LOCKOUT_END)
        return;
    if (!instant_is_never(lockout->until))
        instant_format(lockout->until, until, sizeof until);
    text_addf(&text, "%s %s until %s", record->kind == RECORD_LOCKOUT_SET ? "set:" : "ended:",
        lockout->root[0] == '\0' ? "account" : lockout->root, until);
    replay->totals.lockouts++;
    print_line(replay, "lockout", lockout->account_id, lockout->rule, "", words);
}

static void
on_notice(void *context, const struct notice *notice)
{
    struct replay *replay = context;

    if (notice->kind != NOTICE_WARNING)
        return;
    replay->totals.warnings++;
    print_line(replay, "warning", notice->account_id, notice->rule, notice->contract.text, notice->text);
}

/* ---- Input ---- */

static bool
read_time(const struct json *json, struct instant *ret_at)
{
    size_t length;
    int node = json_get(json, 0, "t");
    const char *text = json_raw(json, node, &length);

    if (json_kind(json, node) == JSON_STRING)
        return instant_parse(text, length, ret_at);
    return json_int64(json, node, &ret_at->ns);
}

/* Calls @sink for each row of each line, with the line's time in replay->now. */
static void
each_line(struct replay *replay, const char *events, size_t length, decode_sink *sink)
{
    const char *end = events + length;
    struct signalr_message message;
    char words[200];

    for (const char *line = events; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t line_length = stop == NULL ? (size_t)(end - line) : (size_t)(stop - line);
        struct json json;
        if (line_length > 0) {
            bool ok = json_read(line, line_length, replay->tokens, TOKENS, &json, NULL) == OK &&
                read_time(&json, &replay->now) && signalr_read(&json, &message);
            if (ok)
                ok = decode_invocation(&json, &message, replay->now, sink, replay, words, sizeof words) != DECODE_UNUSABLE;
            replay->totals.events++;
            replay->totals.undecodable += ok ? 0 : 1;
        }
        line += line_length + 1;
    }
}

static void
find_account(void *context, const struct event *event)
{
    struct replay *replay = context;
    int64_t id = decode_account_of(event);

    for (int32_t i = replay->accounts_count; i-- > 0;)
        if (replay->accounts[i] == id)
            return;
    if (id != 0 && replay->accounts_count < ACCOUNTS)
        replay->accounts[replay->accounts_count++] = id;
}

static void
run_event(void *context, const struct event *decoded)
{
    struct replay *replay = context;
    struct event event = *decoded;

    event.at = replay->now;
    stage_event(replay->stage, &event);
    if (!stage_answer(replay->stage))
        replay->totals.undecodable++;
}

/* ---- Configuration ---- */

static enum status
no_secrets_here(const char *path, struct error *err)
{
    (void)path;
    (void)err;
    return OK;
}

/* The accounts of a risk_config.yaml are made up from the ids found: a replay logs in nowhere. */
static enum status
load_yaml(struct replay *replay, struct config_errors *errors)
{
    char *accounts = malloc(ACCOUNTS_TEXT_BYTES);
    static const char daemon[] = "{}\n";
    struct config_sources sources = { .daemon = { .path = "daemon.yaml", .text = daemon, .length = sizeof daemon - 1 },
        .rules = { .path = replay->options->config }, .rules_table = rules_table, .is_private = no_secrets_here };

    if (accounts == NULL)
        return STATUS_LIMIT;
    struct text text = text_on(accounts, ACCOUNTS_TEXT_BYTES);
    text_add(&text, "accounts:\n");
    for (int32_t i = 0; i < replay->accounts_count; i++)
        text_addf(&text, "  - { account_id: %" PRId64 ", username: replay, api_key: replay }\n", replay->accounts[i]);
    sources.accounts = (struct config_source){ .path = "accounts.yaml", .text = accounts, .length = text.length };
    enum status status = config_load(&sources, &replay->config, errors);
    free(accounts);
    return status;
}

static enum status
load_rules(struct replay *replay, struct error *err)
{
    struct config_errors errors = { 0 };
    char *file = NULL;
    size_t length;
    enum status status = scratch_read_file(replay->options->config, &file, &length, err);

    if (status != OK)
        return status;
    if (file[strspn(file, " \t\r\n")] == '{')
        status = config_from_scenario(file, length, replay->accounts, replay->accounts_count, rules_table, &replay->config,
            &errors);
    else
        status = load_yaml(replay, &errors);
    if (status != OK) {
        char bytes[ERROR_TEXT_MAX];
        struct text text = text_on(bytes, sizeof bytes);
        config_errors_print(&errors, &text);
        status = error_set(err, status, "%s", bytes);
    }
    config_errors_fini(&errors);
    free(file);
    return status;
}

/* ---- The run ---- */

static void
feed_contracts(struct replay *replay, const char *metadata, size_t length)
{
    struct event event = { .kind = EVENT_CONTRACT, .at = replay->now };
    struct json *json = &replay->contracts;

    if (metadata == NULL || json_read(metadata, length, replay->contract_tokens, TOKENS, json, NULL) != OK)
        return;
    int child = json_first(json, 0);
    for (size_t i = 0; i < json_size(json, 0); i++, child = json_next(json, child))
        if (decode_contract(json, json_value(json, child), &event.u.contract))
            stage_event(replay->stage, &event);
}

static void
feed_flat_accounts(struct replay *replay)
{
    for (int32_t i = 0; i < replay->accounts_count; i++) {
        struct account_row account = { .id = replay->accounts[i] };
        struct event event = { .kind = EVENT_SNAPSHOT, .at = replay->now };
        event.u.snapshot = (struct snapshot){ .account_id = account.id, .asked_at = replay->now, .account = &account,
            .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES };
        stage_event(replay->stage, &event);
    }
}

static char *
read_contracts(const struct replay_options *options, size_t *ret_length)
{
    size_t folder = (size_t)(path_name(options->events) - options->events);
    char path[1024], *text = NULL;

    (void)snprintf(path, sizeof path, "%.*scontracts.json", (int)folder,
        options->events);
    if (scratch_read_file(options->contracts != NULL ? options->contracts : path, &text, ret_length, NULL) != OK)
        return NULL;
    return text;
}

static enum status
run(struct replay *replay, const char *events, size_t length, struct error *err)
{
    struct stage_options options = { .mode = replay->options->mode, .context = replay, .command = on_command,
        .record = on_record, .notice = on_notice };
    size_t metadata_length = 0;
    struct json first;
    const char *newline = memchr(events, '\n', length);

    each_line(replay, events, length, find_account);
    replay->totals = (struct replay_totals){ 0 };
    enum status status = load_rules(replay, err);
    if (status == OK)
        status = json_read(events, newline == NULL ? length : (size_t)(newline - events), replay->tokens, TOKENS, &first, err);
    if (status == OK && !read_time(&first, &replay->now))
        status = error_set(err, STATUS_CONFIG, "%s: the first line has no time t", replay->options->events);
    if (status != OK)
        return status;
    options.config = &replay->config->config;
    status = stage_new(&options, replay->now, &replay->stage, err);
    if (status != OK)
        return status;
    char *metadata = read_contracts(replay->options, &metadata_length);
    feed_contracts(replay, metadata, metadata_length);
    feed_flat_accounts(replay);
    if (!stage_answer(replay->stage))
        replay->totals.undecodable++;
    each_line(replay, events, length, run_event);
    free(metadata);
    return OK;
}

enum status
replay_run(const struct replay_options *options, struct replay_totals *ret_totals, struct error *err)
{
    struct replay *replay = calloc(1, sizeof *replay);
    char *events = NULL;
    size_t length = 0;
    enum status status = replay == NULL ? error_set(err, STATUS_LIMIT, "no memory") : OK;

    if (status == OK)
        status = scratch_read_file(options->events, &events, &length, err);
    if (status == OK) {
        replay->options = options;
        status = run(replay, events, length, err);
        *ret_totals = replay->totals;
        stage_free(replay->stage);
        loaded_config_free(replay->config);
    }
    free(events);
    free(replay);
    return status;
}
