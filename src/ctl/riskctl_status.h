/*
 * riskctl_status.h - riskctl status: is everything protected, and how is the daemon (S-18, 6)?
 */
#ifndef CTL_RISKCTL_STATUS_H
#define CTL_RISKCTL_STATUS_H

/** The command line after "status".  Exit status of tool.h; TOOL_FAILED: it runs and does not protect. */
int riskctl_status(int argc, char **argv);

#endif /* CTL_RISKCTL_STATUS_H */
