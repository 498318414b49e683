/*
 * simulate_check_daemon.c - what must hold by the daemon's own records: locks, goals, proofs; and the daemon's lines of the story.
 */
#include "base/assert.h"
#include "core/engine.h"
#include "trial/simulate_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROOF_MAX SPAN_SECONDS(90) /* Then an enforcement is proven, or somebody has been told. */
#define UNWRITTEN SPAN_SECONDS(10) /* What a disk in trouble may not have written yet when the process is killed. */

/* ---- Locks ---- */

static uint32_t
find_lock(const struct simulate_check *check, const struct lockout *wanted)
{
    uint32_t i = 0;

    for (; i < check->locks_count; i++)
        if (check->locks[i].account_id == wanted->account_id && check->locks[i].rule == wanted->rule &&
            strcmp(check->locks[i].root, wanted->root) == 0)
            break;
    return i;
}

static void
set_lock(struct simulate_world *world, const struct lockout *lock)
{
    struct simulate_check *check = &world->check;
    uint32_t i = find_lock(check, lock);

    if (i < check->locks_count && check->locks[i].end == lock->end && instant_before(lock->until, check->locks[i].until) &&
        instant_before(world->now, check->locks[i].until))
        simulate_world_fail(world, lock->account_id, "the lockout of rule %d is shortened (R-ALL-9)", (int)lock->rule);
    ASSERT(i < CHECK_LOCKS_MAX);
    check->locks[i] = *lock;
    check->locks_count += i == check->locks_count;
    world->check.accounts[lock->account_id - 1].dirty = true;
}

static bool
may_end(const struct simulate_world *world, const struct lockout *lock)
{
    const struct check_account *account = &world->check.accounts[lock->account_id - 1];
    const struct exchange_account *books = exchange_account_find(world->sim->exchange, lock->account_id);

    switch (lock->end) {
    case LOCK_UNTIL_TIME:
        return !instant_before(world->now, lock->until);
    case LOCK_UNTIL_RESET:
        return instant_before(lock->since, account->day_starts) || !instant_before(world->now, account->day_ends);
    case LOCK_UNTIL_CLEARED:
        return books->can_trade || lock->rule != 10;
    case LOCK_UNTIL_ADMIN:
        break;
    }
    return false;
}

static void
end_lock(struct simulate_world *world, const struct lockout *ended)
{
    struct simulate_check *check = &world->check;
    uint32_t i = find_lock(check, ended);

    if (i == check->locks_count)
        return;
    if (!may_end(world, &check->locks[i]))
        simulate_world_fail(world, ended->account_id, "the lockout of rule %d ends early (R-ALL-9)", (int)ended->rule);
    check->locks[i] = check->locks[--check->locks_count];
    check->accounts[ended->account_id - 1].dirty = true; /* What was held under it may be held now. */
}

static void
look_for(void *context, const struct lockout *lockout)
{
    struct lockout *wanted = context;

    if (lockout->rule == wanted->rule && strcmp(lockout->root, wanted->root) == 0)
        wanted->account_id = 0;
}

void
simulate_check_restored(struct simulate_world *world)
{
    for (uint32_t i = 0; i < world->check.locks_count; i++) {
        struct lockout wanted = world->check.locks[i];
        engine_each_lockout(world->process.engine, wanted.account_id, look_for, &wanted);
        if (wanted.account_id != 0 && world->check.locks[i].account_id != world->reload.paused && !may_end(world, &world->check.locks[i]))
            simulate_world_fail(world, wanted.account_id, "the lockout of rule %d is gone after a restart (R-ALL-9)", (int)wanted.rule);
    }
}

/* ---- Goals ---- */

static struct check_goal *
find_goal(struct simulate_check *check, const struct goal_row *goal)
{
    for (uint32_t i = 0; i < check->goals_count; i++)
        if (check->goals[i].goal.account_id == goal->account_id && strcmp(check->goals[i].goal.contract.text, goal->contract.text) == 0)
            return &check->goals[i];
    return NULL;
}

static void
set_goal(struct simulate_world *world, const struct goal_row *row)
{
    struct simulate_check *check = &world->check;
    struct check_goal *goal = find_goal(check, row);

    if (goal != NULL) {
        goal->goal = *row; /* Wants more than before; since when stays. */
        return;
    }
    ASSERT(check->goals_count < CHECK_GOALS_MAX);
    check->goals[check->goals_count++] = (struct check_goal){ .goal = *row, .since = world->now };
}

static void
prove_goal(struct simulate_world *world, const struct goal_row *row)
{
    struct simulate_check *check = &world->check;
    struct check_goal *goal = find_goal(check, row);

    check->proven++;
    if (goal != NULL)
        *goal = check->goals[--check->goals_count];
}

bool
simulate_check_flattens(const struct simulate_check *check, int64_t account_id, const char *contract)
{
    for (uint32_t i = 0; i < check->goals_count; i++)
        if (check->goals[i].goal.account_id == account_id && check->goals[i].goal.flatten &&
            strcmp(check->goals[i].goal.contract.text, contract) == 0)
            return true;
    return false;
}

void
simulate_check_goals(struct simulate_world *world)
{
    struct instant clear = world->storm.clear_since;

    for (uint32_t i = 0; i < world->check.goals_count && world->process.alive; i++) {
        const struct check_goal *goal = &world->check.goals[i];
        struct instant since = instant_max(goal->since, clear);
        if (!instant_is_never(clear) && !instant_before(world->now, instant_add(since, simulate_check_patience(world))))
            simulate_world_fail(world, goal->goal.account_id, "%s: not proven for %" PRId64 " s while the broker could be reached",
                goal->goal.contract.text, instant_since(world->now, since).ns / 1000000000);
        if (!goal->alarmed && !instant_before(world->now, instant_add(goal->since, PROOF_MAX)))
            simulate_world_fail(world, goal->goal.account_id, "%s: neither proven nor alarmed for %" PRId64 " s (RT-05)", goal->goal.contract.text,
                instant_since(world->now, goal->since).ns / 1000000000);
    }
}

/* ---- What the daemon does ---- */

void
simulate_check_command(struct simulate_world *world, const struct command *command)
{
    if (command->kind <= COMMAND_MODIFY_STOP)
        simulate_story_tell(&world->story, command->account_id, "sends", "%s %s order %" PRId64 " size %d (rule %d, #%" PRIu64 ")",
            command_kind_name(command->kind), command->contract.text, command->order_id, (int)command->size, (int)command->rule, command->id);
}

void
simulate_check_record(struct simulate_world *world, const struct record *record)
{
    switch (record->kind) {
    case RECORD_BREACH:
        simulate_story_tell(&world->story, record->account_id, "breach", "rule %d: %s", (int)record->rule, record->u.breach.why);
        break;
    case RECORD_LOCKOUT_SET:
        simulate_story_tell(&world->story, record->account_id, "locks", "rule %d: %s", (int)record->rule, record->u.lockout.why);
        break;
    case RECORD_LOCKOUT_END:
        simulate_story_tell(&world->story, record->account_id, "unlocks", "rule %d", (int)record->rule);
        break;
    case RECORD_GOAL_SET:
        set_goal(world, &record->u.goal);
        break;
    case RECORD_GOAL_PROVEN:
        simulate_story_tell(&world->story, record->account_id, "proven", "%s at most %d", record->u.proven.goal.contract.text,
            (int)record->u.proven.goal.size);
        prove_goal(world, &record->u.proven.goal);
        break;
    case RECORD_ANSWERED:
        simulate_story_tell(&world->story, record->account_id, "answered", "#%" PRIu64 " %s", record->u.request.command.id,
            outcome_name(record->u.request.answer.outcome));
        break;
    default:
        break;
    }
}

/* HM-04: blind spans as an audit would find them. */
static void
note_recorded(struct simulate_check *check, enum mode mode, struct instant at)
{
    check->recorded_blind_ns += check->recorded_mode == MODE_BLIND ? instant_since(at, check->recorded_since).ns : 0;
    check->recorded_mode = mode;
    check->recorded_since = at;
}

void
simulate_check_blindness(struct simulate_world *world)
{
    const struct simulate_check *check = &world->check;
    int64_t allowed_ns = (int64_t)check->kills * UNWRITTEN.ns; /* What a kill takes with it is in the row about the gap. */

    if (llabs(check->blind_ns - check->recorded_blind_ns) > allowed_ns)
        simulate_world_fail(world, 0, "blind for %" PRId64 " ms, %" PRId64 " of them recorded (HM-04)", check->blind_ns / 1000000,
            check->recorded_blind_ns / 1000000);
}

void
simulate_check_sight(struct simulate_world *world)
{
    static const struct {
        enum storm_kind kind;
        int64_t within_s; /* A ping each 30 s, its time-out, 15 s of failing; 30 s of silence. */
        enum mode least;
    } rows[] = { { STORM_DOWN, 75, MODE_BLIND }, { STORM_HOLE, 75, MODE_BLIND }, { STORM_FREEZE_ALL, 45, MODE_DEGRADED } };
    const struct simulate_process *process = &world->process;

    for (size_t i = 0; i < COUNT_OF(rows) && process->alive; i++) {
        struct instant since = instant_max(world->storm.since[rows[i].kind], process->started);

        if (!instant_is_never(world->storm.ends[rows[i].kind]) && process->mode < rows[i].least &&
            instant_since(world->now, since).ns > SPAN_SECONDS(rows[i].within_s).ns)
            simulate_world_fail(world, 0, "%s for %" PRId64 " s, and the mode is still %s", storm_kind_name(rows[i].kind),
                instant_since(world->now, since).ns / 1000000000, mode_name(process->mode));
    }
}

void
simulate_check_durable(struct simulate_world *world, const struct record *record)
{
    if (record->kind == RECORD_MODE)
        note_recorded(&world->check, record->u.mode.mode, record->at);
    if (record->kind == RECORD_LOCKOUT_SET)
        set_lock(world, &record->u.lockout);
    else if (record->kind == RECORD_LOCKOUT_END)
        end_lock(world, &record->u.lockout);
}

static void
note_mode(struct simulate_world *world, enum mode mode)
{
    struct simulate_process *process = &world->process;
    int64_t ns = instant_since(world->now, process->mode_since).ns;

    world->check.blind_ns += process->mode == MODE_BLIND ? ns : 0;
    world->check.degraded_ns += process->mode == MODE_DEGRADED ? ns : 0;
    process->mode = mode;
    process->mode_since = world->now;
}

void
simulate_check_notice(struct simulate_world *world, const struct notice *notice)
{
    if (notice->kind == NOTICE_MODE) {
        simulate_story_tell(&world->story, 0, "mode", "%s: %s", mode_name(notice->u.mode.mode), notice->u.mode.reason);
        note_mode(world, notice->u.mode.mode);
    } else if (notice->kind == NOTICE_ALARM) {
        world->check.alarms++;
        simulate_story_tell(&world->story, notice->account_id, "alarm", "%s", notice->text);
        for (uint32_t i = 0; i < world->check.goals_count; i++)
            if (world->check.goals[i].goal.account_id == notice->account_id)
                world->check.goals[i].alarmed = true;
    }
}

void
simulate_check_starts(struct simulate_world *world, const struct restore *restore)
{
    world->check.goals_count = 0; /* What was not on disk is nobody's promise. */
    for (uint32_t i = 0; i < restore->goals_count; i++)
        if (restore->goals[i].account_id != world->reload.paused)
            set_goal(world, &restore->goals[i]);
}

void
simulate_check_dies(struct simulate_world *world)
{
    note_mode(world, MODE_STARTING);
    note_recorded(&world->check, MODE_STARTING, world->now);
    world->check.kills++;
    for (int32_t i = 0; i < world->check.count; i++) { /* What it had swept is known to nobody now. */
        memset(world->check.accounts[i].swept, 0, sizeof world->check.accounts[i].swept);
        memset(world->check.accounts[i].late, 0, sizeof world->check.accounts[i].late);
        world->check.accounts[i].dirty = true;
    }
    simulate_story_tell(&world->story, 0, "daemon", "is killed with %u records not on disk", (unsigned)world->process.queued);
}
