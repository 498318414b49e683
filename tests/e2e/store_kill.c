/*
 * store_kill.c - kill -9 at any instant loses nothing that was acknowledged (S-2, S-9; resilience.md 7: db_power_cut).
 *
 *     store_kill [rounds] [seed]
 *
 * Each round a child opens the database, puts promises as fast as it can and prints every acknowledged ticket; the parent kills it at a random
 * moment, then demands: every acknowledged record is in the log, integrity_check says ok, the chain verifies, no file had to be set
 * aside.  Every other round the child's queue is so small that it spills.  A database lives for ten rounds.
 */
#include "base/text.h"
#include "store/audit.h"
#include "store/writer.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE_MAX_US 60000
#define ROUNDS_PER_DATABASE 10
#define AHEAD 600          /* Records the child has under way at most. */
#define START ((struct instant){ INT64_C(1795249800000000000) })

/* ---- The child. ---- */

struct child {
    struct writer *writer;
    uint64_t put, synced;
};

static void
on_synced(void *context, uint64_t ticket)
{
    struct child *child = context;
    char line[32];
    int length = snprintf(line, sizeof line, "%" PRIu64 "\n", ticket);

    child->synced = ticket;
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
}

/* Its incident is its ticket. */
static struct record
promise(uint64_t ticket)
{
    struct record record = { .kind = RECORD_BREACH, .at = START, .incident = ticket, .account_id = 7, .rule = 3 };

    if (ticket % 5 == 0) {
        record.kind = RECORD_LOCKOUT_SET;
        record.u.lockout = (struct lockout){ .account_id = 7, .rule = (int32_t)(ticket % 12) + 1, .kind = LOCK_FLAT,
            .end = LOCK_UNTIL_ADMIN, .since = START, .until = INSTANT_NEVER, .incident = ticket };
    } else if (ticket % 7 == 0) {
        record.kind = RECORD_ALARM; /* No promise: rides with the next one. */
    }
    return record;
}

static void
on_idle(uv_idle_t *idle)
{
    struct child *child = idle->data;

    while (child->put - child->synced < AHEAD) {
        struct record record = promise(child->put + 1);
        uint64_t ticket = writer_put(child->writer, &record, 1);
        if (ticket != child->put + 1)
            _exit(4);
        child->put = ticket;
    }
}

static int
run_child(const char *path, uint32_t queue_max)
{
    struct child child = { 0 };
    struct store *store;
    struct error err = { 0 };
    char spill[300], line[40];
    uv_loop_t loop;
    uv_idle_t idle;

    if (store_open(&(struct store_options){ .path = path, .now = START }, &store, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    (void)snprintf(spill, sizeof spill, "%s" STORE_SPILL_SUFFIX, path);
    const struct writer_options options = { .loop = &loop, .store = store, .spill_path = spill, .queue_max = queue_max,
        .context = &child, .on_synced = on_synced };
    if (uv_loop_init(&loop) != 0 || writer_new(&options, &child.writer, &err) != OK)
        return 2;
    child.put = child.synced = store_last_ticket(store);
    int length = snprintf(line, sizeof line, "%" PRIu64 "\n", child.put); /* The first line: where it begins. */
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        return 2;
    (void)uv_idle_init(&loop, &idle);
    idle.data = &child;
    (void)uv_idle_start(&idle, on_idle);
    return uv_run(&loop, UV_RUN_DEFAULT);
}

/* ---- The parent. ---- */

struct round {
    uint64_t first, last; /* Acknowledged: first..last; none if last < first. */
};

static uint32_t
random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)*seed * limit) >> 32);
}

static pid_t
start_child(const char *program, const char *path, bool small, int *ret_output)
{
    int ends[2];

    if (pipe(ends) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl(program, program, "child", path, small ? "32" : "4096", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    *ret_output = ends[0];
    return pid;
}

/* Three of four children are left to open the database first, however slow the machine; the others may die while opening. */
static void
wait_for_life(int output, int round)
{
    struct pollfd begun = { .fd = output, .events = POLLIN };

    if (round % 4 != 0)
        (void)poll(&begun, 1, 30000);
}

/* Only whole lines count: one cut by the kill was not heard. */
static bool
read_acks(int output, struct round *ret_round)
{
    FILE *file = fdopen(output, "r");
    char line[40];
    int lines = 0;

    *ret_round = (struct round){ 1, 0 };
    while (file != NULL && fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        uint64_t ticket = strtoull(line, NULL, 10);
        if (lines++ == 0)
            ret_round->first = ticket + 1;
        ret_round->last = ticket;
    }
    if (file != NULL)
        (void)fclose(file);
    return lines > 0;
}

static int64_t
count(sqlite3 *handle, uint64_t first, uint64_t last)
{
    sqlite3_stmt *statement = NULL;
    int64_t found = -1;

    if (sqlite3_prepare_v2(handle, "SELECT COUNT(DISTINCT incident) FROM enforcement_log WHERE incident BETWEEN ? AND ?", -1, &statement,
            NULL) == SQLITE_OK && sqlite3_bind_int64(statement, 1, (int64_t)first) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 2, (int64_t)last) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        found = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return found;
}

static bool
is_sound(sqlite3 *handle)
{
    sqlite3_stmt *statement = NULL;
    bool sound = sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

    (void)sqlite3_finalize(statement);
    return sound;
}

/* Empty when all is well, else what is not. */
static void
check(const char *path, const struct round *rounds, int rounds_count, uint64_t *replayed, char *out, size_t out_size)
{
    struct audit_report report;
    struct store *store = NULL;
    struct restore restore;
    struct error err = { 0 };
    sqlite3 *handle = NULL;
    struct text text = text_on(out, out_size);

    if (store_open(&(struct store_options){ .path = path, .now = START }, &store, &err) != OK) {
        text_add(&text, err.text);
        return;
    }
    *replayed += store_report(store)->spilled_replayed;
    if (store_report(store)->set_aside || store_load(store, START, &restore, &err) != OK)
        text_addf(&text, "%s %s", store_report(store)->text, err.text);
    if (audit_verify(store, NULL, &report, &err) != OK || !report.intact)
        text_addf(&text, "%s %s", report.text, err.text);
    if (sqlite3_open(path, &handle) != SQLITE_OK || !is_sound(handle))
        text_add(&text, "integrity_check is not ok");
    for (int i = 0; i < rounds_count; i++) {
        int64_t wanted = (int64_t)(rounds[i].last - rounds[i].first + 1), found;
        if (rounds[i].last >= rounds[i].first && (found = count(handle, rounds[i].first, rounds[i].last)) != wanted)
            text_addf(&text, "round %d: of %" PRId64 " acknowledged records %" PRId64 " are there ", i + 1, wanted, found);
    }
    (void)sqlite3_close(handle);
    store_close(store);
}

static int
run_parent(const char *program, int rounds_count, uint32_t seed)
{
    char directory[] = "/tmp/store_kill_XXXXXX", path[64] = "", command[64], wrong[1024] = "";
    struct round *rounds = calloc((size_t)rounds_count, sizeof *rounds);
    uint64_t acknowledged = 0, replayed = 0;
    int heard = 0;

    if (rounds == NULL || mkdtemp(directory) == NULL)
        return 2;
    printf("%d rounds, seed %u\n", rounds_count, seed);
    for (int i = 0; i < rounds_count && wrong[0] == 0; i++) {
        uint32_t life_us = random_below(&seed, LIFE_MAX_US);
        struct timespec life = { .tv_nsec = (long)life_us * 1000 };
        int output, first = i - i % ROUNDS_PER_DATABASE;
        (void)snprintf(path, sizeof path, "%s/%d.db", directory, first);
        pid_t pid = start_child(program, path, i % 2 == 1, &output);
        if (pid < 0)
            return 2;
        wait_for_life(output, i);
        (void)nanosleep(&life, NULL);
        (void)kill(pid, SIGKILL);
        heard += read_acks(output, &rounds[i]);
        (void)waitpid(pid, NULL, 0);
        check(path, rounds + first, i + 1 - first, &replayed, wrong, sizeof wrong);
        acknowledged += rounds[i].last >= rounds[i].first ? rounds[i].last - rounds[i].first + 1 : 0;
    }
    free(rounds);
    printf("%d children had begun, %" PRIu64 " records acknowledged, %" PRIu64 " unacknowledged ones came back from spill files%s%s\n",
        heard, acknowledged, replayed, wrong[0] != 0 ? ": " : "", wrong);
    if (wrong[0] == 0) {
        (void)snprintf(command, sizeof command, "rm -r %s", directory);
        if (system(command) != 0)
            return 2;
    }
    /* Too few would show nothing. */
    return wrong[0] == 0 && heard >= rounds_count / 2 && acknowledged > 0 && replayed > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "child") == 0)
        return run_child(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    return run_parent(argv[0], argc > 1 ? atoi(argv[1]) : 100, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : (uint32_t)time(NULL));
}
