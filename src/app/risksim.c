/*
 * risksim.c - the command line of the simulated gateway.
 */
#include "app/version.h"
#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "os/os.h"
#include "sim/control.h"
#include "sim/gateway_server.h"
#include "sim/script.h"

#include <getopt.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define ACCOUNTS_MAX 1024
#define FIRST_BALANCE (50000 * MICROS_PER_DOLLAR)
#define FAULT_LINE_MAX 4096
#define PATH_SIZE 1024
#define KEY_VARIABLE "RISKSIM_API_KEY"

static const char usage[] =
    "usage: risksim --cert FILE --key FILE --account ID:NAME [...]\n"
    "\n"
    "A simulated ProjectX gateway on loopback: REST and both SignalR hubs over TLS, an order engine with brackets and money,\n"
    "a market, scripted traders, scripted faults.  Nothing it does is real.\n"
    "\n"
    "  --cert FILE, --key FILE  certificate and private key, PEM\n"
    "  --bind ADDRESS           a loopback address (default 127.0.0.1)\n"
    "  --port N                 0: any (default); the port is printed\n"
    "  --ready-file FILE        the port is written there once it listens\n"
    "  --user NAME              who may log in (default: anybody)\n"
    "  --api-key-file FILE      with which key, first line; or the environment variable " KEY_VARIABLE "\n"
    "  --login NAME:FILE:ID[,ID...]  instead of --user: NAME logs in with the key in FILE and has these accounts (repeatable)\n"
    "  --account ID:NAME[:BALANCE]  an account (repeatable); balance in dollars (default 50000)\n"
    "  --seed N                 ids, the walk, chances (default 1)\n"
    "  --walk on|off            prices walk at random four times a second (default on); off: they move by /sim/price only\n"
    "  --walk-ms N              how often (default 250)\n"
    "  --fill-ms N              market order to fill (default 8)\n"
    "  --child-ms N             fill to working bracket (default 20)\n"
    "  --token-seconds N        life of a token (default 86400)\n"
    "  --faults FILE            trouble by the clock, a line each: {\"at\": 20, \"every\": 30, \"times\": 10, \"permille\": 500,\n"
    "                           \"path\": \"/sim/hub/drop\", \"body\": {\"hub\": \"user\", \"how\": \"rst\"}}: seconds after the start, then so\n"
    "                           often, with that chance, what a POST of the body to the path does\n"
    "  --trader crowd           each account has a trader: scalper, revenge, averager, stop mover, breaker, bracket, in turn\n"
    "  --trader demo|none       the demo trader breaks a rule every interval, once a client listens to its accounts:\n"
    "                           RULE-001 in the first, RULE-011 in the second, RULE-003 in the last (default none)\n"
    "  --trader-interval-ms N   (default 4000)\n"
    "  --trader-size N          contracts that are too many (default 6)\n"
    "  --trader-loss DOLLARS    loss that is too large (default 600)\n"
    "  --trader-blocked ID      contract that is blocked (default CON.F.US.CLE.V26)\n"
    "  --version, --help\n"
    "\n"
    "Control, JSON over the same port, without authentication (docs/risksim.md):\n";

struct options {
    struct sim_options sim;
    struct gateway_server_options server;
    struct traders_options trader;
    int64_t fill_ms, child_ms;
    const char *ready_file, *faults_file;
    bool crowd;
    const char *accounts[ACCOUNTS_MAX];
    size_t accounts_count;
    char api_key[SIM_CREDENTIAL_MAX];
    struct logins logins;
};

static volatile sig_atomic_t stopping;

static void
stop(int number)
{
    (void)number;
    stopping = 1;
}

/* ---- Options ---- */

static int
complain(const char *option, const char *value)
{
    fprintf(stderr, "risksim: --%s: %s is not possible; see --help\n", option, value);
    return EXIT_USAGE;
}

static bool
read_number(const char *text, int64_t least, int64_t most, int64_t *ret_value)
{
    return text_to_int64(text, strlen(text), ret_value) && *ret_value >= least && *ret_value <= most;
}

/* The first line of a file; @key holds SIM_CREDENTIAL_MAX. */
static bool
read_key(const char *path, char *key)
{
    FILE *file = fopen(path, "r");
    bool fine = file != NULL && fgets(key, SIM_CREDENTIAL_MAX, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (fine)
        key[strcspn(key, "\r\n")] = '\0';
    return fine && key[0] != '\0';
}

/* NAME:FILE:ID[,ID...] */
static bool
read_login(struct options *options, const char *value)
{
    char user[SIM_CREDENTIAL_MAX], path[PATH_SIZE], key[SIM_CREDENTIAL_MAX];
    const char *file = strchr(value, ':'), *ids = file != NULL ? strchr(file + 1, ':') : NULL;

    if (ids == NULL || !text_copy_bytes(user, sizeof user, value, (size_t)(file - value)) ||
        !text_copy_bytes(path, sizeof path, file + 1, (size_t)(ids - file - 1)))
        return false;
    bool good = read_key(path, key) && logins_add(&options->logins, user, key, ids + 1);
    secret_wipe(key, sizeof key);
    return good;
}

static bool
read_word(const char *value, const char *yes, const char *no, bool *ret_yes)
{
    *ret_yes = strcmp(value, yes) == 0;
    return *ret_yes || strcmp(value, no) == 0;
}

static const struct option names[] = {
    { "cert", required_argument, NULL, 'c' }, { "key", required_argument, NULL, 'k' },
    { "bind", required_argument, NULL, 'b' }, { "port", required_argument, NULL, 'p' },
    { "ready-file", required_argument, NULL, 'r' }, { "user", required_argument, NULL, 'u' }, { "login", required_argument, NULL, 'l' },
    { "api-key-file", required_argument, NULL, 'K' }, { "account", required_argument, NULL, 'a' },
    { "seed", required_argument, NULL, 's' }, { "walk", required_argument, NULL, 'w' }, { "walk-ms", required_argument, NULL, 'W' },
    { "fill-ms", required_argument, NULL, 'f' }, { "child-ms", required_argument, NULL, 'C' },
    { "token-seconds", required_argument, NULL, 't' }, { "trader", required_argument, NULL, 'T' },
    { "trader-interval-ms", required_argument, NULL, 'I' }, { "trader-size", required_argument, NULL, 'S' },
    { "faults", required_argument, NULL, 'F' },
    { "trader-loss", required_argument, NULL, 'L' }, { "trader-blocked", required_argument, NULL, 'B' },
    { "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
};

/* True: understood. */
static bool
take_number(struct options *options, int letter, const char *value)
{
    int64_t number = 0;
    bool fine = letter == 'L' ? money_parse(value, strlen(value), &number) && number > 0
                              : read_number(value, letter == 's' || letter == 'p' || letter == 'f' || letter == 'C' ? 0 : 1,
                                    letter == 'p' ? 65535 : INT64_C(1000000000), &number);

    switch (letter) {
    case 'p':
        options->server.port = (int)number;
        break;
    case 's':
        options->sim.seed = (uint64_t)number;
        break;
    case 'f':
        options->fill_ms = number;
        break;
    case 'C':
        options->child_ms = number;
        break;
    case 't':
        options->sim.token_life = SPAN_SECONDS(number);
        break;
    case 'W':
        options->sim.walk_period = SPAN_MS(number);
        break;
    case 'I':
        options->trader.interval = SPAN_MS(number);
        break;
    case 'S':
        options->trader.size = number;
        break;
    default:
        options->trader.loss_micros = number;
        break;
    }
    return fine;
}

static bool
take_text(struct options *options, int letter, const char *value)
{
    bool yes;

    switch (letter) {
    case 'c':
        options->server.certificate = value;
        return true;
    case 'k':
        options->server.key = value;
        return true;
    case 'b':
        options->server.address = value;
        return true;
    case 'r':
        options->ready_file = value;
        return true;
    case 'u':
        options->sim.user = value;
        return true;
    case 'K':
        return read_key(value, options->api_key);
    case 'l':
        return read_login(options, value);
    case 'a':
        if (options->accounts_count == ACCOUNTS_MAX)
            return false;
        options->accounts[options->accounts_count++] = value;
        return true;
    case 'w':
        return read_word(value, "on", "off", &options->sim.walk);
    case 'F':
        options->faults_file = value;
        return true;
    case 'T':
        options->crowd = strcmp(value, "crowd") == 0;
        if (options->crowd)
            return true;
        if (!read_word(value, "demo", "none", &yes))
            return false;
        options->trader.script = yes ? TRADERS_DEMO : TRADERS_NONE;
        return true;
    default: /* 'B' */
        return text_copy(options->trader.blocked, sizeof options->trader.blocked, value);
    }
}

/* 0: go on; else the exit status + 1. */
static int
read_options(struct options *options, int argc, char **argv)
{
    int letter, index = 0;

    while ((letter = getopt_long(argc, argv, "", names, &index)) != -1) {
        if (letter == 'V') {
            puts("risksim " APP_VERSION);
            return EXIT_SUCCESS + 1;
        }
        if (letter == 'h') {
            fputs(usage, stdout);
            control_help(stdout);
            return EXIT_SUCCESS + 1;
        }
        if (letter == '?')
            return EXIT_USAGE + 1;
        if (!(strchr("psfCtWISL", letter) != NULL ? take_number(options, letter, optarg) : take_text(options, letter, optarg)))
            return complain(names[index].name, optarg) + 1;
    }
    if (optind < argc)
        return complain("", argv[optind]) + 1;
    if (options->server.certificate == NULL || options->server.key == NULL || options->accounts_count == 0) {
        fputs("risksim: --cert, --key and at least one --account are needed; see --help\n", stderr);
        return EXIT_USAGE + 1;
    }
    const char *key = getenv(KEY_VARIABLE);
    if (options->api_key[0] == '\0' && key != NULL)
        (void)text_copy(options->api_key, sizeof options->api_key, key);
    options->sim.api_key = options->api_key[0] == '\0' ? NULL : options->api_key;
    options->sim.logins = &options->logins;
    return 0;
}

/* ID:NAME[:BALANCE] */
static bool
add_account(struct sim *sim, const char *text)
{
    const char *name = strchr(text, ':'), *balance = name == NULL ? NULL : strchr(name + 1, ':');
    char word[EXCHANGE_NAME_MAX];
    int64_t id, micros = FIRST_BALANCE;

    if (name == NULL || !text_to_int64(text, (size_t)(name - text), &id))
        return false;
    if (balance != NULL && !money_parse(balance + 1, strlen(balance + 1), &micros))
        return false;
    size_t length = balance == NULL ? strlen(name + 1) : (size_t)(balance - name - 1);
    return length > 0 && text_copy_bytes(word, sizeof word, name + 1, length) &&
           exchange_add_account(sim->exchange, id, word, micros);
}

/* False: told on stderr. */
static bool
read_faults(struct sim *sim, const char *path)
{
    char line[FAULT_LINE_MAX];
    struct error err = { 0 };
    FILE *file = fopen(path, "r");
    int number = 0;
    bool fine = file != NULL;

    if (file == NULL)
        fprintf(stderr, "risksim: %s: cannot be read\n", path);
    sim->script = script_new(sim->now);
    while (fine && fgets(line, sizeof line, file) != NULL) {
        number++;
        fine = script_add(sim->script, line, &err) == OK;
        if (!fine)
            fprintf(stderr, "risksim: %s:%d: %s\n", path, number, err.text);
    }
    if (file != NULL)
        fclose(file);
    return fine;
}

static void
add_crowd(struct sim *sim)
{
    for (size_t i = 0; i < exchange_accounts_count(sim->exchange); i++)
        crowd_add(&sim->crowd, exchange_account_at(sim->exchange, i)->id, (enum crowd_style)(i % CROWD_STYLES), sim->now);
}

/* ---- Running ---- */

/* Appears whole or not at all: who waits for it reads a port. */
static bool
write_ready_file(const char *path, int port)
{
    char temporary[1024];

    if (path == NULL)
        return true;
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return false;
    FILE *file = fopen(temporary, "w");
    if (file == NULL)
        return false;
    bool fine = fprintf(file, "%d\n", port) > 0;
    return fclose(file) == 0 && fine && rename(temporary, path) == 0;
}

static int
serve(const struct options *options, struct sim *sim)
{
    struct gateway_server *server = NULL;
    struct error err = { 0 };

    if (gateway_server_new(&options->server, sim, &server, &err) != OK) {
        fprintf(stderr, "risksim: %s\n", err.text);
        return EXIT_FAILURE;
    }
    int port = gateway_server_port(server), status = EXIT_SUCCESS;
    printf("risksim: https://%s:%d\n", options->server.address, port);
    fflush(stdout);
    if (write_ready_file(options->ready_file, port)) {
        gateway_server_run(server, &stopping);
    } else {
        fprintf(stderr, "risksim: %s: cannot be written\n", options->ready_file);
        status = EXIT_FAILURE;
    }
    gateway_server_free(server);
    return status;
}

int
main(int argc, char **argv)
{
    struct options options = { .sim = { .seed = 1, .walk = true, .walk_period = SPAN_MS(250), .token_life = SPAN_SECONDS(86400) },
        .server = { .address = "127.0.0.1", .utc_now = os_utc_now }, .trader = traders_defaults(), .fill_ms = 8, .child_ms = 20 };
    int status = read_options(&options, argc, argv);

    if (status != 0)
        return status - 1;
    lws_set_log_level(LLL_ERR, NULL);
    (void)signal(SIGINT, stop);
    (void)signal(SIGTERM, stop);
    (void)signal(SIGPIPE, SIG_IGN);
    struct sim *sim = sim_new(&options.sim, os_utc_now());
    exchange_settings(sim->exchange)->fill_delay = SPAN_MS(options.fill_ms);
    exchange_settings(sim->exchange)->child_delay = SPAN_MS(options.child_ms);
    for (size_t i = 0; i < options.accounts_count && status == 0; i++)
        if (!add_account(sim, options.accounts[i]))
            status = complain("account", options.accounts[i]);
    if (status == 0 && exchange_quote(sim->exchange, options.trader.blocked) == NULL)
        status = complain("trader-blocked", options.trader.blocked);
    if (status == 0 && options.faults_file != NULL && !read_faults(sim, options.faults_file))
        status = EXIT_USAGE;
    traders_set(&sim->traders, os_utc_now(), &options.trader);
    if (options.crowd)
        add_crowd(sim);
    if (status == 0)
        status = serve(&options, sim);
    secret_wipe(options.api_key, sizeof options.api_key);
    secret_wipe(&options.logins, sizeof options.logins);
    sim_free(sim);
    return status;
}
