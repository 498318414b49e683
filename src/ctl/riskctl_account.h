/*
 * riskctl_account.h - riskctl account: the accounts of accounts.yaml (S-18, 2).
 */
#ifndef CTL_RISKCTL_ACCOUNT_H
#define CTL_RISKCTL_ACCOUNT_H

/** The command line after "account".  Exit status of tool.h. */
int riskctl_account(int argc, char **argv);

#endif /* CTL_RISKCTL_ACCOUNT_H */
