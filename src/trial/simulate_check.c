/*
 * simulate_check.c - what must hold by the exchange's books: exposure, totals, requests.  The daemon's side is in simulate_check_daemon.c.
 */
#include "base/assert.h"
#include "base/json.h"
#include "core/engine.h"
#include "trial/simulate_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIME_CLEAR SPAN_SECONDS(90)   /* The longest the daemon may need once the broker can be reached: a back-off, a close; and an audit. */
#define TIME_CALM SPAN_SECONDS(20)    /* ... when nothing at all has been wrong for long. */
#define CALM_FOR SPAN_SECONDS(600)
#define QUIET_FOR SPAN_SECONDS(20)    /* Books untouched: totals must agree. */
#define CLEAR_FOR SPAN_SECONDS(140)   /* ... and the daemon has seen an audit on top of this. */
#define TOTALS_EVERY SPAN_SECONDS(120)
#define RESET_SECOND (17 * 3600)
#define DAY_SECONDS 86400
#define NEWS_MAX SPAN_SECONDS(5)      /* Delay, jitter and latency of an event together. */
#define REQUESTS_MAX 200
#define LATE_FILL_MAX SPAN_SECONDS(20) /* Later than that after the cancel the daemon no longer watches for it (30 s after the proof). */
#define BODY_TOKENS 64

static size_t
index_of(const struct listing *listing)
{
    size_t i = 0;

    while (listing_at(i) != listing)
        i++;
    return i;
}

static struct check_account *
account_of(struct simulate_world *world, int64_t id)
{
    return id >= 1 && id <= world->check.count ? &world->check.accounts[id - 1] : NULL;
}

/* ---- The trading day, by itself: 17:00 Chicago to 17:00 ---- */

static void
open_day(struct simulate_world *world, struct check_account *account)
{
    const struct zone *zone = world->config->config.day_zone;
    const struct exchange *exchange = world->sim->exchange;
    int64_t days;
    int second;

    zone_to_local(zone, world->now, &days, &second);
    days -= second < RESET_SECOND;
    account->day_starts = zone_from_local(zone, days, RESET_SECOND);
    account->day_ends = zone_from_local(zone, days + 1, RESET_SECOND);
    account->day_micros = 0;
    account->lost = false;
    account->summed_id = 0;
    for (size_t i = 0; i < exchange_trades_count(exchange); i++) {
        const struct exchange_trade *trade = exchange_trade_at(exchange, i);
        account->summed_id = trade->id;
        if (trade->account_id == account->id && !trade->voided && !instant_before(trade->created, account->day_starts))
            account->day_micros += trade->pnl_micros - trade->fees_micros - trade->commissions_micros;
    }
    account->dirty = true;
}

struct instant
simulate_check_day_ends(struct simulate_world *world)
{
    struct check_account *account = &world->check.accounts[0];

    if (!instant_before(world->now, account->day_ends))
        open_day(world, account);
    return account->day_ends;
}

/* What is lost stays lost for the day, whatever the limit becomes. */
static void
note_loss(struct simulate_world *world, struct check_account *account)
{
    if (!world->rules.loss || account->day_micros > -world->rules.loss_micros || account->lost)
        return;
    account->lost = true;
    simulate_story_tell(&world->story, account->id, "books", "daily loss reached: %" PRId64 ".%02d", account->day_micros / 1000000,
        (int)(llabs(account->day_micros) / 10000 % 100));
}

void
simulate_check_rules(struct simulate_world *world, const struct simulate_rules *rules)
{
    simulate_story_tell(&world->story, 0, "books", "limits in force: %d %% of the first ones", (int)rules->tilt);
    world->rules = *rules;
    for (int32_t i = 0; i < world->check.count; i++) {
        note_loss(world, &world->check.accounts[i]);
        world->check.accounts[i].dirty = true;
    }
}

/* ---- Events of the exchange ---- */

static void
note_trade(struct simulate_world *world, struct check_account *account, const struct exchange_trade *trade)
{
    int64_t net = trade->pnl_micros - trade->fees_micros - trade->commissions_micros;

    if (!instant_before(world->now, account->day_ends))
        open_day(world, account); /* Sums this trade up as well. */
    else if (!instant_before(trade->created, account->day_starts) && (trade->voided || trade->id > account->summed_id))
        account->day_micros += trade->voided ? -net : net;
    note_loss(world, account);
}

static void
note_side(struct instant *until, bool held, struct instant now)
{
    *until = held ? INSTANT_NEVER : instant_is_never(*until) ? now : *until;
}

/* The daemon's close has become a market order: the one before must have been filled. */
static void
note_close(struct simulate_world *world, struct check_account *account, const struct exchange_order *order)
{
    struct span delay = exchange_settings(world->sim->exchange)->fill_delay;
    size_t i = index_of(order->listing);
    bool twice = account->closed_side[i] == (int)order->side && instant_before(world->now, account->settles_at[i]);

    if (twice) /* Had the trader turned round meanwhile, it would go the other way. */
        simulate_world_fail(world, account->id, "a second close of %s before the first has settled (ID-04)", order->listing->name);
    account->settles_at[i] = instant_add(world->now, delay); /* As the exchange is now: later trouble slows later orders. */
    account->closed_side[i] = (int)order->side;
}

/* A fill of an order that was swept: what it has opened must go, whether a rule asks again or not. */
static void
note_late(struct simulate_world *world, struct check_account *account, const struct exchange_trade *trade)
{
    if (!world->process.alive || instant_is_never(world->storm.clear_since) || trade->voided)
        return;
    for (uint32_t i = 0; i < CHECK_SWEPT_MAX; i++)
        if (account->swept[i].order_id == trade->order_id && instant_since(world->now, account->swept[i].at).ns < LATE_FILL_MAX.ns)
            account->late[index_of(trade->listing)] = true;
}

void
simulate_check_event(void *context, const struct exchange_event *event)
{
    struct simulate_world *world = context;
    struct check_account *account = account_of(world, event->account_id);

    if (account == NULL || event->kind == EXCHANGE_EVENT_QUOTE)
        return;
    account->dirty = true;
    account->touched = world->now;
    if (event->kind == EXCHANGE_EVENT_POSITION) {
        size_t i = index_of(event->u.position.listing);
        account->net[i] = event->u.position.net;
        account->late[i] = account->late[i] && account->net[i] != 0;
        note_side(&account->long_until[i], event->u.position.net > 0, world->now);
        note_side(&account->short_until[i], event->u.position.net < 0, world->now);
    } else if (event->kind == EXCHANGE_EVENT_ORDER) {
        if (event->account_id == world->check.closing_account && event->u.order.type == EXCHANGE_MARKET &&
            event->u.order.status == EXCHANGE_PENDING)
            note_close(world, account, &event->u.order);
    } else if (event->kind == EXCHANGE_EVENT_TRADE) {
        note_trade(world, account, &event->u.trade);
        note_late(world, account, &event->u.trade);
        simulate_story_tell(&world->story, event->account_id, "fill", "%s %" PRId64 " %s%s, holds %" PRId64,
            event->u.trade.side == EXCHANGE_BUY ? "bought" : "sold", event->u.trade.size, event->u.trade.listing->name,
            event->u.trade.voided ? " (voided)" : "", account->net[index_of(event->u.trade.listing)]);
    }
}

/* ---- Exposure ---- */

static void
count_orders(struct simulate_world *world, struct check_account *account)
{
    const struct exchange *exchange = world->sim->exchange;
    struct exchange_order order;

    memset(account->orders, 0, sizeof account->orders);
    for (size_t i = 0; i < exchange_live_count(exchange); i++) {
        exchange_live_at(exchange, i, &order);
        if (order.account_id == account->id)
            account->orders[index_of(order.listing)]++;
    }
}

/* Why the account may not hold what it holds, or NULL. */
static const char *
breach_of(const struct simulate_world *world, const struct check_account *account, char *out)
{
    static const size_t roots[SIMULATE_LISTINGS] = { 0, 1, 2, 3, 4, 5, 0 };
    int64_t total = 0;

    for (size_t i = 0; i < SIMULATE_LISTINGS; i++) {
        bool exposed = account->net[i] != 0 || account->orders[i] != 0;
        total += llabs(account->net[i]);
        if (exposed && account->lost)
            return "daily loss: nothing may be held or rest";
        if (account->net[i] != 0 && account->late[i])
            return "a late fill after a flatten";
        if (exposed && world->rules.blocked && i == SIMULATE_BLOCKED)
            return "blocked symbol";
        if (world->rules.each && llabs(account->net[i]) > world->rules.each_limit[roots[i]])
            return "more of one instrument than allowed";
        for (uint32_t k = 0; exposed && k < world->check.locks_count; k++) {
            const struct lockout *lock = &world->check.locks[k];
            if (lock->account_id != account->id || lock->kind != LOCK_FLAT || lock->root[0] != '\0' ||
                (lock->end == LOCK_UNTIL_TIME && !instant_before(world->now, lock->until)) || lock->rule == 9)
                continue;
            (void)snprintf(out, CHECK_WHY_MAX, "locked by rule %d", (int)lock->rule);
            return out;
        }
    }
    return world->rules.total && total > world->rules.total_limit ? "more contracts than allowed" : NULL;
}

bool
simulate_check_idle(const struct simulate_world *world, int64_t account_id)
{
    const struct simulate_check *check = &world->check;

    for (uint32_t i = 0; i < check->locks_count; i++)
        if (check->locks[i].account_id == account_id)
            return false;
    for (uint32_t i = 0; i < check->goals_count; i++)
        if (check->goals[i].goal.account_id == account_id)
            return false;
    return exchange_is_flat(world->sim->exchange, account_id);
}

static void
note_time(struct simulate_check *check, int64_t ns)
{
    int64_t ms = ns / 1000000 + 1, base = 1;
    size_t bin = 0;

    while (base * 2 <= ms && bin + 32 < CHECK_TIMES) {
        base *= 2;
        bin += 16;
    }
    bin += (size_t)((ms - base) * 16 / base);
    check->times[bin < CHECK_TIMES ? bin : CHECK_TIMES - 1]++;
    check->times_count++;
    check->longest_ms = ms > check->longest_ms ? ms : check->longest_ms;
}

int64_t
simulate_check_time(const struct simulate_check *check, int64_t permille)
{
    uint64_t wanted = check->times_count * (uint64_t)permille / 1000, seen = 0;

    for (size_t i = 0; i < CHECK_TIMES; i++) {
        seen += check->times[i];
        if (seen > wanted) {
            int64_t end = (INT64_C(1) << (i / 16)) * (int64_t)(16 + i % 16 + 1) / 16;
            return end < check->longest_ms ? end : check->longest_ms;
        }
    }
    return check->longest_ms;
}

static void
judge(struct simulate_world *world, struct check_account *account)
{
    char room[CHECK_WHY_MAX];

    if (!instant_before(world->now, account->day_ends))
        open_day(world, account);
    account->dirty = false;
    count_orders(world, account);
    const char *why = account->id == world->reload.paused ? NULL : breach_of(world, account, room);
    bool was_bad = !instant_is_never(account->bad_since);
    if (why != NULL && !was_bad) {
        account->bad_since = world->now;
        world->check.breaches++;
        (void)text_copy(account->why, sizeof account->why, why);
        simulate_story_tell(&world->story, account->id, "books", "breach: %s", why);
        world->check.next = instant_min(world->check.next, instant_add(world->now, SPAN_SECONDS(1)));
    } else if (why == NULL && was_bad) {
        int64_t ns = instant_since(world->now, account->bad_since).ns;
        account->bad_since = INSTANT_NEVER;
        world->check.enforced++;
        note_time(&world->check, ns);
        simulate_story_tell(&world->story, account->id, "books", "well again after %" PRId64 " ms", ns / 1000000);
    }
}

void
simulate_check_after(struct simulate_world *world)
{
    world->check.closing_account = 0;
    for (int32_t i = 0; i < world->check.count; i++)
        if (world->check.accounts[i].dirty)
            judge(world, &world->check.accounts[i]);
}

/* ---- What the daemon asks for ---- */

/* What was lost in silence is found at the next audit. */
static struct span
audited(const struct simulate_world *world, struct span span)
{
    return (struct span){ span.ns + SPAN_MS(world->rules.audit_ms).ns };
}

/* The other members of the body are the client's own business. */
static void
check_place(struct simulate_world *world, const struct json *json, const struct check_account *account, size_t listing)
{
    int64_t type = 0, side = -1, size = 0;
    const struct instant clear = world->storm.clear_since;

    (void)json_int64(json, json_get(json, 0, "type"), &type);
    (void)json_int64(json, json_get(json, 0, "side"), &side);
    (void)json_int64(json, json_get(json, 0, "size"), &size);
    /* What it protects may have gone while the order, and the news, were on their way. */
    struct instant held = side == EXCHANGE_SELL ? account->long_until[listing] : account->short_until[listing];
    bool late = instant_before(held, instant_sub(world->now, NEWS_MAX)) && !instant_is_never(clear) &&
        !instant_before(world->now, instant_add(clear, audited(world, CLEAR_FOR)));
    if (!world->rules.stops || type != EXCHANGE_STOP || late || size < 1)
        simulate_world_fail(world, account->id, "an order that may add exposure: type %d, side %d, size %d", (int)type, (int)side, (int)size);
}

static void
note_cancel(const struct simulate_world *world, const struct json *json, struct check_account *account)
{
    struct exchange_order order;
    int64_t id = 0;

    (void)json_int64(json, json_get(json, 0, "orderId"), &id);
    if (exchange_order_find(world->sim->exchange, id, INSTANT_NEVER, &order) &&
        simulate_check_flattens(&world->check, account->id, order.listing->id))
        account->swept[account->swept_count++ % CHECK_SWEPT_MAX] = (struct check_swept){ .order_id = id, .at = world->now };
}

void
simulate_check_request(void *context, const char *path, const char *body)
{
    struct simulate_world *world = context;
    struct json_token tokens[BODY_TOKENS];
    struct json json;
    char contract[64] = "";
    int64_t account_id = 0;
    bool close = strstr(path, "loseContract") != NULL, place = strstr(path, "Order/place") != NULL;
    bool cancel = strstr(path, "Order/cancel") != NULL;

    if (!close && !place && !cancel && strstr(path, "Order/modify") == NULL)
        return;
    simulate_story_tell(&world->story, 0, "request", "%s %.200s", path, body);
    if (!close && !place && !cancel)
        return;
    ASSERT(json_read(body, strlen(body), tokens, BODY_TOKENS, &json, NULL) == OK);
    (void)json_int64(&json, json_get(&json, 0, "accountId"), &account_id);
    (void)json_string(&json, json_get(&json, 0, "contractId"), contract, sizeof contract);
    struct check_account *account = account_of(world, account_id);
    if (account != NULL && cancel) {
        note_cancel(world, &json, account);
        return;
    }
    const struct exchange_quote *quote = exchange_quote(world->sim->exchange, contract);
    if (account == NULL || quote == NULL)
        simulate_world_fail(world, account_id, "%s for an account or contract that is not there", path);
    else if (close)
        world->check.closing_account = account_id;
    else
        check_place(world, &json, account, index_of(quote->listing));
}

/* ---- Totals: what the engine knows is what the books say ---- */

struct seen {
    int64_t net[SIMULATE_LISTINGS], orders[SIMULATE_LISTINGS];
};

static void
see_position(void *context, const struct position *position)
{
    struct seen *seen = context;

    for (size_t i = 0; i < SIMULATE_LISTINGS; i++)
        if (strcmp(listing_at(i)->id, position->contract->id.text) == 0)
            seen->net[i] += position->size;
}

static void
see_order(void *context, const struct order *order)
{
    struct seen *seen = context;

    for (size_t i = 0; i < SIMULATE_LISTINGS; i++)
        if (strcmp(listing_at(i)->id, order->contract->id.text) == 0)
            seen->orders[i]++;
}

static void
compare(struct simulate_world *world, struct check_account *account)
{
    struct account_status status;
    struct seen seen = { 0 };

    if (!instant_before(world->now, account->day_ends))
        open_day(world, account);
    if (instant_before(world->now, instant_add(account->touched, QUIET_FOR)) ||
        !engine_account(world->process.engine, account->id, &status))
        return;
    world->check.totals_compared++;
    int64_t known = status.day.gross_micros - status.day.fees_micros;
    if (known != account->day_micros)
        simulate_world_fail(world, account->id, "the day's result is %" PRId64 " micros, the exchange says %" PRId64, known, account->day_micros);
    engine_each_position(world->process.engine, account->id, see_position, &seen);
    engine_each_order(world->process.engine, account->id, see_order, &seen);
    count_orders(world, account);
    for (size_t i = 0; i < SIMULATE_LISTINGS; i++)
        if (seen.net[i] != account->net[i] || seen.orders[i] != account->orders[i])
            simulate_world_fail(world, account->id, "%s: %" PRId64 " held and %" PRId64 " orders known, the exchange has %" PRId64
                " and %" PRId64, listing_at(i)->name, seen.net[i], seen.orders[i], account->net[i], account->orders[i]);
}

/* ---- Time ---- */

struct span
simulate_check_patience(const struct simulate_world *world)
{
    return audited(world, TIME_CLEAR);
}

static void
judge_time(struct simulate_world *world, const struct check_account *account)
{
    const struct simulate_storm *storm = &world->storm;
    bool calm = !instant_is_never(storm->calm_since) && !instant_before(account->bad_since, instant_add(storm->calm_since, CALM_FOR));
    struct span most = calm ? TIME_CALM : simulate_check_patience(world);

    if (instant_is_never(account->bad_since) || instant_is_never(storm->clear_since))
        return;
    struct instant since = instant_max(account->bad_since, storm->clear_since);
    if (!instant_before(world->now, instant_add(since, most)))
        simulate_world_fail(world, account->id, "exposed for %" PRId64 " s while the broker could be reached%s: %s",
            instant_since(world->now, since).ns / 1000000000, calm ? " and nothing was wrong" : "", account->why);
}

void
simulate_check_advance(struct simulate_world *world)
{
    struct simulate_check *check = &world->check;
    const struct simulate_storm *storm = &world->storm;
    bool compared = !instant_before(world->now, check->next_totals) && !instant_is_never(storm->clear_since) &&
        !instant_before(world->now, instant_add(storm->clear_since, audited(world, CLEAR_FOR)));

    for (int32_t i = 0; i < check->count; i++) {
        judge_time(world, &check->accounts[i]);
        if (compared)
            compare(world, &check->accounts[i]);
    }
    simulate_check_goals(world);
    simulate_check_sight(world);
    int minute = simulate_wire_minute(&world->wire);
    check->requests_most = minute > check->requests_most ? minute : check->requests_most;
    if (minute > REQUESTS_MAX)
        simulate_world_fail(world, 0, "%d requests in 60 s (RL-01)", minute);
    if (!instant_before(world->now, check->next_totals))
        check->next_totals = instant_add(world->now, TOTALS_EVERY);
    check->next = instant_add(world->now, SPAN_SECONDS(5));
}

void
simulate_check_init(struct simulate_world *world)
{
    struct simulate_check *check = &world->check;

    check->count = world->options.accounts;
    check->accounts = calloc((size_t)check->count, sizeof *check->accounts);
    check->locks = calloc(CHECK_LOCKS_MAX, sizeof *check->locks);
    check->goals = calloc(CHECK_GOALS_MAX, sizeof *check->goals);
    ASSERT(check->accounts != NULL && check->locks != NULL && check->goals != NULL);
    ASSERT(listing_count() == SIMULATE_LISTINGS);
    check->next = world->now;
    check->next_totals = instant_add(world->now, TOTALS_EVERY);
    for (int32_t i = 0; i < check->count; i++) {
        check->accounts[i] = (struct check_account){ .id = i + 1, .bad_since = INSTANT_NEVER };
        open_day(world, &check->accounts[i]);
    }
}

void
simulate_check_fini(struct simulate_check *check)
{
    free(check->accounts);
    free(check->locks);
    free(check->goals);
}
