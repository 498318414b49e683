/*
 * writer.c - the thread between the loop and the disk.
 *
 *     writer_put ──► queue (ring, queue_max) ──► thread: one transaction per batch ──► on_synced
 *                      │ full                      ▲
 *                      └──► spill file ────────────┤
 *                             │ cannot be written  │
 *                             └──► overflow list ──┘      read in this order, so the order of tickets is kept
 *
 * Invariants, under the mutex: tickets rise by one; queue, spill file and overflow list hold the tickets (durable, put] without a gap; nothing
 * leaves them before the store has said that it is durable.  The store itself is touched by the thread only, without the mutex.
 * The batch being written is a copy, so that putting never waits for the disk.
 */
#include "store/writer.h"

#include "base/assert.h"
#include "base/text.h"
#include "os/os.h"
#include "store/audit.h"
#include "store/rows.h"
#include "store/spill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 256
#define SPILL_PATH_MAX 1100
#define STOPPING_RETRY_NS UINT64_C(250000000)
#define GRACE_NS UINT64_C(3000000000) /* A last try begun before the bound waits up to busy_timeout for a lock. */

enum trouble { TROUBLE_NONE, TROUBLE_TOLD, TROUBLE_NEW, TROUBLE_SOLVED };

struct writer {
    struct writer_options options;
    uv_thread_t thread;
    uv_async_t async;
    uv_mutex_t mutex;
    uv_cond_t wake;              /* For the thread: something to do. */
    bool held, due_wake;         /* writer_hold(); somebody wanted to wake the thread meanwhile. */
    uv_cond_t done;              /* For the stopping loop: the thread has ended. */
    struct store_entry *batch;   /* The thread's own. */
    struct store_entry *queue;   /* Ring. */
    uint32_t queue_max, first, count;
    struct spill spill;
    uint64_t spilled;            /* Entries in the file not yet durable. */
    struct rows overflow;        /* Entries after those of the spill file. */
    uint64_t put, durable;
    uint64_t promise;            /* Highest ticket of a promise. */
    uint64_t told;               /* Loop thread: last ticket given to on_synced. */
    uint64_t oldest_ns;          /* uv_hrtime() when the first of the waiting was put; 0: nothing waits. */
    struct instant beat;
    enum trouble trouble;
    bool failing;                /* The last write failed. */
    bool pruning;                /* Old rows are left. */
    struct instant prune_now;
    struct store_retention retention;
    bool stopping, ended;
    uint64_t deadline_ns;        /* Of stopping. */
    char trouble_text[ERROR_TEXT_MAX];
    char config_hash[CONFIG_HASH_MAX];
    int64_t log_id;
    char log_head[SHA256_HEX_MAX];
};

/* ---- Loop thread: taking records. ---- */

static void
fill(const struct writer *writer, struct store_entry *entry, const struct record *record)
{
    entry->ticket = writer->put;
    memcpy(entry->config_hash, writer->config_hash, sizeof entry->config_hash);
    entry->record = *record;
}

static void
raise_trouble(struct writer *writer, const char *text)
{
    if (writer->trouble == TROUBLE_TOLD || writer->trouble == TROUBLE_NEW)
        return;
    writer->trouble = TROUBLE_NEW;
    (void)text_copy(writer->trouble_text, sizeof writer->trouble_text, text);
    (void)uv_async_send(&writer->async);
}

/* True if the entry is in the file. */
static bool
spill_entry(struct writer *writer, const struct store_entry *entry)
{
    struct error err;
    char text[ERROR_TEXT_MAX];

    if (writer->options.spill_path == NULL)
        return false;
    if (writer->spill.file < 0 && spill_open(&writer->spill, writer->options.spill_path, &err) != OK)
        return false;
    if (spill_append(&writer->spill, entry, &err) != OK)
        return false;
    writer->spilled++;
    (void)snprintf(text, sizeof text, "The database does not keep up: records go to %.400s.", writer->options.spill_path);
    raise_trouble(writer, text);
    return true;
}

/*
 * Queue, file, list: each only while the ones behind it are empty, or the order would be lost.  Into the queue it is copied once: a close may wait
 * for this.
 */
static void
take(struct writer *writer, const struct record *record)
{
    struct store_entry entry;

    if (writer->overflow.count == 0 && writer->spilled == 0 && writer->count < writer->queue_max) {
        fill(writer, &writer->queue[(writer->first + writer->count++) % writer->queue_max], record);
        return;
    }
    memset(&entry, 0, sizeof entry); /* Its gaps may go to a file. */
    fill(writer, &entry, record);
    if (writer->overflow.count == 0 && spill_entry(writer, &entry))
        return;
    struct store_entry *kept = rows_add(&writer->overflow);
    ASSERT(kept != NULL); /* No memory, no disk: restart and rebuild from the broker. */
    *kept = entry;
    raise_trouble(writer, "The database does not keep up and its spill file cannot be written: records are held in memory.");
}

/* Under the mutex. */
static void
wake(struct writer *writer)
{
    writer->due_wake = writer->held;
    if (!writer->held)
        uv_cond_signal(&writer->wake);
}

void
writer_hold(struct writer *writer)
{
    uv_mutex_lock(&writer->mutex);
    writer->held = true;
    uv_mutex_unlock(&writer->mutex);
}

void
writer_let_go(struct writer *writer)
{
    uv_mutex_lock(&writer->mutex);
    writer->held = false;
    if (writer->due_wake)
        wake(writer);
    uv_mutex_unlock(&writer->mutex);
}

uint64_t
writer_put(struct writer *writer, const struct record *records, uint32_t count)
{
    uv_mutex_lock(&writer->mutex);
    ASSERT(!writer->stopping);
    for (uint32_t i = 0; i < count; i++) {
        writer->put++;
        if (record_is_promise(records[i].kind))
            writer->promise = writer->put;
        take(writer, &records[i]);
    }
    if (count > 0 && writer->oldest_ns == 0)
        writer->oldest_ns = uv_hrtime();
    uint64_t ticket = writer->put;
    wake(writer);
    uv_mutex_unlock(&writer->mutex);
    return ticket;
}

void
writer_beat(struct writer *writer, struct instant now)
{
    uv_mutex_lock(&writer->mutex);
    writer->beat = instant_max(writer->beat, now);
    if (writer->oldest_ns == 0)
        writer->oldest_ns = uv_hrtime();
    wake(writer);
    uv_mutex_unlock(&writer->mutex);
}

void
writer_set_config_hash(struct writer *writer, const char *hash)
{
    uv_mutex_lock(&writer->mutex);
    (void)text_copy(writer->config_hash, sizeof writer->config_hash, hash);
    uv_mutex_unlock(&writer->mutex);
}

void
writer_prune(struct writer *writer, struct instant now, const struct store_retention *retention)
{
    uv_mutex_lock(&writer->mutex);
    writer->pruning = true;
    writer->prune_now = now;
    writer->retention = *retention;
    uv_cond_signal(&writer->wake);
    uv_mutex_unlock(&writer->mutex);
}

struct writer_status
writer_status(struct writer *writer)
{
    uv_mutex_lock(&writer->mutex);
    struct writer_status status = { .put = writer->put, .durable = writer->durable,
        .queued = writer->count + writer->overflow.count, .spilled = writer->spilled, .failing = writer->failing,
        .log_id = writer->log_id };
    memcpy(status.log_head, writer->log_head, sizeof status.log_head);
    uv_mutex_unlock(&writer->mutex);
    return status;
}

/* ---- The thread. ---- */

/* The next entries in ticket order, copied; they stay where they are until they are durable.  True: they are in the spill file. */
static bool
copy_batch(struct writer *writer, uint32_t *ret_count)
{
    uint32_t count = 0;

    if (writer->count == 0 && writer->spilled > 0)
        return true;
    if (writer->count > 0) {
        for (; count < BATCH_MAX && count < writer->count; count++)
            writer->batch[count] = writer->queue[(writer->first + count) % writer->queue_max];
    } else {
        for (; count < BATCH_MAX && count < writer->overflow.count; count++)
            writer->batch[count] = *(const struct store_entry *)rows_at(&writer->overflow, count);
    }
    *ret_count = count;
    return false;
}

/* Without the mutex: the loop appends behind what is read here. */
static enum status
read_spilled(struct spill *spill, uint64_t spilled, struct store_entry *batch, uint32_t *ret_count, struct error *err)
{
    uint32_t count = 0;

    while (count < BATCH_MAX && count < spilled && spill_read(spill, &batch[count]))
        count++;
    *ret_count = count;
    return count > 0 ? OK : error_set(err, STATUS_RETRY, "spill file: cannot be read back");
}

/* What copy_batch() gave is durable. */
static void
drop_batch(struct writer *writer, uint32_t count, bool from_spill)
{
    if (from_spill) {
        spill_skip(&writer->spill, count);
        writer->spilled -= count;
        if (writer->spilled == 0)
            spill_clear(&writer->spill);
    } else if (writer->count > 0) {
        writer->first = (writer->first + count) % writer->queue_max;
        writer->count -= count;
        if (writer->count == 0)
            writer->first = 0; /* Pages a burst never reached stay untouched, i.e. cost no memory (S-8). */
    } else {
        rows_drop_first(&writer->overflow, count);
    }
}

/* When there will be work; UINT64_MAX: not before somebody wakes us. */
static uint64_t
due_ns(const struct writer *writer, uint64_t now_ns, uint64_t retry_at_ns)
{
    uint64_t due = UINT64_MAX;

    if (writer->oldest_ns == 0)
        return due;
    due = writer->oldest_ns + (uint64_t)writer->options.batch.ns;
    if (writer->promise > writer->durable || writer->put - writer->durable >= BATCH_MAX || writer->stopping)
        due = now_ns;
    return due > retry_at_ns ? due : retry_at_ns;
}

static void
note_success(struct writer *writer, const struct store_batch *batch, bool from_spill, uint64_t started_ns)
{
    if (batch->count > 0) {
        drop_batch(writer, batch->count, from_spill);
        writer->durable += batch->count;
    }
    /* What is left came while we wrote, or is a backlog that due_ns() sees. */
    bool empty = writer->durable == writer->put && writer->beat.ns == batch->beat.ns;
    writer->oldest_ns = empty ? 0 : started_ns;
    writer->failing = false;
    if (writer->spilled == 0 && writer->overflow.count == 0) {
        if (writer->trouble == TROUBLE_TOLD)
            writer->trouble = TROUBLE_SOLVED;
        else if (writer->trouble == TROUBLE_NEW)
            writer->trouble = TROUBLE_NONE;
    }
    (void)uv_async_send(&writer->async);
}

static void
note_failure(struct writer *writer, const struct error *err)
{
    char text[ERROR_TEXT_MAX];

    writer->failing = true;
    (void)snprintf(text, sizeof text, "The database cannot be written; enforcement goes on from memory: %.380s", err->text);
    raise_trouble(writer, text);
}

/* One transaction.  Called and left with the mutex held. */
static bool
write_one(struct writer *writer)
{
    struct error err = { 0 };
    struct store_batch batch = { .entries = writer->batch, .beat = writer->beat };
    bool from_spill = copy_batch(writer, &batch.count);
    struct spill reading = writer->spill;
    uint64_t spilled = writer->spilled, started_ns = uv_hrtime();
    int64_t log_id = 0;
    char head[SHA256_HEX_MAX] = "";
    enum status status = OK;

    uv_mutex_unlock(&writer->mutex);
    if (from_spill)
        status = read_spilled(&reading, spilled, writer->batch, &batch.count, &err);
    if (status == OK)
        status = store_write(writer->options.store, &batch, &err);
    if (status == OK)
        (void)audit_head(writer->options.store, &log_id, head);
    uv_mutex_lock(&writer->mutex);
    if (status == OK) {
        writer->log_id = log_id;
        memcpy(writer->log_head, head, sizeof head);
        note_success(writer, &batch, from_spill, started_ns);
    } else {
        note_failure(writer, &err);
    }
    return status == OK;
}

/* One small transaction; records go first.  Called and left with the mutex held. */
static void
prune_some(struct writer *writer)
{
    struct store_retention retention = writer->retention;
    struct instant now = writer->prune_now;
    struct error ignored; /* What stays too long hurts nobody; a failing database is met, and told, by the records. */
    bool more = false;

    writer->pruning = false;
    uv_mutex_unlock(&writer->mutex);
    enum status status = store_prune(writer->options.store, now, &retention, &more, &ignored);
    uv_mutex_lock(&writer->mutex);
    writer->pruning = writer->pruning || (status == OK && more); /* Or asked for anew meanwhile. */
}

/* While stopping the next try comes soon, whatever the usual pause. */
static uint64_t
pause_ns(const struct writer *writer)
{
    uint64_t pause = (uint64_t)writer->options.retry.ns;

    return writer->stopping && pause > STOPPING_RETRY_NS ? STOPPING_RETRY_NS : pause;
}

static void
run(void *argument)
{
    struct writer *writer = argument;
    uint64_t failed_ns = 0;

    uv_mutex_lock(&writer->mutex);
    for (;;) {
        uint64_t now_ns = uv_hrtime();
        uint64_t due = due_ns(writer, now_ns, failed_ns != 0 ? failed_ns + pause_ns(writer) : 0);
        if (writer->stopping && (due == UINT64_MAX || now_ns >= writer->deadline_ns))
            break;
        if (writer->stopping && due > writer->deadline_ns)
            due = writer->deadline_ns;
        if (due > now_ns && writer->pruning && !writer->stopping)
            prune_some(writer);
        else if (due == UINT64_MAX)
            uv_cond_wait(&writer->wake, &writer->mutex);
        else if (due > now_ns)
            (void)uv_cond_timedwait(&writer->wake, &writer->mutex, due - now_ns);
        else
            failed_ns = write_one(writer) ? 0 : uv_hrtime();
    }
    writer->ended = true;
    uv_cond_signal(&writer->done);
    uv_mutex_unlock(&writer->mutex);
}

/* ---- Loop thread: telling. ---- */

static void
tell_news(struct writer *writer)
{
    char text[ERROR_TEXT_MAX];

    uv_mutex_lock(&writer->mutex);
    uint64_t durable = writer->durable;
    enum trouble trouble = writer->trouble;
    memcpy(text, writer->trouble_text, sizeof text);
    if (trouble == TROUBLE_NEW)
        writer->trouble = TROUBLE_TOLD;
    else if (trouble == TROUBLE_SOLVED)
        writer->trouble = TROUBLE_NONE;
    uv_mutex_unlock(&writer->mutex);

    if (durable > writer->told) {
        writer->told = durable;
        if (writer->options.on_synced != NULL)
            writer->options.on_synced(writer->options.context, durable);
    }
    if (writer->options.on_alarm == NULL)
        return;
    if (trouble == TROUBLE_NEW)
        writer->options.on_alarm(writer->options.context, false, text);
    else if (trouble == TROUBLE_SOLVED)
        writer->options.on_alarm(writer->options.context, true, "The database is written again; nothing was lost.");
}

static void
on_async(uv_async_t *async)
{
    tell_news(async->data);
}

/* ---- Life. ---- */

static void
free_writer(struct writer *writer)
{
    spill_close(&writer->spill);
    rows_fini(&writer->overflow);
    free(writer->batch);
    free(writer->queue);
    free(writer);
}

static void
set_defaults(struct writer *writer)
{
    struct writer_options *options = &writer->options;

    writer->queue_max = options->queue_max > 0 ? options->queue_max : WRITER_QUEUE_MAX;
    if (options->batch.ns <= 0)
        options->batch = SPAN_SECONDS(5);
    if (options->retry.ns <= 0)
        options->retry = SPAN_SECONDS(5);
}

enum status
writer_new(const struct writer_options *options, struct writer **ret_writer, struct error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);

    if (writer == NULL)
        return error_set(err, STATUS_LIMIT, "writer: no memory");
    writer->options = *options;
    set_defaults(writer);
    spill_init(&writer->spill);
    writer->overflow.item_size = sizeof(struct store_entry);
    writer->batch = calloc(BATCH_MAX, sizeof *writer->batch);
    writer->queue = calloc(writer->queue_max, sizeof *writer->queue);
    writer->put = writer->durable = writer->told = store_last_ticket(options->store);
    (void)audit_head(options->store, &writer->log_id, writer->log_head);
    if (writer->batch == NULL || writer->queue == NULL) {
        free_writer(writer);
        return error_set(err, STATUS_LIMIT, "writer: no memory");
    }
    int failed = uv_async_init(options->loop, &writer->async, on_async);
    ASSERT(failed == 0); /* Fails only on a broken loop. */
    writer->async.data = writer;
    failed = uv_mutex_init(&writer->mutex) != 0 || uv_cond_init(&writer->wake) != 0 || uv_cond_init(&writer->done) != 0;
    ASSERT(!failed);
    failed = uv_thread_create(&writer->thread, run, writer);
    ASSERT(failed == 0); /* A daemon that cannot have its second thread cannot run. */
    *ret_writer = writer;
    return OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct writer *writer = handle->data;

    uv_cond_destroy(&writer->wake);
    uv_cond_destroy(&writer->done);
    uv_mutex_destroy(&writer->mutex);
    free_writer(writer);
}

/* Entries of one place, in order, into the new file. */
static enum status
spill_all(struct writer *writer, struct spill *to, struct error *err)
{
    struct spill from = writer->spill;
    enum status status = OK;

    for (uint32_t i = 0; status == OK && i < writer->count; i++)
        status = spill_append(to, &writer->queue[(writer->first + i) % writer->queue_max], err);
    for (uint64_t i = 0; status == OK && i < writer->spilled; i++) {
        struct store_entry entry;
        if (!spill_read(&from, &entry))
            return error_set(err, STATUS_RETRY, "spill file: cannot be read back");
        status = spill_append(to, &entry, err);
    }
    for (uint32_t i = 0; status == OK && i < writer->overflow.count; i++)
        status = spill_append(to, rows_at(&writer->overflow, i), err);
    return status;
}

/* What could not be committed, as one file in the order of tickets, for the next store_open(). */
static enum status
spill_rest(struct writer *writer, struct error *err)
{
    char path[SPILL_PATH_MAX];
    struct spill rest;

    spill_init(&rest);
    if (writer->options.spill_path == NULL ||
        (size_t)snprintf(path, sizeof path, "%s.rest", writer->options.spill_path) >= sizeof path)
        return error_set(err, STATUS_RETRY, "no spill file");
    enum status status = spill_open(&rest, path, err);
    if (status == OK)
        status = spill_all(writer, &rest, err);
    spill_close(&rest);
    if (status == OK && writer->ended) /* All of it is copied, and Windows renames onto no file that is open. */
        spill_close(&writer->spill);
    return status == OK ? os_rename_durably(path, writer->options.spill_path, err) : status;
}

static enum status
report_rest(struct writer *writer, struct error *err)
{
    uint64_t left = writer->put - writer->durable;
    struct error why = { 0 };

    if (left == 0)
        return OK;
    if (spill_rest(writer, &why) == OK)
        return error_set(err, STATUS_RETRY, "%" PRIu64 " records could not be committed; they are in %s and will be at the next "
            "start", left, writer->options.spill_path);
    return error_set(err, STATUS_RETRY, "%" PRIu64 " records could not be committed and are lost: %.200s", left, why.text);
}

enum status
writer_flush_and_stop(struct writer *writer, struct span bound, struct error *err)
{
    uint64_t bound_ns = bound.ns > 0 ? (uint64_t)bound.ns : 0;
    struct error why = { 0 };

    uv_mutex_lock(&writer->mutex);
    writer->stopping = true;
    writer->deadline_ns = uv_hrtime() + bound_ns;
    uv_cond_signal(&writer->wake);
    uint64_t give_up_ns = writer->deadline_ns + GRACE_NS, now_ns = uv_hrtime();
    while (!writer->ended && now_ns < give_up_ns) {
        (void)uv_cond_timedwait(&writer->done, &writer->mutex, give_up_ns - now_ns);
        now_ns = uv_hrtime();
    }
    bool ended = writer->ended;
    enum status status = report_rest(writer, &why);
    uv_mutex_unlock(&writer->mutex);
    tell_news(writer);
    if (!ended) {
        /* The thread hangs in the disk and may still use all of this: it stays until the process ends. */
        uv_unref((uv_handle_t *)&writer->async);
        return error_set(err, STATUS_INTERNAL, "the disk does not answer: %s", status == OK ?
            "all was committed" : why.text);
    }
    int failed = uv_thread_join(&writer->thread);
    ASSERT(failed == 0);
    uv_close((uv_handle_t *)&writer->async, on_closed);
    return status == OK ? OK : error_set(err, status, "%s", why.text);
}
