/*
 * faulty_disk.h - SQLite on a disk that can be told to fail.
 *
 * Installed as SQLite's default VFS it passes everything through, until a fault is set: then each write or sync of any database file
 * gives that result code (SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, ...).
 */
#ifndef TESTS_FAULTY_DISK_H
#define TESTS_FAULTY_DISK_H

#include <stddef.h>
#include <stdint.h>

enum faulty_disk_op { DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_DELETE };

/* What reached the disk; all borrowed for the call. */
struct faulty_disk_event {
    enum faulty_disk_op op;
    const char *path;
    int64_t offset;      /* Of a write; the size a truncation leaves; of a deletion: is the directory synced too? */
    const void *data;
    size_t size;
};

/** Be told of everything that is done to the files, in order; on the thread that does it.  NULL: no more. */
void faulty_disk_watch(void (*seen)(void *context, const struct faulty_disk_event *event), void *context);

/** While held, every sync waits (a disk that does not answer).  Any thread. */
void faulty_disk_hold(int held);

void faulty_disk_install(void);
void faulty_disk_uninstall(void);
/** SQLITE_OK: the disk is well again.  Any thread. */
void faulty_disk_set(int write_result, int sync_result);
/** Syncs that succeeded since installing. */
int faulty_disk_syncs(void);

#endif /* TESTS_FAULTY_DISK_H */
