/*
 * faults.c - see faults.h.
 */
#include "sim/faults.h"

#include "base/assert.h"

#include <string.h>

static const struct {
    const char *name;
    enum fault_stage stage;
} kinds[FAULT_KINDS] = {
    [FAULT_CUT_REUSED] = { "cut_reused", FAULT_STAGE_HEAD },
    [FAULT_HOLD] = { "hold", FAULT_STAGE_HOLD },
    [FAULT_CUT_BEFORE] = { "cut_before", FAULT_STAGE_BODY },
    [FAULT_STATUS] = { "status", FAULT_STAGE_BODY },
    [FAULT_REFUSE] = { "refuse", FAULT_STAGE_BODY },
    [FAULT_CUT_AFTER_EXECUTE] = { "cut_after_execute", FAULT_STAGE_EXECUTED },
    [FAULT_CUT_MID_BODY] = { "cut_mid_body", FAULT_STAGE_EXECUTED },
    [FAULT_STATUS_AFTER_EXECUTE] = { "status_after_execute", FAULT_STAGE_EXECUTED },
    [FAULT_DELAY] = { "delay", FAULT_STAGE_EXECUTED },
    [FAULT_HANG] = { "hang", FAULT_STAGE_EXECUTED },
};

const char *
faults_kind_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

bool
faults_kind_parse(const char *name, enum fault_kind *ret_kind)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *ret_kind = (enum fault_kind)i;
            return true;
        }
    return false;
}

bool
faults_arm(struct faults *faults, const struct fault *fault)
{
    if (faults->count == COUNT_OF(faults->armed))
        return false;
    faults->armed[faults->count++] = *fault;
    return true;
}

void
faults_clear(struct faults *faults)
{
    faults->count = 0;
}

static bool
concerns(const struct fault *fault, const char *path)
{
    size_t length = strlen(path), end = strlen(fault->path);

    return strcmp(fault->path, "*") == 0 || (end <= length && strcmp(path + length - end, fault->path) == 0);
}

static void
use_up(struct faults *faults, size_t index)
{
    struct fault *fault = &faults->armed[index];

    if (fault->count == FAULT_FOR_EVER || --fault->count > 0)
        return;
    faults->count--;
    memmove(fault, fault + 1, (faults->count - index) * sizeof *fault);
}

bool
faults_goes_off(struct faults *faults, enum fault_stage stage, const char *path, struct chance *chance, struct fault *ret_fault)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->armed[i];
        if (kinds[fault->kind].stage != stage || !concerns(fault, path))
            continue;
        if (fault->after > 0) {
            fault->after--;
            continue;
        }
        if (chance_below(chance, 1000) >= fault->permille)
            continue;
        *ret_fault = *fault;
        use_up(faults, i);
        return true;
    }
    return false;
}
