/*
 * scenario_case.h - one black-box case of scenarios/README.md.
 */
#ifndef TRIAL_SCENARIO_CASE_H
#define TRIAL_SCENARIO_CASE_H

#include "app/actions.h"

struct scenario_result {
    bool passed;
    struct actions expected, got; /* Sorted. */
    char problems[4096];          /* Checks that failed, one a line. */
};

/**
 * Run a case.
 *
 * @json       The case; node 0 is its object.
 * @contracts  contracts.json: an object of metadata rows by id.
 * @result     Overwritten, also on failure.  Large, not for the stack.
 *
 * A case whose actions are wrong returns OK with passed false; statuses are for cases that cannot be run.
 */
MUST_USE enum status scenario_case_run(const struct json *json, const struct json *contracts,
    struct scenario_result *result, struct error *err);

#endif /* TRIAL_SCENARIO_CASE_H */
