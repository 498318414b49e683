/*
 * dashboard.c - messages in, keys in, pictures out.
 *
 *     listener --text--> model --frame_draw--> screen --terminal_show--> ncurses, which sends what changed
 *
 * Pictures are drawn ten times a second at most, when something came or the second changed; a key is answered at once.  While the daemon is not
 * there the database is read once a second into the same model.
 */
#include "app/dashboard.h"

#include "app/notes.h"
#include "app/offline.h"
#include "feed/listener.h"
#include "os/os.h"
#include "tui/frame.h"
#include "tui/input.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define FRAME_MS 100
#define KEYS_MS 25
#define ONCE_MS 1500                  /* How long --once waits for the daemon. */
#define DATABASE_TEXT ((size_t)8 << 20)
#define SCREEN_TEXT ((size_t)1 << 20)
#define CLOSING_TURNS 100

struct dashboard {
    const struct dashboard_options *options;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_poll_t keys;
    uv_signal_t stop[3];
    struct listener *listener;
    struct model *model;
    struct screen screen;
    struct ui ui;
    char *database;       /* Text of the snapshot read from it. */
    char *last;           /* --json: the newest snapshot as it came. */
    int64_t drawn_second, read_second;
    bool dirty, done;
    int code;
    uint64_t frames, draw_ns; /* --stats. */
};

/* ---- The picture ---- */

static void
draw(struct dashboard *dashboard)
{
    struct error err;
    int height, width;
    uint64_t began = uv_hrtime();

    dashboard->ui.now = os_utc_now();
    if (os_terminal_size(&width, &height))
        terminal_fit(height, width);
    terminal_size(&height, &width);
    if (height != dashboard->screen.height || width != dashboard->screen.width) {
        if (screen_resize(&dashboard->screen, height, width, &err) != OK)
            return;
        terminal_redraw();
    }
    frame_draw(&dashboard->screen, dashboard->model, &dashboard->ui);
    terminal_show(&dashboard->screen);
    dashboard->dirty = false;
    dashboard->drawn_second = dashboard->ui.now.ns / 1000000000;
    dashboard->frames++;
    dashboard->draw_ns += uv_hrtime() - began;
}

static void
pick_account(struct dashboard *dashboard)
{
    for (int i = 0; i < dashboard->model->accounts_count; i++)
        if (dashboard->model->accounts[i].id == dashboard->options->account_id)
            dashboard->ui.account = i;
}

/* ---- The database ---- */

static void
read_database(struct dashboard *dashboard)
{
    struct instant now = os_utc_now(), saved_at;
    struct error err = { 0 };
    struct ui *ui = &dashboard->ui;

    dashboard->read_second = now.ns / 1000000000;
    dashboard->dirty = true;
    ui->link = LINK_LOST;
    ui->data_at = dashboard->model->filled ? dashboard->model->at : INSTANT_NONE;
    if (dashboard->options->db == NULL)
        return;
    struct text text = text_on(dashboard->database, DATABASE_TEXT);
    if (offline_write(dashboard->options->db, now, &text, &saved_at, &err) != OK) {
        (void)snprintf(ui->link_text, sizeof ui->link_text, "%.150s", err.text);
        return;
    }
    bool first = !dashboard->model->filled;
    if (model_message(dashboard->model, text.data, text.length, &err) != OK)
        return;
    if (first)
        pick_account(dashboard);
    ui->link = LINK_DATABASE;
    ui->data_at = saved_at;
}

/* ---- The feed ---- */

static void
on_opened(void *context)
{
    struct dashboard *dashboard = context;

    dashboard->ui.retry_at = INSTANT_NONE; /* Live with the first snapshot. */
    dashboard->dirty = true;
}

static void
keep_last(struct dashboard *dashboard, const char *text, size_t length)
{
    free(dashboard->last);
    dashboard->last = malloc(length + 1);
    if (dashboard->last != NULL) {
        memcpy(dashboard->last, text, length);
        dashboard->last[length] = '\0';
    }
}

static void
on_message(void *context, const char *text, size_t length)
{
    struct dashboard *dashboard = context;
    struct error err;
    bool live = dashboard->ui.link == LINK_LIVE;
    int account = dashboard->ui.account;

    if (model_message(dashboard->model, text, length, &err) != OK)
        return; /* Counted by the model; the next one may be readable. */
    dashboard->dirty = true;
    if (live || !dashboard->model->filled)
        return;
    dashboard->ui.link = LINK_LIVE;
    dashboard->ui.data_at = INSTANT_NONE;
    dashboard->ui.account = account;
    if (account == 0)
        pick_account(dashboard);
    if (dashboard->options->json)
        keep_last(dashboard, text, length);
    if (dashboard->options->once || dashboard->options->json) {
        dashboard->done = true;
        uv_stop(&dashboard->loop);
    }
}

static void
on_lost(void *context, const char *why, int64_t retry_ms)
{
    struct dashboard *dashboard = context;
    struct ui *ui = &dashboard->ui;

    (void)snprintf(ui->link_text, sizeof ui->link_text, "no daemon at port %u: %.100s", (unsigned)dashboard->options->port, why);
    ui->retry_at = instant_add(os_utc_now(), SPAN_MS(retry_ms));
    read_database(dashboard);
    if (dashboard->options->once || dashboard->options->json)
        uv_stop(&dashboard->loop);
}

/* ---- Time, keys, signals ---- */

/* All keys that wait; false: there was none. */
static bool
take_keys(struct dashboard *dashboard)
{
    struct ui *ui = &dashboard->ui;
    bool any = false;
    int key;

    while ((key = terminal_key()) != -1) {
        input_key(ui, dashboard->model, key);
        any = true;
    }
    if (ui->note_added) {
        notes_append(dashboard->options->notes, &ui->notes[ui->notes_count - 1]);
        ui->note_added = false;
    }
    if (ui->quit)
        uv_stop(&dashboard->loop);
    return any;
}

static void
on_timer(uv_timer_t *timer)
{
    struct dashboard *dashboard = timer->data;
    int64_t second = os_utc_now().ns / 1000000000;

    /* ncurses tells of a new size as of a key, but without input. */
    bool pressed = take_keys(dashboard);
    if ((dashboard->ui.link == LINK_DATABASE || dashboard->ui.link == LINK_LOST) && second != dashboard->read_second)
        read_database(dashboard);
    if (dashboard->dirty || second != dashboard->drawn_second || pressed)
        draw(dashboard);
}

static void
on_keys(uv_poll_t *poll, int status, int events)
{
    struct dashboard *dashboard = poll->data;

    (void)events;
    if (status != 0 || !take_keys(dashboard)) /* Readable without a key: the terminal is gone. */
        uv_stop(&dashboard->loop);
    else if (!dashboard->ui.quit)
        draw(dashboard);
}

static void
on_signal(uv_signal_t *handle, int number)
{
    struct dashboard *dashboard = handle->data;

    (void)number;
    uv_stop(&dashboard->loop);
}

static void
on_once(uv_timer_t *timer)
{
    struct dashboard *dashboard = timer->data;

    read_database(dashboard);
    uv_stop(&dashboard->loop);
}

/* ---- Once ---- */

static int
print_once(struct dashboard *dashboard)
{
    const struct dashboard_options *options = dashboard->options;
    struct error err;
    char *bytes = malloc(SCREEN_TEXT);

    if (options->json && dashboard->done && dashboard->last != NULL)
        puts(dashboard->last);
    else if (options->json && dashboard->model->filled)
        puts(dashboard->database);
    if (!dashboard->model->filled || options->json) {
        if (!dashboard->model->filled)
            fprintf(stderr, "risktop: %s\n", dashboard->ui.link_text[0] == '\0' ? "no answer from the daemon" : dashboard->ui.link_text);
        free(bytes);
        return !dashboard->model->filled ? DASHBOARD_FAILED : dashboard->done ? DASHBOARD_LIVE : DASHBOARD_DATABASE;
    }
    if (bytes == NULL || screen_resize(&dashboard->screen, options->height, options->width, &err) != OK) {
        free(bytes);
        return DASHBOARD_FAILED;
    }
    struct text text = text_on(bytes, SCREEN_TEXT);
    dashboard->ui.now = os_utc_now();
    dashboard->ui.retry_at = INSTANT_NONE;
    frame_draw(&dashboard->screen, dashboard->model, &dashboard->ui);
    if (options->ascii)
        screen_to_ascii(&dashboard->screen);
    screen_write(&dashboard->screen, &text);
    fputs(bytes, stdout);
    free(bytes);
    return dashboard->done ? DASHBOARD_LIVE : DASHBOARD_DATABASE;
}

/* ---- Life ---- */

static void
close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void
start_terminal(struct dashboard *dashboard)
{
    static const int numbers[] = { SIGTERM, SIGHUP, SIGINT }; /* Leave the terminal as it was. */

    if (uv_poll_init(&dashboard->loop, &dashboard->keys, 0) == 0) {
        dashboard->keys.data = dashboard;
        (void)uv_poll_start(&dashboard->keys, UV_READABLE, on_keys);
    }
    (void)signal(SIGINT, SIG_DFL); /* ncurses' own handler ends the process as failed. */
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)uv_signal_init(&dashboard->loop, &dashboard->stop[i]);
        dashboard->stop[i].data = dashboard;
        (void)uv_signal_start(&dashboard->stop[i], on_signal, numbers[i]);
    }
    /* Where the terminal cannot be waited for its keys are looked for. */
    (void)uv_timer_start(&dashboard->timer, on_timer, 0, dashboard->keys.data != NULL ? FRAME_MS : KEYS_MS);
}

static void
run(struct dashboard *dashboard)
{
    const struct dashboard_options *options = dashboard->options;
    const struct listener_options listener = { .loop = &dashboard->loop, .address = options->address, .port = options->port,
        .random = os_random_bytes, .context = dashboard, .opened = on_opened, .message = on_message, .lost = on_lost };
    const struct terminal_options terminal = { .colors = options->colors, .ascii = options->ascii,
        .wide = os_terminal_is_wide() };
    bool once = options->once || options->json;
    struct error err = { 0 };

    if (listener_new(&listener, &dashboard->listener, &err) != OK ||
        (!once && terminal_open(&terminal, &err) != OK)) {
        fprintf(stderr, "risktop: %s\n", err.text);
        dashboard->code = DASHBOARD_FAILED;
        return;
    }
    if (once)
        (void)uv_timer_start(&dashboard->timer, on_once, ONCE_MS, 0);
    else
        start_terminal(dashboard);
    uv_run(&dashboard->loop, UV_RUN_DEFAULT);
    terminal_close();
    dashboard->code = once ? print_once(dashboard) : DASHBOARD_LIVE;
    if (options->stats)
        fprintf(stderr, "%" PRIu64 " messages, %" PRIu64 " frames, %" PRIu64 " us a frame\n", dashboard->model->messages, dashboard->frames,
            dashboard->frames == 0 ? 0 : dashboard->draw_ns / dashboard->frames / 1000);
}

static void
end(struct dashboard *dashboard)
{
    listener_free(dashboard->listener);
    close_handle((uv_handle_t *)&dashboard->timer);
    close_handle((uv_handle_t *)&dashboard->keys);
    close_handle((uv_handle_t *)&dashboard->stop[0]);
    close_handle((uv_handle_t *)&dashboard->stop[1]);
    close_handle((uv_handle_t *)&dashboard->stop[2]);
    for (int i = 0; i < CLOSING_TURNS && uv_run(&dashboard->loop, UV_RUN_NOWAIT) != 0; i++)
        ;
    (void)uv_loop_close(&dashboard->loop);
    model_free(dashboard->model);
    screen_fini(&dashboard->screen);
    free(dashboard->database);
    free(dashboard->last);
}

int
dashboard_run(const struct dashboard_options *options)
{
    struct dashboard dashboard = { .options = options, .model = model_new(), .database = malloc(DATABASE_TEXT) };

    if (dashboard.model == NULL || dashboard.database == NULL) {
        fputs("risktop: no memory\n", stderr);
        model_free(dashboard.model);
        free(dashboard.database);
        return DASHBOARD_FAILED;
    }
    dashboard.ui.tab = options->tab;
    dashboard.ui.now = os_utc_now();
    notes_read(options->notes, &dashboard.ui);
    (void)uv_loop_init(&dashboard.loop);
    (void)uv_timer_init(&dashboard.loop, &dashboard.timer);
    dashboard.timer.data = &dashboard;
    run(&dashboard);
    end(&dashboard);
    return dashboard.code;
}
