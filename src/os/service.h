/*
 * service.h - the daemon's side of the service manager (S-1, S-20): what it is told (ready, alive, stopping, in words), and what it tells.
 *
 * systemd tells by signals, which libuv brings; Windows' manager calls on a thread of its own.  Without a manager all of it does nothing.
 */
#ifndef OS_SERVICE_H
#define OS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

/* What the manager, or the system through it, has to say. */
enum service_notice {
    SERVICE_NOTICE_STOP,
    SERVICE_NOTICE_SLEEP, /* The machine goes to sleep now; ... */
    SERVICE_NOTICE_WAKE,  /* ... it is back. */
    SERVICE_NOTICE_CLOCK, /* Somebody set the wall clock. */
};

#define SERVICE_EXIT_CONFIG 2 /* Of a program: started anew it would end the same way.  The unit file knows it too. */

/**
 * Run @program under the service manager if it has started us, plainly otherwise.  Returns what @program returns: 0 is an end as asked for,
 * SERVICE_EXIT_CONFIG waits for a person, after any other the manager starts us anew.
 */
int service_main(int (*program)(const void *options), const void *options);

/**
 * From here on notices go to @told, on any thread: it may only hand over.  A stop asked for before comes at once.  After a call with NULL
 * none is under way.  Windows' manager takes the daemon for running from the first call on.
 */
void service_listen(void (*told)(void *context, enum service_notice notice), void *context);

/** The daemon protects from here on.  False: the manager could not be told now; to be said again. */
bool service_ready(void);
/** It goes down because it was asked to. */
void service_stopping(void);
/** A sign of life; to be given each service_watchdog_ms() / 2 or oftener. */
void service_alive(void);
/** One line for `systemctl status`. */
void service_says(const char *line);
/** Why it cannot start, for those who look where the manager keeps such things; standard error is the caller's. */
void service_failed(const char *text);

/** Does SIGHUP ask for a reload?  If not, it tells that the console's window is being closed. */
bool service_hangup_reloads(void);

/** Without a sign of life for so long the service manager starts us anew; 0: it does not look. */
int64_t service_watchdog_ms(void);

#endif /* OS_SERVICE_H */
