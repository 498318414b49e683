/*
 * value_text.c - values and expectations as text; the other half of value.h.
 */
#include "base/instant.h"
#include "base/money.h"
#include "base/zone.h"
#include "config/value.h"

#include <string.h>

#define SHOWN_MAX 60 /* Of a value in a message. */

void
value_found(const struct yaml_node *node, struct text *text)
{
    if (node == NULL || yaml_node_is_null(node)) {
        text_add(text, "nothing");
    } else if (node->kind == NODE_LIST) {
        text_add(text, "a list");
    } else if (node->kind == NODE_MAP) {
        text_add(text, "a block");
    } else if (strstr(node->text, "://") != NULL && strchr(node->text, '@') != NULL) {
        text_add(text, "an address with a login (not shown)");
    } else {
        text_add(text, node->quoted ? "the text \"" : "\"");
        text_add_bytes(text, node->text, node->length < SHOWN_MAX ? node->length : SHOWN_MAX);
        text_add(text, node->length < SHOWN_MAX ? "\"" : "...\"");
    }
}

static void
add_decimal(struct text *text, int64_t value, int digits)
{
    char number[MONEY_TEXT_MAX];

    (void)decimal_format(value, digits, number, sizeof number);
    text_add(text, number);
}

static void
add_range(const struct param *param, const char *what, int digits, struct text *text)
{
    text_add(text, what);
    if (param->min == 0 && param->max == 0)
        return;
    if (param->max == INT64_MAX) {
        text_addf(text, ", at least %lld", (long long)param->min);
        return;
    }
    if (digits > 0 && param->min == 1) { /* The smallest step above zero. */
        text_add(text, " above 0, at most ");
    } else {
        text_add(text, " from ");
        add_decimal(text, param->min, digits);
        text_add(text, " to ");
    }
    add_decimal(text, param->max, digits);
}

static void
add_choices(const struct param *param, struct text *text)
{
    if (param->choices[1].word != NULL)
        text_add(text, "one of ");
    for (const struct choice *choice = param->choices; choice->word != NULL; choice++)
        text_addf(text, "%s%s", choice == param->choices ? "" : ", ", choice->word);
}

/* A line break is no value of any parser: it answers with what it wants. */
static void
add_parser_wish(const struct param *param, struct text *text)
{
    struct error err = { .status = OK };
    unsigned char scratch[512] = { 0 };

    if (param->parse("\n", scratch, &err) == OK) {
        text_add(text, "text");
        return;
    }
    const char *start = text_starts(err.text, "expected ") ? err.text + strlen("expected ") : err.text;
    const char *end = strstr(start, ", not \"");
    text_add_bytes(text, start, end != NULL ? (size_t)(end - start) : strlen(start));
}

void
value_expected(const struct param *param, struct text *text)
{
    switch (param->kind) {
    case PARAM_FLAG:
        text_add(text, "true or false");
        break;
    case PARAM_INT:
        add_range(param, "a whole number", 0, text);
        break;
    case PARAM_MONEY:
        add_range(param, "an amount in dollars", 6, text);
        break;
    case PARAM_SECONDS:
        add_range(param, "seconds", 0, text);
        break;
    case PARAM_CHOICE:
        add_choices(param, text);
        break;
    case PARAM_SYMBOLS:
        text_add(text, "a list of symbols such as [ES, MNQ]");
        break;
    case PARAM_WORDS:
        text_add(text, "a list of words");
        break;
    case PARAM_LIMITS:
        text_add(text, "a limit for each symbol such as {ES: 1, MNQ: 2}");
        break;
    case PARAM_ZONE:
        text_add(text, "a time zone such as America/Chicago");
        break;
    case PARAM_TIME:
        text_add(text, "a time of day such as 17:00");
        break;
    case PARAM_DATES:
        text_add(text, "a list of dates such as [2026-12-25]");
        break;
    case PARAM_LIST:
        text_add(text, "a list");
        break;
    case PARAM_MAP:
        text_add(text, "a block for each symbol");
        break;
    case PARAM_BLOCK:
        text_add(text, "a block");
        break;
    case PARAM_TEXT:
        add_parser_wish(param, text);
        break;
    }
}

static void
add_symbols(const struct symbols *symbols, struct text *text)
{
    text_add(text, "[");
    for (int32_t i = 0; i < symbols->count; i++)
        text_addf(text, "%s%s", i > 0 ? ", " : "", symbols->items[i].text);
    text_add(text, "]");
}

static void
add_limits(const struct symbol_limits *limits, struct text *text)
{
    text_add(text, "{");
    for (int32_t i = 0; i < limits->count; i++)
        text_addf(text, "%s%s: %d", i > 0 ? ", " : "", limits->items[i].symbol.text, (int)limits->items[i].limit);
    text_add(text, "}");
}

static void
add_dates(const struct dates *dates, struct text *text)
{
    text_add(text, "[");
    for (int32_t i = 0; i < dates->count; i++) {
        int year, month, day;
        civil_from_days(dates->days[i], &year, &month, &day);
        text_addf(text, "%s%04d-%02d-%02d", i > 0 ? ", " : "", year, month, day);
    }
    text_add(text, "]");
}

static void
add_choice(const struct param *param, int32_t value, struct text *text)
{
    for (const struct choice *choice = param->choices; choice->word != NULL; choice++) {
        if (choice->value == value) {
            text_add(text, choice->word);
            return;
        }
    }
}

void
value_format(const struct param *param, const void *field, struct text *text)
{
    int32_t second;

    switch (param->kind) {
    case PARAM_FLAG:
        text_add(text, *(const bool *)field ? "true" : "false");
        break;
    case PARAM_INT:
        text_addf(text, "%lld", (long long)*(const int64_t *)field);
        break;
    case PARAM_MONEY:
        add_decimal(text, *(const int64_t *)field, 6);
        break;
    case PARAM_SECONDS:
        add_decimal(text, ((const struct span *)field)->ns, 9);
        break;
    case PARAM_CHOICE:
        add_choice(param, *(const int32_t *)field, text);
        break;
    case PARAM_SYMBOLS:
    case PARAM_WORDS:
        add_symbols(field, text);
        break;
    case PARAM_LIMITS:
        add_limits(field, text);
        break;
    case PARAM_DATES:
        add_dates(field, text);
        break;
    case PARAM_ZONE:
        text_add(text, zone_name(*(const struct zone *const *)field));
        break;
    case PARAM_TIME:
        second = *(const int32_t *)field;
        text_addf(text, "\"%02d:%02d:%02d\"", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
        break;
    default:
        break;
    }
}
