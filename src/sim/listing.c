/*
 * listing.c - see listing.h.
 *
 * Fees of MNQ, MES and ES and the commission of MNQ are captured (gateway.md 2.11); those of NQ, CL and RTY and the other commissions
 * are ours, of the usual size: no capture has them.  One expired contract is there to be refused (PlaceOrder 9).
 */
#include "sim/listing.h"

#include "base/assert.h"
#include "base/money.h"

#define NANOS(units, thousandths) ((units)*NANOS_PER_UNIT + (thousandths)*INT64_C(1000000))

static const struct listing listings[] = {
    { .id = "CON.F.US.MNQ.U26", .name = "MNQU6", .display = "MNQU26",
        .description = "Micro E-mini Nasdaq-100: September 2026", .symbol_id = "F.US.MNQ", .tick_nanos = NANOS(0, 250),
        .tick_value_micros = 500000, .fees_micros = 360000, .commissions_micros = 250000,
        .first_price_nanos = NANOS(29547, 0), .active = true },
    { .id = "CON.F.US.MES.U26", .name = "MESU6", .display = "MESU26",
        .description = "Micro E-mini S&P 500: September 2026", .symbol_id = "F.US.MES", .tick_nanos = NANOS(0, 250),
        .tick_value_micros = 1250000, .fees_micros = 360000, .commissions_micros = 250000,
        .first_price_nanos = NANOS(7730, 500), .active = true },
    { .id = "CON.F.US.EP.U26", .name = "ESU6", .display = "ESU26", .description = "E-Mini S&P 500: September 2026",
        .symbol_id = "F.US.EP", .tick_nanos = NANOS(0, 250), .tick_value_micros = 12500000, .fees_micros = 1400000,
        .commissions_micros = 500000, .first_price_nanos = NANOS(7730, 500), .active = true },
    { .id = "CON.F.US.ENQ.U26", .name = "NQU6", .display = "NQU26", .description = "E-mini NASDAQ-100: September 2026",
        .symbol_id = "F.US.ENQ", .tick_nanos = NANOS(0, 250), .tick_value_micros = 5000000, .fees_micros = 1400000,
        .commissions_micros = 500000, .first_price_nanos = NANOS(29547, 0), .active = true },
    { .id = "CON.F.US.CLE.V26", .name = "CLV6", .display = "CLV26", .description = "Crude Light (Globex): October 2026",
        .symbol_id = "F.US.CLE", .tick_nanos = NANOS(0, 10), .tick_value_micros = 10000000, .fees_micros = 1520000,
        .commissions_micros = 500000, .first_price_nanos = NANOS(85, 100), .active = true },
    { .id = "CON.F.US.RTY.U26", .name = "RTYU6", .display = "RTYU26", .description = "E-mini Russell 2000: September 2026",
        .symbol_id = "F.US.RTY", .tick_nanos = NANOS(0, 100), .tick_value_micros = 5000000, .fees_micros = 1400000,
        .commissions_micros = 500000, .first_price_nanos = NANOS(2310, 500), .active = true },
    { .id = "CON.F.US.MNQ.M26", .name = "MNQM6", .display = "MNQM26", .description = "Micro E-mini Nasdaq-100: June 2026",
        .symbol_id = "F.US.MNQ", .tick_nanos = NANOS(0, 250), .tick_value_micros = 500000, .fees_micros = 360000,
        .commissions_micros = 250000, .first_price_nanos = NANOS(29000, 0), .active = false },
};

size_t
listing_count(void)
{
    return COUNT_OF(listings);
}

const struct listing *
listing_at(size_t index)
{
    ASSERT(index < COUNT_OF(listings));
    return &listings[index];
}
