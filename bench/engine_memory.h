/*
 * engine_memory.h - what many accounts cost: bytes of memory each, and whether an event grows dearer with their number.
 */
#ifndef BENCH_ENGINE_MEMORY_H
#define BENCH_ENGINE_MEMORY_H

#include "config/load.h"
#include "core/engine.h"

/** Nanoseconds of the wall clock: ISO C has no other of this resolution. */
int64_t bench_now_ns(void);
/** Configuration with all twelve rules on and limits out of reach; ids from @first_id.  Ends the process on errors. */
struct loaded_config *bench_config(int64_t first_id, int32_t accounts);
/** An engine with the bench's contracts, every account known and flat. */
struct engine *bench_engine(const struct loaded_config *loaded, struct instant at);

struct engine_memory {
    int64_t engine_bytes; /* Growth of the resident set by engine and events. */
    int64_t config_bytes; /* And by the configuration before it. */
};

/** @accounts with two positions, two working orders, 39 trades each. */
struct engine_memory engine_memory_measure(int32_t accounts);

/* How much there is; ten accounts (or all, if fewer) hold @positions, each with @orders stops. */
struct engine_load {
    int32_t accounts, positions, orders, rules; /* Positions to 4, rules to 12. */
};
#define ENGINE_LOAD { .accounts = 10, .positions = 4, .orders = 1, .rules = 12 }

/** Nanoseconds per event of @events, eight of ten of them quotes. */
double engine_memory_cost(const struct engine_load *load, int32_t events);

/** Growth of the resident set, in bytes, over the last nine tenths of @events. */
int64_t engine_memory_growth(int32_t events);

#endif /* BENCH_ENGINE_MEMORY_H */
