/*
 * os.h - what differs between systems and has no place in the C library or libuv.
 *
 * posix.c or windows.c and windows_files.c implement it; the build picks.  No #ifdef outside this folder.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include "base/error.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * What each program does first: its three streams carry bytes as they are, it knows where its time zones are (base/zone.h), and what kind of
 * terminal there is.
 */
void os_begin(void);

/** Does the terminal show all characters, whatever the C library's locale says? */
bool os_terminal_is_wide(void);

/** The terminal's size in cells, where nothing else tells of a new one; false: ncurses is told by a signal, or there is no terminal. */
bool os_terminal_size(int *ret_columns, int *ret_rows);

/** A write to a peer who has gone fails, and does not end the process. */
void os_ignore_hangups(void);

/** Wall clock, UTC.  May step. */
struct instant os_utc_now(void);

/** Nanoseconds since some fixed point; never steps back, goes on while the machine sleeps. */
int64_t os_monotonic_ns(void);

/** Fill with bytes nobody can guess.  Aborts when the system has none: nothing safe could follow. */
void os_random_bytes(void *out, size_t size);

/** From here on no core of this process is written, and other processes of its user cannot read its memory: there are keys in it (S-22, TS-01). */
void os_hide_memory(void);

/** Bytes allocated and not given back yet, of all threads; -1 where the C library does not tell.  Walks the free lists: for when somebody asks. */
int64_t os_heap_bytes(void);
/**
 * What only the start needed goes back to the system: pages of the heap in which nothing lives any more, and those of libraries that are never
 * called, only brought along.  For once or twice in a process's life, when it has started: takes some 100 us.
 */
void os_trim_memory(void);

struct os_lock;

/**
 * Take the one lock of @path for as long as this process lives (S-28, CC-06); the file is created 0600 if missing and
 * never removed.  The system gives it back when the process dies, however it dies.
 *
 * @ret_lock  Set on success only; give back with os_unlock().
 *
 * STATUS_REFUSED: another holds it (the text names its process id where it is known).  STATUS_INTERNAL: the file cannot be made.
 */
MUST_USE enum status os_lock_file(const char *path, struct os_lock **ret_lock, struct error *err);
/** Give the lock back.  Does nothing on NULL. */
void os_unlock(struct os_lock *lock);

/**
 * May nobody but the running user (and administrators) read or write this file or directory (LG-11, TS-04, AK-03)?
 * STATUS_CONFIG with the fix named if others may, or it belongs to another; STATUS_INTERNAL if it cannot be asked.
 */
MUST_USE enum status os_file_is_private(const char *path, struct error *err);

/** Make a directory 0700, its parents too.  One that exists is left as it is.  STATUS_INTERNAL with the reason. */
MUST_USE enum status os_make_private_directory(const char *path, struct error *err);

/** Make an empty file 0600 if there is none.  STATUS_INTERNAL with the reason. */
MUST_USE enum status os_make_private_file(const char *path, struct error *err);

/** Rename in one step, replacing @to, and make the new name durable (the directory is synced).  STATUS_INTERNAL. */
MUST_USE enum status os_rename_durably(const char *from, const char *to, struct error *err);

/**
 * Put these bytes into a file nobody else can read (0600), whole or not at all: written beside it, synced, renamed.
 * STATUS_INTERNAL with the reason; what was there stays.
 */
MUST_USE enum status os_write_private_file(const char *path, const void *bytes, size_t length, struct error *err);

#endif /* OS_OS_H */
