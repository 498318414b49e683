/*
 * store.c - what the loop pays for the disk: records put one by one, as the engine makes them, into a real database by the writer's thread.
 *
 * Printed as JSON: rows a second until all are durable, what a put costs the loop (p50, p99, max), and how long a promise takes to be durable
 * when the writer is idle.  Argument: a directory, where the database bench.db is made and left: a month of rows, the last of them now.
 */
#include "base/text.h"
#include "store/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 50000
#define PROMISES 300
#define MONTH_NS (INT64_C(30) * 86400 * 1000000000)

struct bench {
    uv_loop_t loop;
    struct writer *writer;
    uint64_t durable;
};

static uint64_t took[ROWS];
static int64_t began_ns; /* The first row's time. */

static void
on_synced(void *context, uint64_t ticket)
{
    ((struct bench *)context)->durable = ticket;
}

static void
on_alarm(void *context, bool solved, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "bench_store: %s%s\n", text, solved ? " (over)" : "");
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static struct record
make_record(enum record_kind kind, uint64_t number)
{
    struct record record = { .kind = kind, .at = { began_ns + (int64_t)number * (MONTH_NS / ROWS) }, .incident = number, .account_id = 1001, .rule = 3 };

    if (kind == RECORD_BREACH)
        (void)text_copy(record.u.breach.why, sizeof record.u.breach.why, "Daily loss limit: lost $603.05 of $500.00.");
    return record;
}

static void
wait_durable(struct bench *bench, uint64_t ticket)
{
    while (bench->durable < ticket)
        (void)uv_run(&bench->loop, UV_RUN_ONCE);
}

static void
put_many(struct bench *bench)
{
    uint64_t began = uv_hrtime(), ticket = 0;

    for (uint64_t i = 0; i < ROWS; i++) {
        struct record record = make_record(RECORD_BREACH, i);
        uint64_t before = uv_hrtime();
        ticket = writer_put(bench->writer, &record, 1);
        took[i] = uv_hrtime() - before;
        if (i % 64 == 0)
            (void)uv_run(&bench->loop, UV_RUN_NOWAIT);
    }
    wait_durable(bench, ticket);
    double seconds = (double)(uv_hrtime() - began) / 1e9;
    qsort(took, ROWS, sizeof took[0], compare);
    printf("{\"rows_per_second\":%.0f,\"put_ns_p50\":%" PRIu64 ",\"put_ns_p99\":%" PRIu64 ",\"put_ns_max\":%" PRIu64, ROWS / seconds, took[ROWS / 2],
        took[ROWS * 99 / 100], took[ROWS - 1]);
}

static void
put_promises(struct bench *bench)
{
    for (uint64_t i = 0; i < PROMISES; i++) {
        struct record record = make_record(RECORD_BREACH, ROWS + i);
        uint64_t before = uv_hrtime();
        wait_durable(bench, writer_put(bench->writer, &record, 1));
        took[i] = uv_hrtime() - before;
    }
    qsort(took, PROMISES, sizeof took[0], compare);
    printf(",\"durable_us_p50\":%.1f,\"durable_us_p99\":%.1f}\n", (double)took[PROMISES / 2] / 1000, (double)took[PROMISES * 99 / 100] / 1000);
}

int
main(int argc, char **argv)
{
    struct bench bench = { 0 };
    struct error err = { 0 };
    struct store *store = NULL;
    char path[512], spill[520];

    if (argc != 2) {
        (void)fputs("usage: bench_store DIRECTORY\n", stderr);
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/bench.db", argv[1]);
    (void)snprintf(spill, sizeof spill, "%s" STORE_SPILL_SUFFIX, path);
    began_ns = (int64_t)time(NULL) * 1000000000 - MONTH_NS;
    (void)uv_loop_init(&bench.loop);
    enum status status = store_open(&(struct store_options){ .path = path, .now = { began_ns } }, &store, &err);
    struct writer_options options = { .loop = &bench.loop, .store = store, .spill_path = spill, .queue_max = ROWS + PROMISES, .context = &bench,
        .on_synced = on_synced, .on_alarm = on_alarm };
    if (status == OK)
        status = writer_new(&options, &bench.writer, &err);
    if (status != OK) {
        (void)fprintf(stderr, "bench_store: %s\n", err.text);
        return EXIT_FAILURE;
    }
    put_many(&bench);
    put_promises(&bench);
    status = writer_flush_and_stop(bench.writer, SPAN_SECONDS(10), &err);
    (void)uv_run(&bench.loop, UV_RUN_NOWAIT);
    store_close(store);
    return status == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
