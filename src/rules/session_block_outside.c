/*
 * RULE-009 session_block_outside: trading only within sessions.
 *
 * Source: docs/rulebook.md#session_block_outside (R-009-1 to R-009-3).
 *
 *            start ========== session ========== end
 *     outside      |      -5 min: warn  -1 min   | close, lock until the next start
 *
 * A root with a session of its own is judged by it alone, and the global session's lockout spares it.  Only a position sets a lockout; a
 * working entry order outside its session is just cancelled.  When sessions are: core/day.c.
 *
 * With close_positions_at_session_end: false a position may be kept past the end, but not opened or enlarged there.
 */
#include "base/assert.h"
#include "base/text.h"
#include "core/day.h"
#include "core/rule.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#define INSTRUMENTS_MAX 32
#define GLOBAL INSTRUMENTS_MAX
#define NO_SESSION (-1)

enum enforcement { CLOSE_AND_LOCK, CANCEL_ORDER };

struct instrument {
    struct session session; /* Begins with the symbol. */
    struct symbols days, daily_break;
};

struct session_block_outside {
    bool global_enabled;
    struct session global;
    struct symbols global_days;
    int32_t instruments_count;
    struct instrument instruments[INSTRUMENTS_MAX];
    bool close_at_end;
    bool lockout_outside;
    bool respect_holidays;
    struct dates holidays;
    bool holidays_given;
    int32_t action; /* enum enforcement. */
};

/* Of one position. */
struct memory {
    int64_t warned_ends_ns; /* The session end it has been warned of. */
    int32_t warned_level;   /* 1: five minutes, 2: one minute. */
    int32_t held;           /* Size when it was last seen inside its session. */
};

static const struct choice actions[] = { { "close_and_lockout", CLOSE_AND_LOCK }, { "close_all_and_lockout", CLOSE_AND_LOCK },
    { "cancel_order", CANCEL_ORDER }, { NULL, 0 } };

static enum status
parse_time(const char *text, void *field, struct error *err)
{
    if (session_time_parse(text, field))
        return OK;
    return error_set(err, STATUS_CONFIG, "expected a time like 09:30 or sun 17:00, not \"%s\"", text);
}

static void
format_time(const void *field, struct text *out)
{
    static const char days[] = "sunmontuewedthufrisat";
    const struct session_time *time = field;

    text_add(out, "\"");
    if (time->weekday >= 0 && time->weekday < 7)
        text_addf(out, "%.3s ", days + (ptrdiff_t)3 * time->weekday);
    text_addf(out, "%02d:%02d:%02d\"", (int)(time->second / 3600), (int)(time->second / 60 % 60), (int)(time->second % 60));
}

static const struct param instrument_params[] = {
    { .keys = "start", .help = "First instant inside: 17:00 or sun 17:00.", .kind = PARAM_TEXT,
        .offset = offsetof(struct instrument, session.start), .parse = parse_time, .format = format_time },
    { .keys = "end", .help = "First instant outside.", .kind = PARAM_TEXT, .offset = offsetof(struct instrument, session.end),
        .parse = parse_time, .format = format_time },
    { .keys = "timezone", .help = "IANA zone of these times.", .kind = PARAM_ZONE, .offset = offsetof(struct instrument, session.zone),
        .value = "America/Chicago" },
    { .keys = "days", .help = "Days a daily session starts on.", .kind = PARAM_WORDS, .offset = offsetof(struct instrument, days),
        .value = "[mon, tue, wed, thu, fri]" },
    { .keys = "daily_break", .help = "Closed from the first to the second time of each day.", .kind = PARAM_WORDS,
        .offset = offsetof(struct instrument, daily_break), .value = "[]" },
};

static const struct param params[] = {
    { .keys = "global_session.enabled", .help = "Is there a session for all roots without their own?", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct session_block_outside, global_enabled), .value = "true" },
    { .keys = "global_session.start|allowed_hours.start", .help = "First instant inside.", .kind = PARAM_TEXT,
        .offset = offsetof(struct session_block_outside, global.start), .value = "09:30", .parse = parse_time, .format = format_time },
    { .keys = "global_session.end|allowed_hours.end", .help = "First instant outside; before the start: it spans midnight.",
        .kind = PARAM_TEXT, .offset = offsetof(struct session_block_outside, global.end), .value = "16:00", .parse = parse_time, .format = format_time },
    { .keys = "global_session.timezone|timezone", .help = "IANA zone of these times.", .kind = PARAM_ZONE,
        .offset = offsetof(struct session_block_outside, global.zone), .value = "America/New_York" },
    { .keys = "global_session.days", .help = "Days a daily session starts on.", .kind = PARAM_WORDS,
        .offset = offsetof(struct session_block_outside, global_days), .value = "[mon, tue, wed, thu, fri]" },
    { .keys = "per_instrument_sessions", .help = "Sessions of single roots; each is judged by its own alone.", .kind = PARAM_MAP,
        .offset = offsetof(struct session_block_outside, instruments), .value = "{}", .items = instrument_params,
        .items_count = COUNT_OF(instrument_params), .item_size = sizeof(struct instrument),
        .count_offset = offsetof(struct session_block_outside, instruments_count), .items_max = INSTRUMENTS_MAX },
    { .keys = "close_positions_at_session_end", .help = "Close what is held when the session ends.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct session_block_outside, close_at_end), .value = "true" },
    { .keys = "lockout_outside_session", .help = "Lock until the next start when a position is found outside.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct session_block_outside, lockout_outside), .value = "true" },
    { .keys = "respect_holidays", .help = "No session on holidays.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct session_block_outside, respect_holidays), .value = "true" },
    { .keys = "holidays", .help = "Dates without a session, instead of holidays.yaml.", .kind = PARAM_DATES,
        .offset = offsetof(struct session_block_outside, holidays), .value = "[]",
        .present_offset = PARAM_PRESENT_AT(struct session_block_outside, holidays_given) },
    { .keys = "action|enforcement", .help = "close_and_lockout, or cancel_order: cancel entries, close nothing.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct session_block_outside, action), .value = "close_and_lockout", .choices = actions },
};

static enum status
read_days(const struct symbols *days, struct session *session, struct error *err)
{
    session->days = 0;
    for (int32_t i = 0; i < days->count; i++) {
        int32_t weekday;
        if (!session_weekday_parse(days->items[i].text, strlen(days->items[i].text), &weekday))
            return error_set(err, STATUS_CONFIG, "days: \"%s\" is not a day of the week", days->items[i].text);
        session->days |= 1 << weekday;
    }
    if (session->days == 0)
        return error_set(err, STATUS_CONFIG, "days: a session needs at least one");
    return OK;
}

static enum status
read_break(const struct symbols *pause, struct session *session, struct error *err)
{
    session->break_start = session->break_end = -1;
    if (pause->count == 0)
        return OK;
    if (pause->count != 2 || !session_clock_parse(pause->items[0].text, &session->break_start) ||
        !session_clock_parse(pause->items[1].text, &session->break_end) || session->break_start == session->break_end)
        return error_set(err, STATUS_CONFIG, "daily_break: expected two different times like [\"16:00\", \"17:00\"]");
    return OK;
}

static enum status
check_times(const struct session *session, struct error *err)
{
    if ((session->start.weekday == WEEKDAY_ANY) != (session->end.weekday == WEEKDAY_ANY))
        return error_set(err, STATUS_CONFIG, "start and end must both name a day of the week, or neither");
    return OK;
}

static enum status
check(void *config, struct error *err)
{
    struct session_block_outside *c = config;
    enum status status = read_days(&c->global_days, &c->global, err);

    c->global.break_start = c->global.break_end = -1;
    if (status == OK)
        status = check_times(&c->global, err);
    if (status != OK)
        return error_prefix(err, "global_session");
    for (int32_t i = 0; i < c->instruments_count; i++) {
        struct instrument *instrument = &c->instruments[i];
        status = read_days(&instrument->days, &instrument->session, err);
        if (status == OK)
            status = read_break(&instrument->daily_break, &instrument->session, err);
        if (status == OK)
            status = check_times(&instrument->session, err);
        if (status != OK)
            return error_prefix(err, "per_instrument_sessions.%s", instrument->session.symbol.text);
    }
    return OK;
}

/* Index of the session a contract is judged by: an instrument's, or GLOBAL; NO_SESSION: it may be traded at any time. */
static int32_t
session_of(const struct session_block_outside *c, const struct contract *contract)
{
    for (int32_t i = 0; i < c->instruments_count; i++) {
        if (view_symbol_matches(c->instruments[i].session.symbol.text, contract))
            return i;
    }
    return c->global_enabled ? GLOBAL : NO_SESSION;
}

static bool
spares(const void *config, const struct contract *contract)
{
    int32_t index = session_of(config, contract);

    return index != GLOBAL && index != NO_SESSION;
}

/* One evaluation: the state of each session is found at most once. */
struct hearing {
    const struct session_block_outside *config;
    const struct view *view;
    struct verdict *verdict;
    bool known[INSTRUMENTS_MAX + 1];
    struct session_state states[INSTRUMENTS_MAX + 1];
};

static struct session_state
state_at(const struct hearing *hearing, int32_t index, struct instant at)
{
    const struct session_block_outside *c = hearing->config;
    const struct session *session = index == GLOBAL ? &c->global : &c->instruments[index].session;
    const struct calendar *calendar = c->respect_holidays && !c->holidays_given ? &hearing->view->config->calendar : NULL;
    const struct dates *dates = c->respect_holidays && c->holidays_given ? &c->holidays : NULL;

    return session_at(session, calendar, dates, at);
}

static const struct session_state *
state_now(struct hearing *hearing, int32_t index)
{
    if (!hearing->known[index]) {
        hearing->states[index] = state_at(hearing, index, hearing->view->now);
        hearing->known[index] = true;
    }
    return &hearing->states[index];
}

/* R-009-3, once for each end. */
static void
warn_before_end(struct memory *memory, struct instant ends, struct instant now, struct verdict *verdict)
{
    static const struct {
        struct span before;
        const char *text;
    } levels[] = { { { INT64_C(300000000000) }, "the trading session ends in 5 minutes" },
        { { INT64_C(60000000000) }, "the trading session ends in 1 minute" } };
    int32_t level = 0;

    if (instant_is_never(ends))
        return;
    if (memory->warned_ends_ns != ends.ns) {
        memory->warned_ends_ns = ends.ns;
        memory->warned_level = 0;
    }
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        struct instant at = instant_sub(ends, levels[i].before);
        if (instant_before(now, at))
            verdict_wake(verdict, at);
        else
            level = (int32_t)i + 1;
    }
    if (level > memory->warned_level)
        verdict_warn(verdict, levels[level - 1].text);
    memory->warned_level = level;
}

static void
cancel_root(const struct hearing *hearing, const struct contract *contract)
{
    for (const struct order *o = view_orders(hearing->view); o != NULL; o = view_next_order(o)) {
        if (o->contract == contract || (contract->root[0] != 0 && strcmp(o->contract->root, contract->root) == 0))
            verdict_cancel(hearing->verdict, o);
    }
}

/* R-009-2. */
static void
close_outside(struct hearing *hearing, int32_t index, const struct position *position)
{
    const struct session_block_outside *c = hearing->config;
    const struct contract *contract = position->contract;
    struct want_lock lock = { .kind = LOCK_FLAT, .end = LOCK_UNTIL_TIME, .until = state_now(hearing, index)->next_start };

    verdict_breach(hearing->verdict, c->lockout_outside ? ACTION_LOCK : ACTION_CLOSE_POSITION,
        "Outside the session: a position of %d in %s.", position->size, contract->root);
    verdict_close(hearing->verdict, position);
    cancel_root(hearing, contract);
    if (!c->lockout_outside)
        return;
    if (index != GLOBAL)
        (void)text_copy(lock.root, sizeof lock.root, contract->root);
    verdict_lock(hearing->verdict, lock);
}

/* Was it opened inside the session and has not grown since?  Only asked where positions may be kept. */
static bool
is_kept(const struct hearing *hearing, int32_t index, const struct position *position, struct memory *memory)
{
    int32_t size = abs(position->size);

    /* First seen outside: its creation tells. */
    if (memory->held == 0 && position->created_at.ns > 0 && instant_before(position->created_at, hearing->view->now) &&
        state_at(hearing, index, position->created_at).open)
        memory->held = size;
    memory->held = size < memory->held ? size : memory->held;
    return size <= memory->held;
}

static void
judge_position(struct hearing *hearing, const struct position *position)
{
    const struct session_block_outside *c = hearing->config;
    int32_t index = session_of(c, position->contract);
    struct memory *memory = view_memory(hearing->view, position);

    if (index == NO_SESSION)
        return;
    if (state_now(hearing, index)->open) {
        struct instant ends = state_now(hearing, index)->ends;
        memory->held = abs(position->size);
        verdict_wake(hearing->verdict, ends);
        if (c->close_at_end && c->action == CLOSE_AND_LOCK)
            warn_before_end(memory, ends, hearing->view->now, hearing->verdict);
        return;
    }
    if (c->action == CANCEL_ORDER || (!c->close_at_end && is_kept(hearing, index, position, memory)))
        return;
    close_outside(hearing, index, position);
}

static void
judge_order(struct hearing *hearing, const struct order *order)
{
    int32_t index = session_of(hearing->config, order->contract);
    const struct position *position = view_position_of(hearing->view, order->contract);

    if (index == NO_SESSION)
        return;
    if (state_now(hearing, index)->open) {
        verdict_wake(hearing->verdict, state_now(hearing, index)->ends);
        return;
    }
    if (position != NULL && order_may_stay(order, position->size))
        return; /* Not an entry; what closes a position takes its orders along. */
    verdict_breach(hearing->verdict, ACTION_CANCEL_ORDER, "Outside the session: order %lld in %s.", (long long)order->id,
        order->contract->root);
    verdict_cancel(hearing->verdict, order);
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    struct hearing hearing = { .config = config, .view = view, .verdict = verdict };

    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p))
        judge_position(&hearing, p);
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o))
        judge_order(&hearing, o);
}

const struct rule rule_session_block_outside = {
    .number = 9,
    .name = "session_block_outside",
    .title = "Trading session",
    .source = "docs/rulebook.md#session_block_outside",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_ORDER) | EVENT_BIT(EVENT_CONTRACT),
    .config_size = sizeof(struct session_block_outside),
    .params = params,
    .params_count = COUNT_OF(params),
    .memory_size = sizeof(struct memory),
    .check = check,
    .evaluate = evaluate,
    .spares = spares,
};

_Static_assert(sizeof(struct memory) % 8 == 0, "memory comes in multiples of 8");
