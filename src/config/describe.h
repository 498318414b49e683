/*
 * describe.h - docs/configuration.md from the tables that also read the files (S-24).
 *
 * The page cannot fall behind the program: tests/unit/test_config.c compares.
 */
#ifndef CONFIG_DESCRIBE_H
#define CONFIG_DESCRIBE_H

#include "base/text.h"
#include "core/rule.h"

/** Write the whole page as Markdown.  @rules_table ends with NULL. */
void config_describe(const struct rule *const *rules_table, struct text *text);

#endif /* CONFIG_DESCRIBE_H */
