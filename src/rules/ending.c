/*
 * ending.c - see ending.h.
 *
 * The `lockout` keys, when given, override the action's part (rules.md, RULE-003); what contradicts itself is an error,
 * because a trader who wrote it believes in one of the two.
 */
#include "rules/ending.h"

#include "base/text.h"

const struct choice ending_actions[] = {
    { "close_all_and_lockout", ENDING_CLOSE_AND_LOCK },
    { "close_all", ENDING_CLOSE },
    { "close_position", ENDING_CLOSE },
    { "close_position_and_lockout", ENDING_CLOSE_AND_LOCK },
    { "close_and_lockout", ENDING_CLOSE_AND_LOCK },
    { NULL, 0 },
};

const struct choice ending_untils[] = {
    { "daily_reset", ENDING_DAILY_RESET },
    { "permanent", ENDING_PERMANENT },
    { NULL, 0 },
};

enum status
ending_check(struct ending *ending, struct error *err)
{
    bool permanent = ending->until_given && ending->lockout_until == ENDING_PERMANENT;

    ending->locks = ending->action == ENDING_CLOSE_AND_LOCK;
    ending->asked = ending->action_given && ending->locks;
    if (ending->lockout_given)
        ending->asked = ending->locks = ending->lockout;
    if (!ending->until_reset_given)
        return OK;
    if (ending->lockout_until_reset && permanent)
        return error_set(err, STATUS_CONFIG, "lockout_until_reset: true contradicts lockout_until: permanent");
    if (permanent)
        return OK; /* lockout_until_reset: false says the same. */
    if (ending->lockout_given && ending->lockout != ending->lockout_until_reset)
        return error_set(err, STATUS_CONFIG, "lockout contradicts lockout_until_reset");
    ending->asked = ending->locks = ending->lockout_until_reset;
    return OK;
}

static enum lock_end
lock_end(const struct ending *ending)
{
    return ending->lockout_until == ENDING_PERMANENT ? LOCK_UNTIL_ADMIN : LOCK_UNTIL_RESET;
}

void
ending_close_all(const struct ending *ending, struct verdict *verdict)
{
    verdict->close_all = true;
    if (ending->locks)
        verdict_close_all_and_lock(verdict, lock_end(ending));
}

void
ending_close_one(const struct ending *ending, struct verdict *verdict, const struct position *position)
{
    struct want_lock lock = { .kind = LOCK_FLAT, .end = lock_end(ending), .until = INSTANT_NEVER };

    verdict_close(verdict, position);
    if (!ending->asked || position->contract->root[0] == 0)
        return; /* A lock without a root would lock the account. */
    (void)text_copy(lock.root, sizeof lock.root, position->contract->root);
    verdict_lock(verdict, lock);
}
