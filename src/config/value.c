/*
 * value.c - see value.h.
 */
#include "config/value.h"

#include "base/instant.h"
#include "base/money.h"
#include "base/zone.h"
#include "core/day.h"

#include <string.h>

#define SECONDS_CEILING INT64_C(4000000000) /* 127 years in nanoseconds still fit an int64. */
#define DAY_SECONDS 86400

static bool
refuse(struct value_faults *faults, const struct yaml_node *at, const char *expected)
{
    struct value_fault *fault;

    if (faults->count >= VALUE_FAULTS_MAX)
        return false;
    fault = &faults->items[faults->count++];
    fault->at = at;
    fault->key = false;
    (void)text_copy(fault->expected, sizeof fault->expected, expected);
    return false;
}

static bool
refuse_key(struct value_faults *faults, const struct yaml_node *at, const char *expected)
{
    int before = faults->count;

    (void)refuse(faults, at, expected);
    if (faults->count > before)
        faults->items[before].key = true;
    return false;
}

static bool
refuse_param(struct value_faults *faults, const struct yaml_node *at, const struct param *param)
{
    char expected[CONFIG_EXPECTED_MAX];
    struct text text = text_on(expected, sizeof expected);

    value_expected(param, &text);
    return refuse(faults, at, expected);
}

static bool
unbounded(const struct param *param)
{
    return param->min == 0 && param->max == 0;
}

static bool
in_range(const struct param *param, int64_t value)
{
    return unbounded(param) || (value >= param->min && value <= param->max);
}

bool
value_is_flag(const struct yaml_node *node, bool *ret_value)
{
    static const char *const yes[] = { "true", "yes", "on" };
    static const char *const no[] = { "false", "no", "off" };

    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        *ret_value = text_same(node->text, yes[i]);
        if (*ret_value || text_same(node->text, no[i]))
            return true;
    }
    return false;
}

/* "5", and "5.0" as JSON writers have it; never "5.5". */
static bool
read_whole(const struct yaml_node *node, int64_t *ret_value)
{
    const char *dot = strchr(node->text, '.');
    size_t length = dot != NULL ? (size_t)(dot - node->text) : node->length;

    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    if (dot != NULL && (dot[1] == 0 || strspn(dot + 1, "0") != strlen(dot + 1)))
        return false;
    return text_to_int64(node->text, length, ret_value);
}

static bool
read_int(const struct param *param, const struct yaml_node *node, int64_t *field)
{
    int64_t value;

    if (!read_whole(node, &value) || !in_range(param, value))
        return false;
    *field = value;
    return true;
}

static bool
read_money(const struct param *param, const struct yaml_node *node, int64_t *field)
{
    int64_t micros;

    if (node->kind != NODE_SCALAR || node->quoted || !money_parse(node->text, node->length, &micros))
        return false;
    if (micros < 0)
        micros = -micros; /* limit: -500 and 500 mean the same (RULE-003). */
    if (!in_range(param, micros))
        return false;
    *field = micros;
    return true;
}

static bool
read_seconds(const struct param *param, const struct yaml_node *node, struct span *field)
{
    int64_t max = param->max < SECONDS_CEILING ? param->max : SECONDS_CEILING;
    int64_t ns;

    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    if (!decimal_parse(node->text, node->length, 9, SECONDS_CEILING * NANOS_PER_UNIT, &ns))
        return false;
    if (!unbounded(param) && (ns < param->min * NANOS_PER_UNIT || ns > max * NANOS_PER_UNIT))
        return false;
    field->ns = ns;
    return true;
}

static bool
read_choice(const struct param *param, const struct yaml_node *node, int32_t *field)
{
    if (node->kind != NODE_SCALAR)
        return false;
    for (const struct choice *choice = param->choices; choice->word != NULL; choice++) {
        if (text_same(choice->word, node->text)) { /* R-ALL-17: in any case. */
            *field = choice->value;
            return true;
        }
    }
    return false;
}

static bool
two_digits(const char *text, int32_t *ret_value)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret_value = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

static bool
read_time(const struct yaml_node *node, int32_t *field)
{
    int32_t second;

    if (node->kind != NODE_SCALAR || !session_clock_parse(node->text, &second) || second >= DAY_SECONDS)
        return false;
    *field = second;
    return true;
}

bool
value_date(const char *text, int32_t *ret_days)
{
    int32_t century, year, month, day;
    int check_year, check_month, check_day;

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return false;
    if (!two_digits(text, &century) || !two_digits(text + 2, &year) || !two_digits(text + 5, &month) || !two_digits(text + 8, &day))
        return false;
    int64_t days = civil_to_days(century * 100 + year, month, day);
    civil_from_days(days, &check_year, &check_month, &check_day);
    *ret_days = (int32_t)days;
    /* February 30 is March 2, and month 13 next January: only a day that comes back as it was exists. */
    return days >= 0 && check_month == month && check_day == day && check_year == century * 100 + year;
}

bool
value_symbol(const char *text, struct symbol *ret_symbol)
{
    size_t length = strlen(text);

    if (length == 0 || length >= sizeof ret_symbol->text)
        return false;
    for (size_t i = 0; i <= length; i++) {
        char c = text[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (i < length && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
            return false;
        ret_symbol->text[i] = c;
    }
    return true;
}

static bool
has_symbol(const struct symbols *symbols, const char *text)
{
    for (int32_t i = 0; i < symbols->count; i++)
        if (text_same(symbols->items[i].text, text))
            return true;
    return false;
}

static bool
add_symbol(const struct yaml_node *node, bool words, struct symbols *field, struct value_faults *faults)
{
    struct symbol symbol = { { 0 } };

    if (words) {
        if (node->kind != NODE_SCALAR || node->length == 0 || !text_copy(symbol.text, sizeof symbol.text, node->text))
            return refuse(faults, node, "a word of at most 11 characters");
    } else if (node->kind != NODE_SCALAR || !value_symbol(node->text, &symbol)) {
        return refuse(faults, node, "a symbol such as ES or MNQ");
    }
    if (has_symbol(field, symbol.text))
        return true;
    if (field->count >= SYMBOLS_MAX)
        return refuse(faults, node, "at most 64 symbols");
    field->items[field->count++] = symbol;
    return true;
}

/* One word alone is a list of one. */
static bool
read_symbols(const struct param *param, const struct yaml_node *node, struct symbols *field, struct value_faults *faults)
{
    bool words = param->kind == PARAM_WORDS, fine = true;

    field->count = 0;
    if (node->kind == NODE_SCALAR && !yaml_node_is_null(node))
        return add_symbol(node, words, field, faults);
    if (node->kind != NODE_LIST)
        return refuse_param(faults, node, param);
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
        fine = add_symbol(item, words, field, faults) && fine;
    return fine;
}

static bool
set_limit(struct symbol_limits *field, const struct symbol *symbol, int32_t limit)
{
    int32_t at = 0;

    while (at < field->count && strcmp(field->items[at].symbol.text, symbol->text) != 0)
        at++;
    if (at >= SYMBOLS_MAX)
        return false;
    field->items[at].symbol = *symbol;
    field->items[at].limit = limit;
    if (at == field->count)
        field->count++;
    return true;
}

bool
value_is_repeated(const struct yaml_node *node, const struct yaml_node *map)
{
    for (const struct yaml_node *earlier = map->first; earlier != NULL && earlier != node; earlier = earlier->next)
        if (text_same(earlier->key, node->key))
            return true;
    return false;
}

const struct param *
value_repeats_item(const struct param *list, const unsigned char *items, int32_t count)
{
    const unsigned char *last = items + (size_t)(count - 1) * list->item_size;

    for (size_t k = 0; k < list->items_count; k++) {
        const struct param *param = &list->items[k];
        for (const unsigned char *item = items; param->unique && item < last; item += list->item_size)
            if (memcmp(item + param->offset, last + param->offset, sizeof(int64_t)) == 0)
                return param;
    }
    return NULL;
}

/* One "ES: 2". */
static bool
read_limit(const struct param *whole, const struct yaml_node *item, const struct yaml_node *map, struct symbol_limits *field,
    struct value_faults *faults)
{
    struct symbol symbol;
    int64_t limit;
    bool on;

    if (text_same(item->key, "enabled") && value_is_flag(item, &on)) /* R-ALL-17. */
        return on || refuse(faults, item, "true: this table cannot be turned off by itself");
    if (!value_symbol(item->key, &symbol))
        return refuse_key(faults, item, "a symbol such as ES or MNQ");
    if (value_is_repeated(item, map))
        return refuse_key(faults, item, "each symbol once, in whatever case");
    if (!read_int(whole, item, &limit))
        return refuse_param(faults, item, whole);
    return set_limit(field, &symbol, (int32_t)limit) || refuse_key(faults, item, "at most 64 symbols");
}

static bool
read_limits(const struct param *param, const struct yaml_node *node, struct symbol_limits *field, struct value_faults *faults)
{
    struct param whole = { .kind = PARAM_INT, .min = param->min, .max = unbounded(param) ? INT32_MAX : param->max };
    bool fine = true;

    if (node->kind != NODE_MAP)
        return refuse_param(faults, node, param);
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
        fine = read_limit(&whole, item, node, field, faults) && fine;
    return fine;
}

static bool
read_dates(const struct param *param, const struct yaml_node *node, struct dates *field, struct value_faults *faults)
{
    bool fine = true;

    field->count = 0;
    if (node->kind != NODE_LIST)
        return refuse_param(faults, node, param);
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (field->count >= HOLIDAYS_MAX)
            return refuse(faults, item, "at most 256 dates");
        if (item->kind == NODE_SCALAR && value_date(item->text, &field->days[field->count]))
            field->count++;
        else
            fine = refuse(faults, item, "a date such as 2026-12-25");
    }
    return fine;
}

static bool
read_zone(const struct param *param, const struct yaml_node *node, struct zones *zones, const struct zone **field,
    struct value_faults *faults)
{
    if (node->kind != NODE_SCALAR || yaml_node_is_null(node))
        return refuse_param(faults, node, param);
    const struct zone *zone = zones_get(zones, node->text);
    if (zone == NULL)
        return refuse_param(faults, node, param);
    *field = zone;
    return true;
}

static bool
read_text(const struct param *param, const struct yaml_node *node, void *field, struct value_faults *faults)
{
    if (node->kind == NODE_SCALAR && !yaml_node_is_null(node) && param->parse(node->text, field, NULL) == OK)
        return true;
    return refuse_param(faults, node, param);
}

static bool
read_simple(const struct param *param, const struct yaml_node *node, void *field)
{
    switch (param->kind) {
    case PARAM_FLAG:
        return value_is_flag(node, field);
    case PARAM_INT:
        return read_int(param, node, field);
    case PARAM_MONEY:
        return read_money(param, node, field);
    case PARAM_SECONDS:
        return read_seconds(param, node, field);
    case PARAM_CHOICE:
        return read_choice(param, node, field);
    case PARAM_TIME:
        return read_time(node, field);
    default:
        return false;
    }
}

bool
value_read(const struct param *param, const struct yaml_node *node, struct zones *zones, void *field, struct value_faults *faults)
{
    faults->count = 0;
    switch (param->kind) {
    case PARAM_SYMBOLS:
    case PARAM_WORDS:
        return read_symbols(param, node, field, faults);
    case PARAM_LIMITS:
        return read_limits(param, node, field, faults);
    case PARAM_DATES:
        return read_dates(param, node, field, faults);
    case PARAM_ZONE:
        return read_zone(param, node, zones, field, faults);
    case PARAM_TEXT:
        return read_text(param, node, field, faults);
    default:
        return read_simple(param, node, field) || refuse_param(faults, node, param);
    }
}
