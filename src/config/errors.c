/*
 * errors.c - see errors.h.
 */
#include "config/errors.h"

#include <stdlib.h>
#include <string.h>

#define GROW_BY 8

void
config_errors_fini(struct config_errors *errors)
{
    free(errors->items);
    *errors = (struct config_errors){ 0 };
}

/* What several accounts share is read once for each. */
static bool
is_known(const struct config_errors *errors, const struct config_problem *problem)
{
    for (int32_t i = 0; i < errors->count; i++) {
        const struct config_problem *known = &errors->items[i];
        if (known->line == problem->line && known->column == problem->column && strcmp(known->file, problem->file) == 0 &&
            strcmp(known->key, problem->key) == 0 && strcmp(known->expected, problem->expected) == 0)
            return true;
    }
    return false;
}

void
config_errors_add(struct config_errors *errors, const struct config_problem *problem)
{
    if (is_known(errors, problem))
        return;
    if (errors->count >= CONFIG_ERRORS_MAX) {
        errors->dropped++;
        return;
    }
    if (errors->count % GROW_BY == 0) {
        size_t size = (size_t)(errors->count + GROW_BY) * sizeof *errors->items;
        struct config_problem *items = realloc(errors->items, size);
        if (items == NULL) {
            errors->dropped++; /* Still counted: a configuration with a problem is never taken for a good one. */
            return;
        }
        errors->items = items;
    }
    errors->items[errors->count++] = *problem;
}

static bool
goes_before(const struct config_problem *a, const struct config_problem *b)
{
    if (a->line != b->line)
        return a->line < b->line;
    return a->column < b->column;
}

/* Insertion sort: stable, few items, and files keep the order in which they were read. */
void
config_errors_sort(struct config_errors *errors)
{
    for (int32_t i = 1; i < errors->count; i++) {
        struct config_problem moved = errors->items[i];
        int32_t at = i;
        while (at > 0 && strcmp(errors->items[at - 1].file, moved.file) == 0 && goes_before(&moved, &errors->items[at - 1])) {
            errors->items[at] = errors->items[at - 1];
            at--;
        }
        errors->items[at] = moved;
    }
}

void
config_errors_format(const struct config_problem *problem, struct text *text)
{
    text_add(text, problem->file);
    if (problem->line > 0)
        text_addf(text, ":%d:%d", (int)problem->line, (int)problem->column);
    text_add(text, ": ");
    if (problem->key[0] != 0)
        text_addf(text, "%s: ", problem->key);
    text_addf(text, "found %s, expected %s", problem->found, problem->expected);
}

void
config_errors_print(const struct config_errors *errors, struct text *text)
{
    for (int32_t i = 0; i < errors->count; i++) {
        config_errors_format(&errors->items[i], text);
        text_add(text, "\n");
    }
    if (errors->dropped > 0)
        text_addf(text, "and %d more\n", (int)errors->dropped);
}
