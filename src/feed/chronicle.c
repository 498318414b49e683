/*
 * chronicle.c - a ring of notices and a curve for each account.
 *
 * A curve covers the whole day with few points: when it is full every second one goes and the least distance between two doubles, so
 * it is fine in the morning and coarse in the evening, and never larger.  The newest point always moves along with the P&L.  All curves' first
 * points lie together, then all second ones: a page is touched for a few hundred points, not for each account.
 *
 * Refused breaches of a lockout can be many; the ring then holds the newest ones only.
 */
#include "feed/chronicle.h"

#include "base/memory.h"
#include "base/money.h"
#include "feed/messages.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 384               /* About fifty enforcements. */
#define POINTS_MAX 240              /* Two for each column of a wide screen's plot. */
#define STEP_AT_START SPAN_MS(1000) /* Least distance of two points in a new day. */
#define PRICES_MAX 4096             /* The days of twenty scalpers; ids are the exchange's and rise, so that hardly two share a place. */

struct point {
    struct instant at;
    int64_t realized_micros, open_micros;
};

struct curve {
    int64_t account_id; /* 0: free. */
    struct span step;
    int32_t count;
};

struct price {
    int64_t trade_id, nanos;
};

struct chronicle {
    struct notice steps[STEPS_MAX];
    uint64_t steps_count; /* Ever. */
    enum mode mode;
    struct instant mode_since;
    struct span blind, degraded; /* Of the day, without the mode of now. */
    struct price prices[PRICES_MAX]; /* By trade id. */
    struct point *points;        /* POINTS_MAX times curves_count. */
    int32_t curves_count;
    struct curve curves[];
};

struct chronicle *
chronicle_new(int32_t accounts)
{
    struct chronicle *chronicle = calloc(1, sizeof *chronicle + (size_t)accounts * sizeof(struct curve));

    if (chronicle == NULL || (chronicle->points = calloc((size_t)accounts * POINTS_MAX, sizeof *chronicle->points)) == NULL) {
        free(chronicle);
        return NULL;
    }
    memory_touch(chronicle->steps, sizeof chronicle->steps); /* Full after a day or so, */
    memory_touch(chronicle->prices, sizeof chronicle->prices); /* and these. */
    chronicle->curves_count = accounts;
    return chronicle;
}

void
chronicle_free(struct chronicle *chronicle)
{
    if (chronicle != NULL)
        free(chronicle->points);
    free(chronicle);
}

static struct point *
point_of(const struct chronicle *chronicle, const struct curve *curve, int32_t index)
{
    return &chronicle->points[(size_t)index * (size_t)chronicle->curves_count + (size_t)(curve - chronicle->curves)];
}

static struct curve *
curve_of(struct chronicle *chronicle, int64_t account_id)
{
    for (int32_t i = 0; i < chronicle->curves_count; i++) {
        struct curve *curve = &chronicle->curves[i];
        if (curve->account_id == account_id)
            return curve;
        if (curve->account_id == 0) {
            curve->account_id = account_id;
            curve->step = STEP_AT_START;
            return curve;
        }
    }
    return NULL;
}

/* Every second point goes, the last one stays. */
static void
thin(const struct chronicle *chronicle, struct curve *curve)
{
    int32_t kept = 0;

    for (int32_t i = (curve->count - 1) % 2; i < curve->count; i += 2)
        *point_of(chronicle, curve, kept++) = *point_of(chronicle, curve, i);
    curve->count = kept;
    curve->step.ns *= 2;
}

static void
take_pnl(struct chronicle *chronicle, const struct notice *notice)
{
    struct curve *curve = curve_of(chronicle, notice->account_id);
    const struct point point = { notice->at, notice->u.pnl.realized_micros, notice->u.pnl.open_micros };

    if (curve == NULL)
        return;
    if (curve->count > 1 && instant_since(notice->at, point_of(chronicle, curve, curve->count - 2)->at).ns < curve->step.ns) {
        *point_of(chronicle, curve, curve->count - 1) = point; /* Too near the last one that stays. */
        return;
    }
    if (curve->count == POINTS_MAX)
        thin(chronicle, curve);
    *point_of(chronicle, curve, curve->count++) = point;
}

static void
account_for_mode(struct chronicle *chronicle, struct instant now)
{
    struct span took = instant_since(now, chronicle->mode_since);

    if (chronicle->mode_since.ns != 0 && chronicle->mode == MODE_BLIND)
        chronicle->blind.ns += took.ns;
    if (chronicle->mode_since.ns != 0 && chronicle->mode == MODE_DEGRADED)
        chronicle->degraded.ns += took.ns;
    chronicle->mode_since = now;
}

static void
begin_day(struct chronicle *chronicle, const struct notice *notice)
{
    struct curve *curve = curve_of(chronicle, notice->account_id);

    account_for_mode(chronicle, notice->at);
    chronicle->blind = chronicle->degraded = SPAN_ZERO;
    if (curve != NULL) {
        curve->count = 0;
        curve->step = STEP_AT_START;
    }
}

void
chronicle_notice(struct chronicle *chronicle, const struct notice *notice)
{
    if (chronicle == NULL)
        return;
    switch (notice->kind) {
    case NOTICE_PNL:
        take_pnl(chronicle, notice);
        break;
    case NOTICE_DAILY_RESET:
        begin_day(chronicle, notice);
        break;
    case NOTICE_MODE:
        account_for_mode(chronicle, notice->at);
        chronicle->mode = notice->u.mode.mode;
        break;
    case NOTICE_BREACH:
    case NOTICE_ENFORCEMENT:
    case NOTICE_LOCKOUT_CLEARED:
    case NOTICE_ALARM:
        chronicle->steps[chronicle->steps_count++ % STEPS_MAX] = *notice;
        break;
    default: /* The rest is in the snapshot as it stands. */
        break;
    }
}

void
chronicle_trade(struct chronicle *chronicle, const struct trade_row *row)
{
    if (chronicle != NULL)
        chronicle->prices[(uint64_t)row->id % PRICES_MAX] = (struct price){ row->id, row->price_nanos };
}

bool
chronicle_price(const struct chronicle *chronicle, int64_t trade_id, int64_t *ret_nanos)
{
    if (chronicle == NULL)
        return false;
    const struct price *price = &chronicle->prices[(uint64_t)trade_id % PRICES_MAX];
    *ret_nanos = price->nanos;
    return price->trade_id == trade_id;
}

static void
write_step(struct json_writer *json, const struct notice *notice)
{
    char bytes[4096], at[INSTANT_TEXT_MAX];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer data = json_writer_on(&text);
    const char *type = messages_notice(&data, notice);

    if (type == NULL || text.truncated)
        return;
    instant_format(notice->at, at, sizeof at);
    json_open(json, NULL, '{');
    json_add_string(json, "type", type);
    if (notice->account_id == 0)
        json_add_null(json, "account_id");
    else
        json_add_int(json, "account_id", notice->account_id);
    json_add_string(json, "ts", at);
    json_add_raw(json, "data", bytes);
    json_close(json, '}');
}

void
chronicle_write_history(const struct chronicle *chronicle, struct json_writer *json)
{
    json_open(json, "history", '[');
    if (chronicle != NULL) {
        uint64_t kept = chronicle->steps_count < STEPS_MAX ? chronicle->steps_count : STEPS_MAX;
        for (uint64_t i = chronicle->steps_count - kept; i < chronicle->steps_count; i++)
            write_step(json, &chronicle->steps[i % STEPS_MAX]);
    }
    json_close(json, ']');
}

void
chronicle_write_curve(const struct chronicle *chronicle, struct json_writer *json, int64_t account_id)
{
    json_open(json, "curve", '[');
    for (int32_t i = 0; chronicle != NULL && i < chronicle->curves_count; i++) {
        const struct curve *curve = &chronicle->curves[i];
        for (int32_t p = 0; curve->account_id == account_id && p < curve->count; p++) {
            const struct point *point = point_of(chronicle, curve, p);
            json_open(json, NULL, '[');
            json_add_int(json, NULL, point->at.ns / 1000000);
            json_add_money(json, NULL, point->realized_micros);
            json_add_money(json, NULL, point->open_micros);
            json_close(json, ']');
        }
    }
    json_close(json, ']');
}

static struct span
total(const struct chronicle *chronicle, struct instant now, enum mode mode, struct span before)
{
    if (chronicle->mode == mode && chronicle->mode_since.ns != 0)
        before.ns += instant_since(now, chronicle->mode_since).ns;
    return before;
}

struct span
chronicle_blind_today(const struct chronicle *chronicle, struct instant now)
{
    return chronicle == NULL ? SPAN_ZERO : total(chronicle, now, MODE_BLIND, chronicle->blind);
}

struct span
chronicle_degraded_today(const struct chronicle *chronicle, struct instant now)
{
    return chronicle == NULL ? SPAN_ZERO : total(chronicle, now, MODE_DEGRADED, chronicle->degraded);
}
