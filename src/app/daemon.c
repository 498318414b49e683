/*
 * daemon.c - riskd's parts and their order of life.
 *
 *     configuration -> log -> store (lock, migrate, load) -> engine, what the store remembers -> status page, feed -> gateways, timers
 *
 * Each step is logged with its time (S-1).  Log-in, the first truth and the hubs are the gateways' own, retried for ever
 * (SV-02).  Stopping goes the other way round and is bounded (S-2, SV-04); positions are left as they are.
 */
#include "app/daemon.h"

#include "app/admin.h"
#include "app/attempts.h"
#include "app/announce.h"
#include "app/caution.h"
#include "app/configure.h"
#include "app/crash.h"
#include "app/guard.h"
#include "app/ledger.h"
#include "app/recall.h"
#include "app/reload.h"
#include "app/upkeep.h"
#include "app/scrape.h"
#include "app/signals.h"
#include "app/sole.h"
#include "app/turn.h"
#include "app/version.h"
#include "app/web.h"
#include "base/memory.h"
#include "os/os.h"
#include "os/service.h"
#include "store/audit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_BYTES ((size_t)64 << 10)
#define PRINT_BYTES ((size_t)4 << 20)
#define STATUS_TICKS 5 /* daemon_status goes to the feed that often. */
#define GOODBYE_MS 20    /* Between looks whether all feed clients have gone, */
#define GOODBYE_TURNS 25 /* and how often. */
#define CLOSING_TURNS 1000

struct daemon {
    const struct daemon_options *options;
    uv_loop_t loop;
    struct loaded_config *config;
    struct log *log;
    struct sole sole;
    struct recall recall;
    struct reload reload;
    char spill[SETTING_TEXT_MAX + 8];
    struct web *web;
    struct admin *admin;
    struct upkeep upkeep;
    struct guard guard;
    uv_timer_t tick, grace;
    struct signals signals;
    struct turn turn;
    uint64_t ticks;
    int goodbye_turns;
    uint64_t step_ns;      /* When the step of the start under way began. */
    int32_t gateways_open; /* Not done stopping. */
    bool handles;          /* Timers are set up. */
    bool loop_closed;
    bool ports_told;       /* A port is somebody else's, and that has been said. */
};

/* ---- Configuration ---- */

static struct loaded_config *
load(const struct daemon_options *options, bool keep_text, char *problems, size_t size)
{
    struct text text = text_on(problems, size);
    struct loaded_config *config = NULL;

    return configure_load(options->directory, keep_text, &config, &text) == OK ? config : NULL;
}

int
daemon_check(const struct daemon_options *options)
{
    static char problems[PROBLEMS_BYTES];
    struct loaded_config *config = load(options, false, problems, sizeof problems);

    if (config == NULL) {
        fputs(problems, stderr);
        return DAEMON_EXIT_CONFIG;
    }
    printf("ok: %" PRId32 " account%s, %" PRId32 " watched\n", config->accounts_count, config->accounts_count == 1 ? "" : "s", config->config.accounts_count);
    (void)caution_print(config);
    loaded_config_free(config);
    return DAEMON_EXIT_OK;
}

int
daemon_print_config(const struct daemon_options *options)
{
    static char problems[PROBLEMS_BYTES];
    struct loaded_config *config = load(options, true, problems, sizeof problems);
    char *bytes = malloc(PRINT_BYTES);

    if (config == NULL || bytes == NULL) {
        fputs(config == NULL ? problems : "no memory\n", stderr);
        loaded_config_free(config);
        free(bytes);
        return DAEMON_EXIT_CONFIG;
    }
    struct text text = text_on(bytes, PRINT_BYTES);
    config_print(config, &text);
    fputs(bytes, stdout);
    loaded_config_free(config);
    free(bytes);
    return DAEMON_EXIT_OK;
}

static void
set_config_hash(struct daemon *daemon)
{
    char hash[CONFIG_HASH_MAX];

    (void)snprintf(hash, sizeof hash, "%016" PRIx64, daemon->config->config.hash);
    writer_set_config_hash(daemon->guard.writer, hash);
}

static void
reload_now(void *context)
{
    struct daemon *daemon = context;

    (void)reload_ask(&daemon->reload, NULL, NULL);
}

/* ---- Stopping (S-2, SV-04) ---- */

static void
on_goodbye(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (++daemon->goodbye_turns >= GOODBYE_TURNS || feed_clients_count(daemon->guard.feed) == 0)
        uv_stop(&daemon->loop);
}

/* The gateways are done: the feed's clients get what was published, and a close. */
static void
say_goodbye(struct daemon *daemon)
{
    if (daemon->guard.feed == NULL) {
        uv_stop(&daemon->loop);
        return;
    }
    feed_stop(daemon->guard.feed);
    uv_timer_start(&daemon->grace, on_goodbye, 0, GOODBYE_MS);
}

static void
on_grace_over(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    log_say(daemon->log, LOG_LEVEL_WARN, "stop", "%" PRId32 " gateways have not ended in time", daemon->gateways_open);
    say_goodbye(daemon);
}

static void
on_gateway_stopped(void *context)
{
    struct daemon *daemon = context;

    if (--daemon->gateways_open == 0)
        say_goodbye(daemon);
}

/* Stopping while something is at stake is written down. */
static void
note_stakes(struct daemon *daemon)
{
    const struct engine *engine = daemon->guard.engine;
    struct account_status account;
    struct record record = { .kind = RECORD_ALARM, .at = guard_now(&daemon->guard), .u.alarm = { .level = 1 } };

    for (int32_t i = 0; i < engine_accounts_count(engine); i++) {
        if (!engine_account_at(engine, i, &account) || (account.proven_flat && !account.locked && !account.enforcing))
            continue;
        record.account_id = account.account_id;
        (void)snprintf(record.u.alarm.text, sizeof record.u.alarm.text, "daemon stopped: %s%s%s",
            account.proven_flat ? "flat" : "not proven flat", account.locked ? ", locked" : "",
            account.enforcing ? ", enforcing" : "");
        (void)writer_put(daemon->guard.writer, &record, 1);
        log_write(daemon->log, &(struct log_line){ .level = LOG_LEVEL_WARN, .component = "stop", .enforcement = true,
            .message = record.u.alarm.text, .account_id = account.account_id });
    }
}

static void
begin_stop(void *context, const char *why)
{
    struct daemon *daemon = context;

    if (daemon->guard.stopping) {
        uv_stop(&daemon->loop); /* Asked twice: wait for nothing. */
        return;
    }
    daemon->guard.stopping = true;
    service_stopping();
    log_say(daemon->log, LOG_LEVEL_INFO, "stop", "%s: stopping", why);
    ledger_note(daemon->guard.writer, guard_now(&daemon->guard), "stop", 0, "riskd stops: %s", why);
    note_stakes(daemon);
    daemon->gateways_open = 1; /* Ours, given back below: no stop may end the loop before all are asked. */
    for (int32_t i = 0; i < daemon->guard.users_count; i++)
        if (daemon->guard.users[i].gateway != NULL) {
            daemon->gateways_open++;
            gateway_stop(daemon->guard.users[i].gateway, on_gateway_stopped, daemon);
        }
    uv_timer_start(&daemon->grace, on_grace_over, (uint64_t)daemon->config->daemon.shutdown.grace_ms, 0);
    on_gateway_stopped(daemon);
}

/* ---- The status page ---- */

static void
write_status(void *context, struct text *text)
{
    struct daemon *daemon = context;

    guard_note_store(&daemon->guard);
    status_write(&daemon->guard.board, daemon->guard.engine, guard_now(&daemon->guard), text);
}

static void
write_metrics(void *context, struct text *text)
{
    struct daemon *daemon = context;

    scrape_write(&daemon->guard, text);
}

static bool
is_ready(void *context)
{
    const struct daemon *daemon = context;

    return guard_is_ready(&daemon->guard);
}

/* ---- Starting (S-1, SV-01) ---- */

static void
step_done(struct daemon *daemon, const char *step, const char *what)
{
    uint64_t now = uv_hrtime();

    log_say(daemon->log, LOG_LEVEL_INFO, "start", "%s: %s (%" PRIu64 " us)", step, what, (now - daemon->step_ns) / 1000);
    daemon->step_ns = now;
}

static enum status
open_log(struct daemon *daemon, struct error *err)
{
    const struct daemon_settings *settings = &daemon->config->daemon;
    const struct log_options options = { .directory = settings->log.directory,
        .level = (enum log_level)settings->log.level, .max_bytes = settings->log.max_bytes,
        .keep = (int32_t)settings->log.keep, .keep_enforcement = (int32_t)settings->log.keep_enforcement,
        .keep_days = (int32_t)settings->log.keep_days, .mask_accounts = settings->log.mask_accounts,
        .echo = daemon->options->log_text ? LOG_ECHO_TEXT : getenv("JOURNAL_STREAM") != NULL ? LOG_ECHO_JOURNAL : LOG_ECHO_JSON };

    return log_new(&options, &daemon->log, err);
}

/* Database, writer, engine, and what the store remembers as the engine's first event. */
static enum status
open_store(struct daemon *daemon, struct error *err)
{
    struct guard *guard = &daemon->guard;
    const struct daemon_settings *settings = &daemon->config->daemon;
    struct event restore = { .kind = EVENT_RESTORE };
    struct writer_options writer = { .loop = &daemon->loop, .spill_path = daemon->spill, .context = guard,
        .on_synced = guard_on_synced, .on_alarm = guard_on_store_alarm };

    (void)snprintf(daemon->spill, sizeof daemon->spill, "%s" STORE_SPILL_SUFFIX, settings->db.path);
    enum status status = recall_open(&daemon->recall, guard, &restore.u.restore, err);
    if (status != OK)
        return status;
    daemon->upkeep.in_memory = daemon->recall.in_memory;
    step_done(daemon, "store", daemon->upkeep.in_memory ? STORE_IN_MEMORY : settings->db.path);
    writer.store = daemon->recall.store;
    if (daemon->upkeep.in_memory)
        writer.spill_path = NULL; /* Tickets of another store: it must not find them at the next start. */
    status = writer_new(&writer, &guard->writer, err);
    if (status != OK)
        return status;
    const struct store_report *report = store_report(daemon->recall.store);
    struct span off = instant_since(guard_now(guard), restore.u.restore.saved_at); /* Very long if never. */
    guard->rested = off.ns > SPAN_SECONDS(60).ns && !report->set_aside && !daemon->upkeep.in_memory;
    set_config_hash(daemon);
    recall_tell(&daemon->recall, guard, &restore.u.restore);
    guard_event(guard, &restore);
    recall_forget(&daemon->recall);
    reload_tell_start(&daemon->reload, restore.u.restore.saved_at.ns == 0);
    step_done(daemon, "engine", "restored");
    caution_log(daemon->log, daemon->config);
    return OK;
}

static enum status
open_web(struct daemon *daemon, struct error *err)
{
    const struct daemon_settings *settings = &daemon->config->daemon;
    const struct web_options options = { .loop = &daemon->loop, .port = (uint16_t)settings->metrics.port,
        .context = daemon, .status = write_status, .metrics = write_metrics, .ready = is_ready };
    char what[64];

    if (!settings->metrics.enabled || daemon->web != NULL)
        return OK;
    enum status status = web_new(&options, &daemon->web, err);
    if (status != OK)
        return status;
    (void)snprintf(what, sizeof what, "http://127.0.0.1:%u/status", (unsigned)web_port(daemon->web));
    step_done(daemon, "status page", what);
    return OK;
}

static enum status
open_feed(struct daemon *daemon, struct error *err)
{
    const struct daemon_settings *settings = &daemon->config->daemon;
    const struct feed_options options = { .loop = &daemon->loop, .port = (uint16_t)settings->feed.port,
        .clients_max = (int32_t)settings->feed.clients_max, .snapshot = guard_write_overview, .context = &daemon->guard };
    char what[64];

    if (!settings->feed.enabled || daemon->guard.feed != NULL)
        return OK;
    enum status status = feed_new(&options, &daemon->guard.feed, err);
    if (status != OK)
        return status;
    (void)snprintf(what, sizeof what, "ws://127.0.0.1:%u", (unsigned)feed_port(daemon->guard.feed));
    step_done(daemon, "feed", what);
    return OK;
}

/* Anybody on this machine may have taken a port of ours: that must not keep riskd from protecting.  Told, and tried again. */
static void
open_ports(struct daemon *daemon)
{
    struct error err = { 0 };
    bool web = open_web(daemon, &err) == OK, feed = open_feed(daemon, &err) == OK;

    if ((!web || !feed) && !daemon->ports_told)
        guard_alarm(&daemon->guard, 2, "protecting without %s: %.160s", web ? "the feed" : feed ? "the status page" : "feed and status page", err.text);
    daemon->ports_told = !web || !feed;
}

/* Without a socket for orders the daemon protects all the same. */
static void
open_admin(struct daemon *daemon)
{
    const struct daemon_settings *settings = &daemon->config->daemon;
    char socket[CONFIGURE_PATH_MAX], password[CONFIGURE_PATH_MAX], attempts[CONFIGURE_PATH_MAX];
    struct admin_options options = { .guard = &daemon->guard, .socket = socket, .password_file = password,
        .attempts_file = attempts, .reload = &daemon->reload, .context = daemon, .status = write_status };
    struct error err = { 0 };

    configure_socket(settings, socket);
    configure_password_file(daemon->options->directory, settings, password);
    (void)snprintf(attempts, sizeof attempts, "%s" ATTEMPTS_SUFFIX, settings->db.path);
    if (admin_new(&options, &daemon->admin, &err) != OK)
        guard_alarm(&daemon->guard, 1, "%.200s", err.text);
    else
        step_done(daemon, "control socket", socket);
}

static void
on_tick(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    guard_tick(&daemon->guard);
    upkeep_tick(&daemon->upkeep);
    reload_tick(&daemon->reload);
    if (++daemon->ticks % STATUS_TICKS == 0) {
        guard_publish_status(&daemon->guard);
        admin_look(daemon->admin);
        if (!daemon->guard.stopping)
            open_ports(daemon);
    }
}

static void
on_notice(void *context, enum service_notice notice)
{
    struct daemon *daemon = context;

    guard_notice(&daemon->guard, notice);
}

static void
start_handles(struct daemon *daemon)
{
    const struct signals_options options = { .loop = &daemon->loop, .context = daemon, .stop = begin_stop, .reload = reload_now,
        .notice = on_notice };

    uv_timer_init(&daemon->loop, &daemon->tick);
    uv_timer_init(&daemon->loop, &daemon->grace);
    daemon->tick.data = daemon->grace.data = daemon;
    uv_timer_start(&daemon->tick, on_tick, GUARD_TICK_MS, GUARD_TICK_MS);
    signals_start(&daemon->signals, &options);
    turn_start(&daemon->turn, &daemon->loop, daemon->guard.writer, daemon->log);
    daemon->handles = true;
}

static enum status
start(struct daemon *daemon, struct error *err)
{
    struct guard *guard = &daemon->guard;

    guard->loop = &daemon->loop;
    guard->log = daemon->log;
    daemon->upkeep.guard = guard;
    daemon->reload = (struct reload){ .directory = daemon->options->directory, .guard = guard, .config = &daemon->config };
    reload_init(&daemon->reload);
    enum status status = sole_take(&daemon->sole, daemon->config, daemon->log, err);
    if (status == OK)
        status = guard_init(guard, daemon->config, err);
    if (status == OK)
        status = announce_open(guard, err);
    if (status == OK)
        status = open_store(daemon, err);
    if (status == OK)
        status = guard_make_gateways(guard, err);
    if (status != OK)
        return status;
    open_ports(daemon);
    open_admin(daemon);
    start_handles(daemon);
    for (int32_t i = 0; i < guard->users_count; i++)
        if (guard->users[i].gateway != NULL)
            gateway_start(guard->users[i].gateway);
    step_done(daemon, "gateways", "started");
    os_trim_memory(); /* While they wait for the network. */
    return OK;
}

/* ---- The end ---- */

static void
close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* False: the store hangs and must not be touched any more. */
static bool
close_store(struct daemon *daemon)
{
    const struct daemon_settings *settings = &daemon->config->daemon;
    int64_t bound_ms = settings->shutdown.hard_ms - settings->shutdown.grace_ms;
    struct writer *writer = daemon->guard.writer;
    struct error err = { 0 };
    char head[SHA256_HEX_MAX];
    int64_t row;

    daemon->guard.writer = NULL; /* What is alarmed from here on is too late for the ledger. */
    enum status status = writer == NULL ? OK : writer_flush_and_stop(writer, SPAN_MS(bound_ms > 1000 ? bound_ms : 1000), &err);
    if (status != OK)
        log_say(daemon->log, LOG_LEVEL_ERROR, "stop", "store: %s", err.text);
    if (status == STATUS_INTERNAL)
        return false;
    if (daemon->recall.store != NULL && audit_head(daemon->recall.store, &row, head))
        ledger_write_head(daemon->log, row, head, &daemon->guard.head_told);
    store_close(daemon->recall.store);
    return true;
}

static int
stop(struct daemon *daemon)
{
    bool idle = reload_fini(&daemon->reload);
    admin_free(daemon->admin);
    upkeep_fini(&daemon->upkeep);
    if (daemon->handles)
        turn_stop(&daemon->turn); /* Before its writer goes. */
    bool flushed = close_store(daemon);

    feed_free(daemon->guard.feed);
    web_free(daemon->web);
    announce_close(&daemon->guard);
    guard_fini(&daemon->guard);
    if (daemon->handles) {
        close_handle((uv_handle_t *)&daemon->tick);
        close_handle((uv_handle_t *)&daemon->grace);
        signals_stop(&daemon->signals);
    }
    if (flushed && idle) {
        for (int i = 0; i < CLOSING_TURNS && uv_run(&daemon->loop, UV_RUN_NOWAIT) != 0; i++)
            ; /* Close callbacks; nothing that waits is left. */
        daemon->loop_closed = uv_loop_close(&daemon->loop) == 0;
    }
    sole_release(&daemon->sole);
    log_say(daemon->log, LOG_LEVEL_INFO, "stop", "stopped");
    log_free(daemon->log);
    if (idle)
        loaded_config_free(daemon->config);
    return flushed ? DAEMON_EXIT_OK : DAEMON_EXIT_FAILED;
}

int
daemon_run(const struct daemon_options *options)
{
    static char problems[PROBLEMS_BYTES];
    struct daemon *daemon = calloc(1, sizeof *daemon);
    struct error err = { 0 };
    int code = DAEMON_EXIT_OK;

    if (daemon == NULL) {
        fputs("riskd: no memory\n", stderr);
        return DAEMON_EXIT_FAILED;
    }
    memory_touch(daemon, sizeof *daemon); /* Histograms and rings that fill with time. */
    crash_init();
    os_hide_memory();
    store_reserve_memory();
    os_ignore_hangups(); /* Whoever hangs up on the feed or the control socket must not end the daemon. */
    daemon->options = options;
    daemon->step_ns = uv_hrtime();
    daemon->config = load(options, false, problems, sizeof problems);
    if (daemon->config == NULL) {
        fputs(problems, stderr);
        service_failed(problems);
        free(daemon);
        return DAEMON_EXIT_CONFIG;
    }
    (void)uv_loop_init(&daemon->loop);
    if (open_log(daemon, &err) != OK) {
        fprintf(stderr, "riskd: %s\n", err.text);
        service_failed(err.text);
        (void)uv_loop_close(&daemon->loop);
        loaded_config_free(daemon->config);
        free(daemon);
        return DAEMON_EXIT_FAILED;
    }
    step_done(daemon, "configuration", options->directory);
    if (start(daemon, &err) == OK) {
        uv_run(&daemon->loop, UV_RUN_DEFAULT);
    } else {
        log_say(daemon->log, LOG_LEVEL_ERROR, "start", "%s", err.text);
        service_failed(err.text);
        code = err.status == STATUS_CONFIG ? DAEMON_EXIT_CONFIG : DAEMON_EXIT_FAILED;
    }
    int stopped = stop(daemon);
    if (daemon->loop_closed) /* Else a thread of the pool (a backup) still knows it; the process ends anyway. */
        free(daemon);
    return code != DAEMON_EXIT_OK ? code : stopped;
}
