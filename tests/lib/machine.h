/*
 * machine.h - what tests ask of the system itself, beside src/os: machine_linux.c or machine_windows.c is built, machine.c always.
 */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A new empty directory; @out holds 300 bytes.  False: none can be made. */
bool machine_directory(const char *name, char *out);
/** Remove a directory, or a file; true if it is gone by that. */
bool machine_remove_directory(const char *path);
bool machine_remove(const char *path);
bool machine_exists(const char *path);
/** Bytes in a file; it must be there. */
long machine_size(const char *path);
/** Files whose path begins so. */
int machine_count(const char *beginning);

/** Run this test program again with these words, NULL after the last, and wait; its exit status. */
int machine_run_self(const char *const *words);
/** Run it and kill it once it has written the byte 'y' to @mark. */
void machine_run_self_and_kill(const char *const *words, const char *mark);

/* ---- A file of its own for each system. ---- */

/** End the process, failing, if it still runs then. */
void machine_watchdog(unsigned seconds);

/** The machine's time zone, as TZ says it; NULL: as it was set up. */
void machine_set_zone(const char *zone);

/** Is it for our user (and administrators) alone, by what the system says of it?  Asked without src/os. */
bool machine_is_private(const char *path);
/** Let everybody read it, or let only us do so. */
void machine_open(const char *path);
void machine_close(const char *path);

/** Act as a user who may nothing, having let everybody at these paths; NULL: as ourselves again.  False: this cannot be tried here. */
bool machine_be_nobody(const char *const *paths);

/** Has what a library makes the rights of its directory, whatever those of the files beside it are? */
bool machine_inherits_rights(void);

/** From here on what is made is open to all unless it is said otherwise; or as before. */
void machine_be_careless(bool careless);

/** No file may grow beyond @bytes; 0: beyond nothing any more.  False: this system has no such bound. */
bool machine_limit_files(int64_t bytes);

#endif /* TESTS_MACHINE_H */
