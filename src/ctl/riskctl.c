/*
 * riskctl.c - the tools' command line.
 */
#include "app/version.h"
#include "ctl/riskctl_commands.h"
#include "ctl/riskctl_menu.h"
#include "os/os.h"
#include "trial/replay.h"
#include "trial/scenario.h"
#include "trial/simulate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: riskctl scenario [--json] [--keep-going] FILE...\n"
    "       riskctl replay --config FILE --events FILE [--contracts FILE] [--broker auto|silent] [--json]\n"
    "       riskctl simulate [--seed N] [--days D] [--faults WHAT] [...]         (riskctl simulate --help)\n"
    "       riskctl COMMAND ... | --version | --help                          (without a word: a menu)\n"
    "\n"
    "scenario   run black-box cases (one JSON object a line) through the real engine; the last line counts them\n"
    "replay     run recorded hub events through a risk configuration: a line per breach, command, lockout, warning\n"
    "simulate   days of trading and trouble from a seed, in virtual time, judged after every step\n"
    "\n"
    "exit status: 0 all well, 1 a case failed, 2 the command line or a file is wrong\n";

static int
wrong(const char *what)
{
    fprintf(stderr, "riskctl: %s\n%s", what, usage);
    return 2;
}

/* A file's mistake is no mistake of the command line. */
static int
wrong_file(const struct error *err)
{
    fprintf(stderr, "riskctl: %s\n", err->text);
    return 2;
}

static int
run_scenarios(int argc, char **argv)
{
    struct scenario_options options = { 0 };
    struct scenario_totals totals = { 0 };
    struct error err = { 0 };
    int files = 0;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            options.json = true;
        else if (strcmp(argv[i], "--keep-going") == 0)
            options.keep_going = true;
        else if (argv[i][0] == '-')
            return wrong(argv[i]);
    }
    for (int i = 0; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        files++;
        if (scenario_run_file(argv[i], &options, &totals, &err) != OK)
            return wrong_file(&err);
        if (totals.failed > 0 && !options.keep_going)
            break;
    }
    if (files == 0)
        return wrong("scenario: no file given");
    printf("%" PRId32 " passed, %" PRId32 " failed\n", totals.passed, totals.failed);
    return totals.failed > 0 ? 1 : 0;
}

static int
run_replay(int argc, char **argv)
{
    struct replay_options options = { .mode = PAPER_AUTO };
    struct replay_totals totals = { 0 };
    struct error err = { 0 };

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            options.json = true;
        else if (i + 1 == argc)
            return wrong(argv[i]);
        else if (strcmp(argv[i], "--config") == 0)
            options.config = argv[++i];
        else if (strcmp(argv[i], "--events") == 0)
            options.events = argv[++i];
        else if (strcmp(argv[i], "--contracts") == 0)
            options.contracts = argv[++i];
        else if (strcmp(argv[i], "--broker") != 0 || !paper_mode_parse(argv[++i], &options.mode))
            return wrong(argv[i]);
    }
    if (options.config == NULL || options.events == NULL)
        return wrong("replay: --config and --events are needed");
    if (replay_run(&options, &totals, &err) != OK)
        return wrong_file(&err);
    fprintf(stderr,
        "%" PRId64 " events (%" PRId64 " undecodable), %" PRId64 " breaches, %" PRId64 " commands, %" PRId64
        " lockouts set or ended, %" PRId64 " warnings\n",
        totals.events, totals.undecodable, totals.breaches, totals.commands, totals.lockouts, totals.warnings);
    return 0;
}

/* Those whose --help is the program's. */
static bool
is_rules_tool(const char *name)
{
    return strcmp(name, "scenario") == 0 || strcmp(name, "replay") == 0;
}

int
main(int argc, char **argv)
{
    int code;

    os_begin();
    if (riskctl_commands_run(argc, argv, &code))
        return code;
    if (argc == 1 || (argc == 3 && strcmp(argv[1], "--config") == 0))
        return riskctl_menu(argc == 3 ? argv[2] : NULL);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("riskctl " APP_VERSION);
        return 0;
    }
    if ((argc == 2 && strcmp(argv[1], "--help") == 0) || (argc == 3 && is_rules_tool(argv[1]) && strcmp(argv[2], "--help") == 0)) {
        fputs(usage, stdout);
        riskctl_commands_help();
        return 0;
    }
    if (argc >= 2 && strcmp(argv[1], "scenario") == 0)
        return run_scenarios(argc - 2, argv + 2);
    if (argc >= 2 && strcmp(argv[1], "replay") == 0)
        return run_replay(argc - 2, argv + 2);
    if (argc >= 2 && strcmp(argv[1], "simulate") == 0)
        return simulate_main(argc - 2, argv + 2);
    return wrong(argv[1]);
}
