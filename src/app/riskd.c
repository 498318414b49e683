/*
 * riskd.c - the daemon's command line.
 */
#include "app/daemon.h"
#include "app/version.h"
#include "os/os.h"
#include "os/service.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: riskd [--config DIR] [--log-format json|text] [--check | --print-config | --version | --help]\n"
    "\n"
    "Watches the configured accounts and enforces the rules until told to stop (SIGTERM, SIGINT, or the service manager).\n"
    "\n"
    "  --config DIR     where daemon.yaml, accounts.yaml, risk_config.yaml and holidays.yaml are (default: config)\n"
    "  --log-format F   of the lines on stderr: json (default), or text for people; the files are JSON always\n"
    "  --check          read and check the configuration, say what is wrong with it, end\n"
    "  --print-config   print the configuration in force, every key with its origin, secrets masked, end\n"
    "  --version        print the version, end\n"
    "  --help           print this, end\n"
    "\n"
    "SIGHUP reloads the rules; an invalid file changes nothing.\n"
    "exit status: 0 stopped as asked, 1 failed, 2 the configuration or the command line is wrong\n";

static int
run_daemon(const void *options)
{
    return daemon_run(options);
}

int
main(int argc, char **argv)
{
    struct daemon_options options = { .directory = "config" };
    int (*run)(const struct daemon_options *) = daemon_run;

    os_begin();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            options.directory = argv[++i];
        } else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc &&
            (strcmp(argv[i + 1], "text") == 0 || strcmp(argv[i + 1], "json") == 0)) {
            options.log_text = strcmp(argv[++i], "text") == 0;
        } else if (strcmp(argv[i], "--check") == 0) {
            run = daemon_check;
        } else if (strcmp(argv[i], "--print-config") == 0) {
            run = daemon_print_config;
        } else if (strcmp(argv[i], "--version") == 0) {
            puts("riskd " APP_VERSION);
            return DAEMON_EXIT_OK;
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return DAEMON_EXIT_OK;
        } else {
            fprintf(stderr, "riskd: %s: unknown\n%s", argv[i], usage);
            return DAEMON_EXIT_CONFIG;
        }
    }
    return run == daemon_run ? service_main(run_daemon, &options) : run(&options);
}
