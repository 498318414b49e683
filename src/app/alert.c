/*
 * alert.c - what is worth disturbing a person for, and how it reads.
 *
 * Texts may hold the broker's words: each place's own escapes are applied, and none of them may notify a whole channel (@everyone) or hide
 * a link.
 */
#include "app/alert.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const names[ALERT_KINDS] = { "breach", "lockout", "degraded", "failed", "test" };
static const char *const titles[ALERT_KINDS] = { "Breach", "Lockout", "Protection", "Alarm", "Test" };

const char *
alert_kind_name(enum alert_kind kind)
{
    return (unsigned)kind < ALERT_KINDS ? names[kind] : "unknown";
}

bool
alert_kind_parse(const char *name, enum alert_kind *ret_kind)
{
    for (int i = 0; i < ALERT_KINDS; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_kind = (enum alert_kind)i;
            return true;
        }
    return false;
}

static void
word_lockout(const struct lockout *lockout, struct alert *alert)
{
    struct text text = text_on(alert->text, sizeof alert->text);
    char until[INSTANT_TEXT_MAX];

    if (!instant_is_never(lockout->until))
        instant_format(lockout->until, until, sizeof until);
    else
        (void)text_copy(until, sizeof until, lockout->end == LOCK_UNTIL_ADMIN ? "an admin unlocks" : "its cause ends");
    text_addf(&text, "%s until %s. %s", lockout->root[0] != '\0' ? lockout->root : "Whole account", until, lockout->why);
}

static bool
word_mode(const struct mode_event *mode, bool *degraded_told, struct alert *alert)
{
    bool degraded = mode->mode == MODE_DEGRADED || mode->mode == MODE_BLIND;
    struct text text = text_on(alert->text, sizeof alert->text);

    if (mode->mode == MODE_STARTING || (mode->mode == MODE_NORMAL && !*degraded_told))
        return false;
    *degraded_told = degraded;
    alert->level = mode->mode == MODE_BLIND ? 2 : 1;
    if (degraded)
        text_addf(&text, "Protection is %s: %s", mode->mode == MODE_BLIND ? "blind, the broker cannot be reached" : "degraded", mode->reason);
    else
        text_add(&text, "Protection is back to normal.");
    return true;
}

bool
alert_from_notice(const struct notice *notice, const struct daemon_settings *settings, bool *degraded_told, struct alert *ret_alert)
{
    if (notice->kind == NOTICE_PNL || notice->kind == NOTICE_RULE_STATUS)
        return false; /* Most notices are these: one for each quote. */
    *ret_alert = (struct alert){ .level = 2, .at = notice->at, .account_id = notice->account_id, .rule = notice->rule,
        .incident = notice->incident };
    (void)text_copy(ret_alert->text, sizeof ret_alert->text, notice->text);
    switch (notice->kind) {
    case NOTICE_BREACH:
        ret_alert->kind = ALERT_BREACH;
        return settings->alert.on_breach;
    case NOTICE_LOCKOUT_SET:
        ret_alert->kind = ALERT_LOCKOUT;
        word_lockout(&notice->u.lockout, ret_alert);
        return settings->alert.on_lockout;
    case NOTICE_MODE:
        ret_alert->kind = ALERT_DEGRADED;
        return word_mode(&notice->u.mode, degraded_told, ret_alert) && settings->alert.on_degraded;
    case NOTICE_ALARM: /* Critical ones only: an enforcement that fails, a disk that does, a clock that stepped. */
        ret_alert->kind = ALERT_FAILED;
        return notice->level >= 2 && settings->alert.on_failed;
    case NOTICE_LOCKOUT_CLEARED:
    case NOTICE_ENFORCEMENT:
    case NOTICE_WARNING:
    case NOTICE_DAILY_RESET:
    case NOTICE_RULE_STATUS:
    case NOTICE_PNL:
        break;
    }
    return false;
}

void
alert_title(const struct alert *alert, struct text *out)
{
    text_add(out, (unsigned)alert->kind < ALERT_KINDS ? titles[alert->kind] : "Alert");
    if (alert->account_id != 0)
        text_addf(out, ", account %" PRId64, alert->account_id);
    if (alert->rule != 0)
        text_addf(out, ", RULE-%03" PRId32, alert->rule);
}

/* Slack's three escapes (https://api.slack.com/reference/surfaces/formatting#escaping); they take its <!channel> the power too. */
static void
add_slack(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            text_add(out, "&amp;");
        else if (*text == '<')
            text_add(out, "&lt;");
        else if (*text == '>')
            text_add(out, "&gt;");
        else
            text_add_bytes(out, text, 1);
    }
}

static void
write_json(const struct alert *alert, const char *title, struct json_writer *json)
{
    char at[INSTANT_TEXT_MAX];

    instant_format(alert->at, at, sizeof at);
    json_add_string(json, "source", "riskd");
    json_add_string(json, "kind", alert_kind_name(alert->kind));
    json_add_string(json, "level", alert->level >= 2 ? "critical" : "warning");
    json_add_string(json, "at", at);
    json_add_string(json, "title", title);
    json_add_string(json, "text", alert->text);
    if (alert->account_id != 0)
        json_add_int(json, "account_id", alert->account_id);
    if (alert->rule != 0)
        json_add_int(json, "rule", alert->rule);
    if (alert->incident != 0)
        json_add_int(json, "incident", (int64_t)alert->incident);
}

void
alert_write_webhook(const struct alert *alert, const struct webhook *webhook, struct text *out)
{
    struct json_writer json = json_writer_on(out);
    char title_bytes[120], words_bytes[WHY_MAX * 12];
    struct text title = text_on(title_bytes, sizeof title_bytes), words = text_on(words_bytes, sizeof words_bytes);

    alert_title(alert, &title);
    json_open(&json, NULL, '{');
    switch (webhook->format) {
    case WEBHOOK_DISCORD:
        text_addf(&words, "**%s**\n%s", title_bytes, alert->text);
        json_add_string(&json, "content", words_bytes);
        json_add_raw(&json, "allowed_mentions", "{\"parse\":[]}");
        break;
    case WEBHOOK_SLACK:
        text_addf(&words, "*%s*\n", title_bytes);
        add_slack(&words, alert->text);
        json_add_string(&json, "text", words_bytes);
        break;
    case WEBHOOK_TELEGRAM: /* Without parse_mode: nothing in it is markup. */
        text_addf(&words, "%s\n%s", title_bytes, alert->text);
        json_add_string(&json, "chat_id", webhook->chat);
        json_add_string(&json, "text", words_bytes);
        break;
    default:
        write_json(alert, title_bytes, &json);
        break;
    }
    json_close(&json, '}');
}

/* "Sat, 21 Nov 2026 08:30:00 +0000" */
static void
add_mail_date(struct text *out, struct instant at)
{
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* 1970 began on a Thursday. */
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char iso[INSTANT_TEXT_MAX];
    int year = 1970, month = 1, day = 1;
    char clock[9] = "00:00:00";

    instant_format((struct instant){ at.ns - at.ns % 1000000000 }, iso, sizeof iso);
    (void)sscanf(iso, "%4d-%2d-%2dT%8s", &year, &month, &day, clock);
    text_addf(out, "%s, %02d %s %04d %s +0000", days[at.ns / 1000000000 / 86400 % 7], day, months[(month + 11) % 12], year, clock);
}

/* One line of printable ASCII: what is not may only stand in the body. */
static void
add_header_text(struct text *out, const char *text)
{
    for (; *text != '\0'; text++)
        text_add_bytes(out, *text >= ' ' && *text < 0x7f ? text : "?", 1);
}

void
alert_write_mail(const struct alert *alert, const char *from, const char *to, struct text *out)
{
    char title_bytes[120];
    struct text title = text_on(title_bytes, sizeof title_bytes);

    alert_title(alert, &title);
    text_add(out, "Date: ");
    add_mail_date(out, alert->at);
    text_add(out, "\r\nFrom: ");
    add_header_text(out, from);
    text_add(out, "\r\nTo: ");
    add_header_text(out, to);
    text_add(out, "\r\nSubject: [risk] ");
    add_header_text(out, title_bytes);
    text_addf(out, "\r\nMessage-ID: <riskd.%" PRId64 ".%" PRIu64 "@localhost>", alert->at.ns, alert->incident);
    text_add(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n");
    for (const char *c = alert->text; *c != '\0'; c++)
        text_add_bytes(out, (unsigned char)*c < ' ' ? " " : c, 1); /* A text is one paragraph; no line can end the message. */
    text_add(out, "\r\n\r\n");
    if (alert->incident != 0)
        text_addf(out, "incident %" PRIu64 "\r\n", alert->incident);
}
