/*
 * heap.c - accounts ordered by their next deadline: a binary heap, so the cost of an event does not grow with accounts.
 */
#include "core/account.h"

static void
place(struct engine *engine, int32_t at, struct account *account)
{
    engine->heap[at] = account;
    account->heap_index = at;
}

void
heap_update(struct engine *engine, struct account *account)
{
    int32_t at = account->heap_index;

    while (at > 0) {
        int32_t parent = (at - 1) / 2;
        if (engine->heap[parent]->deadline.ns <= account->deadline.ns)
            break;
        place(engine, at, engine->heap[parent]);
        at = parent;
    }
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= engine->accounts_count)
            break;
        if (child + 1 < engine->accounts_count && engine->heap[child + 1]->deadline.ns < engine->heap[child]->deadline.ns)
            child++;
        if (engine->heap[child]->deadline.ns >= account->deadline.ns)
            break;
        place(engine, at, engine->heap[child]);
        at = child;
    }
    place(engine, at, account);
}
