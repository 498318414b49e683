/*
 * windows_tools.c - windows.h: texts, and who is trusted.
 */
#include "os/windows.h"

#include <sddl.h>
#include <stdio.h>
#include <string.h>

bool
windows_wide(const char *text, wchar_t ret_wide[WINDOWS_PATH_MAX])
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, ret_wide, WINDOWS_PATH_MAX) > 0;
}

bool
windows_narrow(const wchar_t *wide, char *out, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, (int)size, NULL, NULL) > 0;
}

enum status
windows_error(const char *what, DWORD reason, struct error *err)
{
    wchar_t wide[256];
    char text[512] = "";
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, reason, 0, wide,
        sizeof wide / sizeof wide[0], NULL);

    while (length > 0 && (wide[length - 1] == L'\n' || wide[length - 1] == L'\r' || wide[length - 1] == L'.'))
        wide[--length] = L'\0';
    if (length == 0 || !windows_narrow(wide, text, sizeof text))
        (void)snprintf(text, sizeof text, "failed");
    return error_set(err, STATUS_INTERNAL, "%s: %.200s (error %lu)", what, text, (unsigned long)reason);
}

PSID
windows_user_of(HANDLE token, void *buffer)
{
    TOKEN_USER *user = buffer;
    DWORD size;

    return GetTokenInformation(token, TokenUser, buffer, (DWORD)WINDOWS_SID_BYTES, &size) ? user->User.Sid : NULL;
}

PSID
windows_user(void)
{
    static union {
        TOKEN_USER aligned;
        char bytes[WINDOWS_SID_BYTES];
    } user;
    static PSID sid;
    HANDLE token;

    if (sid == NULL && OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        sid = windows_user_of(token, &user);
        (void)CloseHandle(token);
    }
    return sid;
}

bool
windows_is_trusted(PSID sid)
{
    static const SID_IDENTIFIER_AUTHORITY nt = { SECURITY_NT_AUTHORITY };
    PSID user = windows_user();

    if (user != NULL && EqualSid(sid, user))
        return true;
    if (IsWellKnownSid(sid, WinLocalSystemSid) || IsWellKnownSid(sid, WinBuiltinAdministratorsSid))
        return true;
    return memcmp(GetSidIdentifierAuthority(sid), &nt, sizeof nt) == 0 && *GetSidSubAuthorityCount(sid) > 1 &&
        *GetSidSubAuthority(sid, 0) == SECURITY_SERVICE_ID_BASE_RID; /* NT SERVICE\...: nobody can log in as one. */
}

PSECURITY_DESCRIPTOR
windows_private_descriptor(bool directory)
{
    PSID user = windows_user();
    PSECURITY_DESCRIPTOR descriptor = NULL;
    const wchar_t *inherit = directory ? L"OICI" : L"";
    wchar_t text[400], *name = NULL;

    if (user == NULL || !ConvertSidToStringSidW(user, &name))
        return NULL;
    int length = swprintf(text, sizeof text / sizeof text[0], L"D:P(A;%ls;FA;;;SY)(A;%ls;FA;;;BA)(A;%ls;FA;;;%ls)", inherit, inherit, inherit,
        name);
    (void)LocalFree(name);
    if (length < 0 || !ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor, NULL))
        return NULL;
    return descriptor;
}
