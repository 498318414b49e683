/*
 * rewind.c - the clock ran ahead, was believed, and has been corrected (engine.h).
 *
 * What was noted as "now" meanwhile lies in the future, and so does all that was to follow from it: retries, reads, alarms, grace
 * periods.  Waiting for time to catch up would leave every account unguarded for as long as the clock was wrong.  So whatever happened is
 * taken to have happened now at the latest, what was to be done is due, and each rule is asked again.  Ends of lockouts stay
 * where they are: a clock ends none early (S-21), and none is shortened (R-ALL-9).
 */
#include "core/account.h"

static void
no_later(struct instant *at, struct instant now)
{
    *at = instant_min(*at, now);
}

static void
rewind_book(struct account *account, struct instant now)
{
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        no_later(&p->created_at, now);
        no_later(&p->touched_at, now);
        no_later(&p->reads_from, now);
        if (p->stop != NULL)
            no_later(&p->stop->sent_at, now);
        no_later(&p->blind_next, now);
        no_later(&p->contract->quoted_at, now);
        no_later(&p->contract->watched_at, now);
        no_later(&p->contract->dropped_at, now);
    }
    for (struct order *o = account->orders; o != NULL; o = o->next) {
        no_later(&o->sent_at, now);
        no_later(&o->retry_at, now);
        no_later(&o->read_at, now);
        no_later(&o->touched_at, now);
    }
}

static void
rewind_targets(const struct engine *engine, struct account *account)
{
    struct instant now = engine->now;

    for (struct target *t = account->targets; t != NULL; t = t->next) {
        no_later(&t->since, now);
        no_later(&t->urgent_from, now);
        no_later(&t->sent_at, now);
        no_later(&t->read_at, now);
        no_later(&t->retry_at, now);
        no_later(&t->shown_at, now);
        no_later(&t->done_at, now);
        no_later(&t->not_proven_before, now);
        no_later(&t->alarm_at, instant_add(now, engine->config->alarm_after));
    }
}

static void
rewind_account(struct engine *engine, struct account *account)
{
    bool other_day = instant_before(engine->now, account->day.starts_at);

    rewind_book(account, engine->now);
    rewind_targets(engine, account);
    no_later(&account->read_sent_at, engine->now);
    no_later(&account->pnl_shown_at, engine->now);
    no_later(&account->can_trade_from, engine->now);
    no_later(&account->strange_since, engine->now);
    no_later(&account->compared_from, engine->now);
    for (struct doubt *doubt = account->doubts; doubt != NULL; doubt = doubt->next)
        no_later(&doubt->since, engine->now);
    enforce_want_read(account, engine->now);
    if (other_day)
        ledger_open_day(engine, account); /* R-RST-1: the day is a function of the instant; its trades are still known. */
    for (int32_t i = 0; i < engine->rules_count; i++)
        account->wake_at[i] = (account->enabled >> i & 1) != 0 ? engine->now : INSTANT_NEVER;
    account->quiet = false;
    account->next_wake = engine->now;
    account->deadline = engine->now; /* serve_due() does the rest. */
    heap_update(engine, account);
}

void
rewind_to(struct engine *engine, struct instant at)
{
    engine->now = at;
    for (int32_t i = 0; i < engine->accounts_count; i++)
        rewind_account(engine, &engine->accounts[i]);
    output_alarm(engine, NULL, 0, 1, 0, "The clock was corrected backwards: what was to be done later is done now.");
}
