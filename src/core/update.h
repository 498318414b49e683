/*
 * update.h - everything one step asks of the shell: commands, records, notices, in that order (architecture.md).
 */
#ifndef CORE_UPDATE_H
#define CORE_UPDATE_H

#include "core/event.h"

enum command_kind {
    COMMAND_CLOSE,        /* closeContract: whole position. */
    COMMAND_REDUCE,       /* partialCloseContract by size. */
    COMMAND_CANCEL,       /* One order. */
    COMMAND_PLACE_STOP,   /* RULE-012: a protective stop, never larger than the position. */
    COMMAND_MODIFY_STOP,  /* Its price or size; also another order's size, down to what a reduction has left (trim.c). */
    COMMAND_READ,         /* Fresh positions and orders of the account, answered by EVENT_SNAPSHOT. */
    COMMAND_LOOK_UP_ORDER,    /* searchById, answered by EVENT_ORDER. */
    COMMAND_LOOK_UP_CONTRACT, /* Metadata, answered by EVENT_CONTRACT. */
    COMMAND_SUBSCRIBE,    /* Quotes of a contract (ES-04). */
    COMMAND_UNSUBSCRIBE,
    COMMAND_SYNC,         /* Full reconciliation of an account incl. trades (SR-11), 0: all. */
};

struct command {
    uint64_t id;          /* Unique for ever in this store; also the customTag's number. */
    uint64_t incident;    /* The breach it serves, 0 for upkeep. */
    enum command_kind kind;
    int32_t rule;
    int64_t account_id;
    struct contract_id contract;
    int64_t order_id;     /* Cancel, modify, look-up. */
    int32_t size;         /* Reduce: by; place, modify: absolute size, what is filled included (modify 0: unchanged). */
    int32_t filled;       /* Modify: so much of size has been filled; the rest is what works. */
    int32_t side;         /* Place, reduce: what the order, or the reduction, does. */
    int64_t price_nanos;  /* Place, modify: stop price. */
    uint64_t tag;         /* Place: the customTag's number if this asks again for an order that may be there already; 0: id. */
};

enum lock_kind {
    LOCK_FLAT,    /* Hard: nothing may be held or rest in the scope (R-ALL-7). */
    LOCK_ENTRIES, /* Cooldown: ceilings, entry orders cancelled, protection stays (R-ALL-8). */
    LOCK_BLOCK,   /* Entry orders cancelled, positions left (R-011-1 with close_existing: false). */
};

enum lock_end { LOCK_UNTIL_TIME, LOCK_UNTIL_RESET, LOCK_UNTIL_CLEARED, LOCK_UNTIL_ADMIN };

/* One entry of an account's set (R-ALL-9); its key is (account, rule, root). */
struct lockout {
    int64_t account_id;
    int32_t rule;
    char root[ROOT_MAX];      /* "": the whole account. */
    enum lock_kind kind;
    enum lock_end end;
    struct instant since;
    struct instant until;     /* INSTANT_NEVER when no end by time is known. */
    struct span duration;     /* Of a cooldown tier; 0 otherwise. */
    uint64_t incident;
    char why[WHY_MAX];
};

enum record_kind {
    RECORD_BREACH,         /* Ledger: what was observed (R-ALL-14).  Synced. */
    RECORD_LOCKOUT_SET,    /* Synced; also when an entry is extended. */
    RECORD_LOCKOUT_END,    /* Synced. */
    RECORD_GOAL_SET,       /* An intent: this contract at most size.  Synced. */
    RECORD_SENT,           /* A command left.  Synced. */
    RECORD_ANSWERED,
    RECORD_GOAL_PROVEN,    /* Synced. */
    RECORD_ALARM,
    RECORD_ADMIN,          /* Synced. */
    RECORD_TRADE,          /* New or newly voided; trade.judged says rules have seen it.  Synced with its day. */
    RECORD_POSITION,       /* Mirror, batched. */
    RECORD_ORDER,          /* Mirror, batched. */
    RECORD_CONTRACT,       /* Mirror, batched. */
    RECORD_DAY,            /* Totals of an account's trading day, batched. */
    RECORD_MODE,           /* Mode changes: blind spans (HM-04). */
    RECORD_SERVICE,        /* The daemon itself: started, stopped, was off, reloaded (R-ALL-14).  Synced. */
};

/* An account's figures of one trading day. */
struct day_totals {
    struct instant starts_at, ends_at;
    int32_t date;              /* Of the day's end in the reset's zone, days since 1970. */
    int64_t gross_micros;      /* Sum of half-turns' P&L. */
    int64_t fees_micros;       /* Fees and commissions, positive. */
    int32_t trades;            /* Half-turns, voided ones left out. */
    int32_t round_turns;       /* Those with P&L. */
    int64_t open_low_micros, open_high_micros;         /* Extremes of open P&L. */
    int64_t realized_low_micros, realized_high_micros; /* Of gross - fees. */
};

struct record {
    enum record_kind kind;
    struct instant at;
    uint64_t incident;
    int64_t account_id;
    int32_t rule;
    union {
        struct breach {
            int32_t action;          /* enum action. */
            int32_t unit;            /* enum unit. */
            int64_t observed, limit;
            char why[WHY_MAX];
        } breach;
        struct lockout lockout;
        struct goal_row goal;
        struct {
            struct command command;
            struct answer_event answer; /* RECORD_ANSWERED only. */
        } request;
        struct {
            struct goal_row goal;
            struct span took;
        } proven;
        struct {
            int32_t level;           /* 1 warn, 2 critical. */
            char text[WHY_MAX];
        } alarm;
        struct admin_event admin;
        struct trade_restored trade;
        struct position_restored position;
        struct order_row order;
        struct contract_row contract;
        struct day_totals day;
        struct mode_event mode;
        struct {
            char what[16];           /* "start", "stop", "gap", "reload", "hub", "session", "read". */
            char text[WHY_MAX];
        } service;
    } u;
};

enum notice_kind {
    NOTICE_BREACH,
    NOTICE_LOCKOUT_SET,     /* Durable: published once its record is synced. */
    NOTICE_LOCKOUT_CLEARED, /* Durable. */
    NOTICE_ENFORCEMENT,     /* sent, answered, proven. */
    NOTICE_ALARM,
    NOTICE_WARNING,         /* R-ALL-15 and missing data. */
    NOTICE_DAILY_RESET,
    NOTICE_RULE_STATUS,     /* A rule's gauge moved. */
    NOTICE_PNL,             /* Realised or open P&L changed. */
    NOTICE_MODE,
};

enum enforcement_step { STEP_SENT, STEP_ANSWERED, STEP_PROVEN };

struct notice {
    enum notice_kind kind;
    bool durable;
    struct instant at;
    uint64_t incident;
    int64_t account_id;
    int32_t rule;
    int32_t level;               /* Alarm, warning: 1 yellow, 2 red. */
    int32_t action;              /* enum action. */
    int32_t unit;                /* enum unit. */
    int64_t observed, limit;
    struct contract_id contract;
    char text[WHY_MAX];
    union {
        struct lockout lockout;
        struct {
            enum enforcement_step step;
            struct command command;
            enum outcome outcome;
            struct span took;    /* Proven: since the breach. */
        } enforcement;
        struct day_totals day;   /* Daily reset: the old day. */
        struct {
            int64_t realized_micros, open_micros;
            int32_t unpriced;
        } pnl;
        struct mode_event mode;
    } u;
};

struct update {
    const struct command *commands;
    const struct record *records;
    const struct notice *notices;
    uint32_t commands_count, records_count, notices_count;
};

const char *command_kind_name(enum command_kind kind);
const char *record_kind_name(enum record_kind kind);
const char *outcome_name(enum outcome outcome);
const char *mode_name(enum mode mode);

/** Must this record be on disk before it is claimed (S-9)? */
bool record_is_promise(enum record_kind kind);

#endif /* CORE_UPDATE_H */
