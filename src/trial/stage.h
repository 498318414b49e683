/*
 * stage.h - engine, shell and in-process broker in virtual time: what scenarios and replay run in.
 *
 * Time passes only by events.  Every deadline is stepped at its own time and the broker answers it before the next one, so a run is
 * the same on any machine.
 */
#ifndef TRIAL_STAGE_H
#define TRIAL_STAGE_H

#include "core/engine.h"
#include "trial/paper.h"

struct stage;

struct stage_options {
    const struct config *config;   /* Borrowed. */
    enum paper_mode mode;
    const char *database;          /* Records go to this SQLite file, for stage_restart(); NULL: nowhere.  Borrowed. */
    void *context;
    /* What the engine asks for, as it asks. */
    void (*command)(void *context, const struct command *command);
    void (*record)(void *context, const struct record *record);
    void (*notice)(void *context, const struct notice *notice);
};

/** A new process on an empty or old database at @at.  Contracts and snapshots are the caller's to feed. */
MUST_USE enum status stage_new(const struct stage_options *options, struct instant at, struct stage **ret_stage,
    struct error *err);
void stage_free(struct stage *stage);

/** Deadlines up to the event, each answered; then the event itself.  The broker's answers to it wait for stage_answer(). */
void stage_event(struct stage *stage, const struct event *event);
/** Let the broker answer until it has nothing more to say.  False: it never ended (a loop between engine and broker). */
MUST_USE bool stage_answer(struct stage *stage);

/**
 * The process is killed at @at and started anew on the same database; the broker goes on unchanged and its books are
 * the first snapshot of each account.
 */
MUST_USE enum status stage_restart(struct stage *stage, struct instant at, struct error *err);

const struct engine *stage_engine(const struct stage *stage);
const struct paper *stage_paper(const struct stage *stage);

#endif /* TRIAL_STAGE_H */
