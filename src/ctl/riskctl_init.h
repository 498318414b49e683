/*
 * riskctl_init.h - riskctl init: from nothing to a protected account (S-17, S-24).
 */
#ifndef CTL_RISKCTL_INIT_H
#define CTL_RISKCTL_INIT_H

/** The command line after "init".  Exit status of tool.h. */
int riskctl_init(int argc, char **argv);

#endif /* CTL_RISKCTL_INIT_H */
