/*
 * riskctl_test.h - riskctl test: do keys, gateway, hubs, accounts and database work (S-18, 5)?
 */
#ifndef CTL_RISKCTL_TEST_H
#define CTL_RISKCTL_TEST_H

/** The command line after "test".  Exit status of tool.h; TOOL_FAILED: something does not work. */
int riskctl_test(int argc, char **argv);

#endif /* CTL_RISKCTL_TEST_H */
