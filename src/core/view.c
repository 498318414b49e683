/*
 * view.c - what rules may look at.
 */
#include "core/account.h"

#include "base/assert.h"
#include "base/text.h"
#include "core/products.h"

#include <stdlib.h>
#include <string.h>

static const struct position *
first_held(const struct position *position)
{
    while (position != NULL && position->size == 0)
        position = position->next;
    return position;
}

const struct position *
view_positions(const struct view *view)
{
    return first_held(view->account->positions);
}

const struct position *
view_next_position(const struct position *position)
{
    return first_held(position->next);
}

const struct position *
view_position_of(const struct view *view, const struct contract *contract)
{
    const struct position *position = book_find(view->account, contract);

    return position != NULL && position->size != 0 ? position : NULL;
}

static const struct order *
first_working(const struct order *order)
{
    while (order != NULL && !order_may_execute(order->status))
        order = order->next;
    return order;
}

const struct order *
view_orders(const struct view *view)
{
    return first_working(view->account->orders);
}

const struct order *
view_next_order(const struct order *order)
{
    return first_working(order->next);
}

const struct trade *
view_newest_trade(const struct view *view)
{
    return ledger_trade(view->engine, view->account->newest_trade);
}

const struct trade *
view_older_trade(const struct view *view, const struct trade *trade)
{
    return ledger_trade(view->engine, trade->older);
}

const struct trade *
view_trade_of_order(const struct view *view, int64_t order_id, const struct trade *trade)
{
    return ledger_of_order(view->engine, view->account, order_id, trade);
}

const struct lockout *
view_lockout(const struct view *view, const char *root)
{
    char wanted[ROOT_MAX] = "";

    if (root[0] != 0)
        product_root_of_symbol(root, wanted);
    const struct lock_entry *entry = lockout_find(view->account, view->rule, wanted);
    return entry != NULL ? &entry->lockout : NULL;
}

void *
view_memory(const struct view *view, const struct position *position)
{
    struct position *own = view->account->positions;

    while (own != NULL && own != position)
        own = own->next;
    ASSERT(own != NULL);
    return own->memory + view->memory_offset;
}

void *
view_account_memory(const struct view *view)
{
    return (view->account->remembers & view->rule_bit) != 0 ? view->account_memory : NULL;
}

void *
view_take_account_memory(const struct view *view)
{
    if ((view->account->remembers & view->rule_bit) == 0)
        memset(view->account_memory, 0, view->account_memory_size);
    view->account->remembers |= view->rule_bit;
    return view->account_memory;
}

bool
view_symbol_matches(const char *symbol, const struct contract *contract)
{
    /* R-ALL-13: root or code, exactly; a contract without them matches nothing. */
    return symbol[0] != 0 && (text_same(symbol, contract->root) || text_same(symbol, contract->code));
}

int32_t
order_remaining(const struct order *order)
{
    return order->size > order->filled ? order->size - order->filled : 0;
}

static bool
is_opposite(const struct order *order, int32_t position_size)
{
    return (position_size > 0 && order->side == SIDE_SELL) || (position_size < 0 && order->side == SIDE_BUY);
}

bool
order_reduces(const struct order *order, int32_t position_size)
{
    return is_opposite(order, position_size) && order_remaining(order) <= abs(position_size);
}

bool
order_is_stop(const struct order *order)
{
    return order->type == ORDER_STOP || order->type == ORDER_STOP_LIMIT || order->type == ORDER_TRAILING_STOP;
}

bool
order_may_stay(const struct order *order, int32_t position_size)
{
    return order_reduces(order, position_size) || (order->fitted && is_opposite(order, position_size) && order_is_stop(order));
}

bool
order_protects(const struct order *order, int32_t position_size)
{
    return order->status == ORDER_OPEN && is_opposite(order, position_size) && order_is_stop(order); /* R-008-2. */
}
