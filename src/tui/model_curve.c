/*
 * model_curve.c - the day's P&L as points.
 *
 * The daemon's points, then the live ones; when there is no more room every second one goes.  What was before the daemon's first
 * point (it was started in the middle of the day, or is not there) is made from the trades: realised P&L only, but that is exact.
 */
#include "tui/model.h"

#include "base/money.h"

#include <string.h>

#define POINT_STEP_AT_START SPAN_MS(1000)

void
model_add_point(struct model_account *account, struct model_point point)
{
    int kept = 0;

    if (account->point_step.ns == 0)
        account->point_step = POINT_STEP_AT_START;
    if (account->points_count > 1 &&
        instant_since(point.at, account->points[account->points_count - 2].at).ns < account->point_step.ns) {
        account->points[account->points_count - 1] = point;
        return;
    }
    if (account->points_count == MODEL_POINTS) {
        for (int i = 1; i < MODEL_POINTS; i += 2)
            account->points[kept++] = account->points[i];
        account->points_count = kept;
        account->point_step.ns *= 2;
    }
    account->points[account->points_count++] = point;
}

static void
read_points(const struct json *json, int node, struct model_account *account)
{
    int item = json_first(json, node);

    for (size_t i = 0; i < json_size(json, node); i++, item = json_next(json, item)) {
        int at = json_first(json, item), realized = json_next(json, at), open = json_next(json, realized);
        int64_t ms = 0;
        struct model_point point = { 0 };
        if (json_size(json, item) != 3 || !json_int64(json, at, &ms) || ms < 0 || ms > INT64_MAX / 1000000 ||
            !json_money(json, realized, &point.realized_micros) || !json_money(json, open, &point.open_micros))
            continue;
        point.at.ns = ms * 1000000;
        if (account->points_count < MODEL_POINTS)
            account->points[account->points_count++] = point;
    }
}

/* Realised P&L after each trade that is older than the first point. */
static void
add_trades(struct model_account *account)
{
    static struct model_point before[MODEL_POINTS];
    int64_t realized = account->day.realized_micros;
    int room = MODEL_POINTS / 2 < MODEL_POINTS - account->points_count ? MODEL_POINTS / 2 : MODEL_POINTS - account->points_count, used = 0;
    struct instant first = account->points_count > 0 ? account->points[0].at : INSTANT_NEVER;

    for (int i = account->trades_count - 1; i >= 0 && used < room; i--) {
        const struct model_trade *trade = &account->trades[i];
        if (instant_before(trade->at, first) && !trade->voided)
            before[room - ++used] = (struct model_point){ trade->at, realized, 0 };
        if (!trade->voided)
            realized = money_add(realized, money_add(trade->fees_micros, -trade->pnl_micros));
    }
    memmove(&account->points[used], &account->points[0], (size_t)account->points_count * sizeof before[0]);
    memcpy(&account->points[0], &before[room - used], (size_t)used * sizeof before[0]);
    account->points_count += used;
}

void
model_read_curve(const struct json *json, int node, struct model_account *account)
{
    read_points(json, node, account);
    add_trades(account);
}
