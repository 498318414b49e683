/*
 * managed_stop.h - one position in ES, and the words the tests of RULE-012 speak in.
 */
#ifndef TESTS_UNIT_MANAGED_STOP_H
#define TESTS_UNIT_MANAGED_STOP_H

#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct contract *es;
static struct position *position;

/* @parts: which of the three are on, "s", "b", "t". */
static inline void
set_up(struct fixture *f, const char *parts, int32_t size, const char *average)
{
    fixture_init(f, &rule_trade_management);
    f->view.memory_offset = 40;
    if (strchr(parts, 's') != NULL)
        fixture_set(f, "auto_stop_loss.enabled", "true");
    if (strchr(parts, 'b') != NULL)
        fixture_set(f, "auto_breakeven.enabled", "true");
    if (strchr(parts, 't') != NULL)
        fixture_set(f, "trailing_stop.enabled", "true");
    es = fixture_contract(f, "ES", "U25");
    position = fixture_position(f, es, size, average);
}

/* NULL @last: no quote.  Each step is two seconds after the one before. */
static inline const struct want_stop *
step(struct fixture *f, const char *last)
{
    f->view.now = instant_add(f->view.now, SPAN_SECONDS(2));
    if (last != NULL)
        fixture_quote(f, es, last);
    (void)fixture_ask(f, EVENT_QUOTE);
    assert_int_equal(f->verdict.action, ACTION_NONE); /* Upkeep is no breach. */
    assert_in_range(f->verdict.stops_count, 0, 1);
    return f->verdict.stops_count == 1 ? &f->verdict.stops[0] : NULL;
}

static inline void
assert_places(const struct want_stop *stop, const char *stop_price, int32_t size)
{
    assert_non_null(stop);
    assert_null(stop->order);
    assert_ptr_equal(stop->position, position);
    assert_int_equal(stop->price_nanos, fixture_price(stop_price));
    assert_int_equal(stop->size, size);
}

static inline void
assert_moves(const struct want_stop *stop, const struct order *order, const char *stop_price, int32_t size)
{
    assert_non_null(stop);
    assert_ptr_equal(stop->order, order);
    assert_int_equal(stop->price_nanos, fixture_price(stop_price));
    assert_int_equal(stop->size, size);
}

#endif /* TESTS_UNIT_MANAGED_STOP_H */
