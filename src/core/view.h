/*
 * view.h - what rules may look at: one account, as it stands after the event.
 *
 * Everything is borrowed for the call and read-only, but for a rule's own memory.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "core/config.h"
#include "core/update.h"

/* One expiry of a product, with its last known quote (sparse fields merged). */
struct contract {
    struct contract_id id;
    char root[ROOT_MAX];       /* "ES"; from the name, else the built-in table, else the code. */
    char code[ROOT_MAX];       /* "EP". */
    bool micro;                /* MES, MNQ, ... (R-001-2). */
    int64_t tick_size_nanos;   /* 0 while unknown. */
    int64_t tick_value_micros;
    bool has_last, has_bid, has_ask;
    int64_t last_nanos, bid_nanos, ask_nanos;
    bool has_mid;
    int64_t mid_nanos;         /* Of the last quote that was not crossed (FV-03). */
    struct instant quoted_at;  /* Arrival of the last quote; INSTANT_NONE: never. */
    /* The rest is market.c's. */
    struct position *holders;
    int64_t value_numerator, value_denominator; /* micros per nano of price, reduced. */
    struct instant dropped_at;   /* When the last holder went flat. */
    struct account *subscriber;  /* Over whose link its quotes come; NULL: not subscribed. */
    struct instant watched_at; /* Held since, by anybody. */
};

enum mark { MARK_LAST, MARK_EXIT, MARKS };

struct account; /* core/account.h, all three. */
struct engine;
struct stop_request;

struct position {
    struct contract *contract;     /* Read-only for rules. */
    struct position *next;         /* Of the account: view_positions(). */
    int64_t id;
    int32_t size;                  /* Signed.  May be 0 while something is remembered; view_positions() skips those. */
    bool priced[MARKS];            /* R-004-3: has a mark and a tick value. */
    bool crossed : 1;              /* Reversed, and the fill that did it is not known yet (R-006-3). */
    bool held : 1;                 /* Linked into contract->holders. */
    bool missing : 1;              /* Not in the snapshot being applied. */
    int64_t average_price_nanos;
    struct instant created_at;     /* At the broker, else first seen. */
    uint64_t sequence;             /* Larger: opened later (R-001-3, ties: newest). */
    int64_t open_micros[MARKS];    /* Open P&L, where priced. */
    /* The rest is book.c's, market.c's and enforce.c's. */
    struct account *account;
    struct position *next_holder, *previous_holder;
    int32_t last_size;             /* Before this one, not 0. */
    struct instant touched_at;     /* Last news. */
    struct instant reads_from;     /* Reads asked before then know less (OV-04). */
    struct instant ahead_until;    /* A read showed `ahead` before the stream did: until then, or until it does, its words may be older. */
    int32_t ahead;
    int32_t ceiling_long, ceiling_short;
    struct stop_request *stop;     /* RULE-012's last one; NULL: none since it opened. */
    struct instant exit_filled_at; /* An order against it filled: less of it is held than the last event said, or soon will be. */
    struct instant blind_next;     /* Told of its price being lost: not again before. */
    uint64_t memory_hash;          /* Of the memory as last stored. */
    int64_t quiet_low_nanos, quiet_high_nanos; /* While the last price is between, no rule cares for it (judge.c). */
    _Alignas(8) uint8_t memory[RULE_MEMORY_MAX]; /* Rules keep structs in it. */
};

struct order {
    int64_t id;
    const struct contract *contract;
    struct order *next;       /* Of the account: view_orders(). */
    struct instant created_at;
    struct instant updated_at;
    int64_t limit_price_nanos, stop_price_nanos;
    int64_t parent_id;        /* Bracket child: its entry; 0: none. */
    int32_t status, type, side, size, filled; /* Broker's integers, see core/event.h. */
    bool has_limit_price : 1, has_stop_price : 1;
    bool fitted : 1;          /* Since its size last grew it has been no larger than the position against it. */
    bool ours : 1;            /* RULE-012 placed it, of this process or an earlier one. */
    /* The rest is book.c's and enforce.c's. */
    bool unwanted : 1;        /* Must go; set by rules and lockouts. */
    bool swept : 1;           /* Was cancelled by us: a fill of it is ours to undo for 30 s. */
    bool missing : 1;         /* Vanished from a snapshot; being looked up (SR-06). */
    bool looking : 1;         /* The command in flight is a look-up, not a cancel. */
    bool trim : 1;            /* Only reduced before a reduction of ours; may not be larger than what is left (trim.c). */
    bool trimming : 1;        /* The command in flight makes it smaller. */
    bool unresolved : 1;      /* A cancel was accepted or may have been; no proof yet. */
    bool earlier : 1;         /* Known when the last close of its contract left: it is not that close. */
    int8_t agreeing;          /* Reads since the answer that still show it. */
    int8_t rule;
    int8_t attempts;          /* INT8_MAX: that many or more. */
    int32_t trim_to;          /* What was asked to be left of it. */
    uint64_t command;         /* Cancel or modify in flight, 0: none. */
    uint64_t incident;
    struct instant sent_at, retry_at, read_at, touched_at;
};

/* A half-turn, as far as rules need it; its price the feed's chronicle keeps. */
struct trade {
    int64_t id;
    int64_t order_id;
    struct instant at;
    int64_t pnl_micros;       /* Gross; 0 unless has_pnl. */
    int64_t costs_micros;     /* Fees and commissions. */
    /* Packed, and linked by numbers in the engine's pool of trades: there are hundreds for each account. */
    uint32_t next_same_id, next_same_order; /* ledger.c's chains. */
    uint32_t older : TRADE_BITS;     /* The account's next older by (at, id); 0: none.  view_older_trade(). */
    uint32_t side : 1;               /* enum order_side. */
    uint32_t has_pnl : 1;            /* 0: an opening half-turn. */
    uint32_t voided : 1;
    uint32_t judged : 1;             /* Rules have seen it, durably (R-ALL-9). */
    uint32_t size : SIZE_BITS;
    uint32_t contract : CONTRACT_BITS; /* Its number in the engine's pool. */
    uint32_t opened : 1;             /* Opened, increased or reversed a position (R-006-3). */
    uint32_t first_of_order : 1;     /* The first fill of its order that did. */
};

struct view {
    struct instant now;
    enum event_kind wake;            /* Why the rule is asked: EVENT_TRADE for each new trade of a snapshot too. */
    const struct config *config;
    const struct account_config *account_config;
    int64_t account_id;
    struct day_totals day;           /* Today's figures. */
    int32_t entries_today;           /* Trades of the day with first_of_order. */
    enum answer can_trade;           /* Last known. */
    enum answer can_trade_event;     /* As this event has it (EVENT_ACCOUNT, EVENT_SNAPSHOT); unknown otherwise. */
    bool positions_known;            /* A snapshot's positions have been seen. */
    bool orders_known;               /* All may-execute orders too (R-008-4). */
    const struct trade *trade;       /* EVENT_TRADE: the one to judge. */
    const struct position *position; /* EVENT_POSITION: the one that changed (size may be 0), else NULL. */
    const struct contract *quoted;   /* EVENT_QUOTE. */
    int64_t open_micros[MARKS];      /* Sum over priced positions. */
    int32_t unpriced[MARKS];         /* Positions left out of it. */
    int32_t rule;                    /* Number of the rule being asked. */
    const struct engine *engine;
    struct account *account;
    uint32_t memory_offset;          /* Of this rule in a position's memory. */
    uint32_t rule_bit;               /* 1 << its index in the table. */
    void *account_memory;            /* This rule's, if the account's `remembers` has its bit. */
    size_t account_memory_size;
};

/** First position with size != 0, and the next.  NULL at the end. */
const struct position *view_positions(const struct view *view);
const struct position *view_next_position(const struct position *position);
const struct position *view_position_of(const struct view *view, const struct contract *contract);

/** First order that may execute (order_may_execute), and the next. */
const struct order *view_orders(const struct view *view);
const struct order *view_next_order(const struct order *order);

/** Newest trade of the account, voided ones included, and the next older one.  Not only today's: at least the last hour's too. */
const struct trade *view_newest_trade(const struct view *view);
const struct trade *view_older_trade(const struct view *view, const struct trade *trade);
/** The account's trades of one order, itself included, in no order: the first (@trade NULL) and the next. */
const struct trade *view_trade_of_order(const struct view *view, int64_t order_id, const struct trade *trade);

/** This rule's own lockout or cooldown for a root ("" = account) if it stands, else NULL. */
const struct lockout *view_lockout(const struct view *view, const char *root);

/**
 * This rule's memory of a position: memory_size bytes of its struct rule, zeroed when the position opens, goes flat or reverses,
 * stored with the position.  The one thing evaluate may write.
 */
void *view_memory(const struct view *view, const struct position *position);
/** This rule's memory of the account: account_memory_size bytes.  Not stored.  NULL until the one below has been called. */
void *view_account_memory(const struct view *view);
/** The same; zeroed when asked for the first time. */
void *view_take_account_memory(const struct view *view);

/** Does a configured symbol mean this contract (R-ALL-13)? */
bool view_symbol_matches(const char *symbol, const struct contract *contract);

/** Remaining size of an order. */
int32_t order_remaining(const struct order *order);
/** Stop, stop-limit or trailing stop, as R-008-2 lists them. */
bool order_is_stop(const struct order *order);
/** Would this order only shrink the position @size (opposite side, and all such orders need not be added up)? */
bool order_reduces(const struct order *order, int32_t position_size);
/**
 * May this order stay where no entry may (R-ALL-8, R-009-2, R-011-1)?  It only reduces the position of @size, or it is a stop against it that did when it was
 * placed: a partial exit may not cost what is left its protection.
 */
bool order_may_stay(const struct order *order, int32_t position_size);
/** Working protective stop for a position of @size (R-008-2): open, opposite side, stop, stop-limit or trailing stop. */
bool order_protects(const struct order *order, int32_t position_size);

#endif /* CORE_VIEW_H */
