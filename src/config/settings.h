/*
 * settings.h - daemon.yaml as the program uses it, and the tables that say what may stand in the files besides the rules.
 *
 * Keys, defaults and ranges are those of spec/resilience.md section 4; where it is silent, of spec/system.md.  Units are in the
 * names.  Texts are NUL-terminated; "" means not set.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "core/param.h"

#define SETTING_TEXT_MAX 256
#define USERNAME_MAX 128
#define API_KEY_MAX 257      /* AK-04: at most 256 bytes. */
#define BACKOFF_STEPS_MAX 12
#define WEBHOOKS_MAX 8

struct backoff {
    int32_t count;
    int64_t steps_ms[BACKOFF_STEPS_MAX]; /* Ascending. */
};

struct rate {
    int32_t requests, seconds; /* "200/60": at most 200 in any 60 s. */
};

enum blind_policy { BLIND_ALARM, BLIND_FLATTEN };
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum webhook_format { WEBHOOK_JSON, WEBHOOK_DISCORD, WEBHOOK_SLACK, WEBHOOK_TELEGRAM };
enum synchronous { SYNCHRONOUS_FULL, SYNCHRONOUS_EXTRA };

struct webhook {
    char url[SETTING_TEXT_MAX]; /* Holds a token: as secret as a key. */
    int32_t format;             /* enum webhook_format. */
    char chat[SETTING_TEXT_MAX]; /* Telegram's chat id. */
};

struct daemon_settings {
    struct {
        char base_url[SETTING_TEXT_MAX];
        char ca_file[SETTING_TEXT_MAX]; /* PEM; "": the system's. */
    } api;
    struct {
        char user_url[SETTING_TEXT_MAX], market_url[SETTING_TEXT_MAX];
        struct backoff backoff;
        int32_t jitter_permille;
        int64_t stable_s, connect_timeout_ms, handshake_timeout_ms, subscribe_timeout_ms, ping_s, silence_s, renew_before_expiry_s;
    } hub;
    struct {
        int64_t connect_timeout_ms, read_timeout_ms, mutation_timeout_ms;
    } rest;
    struct {
        int64_t tries, base_ms, cap_ms;
        int32_t jitter_permille;
    } retry_read;
    struct {
        struct backoff backoff;
        int64_t warn_ms, crit_ms, fail_ms;
        int32_t order; /* enum enforcement_order. */
    } enforce;
    struct {
        int64_t poll_ms, fast_window_ms, min_agreeing_reads;
    } verify;
    struct {
        struct rate general, history;
        int32_t normal_share_permille, enforce_share_permille;
    } rate;
    struct {
        int64_t failures, wait_s, max_wait_s;
    } background_pause;
    struct {
        int64_t refresh_before_s, retry_s, critical_left_s;
    } token;
    struct {
        int64_t silence_s, stale_s, blind_s, unsubscribe_after_s;
        int32_t blind_policy; /* enum blind_policy. */
    } quotes;
    struct {
        int64_t request_timeout_ms, alarm_s, audit_s, min_gap_s, buffer;
    } sync;
    struct {
        int64_t positions_ms, trades_ms, account_ms;
    } poll;
    struct {
        char tag_prefix[SETTING_TEXT_MAX];
        int64_t verify_after_ms, stuck_alarm_s, no_progress_s;
    } order;
    struct {
        char path[SETTING_TEXT_MAX];
        int32_t synchronous; /* enum synchronous. */
        int64_t busy_timeout_ms, keep_trades_d, keep_audit_d, keep_backups;
    } db;
    struct {
        char directory[SETTING_TEXT_MAX];
        int32_t level; /* enum log_level. */
        int64_t max_bytes, keep, keep_enforcement, keep_days;
        bool mask_accounts;
    } log;
    struct {
        char file[SETTING_TEXT_MAX];
        bool strict_permissions;
    } credentials;
    struct {
        int32_t reset_second;
        const struct zone *zone;
    } day;
    struct {
        int64_t grace_ms, hard_ms;
    } shutdown;
    struct {
        bool enabled;
        int64_t port, clients_max;
    } feed;
    struct {
        bool enabled;
        int64_t port;
    } metrics;
    struct {
        char socket[SETTING_TEXT_MAX];
        char password_file[SETTING_TEXT_MAX];
    } control;
    struct {
        char command[SETTING_TEXT_MAX];
        char ca_file[SETTING_TEXT_MAX]; /* PEM; "": the system's. */
        bool desktop;
        int32_t webhooks_count;
        struct webhook webhooks[WEBHOOKS_MAX];
        struct {
            char server[SETTING_TEXT_MAX]; /* smtps://host:465 */
            char username[SETTING_TEXT_MAX], password[SETTING_TEXT_MAX];
            char from[SETTING_TEXT_MAX], to[SETTING_TEXT_MAX];
        } email;
        bool on_breach, on_lockout, on_degraded, on_failed;
    } alert;
};

/* `global:` of risk_config.yaml. */
struct global_settings {
    bool strict_mode;                    /* R-ALL-12. */
    int64_t loosen_seconds;              /* hold.h. */
    int64_t warn_percent, alert_percent; /* R-ALL-15. */
};

extern const struct param settings_daemon[];
extern const size_t settings_daemon_count;
extern const struct param settings_global[];
extern const size_t settings_global_count;

/** A struct param's parse function for an API key: a field of API_KEY_MAX bytes. */
enum status settings_parse_key(const char *text, void *field, struct error *err);

/* Keys of daemon.yaml that are checked, but whose default is built in: another value has no effect, and is told (lint.h; BO-04). */
extern const char *const settings_fixed[];
extern const size_t settings_fixed_count;

/** Has this parameter of daemon.yaml its default in @settings?  For those of settings_fixed. */
bool settings_is_default(const struct param *param, const struct daemon_settings *settings);

/** May this parameter's value not be shown (api_key, password, a webhook's address)? */
bool settings_is_secret(const struct param *param);

#endif /* CONFIG_SETTINGS_H */
