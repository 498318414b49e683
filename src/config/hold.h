/*
 * hold.h - an account's rules as text, and what of a looser change does not hold yet (issue 8).
 *
 * The text is a block as config_from_scenario() reads it, written by the rules' own tables: so the rules in force survive a restart and
 * an edited file, without a secret in them.
 */
#ifndef CONFIG_HOLD_H
#define CONFIG_HOLD_H

#include "config/load.h"

#define HOLD_NEXT_DAY INT64_MAX /* global.loosen as seconds to wait; 0: immediate. */

/** "next_day", "immediate", "delay:15m"; a struct param's parse and format functions of an int64_t. */
enum status hold_parse_wait(const char *text, void *field, struct error *err);
void hold_format_wait(const void *field, struct text *out);

/** The account's rules and what of daemon.yaml and `global` belongs to them, one line without its end. */
void hold_write(const struct config *config, const struct account_config *account, const struct rule *const *rules_table, struct text *out);

/** One value as its reader takes it; "none" where there is none. */
void hold_write_value(const struct param *param, const void *config, struct text *out);

/**
 * "key: value, block: {key: value}" of a table; with @old the stricter value of both structs.  @comma, then ", ", stands before each;
 * what is not there has no text.
 */
void hold_write_params(const struct param *params, size_t count, const void *old, const void *now, const char *comma, struct text *out);

/** Do two structs of the rule @param is of have other values there? */
bool hold_differs(const struct param *param, const void *a, const void *b);

/**
 * Make @loaded's account with @old's id as strict as @old is: each figure, switch or list that is looser has the old value.  @old was
 * read from hold_write()'s text and is @loaded's from here on, also on failure.  STATUS_CONFIG: the two do not go together, the
 * account then has all of its old rules; STATUS_LIMIT: no memory, likewise.
 */
enum status hold_merge(struct loaded_config *loaded, struct loaded_config *old, const struct rule *const *rules_table);

/** The text @part was read from lives as long as @loaded, which owns it from here on. */
void hold_adopt(struct loaded_config *loaded, struct loaded_config *part);

/**
 * The files watch @old's account no more: watch it with its old rules, by the login @username, which must be in them still.  @old is
 * @loaded's from here on, also on failure.  STATUS_REFUSED: nobody can log in for it.  STATUS_LIMIT: no memory.
 */
enum status hold_keep(struct loaded_config *loaded, struct loaded_config *old, const char *username);

#endif /* CONFIG_HOLD_H */
