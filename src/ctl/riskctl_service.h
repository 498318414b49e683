/*
 * riskctl_service.h - riskctl service: the daemon under systemd (S-18, 4; S-20).
 */
#ifndef CTL_RISKCTL_SERVICE_H
#define CTL_RISKCTL_SERVICE_H

/** The command line after "service".  Exit status of tool.h. */
int riskctl_service(int argc, char **argv);

#endif /* CTL_RISKCTL_SERVICE_H */
