/*
 * engine_fixture.h - an engine with one account and a clock in the test's hand, for stories.
 *
 * Each call feeds one event and leaves the update in fixture->update; expectations are asked of it.
 */
#ifndef TESTS_LIB_ENGINE_FIXTURE_H
#define TESTS_LIB_ENGINE_FIXTURE_H

#include "config/load.h"
#include "core/engine.h"

#define FIXTURE_ACCOUNT 123
#define FIXTURE_MNQ "CON.F.US.MNQ.U25"
#define FIXTURE_RTY "CON.F.US.RTY.U25"
#define STORY_TWO_AT_MOST "{\"max_contracts\":{\"enabled\":true,\"limit\":2}}"

struct engine_fixture {
    struct loaded_config *loaded;
    struct engine *engine;
    struct instant now;
    struct update update;
};

/** @config: the JSON of a scenario's `config`.  Starts at 2025-01-17T19:30:00Z with an empty restore and an empty, complete snapshot. */
void story_open(struct engine_fixture *fixture, const char *config);
/** Without restore and snapshot. */
void story_open_bare(struct engine_fixture *fixture, const char *config);
void story_close(struct engine_fixture *fixture);

void story_feed(struct engine_fixture *fixture, struct event *event);
/** Time passes in steps of the engine's deadlines; the update is that of the last step. */
void story_wait_ms(struct engine_fixture *fixture, int64_t ms);
/** Time passes; commands of the kind that went out meanwhile. */
int story_count_while(struct engine_fixture *fixture, int64_t ms, enum command_kind kind);
void story_position(struct engine_fixture *fixture, const char *contract, int32_t size);
void story_order(struct engine_fixture *fixture, int64_t id, const char *contract, int32_t status, int32_t type, int32_t side,
    int32_t size, int32_t filled);
void story_trade(struct engine_fixture *fixture, int64_t id, int64_t pnl_dollars);
void story_quote(struct engine_fixture *fixture, const char *contract, int64_t last_units);
void story_answer(struct engine_fixture *fixture, uint64_t command, enum outcome outcome);
/** A read asked now: one position (size 0: none) and the orders given. */
void story_read(struct engine_fixture *fixture, const char *contract, int32_t size, const struct order_row *orders, uint32_t orders_count);

int story_count(const struct engine_fixture *fixture, enum command_kind kind);
/** The only command of the kind in the update; fails the test if there is not exactly one. */
const struct command *story_only(const struct engine_fixture *fixture, enum command_kind kind);
int story_notices(const struct engine_fixture *fixture, enum notice_kind kind);
int story_records(const struct engine_fixture *fixture, enum record_kind kind);
struct account_status story_status(const struct engine_fixture *fixture);
/** Contracts held in all, longs less shorts. */
int32_t story_held(const struct engine_fixture *fixture);
/** Orders that may execute. */
int story_working(const struct engine_fixture *fixture);

#endif /* TESTS_LIB_ENGINE_FIXTURE_H */
