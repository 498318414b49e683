/*
 * money.h - exact money and prices.
 *
 * Money is int64_t micros of a dollar (1e-6 USD).  Prices are int64_t nanos (1e-9 of the quoted unit).  Both are
 * read from decimal text, never through a double.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 int128;

#define MICROS_PER_DOLLAR INT64_C(1000000)
#define NANOS_PER_UNIT INT64_C(1000000000)
#define MONEY_MAX (INT64_C(1000000000) * MICROS_PER_DOLLAR) /* A billion dollars. */
#define PRICE_MAX (INT64_C(1000000000) * NANOS_PER_UNIT)    /* Fits int64 nanos. */
#define MONEY_TEXT_MAX 40

/**
 * Read decimal text ("-121.50", "6335.250000000", "1e-05", "5E2") as a whole number of 10^-@digits.  More digits than
 * that are rounded half away from zero.  False: not a JSON number, or out of +-@max.
 */
bool decimal_parse(const char *text, size_t length, int digits, int64_t max, int64_t *ret_value);

bool money_parse(const char *text, size_t length, int64_t *ret_micros);
bool price_parse(const char *text, size_t length, int64_t *ret_nanos);

/** a + b, saturating at +-INT64_MAX: a sum out of range is still a loss or a gain. */
int64_t money_add(int64_t a, int64_t b);

/** value * numerator / denominator with a 128-bit intermediate, rounded once, half away from zero; saturates. denominator > 0. */
int64_t money_scale(int64_t value, int64_t numerator, int64_t denominator);

/** "-$1,234.50" (cents; more digits only if they are not zero).  Returns length. */
size_t money_format(int64_t micros, char *out, size_t out_size);

/** Plain decimal without exponent or trailing zeros: "29398.5", "-0.0000005".  @digits as in decimal_parse. */
size_t decimal_format(int64_t value, int digits, char *out, size_t out_size);

#endif /* BASE_MONEY_H */
