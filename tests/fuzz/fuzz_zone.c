/* fuzz_zone.c - any bytes as a TZif file; what is accepted answers at every kind of instant. */
#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t seconds[] = { -9000000000, -1, 0, 951782400, 1741503600, 1762063200, 4102444800, 9000000000 };
    struct zone *zone;
    int64_t days;
    int second;

    if (zone_parse("fuzz", data, size, &zone, NULL) != OK)
        return 0;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        struct instant at = { seconds[i] * 1000000000 };
        (void)zone_abbreviation_at(zone, at);
        zone_to_local(zone, at, &days, &second);
        (void)zone_from_local(zone, days, second);
    }
    zone_free(zone);
    return 0;
}
