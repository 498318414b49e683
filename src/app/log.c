/*
 * log.c - structured log lines, written by a thread of their own.
 *
 *     any thread --line--> [ filling ] <--swap--> [ draining ] --mask--> daemon.log, enforcement.log, api.log, error.log
 *
 * Two buffers of equal size: callers append to one under a lock held for a copy, the writer takes it whole and empties
 * it without the lock.  Which lines are lost when the disk is slow is defined (LG-07): debug lines once a buffer is half full, info
 * lines at three quarters, all others only when it is full; the count is logged as soon as there is room.
 */
#include "app/log.h"

#include "app/log_repeat.h"
#include "app/log_text.h"
#include "app/mask.h"
#include "app/version.h"
#include "base/assert.h"
#include "base/json.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define BUFFER_BYTES (1024 * 1024) /* LG-07's 4096 lines at their usual 250 bytes. */
#define LINE_BYTES 2048
#define MASKED_BYTES (LINE_BYTES * 2)
#define DAY_S INT64_C(86400)

enum { TO_DAEMON = 1, TO_ENFORCEMENT = 2, TO_API = 4, TO_ERROR = 8, FILES = 4, LEVEL_SHIFT = 4 };

static const char *const file_names[FILES] = { "daemon.log", "enforcement.log", "api.log", "error.log" }; /* LG-02 */
static const char *const level_names[] = { "debug", "info", "warn", "error" };

struct buffer {
    size_t length;
    char bytes[BUFFER_BYTES]; /* Lines: one byte of routes and level, the text, '\n'. */
};

struct file {
    FILE *stream;
    int64_t size;
    int64_t day; /* UTC day of the first line. */
};

struct log {
    struct log_options options;
    atomic_int level;
    char directory[512];
    struct mask mask;         /* Learnt by callers, under the lock. */
    struct mask masking;      /* The thread's copy of it. */
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t wake;
    bool stopping;
    bool held, due_wake; /* log_hold(); lines have come meanwhile. */
    uint64_t dropped, dropped_told; /* Under the lock, like all above; below: the writer's. */
    struct log_repeat repeat; /* Under the lock too. */
    struct buffer *filling, *draining;
    struct file files[FILES];
    struct log_stats stats; /* Under the lock. */
};

/* ---- The writer's side ---- */

static void
file_path(const struct log *log, int index, int generation, char *out, size_t out_size)
{
    if (generation == 0)
        (void)snprintf(out, out_size, "%s/%s", log->directory, file_names[index]);
    else
        (void)snprintf(out, out_size, "%s/%s.%d", log->directory, file_names[index], generation);
}

/* UTC day a file was last written to; -1: there is none. */
static int64_t
file_last_day(const char *path)
{
    uv_fs_t request;
    int64_t day = uv_fs_stat(NULL, &request, path, NULL) == 0 ? (int64_t)request.statbuf.st_mtim.tv_sec / DAY_S : -1;

    uv_fs_req_cleanup(&request);
    return day;
}

/* A kill or a full disk may have left half a line; the next one is not to go with it. */
static void
end_half_line(FILE *stream)
{
    int last = fseek(stream, -1, SEEK_END) == 0 ? fgetc(stream) : EOF;

    (void)fseek(stream, 0, SEEK_END);
    if (last != EOF && last != '\n')
        (void)fputc('\n', stream);
}

static bool
file_open(struct log *log, int index, int64_t day)
{
    struct file *file = &log->files[index];
    char path[600];
    uv_fs_t request;

    file_path(log, index, 0, path, sizeof path);
    int64_t last_day = file_last_day(path); /* A process that starts anew each day still rotates. */
    file->stream = fopen(path, "ab+");
    if (file->stream == NULL)
        file->stream = fopen(path, "ab"); /* It may be written, not read. */
    if (file->stream == NULL)
        return false;
    (void)uv_fs_chmod(NULL, &request, path, 0640, NULL); /* LG-11. */
    uv_fs_req_cleanup(&request);
    end_half_line(file->stream);
    file->size = ftell(file->stream);
    file->day = last_day >= 0 && file->size > 0 ? last_day : day;
    return true;
}

static void
file_close(struct file *file)
{
    if (file->stream != NULL)
        (void)fclose(file->stream);
    file->stream = NULL;
}

/* daemon.log -> .1 -> .2 ...; the oldest goes, and what is older than keep_days. */
static void
file_rotate(struct log *log, int index, int64_t day)
{
    int keep = index == 1 ? log->options.keep_enforcement : log->options.keep;
    char from[600], to[600];

    file_close(&log->files[index]);
    for (int i = keep; i >= 1; i--) {
        file_path(log, index, i, to, sizeof to);
        file_path(log, index, i - 1, from, sizeof from);
        (void)remove(to); /* Windows renames onto nothing only. */
        (void)rename(from, to);
        int64_t last_day = log->options.keep_days > 0 ? file_last_day(to) : -1;
        if (last_day >= 0 && last_day < day - log->options.keep_days)
            (void)remove(to);
    }
    if (keep == 0) {
        file_path(log, index, 0, from, sizeof from);
        (void)remove(from);
    }
}

static bool
file_write(struct log *log, int index, const char *line, size_t length, int64_t day)
{
    struct file *file = &log->files[index];

    if (file->stream == NULL && !file_open(log, index, day))
        return false;
    if (file->size > 0 && (file->day != day || file->size + (int64_t)length > log->options.max_bytes)) {
        file_rotate(log, index, day);
        if (!file_open(log, index, day))
            return false;
    }
    if (fwrite(line, 1, length, file->stream) != length) {
        file_close(file); /* Tried anew with the next line: the disk may have room by then. */
        return false;
    }
    file->size += (int64_t)length;
    return true;
}

static void
echo_line(const struct log *log, int level, const char *line, size_t length)
{
    static const int priorities[] = { 7, 6, 4, 3 }; /* syslog's. */
    char words[MASKED_BYTES];
    struct text text = text_on(words, sizeof words - 1);

    switch (log->options.echo) {
    case LOG_ECHO_NONE:
        return;
    case LOG_ECHO_JOURNAL:
        fprintf(stderr, "<%d>", priorities[level]);
        break;
    case LOG_ECHO_TEXT:
        log_text_add(&text, line, length - 1);
        fprintf(stderr, "%s\n", words);
        return;
    case LOG_ECHO_JSON:
        break;
    }
    (void)fwrite(line, 1, length, stderr);
}

/* One masked line to where it belongs; false if a file did not take it. */
static bool
route_line(struct log *log, int routes, const char *line, size_t length, int64_t day)
{
    bool ok = true;

    if ((routes & TO_DAEMON) != 0)
        echo_line(log, routes >> LEVEL_SHIFT, line, length);
    for (int i = 0; i < FILES && log->directory[0] != '\0'; i++)
        if ((routes & (1 << i)) != 0)
            ok = file_write(log, i, line, length, day) && ok;
    return ok;
}

static void
drain(struct log *log, const struct buffer *buffer, uint64_t *ret_written, uint64_t *ret_failed)
{
    int64_t day = os_utc_now().ns / 1000000000 / DAY_S;
    char masked[MASKED_BYTES];

    for (size_t at = 0; at < buffer->length;) {
        int routes = (unsigned char)buffer->bytes[at++];
        const char *end = memchr(buffer->bytes + at, '\n', buffer->length - at);
        ASSERT(end != NULL);
        size_t length = (size_t)(end - (buffer->bytes + at));
        struct text out = text_on(masked, sizeof masked - 1);
        mask_add(&log->masking, &out, buffer->bytes + at, length);
        masked[out.length] = '\n';
        if (route_line(log, routes, masked, out.length + 1, day))
            ++*ret_written;
        else
            ++*ret_failed;
        at += length + 1;
    }
    for (int i = 0; i < FILES; i++)
        if (log->files[i].stream != NULL && fflush(log->files[i].stream) != 0)
            file_close(&log->files[i]);
}

static void
write_until_stopped(void *argument)
{
    struct log *log = argument;

    uv_mutex_lock(&log->lock);
    for (;;) {
        while (log->filling->length == 0 && !log->stopping)
            uv_cond_wait(&log->wake, &log->lock);
        if (log->filling->length == 0)
            break;
        struct buffer *full = log->filling;
        log->filling = log->draining;
        log->draining = full;
        if (log->masking.count != log->mask.count || log->masking.oldest != log->mask.oldest)
            mask_copy(&log->masking, &log->mask);
        uv_mutex_unlock(&log->lock);
        uint64_t written = 0, failed = 0;
        drain(log, full, &written, &failed);
        uv_mutex_lock(&log->lock);
        full->length = 0;
        log->stats.written += written;
        log->stats.failed += failed;
    }
    uv_mutex_unlock(&log->lock);
}

/* ---- The callers' side ---- */

static void
add_error(struct json_writer *json, const struct log_line *line)
{
    if (line->endpoint == NULL && line->error_class == NULL)
        return;
    json_open(json, "error", '{');
    if (line->endpoint != NULL)
        json_add_string(json, "endpoint", line->endpoint);
    if (line->http != 0)
        json_add_int(json, "http", line->http);
    if (line->code != 0)
        json_add_int(json, "code", line->code);
    if (line->error_class != NULL)
        json_add_string(json, "class", line->error_class);
    json_close(json, '}');
}

static void
format_line(const struct log *log, const struct log_line *line, struct text *text)
{
    struct json_writer json = json_writer_on(text);
    struct instant now = os_utc_now();
    char at[INSTANT_TEXT_MAX];

    size_t length = instant_format((struct instant){ now.ns - now.ns % 1000000000 }, at, sizeof at);
    (void)snprintf(at + length - 1, sizeof at - length + 1, ".%03dZ", (int)(now.ns / 1000000 % 1000)); /* Always three digits. */
    json_open(&json, NULL, '{');
    json_add_string(&json, "ts", at);
    json_add_string(&json, "level", level_names[line->level]);
    json_add_string(&json, "component", line->component);
    json_add_string(&json, "msg", line->message);
    if (line->correlation != 0)
        json_add_int(&json, "correlation", (int64_t)line->correlation);
    if (line->command != 0)
        json_add_int(&json, "command", (int64_t)line->command);
    if (line->account_id != 0 && log->options.mask_accounts)
        json_add_string(&json, "account", MASK_WORD);
    else if (line->account_id != 0)
        json_add_int(&json, "account", line->account_id);
    if (line->contract != NULL && line->contract[0] != '\0')
        json_add_string(&json, "contract", line->contract);
    if (line->rule != 0)
        json_add_int(&json, "rule", line->rule);
    if (line->action != NULL)
        json_add_string(&json, "action", line->action);
    add_error(&json, line);
    json_add_int(&json, "pid", uv_os_getpid());
    json_add_string(&json, "version", APP_VERSION);
    json_close(&json, '}');
}

static int
routes_of(struct log *log, const struct log_line *line)
{
    int routes = (int)line->level << LEVEL_SHIFT;

    if ((int)line->level >= atomic_load(&log->level))
        routes |= TO_DAEMON;
    if (line->enforcement)
        routes |= TO_ENFORCEMENT;
    if (line->api && line->level >= LOG_LEVEL_WARN)
        routes |= TO_API;
    if (line->level >= LOG_LEVEL_ERROR)
        routes |= TO_ERROR;
    return routes;
}

/* How full the buffer may be for this line still to be taken. */
static size_t
room_for(const struct log_line *line)
{
    if (line->enforcement || line->level >= LOG_LEVEL_WARN)
        return BUFFER_BYTES;
    return line->level == LOG_LEVEL_INFO ? BUFFER_BYTES / 4 * 3 : BUFFER_BYTES / 2;
}

static bool
append(struct buffer *buffer, size_t room, int routes, const char *text, size_t length)
{
    if (buffer->length + length + 2 > room)
        return false;
    buffer->bytes[buffer->length++] = (char)routes;
    memcpy(buffer->bytes + buffer->length, text, length);
    buffer->length += length;
    buffer->bytes[buffer->length++] = '\n';
    return true;
}

/* Under the lock: say how many lines were lost, once there is room to. */
static void
tell_dropped(struct log *log)
{
    char message[80], bytes[512];
    struct log_line line = { .level = LOG_LEVEL_WARN, .component = "log", .message = message };
    struct text text = text_on(bytes, sizeof bytes);

    (void)snprintf(message, sizeof message, "%llu lines were dropped: the log could not keep up",
        (unsigned long long)(log->dropped - log->dropped_told));
    format_line(log, &line, &text);
    if (append(log->filling, BUFFER_BYTES / 2, TO_DAEMON | LOG_LEVEL_WARN << LEVEL_SHIFT, bytes, text.length))
        log->dropped_told = log->dropped;
}

void
log_hold(struct log *log)
{
    uv_mutex_lock(&log->lock);
    log->held = true;
    uv_mutex_unlock(&log->lock);
}

void
log_let_go(struct log *log)
{
    uv_mutex_lock(&log->lock);
    log->held = false;
    if (log->due_wake)
        uv_cond_signal(&log->wake);
    log->due_wake = false;
    uv_mutex_unlock(&log->lock);
}

/* Under the lock: what was held back as more of the same. */
static void
tell_repeated(struct log *log, int64_t now_ns)
{
    struct log_repeat_kind kind;

    while (log_repeat_due(&log->repeat, now_ns, &kind)) {
        char message[LOG_REPEAT_TEXT + 64], bytes[LINE_BYTES];
        struct log_line line = { .level = LOG_LEVEL_WARN, .component = kind.component, .message = message };
        struct text text = text_on(bytes, sizeof bytes);
        (void)snprintf(message, sizeof message, "%lu more like: %s", (unsigned long)kind.more, kind.message);
        format_line(log, &line, &text);
        if (!append(log->filling, BUFFER_BYTES, routes_of(log, &line), bytes, text.length))
            log->dropped++;
    }
}

/* Under the lock.  Never for enforcement, lockouts and modes, which have a log of their own to be whole in (LG-09). */
static bool
is_news(struct log *log, const struct log_line *line, int64_t now_ns)
{
    return line->enforcement || line->level < LOG_LEVEL_WARN ||
        log_repeat_passes(&log->repeat, now_ns, line->component, line->endpoint, line->code, line->message);
}

void
log_write(struct log *log, const struct log_line *line)
{
    char bytes[LINE_BYTES];
    struct text text = text_on(bytes, sizeof bytes);

    if (log == NULL || (!line->enforcement && (int)line->level < atomic_load(&log->level)))
        return;
    format_line(log, line, &text);
    if (text.truncated) { /* Keep it JSON. */
        struct log_line less = { .level = line->level, .component = line->component, .message = "line too long",
            .correlation = line->correlation, .account_id = line->account_id, .rule = line->rule };
        text = text_on(bytes, sizeof bytes);
        format_line(log, &less, &text);
    }
    int64_t now_ns = (int64_t)uv_hrtime();
    uv_mutex_lock(&log->lock);
    if (log->dropped > log->dropped_told)
        tell_dropped(log);
    tell_repeated(log, now_ns);
    if (is_news(log, line, now_ns) && !append(log->filling, room_for(line), routes_of(log, line), bytes, text.length))
        log->dropped++;
    log->due_wake = log->held;
    if (!log->held)
        uv_cond_signal(&log->wake);
    uv_mutex_unlock(&log->lock);
}

void
log_say(struct log *log, enum log_level level, const char *component, const char *format, ...)
{
    char message[ERROR_TEXT_MAX * 2];
    va_list arguments;

    if (log == NULL || (int)level < atomic_load(&log->level))
        return;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    log_write(log, &(struct log_line){ .level = level, .component = component, .message = message });
}

void
log_learn_secret(struct log *log, const char *secret)
{
    uv_mutex_lock(&log->lock);
    mask_learn(&log->mask, secret);
    uv_mutex_unlock(&log->lock);
}

void
log_set_level(struct log *log, enum log_level level)
{
    atomic_store(&log->level, (int)level);
}

struct log_stats
log_stats(struct log *log)
{
    uv_mutex_lock(&log->lock);
    struct log_stats stats = log->stats;
    stats.dropped = log->dropped;
    uv_mutex_unlock(&log->lock);
    return stats;
}

enum status
log_new(const struct log_options *options, struct log **ret_log, struct error *err)
{
    struct log *log = calloc(1, sizeof *log);

    if (log == NULL)
        return error_set(err, STATUS_LIMIT, "log: no memory");
    log->options = *options;
    atomic_init(&log->level, (int)options->level);
    log->filling = malloc(sizeof *log->filling);
    log->draining = malloc(sizeof *log->draining);
    if (log->filling == NULL || log->draining == NULL) {
        free(log->filling);
        free(log->draining);
        free(log);
        return error_set(err, STATUS_LIMIT, "log: no memory");
    }
    log->filling->length = log->draining->length = 0;
    if (options->directory != NULL) {
        uv_fs_t request;
        (void)text_copy(log->directory, sizeof log->directory, options->directory);
        (void)uv_fs_mkdir(NULL, &request, log->directory, 0750, NULL); /* There already: fine; else file_open fails. */
        uv_fs_req_cleanup(&request);
    }
    if (uv_mutex_init(&log->lock) != 0 || uv_cond_init(&log->wake) != 0 ||
        uv_thread_create(&log->thread, write_until_stopped, log) != 0) {
        free(log->filling);
        free(log->draining);
        free(log);
        return error_set(err, STATUS_INTERNAL, "log: no thread");
    }
    *ret_log = log;
    return OK;
}

void
log_free(struct log *log)
{
    if (log == NULL)
        return;
    uv_mutex_lock(&log->lock);
    tell_repeated(log, INT64_MAX);
    log->stopping = true;
    uv_cond_signal(&log->wake);
    uv_mutex_unlock(&log->lock);
    uv_thread_join(&log->thread);
    for (int i = 0; i < FILES; i++)
        file_close(&log->files[i]);
    uv_cond_destroy(&log->wake);
    uv_mutex_destroy(&log->lock);
    mask_fini(&log->mask);
    mask_fini(&log->masking);
    free(log->filling);
    free(log->draining);
    free(log);
}
