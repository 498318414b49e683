/*
 * riskctl_commands.h - the admin commands of riskctl by name.
 */
#ifndef CTL_RISKCTL_COMMANDS_H
#define CTL_RISKCTL_COMMANDS_H

#include <stdbool.h>

/** Run the one argv[1] names; false: there is none of this name. */
bool riskctl_commands_run(int argc, char **argv, int *ret_exit);

/** Their lines of `riskctl --help`. */
void riskctl_commands_help(void);

#endif /* CTL_RISKCTL_COMMANDS_H */
