/*
 * simulate.c - see simulate.h: the command line, seeds shared out to as many threads as there are processors, and the report.
 *
 * A world shares nothing with another but the rules' tables, so what a seed does is the same with any number of threads.  Of several seeds
 * that fail the first is reported.
 */
#include "trial/simulate.h"

#include "app/scratch.h"
#include "store/audit.h"
#include "trial/simulate_world.h"

#include <inttypes.h>
#include <string.h>
#include <uv.h>

#define SEED_DIGITS 18 /* Of a word given as a seed: all that fits. */
#define DAYS_MAX 10000
#define SEEDS_MAX 1000000
#define JOBS_MAX 64

static const char usage[] =
    "usage: riskctl simulate [--seed N|WORD] [--seeds COUNT] [--days D] [--accounts A] [--faults WHAT] [--store memory|sqlite]\n"
    "                        [--kill-at RECORD] [--trace FILE|-] [--jobs N] [--quiet]\n"
    "\n"
    "Runs D virtual days of exchange, traders, network, gateway client, engine and store in one process.  The same seed gives the same\n"
    "trace, to the byte.  A failing run prints the command that repeats it and its story.\n"
    "\n"
    "  --seed N|WORD     a number, or any word (a commit) that is made one; default 1\n"
    "  --seeds COUNT     so many seeds from there on; default 1\n"
    "  --days D          virtual days of each, default 1\n"
    "  --jobs N          seeds at the same time; default: the processors\n"
    "  --accounts A      accounts of one daemon, 1 to 100, default 6\n"
    "  --faults WHAT     none, storm (a mix by the seed, default), all, or names with commas:\n"
    "                    ";

struct options {
    struct simulate_options run;
    uint64_t seeds;
    int32_t jobs;
    const char *faults, *trace;
    bool quiet, sqlite;
};

struct totals {
    uint64_t runs, breaches, enforced, proven, alarms, requests, mutations, connects, kills, compared, orders, revenges, hash;
    uint64_t times[CHECK_TIMES], times_count;
    int64_t longest_ms, blind_ns, degraded_ns, requests_most, virtual_ns;
    int64_t recorded_blind_ns;
    uint64_t faults_of[STORM_KINDS], tokens;
};

/* The seeds of a run and what came of them; all but the options under the lock. */
struct crew {
    const struct options *options;
    uv_mutex_t lock;
    uint64_t next, end;            /* Seeds not begun yet: [next, end). */
    struct simulate_world *failed; /* Of the first seed that failed; NULL: none. */
    int status;                    /* Of the command. */
    struct totals totals;
};

static void
print_usage(FILE *out)
{
    fputs(usage, out);
    for (int i = 0; i < STORM_KINDS; i++)
        fprintf(out, "%s%s", storm_kind_name((enum storm_kind)i), i + 1 < STORM_KINDS ? "," : "\n");
}

static int
wrong(const char *what)
{
    fprintf(stderr, "riskctl simulate: %s\n", what);
    print_usage(stderr);
    return 2;
}

/* ---- The report ---- */

static void
add_up(struct totals *totals, const struct simulate_world *world)
{
    const struct simulate_check *check = &world->check;

    totals->runs++;
    totals->breaches += check->breaches;
    totals->enforced += check->enforced;
    totals->proven += check->proven;
    totals->alarms += check->alarms + check->gateway_alarms;
    totals->requests += world->wire.requests;
    totals->mutations += world->wire.mutations;
    totals->connects += world->wire.connects;
    totals->kills += check->kills;
    totals->compared += check->totals_compared;
    totals->orders += world->sim->crowd.orders;
    totals->revenges += world->sim->crowd.revenges;
    totals->hash += world->story.hash * (2 * world->options.seed + 1); /* In whatever order they end. */
    for (int i = 0; i < STORM_KINDS; i++)
        totals->faults_of[i] += world->storm.count[i];
    for (size_t i = 0; i < CHECK_TIMES; i++)
        totals->times[i] += check->times[i];
    totals->times_count += check->times_count;
    totals->longest_ms = check->longest_ms > totals->longest_ms ? check->longest_ms : totals->longest_ms;
    totals->blind_ns += check->blind_ns;
    totals->recorded_blind_ns += check->recorded_blind_ns;
    totals->tokens += world->sim->tokens.issued;
    totals->degraded_ns += check->degraded_ns;
    totals->requests_most = check->requests_most > totals->requests_most ? check->requests_most : totals->requests_most;
    totals->virtual_ns += instant_since(world->now, world->start).ns * world->options.accounts;
}

static void
print_trouble(const struct totals *totals)
{
    uint64_t all = 0;

    for (int i = 0; i < STORM_KINDS; i++)
        all += totals->faults_of[i];
    printf("  trouble     %" PRIu64 " injected, %" PRIu64 " kills; day totals compared %" PRIu64 " times\n", all, totals->kills, totals->compared);
    for (int i = 0; i < STORM_KINDS; i++)
        if (totals->faults_of[i] > 0)
            printf("              %6" PRIu64 " %s\n", totals->faults_of[i], storm_kind_name((enum storm_kind)i));
}

static void
print_totals(const struct totals *totals, uint64_t wall_ns, double cpu_seconds)
{
    struct simulate_check check = { .times_count = totals->times_count, .longest_ms = totals->longest_ms };
    double hours = (double)totals->virtual_ns / 3.6e12, seconds = (double)wall_ns / 1e9;

    memcpy(check.times, totals->times, sizeof check.times);
    printf("%" PRIu64 " runs, %.1f account-days, trace %016" PRIx64 "\n", totals->runs, hours / 24, totals->hash);
    printf("  traders     %" PRIu64 " orders, %" PRIu64 " in revenge\n", totals->orders, totals->revenges);
    printf("  breaches    %" PRIu64 " by the exchange's books, %" PRIu64 " made good; %" PRIu64 " enforcements proven, %" PRIu64 " alarms\n",
        totals->breaches, totals->enforced, totals->proven, totals->alarms);
    printf("  unanswered  %" PRIu64 " breaches; no close or order doubled, or the run had failed (ID-04)\n", totals->breaches - totals->enforced);
    printf("  to flat     p50 %" PRId64 " ms, p99 %" PRId64 " ms, longest %" PRId64 " ms, outages and closed markets included\n",
        simulate_check_time(&check, 500), simulate_check_time(&check, 990), totals->longest_ms);
    printf("  blind       %" PRId64 " s, %" PRId64 " s of it recorded as such, the rest as a gap after a kill; degraded %" PRId64 " s\n",
        totals->blind_ns / 1000000000, totals->recorded_blind_ns / 1000000000, totals->degraded_ns / 1000000000);
    printf("  requests    %" PRIu64 ", %" PRIu64 " of them orders, closes, cancels; at most %" PRId64 " in a minute; %" PRIu64 " hub connects, %" PRIu64
           " tokens\n",
        totals->requests, totals->mutations, totals->requests_most, totals->connects, totals->tokens);
    print_trouble(totals);
    printf("  speed       %.0f virtual account-hours per wall second (%.1f s), %.0f per second of a processor\n",
        hours / (seconds > 0 ? seconds : 1), seconds, hours / (cpu_seconds > 0 ? cpu_seconds : 1));
}

/* ---- Running ---- */

static void
print_failure(const struct options *options, const struct simulate_world *world)
{
    char kill[40] = "";

    if (options->run.kill_at != 0)
        (void)snprintf(kill, sizeof kill, " --kill-at %" PRIu64, options->run.kill_at);
    printf("seed %" PRIu64 " FAILED: %s\n", world->options.seed, world->failure);
    simulate_story_print(&world->story, stdout);
    printf("again: riskctl simulate --seed %" PRIu64 " --days %d --accounts %d --faults %s%s%s --trace -\n", world->options.seed,
        (int)options->run.days, (int)options->run.accounts, options->faults, options->sqlite ? " --store sqlite" : "", kill);
}

/* R-ALL-14: the enforcement log's chain is whole, whatever kills there were. */
static bool
check_ledger(struct simulate_world *world)
{
    struct audit_report report;
    struct error err;

    if (world->store == NULL)
        return true; /* Dead at the end. */
    if (audit_verify(world->store, NULL, &report, &err) != OK)
        simulate_world_fail(world, 0, "ledger: %s", err.text);
    else if (!report.intact || report.rows == 0)
        simulate_world_fail(world, 0, "ledger: %s", report.text);
    else
        printf("  %s\n", report.text);
    return !world->failed;
}

/* One seed from its beginning to its end.  STATUS_CONFIG and others: it did not even begin. */
static enum status
run_seed(const struct options *options, uint64_t seed, struct simulate_world **ret_world, struct error *err)
{
    struct simulate_options run = options->run;
    struct scratch *scratch = NULL;
    char database[600];

    run.seed = seed;
    if (options->sqlite) {
        if (scratch_new(&scratch, database, sizeof database, err) != OK)
            return err->status;
        run.database = database;
    }
    enum status status = simulate_world_new(&run, ret_world, err);
    if (status == OK && simulate_world_run(*ret_world) && options->sqlite)
        (void)check_ledger(*ret_world);
    if (status == OK && options->sqlite) { /* Before its file goes. */
        store_close((*ret_world)->store);
        (*ret_world)->store = NULL;
    }
    scratch_free(scratch);
    return status;
}

/* What has ended is counted and told; the caller has the lock. */
static void
take_result(struct crew *crew, struct simulate_world *world)
{
    add_up(&crew->totals, world);
    if (world->failed) {
        crew->end = crew->next; /* Those before it still end: one of them may fail too, and is the first then. */
        if (crew->failed != NULL && crew->failed->options.seed < world->options.seed) {
            simulate_world_free(world);
            return;
        }
        simulate_world_free(crew->failed);
        crew->failed = world;
        return;
    }
    if (!crew->options->quiet)
        printf("seed %" PRIu64 " held: %" PRIu64 " breaches, %" PRIu64 " lines, trace %016" PRIx64 "\n", world->options.seed,
            world->check.breaches, world->story.lines, world->story.hash);
    simulate_world_free(world);
}

static void
work(void *context)
{
    struct crew *crew = context;
    struct simulate_world *world;
    struct error err;

    uv_mutex_lock(&crew->lock);
    while (crew->next < crew->end) {
        uint64_t seed = crew->next++;
        uv_mutex_unlock(&crew->lock);
        enum status status = run_seed(crew->options, seed, &world, &err);
        uv_mutex_lock(&crew->lock);
        if (status == OK) {
            take_result(crew, world);
            continue;
        }
        printf("seed %" PRIu64 ": %s\n", seed, err.text);
        crew->status = 1;
        crew->end = crew->next;
    }
    uv_mutex_unlock(&crew->lock);
}

static double
cpu_seconds(void)
{
    uv_rusage_t used = { 0 };

    (void)uv_getrusage(&used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int
run_crew(struct crew *crew)
{
    uv_thread_t threads[JOBS_MAX];
    uint64_t began = uv_hrtime();
    int32_t count = 0, jobs = crew->options->jobs;

    if (uv_mutex_init(&crew->lock) != 0)
        return 1;
    while (count + 1 < jobs && uv_thread_create(&threads[count], work, crew) == 0)
        count++;
    work(crew);
    while (count > 0)
        (void)uv_thread_join(&threads[--count]);
    if (crew->failed != NULL) {
        print_failure(crew->options, crew->failed);
        simulate_world_free(crew->failed);
        crew->status = 1;
    }
    print_totals(&crew->totals, uv_hrtime() - began, cpu_seconds());
    uv_mutex_destroy(&crew->lock);
    return crew->status;
}

static int
run_all(struct options *options)
{
    if (options->trace != NULL && strcmp(options->trace, "-") != 0) {
        options->run.trace = fopen(options->trace, "w");
        if (options->run.trace == NULL)
            return wrong(options->trace);
    } else if (options->trace != NULL) {
        options->run.trace = stdout;
    }
    if (options->run.trace != NULL)
        options->jobs = 1; /* Seeds one after the other in it. */
    struct crew crew = { .options = options, .next = options->run.seed, .end = options->run.seed + options->seeds };
    int result = run_crew(&crew);
    if (options->run.trace != NULL && options->run.trace != stdout)
        (void)fclose(options->run.trace);
    return result;
}

/* ---- The command line ---- */

static bool
read_number(const char *text, int64_t least, int64_t most, int64_t *ret_number)
{
    return text_to_int64(text, strlen(text), ret_number) && *ret_number >= least && *ret_number <= most;
}

/* A number is itself; a word is a number too. */
static uint64_t
read_seed(const char *text)
{
    uint64_t seed = 14695981039346656037u;
    int64_t number;

    if (text_to_int64(text, strlen(text), &number) && number >= 0)
        return (uint64_t)number;
    for (; *text != '\0'; text++)
        seed = (seed ^ (unsigned char)*text) * 1099511628211u;
    return seed >> 8; /* Stays a number that the command line can read again. */
}

/* False: no such option, or a wrong value. */
static bool
read_option(struct options *options, const char *name, const char *value)
{
    int64_t number = 0;

    if (strcmp(name, "--seed") == 0)
        options->run.seed = read_seed(value);
    else if (strcmp(name, "--seeds") == 0 && read_number(value, 1, SEEDS_MAX, &number))
        options->seeds = (uint64_t)number;
    else if (strcmp(name, "--days") == 0 && read_number(value, 1, DAYS_MAX, &number))
        options->run.days = (int32_t)number;
    else if (strcmp(name, "--accounts") == 0 && read_number(value, 1, SIMULATE_ACCOUNTS_MAX, &number))
        options->run.accounts = (int32_t)number;
    else if (strcmp(name, "--jobs") == 0 && read_number(value, 1, JOBS_MAX, &number))
        options->jobs = (int32_t)number;
    else if (strcmp(name, "--kill-at") == 0 && read_number(value, 1, INT64_MAX, &number))
        options->run.kill_at = (uint64_t)number;
    else if (strcmp(name, "--faults") == 0)
        options->faults = value;
    else if (strcmp(name, "--trace") == 0)
        options->trace = value;
    else if (strcmp(name, "--store") == 0 && (strcmp(value, "memory") == 0 || strcmp(value, "sqlite") == 0))
        options->sqlite = strcmp(value, "sqlite") == 0;
    else
        return false;
    return true;
}

int
simulate_main(int argc, char **argv)
{
    struct options options = { .run = { .seed = 1, .days = 1, .accounts = 6 }, .seeds = 1, .faults = "storm" };
    struct error err;
    unsigned processors = uv_available_parallelism();

    options.jobs = processors < JOBS_MAX ? (int32_t)processors : JOBS_MAX;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--quiet") == 0)
            options.quiet = true;
        else if (i + 1 == argc || !read_option(&options, argv[i], argv[i + 1]))
            return wrong(argv[i]);
        else
            i++;
    }
    if (storm_plan_parse(options.faults, &options.run.plan, &err) != OK)
        return wrong(err.text);
    return run_all(&options);
}
