/*
 * doubt.c - what positions and trades say of each other (PF-06).
 *
 * Every change of a position is some trade's, and every trade changes one: what is unexplained for 5 s means that an event was lost, and the
 * account is reconciled.  The two come in any order and by stream or read; only what follows the first read of positions is compared.  So is the
 * order of a trade: one that nobody has told of 5 s later was lost.
 */
#include "core/account.h"

#define EXPLAINED_WITHIN SPAN_SECONDS(5)
#define NEWS SPAN_SECONDS(60)      /* Orders of older trades may be forgotten already. */

static struct doubt *
find(const struct account *account, const struct contract *contract)
{
    struct doubt *doubt = account->doubts;

    while (doubt != NULL && doubt->contract != contract)
        doubt = doubt->next;
    return doubt;
}

static struct doubt *
add(struct engine *engine, struct account *account, const struct contract *contract)
{
    struct doubt *doubt = pool_take(&engine->doubts);

    if (doubt == NULL)
        return NULL;
    doubt->contract = contract;
    doubt->since = engine->now;
    doubt->next = account->doubts;
    account->doubts = doubt;
    return doubt;
}

static void
forget(struct engine *engine, struct account *account, struct doubt *doubt)
{
    struct doubt **link = &account->doubts;

    while (*link != doubt)
        link = &(*link)->next;
    *link = doubt->next;
    pool_give(&engine->doubts, doubt);
}

static void
count(struct engine *engine, struct account *account, const struct contract *contract, int32_t by)
{
    struct doubt *doubt = find(account, contract);

    if (by != 0 && doubt == NULL)
        doubt = add(engine, account, contract);
    if (by == 0 || doubt == NULL) /* So many at once are read anew anyway. */
        return;
    doubt->unexplained += by;
    if (doubt->unexplained == 0)
        forget(engine, account, doubt);
    account->deadline_stale = true;
}

void
doubt_moved(struct engine *engine, const struct position *position, int32_t size_before)
{
    if (position->account->positions_known)
        count(engine, position->account, position->contract, position->size - size_before);
}

int32_t
doubt_awaited(const struct position *position, struct instant until)
{
    const struct doubt *doubt = find(position->account, position->contract);

    return doubt != NULL && !instant_before(until, doubt->since) ? -doubt->unexplained : 0;
}

void
doubt_traded(struct engine *engine, struct account *account, const struct trade *trade)
{
    if (!account->positions_known || trade->voided || !instant_before(account->compared_from, trade->at))
        return;
    count(engine, account, pool_item(&engine->contracts, trade->contract), trade->side == SIDE_BUY ? -(int32_t)trade->size : (int32_t)trade->size);
    if (account->strange_order == 0 && trade->order_id != 0 && book_order(account, trade->order_id) == NULL &&
        instant_since(engine->now, trade->at).ns < NEWS.ns) {
        account->strange_order = trade->order_id;
        account->strange_since = engine->now;
        account->deadline_stale = true;
    }
}

void
doubt_read(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    for (struct doubt *doubt = account->doubts, *next; doubt != NULL && (snapshot->parts & PART_TRADES) != 0; doubt = next) {
        next = doubt->next;
        if (doubt->told || !instant_before(engine->now, instant_add(doubt->since, READ_LAG)))
            forget(engine, account, doubt);
    }
}

static bool
is_due(const struct engine *engine, struct instant since)
{
    return !instant_before(engine->now, instant_add(since, EXPLAINED_WITHIN));
}

void
doubt_check(struct engine *engine, struct account *account)
{
    bool doubted = false;

    for (struct doubt *doubt = account->doubts; doubt != NULL; doubt = doubt->next) {
        if (doubt->told || !is_due(engine, doubt->since))
            continue;
        doubt->told = doubted = true;
    }
    if (account->strange_order != 0 && is_due(engine, account->strange_since)) {
        doubted = doubted || book_order(account, account->strange_order) == NULL;
        account->strange_order = 0;
    }
    if (doubted)
        output_sync(engine, account);
}

struct instant
doubt_deadline(const struct account *account)
{
    struct instant due = account->strange_order != 0 ? instant_add(account->strange_since, EXPLAINED_WITHIN) : INSTANT_NEVER;

    for (const struct doubt *doubt = account->doubts; doubt != NULL; doubt = doubt->next)
        if (!doubt->told)
            due = instant_min(due, instant_add(doubt->since, EXPLAINED_WITHIN));
    return due;
}
