/*
 * configure.h - the four configuration files of a directory, read as one set (S-23).
 */
#ifndef APP_CONFIGURE_H
#define APP_CONFIGURE_H

#include "config/load.h"

/**
 * Read DIRECTORY/daemon.yaml, accounts.yaml, risk_config.yaml and holidays.yaml; only the first has to be there.
 * @problems gets every problem as text, one a line.  @keep_text: for config_print().
 * STATUS_CONFIG, STATUS_LIMIT as config_load().
 */
MUST_USE enum status configure_load(const char *directory, bool keep_text, struct loaded_config **ret_loaded,
    struct text *problems);

/** The same for riskctl, which need not know the service's environment: a secret that is not there is no problem.  Keeps the text. */
MUST_USE enum status configure_load_for_tools(const char *directory, struct loaded_config **ret_loaded, struct text *problems);

/** Would the whole set be right with this text as accounts.yaml?  As configure_load_for_tools(). */
MUST_USE enum status configure_try_accounts(const char *directory, const char *accounts_text, struct text *problems);
/** The same for any of the files; @name: "daemon.yaml", "accounts.yaml", "risk_config.yaml". */
MUST_USE enum status configure_try(const char *directory, const char *name, const char *text, struct text *problems);

/**
 * May a running daemon change from @old to @new (CF-07)?  STATUS_CONFIG names the first thing that needs a restart: hosts, paths and the
 * day's zone; and, once what is held back is there again (pending.h), accounts and who logs in for them.
 */
MUST_USE enum status configure_same_hosts(const struct loaded_config *old, const struct loaded_config *new_one, struct error *err);
MUST_USE enum status configure_same_accounts(const struct loaded_config *old, const struct loaded_config *new_one, struct error *err);

/**
 * What of daemon.yaml is read when riskd starts and at no other time, and is not as it was at the @started one: the names of its blocks and
 * keys into @out, or nothing.  The rest of it is in force with the reload.
 */
void configure_tell_restart(const struct daemon_settings *started, const struct daemon_settings *new_one, struct text *out);

#define CONFIGURE_PATH_MAX 1024

/** Where riskd listens for orders and keeps the password's hash.  @ret_path holds CONFIGURE_PATH_MAX. */
void configure_socket(const struct daemon_settings *settings, char *ret_path);
void configure_password_file(const char *directory, const struct daemon_settings *settings, char *ret_path);

#endif /* APP_CONFIGURE_H */
