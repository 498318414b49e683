/*
 * riskctl_audit.h - riskctl audit: is the enforcement log what was written, and what does it say (S-11)?
 */
#ifndef CTL_RISKCTL_AUDIT_H
#define CTL_RISKCTL_AUDIT_H

/** The command line after "audit".  Exit status: 0 all well, 1 the log is not as it was written, 2 it cannot be read. */
int riskctl_audit(int argc, char **argv);

#endif /* CTL_RISKCTL_AUDIT_H */
