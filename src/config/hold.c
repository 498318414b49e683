/*
 * hold.c - see hold.h.
 *
 * The merge is made as text, each value from the old or the new struct, and read again by the reader of any configuration: zones, limits and
 * cross-checks are its business.
 */
#include "config/hold.h"

#include "base/zone.h"
#include "config/build.h"
#include "config/loosen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536
#define COMPARE_BYTES 16384 /* 32 sessions with their words. */

enum status
hold_parse_wait(const char *text, void *field, struct error *err)
{
    static const char prefix[] = "delay:";
    size_t length = strlen(text), skip = sizeof prefix - 1;
    int64_t *wait = field, number;
    char unit = length > 0 ? text[length - 1] : '\0';

    if (text_same(text, "next_day")) {
        *wait = HOLD_NEXT_DAY;
        return OK;
    }
    if (text_same(text, "immediate")) {
        *wait = 0;
        return OK;
    }
    if (length > skip + 1 && text_same_bytes(prefix, text, skip) && text_to_int64(text + skip, length - skip - 1, &number) && number > 0 &&
        number <= 10000 && (unit == 's' || unit == 'm' || unit == 'h')) {
        *wait = number * (unit == 's' ? 1 : unit == 'm' ? 60 : 3600);
        return OK;
    }
    return error_set(err, STATUS_CONFIG, "expected next_day, immediate or delay:15m, not \"%s\"", text);
}

void
hold_format_wait(const void *field, struct text *out)
{
    int64_t wait = *(const int64_t *)field;

    if (wait == HOLD_NEXT_DAY || wait == 0)
        text_add(out, wait == 0 ? "immediate" : "next_day");
    else
        text_addf(out, "delay:%" PRId64 "s", wait);
}

/* ---- A rule as text ---- */

static const char *
at(const void *config, size_t offset)
{
    return (const char *)config + offset;
}

/* What is not there has no text: its absence may mean something else than its default. */
static bool
is_there(const struct param *param, const void *config)
{
    if (param->present_offset > 0)
        return *(const bool *)(const void *)at(config, (size_t)param->present_offset - 1);
    if (param->kind == PARAM_TIME)
        return *(const int32_t *)(const void *)at(config, param->offset) >= 0;
    if (param->kind == PARAM_ZONE)
        return *(const struct zone *const *)(const void *)at(config, param->offset) != NULL;
    if (param->optional && (param->kind == PARAM_INT || param->kind == PARAM_MONEY || param->kind == PARAM_SECONDS))
        return *(const int64_t *)(const void *)at(config, param->offset) != 0;
    return true;
}

static void write_any(const struct param *param, const void *config, struct text *out);

static void
write_items(const struct param *param, const void *config, struct text *out)
{
    int32_t count = *(const int32_t *)(const void *)at(config, param->count_offset);
    bool map = param->kind == PARAM_MAP;

    text_add(out, map ? "{" : "[");
    for (int32_t i = 0; i < count; i++) {
        const char *item = at(config, param->offset + (size_t)i * param->item_size);
        text_add(out, i > 0 ? ", " : "");
        if (map)
            text_addf(out, "%s: ", ((const struct symbol *)(const void *)item)->text);
        bool plain = param->items[0].keys[0] == '\0'; /* [250, 500] */
        if (plain)
            write_any(&param->items[0], item, out);
        for (size_t k = 0; k < param->items_count && !plain; k++) {
            const struct param *sub = &param->items[k];
            text_addf(out, "%s%.*s: ", k == 0 ? "{" : ", ", (int)strcspn(sub->keys, "|"), sub->keys);
            write_any(sub, item, out);
        }
        text_add(out, plain ? "" : "}");
    }
    text_add(out, map ? "}" : "]");
}

static void
write_any(const struct param *param, const void *config, struct text *out)
{
    if (param->kind == PARAM_LIST || param->kind == PARAM_MAP)
        write_items(param, config, out);
    else if (param->format != NULL)
        param->format(at(config, param->offset), out);
    else
        value_format(param, at(config, param->offset), out);
}

void
hold_write_value(const struct param *param, const void *config, struct text *out)
{
    if (is_there(param, config))
        write_any(param, config, out);
    else
        text_add(out, "none");
}

bool
hold_differs(const struct param *param, const void *a, const void *b)
{
    char first[COMPARE_BYTES] = "", second[COMPARE_BYTES] = "";
    struct text one = text_on(first, sizeof first), two = text_on(second, sizeof second);

    if (!is_there(param, a) || !is_there(param, b))
        return is_there(param, a) != is_there(param, b);
    write_any(param, a, &one);
    write_any(param, b, &two);
    return one.truncated || two.truncated || strcmp(first, second) != 0;
}

static void
add_symbol(struct symbols *symbols, const struct symbol *symbol)
{
    if (!loosen_has_symbol(symbols, symbol) && symbols->count < SYMBOLS_MAX)
        symbols->items[symbols->count++] = *symbol;
}

/* Where a symbol less is looser: those of both lists; where one more is: those in both. */
static struct symbols
stricter_symbols(const struct param *param, const struct symbols *old, const struct symbols *now)
{
    struct symbols all = { .count = 0 };

    if (param->looser == LOOSER_ANY)
        return *old;
    for (int32_t i = 0; i < old->count; i++)
        if (param->looser == LOOSER_LOWER || loosen_has_symbol(now, &old->items[i]))
            add_symbol(&all, &old->items[i]);
    for (int32_t i = 0; i < now->count && param->looser == LOOSER_LOWER; i++)
        add_symbol(&all, &now->items[i]);
    return all;
}

/* The old symbols, each with its lower limit: a new one may have been blocked. */
static struct symbol_limits
stricter_limits(const struct symbol_limits *old, const struct symbol_limits *now)
{
    struct symbol_limits all = *old;

    for (int32_t i = 0; i < all.count; i++)
        for (int32_t k = 0; k < now->count; k++)
            if (text_same(all.items[i].symbol.text, now->items[k].symbol.text) && now->items[k].limit < all.items[i].limit)
                all.items[i].limit = now->items[k].limit;
    return all;
}

/* The stricter value of both, of lists item by item. */
static void
write_stricter(const struct param *param, const void *old, const void *now, struct text *out)
{
    const void *before = at(old, param->offset), *after = at(now, param->offset);

    if (param->kind == PARAM_SYMBOLS) {
        struct symbols symbols = stricter_symbols(param, before, after);
        value_format(param, &symbols, out);
    } else if (param->kind == PARAM_LIMITS) {
        struct symbol_limits limits = stricter_limits(before, after);
        value_format(param, &limits, out);
    } else {
        write_any(param, old, out);
    }
}

static size_t
block_length(const struct param *param)
{
    size_t length = strcspn(param->keys, "|");
    const char *dot = memchr(param->keys, '.', length);

    return dot != NULL ? (size_t)(dot - param->keys) : 0;
}

static bool
same_block(const struct param *a, const struct param *b)
{
    size_t length = block_length(a);

    return length == block_length(b) && memcmp(a->keys, b->keys, length) == 0;
}

/* @old NULL: nothing to be stricter than. */
static void
write_key(const struct param *param, size_t skip, const void *old, const void *now, const char **comma, struct text *out)
{
    size_t length = strcspn(param->keys, "|") - skip;
    bool holds = old != NULL && loosen_param(param, old, now);

    if (!is_there(param, holds ? old : now))
        return;
    text_addf(out, "%s%.*s: ", *comma, (int)length, param->keys + skip);
    if (holds)
        write_stricter(param, old, now, out);
    else
        write_any(param, now, out);
    *comma = ", ";
}

/* Keys of one block ("limits.per_minute") stand together wherever the table has them. */
void
hold_write_params(const struct param *params, size_t count, const void *old, const void *now, const char *comma, struct text *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct param *param = &params[i];
        size_t length = block_length(param), first = 0;
        while (!same_block(&params[first], param))
            first++;
        if (length == 0) {
            write_key(param, 0, old, now, &comma, out);
            continue;
        }
        if (first != i)
            continue;
        const char *inner = "";
        text_addf(out, "%s%.*s: {", comma, (int)length, param->keys);
        comma = ", ";
        for (size_t k = i; k < count; k++)
            if (same_block(&params[k], param))
                write_key(&params[k], length + 1, old, now, &inner, out);
        text_add(out, "}");
    }
}

/* The block of one account; @old NULL: @now as it is.  @whole: every rule that was on stays as it was. */
static void
write_account(const struct config *config, const struct account_config *old, const struct account_config *now, bool whole,
    const struct rule *const *rules, struct text *out)
{
    text_addf(out, "{day: {reset_time: \"%02d:%02d:%02d\", time_zone: %s}", (int)(config->reset_second / 3600),
        (int)(config->reset_second / 60 % 60), (int)(config->reset_second % 60), zone_name(config->day_zone));
    for (int i = 0; rules[i] != NULL; i++) {
        bool was = old != NULL && old->enabled[i], is = now->enabled[i];
        const void *before = was ? old->rules[i] : NULL;
        if (!was && !is)
            continue;
        bool shadow = was ? old->shadow[i] && (!is || now->shadow[i]) : now->shadow[i];
        text_addf(out, ", %s: {enabled: true, enforcement_mode: %s", rules[i]->name, shadow ? "shadow" : "enforce");
        hold_write_params(rules[i]->params, rules[i]->params_count, before, is && !(whole && was) ? now->rules[i] : before, ", ", out);
        text_add(out, "}");
    }
    text_add(out, "}");
}

void
hold_write(const struct config *config, const struct account_config *account, const struct rule *const *rules_table, struct text *out)
{
    write_account(config, NULL, account, false, rules_table, out);
}

/* ---- The merge ---- */

static struct account_config *
find(struct loaded_config *loaded, int64_t id)
{
    for (int32_t i = 0; i < loaded->config.accounts_count; i++)
        if (loaded->config.accounts[i].id == id)
            return (struct account_config *)&loaded->config.accounts[i]; /* In the arena of a configuration nobody has seen yet. */
    return NULL;
}

void
hold_adopt(struct loaded_config *loaded, struct loaded_config *part)
{
    part->part = loaded->part;
    loaded->part = part;
}

static void
take_rules(struct account_config *to, const struct account_config *from)
{
    memcpy(to->enabled, from->enabled, sizeof to->enabled);
    memcpy(to->shadow, from->shadow, sizeof to->shadow);
    memcpy(to->rules, from->rules, sizeof to->rules);
}

enum status
hold_merge(struct loaded_config *loaded, struct loaded_config *old, const struct rule *const *rules_table)
{
    const struct account_config *before = &old->config.accounts[0];
    struct account_config *account = find(loaded, before->id);
    struct config_errors errors = { 0 };
    struct loaded_config *merged = NULL;
    char *bytes = malloc(BLOCK_BYTES);
    enum status status = bytes == NULL ? STATUS_LIMIT : STATUS_CONFIG;

    hold_adopt(loaded, old);
    for (int whole = 0; whole < 2 && account != NULL && bytes != NULL && merged == NULL; whole++) {
        struct text text = text_on(bytes, BLOCK_BYTES);
        write_account(&loaded->config, before, account, whole == 1, rules_table, &text);
        status = text.truncated ? STATUS_LIMIT :
            config_from_scenario(bytes, text.length, &before->id, 1, rules_table, &merged, &errors);
        config_errors_fini(&errors);
        errors = (struct config_errors){ 0 };
    }
    free(bytes);
    if (account == NULL)
        return OK; /* Watched no more: nothing to be strict about. */
    take_rules(account, merged != NULL ? &merged->config.accounts[0] : before);
    if (merged != NULL)
        hold_adopt(loaded, merged);
    return status;
}

/* ---- An account the files watch no more ---- */

static int32_t
login_of(const struct loaded_config *loaded, int64_t id, const char *username)
{
    for (int32_t i = 0; i < loaded->accounts_count; i++)
        if (loaded->accounts[i].id == id)
            return loaded->accounts[i].user; /* Paused: its block is there, whatever name it has now. */
    for (int32_t i = 0; i < loaded->users_count; i++)
        if (text_same(loaded->users[i].username, username))
            return i;
    return -1;
}

/* @settings: of all accounts, room for one more. */
static void
list_account(struct loaded_config *loaded, struct account_settings *settings, int64_t id, int32_t user)
{
    int32_t at = 0;

    memcpy(settings, loaded->accounts, (size_t)loaded->accounts_count * sizeof *settings);
    while (at < loaded->accounts_count && settings[at].id != id)
        at++;
    if (at == loaded->accounts_count)
        settings[loaded->accounts_count++] = (struct account_settings){ .id = id, .nickname = "", .profile = "" };
    settings[at].enabled = true;
    settings[at].user = user;
    loaded->accounts = settings;
}

static void
watch_account(struct config *config, struct account_config *accounts, const struct account_config *account)
{
    int32_t at = 0;

    while (at < config->accounts_count && config->accounts[at].id < account->id)
        at++;
    memcpy(accounts, config->accounts, (size_t)at * sizeof *accounts);
    accounts[at] = *account;
    memcpy(accounts + at + 1, config->accounts + at, (size_t)(config->accounts_count - at) * sizeof *accounts);
    config->accounts_count++;
    config->accounts = accounts;
}

enum status
hold_keep(struct loaded_config *loaded, struct loaded_config *old, const char *username)
{
    struct arena *arena = &loaded->memory->arena;
    const struct account_config *account = &old->config.accounts[0];
    int32_t user = login_of(loaded, account->id, username);

    hold_adopt(loaded, old);
    if (user < 0)
        return STATUS_REFUSED;
    struct account_settings *settings = arena_take(arena, ((size_t)loaded->accounts_count + 1) * sizeof *settings);
    struct account_config *accounts = arena_take(arena, ((size_t)loaded->config.accounts_count + 1) * sizeof *accounts);
    if (settings == NULL || accounts == NULL)
        return STATUS_LIMIT;
    list_account(loaded, settings, account->id, user);
    watch_account(&loaded->config, accounts, account);
    return OK;
}
