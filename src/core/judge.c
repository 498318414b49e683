/*
 * judge.c - asking the rules and merging what they want (R-ALL-2, R-ALL-3, EP-03).
 *
 * All rules see the same state; what they want accumulates as targets, unwanted orders and lockouts, each the strictest of all; requests
 * leave only afterwards (enforce.c).  So the order of the rules cannot change the result.  A breach is recorded when
 * it asks for something new, not each time a rule that is still breached is asked.
 */
#include "core/account.h"

#include "base/text.h"
#include "core/products.h"

#include <string.h>

static struct view
view_for(const struct engine *engine, struct account *account, const struct occasion *occasion)
{
    struct view view = { .now = engine->now, .wake = occasion->wake, .config = engine->config, .account_config = account->config,
        .account_id = account->id, .day = account->day, .entries_today = account->entries_today, .can_trade = account->can_trade,
        .can_trade_event = occasion->can_trade, .positions_known = account->positions_known,
        .orders_known = account->orders_known, .trade = occasion->trade, .position = occasion->position,
        .quoted = occasion->quoted, .engine = engine, .account = account };

    memcpy(view.open_micros, account->open_micros, sizeof view.open_micros);
    memcpy(view.unpriced, account->unpriced, sizeof view.unpriced);
    return view;
}

/* To the rule that is asked next. */
static void
address(const struct engine *engine, const struct account *account, struct view *view, int32_t i)
{
    size_t size = engine->rules[i]->account_memory_size;

    view->rule = engine->rules[i]->number;
    view->rule_bit = 1u << i;
    view->memory_offset = engine->memory_offsets[i];
    view->account_memory_size = size;
    view->account_memory = size > 0 ? engine->account_memory[i] + (size_t)account->index * size : NULL;
}

void
judge_enable(const struct engine *engine, struct account *account)
{
    account->enabled = 0;
    account->quiet = false;
    for (int32_t i = 0; i < engine->rules_count; i++)
        account->enabled |= account->config->enabled[i] ? 1u << i : 0;
}

/* Rules that have something to say now, by bit: one look for the many events most rules do not listen to. */
static uint32_t
awake(const struct engine *engine, const struct account *account, const struct occasion *occasion)
{
    uint32_t rules = occasion->all ? account->enabled : engine->woken_by[occasion->wake];

    for (int32_t i = 0; i < engine->rules_count && !instant_before(engine->now, account->next_wake); i++)
        rules |= instant_before(engine->now, account->wake_at[i]) ? 0 : 1u << i;
    return rules & account->enabled;
}

/* R-ALL-15: once per crossing. */
static void
gauge(struct engine *engine, struct account *account, int32_t i, const struct verdict *verdict)
{
    int32_t level = 0, before = account->gauge_levels[i];

    if (verdict->limit > 0 && verdict->observed > 0) {
        int64_t percent = verdict->observed > INT64_MAX / 100 ? INT64_MAX : verdict->observed * 100 / verdict->limit;
        level = percent >= engine->config->alert_percent ? 2 : percent >= engine->config->warn_percent ? 1 : 0;
    }
    bool crossed = level > before;
    account->gauges[i] = (struct figures){ verdict->observed, verdict->limit };
    account->gauge_units[i] = (uint8_t)verdict->unit;
    account->gauge_levels[i] = (uint8_t)level;
    if (level == before)
        return;
    struct notice *notice = output_notice(engine, crossed ? NOTICE_WARNING : NOTICE_RULE_STATUS, account);
    notice->rule = engine->rules[i]->number;
    notice->level = level;
    notice->unit = (int32_t)verdict->unit;
    notice->observed = verdict->observed;
    notice->limit = verdict->limit;
    if (crossed)
        (void)text_copy(notice->text, sizeof notice->text, level == 2 ? "very near its limit" : "nearing its limit");
}

static void
warn(struct engine *engine, const struct account *account, int32_t rule, const char *text)
{
    struct notice *notice = output_notice(engine, NOTICE_WARNING, account);

    notice->rule = rule;
    notice->level = 1;
    (void)text_copy(notice->text, sizeof notice->text, text);
}

static void
warnings(struct engine *engine, struct account *account, int32_t i, const struct verdict *verdict)
{
    uint32_t bit = 1u << i;

    for (int32_t k = 0; k < verdict->warnings_count; k++)
        warn(engine, account, engine->rules[i]->number, verdict->warnings[k]);
    if (verdict->missing != NULL && (account->missing_shown & bit) == 0) {
        account->missing_shown |= bit;
        warn(engine, account, engine->rules[i]->number, verdict->missing); /* R-ALL-6. */
    } else if (verdict->missing == NULL) {
        account->missing_shown &= ~bit;
    }
}

static bool
wants_root(const struct verdict *verdict, const char *root)
{
    for (int32_t k = 0; k < verdict->locks_count; k++) {
        char wanted[ROOT_MAX];
        product_root_of_symbol(verdict->locks[k].root, wanted);
        if (text_same(wanted, root))
            return true;
    }
    return false;
}

/* Lockouts whose condition has cleared; a reload also ends root lockouts that are not wanted any more (R-ALL-16). */
static void
release(struct engine *engine, struct account *account, int32_t i, const struct verdict *verdict, bool whole)
{
    int32_t number = engine->rules[i]->number;

    for (int32_t k = 0; k < verdict->releases_count; k++) {
        struct lock_entry *entry = lockout_find(account, number, verdict->releases[k].text);
        if (entry != NULL && entry->lockout.end == LOCK_UNTIL_CLEARED)
            lockout_end(engine, account, entry, "its condition has cleared");
    }
    for (struct lock_entry *entry = account->lockouts, *next; whole && entry != NULL; entry = next) {
        next = entry->next;
        if (entry->lockout.rule == number && entry->lockout.end == LOCK_UNTIL_CLEARED && entry->lockout.root[0] != 0 &&
            !wants_root(verdict, entry->lockout.root))
            lockout_end(engine, account, entry, "no longer configured");
    }
}

/* Everything the verdict wants; true if any of it is new. */
static bool
absorb(struct engine *engine, struct account *account, const struct rule *rule, const struct verdict *verdict, uint64_t incident)
{
    bool fresh = verdict->record_only;

    for (int32_t k = 0; k < verdict->locks_count; k++)
        fresh |= lockout_set(engine, account, rule, &verdict->locks[k], incident, verdict->why);
    for (struct position *p = account->positions; verdict->close_all && p != NULL; p = p->next) {
        if (p->size != 0)
            fresh |= enforce_want(engine, account, p->contract, 0, rule->number, incident);
    }
    for (int32_t k = 0; k < verdict->sizes_count; k++)
        fresh |= enforce_want(engine, account, verdict->sizes[k].position->contract, verdict->sizes[k].size, rule->number, incident);
    for (int32_t k = 0; k < verdict->cancels_count; k++) {
        struct order *order = book_order(account, verdict->cancels[k]->id);
        fresh |= order != NULL && enforce_cancel(engine, account, order, rule->number, incident);
    }
    for (int32_t k = 0; k < verdict->stops_count && engine->wanted_stops_count < VERDICT_STOPS_MAX; k++)
        engine->wanted_stops[engine->wanted_stops_count++] = (struct pending_stop){ verdict->stops[k], rule->number };
    return fresh;
}

/* R-ALL-12: the rule's own lockout of the account is the one until an admin, not a milder one first. */
static void
harden(struct verdict *verdict)
{
    for (int32_t k = 0; k < verdict->locks_count; k++) {
        if (verdict->locks[k].root[0] == 0)
            verdict->locks[k] = (struct want_lock){ .kind = LOCK_FLAT, .end = LOCK_UNTIL_ADMIN, .until = INSTANT_NEVER };
    }
}

/* R-ALL-12.  True if anything of it is new. */
static bool
be_strict(struct engine *engine, struct account *account, const struct rule *rule, const struct verdict *verdict, uint64_t incident)
{
    struct want_lock lock = { .kind = LOCK_FLAT, .end = LOCK_UNTIL_ADMIN };
    bool fresh = lockout_set(engine, account, rule, &lock, incident, verdict->why);

    for (struct position *p = account->positions; p != NULL; p = p->next) {
        if (p->size != 0)
            fresh = enforce_want(engine, account, p->contract, 0, rule->number, incident) || fresh;
    }
    return fresh;
}

void
judge_remember_breach(struct engine *engine, const struct pending_breach *breach)
{
    if (engine->breaches_count == RULES_MAX)
        judge_flush_breaches(engine);
    engine->breaches[engine->breaches_count++] = *breach;
}

static void
remember_breach(struct engine *engine, struct account *account, const struct rule *rule, const struct verdict *verdict, uint64_t incident)
{
    struct pending_breach breach = { .account = account, .rule = rule->number, .action = verdict->action, .unit = verdict->unit,
        .observed = verdict->observed, .limit = verdict->limit, .incident = incident };

    (void)text_copy(breach.why, sizeof breach.why, verdict->why);
    judge_remember_breach(engine, &breach);
}

/* A later wish than the one that stands is heard when that one is due: wishes that move with each quote cost nothing. */
static void
set_wake(const struct engine *engine, struct account *account, int32_t i, struct instant at)
{
    bool stands = instant_before(engine->now, account->wake_at[i]);

    if (instant_equal(at, account->wake_at[i]) || (stands && !instant_is_never(at) && instant_before(account->wake_at[i], at)))
        return;
    account->wake_at[i] = at;
    account->deadline_stale = true;
    account->next_wake = INSTANT_NEVER;
    for (int32_t k = 0; k < engine->rules_count; k++)
        account->next_wake = instant_min(account->next_wake, account->wake_at[k]);
}

/* ---- Quotes that no rule needs to hear of ---- */

static struct band
both(struct band a, struct band b)
{
    return (struct band){ a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high };
}

static bool
is_within(int64_t value, struct band band)
{
    return value > band.low && value < band.high;
}

/*
 * Before rules are asked: what they said of quotes holds no longer, and is complete only if all that listen to quotes say it again.  So when one
 * of them is asked while all were quiet, all are: the others say nothing new, but their gauges are set.
 */
static uint32_t
open_bands(const struct engine *engine, struct account *account, uint32_t rules)
{
    uint32_t listeners = engine->woken_by[EVENT_QUOTE] & account->enabled;

    if ((rules & listeners) == 0)
        return rules;
    rules |= account->quiet ? listeners : 0;
    account->quiet = (rules & listeners) == listeners;
    for (int m = 0; m < MARKS; m++)
        account->quiet_open[m] = BAND_ALL;
    for (struct position *p = account->positions; p != NULL; p = p->next) {
        p->quiet_low_nanos = INT64_MIN;
        p->quiet_high_nanos = INT64_MAX;
    }
    return rules;
}

static void
narrow(struct account *account, const struct verdict *verdict)
{
    account->quiet = account->quiet && verdict->quiet;
    for (int m = 0; account->quiet && m < MARKS; m++)
        account->quiet_open[m] = both(account->quiet_open[m], verdict->open_micros[m]);
    for (int32_t k = 0; account->quiet && k < verdict->bands_count; k++) {
        struct position *position = book_find(account, verdict->bands[k].position->contract);
        struct band band = both((struct band){ position->quiet_low_nanos, position->quiet_high_nanos }, verdict->bands[k].last_nanos);
        position->quiet_low_nanos = band.low;
        position->quiet_high_nanos = band.high;
    }
}

bool
judge_is_quiet(const struct position *position)
{
    const struct account *account = position->account;
    const struct band last = { position->quiet_low_nanos, position->quiet_high_nanos };

    return account->quiet && position->contract->has_last && is_within(position->contract->last_nanos, last) &&
        is_within(account->open_micros[MARK_LAST], account->quiet_open[MARK_LAST]) &&
        is_within(account->open_micros[MARK_EXIT], account->quiet_open[MARK_EXIT]);
}

/* Quotes that were not judged have moved the figure, and by what the rule has said nothing else: it may be asked aside. */
struct gauge
judge_gauge(const struct engine *engine, struct account *account, int32_t i)
{
    struct gauge gauge = { account->gauges[i].observed, account->gauges[i].limit, (enum unit)account->gauge_units[i],
        account->gauge_levels[i] };
    struct verdict verdict;

    if (!account->quiet || gauge.limit == 0 || (engine->woken_by[EVENT_QUOTE] >> i & 1) == 0)
        return gauge;
    struct view view = view_for(engine, account, &(struct occasion){ .wake = EVENT_QUOTE });
    address(engine, account, &view, i);
    verdict_clear(&verdict);
    engine->rules[i]->evaluate(account->config->rules[i], &view, &verdict);
    gauge.observed = verdict.observed;
    return gauge;
}

/* A rule in shadow says what it would have done, once per breach; nothing is wanted of anybody. */
static void
would_have(struct engine *engine, struct account *account, int32_t i, const struct verdict *verdict)
{
    static const char *const done[] = { "", "", "moved the stop", "cancelled the order", "reduced to the limit",
        "closed the position", "blocked new entries", "closed all positions", "closed all positions and locked the account" };
    const struct rule *rule = engine->rules[i];
    uint32_t bit = 1u << i;

    if (verdict->action <= ACTION_WARN) {
        account->told &= ~bit;
        return;
    }
    if ((account->told & bit) != 0)
        return;
    account->told |= bit;
    struct record *record = output_record(engine, RECORD_BREACH, account);
    struct text text = text_on(record->u.breach.why, sizeof record->u.breach.why);
    text_addf(&text, "Shadow: would have %s. %s", done[verdict->action], verdict->why[0] != 0 ? verdict->why : rule->title);
    record->rule = rule->number;
    record->incident = engine->next_incident++;
    record->u.breach.action = (int32_t)ACTION_WARN;
    record->u.breach.unit = (int32_t)verdict->unit;
    record->u.breach.observed = verdict->observed;
    record->u.breach.limit = verdict->limit;
    warn(engine, account, rule->number, record->u.breach.why);
}

static void
ask(struct engine *engine, struct account *account, const struct occasion *occasion, struct view *view, int32_t i)
{
    const struct rule *rule = engine->rules[i];
    struct verdict *verdict = &engine->verdict;
    bool whole = occasion->wake == EVENT_CONFIG || occasion->wake == EVENT_SNAPSHOT;

    verdict_clear(verdict);
    address(engine, account, view, i);
    rule->evaluate(account->config->rules[i], view, verdict);
    struct instant wake_at = instant_before(engine->now, verdict->wake_at) ? verdict->wake_at : INSTANT_NEVER;
    set_wake(engine, account, i, wake_at);
    gauge(engine, account, i, verdict);
    warnings(engine, account, i, verdict);
    release(engine, account, i, verdict, whole);
    if ((engine->woken_by[EVENT_QUOTE] >> i & 1) != 0)
        narrow(account, verdict);
    if (account->config->shadow[i]) {
        would_have(engine, account, i, verdict);
        return;
    }
    uint64_t incident = engine->next_incident;
    if (engine->config->strict_mode && verdict->action > ACTION_WARN)
        harden(verdict);
    bool fresh = absorb(engine, account, rule, verdict, incident);
    bool only_tells = verdict->action == ACTION_WARN; /* A breach from which nothing follows is told once, until it is over. */
    if (only_tells)
        fresh = (account->told & 1u << i) == 0;
    account->told = only_tells ? account->told | 1u << i : account->told & ~(1u << i);
    if (engine->config->strict_mode && (only_tells || (fresh && verdict->action > ACTION_WARN)))
        fresh = be_strict(engine, account, rule, verdict, incident) || fresh;
    if (!fresh)
        return;
    engine->next_incident++;
    account->touched = true;
    if (verdict->action != ACTION_NONE)
        remember_breach(engine, account, rule, verdict, incident);
}

/* A rule taken out by a reload lets go of what stood only as long as its condition (R-ALL-16). */
static void
retire(struct engine *engine, struct account *account, int32_t i)
{
    for (struct lock_entry *entry = account->lockouts, *next; entry != NULL; entry = next) {
        next = entry->next;
        if (entry->lockout.rule == engine->rules[i]->number && entry->lockout.end == LOCK_UNTIL_CLEARED)
            lockout_end(engine, account, entry, "its rule was switched off");
    }
    set_wake(engine, account, i, INSTANT_NEVER);
    account->gauges[i] = (struct figures){ 0, 0 };
    account->gauge_units[i] = account->gauge_levels[i] = 0;
}

void
judge(struct engine *engine, struct account *account, const struct occasion *occasion)
{
    uint32_t rules = awake(engine, account, occasion);

    for (int32_t i = 0; occasion->wake == EVENT_CONFIG && i < engine->rules_count; i++) {
        if (!account->config->enabled[i])
            retire(engine, account, i);
    }
    if (rules == 0)
        return;
    struct view view = view_for(engine, account, occasion);
    rules = open_bands(engine, account, rules);
    for (int32_t i = 0; rules >> i != 0; i++) {
        if ((rules >> i & 1) != 0)
            ask(engine, account, occasion, &view, i);
    }
    /* Only now: a position that any rule wants closed gets no stop (R-ALL-2: the order of the rules changes nothing). */
    for (int32_t k = 0; k < engine->wanted_stops_count; k++)
        (void)stop_send(engine, account, &engine->wanted_stops[k].want, engine->wanted_stops[k].rule);
    engine->wanted_stops_count = 0;
    book_store_memory(engine, account);
}

/* "17:00 New York (2 h 47 m)" */
static void
describe_end(const struct engine *engine, struct instant until, struct text *text)
{
    int64_t days;
    int second;
    const char *name = zone_name(engine->config->day_zone);
    const char *city = strrchr(name, '/');

    zone_to_local(engine->config->day_zone, until, &days, &second);
    int64_t minutes = (instant_since(until, engine->now).ns / 1000000000 + 59) / 60;
    text_addf(text, "%02d:%02d ", second / 3600, second / 60 % 60);
    for (const char *p = city != NULL ? city + 1 : name; *p != 0; p++)
        text_addf(text, "%c", *p == '_' ? ' ' : *p);
    text_addf(text, " (%lld h %02lld m)", (long long)(minutes / 60), (long long)(minutes % 60));
}

/* R-ALL-14: what was done about it, in words. */
static void
describe(const struct engine *engine, const struct pending_breach *breach, char *out, size_t size)
{
    static const char *const done[] = { "", "", " Stop moved.", " Order cancelled.", " Reduced to the limit.", " Position closed.",
        " New entries are blocked.", " All positions closed.", " All positions closed." };
    struct text text = text_on(out, size);
    const struct lock_entry *entry = breach->account->lockouts;

    text_add(&text, breach->why);
    text_add(&text, done[breach->action]);
    while (entry != NULL && entry->lockout.incident != breach->incident)
        entry = entry->next;
    if (entry == NULL)
        return;
    text_add(&text, entry->lockout.root[0] != 0 ? " Locked: " : " Locked");
    text_add(&text, entry->lockout.root);
    if (instant_is_never(entry->lockout.until)) {
        text_add(&text, entry->lockout.end == LOCK_UNTIL_ADMIN ? " until an admin unlocks." : " until this clears.");
        return;
    }
    text_add(&text, " until ");
    describe_end(engine, entry->lockout.until, &text);
    text_add(&text, ".");
}

static bool
stronger(const struct pending_breach *a, const struct pending_breach *b)
{
    return a->action != b->action ? a->action > b->action : a->rule < b->rule;
}

/* The headline first: the most severe, ties by lowest rule number (R-ALL-2). */
void
judge_flush_breaches(struct engine *engine)
{
    for (int32_t left = engine->breaches_count; left > 0; left--) {
        int32_t head = 0;
        for (int32_t k = 1; k < left; k++)
            head = stronger(&engine->breaches[k], &engine->breaches[head]) ? k : head;
        struct pending_breach *breach = &engine->breaches[head];
        struct record *record = output_record(engine, RECORD_BREACH, breach->account);
        struct notice *notice = output_notice(engine, NOTICE_BREACH, breach->account);
        record->rule = notice->rule = breach->rule;
        record->incident = notice->incident = breach->incident;
        record->u.breach.action = notice->action = (int32_t)breach->action;
        record->u.breach.unit = notice->unit = (int32_t)breach->unit;
        record->u.breach.observed = notice->observed = breach->observed;
        record->u.breach.limit = notice->limit = breach->limit;
        describe(engine, breach, notice->text, sizeof notice->text);
        (void)text_copy(record->u.breach.why, sizeof record->u.breach.why, notice->text);
        *breach = engine->breaches[left - 1];
    }
    engine->breaches_count = 0;
}
