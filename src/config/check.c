/*
 * check.c - see check.h.
 */
#include "config/check.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/zone.h"
#include "config/keys.h"

#include <stdio.h>
#include <string.h>

/* Two keys of daemon.yaml, the first of which must be below the second. */
struct pair {
    const char *lower, *upper;
    bool may_equal;
};

static const struct pair pairs[] = {
    { "hub.ping_s", "hub.silence_s", false },
    { "hub.renew_before_expiry_s", "token.refresh_before_s", false },
    { "token.critical_left_s", "token.refresh_before_s", false },
    { "token.retry_s", "token.refresh_before_s", false },
    { "retry.read.base_ms", "retry.read.cap_ms", true },
    { "enforce.warn_ms", "enforce.crit_ms", false },
    { "enforce.crit_ms", "enforce.fail_ms", false },
    { "verify.poll_ms", "verify.fast_window_ms", true },
    { "rate.normal_share", "rate.enforce_share", false },
    { "background_pause.wait_s", "background_pause.max_wait_s", true },
    { "quotes.stale_s", "quotes.blind_s", true },
    { "shutdown.grace_ms", "shutdown.hard_ms", false },
};

static int64_t
number_at(const struct param *param, const void *out)
{
    const unsigned char *field = (const unsigned char *)out + param->offset;

    if (param->kind == PARAM_INT)
        return *(const int64_t *)(const void *)field;
    ASSERT(param->kind == PARAM_TEXT || param->kind == PARAM_CHOICE); /* A share: permille. */
    return *(const int32_t *)(const void *)field;
}

/* Say it where the key is written; of two keys the one given first here. */
static void
report(struct bind *bind, const struct bind_layers *layers, const struct param *param, const struct param *other,
    const char *expected)
{
    int layer = 0;
    const struct yaml_node *node = bind_find(layers, param->keys, &layer);
    struct spellings spellings;
    char path[CONFIG_KEY_MAX];

    if (node == NULL) {
        node = bind_find(layers, other->keys, &layer);
        param = other;
    }
    if (node == NULL)
        node = layers->items[0].node;
    keys_spellings(param->keys, &spellings);
    keys_join(path, sizeof path, layers->items[layer].path, spellings.items[0]);
    (void)bind_refuse(bind, node, path, param, expected);
}

static void
check_pair(struct bind *bind, const struct pair *pair, const struct param *params, size_t count, const void *out,
    const struct bind_layers *layers)
{
    const struct param *lower = keys_find(params, count, pair->lower), *upper = keys_find(params, count, pair->upper);
    char expected[CONFIG_EXPECTED_MAX];
    int layer = 0;

    ASSERT(lower != NULL && upper != NULL);
    int64_t low = number_at(lower, out), high = number_at(upper, out);
    if (low < high || (pair->may_equal && low == high) || high == 0)
        return; /* 0 is what a value that was refused leaves behind; every upper key is above it. */
    int digits = lower->kind == PARAM_TEXT ? 3 : 0;
    char low_text[MONEY_TEXT_MAX], high_text[MONEY_TEXT_MAX];
    (void)decimal_format(low, digits, low_text, sizeof low_text);
    (void)decimal_format(high, digits, high_text, sizeof high_text);
    if (bind_find(layers, upper->keys, &layer) != NULL) {
        (void)snprintf(expected, sizeof expected, "%s %s (%s)", pair->may_equal ? "at least" : "more than", pair->lower, low_text);
        report(bind, layers, upper, lower, expected);
    } else {
        (void)snprintf(expected, sizeof expected, "%s %s (%s)", pair->may_equal ? "at most" : "less than", pair->upper, high_text);
        report(bind, layers, lower, upper, expected);
    }
}

/* BO-04: at least one, and none shorter than the one before. */
static void
check_ascending(struct bind *bind, const char *keys, const struct backoff *backoff, const struct bind_layers *layers)
{
    int layer = 0;
    const struct yaml_node *list = bind_find(layers, keys, &layer);
    const struct yaml_node *item;
    char path[CONFIG_KEY_MAX], step[CONFIG_KEY_MAX];

    if (list == NULL || list->kind != NODE_LIST)
        return; /* The default, or refused already. */
    keys_join(path, sizeof path, layers->items[layer].path, keys);
    if (backoff->count == 0) {
        (void)bind_refuse(bind, list, path, NULL, "at least one wait in milliseconds");
        return;
    }
    item = list->first->next;
    for (int32_t i = 1; i < backoff->count && item != NULL; i++, item = item->next) {
        if (backoff->steps_ms[i] >= backoff->steps_ms[i - 1] || backoff->steps_ms[i] == 0)
            continue; /* 0: refused already. */
        (void)snprintf(step, sizeof step, "%.140s[%d]", path, (int)i);
        (void)bind_refuse(bind, item, step, NULL, "a wait no shorter than the one before");
    }
}

static void
check_ports(struct bind *bind, const struct daemon_settings *settings, const struct bind_layers *layers)
{
    const struct param *feed = keys_find(settings_daemon, settings_daemon_count, "feed.port");
    const struct param *metrics = keys_find(settings_daemon, settings_daemon_count, "metrics.port");

    if (settings->feed.enabled && settings->metrics.enabled && settings->feed.port == settings->metrics.port)
        report(bind, layers, metrics, feed, "another port than feed.port");
}

/* Half a mail account sends nothing, and nobody would notice before it is needed. */
static void
check_mail(struct bind *bind, const struct daemon_settings *settings, const struct bind_layers *layers)
{
    const struct param *server = keys_find(settings_daemon, settings_daemon_count, "alert.email.server");
    const struct param *to = keys_find(settings_daemon, settings_daemon_count, "alert.email.to");
    bool complete = settings->alert.email.from[0] != 0 && settings->alert.email.to[0] != 0;

    if (settings->alert.email.server[0] != 0 && !complete)
        report(bind, layers, server, to, "alert.email.from and alert.email.to beside it");
}

void
check_settings(struct bind *bind, const struct daemon_settings *settings, const struct bind_layers *layers)
{
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        check_pair(bind, &pairs[i], settings_daemon, settings_daemon_count, settings, layers);
    check_ascending(bind, "hub.backoff_ms", &settings->hub.backoff, layers);
    check_ascending(bind, "enforce.backoff_ms", &settings->enforce.backoff, layers);
    check_ports(bind, settings, layers);
    check_mail(bind, settings, layers);
}

void
check_global(struct bind *bind, const struct global_settings *global, const struct bind_layers *layers)
{
    static const struct pair percents = { "warn_percent", "alert_percent", false };

    check_pair(bind, &percents, settings_global, settings_global_count, global, layers);
}

/* The zone may be another name for the same rules (US/Central), but a reader could not tell: the names must be equal. */
void
check_reset(struct bind *bind, const struct rule *rule, const void *config, const struct daemon_settings *settings,
    const struct bind_layers *layers)
{
    const struct param *time = keys_find(rule->params, rule->params_count, "reset_time");
    const struct param *zone = keys_find(rule->params, rule->params_count, "timezone");
    const unsigned char *bytes = config;
    char expected[CONFIG_EXPECTED_MAX];

    if (time == NULL || time->kind != PARAM_TIME)
        return; /* RULE-009's timezone is its session's. */
    int32_t second = *(const int32_t *)(const void *)(bytes + time->offset);
    if (second >= 0 && second != settings->day.reset_second) {
        (void)snprintf(expected, sizeof expected, "the daily reset's time %02d:%02d:%02d (day.reset_time)",
            (int)(settings->day.reset_second / 3600), (int)(settings->day.reset_second / 60 % 60),
            (int)(settings->day.reset_second % 60));
        report(bind, layers, time, time, expected);
    }
    if (zone == NULL || zone->kind != PARAM_ZONE)
        return;
    const struct zone *named = *(const struct zone *const *)(const void *)(bytes + zone->offset);
    if (named == NULL || named == settings->day.zone || settings->day.zone == NULL)
        return;
    (void)snprintf(expected, sizeof expected, "the daily reset's zone %.60s (day.time_zone)", zone_name(settings->day.zone));
    report(bind, layers, zone, zone, expected);
}

/*
 * Rules name keys at the beginning of their message: "global_session: days: ...", "close_all and ...".  Returns the innermost
 * of them that is written; @ret_rest is what follows those with a colon.
 */
static const struct yaml_node *
named_node(const struct yaml_node *node, const char *message, struct text *path, const char **ret_rest)
{
    for (;;) {
        size_t length = strspn(message, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        const struct yaml_node *child = length > 0 ? yaml_node_get(node, message, length) : NULL;
        *ret_rest = message;
        if (child == NULL)
            return node;
        text_addf(path, ".%s", child->key);
        node = child;
        if (message[length] != ':' && message[length] != '.')
            return node;
        message += length + strspn(message + length, ":. ");
    }
}

bool
check_rule(struct bind *bind, const struct rule *rule, void *config, const struct bind_layers *layers)
{
    struct error err = { .status = OK };
    char path[CONFIG_KEY_MAX];
    const struct yaml_node *node = layers->items[0].node;
    const char *rest = err.text;
    bool named = false;

    if (rule->check == NULL || rule->check(config, &err) == OK)
        return true;
    for (int i = 0; i < layers->count && !named; i++) {
        struct text text = text_on(path, sizeof path);
        text_add(&text, layers->items[i].path);
        node = named_node(layers->items[i].node, err.text, &text, &rest);
        named = node != layers->items[i].node;
    }
    if (named && text_starts(rest, "expected "))
        return bind_refuse(bind, node, path, NULL, rest + strlen("expected "));
    bind_problem(bind, node, path, named && rest[0] == '"' ? rest : err.text, "what this rule can use");
    return false;
}
