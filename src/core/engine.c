/*
 * engine.c - one event in, one update out (engine.h).
 *
 *     event -> state (book, ledger, market) -> rules (judge) -> locks and targets (enforce) -> commands, records, notices
 *
 * State first, also for a locked account (EP-01, R-ALL-1).  Accounts whose deadline has come are served before the event itself, so
 * a lockout that is over does not catch a later order; each rule is asked again at the instant it named (EP-04).
 */
#include "core/account.h"

#include "base/money.h"
#include "base/text.h"
#include "core/products.h"

#define PNL_NOTICE_EVERY SPAN_SECONDS(1)

static void
show_pnl(struct engine *engine, struct account *account, bool at_once)
{
    if (!at_once && instant_before(engine->now, instant_add(account->pnl_shown_at, PNL_NOTICE_EVERY)))
        return;
    account->pnl_shown_at = engine->now;
    struct notice *notice = output_notice(engine, NOTICE_PNL, account);
    notice->u.pnl.realized_micros = money_add(account->day.gross_micros, -account->day.fees_micros);
    notice->u.pnl.open_micros = account->open_micros[MARK_LAST];
    notice->u.pnl.unpriced = account->unpriced[MARK_LAST];
}

/* After the rules: send what is due and note when to look again. */
static void
finish(struct engine *engine, struct account *account)
{
    if (account->touched) {
        enforce_run(engine, account);
        account->touched = false;
        account->deadline_stale = true;
    }
    if (!account->deadline_stale)
        return;
    account->deadline_stale = false;
    struct instant next = instant_min(account->day.ends_at, lockout_next_end(account));
    next = instant_min(next, instant_min(account->next_wake, enforce_deadline(engine, account)));
    next = instant_min(next, instant_min(sight_deadline(engine, account), doubt_deadline(account)));
    /* What is due stays due only if this pass could not settle it; never let one account hold the loop. */
    account->deadline = instant_before(engine->now, next) ? next : instant_add(engine->now, SPAN_MS(50));
    heap_update(engine, account);
}

static void
serve(struct engine *engine, struct account *account, const struct occasion *occasion)
{
    judge(engine, account, occasion);
    finish(engine, account);
}

static void
serve_due(struct engine *engine)
{
    for (int32_t guard = 0; guard < engine->accounts_count && !instant_before(engine->now, engine->heap[0]->deadline); guard++) {
        struct account *account = engine->heap[0];
        bool rolled = !instant_before(engine->now, account->day.ends_at);
        if (rolled)
            ledger_roll(engine, account);
        lockout_end_due(engine, account, rolled);
        book_sweep(engine, account);
        sight_check(engine, account);
        doubt_check(engine, account);
        account->touched = true;
        serve(engine, account, &(struct occasion){ .wake = EVENT_CLOCK, .all = rolled });
    }
}

static void
open_days(struct engine *engine)
{
    if (engine->opened)
        return;
    engine->opened = true;
    for (int32_t i = 0; i < engine->accounts_count; i++) {
        struct account *account = &engine->accounts[i];
        ledger_open_day(engine, account);
        account->deadline_stale = true;
        finish(engine, account);
    }
}

/*
 * A fill with P&L after which the position is on its side has reversed it: its order opened one too (R-006-3).  Which of the two is told first is
 * the gateway's choice.  Returns the fill that had been told before the position, or NULL.
 */
static struct trade *
find_reversal(struct engine *engine, struct account *account, struct position *position, int32_t size_before)
{
    bool reversed = size_before != 0 && position->size != 0 && (size_before > 0) != (position->size > 0);
    uint32_t side = position->size > 0 ? SIDE_BUY : SIDE_SELL;
    uint32_t contract = pool_number(&engine->contracts, position->contract);
    struct trade *t = ledger_trade(engine, account->newest_trade);

    if (!reversed) {
        position->crossed = position->crossed && position->size != 0;
        return NULL;
    }
    while (t != NULL && t->contract != contract)
        t = ledger_trade(engine, t->older);
    int32_t awaited = doubt_awaited(position, engine->now);
    bool untold = awaited != 0 && (awaited < 0) == (position->size > 0); /* The position is ahead: the newest is an earlier one. */
    position->crossed = untold || t == NULL || t->side != side;
    if (position->crossed || t->opened)
        return NULL;
    ledger_opened(engine, account, t);
    return t;
}

static void
take_reversal(struct engine *engine, struct account *account, struct trade *trade)
{
    struct position *position = book_find(account, pool_item(&engine->contracts, trade->contract));

    if (position == NULL || !position->crossed || (position->size > 0) != (trade->side == SIDE_BUY))
        return;
    position->crossed = false;
    if (!trade->opened)
        ledger_opened(engine, account, trade);
}

static void
on_position(struct engine *engine, const struct position_row *row)
{
    struct account *account = world_account(engine, row->account_id);
    struct contract *contract = account != NULL ? market_contract(engine, account, row->contract.text) : NULL;

    if (contract == NULL)
        return;
    const struct position *before = book_find(account, contract);
    int32_t size_before = before != NULL ? before->size : 0;
    struct position *position = book_hear_position(engine, account, row);
    account->touched = true;
    if (position == NULL) {
        finish(engine, account);
        return;
    }
    const struct trade *reversal = find_reversal(engine, account, position, size_before);
    if (reversal != NULL)
        judge(engine, account, &(struct occasion){ .wake = EVENT_TRADE, .trade = reversal });
    show_pnl(engine, account, true);
    serve(engine, account, &(struct occasion){ .wake = EVENT_POSITION, .position = position });
}

static void
on_order(struct engine *engine, const struct order_row *row)
{
    struct account *account = world_account(engine, row->account_id);

    if (account == NULL)
        return;
    account->touched = true;
    if (book_hear_order(engine, account, row) == NULL) { /* It may have asked for a read. */
        finish(engine, account);
        return;
    }
    serve(engine, account, &(struct occasion){ .wake = EVENT_ORDER });
    book_sweep(engine, account);
}

static void
judge_trade(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    ledger_count(account, trade);
    judge(engine, account, &(struct occasion){ .wake = EVENT_TRADE, .trade = trade });
    ledger_judged(engine, account, trade, row);
}

static void
on_trade(struct engine *engine, const struct trade_row *row)
{
    struct account *account = world_account(engine, row->account_id);
    struct trade *trade = account != NULL ? ledger_apply(engine, account, row) : NULL;
    struct order *order = account != NULL ? book_order(account, row->order_id) : NULL;

    if (account == NULL)
        return;
    if (trade != NULL && order != NULL && order->swept)
        enforce_late_fill(engine, account, order->contract);
    if (trade != NULL) {
        take_reversal(engine, account, trade);
        judge_trade(engine, account, trade, row);
        ledger_store_day(engine, account);
        show_pnl(engine, account, true);
    } else if (row->voided) { /* Without a winner the day may be below its limit (R-ALL-10). */
        judge(engine, account, &(struct occasion){ .wake = EVENT_TRADE });
        show_pnl(engine, account, true);
    }
    finish(engine, account);
}

/* EC-12: live accounts are not the API's to control, whatever it shows of them; an accepted request proves the opposite (prove.c). */
static void
note_live(struct engine *engine, struct account *account, enum answer simulated)
{
    if (simulated == ANSWER_NO && account->simulated != ANSWER_NO) {
        account->uncontrollable = true;
        output_alarm(engine, account, 0, 2, 0, "This account is not simulated: the gateway may refuse to control it, it counts as unprotected.");
    }
    if (simulated != ANSWER_UNKNOWN)
        account->simulated = simulated;
}

static void
apply_account(struct engine *engine, struct account *account, const struct account_row *row, enum answer can_trade)
{
    if (row->name[0] != 0)
        (void)text_copy(account->name, sizeof account->name, row->name);
    if (can_trade != ANSWER_UNKNOWN)
        account->can_trade = can_trade; /* R-010-2: missing is not evidence. */
    note_live(engine, account, row->simulated);
}

static void
on_account(struct engine *engine, const struct account_row *row)
{
    struct account *account = world_account(engine, row->id);

    if (account == NULL)
        return;
    if (row->can_trade != ANSWER_UNKNOWN)
        account->can_trade_from = instant_add(engine->now, READ_LAG);
    apply_account(engine, account, row, row->can_trade);
    serve(engine, account, &(struct occasion){ .wake = EVENT_ACCOUNT, .can_trade = row->can_trade });
}

static void
on_quote(struct engine *engine, const struct quote_row *row)
{
    struct contract *contract = market_quote(engine, row);

    for (struct position *p = contract != NULL ? contract->holders : NULL; p != NULL; p = p->next_holder) {
        market_price(p);
        ledger_track_open(p->account);
        show_pnl(engine, p->account, false);
        if (!judge_is_quiet(p))
            serve(engine, p->account, &(struct occasion){ .wake = EVENT_QUOTE, .quoted = contract });
    }
}

static void
on_contract(struct engine *engine, const struct contract_row *row)
{
    market_describe(engine, row);
    struct contract *contract = market_contract(engine, NULL, row->id.text);
    for (struct position *p = contract != NULL ? contract->holders : NULL; p != NULL; p = p->next_holder)
        serve(engine, p->account, &(struct occasion){ .wake = EVENT_CONTRACT, .all = true, .quoted = contract });
}

static const struct trade_row *
row_of(const struct snapshot *snapshot, int64_t trade_id)
{
    for (uint32_t i = 0; i < snapshot->trades_count; i++) {
        if (snapshot->trades[i].id == trade_id)
            return &snapshot->trades[i];
    }
    return NULL;
}

/* SR-08: missed trades in time order, with their own timestamps and the day's result after each: what was lost in a gap and won back, was lost. */
static void
judge_missed(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    struct trade *batch[TRADES_BATCH];
    const struct trade *last = NULL;
    uint32_t count;

    while ((count = ledger_younger(engine, account, last, batch)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            const struct trade_row *row = batch[i]->judged ? NULL : row_of(snapshot, batch[i]->id);
            if (row != NULL)
                judge_trade(engine, account, batch[i], row);
        }
        last = batch[count - 1];
    }
}

/* What the read says of the right to trade; not what may be older than the stream's word (a lockout must not end by it, R-ALL-9). */
static enum answer
can_trade_read(struct engine *engine, struct account *account, const struct snapshot *snapshot)
{
    enum answer read = snapshot->account != NULL ? snapshot->account->can_trade : ANSWER_UNKNOWN;

    if (read == account->can_trade || read == ANSWER_UNKNOWN || !instant_before(snapshot->asked_at, account->can_trade_from))
        return read;
    output_sync(engine, account);
    return ANSWER_UNKNOWN;
}

static void
on_snapshot(struct engine *engine, const struct snapshot *snapshot)
{
    struct account *account = world_account(engine, snapshot->account_id);
    uint32_t missed = 0;

    if (account == NULL)
        return;
    enum answer can_trade = can_trade_read(engine, account, snapshot);
    if ((snapshot->parts & PART_ACCOUNT) != 0 && snapshot->account != NULL)
        apply_account(engine, account, snapshot->account, can_trade);
    book_apply_snapshot(engine, account, snapshot);
    for (uint32_t i = 0; i < snapshot->trades_count; i++)
        missed += ledger_apply(engine, account, &snapshot->trades[i]) != NULL ? 1 : 0;
    doubt_read(engine, account, snapshot);
    if (missed > 0) {
        output_difference(engine, account, "%u trades the stream had not told of", (unsigned)missed);
        judge_missed(engine, account, snapshot);
        ledger_store_day(engine, account);
    }
    account->touched = true;
    show_pnl(engine, account, true);
    judge(engine, account, &(struct occasion){ .wake = EVENT_SNAPSHOT, .all = true, .can_trade = can_trade });
    prove_read(engine, account, snapshot);
    finish(engine, account);
}

static void
on_answer(struct engine *engine, const struct answer_event *answer)
{
    struct account *account = table_find(&engine->in_flight, answer->command_id);

    if (account == NULL)
        return;
    table_remove(&engine->in_flight, answer->command_id);
    prove_answer(engine, account, answer);
    finish(engine, account);
}

static const struct account_config *
config_of(const struct config *config, int64_t account_id)
{
    for (int32_t i = 0; i < config->accounts_count; i++) {
        if (config->accounts[i].id == account_id)
            return &config->accounts[i];
    }
    return NULL;
}

static void
on_config(struct engine *engine, const struct config *config)
{
    engine->config = config;
    for (int32_t i = 0; i < engine->accounts_count; i++) {
        struct account *account = &engine->accounts[i];
        const struct account_config *own = config_of(config, account->id);
        if (own == NULL)
            continue; /* CF-07: accounts change by a restart only; the shell refuses such a file. */
        account->config = own;
        judge_enable(engine, account);
        account->touched = true;
        serve(engine, account, &(struct occasion){ .wake = EVENT_CONFIG, .all = true });
    }
}

static void
on_admin(struct engine *engine, const struct admin_event *admin)
{
    struct account *account = world_account(engine, admin->account_id);

    if (account == NULL)
        return;
    struct record *record = output_record(engine, RECORD_ADMIN, account);
    record->rule = admin->rule;
    record->u.admin = *admin;
    char root[ROOT_MAX] = "";
    if (admin->root[0] != 0)
        product_root_of_symbol(admin->root, root);
    account->touched = true;
    for (struct lock_entry *entry = account->lockouts, *next; admin->kind == ADMIN_UNLOCK && entry != NULL; entry = next) {
        next = entry->next;
        if ((admin->rule == 0 || admin->rule == entry->lockout.rule) && text_same(entry->lockout.root, root))
            lockout_end(engine, account, entry, admin->reason);
    }
    for (struct position *p = account->positions; admin->kind == ADMIN_FLATTEN && p != NULL; p = p->next) {
        if (p->size != 0 && (admin->root[0] == 0 || view_symbol_matches(admin->root, p->contract)))
            (void)enforce_want(engine, account, p->contract, 0, 0, engine->next_incident++);
    }
    for (struct order *o = account->orders; admin->kind == ADMIN_FLATTEN && o != NULL; o = o->next) {
        if (admin->root[0] == 0 || view_symbol_matches(admin->root, o->contract))
            (void)enforce_cancel(engine, account, o, 0, engine->next_incident++);
    }
    finish(engine, account);
}

/* CB-09: to the ledger and to everybody who listens. */
static void
on_mode(struct engine *engine, const struct mode_event *mode)
{
    if (engine->mode == mode->mode)
        return;
    engine->mode = mode->mode;
    output_record(engine, RECORD_MODE, NULL)->u.mode = *mode;
    struct notice *notice = output_notice(engine, NOTICE_MODE, NULL);
    notice->u.mode = *mode;
    (void)text_copy(notice->text, sizeof notice->text, mode->reason);
}

static void
on_restore(struct engine *engine, const struct restore *restore)
{
    struct account *account;

    engine->next_command = restore->next_command_id > engine->next_command ? restore->next_command_id : engine->next_command;
    engine->next_incident = restore->next_incident > engine->next_incident ? restore->next_incident : engine->next_incident;
    for (uint32_t i = 0; i < restore->contracts_count; i++)
        market_describe(engine, &restore->contracts[i]);
    for (uint32_t i = 0; i < restore->trades_count; i++) {
        account = world_account(engine, restore->trades[i].row.account_id);
        if (account != NULL)
            ledger_restore(engine, account, &restore->trades[i]);
    }
    for (uint32_t i = 0; i < restore->positions_count; i++) {
        account = world_account(engine, restore->positions[i].row.account_id);
        if (account != NULL)
            book_restore_position(engine, account, &restore->positions[i]);
    }
    for (uint32_t i = 0; i < restore->lockouts_count; i++) {
        account = world_account(engine, restore->lockouts[i].account_id);
        if (account != NULL)
            lockout_restore(engine, account, &restore->lockouts[i]);
    }
    for (uint32_t i = 0; i < restore->goals_count; i++) {
        account = world_account(engine, restore->goals[i].account_id);
        if (account != NULL)
            enforce_restore(engine, account, &restore->goals[i]);
    }
    for (int32_t i = 0; i < engine->accounts_count; i++) {
        account = &engine->accounts[i];
        lockout_end_due(engine, account, false);
        account->deadline_stale = true;
        account->touched = false; /* Nothing is sent on what the store says: first the broker's snapshot. */
        finish(engine, account);
    }
}

static void
on_overflow(struct engine *engine, int64_t account_id)
{
    output_sync(engine, world_account(engine, account_id));
}

static void
route(struct engine *engine, const struct event *event)
{
    switch (event->kind) {
    case EVENT_POSITION: on_position(engine, &event->u.position); break;
    case EVENT_ORDER: on_order(engine, &event->u.order); break;
    case EVENT_TRADE: on_trade(engine, &event->u.trade); break;
    case EVENT_ACCOUNT: on_account(engine, &event->u.account); break;
    case EVENT_QUOTE: on_quote(engine, &event->u.quote); break;
    case EVENT_CONTRACT: on_contract(engine, &event->u.contract); break;
    case EVENT_SNAPSHOT: on_snapshot(engine, &event->u.snapshot); break;
    case EVENT_ANSWER: on_answer(engine, &event->u.answer); break;
    case EVENT_CONFIG: on_config(engine, event->u.config); break;
    case EVENT_ADMIN: on_admin(engine, &event->u.admin); break;
    case EVENT_MODE: on_mode(engine, &event->u.mode); break;
    case EVENT_RESTORE: on_restore(engine, &event->u.restore); break;
    case EVENT_OVERFLOW: on_overflow(engine, event->u.overflow_account_id); break;
    case EVENT_CLOCK: case EVENT_KINDS: break;
    }
}

void
engine_step(struct engine *engine, const struct event *event, struct update *update)
{
    bool rewound = instant_before(instant_add(event->at, ENGINE_BACK_MAX), engine->now);

    engine->now = instant_max(engine->now, event->at);
    engine->commands_count = engine->records_count = engine->notices_count = 0;
    if (rewound)
        rewind_to(engine, event->at);
    open_days(engine);
    if (event->kind != EVENT_RESTORE)
        serve_due(engine);
    route(engine, event);
    judge_flush_breaches(engine);
    *update = (struct update){ .commands = engine->commands, .records = engine->records, .notices = engine->notices,
        .commands_count = engine->commands_count, .records_count = engine->records_count,
        .notices_count = engine->notices_count };
}
