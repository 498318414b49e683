/*
 * limits.h - every bound of the core, each with its reason.
 *
 * Pools are shared by all accounts and taken once at engine_new(); pages that are never touched cost no memory.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#define RULES_MAX 16              /* Twelve in the rulebook; room for tests' own. */
#define CONTRACT_ID_MAX 40        /* "CON.F.US.GMET.U25" is 17. */
#define ROOT_MAX 12               /* "MNQ", "6A"; longest known 4. */
#define TAG_MAX 72                /* customTag: clients cut at 50-64 (gateway.md 2.7). */
#define NAME_MAX_LENGTH 64        /* Account names as seen are 25 long. */
#define WHY_MAX 240               /* The sentence of R-ALL-14. */
#define SYMBOLS_MAX 64            /* Symbols in one list of the configuration: 51 products exist. */
#define TIERS_MAX 8               /* Loss tiers of RULE-007. */
#define ENFORCE_STEPS_MAX 12      /* Waits between attempts to enforce; five are the default. */
#define HOLIDAYS_MAX 256          /* 10 years. */
#define TRADE_BITS 28             /* Trades by number: 268 million, the day of half a million scalpers. */
#define ACCOUNTS_BOUND ((1 << TRADE_BITS) / TRADES_PER_ACCOUNT - 1)
#define CONTRACT_BITS 10          /* CONTRACTS_MAX by number. */
#define SIZE_BITS 20              /* SIZE_BOUND. */
#define RULE_MEMORY_MAX 88        /* Bytes all rules together may remember about one position: as many as they do. */
#define RULE_MEMORY_STORED 96     /* The same as the store keeps it, with room for a rule that remembers more. */
#define POSITIONS_PER_ACCOUNT 16  /* Average over accounts; one account may use more of the pool. */
#define ORDERS_PER_ACCOUNT 64     /* Likewise; terminal orders are reused first. */
#define TRADES_PER_ACCOUNT 512    /* Likewise; a scalper's day is about 200 half-turns. */
#define TRADES_FLOOR 16384        /* Least half-turns in all: a machine trading once every few seconds all day. */
#define SIZE_BOUND 1000000        /* Contracts; beyond any position there is, and safe to add and negate. */
#define POOL_FLOOR 1024           /* Least entries of each pool, so that a single account has room too. */
#define DOUBTS_PER_ACCOUNT 4      /* Likewise: contracts whose position and trades disagree at one time (PF-06). */
#define CONTRACTS_MAX 512         /* 51 products, several expiries. */
#define LOCKOUTS_PER_ACCOUNT 16   /* One per (rule, scope). */
#define VERDICT_SIZES_MAX 64      /* Positions one verdict may speak of. */
#define VERDICT_CANCELS_MAX 128   /* Orders one verdict may cancel. */
#define VERDICT_LOCKS_MAX SYMBOLS_MAX /* RULE-011: a lockout for each listed symbol. */
#define VERDICT_STOPS_MAX 16
#define VERDICT_WARNINGS_MAX 4

#endif /* CORE_LIMITS_H */
