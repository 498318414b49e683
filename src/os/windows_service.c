/*
 * windows_service.c - service.h under Windows' service control manager.
 *
 *     main thread:     StartServiceCtrlDispatcherW ......................... returns when the service has stopped
 *     service thread:               service_thread -> program -> STOPPED, or no word: the manager starts us anew
 *     handler (main):                      on_control -> told() -> the program's loop
 *     watchdog:                            no sign of life for 30 s, or no end 45 s after the loop's: the process ends without a word
 *
 * Started by hand the dispatcher finds no manager and the program runs as in any console.  An end without a word is what the manager's
 * recovery actions are for; STOPPED with an error code is shown and stays stopped.  So systemd's Restart= and RestartPreventExitStatus= hold.
 */
#include "os/service.h"

#include "os/windows.h"
#include "os/windows_events.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define START_HINT_MS 60000  /* A database may have to be migrated. */
#define STOP_HINT_MS 45000   /* More than shutdown.hard_ms may be; the same as TimeoutStopSec of the unit. */
#define SILENCE_MAX_MS 30000
#define LOOK_EVERY_MS 1000
#define UNBIASED_PER_MS 10000
#define DIED_SILENT 3 /* Exit status. */

/* Of one process; there is one service in it. */
static struct {
    int (*program)(const void *options);
    const void *options;
    int code;
    SERVICE_STATUS_HANDLE manager; /* NULL: started by hand. */
    SRWLOCK lock; /* Of the three below: a notice never runs into an end. */
    void (*told)(void *context, enum service_notice notice);
    void *context;
    bool stop_asked;
    _Atomic DWORD state;
    _Atomic uint64_t alive_ms; /* The last sign of life, by a clock that stands while the machine sleeps. */
    _Atomic uint64_t patience_ms;
} service = { .lock = SRWLOCK_INIT, .state = SERVICE_START_PENDING };

static uint64_t
awake_ms(void)
{
    ULONGLONG now = 0;

    (void)QueryUnbiasedInterruptTime(&now);
    return now / UNBIASED_PER_MS;
}

/* A wish of ours that the manager refuses changes nothing we could do. */
static void
report(DWORD state, DWORD hint_ms, int code)
{
    static atomic_ulong checkpoint;
    bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    SERVICE_STATUS status = { .dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state, .dwWaitHint = hint_ms,
        .dwWin32ExitCode = code == 0 ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR, .dwServiceSpecificExitCode = (DWORD)code };

    if (state == SERVICE_RUNNING)
        status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_POWEREVENT |
            SERVICE_ACCEPT_TIMECHANGE;
    if (pending)
        status.dwCheckPoint = atomic_fetch_add(&checkpoint, 1) + 1;
    atomic_store(&service.state, state);
    (void)SetServiceStatus(service.manager, &status);
}

static void
tell(enum service_notice notice)
{
    AcquireSRWLockExclusive(&service.lock);
    if (service.told != NULL)
        service.told(service.context, notice);
    else if (notice == SERVICE_NOTICE_STOP)
        service.stop_asked = true;
    ReleaseSRWLockExclusive(&service.lock);
}

static DWORD WINAPI
on_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)data;
    (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN: /* Comes while there is time and network to stop in order. */
        report(SERVICE_STOP_PENDING, STOP_HINT_MS, 0);
        tell(SERVICE_NOTICE_STOP);
        return NO_ERROR;
    case SERVICE_CONTROL_POWEREVENT:
        if (type == PBT_APMSUSPEND)
            tell(SERVICE_NOTICE_SLEEP);
        else if (type == PBT_APMRESUMEAUTOMATIC) /* Comes at each wake; PBT_APMRESUMESUSPEND once somebody sits there. */
            tell(SERVICE_NOTICE_WAKE);
        return NO_ERROR;
    case SERVICE_CONTROL_TIMECHANGE:
        tell(SERVICE_NOTICE_CLOCK);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE: return NO_ERROR;
    default: return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* SV-05: a loop that hangs protects nobody, and nobody would see it. */
static DWORD WINAPI
watch(void *context)
{
    (void)context;
    while (awake_ms() - atomic_load(&service.alive_ms) <= atomic_load(&service.patience_ms))
        Sleep(LOOK_EVERY_MS);
    windows_events_write(WINDOWS_EVENT_ERROR, "riskd gave no sign of life and is ended, to be started anew");
    (void)TerminateProcess(GetCurrentProcess(), DIED_SILENT);
    return DIED_SILENT;
}

static void
start_watch(void)
{
    HANDLE thread;

    service_alive();
    atomic_store(&service.patience_ms, SILENCE_MAX_MS);
    thread = CreateThread(NULL, 0, watch, NULL, 0, NULL);
    if (thread != NULL)
        (void)CloseHandle(thread); /* It ends with the process. */
}

static void WINAPI
service_thread(DWORD argc, wchar_t **argv)
{
    (void)argc; /* What `sc start` adds; the command line is the one the service was installed with. */
    (void)argv;
    service.manager = RegisterServiceCtrlHandlerExW(WINDOWS_SERVICE, on_control, NULL);
    if (service.manager == NULL)
        return;
    report(SERVICE_START_PENDING, START_HINT_MS, 0);
    service.code = service.program(service.options);
    bool asked = atomic_load(&service.state) == SERVICE_STOP_PENDING;
    if (service.code == 0 || service.code == SERVICE_EXIT_CONFIG || asked)
        report(SERVICE_STOPPED, 0, service.code);
    else
        _Exit(service.code); /* Not a word: see above. */
}

int
service_main(int (*program)(const void *options), const void *options)
{
    wchar_t name[] = WINDOWS_SERVICE;
    const SERVICE_TABLE_ENTRYW table[] = { { name, service_thread }, { NULL, NULL } };

    service.program = program;
    service.options = options;
    if (StartServiceCtrlDispatcherW(table))
        return service.code;
    return program(options); /* ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: by hand. */
}

void
service_listen(void (*told)(void *context, enum service_notice notice), void *context)
{
    AcquireSRWLockExclusive(&service.lock);
    service.told = told;
    service.context = context;
    if (told != NULL && service.stop_asked)
        told(context, SERVICE_NOTICE_STOP);
    ReleaseSRWLockExclusive(&service.lock);
    if (service.manager == NULL)
        return;
    if (told == NULL) { /* The loop has ended: what is left is bounded, and gets one more stretch. */
        service_alive();
        atomic_store(&service.patience_ms, STOP_HINT_MS);
    } else if (atomic_load(&service.state) == SERVICE_START_PENDING) {
        start_watch();
        report(SERVICE_RUNNING, 0, 0);
        windows_events_write(WINDOWS_EVENT_INFORMATION, "riskd runs; riskctl status tells when all is protected");
    }
}

bool
service_ready(void)
{
    return true; /* RUNNING is what can be stopped in order, not what protects: a machine that starts without a network must not wait for us. */
}

void
service_stopping(void)
{
    if (service.manager == NULL)
        return;
    report(SERVICE_STOP_PENDING, STOP_HINT_MS, 0);
    windows_events_write(WINDOWS_EVENT_WARNING, "riskd stops: nothing is protected from here on");
}

void
service_alive(void)
{
    atomic_store(&service.alive_ms, awake_ms());
}

void
service_says(const char *line)
{
    if (service.manager != NULL)
        windows_events_write(WINDOWS_EVENT_INFORMATION, line);
}

void
service_failed(const char *text)
{
    if (service.manager != NULL)
        windows_events_write(WINDOWS_EVENT_ERROR, text);
}

bool
service_hangup_reloads(void)
{
    return false; /* libuv's name for a console window that closes. */
}

int64_t
service_watchdog_ms(void)
{
    return service.manager != NULL ? SILENCE_MAX_MS : 0;
}
