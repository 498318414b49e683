/*
 * riskctl_password.h - riskctl password: set or change the admin password (S-17).
 */
#ifndef CTL_RISKCTL_PASSWORD_H
#define CTL_RISKCTL_PASSWORD_H

#include "ctl/tool.h"

/** The command line after "password".  Exit status of tool.h. */
int riskctl_password(int argc, char **argv);

/** Ask for a new one (twice, on a terminal) or read it from @file, and keep its hash.  TOOL_DONE, or it has been said why not. */
int riskctl_password_set(const struct tool *tool, const struct loaded_config *config, const char *file);

#endif /* CTL_RISKCTL_PASSWORD_H */
