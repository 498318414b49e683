/*
 * event.h - everything that can happen to the engine.
 *
 * Broker rows keep the broker's integers verbatim (EN-01); unknown values are kept and read as dangerous (P6).
 * Sizes are whole contracts; positions are signed (long > 0).  Prices are nanos, money micros, times UTC.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "base/instant.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct lockout;

/* gateway.md 6.  Values arrive as integers and may be outside these lists. */
enum order_type { ORDER_LIMIT = 1, ORDER_MARKET = 2, ORDER_STOP_LIMIT = 3, ORDER_STOP = 4, ORDER_TRAILING_STOP = 5 };
enum order_side { SIDE_BUY = 0, SIDE_SELL = 1 };
enum order_status {
    ORDER_STATUS_NONE = 0,
    ORDER_OPEN = 1,
    ORDER_FILLED = 2,
    ORDER_CANCELLED = 3,
    ORDER_EXPIRED = 4,
    ORDER_REJECTED = 5,
    ORDER_PENDING = 6,
    ORDER_PENDING_CANCEL = 7,
    ORDER_SUSPENDED = 8,
};

struct contract_id {
    char text[CONTRACT_ID_MAX]; /* NUL-terminated, "CON.F.US.EP.U25". */
};

struct position_row {
    int64_t id;
    int64_t account_id;
    struct contract_id contract;
    struct instant created_at;     /* Of the position at the broker; INSTANT_NONE if not given. */
    int32_t size;                  /* Signed; 0 is the close message (FV-06), its average is the old entry. */
    int64_t average_price_nanos;
};

struct order_row {
    int64_t id;
    int64_t account_id;
    struct contract_id contract;
    struct instant created_at;
    struct instant updated_at; /* INSTANT_NONE if not given. */
    int32_t status;            /* enum order_status or unknown. */
    int32_t type;
    int32_t side;
    int32_t size;
    int32_t filled;            /* fillVolume. */
    bool has_limit_price;
    bool has_stop_price;
    int64_t limit_price_nanos;
    int64_t stop_price_nanos;
    int64_t parent_id; /* 0: none. */
    int64_t linked_id; /* 0: none. */
    bool ours;         /* Placed by RULE-012, of this process or an earlier one: its tag says so (ID-03). */
    char tag[TAG_MAX]; /* customTag, "" if none. */
};

struct trade_row {
    int64_t id;
    int64_t account_id;
    int64_t order_id;
    struct contract_id contract;
    struct instant at;
    int64_t price_nanos;
    bool has_pnl;              /* False: an opening half-turn (PF-04); not an error (FV-07). */
    bool voided;
    int32_t side;
    int32_t size;
    int64_t pnl_micros;        /* Gross. */
    int64_t fees_micros;
    int64_t commissions_micros;
};

enum answer { ANSWER_UNKNOWN = 0, ANSWER_NO, ANSWER_YES };

struct account_row {
    int64_t id;
    char name[NAME_MAX_LENGTH];
    bool has_balance;
    int64_t balance_micros;
    enum answer can_trade; /* Unknown: missing or null (R-010-2). */
    enum answer simulated;
};

struct quote_row {
    struct contract_id contract;
    bool has_last, has_bid, has_ask; /* Sparse: missing is not zero (FV-08). */
    int64_t last_nanos, bid_nanos, ask_nanos;
};

struct contract_row {
    struct contract_id id;
    char name[ROOT_MAX + 8]; /* "ESU5"; "" while unknown. */
    int64_t tick_size_nanos; /* > 0, or 0 while unknown. */
    int64_t tick_value_micros;
    bool active;
};

/* What part of an account's truth a snapshot carries (SR-03, SR-09). */
enum {
    PART_ACCOUNT = 1,
    PART_POSITIONS = 2,
    PART_ORDERS = 4,       /* Every may-execute order, suspended children included. */
    PART_OPEN_ORDERS = 8,  /* Only status 1 (searchOpen): an order missing here proves nothing. */
    PART_TRADES = 16,      /* Trades since some instant; only adds. */
};

struct snapshot {
    int64_t account_id;
    unsigned parts;
    struct instant asked_at; /* When the first of its requests left. */
    const struct account_row *account;
    const struct position_row *positions;
    const struct order_row *orders;
    const struct trade_row *trades;
    uint32_t positions_count, orders_count, trades_count;
};

/* What became of a command (RT-01; spec/gateway.md 1.4 by gateway/errors.c). */
enum outcome {
    OUTCOME_ACCEPTED,  /* Said yes; proof is still owed (OV-01). */
    OUTCOME_GONE,      /* No such position or order: re-read, then success. */
    OUTCOME_REFUSED,   /* Certainly not executed; try again after hold. */
    OUTCOME_NOT_SENT,  /* Certainly never left this machine. */
    OUTCOME_AMBIGUOUS, /* May have been executed: never resend before proof. */
};

struct answer_event {
    uint64_t command_id;
    enum outcome outcome;
    bool uncontrollable; /* EC-12: follower or live account. */
    struct span hold;    /* Least wait before the same request goes out again; 0: the usual back-off. */
    int64_t order_id;    /* Of a placed order, or 0. */
    int32_t http_status; /* 0: no answer. */
    int32_t code;        /* The endpoint's errorCode, -1: none. */
    char text[160];      /* The broker's words or ours, secrets masked. */
};

enum admin_kind { ADMIN_UNLOCK, ADMIN_FLATTEN };

struct admin_event {
    enum admin_kind kind;
    int64_t account_id;
    int32_t rule;          /* Unlock: rule number, or 0 for every lockout in the scope. */
    char root[ROOT_MAX];   /* Unlock: "" for the account scope, else the root; flatten: "" all. */
    char reason[WHY_MAX];
};

enum mode { MODE_STARTING, MODE_NORMAL, MODE_DEGRADED, MODE_BLIND };

struct mode_event {
    enum mode mode;
    bool user_live;
    bool market_live;
    char reason[WHY_MAX];
};

/* A goal that was not proven when the last process ended (RT-11, ID-02). */
struct goal_row {
    uint64_t incident;
    int64_t account_id;
    struct contract_id contract;
    int32_t rule;
    int32_t size;             /* At most this many contracts, absolute. */
    bool flatten;             /* Also every working order of the contract. */
    int32_t reduced_from;     /* Most held, signed, when a reduction of ours left; 0: none did.  What it left too large is trimmed (trim.c). */
    bool close_unresolved;    /* A close or reduce was sent and its effect never seen. */
    struct instant since;
    struct instant sent_at;
};

struct trade_restored {
    struct trade_row row;
    bool judged;
};

struct position_restored {
    struct position_row row;
    int32_t ceiling_long, ceiling_short; /* R-ALL-8. */
    uint8_t memory[RULE_MEMORY_STORED];
};

/* What the store remembers; the first event after engine_new (may be empty).  Orders come from the broker only. */
struct restore {
    uint64_t next_command_id;
    uint64_t next_incident;
    struct instant saved_at; /* Last instant the store saw a live daemon; INSTANT_NONE on a first start. */
    const struct lockout *lockouts;
    const struct trade_restored *trades;
    const struct position_restored *positions;
    const struct goal_row *goals;
    const struct contract_row *contracts;
    uint32_t lockouts_count, trades_count, positions_count, goals_count, contracts_count;
};

enum event_kind {
    EVENT_CLOCK, /* Nothing but time passed; deadlines up to now are due. */
    EVENT_POSITION,
    EVENT_ORDER,
    EVENT_TRADE,
    EVENT_ACCOUNT,
    EVENT_QUOTE,
    EVENT_CONTRACT,
    EVENT_SNAPSHOT,
    EVENT_ANSWER,
    EVENT_CONFIG,
    EVENT_ADMIN,
    EVENT_MODE,
    EVENT_RESTORE,
    EVENT_OVERFLOW, /* Events of an account (0: all) were lost: reconcile. */
    EVENT_KINDS,
};

#define EVENT_BIT(kind) (1u << (kind))

struct event {
    enum event_kind kind;
    struct instant at;         /* Time of receipt, never before the event before. */
    uint64_t correlation;      /* LG-06; 0 if none. */
    union {
        struct position_row position;
        struct order_row order;
        struct trade_row trade;
        struct account_row account;
        struct quote_row quote;
        struct contract_row contract;
        struct snapshot snapshot;   /* Arrays borrowed for the step. */
        struct answer_event answer;
        const struct config *config; /* Borrowed until the next EVENT_CONFIG. */
        struct admin_event admin;
        struct mode_event mode;
        struct restore restore;      /* Arrays borrowed for the step. */
        int64_t overflow_account_id;
    } u;
};

const char *event_kind_name(enum event_kind kind);

/** May this order still trade (OL-01)?  Unknown statuses may (P6). */
bool order_may_execute(int32_t status);

#endif /* CORE_EVENT_H */
