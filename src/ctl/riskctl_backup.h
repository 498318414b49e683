/*
 * riskctl_backup.h - riskctl backup: a copy of the database, now (S-10).
 */
#ifndef CTL_RISKCTL_BACKUP_H
#define CTL_RISKCTL_BACKUP_H

/** The command line after "backup".  Exit status of tool.h. */
int riskctl_backup(int argc, char **argv);

#endif /* CTL_RISKCTL_BACKUP_H */
