/*
 * paper.h - a broker inside the process: keeps books, answers commands at once.  For scenarios and replay.
 *
 * It knows nothing of the wire and trusts nothing of the engine: what an answer says comes from its own books, which are
 * filled by the events of the file (paper_learn) and by its own executions.
 */
#ifndef TRIAL_PAPER_H
#define TRIAL_PAPER_H

#include "base/error.h"
#include "core/event.h"
#include "core/update.h"

enum paper_mode {
    PAPER_AUTO,          /* Executes and answers every request. */
    PAPER_SILENT,        /* Never answers anything. */
    PAPER_REFUSE_CLOSE,  /* Answers closes and reductions with an error, the rest as PAPER_AUTO. */
    PAPER_REFUSE_MODIFY, /* Likewise modifications. */
};

struct paper;

MUST_USE enum status paper_new(enum paper_mode mode, struct paper **ret_paper, struct error *err);
void paper_free(struct paper *paper);
/** "auto", "silent", "refuse_close", "refuse_modify"; false otherwise. */
bool paper_mode_parse(const char *word, enum paper_mode *ret_mode);

/** What happened at the broker by itself: positions, orders, trades, accounts, contracts, snapshots.  Other kinds are ignored. */
void paper_learn(struct paper *paper, const struct event *event);

/** A request arrives; it is carried out when paper_next() comes to it. */
void paper_command(struct paper *paper, const struct command *command);

/**
 * The next thing the broker says, at @at: an EVENT_ANSWER, the event its execution causes, or the EVENT_SNAPSHOT of a read.  False: it has
 * nothing more to say.  Arrays of @ret_event are borrowed until the next call.
 */
bool paper_next(struct paper *paper, struct instant at, struct event *ret_event);

/** Everything the books hold of an account, as after a restart. */
void paper_snapshot(struct paper *paper, int64_t account_id, struct instant at, struct event *ret_event);

/** An order of the books, or NULL. */
const struct order_row *paper_order(const struct paper *paper, int64_t order_id);

#endif /* TRIAL_PAPER_H */
