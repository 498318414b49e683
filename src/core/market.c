/*
 * market.c - contracts, quotes and open P&L.
 *
 *     open P&L = (mark - average) / tick size x tick value x size          (R-ALL-4, RULE-004)
 *
 * Always from positions and quotes, never from anything kept (UP-03).
 *
 * The factor micros-per-nano is kept as a reduced fraction for each contract, so a mark costs one multiplication and one division with a 128-bit
 * intermediate, rounded once.  A quote touches only the positions in that contract: they are linked from it.
 */
#include "core/account.h"

#include "base/money.h"
#include "base/text.h"
#include "core/products.h"

#include <string.h>

/* Find by text: equal hashes of different names go on with the next key (table.h). */
static struct contract *
find(const struct engine *engine, const char *contract_id, uint64_t *ret_key)
{
    struct contract *contract;

    for (*ret_key = table_hash_text(contract_id);; (*ret_key)++) {
        contract = table_find(&engine->contracts_by_id, *ret_key);
        if (contract == NULL || strcmp(contract->id.text, contract_id) == 0)
            return contract;
    }
}

const struct contract *
engine_contract(const struct engine *engine, const char *contract_id)
{
    uint64_t key;

    return find(engine, contract_id, &key);
}

/* What cannot be watched cannot be limited: the account must not count as protected (EC-12).  Told once, not with each event. */
static void
tell_full(struct engine *engine, struct account *account, const char *contract_id)
{
    if (account != NULL ? account->uncontrollable : engine->full_told)
        return;
    engine->full_told = true;
    if (account != NULL)
        account->uncontrollable = true;
    output_alarm(engine, account, 0, 2, 0, "More than %d contracts: %s is not watched%s.", CONTRACTS_MAX, contract_id,
        account != NULL ? ", this account is not protected" : "");
}

struct contract *
market_contract(struct engine *engine, struct account *account, const char *contract_id)
{
    uint64_t key;
    struct contract *contract = find(engine, contract_id, &key);

    if (contract != NULL)
        return contract;
    contract = pool_take(&engine->contracts);
    if (contract == NULL) {
        tell_full(engine, account, contract_id);
        return NULL;
    }
    (void)table_put(&engine->contracts_by_id, key, contract); /* As large as the pool. */
    (void)text_copy(contract->id.text, sizeof contract->id.text, contract_id);
    if (product_code_of_contract(contract_id, contract->code))
        product_root_of_symbol(contract->code, contract->root); /* R-ALL-13: until the name is known. */
    contract->micro = product_is_micro(contract->root);
    return contract;
}

static int64_t
common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void
market_describe(struct engine *engine, const struct contract_row *row)
{
    struct contract *contract = market_contract(engine, NULL, row->id.text);
    char root[ROOT_MAX];

    if (contract == NULL)
        return;
    if (contract->code[0] != 0 && product_root_of_name(row->name, root)) {
        (void)text_copy(contract->root, sizeof contract->root, root);
        contract->micro = product_is_micro(root);
    }
    if (row->tick_size_nanos > 0 && row->tick_value_micros > 0) {
        int64_t divisor = common_divisor(row->tick_value_micros, row->tick_size_nanos);
        contract->tick_size_nanos = row->tick_size_nanos;
        contract->tick_value_micros = row->tick_value_micros;
        contract->value_numerator = row->tick_value_micros / divisor;
        contract->value_denominator = row->tick_size_nanos / divisor;
    }
    for (struct position *p = contract->holders; p != NULL; p = p->next_holder)
        market_price(p);
    struct record *record = output_record(engine, RECORD_CONTRACT, NULL);
    record->u.contract = *row;
}

static bool
merge(bool given, int64_t value, bool *has, int64_t *field)
{
    if (!given || (*has && *field == value))
        return false;
    *has = true;
    *field = value;
    return true;
}

/* ES-04: nobody has held it for a while; the next quote of it, which nobody needs, is the occasion to end the subscription. */
static void
unsubscribe(struct engine *engine, struct contract *contract)
{
    struct instant due = instant_add(contract->dropped_at, engine->config->unsubscribe_after);

    if (contract->subscriber == NULL || instant_before(engine->now, due))
        return;
    (void)output_command(engine, COMMAND_UNSUBSCRIBE, contract->subscriber, contract);
    contract->subscriber = NULL;
}

struct contract *
market_quote(struct engine *engine, const struct quote_row *row)
{
    struct contract *contract = market_contract(engine, NULL, row->contract.text);
    bool changed = false;

    if (contract == NULL)
        return NULL;
    if (contract->holders == NULL)
        unsubscribe(engine, contract);
    contract->quoted_at = engine->now;
    changed |= merge(row->has_last, row->last_nanos, &contract->has_last, &contract->last_nanos);
    changed |= merge(row->has_bid, row->bid_nanos, &contract->has_bid, &contract->bid_nanos);
    changed |= merge(row->has_ask, row->ask_nanos, &contract->has_ask, &contract->ask_nanos);
    if (changed && contract->has_bid && contract->has_ask && contract->bid_nanos <= contract->ask_nanos) {
        contract->has_mid = true;
        contract->mid_nanos = contract->bid_nanos + (contract->ask_nanos - contract->bid_nanos) / 2;
    }
    return changed ? contract : NULL;
}

/* R-004-2. */
static bool
mark_of(const struct contract *contract, bool is_long, enum mark mark, int64_t *ret_nanos)
{
    if (mark == MARK_EXIT && (is_long ? contract->has_bid : contract->has_ask)) {
        *ret_nanos = is_long ? contract->bid_nanos : contract->ask_nanos;
        return true;
    }
    if (contract->has_last) {
        *ret_nanos = contract->last_nanos;
        return true;
    }
    *ret_nanos = contract->mid_nanos;
    return contract->has_mid;
}

static int64_t
open_pnl(const struct contract *contract, int64_t move_nanos, int32_t size)
{
    int128 factor = (int128)size * contract->value_numerator;
    int64_t factor_max = INT64_C(1) << 20, move_max = INT64_C(1) << 42; /* Their product fits 63 bits. */

    /* Nearly always the product fits 64 bits: a division of 128 bits costs ten times as much. */
    if (factor < factor_max && factor > -factor_max && move_nanos < move_max && move_nanos > -move_max) {
        int64_t product = move_nanos * (int64_t)factor;
        int64_t half = contract->value_denominator / 2;
        return (product < 0 ? product - half : product + half) / contract->value_denominator;
    }
    int128 product = (int128)move_nanos * size;
    if (product > INT64_MAX || product < INT64_MIN)
        return product > 0 ? INT64_MAX : INT64_MIN + 1;
    int64_t micros = money_scale((int64_t)product, contract->value_numerator, contract->value_denominator);
    return micros == INT64_MIN ? INT64_MIN + 1 : micros; /* So that it can be negated. */
}

/* Take a position's share out of its account's sums. */
static void
take_out(const struct position *position)
{
    for (int m = 0; m < MARKS; m++)
        position->account->open_micros[m] = money_add(position->account->open_micros[m], -position->open_micros[m]);
}

void
market_price(struct position *position)
{
    const struct contract *contract = position->contract;
    struct account *account = position->account;

    take_out(position);
    for (int m = 0; m < MARKS; m++) {
        int64_t mark = 0;
        bool priced = position->size != 0 && contract->value_denominator > 0 &&
            mark_of(contract, position->size > 0, (enum mark)m, &mark);
        int32_t was_unpriced = position->held && !position->priced[m] ? 1 : 0;
        int32_t is_unpriced = position->held && !priced ? 1 : 0;
        account->unpriced[m] += is_unpriced - was_unpriced;
        position->priced[m] = priced;
        position->open_micros[m] = priced ? open_pnl(contract, mark - position->average_price_nanos, position->size) : 0;
        account->open_micros[m] = money_add(account->open_micros[m], position->open_micros[m]);
    }
}

void
market_hold(struct engine *engine, struct position *position)
{
    struct contract *contract = position->contract;

    if (!position->held) {
        position->held = true;
        for (int m = 0; m < MARKS; m++) {
            position->priced[m] = false;
            position->account->unpriced[m]++;
        }
        position->previous_holder = NULL;
        position->next_holder = contract->holders;
        if (contract->holders != NULL)
            contract->holders->previous_holder = position;
        else
            contract->watched_at = engine->now;
        contract->holders = position;
        /* R-004-3: asked for when the position opens, before they are needed. */
        if (contract->tick_size_nanos == 0)
            (void)output_command(engine, COMMAND_LOOK_UP_CONTRACT, position->account, contract);
        if (contract->subscriber == NULL) {
            contract->subscriber = position->account;
            (void)output_command(engine, COMMAND_SUBSCRIBE, position->account, contract);
        }
    }
    market_price(position);
}

void
market_drop(struct engine *engine, struct position *position)
{
    if (!position->held)
        return;
    take_out(position);
    for (int m = 0; m < MARKS; m++) {
        if (!position->priced[m])
            position->account->unpriced[m]--;
        position->priced[m] = false;
        position->open_micros[m] = 0;
    }
    position->contract->dropped_at = engine->now;
    position->held = false;
    if (position->previous_holder != NULL)
        position->previous_holder->next_holder = position->next_holder;
    else
        position->contract->holders = position->next_holder;
    if (position->next_holder != NULL)
        position->next_holder->previous_holder = position->previous_holder;
    position->next_holder = position->previous_holder = NULL;
}
