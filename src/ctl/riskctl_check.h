/*
 * riskctl_check.h - riskctl check: the files as riskd reads them, and what in them is dangerous (S-23).
 */
#ifndef CTL_RISKCTL_CHECK_H
#define CTL_RISKCTL_CHECK_H

/** The command line after "check".  Exit status of tool.h; warnings are no failure. */
int riskctl_check(int argc, char **argv);

#endif /* CTL_RISKCTL_CHECK_H */
