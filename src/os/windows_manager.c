/*
 * windows_manager.c - service_manager.h by Windows' service control manager.
 *
 * The service runs as NT SERVICE\riskd, an account the system makes for this service alone: nobody can log in as it, it has no password, and no
 * right but those of windows_rights.c.  What systemd's unit says is said here: start with the machine, restart two seconds after a death, time to
 * stop, no privileges.  Installing again mends all of it, so that is also how an upgrade does it.
 */
#include "os/service_manager.h"

#include "os/identity.h"
#include "os/os.h"
#include "os/path.h"
#include "os/windows.h"
#include "os/windows_events.h"
#include "os/windows_rights.h"

#include "base/assert.h"

#include <stdio.h>
#include <wchar.h>

#define ACCOUNT L"NT SERVICE\\" WINDOWS_SERVICE
#define SOURCE L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" WINDOWS_SERVICE
#define KINDS 7 /* Errors, warnings, information. */
#define RESTART_MS 2000
#define FORGET_S 86400
#define STOP_MS 60000 /* More than the service takes, windows_service.c. */
#define LOOK_EVERY_MS 50
#define LINE_MAX_CHARS (2 * WINDOWS_PATH_MAX + 64)

/* ---- Finding it ---- */

static enum status
explain(const char *what, DWORD reason, struct error *err)
{
    if (reason == ERROR_ACCESS_DENIED)
        return error_set(err, STATUS_INTERNAL, "%s: only an administrator may do that; %s", what, identity_how_to_be_administrator());
    if (reason == ERROR_SERVICE_DOES_NOT_EXIST)
        return error_set(err, STATUS_RETRY, "not installed; riskctl service install does it");
    return windows_error(what, reason, err);
}

static enum status
open_manager(DWORD access, SC_HANDLE *ret_manager, struct error *err)
{
    *ret_manager = OpenSCManagerW(NULL, NULL, access);
    return *ret_manager != NULL ? OK : explain("service manager", GetLastError(), err);
}

static enum status
open_service(DWORD access, SC_HANDLE *ret_service, struct error *err)
{
    SC_HANDLE manager;
    enum status status = open_manager(SC_MANAGER_CONNECT, &manager, err);

    if (status != OK)
        return status;
    *ret_service = OpenServiceW(manager, WINDOWS_SERVICE, access);
    if (*ret_service == NULL)
        status = explain("service", GetLastError(), err);
    (void)CloseServiceHandle(manager);
    return status;
}

static bool
look(SC_HANDLE service, SERVICE_STATUS_PROCESS *ret_status)
{
    DWORD size;

    return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)ret_status, sizeof *ret_status, &size) != 0;
}

/* ---- Starting, stopping ---- */

static enum status
start(SC_HANDLE service, struct error *err)
{
    if (StartServiceW(service, 0, NULL) || GetLastError() == ERROR_SERVICE_ALREADY_RUNNING)
        return OK;
    return explain("start", GetLastError(), err);
}

static DWORD
ask_to_stop(SC_HANDLE service, SERVICE_STATUS_PROCESS *status)
{
    SERVICE_STATUS ignored;

    if (!ControlService(service, SERVICE_CONTROL_STOP, &ignored) && status->dwCurrentState != SERVICE_STOP_PENDING)
        return GetLastError() == ERROR_SERVICE_NOT_ACTIVE ? ERROR_SUCCESS : GetLastError();
    for (DWORD waited = 0; status->dwCurrentState != SERVICE_STOPPED; waited += LOOK_EVERY_MS) {
        if (waited >= STOP_MS)
            return ERROR_TIMEOUT;
        Sleep(LOOK_EVERY_MS);
        if (!look(service, status))
            return GetLastError();
    }
    return ERROR_SUCCESS;
}

/* Waits for its process too: only then are its files free.  One that has died meanwhile, untold, has stopped. */
static enum status
stop(SC_HANDLE service, struct error *err)
{
    SERVICE_STATUS_PROCESS status;

    if (!look(service, &status))
        return explain("stop", GetLastError(), err);
    if (status.dwCurrentState == SERVICE_STOPPED)
        return OK;
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, status.dwProcessId);
    if (process == NULL && GetLastError() == ERROR_INVALID_PARAMETER)
        return OK; /* There is no such process. */
    DWORD reason = ask_to_stop(service, &status);
    if (process != NULL) {
        if (reason == ERROR_SUCCESS)
            (void)WaitForSingleObject(process, STOP_MS);
        (void)CloseHandle(process);
    }
    return reason == ERROR_SUCCESS ? OK : explain("stop", reason, err);
}

/* ---- Installing ---- */

/* riskd.exe beside us. */
static bool
find_program(wchar_t out[WINDOWS_PATH_MAX])
{
    static const wchar_t name[] = L"riskd.exe";
    DWORD length = GetModuleFileNameW(NULL, out, WINDOWS_PATH_MAX);
    wchar_t *end = length > 0 && length < WINDOWS_PATH_MAX ? wcsrchr(out, L'\\') : NULL;

    if (end == NULL || (size_t)(end + 1 - out) + COUNT_OF(name) > WINDOWS_PATH_MAX)
        return false;
    (void)wcscpy(end + 1, name);
    return GetFileAttributesW(out) != INVALID_FILE_ATTRIBUTES;
}

/* Both paths quoted: there are blanks in them, and an unquoted C:\Program is a hole (CWE-428). */
static bool
command_line(const wchar_t *program, const char *directory, wchar_t out[LINE_MAX_CHARS])
{
    wchar_t given[WINDOWS_PATH_MAX], full[WINDOWS_PATH_MAX];

    if (!windows_wide(directory, given))
        return false;
    DWORD length = GetFullPathNameW(given, WINDOWS_PATH_MAX, full, NULL);
    return length > 0 && length < WINDOWS_PATH_MAX && swprintf(out, LINE_MAX_CHARS, L"\"%ls\" --config \"%ls\"", program, full) > 0;
}

/* Old systems (and wine) do not know all of it; the service runs and protects without, so they are asked for, not demanded. */
static void
configure(SC_HANDLE service)
{
    wchar_t description[] = L"Watches the trader's accounts and enforces the rules: closes, cancels, locks. Positions stay as they are while it is stopped.";
    wchar_t privileges[] = L"SeChangeNotifyPrivilege\0"; /* And no other. */
    SC_ACTION restarts[] = { { SC_ACTION_RESTART, RESTART_MS }, { SC_ACTION_RESTART, RESTART_MS }, { SC_ACTION_RESTART, RESTART_MS } };
    SERVICE_DESCRIPTIONW what = { .lpDescription = description };
    SERVICE_DELAYED_AUTO_START_INFO delayed = { .fDelayedAutostart = TRUE };
    SERVICE_FAILURE_ACTIONSW failure = { .dwResetPeriod = FORGET_S, .cActions = COUNT_OF(restarts), .lpsaActions = restarts };
    SERVICE_FAILURE_ACTIONS_FLAG only_deaths = { .fFailureActionsOnNonCrashFailures = FALSE }; /* See windows_service.c. */
    SERVICE_SID_INFO own = { .dwServiceSidType = SERVICE_SID_TYPE_UNRESTRICTED };
    SERVICE_REQUIRED_PRIVILEGES_INFOW few = { .pmszRequiredPrivileges = privileges };
    SERVICE_PRESHUTDOWN_INFO time_to_stop = { .dwPreshutdownTimeout = STOP_MS };

    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &what);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &only_deaths);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, &own);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &few);
    (void)ChangeServiceConfig2W(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &time_to_stop);
}

static enum status
make_service(const wchar_t *line, SC_HANDLE *ret_service, struct error *err)
{
    static const wchar_t title[] = L"Simple Risk Manager";
    SC_HANDLE manager, service;
    enum status status = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE, &manager, err);

    if (status != OK)
        return status;
    service = CreateServiceW(manager, WINDOWS_SERVICE, title, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
        SERVICE_ERROR_NORMAL, line, NULL, NULL, NULL, ACCOUNT, NULL);
    DWORD reason = service == NULL ? GetLastError() : ERROR_SUCCESS;
    if (reason == ERROR_SERVICE_EXISTS) {
        service = OpenServiceW(manager, WINDOWS_SERVICE, SERVICE_ALL_ACCESS);
        reason = service != NULL && ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line, NULL,
                                        NULL, NULL, ACCOUNT, NULL, title)
            ? ERROR_SUCCESS
            : GetLastError();
    }
    (void)CloseServiceHandle(manager);
    if (reason == ERROR_SUCCESS) {
        *ret_service = service;
        return OK;
    }
    if (service != NULL)
        (void)CloseServiceHandle(service);
    return explain("install", reason, err);
}

/* The event viewer finds our texts in riskd.exe. */
static enum status
register_events(const wchar_t *program, struct error *err)
{
    static const DWORD kinds = KINDS;
    HKEY key;
    LSTATUS reason = RegCreateKeyExW(HKEY_LOCAL_MACHINE, SOURCE, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);

    if (reason == ERROR_SUCCESS) {
        DWORD size = (DWORD)((wcslen(program) + 1) * sizeof *program);
        reason = RegSetValueExW(key, L"EventMessageFile", 0, REG_SZ, (const BYTE *)program, size);
        if (reason == ERROR_SUCCESS)
            reason = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&kinds, sizeof kinds);
        (void)RegCloseKey(key);
    }
    return reason == ERROR_SUCCESS ? OK : explain("event source", (DWORD)reason, err);
}

static enum status
own_folder(const char *path, struct error *err)
{
    enum status status = os_make_private_directory(path, err);

    return status == OK ? windows_rights_give_to_service(path, err) : status;
}

static enum status
own_folders(const char *directory, struct error *err)
{
    enum status status = own_folder(directory, err);

    if (status == OK)
        status = own_folder(path_installed(PATH_DATA), err);
    return status == OK ? own_folder(path_installed(PATH_LOGS), err) : status;
}

enum status
service_manager_install(const char *directory, bool now, struct error *err)
{
    wchar_t program[WINDOWS_PATH_MAX], line[LINE_MAX_CHARS];
    SC_HANDLE service = NULL;

    if (!find_program(program))
        return error_set(err, STATUS_INTERNAL, "install: riskd.exe is not beside riskctl.exe");
    if (!command_line(program, directory, line))
        return error_set(err, STATUS_INTERNAL, "%.60s: no such path", directory);
    enum status status = own_folders(directory, err);
    if (status == OK)
        status = register_events(program, err);
    if (status == OK)
        status = make_service(line, &service, err);
    if (status != OK)
        return status;
    configure(service);
    if (now)
        status = start(service, err);
    (void)CloseServiceHandle(service);
    return status;
}

enum status
service_manager_uninstall(struct error *err)
{
    SC_HANDLE service;
    enum status status = open_service(SERVICE_QUERY_STATUS | SERVICE_STOP | DELETE, &service, err);

    if (status == STATUS_RETRY)
        return OK; /* Done twice is done. */
    if (status != OK)
        return status;
    status = stop(service, err);
    if (status == OK && !DeleteService(service))
        status = explain("uninstall", GetLastError(), err);
    (void)CloseServiceHandle(service);
    if (status == OK)
        (void)RegDeleteKeyW(HKEY_LOCAL_MACHINE, SOURCE);
    return status;
}

/* ---- Orders ---- */

enum status
service_manager_start(struct error *err)
{
    SC_HANDLE service;
    enum status status = open_service(SERVICE_START, &service, err);

    if (status != OK)
        return status;
    status = start(service, err);
    (void)CloseServiceHandle(service);
    return status;
}

enum status
service_manager_stop(struct error *err)
{
    SC_HANDLE service;
    enum status status = open_service(SERVICE_QUERY_STATUS | SERVICE_STOP, &service, err);

    if (status != OK)
        return status;
    status = stop(service, err);
    (void)CloseServiceHandle(service);
    return status;
}

enum status
service_manager_restart(struct error *err)
{
    enum status status = service_manager_stop(err);

    return status == OK ? service_manager_start(err) : status;
}

enum status
service_manager_status(struct error *err)
{
    static const char *const words[] = { [SERVICE_STOPPED] = "stopped", [SERVICE_START_PENDING] = "starting", [SERVICE_STOP_PENDING] = "stopping",
        [SERVICE_CONTINUE_PENDING] = "continuing", [SERVICE_PAUSE_PENDING] = "pausing", [SERVICE_PAUSED] = "paused" };
    SERVICE_STATUS_PROCESS now;
    SC_HANDLE service;
    enum status status = open_service(SERVICE_QUERY_STATUS, &service, err);

    if (status != OK)
        return status;
    if (!look(service, &now))
        status = explain("status", GetLastError(), err);
    else if (now.dwCurrentState != SERVICE_RUNNING)
        status = error_set(err, STATUS_RETRY, "%s", now.dwCurrentState < COUNT_OF(words) ? words[now.dwCurrentState] : "not active");
    (void)CloseServiceHandle(service);
    return status;
}
