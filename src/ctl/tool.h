/*
 * tool.h - what riskctl's commands have in common: options, words for people or JSON, exit status, password, orders to riskd (S-17).
 *
 * A command is one file, riskctl_X.c, that takes a struct tool and returns an exit status.
 */
#ifndef CTL_TOOL_H
#define CTL_TOOL_H

#include "config/load.h"
#include "ctl/control_client.h"

#define TOOL_PATH_MAX 1024

/* Exit status of every command; docs/operating.md. */
enum tool_exit {
    TOOL_DONE = 0,
    TOOL_FAILED = 1,
    TOOL_USAGE = 2,     /* The command line or a file is wrong. */
    TOOL_NO_DAEMON = 3, /* riskd is needed and not there. */
    TOOL_PASSWORD = 4,  /* Missing, wrong, or too early after wrong ones. */
    TOOL_FORBIDDEN = 5, /* Needs an administrator. */
};

/* One "--name" of a command; exactly one of the places is not NULL. */
struct tool_option {
    const char *name;    /* With its dashes. */
    const char **value;
    bool *flag;
    int64_t *number;
};

struct tool {
    const char *directory;     /* Of the configuration. */
    const char *password_file; /* NULL: ask on the terminal. */
    bool json;                 /* One object for programs instead of words for people. */
    bool yes;                  /* Do not ask back. */
    int words_count;           /* What is not an option, in its order. */
    const char *words[8];
};

/** Read the command line after the command; the common options too.  On false the complaint has been printed: TOOL_USAGE. */
bool tool_parse(struct tool *tool, int argc, char **argv, const struct tool_option *options, size_t count, const char *usage);

/** Where the configuration is unless --config says otherwise. */
const char *tool_default_directory(void);

/** The last words of a command; each returns its exit status. */
int tool_done(const struct tool *tool, const char *format, ...) PRINTF_LIKE(2, 3);
int tool_fail(const struct tool *tool, enum tool_exit code, const char *format, ...) PRINTF_LIKE(3, 4);

/** Is this somebody who may change this configuration?  If not it has been said: TOOL_FORBIDDEN. */
bool tool_may_administer(const struct tool *tool);

/**
 * The configuration as the service's user sees it; secrets need not be there.  TOOL_DONE and @ret_config, the caller's, or an exit status
 * that has been explained.
 */
int tool_load(const struct tool *tool, struct loaded_config **ret_config);

/** Is there anything to get a password from?  If not, riskd is asked without one: it refuses, and writes the attempt down. */
bool tool_can_ask(const struct tool *tool);

/** From --password-file or the terminal.  False: there was none, TOOL_PASSWORD.  @ret_password holds PASSWORD_MAX; wipe it. */
bool tool_password(const struct tool *tool, const char *prompt, char *ret_password);

/** Ask riskd, with a spinner.  TOOL_DONE and an answer (control_client_fini()), or an exit status that has been explained. */
int tool_ask(const struct tool *tool, const struct loaded_config *config, const struct control_request *request,
    struct control_answer *ret_answer);

/** Does somebody listen on riskd's socket, or could he? */
bool tool_is_running(const struct loaded_config *config);

/** Exit status for an answer that was no yes. */
enum tool_exit tool_exit_of(enum control_code code);

/**
 * Is the admin there?  By riskd, or without it here; either way it is in the ledger with @purpose.
 * TOOL_DONE, or an exit status that has been explained.
 */
int tool_authorize(const struct tool *tool, const struct loaded_config *config, const char *purpose);

/** Ask on the terminal; --yes answers.  @fallback for an empty line. */
bool tool_confirm(const struct tool *tool, const char *question, bool fallback);

#endif /* CTL_TOOL_H */
