/*
 * fuzz_money.c - decimal text: accepted exactly when it is a JSON number in range, and worth what strtold() says.
 *
 * The first byte chooses the number of digits and the bound.  A long double holds every accepted value to about one unit.
 */
#include "base/assert.h"
#include "base/json.h"
#include "base/money.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX 400

static bool
is_json_number(const char *text, size_t length)
{
    struct json_token token;
    struct json json;
    size_t raw_length;

    if (json_read(text, length, &token, 1, &json, NULL) != OK || json_kind(&json, 0) != JSON_NUMBER)
        return false;
    (void)json_raw(&json, 0, &raw_length);
    return raw_length == length; /* Without white space around it. */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t bounds[] = { INT64_MAX, MONEY_MAX, PRICE_MAX, 0, 999 };
    char text[LENGTH_MAX + 1], out[MONEY_TEXT_MAX];
    int64_t value = 0, back;

    if (size < 1 || size > LENGTH_MAX)
        return 0;
    int digits = data[0] % 19;
    int64_t max = bounds[data[0] / 19 % COUNT_OF(bounds)];
    size_t length = size - 1;
    memcpy(text, data + 1, length);
    text[length] = '\0';

    bool good = decimal_parse(text, length, digits, max, &value);
    bool number = is_json_number(text, length);
    ASSERT(!good || number);
    if (!number)
        return 0;
    long double scaled = 1; /* Powers of ten are exact up to 10^27. */
    for (int i = 0; i < digits; i++)
        scaled *= 10;
    scaled *= strtold(text, NULL);
    if (!good) { /* Out of range, then. */
        ASSERT(scaled >= (long double)max * 0.999999999L || scaled <= (long double)max * -0.999999999L);
        return 0;
    }
    ASSERT(value <= max && value >= -max);
    ASSERT(scaled - (long double)value < 2 && scaled - (long double)value > -2);
    length = decimal_format(value, digits, out, sizeof out);
    ASSERT(strlen(out) == length && decimal_parse(out, length, digits, max, &back) && back == value);
    length = money_format(value, out, sizeof out);
    ASSERT(length == strlen(out) && length < sizeof out - 1);
    return 0;
}
