/*
 * engine.c - what an event costs: hub invocation to finished update, on streams of shared/bench/gen_events.py.
 *
 * Decode and step on one thread, no I/O in the measured part: the file is read first.  Throughput is the best of several
 * passes without a clock between events; latencies are of one more pass with a clock read around each (some 25 ns of it).
 */
#include "engine_memory.h"

#include "base/assert.h"
#include "base/text.h"
#include "gateway/decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS 4096
#define PASSES 3
#define ACCOUNTS_MAX 100000

struct bench {
    char *bytes;
    size_t length;
    int32_t lines;
    int32_t accounts;
    int64_t first_id, last_id;
    struct engine *engine;
    struct instant now;
    uint64_t rows, requests; /* Requests of enforcement: must be none, limits are out of reach. */
    uint32_t *took_ns;       /* One per line, in the pass with clocks. */
    struct json_token tokens[TOKENS];
};

struct result {
    double per_second;
    uint32_t p50, p99, p999, max;
};

static void
fail(const char *what, const char *path)
{
    (void)fprintf(stderr, "bench_engine: %s: %s\n", path, what);
    exit(EXIT_FAILURE);
}

static void
read_stream(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        fail("cannot be read", path);
    bench->length = (size_t)size;
    bench->bytes = malloc(bench->length + 1);
    if (bench->bytes == NULL || fread(bench->bytes, 1, bench->length, file) != bench->length)
        fail("cannot be read", path);
    (void)fclose(file);
    for (size_t i = 0; i < bench->length; i++)
        bench->lines += bench->bytes[i] == '\n' ? 1 : 0;
}

static void
step(struct bench *bench, const struct event *event)
{
    struct update update;

    engine_step(bench->engine, event, &update);
    for (uint32_t i = 0; i < update.commands_count; i++)
        bench->requests += update.commands[i].kind < COMMAND_READ ? 1 : 0;
}

static void
on_row(void *context, const struct event *decoded)
{
    struct bench *bench = context;
    struct event event = *decoded;

    event.at = bench->now;
    bench->rows++;
    step(bench, &event);
}

static void
note_account(void *context, const struct event *event)
{
    struct bench *bench = context;
    int64_t id = decode_account_of(event);

    if (id == 0)
        return;
    bench->first_id = bench->first_id == 0 || id < bench->first_id ? id : bench->first_id;
    bench->last_id = id > bench->last_id ? id : bench->last_id;
}

/* One invocation; as the daemon does, deadlines that are due come first. */
static void
run_line(struct bench *bench, const char *line, size_t length, decode_sink *sink)
{
    struct signalr_message message;
    struct json json;
    char words[200];

    if (json_read(line, length, bench->tokens, TOKENS, &json, NULL) != OK ||
        !json_int64(&json, json_get(&json, 0, "t"), &bench->now.ns) || !signalr_read(&json, &message))
        fail("not an invocation", line);
    if (bench->engine != NULL && !instant_before(bench->now, engine_deadline(bench->engine)))
        step(bench, &(struct event){ .kind = EVENT_CLOCK, .at = bench->now });
    if (decode_invocation(&json, &message, bench->now, sink, bench, words, sizeof words) != DECODE_OK)
        fail("cannot be decoded", line);
}

static double
run_lines(struct bench *bench, decode_sink *sink, uint32_t *took_ns)
{
    const char *line = bench->bytes;
    int64_t start = bench_now_ns(), last = start;

    for (int32_t i = 0; i < bench->lines; i++) {
        size_t length = (size_t)((const char *)memchr(line, '\n', bench->length - (size_t)(line - bench->bytes)) - line);
        run_line(bench, line, length, sink);
        line += length + 1;
        if (took_ns != NULL) {
            int64_t now = bench_now_ns();
            took_ns[i] = (uint32_t)(now - last);
            last = now;
        }
    }
    return bench->lines / ((double)(bench_now_ns() - start) / 1e9);
}

static int
compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

static struct result
measure(struct bench *bench)
{
    struct result result = { 0 };
    struct loaded_config *loaded = bench_config(bench->first_id, bench->accounts);

    for (int32_t pass = 0; pass <= PASSES; pass++) {
        bench->engine = bench_engine(loaded, (struct instant){ bench->now.ns });
        double per_second = run_lines(bench, on_row, pass == PASSES ? bench->took_ns : NULL);
        if (pass < PASSES && per_second > result.per_second)
            result.per_second = per_second;
        engine_free(bench->engine);
        bench->engine = NULL;
        run_line(bench, bench->bytes, strcspn(bench->bytes, "\n"), note_account); /* Time back to the first line. */
    }
    loaded_config_free(loaded);
    qsort(bench->took_ns, (size_t)bench->lines, sizeof *bench->took_ns, compare);
    size_t count = (size_t)bench->lines;
    result.p50 = bench->took_ns[count / 2];
    result.p99 = bench->took_ns[count * 99 / 100];
    result.p999 = bench->took_ns[count * 999 / 1000];
    result.max = bench->took_ns[count - 1];
    return result;
}

static void
bench_stream(const char *path, bool json)
{
    struct bench *bench = calloc(1, sizeof *bench);

    if (bench == NULL)
        fail("no memory", path);
    read_stream(bench, path);
    bench->took_ns = calloc((size_t)bench->lines + 1, sizeof *bench->took_ns);
    if (bench->took_ns == NULL || bench->lines == 0)
        fail("no memory or no lines", path);
    (void)run_lines(bench, note_account, NULL);
    if (bench->last_id == 0 || bench->last_id - bench->first_id >= ACCOUNTS_MAX)
        fail("accounts are not numbered in a row", path);
    bench->accounts = (int32_t)(bench->last_id - bench->first_id + 1);
    run_line(bench, bench->bytes, strcspn(bench->bytes, "\n"), note_account);
    struct result result = measure(bench);
    printf(json ? "{\"stream\":\"%s\",\"accounts\":%" PRId32 ",\"events\":%" PRId32 ",\"events_per_second\":%.0f,\"p50_ns\":%" PRIu32
                  ",\"p99_ns\":%" PRIu32 ",\"p999_ns\":%" PRIu32 ",\"max_ns\":%" PRIu32 ",\"requests\":%" PRIu64 "}\n"
                : "%s: %" PRId32 " accounts, %" PRId32 " events: %.0f events/s, p50 %" PRIu32 " ns, p99 %" PRIu32 " ns, p99.9 %" PRIu32
                  " ns, max %" PRIu32 " ns; %" PRIu64 " requests\n",
        path, bench->accounts, bench->lines, result.per_second, result.p50, result.p99, result.p999, result.max, bench->requests);
    free(bench->took_ns);
    free(bench->bytes);
    free(bench);
}

static void
bench_memory(int32_t accounts, bool json)
{
    struct engine_memory memory = engine_memory_measure(accounts);

    printf(json ? "{\"accounts\":%" PRId32 ",\"engine_bytes_per_account\":%" PRId64 ",\"config_bytes_per_account\":%" PRId64 "}\n"
                : "%" PRId32 " accounts: %" PRId64 " bytes of engine and %" PRId64 " of configuration each\n",
        accounts, memory.engine_bytes / accounts, memory.config_bytes / accounts);
}

static void
bench_cost(bool json)
{
    enum { EVENTS = 1000000 };
    struct engine_load load = ENGINE_LOAD;
    double few = engine_memory_cost(&load, EVENTS);

    load.accounts = 10000;
    double many = engine_memory_cost(&load, EVENTS);
    printf(json ? "{\"ns_per_event_10\":%.0f,\"ns_per_event_10000\":%.0f,\"ratio\":%.2f}\n"
                : "step with 10 accounts %.0f ns, with 10000 %.0f ns: %.2f times\n", few, many, many / few);
}

static void
show_growth(const char *what, int32_t count, const struct engine_load *load)
{
    printf("{\"of\":\"%s\",\"count\":%" PRId32 ",\"ns_per_event\":%.1f}\n", what, count, engine_memory_cost(load, 400000));
}

/* Of one thing more, of all others as many as ever. */
static void
bench_growth(void)
{
    static const int32_t accounts[] = { 1, 10, 100, 1000, 10000 }, positions[] = { 1, 2, 4 }, orders[] = { 1, 10, 40 }, rules[] = { 1, 6, 12 };
    struct engine_load load = ENGINE_LOAD;

    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        load.accounts = accounts[i];
        show_growth("accounts", accounts[i], &load);
    }
    load = (struct engine_load)ENGINE_LOAD;
    for (size_t i = 0; i < COUNT_OF(positions); i++) {
        load.positions = positions[i];
        show_growth("positions of an account", positions[i], &load);
    }
    load = (struct engine_load)ENGINE_LOAD;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        load.orders = orders[i];
        show_growth("orders of a position", orders[i], &load);
    }
    load = (struct engine_load)ENGINE_LOAD;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        load.rules = rules[i];
        show_growth("rules", rules[i], &load);
    }
}

static void
bench_flat(void)
{
    enum { EVENTS = 10000000 };

    printf("{\"events\":%d,\"grown_bytes\":%" PRId64 "}\n", EVENTS, engine_memory_growth(EVENTS));
}

/* bench_engine [--json] (STREAM... | --memory ACCOUNTS | --cost | --growth | --flat): one kind a process, so that nobody pays for another's pages. */
int
main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    int first = json ? 2 : 1;

    if (first < argc && strcmp(argv[first], "--cost") == 0) {
        bench_cost(json);
        return EXIT_SUCCESS;
    }
    if (first < argc && strcmp(argv[first], "--growth") == 0) {
        bench_growth();
        return EXIT_SUCCESS;
    }
    if (first < argc && strcmp(argv[first], "--flat") == 0) {
        bench_flat();
        return EXIT_SUCCESS;
    }
    if (first + 1 < argc && strcmp(argv[first], "--memory") == 0) {
        long accounts = strtol(argv[first + 1], NULL, 10);
        if (accounts < 1 || accounts > ACCOUNTS_MAX)
            fail("1 to 100000 accounts", argv[first + 1]);
        bench_memory((int32_t)accounts, json);
        return EXIT_SUCCESS;
    }
    for (int i = first; i < argc; i++)
        bench_stream(argv[i], json);
    return first < argc ? EXIT_SUCCESS : EXIT_FAILURE;
}
