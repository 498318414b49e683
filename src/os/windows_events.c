/*
 * windows_events.c - see windows_events.h.
 */
#include "os/windows_events.h"

#include "os/windows.h"

#include "base/text.h"

#include <string.h>

#define SEVERITY_SHIFT 30 /* Of an event id, as windmc makes them of events.mc: 1 information, 2 warning, 3 error. */

void
windows_events_write(enum windows_event kind, const char *text)
{
    static const WORD types[] = { [WINDOWS_EVENT_INFORMATION] = EVENTLOG_INFORMATION_TYPE, [WINDOWS_EVENT_WARNING] = EVENTLOG_WARNING_TYPE,
        [WINDOWS_EVENT_ERROR] = EVENTLOG_ERROR_TYPE };
    HANDLE log = RegisterEventSourceW(NULL, WINDOWS_SERVICE);
    char start[WINDOWS_PATH_MAX];
    wchar_t wide[WINDOWS_PATH_MAX];
    const wchar_t *lines[] = { wide };

    if (log == NULL)
        return;
    size_t length = strlen(text);
    if (length >= sizeof start)
        for (length = sizeof start - 1; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--; /* Not in the middle of a character. */
    (void)text_copy_bytes(start, sizeof start, text, length);
    if (windows_wide(start, wide))
        (void)ReportEventW(log, types[kind], 0, (DWORD)kind << SEVERITY_SHIFT | (DWORD)kind, NULL, 1, 0, lines, NULL);
    (void)DeregisterEventSource(log);
}
