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
#define ORDERS_MAX (VERDICT_STOPS_MAX + VERDICT_SIZES_MAX) /* Waiting for the disk: as many as one step can ask for. */
#define REDUCE_PATIENCE SPAN_MS(50)  /* ID-01: a partial close waits no longer for it (P1). */
#define ORDER_STALE SPAN_SECONDS(2)  /* What it was decided on is history by then: the engine is told that it has not left, and decides anew (P2). */
#define DEADLINES_PER_TURN 4096 /* Then the loop gets to its sockets; the timer brings us back at once. */

struct waiting {
    uint64_t ticket;
    struct notice notice;
};

/* What may not leave before its intent is on disk (ID-01), because it is not idempotent: after a crash nobody else would know of it. */
struct order_waiting {
    uint64_t ticket; /* 0: of the step under way. */
    struct instant at;
    struct instant leaves_at; /* Whatever the disk does; INSTANT_NEVER: a stop adds an order, it waits. */
    struct command command;
};

struct shell {
    struct engine *engine;
    struct shell_ports ports;
    struct instant now;
    struct instant seen; /* Last time told, by whatever call: now is that of the last step. */
    struct instant armed;
    bool stepping;
    struct waiting *waiting; /* By rising ticket. */
    uint32_t waiting_count, waiting_capacity;
    struct order_waiting orders[ORDERS_MAX];
    uint32_t orders_count;
    struct command stale[ORDERS_MAX]; /* The engine is still to hear of. */
    uint32_t stale_count;
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

/*
 * Closes and cancels converge whatever becomes of them, and an fsync may not cost them their 10 ms; a placement may add a second order, a partial
 * close sent twice closes too much.
 */
static void
give_command(struct shell *shell, const struct command *command)
{
    bool reduces = command->kind == COMMAND_REDUCE;
    bool waits = reduces || command->kind == COMMAND_PLACE_STOP || command->kind == COMMAND_MODIFY_STOP;

    if (waits && shell->orders_count < ORDERS_MAX)
        shell->orders[shell->orders_count++] = (struct order_waiting){ .at = shell->now, .command = *command,
            .leaves_at = reduces ? instant_add(shell->seen, REDUCE_PATIENCE) : INSTANT_NEVER };
    else if (!waits || reduces) /* A stop without room the engine finds unanswered (OL-06). */
        shell->ports.command(shell->ports.context, command);
}

/* Has it waited long enough, or has the clock been turned back under it? */
static bool
waits_no_longer(const struct shell *shell, const struct order_waiting *order)
{
    if (instant_is_never(order->leaves_at))
        return false;
    return !instant_before(shell->seen, order->leaves_at) || instant_before(instant_add(shell->seen, REDUCE_PATIENCE), order->leaves_at);
}

/* Those whose records are on disk up to @ticket leave, and those that have waited long enough; but for stale ones. */
static void
give_orders(struct shell *shell, uint64_t ticket)
{
    uint32_t kept = 0, count = shell->orders_count;

    for (uint32_t i = 0; i < count; i++) {
        struct order_waiting order = shell->orders[i];

        if (order.ticket > ticket && !waits_no_longer(shell, &order))
            shell->orders[kept++] = order;
        else if (instant_since(shell->seen, order.at).ns <= ORDER_STALE.ns)
            shell->ports.command(shell->ports.context, &order.command);
        else
            shell->stale[shell->stale_count++] = order.command;
    }
    shell->orders_count = kept;
}

static void
arm(struct shell *shell)
{
    struct instant deadline = engine_deadline(shell->engine);

    for (uint32_t i = 0; i < shell->orders_count; i++)
        deadline = instant_min(deadline, shell->orders[i].leaves_at);
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
        give_command(shell, &update.commands[i]);
    if (ports->stepped != NULL)
        ports->stepped(ports->context, event, &update);
    for (uint32_t i = 0; i < update.records_count; i++) {
        uint64_t given = ports->record(ports->context, &update.records[i]);
        if (given > ticket)
            ticket = given;
    }
    for (uint32_t i = 0; i < shell->orders_count; i++)
        shell->orders[i].ticket = shell->orders[i].ticket != 0 ? shell->orders[i].ticket : ticket;
    if (ticket == 0)
        give_orders(shell, 0); /* A disk that is instant. */
    for (uint32_t i = 0; i < update.notices_count; i++) {
        if (update.notices[i].durable && ticket > 0)
            hold_back(shell, &update.notices[i], ticket);
        else
            ports->notice(ports->context, &update.notices[i]);
    }
    shell->stepping = false;
}

/* Left unanswered, a partial close that has never left would hold back the next one for 10 s (P1). */
static void
answer_stale(struct shell *shell)
{
    while (shell->stale_count > 0) {
        const struct command *command = &shell->stale[--shell->stale_count];
        struct event event = { .kind = EVENT_ANSWER, .at = instant_max(shell->seen, shell->now), .correlation = command->incident };

        event.u.answer = (struct answer_event){ .command_id = command->id, .outcome = OUTCOME_NOT_SENT, .code = -1,
            .text = "not sent: it waited too long for the disk" };
        step(shell, &event);
    }
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

    timed.at = shell->seen = time_of(shell, event->at);
    step_deadlines(shell, timed.at);
    step(shell, &timed);
    give_orders(shell, 0);
    answer_stale(shell);
    arm(shell);
}

void
shell_clock(struct shell *shell, struct instant now)
{
    shell->armed = INSTANT_NONE; /* The timer has fired: arm it whatever comes out. */
    shell->seen = time_of(shell, now);
    step_deadlines(shell, shell->seen);
    give_orders(shell, 0);
    answer_stale(shell);
    arm(shell);
}

void
shell_synced(struct shell *shell, uint64_t ticket)
{
    uint32_t told = 0;

    give_orders(shell, ticket);
    while (told < shell->waiting_count && shell->waiting[told].ticket <= ticket) {
        shell->ports.notice(shell->ports.context, &shell->waiting[told].notice);
        told++;
    }
    shell->waiting_count -= told;
    if (told > 0)
        memmove(shell->waiting, shell->waiting + told, shell->waiting_count * sizeof *shell->waiting);
    if (shell->stale_count == 0)
        return;
    answer_stale(shell);
    arm(shell);
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
