/*
 * control_message.h - what riskctl may ask of riskd, as one line of JSON each way (S-19).
 *
 *     {"v":1,"command":"unlock","account_id":1001,"rule":3,"root":"","reason":"...","password":"..."}
 *     {"v":1,"ok":false,"code":"password","text":"wrong password","wait_s":30}
 *
 * One request a connection, one answer, closed.  A request is refused whole for a key or a type it does not know.
 */
#ifndef APP_CONTROL_MESSAGE_H
#define APP_CONTROL_MESSAGE_H

#include "app/password.h"
#include "base/text.h"
#include "core/limits.h"

#include <stdint.h>

#define CONTROL_VERSION 1
#define CONTROL_REQUEST_MAX 4096 /* Bytes of a line; every field escaped to the utmost fits. */
#define CONTROL_TEXT_MAX ((size_t)32 << 10) /* Of an answer: every problem of a configuration. */

enum control_command {
    CONTROL_STATUS,
    CONTROL_RELOAD,
    CONTROL_UNLOCK,
    CONTROL_FLATTEN,
    CONTROL_CANCEL, /* Looser rules that wait do not come. */
    CONTROL_AUTH, /* Is this the password?  The reason tells the ledger what for. */
    CONTROL_COMMANDS,
};

/* Why a request was not carried out; what riskctl makes its exit status of. */
enum control_code {
    CONTROL_DONE,
    CONTROL_FAILED,      /* Its text says why. */
    CONTROL_BAD_REQUEST, /* Not understood, or another version. */
    CONTROL_PASSWORD,    /* Missing, wrong, or too early after wrong ones. */
    CONTROL_FORBIDDEN,   /* Not an administrator. */
    CONTROL_BUSY,        /* Another password is being checked, or too many connections. */
    CONTROL_CODES,
};

struct control_request {
    enum control_command command;
    int64_t account_id; /* 0: all. */
    int32_t rule;       /* Unlock: 0: every lockout in the scope. */
    char root[ROOT_MAX];
    char reason[WHY_MAX];
    char password[PASSWORD_MAX]; /* "": none given.  Wipe it. */
};

struct control_reply {
    enum control_code code;
    int64_t wait_s;   /* CONTROL_PASSWORD: seconds until the next attempt counts. */
    const char *text; /* For a person. */
    const char *status; /* JSON of the status page, or NULL. */
};

const char *control_command_name(enum control_command command);
const char *control_code_name(enum control_code code);
/** False: there is no such code. */
bool control_code_parse(const char *name, enum control_code *ret_code);

/** STATUS_CORRUPT, STATUS_REFUSED (version), STATUS_CONFIG (a value).  On failure @ret_request holds no secret. */
MUST_USE enum status control_request_read(const char *bytes, size_t length, struct control_request *ret_request, struct error *err);
/** One line with its end. */
void control_request_write(const struct control_request *request, struct text *out);

/** One line with its end. */
void control_reply_write(const struct control_reply *reply, struct text *out);

#endif /* APP_CONTROL_MESSAGE_H */
