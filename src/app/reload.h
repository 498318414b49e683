/*
 * reload.h - new rules without a restart (S-3, CF-05): read and compared in libuv's pool, taken over between two events.
 *
 *     loop                     pool
 *     reload_ask() ----------> read the files, check, hold back what is looser (pending.h), free the last configuration
 *     take over, tell <------- a complete configuration, or every mistake
 *
 * The loop does no more than one EVENT_CONFIG: 1,000 events a second go on meanwhile (issue 8; bench/run-reload).
 */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "app/guard.h"
#include "app/pending.h"

struct reload {
    const char *directory;         /* Of the files. */
    struct guard *guard;
    struct loaded_config **config; /* In force: the owner's, replaced here together with guard->config. */
    struct daemon_settings started; /* As riskd began with it, without its secrets: much of it is read only then. */
    struct pending pending;        /* The pool's while a reload is under way. */
    struct reload_work *work;      /* Under way, or NULL. */
    bool again;                    /* Asked for by nobody in particular meanwhile: it may have read the files too early. */
};

/* What came of it, for a person: problems, or what waits until when. */
typedef void (*reload_done)(void *context, enum status status, const char *text);

/** Compare the first configuration with what was in force.  @reload is zeroed but for directory, guard and config. */
void reload_init(struct reload *reload);

/** False: it hangs in the pool and must not be touched any more. */
MUST_USE bool reload_fini(struct reload *reload);

/** Tell what reload_init() found, now that there is a ledger.  @first: nothing was ever saved in it. */
void reload_tell_start(struct reload *reload, bool first);

/** @done NULL: nobody waits for it, and it comes in any case.  False: one is under way already. */
bool reload_ask(struct reload *reload, reload_done done, void *context);

/** Once a second: has the time of what waits come? */
void reload_tick(struct reload *reload);

/** What waits shall not come.  STATUS_REFUSED: nothing waits; STATUS_RETRY: a reload is under way. */
enum status reload_cancel(struct reload *reload, struct text *ret_text);

#endif /* APP_RELOAD_H */
