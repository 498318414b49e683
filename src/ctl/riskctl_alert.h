/*
 * riskctl_alert.h - riskctl alert test: does an alert reach everybody it should (S-27)?
 */
#ifndef CTL_RISKCTL_ALERT_H
#define CTL_RISKCTL_ALERT_H

/** The command line after "alert".  Exit status: 0 all places have got it, 1 one has not, 2 the command line or configuration is wrong. */
int riskctl_alert(int argc, char **argv);

#endif /* CTL_RISKCTL_ALERT_H */
