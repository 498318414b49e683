/*
 * faulty_disk.h - SQLite on a disk that can be told to fail.
 *
 * Installed as SQLite's default VFS it passes everything through, until a fault is set: then each write or sync of any database file
 * gives that result code (SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, ...).
 */
#ifndef TESTS_FAULTY_DISK_H
#define TESTS_FAULTY_DISK_H

void faulty_disk_install(void);
void faulty_disk_uninstall(void);
/** SQLITE_OK: the disk is well again.  Any thread. */
void faulty_disk_set(int write_result, int sync_result);
/** Syncs that succeeded since installing. */
int faulty_disk_syncs(void);

#endif /* TESTS_FAULTY_DISK_H */
