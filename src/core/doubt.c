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
#define READ_LAG SPAN_MS(2000)     /* OV-04: younger doubts a read of trades need not have settled. */

static struct doubt *
find(struct account *account, const struct contract *contract)
{
    for (int32_t i = 0; i < account->doubts_count; i++)
        if (account->doubts[i].contract == contract)
            return &account->doubts[i];
    return NULL;
}

static void
forget(struct account *account, struct doubt *doubt)
{
    *doubt = account->doubts[--account->doubts_count];
}

static void
count(struct engine *engine, struct account *account, const struct contract *contract, int32_t by)
{
    struct doubt *doubt = find(account, contract);

    if (by == 0 || (doubt == NULL && account->doubts_count == DOUBTS_MAX)) /* So many at once are read anew anyway. */
        return;
    if (doubt == NULL) {
        doubt = &account->doubts[account->doubts_count++];
        *doubt = (struct doubt){ .contract = contract, .since = engine->now };
    }
    doubt->unexplained += by;
    if (doubt->unexplained == 0)
        forget(account, doubt);
    account->deadline_stale = true;
}

void
doubt_moved(struct engine *engine, const struct position *position, int32_t size_before)
{
    if (position->account->positions_known)
        count(engine, position->account, position->contract, position->size - size_before);
}

void
doubt_traded(struct engine *engine, struct account *account, const struct trade *trade)
{
    if (!account->positions_known || trade->voided || !instant_before(account->compared_from, trade->at))
        return;
    count(engine, account, trade->contract, trade->side == SIDE_BUY ? -(int32_t)trade->size : (int32_t)trade->size);
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
    for (int32_t i = account->doubts_count; i-- > 0 && (snapshot->parts & PART_TRADES) != 0;)
        if (account->doubts[i].told || !instant_before(engine->now, instant_add(account->doubts[i].since, READ_LAG)))
            forget(account, &account->doubts[i]);
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

    for (int32_t i = 0; i < account->doubts_count; i++) {
        struct doubt *doubt = &account->doubts[i];

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

    for (int32_t i = 0; i < account->doubts_count; i++)
        if (!account->doubts[i].told)
            due = instant_min(due, instant_add(account->doubts[i].since, EXPLAINED_WITHIN));
    return due;
}
