/*
 * replay.h - recorded hub events through today's or changed rules: what would have happened.
 */
#ifndef TRIAL_REPLAY_H
#define TRIAL_REPLAY_H

#include "trial/paper.h"

#include <stdint.h>

struct replay_options {
    const char *config;    /* Rules: a risk_config.yaml, or a JSON object as in a scenario's `config`. */
    const char *events;    /* One hub invocation a line, with its receive time t (ns, or ISO 8601). */
    const char *contracts; /* Metadata by id as JSON; NULL: contracts.json beside the events, if there is one. */
    enum paper_mode mode;  /* How the broker answers what the rules ask for. */
    bool json;             /* JSON lines instead of text. */
};

struct replay_totals {
    int64_t events, undecodable, breaches, commands, lockouts, warnings;
};

/**
 * Run the file, a line to stdout per breach, command, lockout and warning.  The accounts are those the events speak of; each starts
 * flat.  STATUS_CONFIG: a file cannot be read, or the configuration is wrong.
 */
MUST_USE enum status replay_run(const struct replay_options *options, struct replay_totals *ret_totals, struct error *err);

#endif /* TRIAL_REPLAY_H */
