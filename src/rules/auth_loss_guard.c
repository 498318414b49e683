/*
 * RULE-010 auth_loss_guard: the broker has taken the account's right to trade.
 *
 * Source: docs/rulebook.md#auth_loss_guard (R-010-1 to R-010-3).
 *
 *     canTrade  true ----> false ------------------> true
 *               nothing    close all, lock, no end   this lockout ends
 *
 * Missing or null is no evidence: the last known value stands (R-010-2).  That the broker may refuse our closes meanwhile is the
 * enforcement's business: it slows down and raises an alarm (R-010-3).
 */
#include "base/assert.h"
#include "core/rule.h"
#include "rules/rules.h"

enum enforcement { CLOSE_ALL, CLOSE_ALL_AND_LOCK };

struct auth_loss_guard {
    int32_t action; /* enum enforcement. */
    bool auto_unlock_on_restore;
    bool check_on_startup;
};

/* Since the daemon's start. */
struct memory {
    bool seen;    /* The account's state has been reported. */
    bool ignored; /* check_on_startup: false, and nothing newer has come. */
    uint8_t padding[6];
};

static const struct choice actions[] = { { "close_all_and_lockout", CLOSE_ALL_AND_LOCK }, { "close_all", CLOSE_ALL }, { NULL, 0 } };

static const struct param params[] = {
    { .keys = "action|enforcement", .help = "What happens when the broker says the account may not trade.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct auth_loss_guard, action), .value = "close_all_and_lockout", .choices = actions },
    { .keys = "auto_unlock_on_restore", .help = "End this lockout when it may trade again; else only an admin can.", .kind = PARAM_FLAG,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct auth_loss_guard, auto_unlock_on_restore), .value = "true" },
    { .keys = "check_on_startup", .help = "Also act on what is found when the daemon starts.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct auth_loss_guard, check_on_startup), .value = "true" },
};

static bool
is_ignored(const struct auth_loss_guard *c, const struct view *view)
{
    struct memory *memory = view_take_account_memory(view);

    if (view->can_trade_event != ANSWER_UNKNOWN) {
        memory->ignored = !memory->seen && view->wake == EVENT_SNAPSHOT;
        memory->seen = true;
    }
    return memory->ignored && !c->check_on_startup;
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct auth_loss_guard *c = config;
    enum lock_end end = c->auto_unlock_on_restore ? LOCK_UNTIL_CLEARED : LOCK_UNTIL_ADMIN;

    if (view->wake == EVENT_ACCOUNT && view->can_trade_event == ANSWER_UNKNOWN)
        verdict_warn(verdict, "the broker did not say whether the account may trade"); /* R-010-2 */
    if (is_ignored(c, view))
        return;
    if (view->can_trade == ANSWER_YES && c->auto_unlock_on_restore && view_lockout(view, "") != NULL)
        verdict_release(verdict, "");
    if (view->can_trade != ANSWER_NO)
        return;
    verdict_breach(verdict, ACTION_CLOSE_ALL, "Trading right lost: the broker says that this account may not trade.");
    verdict->close_all = true;
    if (c->action == CLOSE_ALL_AND_LOCK)
        verdict_close_all_and_lock(verdict, end); /* R-010-1 */
}

const struct rule rule_auth_loss_guard = {
    .number = 10,
    .name = "auth_loss_guard",
    .title = "Trading right",
    .source = "docs/rulebook.md#auth_loss_guard",
    .wakes_on = EVENT_BIT(EVENT_ACCOUNT),
    .config_size = sizeof(struct auth_loss_guard),
    .params = params,
    .params_count = COUNT_OF(params),
    .account_memory_size = sizeof(struct memory),
    .evaluate = evaluate,
};

_Static_assert(sizeof(struct memory) % 8 == 0, "memory comes in multiples of 8");
