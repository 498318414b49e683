/*
 * view_fixture.h - one account put together by hand, for asking a single rule.
 *
 * No engine is involved: a test states what the rule sees and reads its verdict.  Configurations are set by key through the rule's own
 * parameter table, so the tests also hold the tables.
 */
#ifndef TESTS_VIEW_FIXTURE_H
#define TESTS_VIEW_FIXTURE_H

#include "core/account.h"
#include "core/rule.h"

#define FIXTURE_POSITIONS 80
#define FIXTURE_ORDERS 80
#define FIXTURE_TRADES 128

struct fixture {
    const struct rule *rule;
    void *rule_config;
    struct config config;
    struct account_config account_config;
    struct account account;
    struct engine engine; /* Its trades only. */
    uint32_t trades_by_order;
    _Alignas(8) uint8_t account_memory[512];
    struct view view;
    struct verdict verdict;
    struct contract contracts[16];
    struct position positions[FIXTURE_POSITIONS];
    struct order orders[FIXTURE_ORDERS];
    struct trade trades[FIXTURE_TRADES];
    struct lock_entry lock;
    struct zone *zones[8];
    int32_t contracts_count, positions_count, orders_count, trades_count, zones_count;
};

/** "2025-01-17T19:30:00Z"; a wrong text stops the test. */
struct instant fixture_at(const char *text);
/** "21000.25" to nanos; "-500.00" to micros. */
int64_t fixture_price(const char *text);
int64_t fixture_money(const char *text);

/** A fresh account whose rule has its defaults; now is 2025-01-17T19:30:00Z, the day ends at 17:00 America/New_York. */
void fixture_init(struct fixture *f, const struct rule *rule);
void fixture_fini(struct fixture *f);

/** Set a parameter, by any of its keys.  Fails the test on an unknown key or a bad value. */
void fixture_set(struct fixture *f, const char *key, const char *text);
/** Set @subkey of item @index of a list or map; a map's item is named by subkey "symbol". */
void fixture_set_item(struct fixture *f, const char *key, int32_t index, const char *subkey, const char *text);
/** Run the rule's check().  Call after the last fixture_set. */
enum status fixture_check(struct fixture *f, struct error *err);

/** A contract by symbol and expiry: ES, NQ, MNQ, MES, RTY, CL with their ticks; others have no tick. */
struct contract *fixture_contract(struct fixture *f, const char *root, const char *expiry);
struct position *fixture_position(struct fixture *f, struct contract *contract, int32_t size, const char *average);
struct order *fixture_order(struct fixture *f, struct contract *contract, int32_t type, int32_t side, int32_t size, const char *stop);
/** Appended in time order; @pnl NULL: an opening half-turn.  Marked judged. */
struct trade *fixture_trade(struct fixture *f, const char *time, int64_t order_id, const char *pnl);
/** As the ledger keeps it: mark the first fill of each order that opened something.  After changing a trade by hand. */
void fixture_settle_orders(struct fixture *f);
/** This rule's own lockout. */
void fixture_lockout(struct fixture *f, enum lock_kind kind, const char *until, int64_t seconds);
/** Last price of a contract; positions in it are priced by it (and its sums), as market.c would. */
void fixture_quote(struct fixture *f, struct contract *contract, const char *last);

/** Ask with this event; view.trade etc. as the test has set them. */
const struct verdict *fixture_ask(struct fixture *f, enum event_kind wake);
/** Ask for one trade, not judged yet; it is judged afterwards. */
const struct verdict *fixture_judge(struct fixture *f, struct trade *trade);

/** Wanted size of a position, or -1 if the verdict does not speak of it. */
int32_t fixture_wanted(const struct fixture *f, const struct position *position);
bool fixture_cancels(const struct fixture *f, const struct order *order);
const struct want_lock *fixture_lock_of(const struct fixture *f, const char *root);

#endif /* TESTS_VIEW_FIXTURE_H */
