/*
 * lockout.c - the set of lockouts of an account (R-ALL-9).
 *
 * One entry per (rule, scope).  Setting one never shortens or replaces another; an account is locked until every one has ended.  What the store
 * remembers stands before the first read, so that no restart helps anybody out (SV-03).
 *
 *     LOCK_FLAT     nothing may be held or rest          (R-ALL-7)
 *     LOCK_ENTRIES  cooldown: ceilings, entries go       (R-ALL-8)
 *     LOCK_BLOCK    entries go, positions are left       (R-011-1)
 */
#include "core/account.h"

#include "base/text.h"
#include "core/products.h"

#include <stdlib.h>
#include <string.h>

#define FILL_TOLD SPAN_MS(500) /* From the first event of a fill to the last; later ones are other fills'. */

struct lock_entry *
lockout_find(const struct account *account, int32_t rule, const char *root)
{
    struct lock_entry *entry = account->lockouts;

    while (entry != NULL && !(entry->lockout.rule == rule && text_same(entry->lockout.root, root)))
        entry = entry->next;
    return entry;
}

bool
lockout_any_cooldown(const struct account *account)
{
    const struct lock_entry *entry = account->lockouts;

    while (entry != NULL && entry->lockout.kind != LOCK_ENTRIES)
        entry = entry->next;
    return entry != NULL;
}

/* R-ALL-8: the size held when the cooldown begins is the ceiling; a second cooldown can only lower it. */
static void
capture_ceilings(struct engine *engine, struct account *account, bool another_runs, bool zero)
{
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        int32_t held_long = !zero && p->size > 0 ? p->size : 0;
        int32_t held_short = !zero && p->size < 0 ? -p->size : 0;
        p->ceiling_long = another_runs && p->ceiling_long < held_long ? p->ceiling_long : held_long;
        p->ceiling_short = another_runs && p->ceiling_short < held_short ? p->ceiling_short : held_short;
        book_store_position(engine, p);
    }
}

static struct lock_entry *
newest_cooldown(const struct account *account, bool *ret_another)
{
    struct lock_entry *newest = NULL;

    *ret_another = false;
    for (struct lock_entry *entry = account->lockouts; entry != NULL; entry = entry->next) {
        if (entry->lockout.kind != LOCK_ENTRIES)
            continue;
        *ret_another = newest != NULL;
        if (newest == NULL || instant_before(newest->lockout.since, entry->lockout.since))
            newest = entry;
    }
    return newest;
}

static int32_t
smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/*
 * A fill is told in three events, in any order, and its trade may begin the cooldown before the position shows it.  So the size held when the
 * cooldown began is that of the end of its instant; and shortly afterwards a decrease of which its trades had told by then lowers the ceiling.
 */
void
lockout_follow(const struct engine *engine, struct position *position, int32_t size_before)
{
    bool another;
    const struct lock_entry *cooldown = newest_cooldown(position->account, &another);
    int32_t size = position->size, before = abs(size_before);

    if (cooldown == NULL || size == size_before)
        return;
    int32_t *ceiling = size_before > 0 ? &position->ceiling_long : &position->ceiling_short;
    if (instant_equal(cooldown->lockout.since, engine->now) && !another && !cooldown->ceilings_zero) {
        position->ceiling_long = size > 0 ? size : 0;
        position->ceiling_short = size < 0 ? -size : 0;
        return;
    }
    int32_t awaited = doubt_awaited(position, cooldown->lockout.since);
    int32_t left = (size > 0) == (size_before > 0) ? abs(size) : 0;
    bool same_fill = instant_before(engine->now, instant_add(cooldown->lockout.since, FILL_TOLD));
    if (!same_fill || size_before == 0 || awaited == 0 || (awaited > 0) == (size_before > 0) || left >= before)
        return;
    *ceiling = smaller(*ceiling, before - smaller(before - left, abs(awaited)));
}

static void
publish_set(struct engine *engine, struct account *account, const struct lockout *lockout)
{
    struct record *record = output_record(engine, RECORD_LOCKOUT_SET, account);
    struct notice *notice = output_notice(engine, NOTICE_LOCKOUT_SET, account);

    record->rule = notice->rule = lockout->rule;
    record->incident = notice->incident = lockout->incident;
    record->u.lockout = notice->u.lockout = *lockout;
    notice->durable = true;
    (void)text_copy(notice->text, sizeof notice->text, lockout->why);
}

static struct lock_entry *
add(struct engine *engine, struct account *account)
{
    struct lock_entry *entry = pool_take(&engine->lockouts);

    if (entry == NULL) {
        output_alarm(engine, account, 0, 2, 0, "No room for another lockout.");
        return NULL;
    }
    entry->next = account->lockouts;
    account->lockouts = entry;
    return entry;
}

static struct instant
end_of(const struct account *account, const struct want_lock *want)
{
    switch (want->end) {
    case LOCK_UNTIL_TIME:
        return want->until;
    case LOCK_UNTIL_RESET:
        return account->day.ends_at;
    case LOCK_UNTIL_CLEARED:
    case LOCK_UNTIL_ADMIN:
        break;
    }
    return INSTANT_NEVER;
}

bool
lockout_set(struct engine *engine, struct account *account, const struct rule *rule, const struct want_lock *want,
    uint64_t incident, const char *why)
{
    char root[ROOT_MAX] = "";
    struct instant until = end_of(account, want);

    if (want->root[0] != 0)
        product_root_of_symbol(want->root, root);
    struct lock_entry *entry = lockout_find(account, rule->number, root);
    if (!instant_before(engine->now, until))
        return false; /* Already over: only recorded (R-ALL-9). */
    bool fresh = entry == NULL;
    bool stricter = fresh || want->kind < entry->lockout.kind; /* The enum goes from strict to mild. */
    bool admins = !fresh && entry->lockout.end == LOCK_UNTIL_ADMIN && want->end != LOCK_UNTIL_ADMIN; /* R-ALL-12: stays the admin's to end. */
    bool shorter = admins || (!fresh && instant_before(until, entry->lockout.until));
    bool same_end = !fresh && entry->lockout.end == want->end && instant_equal(entry->lockout.until, until);
    if (!stricter && (shorter || same_end))
        return false; /* Stands already, or would be shortened. */
    if (fresh) {
        bool another_runs = lockout_any_cooldown(account);
        entry = add(engine, account);
        if (entry == NULL)
            return false;
        entry->lockout = (struct lockout){ .account_id = account->id, .rule = rule->number, .since = engine->now };
        (void)text_copy(entry->lockout.root, sizeof entry->lockout.root, root);
        entry->ceilings_zero = want->ceilings_zero;
        if (want->kind == LOCK_ENTRIES)
            capture_ceilings(engine, account, another_runs, want->ceilings_zero);
    }
    /* One entry a rule and scope, never shortened nor weakened: the strictest kind asked for, until the latest end asked for (R-ALL-9). */
    entry->lockout.kind = stricter ? want->kind : entry->lockout.kind;
    if (!shorter) {
        entry->lockout.end = want->end;
        entry->lockout.until = until;
        entry->lockout.duration = want->duration;
    }
    entry->lockout.incident = incident;
    (void)text_copy(entry->lockout.why, sizeof entry->lockout.why, why);
    publish_set(engine, account, &entry->lockout);
    account->touched = true;
    return true;
}

void
lockout_end(struct engine *engine, struct account *account, struct lock_entry *entry, const char *reason)
{
    struct record *record = output_record(engine, RECORD_LOCKOUT_END, account);
    struct notice *notice = output_notice(engine, NOTICE_LOCKOUT_CLEARED, account);

    record->rule = notice->rule = entry->lockout.rule;
    record->incident = notice->incident = entry->lockout.incident;
    record->u.lockout = notice->u.lockout = entry->lockout;
    notice->durable = true;
    (void)text_copy(notice->text, sizeof notice->text, reason);
    for (struct lock_entry **link = &account->lockouts; *link != NULL; link = &(*link)->next) {
        if (*link == entry) {
            *link = entry->next;
            break;
        }
    }
    pool_give(&engine->lockouts, entry);
    account->touched = true;
}

void
lockout_end_due(struct engine *engine, struct account *account, bool day_rolled)
{
    for (struct lock_entry *entry = account->lockouts, *next; entry != NULL; entry = next) {
        next = entry->next;
        if (entry->lockout.end == LOCK_UNTIL_RESET && day_rolled)
            lockout_end(engine, account, entry, "daily reset");
        else if (!instant_before(engine->now, entry->lockout.until))
            lockout_end(engine, account, entry, "time is over");
    }
}

/* A row from the store is kept with its own end; one that ended while we were off ends now. */
void
lockout_restore(struct engine *engine, struct account *account, const struct lockout *lockout)
{
    struct lock_entry *entry = lockout_find(account, lockout->rule, lockout->root);

    if (entry == NULL)
        entry = add(engine, account);
    if (entry != NULL)
        entry->lockout = *lockout;
    account->touched = true;
}

struct instant
lockout_next_end(const struct account *account)
{
    struct instant next = INSTANT_NEVER;

    for (const struct lock_entry *entry = account->lockouts; entry != NULL; entry = entry->next)
        next = instant_min(next, entry->lockout.until);
    return next;
}

/* Does this entry speak of the contract?  R-009-1: a rule may spare roots from its account lockout. */
static bool
covers(const struct engine *engine, const struct account *account, const struct lockout *lockout, const struct contract *contract)
{
    if (lockout->root[0] != 0)
        return view_symbol_matches(lockout->root, contract);
    for (int32_t i = 0; i < engine->rules_count; i++) {
        const struct rule *rule = engine->rules[i];
        if (rule->number == lockout->rule && rule->spares != NULL && account->config->rules[i] != NULL)
            return !rule->spares(account->config->rules[i], contract);
    }
    return true;
}

int32_t
lockout_ceiling(const struct engine *engine, const struct account *account, const struct position *position,
    const struct lockout **ret_lock)
{
    int32_t ceiling = INT32_MAX;

    for (const struct lock_entry *entry = account->lockouts; entry != NULL; entry = entry->next) {
        const struct lockout *lockout = &entry->lockout;
        int32_t allowed = INT32_MAX;

        if (lockout->kind == LOCK_BLOCK || !covers(engine, account, lockout, position->contract))
            continue;
        if (lockout->kind == LOCK_FLAT)
            allowed = 0;
        else
            allowed = position->size > 0 ? position->ceiling_long : position->ceiling_short;
        if (allowed < ceiling) {
            ceiling = allowed;
            *ret_lock = lockout;
        }
    }
    return ceiling;
}

const struct lockout *
lockout_forbids(const struct engine *engine, const struct account *account, const struct order *order)
{
    const struct position *position = book_find(account, order->contract);
    bool stays = order->trim || order_may_stay(order, position != NULL ? position->size : 0);

    for (const struct lock_entry *entry = account->lockouts; entry != NULL; entry = entry->next) {
        if (entry->lockout.kind != LOCK_FLAT && stays)
            continue;
        if (covers(engine, account, &entry->lockout, order->contract))
            return &entry->lockout;
    }
    return NULL;
}

bool
lockout_is_locked(const struct account *account, const char *root)
{
    char wanted[ROOT_MAX] = "";

    if (root[0] != 0)
        product_root_of_symbol(root, wanted);
    for (const struct lock_entry *entry = account->lockouts; entry != NULL; entry = entry->next) {
        if (strcmp(entry->lockout.root, wanted) == 0)
            return true;
    }
    return false;
}
