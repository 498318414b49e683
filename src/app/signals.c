/*
 * signals.c - see signals.h.
 *
 *     service manager's thread: a bit in `waiting`, uv_async_send() -> loop: each bit told once
 *
 * Two notices of a kind may become one: "asleep, awake, asleep, awake" asks for the same as once.
 */
#include "app/signals.h"

#include <signal.h>
#include <stdio.h>

#define NOTICES (SERVICE_NOTICE_CLOCK + 1)

static void
on_signal(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;
    char why[32];

    if (number == SIGHUP && service_hangup_reloads()) {
        signals->options.reload(signals->options.context);
        return;
    }
    (void)snprintf(why, sizeof why, "signal %d", number);
    signals->options.stop(signals->options.context, why);
}

/* On the service manager's thread. */
static void
on_notice(void *context, enum service_notice notice)
{
    struct signals *signals = context;

    atomic_fetch_or(&signals->waiting, 1U << notice);
    (void)uv_async_send(&signals->async);
}

static void
on_async(uv_async_t *async)
{
    struct signals *signals = async->data;
    unsigned waiting = atomic_exchange(&signals->waiting, 0);

    for (unsigned i = 0; i < NOTICES; i++) {
        if ((waiting & 1U << i) == 0)
            continue;
        if (i == SERVICE_NOTICE_STOP)
            signals->options.stop(signals->options.context, "the service manager");
        else
            signals->options.notice(signals->options.context, (enum service_notice)i);
    }
}

void
signals_start(struct signals *signals, const struct signals_options *options)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

    signals->options = *options;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)uv_signal_init(options->loop, &signals->handles[i]);
        signals->handles[i].data = signals;
        (void)uv_signal_start(&signals->handles[i], on_signal, numbers[i]);
    }
    (void)uv_async_init(options->loop, &signals->async, on_async);
    signals->async.data = signals;
    signals->started = true;
    service_listen(on_notice, signals);
}

void
signals_stop(struct signals *signals)
{
    if (!signals->started)
        return;
    service_listen(NULL, NULL);
    for (size_t i = 0; i < sizeof signals->handles / sizeof signals->handles[0]; i++)
        uv_close((uv_handle_t *)&signals->handles[i], NULL);
    uv_close((uv_handle_t *)&signals->async, NULL);
    signals->started = false;
}
