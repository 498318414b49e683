/*
 * consequence.h - what a rule will do when it is broken, in words for the screen that shows its gauge.
 */
#ifndef FEED_CONSEQUENCE_H
#define FEED_CONSEQUENCE_H

#include "base/text.h"
#include "core/rule.h"

#define CONSEQUENCE_MAX 160

/** "close all positions, lock until the daily reset".  @config is the rule's own struct, described by rule->params. */
void consequence_write(const struct rule *rule, const void *config, struct text *out);

#endif /* FEED_CONSEQUENCE_H */
