/*
 * account.h - the engine's own state, shared by the files of core/ only (book, ledger, market, lockout, enforce, judge, engine).
 *
 * Ownership: everything lives in the engine's pools; pointers between the parts are plain and never outlive a pool item:
 * positions, orders and trades are linked into their account, positions also into their contract.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/engine.h"
#include "core/pool.h"
#include "core/table.h"

enum target_state {
    TARGET_ACTING,  /* Something still has to be sent, answered or seen. */
    TARGET_PROVING, /* The stream shows the goal; a REST read has to agree. */
    TARGET_DONE,    /* Proven; watched for a late fill (R-ALL-5). */
};

#define SIDE_NOT_KNOWN (-1)

/* Orders against a position that can fill together: a stop and a target of one bracket cannot. */
enum trim_kind { TRIM_STOPS, TRIM_LIMITS, TRIM_KINDS };

/*
 * What must be true of one contract of one account: at most `size` contracts, no order marked unwanted
 * (resilience.md 2, Enforcement).
 */
struct target {
    struct target *next; /* Of the account. */
    const struct contract *contract;
    enum target_state state;
    int32_t size;             /* At most, absolute; INT32_MAX: only orders matter. */
    bool flatten;             /* Every order of the contract is unwanted. */
    bool restored;            /* From before a restart: nothing is sent before the first snapshot. */
    bool unresolved;          /* A close or reduce may still take effect: no other one goes out. */
    bool satisfied;           /* Position seen at the goal since the last send ... */
    bool old_words;           /* ... by words of the stream that may be older than a read. */
    bool sent_anything;
    bool settled;             /* The close or reduce sent last is done with: its order has ended, its answer says that there is none, or it is proven. */
    bool in_doubt;            /* Exposure was shown before that: unresolved until then, or until two reads agree. */
    int8_t side;              /* enum order_side of the order that carries it out, should it meet what was held; SIDE_NOT_KNOWN: an earlier process's. */
    int8_t agreeing;          /* Reads since that still show too much, at least 1 s apart. */
    int8_t level;             /* Of the alarm raised. */
    int8_t attempts;          /* Certain failures in a row; INT8_MAX: that many or more. */
    int32_t rule;
    int32_t size_seen;        /* By the last such read, signed. */
    int32_t spare[TRIM_KINDS]; /* By how much orders against the position exceeded it before our reduction (trim.c). */
    int32_t reduced_from;     /* As in struct goal_row. */
    bool unmarked;            /* An earlier process reduced; its orders are still to be marked (trim.c). */
    uint64_t incident;
    uint64_t command;         /* Close or reduce in flight; 0: none. */
    struct instant since;     /* Of the breach. */
    struct instant urgent_from; /* When what is wanted last became stricter. */
    struct instant sent_at;
    struct instant read_at;   /* asked_at of the last agreeing read. */
    struct instant retry_at;  /* Not before. */
    struct instant alarm_at;
    struct instant shown_at;  /* When the stream showed the goal: reads asked later prove it. */
    struct instant done_at;
    struct instant not_proven_before; /* After a late fill: its position event may still be on its way. */
};

/* What RULE-012 asked for last, of one position. */
struct stop_request {
    uint64_t command;       /* In flight; 0: answered. */
    uint64_t tag;           /* customTag's number of a placement not seen yet: asked for again under it (ID-03); 0: none. */
    int64_t order_id;       /* The request changed this order; 0: it placed one. */
    int64_t price_nanos;    /* Asked for; 0: only the size. */
    struct instant sent_at;
    bool unproven;          /* A placement whose outcome is unknown (OV-05). */
    bool checked;           /* What was asked for has been seen. */
    bool told;              /* Of nothing being known. */
    int32_t refusals;       /* Placements refused in a row. */
    struct instant refusals_told_at;
};

struct lock_entry {
    struct lock_entry *next; /* Of the account. */
    struct lockout lockout;
    bool ceilings_zero;      /* Of a cooldown, as it was set. */
};

/* A contract whose position and trades do not agree (doubt.c). */
struct doubt {
    struct doubt *next;  /* Of the account. */
    const struct contract *contract;
    int32_t unexplained; /* The position's change less that of its trades. */
    bool told;           /* A reconciliation has been asked for. */
    struct instant since;
};

/* A gauge as kept: its unit and level are in the account. */
struct figures {
    int64_t observed, limit;
};

/* There may be thousands: what only some rules or accounts need is elsewhere (world.c). */
struct account {
    int64_t id;
    int32_t index;
    int32_t heap_index;
    const struct account_config *config;
    struct position *positions; /* Newest first. */
    struct order *orders;
    uint32_t newest_trade;      /* Its number; 0: none.  Older ones by ->older. */
    int32_t entries_today;      /* Trades of the day that are the first of their order to open something (R-006-3). */
    struct target *targets;
    struct lock_entry *lockouts;
    struct day_totals day;
    int64_t open_micros[MARKS];
    int32_t unpriced[MARKS];
    enum answer can_trade;
    struct instant can_trade_from; /* Reads asked from then on may say otherwise. */
    enum answer simulated;
    bool positions_known : 1, orders_known : 1;
    bool uncontrollable : 1;
    bool full_positions_told : 1, full_orders_told : 1; /* No room for another: told once, not with each event. */
    bool touched : 1;        /* Needs the enforcement pass at the end of this step. */
    bool deadline_stale : 1;
    bool read_in_flight : 1;
    bool quiet;              /* Quotes within these bands and the positions' own change nothing (judge.c). */
    struct doubt *doubts;
    struct instant compared_from; /* Trades and positions: the first read of positions was asked then. */
    int64_t strange_order;        /* A trade has told of it, nothing else has; 0: none. */
    struct instant strange_since;
    uint32_t missing_shown;  /* Rules (bit by index) whose missing data has been warned of (R-ALL-6). */
    uint32_t told;           /* Rules whose breach, of which nothing follows (only told, or in shadow), has been told. */
    struct instant read_sent_at;
    struct instant read_due; /* NEVER: none wanted. */
    struct instant pnl_shown_at;
    struct instant deadline;
    uint32_t enabled;            /* Rules by bit of their index. */
    uint32_t remembers;          /* Those with a memory of the account. */
    struct band quiet_open[MARKS];
    struct instant next_wake;    /* Earliest of wake_at. */
    struct instant *wake_at;     /* Of each rule of the table, likewise the figures of its gauge. */
    struct figures *gauges;
    uint8_t gauge_units[RULES_MAX], gauge_levels[RULES_MAX];
    char name[NAME_MAX_LENGTH];
};

/* A breach of the step being made, kept back until all rules have spoken (R-ALL-2). */
struct pending_breach {
    struct account *account;
    int32_t rule;
    enum action action;
    enum unit unit;
    int64_t observed, limit;
    uint64_t incident;
    char why[WHY_MAX];
};

/* A stop some rule wants, kept back until all have spoken. */
struct pending_stop {
    struct want_stop want;
    int32_t rule;
};

#define READ_LAG SPAN_MS(2000) /* So long reads may trail the stream (gateway.md 10.13): one asked earlier does not stand against its word. */
#define CLOSE_WAITED_FOR SPAN_SECONDS(10) /* A close that works that long may block the next one no longer. */
#define TRADES_BATCH 256

struct engine {
    const struct config *config;
    const struct rule *const *rules;
    int32_t rules_count;
    uint32_t woken_by[EVENT_KINDS]; /* Rules that listen to an event, by bit of their index. */
    uint32_t quote_rules;           /* Rules that need quotes, likewise. */
    uint32_t memory_offsets[RULES_MAX];
    struct instant now;
    struct account *accounts;
    struct instant *wake_at; /* Rows of rules_count, one for each account. */
    struct figures *gauges;
    uint8_t *account_memory[RULES_MAX]; /* Of each rule, for all accounts: where a rule remembers nothing, nothing is touched. */
    int32_t accounts_count;
    struct account **heap; /* Accounts by deadline, earliest first. */
    struct table by_id, contracts_by_id;
    uint32_t *trades_by_id, *trades_by_order; /* ledger.c: each account's chains, by the number of the first trade of each. */
    uint32_t trade_chains;                    /* Of an account; a power of two. */
    struct table in_flight;  /* Command id to account, for the answers. */
    bool full_told;          /* More contracts than there is room for. */
    bool opened;             /* Days are set: the first event has been seen. */
    struct pool contracts, positions, stops, orders, trades, targets, doubts, lockouts;
    uint64_t next_command, next_incident, next_sequence;
    enum mode mode;
    struct command *commands;
    struct record *records;
    struct notice *notices;
    uint32_t commands_count, records_count, notices_count;
    uint32_t commands_max, records_max, notices_max;
    struct pending_breach breaches[RULES_MAX];
    int32_t breaches_count;
    struct pending_stop wanted_stops[VERDICT_STOPS_MAX];
    int32_t wanted_stops_count;
    uint64_t dropped; /* Outputs beyond the bounds; a bug if ever not 0. */
    struct verdict verdict; /* Scratch: too large for the stack of a deep call. */
};

/* ---- output.c: filling the update ---- */
struct command *output_command(struct engine *engine, enum command_kind kind, struct account *account, const struct contract *contract);
struct record *output_record(struct engine *engine, enum record_kind kind, const struct account *account);
struct notice *output_notice(struct engine *engine, enum notice_kind kind, const struct account *account);
/** SR-05: what a read of the broker has told before the stream did, before and after, for the ledger. */
void output_difference(struct engine *engine, const struct account *account, const char *format, ...) PRINTF_LIKE(3, 4);
void output_alarm(struct engine *engine, const struct account *account, int32_t rule, int32_t level, uint64_t incident,
    const char *format, ...) PRINTF_LIKE(6, 7);
void output_sync(struct engine *engine, struct account *account);

/* ---- heap.c: which account is due next ---- */
void heap_update(struct engine *engine, struct account *account);

/** The same, and remembered until its answer comes. */
struct command *output_request(struct engine *engine, enum command_kind kind, struct account *account, const struct contract *contract);

/* ---- rewind.c ---- */
/** Time steps back to @at, on all accounts: nothing that was noted lies in the future, what waits is due. */
void rewind_to(struct engine *engine, struct instant at);

/* ---- world.c ---- */
struct account *world_account(const struct engine *engine, int64_t account_id);

/* ---- market.c ---- */
/**
 * Existing or new contract; NULL only when CONTRACTS_MAX are known.  Then @account, which has something in it, counts as uncontrollable;
 * NULL: nobody's.
 */
struct contract *market_contract(struct engine *engine, struct account *account, const char *contract_id);
void market_describe(struct engine *engine, const struct contract_row *row);
/** Merge a quote.  Returns the contract if anything a mark depends on changed, else NULL. */
struct contract *market_quote(struct engine *engine, const struct quote_row *row);
/** Recompute a position's open P&L and its account's sums. */
void market_price(struct position *position);
void market_hold(struct engine *engine, struct position *position);
void market_drop(struct engine *engine, struct position *position);

/* ---- doubt.c ---- */
/** What trades told before @until say of the position that its events have not shown, a change of its size; against its sign: it is ahead of them. */
int32_t doubt_awaited(const struct position *position, struct instant until);
/** The position has a new size. */
void doubt_moved(struct engine *engine, const struct position *position, int32_t size_before);
/** A trade was heard of for the first time. */
void doubt_traded(struct engine *engine, struct account *account, const struct trade *trade);
/** A read was applied, its trades too. */
void doubt_read(struct engine *engine, struct account *account, const struct snapshot *snapshot);
void doubt_check(struct engine *engine, struct account *account);
/** When doubt_check() has something to do. */
struct instant doubt_deadline(const struct account *account);

/* ---- book.c ---- */
struct position *book_find(const struct account *account, const struct contract *contract);
/** Returns the position, also when it went flat (size 0); NULL when nothing is held and nothing was. */
struct position *book_apply_position(struct engine *engine, struct account *account, const struct position_row *row);
/** The same on the stream's word: one about an earlier life than the position's own changes nothing (NULL). */
struct position *book_hear_position(struct engine *engine, struct account *account, const struct position_row *row);
struct order *book_apply_order(struct engine *engine, struct account *account, const struct order_row *row);
/** The same on the stream's word: an order that has ended stays so, whatever comes late.  NULL: nothing is new. */
struct order *book_hear_order(struct engine *engine, struct account *account, const struct order_row *row);
void book_apply_snapshot(struct engine *engine, struct account *account, const struct snapshot *snapshot);
void book_restore_position(struct engine *engine, struct account *account, const struct position_restored *restored);
/** Give back what is flat and remembers nothing, and orders terminal for a while. */
void book_sweep(struct engine *engine, struct account *account);
struct order *book_order(const struct account *account, int64_t order_id);
/** Store the positions whose rules now remember something else (R-005-2: it survives a restart). */
void book_store_memory(struct engine *engine, struct account *account);
void book_store_position(struct engine *engine, struct position *position);

/* ---- ledger.c ---- */
/** Insert or void.  Returns the trade if it waits for judgement, else NULL. */
struct trade *ledger_apply(struct engine *engine, struct account *account, const struct trade_row *row);
void ledger_restore(struct engine *engine, struct account *account, const struct trade_restored *restored);
/** Before a trade is judged: the day's sums have it from here on, and none that comes after it. */
void ledger_count(struct account *account, const struct trade *trade);
void ledger_judged(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row);
void ledger_open_day(struct engine *engine, struct account *account);
/** Close the old day: broadcast it, begin the new one, forget trades nobody can ask about. */
void ledger_roll(struct engine *engine, struct account *account);
/** A fill with P&L that turned out to have reversed the position (R-006-3). */
void ledger_store_day(struct engine *engine, const struct account *account);
void ledger_opened(struct engine *engine, struct account *account, struct trade *trade);
/** By number; NULL for 0. */
struct trade *ledger_trade(const struct engine *engine, uint32_t number);
/** The account's trades of one order, in no order: the first (@trade NULL) and the next. */
struct trade *ledger_of_order(const struct engine *engine, const struct account *account, int64_t order_id, const struct trade *trade);
/** From the oldest on: fills @batch with the next younger ones than @after (NULL: from the start), in order.  Returns how many. */
uint32_t ledger_younger(const struct engine *engine, const struct account *account, const struct trade *after,
    struct trade *batch[TRADES_BATCH]);
void ledger_track_open(struct account *account);

/* ---- lockout.c ---- */
struct lock_entry *lockout_find(const struct account *account, int32_t rule, const char *root);
/** Set or extend, never shorten.  True if anything changed. */
bool lockout_set(struct engine *engine, struct account *account, const struct rule *rule, const struct want_lock *want,
    uint64_t incident, const char *why);
void lockout_end(struct engine *engine, struct account *account, struct lock_entry *entry, const char *reason);
void lockout_end_due(struct engine *engine, struct account *account, bool day_rolled);
void lockout_restore(struct engine *engine, struct account *account, const struct lockout *lockout);
struct instant lockout_next_end(const struct account *account);
bool lockout_is_locked(const struct account *account, const char *root);
/** How many contracts may be held under the locks on that contract; INT32_MAX: any. @ret_lock: the one that says so. */
int32_t lockout_ceiling(const struct engine *engine, const struct account *account, const struct position *position,
    const struct lockout **ret_lock);
/** Must this working order go?  The lock that says so, or NULL. */
const struct lockout *lockout_forbids(const struct engine *engine, const struct account *account, const struct order *order);
bool lockout_any_cooldown(const struct account *account);
/** A position has changed: the ceilings of a cooldown that has just begun may not have known yet (R-ALL-8). */
void lockout_follow(const struct engine *engine, struct position *position, int32_t size_before);

/* ---- enforce.c ---- */
/** Want at most @size of a contract (0: flat, and no orders).  True if that asks for more than was asked already. */
bool enforce_want(struct engine *engine, struct account *account, const struct contract *contract, int32_t size, int32_t rule,
    uint64_t incident);
bool enforce_cancel(struct engine *engine, struct account *account, struct order *order, int32_t rule, uint64_t incident);
void enforce_restore(struct engine *engine, struct account *account, const struct goal_row *goal);
/** A swept order filled: what it opened is ours to undo (R-ALL-5). */
void enforce_late_fill(struct engine *engine, struct account *account, const struct contract *contract);
/** Send what is due, from the state as it is now. */
void enforce_run(struct engine *engine, struct account *account);
struct instant enforce_deadline(const struct engine *engine, const struct account *account);

/* ---- trim.c ---- */
/** A reduction is about to leave: which orders may not be larger than what it leaves. */
void trim_mark(struct account *account, struct target *target);
/** A read of positions and orders was applied: the same for a reduction of an earlier process. */
void trim_read(struct account *account, struct target *target);
/** Once the reduction is seen: ask for what is too large to be made smaller. */
void trim_run(struct engine *engine, struct account *account, struct target *target);
/** Is something still too large? */
bool trim_is_open(const struct account *account, const struct target *target);
/** Nothing is too large, or what is has been refused to be made smaller, and that was told. */
bool trim_is_settled(const struct account *account, const struct target *target);
struct instant trim_deadline(const struct account *account, const struct target *target);
void trim_answered(struct engine *engine, struct account *account, struct order *order, const struct answer_event *answer);

/* ---- stop.c ---- */
/** RULE-012's stop, after the strict outbound check FV-09.  True if a command went out. */
bool stop_send(struct engine *engine, struct account *account, const struct want_stop *want, int32_t rule);
/** Another life of the position, or its end: what was asked for is nobody's. */
void stop_forget(struct engine *engine, struct position *position);
void stop_answered(struct engine *engine, struct position *position, const struct answer_event *answer);
/** An order of the position's contract as the stream or a read has it. */
void stop_seen(struct position *position, const struct order *order);
/** A read of positions and orders was applied (OV-03). */
void stop_read(struct engine *engine, struct position *position, const struct snapshot *snapshot);
/** Tell of a request of which nothing is known for too long (OL-06). */
void stop_run(struct engine *engine, struct position *position);
struct instant stop_deadline(const struct engine *engine, const struct position *position);

/* ---- sight.c ---- */
/** At the account's deadline: tell of lost prices and act on them. */
void sight_check(struct engine *engine, struct account *account);
struct instant sight_deadline(const struct engine *engine, const struct account *account);

/** Contracts held, absolute. */
int32_t enforce_held(const struct account *account, const struct contract *contract);
struct goal_row enforce_goal_row(const struct account *account, const struct target *target);
/** A step of an enforcement for the feed: sent, answered. */
void enforce_publish(struct engine *engine, const struct account *account, enum enforcement_step step, const struct command *command,
    int32_t rule, uint64_t incident);
/** When the @attempts-th certain failure in a row is tried again (RT-04), @hold at the earliest. */
struct instant enforce_back_off(const struct engine *engine, int8_t attempts, struct span hold);
/** One more of them, of which nobody counts more than INT8_MAX: there may be a closed market's weekend of them. */
int8_t enforce_once_more(int8_t attempts);
void enforce_record_sent(struct engine *engine, struct account *account, const struct command *command);
/** Ask for a read of the account at @at or earlier. */
void enforce_want_read(struct account *account, struct instant at);

/* ---- prove.c ---- */
void prove_answer(struct engine *engine, struct account *account, const struct answer_event *answer);
/** After a snapshot has been applied: count agreeing reads, prove goals. */
void prove_read(struct engine *engine, struct account *account, const struct snapshot *snapshot);
/** Ask the broker when something is waited for. */
void prove_ask(struct engine *engine, struct account *account);

/* ---- judge.c ---- */
/** Ask the rules that wake on @wake (or whose deadline is due) and absorb their verdicts. */
struct occasion {
    enum event_kind wake;
    bool all;                        /* Snapshot, configuration: every enabled rule. */
    const struct trade *trade;
    const struct position *position;
    const struct contract *quoted;
    enum answer can_trade;
};
void judge(struct engine *engine, struct account *account, const struct occasion *occasion);
/** The position's contract has been quoted: need no rule be asked, as far as all have said? */
bool judge_is_quiet(const struct position *position);
/** A gauge as it stands now, also while quotes are not judged. */
struct gauge judge_gauge(const struct engine *engine, struct account *account, int32_t rule_index);
/** After the account's configuration has been set. */
void judge_enable(const struct engine *engine, struct account *account);
/** Tell and record it at the end of the step. */
void judge_remember_breach(struct engine *engine, const struct pending_breach *breach);
void judge_flush_breaches(struct engine *engine);

#endif /* CORE_ACCOUNT_H */
