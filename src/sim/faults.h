/*
 * faults.h - scripted trouble: what goes wrong with which request, and how often.
 *
 * A fault is armed for a path and goes off at the stage of a request it belongs to:
 *
 *     head read      cut_reused   the connection served a request before: it dies, nothing is executed
 *     body read      hold         executed only after `ms`
 *                    cut_before   the connection dies, nothing is executed
 *                    status       answered `status` (429, 401, 502 ...), nothing is executed
 *                    refuse       answered success:false with `errorCode` and `message`, nothing is executed
 *     executed       cut_after_execute, cut_mid_body, status_after_execute
 *                    delay        answered after `ms` (events go out at once)
 *                    hang         never answered
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/chance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_MAX 64
#define FAULT_PATH_MAX 64
#define FAULT_MESSAGE_MAX 160
#define FAULT_FOR_EVER (-1)

enum fault_kind {
    FAULT_CUT_REUSED,
    FAULT_HOLD,
    FAULT_CUT_BEFORE,
    FAULT_STATUS,
    FAULT_REFUSE,
    FAULT_CUT_AFTER_EXECUTE,
    FAULT_CUT_MID_BODY,
    FAULT_STATUS_AFTER_EXECUTE,
    FAULT_DELAY,
    FAULT_HANG,
    FAULT_KINDS
};

enum fault_stage { FAULT_STAGE_HEAD, FAULT_STAGE_HOLD, FAULT_STAGE_BODY, FAULT_STAGE_EXECUTED };

struct fault {
    enum fault_kind kind;
    char path[FAULT_PATH_MAX]; /* End of the path, or "*". */
    int64_t count;             /* Times it goes off; FAULT_FOR_EVER. */
    int64_t after;             /* Requests it lets pass first. */
    int64_t permille;          /* Chance of each request; 1000 = always. */
    int64_t ms;
    int status;
    int error_code;
    char message[FAULT_MESSAGE_MAX]; /* "" = null. */
    int64_t retry_after_s;           /* Header with a status; 0 = none. */
    bool reset;                      /* A cut sends RST, not FIN. */
};

struct faults {
    struct fault armed[FAULTS_MAX];
    size_t count;
};

const char *faults_kind_name(enum fault_kind kind);
/** False: no such kind. */
bool faults_kind_parse(const char *name, enum fault_kind *ret_kind);
/** False: no room. */
bool faults_arm(struct faults *faults, const struct fault *fault);
void faults_clear(struct faults *faults);
/** The first armed fault of this stage for @path goes off, and is used up by one; false: none does. */
bool faults_goes_off(struct faults *faults, enum fault_stage stage, const char *path, struct chance *chance, struct fault *ret_fault);

#endif /* SIM_FAULTS_H */
