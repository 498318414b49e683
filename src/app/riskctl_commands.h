/*
 * riskctl_commands.h - the admin commands of riskctl by name.
 */
#ifndef APP_RISKCTL_COMMANDS_H
#define APP_RISKCTL_COMMANDS_H

#include <stdbool.h>

/** Run the one argv[1] names; false: there is none of this name. */
bool riskctl_commands_run(int argc, char **argv, int *ret_exit);

/** Their lines of `riskctl --help`. */
void riskctl_commands_help(void);

#endif /* APP_RISKCTL_COMMANDS_H */
