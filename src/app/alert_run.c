/*
 * alert_run.c - a program run for one alert.
 *
 * It gets no more of our environment than it needs: a key may be in there (AK-02).
 */
#include "app/alert_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const passed[] = { "PATH", "HOME", "LANG", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS" };

#define PASSED_COUNT (sizeof passed / sizeof passed[0])
#define VALUE_BYTES 1024
#define ARGUMENTS_MAX 8

static void
on_closed(uv_handle_t *handle)
{
    struct alert_run *run = handle->data;

    run->busy = false;
}

static void
on_ended(uv_process_t *process, int64_t exit_code, int term_signal)
{
    struct alert_run *run = process->data;

    run->ended = true;
    run->exit_code = term_signal != 0 ? -1 : exit_code;
    uv_close((uv_handle_t *)process, on_closed);
}

static enum status
start(struct alert_run *run, uv_loop_t *loop, const char *const *arguments, struct error *err)
{
    char values[PASSED_COUNT][VALUE_BYTES];
    char *environment[PASSED_COUNT + 1] = { NULL }, *argv[ARGUMENTS_MAX] = { NULL };
    size_t count = 0;
    uv_process_options_t options = { .exit_cb = on_ended, .file = arguments[0], .args = argv, .env = environment };

    for (size_t i = 0; i < PASSED_COUNT; i++) {
        const char *value = getenv(passed[i]);
        if (value == NULL || (size_t)snprintf(values[count], VALUE_BYTES, "%s=%s", passed[i], value) >= VALUE_BYTES)
            continue;
        environment[count] = values[count];
        count++;
    }
    for (size_t i = 0; arguments[i] != NULL && i + 1 < ARGUMENTS_MAX; i++)
        memcpy(&argv[i], &arguments[i], sizeof argv[i]); /* libuv takes them without const and does not write. */
    run->process.data = run;
    run->ended = false;
    run->started_ms = uv_hrtime() / 1000000;
    run->busy = true;
    int code = uv_spawn(loop, &run->process, &options);
    if (code == 0)
        return OK;
    uv_close((uv_handle_t *)&run->process, on_closed);
    return error_set(err, STATUS_RETRY, "%s: %s", arguments[0], uv_strerror(code));
}

/* The notification's body is markup to many desktops. */
static void
add_markup(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            text_add(out, "&lt;");
        else if (*text == '>')
            text_add(out, "&gt;");
        else if (*text == '&')
            text_add(out, "&amp;");
        else
            text_add_bytes(out, text, 1);
    }
}

enum status
alert_run_desktop(struct alert_run *run, uv_loop_t *loop, const struct alert *alert, struct error *err)
{
    char title_bytes[120], body_bytes[WHY_MAX * 12];
    struct text title = text_on(title_bytes, sizeof title_bytes), body = text_on(body_bytes, sizeof body_bytes);
    const char *const arguments[] = { "notify-send", "--app-name=riskd", alert->level >= 2 ? "--urgency=critical" : "--urgency=normal", "--",
        title_bytes, body_bytes, NULL };

    alert_title(alert, &title);
    add_markup(&body, alert->text);
    return start(run, loop, arguments, err);
}

enum status
alert_run_command(struct alert_run *run, uv_loop_t *loop, const char *program, const struct alert *alert, struct error *err)
{
    char title_bytes[120];
    struct text title = text_on(title_bytes, sizeof title_bytes);
    const char *const arguments[] = { program, alert_kind_name(alert->kind), alert->level >= 2 ? "critical" : "warning", title_bytes,
        alert->text, NULL };

    alert_title(alert, &title);
    return start(run, loop, arguments, err);
}

void
alert_run_watch(struct alert_run *run, uint64_t now_ms)
{
    if (run->busy && !run->ended && now_ms - run->started_ms > ALERT_RUN_MS)
        (void)uv_process_kill(&run->process, SIGKILL);
}
