/*
 * scrape.c - one page of metrics of a running guard: asks its parts, each on the loop thread and without waiting.
 */
#include "app/scrape.h"

#include <stdlib.h>

void
scrape_write(struct guard *guard, struct text *out)
{
    struct gateway_status *users = calloc((size_t)guard->users_count + 1, sizeof *users);
    struct metrics_view view = { .board = &guard->board, .engine = guard->engine, .log = log_stats(guard->log),
        .notices_waiting = shell_waiting(guard->shell), .feed_clients = -1, .users = users, .now = guard_now(guard),
        .ready = guard_is_ready(guard), .alerts = alerts_stats(guard->alerts) };

    if (users == NULL)
        return;
    for (int32_t i = 0; i < guard->users_count; i++)
        if (guard->users[i].gateway != NULL)
            gateway_status(guard->users[i].gateway, &users[view.users_count++]);
    if (guard->writer != NULL)
        view.store = writer_status(guard->writer);
    if (guard->feed != NULL) {
        view.feed_clients = feed_clients_count(guard->feed);
        view.feed_dropped = feed_dropped_count(guard->feed);
    }
    metrics_write(&guard->metrics, &view, out);
    free(users);
}
