/*
 * holidays.c - holidays.yaml: days without a session, or with an early end (R-009-3).
 *
 *     holidays:
 *       - { date: 2026-12-25, name: Christmas }
 *       - { date: 2026-12-24, name: Christmas Eve, early_close: "12:15" }
 *
 * A plain date is taken too.  The result is sorted by day.
 */
#include "base/assert.h"
#include "config/build.h"

#include <stdio.h>
#include <string.h>

static enum status
parse_day(const char *text, void *field, struct error *err)
{
    if (!value_date(text, field))
        return error_set(err, STATUS_CONFIG, "expected a date such as 2026-12-25, not \"%s\"", text);
    return OK;
}

static enum status
parse_name(const char *text, void *field, struct error *err)
{
    if (strchr(text, '\n') != NULL || !text_copy(field, sizeof((struct holiday *)0)->name, text))
        return error_set(err, STATUS_CONFIG, "expected a name of at most 39 bytes, not \"%s\"", text);
    return OK;
}

const struct param holidays_params[] = {
    { .keys = "date", .help = "The day.", .kind = PARAM_TEXT, .offset = offsetof(struct holiday, day), .looser = LOOSER_LOWER,
        .parse = parse_day },
    { .keys = "name", .help = "What people call it.", .kind = PARAM_TEXT, .offset = offsetof(struct holiday, name), .looser = LOOSER_NEITHER,
        .value = "\"\"", .parse = parse_name },
    { .keys = "early_close", .help = "Time of day the session ends early; without it the day has no session.", .kind = PARAM_TIME,
        .offset = offsetof(struct holiday, early_close), .looser = LOOSER_HIGHER, .optional = true },
};
const size_t holidays_params_count = COUNT_OF(holidays_params);

static bool
read_item(struct build *build, const struct yaml_node *node, const char *path, struct holiday *ret_holiday)
{
    char record_path[CONFIG_KEY_MAX];
    struct bind_layers layers = { .count = 1, .items = { { node, path } } };
    struct bind_target target = { .params = holidays_params, .count = holidays_params_count, .out = ret_holiday, .path = record_path };

    if (node->kind == NODE_SCALAR && value_date(node->text, &ret_holiday->day)) {
        ret_holiday->early_close = -1;
        effective_add(build->effective, path, node->text, node);
        return true;
    }
    if (node->kind != NODE_MAP)
        return bind_refuse(&build->bind, node, path, NULL, "a date, or a block with date and name");
    (void)text_copy(record_path, sizeof record_path, path);
    return bind_params(&build->bind, &target, &layers) && bind_enabled(&build->bind, &layers, NULL, true);
}

/* Where a day belongs, or -1 if it is there already. */
static int32_t
place_for(const struct calendar *calendar, int32_t day)
{
    int32_t at = calendar->count;

    while (at > 0 && calendar->holidays[at - 1].day > day)
        at--;
    return at > 0 && calendar->holidays[at - 1].day == day ? -1 : at;
}

static void
insert(struct calendar *calendar, int32_t at, const struct holiday *holiday)
{
    size_t behind = (size_t)(calendar->count - at);

    memmove(&calendar->holidays[at + 1], &calendar->holidays[at], behind * sizeof *holiday);
    calendar->holidays[at] = *holiday;
    calendar->count++;
}

void
holidays_read(struct build *build, const struct yaml_node *list, const char *path)
{
    struct calendar *calendar = &build->loaded->config.calendar;
    int32_t index = 0;

    if (list->kind != NODE_LIST) {
        (void)bind_refuse(&build->bind, list, path, NULL, "a list of holidays");
        return;
    }
    for (const struct yaml_node *node = list->first; node != NULL; node = node->next, index++) {
        struct holiday holiday = { 0 };
        char item_path[CONFIG_KEY_MAX];
        (void)snprintf(item_path, sizeof item_path, "%.100s[%d]", path, (int)index);
        if (!read_item(build, node, item_path, &holiday))
            continue;
        int32_t at = place_for(calendar, holiday.day);
        if (at < 0)
            bind_problem(&build->bind, node, item_path, "this date a second time", "each date once");
        else if (calendar->count >= HOLIDAYS_MAX)
            bind_problem(&build->bind, node, item_path, "one holiday too many", "at most 256");
        else
            insert(calendar, at, &holiday);
    }
}
