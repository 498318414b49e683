/*
 * turn.h - a turn of the loop: sockets first, other threads after.
 *
 * While the loop serves sockets neither the store's writer nor the log's thread is woken: on two busy cores the one that wakes may take the
 * core of the one that is about to send a close (measured: a quarter of a millisecond).
 */
#ifndef APP_TURN_H
#define APP_TURN_H

#include <uv.h>

struct log;
struct writer;

struct turn {
    uv_prepare_t before;
    uv_check_t after;
    struct writer *writer;
    struct log *log;
};

/** Borrows all; from the next turn on. */
void turn_start(struct turn *turn, uv_loop_t *loop, struct writer *writer, struct log *log);
/** Nothing is held any more; the handles are closing, @turn must live until they are. */
void turn_stop(struct turn *turn);

#endif /* APP_TURN_H */
