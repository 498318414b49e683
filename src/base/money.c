/*
 * money.c - see money.h.  Decimal text is read digit by digit into an integer; nothing here is a double.
 */
#include "base/money.h"

#include "base/assert.h"
#include "base/text.h"

#define SCALED_MAX ((int128)1 << 100)  /* Beyond any accepted value; keeps the digits that follow from overflowing. */
#define EXPONENT_MAX INT64_C(100000000) /* Beyond any text's number of digits. */
#define DIGITS_MAX 18                   /* 10^18 is the last power of ten in an int64. */

struct decimal {
    int128 digits;    /* The significant digits; those beyond SCALED_MAX only count in the exponent. */
    int64_t exponent; /* value = digits x 10^exponent. */
    bool negative;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Take in the run of digits at @i and return where it ends. */
static size_t
scan_digits(const char *text, size_t length, size_t i, struct decimal *d, bool fraction)
{
    for (; i < length && is_digit(text[i]); i++) {
        if (d->digits < SCALED_MAX) {
            d->digits = d->digits * 10 + (text[i] - '0');
            d->exponent -= fraction ? 1 : 0;
        } else {
            d->exponent += fraction ? 0 : 1;
        }
    }
    return i;
}

/* The exponent's sign and digits; out of range it stays at a bound, where the value is 0 or too large anyway. */
static bool
scan_exponent(const char *text, size_t length, size_t i, struct decimal *d)
{
    bool negative = i < length && text[i] == '-';
    int64_t exponent = 0;
    size_t start;

    if (i < length && (text[i] == '+' || text[i] == '-'))
        i++;
    for (start = i; i < length && is_digit(text[i]); i++)
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (text[i] - '0') : exponent;
    d->exponent += negative ? -exponent : exponent;
    return i > start && i == length;
}

/* JSON's number grammar (RFC 8259, 6); false if the text is anything else. */
static bool
scan(const char *text, size_t length, struct decimal *ret)
{
    struct decimal d = { .negative = length > 0 && text[0] == '-' };
    size_t start = d.negative ? 1 : 0;
    size_t i = scan_digits(text, length, start, &d, false);

    if (i == start || (text[start] == '0' && i > start + 1))
        return false;
    if (i < length && text[i] == '.') {
        start = ++i;
        i = scan_digits(text, length, start, &d, true);
        if (i == start)
            return false;
    }
    if (i < length) {
        if ((text[i] != 'e' && text[i] != 'E') || !scan_exponent(text, length, i + 1, &d))
            return false;
    }
    *ret = d;
    return true;
}

/* Nearly every number of the gateway: a few digits, perhaps a point.  False: not that simple, and scan() has to look. */
static bool
parse_short(const char *text, size_t length, int digits, int64_t max, int64_t *ret_value)
{
    bool negative = length > 0 && text[0] == '-';
    size_t start = negative ? 1 : 0, point = length;
    int64_t value = 0;

    if (length - start > DIGITS_MAX || length == start || (text[start] == '0' && length > start + 1 && text[start + 1] != '.'))
        return false;
    for (size_t i = start; i < length; i++) {
        if (is_digit(text[i]))
            value = value * 10 + (text[i] - '0');
        else if (text[i] == '.' && point == length && i > start && i + 1 < length)
            point = i;
        else
            return false;
    }
    for (digits -= point < length ? (int)(length - point - 1) : 0; digits > 0 && value <= INT64_MAX / 10; digits--)
        value *= 10;
    if (digits != 0 || value > max)
        return false;
    *ret_value = negative ? -value : value;
    return true;
}

bool
decimal_parse(const char *text, size_t length, int digits, int64_t max, int64_t *ret_value)
{
    struct decimal d;

    ASSERT(digits >= 0 && digits <= DIGITS_MAX);
    if (parse_short(text, length, digits, max, ret_value))
        return true;
    if (!scan(text, length, &d))
        return false;
    for (d.exponent += digits; d.exponent > 0 && d.digits != 0 && d.digits < SCALED_MAX; d.exponent--)
        d.digits *= 10;
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
    char reversed[DIGITS_MAX + 4];
    size_t n = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    struct text text = text_on(out, out_size);

    ASSERT(digits >= 0 && digits <= DIGITS_MAX);
    for (int i = 0; i < digits; i++, rest /= 10) {
        if (n > 0 || rest % 10 != 0) /* Not the trailing zeros of the fraction. */
            reversed[n++] = (char)('0' + rest % 10);
    }
    if (n > 0)
        reversed[n++] = '.';
    do {
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        text_add(&text, "-");
    while (n > 0)
        text_add_bytes(&text, &reversed[--n], 1);
    return text.length;
}

/* Cents always; the micros below them only as far as they are not zero. */
static void
add_fraction(struct text *text, unsigned fraction)
{
    int places = 6;

    for (; places > 2 && fraction % 10 == 0; places--)
        fraction /= 10;
    text_addf(text, ".%0*u", places, fraction);
}

size_t
money_format(int64_t micros, char *out, size_t out_size)
{
    uint64_t amount = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
    uint64_t dollars = amount / (uint64_t)MICROS_PER_DOLLAR, group = 1;
    struct text text = text_on(out, out_size);

    text_addf(&text, "%s$", micros < 0 ? "-" : "");
    while (dollars / group >= 1000)
        group *= 1000;
    text_addf(&text, "%llu", (unsigned long long)(dollars / group));
    for (group /= 1000; group > 0; group /= 1000)
        text_addf(&text, ",%03llu", (unsigned long long)(dollars / group % 1000));
    add_fraction(&text, (unsigned)(amount % (uint64_t)MICROS_PER_DOLLAR));
    return text.length;
}
