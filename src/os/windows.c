/*
 * windows.c - os.h on Windows: clocks, randomness, this process, the lock.  Files are in windows_files.c.
 *
 * The lock is LockFileEx() on a byte far beyond the content: it belongs to the open file, so the system drops it when the process ends, a
 * second open in the same process is refused as well, and what the file says can still be read.
 */
#include "os/windows.h"

#include "os/os.h"

#include "base/assert.h"
#include "base/text.h"
#include "base/zone.h"

#include <aclapi.h>
#include <bcrypt.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCKED_AT 0x7fffffffUL /* Upper half of the offset. */
#define EPOCH_SECONDS INT64_C(11644473600) /* From 1601 to 1970. */
#define TICKS 10000000 /* Of a FILETIME in a second. */
#define RANDOM_MAX ((size_t)1 << 20)

struct os_lock {
    HANDLE file;
};

/* ---- This program ---- */

/* Never a folder anybody may make, as C:\usr would be: time zones decide when limits begin anew. */
static void
use_own_zones(void)
{
    static char directory[WINDOWS_PATH_MAX * 3 + 16];
    wchar_t program[WINDOWS_PATH_MAX];
    DWORD length = GetModuleFileNameW(NULL, program, WINDOWS_PATH_MAX);
    wchar_t *end = length > 0 && length < WINDOWS_PATH_MAX ? wcsrchr(program, L'\\') : NULL;

    if (end == NULL)
        return;
    *end = L'\0';
    if (!windows_narrow(program, directory, sizeof directory - 16))
        return;
    (void)strcat(directory, "\\zoneinfo");
    zone_use_directory(directory);
}

void
os_begin(void)
{
    for (int fd = 0; fd <= 2; fd++)
        (void)_setmode(fd, _O_BINARY);
    (void)SetConsoleOutputCP(CP_UTF8);
    (void)_putenv("TERM="); /* Whatever it names, the console is Windows' own. */
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX); /* A box nobody sees stops a service. */
    use_own_zones();
}

bool
os_terminal_is_wide(void)
{
    return true;
}

bool
os_terminal_size(int *ret_columns, int *ret_rows)
{
    CONSOLE_SCREEN_BUFFER_INFO info;

    if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info))
        return false;
    *ret_columns = info.srWindow.Right - info.srWindow.Left + 1; /* Of what is seen: behind it there may be thousands of lines. */
    *ret_rows = info.srWindow.Bottom - info.srWindow.Top + 1;
    return true;
}

void
os_ignore_hangups(void)
{
    /* There is no such signal: a write to who has gone fails. */
}

/* Others of our user may end this process and see that it runs; only SYSTEM and Administrators may do more. */
void
os_hide_memory(void)
{
    PSID user = windows_user();
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t text[300], *name = NULL;

    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    if (user == NULL || !ConvertSidToStringSidW(user, &name))
        return;
    (void)swprintf(text, COUNT_OF(text), L"D:P(A;;0x1fffff;;;SY)(A;;0x1fffff;;;BA)(A;;0x101001;;;%ls)", name);
    (void)LocalFree(name);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor, NULL))
        return;
    (void)SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, descriptor);
    (void)LocalFree(descriptor);
}

int64_t
os_heap_bytes(void)
{
    HANDLE heap = (HANDLE)_get_heap_handle();
    PROCESS_HEAP_ENTRY entry = { .lpData = NULL };
    int64_t bytes = 0;

    if (!HeapLock(heap))
        return -1;
    while (HeapWalk(heap, &entry))
        bytes += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0 ? (int64_t)entry.cbData : 0;
    bool whole = GetLastError() == ERROR_NO_MORE_ITEMS;
    (void)HeapUnlock(heap);
    return whole ? bytes : -1;
}

void
os_trim_memory(void)
{
    (void)_heapmin();
}

/* ---- Clocks and chance ---- */

struct instant
os_utc_now(void)
{
    FILETIME now;

    GetSystemTimePreciseAsFileTime(&now);
    int64_t ticks = (int64_t)((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) - EPOCH_SECONDS * TICKS;
    return (struct instant){ ticks * (1000000000 / TICKS) };
}

/* Goes on while the machine sleeps, by Microsoft's word ("Acquiring high-resolution time stamps"). */
int64_t
os_monotonic_ns(void)
{
    LARGE_INTEGER count, frequency;

    (void)QueryPerformanceFrequency(&frequency); /* Neither ever fails since Windows XP. */
    (void)QueryPerformanceCounter(&count);
    int64_t seconds = count.QuadPart / frequency.QuadPart, rest = count.QuadPart % frequency.QuadPart;
    return seconds * 1000000000 + rest * 1000000000 / frequency.QuadPart;
}

void
os_random_bytes(void *out, size_t size)
{
    unsigned char *bytes = out;

    while (size > 0) {
        size_t part = size < RANDOM_MAX ? size : RANDOM_MAX;
        NTSTATUS failed = BCryptGenRandom(NULL, bytes, (ULONG)part, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
        ASSERT(failed == 0);
        bytes += part;
        size -= part;
    }
}

/* ---- The lock ---- */

/* The holder writes its process id into the file, for the message of whoever comes second. */
static void
read_holder(HANDLE file, char *out, size_t out_size)
{
    char digits[24];
    DWORD length = 0;
    int64_t pid;

    out[0] = '\0';
    if (!ReadFile(file, digits, sizeof digits - 1, &length, NULL))
        return;
    while (length > 0 && digits[length - 1] == '\n')
        length--;
    if (length > 0 && text_to_int64(digits, length, &pid))
        (void)snprintf(out, out_size, " by process %lld", (long long)pid);
}

static void
write_holder(HANDLE file)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lu\n", (unsigned long)GetCurrentProcessId());
    DWORD written;

    /* Only a courtesy to the reader of a message: failing here must not cost the lock. */
    if (SetEndOfFile(file))
        (void)WriteFile(file, digits, (DWORD)length, &written, NULL);
}

static HANDLE
open_lock(const char *path)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    PSECURITY_DESCRIPTOR descriptor = windows_private_descriptor(false);
    SECURITY_ATTRIBUTES attributes = { .nLength = sizeof attributes, .lpSecurityDescriptor = descriptor };
    HANDLE file = INVALID_HANDLE_VALUE;

    if (windows_wide(path, wide)) /* A link is opened itself, not followed. */
        file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &attributes,
            OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    else
        SetLastError(ERROR_INVALID_NAME);
    DWORD reason = GetLastError();
    (void)LocalFree(descriptor);
    SetLastError(reason);
    return file;
}

enum status
os_lock_file(const char *path, struct os_lock **ret_lock, struct error *err)
{
    struct os_lock *lock = malloc(sizeof *lock);
    OVERLAPPED where = { .OffsetHigh = LOCKED_AT };
    char holder[48];

    if (lock == NULL)
        return error_set(err, STATUS_LIMIT, "%s: no memory", path);
    lock->file = open_lock(path);
    if (lock->file == INVALID_HANDLE_VALUE) {
        free(lock);
        return windows_error(path, GetLastError(), err);
    }
    if (!LockFileEx(lock->file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &where)) {
        DWORD reason = GetLastError();
        enum status status = STATUS_REFUSED;
        read_holder(lock->file, holder, sizeof holder);
        if (reason == ERROR_LOCK_VIOLATION || reason == ERROR_IO_PENDING)
            (void)error_set(err, STATUS_REFUSED, "%s: in use%s", path, holder);
        else
            status = windows_error(path, reason, err);
        os_unlock(lock);
        return status;
    }
    write_holder(lock->file);
    *ret_lock = lock;
    return OK;
}

void
os_unlock(struct os_lock *lock)
{
    if (lock == NULL)
        return;
    (void)CloseHandle(lock->file);
    free(lock);
}
