/*
 * windows_path.c - path.h on Windows: programs in Program Files, what they write in ProgramData.
 */
#include "os/path.h"

#include "os/windows.h"

#include "base/assert.h"

#include <shlobj.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "Simple Risk Manager"
#define PLACES ((size_t)PATH_TEMPLATES + 1)

const char *
path_name(const char *path)
{
    const char *name = path;

    for (const char *at = path; *at != '\0'; at++)
        if (*at == '/' || *at == '\\' || (*at == ':' && at == path + 1))
            name = at + 1;
    return name;
}

bool
path_is_absolute(const char *path)
{
    return path[0] == '/' || path[0] == '\\' || (path[0] != '\0' && path[1] == ':');
}

void
path_write_portably(char *path)
{
    for (char *at = path; (at = strchr(at, '\\')) != NULL;)
        *at = '/'; /* In YAML strings '\' begins an escape. */
}

/* By the system, not by %ProgramData%: who runs us could have set that. */
static void
find_folder(int folder, char out[MAX_PATH * 3])
{
    wchar_t wide[MAX_PATH];
    HRESULT failed = SHGetFolderPathW(NULL, folder, NULL, SHGFP_TYPE_CURRENT, wide);

    ASSERT(failed == S_OK && windows_narrow(wide, out, MAX_PATH * 3));
}

const char *
path_installed(enum path_place place)
{
    static char places[PLACES][MAX_PATH * 3 + 64];
    char data[MAX_PATH * 3], programs[MAX_PATH * 3];

    if (places[place][0] == '\0') {
        find_folder(CSIDL_COMMON_APPDATA, data);
        find_folder(CSIDL_PROGRAM_FILES, programs);
        (void)snprintf(places[PATH_CONFIGURATION], sizeof places[0], "%s\\" FOLDER "\\config", data);
        (void)snprintf(places[PATH_DATA], sizeof places[0], "%s\\" FOLDER "\\data", data);
        (void)snprintf(places[PATH_LOGS], sizeof places[0], "%s\\" FOLDER "\\logs", data);
        (void)snprintf(places[PATH_TEMPLATES], sizeof places[0], "%s\\" FOLDER "\\templates", programs);
        for (size_t i = 0; i < PLACES; i++)
            path_write_portably(places[i]);
    }
    return places[place];
}
