/*
 * windows_events.h - lines for Windows' event viewer, in our name.
 *
 * The texts' frame is packaging/windows/events.mc, compiled into riskd.exe; windows_manager.c registers it when the service is installed.
 */
#ifndef OS_WINDOWS_EVENTS_H
#define OS_WINDOWS_EVENTS_H

#define WINDOWS_SERVICE L"riskd" /* Of the service and of its events' source. */

/* Ids of events.mc. */
enum windows_event { WINDOWS_EVENT_INFORMATION = 1, WINDOWS_EVENT_WARNING, WINDOWS_EVENT_ERROR };

/** Nobody waits for it, and nobody is told if it fails.  @text: UTF-8, no secrets; what is too long is cut. */
void windows_events_write(enum windows_event kind, const char *text);

#endif /* OS_WINDOWS_EVENTS_H */
