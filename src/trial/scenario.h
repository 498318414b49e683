/*
 * scenario.h - runs the black-box cases of shared/scenarios/README.md (docs/testing.md has one).
 *
 * Each case goes through the real configuration reader, decoder, engine and shell; only the broker (trial/paper.h) and the clock are not
 * real.  A restart goes through the real store on disk.
 */
#ifndef TRIAL_SCENARIO_H
#define TRIAL_SCENARIO_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct scenario_options {
    bool json;       /* One JSON object per case instead of text for failures. */
    bool keep_going; /* Run on after a failing case. */
};

struct scenario_totals {
    int32_t passed, failed;
};

/**
 * Run all cases of a file (one JSON object per line); contracts.json beside it holds the metadata.  Failing cases are
 * printed to stdout with what was expected and got.  STATUS_CONFIG: the file cannot be read.  Adds to @totals.
 */
MUST_USE enum status scenario_run_file(const char *path, const struct scenario_options *options,
    struct scenario_totals *totals, struct error *err);

#endif /* TRIAL_SCENARIO_H */
