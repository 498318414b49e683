/*
 * windows_identity.c - identity.h on Windows.
 *
 * Who is at the other end of a pipe is asked by acting as him for a moment: his own token, not that of a process id which may have become
 * another's.  Windows allows that only once something he sent has been read.  An administrator is one whose token has Administrators enabled:
 * one who has not been elevated is none.
 *
 * Files of the service belong to whom the folder's rights say (windows_files.c), whoever writes them: nobody has to act as the owner.
 */
#include "os/identity.h"

#include "os/windows.h"
#include "os/windows_rights.h"

#include "base/assert.h"

#include <aclapi.h>

/* The last part of a SID tells users of one machine apart. */
static int64_t
number_of(PSID sid)
{
    UCHAR count = *GetSidSubAuthorityCount(sid);

    return count == 0 ? -1 : (int64_t)*GetSidSubAuthority(sid, (DWORD)count - 1);
}

/* Of @token; NULL: of this process. */
static bool
has_administrators(HANDLE token)
{
    union {
        SID aligned;
        char bytes[SECURITY_MAX_SID_SIZE];
    } administrators;
    DWORD size = sizeof administrators;
    BOOL member = FALSE;

    return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, &administrators, &size) &&
        CheckTokenMembership(token, &administrators, &member) && member;
}

static bool
read_token(HANDLE token, struct identity *ret_peer)
{
    union {
        TOKEN_USER aligned;
        char bytes[WINDOWS_SID_BYTES];
    } buffer;
    PSID user = windows_user_of(token, &buffer), ours = windows_user();

    if (user == NULL || ours == NULL)
        return false;
    ret_peer->user = number_of(user);
    ret_peer->trusted = EqualSid(user, ours) || has_administrators(token);
    return true;
}

enum identity_found
identity_of_peer(intptr_t pipe, struct identity *ret_peer)
{
    HANDLE token = NULL;
    ULONG process = 0;

    if (!ImpersonateNamedPipeClient((HANDLE)pipe))
        return GetLastError() == ERROR_CANNOT_IMPERSONATE ? IDENTITY_LATER : IDENTITY_UNKNOWN;
    bool known = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) && read_token(token, ret_peer);
    BOOL reverted = RevertToSelf();
    ASSERT(reverted); /* We would go on as somebody else. */
    if (token != NULL)
        (void)CloseHandle(token);
    ret_peer->process = GetNamedPipeClientProcessId((HANDLE)pipe, &process) ? (int64_t)process : 0;
    return known ? IDENTITY_KNOWN : IDENTITY_UNKNOWN;
}

bool
identity_may_order(const struct identity *peer)
{
    return peer->trusted;
}

const char *
identity_how_to_be_administrator(void)
{
    return "open the console by \"Run as administrator\"";
}

bool
identity_is_administrator(void)
{
    return has_administrators(NULL);
}

bool
identity_exists(const char *path)
{
    wchar_t wide[WINDOWS_PATH_MAX];

    return windows_wide(path, wide) && GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

bool
identity_owns(const char *path)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner, user = windows_user();

    if (user == NULL || !windows_wide(path, wide) ||
        GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
        return false;
    bool owns = EqualSid(owner, user) != FALSE;
    (void)LocalFree(descriptor);
    return owns;
}

enum status
identity_assume_owner_of(const char *path, struct error *err)
{
    return identity_exists(path) ? OK : error_set(err, STATUS_INTERNAL, "%s: there is no such path", path);
}

void
identity_resume(void)
{
    /* We have been ourselves all the time. */
}

enum status
identity_give_to(const char *path, const char *user, struct error *err)
{
    (void)user; /* There is one service, and its account has a name of its own. */
    return windows_rights_give_to_service(path, err);
}
