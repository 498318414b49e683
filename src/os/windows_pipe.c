/*
 * windows_pipe.c - pipe.h on Windows: pipes have a place of their own, and go with the last who has them open.
 *
 * A new pipe is open to the user who made it, SYSTEM and Administrators; everybody else may read, which is to say connect and never be heard
 * (CreateNamedPipe).  Who is heard is looked at as well (windows_identity.c).
 */
#include "os/pipe.h"

#include "os/windows.h"

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

enum status
pipe_close_to_others(const char *name, struct error *err)
{
    (void)name; /* It is; see above. */
    (void)err;
    return OK;
}
