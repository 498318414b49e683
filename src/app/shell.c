/*
 * shell.c - carries out what the engine asks for.
 *
 * Invariants: the engine's time never goes back; no update is left half carried out; ports never re-enter.  A durable notice waits in
 * a list that grows when it must: a disk that hangs for minutes may hold back hundreds, and none may be lost or told early (R-ALL-9).
 */
#include "app/shell.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_AT_START 64
#define DEADLINES_PER_TURN 4096 /* Then the loop gets to its sockets; the timer brings us back at once. */

struct waiting {
    uint64_t ticket;
    struct notice notice;
};

struct shell {
    struct engine *engine;
    struct shell_ports ports;
    struct instant now;
    struct instant armed;
    bool stepping;
    struct waiting *waiting; /* By rising ticket. */
    uint32_t waiting_count, waiting_capacity;
};

enum status
shell_new(struct engine *engine, const struct shell_ports *ports, struct shell **ret_shell, struct error *err)
{
    struct shell *shell = calloc(1, sizeof *shell);

    if (shell != NULL)
        shell->waiting = calloc(WAITING_AT_START, sizeof *shell->waiting);
    if (shell == NULL || shell->waiting == NULL) {
        free(shell);
        return error_set(err, STATUS_LIMIT, "shell: no memory");
    }
    shell->engine = engine;
    shell->ports = *ports;
    shell->armed = INSTANT_NEVER;
    shell->waiting_capacity = WAITING_AT_START;
    *ret_shell = shell;
    return OK;
}

void
shell_free(struct shell *shell)
{
    if (shell == NULL)
        return;
    free(shell->waiting);
    free(shell);
}

static void
hold_back(struct shell *shell, const struct notice *notice, uint64_t ticket)
{
    if (shell->waiting_count == shell->waiting_capacity) {
        uint32_t capacity = shell->waiting_capacity * 2;
        struct waiting *more = realloc(shell->waiting, capacity * sizeof *more);
        ASSERT(more != NULL); /* Out of memory: restart and rebuild beats claiming what is not on disk. */
        shell->waiting = more;
        shell->waiting_capacity = capacity;
    }
    shell->waiting[shell->waiting_count++] = (struct waiting){ ticket, *notice };
}

static void
arm(struct shell *shell)
{
    struct instant deadline = engine_deadline(shell->engine);

    if (instant_equal(deadline, shell->armed))
        return;
    shell->armed = deadline;
    shell->ports.arm(shell->ports.context, deadline);
}

/* One step and all it asks for, in the order architecture.md gives. */
static void
step(struct shell *shell, const struct event *event)
{
    const struct shell_ports *ports = &shell->ports;
    struct update update;
    uint64_t ticket = 0;

    ASSERT(!shell->stepping);
    shell->stepping = true;
    shell->now = event->at;
    engine_step(shell->engine, event, &update);
    for (uint32_t i = 0; i < update.commands_count; i++)
        ports->command(ports->context, &update.commands[i]);
    if (ports->stepped != NULL)
        ports->stepped(ports->context, event, &update);
    for (uint32_t i = 0; i < update.records_count; i++) {
        uint64_t given = ports->record(ports->context, &update.records[i]);
        if (given > ticket)
            ticket = given;
    }
    for (uint32_t i = 0; i < update.notices_count; i++) {
        if (update.notices[i].durable && ticket > 0)
            hold_back(shell, &update.notices[i], ticket);
        else
            ports->notice(ports->context, &update.notices[i]);
    }
    shell->stepping = false;
}

/* Deadlines up to @until, each at its own time; one that lies in the past (a woken machine) at the engine's time. */
static void
step_deadlines(struct shell *shell, struct instant until)
{
    for (int steps = 0; steps < DEADLINES_PER_TURN; steps++) {
        struct instant due = engine_deadline(shell->engine);
        if (instant_is_never(due) || instant_before(until, due))
            return;
        step(shell, &(struct event){ .kind = EVENT_CLOCK, .at = instant_max(due, shell->now) });
    }
}

/* Time never goes back a little; a correction of the clock goes back at once, before anything else happens (engine.h). */
static struct instant
time_of(struct shell *shell, struct instant at)
{
    if (!instant_before(instant_add(at, ENGINE_BACK_MAX), shell->now))
        return instant_max(at, shell->now);
    step(shell, &(struct event){ .kind = EVENT_CLOCK, .at = at });
    return at;
}

void
shell_event(struct shell *shell, const struct event *event)
{
    struct event timed = *event;

    timed.at = time_of(shell, event->at);
    step_deadlines(shell, timed.at);
    step(shell, &timed);
    arm(shell);
}

void
shell_clock(struct shell *shell, struct instant now)
{
    shell->armed = INSTANT_NONE; /* The timer has fired: arm it whatever comes out. */
    step_deadlines(shell, time_of(shell, now));
    arm(shell);
}

void
shell_synced(struct shell *shell, uint64_t ticket)
{
    uint32_t told = 0;

    while (told < shell->waiting_count && shell->waiting[told].ticket <= ticket) {
        shell->ports.notice(shell->ports.context, &shell->waiting[told].notice);
        told++;
    }
    if (told == 0)
        return;
    shell->waiting_count -= told;
    memmove(shell->waiting, shell->waiting + told, shell->waiting_count * sizeof *shell->waiting);
}

struct instant
shell_now(const struct shell *shell)
{
    return shell->now;
}

uint32_t
shell_waiting(const struct shell *shell)
{
    return shell->waiting_count;
}
