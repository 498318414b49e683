/*
 * guard.h - the event path of riskd: gateways, engine, store, feed and log around one shell (architecture.md).
 *
 *     gateway --event--> guard_event --> shell_event --> commands -> gateway, records -> writer, notices -> feed, log, board
 *
 * All on the loop thread.  daemon.c builds it, starts it and takes it apart.
 */
#ifndef APP_GUARD_H
#define APP_GUARD_H

#include "app/alerts.h"
#include "app/clock.h"
#include "app/flight.h"
#include "app/log.h"
#include "app/metrics.h"
#include "app/shell.h"
#include "app/space.h"
#include "app/status.h"
#include "config/load.h"
#include "feed/publish.h"
#include "gateway/gateway.h"
#include "os/service.h"
#include "store/writer.h"

#define GUARD_TICK_MS 1000

struct guard;

/* One login and what it sees (S-4). */
struct guard_user {
    struct guard *guard;
    struct gateway *gateway;
    struct mode_event mode;
};

struct guard {
    uv_loop_t *loop;
    struct log *log;
    struct loaded_config *config; /* In force; owned by daemon.c. */
    struct writer *writer;
    struct feed *feed;            /* NULL: nobody can listen. */
    struct overview overview;
    struct engine *engine;
    struct shell *shell;
    struct guard_user *users;
    int32_t users_count;
    struct trusted_clock clock;
    struct flight flight;
    struct status_board board;
    struct metrics metrics;
    struct alerts *alerts;        /* NULL: none. */
    bool degraded_told;           /* By an alert. */
    struct space space;
    bool rested;                  /* See struct gateway_settings. */
    uv_timer_t deadline;
    int64_t frame_ns;             /* Of the frame whose event is being stepped; 0: none. */
    uint64_t failed_told;         /* Log lines no file took, when last looked. */
    int64_t stepped_ns;           /* Monotonic: when a step of the wall clock was told; 0: there is none. */
    int64_t ticked_ns;            /* Monotonic: the last guard_tick(). */
    uint64_t ticks;
    int64_t head_told;            /* Row of the enforcement log whose hash was written down last. */
    bool stopping;
};

/** Engine and shell on @config; guard->loop and ->log are set, the rest zeroed.  guard_fini() takes it apart again. */
MUST_USE enum status guard_init(struct guard *guard, struct loaded_config *config, struct error *err);
void guard_fini(struct guard *guard);

/** Make the gateway of each user; none is started yet. */
MUST_USE enum status guard_make_gateways(struct guard *guard, struct error *err);

/** AK-05: the keys of @config, which is in force from now on, are tried by the gateways that have another one. */
void guard_take_keys(struct guard *guard, const struct loaded_config *config);

/** Trusted time (S-21). */
struct instant guard_now(struct guard *guard);

/** An event of our own (restore, configuration, admin); its time is set here. */
void guard_event(struct guard *guard, struct event *event);

/** Something a person has to see: log, feed, board and ledger.  @level 1 warn, 2 critical. */
void guard_alarm(struct guard *guard, int32_t level, const char *format, ...) PRINTF_LIKE(3, 4);

/** What writer_options need. */
void guard_on_synced(void *context, uint64_t ticket);
void guard_on_store_alarm(void *context, bool solved, const char *text);

/** What feed_options need: everything a new listener begins with. */
void guard_write_overview(void *context, struct text *out, struct instant *ret_now);

/** Take the store's figures onto the board, before it is shown. */
void guard_note_store(struct guard *guard);

/** The feed's daemon_status; also when the mode changes. */
void guard_publish_status(struct guard *guard);

/** In guard_tick.c.  Each GUARD_TICK_MS: the loop's lag, the clock's honesty, the log's losses, the store's sign of life. */
void guard_tick(struct guard *guard);

/** In guard_tick.c.  What the system tells of itself (S-21, SR-11): nothing waits for the next tick to find out. */
void guard_notice(struct guard *guard, enum service_notice notice);

/** Both hubs live and the first truth in (S-1). */
bool guard_is_ready(const struct guard *guard);

#endif /* APP_GUARD_H */
