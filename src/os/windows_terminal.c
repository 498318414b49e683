/*
 * windows_terminal.c - terminal.h in the Windows console.
 */
#include "os/terminal.h"

#include "os/os.h"
#include "os/windows.h"

#include "base/text.h"

#include <string.h>

#define SECRET_MAX 512 /* Of wide characters. */

static bool
is_console(DWORD which)
{
    DWORD mode;

    return GetConsoleMode(GetStdHandle(which), &mode) != 0;
}

bool
terminal_is_there(void)
{
    return is_console(STD_INPUT_HANDLE) && is_console(STD_OUTPUT_HANDLE);
}

static void
say(HANDLE out, const char *text)
{
    wchar_t wide[WINDOWS_PATH_MAX];
    DWORD written;

    if (windows_wide(text, wide)) /* A prompt that cannot be shown is no reason not to read. */
        (void)WriteConsoleW(out, wide, (DWORD)wcslen(wide), &written, NULL);
}

static bool
read_line(HANDLE in, char *out, size_t size)
{
    wchar_t wide[SECRET_MAX];
    DWORD length = 0;

    bool read = ReadConsoleW(in, wide, SECRET_MAX - 1, &length, NULL) && length > 0 && (wide[length - 1] == L'\n' || wide[length - 1] == L'\r');
    while (length > 0 && (wide[length - 1] == L'\n' || wide[length - 1] == L'\r'))
        length--;
    wide[length] = L'\0';
    read = read && windows_narrow(wide, out, size);
    secret_wipe(wide, sizeof wide);
    return read;
}

bool
terminal_ask_secret(const char *prompt, char *out, size_t size)
{
    HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE screen = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    DWORD before;
    bool read = false;

    if (in != INVALID_HANDLE_VALUE && screen != INVALID_HANDLE_VALUE && GetConsoleMode(in, &before) &&
        SetConsoleMode(in, (before & ~(DWORD)ENABLE_ECHO_INPUT) | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT)) {
        (void)FlushConsoleInputBuffer(in);
        say(screen, prompt);
        read = read_line(in, out, size);
        (void)SetConsoleMode(in, before);
        say(screen, "\r\n");
    }
    if (in != INVALID_HANDLE_VALUE)
        (void)CloseHandle(in);
    if (screen != INVALID_HANDLE_VALUE)
        (void)CloseHandle(screen);
    return read;
}

void
terminal_size(int *ret_columns, int *ret_rows)
{
    if (!os_terminal_size(ret_columns, ret_rows)) {
        *ret_columns = 80;
        *ret_rows = 24;
    }
}
