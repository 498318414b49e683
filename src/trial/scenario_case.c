/*
 * scenario_case.c - one black-box case of scenarios/README.md, from its JSON to compared lists.
 *
 * A case is a configuration, events, the only right actions.  What is compared are requests and lockouts (app/actions.h), all of them: anything
 * not expected is a failure.
 */
#include "trial/scenario_case.h"

#include "app/scratch.h"
#include "base/assert.h"
#include "base/money.h"
#include "gateway/decode.h"
#include "trial/scenario_reload.h"
#include "trial/stage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TOKENS 8192 /* Of one invocation. */
#define ACCOUNTS_IN_CASE_MAX 16
#define ROWS_MAX 256 /* Of one snapshot in a case. */
#define TEXT_BYTES 65536

static struct json_token wire_tokens[LINE_TOKENS];

/* The rows of one snapshot in a case. */
struct rows {
    struct account_row account;
    struct position_row positions[ROWS_MAX];
    struct order_row orders[ROWS_MAX];
    struct trade_row trades[ROWS_MAX];
};

/* One case being run. */
struct run {
    const struct json *json;
    const struct json *contracts;
    enum paper_mode mode;
    int64_t accounts[ACCOUNTS_IN_CASE_MAX];
    int32_t accounts_count;
    int32_t index;               /* Of the event in "given". */
    struct scenario_reload reload;
    uint32_t would_have;         /* Rules in shadow that said so on this event, by number. */
    struct stage *stage;
    struct instant now;
    int32_t decoded;             /* Rows of the invocation just fed. */
    uint64_t asked;              /* The last close, reduction or cancel: what `answer` answers. */
    char database[600];          /* "": no restart in this case. */
    struct scenario_result *result;
    struct text problems;
    struct rows rows;
};

/* ---- What the stage reports ---- */

static void
on_command(void *context, const struct command *command)
{
    struct run *run = context;

    if (command->kind == COMMAND_CLOSE || command->kind == COMMAND_REDUCE || command->kind == COMMAND_CANCEL)
        run->asked = command->id;
    actions_add_command(&run->result->got, run->index, command, paper_order(stage_paper(run->stage), command->order_id));
}

static void
on_record(void *context, const struct record *record)
{
    struct run *run = context;

    if (record->kind == RECORD_BREACH && text_starts(record->u.breach.why, "Shadow: "))
        run->would_have |= 1u << record->rule;
    actions_add_record(&run->result->got, run->index, record);
}

static void
on_notice(void *context, const struct notice *notice)
{
    (void)context;
    (void)notice;
}

/* ---- The case's accounts and configurations ---- */

static void
add_account(struct run *run, int64_t id)
{
    for (int32_t i = 0; i < run->accounts_count; i++)
        if (run->accounts[i] == id)
            return;
    if (run->accounts_count < ACCOUNTS_IN_CASE_MAX)
        run->accounts[run->accounts_count++] = id;
}

/* Every account an event or a row speaks of is configured. */
static void
find_accounts(struct run *run, int node)
{
    const struct json *json = run->json;
    int child = json_first(json, node);
    int64_t id;

    if (json_kind(json, node) == JSON_OBJECT) {
        if (json_int64(json, json_get(json, node, "accountId"), &id))
            add_account(run, id);
        else if (json_get(json, node, "isVisible") != JSON_NONE && json_int64(json, json_get(json, node, "id"), &id))
            add_account(run, id);
        for (size_t i = 0; i < json_size(json, node); i++, child = json_next(json, child))
            find_accounts(run, json_value(json, child));
    } else if (json_kind(json, node) == JSON_ARRAY) {
        for (size_t i = 0; i < json_size(json, node); i++, child = json_next(json, child))
            find_accounts(run, child);
    }
}

/* The configuration from here on, between two events. */
static void
step_config(struct run *run, const struct config *config)
{
    struct event event = { .kind = EVENT_CONFIG, .at = run->now };

    event.u.config = config;
    stage_event(run->stage, &event);
}

/* What waits for a time before @until comes then. */
static enum status
let_come(struct run *run, struct instant until, struct error *err)
{
    struct instant due = scenario_reload_due(&run->reload);
    const struct config *config = NULL;
    struct event clock = { .kind = EVENT_CLOCK, .at = due };

    if (instant_is_never(due) || instant_before(until, due))
        return OK;
    run->now = due;
    stage_event(run->stage, &clock);
    enum status status = stage_answer(run->stage) ? scenario_reload_again(&run->reload, due, &config, err) :
        error_set(err, STATUS_INTERNAL, "given[%" PRId32 "]: engine and broker never came to rest", run->index);
    if (status != OK)
        return status;
    step_config(run, config);
    return stage_answer(run->stage) ? OK : error_set(err, STATUS_INTERNAL, "given[%" PRId32 "]: engine and broker never came to rest", run->index);
}

/* ---- The case's events ---- */

/* Elements of an array that belong to an account, decoded one after the other. */
static uint32_t
decode_rows(struct run *run, int array, int64_t account_id, struct instant now, enum event_kind kind)
{
    const struct json *json = run->json;
    int child = json_first(json, array);
    struct rows *rows = &run->rows;
    uint32_t count = 0;
    int64_t owner;

    for (size_t i = 0; i < json_size(json, array) && count < ROWS_MAX; i++, child = json_next(json, child)) {
        if (!json_int64(json, json_get(json, child, "accountId"), &owner) || owner != account_id)
            continue;
        bool ok = kind == EVENT_POSITION ? decode_position(json, child, &rows->positions[count]) :
            kind == EVENT_ORDER          ? decode_order(json, child, &rows->orders[count]) :
                                           decode_trade(json, child, now, &rows->trades[count]);
        count += ok ? 1 : 0;
    }
    return count;
}

/* The state found at start-up, of one account.  @data JSON_NONE: complete and empty. */
static void
feed_snapshot(struct run *run, int data, int64_t account_id, struct instant at)
{
    const struct json *json = run->json;
    struct event event = { .kind = EVENT_SNAPSHOT, .at = at };
    struct snapshot *snapshot = &event.u.snapshot;
    int accounts = json_get(json, data, "accounts");
    int child = json_first(json, accounts);
    struct account_row row;

    run->rows.account = (struct account_row){ .id = account_id };
    for (size_t i = 0; i < json_size(json, accounts); i++, child = json_next(json, child))
        if (decode_account(json, child, &row) && row.id == account_id)
            run->rows.account = row;
    *snapshot = (struct snapshot){ .account_id = account_id, .asked_at = at, .account = &run->rows.account,
        .parts = PART_ACCOUNT | PART_POSITIONS | PART_ORDERS | PART_TRADES, .positions = run->rows.positions,
        .orders = run->rows.orders, .trades = run->rows.trades };
    snapshot->positions_count = decode_rows(run, json_get(json, data, "positions"), account_id, at, EVENT_POSITION);
    snapshot->orders_count = decode_rows(run, json_get(json, data, "orders"), account_id, at, EVENT_ORDER);
    snapshot->trades_count = decode_rows(run, json_get(json, data, "trades"), account_id, at, EVENT_TRADE);
    stage_event(run->stage, &event);
}

static bool
read_admin(const struct run *run, int data, struct event *event)
{
    const struct json *json = run->json;
    struct admin_event *admin = &event->u.admin;
    int64_t rule = 0;

    event->kind = EVENT_ADMIN;
    *admin = (struct admin_event){ .kind =
            json_string_is(json, json_get(json, data, "action"), "flatten") ? ADMIN_FLATTEN : ADMIN_UNLOCK };
    (void)json_int64(json, json_get(json, data, "rule"), &rule);
    admin->rule = (int32_t)rule;
    (void)json_string(json, json_get(json, data, "root"), admin->root, sizeof admin->root);
    (void)json_string(json, json_get(json, data, "reason"), admin->reason, sizeof admin->reason);
    return json_int64(json, json_get(json, data, "accountId"), &admin->account_id);
}

/* A decoded row becomes the stage's event. */
static void
on_decoded(void *context, const struct event *decoded)
{
    struct run *run = context;
    struct event event = *decoded;

    event.at = run->now;
    run->decoded++;
    stage_event(run->stage, &event);
}

/* Any other type is a hub's target: the case's data, wrapped as the hub sends it. */
static enum status
feed_invocation(struct run *run, int given, const char *target, struct error *err)
{
    struct signalr_message message = { .type = SIGNALR_INVOCATION, .arguments = 0, .invocation_id = -1 };
    char bytes[TEXT_BYTES], contract[CONTRACT_ID_MAX], words[64];
    struct text text = text_on(bytes, sizeof bytes);
    size_t length;
    const char *data = json_raw(run->json, json_get(run->json, given, "data"), &length);
    struct json wire;

    text_add(&text, "[");
    if (json_string(run->json, json_get(run->json, given, "contractId"), contract, sizeof contract))
        text_addf(&text, "\"%s\",", contract);
    text_add_bytes(&text, data, length);
    text_add(&text, "]");
    if (text.truncated)
        return error_set(err, STATUS_LIMIT, "given[%" PRId32 "]: too long", run->index);
    if (json_read(bytes, text.length, wire_tokens, LINE_TOKENS, &wire, err) != OK)
        return err->status;
    (void)text_copy(message.target, sizeof message.target, target);
    run->decoded = 0;
    enum decode_result result =
        decode_invocation(&wire, &message, run->now, on_decoded, run, words, sizeof words);
    if (result != DECODE_OK || run->decoded == 0)
        return error_set(err, STATUS_CORRUPT, "given[%" PRId32 "]: cannot decode %s", run->index, target);
    return OK;
}

static enum status
feed_snapshots(struct run *run, int data)
{
    for (int32_t i = 0; i < run->accounts_count; i++)
        feed_snapshot(run, data, run->accounts[i], run->now);
    return OK;
}

static enum status
feed_reload(struct run *run, int data, bool holds, struct error *err)
{
    const struct config *config = NULL;
    enum status status = scenario_reload_now(&run->reload, data, holds, run->now, &config, err);

    if (status == OK)
        step_config(run, config);
    return status == STATUS_CONFIG ? OK : status; /* An invalid file changes nothing (R-ALL-16). */
}

static enum status
feed_admin(struct run *run, int data, struct error *err)
{
    struct event event = { .at = run->now };

    if (json_string_is(run->json, json_get(run->json, data, "action"), "cancel"))
        return pending_cancel(&run->reload.pending) ? OK : error_set(err, STATUS_CORRUPT, "given[%" PRId32 "]: nothing waits", run->index);
    if (!read_admin(run, data, &event))
        return error_set(err, STATUS_CORRUPT, "given[%" PRId32 "]: no accountId", run->index);
    stage_event(run->stage, &event);
    return OK;
}

/* For a silent broker: what became of the last request, at its own time. */
static enum status
feed_answer(struct run *run, int data, struct error *err)
{
    static const char *const words[] = { "accepted", "gone", "refused", "not_sent", "ambiguous" }; /* As enum outcome. */
    struct event event = { .kind = EVENT_ANSWER, .at = run->now, .u.answer.command_id = run->asked };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (run->asked != 0 && json_string_is(run->json, json_get(run->json, data, "outcome"), words[i])) {
            event.u.answer.outcome = (enum outcome)i;
            stage_event(run->stage, &event);
            return OK;
        }
    return error_set(err, STATUS_CORRUPT, "given[%" PRId32 "]: no such outcome, or nothing was asked", run->index);
}

static enum status
feed_given(struct run *run, int given, const char *type, struct error *err)
{
    struct event clock = { .kind = EVENT_CLOCK, .at = run->now };
    int data = json_get(run->json, given, "data");

    if (strcmp(type, "snapshot") == 0)
        return feed_snapshots(run, data);
    if (strcmp(type, "restart") == 0)
        return stage_restart(run->stage, run->now, err);
    if (strcmp(type, "config") == 0 || strcmp(type, "reload") == 0)
        return feed_reload(run, data, type[0] == 'r', err);
    if (strcmp(type, "admin") == 0)
        return feed_admin(run, data, err);
    if (strcmp(type, "answer") == 0)
        return feed_answer(run, data, err);
    if (strcmp(type, "clock") != 0)
        return feed_invocation(run, given, type, err);
    stage_event(run->stage, &clock);
    return OK;
}

/* ---- Checks ---- */

static void
check_failed(struct run *run, const char *what, const char *expected, const char *got)
{
    text_addf(&run->problems, "  check after %" PRId32 ": %s: expected %s, got %s\n", run->index, what, expected, got);
}

struct open_of {
    const char *contract;
    int64_t micros;
};

static void
add_open(void *context, const struct position *position)
{
    struct open_of *open = context;

    if (strcmp(position->contract->id.text, open->contract) == 0 && position->priced[MARK_LAST])
        open->micros += position->open_micros[MARK_LAST];
}

static void
check_open(struct run *run, int check, int64_t account_id)
{
    const struct engine *engine = stage_engine(run->stage);
    char contract[CONTRACT_ID_MAX], want_text[MONEY_TEXT_MAX], got_text[MONEY_TEXT_MAX];
    struct account_status account = { 0 };
    int64_t want = 0, got;

    (void)json_money(run->json, json_get(run->json, check, "unrealized"), &want);
    if (json_string(run->json, json_get(run->json, check, "contractId"), contract, sizeof contract)) {
        struct open_of open = { .contract = contract };
        engine_each_position(engine, account_id, add_open, &open);
        got = open.micros;
    } else {
        (void)engine_account(engine, account_id, &account);
        got = account.open_micros;
    }
    if (got == want)
        return;
    money_format(want, want_text, sizeof want_text);
    money_format(got, got_text, sizeof got_text);
    check_failed(run, "unrealized", want_text, got_text);
}

static void
check_locked(struct run *run, int check, int64_t account_id)
{
    char scope[ROOT_MAX + 8] = "account";
    bool want = false, got;

    (void)json_bool(run->json, json_get(run->json, check, "locked"), &want);
    (void)json_string(run->json, json_get(run->json, check, "scope"), scope, sizeof scope);
    got = engine_is_locked(stage_engine(run->stage), account_id, text_starts(scope, "root:") ? scope + 5 : "");
    if (got != want)
        check_failed(run, scope, want ? "locked" : "not locked", got ? "locked" : "not locked");
}

/* A rule in shadow said what it would have done; 0: none did. */
static void
check_shadow(struct run *run, int check)
{
    int64_t rule = 0;

    (void)json_int64(run->json, json_get(run->json, check, "would_have"), &rule);
    if (rule < 0 || rule > 31 || run->would_have != (rule > 0 ? 1u << rule : 0))
        check_failed(run, "would_have", rule > 0 ? "this rule alone" : "no rule", run->would_have != 0 ? "another" : "none");
}

/* Looser rules wait until then; null: nothing does. */
static void
check_pending(struct run *run, int check)
{
    struct instant want = INSTANT_NEVER, got = scenario_reload_due(&run->reload);
    char want_text[INSTANT_TEXT_MAX], got_text[INSTANT_TEXT_MAX];
    size_t length;
    const char *text = json_raw(run->json, json_get(run->json, check, "pending"), &length);

    (void)instant_parse(text, length, &want);
    if (instant_equal(want, got))
        return;
    instant_format(want, want_text, sizeof want_text);
    instant_format(got, got_text, sizeof got_text);
    check_failed(run, "pending", instant_is_never(want) ? "nothing" : want_text, instant_is_never(got) ? "nothing" : got_text);
}

/* What must hold once the rules ran on this event, before the broker's answers to it. */
static void
run_checks(struct run *run)
{
    const struct json *json = run->json;
    int checks = json_get(json, 0, "check");
    int child = json_first(json, checks);

    for (size_t i = 0; i < json_size(json, checks); i++, child = json_next(json, child)) {
        int64_t after = -1, account_id = run->accounts[0];
        (void)json_int64(json, json_get(json, child, "after"), &after);
        (void)json_int64(json, json_get(json, child, "accountId"), &account_id);
        if (after != run->index)
            continue;
        if (json_get(json, child, "unrealized") != JSON_NONE)
            check_open(run, child, account_id);
        if (json_get(json, child, "locked") != JSON_NONE)
            check_locked(run, child, account_id);
        if (json_get(json, child, "would_have") != JSON_NONE)
            check_shadow(run, child);
        if (json_get(json, child, "pending") != JSON_NONE)
            check_pending(run, child);
    }
}

/* ---- A whole case ---- */

static enum status
read_time(const struct run *run, int given, struct instant *ret_at, struct error *err)
{
    size_t length;
    const char *text = json_raw(run->json, json_get(run->json, given, "t"), &length);

    if (!instant_parse(text, length, ret_at))
        return error_set(err, STATUS_CORRUPT, "given[%" PRId32 "]: no time t", run->index);
    return OK;
}

/* The products' metadata is known before anything happens, as after Contract/available. */
static enum status
feed_contracts(struct run *run, struct error *err)
{
    struct event event = { .kind = EVENT_CONTRACT, .at = run->now };
    const struct json *json = run->contracts;
    int child = json_first(json, 0);

    for (size_t i = 0; i < json_size(json, 0); i++, child = json_next(json, child)) {
        if (!decode_contract(json, json_value(json, child), &event.u.contract))
            return error_set(err, STATUS_CORRUPT, "contracts.json: entry %zu", i);
        stage_event(run->stage, &event);
    }
    return OK;
}

static enum status
begin(struct run *run, const struct config *config, int first, struct error *err)
{
    const struct stage_options options = { .config = config, .mode = run->mode,
        .database = run->database[0] != '\0' ? run->database : NULL, .context = run, .command = on_command,
        .record = on_record, .notice = on_notice };
    char type[SIGNALR_TARGET_MAX] = "";
    enum status status = read_time(run, first, &run->now, err);

    if (status == OK)
        status = stage_new(&options, run->now, &run->stage, err);
    if (status == OK)
        status = feed_contracts(run, err);
    if (status != OK)
        return status;
    (void)json_string(run->json, json_get(run->json, first, "type"), type, sizeof type);
    if (strcmp(type, "snapshot") != 0)
        status = feed_snapshots(run, JSON_NONE);
    if (!stage_answer(run->stage))
        status = error_set(err, STATUS_INTERNAL, "before given[0]: engine and broker never came to rest");
    return status;
}

static enum status
run_events(struct run *run, const struct config *config, struct error *err)
{
    struct instant at;
    int list = json_get(run->json, 0, "given");
    int child = json_first(run->json, list);
    char type[SIGNALR_TARGET_MAX];

    if (json_size(run->json, list) == 0)
        return error_set(err, STATUS_CORRUPT, "given: missing or empty");
    enum status status = begin(run, config, child, err);
    for (size_t i = 0; i < json_size(run->json, list) && status == OK; i++, child = json_next(run->json, child)) {
        run->index = (int32_t)i;
        run->would_have = 0;
        status = read_time(run, child, &at, err);
        if (status == OK)
            status = let_come(run, at, err);
        run->now = at;
        if (status == OK && !json_string(run->json, json_get(run->json, child, "type"), type, sizeof type))
            status = error_set(err, STATUS_CORRUPT, "given[%zu]: no type", i);
        if (status == OK)
            status = feed_given(run, child, type, err);
        if (status != OK)
            break;
        run_checks(run);
        if (!stage_answer(run->stage))
            status = error_set(err, STATUS_INTERNAL, "given[%zu]: engine and broker never came to rest", i);
    }
    return status;
}

static bool
has_restart(const struct json *json)
{
    int list = json_get(json, 0, "given");
    int child = json_first(json, list);

    for (size_t i = 0; i < json_size(json, list); i++, child = json_next(json, child))
        if (json_string_is(json, json_get(json, child, "type"), "restart"))
            return true;
    return false;
}

/* Everything from the line to compared lists; problems of the case itself are errors. */
static enum status
run_whole(struct run *run, struct error *err)
{
    char mode[32] = "auto";
    struct scratch *scratch = NULL;
    const struct config *config = NULL;
    enum status status = OK;

    (void)json_string(run->json, json_get(run->json, 0, "broker"), mode, sizeof mode);
    if (!paper_mode_parse(mode, &run->mode))
        return error_set(err, STATUS_CORRUPT, "broker: unknown mode %s", mode);
    find_accounts(run, json_get(run->json, 0, "given"));
    run->reload = (struct scenario_reload){ .json = run->json, .accounts = run->accounts, .accounts_count = run->accounts_count };
    if (run->accounts_count == 0)
        return error_set(err, STATUS_CORRUPT, "given: speaks of no account");
    if (has_restart(run->json))
        status = scratch_new(&scratch, run->database, sizeof run->database, err);
    if (status == OK)
        status = actions_expected(&run->result->expected, run->json, json_get(run->json, 0, "expect"), err);
    if (status == OK)
        status = scenario_reload_first(&run->reload, &config, err);
    if (status == OK)
        status = run_events(run, config, err);
    stage_free(run->stage);
    scenario_reload_fini(&run->reload);
    scratch_free(scratch);
    actions_sort(&run->result->expected);
    actions_sort(&run->result->got);
    return status;
}

enum status
scenario_case_run(const struct json *json, const struct json *contracts, struct scenario_result *result, struct error *err)
{
    struct run *run = calloc(1, sizeof *run);
    enum status status;

    memset(result, 0, sizeof *result);
    if (run == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    run->json = json;
    run->contracts = contracts;
    run->result = result;
    run->problems = text_on(result->problems, sizeof result->problems);
    status = run_whole(run, err);
    result->passed = status == OK && result->problems[0] == '\0' && actions_equal(&result->expected, &result->got);
    free(run);
    return status;
}
