/*
 * money.c - see money.h.  Decimal text is read digit by digit into an integer; nothing here is a double.
 */
#include "base/money.h"

#include "base/assert.h"
#include "base/text.h"

#define SCALED_MAX ((int128)1 << 100) /* Beyond any accepted value; keeps the digits that follow from overflowing. */
#define EXPONENT_MAX 400

struct decimal {
    int128 digits;   /* All significant digits. */
    int exponent;    /* value = digits x 10^exponent. */
    bool negative;
};

/* JSON's number grammar; false if the text is anything else. */
static bool
scan(const char *text, size_t length, struct decimal *ret)
{
    struct decimal d = { 0 };
    size_t i = 0, start;
    bool fraction = false;

    if (i < length && text[i] == '-') {
        d.negative = true;
        i++;
    }
    start = i;
    for (; i < length && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction && i > start)); i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        if (d.digits < SCALED_MAX)
            d.digits = d.digits * 10 + (text[i] - '0');
        else
            d.exponent++;
        if (fraction)
            d.exponent--;
    }
    if (i == start || text[i - 1] == '.' || (text[start] == '0' && i > start + 1 && text[start + 1] >= '0' && text[start + 1] <= '9'))
        return false;
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        int64_t exponent;
        i++;
        if (i < length && text[i] == '+' && i + 1 < length && text[i + 1] != '-')
            i++;
        if (!text_to_int64(text + i, length - i, &exponent))
            return false;
        exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent < -EXPONENT_MAX ? -EXPONENT_MAX : exponent;
        d.exponent += (int)exponent;
        i = length;
    }
    *ret = d;
    return i == length;
}

bool
decimal_parse(const char *text, size_t length, int digits, int64_t max, int64_t *ret_value)
{
    struct decimal d;

    if (!scan(text, length, &d))
        return false;
    for (d.exponent += digits; d.exponent > 0 && d.digits != 0; d.exponent--) {
        if (d.digits >= SCALED_MAX)
            return false;
        d.digits *= 10;
    }
    int last = 0; /* The first digit cut off decides: half away from zero. */
    for (; d.exponent < 0 && (d.digits != 0 || last != 0); d.exponent++) {
        last = (int)(d.digits % 10);
        d.digits /= 10;
    }
    d.digits += last >= 5 ? 1 : 0;
    if (d.digits > max)
        return false;
    *ret_value = d.negative ? -(int64_t)d.digits : (int64_t)d.digits;
    return true;
}

bool
money_parse(const char *text, size_t length, int64_t *ret_micros)
{
    return decimal_parse(text, length, 6, MONEY_MAX, ret_micros);
}

bool
price_parse(const char *text, size_t length, int64_t *ret_nanos)
{
    return decimal_parse(text, length, 9, PRICE_MAX, ret_nanos);
}

/* To +-INT64_MAX, not INT64_MIN: callers negate amounts. */
static int64_t
saturate(int128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

int64_t
money_add(int64_t a, int64_t b)
{
    return saturate((int128)a + b);
}

int64_t
money_scale(int64_t value, int64_t numerator, int64_t denominator)
{
    int128 product = (int128)value * numerator;

    ASSERT(denominator > 0);
    product += product < 0 ? -(denominator / 2) : denominator / 2;
    /* An odd denominator has no exact half: the truncated half rounds the same way. */
    return saturate(product / denominator);
}

size_t
decimal_format(int64_t value, int digits, char *out, size_t out_size)
{
    char reversed[48];
    size_t n = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    struct text text = text_on(out, out_size);
    bool significant = false;

    for (int i = 0; i < digits || rest != 0 || i == digits; i++) {
        char digit = (char)('0' + rest % 10);
        rest /= 10;
        if (i == digits && significant)
            reversed[n++] = '.';
        if (i < digits && !significant && digit == '0')
            continue; /* Trailing zeros of the fraction. */
        significant = significant || i < digits;
        reversed[n++] = digit;
        if (i >= digits && rest == 0)
            break;
    }
    if (value < 0)
        text_add(&text, "-");
    while (n > 0)
        text_add_bytes(&text, &reversed[--n], 1);
    return text.length;
}

size_t
money_format(int64_t micros, char *out, size_t out_size)
{
    uint64_t amount = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
    uint64_t dollars = amount / 1000000, fraction = amount % 1000000;
    struct text text = text_on(out, out_size);
    uint64_t group = 1;

    text_addf(&text, "%s$", micros < 0 ? "-" : "");
    while (dollars / group >= 1000)
        group *= 1000;
    text_addf(&text, "%llu", (unsigned long long)(dollars / group));
    for (group /= 1000; group > 0; group /= 1000)
        text_addf(&text, ",%03llu", (unsigned long long)(dollars / group % 1000));
    if (fraction % 10000 == 0)
        text_addf(&text, ".%02llu", (unsigned long long)(fraction / 10000));
    else
        text_addf(&text, ".%06llu", (unsigned long long)fraction);
    return text.length;
}
