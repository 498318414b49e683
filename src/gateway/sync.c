/*
 * sync.c - when an account's truth is read from the broker (resilience.md 1.22, 1.23).
 *
 *     user hub SYNCING  -> a wave: every account in full, then LIVE; a second look 5 s later
 *     user hub LIVE     -> an audit each 60 s
 *     user hub down     -> polls: positions and orders each 5 s, trades each 10 s, account each 30 s
 *     any time          -> on demand (anomaly, overflow, engine), at least 5 s apart
 *
 * The gateway replays nothing and numbers nothing: every gap is closed from here (SR-01), trades included, or the day's totals would stay wrong (SR-04).
 * A round in full is two fetches, so that slow trades do not hold back positions.  A round that failed is repeated after 1, 5, 10, 10 ... s for ever.
 * Periods grow with the number of accounts, so that upkeep stays within its share of the rate window (RL-06, DG-01).  A few rounds are under way
 * at a time, the other accounts wait here as numbers: as requests in libcurl's hands those of a hundred accounts were 4 MB, and no faster.  They take
 * turns: where more is wanted than the rate allows, the last of the list would never be read.
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdlib.h>

#define BLIND_RETRY_MS 5000         /* DG-05 */
#define POLL_ACCOUNTS 3             /* Polling's periods hold up to so many accounts. */
#define AUDIT_ACCOUNTS 20

#define ROUNDS_MAX 8                /* At a time, and as many accounts' polls: four requests each, twice what the connections carry. */

#define STATE_PARTS ((unsigned)PART_ACCOUNT | PART_POSITIONS | PART_ORDERS)

static const int32_t retry_ms[] = { 1000, 5000, 10000 }; /* SR-10 */

enum status
sync_init(struct gateway *gateway, const int64_t *accounts, uint32_t count, struct error *err)
{
    struct sync *sync = &gateway->sync;

    sync->accounts = calloc(count, sizeof *sync->accounts);
    if (sync->accounts == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    sync->count = count;
    sync->due_ns = NEVER;
    for (uint32_t i = 0; i < count; i++)
        sync->accounts[i] = (struct sync_account){ .id = accounts[i], .next_ns = NEVER, .started_ns = INT64_MIN / 2 };
    return OK;
}

void
sync_fini(struct sync *sync)
{
    free(sync->accounts);
    *sync = (struct sync){ 0 };
}

struct sync_account *
sync_find(const struct gateway *gateway, int64_t account_id)
{
    for (uint32_t i = 0; i < gateway->sync.count; i++)
        if (gateway->sync.accounts[i].id == account_id)
            return &gateway->sync.accounts[i];
    return NULL;
}

bool
sync_all_ok(const struct gateway *gateway)
{
    for (uint32_t i = 0; i < gateway->sync.count; i++)
        if (!gateway->sync.accounts[i].ok)
            return false;
    return true;
}

/* Grown so that @per accounts fit. */
static int64_t
scaled(const struct sync *sync, int32_t period_ms, int64_t per)
{
    int64_t count = sync->count;

    return count > per ? period_ms * MS * count / per : period_ms * MS;
}

/* ---- Rounds in full ---- */

static void
check_wave(struct gateway *gateway)
{
    struct sync *sync = &gateway->sync;

    if (!sync->wave)
        return;
    for (uint32_t i = 0; i < sync->count; i++)
        if (sync->accounts[i].wave)
            return;
    sync->wave = false;
    hub_synced(&gateway->hubs[HUB_USER]);
}

static void
round_over(struct gateway *gateway, struct sync_account *a)
{
    struct sync *sync = &gateway->sync;
    int64_t now = gateway_now(gateway);

    a->ok = !a->failed;
    sync->rounds++;
    if (a->failed) {
        int32_t last = (int32_t)COUNT_OF(retry_ms) - 1;

        int32_t wait_ms = retry_ms[a->failures < last ? a->failures : last];

        if (gateway->mode == MODE_BLIND && wait_ms > BLIND_RETRY_MS)
            wait_ms = BLIND_RETRY_MS;
        a->next_ns = now + scaled(sync, wait_ms, POLL_ACCOUNTS);
        a->failures++;
        if (a->failures == 3)
            gateway_alarm(gateway, GATEWAY_CRITICAL, "account %lld cannot be reconciled", (long long)a->id);
    } else {
        a->failures = 0;
        a->audit = true;
        a->next_ns = now + scaled(sync, gateway->times.audit_ms, AUDIT_ACCOUNTS);
        /* Lists trail the truth by up to 2 s (OV-04): what happened just before the subscriptions stood may show only in a second look. */
        if (a->wave && !a->again)
            a->next_ns = a->started_ns + scaled(sync, gateway->times.sync_gap_ms, AUDIT_ACCOUNTS);
        if (!a->again)
            a->wave = false;
    }
    if (a->again) {
        bool was_before = a->wave && !a->urgent; /* What the hub waits for has not been asked for yet. */
        int64_t next = was_before ? now : a->started_ns + gateway->times.sync_gap_ms * MS; /* SR-12 */

        a->again = false;
        a->audit = false;
        a->next_ns = next < a->next_ns ? next : a->next_ns;
    }
    sync->due_ns = now;
    check_wave(gateway);
    gateway_judge_mode(gateway, a->ok ? "reconciled" : "reconciliation failed");
}

static bool
has_base(const struct fetch *fetch)
{
    return (fetch->got & PART_POSITIONS) != 0 && (fetch->got & (PART_ORDERS | PART_OPEN_ORDERS)) != 0;
}

/* The stream has something to stand on (SR-02): P1 lets it wait for no more than that. */
static void
check_base(struct gateway *gateway)
{
    const struct sync *sync = &gateway->sync;

    if (!sync->wave)
        return;
    for (uint32_t i = 0; i < sync->count; i++)
        if (!sync->accounts[i].base)
            return;
    hub_release(&gateway->hubs[HUB_USER]);
}

static void
on_fetched(struct gateway *gateway, struct fetch *fetch)
{
    struct sync_account *a = sync_find(gateway, fetch->account_id);

    ASSERT(a != NULL && a->running > 0);
    if (fetch_missing(fetch) != 0) {
        a->failed = true;
        gateway_wire(gateway, "sync %lld: %s", (long long)a->id, fetch->why);
    }
    if ((fetch->wanted & PART_POSITIONS) != 0 && has_base(fetch) && !a->again) {
        a->base = true;
        check_base(gateway);
    }
    if (--a->running == 0)
        round_over(gateway, a);
}

static void
start_round(struct gateway *gateway, struct sync_account *a, int64_t now)
{
    /* While somebody waits for it, it is not upkeep. */
    enum pace_class class = a->wave ? PACE_PROOF : PACE_NORMAL;

    a->running = 2;
    a->urgent = a->wave;
    a->failed = false;
    a->started_ns = now;
    a->next_ns = NEVER;
    a->audit = false;
    fetch_start(gateway, a->id, STATE_PARTS, class, 0, on_fetched);
    fetch_start(gateway, a->id, PART_TRADES, class, 0, on_fetched);
}

void
sync_want(struct gateway *gateway, int64_t account_id)
{
    struct sync *sync = &gateway->sync;
    int64_t now = gateway_now(gateway);

    for (uint32_t i = 0; i < sync->count; i++) {
        struct sync_account *a = &sync->accounts[i];

        if (account_id != 0 && a->id != account_id)
            continue;
        if (a->running > 0) {
            a->again = true;
            continue;
        }
        a->audit = false;
        int64_t free_ns = a->started_ns + gateway->times.sync_gap_ms * MS; /* SR-12 */
        int64_t at = free_ns > now ? free_ns : now;
        a->next_ns = at < a->next_ns ? at : a->next_ns;
        sync->due_ns = a->next_ns < sync->due_ns ? a->next_ns : sync->due_ns;
    }
}

void
sync_wave(struct gateway *gateway)
{
    struct sync *sync = &gateway->sync;
    int64_t now = gateway_now(gateway);

    sync->wave = true;
    for (uint32_t i = 0; i < sync->count; i++) {
        struct sync_account *a = &sync->accounts[i];

        a->wave = true;
        a->base = false;
        if (a->running > 0)
            a->again = true; /* What runs was asked before the subscriptions stood (SR-02). */
        else
            a->next_ns = now;
        a->audit = false;
    }
    sync_tick(gateway, now);
}

/* ---- Polling ---- */

static void
on_polled(struct gateway *gateway, struct fetch *fetch)
{
    struct sync_account *a = sync_find(gateway, fetch->account_id);

    ASSERT(a != NULL && a->polling > 0);
    a->polling--;
    gateway->sync.due_ns = gateway_now(gateway);
}

static void
poll_part(struct gateway *gateway, struct sync_account *a, unsigned parts, int64_t *next_ns, int32_t period_ms, int64_t now)
{
    if (now < *next_ns)
        return;
    *next_ns = now + scaled(&gateway->sync, period_ms, POLL_ACCOUNTS);
    a->polling++;
    fetch_start(gateway, a->id, parts, PACE_NORMAL, 0, on_polled);
}

static void
poll(struct gateway *gateway, struct sync_account *a, int64_t now)
{
    const struct gateway_times *t = &gateway->times;

    if (a->polling > 0 || a->running > 0)
        return;
    poll_part(gateway, a, PART_POSITIONS | PART_ORDERS, &a->poll_positions_ns, t->poll_positions_ms, now);
    poll_part(gateway, a, PART_TRADES, &a->poll_trades_ns, t->poll_trades_ms, now);
    poll_part(gateway, a, PART_ACCOUNT, &a->poll_account_ns, t->poll_account_ms, now);
}

/* What is under way: upkeep that waits for the rate must not keep a wave from starting. */
struct under_way {
    int32_t rounds[2], polls; /* Rounds that are upkeep, and those of a wave. */
};

static struct under_way
count_under_way(const struct sync *sync)
{
    struct under_way under_way = { .polls = 0 };

    for (uint32_t i = 0; i < sync->count; i++) {
        under_way.rounds[sync->accounts[i].urgent] += sync->accounts[i].running > 0 ? 1 : 0;
        under_way.polls += sync->accounts[i].polling > 0 ? 1 : 0;
    }
    return under_way;
}

static int64_t
earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void
took_turn(struct sync *sync, const struct sync_account *a)
{
    sync->turn = ((uint32_t)(a - sync->accounts) + 1) % sync->count;
}

/* Start what is due and has room.  Returns when to look at the account again; one that waits for room is looked at when there is. */
static int64_t
tick(struct gateway *gateway, struct sync_account *a, struct under_way *under_way, bool polls, int64_t now)
{
    bool rests = polls && a->audit; /* Polls do an audit's work. */
    int64_t due = NEVER;

    if (a->running == 0 && now >= a->next_ns && !rests) {
        if (under_way->rounds[a->wave] >= ROUNDS_MAX)
            return NEVER;
        under_way->rounds[a->wave]++;
        start_round(gateway, a, now);
        took_turn(&gateway->sync, a);
    } else if (polls && a->polling == 0 && under_way->polls < ROUNDS_MAX) {
        poll(gateway, a, now);
        if (a->polling > 0) {
            under_way->polls++;
            took_turn(&gateway->sync, a);
        }
    }
    if (a->running == 0 && !rests)
        due = a->next_ns;
    if (polls && a->running == 0 && a->polling == 0 && under_way->polls < ROUNDS_MAX)
        due = earliest(due, earliest(a->poll_positions_ns, earliest(a->poll_trades_ns, a->poll_account_ns)));
    return due;
}

void
sync_tick(struct gateway *gateway, int64_t now)
{
    struct sync *sync = &gateway->sync;
    /* DG-03: whatever becomes of a poll, only LIVE ends them.  Not before the first login. */
    bool polls = !hub_is_live(&gateway->hubs[HUB_USER]) && gateway->session.generation > 0;
    struct under_way under_way = count_under_way(sync);
    uint32_t first = sync->turn;

    sync->due_ns = NEVER;
    if (gateway->stopping)
        return;
    for (uint32_t i = 0; i < sync->count; i++)
        sync->due_ns = earliest(sync->due_ns, tick(gateway, &sync->accounts[(first + i) % sync->count], &under_way, polls, now));
}
