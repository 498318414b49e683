/*
 * book.c - positions and working orders, as the broker reports them.
 *
 * Positions come from position events and reads, never from summing fills (PF-02).  Any order status is accepted from any other (OL-03),
 * and none is made up because time has passed (OL-04).
 * A read may lag the stream by two seconds (OV-04): where the two disagree within that time the stream stands and another read is asked for.
 * An order that is missing from a read is looked up, not guessed (SR-06).
 */
#include "core/account.h"

#include "base/assert.h"

#include <string.h>

#define READ_ANSWERED SPAN_SECONDS(15) /* A read asked before that has been answered or given up (RT-06), whatever its other parts took. */
#define SAME_BEGINNING SPAN_MS(1)      /* Events and reads write the fraction of a second with unequal digits. */
#define TERMINAL_KEPT SPAN_SECONDS(60) /* Longer than the watch for late fills. */

/* Absurd sizes are kept, but where arithmetic on them cannot overflow (FV-01). */
static int32_t
bounded(int32_t size)
{
    return size > SIZE_BOUND ? SIZE_BOUND : size < -SIZE_BOUND ? -SIZE_BOUND : size;
}

struct position *
book_find(const struct account *account, const struct contract *contract)
{
    struct position *position = account->positions;

    while (position != NULL && position->contract != contract)
        position = position->next;
    return position;
}

struct order *
book_order(const struct account *account, int64_t order_id)
{
    struct order *order = account->orders;

    while (order != NULL && order->id != order_id)
        order = order->next;
    return order;
}

static uint64_t
hash_memory(const struct position *position)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325), word;

    for (size_t i = 0; i < sizeof position->memory; i += sizeof word) {
        memcpy(&word, position->memory + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void
book_store_memory(struct engine *engine, struct account *account)
{
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        if (p->size != 0 && hash_memory(p) != p->memory_hash)
            book_store_position(engine, p);
    }
}

void
book_store_position(struct engine *engine, struct position *position)
{
    struct record *record = output_record(engine, RECORD_POSITION, position->account);
    struct position_restored *kept = &record->u.position;

    kept->row = (struct position_row){ .id = position->id, .account_id = position->account->id,
        .contract = position->contract->id, .created_at = position->created_at, .size = position->size,
        .average_price_nanos = position->average_price_nanos };
    kept->ceiling_long = position->ceiling_long;
    kept->ceiling_short = position->ceiling_short;
    memset(kept->memory, 0, sizeof kept->memory);
    memcpy(kept->memory, position->memory, sizeof position->memory);
    position->memory_hash = hash_memory(position);
}

static struct position *
add_position(struct engine *engine, struct account *account, struct contract *contract)
{
    struct position *position = pool_take(&engine->positions);

    if (position == NULL) {
        if (!account->full_positions_told)
            output_alarm(engine, account, 0, 2, 0, "No room for another position: %s is not watched.", contract->id.text);
        account->full_positions_told = true;
        return NULL;
    }
    position->contract = contract;
    position->account = account;
    position->next = account->positions;
    account->positions = position;
    return position;
}

/* What only reduces the position now is protection as long as nobody makes it larger (order_may_stay). */
static void
note_fit(struct account *account, const struct position *position)
{
    for (struct order *o = account->orders; o != NULL; o = o->next)
        o->fitted = o->fitted || (o->contract == position->contract && order_reduces(o, position->size));
}

/*
 * CC-04: positions carry no time of their own, but the life they are about has an id and a beginning.
 */
static bool
begins_before(struct instant a, struct instant b)
{
    return a.ns != 0 && b.ns != 0 && instant_before(instant_add(a, SAME_BEGINNING), b);
}

/*
 * A late word about a life that is known to be over says nothing of now: believed, a late "flat" would free the next close while the last is at
 * work (ID-04), and a late "held" would close what is not there.
 */
static bool
is_history(const struct position *known, const struct position_row *row)
{
    bool same_side = (row->size > 0) == (known->last_size > 0); /* Else it has turned round: an id after that is not documented. */
    bool over = known->size == 0 && row->size != 0 && same_side && row->created_at.ns != 0 &&
        !begins_before(known->created_at, row->created_at);

    return known->id == row->id ? over : begins_before(row->created_at, known->created_at);
}

/* Flat -> held, held -> flat and reversal begin a new life: rules forget the old one (R-005-2). */
static void
set_position(struct engine *engine, struct position *position, const struct position_row *row)
{
    bool was_long = position->size > 0, was_held = position->size != 0;
    int32_t size_before = position->size;
    bool same_life = was_held && row->size != 0 && was_long == (row->size > 0) &&
        (position->id == row->id || instant_equal(position->created_at, row->created_at));

    if (!same_life) {
        memset(position->memory, 0, sizeof position->memory);
        position->sequence = engine->next_sequence++;
        position->created_at = row->created_at.ns > 0 ? row->created_at : engine->now;
        stop_forget(engine, position);
        position->blind_next = INSTANT_NONE;
    }
    position->id = row->id;
    position->last_size = position->size != 0 ? position->size : position->last_size;
    position->size = bounded(row->size);
    position->average_price_nanos = row->average_price_nanos;
    lockout_follow(engine, position, size_before);
    doubt_moved(engine, position, size_before);
    position->touched_at = engine->now;
    position->reads_from = instant_add(engine->now, READ_LAG);
    if (row->size != 0)
        market_hold(engine, position);
    else
        market_drop(engine, position);
    note_fit(position->account, position);
    ledger_track_open(position->account);
}

struct position *
book_apply_position(struct engine *engine, struct account *account, const struct position_row *row)
{
    struct contract *contract = market_contract(engine, account, row->contract.text);
    struct position *position = contract != NULL ? book_find(account, contract) : NULL;

    if (contract == NULL || (position == NULL && row->size == 0))
        return NULL;
    if (position == NULL)
        position = add_position(engine, account, contract);
    if (position == NULL)
        return NULL;
    set_position(engine, position, row);
    if (position->size == position->ahead)
        position->ahead_until = INSTANT_NONE; /* The stream has caught up with the read. */
    book_store_position(engine, position);
    return position;
}

/*
 * What a read shows first, the stream is still to tell: step by step perhaps.  It stands against reads asked before it, not against later ones:
 * those know more.
 */
static void
believe_read(const struct engine *engine, struct position *position, const struct snapshot *snapshot)
{
    position->ahead = position->size;
    position->ahead_until = instant_add(engine->now, READ_LAG);
    position->reads_from = snapshot->asked_at;
}

struct position *
book_hear_position(struct engine *engine, struct account *account, const struct position_row *row)
{
    struct contract *contract = market_contract(engine, account, row->contract.text);
    const struct position *known = contract != NULL ? book_find(account, contract) : NULL;

    if (known != NULL && is_history(known, row)) {
        enforce_want_read(account, engine->now);
        return NULL;
    }
    return book_apply_position(engine, account, row);
}

static void
copy_order(struct order *order, const struct order_row *row)
{
    order->id = row->id;
    order->created_at = row->created_at;
    order->updated_at = row->updated_at;
    order->has_limit_price = row->has_limit_price;
    order->has_stop_price = row->has_stop_price;
    order->limit_price_nanos = row->limit_price_nanos;
    order->stop_price_nanos = row->stop_price_nanos;
    order->parent_id = row->parent_id != 0 ? row->parent_id : order->parent_id;
    order->ours = order->ours || row->ours;
    order->status = row->status;
    order->type = row->type;
    order->side = row->side;
    order->fitted = order->fitted && bounded(row->size) <= order->size;
    order->size = bounded(row->size);
    order->filled = bounded(row->filled) > 0 ? bounded(row->filled) : 0;
}

struct order *
book_apply_order(struct engine *engine, struct account *account, const struct order_row *row)
{
    struct contract *contract = market_contract(engine, account, row->contract.text);
    struct order *order = book_order(account, row->id);
    int32_t filled_before = order != NULL ? order->filled : 0;

    if (contract == NULL)
        return NULL;
    if (order == NULL) { /* Also one that has ended: what was said of it before may still be on its way (CC-04). */
        order = pool_take(&engine->orders);
        if (order == NULL) {
            if (!account->full_orders_told)
                output_alarm(engine, account, 0, 2, 0, "No room for another order: order %lld is not watched.", (long long)row->id);
            account->full_orders_told = true;
            return NULL;
        }
        order->next = account->orders;
        account->orders = order;
    }
    order->contract = contract;
    /* CC-04: the newest update of an order wins; an older one that arrives late changes nothing. */
    if (row->updated_at.ns != 0 && order->updated_at.ns != 0 && row->updated_at.ns < order->updated_at.ns && order_may_execute(row->status))
        return order;
    if ((row->size > 0 && row->filled > row->size) || row->filled < filled_before)
        output_sync(engine, account); /* PF-06: one of the two is wrong. */
    copy_order(order, row);
    order->touched_at = engine->now;
    order->missing = false;
    if (order->looking) { /* The look-up has its answer. */
        table_remove(&engine->in_flight, order->command);
        order->looking = false;
        order->command = 0;
    }
    if (!order_may_execute(order->status)) {
        order->unwanted = order->unresolved = order->trimming = false;
        order->command = 0;
    }
    struct position *position = book_find(account, contract);
    if (position != NULL) {
        stop_seen(position, order);
        note_fit(account, position);
    }
    if (position != NULL && order->filled > filled_before && (position->size > 0) == (order->side == SIDE_SELL))
        position->exit_filled_at = engine->now;
    if (order->swept && order->filled > filled_before)
        enforce_late_fill(engine, account, contract);
    struct record *record = output_record(engine, RECORD_ORDER, account);
    record->u.order = *row;
    return order;
}

struct order *
book_hear_order(struct engine *engine, struct account *account, const struct order_row *row)
{
    const struct order *known = book_order(account, row->id);

    if (known != NULL && !order_may_execute(known->status) && order_may_execute(row->status) && !known->looking) {
        enforce_want_read(account, instant_add(engine->now, READ_LAG)); /* OL-03: should it live again after all, a read says so. */
        return NULL;
    }
    return book_apply_order(engine, account, row);
}

/* Does the stream's word, newer than the read could know, stand against it? */
static bool
stream_is_newer(struct engine *engine, struct account *account, struct instant reads_from, struct instant asked_at)
{
    if (!instant_before(asked_at, reads_from))
        return false;
    account->read_due = instant_min(account->read_due, instant_max(reads_from, engine->now));
    return true;
}

static void
apply_positions(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    for (struct position *p = account->positions; p != NULL; p = p->next)
        p->missing = p->size != 0;
    for (uint32_t i = 0; i < snapshot->positions_count; i++) {
        const struct position_row *row = &snapshot->positions[i];
        struct contract *contract = market_contract(engine, account, row->contract.text);
        struct position *known = contract != NULL ? book_find(account, contract) : NULL;

        if (known != NULL)
            known->missing = false;
        if (known != NULL && known->id == row->id && known->size == row->size &&
            known->average_price_nanos == row->average_price_nanos) {
            known->touched_at = instant_max(known->touched_at, (struct instant){ 1 }); /* Confirmed, if only the store said so. */
            continue;
        }
        bool later = known != NULL && known->id != row->id && begins_before(known->created_at, row->created_at); /* The stream is behind. */
        if (known != NULL && !later && stream_is_newer(engine, account, known->reads_from, snapshot->asked_at))
            continue;
        int32_t before = known != NULL ? known->size : 0;
        struct position *changed = book_apply_position(engine, account, row);
        if (changed == NULL)
            continue;
        believe_read(engine, changed, snapshot);
        if (changed->size != before)
            output_difference(engine, account, "position in %s: %d instead of %d", row->contract.text, (int)changed->size, (int)before);
    }
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        if (!p->missing || stream_is_newer(engine, account, p->reads_from, snapshot->asked_at))
            continue;
        struct position_row gone = { .id = p->id, .account_id = account->id, .contract = p->contract->id, .created_at = p->created_at,
            .average_price_nanos = p->average_price_nanos };
        output_difference(engine, account, "position in %s: 0 instead of %d", p->contract->id.text, (int)p->size);
        set_position(engine, p, &gone);
        believe_read(engine, p, snapshot);
        book_store_position(engine, p);
    }
    if (!account->positions_known)
        account->compared_from = snapshot->asked_at;
    account->positions_known = true;
}

static void
look_up(struct engine *engine, struct account *account, struct order *order)
{
    struct command *command = output_request(engine, COMMAND_LOOK_UP_ORDER, account, order->contract);

    command->order_id = order->id;
    order->missing = true;
    order->looking = true;
    order->command = command->id;
    order->sent_at = engine->now;
}

static struct instant
order_reads_from(const struct order *order)
{
    return order->touched_at.ns == 0 ? order->touched_at : instant_add(order->touched_at, READ_LAG);
}

static bool
same_order(const struct order *order, const struct order_row *row)
{
    return order->status == row->status && order->filled == row->filled && order->size == row->size &&
        order->has_stop_price == row->has_stop_price && order->stop_price_nanos == row->stop_price_nanos &&
        order->has_limit_price == row->has_limit_price && order->limit_price_nanos == row->limit_price_nanos;
}

static bool
listed(const struct snapshot *snapshot, int64_t order_id)
{
    for (uint32_t i = 0; i < snapshot->orders_count; i++) {
        if (snapshot->orders[i].id == order_id)
            return true;
    }
    return false;
}

/* SR-05 */
static void
tell_order(struct engine *engine, const struct account *account, const struct order *known, const struct order_row *row)
{
    if (known == NULL)
        output_difference(engine, account, "order %lld in %s: status %d, %d of %d filled, instead of none", (long long)row->id,
            row->contract.text, (int)row->status, (int)row->filled, (int)row->size);
    else
        output_difference(engine, account, "order %lld in %s: status %d, %d of %d filled, instead of status %d, %d of %d", (long long)row->id,
            row->contract.text, (int)row->status, (int)row->filled, (int)row->size, (int)known->status, (int)known->filled, (int)known->size);
}

static void
apply_orders(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    bool complete = (snapshot->parts & PART_ORDERS) != 0;

    for (uint32_t i = 0; i < snapshot->orders_count; i++) {
        const struct order_row *row = &snapshot->orders[i];
        struct order *known = book_order(account, row->id);

        if (known != NULL && same_order(known, row)) {
            known->missing = false;
            continue;
        }
        if (known != NULL && stream_is_newer(engine, account, order_reads_from(known), snapshot->asked_at))
            continue;
        tell_order(engine, account, known, row);
        struct order *read = book_apply_order(engine, account, row);
        if (known == NULL && read != NULL)
            read->fitted = true; /* Placed while nobody watched: nothing says that it was too large then. */
    }
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        bool absent = order_may_execute(o->status) && !listed(snapshot, o->id) && (complete || o->status == ORDER_OPEN);
        if (absent && o->command == 0 && !stream_is_newer(engine, account, order_reads_from(o), snapshot->asked_at)) {
            output_difference(engine, account, "order %lld in %s: none instead of status %d; it is looked up", (long long)o->id,
                o->contract->id.text, (int)o->status);
            look_up(engine, account, o);
        }
    }
    if (complete)
        account->orders_known = true;
}

void
book_apply_snapshot(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    if ((snapshot->parts & PART_POSITIONS) != 0)
        apply_positions(engine, account, snapshot);
    if ((snapshot->parts & (PART_ORDERS | PART_OPEN_ORDERS)) != 0)
        apply_orders(engine, account, snapshot);
}

/* The broker's snapshot is the truth about size; from the store come the rules' memory and the ceilings. */
void
book_restore_position(struct engine *engine, struct account *account, const struct position_restored *restored)
{
    struct contract *contract = market_contract(engine, account, restored->row.contract.text);
    struct position *position;

    if (contract == NULL || book_find(account, contract) != NULL)
        return;
    position = add_position(engine, account, contract);
    if (position == NULL)
        return;
    set_position(engine, position, &restored->row);
    position->touched_at = INSTANT_NONE;
    position->ceiling_long = restored->ceiling_long;
    position->ceiling_short = restored->ceiling_short;
    memcpy(position->memory, restored->memory, sizeof position->memory);
}

void
book_sweep(struct engine *engine, struct account *account)
{
    bool cooldown = lockout_any_cooldown(account);

    for (struct position **link = &account->positions; *link != NULL;) {
        struct position *p = *link;
        bool remembers = cooldown && (p->ceiling_long > 0 || p->ceiling_short > 0);
        bool recent = instant_before(engine->now, instant_add(p->touched_at, READ_ANSWERED)); /* Else a late read would revive it. */
        if (p->size != 0 || remembers || recent) {
            link = &p->next;
            continue;
        }
        *link = p->next;
        stop_forget(engine, p);
        pool_give(&engine->positions, p);
    }
    for (struct order **link = &account->orders; *link != NULL;) {
        struct order *o = *link;
        struct span kept = o->swept ? TERMINAL_KEPT : READ_ANSWERED; /* Others only until no late read can revive them. */
        if (order_may_execute(o->status) || instant_before(engine->now, instant_add(o->touched_at, kept))) {
            link = &o->next;
            continue;
        }
        *link = o->next;
        pool_give(&engine->orders, o);
    }
}
