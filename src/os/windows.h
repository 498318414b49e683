/*
 * windows.h - what the Windows files of this folder share; nobody else includes it.
 */
#ifndef OS_WINDOWS_H
#define OS_WINDOWS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#define WINDOWS_PATH_MAX 1024 /* Of wide characters; longer paths are refused. */

/** UTF-8 as Windows wants it; false: broken, or longer than WINDOWS_PATH_MAX - 1. */
bool windows_wide(const char *text, wchar_t ret_wide[WINDOWS_PATH_MAX]);

/** And back.  False: @size is too small. */
bool windows_narrow(const wchar_t *wide, char *out, size_t size);

/** "@what: reason (error N)", STATUS_INTERNAL. */
enum status windows_error(const char *what, DWORD reason, struct error *err);

/** The user of a token: a SID in @buffer, or NULL.  Aligned for a TOKEN_USER and a SID after it. */
#define WINDOWS_SID_BYTES (sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE)
PSID windows_user_of(HANDLE token, void *buffer);

/** The user this process runs as, from the first call on; NULL if the system does not tell. */
PSID windows_user(void);

/** Is this one trusted with everything anyway: the user we run as, SYSTEM, Administrators, a service's own account? */
bool windows_is_trusted(PSID sid);

/**
 * "Only this user, SYSTEM and Administrators", for files (or directories, whose contents inherit it).  NULL if it cannot be made.
 * The caller frees it with LocalFree().
 */
PSECURITY_DESCRIPTOR windows_private_descriptor(bool directory);

#endif /* OS_WINDOWS_H */
