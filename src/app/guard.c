/*
 * guard.c - the event path of riskd.
 *
 * Nothing here waits and nothing here decides: rules and enforcement are the engine's, the wire is the gateway's, the disk the
 * writer's.  All of it runs on the loop's thread, and nothing else touches trading state (CC-01).  The points named for crash_at() are the states of an enforcement, for tests/e2e/kill_matrix.py.
 */
#include "app/guard.h"

#include "app/announce.h"
#include "app/crash.h"
#include "app/journal.h"
#include "app/ledger.h"
#include "app/links.h"
#include "core/day.h"
#include "os/os.h"
#include "rules/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES (STATUS_LINKS_BYTES + STATUS_PENDING_BYTES + 4096) /* Of daemon_status. */
#define DEADLINE_MS_MAX 1000      /* Timers stop while a machine sleeps: look at the clock again at least this often. */

/* ---- Time ---- */

struct instant
guard_now(struct guard *guard)
{
    return clock_read(&guard->clock, os_utc_now(), os_monotonic_ns());
}

static void
on_deadline(uv_timer_t *timer)
{
    struct guard *guard = timer->data;

    guard->frame_ns = 0;
    shell_clock(guard->shell, guard_now(guard));
}

static void
arm_deadline(void *context, struct instant deadline)
{
    struct guard *guard = context;
    int64_t wait_ms;

    if (instant_is_never(deadline)) {
        uv_timer_stop(&guard->deadline);
        return;
    }
    wait_ms = (instant_since(deadline, guard_now(guard)).ns + 999999) / 1000000;
    wait_ms = wait_ms < 0 ? 0 : wait_ms > DEADLINE_MS_MAX ? DEADLINE_MS_MAX : wait_ms;
    uv_update_time(guard->loop);
    uv_timer_start(&guard->deadline, on_deadline, (uint64_t)wait_ms, 0);
}

/* ---- Commands ---- */

static struct guard_user *
user_of(struct guard *guard, int64_t account_id)
{
    const struct loaded_config *config = guard->config;

    for (int32_t i = 0; i < config->accounts_count; i++)
        if (config->accounts[i].id == account_id && config->accounts[i].user >= 0)
            return &guard->users[config->accounts[i].user];
    return NULL;
}

static bool
is_mutation(enum command_kind kind)
{
    return kind == COMMAND_CLOSE || kind == COMMAND_REDUCE || kind == COMMAND_CANCEL || kind == COMMAND_PLACE_STOP ||
        kind == COMMAND_MODIFY_STOP;
}

static void
on_command(void *context, const struct command *command)
{
    struct guard *guard = context;
    struct guard_user *user = user_of(guard, command->account_id);

    if (is_mutation(command->kind))
        crash_at("before-request");
    if (user != NULL) {
        if (user->gateway != NULL)
            gateway_carry_out(user->gateway, command);
    } else { /* Quotes, metadata, and "all accounts": whoever is logged in. */
        for (int32_t i = 0; i < guard->users_count; i++) {
            if (guard->users[i].gateway != NULL)
                gateway_carry_out(guard->users[i].gateway, command);
            if (command->kind != COMMAND_SYNC)
                break;
        }
    }
    if (is_mutation(command->kind)) { /* After it has left; its answer comes on a later turn. */
        flight_add(&guard->flight, command, guard->frame_ns);
        status_sent(&guard->board, command, guard_now(guard));
        crash_at("after-request");
    }
    if (command->kind == COMMAND_CANCEL)
        crash_at("after-cancel");
    if (command->kind == COMMAND_CLOSE)
        crash_at("after-close");
}

/* ---- Records ---- */

static uint64_t
on_record(void *context, const struct record *record)
{
    struct guard *guard = context;
    uint64_t ticket;

    if (record->kind == RECORD_BREACH)
        crash_at("before-breach-record");
    if (record->kind == RECORD_GOAL_PROVEN)
        crash_at("before-proof-record");
    if (record->kind == RECORD_ANSWERED && record->u.request.command.kind == COMMAND_CLOSE)
        crash_at("before-answer-record");
    if (record->kind == RECORD_LOCKOUT_END)
        crash_at("before-unlock-record");
    if (record->kind == RECORD_TRADE)
        chronicle_trade(guard->overview.chronicle, &record->u.trade.row);
    ticket = writer_put(guard->writer, record, 1);
    if (record->kind == RECORD_LOCKOUT_SET)
        crash_at("after-lockout-record");
    if (record->kind == RECORD_LOCKOUT_END)
        crash_at("after-unlock-record");
    if (record->kind == RECORD_SENT)
        crash_at("after-sent-record");
    return ticket;
}

void
guard_on_synced(void *context, uint64_t ticket)
{
    struct guard *guard = context;

    if (guard->board.breaches > 0)
        crash_at("after-sync");
    shell_synced(guard->shell, ticket);
}

/* ---- Notices ---- */

/* Too many users to fit: rather none than half an object. */
static void
note_links(struct guard *guard)
{
    struct text links = text_on(guard->board.links, sizeof guard->board.links);

    links_write(guard, guard_now(guard), &links);
    if (links.truncated)
        guard->board.links[0] = '\0';
}

void
guard_note_store(struct guard *guard)
{
    if (guard->writer == NULL) /* Stopping: the last figures stay. */
        return;
    struct writer_status status = writer_status(guard->writer);
    guard->board.ledger_rows = status.log_id;
    (void)text_copy(guard->board.ledger_head, sizeof guard->board.ledger_head, status.log_head);
    note_links(guard);
}

void
guard_publish_status(struct guard *guard)
{
    char bytes[HEAD_BYTES];
    struct text text = text_on(bytes, sizeof bytes);
    struct instant now = guard_now(guard);

    if (guard->feed == NULL || !feed_is_heard(guard->feed))
        return;
    guard_note_store(guard);
    status_write_head(&guard->board, now, &text);
    publish_daemon_status(guard->feed, bytes, now);
}

void
guard_write_overview(void *context, struct text *out, struct instant *ret_now)
{
    struct guard *guard = context;
    char bytes[HEAD_BYTES];
    struct text head = text_on(bytes, sizeof bytes);

    *ret_now = guard_now(guard);
    guard_note_store(guard);
    status_write_head(&guard->board, *ret_now, &head);
    guard->overview.now = *ret_now;
    overview_write(out, &guard->overview, bytes);
}

/* SV-06, EN-04: from the breach to the proof.  One that is not proven yet the engine tells of (enforce.fail_ms). */
static void
tell_slow(struct guard *guard, const struct notice *proven)
{
    int64_t took_ms = proven->u.enforcement.took.ns / 1000000;
    int64_t warn_ms = guard->config->daemon.enforce.warn_ms, critical_ms = guard->config->daemon.enforce.crit_ms;

    if (took_ms > warn_ms)
        guard_alarm(guard, took_ms > critical_ms ? 2 : 1, "RULE-%03d: %s was proven after %" PRId64 " ms only, longer than %" PRId64 " ms",
            (int)proven->rule, proven->contract.text, took_ms, took_ms > critical_ms ? critical_ms : warn_ms);
}

static void
publish(void *context, const struct notice *notice)
{
    struct guard *guard = context;

    if (notice->kind == NOTICE_LOCKOUT_SET)
        crash_at("before-lockout-notice");
    if (notice->kind == NOTICE_LOCKOUT_CLEARED)
        crash_at("before-unlock-notice");
    status_notice(&guard->board, notice);
    announce_notice(guard, notice);
    if (notice->kind == NOTICE_ENFORCEMENT && notice->u.enforcement.step == STEP_PROVEN)
        histogram_add(&guard->metrics.flat, notice->u.enforcement.took);
    chronicle_notice(guard->overview.chronicle, notice);
    journal_notice(guard->log, notice);
    if (notice->kind == NOTICE_MODE)
        guard_publish_status(guard);
    else if (guard->feed != NULL)
        publish_notice(guard->feed, notice);
    if (notice->kind == NOTICE_ENFORCEMENT && notice->u.enforcement.step == STEP_PROVEN) {
        crash_at("after-proof");
        tell_slow(guard, notice);
    }
}

void
guard_alarm(struct guard *guard, int32_t level, const char *format, ...)
{
    struct notice notice = { .kind = NOTICE_ALARM, .at = guard_now(guard), .level = level };
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(notice.text, sizeof notice.text, format, arguments);
    va_end(arguments);
    ledger_alarm(guard->writer, notice.at, level, notice.text);
    publish(guard, &notice);
}

void
guard_on_store_alarm(void *context, bool solved, const char *text)
{
    struct guard *guard = context;

    if (solved)
        log_say(guard->log, LOG_LEVEL_INFO, "store", "well again: %s", text);
    else
        guard_alarm(guard, 2, "store: %s", text);
}

/* ---- Events ---- */

static void
on_stepped(void *context, const struct event *event, const struct update *update)
{
    struct guard *guard = context;

    (void)update;
    if (guard->feed != NULL)
        publish_event(guard->feed, &guard->overview, event);
}

static bool
came_by_frame(enum event_kind kind)
{
    return kind == EVENT_POSITION || kind == EVENT_ORDER || kind == EVENT_TRADE || kind == EVENT_ACCOUNT ||
        kind == EVENT_QUOTE;
}

/* The worst of all users is the daemon's mode: what one of them cannot see is not protected. */
static void
merge_modes(const struct guard *guard, struct mode_event *mode)
{
    *mode = guard->users[0].mode;
    for (int32_t i = 1; i < guard->users_count; i++) {
        const struct mode_event *other = &guard->users[i].mode;
        bool user_live = mode->user_live && other->user_live, market_live = mode->market_live && other->market_live;
        bool starting = mode->mode == MODE_STARTING || other->mode == MODE_STARTING;
        if (other->mode > mode->mode)
            *mode = *other;
        if (starting && mode->mode == MODE_NORMAL)
            mode->mode = MODE_STARTING;
        mode->user_live = user_live;
        mode->market_live = market_live;
    }
}

/* The two latencies: from the frame's last byte in to the request's first byte out (S-7). */
static void
take_answer(struct guard *guard, const struct gateway *gateway, const struct answer_event *answer)
{
    struct command command;
    int64_t frame_ns, first_byte_ns = gateway_first_byte_ns(gateway);

    crash_at("before-answer");
    if (!flight_take(&guard->flight, answer->command_id, &command, &frame_ns))
        return;
    if (command.kind == COMMAND_CLOSE)
        crash_at("before-close-answer");
    struct span decision = SPAN_ZERO;
    if (frame_ns > 0 && first_byte_ns > frame_ns)
        decision.ns = first_byte_ns - frame_ns;
    status_answered(&guard->board, &command, decision);
    metrics_answer(&guard->metrics, &command, answer->outcome, decision);
    journal_answer(guard->log, answer, &command);
}

static void
on_gateway_event(void *context, const struct event *given)
{
    struct guard_user *user = context;
    struct guard *guard = user->guard;
    struct event event = *given;

    event.at = guard_now(guard);
    guard->frame_ns = came_by_frame(event.kind) ? gateway_frame_ns(user->gateway) : 0;
    guard->board.events++;
    if (event.kind == EVENT_SNAPSHOT) {
        struct span age = instant_since(given->at, given->u.snapshot.asked_at);
        event.u.snapshot.asked_at = instant_sub(event.at, age); /* The gateway's clock is the wall clock. */
        crash_at("before-first-snapshot");
        if (guard->board.breaches > 0)
            crash_at("before-snapshot");
    } else if (event.kind == EVENT_MODE) {
        user->mode = event.u.mode;
        merge_modes(guard, &event.u.mode);
    } else if (event.kind == EVENT_ANSWER) {
        take_answer(guard, user->gateway, &event.u.answer);
    } else if (event.kind == EVENT_POSITION && event.u.position.size == 0 && guard->board.breaches > 0) {
        crash_at("before-flat");
    }
    int64_t begun_ns = os_monotonic_ns();
    shell_event(guard->shell, &event);
    histogram_add(&guard->metrics.step, (struct span){ os_monotonic_ns() - begun_ns });
    if (event.kind == EVENT_ANSWER)
        crash_at("after-answer");
}

static void
on_gateway_alarm(void *context, int level, const char *text)
{
    struct guard_user *user = context;

    guard_alarm(user->guard, level, "gateway: %s", text);
}

static void
on_called(void *context, const char *endpoint, int32_t http_status, struct span took)
{
    struct guard_user *user = context;

    metrics_call(&user->guard->metrics, endpoint, http_status, took);
}

static void
on_wire(void *context, const char *line)
{
    struct guard_user *user = context;
    bool is_traffic = line[0] == '>' || line[0] == '<'; /* The rest is rare: hubs, tokens, tries again (RC-09, SI-05, RT-12). */

    log_say(user->guard->log, is_traffic ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "wire", "%s", line);
}

/* RC-09, SI-05. */
static void
on_note(void *context, const char *what, const char *text)
{
    struct guard_user *user = context;
    struct guard *guard = user->guard;

    ledger_note(guard->writer, guard_now(guard), what, 0, "user %d: %s", (int)(user - guard->users) + 1, text);
}

void
guard_event(struct guard *guard, struct event *event)
{
    event->at = guard_now(guard);
    guard->frame_ns = 0;
    shell_event(guard->shell, event);
    if (event->kind == EVENT_RESTORE)
        crash_at("after-restore");
}

/* ---- Gateways ---- */

static struct instant
trades_since(void *context, int64_t account_id, struct instant now)
{
    const struct guard *guard = context;

    (void)account_id;
    return day_trades_since(&guard->config->config, now);
}

static bool
in_session(void *context, struct instant now)
{
    const struct guard *guard = context;

    return day_quotes_are_due(&guard->config->config, now);
}

/* TR-09: Monday to Thursday from 16:00 to 17:00 Chicago, and the closed days. */
static bool
in_halt(void *context, struct instant now)
{
    const struct guard *guard = context;
    struct instant opens;

    return !day_market_is_open(&guard->config->config, now, &opens);
}

static int64_t
tick_nanos(void *context, const char *contract_id)
{
    const struct guard *guard = context;
    const struct contract *contract = engine_contract(guard->engine, contract_id);

    return contract != NULL ? contract->tick_size_nanos : 0;
}

_Static_assert(BACKOFF_STEPS_MAX == GATEWAY_WAITS_MAX, "a list of waits fits");

static struct gateway_waits
waits_of(const struct backoff *backoff)
{
    struct gateway_waits waits = { .count = backoff->count };

    for (int32_t i = 0; i < backoff->count; i++)
        waits.steps_ms[i] = (int32_t)backoff->steps_ms[i];
    return waits;
}

static struct gateway_times
times_of(const struct daemon_settings *d)
{
    return (struct gateway_times){ .connect_ms = (int32_t)d->rest.connect_timeout_ms,
        .read_ms = (int32_t)d->rest.read_timeout_ms, .mutation_ms = (int32_t)d->rest.mutation_timeout_ms,
        .hub_connect_ms = (int32_t)d->hub.connect_timeout_ms, .hub_handshake_ms = (int32_t)d->hub.handshake_timeout_ms,
        .hub_subscribe_ms = (int32_t)d->hub.subscribe_timeout_ms, .hub_ping_ms = (int32_t)(d->hub.ping_s * 1000),
        .hub_silence_ms = (int32_t)(d->hub.silence_s * 1000), .sync_request_ms = (int32_t)d->sync.request_timeout_ms,
        .sync_ms = (int32_t)(d->sync.alarm_s * 1000), .audit_ms = (int32_t)(d->sync.audit_s * 1000),
        .poll_positions_ms = (int32_t)d->poll.positions_ms, .poll_trades_ms = (int32_t)d->poll.trades_ms,
        .poll_account_ms = (int32_t)d->poll.account_ms, .quotes_silence_ms = (int32_t)(d->quotes.silence_s * 1000),
        .pause_failures = (int32_t)d->background_pause.failures,
        .pause_first_ms = (int32_t)(d->background_pause.wait_s * 1000),
        .pause_longest_ms = (int32_t)(d->background_pause.max_wait_s * 1000), .hub_waits = waits_of(&d->hub.backoff),
        .hub_jitter_permille = d->hub.jitter_permille > 0 ? d->hub.jitter_permille : GATEWAY_NO_JITTER,
        .hub_stable_ms = (int32_t)(d->hub.stable_s * 1000), .hub_renew_ms = (int32_t)(d->hub.renew_before_expiry_s * 1000),
        .token_refresh_ms = (int32_t)(d->token.refresh_before_s * 1000), .token_retry_ms = (int32_t)(d->token.retry_s * 1000),
        .token_critical_ms = (int32_t)(d->token.critical_left_s * 1000), .read_tries = (int32_t)d->retry_read.tries,
        .read_base_ms = (int32_t)d->retry_read.base_ms, .read_cap_ms = (int32_t)d->retry_read.cap_ms,
        .read_jitter_permille = d->retry_read.jitter_permille > 0 ? d->retry_read.jitter_permille : GATEWAY_NO_JITTER,
        .sync_gap_ms = (int32_t)(d->sync.min_gap_s * 1000), .sync_buffer = (int32_t)d->sync.buffer };
}

static struct pace_limits
limits_of(const struct daemon_settings *d)
{
    return (struct pace_limits){ .general = d->rate.general.requests, .general_s = d->rate.general.seconds,
        .history = d->rate.history.requests, .history_s = d->rate.history.seconds, .enforce_permille = d->rate.enforce_share_permille,
        .normal_permille = d->rate.normal_share_permille > 0 ? d->rate.normal_share_permille : 1 };
}

static enum status
make_gateway(struct guard *guard, int32_t index, int64_t *ids, struct error *err)
{
    const struct loaded_config *config = guard->config;
    const struct daemon_settings *daemon = &config->daemon;
    struct guard_user *user = &guard->users[index];
    struct gateway_settings settings = { .rest_url = daemon->api.base_url, .user_hub_url = daemon->hub.user_url,
        .market_hub_url = daemon->hub.market_url, .ca_file = daemon->api.ca_file,
        .user_name = config->users[index].username, .api_key = config->users[index].api_key, .accounts = ids,
        .trades_since = trades_since, .in_session = in_session, .in_halt = in_halt,
        .tick_nanos = tick_nanos, .context = guard, .times = times_of(daemon), .limits = limits_of(daemon), .rested = guard->rested };
    const struct gateway_sink sink = { .context = user, .event = on_gateway_event, .alarm = on_gateway_alarm,
        .wire = on_wire, .note = on_note, .called = on_called };
    char number[24];

    for (int32_t i = 0; i < config->accounts_count; i++)
        if (config->accounts[i].user == index && config->accounts[i].enabled) {
            (void)snprintf(number, sizeof number, "%" PRId64, config->accounts[i].id);
            if (daemon->log.mask_accounts)
                log_learn_secret(guard->log, number);
            ids[settings.accounts_count++] = config->accounts[i].id;
        }
    if (settings.accounts_count == 0) {
        user->mode.mode = MODE_NORMAL; /* All its accounts are paused. */
        user->mode.user_live = user->mode.market_live = true;
        return OK;
    }
    os_random_bytes(&settings.seed, sizeof settings.seed);
    log_learn_secret(guard->log, config->users[index].api_key);
    return gateway_new(guard->loop, &settings, sink, &user->gateway, err);
}

enum status
guard_make_gateways(struct guard *guard, struct error *err)
{
    int64_t *ids = calloc((size_t)guard->config->accounts_count + 1, sizeof *ids);
    enum status status = ids == NULL ? error_set(err, STATUS_LIMIT, "gateways: no memory") : OK;

    for (int32_t i = 0; i < guard->users_count && status == OK; i++)
        status = make_gateway(guard, i, ids, err);
    free(ids);
    return status;
}

void
guard_take_keys(struct guard *guard, const struct loaded_config *config)
{
    for (int32_t i = 0; i < guard->users_count; i++) {
        if (guard->users[i].gateway == NULL)
            continue;
        log_learn_secret(guard->log, config->users[i].api_key);
        gateway_change_key(guard->users[i].gateway, config->users[i].username, config->users[i].api_key);
    }
}

/* ---- Life ---- */

bool
guard_is_ready(const struct guard *guard)
{
    return guard->board.mode.mode == MODE_NORMAL && !guard->stopping;
}

enum status
guard_init(struct guard *guard, struct loaded_config *config, struct error *err)
{
    const struct shell_ports ports = { .context = guard, .command = on_command, .record = on_record, .notice = publish,
        .stepped = on_stepped, .arm = arm_deadline };

    guard->config = config;
    guard->users_count = config->users_count;
    guard->users = calloc((size_t)config->users_count + 1, sizeof *guard->users);
    if (guard->users == NULL)
        return error_set(err, STATUS_LIMIT, "users: no memory");
    for (int32_t i = 0; i < guard->users_count; i++)
        guard->users[i].guard = guard;
    clock_init(&guard->clock, os_utc_now(), os_monotonic_ns());
    guard->board.started_at = guard_now(guard);
    uv_timer_init(guard->loop, &guard->deadline);
    guard->deadline.data = guard;
    enum status status = engine_new(&config->config, rules_table, &guard->engine, err);
    guard->overview = (struct overview){ .engine = guard->engine, .config = &config->config, .rules = rules_table,
        .chronicle = chronicle_new(config->config.accounts_count) };
    return status == OK ? shell_new(guard->engine, &ports, &guard->shell, err) : status;
}

void
guard_fini(struct guard *guard)
{
    for (int32_t i = 0; i < guard->users_count && guard->users != NULL; i++)
        gateway_free(guard->users[i].gateway);
    free(guard->users);
    shell_free(guard->shell);
    engine_free(guard->engine);
    chronicle_free(guard->overview.chronicle);
    if (guard->deadline.data != NULL && !uv_is_closing((uv_handle_t *)&guard->deadline))
        uv_close((uv_handle_t *)&guard->deadline, NULL);
}
