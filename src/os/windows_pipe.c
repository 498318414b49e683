/*
 * windows_pipe.c - pipe.h on Windows: pipes have a place of their own, and go with the last who has them open.
 *
 * Who is heard is looked at besides what the pipe allows (windows_identity.c).
 */
#include "os/pipe.h"

#include "os/identity.h"
#include "os/windows.h"

#include <aclapi.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "\\\\.\\pipe\\"

/* "C:/ProgramData/x/state.db.control" and "C:\ProgramData\x\state.db.control" are one: \\.\pipe\C.ProgramData.x.state.db.control. */
void
pipe_name(const char *path, char *ret_name, size_t size)
{
    wchar_t wide[WINDOWS_PATH_MAX], whole[WINDOWS_PATH_MAX];
    char narrow[WINDOWS_PATH_MAX * 3];
    bool named = strncmp(path, PREFIX, strlen(PREFIX)) == 0;

    if (named || !windows_wide(path, wide) || GetFullPathNameW(wide, WINDOWS_PATH_MAX, whole, NULL) - 1 >= WINDOWS_PATH_MAX - 1 ||
        !windows_narrow(whole, narrow, sizeof narrow)) {
        (void)snprintf(ret_name, size, "%s", path);
        return;
    }
    char *to = narrow;
    for (const char *from = narrow; *from != '\0'; from++)
        if (strchr("\\/:", *from) == NULL)
            *to++ = *from;
        else if (to > narrow && to[-1] != '.')
            *to++ = '.';
    *to = '\0';
    (void)snprintf(ret_name, size, PREFIX "%s", narrow);
}

void
pipe_clear(const char *name)
{
    (void)name; /* Nothing is left of one. */
}

/* All instances of a pipe have the rights of the first. */
enum status
pipe_close_to_others(const char *name, intptr_t pipe, struct error *err)
{
    PSECURITY_DESCRIPTOR descriptor = windows_private_descriptor(false);
    DWORD reason = ERROR_SUCCESS;

    if (descriptor == NULL || !SetKernelObjectSecurity((HANDLE)pipe, DACL_SECURITY_INFORMATION, descriptor))
        reason = GetLastError();
    (void)LocalFree(descriptor);
    return reason == ERROR_SUCCESS ? OK : windows_error(name, reason, err);
}

/* Would what we make belong to @owner, who is not simply our user?  Elevated, that is Administrators; wine has a group of its own for it. */
static bool
is_our_owner(PSID owner)
{
    union {
        TOKEN_OWNER aligned;
        char bytes[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
    } ours;
    DWORD size;
    HANDLE token;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool same = GetTokenInformation(token, TokenOwner, &ours, sizeof ours, &size) && EqualSid(ours.aligned.Owner, owner);
    (void)CloseHandle(token);
    return same;
}

/*
 * Names of pipes are anybody's who comes first.  The owner tells: a process without elevation cannot own anything as SYSTEM, Administrators or a
 * service.  The trader may be the administrator's own user, not elevated, so that user is trusted only by one who is not elevated either.
 */
bool
pipe_is_trusted(intptr_t pipe)
{
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner, user = windows_user();

    if (GetSecurityInfo((HANDLE)pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
        return false;
    bool ourselves = user != NULL && EqualSid(owner, user);
    bool trusted = ourselves ? !identity_is_administrator() : windows_is_trusted(owner) || is_our_owner(owner);
    (void)LocalFree(descriptor);
    return trusted;
}
