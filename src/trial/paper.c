/*
 * paper.c - a broker inside the process.
 *
 * Plain arrays searched from the newest: a file of events holds a handful of accounts.  A request becomes at most two events, the
 * answer and then what it caused, as the gateway sends them (gateway.md 2.10: a close leaves the resting orders alone).
 */
#include "trial/paper.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ORDER_ID 50001 /* scenarios/README.md. */

/* A growing array of one kind of row. */
struct list {
    void *rows;
    size_t row_size;
    uint32_t count, capacity;
};

struct paper {
    enum paper_mode mode;
    struct list accounts, positions, orders, trades, contracts, commands;
    struct list picked_positions, picked_orders, picked_trades; /* Of the snapshot on its way. */
    uint32_t commands_done;
    int64_t next_order_id;
    bool has_effect;
    struct event effect; /* What the request just answered has caused. */
    uint32_t sync_at;    /* COMMAND_SYNC of all accounts: the next one. */
};

static void *
list_add(struct list *list)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        void *more = realloc(list->rows, capacity * list->row_size);
        ASSERT(more != NULL); /* A tool on a desk: no memory, no run. */
        list->rows = more;
        list->capacity = capacity;
    }
    void *row = (char *)list->rows + list->count++ * list->row_size;
    memset(row, 0, list->row_size);
    return row;
}

static void *
list_at(const struct list *list, uint32_t index)
{
    return (char *)list->rows + index * list->row_size;
}

enum status
paper_new(enum paper_mode mode, struct paper **ret_paper, struct error *err)
{
    struct paper *paper = calloc(1, sizeof *paper);

    if (paper == NULL)
        return error_set(err, STATUS_LIMIT, "paper: no memory");
    paper->mode = mode;
    paper->next_order_id = FIRST_ORDER_ID;
    paper->accounts.row_size = sizeof(struct account_row);
    paper->positions.row_size = paper->picked_positions.row_size = sizeof(struct position_row);
    paper->orders.row_size = paper->picked_orders.row_size = sizeof(struct order_row);
    paper->trades.row_size = paper->picked_trades.row_size = sizeof(struct trade_row);
    paper->contracts.row_size = sizeof(struct contract_row);
    paper->commands.row_size = sizeof(struct command);
    *ret_paper = paper;
    return OK;
}

void
paper_free(struct paper *paper)
{
    if (paper == NULL)
        return;
    struct list *lists[] = { &paper->accounts, &paper->positions, &paper->orders, &paper->trades, &paper->contracts,
        &paper->commands, &paper->picked_positions, &paper->picked_orders, &paper->picked_trades };
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        free(lists[i]->rows);
    free(paper);
}

bool
paper_mode_parse(const char *word, enum paper_mode *ret_mode)
{
    static const char *const words[] = { "auto", "silent", "refuse_close", "refuse_modify" };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(word, words[i]) == 0) {
            *ret_mode = (enum paper_mode)i;
            return true;
        }
    return false;
}

/* ---- The books ---- */

static struct position_row *
find_position(const struct paper *paper, int64_t account_id, const struct contract_id *contract)
{
    for (uint32_t i = paper->positions.count; i-- > 0;) {
        struct position_row *row = list_at(&paper->positions, i);
        if (row->account_id == account_id && strcmp(row->contract.text, contract->text) == 0)
            return row;
    }
    return NULL;
}

static struct order_row *
find_order(const struct paper *paper, int64_t order_id)
{
    for (uint32_t i = paper->orders.count; i-- > 0;) {
        struct order_row *row = list_at(&paper->orders, i);
        if (row->id == order_id)
            return row;
    }
    return NULL;
}

const struct order_row *
paper_order(const struct paper *paper, int64_t order_id)
{
    return find_order(paper, order_id);
}

static void
learn_account(struct paper *paper, const struct account_row *account)
{
    for (uint32_t i = 0; i < paper->accounts.count; i++) {
        struct account_row *row = list_at(&paper->accounts, i);
        if (row->id == account->id) {
            *row = *account;
            return;
        }
    }
    *(struct account_row *)list_add(&paper->accounts) = *account;
}

/* An account seen only by its positions, orders or trades is an account too. */
static void
learn_account_id(struct paper *paper, int64_t account_id)
{
    for (uint32_t i = 0; i < paper->accounts.count; i++)
        if (((struct account_row *)list_at(&paper->accounts, i))->id == account_id)
            return;
    *(struct account_row *)list_add(&paper->accounts) = (struct account_row){ .id = account_id };
}

static void
learn_position(struct paper *paper, const struct position_row *position)
{
    struct position_row *row = find_position(paper, position->account_id, &position->contract);

    learn_account_id(paper, position->account_id);
    if (row == NULL)
        row = list_add(&paper->positions);
    *row = *position;
}

static void
learn_order(struct paper *paper, const struct order_row *order)
{
    struct order_row *row = find_order(paper, order->id);

    learn_account_id(paper, order->account_id);
    if (row == NULL)
        row = list_add(&paper->orders);
    *row = *order;
}

static void
learn_trade(struct paper *paper, const struct trade_row *trade)
{
    learn_account_id(paper, trade->account_id);
    for (uint32_t i = paper->trades.count; i-- > 0;) {
        struct trade_row *row = list_at(&paper->trades, i);
        if (row->id == trade->id) {
            *row = *trade;
            return;
        }
    }
    *(struct trade_row *)list_add(&paper->trades) = *trade;
}

static void
learn_snapshot(struct paper *paper, const struct snapshot *snapshot)
{
    learn_account_id(paper, snapshot->account_id);
    if ((snapshot->parts & PART_ACCOUNT) != 0 && snapshot->account != NULL)
        learn_account(paper, snapshot->account);
    for (uint32_t i = 0; i < snapshot->positions_count; i++)
        learn_position(paper, &snapshot->positions[i]);
    for (uint32_t i = 0; i < snapshot->orders_count; i++)
        learn_order(paper, &snapshot->orders[i]);
    for (uint32_t i = 0; i < snapshot->trades_count; i++)
        learn_trade(paper, &snapshot->trades[i]);
}

void
paper_learn(struct paper *paper, const struct event *event)
{
    switch (event->kind) {
    case EVENT_POSITION:
        learn_position(paper, &event->u.position);
        break;
    case EVENT_ORDER:
        learn_order(paper, &event->u.order);
        break;
    case EVENT_TRADE:
        learn_trade(paper, &event->u.trade);
        break;
    case EVENT_ACCOUNT:
        learn_account(paper, &event->u.account);
        break;
    case EVENT_CONTRACT:
        *(struct contract_row *)list_add(&paper->contracts) = event->u.contract;
        break;
    case EVENT_SNAPSHOT:
        learn_snapshot(paper, &event->u.snapshot);
        break;
    default:
        break;
    }
}

/* ---- Requests ---- */

void
paper_command(struct paper *paper, const struct command *command)
{
    if (paper->mode != PAPER_SILENT)
        *(struct command *)list_add(&paper->commands) = *command;
}

static struct event
answer_to(const struct command *command, struct instant at, enum outcome outcome, const char *text)
{
    struct event event = { .kind = EVENT_ANSWER, .at = at, .correlation = command->incident };

    event.u.answer = (struct answer_event){ .command_id = command->id, .outcome = outcome, .http_status = 200,
        .code = outcome == OUTCOME_ACCEPTED ? 0 : outcome == OUTCOME_GONE ? 2 : 5 };
    (void)text_copy(event.u.answer.text, sizeof event.u.answer.text, text);
    return event;
}

/* The answer goes out now, what it caused next. */
static struct event
executed(struct paper *paper, const struct command *command, const struct event *effect)
{
    struct event answer = answer_to(command, effect->at, OUTCOME_ACCEPTED, "");

    paper->effect = *effect;
    paper->has_effect = true;
    if (effect->kind == EVENT_ORDER)
        answer.u.answer.order_id = effect->u.order.id;
    paper_learn(paper, effect);
    return answer;
}

static struct event
close_position(struct paper *paper, const struct command *command, struct instant at)
{
    struct position_row *row = find_position(paper, command->account_id, &command->contract);
    struct event effect = { .kind = EVENT_POSITION, .at = at };

    if (paper->mode == PAPER_REFUSE_CLOSE)
        return answer_to(command, at, OUTCOME_REFUSED, "refused");
    if (row == NULL || row->size == 0)
        return answer_to(command, at, OUTCOME_GONE, "position not found");
    effect.u.position = *row;
    int32_t held = row->size < 0 ? -row->size : row->size;
    int32_t by = command->kind == COMMAND_CLOSE || command->size > held ? held : command->size;
    effect.u.position.size += row->size < 0 ? by : -by;
    return executed(paper, command, &effect);
}

static struct event
cancel_order(struct paper *paper, const struct command *command, struct instant at)
{
    const struct order_row *row = find_order(paper, command->order_id);
    struct event effect = { .kind = EVENT_ORDER, .at = at };

    if (row == NULL || !order_may_execute(row->status))
        return answer_to(command, at, OUTCOME_GONE, "order not found");
    effect.u.order = *row;
    effect.u.order.status = ORDER_CANCELLED;
    effect.u.order.updated_at = at;
    return executed(paper, command, &effect);
}

static struct event
modify_order(struct paper *paper, const struct command *command, struct instant at)
{
    const struct order_row *row = find_order(paper, command->order_id);
    struct event effect = { .kind = EVENT_ORDER, .at = at };

    if (paper->mode == PAPER_REFUSE_MODIFY)
        return answer_to(command, at, OUTCOME_REFUSED, "refused");
    if (row == NULL || !order_may_execute(row->status))
        return answer_to(command, at, OUTCOME_GONE, "order not found");
    effect.u.order = *row;
    effect.u.order.updated_at = at;
    if (command->price_nanos != 0)
        effect.u.order.stop_price_nanos = command->price_nanos;
    if (command->size != 0)
        effect.u.order.size = command->size;
    return executed(paper, command, &effect);
}

static struct event
place_stop(struct paper *paper, const struct command *command, struct instant at)
{
    struct event effect = { .kind = EVENT_ORDER, .at = at };

    effect.u.order = (struct order_row){ .id = paper->next_order_id++, .account_id = command->account_id,
        .contract = command->contract, .created_at = at, .updated_at = at, .status = ORDER_OPEN, .type = ORDER_STOP,
        .side = command->side, .size = command->size, .has_stop_price = true, .stop_price_nanos = command->price_nanos };
    return executed(paper, command, &effect);
}

static void
pick_rows(struct paper *paper, int64_t account_id)
{
    paper->picked_positions.count = paper->picked_orders.count = paper->picked_trades.count = 0;
    for (uint32_t i = 0; i < paper->positions.count; i++) {
        const struct position_row *row = list_at(&paper->positions, i);
        if (row->account_id == account_id && row->size != 0)
            *(struct position_row *)list_add(&paper->picked_positions) = *row;
    }
    for (uint32_t i = 0; i < paper->orders.count; i++) {
        const struct order_row *row = list_at(&paper->orders, i);
        if (row->account_id == account_id && order_may_execute(row->status))
            *(struct order_row *)list_add(&paper->picked_orders) = *row;
    }
    for (uint32_t i = 0; i < paper->trades.count; i++) {
        const struct trade_row *row = list_at(&paper->trades, i);
        if (row->account_id == account_id)
            *(struct trade_row *)list_add(&paper->picked_trades) = *row;
    }
}

void
paper_snapshot(struct paper *paper, int64_t account_id, struct instant at, struct event *ret_event)
{
    struct snapshot snapshot = { .account_id = account_id, .parts = PART_POSITIONS | PART_ORDERS | PART_TRADES,
        .asked_at = at };

    pick_rows(paper, account_id);
    for (uint32_t i = 0; i < paper->accounts.count; i++) {
        const struct account_row *row = list_at(&paper->accounts, i);
        if (row->id == account_id) {
            snapshot.account = row;
            snapshot.parts |= PART_ACCOUNT;
        }
    }
    snapshot.positions = paper->picked_positions.rows;
    snapshot.positions_count = paper->picked_positions.count;
    snapshot.orders = paper->picked_orders.rows;
    snapshot.orders_count = paper->picked_orders.count;
    snapshot.trades = paper->picked_trades.rows;
    snapshot.trades_count = paper->picked_trades.count;
    *ret_event = (struct event){ .kind = EVENT_SNAPSHOT, .at = at };
    ret_event->u.snapshot = snapshot;
}

static struct event
look_up_order(struct paper *paper, const struct command *command, struct instant at)
{
    const struct order_row *row = find_order(paper, command->order_id);
    struct event event = { .kind = EVENT_ORDER, .at = at };

    if (row == NULL)
        return answer_to(command, at, OUTCOME_GONE, "order not found");
    event.u.order = *row;
    return event;
}

static struct event
look_up_contract(struct paper *paper, const struct command *command, struct instant at)
{
    struct event event = { .kind = EVENT_CONTRACT, .at = at };

    for (uint32_t i = paper->contracts.count; i-- > 0;) {
        const struct contract_row *row = list_at(&paper->contracts, i);
        if (strcmp(row->id.text, command->contract.text) == 0) {
            event.u.contract = *row;
            return event;
        }
    }
    return answer_to(command, at, OUTCOME_GONE, "contract not found");
}

/* COMMAND_SYNC: one account, or with id 0 all of them, one event each. */
static bool
sync_next(struct paper *paper, const struct command *command, struct instant at, struct event *ret_event)
{
    int64_t account_id = command->account_id;

    if (account_id == 0) {
        if (paper->sync_at == paper->accounts.count)
            return false;
        account_id = ((const struct account_row *)list_at(&paper->accounts, paper->sync_at++))->id;
    } else if (paper->sync_at++ > 0) {
        return false;
    }
    paper_snapshot(paper, account_id, at, ret_event);
    return true;
}

static bool
carry_out(struct paper *paper, const struct command *command, struct instant at, struct event *ret_event)
{
    switch (command->kind) {
    case COMMAND_CLOSE:
    case COMMAND_REDUCE:
        *ret_event = close_position(paper, command, at);
        return true;
    case COMMAND_CANCEL:
        *ret_event = cancel_order(paper, command, at);
        return true;
    case COMMAND_PLACE_STOP:
        *ret_event = place_stop(paper, command, at);
        return true;
    case COMMAND_MODIFY_STOP:
        *ret_event = modify_order(paper, command, at);
        return true;
    case COMMAND_READ:
        paper_snapshot(paper, command->account_id, at, ret_event);
        ret_event->u.snapshot.parts &= PART_POSITIONS | PART_ORDERS;
        return true;
    case COMMAND_LOOK_UP_ORDER:
        *ret_event = look_up_order(paper, command, at);
        return true;
    case COMMAND_LOOK_UP_CONTRACT:
        *ret_event = look_up_contract(paper, command, at);
        return true;
    case COMMAND_SUBSCRIBE:
    case COMMAND_UNSUBSCRIBE:
    case COMMAND_SYNC:
        break;
    }
    return false;
}

bool
paper_next(struct paper *paper, struct instant at, struct event *ret_event)
{
    if (paper->has_effect) {
        paper->has_effect = false;
        *ret_event = paper->effect;
        return true;
    }
    while (paper->commands_done < paper->commands.count) {
        struct command command = *(struct command *)list_at(&paper->commands, paper->commands_done);
        if (command.kind == COMMAND_SYNC && sync_next(paper, &command, at, ret_event))
            return true;
        paper->sync_at = 0;
        paper->commands_done++;
        if (carry_out(paper, &command, at, ret_event))
            return true;
    }
    paper->commands.count = paper->commands_done = 0;
    return false;
}
