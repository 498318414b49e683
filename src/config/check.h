/*
 * check.h - what a single key's range cannot say: keys that must fit each other (CF-03).
 *
 * A rule's own keys are checked by the rule (struct rule, check).
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/bind.h"
#include "config/settings.h"
#include "core/config.h"
#include "core/rule.h"

/** Ascending waits, ping < silence, normal < enforce and the like.  @layers: the blocks the settings were read from. */
void check_settings(struct bind *bind, const struct daemon_settings *settings, const struct bind_layers *layers);

/** warn_percent < alert_percent. */
void check_global(struct bind *bind, const struct global_settings *global, const struct bind_layers *layers);

/**
 * A rule that repeats the daily reset (reset_time, timezone; RULE-003 to 005) must agree with it.
 * @config: the bound struct of @rule.
 */
void check_reset(struct bind *bind, const struct rule *rule, const void *config, const struct daemon_settings *settings,
    const struct bind_layers *layers);

/** The rule's own check; its message is put where the key it names stands. */
bool check_rule(struct bind *bind, const struct rule *rule, void *config, const struct bind_layers *layers);

#endif /* CONFIG_CHECK_H */
