/*
 * settings.c - see settings.h.
 *
 * Each row is one key of daemon.yaml; docs/configuration.md, --print-config and the reader all come from here.  A row also says which way
 * it gives the trader room (param.h): HIGHER, LOWER, ANY; NEITHER is for how we reach the broker, which must be mended at once, and for comfort.
 */
#include "config/settings.h"

#include "config/hold.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "core/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct daemon_settings, field)
#define WHOLE(name, at, way, least, most, otherwise, text)                                                                         \
    {                                                                                                                              \
        .keys = name, .help = text, .kind = PARAM_INT, AT(at), .looser = LOOSER_##way, .min = least, .max = most, .value = otherwise\
    }
#define FLAG(name, at, way, otherwise, text)                                                                                       \
    {                                                                                                                              \
        .keys = name, .help = text, .kind = PARAM_FLAG, AT(at), .looser = LOOSER_##way, .value = otherwise                         \
    }
#define TEXT(name, at, way, how, otherwise, text)                                                                                  \
    {                                                                                                                              \
        .keys = name, .help = text, .kind = PARAM_TEXT, AT(at), .looser = LOOSER_##way, .value = otherwise, .parse = how           \
    }
#define WORD(name, at, way, words, otherwise, text)                                                                                \
    {                                                                                                                              \
        .keys = name, .help = text, .kind = PARAM_CHOICE, AT(at), .looser = LOOSER_##way, .value = otherwise, .choices = words     \
    }
#define STEPS(name, at, way, step, otherwise, text)                                                                                      \
    {                                                                                                                              \
        .keys = name, .help = text, .kind = PARAM_LIST, AT(at.steps_ms), .looser = LOOSER_##way, .value = otherwise, .items = step, \
        .items_count = COUNT_OF(step), .item_size = sizeof(int64_t),                                                        \
        .count_offset = offsetof(struct daemon_settings, at.count), .items_max = BACKOFF_STEPS_MAX                                 \
    }

/* Variables are for credentials only (CF-08); left as they stand they would be wrong in silence. */
static bool
is_plain(const char *text)
{
    if (strstr(text, "${") != NULL)
        return false;
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static enum status
parse_text(const char *text, void *field, struct error *err)
{
    if (!is_plain(text) || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected text of at most 255 characters without ${...}, not \"%s\"", text);
    return OK;
}

/* Scheme, a host, and nothing a log or a shell could trip over.  A name and password in an address would be shown. */
static bool
is_url(const char *text, const char *scheme)
{
    size_t length = strlen(scheme);

    if (!text_starts(text, scheme) || strlen(text) >= SETTING_TEXT_MAX || text[length] == '/' || text[length] == ':')
        return false;
    for (const char *at = text + length; *at != 0; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("@\"'<>\\^`{|}", *at) != NULL)
            return false;
    return text[length] != 0;
}

/* TS-02, CF-03: never in the clear. */
static enum status
parse_https(const char *text, void *field, struct error *err)
{
    if (!is_url(text, "https://") || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected an address such as https://api.topstepx.com, not \"%s\"", text);
    return OK;
}

static enum status
parse_wss(const char *text, void *field, struct error *err)
{
    if (!is_url(text, "wss://") || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected an address such as wss://rtc.topstepx.com/hubs/user, not \"%s\"", text);
    return OK;
}

/* The address of a webhook is its password. */
static enum status
parse_webhook(const char *text, void *field, struct error *err)
{
    if (!is_url(text, "https://") || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected an address that starts with https://");
    return OK;
}

static enum status
parse_mail_server(const char *text, void *field, struct error *err)
{
    bool known = text[0] == 0 || is_url(text, "smtps://") || is_url(text, "smtp://");

    if (!known || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected an address such as smtps://mail.example.com:465, not \"%s\"", text);
    return OK;
}

static enum status
parse_secret(const char *text, void *field, struct error *err)
{
    if (!is_plain(text) || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected text of at most 255 characters without ${...}");
    return OK;
}

static enum status
parse_tag(const char *text, void *field, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(text);

    if (length < 1 || length > 8 || strspn(text, allowed) != length || !text_copy(field, SETTING_TEXT_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected 1 to 8 letters or digits, not \"%s\"", text);
    return OK;
}

static enum status
parse_share(const char *text, void *field, struct error *err)
{
    int32_t *permille = field;
    int64_t value;

    if (!decimal_parse(text, strlen(text), 3, 1000, &value) || value < 0)
        return error_set(err, STATUS_CONFIG, "expected a share from 0 to 1 such as 0.2, not \"%s\"", text);
    *permille = (int32_t)value;
    return OK;
}

/* P1: of a smaller one a close would wait for the next minute. */
static enum status
parse_half_share(const char *text, void *field, struct error *err)
{
    int32_t permille;

    if (parse_share(text, &permille, err) != OK || permille < 500)
        return error_set(err, STATUS_CONFIG, "expected a share from 0.5 to 1 such as 0.95, not \"%s\"", text);
    *(int32_t *)field = permille;
    return OK;
}

/* Of 0 one read a minute is left, and audits stop without a word: the mode stays NORMAL. */
static enum status
parse_quarter_share(const char *text, void *field, struct error *err)
{
    int32_t permille;

    if (parse_share(text, &permille, err) != OK || permille < 250)
        return error_set(err, STATUS_CONFIG, "expected a share from 0.25 to 1 such as 0.75, not \"%s\"", text);
    *(int32_t *)field = permille;
    return OK;
}

/* "200/60": requests in seconds; never more than the broker takes (RL-01), nor so few that a close would wait for long (P1). */
static enum status
parse_rate(const char *text, const struct rate *most, struct rate *rate, struct error *err)
{
    const char *slash = strchr(text, '/');
    int64_t requests = 0, seconds = 0;
    bool whole = slash != NULL && text_to_int64(text, (size_t)(slash - text), &requests) &&
        text_to_int64(slash + 1, strlen(slash + 1), &seconds);

    if (!whole || requests < most->requests / 2 || requests > most->requests || seconds < most->seconds || seconds > 2 * most->seconds)
        return error_set(err, STATUS_CONFIG, "expected requests/seconds, %d to %d in %d to %d seconds, such as %d/%d, not \"%s\"",
            (int)most->requests / 2, (int)most->requests, (int)most->seconds, 2 * (int)most->seconds, (int)most->requests,
            (int)most->seconds, text);
    *rate = (struct rate){ .requests = (int32_t)requests, .seconds = (int32_t)seconds };
    return OK;
}

static enum status
parse_general(const char *text, void *field, struct error *err)
{
    return parse_rate(text, &(struct rate){ .requests = 200, .seconds = 60 }, field, err);
}

static enum status
parse_history(const char *text, void *field, struct error *err)
{
    return parse_rate(text, &(struct rate){ .requests = 50, .seconds = 30 }, field, err);
}

static enum status
parse_bytes(const char *text, void *field, struct error *err)
{
    static const struct choice units[] = { { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "", 1 } };
    int64_t *bytes = field, number;
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits + strspn(text + digits, " ");

    if (digits > 0 && digits < 12 && text_to_int64(text, digits, &number)) {
        for (size_t i = 0; i < COUNT_OF(units); i++) {
            if (!text_same(unit, units[i].word))
                continue;
            *bytes = number * units[i].value;
            if (*bytes >= 65536 && *bytes <= INT64_C(1) << 40)
                return OK;
        }
    }
    return error_set(err, STATUS_CONFIG, "expected a size from 64 KiB to 1024 GiB such as 10 MiB, not \"%s\"", text);
}

enum status
settings_parse_key(const char *text, void *field, struct error *err)
{
    if (text[0] == 0 || strpbrk(text, "\r\n") != NULL || !text_copy(field, API_KEY_MAX, text))
        return error_set(err, STATUS_CONFIG, "expected a key of 1 to 256 characters");
    return OK;
}

bool
settings_is_secret(const struct param *param)
{
    return param->kind == PARAM_TEXT && (param->parse == parse_secret || param->parse == settings_parse_key || param->parse == parse_webhook);
}

/* As the table has its defaults; of the kinds that settings_fixed has. */
static void
write_value(const struct param *param, const void *field, struct text *out)
{
    if (param->kind == PARAM_INT)
        text_addf(out, "%" PRId64, *(const int64_t *)field);
    else
        text_add(out, field);
}

bool
settings_is_default(const struct param *param, const struct daemon_settings *settings)
{
    char buffer[SETTING_TEXT_MAX];
    struct text text = text_on(buffer, sizeof buffer);

    write_value(param, (const char *)settings + param->offset, &text);
    return text_same(buffer, param->value);
}

const char *const settings_fixed[] = { "order.tag_prefix", "order.verify_after_ms", "order.no_progress_s" };
const size_t settings_fixed_count = COUNT_OF(settings_fixed);

static const struct choice orders[] = { { "parallel", ORDER_PARALLEL }, { "cancel_first", ORDER_CANCEL_FIRST }, { NULL, 0 } };
static const struct choice policies[] = { { "alarm", BLIND_ALARM }, { "flatten", BLIND_FLATTEN }, { NULL, 0 } };
static const struct choice syncs[] = { { "FULL", SYNCHRONOUS_FULL }, { "EXTRA", SYNCHRONOUS_EXTRA }, { NULL, 0 } };
static const struct choice levels[] = {
    { "debug", LOG_LEVEL_DEBUG },
    { "info", LOG_LEVEL_INFO },
    { "warn", LOG_LEVEL_WARN },
    { "error", LOG_LEVEL_ERROR },
    { NULL, 0 },
};
static const struct choice formats[] = {
    { "json", WEBHOOK_JSON },
    { "discord", WEBHOOK_DISCORD },
    { "slack", WEBHOOK_SLACK },
    { "telegram", WEBHOOK_TELEGRAM },
    { NULL, 0 },
};

/* A list of plain numbers: the item's one key has no name. */
static const struct param step_params[] = {
    { .keys = "", .help = "Milliseconds.", .kind = PARAM_INT, .min = 1, .max = 300000 }, /* BO-04 */
};

static const struct param enforce_step_params[] = {
    { .keys = "", .help = "Milliseconds.", .kind = PARAM_INT, .min = 100, .max = 10000 }, /* P1, RT-04 */
};

static const struct param webhook_params[] = {
    { .keys = "url", .help = "Where to post; as secret as a password.", .kind = PARAM_TEXT, .offset = offsetof(struct webhook, url),
        .parse = parse_webhook },
    { .keys = "format", .help = "Who understands it.", .kind = PARAM_CHOICE, .offset = offsetof(struct webhook, format),
        .value = "json", .choices = formats },
    { .keys = "chat", .help = "Telegram: the chat's id.", .kind = PARAM_TEXT, .offset = offsetof(struct webhook, chat),
        .value = "\"\"", .parse = parse_text },
};

const struct param settings_daemon[] = {
    TEXT("api.base_url", api.base_url, NEITHER, parse_https, "https://api.topstepx.com", "The gateway's REST address."),
    TEXT("api.ca_file", api.ca_file, NEITHER, parse_text, "\"\"", "Certificates to trust instead of the system's (PEM); for risksim."),
    TEXT("hub.user_url", hub.user_url, NEITHER, parse_wss, "wss://rtc.topstepx.com/hubs/user", "The user hub."),
    TEXT("hub.market_url", hub.market_url, NEITHER, parse_wss, "wss://rtc.topstepx.com/hubs/market", "The market hub."),
    STEPS("hub.backoff_ms", hub.backoff, NEITHER, step_params, "[500, 2000, 5000, 10000, 30000, 60000]", "Waits between attempts to reconnect, ascending."),
    TEXT("hub.jitter", hub.jitter_permille, NEITHER, parse_share, "0.2", "How much these waits are varied."),
    WHOLE("hub.stable_s", hub.stable_s, NEITHER, 1, 3600, "60", "Connected that long, the waits start from the first again."),
    WHOLE("hub.connect_timeout_ms", hub.connect_timeout_ms, NEITHER, 500, 60000, "10000", "Time to connect."),
    WHOLE("hub.handshake_timeout_ms", hub.handshake_timeout_ms, NEITHER, 500, 60000, "15000", "Time for the hub's handshake."),
    WHOLE("hub.subscribe_timeout_ms", hub.subscribe_timeout_ms, NEITHER, 500, 60000, "10000", "Time for a subscription's answer."),
    WHOLE("hub.ping_s", hub.ping_s, NEITHER, 1, 300, "15", "We ping after that much silence of our own."),
    WHOLE("hub.silence_s", hub.silence_s, NEITHER, 2, 600, "30", "A hub silent for so long is taken for dead; above ping_s."),
    WHOLE("hub.renew_before_expiry_s", hub.renew_before_expiry_s, NEITHER, 60, 86399, "3600", "Reconnect that long before the token ends."),
    WHOLE("rest.connect_timeout_ms", rest.connect_timeout_ms, NEITHER, 500, 60000, "3000", "Time to connect."),
    WHOLE("rest.read_timeout_ms|rest.read", rest.read_timeout_ms, NEITHER, 500, 60000, "10000", "Time for a question's answer."),
    WHOLE("rest.mutation_timeout_ms|rest.mutation", rest.mutation_timeout_ms, NEITHER, 500, 60000, "5000", "Time for an order's answer."),
    WHOLE("retry.read.tries", retry_read.tries, NEITHER, 1, 20, "3", "How often a question is asked."),
    WHOLE("retry.read.base_ms", retry_read.base_ms, NEITHER, 50, 60000, "1000", "First wait; each next one is twice as long."),
    WHOLE("retry.read.cap_ms", retry_read.cap_ms, NEITHER, 50, 600000, "10000", "Longest wait."),
    TEXT("retry.read.jitter", retry_read.jitter_permille, NEITHER, parse_share, "0.2", "How much these waits are varied."),
    WORD("enforce.order|enforcement.order", enforce.order, ANY, orders, "parallel",
        "parallel: cancel and close at once; cancel_first: close when the cancels are proven."),
    STEPS("enforce.backoff_ms", enforce.backoff, ANY, enforce_step_params, "[250, 500, 1000, 2000, 5000]",
        "Waits between attempts to enforce, ascending."),
    WHOLE("enforce.warn_ms", enforce.warn_ms, NEITHER, 1, 600000, "500", "An enforcement that takes longer is a warning."),
    WHOLE("enforce.crit_ms", enforce.crit_ms, NEITHER, 1, 600000, "2000", "Longer than this: critical."),
    WHOLE("enforce.fail_ms", enforce.fail_ms, NEITHER, 1, 600000, "5000", "Longer than this: failed, alarm; it goes on trying."),
    WHOLE("verify.poll_ms", verify.poll_ms, NEITHER, 100, 2000, "500", "How often the broker is asked for proof."),
    WHOLE("verify.fast_window_ms", verify.fast_window_ms, NEITHER, 100, 60000, "5000", "For how long it is asked that often."),
    WHOLE("verify.min_agreeing_reads", verify.min_agreeing_reads, ANY, 2, 10, "2", "Equal answers that prove something."),
    TEXT("rate.general", rate.general, NEITHER, parse_general, "200/60", "Requests/seconds we may send; less than the gateway takes, where others use the key too."),
    TEXT("rate.history", rate.history, NEITHER, parse_history, "50/30", "Likewise for history."),
    TEXT("rate.normal_share", rate.normal_share_permille, NEITHER, parse_quarter_share, "0.75", "Share of it for all but enforcement."),
    TEXT("rate.enforce_share", rate.enforce_share_permille, NEITHER, parse_half_share, "0.95", "Share with enforcement; above normal_share."),
    WHOLE("background_pause.failures", background_pause.failures, NEITHER, 1, 100, "5", "Failures in a row that pause background work."),
    WHOLE("background_pause.wait_s", background_pause.wait_s, NEITHER, 1, 3600, "30", "First pause; each next one is twice as long."),
    WHOLE("background_pause.max_wait_s", background_pause.max_wait_s, NEITHER, 1, 86400, "300", "Longest pause."),
    WHOLE("token.refresh_before_s", token.refresh_before_s, NEITHER, 1, 86399, "7200", "Renew the login that long before it ends."),
    WHOLE("token.retry_s", token.retry_s, NEITHER, 1, 3600, "60", "Wait after a failed renewal."),
    WHOLE("token.critical_left_s", token.critical_left_s, NEITHER, 1, 86399, "1800", "Less than this left: critical."),
    WHOLE("quotes.silence_s", quotes.silence_s, HIGHER, 1, 3600, "30", "No quote at all for so long with a position open: the hub is suspected."),
    WHOLE("quotes.stale_s", quotes.stale_s, HIGHER, 1, 3600, "10", "An older quote counts with a warning."),
    WHOLE("quotes.blind_s", quotes.blind_s, HIGHER, 1, 3600, "30", "An older quote means blind; see blind_policy."),
    WORD("quotes.blind_policy", quotes.blind_policy, LOWER, policies, "alarm", "Blind with a position open: alarm, or flatten it."),
    WHOLE("quotes.unsubscribe_after_s", quotes.unsubscribe_after_s, NEITHER, 0, 86400, "60", "Quotes go on that long after a position closed."),
    WHOLE("sync.request_timeout_ms", sync.request_timeout_ms, NEITHER, 500, 60000, "5000", "Time for one answer while reconciling."),
    WHOLE("sync.alarm_s", sync.alarm_s, NEITHER, 1, 600, "15", "A reconciliation that takes longer is alarmed."),
    WHOLE("sync.audit_s", sync.audit_s, HIGHER, 15, 600, "60", "How often the picture is compared with the broker's."),
    WHOLE("sync.min_gap_s", sync.min_gap_s, NEITHER, 1, 600, "5", "Least time between two reconciliations."),
    WHOLE("sync.buffer", sync.buffer, NEITHER, 100, 100000, "1000", "Events kept while reconciling."),
    WHOLE("poll.positions_ms", poll.positions_ms, HIGHER, 1000, 600000, "5000", "Without the hub: how often positions and orders are asked for."),
    WHOLE("poll.trades_ms", poll.trades_ms, HIGHER, 1000, 600000, "10000", "Likewise trades."),
    WHOLE("poll.account_ms", poll.account_ms, HIGHER, 1000, 600000, "30000", "Likewise accounts."),
    TEXT("order.tag_prefix", order.tag_prefix, NEITHER, parse_tag, "rm", "Our orders' tags start with it."),
    WHOLE("order.verify_after_ms", order.verify_after_ms, NEITHER, 100, 600000, "5000", "An order silent for so long is asked about."),
    WHOLE("order.stuck_alarm_s", order.stuck_alarm_s, NEITHER, 1, 3600, "30", "Unknown for so long: alarm."),
    WHOLE("order.no_progress_s", order.no_progress_s, NEITHER, 1, 3600, "60", "Partly filled without progress for so long: asked about."),
    TEXT("db.path", db.path, NEITHER, parse_text, "data/state.db", "The database."),
    WORD("db.synchronous", db.synchronous, NEITHER, syncs, "FULL", "What is promised is on the disk (SQLite's word)."),
    WHOLE("db.busy_timeout_ms", db.busy_timeout_ms, NEITHER, 1, 2500, "2000", "Wait for another program's lock on it."),
    WHOLE("db.keep_trades_d", db.keep_trades_d, NEITHER, 1, 3650, "90", "Days trades are kept."),
    WHOLE("db.keep_audit_d", db.keep_audit_d, NEITHER, 1, 3650, "365", "Days the enforcement log is kept."),
    WHOLE("db.keep_backups", db.keep_backups, NEITHER, 1, 100, "4", "Weekly backups kept."),
    TEXT("log.directory", log.directory, NEITHER, parse_text, "logs", "Where the logs go."),
    WORD("log.level", log.level, NEITHER, levels, "info", "What is logged at least."),
    TEXT("log.max_bytes", log.max_bytes, NEITHER, parse_bytes, "10 MiB", "A log is rotated at this size, and daily."),
    WHOLE("log.keep", log.keep, NEITHER, 1, 100, "7", "Rotated logs kept."),
    WHOLE("log.keep_enforcement", log.keep_enforcement, NEITHER, 1, 1000, "10", "Likewise of the enforcement log."),
    WHOLE("log.keep_days", log.keep_days, NEITHER, 1, 3650, "30", "Older ones are removed."),
    FLAG("log.mask_accounts", log.mask_accounts, NEITHER, "false", "Account ids are masked too."),
    TEXT("credentials.file", credentials.file, NEITHER, parse_text, "\"\"", "User names and keys, if they are not in accounts.yaml."),
    FLAG("credentials.strict_permissions", credentials.strict_permissions, NEITHER, "true", "A file with a key that others can read is refused."),
    { .keys = "day.reset_time|daily_reset.time", .help = "When the trading day ends.", .kind = PARAM_TIME, AT(day.reset_second), .looser = LOOSER_ANY,
        .value = "\"17:00\"" },
    { .keys = "day.time_zone|daily_reset.timezone", .help = "IANA zone of it.", .kind = PARAM_ZONE, AT(day.zone), .looser = LOOSER_ANY,
        .value = "America/Chicago" },
    WHOLE("shutdown.grace_ms", shutdown.grace_ms, NEITHER, 1, 60000, "10000", "Time for requests in flight when stopping."),
    WHOLE("shutdown.hard_ms", shutdown.hard_ms, NEITHER, 1000, 300000, "30000", "Stops then whatever happens."),
    FLAG("feed.enabled", feed.enabled, NEITHER, "true", "The dashboards' feed."),
    WHOLE("feed.port", feed.port, NEITHER, 1, 65535, "8765", "On 127.0.0.1."),
    WHOLE("feed.max_clients", feed.clients_max, NEITHER, 1, 1000, "100", "Clients at once."),
    FLAG("metrics.enabled", metrics.enabled, NEITHER, "true", "/metrics, /healthz and /readyz."),
    WHOLE("metrics.port", metrics.port, NEITHER, 1, 65535, "8766", "On 127.0.0.1."),
    TEXT("control.socket", control.socket, NEITHER, parse_text, "\"\"", "Where riskctl speaks to riskd; empty: beside the database."),
    TEXT("control.password_file", control.password_file, NEITHER, parse_text, "admin_password.hash",
        "The admin password's hash; in the configuration's directory unless it begins with a slash."),
    TEXT("alert.command|alarm.command", alert.command, NEITHER, parse_text, "\"\"", "Program run on critical alarms."),
    TEXT("alert.ca_file", alert.ca_file, NEITHER, parse_text, "\"\"", "Certificates webhooks and mail are checked with instead of the system's (PEM)."),
    FLAG("alert.desktop", alert.desktop, NEITHER, "false", "Desktop notifications."),
    { .keys = "alert.webhooks", .help = "Where alerts are posted.", .kind = PARAM_LIST, AT(alert.webhooks), .looser = LOOSER_NEITHER, .value = "[]",
        .items = webhook_params, .items_count = COUNT_OF(webhook_params), .item_size = sizeof(struct webhook),
        .count_offset = offsetof(struct daemon_settings, alert.webhooks_count), .items_max = WEBHOOKS_MAX },
    TEXT("alert.email.server", alert.email.server, NEITHER, parse_mail_server, "\"\"", "smtps://host:465; empty: no mail."),
    TEXT("alert.email.username", alert.email.username, NEITHER, parse_text, "\"\"", "Login there."),
    TEXT("alert.email.password", alert.email.password, NEITHER, parse_secret, "\"\"", "Its password."),
    TEXT("alert.email.from", alert.email.from, NEITHER, parse_text, "\"\"", "Sender."),
    TEXT("alert.email.to", alert.email.to, NEITHER, parse_text, "\"\"", "Receiver."),
    FLAG("alert.on_breach", alert.on_breach, NEITHER, "true", "Alert on a breach."),
    FLAG("alert.on_lockout", alert.on_lockout, NEITHER, "true", "Alert on a lockout."),
    FLAG("alert.on_degraded", alert.on_degraded, NEITHER, "true", "Alert when protection is degraded."),
    FLAG("alert.on_failed", alert.on_failed, NEITHER, "true", "Alert when an enforcement fails."),
};
const size_t settings_daemon_count = COUNT_OF(settings_daemon);

const struct param settings_global[] = {
    { .keys = "strict_mode", .help = "Any breach closes all and locks until an admin clears it.", .kind = PARAM_FLAG,
        .offset = offsetof(struct global_settings, strict_mode), .looser = LOOSER_LOWER, .value = "false" },
    { .keys = "warn_percent", .help = "Yellow at this share of a limit.", .kind = PARAM_INT,
        .offset = offsetof(struct global_settings, warn_percent), .looser = LOOSER_NEITHER, .min = 1, .max = 99, .value = "70" },
    { .keys = "alert_percent", .help = "Red at this share; above warn_percent.", .kind = PARAM_INT,
        .offset = offsetof(struct global_settings, alert_percent), .looser = LOOSER_NEITHER, .min = 1, .max = 100, .value = "90" },
    { .keys = "loosen", .help = "When a change that gives more room holds: next_day, immediate, or delay:15m (s, m, h).",
        .kind = PARAM_TEXT, .offset = offsetof(struct global_settings, loosen_seconds), .looser = LOOSER_LOWER, .value = "next_day",
        .parse = hold_parse_wait, .format = hold_format_wait },
};
const size_t settings_global_count = COUNT_OF(settings_global);
