/*
 * service.c - service.h by the protocol of systemd's service manager: a datagram to the socket it names (sd_notify(3)).
 *
 * The protocol is a stable interface that may be spoken without libsystemd, says the manual, and shows how.  That library would bring five
 * others into a daemon that holds keys, and 0.9 MB into its memory, for four short messages.  None of them is waited for: the loop's thread, which
 * sends them, may have a close to send; a lost sign of life is followed by the next.
 */
#include "os/service.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* False: there is a manager, and it has not got it. */
static bool
notify(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (name == NULL || (name[0] != '/' && name[0] != '@') || !text_copy(address.sun_path, sizeof address.sun_path, name))
        return true;
    if (name[0] == '@')
        address.sun_path[0] = 0; /* In the abstract name space: no file. */
    int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out < 0)
        return false;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    ssize_t sent = sendto(out, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
    (void)close(out);
    return sent >= 0;
}

int
service_main(int (*program)(const void *options), const void *options)
{
    return program(options);
}

void
service_listen(void (*told)(void *context, enum service_notice notice), void *context)
{
    (void)told; /* Signals tell it all. */
    (void)context;
}

void
service_failed(const char *text)
{
    (void)text; /* The journal has standard error. */
}

bool
service_hangup_reloads(void)
{
    return true;
}

bool
service_ready(void)
{
    return notify("READY=1");
}

void
service_stopping(void)
{
    (void)notify("STOPPING=1");
}

void
service_alive(void)
{
    (void)notify("WATCHDOG=1");
}

void
service_says(const char *line)
{
    char state[256];

    (void)snprintf(state, sizeof state, "STATUS=%s", line);
    (void)notify(state);
}

int64_t
service_watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    int64_t pid, value;

    if (whose != NULL && (!text_to_int64(whose, strlen(whose), &pid) || pid != getpid()))
        return 0; /* Of the process that started us. */
    return us != NULL && text_to_int64(us, strlen(us), &value) && value > 0 ? value / 1000 : 0;
}
