/*
 * sim.c - see sim.h.
 */
#include "sim/sim.h"

#include "base/assert.h"
#include "base/text.h"
#include "sim/script.h"
#include "sim/stream.h"

#include <stdlib.h>
#include <string.h>

static struct sim_window
window_new(size_t limit, struct span length)
{
    struct sim_window window = { .times = calloc(limit, sizeof *window.times), .limit = limit, .length = length };

    ASSERT(window.times != NULL);
    return window;
}

struct sim *
sim_new(const struct sim_options *options, struct instant now)
{
    struct traders_options idle = traders_defaults();
    struct sim *sim = calloc(1, sizeof *sim);

    ASSERT(sim != NULL);
    sim->now = now;
    sim->chance.state = options->seed ^ 0x5bd1e995;
    sim->exchange = exchange_new(options->seed, now);
    sim->any_credentials = options->user == NULL || options->api_key == NULL;
    (void)text_copy(sim->user, sizeof sim->user, options->user == NULL ? "" : options->user);
    (void)text_copy(sim->api_key, sizeof sim->api_key, options->api_key == NULL ? "" : options->api_key);
    if (options->logins != NULL)
        sim->logins = *options->logins;
    tokens_init(&sim->tokens, options->token_life);
    traders_init(&sim->traders, now, &idle);
    crowd_init(&sim->crowd, options->seed, now);
    sim->general = window_new(SIM_RATE_GENERAL, SPAN_SECONDS(60));
    sim->history = window_new(SIM_RATE_HISTORY, SPAN_SECONDS(30));
    sim->rate_limited = sim->rest_commissions = true;
    sim->walk = options->walk;
    sim->walk_period = options->walk_period;
    sim->next_walk = instant_add(now, options->walk_period);
    sim->notes = calloc(SIM_NOTES_MAX, sizeof *sim->notes);
    ASSERT(sim->notes != NULL);
    return sim;
}

void
sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    while (sim->streams != NULL)
        stream_close(sim, sim->streams);
    exchange_free(sim->exchange);
    tokens_fini(&sim->tokens);
    traders_fini(&sim->traders);
    crowd_fini(&sim->crowd);
    script_free(sim->script);
    free(sim->general.times);
    free(sim->history.times);
    free(sim->notes);
    secret_wipe(sim->api_key, sizeof sim->api_key);
    secret_wipe(&sim->logins, sizeof sim->logins);
    free(sim);
}

void
sim_advance(struct sim *sim, struct instant now)
{
    sim->now = instant_max(sim->now, now);
    exchange_advance(sim->exchange, sim->now);
    if (sim->walk && !instant_before(sim->now, sim->next_walk)) {
        exchange_walk(sim->exchange, sim->now);
        sim->next_walk = instant_add(sim->now, sim->walk_period);
    }
    sim_publish(sim); /* Before the trader looks. */
    traders_advance(sim);
    sim_publish(sim);
    crowd_advance(&sim->crowd, sim->exchange, sim->now);
    sim_publish(sim);
    script_advance(sim->script, sim);
    sim_publish(sim);
    stream_advance(sim);
}

struct instant
sim_next_due(const struct sim *sim)
{
    struct instant due = instant_min(exchange_next_due(sim->exchange), traders_next_due(&sim->traders));

    if (sim->walk)
        due = instant_min(due, sim->next_walk);
    due = instant_min(instant_min(due, crowd_next_due(&sim->crowd)), script_next_due(sim->script));
    return instant_min(due, stream_next_due(sim));
}

void
sim_publish(struct sim *sim)
{
    struct exchange_event event;

    while (exchange_take_event(sim->exchange, &event)) {
        traders_note(sim, &event);
        crowd_note(&sim->crowd, &event);
        if (sim->watch != NULL)
            sim->watch(sim->watch_context, &event);
        subscriptions_publish(sim, &event);
    }
    traders_settle(sim);
}

bool
sim_window_admits(struct sim_window *window, struct instant now)
{
    struct instant oldest = window->times[window->next];

    if (oldest.ns != 0 && instant_before(now, instant_add(oldest, window->length)))
        return false;
    window->times[window->next] = now;
    window->next = (window->next + 1) % window->limit;
    return true;
}

struct sim_note *
sim_note(struct sim *sim, struct instant now, const char *path)
{
    struct sim_note *note = &sim->notes[sim->notes_total++ % SIM_NOTES_MAX];

    *note = (struct sim_note){ .at = now, .code = -1, .fault = -1 };
    (void)text_copy(note->path, sizeof note->path, path);
    return note;
}

const struct sim_note *
sim_note_at(const struct sim *sim, int64_t index)
{
    int64_t first = sim->notes_total > SIM_NOTES_MAX ? sim->notes_total - SIM_NOTES_MAX : 0;

    return index < 0 || first + index >= sim->notes_total ? NULL : &sim->notes[(first + index) % SIM_NOTES_MAX];
}

struct instant
sim_cutoff(const struct sim *sim)
{
    return sim->rest_lag.ns <= 0 ? INSTANT_NEVER : instant_sub(sim->now, sim->rest_lag);
}
