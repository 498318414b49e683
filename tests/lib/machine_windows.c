/*
 * machine_windows.c - machine.h on Windows.
 */
#include "lib/machine.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

static DWORD WINAPI
bark(LPVOID seconds)
{
    Sleep((DWORD)(uintptr_t)seconds * 1000);
    fputs("watchdog: this test hangs\n", stderr);
    exit(1);
}

void
machine_watchdog(unsigned seconds)
{
    HANDLE thread = CreateThread(NULL, 0, bark, (LPVOID)(uintptr_t)seconds, 0, NULL);

    ASSERT(thread != NULL);
    (void)CloseHandle(thread);
}

/* Everybody, users, and those who have logged in: no entry names one of them. */
bool
machine_is_private(const char *path)
{
    static const char *const others[] = { ";;;WD)", ";;;BU)", ";;;AU)", ";;;AN)" };
    PSECURITY_DESCRIPTOR descriptor;
    char *text;
    bool found = false;

    if (GetNamedSecurityInfoA(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
        return false;
    BOOL worded = ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL);
    ASSERT(worded);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        found = found || strstr(text, others[i]) != NULL;
    (void)LocalFree(text);
    (void)LocalFree(descriptor);
    return !found;
}

/* For us, SYSTEM and Administrators, and whom @more names. */
static void
set(const char *path, const char *more)
{
    union {
        TOKEN_USER user;
        char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } buffer;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char words[300], *name = NULL;
    HANDLE token;
    DWORD size;

    BOOL done = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) && GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &size) &&
        ConvertSidToStringSidA(buffer.user.User.Sid, &name);
    ASSERT(done);
    (void)snprintf(words, sizeof words, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;%s)%s", name, more);
    done = ConvertStringSecurityDescriptorToSecurityDescriptorA(words, SDDL_REVISION_1, &descriptor, NULL) &&
        SetFileSecurityA(path, DACL_SECURITY_INFORMATION, descriptor);
    ASSERT(done);
    (void)LocalFree(descriptor);
    (void)LocalFree(name);
    (void)CloseHandle(token);
}

void
machine_open(const char *path)
{
    set(path, "(A;;FR;;;WD)");
}

void
machine_close(const char *path)
{
    set(path, "");
}

bool
machine_be_nobody(const char *const *paths)
{
    (void)paths; /* Another account's password would be needed, and wine has one account. */
    return false;
}

bool
machine_inherits_rights(void)
{
    return true;
}

void
machine_be_careless(bool careless)
{
    (void)careless; /* What a file's rights are without a word comes from its directory, and that is open in every test. */
}

bool
machine_limit_files(int64_t bytes)
{
    (void)bytes;
    return false;
}

void
machine_set_zone(const char *zone)
{
    int failed = _putenv_s("TZ", zone != NULL ? zone : "");

    ASSERT(failed == 0);
    _tzset();
}
