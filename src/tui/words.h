/*
 * words.h - figures as the screens show them: short, aligned, with a sign where a colour says the same.
 */
#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include "base/instant.h"
#include "base/money.h"
#include "base/zone.h"
#include "tui/screen.h"

#define WORDS_MAX 48

struct words {
    char text[WORDS_MAX];
};

/** "+$1,234.50", "-$0.30", "$0.00": cents, rounded. */
struct words words_pnl(int64_t micros);
/** Without a plus: "$500.00". */
struct words words_money(int64_t micros);
enum tone words_pnl_tone(int64_t micros);
/** "6335.25", "1.08455": at least two digits behind the point, so that columns stand; "-" for none. */
struct words words_price(bool known, int64_t nanos);
/** "05:12:33", "2d 05:12"; "0:00" parts are kept so that it does not jump.  Negative is 0. */
struct words words_countdown(struct span left);
/** "4 s", "3 min", "2 h 05", "3 d": how old or how long. */
struct words words_span(struct span span);
/** "163 us", "9.6 ms", "1.20 s". */
struct words words_micros(int64_t micros);
/** "10:52:48" in @zone (NULL: UTC); "-" for none. */
struct words words_clock(const struct zone *zone, struct instant at);
/** "10:52:48.925". */
struct words words_clock_ms(const struct zone *zone, struct instant at);
/** "Sat 21 Nov 17:00 CST"; "-" for none and never. */
struct words words_when(const struct zone *zone, struct instant at);

#endif /* TUI_WORDS_H */
