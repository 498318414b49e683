/*
 * windows_rights.c - see windows_rights.h.
 *
 * OWNER RIGHTS (S-1-3-4) is there because who owns a file may else change its rights: files made by an administrator's session are his own.
 * The service's SID follows from its name (`sc showsid riskd` prints it), so it can be named before the service is there; tests/windows checks it.
 */
#include "os/windows_rights.h"

#include "os/windows.h"

#include <aclapi.h>
#include <sddl.h>

#define SERVICE_SID L"S-1-5-80-117529395-487189600-1180737878-2665153232-2629386385" /* NT SERVICE\riskd */

static const wchar_t rights[] = L"O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" SERVICE_SID L")(A;OICI;RC;;;S-1-3-4)";

enum status
windows_rights_give_to_service(const char *directory, struct error *err)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    PSECURITY_DESCRIPTOR descriptor;
    BOOL present, defaulted;
    PACL list;
    PSID owner;

    if (!windows_wide(directory, wide))
        return error_set(err, STATUS_INTERNAL, "%.60s...: no path", directory);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(rights, SDDL_REVISION_1, &descriptor, NULL))
        return windows_error(directory, GetLastError(), err);
    DWORD reason = ERROR_SUCCESS;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted) || !GetSecurityDescriptorOwner(descriptor, &owner, &defaulted))
        reason = GetLastError();
    if (reason == ERROR_SUCCESS) /* To what is in it, too. */
        reason = SetNamedSecurityInfoW(wide, SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, owner, NULL, list, NULL);
    (void)LocalFree(descriptor);
    return reason == ERROR_SUCCESS ? OK : windows_error(directory, reason, err);
}
