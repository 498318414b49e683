/*
 * service.h - what the service manager is told (S-1, S-20): ready, alive, stopping, in words.
 *
 * Without a service manager all of it does nothing.
 */
#ifndef OS_SERVICE_H
#define OS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

/** The daemon protects from here on. */
void service_ready(void);
/** It goes down because it was asked to. */
void service_stopping(void);
/** A sign of life; to be given each service_watchdog_ms() / 2 or oftener. */
void service_alive(void);
/** One line for `systemctl status`. */
void service_says(const char *line);

/** Without a sign of life for so long the service manager starts us anew; 0: it does not look. */
int64_t service_watchdog_ms(void);

#endif /* OS_SERVICE_H */
