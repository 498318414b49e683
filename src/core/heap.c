/*
 * heap.c - accounts ordered by their next deadline: a binary heap, so the cost of an event does not grow with accounts.
 *
 * Of those due at the same instant the first by index comes first: what happened before decides nothing.
 */
#include "core/account.h"

static void
place(struct engine *engine, int32_t at, struct account *account)
{
    engine->heap[at] = account;
    account->heap_index = at;
}

static bool
is_first(const struct account *a, const struct account *b)
{
    return a->deadline.ns < b->deadline.ns || (a->deadline.ns == b->deadline.ns && a->index < b->index);
}

void
heap_update(struct engine *engine, struct account *account)
{
    int32_t at = account->heap_index;

    while (at > 0) {
        int32_t parent = (at - 1) / 2;
        if (is_first(engine->heap[parent], account))
            break;
        place(engine, at, engine->heap[parent]);
        at = parent;
    }
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= engine->accounts_count)
            break;
        if (child + 1 < engine->accounts_count && is_first(engine->heap[child + 1], engine->heap[child]))
            child++;
        if (is_first(account, engine->heap[child]))
            break;
        place(engine, at, engine->heap[child]);
        at = child;
    }
    place(engine, at, account);
}
