/*
 * house.c - see house.h.
 *
 * Holidays have a way of their own: a list by day, where a day less or a later close is looser and a day more is not.
 */
#include "config/house.h"

#include "base/assert.h"
#include "config/build.h"
#include "config/hold.h"
#include "config/loosen.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536
#define MARKED_MAX 32

/* The rows of a table that can give room. */
struct marked {
    size_t count;
    struct param items[MARKED_MAX];
};

static struct marked
marked_of(const struct param *params, size_t count)
{
    struct marked marked = { .count = 0 };

    for (size_t i = 0; i < count; i++) {
        if (params[i].looser == LOOSER_NEITHER)
            continue;
        ASSERT(marked.count < MARKED_MAX);
        marked.items[marked.count++] = params[i];
    }
    return marked;
}

static struct marked
daemon_params(void)
{
    return marked_of(settings_daemon, settings_daemon_count);
}

static struct marked
global_params(void)
{
    return marked_of(settings_global, settings_global_count);
}

static struct global_settings
global_of(const struct config *config)
{
    return (struct global_settings){ .strict_mode = config->strict_mode, .loosen_seconds = config->loosen_seconds };
}

/* ---- As text ---- */

static void
write_holidays(const struct calendar *calendar, struct text *out)
{
    text_add(out, ", holidays: [");
    for (int32_t i = 0; i < calendar->count; i++) {
        const struct holiday *holiday = &calendar->holidays[i];
        char date[INSTANT_TEXT_MAX];
        instant_format(instant_add((struct instant){ 0 }, SPAN_SECONDS((int64_t)holiday->day * 86400)), date, sizeof date);
        text_addf(out, "%s{date: %.10s", i > 0 ? ", " : "", date);
        if (holiday->early_close >= 0)
            text_addf(out, ", early_close: \"%02d:%02d:%02d\"", (int)(holiday->early_close / 3600), (int)(holiday->early_close / 60 % 60),
                (int)(holiday->early_close % 60));
        text_add(out, "}");
    }
    text_add(out, "]");
}

void
house_write(const struct loaded_config *loaded, struct text *out)
{
    struct marked marked = daemon_params(), globals = global_params();
    struct global_settings global = global_of(&loaded->config);

    text_add(out, "{");
    hold_write_params(marked.items, marked.count, NULL, &loaded->daemon, "", out);
    text_add(out, ", global: {");
    hold_write_params(globals.items, globals.count, NULL, &global, "", out);
    text_add(out, "}");
    write_holidays(&loaded->config.calendar, out);
    text_add(out, "}");
}

/* ---- Comparing ---- */

static int32_t
compare_params(const struct marked *marked, const char *prefix, const void *old, const void *now, struct text *out)
{
    int32_t count = 0;

    for (size_t i = 0; i < marked->count; i++) {
        if (!loosen_param(&marked->items[i], old, now))
            continue;
        text_add(out, prefix);
        loosen_say(&marked->items[i], old, now, out);
        count++;
    }
    return count;
}

static const struct holiday *
holiday_at(const struct calendar *calendar, int32_t day)
{
    for (int32_t i = 0; i < calendar->count; i++)
        if (calendar->holidays[i].day == day)
            return &calendar->holidays[i];
    return NULL;
}

/* -1, closed all day, is the strictest and the smallest. */
static bool
holiday_is_looser(const struct holiday *old, const struct calendar *now)
{
    const struct holiday *other = holiday_at(now, old->day);

    return other == NULL || other->early_close > old->early_close;
}

static bool
calendar_is_looser(const struct calendar *old, const struct calendar *now)
{
    for (int32_t i = 0; i < old->count; i++)
        if (holiday_is_looser(&old->holidays[i], now))
            return true;
    return false;
}

int32_t
house_compare(const struct loaded_config *old, const struct loaded_config *new_one, struct text *out)
{
    struct marked marked = daemon_params(), globals = global_params();
    struct global_settings before = global_of(&old->config), after = global_of(&new_one->config);
    int32_t count = compare_params(&marked, "", &old->daemon, &new_one->daemon, out);

    count += compare_params(&globals, "global.", &before, &after, out);
    if (calendar_is_looser(&old->config.calendar, &new_one->config.calendar)) {
        text_add(out, "holidays.yaml: a day less, or a later close\n");
        count++;
    }
    return count;
}

/* ---- The merge ---- */

static void
copy_value(const struct param *param, void *to, const void *from)
{
    char *out = (char *)to + param->offset;
    const char *in = (const char *)from + param->offset;

    switch (param->kind) {
    case PARAM_FLAG: memcpy(out, in, sizeof(bool)); break;
    case PARAM_INT:
    case PARAM_MONEY: memcpy(out, in, sizeof(int64_t)); break;
    case PARAM_SECONDS: memcpy(out, in, sizeof(struct span)); break;
    case PARAM_CHOICE:
    case PARAM_TIME: memcpy(out, in, sizeof(int32_t)); break;
    case PARAM_ZONE: memcpy(out, in, sizeof(const struct zone *)); break;
    case PARAM_LIST:
        memcpy(out, in, (size_t)param->items_max * param->item_size);
        memcpy((char *)to + param->count_offset, (const char *)from + param->count_offset, sizeof(int32_t));
        break;
    default: ASSERT(param->looser == LOOSER_NEITHER); break; /* tests/unit/test_house.c: no row of these tables is of another kind. */
    }
}

/* What of @old is stricter, or, with @all, whatever is marked. */
static void
take_settings(struct loaded_config *loaded, const struct loaded_config *old, bool all)
{
    struct marked marked = daemon_params();

    for (size_t i = 0; i < marked.count; i++)
        if (all || loosen_param(&marked.items[i], &old->daemon, &loaded->daemon))
            copy_value(&marked.items[i], &loaded->daemon, &old->daemon);
    loaded->config.strict_mode = loaded->config.strict_mode || old->config.strict_mode;
    if (loaded->config.loosen_seconds < old->config.loosen_seconds)
        loaded->config.loosen_seconds = old->config.loosen_seconds;
}

/* Sorted by day, as it was. */
static void
take_holiday(struct calendar *calendar, const struct holiday *holiday)
{
    int32_t at = 0;

    while (at < calendar->count && calendar->holidays[at].day < holiday->day)
        at++;
    if (at == calendar->count || calendar->holidays[at].day != holiday->day) {
        if (calendar->count == HOLIDAYS_MAX)
            return; /* Of so many days the far ones are lost: today's is not among them for long. */
        memmove(&calendar->holidays[at + 1], &calendar->holidays[at], (size_t)(calendar->count - at) * sizeof *holiday);
        calendar->count++;
    }
    calendar->holidays[at] = *holiday;
}

static void
take_holidays(struct calendar *calendar, const struct calendar *old)
{
    for (int32_t i = 0; i < old->count; i++)
        if (holiday_is_looser(&old->holidays[i], calendar))
            take_holiday(calendar, &old->holidays[i]);
}

/* Would the reader of every configuration take what came out? */
static bool
goes_together(const struct loaded_config *loaded, const struct rule *const *no_rules)
{
    struct config_errors errors = { 0 };
    struct loaded_config *again = NULL;
    char *bytes = malloc(BLOCK_BYTES);

    if (bytes == NULL)
        return false;
    struct text text = text_on(bytes, BLOCK_BYTES);
    house_write(loaded, &text);
    bool fits = !text.truncated && config_from_scenario(bytes, text.length, NULL, 0, no_rules, &again, &errors) == OK;
    config_errors_fini(&errors);
    loaded_config_free(again);
    free(bytes);
    return fits;
}

void
house_merge(struct loaded_config *loaded, struct loaded_config *old)
{
    static const struct rule *const none[] = { NULL };

    hold_adopt(loaded, old); /* Its zone is pointed at. */
    take_settings(loaded, old, false);
    take_holidays(&loaded->config.calendar, &old->config.calendar);
    if (!goes_together(loaded, none)) {
        take_settings(loaded, old, true);
        loaded->config.calendar = old->config.calendar;
    }
    config_refill(loaded);
}
