/*
 * turn.c - a turn of the loop: sockets first, other threads after.
 *
 * libuv runs "prepare" right before it waits for sockets and "check" right after their callbacks.
 */
#include "app/turn.h"

#include "app/log.h"
#include "store/writer.h"

static void
on_before(uv_prepare_t *before)
{
    struct turn *turn = before->data;

    writer_hold(turn->writer);
    log_hold(turn->log);
}

static void
let_go(struct turn *turn)
{
    writer_let_go(turn->writer);
    log_let_go(turn->log);
}

static void
on_after(uv_check_t *after)
{
    let_go(after->data);
}

void
turn_start(struct turn *turn, uv_loop_t *loop, struct writer *writer, struct log *log)
{
    turn->writer = writer;
    turn->log = log;
    uv_prepare_init(loop, &turn->before);
    uv_check_init(loop, &turn->after);
    turn->before.data = turn->after.data = turn;
    uv_prepare_start(&turn->before, on_before);
    uv_check_start(&turn->after, on_after);
}

void
turn_stop(struct turn *turn)
{
    uv_close((uv_handle_t *)&turn->before, NULL);
    uv_close((uv_handle_t *)&turn->after, NULL);
    let_go(turn);
}
