/*
 * riskctl_init.h - riskctl init: from nothing to a protected account (S-17, S-24).
 */
#ifndef APP_RISKCTL_INIT_H
#define APP_RISKCTL_INIT_H

/** The command line after "init".  Exit status of tool.h. */
int riskctl_init(int argc, char **argv);

#endif /* APP_RISKCTL_INIT_H */
