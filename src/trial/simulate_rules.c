/*
 * simulate_rules.c - the risk configuration of a seed: each rule on or off, its values from a range in which traders break it.
 */
#include "trial/simulate_rules.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"

static int64_t
between(struct chance *chance, int64_t low, int64_t high)
{
    return low + chance_below(chance, high - low + 1);
}

static bool
percent(struct chance *chance, int64_t n)
{
    return chance_below(chance, 100) < n;
}

static const char *
one_of(struct chance *chance, const char *a, const char *b)
{
    return percent(chance, 50) ? a : b;
}

/* A limit as the files have it now. */
static int64_t
tilted(const struct simulate_rules *rules, int64_t limit)
{
    int64_t now = limit * rules->tilt / 100;

    return now < 1 ? 1 : now;
}

static void
add_sizes(struct simulate_rules *rules, struct chance *chance, struct text *text)
{
    static const char *const roots[SIMULATE_LISTINGS] = { "MNQ", "MES", "ES", "NQ", "CL", "RTY", "MNQ" };

    rules->total = percent(chance, 70);
    rules->total_limit = tilted(rules, between(chance, 3, 8));
    if (rules->total)
        text_addf(text, ",\"max_contracts\":{\"enabled\":true,\"limit\":%d,\"%s\":true,\"lockout_on_breach\":%s}",
            (int)rules->total_limit, one_of(chance, "close_all", "reduce_to_limit"), one_of(chance, "true", "false"));
    rules->each = percent(chance, 60);
    for (int i = 0; i < SIMULATE_LISTINGS; i++)
        rules->each_limit[i] = tilted(rules, between(chance, 1, 4));
    rules->each_limit[SIMULATE_LISTINGS - 1] = rules->each_limit[0]; /* Both MNQ; the older one is not traded. */
    if (!rules->each)
        return;
    text_add(text, ",\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{");
    for (int i = 0; i + 1 < SIMULATE_LISTINGS; i++)
        text_addf(text, "%s\"%s\":%d", i > 0 ? "," : "", roots[i], (int)rules->each_limit[i]);
    text_addf(text, "},\"enforcement\":\"%s\",\"lockout_on_breach\":%s}", one_of(chance, "reduce_to_limit", "close_all"),
        percent(chance, 20) ? "true" : "false");
}

static void
add_results(struct simulate_rules *rules, struct chance *chance, struct text *text)
{
    rules->loss = percent(chance, 80);
    rules->loss_micros = tilted(rules, between(chance, 100, 1500)) * MICROS_PER_DOLLAR;
    if (rules->loss)
        text_addf(text, ",\"daily_realized_loss\":{\"enabled\":true,\"limit\":-%d,\"enforcement\":\"close_all_and_lockout\"}",
            (int)(rules->loss_micros / MICROS_PER_DOLLAR));
    if (percent(chance, 50))
        text_addf(text, ",\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":%d,\"scope\":\"%s\",\"action\":\"%s\"}",
            (int)between(chance, 100, 800), one_of(chance, "total", "per_position"),
            one_of(chance, "close_all_and_lockout", "close_all"));
    if (percent(chance, 40))
        text_addf(text, ",\"max_unrealized_profit\":{\"enabled\":true,\"mode\":\"profit_target\",\"profit_target\":%d}",
            (int)between(chance, 100, 900));
    if (percent(chance, 50))
        text_addf(text, ",\"cooldown_after_loss\":{\"enabled\":true,\"close_positions\":%s,\"loss_thresholds\":["
            "{\"loss_amount\":-50,\"cooldown_duration\":300},{\"loss_amount\":-150,\"cooldown_duration\":1800}]}",
            one_of(chance, "true", "false"));
}

static void
add_habits(struct simulate_rules *rules, struct chance *chance, struct text *text)
{
    if (percent(chance, 50))
        text_addf(text, ",\"trade_frequency_limit\":{\"enabled\":true,\"limits\":{\"per_minute\":%d,\"per_hour\":%d,\"per_session\":%d},"
            "\"count\":\"%s\"}", (int)between(chance, 2, 5), (int)between(chance, 8, 20), (int)between(chance, 20, 60),
            one_of(chance, "entries", "fills"));
    if (percent(chance, 40))
        text_addf(text, ",\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":%d,\"action\":\"close_position\"}",
            (int)between(chance, 10, 120));
    if (percent(chance, 40))
        text_addf(text, ",\"session_block_outside\":{\"enabled\":true,\"global_session\":{\"start\":\"%02d:30\",\"end\":\"15:%02d\","
            "\"timezone\":\"America/Chicago\",\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]},\"close_positions_at_session_end\":true,"
            "\"lockout_outside_session\":%s}", (int)between(chance, 0, 8), (int)between(chance, 0, 59), one_of(chance, "true", "false"));
    if (percent(chance, 60))
        text_add(text, ",\"auth_loss_guard\":{\"enabled\":true}");
    rules->blocked = percent(chance, 60);
    if (rules->blocked)
        text_add(text, ",\"symbol_blocks\":{\"enabled\":true,\"blocked_symbols\":[\"RTY\"]}");
    rules->stops = percent(chance, 30);
    if (rules->stops)
        text_add(text, ",\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":40},"
            "\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":12,\"offset_ticks\":1},"
            "\"trailing_stop\":{\"enabled\":true,\"activation_ticks\":20,\"trail_distance_ticks\":12}}");
}

/* Every eighth seed or so has a day on which the exchange closes at noon, or does not open. */
static void
add_calendar(struct simulate_rules *rules, struct chance *chance, struct text *text)
{
    int64_t kind = chance_below(chance, 100), days = rules->start.ns / SPAN_SECONDS(86400).ns + chance_below(chance, 2);
    int year, month, day;

    rules->holiday = kind < 15 ? days : 0;
    rules->holiday_close = kind < 11 ? 12 * 3600 : -1;
    if (rules->holiday == 0)
        return;
    civil_from_days(days, &year, &month, &day);
    text_addf(text, ",\"holidays\":[{\"date\":\"%04d-%02d-%02d\",\"name\":\"simulated\"%s}]", year, month, day,
        rules->holiday_close > 0 ? ",\"early_close\":\"12:00\"" : "");
}

static void
add_loosen(struct simulate_rules *rules, struct chance *chance, struct text *text)
{
    int64_t kind = chance_below(chance, 100);

    rules->loosen_s = kind < 60 ? SIMULATE_NEXT_DAY : kind < 85 ? 1800 : 0;
    text_addf(text, ",\"global\":{\"loosen\":\"%s\"}", kind < 60 ? "next_day" : kind < 85 ? "delay:30m" : "immediate");
}

static void
write_rules(struct simulate_rules *rules, struct chance *chance)
{
    static const int32_t audits_s[] = { 60, 60, 120, 300, 300, 600 }; /* Of 15 to 600 (resilience.md 4). */
    struct text text = text_on(rules->json, sizeof rules->json);

    rules->audit_ms = audits_s[chance_below(chance, COUNT_OF(audits_s))] * 1000;
    text_add(&text, "{\"daily_reset\":{\"time\":\"17:00\",\"timezone\":\"America/Chicago\"}");
    add_sizes(rules, chance, &text);
    add_results(rules, chance, &text);
    add_habits(rules, chance, &text);
    add_calendar(rules, chance, &text);
    add_loosen(rules, chance, &text);
    text_add(&text, "}");
    ASSERT(!text.truncated);
}

void
simulate_rules_make(struct simulate_rules *rules, struct chance *chance, struct instant start)
{
    *rules = (struct simulate_rules){ .chance = *chance, .start = start, .tilt = 100 };
    write_rules(rules, chance);
}

void
simulate_rules_tilt(struct simulate_rules *rules, int32_t percent)
{
    struct chance chance = rules->chance;

    rules->tilt = percent;
    write_rules(rules, &chance);
}
