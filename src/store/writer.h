/*
 * writer.h - the thread that brings records to the store (S-9, MG-08, MG-09).
 *
 * All functions are called on the loop thread, none waits for the disk but the last.  Order is kept: whatever is durable, everything put
 * before it is durable too.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/sha256.h"
#include "store/store.h"

#include <uv.h>

struct writer;

struct writer_options {
    uv_loop_t *loop;
    struct store *store;       /* Borrowed, and the writer's alone until writer_flush_and_stop() has returned OK. */
    const char *spill_path;    /* Where records go when the queue is full; NULL: they stay in memory.  store_open() reads it back. */
    uint32_t queue_max;        /* Records kept in memory before they spill; 0: WRITER_QUEUE_MAX. */
    struct span batch;         /* Longest wait of a record that is no promise; 0: 5 s (MG-08). */
    struct span retry;         /* Between attempts while the database fails; 0: 5 s (MG-09). */
    void *context;
    /* Everything up to @ticket is durable.  On the loop thread; tickets rise, some may be passed over. */
    void (*on_synced)(void *context, uint64_t ticket);
    /* The database fails, or records spill (@solved false), or all is well again (true).  On the loop thread, once each. */
    void (*on_alarm)(void *context, bool solved, const char *text);
};

#define WRITER_QUEUE_MAX 4096

/** Start the thread.  @ret_writer set on success only; ends with writer_flush_and_stop(). */
MUST_USE enum status writer_new(const struct writer_options *options, struct writer **ret_writer, struct error *err);

/**
 * Take records over (copied).  Returns the ticket of the last one, or of the last ever put when @count is 0.
 *
 * A promise (record_is_promise) is committed as soon as the thread is free, together with all before it; others within the batch time.
 * Never fails and never drops: a full queue spills to the file, and should that fail too, memory grows.
 */
uint64_t writer_put(struct writer *writer, const struct record *records, uint32_t count);

/**
 * Between the two the thread is not woken: while sockets are served a close must not wait for it (on a busy machine waking it gives it our
 * core).  What was put meanwhile wakes it at the end.
 */
void writer_hold(struct writer *writer);
void writer_let_go(struct writer *writer);

/** The daemon is alive at @now; written within the batch time (struct restore's saved_at). */
void writer_beat(struct writer *writer, struct instant now);

/** Hash of the configuration in force, stored with every later record (CF-04). */
void writer_set_config_hash(struct writer *writer, const char *hash);

/** Prune the store in the background until nothing old is left (store_prune()); failing, it waits for the next call. */
void writer_prune(struct writer *writer, struct instant now, const struct store_retention *retention);

struct writer_status {
    uint64_t put, durable;   /* Last tickets. */
    uint32_t queued;         /* In memory. */
    uint64_t spilled;        /* In the spill file now. */
    bool failing;
    int64_t log_id;          /* The enforcement log's last durable row, 0: none, and the chain's hash there (S-11). */
    char log_head[SHA256_HEX_MAX];
};

struct writer_status writer_status(struct writer *writer);

/**
 * Commit everything, end the thread, tell on_synced the last time and free the writer; the loop has to run once more for its handle.
 * @bound: how long to try; a last try under way may take 3 s longer.
 * STATUS_RETRY: not all could be committed; what is left is in the spill file if that could be written (the text says).
 * STATUS_INTERNAL: likewise, and the thread hangs in the disk: the store must not be touched any more, the process has to end.
 */
MUST_USE enum status writer_flush_and_stop(struct writer *writer, struct span bound, struct error *err);

#endif /* STORE_WRITER_H */
