/*
 * RULE-006 trade_frequency_limit: a pause when trading too often.
 *
 * Source: docs/rulebook.md#trade_frequency_limit (R-006-1 to R-006-4).
 *
 *     per_minute   (t - 60 s, t]      a trade exactly 60 s old is outside
 *     per_hour     (t - 3600 s, t]    t: a trade's own timestamp
 *     per_session  [reset, t]
 *
 * It judges one new trade at a time, in every window that contains it: the one that ends at the trade, and, when it was learnt late,
 * those that end at younger trades judged before it (R-ALL-9).  The pause runs from the end of the window that is too full, so
 * the order in which trades are learnt does not matter.
 */
#include "base/assert.h"
#include "base/text.h"
#include "core/day.h"
#include "core/rule.h"
#include "rules/rules.h"

enum tier_index { TIER_MINUTE, TIER_HOUR, TIER_SESSION, TIER_WINDOW, TIERS };
enum count { COUNT_ENTRIES, COUNT_FILLS, COUNT_ROUND_TURNS };
enum enforcement { COOL_DOWN, CLOSE_ALL_AND_LOCK };

struct tier {
    int64_t limit;
    bool given;
    bool on;             /* Derived. */
    struct span window;  /* Derived; SPAN_ZERO: the trading day. */
    struct span cooldown;
};

struct trade_frequency_limit {
    struct tier tiers[TIERS];
    int64_t window_minutes; /* Of TIER_WINDOW. */
    bool cooldown_enabled;
    int32_t count;          /* enum count. */
    int32_t action;         /* enum enforcement. */
};

static const struct choice counts[] = { { "entries", COUNT_ENTRIES }, { "fills", COUNT_FILLS }, { "round_turns", COUNT_ROUND_TURNS },
    { NULL, 0 } };
static const struct choice actions[] = { { "cooldown", COOL_DOWN }, { "close_all_and_lockout", CLOSE_ALL_AND_LOCK }, { NULL, 0 } };
static const char *const tier_names[TIERS] = { "in 1 minute", "in 1 hour", "since the reset", "in the window" };

#define TIER_AT(index, member) offsetof(struct trade_frequency_limit, tiers[index].member)
#define GIVEN_AT(index) ((ptrdiff_t)TIER_AT(index, given) + 1)

static const struct param params[] = {
    { .keys = "limits.per_minute", .help = "Most trades in any 60 seconds.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER, .offset = TIER_AT(TIER_MINUTE, limit),
        .min = 1, .max = 1000000, .value = "3", .present_offset = GIVEN_AT(TIER_MINUTE) },
    { .keys = "limits.per_hour", .help = "Most trades in any 3600 seconds.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER, .offset = TIER_AT(TIER_HOUR, limit),
        .min = 1, .max = 1000000, .value = "10", .present_offset = GIVEN_AT(TIER_HOUR) },
    { .keys = "limits.per_session", .help = "Most trades since the daily reset.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = TIER_AT(TIER_SESSION, limit), .min = 1, .max = 1000000, .value = "50", .present_offset = GIVEN_AT(TIER_SESSION) },
    { .keys = "max_trades", .help = "Instead of limits: most trades in a window of time_window_minutes.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = TIER_AT(TIER_WINDOW, limit), .min = 1, .max = 1000000, .optional = true, .present_offset = GIVEN_AT(TIER_WINDOW) },
    { .keys = "time_window_minutes", .help = "With max_trades: its window.", .kind = PARAM_INT,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct trade_frequency_limit, window_minutes), .min = 1, .max = 1440, .value = "60" },
    { .keys = "cooldown_seconds", .help = "With max_trades: its cooldown.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = TIER_AT(TIER_WINDOW, cooldown), .min = 1, .max = 604800, .value = "1800" },
    { .keys = "cooldown_on_breach.enabled", .help = "false only records a breach.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct trade_frequency_limit, cooldown_enabled), .value = "true" },
    { .keys = "cooldown_on_breach.per_minute_breach", .help = "Seconds of pause.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = TIER_AT(TIER_MINUTE, cooldown), .min = 1, .max = 604800, .value = "60" },
    { .keys = "cooldown_on_breach.per_hour_breach", .help = "Seconds of pause.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = TIER_AT(TIER_HOUR, cooldown), .min = 1, .max = 604800, .value = "1800" },
    { .keys = "cooldown_on_breach.per_session_breach", .help = "Seconds of pause.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = TIER_AT(TIER_SESSION, cooldown), .min = 1, .max = 604800, .value = "3600" },
    { .keys = "count", .help = "What is a trade: entries (an order that opened or added, once), fills, round_turns.",
        .kind = PARAM_CHOICE, .offset = offsetof(struct trade_frequency_limit, count), .value = "entries", .choices = counts },
    { .keys = "action|enforcement", .help = "Pause, or close all and lock until the daily reset.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct trade_frequency_limit, action), .value = "cooldown", .choices = actions },
};

static enum status
check(void *config, struct error *err)
{
    struct trade_frequency_limit *c = config;
    bool only_window = c->tiers[TIER_WINDOW].given;

    (void)err;
    /* With max_trades only what is written counts; else a missing limit has the sample's value (R-ALL-17). */
    for (int32_t i = 0; i < TIERS; i++)
        c->tiers[i].on = c->tiers[i].given || (!only_window && i != TIER_WINDOW);
    c->tiers[TIER_MINUTE].window = SPAN_SECONDS(60);
    c->tiers[TIER_HOUR].window = SPAN_SECONDS(3600);
    c->tiers[TIER_SESSION].window = SPAN_ZERO;
    c->tiers[TIER_WINDOW].window = SPAN_SECONDS(60 * c->window_minutes);
    return OK;
}

static bool
counts_as_trade(const struct trade_frequency_limit *c, const struct trade *trade)
{
    if (trade->voided) /* R-ALL-10 */
        return false;
    if (c->count == COUNT_FILLS)
        return true;
    if (c->count == COUNT_ROUND_TURNS)
        return trade->has_pnl;
    return trade->first_of_order; /* R-006-3. */
}

/* First instant of the window that ends at @end; the rolling ones are open at their start. */
static struct instant
window_start(const struct view *view, const struct tier *tier, struct instant end)
{
    struct instant starts, ends;
    int32_t date;

    if (tier->window.ns != 0)
        return (struct instant){ instant_sub(end, tier->window).ns + 1 };
    if (!instant_before(end, view->day.starts_at) && instant_before(end, view->day.ends_at))
        return view->day.starts_at; /* The zone need not be asked. */
    day_of(view->config->day_zone, view->config->reset_second, end, &starts, &ends, &date);
    return starts;
}

/* Trades in [start, end]; those at the same instant as @last but younger by id are behind it. */
static int64_t
count_until(const struct trade_frequency_limit *c, const struct view *view, const struct trade *last, struct instant start)
{
    int64_t count = 0;

    /* The whole day up to its newest trade has been counted already: a long day must not make its trades dear. */
    if (last != NULL && last == view_newest_trade(view) && instant_equal(start, view->day.starts_at) && !instant_before(last->at, start) &&
        instant_before(last->at, view->day.ends_at))
        return c->count == COUNT_FILLS ? view->day.trades : c->count == COUNT_ROUND_TURNS ? view->day.round_turns : view->entries_today;
    for (const struct trade *t = last; t != NULL && !instant_before(t->at, start); t = view_older_trade(view, t))
        count += counts_as_trade(c, t) ? 1 : 0;
    return count;
}

struct finding {
    int64_t count;      /* In the fullest window that contains the trade. */
    struct instant end; /* Of the last window above the limit. */
    bool breached;
};

static void
note_window(struct finding *finding, const struct tier *tier, int64_t count, struct instant end)
{
    finding->count = count > finding->count ? count : finding->count;
    if (count > tier->limit && !finding->breached)
        finding->end = end; /* From the newest on: the first is the last. */
    finding->breached = finding->breached || count > tier->limit;
}

static struct finding
examine(const struct trade_frequency_limit *c, const struct view *view, const struct tier *tier)
{
    struct finding finding = { .count = 0 };

    for (const struct trade *last = view_newest_trade(view); last != NULL; last = view_older_trade(view, last)) {
        bool asked_for = last == view->trade; /* Unless judged, others will be judged themselves. */
        struct instant start = window_start(view, tier, last->at);

        if ((asked_for || last->judged) && counts_as_trade(c, last) && !instant_before(view->trade->at, start))
            note_window(&finding, tier, count_until(c, view, last, start), last->at);
        if (asked_for)
            break;
    }
    return finding;
}

struct pause {
    struct instant until;
    struct span duration;
};

static void
lengthen(struct pause *pause, struct instant from, struct span duration)
{
    struct instant until = instant_add(from, duration);

    pause->until = instant_max(pause->until, until);
    pause->duration = duration.ns > pause->duration.ns ? duration : pause->duration;
}

/* The gauge shows the tier that is fullest. */
static void
show(const struct tier *tier, int64_t count, struct verdict *verdict)
{
    if (verdict->limit != 0 && count * verdict->limit <= verdict->observed * tier->limit)
        return;
    verdict->observed = count;
    verdict->limit = tier->limit;
}

/* R-006-4: a counted trade while the pause runs starts it anew, with the longer of the running tier and its own. */
static void
restart(const struct view *view, struct pause *pause, struct verdict *verdict)
{
    const struct lockout *running = view_lockout(view, "");
    struct instant from = instant_min(view->trade->at, view->now);

    /* A trade from before the pause, or a hard lockout (no duration), would not end later. */
    if (running == NULL || !instant_before(running->until, instant_add(from, running->duration)))
        return;
    if (pause->until.ns == 0)
        verdict_breach(verdict, ACTION_COOLDOWN, "Trade limit: a trade during the pause starts it anew.");
    lengthen(pause, from, running->duration);
}

static void
enforce(const struct trade_frequency_limit *c, const struct view *view, struct pause pause, struct verdict *verdict)
{
    bool closes = c->action == CLOSE_ALL_AND_LOCK;

    /* What is over is only recorded (R-ALL-9): the pause, or the day to whose end the lockout would last. */
    verdict->record_only = closes ? instant_before(view->trade->at, view->day.starts_at)
                                  : !c->cooldown_enabled || !instant_before(view->now, pause.until);
    if (verdict->record_only)
        return;
    if (closes)
        verdict_close_all_and_lock(verdict, LOCK_UNTIL_RESET);
    else
        verdict_lock(verdict, (struct want_lock){ .kind = LOCK_ENTRIES, .end = LOCK_UNTIL_TIME, .until = pause.until,
            .duration = pause.duration });
}

static void
judge_trade(const struct trade_frequency_limit *c, const struct view *view, struct verdict *verdict)
{
    struct pause pause = { .until = INSTANT_NONE };

    for (int32_t i = 0; i < TIERS; i++) {
        const struct tier *tier = &c->tiers[i];
        struct finding finding;

        if (!tier->on)
            continue;
        finding = examine(c, view, tier);
        show(tier, finding.count, verdict);
        if (!finding.breached)
            continue;
        verdict_breach(verdict, ACTION_COOLDOWN, "Trade limit: %lld trades of %lld allowed %s.", (long long)finding.count,
            (long long)tier->limit, tier_names[i]); /* R-006-2: all are recorded. */
        lengthen(&pause, instant_min(finding.end, view->now), tier->cooldown);
    }
    restart(view, &pause, verdict);
    if (pause.until.ns != 0)
        enforce(c, view, pause, verdict);
}

/* Nothing new to judge: the windows that end now. */
static void
show_now(const struct trade_frequency_limit *c, const struct view *view, struct verdict *verdict)
{
    for (int32_t i = 0; i < TIERS; i++) {
        const struct tier *tier = &c->tiers[i];
        if (tier->on)
            show(tier, count_until(c, view, view_newest_trade(view), window_start(view, tier, view->now)), verdict);
    }
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct trade_frequency_limit *c = config;

    verdict->unit = UNIT_TRADES;
    verdict_wake(verdict, view->day.ends_at); /* The count since the reset begins anew. */
    if (view->trade == NULL)
        show_now(c, view, verdict);
    else if (counts_as_trade(c, view->trade) && (c->count == COUNT_ENTRIES || !view->trade->judged))
        judge_trade(c, view, verdict); /* What turns out to be an entry is judged as one, later (R-006-3). */
}

const struct rule rule_trade_frequency_limit = {
    .number = 6,
    .name = "trade_frequency_limit",
    .title = "Trade limit",
    .source = "docs/rulebook.md#trade_frequency_limit",
    .wakes_on = EVENT_BIT(EVENT_TRADE),
    .config_size = sizeof(struct trade_frequency_limit),
    .params = params,
    .params_count = COUNT_OF(params),
    .check = check,
    .evaluate = evaluate,
};
