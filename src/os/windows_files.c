/*
 * windows_files.c - private and durable files of os.h, on Windows.
 *
 * A file made in a private directory inherits its rights: the installer gives the service and Administrators theirs there, so it does not
 * matter who of them writes.  Anywhere else a file begins with rights of its own, from its first moment on.
 */
#include "os/windows.h"

#include "os/os.h"

#include "base/text.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define TRIES 10 /* A virus scanner may have the file open for a moment. */
#define TRY_MS 10
#define HARMLESS (FILE_READ_ATTRIBUTES | FILE_READ_EA | READ_CONTROL | SYNCHRONIZE)

/* ---- Whose rights ---- */

/* The first in the list who may read or write and is not trusted; NULL: there is none. */
static PSID
stranger_in(PACL list)
{
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;
        if (!GetAce(list, i, (void **)&entry) || entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
            (entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0 || (entry->Mask & ~(DWORD)HARMLESS) == 0)
            continue;
        if (!windows_is_trusted(&entry->SidStart))
            return &entry->SidStart;
    }
    return NULL;
}

static enum status
refuse(const char *path, const char *what, PSID sid, struct error *err)
{
    char *name = NULL;
    bool known = ConvertSidToStringSidA(sid, &name);

    (void)error_set(err, STATUS_CONFIG, "%s: %s %s; in an administrator's console: icacls \"%s\" /inheritance:r /grant:r SYSTEM:F Administrators:F",
        path, what, known ? name : "somebody else", path);
    (void)LocalFree(name);
    return STATUS_CONFIG;
}

enum status
os_file_is_private(const char *path, struct error *err)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;
    PACL list;

    if (!windows_wide(path, wide))
        return error_set(err, STATUS_INTERNAL, "%.60s...: no path", path);
    DWORD reason = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &list,
        NULL, &descriptor);
    if (reason != ERROR_SUCCESS)
        return windows_error(path, reason, err);
    PSID stranger = list != NULL ? stranger_in(list) : NULL;
    enum status status = OK;
    if (!windows_is_trusted(owner))
        status = refuse(path, "belongs to", owner, err);
    else if (list == NULL)
        status = error_set(err, STATUS_CONFIG, "%s: open to everybody", path);
    else if (stranger != NULL)
        status = refuse(path, "open to", stranger, err);
    (void)LocalFree(descriptor);
    return status;
}

/* ---- Making ---- */

/* Does what is made here inherit enough?  Then it is not given rights of its own. */
static bool
is_in_private_directory(const char *path)
{
    char directory[WINDOWS_PATH_MAX];
    struct error ignored;

    if (!text_copy(directory, sizeof directory, path))
        return false;
    char *end = directory + strlen(directory);
    while (end > directory && *end != '/' && *end != '\\')
        end--;
    *end = '\0';
    return os_file_is_private(directory[0] == '\0' ? "." : directory, &ignored) == OK;
}

/* A directory may be private without passing it on: then what is made in it gets rights of its own, while it is empty. */
static DWORD
keep_to_ourselves(const char *path, const wchar_t *wide, PSECURITY_DESCRIPTOR descriptor)
{
    struct error ignored;

    if (os_file_is_private(path, &ignored) == OK)
        return ERROR_SUCCESS;
    return SetFileSecurityW(wide, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor) ? ERROR_SUCCESS : GetLastError();
}

/* ERROR_SUCCESS with @ret_file.  A file that is there already keeps its rights. */
static DWORD
make_file(const char *path, DWORD how, HANDLE *ret_file)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    PSECURITY_DESCRIPTOR descriptor = windows_private_descriptor(false);
    SECURITY_ATTRIBUTES attributes = { .nLength = sizeof attributes,
        .lpSecurityDescriptor = is_in_private_directory(path) ? NULL : descriptor };
    DWORD reason = ERROR_INVALID_NAME;

    if (descriptor != NULL && windows_wide(path, wide)) {
        HANDLE file = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &attributes, how, FILE_ATTRIBUTE_NORMAL, NULL);
        reason = file == INVALID_HANDLE_VALUE || GetLastError() == ERROR_ALREADY_EXISTS ? GetLastError()
                                                                                        : keep_to_ourselves(path, wide, descriptor);
        if (file != INVALID_HANDLE_VALUE && reason == ERROR_ALREADY_EXISTS)
            reason = ERROR_SUCCESS;
        if (file != INVALID_HANDLE_VALUE && reason != ERROR_SUCCESS)
            (void)CloseHandle(file);
        *ret_file = file;
    }
    (void)LocalFree(descriptor);
    return reason;
}

static bool
is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static enum status
make_directory(const char *path, struct error *err)
{
    wchar_t wide[WINDOWS_PATH_MAX];

    if (!windows_wide(path, wide))
        return error_set(err, STATUS_INTERNAL, "%.60s...: no path", path);
    if (is_directory(wide))
        return OK;
    PSECURITY_DESCRIPTOR descriptor = windows_private_descriptor(true);
    SECURITY_ATTRIBUTES attributes = { .nLength = sizeof attributes,
        .lpSecurityDescriptor = is_in_private_directory(path) ? NULL : descriptor };
    DWORD reason = descriptor == NULL ? ERROR_NOT_ENOUGH_MEMORY : CreateDirectoryW(wide, &attributes) ? ERROR_SUCCESS : GetLastError();
    if (reason == ERROR_SUCCESS)
        reason = keep_to_ourselves(path, wide, descriptor);
    (void)LocalFree(descriptor);
    return reason == ERROR_SUCCESS || (reason == ERROR_ALREADY_EXISTS && is_directory(wide)) ? OK : windows_error(path, reason, err);
}

enum status
os_make_private_directory(const char *path, struct error *err)
{
    char part[WINDOWS_PATH_MAX];

    if (!text_copy(part, sizeof part, path))
        return error_set(err, STATUS_INTERNAL, "%.60s...: path too long", path);
    for (char *at = part; *at != '\0'; at++) {
        char divider = *at;
        if ((divider != '/' && divider != '\\') || at == part || at[-1] == ':' || at[-1] == '/' || at[-1] == '\\')
            continue;
        *at = '\0';
        enum status status = make_directory(part, err);
        if (status != OK)
            return status;
        *at = divider;
    }
    return make_directory(part, err);
}

enum status
os_make_private_file(const char *path, struct error *err)
{
    HANDLE file;
    DWORD reason = make_file(path, OPEN_ALWAYS, &file);

    if (reason != ERROR_SUCCESS)
        return windows_error(path, reason, err);
    (void)CloseHandle(file);
    return OK;
}

/* ---- Writing ---- */

enum status
os_rename_durably(const char *from, const char *to, struct error *err)
{
    wchar_t wide_from[WINDOWS_PATH_MAX], wide_to[WINDOWS_PATH_MAX];
    DWORD reason = ERROR_INVALID_NAME;

    if (windows_wide(from, wide_from) && windows_wide(to, wide_to)) {
        for (int i = 0; i < TRIES; i++) {
            if (MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
                return OK;
            reason = GetLastError();
            if (reason != ERROR_ACCESS_DENIED && reason != ERROR_SHARING_VIOLATION)
                break;
            Sleep(TRY_MS);
        }
    }
    return windows_error(from, reason, err);
}

static DWORD
write_all(HANDLE file, const char *bytes, size_t length)
{
    while (length > 0) {
        DWORD part = length < ((size_t)1 << 20) ? (DWORD)length : (DWORD)1 << 20, written = 0;
        if (!WriteFile(file, bytes, part, &written, NULL))
            return GetLastError();
        if (written == 0)
            return ERROR_DISK_FULL;
        bytes += written;
        length -= written;
    }
    return FlushFileBuffers(file) ? ERROR_SUCCESS : GetLastError();
}

enum status
os_write_private_file(const char *path, const void *bytes, size_t length, struct error *err)
{
    char beside[WINDOWS_PATH_MAX];
    int needed = snprintf(beside, sizeof beside, "%s.new", path);

    if (needed < 0 || (size_t)needed >= sizeof beside)
        return error_set(err, STATUS_INTERNAL, "%.60s...: path too long", path);
    (void)remove(beside); /* What a dead process left, whoever owned it. */
    HANDLE file;
    DWORD reason = make_file(beside, CREATE_NEW, &file);
    if (reason != ERROR_SUCCESS)
        return windows_error(beside, reason, err);
    reason = write_all(file, bytes, length);
    (void)CloseHandle(file);
    if (reason == ERROR_SUCCESS)
        return os_rename_durably(beside, path, err);
    (void)remove(beside);
    return windows_error(beside, reason, err);
}
