/*
 * value.h - one YAML value into one field, by its struct param; and back into text.
 *
 * Types are strict: a quoted number is text, "yes please" is no flag.  Money keeps its cents: no double anywhere.
 * PARAM_LIST, PARAM_MAP and PARAM_BLOCK are bind.c's.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/yaml.h"
#include "config/zones.h"
#include "core/param.h"

/* Why a value was refused. */
struct value_fault {
    const struct yaml_node *at; /* The value, or the one item of it that is wrong. */
    bool key;                   /* Not the item, its key is wrong. */
    char expected[CONFIG_EXPECTED_MAX];
};

#define VALUE_FAULTS_MAX 8 /* Of one value; a list with more wrong items has a wrong idea behind it. */

struct value_faults {
    int count;
    struct value_fault items[VALUE_FAULTS_MAX];
};

/**
 * Read @node into @field.  PARAM_LIMITS adds to what the field holds, later values replacing earlier ones; every other
 * kind replaces.  False: @faults has at least one; a field of one number or word is untouched, a list holds what was good.
 */
bool value_read(const struct param *param, const struct yaml_node *node, struct zones *zones, void *field,
    struct value_faults *faults);

/** true/false, yes/no, on/off; not quoted. */
bool value_is_flag(const struct yaml_node *node, bool *ret_value);

/** Calendar date "2026-12-25" that exists, to days since 1970. */
bool value_date(const char *text, int32_t *ret_days);

/** Does @node's key stand in @map before it already, in another case (es, ES)? */
bool value_is_repeated(const struct yaml_node *node, const struct yaml_node *map);

/** The parameter that tells @list's items apart, if the last of @count has the same value in it as one before; else NULL. */
const struct param *value_repeats_item(const struct param *list, const unsigned char *items, int32_t count);

/** What stands there, for a person: "\"five\"", "nothing", "a list". */
void value_found(const struct yaml_node *node, struct text *text);

/** What may stand there: "a whole number from 1 to 100". */
void value_expected(const struct param *param, struct text *text);

/** Canonical text of a field; the same for all spellings of one value.  PARAM_TEXT has none: its source text is used. */
void value_format(const struct param *param, const void *field, struct text *text);

/** An instrument's symbol, made upper case; false if it is none. */
bool value_symbol(const char *text, struct symbol *ret_symbol);

#endif /* CONFIG_VALUE_H */
