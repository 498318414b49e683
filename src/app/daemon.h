/*
 * daemon.h - riskd's parts and their order of life (S-1, S-2; resilience.md SV-01 to SV-04).
 */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include "base/error.h"
#include "os/service.h"

#include <stdbool.h>

/* Exit codes of riskd. */
enum { DAEMON_EXIT_OK = 0, DAEMON_EXIT_FAILED = 1, DAEMON_EXIT_CONFIG = SERVICE_EXIT_CONFIG };

struct daemon_options {
    const char *directory; /* Of daemon.yaml, accounts.yaml, risk_config.yaml, holidays.yaml.  Borrowed. */
    bool log_text;         /* Lines on stderr are for people; the files stay JSON. */
};

/** Read and check the configuration, print every problem to stderr or "ok" to stdout.  Returns an exit code. */
int daemon_check(const struct daemon_options *options);

/** Print the effective configuration, secrets masked.  Returns an exit code. */
int daemon_print_config(const struct daemon_options *options);

/** Run until told to stop.  Returns an exit code. */
int daemon_run(const struct daemon_options *options);

#endif /* APP_DAEMON_H */
